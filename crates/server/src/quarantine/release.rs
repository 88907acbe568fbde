//! What waits goes on to admission.

use std::collections::BTreeMap;

use gridbook_log::{Op, WireOp, Writer};
use gridbook_sync::wire::Verdict;
use serde::Serialize;
use utoipa::ToSchema;

use super::{DISCARDED, LET_GO, actor, decide};
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::sql;
use crate::writer::Ledger;
use crate::writer::push::{self, Asked, Push, Source};

/// Operations that go to admission in one transaction.
const TOGETHER: usize = 200;

/// What a release did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Released {
    /// Taken in, or there before.
    pub stored: usize,
    /// Refused by a rule and kept as stubs.
    pub rejected: usize,
    /// Still waiting: something before them is missing, or they cannot be stored.
    pub left: usize,
}

/// Marks what waits of `user`, so that the running server lets it go; returns how many operations.
///
/// # Errors
/// When the database fails.
pub async fn mark(app: &App, user: &str) -> Result<u64, ApiError> {
    let user = user.to_owned();
    app.writer
        .run(move |ledger| {
            Box::pin(async move {
                let sql =
                    "UPDATE quarantine SET release = $3 WHERE tenant = $1 AND account = $2 AND release < $4";
                let done = sql::query(sql)
                    .bind(ledger.tenant.id)
                    .bind(user)
                    .bind(LET_GO)
                    .bind(DISCARDED)
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(done.rows_affected())
            })
        })
        .await
}

/// Lets go what an administrator has marked. Called by the running server every minute.
///
/// # Errors
/// When the database fails.
pub async fn release_marked(app: &App) -> Result<(), ApiError> {
    let users: Vec<String> = sql::query_scalar(
        "SELECT DISTINCT account FROM quarantine WHERE tenant = $1 AND release = $2 ORDER BY account",
    )
    .bind(app.tenant.id)
    .bind(LET_GO)
    .fetch_all(&app.readers)
    .await?;
    for user in users {
        let done = release(app, &user).await?;
        tracing::info!(
            stored = done.stored,
            rejected = done.rejected,
            left = done.left,
            "quarantine released"
        );
    }
    Ok(())
}

/// Sends everything that waits of `user` through admission, because somebody wants it: judged with the rights that the
/// account had when it was written, those taken away since among them, and whether or not it may sign in now. What misses
/// something before it, and what cannot be stored, stays.
///
/// # Errors
/// When the database fails; what was taken in until then is.
pub async fn release(app: &App, user: &str) -> Result<Released, ApiError> {
    go_on(app, user, Source::Wanted).await
}

/// As [`release`], with nobody who vouches for it: judged with the rights that the account has now, none while it is
/// disabled.
///
/// # Errors
/// As [`release`].
pub(crate) async fn settle(app: &App, user: &str) -> Result<Released, ApiError> {
    go_on(app, user, Source::Waited).await
}

async fn go_on(app: &App, user: &str, source: Source) -> Result<Released, ApiError> {
    let mut waiting = waiting(app, user).await?;
    let mut done = Released::default();
    loop {
        let before = waiting.len();
        let mut later = Vec::new();
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(TOGETHER));
            let some = std::mem::replace(&mut waiting, rest);
            let user = user.to_owned();
            let (counts, left) = app
                .writer
                .run(move |ledger| Box::pin(async move { admit(ledger, &user, some, source).await }))
                .await?;
            done.stored += counts.stored;
            done.rejected += counts.rejected;
            later.extend(left);
        }
        done.left = later.len();
        if later.is_empty() || later.len() == before {
            return Ok(done);
        }
        // An entity's creation may have come after what others added to it.
        waiting = later;
    }
}

/// An operation that waits, and its device's nonce.
type Waiting = (Option<String>, Op);

async fn waiting(app: &App, user: &str) -> Result<Vec<Waiting>, ApiError> {
    let rows =
        sql::query("SELECT nonce, op FROM quarantine WHERE tenant = $1 AND account = $2 AND release < $3")
            .bind(app.tenant.id)
            .bind(user)
            .bind(DISCARDED)
            .fetch_all(&app.readers)
            .await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let text: String = row.try_get("op")?;
        // It was read once before it was stored.
        let read = serde_json::from_str::<WireOp>(&text).ok().and_then(|wire| Op::from_wire(wire).ok());
        if let Some(op) = read {
            out.push((row.try_get("nonce")?, op));
        }
    }
    // Causes before effects: an author's clock never runs back.
    out.sort_by_key(|(_, op)| (op.header().hlc, op.id()));
    Ok(out)
}

async fn admit(
    ledger: &mut Ledger,
    user: &str,
    ops: Vec<Waiting>,
    source: Source,
) -> Result<(Released, Vec<Waiting>), ApiError> {
    let tenant = ledger.tenant.id;
    let actor = match source {
        Source::Wanted => {
            let since = ops.iter().map(|(_, op)| op.header().hlc.ms).min().unwrap_or_default();
            decide::as_written(ledger, user, since).await?
        }
        Source::Now | Source::Waited => actor(ledger, user).await?,
    };
    let (now, today) = (ledger.now(), china_day(ledger.now()));
    let mut devices: BTreeMap<(Writer, Option<String>), Vec<Op>> = BTreeMap::new();
    for (nonce, op) in ops {
        devices.entry((op.dot().writer, nonce)).or_default().push(op);
    }
    let (mut counts, mut left) = (Released::default(), Vec::new());
    for ((writer, nonce), ops) in devices {
        let asked = |op: &Op| Ok(Asked::new(ledger.judge(), &actor, op.clone(), today));
        let push = Push {
            actor: actor.clone(),
            writer,
            nonce: nonce.clone(),
            now,
            ops: ops.iter().map(asked).collect(),
            apart: false,
            source,
        };
        let reply = push::apply(ledger, push).await?;
        for (op, result) in ops.into_iter().zip(reply.results) {
            match result.r {
                Verdict::Ok | Verdict::Dup => counts.stored += 1,
                Verdict::Reject => counts.rejected += 1,
                Verdict::Defer | Verdict::Refuse => {
                    let note = result.code.unwrap_or_else(|| "defer".to_owned());
                    let sql = "UPDATE quarantine SET release = 0, note = $4
                               WHERE tenant = $1 AND account = $2 AND hash = $3";
                    sql::query(sql)
                        .bind(tenant)
                        .bind(user)
                        .bind(op.hash().to_vec())
                        .bind(note)
                        .execute(&mut ledger.conn)
                        .await?;
                    left.push((nonce.clone(), op));
                    continue;
                }
            }
            sql::query("DELETE FROM quarantine WHERE tenant = $1 AND account = $2 AND hash = $3")
                .bind(tenant)
                .bind(user)
                .bind(op.hash().to_vec())
                .execute(&mut ledger.conn)
                .await?;
        }
    }
    Ok((counts, left))
}
