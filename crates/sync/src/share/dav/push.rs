//! Writing: a segment, then the head that names it.

use std::collections::BTreeSet;

use gridbook_log::Op;

use crate::env::Env;
use crate::share::fault::Answer;
use crate::share::head::{Head, Seg};
use crate::share::segment::{self, Timed};
use crate::share::state::State;
use crate::share::{Share, Wire, lanes, names};
use crate::wire::{PushReply, PushRequest, PushResult, Verdict};

/// A segment with fewer operations is small.
const SMALL: u64 = 256;
/// So many small segments at the end of a log are put together: a reader who comes later asks for one file.
const MANY: usize = 16;
/// But no more than so many bytes as they are stored.
const MOST: u64 = 512 * 1024;

impl<W: Wire, E: Env> Share<W, E> {
    pub(in crate::share) async fn dav_push(
        &self,
        state: &mut State,
        push: &PushRequest,
    ) -> Answer<PushReply> {
        let now = self.env.now_ms();
        let meta = self.meta(state).await?;
        let own = self.dav_own(state, &meta, push.writer).await?;
        if own.head.nonce.is_empty() {
            own.head.nonce.clone_from(&push.nonce);
        }
        if own.head.nonce != push.nonce {
            return Ok(refuse_all(push, now));
        }
        let held = match own.doubt.take() {
            Some((hash, lines)) if own.head.segments.iter().any(|seg| seg.hash == hash) => lines,
            _ => BTreeSet::new(),
        };
        let (results, ops) = judge(push, now, &held);
        if !ops.is_empty() {
            self.dav_write(state, ops).await?;
        }
        Ok(PushReply { results, now })
    }

    async fn dav_write(&self, state: &mut State, ops: Vec<Timed>) -> Answer<()> {
        let Some(own) = &mut state.own else { return Ok(()) };
        let log = own.log.clone();
        let mut head = own.head.clone();
        let lines = ops.iter().map(|(op, _)| text_of(op)).collect();
        let (from, mut all) = self.dav_small(&log, &head).await?;
        all.extend(ops);
        let old: Vec<Seg> = head.segments[from..].to_vec();
        let first = old.first().map_or(head.end() + 1, |seg| seg.first);
        let (text, hash) = segment::write(&all);
        let packed = if text.len() > 512 { self.wire.gzip(text.clone().into_bytes()).await } else { None };
        let bytes = packed.unwrap_or_else(|| text.into_bytes());
        let count = all.len() as u64;
        let path = names::segment(&log, first, count, &hash);
        let file = path.rsplit('/').next().unwrap_or_default().to_owned();
        let seg = Seg { first, count, hash: hash.clone(), size: bytes.len() as u64, file };
        // Until the answers are here nobody knows whether the share has it.
        own.sure = false;
        own.checked = false;
        own.doubt = Some((hash.clone(), lines));
        let folder = format!("log/{log}/");
        self.dav_put_into(&["log/", &folder], &path, bytes).await?;
        if old.iter().all(|seg| state.written.contains(&seg.hash)) {
            state.written.insert(hash);
        }
        head.merge(from, seg);
        own.head = head;
        self.dav_commit(state).await?;
        if let Some(own) = &mut state.own {
            own.doubt = None;
        }
        // What was put together; if one stays, its operations are only there twice.
        let refused = lanes::all(old.iter().map(|seg| -> lanes::Job<'_, bool> {
            let path = format!("log/{log}/{}", seg.file);
            Box::pin(async move {
                let answer = self.dav("DELETE", &path, Vec::new(), Vec::new()).await;
                answer.is_ok_and(|answer| matches!(answer.status, 401 | 403 | 405 | 501))
            })
        }))
        .await;
        if let Some(own) = state.own.as_mut().filter(|_| refused.contains(&true)) {
            // Written with the next head.
            own.head.keep = true;
        }
        Ok(())
    }

    /// The small segments at the end of the log, if they are many: from which number on, and their operations.
    async fn dav_small(&self, log: &str, head: &Head) -> Answer<(usize, Vec<Timed>)> {
        let none = (head.segments.len(), Vec::new());
        let mut from = head.segments.len();
        let mut bytes = 0;
        while let Some(seg) = from.checked_sub(1).and_then(|at| head.segments.get(at)) {
            let joins = head.segments.get(from).is_none_or(|next| next.first == seg.end() + 1);
            bytes += seg.size;
            if seg.count >= SMALL || bytes > MOST || !joins {
                break;
            }
            from -= 1;
        }
        let small = &head.segments[from..];
        if small.len() < MANY || head.keep {
            return Ok(none);
        }
        let read = lanes::all(
            small.iter().map(|seg| -> lanes::Job<'_, _> { Box::pin(self.dav_segment(log, &seg.file)) }),
        )
        .await;
        let mut ops = Vec::new();
        for (seg, answer) in small.iter().zip(read) {
            match answer? {
                Some((more, found)) if found.hash == seg.hash => ops.extend(more),
                // Not whole: the next look at the log sees to it.
                _ => return Ok(none),
            }
        }
        Ok((from, ops))
    }
}

pub(in crate::share) fn text_of(op: &gridbook_log::WireOp) -> String {
    let mut text = String::new();
    segment::line(&mut text, op);
    text
}

/// Another device has the same log identity: this one must take a new one.
pub(in crate::share) fn refuse_all(push: &PushRequest, now: u64) -> PushReply {
    let refused = |op: &gridbook_log::WireOp| PushResult {
        id: Op::from_wire(op.clone()).ok().map(|op| op.id()),
        r: Verdict::Refuse,
        code: Some("clone".to_owned()),
    };
    PushReply { results: push.ops.iter().map(refused).collect(), now }
}

/// A share keeps whatever can be read; what cannot must not stand in the way of others.
pub(in crate::share) fn judge(
    push: &PushRequest,
    now: u64,
    held: &BTreeSet<String>,
) -> (Vec<PushResult>, Vec<Timed>) {
    let mut ops = Vec::with_capacity(push.ops.len());
    let judge = |wire: &gridbook_log::WireOp| match Op::from_wire(wire.clone()) {
        Ok(op) if held.contains(&text_of(wire)) => {
            PushResult { id: Some(op.id()), r: Verdict::Dup, code: None }
        }
        Ok(op) => {
            ops.push((wire.clone(), now));
            PushResult { id: Some(op.id()), r: Verdict::Ok, code: None }
        }
        Err(_) => PushResult { id: None, r: Verdict::Refuse, code: Some("malformed".to_owned()) },
    };
    (push.ops.iter().map(judge).collect(), ops)
}
