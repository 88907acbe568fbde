//! Logs whose head cannot be read: an upload of it broke off, and whoever wrote it may never come back to write it again.
//! Its segments are whole all the same, and each tells by itself what it is: they are read from the log's folder.

use std::collections::BTreeSet;

use gridbook_log::order_by_key;

use super::Read;
use crate::env::Env;
use crate::share::fault::Answer;
use crate::share::head::{Head, NOWHERE, Seg};
use crate::share::{Share, Wire, lanes, names};

impl<W: Wire, E: Env> Share<W, E> {
    /// A head in the place of one that could not be read: of all whole segments in the log's folder. What no head has
    /// named yet is among them; its author sends it again under the same names, if it ever comes back. `known` is the last
    /// good copy: what it names is not read once more. `None` when there is no head, or no segment, or the folder may not
    /// be looked into.
    pub(super) async fn dav_rebuilt(
        &self,
        log: &str,
        known: Option<&Head>,
        told: Option<u64>,
    ) -> Answer<Option<Head>> {
        match self.dav_head(log).await? {
            // Only that answer was cut off, not the file.
            Read::Good(head) => return Ok(Some(head)),
            Read::Absent | Read::Forbidden(_) => return Ok(None),
            // Not the file, if that is said to have another size: the next pull asks again.
            Read::Torn(size) if told.is_some_and(|told| told != size) => return Ok(None),
            Read::Torn(_) => {}
        }
        let items = match self.dav_list(&format!("log/{log}/")).await {
            Err(fault) if fault.status() == Some(403) => return Ok(None),
            items => items?,
        };
        let files: BTreeSet<String> = items
            .unwrap_or_default()
            .into_iter()
            .filter(|item| !item.absent && names::segment_first(&item.name).is_some())
            .map(|item| item.name)
            .collect();
        let mut stands = known.cloned().unwrap_or_default();
        let count = stands.segments.iter().take_while(|seg| files.contains(&seg.file)).count();
        let moved = stands.segments.split_off(count);
        let new = files.iter().filter(|file| stands.segments.iter().all(|seg| seg.file != **file));
        let read = lanes::all(new.map(|file| -> lanes::Job<'_, Answer<Option<Seg>>> {
            match moved.iter().find(|seg| seg.file == *file) {
                Some(seg) => Box::pin(std::future::ready(Ok(Some(seg.clone())))),
                None => Box::pin(async move {
                    // Perhaps only that answer was cut off. What is left out now is read at the next pull.
                    let read = match self.dav_segment(log, file).await? {
                        None => self.dav_segment(log, file).await?,
                        read => read,
                    };
                    Ok(read.map(|(_, seg)| seg))
                }),
            }
        }))
        .await;
        let mut found = Vec::new();
        for answer in read {
            found.extend(answer?);
        }
        Ok(head_of(stands, found))
    }
}

/// What the last good copy named stays at its places, as far as all of it is there. Everything else comes at places that
/// no author ever gives: what the listing left out, or is not whole yet, may lie before it, and a reader who stopped
/// there must not pass that over once the head can be read. At worst something is read twice.
fn head_of(mut head: Head, mut found: Vec<Seg>) -> Option<Head> {
    let end = head.end();
    head.marks.retain(|(at, _)| *at <= end);
    order_by_key(&mut found, |seg| {
        (names::segment_first(&seg.file).unwrap_or(u64::MAX), u64::MAX - seg.count)
    });
    for seg in found {
        let first = head.end().max(NOWHERE) + 1;
        head.segments.push(Seg { first, ..seg });
    }
    (!head.segments.is_empty()).then_some(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::share::head::INSIDE;

    #[test]
    fn what_no_good_head_named_comes_at_places_that_no_author_gives() {
        let seg = |first: u64, file: &str, count: u64| Seg {
            first,
            count,
            hash: file.to_owned(),
            size: 1,
            file: file.to_owned(),
        };
        let places = |head: &Head| -> Vec<(u64, u64)> {
            head.segments.iter().map(|seg| (seg.first, seg.end())).collect()
        };
        let of = |segments: Vec<Seg>| Head { segments, ..Head::default() };
        let found = vec![seg(0, "9-9-cccccccc.bin", 1), seg(0, "5-8-dddddddd.bin", 4)];
        let head = head_of(of(vec![seg(1, "1-4-aaaaaaaa.bin", 4)]), found).unwrap();
        assert_eq!(places(&head), [(1, 4), (NOWHERE + 1, NOWHERE + 4), (NOWHERE + 5, NOWHERE + 5)]);
        assert_eq!(head.segments[1].file, "5-8-dddddddd.bin");
        // Looked at again, with one more: readers find the places that they were given.
        let again = head_of(head.clone(), vec![seg(0, "10-11-eeeeeeee.bin", 2)]).unwrap();
        assert_eq!(again.segments[..3], head.segments[..]);
        // The author's own head has none of these places: it is read from where all of it was known.
        let (at, mark) = (head.end(), head.mark(2));
        assert_eq!(head.place(at, &mark), Some((3, 0)));
        assert_eq!(head.place(at, &format!("{INSIDE}{mark}")), Some((2, 0)));
        // Found behind something else, or with something else before it, it is no place that was read up to.
        let mut other = head;
        other.segments.swap(0, 1);
        assert_eq!((other.place(at, &mark), other.place(at, &format!("{INSIDE}{mark}"))), (None, None));
        let own = Head {
            segments: vec![seg(1, "1-4-aaaaaaaa.bin", 4), seg(5, "5-8-dddddddd.bin", 4)],
            ..Head::default()
        };
        assert_eq!(own.place(at, &mark), None);
        assert_eq!(head_of(Head::default(), Vec::new()), None);
    }
}
