//! One push: a result for each operation, in order (design §4).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_domain::role::Actor;
use gridbook_log::body::kind;
use gridbook_log::{Dot, EntityId, Header, Op, OpId};
use gridbook_sync::wire::{PushReply, PushRequest, PushResult, Verdict};

use super::ledger::Ledger;
use super::rows::Rows;
use crate::admission::Admission;
use crate::clock::china_day;
use crate::feed::reach;
use crate::problem::ApiError;
use crate::sql;

/// Kinds that only the server's own device writes.
const AUTHORITY_KINDS: [&str; 4] = [kind::RECEIPT, kind::REJECT, kind::NUMBER, kind::CLOCKFIX];

/// A push with its operations read and hashed (done outside the writer, on another core).
pub struct Push {
    /// Who is signed in.
    pub actor: Actor,
    /// The sender's log identity.
    pub writer: gridbook_log::Writer,
    /// The sender's nonce.
    pub nonce: String,
    /// The sender's clock.
    pub now: u64,
    /// Operations in order; those that cannot be read have at most a name.
    pub ops: Vec<Result<Asked, Option<OpId>>>,
}

/// An operation that asks to be taken in.
pub struct Asked {
    /// It.
    pub op: Op,
    /// For a creation, what the admission says of it: that needs nothing of the database.
    pub creation: Option<Result<(), String>>,
}

impl Push {
    /// Reads the operations of a request and judges the creations among them.
    pub fn read(admission: &dyn Admission, actor: Actor, request: PushRequest, today: NaiveDate) -> Self {
        let ops = request
            .ops
            .into_iter()
            .map(|wire| {
                let line = wire.h.clone();
                // No JSON holds a bare U+0000, and not every database keeps it.
                let zero = wire.h.contains('\0') || wire.b.as_ref().is_some_and(|b| b.contains('\0'));
                let op = if zero { Err(()) } else { Op::from_wire(wire).map_err(|_| ()) };
                op.map(|op| Asked::new(admission, &actor, op, today))
                    .map_err(|_| Header::parse(&line).ok().map(|h| h.id))
            })
            .collect();
        Self { actor, writer: request.writer, nonce: request.nonce, now: request.now, ops }
    }
}

impl Asked {
    /// Judges what can be judged without the stream.
    pub fn new(admission: &dyn Admission, actor: &Actor, op: Op, today: NaiveDate) -> Self {
        let alone = op.header().kind == kind::CREATE && op.header().user == actor.user;
        let creation = alone.then(|| admission.admit(actor, None, &op, today));
        Self { op, creation }
    }
}

enum Judged {
    Store,
    Reject(String),
    Done(Verdict, Option<&'static str>),
}

/// Takes a push in.
///
/// # Errors
/// Only when the database fails; nothing of the push is stored then.
pub async fn apply(ledger: &mut Ledger, push: Push) -> Result<PushReply, ApiError> {
    let began = std::time::Instant::now();
    let now = ledger.now();
    if let Some(code) = device(ledger, &push).await? {
        let results = push.ops.iter().map(|op| result(id_of(op), Verdict::Refuse, Some(code))).collect();
        return Ok(PushReply { results, now });
    }
    let mut wanted: Vec<EntityId> = push.ops.iter().flatten().map(|asked| asked.op.entity()).collect();
    wanted.sort_unstable();
    wanted.dedup();
    ledger.load(&wanted).await?;
    let loaded = began.elapsed();
    let reach = ledger.admission.reach(&push.actor, china_day(now));
    let patterns = reach::patterns(&push.actor.user, &reach);
    let drift =
        i64::try_from(push.now).unwrap_or(i64::MAX).saturating_sub(i64::try_from(now).unwrap_or(i64::MAX));
    let mut rows = Rows::default();
    let mut results = Vec::with_capacity(push.ops.len());
    let mut taken: BTreeMap<EntityId, Vec<Dot>> = BTreeMap::new();
    for read in &push.ops {
        let Ok(asked) = read else {
            results.push(result(id_of(read), Verdict::Refuse, Some("malformed")));
            continue;
        };
        let op = &asked.op;
        match judge(ledger, &push, &patterns, asked, now) {
            Judged::Store => {
                ledger.append(&mut rows, op, None);
                ledger.answer_clock(&mut rows, op, now, drift);
                ledger.answer_number(&mut rows, op).await?;
                taken.entry(op.entity()).or_default().push(op.dot());
                results.push(result(Some(op.id()), Verdict::Ok, None));
            }
            Judged::Reject(code) => {
                ledger.append(&mut rows, op, Some(&code));
                ledger.answer_reject(&mut rows, op.entity(), op.dot(), &code);
                results.push(result(Some(op.id()), Verdict::Reject, Some(&code)));
            }
            Judged::Done(verdict, code) => results.push(result(Some(op.id()), verdict, code)),
        }
    }
    for (entity, ops) in taken {
        ledger.answer_receipt(&mut rows, entity, ops, now, drift);
    }
    let judged = began.elapsed();
    ledger.flush(rows).await?;
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
fn judge(ledger: &mut Ledger, push: &Push, patterns: &[String], asked: &Asked, now: u64) -> Judged {
    let op = &asked.op;
    let refuse = |code| Judged::Done(Verdict::Refuse, Some(code));
    let header = op.header();
    let dot = op.dot();
    if header.user != push.actor.user {
        return refuse("foreign_author");
    }
    if dot.writer != push.writer {
        return refuse("foreign_writer");
    }
    if AUTHORITY_KINDS.contains(&header.kind.as_str()) {
        return refuse("authority_only");
    }
    if op.body_text().is_none() {
        return refuse("erased");
    }
    let own = ledger.authority_writer();
    let Some(stream) = ledger.streams.get(&op.entity()) else { return Judged::Done(Verdict::Defer, None) };
    if let Some(hash) = stream.hashes.get(&dot) {
        return if hash == op.hash() { Judged::Done(Verdict::Dup, None) } else { refuse("fork") };
    }
    // Of what the author cannot see, nothing is said and nothing is stored.
    let seen = |channel: &String| patterns.iter().any(|p| reach::matches(p, channel));
    if !stream.is_new() && !stream.placed.keys().any(seen) {
        return refuse("foreign_entity");
    }
    // Nobody can have seen an answer that was never given.
    if header.ctx.get(own) > stream.entity.have().upto(own) {
        return refuse("forged");
    }
    if dot.n > stream.entity.have().upto(dot.writer) + 1 || (stream.is_new() && header.kind != kind::CREATE) {
        return Judged::Done(Verdict::Defer, None);
    }
    if !stream.is_new() {
        if header.kind == kind::CREATE {
            return Judged::Reject("second_create".to_owned());
        }
        if stream.entity.creation().is_none_or(|c| c.rejected.is_some()) {
            return Judged::Reject("creation_rejected".to_owned());
        }
    }
    let verdict = match &asked.creation {
        Some(verdict) if stream.is_new() => verdict.clone(),
        _ => {
            let before = (!stream.is_new()).then_some(&stream.entity);
            ledger.admission.admit(&push.actor, before, op, china_day(now))
        }
    };
    match verdict {
        Ok(()) => Judged::Store,
        Err(code) => Judged::Reject(code),
    }
}

/// The device behind a push: known to this account under this nonce, or new. Otherwise the code for all of it.
async fn device(ledger: &mut Ledger, push: &Push) -> Result<Option<&'static str>, ApiError> {
    if push.writer.dev == ledger.tenant.authority || push.writer.epoch == 0 {
        return Ok(Some("forged"));
    }
    if push.nonce.is_empty() || push.nonce.len() > 64 {
        return Err(ApiError::malformed());
    }
    let (dev, epoch) = (push.writer.dev.to_string(), i64::from(push.writer.epoch));
    let known = sql::query("SELECT nonce, account FROM devices WHERE tenant = ? AND dev = ? AND epoch = ?")
        .bind(ledger.tenant.id)
        .bind(&dev)
        .bind(epoch)
        .fetch_optional(&mut ledger.conn)
        .await?;
    let Some(row) = known else {
        // A device's name stands in every header it wrote: its next life is not for others to take.
        let others: Option<i64> = sql::query_scalar(
            "SELECT epoch FROM devices WHERE tenant = ? AND dev = ? AND account <> ? LIMIT 1",
        )
        .bind(ledger.tenant.id)
        .bind(&dev)
        .bind(&push.actor.user)
        .fetch_optional(&mut ledger.conn)
        .await?;
        if others.is_some() {
            return Ok(Some("foreign_device"));
        }
        sql::query(
            "INSERT INTO devices (tenant, dev, epoch, nonce, account, first_seen) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(ledger.tenant.id)
        .bind(&dev)
        .bind(epoch)
        .bind(&push.nonce)
        .bind(&push.actor.user)
        .bind(ledger.now_i64())
        .execute(&mut ledger.conn)
        .await?;
        return Ok(None);
    };
    let (nonce, account): (String, String) = (row.try_get("nonce")?, row.try_get("account")?);
    Ok(if account != push.actor.user {
        Some("foreign_device")
    } else if nonce != push.nonce {
        Some("clone")
    } else {
        None
    })
}
