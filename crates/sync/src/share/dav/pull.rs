//! Reading: list the heads, read those that changed, fetch what they name.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::Writer;

use super::Read;
use crate::env::Env;
use crate::share::cursor::{Cursor, Place};
use crate::share::fault::{Answer, Fault, HISTORY};
use crate::share::head::{Head, INSIDE, Seg};
use crate::share::listing::Item;
use crate::share::meta::Meta;
use crate::share::segment::Timed;
use crate::share::state::{Peer, State, Sweep};
use crate::share::{Share, Wire, lanes, names};
use crate::wire::{Entry, PullReply};

/// Every so many pulls all heads are read, whatever the listing says of them.
const THOROUGH: u32 = 16;
/// Most segments fetched for one page.
const PIECES: usize = 64;

/// A segment that the reader has not, or not whole.
struct Piece {
    log: String,
    seg: Seg,
    mark: String,
    skip: u64,
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(in crate::share) async fn dav_pull(
        &self,
        state: &mut State,
        from: &str,
        limit: usize,
        not: Option<Writer>,
    ) -> Answer<PullReply> {
        let meta = self.meta(state).await?;
        let mut cursor = Cursor::read(from, &meta.history).ok_or(HISTORY)?;
        let mut sweep = match state.sweep.take() {
            Some(sweep) if sweep.cursor == from => sweep,
            _ => {
                let fault = self.dav_survey(state, &meta, &cursor, not).await?;
                Sweep { fault, ..Sweep::default() }
            }
        };
        let mut entries = Vec::new();
        let more = loop {
            let room = limit.max(1) - entries.len();
            let pieces = plan(state, &mut cursor, &sweep.blocked, not, room);
            if pieces.is_empty() {
                break false;
            }
            if room == 0 || !entries.is_empty() && sweep.fault.is_some() {
                break true;
            }
            self.dav_take(pieces, &mut cursor, &mut sweep, &mut entries, room).await;
            if entries.len() >= limit.max(1) {
                break !plan(state, &mut cursor, &sweep.blocked, not, 1).is_empty();
            }
        };
        // What could not be read for now is told at the end, so that it stops nothing else.
        let more = match sweep.fault {
            Some(fault) if !more && entries.is_empty() => return Err(fault),
            Some(_) => true,
            None => more,
        };
        cursor.photo = state.photo.clone().or(cursor.photo);
        let cursor = cursor.write();
        if more {
            sweep.cursor.clone_from(&cursor);
            state.sweep = Some(sweep);
        }
        Ok(PullReply { entries, cursor, more })
    }

    /// Fetches pieces and takes as much of them as there is room for.
    async fn dav_take(
        &self,
        pieces: Vec<Piece>,
        cursor: &mut Cursor,
        sweep: &mut Sweep,
        entries: &mut Vec<Entry>,
        mut room: usize,
    ) {
        let open = sweep.open.take();
        let read = lanes::all(pieces.iter().map(|piece| -> lanes::Job<'_, Answer<Option<Vec<Timed>>>> {
            let here = open.as_ref().filter(|(hash, _)| *hash == piece.seg.hash);
            match here {
                Some((_, ops)) => Box::pin(std::future::ready(Ok(Some(ops.clone())))),
                None => Box::pin(async move {
                    let read = self.dav_segment(&piece.log, &piece.seg.file).await?;
                    Ok(read.filter(|(_, found)| found.hash == piece.seg.hash).map(|(ops, _)| ops))
                }),
            }
        }))
        .await;
        for (piece, answer) in pieces.into_iter().zip(read) {
            if sweep.blocked.contains(&piece.log) {
                continue;
            }
            let ops = match answer {
                Ok(Some(ops)) => ops,
                Ok(None) => {
                    sweep.blocked.insert(piece.log);
                    continue;
                }
                Err(fault) => {
                    sweep.fault = Some(fault);
                    sweep.blocked.insert(piece.log);
                    continue;
                }
            };
            if room == 0 {
                continue;
            }
            let skip = usize::try_from(piece.skip).unwrap_or(usize::MAX);
            let left = ops.len().saturating_sub(skip);
            let taken = left.min(room);
            room -= taken;
            let op = |(op, at): &Timed| Entry::Op { op: op.clone(), at: *at };
            entries.extend(ops.iter().skip(skip).take(taken).map(op));
            let Piece { log, seg, mark, skip } = piece;
            if taken == left {
                cursor.logs.insert(log, Place(seg.end(), mark, 0));
                continue;
            }
            if seg.is_nowhere() {
                cursor.logs.insert(log, Place(seg.end(), format!("{INSIDE}{mark}"), skip + taken as u64));
            } else {
                cursor.logs.entry(log).or_default().2 += taken as u64;
            }
            sweep.open = Some((seg.hash, ops));
        }
    }

    /// Brings the heads up to date, and looks whether our own logs are what they were. Gives what kept it from
    /// reading another's head.
    async fn dav_survey(
        &self,
        state: &mut State,
        meta: &Meta,
        cursor: &Cursor,
        not: Option<Writer>,
    ) -> Answer<Option<Fault>> {
        state.rounds = state.rounds.wrapping_add(1);
        let thorough = state.rounds.is_multiple_of(THOROUGH);
        let mut listed: BTreeMap<String, Item> = BTreeMap::new();
        // Without the folder there are no heads; what should be in it is looked for below.
        for item in self.dav_list("heads/").await?.unwrap_or_default() {
            let log = item.name.strip_suffix(".json").filter(|log| names::log_writer(log).is_some());
            if let Some(log) = log.filter(|_| !item.absent) {
                listed.insert(log.to_owned(), item);
            }
        }
        let changed = |(log, item): &(&String, &Item)| {
            let known = state.heads.get(*log).and_then(|peer| peer.hint.as_ref());
            thorough || known.is_none() || known != hint(item).as_ref()
        };
        let changed: Vec<(&String, &Item)> = listed.iter().filter(changed).collect();
        let read =
            lanes::all(changed.iter().map(|(log, _)| -> lanes::Job<'_, _> { Box::pin(self.dav_head(log)) }))
                .await;
        let (mut fault, mut broken) = (None, Vec::new());
        for ((log, item), answer) in changed.into_iter().zip(read) {
            // One that cannot be read: the last good copy stands, unless it broke off and its folder tells more. One that
            // may not be read keeps nothing else back, how long ever that lasts.
            match answer {
                Ok(Read::Good(head)) => {
                    state.heads.insert(log.clone(), Peer { head, hint: hint(item) });
                }
                Ok(_) if state.own.as_ref().is_some_and(|own| own.log == **log) => {
                    state.heads.remove(log);
                }
                Ok(Read::Torn(_)) => broken.push((log.clone(), item.len)),
                Ok(Read::Absent | Read::Forbidden(_)) => {}
                Err(error) => fault = Some(error),
            }
        }
        for (log, told) in broken {
            let known = state.heads.get(&log).map(|peer| &peer.head);
            match self.dav_rebuilt(&log, known, told).await {
                // Looked at again next time, whatever the listing says of it.
                Ok(Some(head)) => {
                    state.heads.insert(log, Peer { head, hint: None });
                }
                Ok(None) => {}
                Err(error) => fault = Some(error),
            }
        }
        let writer = not.or_else(|| state.own.as_ref().map(|own| own.writer));
        let Some(writer) = writer else { return Ok(fault) };
        self.dav_own_stands(state, meta, writer, &listed).await?;
        if let Some(photo) = state.photo.as_ref().or(cursor.photo.as_ref()) {
            state.lost |= self.dav_blob_gone(photo).await?;
        }
        if std::mem::take(&mut state.lost) {
            state.photo = None;
            return Err(HISTORY);
        }
        for (log, place) in cursor.logs.iter().filter(|(log, _)| names::log_writer(log) == Some(writer)) {
            let stands = |head: &Head| head.place(place.0, &place.1).is_some();
            if state.heads.get(log).is_some_and(|peer| stands(&peer.head)) || place.0 == 0 {
                continue;
            }
            // Our own log is behind what was seen of it: the share went back. Asked once more, to be certain.
            match self.dav_head(log).await? {
                Read::Good(head) if stands(&head) => {
                    state.heads.insert(log.clone(), Peer { head, hint: None });
                }
                // What may not be read says nothing.
                Read::Forbidden(_) => {}
                Read::Good(_) | Read::Torn(_) | Read::Absent => return Err(HISTORY),
            }
        }
        Ok(fault)
    }

    /// Our own head is the one we wrote, or is made so.
    async fn dav_own_stands(
        &self,
        state: &mut State,
        meta: &Meta,
        writer: Writer,
        listed: &BTreeMap<String, Item>,
    ) -> Answer<()> {
        let log = names::log(writer, self.setup.slot);
        let known = state.own.as_ref().filter(|own| own.log == log && own.sure && own.checked);
        let stands = known.is_some_and(|own| {
            let there = state.heads.get(&log).is_some_and(|peer| peer.head == own.head);
            let none = own.head.segments.is_empty() && !listed.contains_key(&log);
            none || there && listed.contains_key(&log)
        });
        if stands {
            return Ok(());
        }
        self.dav_look(state, meta, writer).await?;
        if let Some(own) = state.own.as_ref().filter(|own| !own.head.segments.is_empty()) {
            // Read and compared at the next pull: only then is it certain what the listing says of this very file.
            state.heads.insert(log, Peer { head: own.head.clone(), hint: None });
        }
        Ok(())
    }
}

/// What the listing tells of a file; `None` if nothing.
fn hint(item: &Item) -> Option<String> {
    // A size alone may be that of another head.
    let told = item.etag.is_some() || item.modified.is_some();
    told.then(|| format!("{:?} {:?} {:?}", item.len, item.etag, item.modified))
}

/// What a reader lacks, enough for `room` operations. Passes the cursor over what this connection wrote itself.
fn plan(
    state: &State,
    cursor: &mut Cursor,
    blocked: &BTreeSet<String>,
    not: Option<Writer>,
    room: usize,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut found = 0u64;
    for (log, peer) in state.heads.iter().filter(|(log, _)| !blocked.contains(*log)) {
        let ours = not.is_some() && names::log_writer(log) == not;
        let place = cursor.logs.get(log).cloned().unwrap_or_default();
        let (mut at, mut skip) = match peer.head.place(place.0, &place.1) {
            Some((at, skip)) => (at, skip + place.2),
            // Another log than the one that was read: from its beginning; what is held is passed over.
            None => {
                cursor.logs.insert(log.clone(), Place::default());
                (0, 0)
            }
        };
        let mut passing = true;
        while let Some(seg) = peer.head.segments.get(at) {
            at += 1;
            let own = ours && state.written.contains(&seg.hash);
            if skip >= seg.count || own {
                skip = skip.saturating_sub(seg.count);
                if passing {
                    cursor.logs.insert(log.clone(), Place(seg.end(), peer.head.mark(at - 1), skip));
                }
                continue;
            }
            passing = false;
            found += seg.count - skip;
            let mark = peer.head.mark(at - 1);
            pieces.push(Piece { log: log.clone(), seg: seg.clone(), mark, skip });
            skip = 0;
            if found >= room as u64 || pieces.len() >= PIECES {
                return pieces;
            }
        }
    }
    pieces
}
