//! What a signature covers, and how it is spelt. Making and checking one is for those who hold keys.
//!
//! A device signs with ECDSA P-256 and SHA-256. The signature is `r ‖ s`, 64 bytes (IEEE P1363, what WebCrypto
//! gives), written in field `g` as base64url without padding: 86 characters, one spelling for each signature.

use crate::op::Hash;

/// `r ‖ s` of ECDSA P-256.
pub type Signature = [u8; 64];

/// Stands before the hash, so that what is signed here can never mean anything elsewhere.
pub const DOMAIN: &[u8] = b"gridbook-op-1\n";

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes that the author's device signs: [`DOMAIN`], then the 32 bytes of the operation's hash.
pub fn signed_bytes(hash: &Hash) -> Vec<u8> {
    [DOMAIN, hash].concat()
}

/// Writes a signature as field `g` has it.
pub fn encode(signature: &Signature) -> String {
    let mut out = String::with_capacity(86);
    for three in signature.chunks(3) {
        let at = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..=three.len() {
            out.push(char::from(LETTERS[(bits >> (18 - 6 * i) & 63) as usize]));
        }
    }
    out
}

/// Reads field `g`; `None` for anything but the one spelling of a signature.
pub fn decode(text: &str) -> Option<Signature> {
    if text.len() != 86 {
        return None;
    }
    let mut out = [0; 64];
    for (three, four) in out.chunks_mut(3).zip(text.as_bytes().chunks(4)) {
        let mut bits = 0u32;
        for (i, letter) in four.iter().enumerate() {
            let value = LETTERS.iter().position(|l| l == letter)?;
            bits |= u32::try_from(value).ok()? << (18 - 6 * i);
        }
        for (i, byte) in three.iter_mut().enumerate() {
            *byte = (bits >> (16 - 8 * i) & 255) as u8;
        }
        // The last letter says two bits; the others of it are zero.
        if three.len() == 1 && bits & 0xffff != 0 {
            return None;
        }
    }
    Some(out)
}
