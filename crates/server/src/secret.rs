//! Random secrets and the hashes under which they are stored.

use sha2::{Digest, Sha256};

/// Random bytes of the operating system.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).expect("the operating system has random numbers");
    bytes
}

/// Lower-case hex.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, b| {
        let _ = write!(text, "{b:02x}");
        text
    })
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// A session token: 256 random bits.
pub fn token() -> String {
    hex(&random::<32>())
}

/// A one-time code that a person can also read aloud: 20 letters and digits without look-alikes (100 bits).
pub fn invite_code() -> String {
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    random::<20>().iter().map(|b| char::from(LETTERS[usize::from(b % 32)])).collect()
}
