//! Looking after our own log: whether the share still has what it was given, and mending what it has not.

use std::collections::BTreeMap;

use gridbook_log::{Writer, map_of};

use crate::env::Env;
use crate::share::fault::{Answer, Fault};
use crate::share::head::{Head, Seg};
use crate::share::meta::Meta;
use crate::share::state::{Own, State};
use crate::share::{Share, Wire, lanes, names};

impl<W: Wire, E: Env> Share<W, E> {
    /// Compares our log with what its folder holds, and writes its head anew if need be:
    /// - segments that the head or we name, and the folder has not whole, are lost (`state.lost`);
    /// - whole segments that the head does not name are taken in: a late upload may have put an older head in the
    ///   place of a newer one. At worst their operations are there twice.
    pub(super) async fn dav_look(&self, state: &mut State, meta: &Meta, writer: Writer) -> Answer<()> {
        let log = names::log(writer, self.setup.slot);
        let known = state.own.clone().filter(|own| own.log == log);
        let bytes = self.dav_get(&names::head(&log)).await?;
        let remote = bytes.as_deref().and_then(Head::read);
        let listing = self.dav_list(&format!("log/{log}/")).await?;
        let folder: BTreeMap<String, Option<u64>> = map_of(
            listing
                .unwrap_or_default()
                .into_iter()
                .filter(|item| !item.absent && names::segment_first(&item.name).is_some())
                .map(|item| (item.name, item.len)),
        );
        let mut head = base(known.as_ref().map(|own| &own.head), remote.as_ref());
        head.format = 1;
        head.history.clone_from(&meta.history);

        let unsized_ = !folder.is_empty() && folder.values().all(Option::is_none);
        let last = head.segments.len().saturating_sub(1);
        let fine = |(at, seg): (usize, &Seg)| match folder.get(&seg.file) {
            Some(Some(len)) => *len == seg.size,
            // A folder that does not tell sizes: the last one is where an upload may have broken off.
            Some(None) => unsized_ && at != last,
            // A listing may be old.
            None => false,
        };
        let doubtful: Vec<Seg> = head
            .segments
            .iter()
            .enumerate()
            .filter(|item| !fine(*item))
            .map(|(_, seg)| seg.clone())
            .collect();
        let read = self.dav_segments(&log, doubtful.iter().map(|seg| seg.file.clone()).collect()).await?;
        let mut gone = Vec::new();
        for (seg, found) in doubtful.into_iter().zip(read) {
            let other = |found: Option<Seg>| found.is_none_or(|found| found.hash != seg.hash);
            // Perhaps only that answer was cut off, and once no head names a segment nobody reads it.
            if other(found) && other(self.dav_segment(&log, &seg.file).await?.map(|(_, seg)| seg)) {
                gone.push(seg);
            }
        }
        let lost = !gone.is_empty();
        head.segments.retain(|seg| !gone.contains(seg));
        // What was put together and is gone leaves no places inside: at them something else will stand.
        head.marks.retain(|(end, _)| !gone.iter().any(|seg| seg.first <= *end && *end <= seg.end()));
        let known_file = |name: &str| {
            let merged = |mark: &str| head.marks.iter().any(|(_, held)| held == mark);
            head.segments.iter().any(|seg| seg.file == name) || names::segment_mark(name).is_some_and(merged)
        };
        let strays: Vec<String> = folder.keys().filter(|name| !known_file(name)).cloned().collect();
        let mut strays: Vec<Seg> = self.dav_segments(&log, strays).await?.into_iter().flatten().collect();
        gridbook_log::order_by_key(&mut strays, |seg| names::segment_first(&seg.file));
        for seg in strays {
            let first = head.end() + 1;
            head.segments.push(Seg { first, ..seg });
        }

        let fresh = head.segments.is_empty() && bytes.is_none() && !lost;
        let mut own =
            Own { log, writer, sure: true, checked: true, doubt: known.and_then(|own| own.doubt), head };
        state.lost |= lost;
        if !fresh && remote.as_ref() != Some(&own.head) {
            own.sure = false;
            state.own = Some(own);
            return self.dav_commit(state).await;
        }
        state.own = Some(own);
        Ok(())
    }

    /// Files of a log's folder, read beside each other; `None` for each that is not there or not whole.
    async fn dav_segments(&self, log: &str, files: Vec<String>) -> Answer<Vec<Option<Seg>>> {
        let jobs = files.iter().map(|file| -> lanes::Job<'_, _> { Box::pin(self.dav_segment(log, file)) });
        let read = lanes::all(jobs).await.into_iter();
        read.map(|answer| Ok(answer?.map(|(_, seg)| seg))).collect()
    }

    /// Writes our head as it stands in memory.
    pub(super) async fn dav_commit(&self, state: &mut State) -> Answer<()> {
        let Some(own) = &mut state.own else { return Ok(()) };
        let bytes = own.head.write();
        own.sure = false;
        self.dav_put_into(&["heads/"], &names::head(&own.log), bytes).await?;
        own.sure = true;
        Ok(())
    }

    /// Our log as it is known to stand, looked at if that is not certain.
    pub(super) async fn dav_own<'a>(
        &self,
        state: &'a mut State,
        meta: &Meta,
        writer: Writer,
    ) -> Answer<&'a mut Own> {
        let log = names::log(writer, self.setup.slot);
        if !state
            .own
            .as_ref()
            .is_some_and(|own| own.sure && own.log == log && (own.head.history == meta.history))
        {
            self.dav_look(state, meta, writer).await?;
        }
        state.own.as_mut().ok_or(Fault::Lost)
    }
}

/// The longer of two heads of one log, or both together. Segments that one of them has put together are not
/// missing there.
fn base(known: Option<&Head>, remote: Option<&Head>) -> Head {
    let (Some(known), Some(remote)) = (known, remote) else {
        return known.or(remote).cloned().unwrap_or_default();
    };
    let has = |head: &Head, seg: &Seg| {
        head.segments.iter().any(|held| held.hash == seg.hash)
            || head.marks.iter().any(|(end, mark)| *end == seg.end() && mark == seg.mark())
    };
    let missing = |head: &Head, other: &Head| -> Vec<Seg> {
        other.segments.iter().filter(|seg| !has(head, seg)).cloned().collect()
    };
    let (mut head, more) = match (missing(known, remote), missing(remote, known)) {
        (more, _) if more.is_empty() => (known.clone(), more),
        (_, more) => (remote.clone(), more),
    };
    for seg in more {
        let first = head.end() + 1;
        head.segments.push(Seg { first, ..seg });
    }
    // A clone's head: the push finds out by it.
    head.nonce.clone_from(&remote.nonce);
    head
}
