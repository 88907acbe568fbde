//! The head of a log: which segments count. The only file that is written over, by its owner alone, after the
//! segments it names: writing it is the commit. It carries its own hash, for it may be cut off.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::names;

/// How many boundaries of segments that were put together are remembered.
const MAX_MARKS: usize = 256;
/// Places from here on are of no log: what a reader finds in the folder of a log whose head broke off comes at them.
pub(super) const NOWHERE: u64 = 1 << 40;
/// Before the mark of a segment at such a place that was read in part: what stands behind the one before it may be another
/// one by now.
pub(super) const INSIDE: char = '~';

/// A segment as the head names it. Positions count operations of the log from 1; they may have gaps, where a
/// segment was lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Seg {
    /// Position of its first operation.
    #[serde(rename = "f")]
    pub(super) first: u64,
    /// How many operations.
    #[serde(rename = "n")]
    pub(super) count: u64,
    /// Its hash.
    #[serde(rename = "h")]
    pub(super) hash: String,
    /// Size of its file in bytes.
    #[serde(rename = "z")]
    pub(super) size: u64,
    /// Name of its file, within the log's folder.
    #[serde(rename = "p")]
    pub(super) file: String,
}

impl Seg {
    pub(super) fn end(&self) -> u64 {
        self.first.saturating_add(self.count).saturating_sub(1)
    }

    /// Whether no author gave it its place: in another head the same one may stand elsewhere, with another one before it.
    pub(super) fn is_nowhere(&self) -> bool {
        self.first > NOWHERE
    }

    /// The mark a cursor keeps.
    pub(super) fn mark(&self) -> &str {
        self.hash.get(..8).unwrap_or_default()
    }
}

/// See the module's text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) format: u32,
    /// Of the share when this was written: should its description be lost, it is found here.
    pub(super) history: String,
    /// Of the device's database.
    pub(super) nonce: String,
    pub(super) segments: Vec<Seg>,
    /// Ends and marks of segments that were put together, for readers who stopped there.
    #[serde(default)]
    pub(super) marks: Vec<(u64, String)>,
    /// Files cannot be deleted here: nothing is put together any more, or it would be there again and again.
    #[serde(default)]
    pub(super) keep: bool,
}

#[derive(Deserialize)]
struct Sealed<'a> {
    sha256: String,
    #[serde(borrow)]
    head: &'a RawValue,
}

impl Head {
    pub(super) fn write(&self) -> Vec<u8> {
        let head = serde_json::to_string(self).unwrap_or_default();
        format!("{{\"sha256\":\"{}\",\"head\":{head}}}", names::sha256(head.as_bytes())).into_bytes()
    }

    /// `None` when it is not whole, or of a later format.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let sealed: Sealed<'_> = serde_json::from_slice(bytes).ok()?;
        if names::sha256(sealed.head.get().as_bytes()) != sealed.sha256 {
            return None;
        }
        let head: Self = serde_json::from_str(sealed.head.get()).ok()?;
        let mut end = 0;
        let rising = head.segments.iter().all(|seg| {
            let fine = seg.first > end && seg.count > 0 && names::segment_first(&seg.file).is_some();
            end = seg.end();
            fine && end >= seg.first && names::is_sha256(&seg.hash)
        });
        (head.format == 1 && rising).then_some(head)
    }

    pub(super) fn end(&self) -> u64 {
        self.segments.last().map_or(0, Seg::end)
    }

    /// Where a reader goes on who stopped at position `at` with `mark`: a segment's number, and how many of its
    /// operations to pass over. `None` when that place is not in this log any more.
    pub(super) fn place(&self, at: u64, mark: &str) -> Option<(usize, u64)> {
        if at == 0 {
            return Some((0, 0));
        }
        let (mark, inside) = mark.strip_prefix(INSIDE).map_or((mark, false), |mark| (mark, true));
        let here = |seg: &usize| self.segments[*seg].end() == at && self.mark(*seg) == mark;
        if let Some(seg) = (0..self.segments.len()).find(here) {
            return Some((seg + usize::from(!inside), 0));
        }
        if inside {
            return None;
        }
        if !self.marks.iter().any(|(end, held)| *end == at && held == mark) {
            return None;
        }
        let seg = self.segments.iter().position(|seg| seg.first <= at && at < seg.end())?;
        Some((seg, at - self.segments[seg].first + 1))
    }

    /// The mark that a cursor keeps of this segment. Where no author gave it its place all that was before it is in the mark:
    /// whoever finds it behind something else has not read that.
    pub(super) fn mark(&self, seg: usize) -> String {
        let Some(all) = self.segments.get(..=seg).filter(|all| all.last().is_some_and(Seg::is_nowhere))
        else {
            return self.segments.get(seg).map_or("", Seg::mark).to_owned();
        };
        let hashes: String = all.iter().map(|seg| seg.hash.as_str()).collect();
        names::sha256(hashes.as_bytes()).chars().take(8).collect()
    }

    /// Puts `seg` in the place of all segments from number `from` on; readers who stopped between them find their
    /// place by the marks.
    pub(super) fn merge(&mut self, from: usize, seg: Seg) {
        let old = self.segments.drain(from..).map(|old| (old.end(), old.mark().to_owned()));
        let marks: Vec<(u64, String)> = old.collect();
        self.marks.extend(marks);
        let over = self.marks.len().saturating_sub(MAX_MARKS);
        self.marks.drain(..over);
        self.segments.push(seg);
    }
}
