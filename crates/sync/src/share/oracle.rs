//! What the simulator may look at to know what a share holds.

use gridbook_log::WireOp;

use super::head::Head;
use super::{names, segment};

/// Names of the segments' files in a head; `None` when it cannot be read.
pub(crate) fn files(head: &[u8]) -> Option<Vec<String>> {
    Some(Head::read(head)?.segments.into_iter().map(|seg| seg.file).collect())
}

/// Whether a file of a log's folder is a segment by its name.
pub(crate) fn is_segment(file: &str) -> bool {
    names::segment_first(file).is_some()
}

/// The operations of a segment, unpacked.
pub(crate) fn ops(bytes: &[u8]) -> Vec<WireOp> {
    segment::read(bytes).map(|(ops, _)| ops.into_iter().map(|(op, _)| op).collect()).unwrap_or_default()
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    names::sha256(bytes)
}
