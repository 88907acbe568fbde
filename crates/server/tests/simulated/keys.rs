//! Real keys for the devices of the simulator: the server checks what they signed.

use std::cell::RefCell;
use std::collections::BTreeMap;

use gridbook_log::key::Point;
use gridbook_log::{DeviceId, Signature};
use gridbook_server::secret;
use gridbook_sync::sim::Keys;
use p256::ecdsa::SigningKey;
use p256::ecdsa::signature::Signer as _;

/// Of every device the key that its name gives. What was signed once is not signed again: a signature is the same each
/// time, and costs.
#[derive(Default)]
pub struct RealKeys {
    devices: RefCell<BTreeMap<DeviceId, (SigningKey, Point)>>,
    signed: RefCell<BTreeMap<(DeviceId, Vec<u8>), Signature>>,
}

impl RealKeys {
    fn of(&self, dev: DeviceId) -> (SigningKey, Point) {
        let made = || {
            let key = SigningKey::from_slice(&secret::sha256(&dev.0)).unwrap();
            let point = key.verifying_key().to_sec1_point(false).as_bytes().try_into().unwrap();
            (key, point)
        };
        self.devices.borrow_mut().entry(dev).or_insert_with(made).clone()
    }
}

impl Keys for RealKeys {
    fn point(&self, dev: DeviceId) -> Point {
        self.of(dev).1
    }

    fn sign(&self, dev: DeviceId, bytes: &[u8]) -> Signature {
        let known = self.signed.borrow().get(&(dev, bytes.to_vec())).copied();
        known.unwrap_or_else(|| {
            let signature: p256::ecdsa::Signature = self.of(dev).0.sign(bytes);
            let signature = signature.to_bytes().into();
            self.signed.borrow_mut().insert((dev, bytes.to_vec()), signature);
            signature
        })
    }

    /// The phones' side of it: nobody in a run has a key that is not here. The server's own check is the real one.
    fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool {
        let owner = self.devices.borrow().iter().find(|(_, (_, point))| point == key).map(|(dev, _)| *dev);
        owner.is_some_and(|dev| self.sign(dev, bytes) == *signature)
    }
}
