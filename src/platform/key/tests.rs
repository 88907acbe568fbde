//! Signatures as the browser makes and checks them.
#![allow(clippy::unwrap_used, missing_docs)]

use gridbook_log::key::Point;
use gridbook_log::{Ctx, DeviceId, Dot, EntityId, Hlc, NewOp, Op, Writer, sign, signed_bytes};
use gridbook_sync::env::Env;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use super::{DeviceKey, PassingKey};
use crate::platform::BrowserEnv;
use crate::store::IdbStore;

wasm_bindgen_test_configure!(run_in_browser);

async fn store() -> IdbStore {
    let name = EntityId::new(BrowserEnv.now_ms(), BrowserEnv.random_array());
    IdbStore::open(&format!("test-key-{name}")).await.unwrap()
}

async fn point(key: &DeviceKey) -> Point {
    key.point().await.unwrap().try_into().unwrap()
}

#[wasm_bindgen_test]
async fn what_a_device_signs_is_known_as_its_own_and_nothing_else_is() {
    let held = store().await;
    let (ann, bea) = (DeviceKey::of(&held).await.unwrap(), DeviceKey::of(&store().await).await.unwrap());
    let (anns, beas) = (point(&ann).await, point(&bea).await);
    let signature = ann.sign_bytes(b"a crack").await.unwrap();
    // Twice: the second time the browser has the key already.
    for _ in 0..2 {
        assert!(bea.verify(&anns, b"a crack", &signature).await);
    }
    assert!(!bea.verify(&anns, b"a ditch", &signature).await);
    assert!(!bea.verify(&beas, b"a crack", &signature).await);
    let mut turned = signature;
    turned[63] ^= 1;
    assert!(!bea.verify(&anns, b"a crack", &turned).await);
    // No point of the curve.
    assert!(!bea.verify(&[4; 65], b"a crack", &signature).await);
    // The next start has the same key.
    assert_eq!(point(&DeviceKey::of(&held).await.unwrap()).await, anns);
}

#[wasm_bindgen_test]
async fn an_operation_is_signed_over_its_hash() {
    let key = DeviceKey::of(&store().await).await.unwrap();
    let dot = Dot { writer: Writer { dev: DeviceId([1; 8]), epoch: 1 }, n: 1 };
    let hlc = Hlc { ms: 1, count: 0 };
    let new = NewOp { entity: EntityId([1; 16]), dot, hlc, kind: "create", user: "ann", ctx: Ctx::default() };
    let op = Op::new(new, [7; 16], "{\"type\":\"visit\"}".to_owned()).unwrap();
    let signature = sign::decode(&key.sign(&op.to_wire()).await.unwrap()).unwrap();
    assert!(key.verify(&point(&key).await, &signed_bytes(op.hash()), &signature).await);
}

#[wasm_bindgen_test]
async fn a_key_that_is_passed_on_signs_elsewhere() {
    let (key, point) = PassingKey::make().await.unwrap();
    let passed = PassingKey::of(key.bytes().to_vec());
    let signature = passed.sign(b"a voucher").await.unwrap();
    let ann = DeviceKey::of(&store().await).await.unwrap();
    assert!(ann.verify(&point, b"a voucher", &signature).await);
    assert!(!ann.verify(&point, b"another", &signature).await);
    assert_eq!(PassingKey::of(b"no key".to_vec()).sign(b"a voucher").await, None);
}
