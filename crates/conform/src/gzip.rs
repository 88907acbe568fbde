//! Packing bodies as phones do.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;

/// `bytes`, gzipped.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).expect("a vector takes everything");
    out.finish().expect("a vector takes everything")
}
