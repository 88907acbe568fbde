//! What the simulator may look at to know what a share holds.

use gridbook_log::WireOp;

use super::head::Head;
use super::{names, segment};

/// Names of the segments' files in a head.
pub(crate) fn files(head: &[u8]) -> Vec<String> {
    Head::read(head).map(|head| head.segments.into_iter().map(|seg| seg.file).collect()).unwrap_or_default()
}

/// The operations of a segment, unpacked.
pub(crate) fn ops(bytes: &[u8]) -> Vec<WireOp> {
    segment::read(bytes).map(|(ops, _)| ops.into_iter().map(|(op, _)| op).collect()).unwrap_or_default()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    names::sha256(bytes)
}
