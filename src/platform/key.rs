//! The device's key: it signs what travels through other hands. Made once, never leaves the browser, and the browser
//! does not give its private half out.

#[cfg(test)]
mod tests;

use std::cell::RefCell;

use gridbook_log::key::Point;
use gridbook_log::{Op, Signature, WireOp, sign, signed_bytes};
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
    /// Others' keys as the browser wants them, for as long as this is held.
    others: RefCell<Vec<(Point, CryptoKey)>>,
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

fn on_p256() -> Object {
    object(&[("name", "ECDSA"), ("namedCurve", "P-256")])
}

fn with_sha256() -> Object {
    object(&[("name", "ECDSA"), ("hash", "SHA-256")])
}

impl DeviceKey {
    /// The key of this account on this device, made when there is none.
    pub async fn of(store: &IdbStore) -> Option<Self> {
        let half = |row: Option<JsValue>| row.and_then(|value| value.dyn_into::<CryptoKey>().ok());
        let held = (half(store.object(PRIVATE).await.ok()?), half(store.object(PUBLIC).await.ok()?));
        if let (Some(private), Some(public)) = held {
            return Some(Self { private, public, others: RefCell::default() });
        }
        let kind = on_p256();
        let uses = Array::of2(&"sign".into(), &"verify".into());
        let made = subtle()?.generate_key_with_object(&kind, false, &uses).ok()?;
        let pair = JsFuture::from(made).await.ok()?;
        let take = |name: &str| Reflect::get(&pair, &name.into()).ok()?.dyn_into::<CryptoKey>().ok();
        let (private, public) = (take("privateKey")?, take("publicKey")?);
        let key = Self { private, public, others: RefCell::default() };
        let rows = [(PRIVATE, key.private.clone().into()), (PUBLIC, key.public.clone().into())];
        store.put_objects(&rows).await.ok()?;
        Some(key)
    }

    /// The public half: 65 bytes, an uncompressed point.
    pub async fn point(&self) -> Option<Vec<u8>> {
        exported("raw", &self.public).await
    }

    /// Signs an operation; `None` when it cannot be read or the browser refuses.
    pub async fn sign(&self, op: &WireOp) -> Option<String> {
        let hash = *Op::from_wire(op.clone()).ok()?.hash();
        Some(sign::encode(&self.sign_bytes(&signed_bytes(&hash)).await?))
    }

    /// Signs bytes; `None` when the browser refuses.
    pub async fn sign_bytes(&self, bytes: &[u8]) -> Option<Signature> {
        signature(&self.private, bytes).await
    }

    /// Whether the private half of `point` signed these bytes; a point that is none signed nothing.
    pub async fn verify(&self, point: &Point, bytes: &[u8], signature: &Signature) -> bool {
        self.try_verify(point, bytes, signature).await.unwrap_or(false)
    }

    async fn try_verify(&self, point: &Point, bytes: &[u8], signature: &Signature) -> Option<bool> {
        let known = self.others.borrow().iter().find(|(held, _)| held == point).map(|(_, key)| key.clone());
        let key = match known {
            Some(key) => key,
            None => {
                let raw = Uint8Array::from(&point[..]);
                let uses = Array::of1(&"verify".into());
                let made = subtle()?.import_key_with_object("raw", &raw, &on_p256(), true, &uses).ok()?;
                let key: CryptoKey = JsFuture::from(made).await.ok()?.dyn_into().ok()?;
                self.others.borrow_mut().push((*point, key.clone()));
                key
            }
        };
        let how = with_sha256();
        let asked =
            subtle()?.verify_with_object_and_u8_array_and_u8_array(&how, &key, signature, bytes).ok()?;
        JsFuture::from(asked).await.ok()?.as_bool()
    }
}

/// The private half of a key that is passed on, as the browser gives it out (PKCS #8). Nobody keeps it: who gets it
/// signs once with it.
pub struct PassingKey(Vec<u8>);

impl PassingKey {
    /// A new one, with its public half.
    pub async fn make() -> Option<(Self, Point)> {
        let uses = Array::of2(&"sign".into(), &"verify".into());
        let made = subtle()?.generate_key_with_object(&on_p256(), true, &uses).ok()?;
        let pair = JsFuture::from(made).await.ok()?;
        let half = |name: &str| Reflect::get(&pair, &name.into()).ok()?.dyn_into::<CryptoKey>().ok();
        let (private, public) = (half("privateKey")?, half("publicKey")?);
        Some((Self(exported("pkcs8", &private).await?), exported("raw", &public).await?.try_into().ok()?))
    }

    /// As it was passed on.
    pub fn of(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// To pass it on.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Signs bytes; `None` when this is no key, or the browser refuses.
    pub async fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        let (raw, uses) = (Uint8Array::from(&self.0[..]), Array::of1(&"sign".into()));
        let asked = subtle()?.import_key_with_object("pkcs8", &raw, &on_p256(), false, &uses).ok()?;
        let key: CryptoKey = JsFuture::from(asked).await.ok()?.dyn_into().ok()?;
        signature(&key, bytes).await
    }
}

async fn exported(form: &str, key: &CryptoKey) -> Option<Vec<u8>> {
    let bytes = subtle()?.export_key(form, key).ok()?;
    Some(Uint8Array::new(&JsFuture::from(bytes).await.ok()?).to_vec())
}

async fn signature(key: &CryptoKey, bytes: &[u8]) -> Option<Signature> {
    let made = subtle()?.sign_with_object_and_u8_array(&with_sha256(), key, bytes).ok()?;
    Uint8Array::new(&JsFuture::from(made).await.ok()?).to_vec().try_into().ok()
}
