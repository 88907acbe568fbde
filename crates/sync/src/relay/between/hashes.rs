//! How the hashes of operations stand in what is kept between two rounds: as hex, each a word. An earlier version wrote
//! each as a list of 32 numbers, twice as long; that is read, too.

use std::collections::BTreeSet;

use gridbook_log::Hash;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};

use crate::share::names;

pub(super) fn serialize<S: Serializer>(hashes: &BTreeSet<Hash>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(hashes.iter().map(|hash| names::hex(hash)))
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeSet<Hash>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Word {
        Hex(String),
        Numbers(Hash),
    }
    let words = Vec::<Word>::deserialize(from)?;
    let read = |word| match word {
        Word::Hex(text) => read(&text).ok_or_else(|| D::Error::custom("no hash")),
        Word::Numbers(hash) => Ok(hash),
    };
    words.into_iter().map(read).collect()
}

fn read(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != hash.len() * 2 {
        return None;
    }
    for (at, byte) in hash.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(hash)
}
