//! Keys and signatures of devices. Those of the simulator itself cost nothing: whoever knows a device's name can make
//! its key. Forgers in the simulator have other keys; that a signature cannot be made without its key is for real ones
//! (`crates/sync/tests/authors.rs`). A server that checks signatures brings keys of its own.

use std::rc::Rc;

use gridbook_log::key::Point;
use gridbook_log::{DeviceId, Op, Signature, WireOp, Writer, sign as form, signed_bytes};

use super::device::Count;
use crate::authors::{Authors, Memory, Notary};
use crate::memory::MemoryStore;
use crate::replica::Replica;
use crate::share::oracle;

type Held = Replica<Rc<MemoryStore>, Count>;

/// The keys of all devices of a run.
pub trait Keys {
    /// The public half of a device's key.
    fn point(&self, dev: DeviceId) -> Point;
    /// What a device signs with its key.
    fn sign(&self, dev: DeviceId, bytes: &[u8]) -> Signature;
    /// Whether this key made this signature of these bytes.
    fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool;
}

/// Those that cost nothing.
pub(crate) struct Cheap;

impl Keys for Cheap {
    fn point(&self, dev: DeviceId) -> Point {
        let mut point = [4; 65];
        let name = dev.to_string();
        for (byte, letter) in point[1..].iter_mut().zip(name.bytes().cycle()) {
            *byte = letter;
        }
        point
    }

    fn sign(&self, dev: DeviceId, bytes: &[u8]) -> Signature {
        made(&self.point(dev), bytes)
    }

    fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool {
        made(key, bytes) == *signature
    }
}

fn made(key: &Point, bytes: &[u8]) -> Signature {
    let mut signature = [0; 64];
    let text = oracle::sha256(&[&key[..], bytes].concat());
    signature.copy_from_slice(text.as_bytes());
    signature
}

/// Signs with the author's key what bears no signature yet.
pub(crate) fn sign(keys: &dyn Keys, wire: &mut WireOp) {
    if wire.g.is_some() {
        return;
    }
    if let Ok(op) = Op::from_wire(wire.clone()) {
        wire.g = Some(form::encode(&keys.sign(op.dot().writer.dev, &signed_bytes(op.hash()))));
    }
}

/// Signs with another key than the author's.
pub(crate) fn forge(keys: &dyn Keys, wire: &mut WireOp, by: DeviceId) {
    if let Ok(op) = Op::from_wire(wire.clone()) {
        wire.g = Some(form::encode(&keys.sign(by, &signed_bytes(op.hash()))));
    }
}

/// Whether the author's key signed it, where keys cost nothing.
pub(crate) fn is_signed(op: &Op) -> bool {
    op.signature() == Some(Cheap.sign(op.dot().writer.dev, &signed_bytes(op.hash())))
}

/// A tab's knowledge of who wrote what, where no server judges.
pub(crate) struct Hand {
    dev: DeviceId,
    replica: Rc<Held>,
    memory: Memory,
    keys: Rc<dyn Keys>,
}

impl Hand {
    pub(crate) fn new(replica: Rc<Held>, keys: Rc<dyn Keys>) -> Self {
        let dev = replica.meta().writer.dev;
        Self { dev, replica, memory: Memory::default(), keys }
    }

    pub(crate) fn authors(&self) -> Authors<'_, Rc<MemoryStore>, Count, Self> {
        Authors::new(&self.replica, self, &self.memory)
    }
}

impl Notary for Hand {
    fn point(&self) -> Point {
        self.keys.point(self.dev)
    }

    async fn signer(&self, writer: Writer) -> DeviceId {
        writer.dev
    }

    async fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        Some(self.keys.sign(self.dev, bytes))
    }

    async fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool {
        self.keys.verify(key, bytes, signature)
    }
}
