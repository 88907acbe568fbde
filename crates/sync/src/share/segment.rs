//! Segments: operations as lines of JSON, between a line that says what they are and one that says they are whole.
//!
//! ```text
//! {"format":1,"at":1795295350990}
//! {"h":"gb1 …","s":"…","b":"…"}
//! {"count":1,"sha256":"<of everything before this line>"}
//! ```
//! A later line `{"at":…}` changes the time for those behind it: segments that were put together keep theirs.

use gridbook_log::WireOp;
use serde::{Deserialize, Serialize};

use super::names;

/// Largest segment unpacked, in bytes.
pub(super) const MAX_BYTES: usize = 16 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct First {
    format: u32,
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct Time {
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct Last {
    count: u64,
    sha256: String,
}

/// An operation and when it was written to the share, milliseconds since 1970.
pub(super) type Timed = (WireOp, u64);

/// A segment as text, with its hash.
pub(super) fn write(ops: &[Timed]) -> (String, String) {
    let mut text = String::new();
    let mut time = ops.first().map_or(0, |(_, at)| *at);
    line(&mut text, &First { format: 1, at: time });
    for (op, at) in ops {
        if *at != time {
            time = *at;
            line(&mut text, &Time { at: time });
        }
        line(&mut text, op);
    }
    let sha256 = names::sha256(text.as_bytes());
    line(&mut text, &Last { count: ops.len() as u64, sha256: sha256.clone() });
    (text, sha256)
}

/// One operation as a line of JSON: the form that is hashed.
pub(super) fn line(text: &mut String, value: &impl Serialize) {
    // Only maps with keys that are no text could fail.
    text.push_str(&serde_json::to_string(value).unwrap_or_default());
    text.push('\n');
}

/// Reads a segment with its hash; `None` when it is not whole.
pub(super) fn read(bytes: &[u8]) -> Option<(Vec<Timed>, String)> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let at = text.rfind('\n')? + 1;
    let last: Last = serde_json::from_str(&text[at..]).ok()?;
    if names::sha256(&bytes[..at]) != last.sha256 {
        return None;
    }
    let mut lines = text[..at].lines();
    let first: First = serde_json::from_str(lines.next()?).ok()?;
    let mut time = first.at;
    let mut ops = Vec::new();
    for line in lines {
        if line.starts_with("{\"at\":") {
            time = serde_json::from_str::<Time>(line).ok()?.at;
        } else {
            ops.push((serde_json::from_str(line).ok()?, time));
        }
    }
    (ops.len() as u64 == last.count).then_some((ops, last.sha256))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn op(n: u64, body: String) -> WireOp {
        WireOp { h: format!("gb1 {n}"), s: Some("00".repeat(16)), b: Some(body), x: None, g: None }
    }

    proptest! {
        #[test]
        fn a_segment_reads_back_and_a_damaged_one_does_not(
            bodies in prop::collection::vec(".{0,40}", 1..20),
            times in prop::collection::vec(0u64..3, 20),
            cut in any::<prop::sample::Index>(),
        ) {
            let ops: Vec<Timed> =
                bodies.into_iter().zip(&times).enumerate().map(|(n, (b, at))| (op(n as u64, b), *at)).collect();
            let (text, hash) = write(&ops);
            prop_assert_eq!(read(text.as_bytes()), Some((ops, hash)));
            let at = cut.index(text.len());
            prop_assert_eq!(read(&text.as_bytes()[..at]), None);
            let mut turned = text.into_bytes();
            turned[at] ^= 1;
            prop_assert_eq!(read(&turned), None);
        }
    }
}
