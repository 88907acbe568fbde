//! An additive fingerprint of a set of operations: two replicas that hold the same set have the same one.

use serde::{Deserialize, Serialize};

use crate::op::Op;

/// Count, and sum (modulo 2^128) of the first 16 bytes of every hash. Adding and taking away are cheap, so it
/// survives paging; order does not matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// How many operations.
    pub count: u64,
    /// Sum of the hashes.
    #[serde(with = "sum_text")]
    pub sum: u128,
}

impl Fingerprint {
    /// Adds one operation.
    pub fn add(&mut self, op: &Op) {
        self.add_hash(op.hash());
    }

    /// Adds one operation by its hash.
    pub fn add_hash(&mut self, hash: &[u8; 32]) {
        self.count += 1;
        self.sum = self.sum.wrapping_add(head(hash));
    }

    /// Takes one operation away by its hash.
    pub fn remove_hash(&mut self, hash: &[u8; 32]) {
        self.count -= 1;
        self.sum = self.sum.wrapping_sub(head(hash));
    }

    /// Adds another set that shares nothing with this one.
    pub fn join(&mut self, other: Self) {
        self.count += other.count;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

fn head(hash: &[u8; 32]) -> u128 {
    hash[..16].iter().fold(0, |acc, b| (acc << 8) | u128::from(*b))
}

/// JSON numbers end at 2^53, so the sum travels as 32 hex digits.
mod sum_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

    use crate::hex;

    pub(super) fn serialize<S: Serializer>(sum: &u128, s: S) -> Result<S::Ok, S::Error> {
        if s.is_human_readable() { hex::encode(&sum.to_be_bytes()).serialize(s) } else { sum.serialize(s) }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u128, D::Error> {
        if d.is_human_readable() {
            let text = String::deserialize(d)?;
            let bytes = hex::decode(&text).ok_or_else(|| D::Error::custom("not a fingerprint sum"))?;
            Ok(u128::from_be_bytes(bytes))
        } else {
            u128::deserialize(d)
        }
    }
}
