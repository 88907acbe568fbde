//! Logs whose head cannot be read: an upload of it broke off, and whoever wrote it may never come back to write it again.
//! Its segments are whole all the same, and each tells by itself what it is: they are read from the log's folder.

use std::collections::BTreeSet;

use gridbook_log::order_by_key;

use crate::env::Env;
use crate::share::fault::Answer;
use crate::share::head::{Head, Seg};
use crate::share::{Share, Wire, lanes, names};

impl<W: Wire, E: Env> Share<W, E> {
    /// A head in the place of one that could not be read: of all whole segments in the log's folder. What no head has
    /// named yet is among them; its author sends it again under the same names, if it ever comes back. `known` is the last
    /// good copy: what it names is not read once more. `None` when there is no head, or no segment.
    pub(super) async fn dav_rebuilt(&self, log: &str, known: Option<&Head>) -> Answer<Option<Head>> {
        let Some(bytes) = self.dav_get(&names::head(log)).await? else { return Ok(None) };
        // Only that answer was cut off, not the file.
        if let Some(head) = Head::read(&bytes) {
            return Ok(Some(head));
        }
        let items = self.dav_list(&format!("log/{log}/")).await?.unwrap_or_default();
        let files: BTreeSet<String> = items
            .into_iter()
            .filter(|item| !item.absent && names::segment_first(&item.name).is_some())
            .map(|item| item.name)
            .collect();
        let held = |file: &str| known.and_then(|head| head.segments.iter().find(|seg| seg.file == file));
        let read = lanes::all(files.iter().map(|file| -> lanes::Job<'_, Answer<Option<Seg>>> {
            match held(file) {
                Some(seg) => Box::pin(std::future::ready(Ok(Some(seg.clone())))),
                None => Box::pin(async move { Ok(self.dav_segment(log, file).await?.map(|(_, seg)| seg)) }),
            }
        }))
        .await;
        let mut found = Vec::new();
        for answer in read {
            found.extend(answer?);
        }
        Ok(head_of(found, known))
    }
}

/// Segments at the places that their names give them, as far as these do not overlap, the others behind: readers who
/// stopped in this log find theirs. At worst something is there twice.
fn head_of(mut found: Vec<Seg>, known: Option<&Head>) -> Option<Head> {
    let place = |seg: &Seg| (names::segment_first(&seg.file).unwrap_or(u64::MAX), u64::MAX - seg.count);
    order_by_key(&mut found, place);
    let mut head = Head {
        format: 1,
        marks: known.map(|head| head.marks.clone()).unwrap_or_default(),
        ..Head::default()
    };
    let mut over = Vec::new();
    for seg in found {
        let (first, _) = place(&seg);
        if first > head.end() {
            head.segments.push(Seg { first, ..seg });
        } else {
            over.push(seg);
        }
    }
    for seg in over {
        let first = head.end() + 1;
        head.segments.push(Seg { first, ..seg });
    }
    (!head.segments.is_empty()).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_keep_the_places_of_their_names_and_what_overlaps_comes_behind() {
        let seg = |file: &str, count: u64| Seg {
            first: 0,
            count,
            hash: file.to_owned(),
            size: 1,
            file: file.to_owned(),
        };
        // 5-6 was put together with 7-8 to 5-8 and not deleted.
        let found = vec![
            seg("5-6-bbbbbbbb.bin", 2),
            seg("9-9-cccccccc.bin", 1),
            seg("1-4-aaaaaaaa.bin", 4),
            seg("5-8-dddddddd.bin", 4),
        ];
        let head = head_of(found, None).unwrap();
        let places: Vec<(u64, u64)> = head.segments.iter().map(|seg| (seg.first, seg.end())).collect();
        assert_eq!(places, [(1, 4), (5, 8), (9, 9), (10, 11)]);
        assert_eq!(head.segments[3].file, "5-6-bbbbbbbb.bin");
        assert_eq!(head_of(Vec::new(), None), None);
    }
}
