//! The device's key: it signs what travels through other hands. Made once, never leaves the browser, and the browser
//! does not give its private half out.

use gridbook_log::{Op, WireOp, sign, signed_bytes};
use js_sys::{Array, Object, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CryptoKey, SubtleCrypto};

use crate::store::IdbStore;

/// Rows of the account's database that hold the two halves.
const PRIVATE: &str = "key.private";
const PUBLIC: &str = "key.public";

/// ECDSA on P-256; every browser engine has it.
pub struct DeviceKey {
    private: CryptoKey,
    public: CryptoKey,
}

/// `None` where the page is not served securely: there the browser has no cryptography to offer.
fn subtle() -> Option<SubtleCrypto> {
    let crypto = web_sys::window()?.crypto().ok()?;
    let there = Reflect::get(&crypto, &"subtle".into()).is_ok_and(|subtle| !subtle.is_undefined());
    there.then(|| crypto.subtle())
}

fn object(fields: &[(&str, &str)]) -> Object {
    let object = Object::new();
    for (name, value) in fields {
        // A fresh object takes every field.
        let _ = Reflect::set(&object, &(*name).into(), &(*value).into());
    }
    object
}

impl DeviceKey {
    /// The key of this account on this device, made when there is none.
    pub async fn of(store: &IdbStore) -> Option<Self> {
        let half = |row: Option<JsValue>| row.and_then(|value| value.dyn_into::<CryptoKey>().ok());
        let held = (half(store.object(PRIVATE).await.ok()?), half(store.object(PUBLIC).await.ok()?));
        if let (Some(private), Some(public)) = held {
            return Some(Self { private, public });
        }
        let kind = object(&[("name", "ECDSA"), ("namedCurve", "P-256")]);
        let uses = Array::of2(&"sign".into(), &"verify".into());
        let made = subtle()?.generate_key_with_object(&kind, false, &uses).ok()?;
        let pair = JsFuture::from(made).await.ok()?;
        let take = |name: &str| Reflect::get(&pair, &name.into()).ok()?.dyn_into::<CryptoKey>().ok();
        let key = Self { private: take("privateKey")?, public: take("publicKey")? };
        let rows = [(PRIVATE, key.private.clone().into()), (PUBLIC, key.public.clone().into())];
        store.put_objects(&rows).await.ok()?;
        Some(key)
    }

    /// The public half: 65 bytes, an uncompressed point.
    pub async fn point(&self) -> Option<Vec<u8>> {
        let raw = subtle()?.export_key("raw", &self.public).ok()?;
        Some(Uint8Array::new(&JsFuture::from(raw).await.ok()?).to_vec())
    }

    /// Signs an operation; `None` when it cannot be read or the browser refuses.
    pub async fn sign(&self, op: &WireOp) -> Option<String> {
        let hash = *Op::from_wire(op.clone()).ok()?.hash();
        let how = object(&[("name", "ECDSA"), ("hash", "SHA-256")]);
        let bytes = signed_bytes(&hash);
        let made = subtle()?.sign_with_object_and_u8_array(&how, &self.private, &bytes).ok()?;
        let signature = Uint8Array::new(&JsFuture::from(made).await.ok()?).to_vec();
        Some(sign::encode(&signature.try_into().ok()?))
    }
}
