//! One push: a result for each operation, in order (design §4).

mod before;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_domain::authority::{KINDS, ruled_out, taken_before};
use gridbook_domain::confidential::Way;
use gridbook_domain::household::merge::Went;
use gridbook_domain::plan::sample;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Actor;
use gridbook_domain::role::keep::speaks_of_roles;
use gridbook_log::body::kind;
use gridbook_log::{Body, Dot, EntityId, Header, Op, OpId, key};
use gridbook_sync::wire::{PushReply, PushRequest, PushResult, Verdict};

use before::{Absent, absent, lost, returned, spoken_of};

use super::ledger::Ledger;
use super::rows::Rows;
use super::sender;
use crate::admission::Admission;
use crate::clock::china_day;
use crate::feed::reach;
use crate::problem::ApiError;
use crate::quarantine::{self, Why};
use crate::secret::hex;
use crate::signature::{self, Author, Keys};

/// A push with its operations read and hashed (done outside the writer, on another core).
pub struct Push {
    /// Who is signed in.
    pub actor: Actor,
    /// The sender's log identity.
    pub writer: gridbook_log::Writer,
    /// The sender's nonce; `None` for what was verified when it went to quarantine.
    pub nonce: Option<String>,
    /// The sender's clock.
    pub now: u64,
    /// Operations in order; those that cannot be read have at most a name.
    pub ops: Vec<Result<Asked, Option<OpId>>>,
    /// It came the confidential way, which takes in nothing else; and what is confidential takes no other (ROLE-11).
    pub apart: bool,
    /// Where it comes from.
    pub source: Source,
}

/// Where a push comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A device, just now. What its author can no longer see goes to quarantine.
    Now,
    /// What waited, with nobody who vouches for it.
    Waited,
    /// What waited and somebody wants: its author need not see it any more.
    Wanted,
}

/// An operation that asks to be taken in.
pub struct Asked {
    /// It.
    pub op: Op,
    /// For a creation, what the admission says of it: that needs nothing of the database.
    pub creation: Option<Result<(), String>>,
    /// Who brings it.
    pub carried: Carried,
}

/// Who brings an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carried {
    /// Its own device, signed in as its author; whether that is so is seen when it is judged.
    Own,
    /// Somebody else, and its author's device signed it.
    Signed,
    /// Somebody else, with a signature that no key of its author's device made.
    Wrong,
}

/// The authors for whom somebody else brings signed operations.
pub fn authors(actor: &Actor, request: &PushRequest) -> BTreeSet<Author> {
    let headers = request.ops.iter().filter(|wire| wire.g.is_some());
    headers
        .filter_map(|wire| Header::parse(&wire.h).ok())
        .filter(|header| header.user != actor.user || header.id.dot.writer != request.writer)
        .map(|header| (header.id.dot.writer.dev, header.user))
        .collect()
}

impl Push {
    /// Reads the operations of a request, checks the signatures of those that others wrote with the `keys` of
    /// [`authors`], and judges the sender's own creations.
    pub fn read(
        admission: &dyn Admission,
        actor: Actor,
        request: PushRequest,
        today: NaiveDate,
        keys: &Keys,
    ) -> Self {
        let ops = request
            .ops
            .into_iter()
            .map(|wire| {
                let line = wire.h.clone();
                let op = Op::from_wire(wire);
                op.map(|op| Asked::new(admission, &actor, op, today).brought_by(&actor, request.writer, keys))
                    .map_err(|_| Header::parse(&line).ok().map(|h| h.id))
            })
            .collect();
        Self {
            actor,
            writer: request.writer,
            nonce: Some(request.nonce),
            now: request.now,
            ops,
            apart: false,
            source: Source::Now,
        }
    }
}

impl Asked {
    /// Judges what can be judged without the stream.
    pub fn new(admission: &dyn Admission, actor: &Actor, op: Op, today: NaiveDate) -> Self {
        let alone = op.header().kind == kind::CREATE && op.header().user == actor.user;
        let creation = alone.then(|| admission.admit(actor, None, &op, today));
        Self { op, creation, carried: Carried::Own }
    }

    /// Checks the signature when its author's device is not the one that sends it.
    fn brought_by(mut self, actor: &Actor, sender: gridbook_log::Writer, keys: &Keys) -> Self {
        let own = self.op.header().user == actor.user && self.op.dot().writer == sender;
        if !own && self.op.sig().is_some() {
            self.carried = if signature::verifies(keys, &self.op) { Carried::Signed } else { Carried::Wrong };
        }
        self
    }
}

enum Judged {
    Store,
    /// Its author may no longer sign in.
    Quarantine,
    /// Its author could see it and cannot any more.
    Review,
    Reject(String),
    Done(Verdict, Option<&'static str>),
}

/// Takes a push in.
///
/// # Errors
/// Only when the database fails; nothing of the push is stored then.
pub async fn apply(ledger: &mut Ledger, mut push: Push) -> Result<PushReply, ApiError> {
    let began = std::time::Instant::now();
    let now = ledger.now();
    if let Some(code) = sender::known(ledger, &push).await? {
        let results = push.ops.iter().map(|op| result(id_of(op), Verdict::Refuse, Some(code))).collect();
        return Ok(PushReply { results, now });
    }
    let mut wanted: Vec<EntityId> = push.ops.iter().flatten().map(|asked| asked.op.entity()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    ledger.load(&wanted).await?;
    spoken_of(ledger, &push).await?;
    let loaded = began.elapsed();
    let reach = ledger.admission.reach(&push.actor, china_day(now));
    let patterns = reach::patterns(&push.actor.user, &reach);
    // What he wrote there while he could not see it goes first: he can again, so there is nothing to decide.
    let back = returned(ledger, &push, &wanted, &patterns).await?;
    let before = back.len();
    push.ops.splice(..0, back);
    let drift =
        i64::try_from(push.now).unwrap_or(i64::MAX).saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
    let mut rows = Rows::default();
    let mut results = Vec::with_capacity(push.ops.len());
    let mut taken: BTreeMap<(EntityId, bool), Vec<Dot>> = BTreeMap::new();
    let absent = absent(ledger, &push).await?;
    let lost = lost(ledger, &push, &patterns, &absent).await?;
    // A hand-over is over with its last confirmation.
    let mut confirmed: BTreeSet<EntityId> = BTreeSet::new();
    let mut announced = Vec::new();
    // What follows a fork was written on top of something else than what is held here.
    let mut forked: BTreeSet<EntityId> = BTreeSet::new();
    for read in &push.ops {
        let Ok(asked) = read else {
            results.push(result(id_of(read), Verdict::Refuse, Some("malformed")));
            continue;
        };
        let op = &asked.op;
        let signed = asked.carried == Carried::Signed;
        // The sender's clock says nothing of the author's.
        let drift = if signed { 0 } else { drift };
        let judged = if forked.contains(&op.entity()) {
            Judged::Done(Verdict::Refuse, Some("fork"))
        } else {
            judge(ledger, &push, &patterns, &absent, &lost, asked, now)
        };
        match judged {
            Judged::Store => {
                ledger.append(&mut rows, op, None);
                if signed {
                    rows.carried_blobs(op, &push.actor.user);
                }
                ledger.answer_clock(&mut rows, op, now, drift);
                ledger.answer_number(&mut rows, op).await?;
                taken.entry((op.entity(), signed)).or_default().push(op.dot());
                announced.extend(key::announced(op).map(|point| (op, point)));
                if op.header().kind == kind::EVENT {
                    confirmed.insert(op.entity());
                }
                results.push(result(Some(op.id()), Verdict::Ok, None));
            }
            Judged::Reject(code) => {
                ledger.append(&mut rows, op, Some(&code));
                ledger.answer_reject(&mut rows, op.entity(), op.dot(), &code);
                results.push(result(Some(op.id()), Verdict::Reject, Some(&code)));
            }
            Judged::Quarantine => {
                let kept = quarantine::keep(ledger, op, None, &push.actor.user, Why::Disabled).await?;
                results.push(if kept {
                    result(Some(op.id()), Verdict::Ok, Some(quarantine::CODE))
                } else {
                    result(Some(op.id()), Verdict::Refuse, Some("author_disabled"))
                });
            }
            Judged::Review => {
                let nonce = push.nonce.as_deref().filter(|_| !signed);
                let kept = quarantine::keep(ledger, op, nonce, &push.actor.user, Why::Reach).await?;
                results.push(if kept {
                    result(Some(op.id()), Verdict::Ok, Some(quarantine::REVIEW))
                } else {
                    result(Some(op.id()), Verdict::Refuse, Some("foreign_entity"))
                });
            }
            Judged::Done(verdict, code) => {
                if code == Some("fork") {
                    forked.insert(op.entity());
                }
                // Whoever brings what is here already may bring its files: its author may have none to send here.
                if verdict == Verdict::Dup && op.header().user != push.actor.user {
                    let stream = ledger.streams.get(&op.entity());
                    let dot = op.dot();
                    if stream.is_some_and(|stream| stream.entity.blobs().iter().any(|(at, _)| *at == dot)) {
                        rows.carried_blobs(op, &push.actor.user);
                    }
                }
                results.push(result(Some(op.id()), verdict, code));
            }
        }
    }
    for ((entity, signed), ops) in taken {
        let drift = if signed { 0 } else { drift };
        ledger.answer_receipt(&mut rows, entity, ops, now, drift);
    }
    let judged = began.elapsed();
    // Streams are read before the rows go out: what was taken in is folded then.
    // Whoever is refused makes nobody recompute anything.
    let stored = |result: &PushResult| result.r == Verdict::Ok && result.code.is_none();
    let written = push.ops.iter().zip(&results).filter(|(_, result)| stored(result));
    let written = written.filter_map(|(asked, _)| Some(&asked.as_ref().ok()?.op));
    let rules: Vec<&Op> = written.filter(|op| ledger.is_rules(op.entity())).collect();
    let (revised, roles) = (!rules.is_empty(), rules.into_iter().any(speaks_of_roles));
    ledger.flush(rows).await?;
    if push.source == Source::Now {
        let there = |result: &PushResult| {
            matches!(result.r, Verdict::Ok | Verdict::Dup | Verdict::Reject)
                && result.code.as_deref() != Some(quarantine::REVIEW)
        };
        let asked = push.ops.iter().zip(&results).filter(|(_, result)| there(result));
        let hashes: Vec<_> = asked.filter_map(|(asked, _)| Some(*asked.as_ref().ok()?.op.hash())).collect();
        quarantine::arrived(ledger, &push.actor.user, &hashes).await?;
    }
    results.drain(..before);
    for entity in confirmed {
        ledger.hand_over(entity).await?;
    }
    for (op, point) in announced {
        signature::learn(ledger, &op.header().user, op.dot().writer.dev, &hex(&point)).await?;
    }
    if revised {
        ledger.revise().await?;
    }
    // What a role allows decides what its holders are sent (ROLE-15).
    if roles {
        ledger.refresh_everyone().await?;
    }
    let written = began.elapsed();
    tracing::debug!(ops = push.ops.len(), ?loaded, ?judged, ?written, "push");
    Ok(PushReply { results, now })
}

fn id_of(read: &Result<Asked, Option<OpId>>) -> Option<OpId> {
    read.as_ref().map_or_else(|id| *id, |asked| Some(asked.op.id()))
}

fn result(id: Option<OpId>, r: Verdict, code: Option<&str>) -> PushResult {
    PushResult { id, r, code: code.map(str::to_owned) }
}

/// What becomes of one operation. Transport questions here, questions of the trade in the admission.
fn judge(
    ledger: &mut Ledger,
    push: &Push,
    patterns: &[String],
    absent: &BTreeMap<String, Absent>,
    lost: &BTreeSet<(EntityId, String)>,
    asked: &Asked,
    now: u64,
) -> Judged {
    let op = &asked.op;
    let refuse = |code| Judged::Done(Verdict::Refuse, Some(code));
    let header = op.header();
    let dot = op.dot();
    let (mut actor, mut patterns, mut disabled) = (&push.actor, patterns, false);
    match asked.carried {
        // A device that holds what it is no longer shown asks so whether it is hidden from it or lost here.
        // So does one that holds a colleague's whose key nobody here knows.
        Carried::Own | Carried::Wrong if is_here(ledger, push, op) => {
            return Judged::Done(Verdict::Dup, None);
        }
        Carried::Own if header.user != push.actor.user => return refuse("foreign_author"),
        Carried::Own if !dot.writer.is_life_of(push.writer) => return refuse("foreign_writer"),
        Carried::Own => {}
        Carried::Wrong => return refuse("signature"),
        Carried::Signed => {
            let Some(author) = absent.get(&header.user) else { return refuse("foreign_author") };
            (actor, patterns, disabled) = (&author.actor, &author.patterns, author.disabled);
            if dot.writer.epoch == 0 {
                return refuse("forged");
            }
        }
    }
    if KINDS.contains(&header.kind.as_str()) {
        return refuse("authority_only");
    }
    if op.body_text().is_none() {
        return refuse("erased");
    }
    // No JSON holds a bare U+0000, and not every database keeps it.
    if header.kind.contains('\0') || op.body_text().is_some_and(|text| text.contains('\0')) {
        return refuse("malformed");
    }
    let own = ledger.authority_writer();
    let Some(stream) = ledger.streams.get(&op.entity()) else { return Judged::Done(Verdict::Defer, None) };
    let confidential = match op.body() {
        Ok(Body::Create(create)) if stream.is_new() => create.type_ == RecordKind::Confidential.as_str(),
        _ => stream.entity.type_() == Some(RecordKind::Confidential.as_str()),
    };
    if confidential != push.apart {
        // The same words as for what is not there.
        return if stream.is_new() { refuse("restricted_form") } else { refuse("foreign_entity") };
    }
    if let Some(hash) = stream.hashes.get(&dot) {
        return if hash == op.hash() { Judged::Done(Verdict::Dup, None) } else { refuse("fork") };
    }
    if disabled {
        return Judged::Quarantine;
    }
    // Of what the author never could see, nothing is said and nothing is stored.
    let today = china_day(now);
    let seen = |channel: &String| patterns.iter().any(|p| reach::matches(p, channel));
    let sees = || {
        if confidential {
            ledger.admission.hears(actor, &Way::of(&stream.entity), today)
        } else {
            stream.placed.keys().any(seen)
        }
    };
    if !stream.is_new() && push.source != Source::Wanted && !sees() {
        let could = lost.contains(&(op.entity(), header.user.clone()));
        return if could { Judged::Review } else { refuse("foreign_entity") };
    }
    // Nobody can have seen an answer that was never given.
    if header.ctx.get(own) > stream.entity.have().upto(own) {
        return refuse("forged");
    }
    if dot.n > stream.entity.have().upto(dot.writer) + 1 || (stream.is_new() && header.kind != kind::CREATE) {
        return Judged::Done(Verdict::Defer, None);
    }
    if taken_before(&stream.entity, op) {
        return Judged::Store;
    }
    if let Some(code) = ruled_out(&stream.entity, op) {
        return Judged::Reject(code.to_owned());
    }
    let verdict = match &asked.creation {
        Some(verdict) if stream.is_new() => verdict.clone(),
        _ => {
            let before = (!stream.is_new()).then_some(&stream.entity);
            ledger.admission.admit(actor, before, op, today)
        }
    };
    let known = |id: EntityId| ledger.streams.peek(&id).and_then(|stream| Went::of(&stream.entity));
    let made = |id: EntityId| Some(sample::made(&ledger.streams.peek(&id)?.entity)?.to_owned());
    let look = ledger.streams.peek(&op.entity()).map(|stream| &stream.entity);
    let verdict = verdict.and_then(|()| ledger.admission.among(op, &known));
    match verdict.and_then(|()| ledger.admission.own_visit(look, op, &made)) {
        Ok(()) => Judged::Store,
        Err(code) => Judged::Reject(code),
    }
}

/// Whether it is stored under this very hash: who brings that had the operation, whole or erased. Of what is confidential
/// another way tells.
fn is_here(ledger: &mut Ledger, push: &Push, op: &Op) -> bool {
    let Some(stream) = ledger.streams.get(&op.entity()) else { return false };
    let confidential = stream.entity.type_() == Some(RecordKind::Confidential.as_str());
    !confidential && !push.apart && stream.hashes.get(&op.dot()) == Some(op.hash())
}
