//! Operations of people whose session or account has ended: kept apart, so that nothing that somebody wrote is lost,
//! and taken in only when an administrator lets them go on to admission.

mod ended;

use std::collections::BTreeMap;

use gridbook_domain::role::Actor;
use gridbook_log::{DeviceId, Header, Op, OpId, WireOp, Writer};
use gridbook_sync::wire::{PushReply, PushRequest, PushResult, Verdict};
use serde::Serialize;
use utoipa::ToSchema;

pub use ended::ended;
pub(crate) use ended::{forget, remember};

use crate::accounts;
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::signature;
use crate::sql::{self, Pool};
use crate::writer::Ledger;
use crate::writer::push::{self, Asked, Push};

/// The code beside `ok` for what was stored here.
pub const CODE: &str = "quarantine";
/// Bytes kept for one author.
pub const MAX_BYTES: i64 = 20 * 1024 * 1024;
/// Operations that go to admission in one transaction.
const TOGETHER: usize = 200;

/// What waits of one device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Held {
    /// The author.
    pub user: String,
    /// The device that wrote it.
    pub dev: String,
    /// Operations.
    pub ops: i64,
    /// Their size.
    pub bytes: i64,
    /// When the first came, milliseconds since 1970.
    pub first: i64,
    /// When the last came.
    pub last: i64,
    /// Why some stayed after a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

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

/// Keeps one operation; `false` when the author's room is used up.
///
/// # Errors
/// When the database fails.
pub(crate) async fn keep(
    ledger: &mut Ledger,
    op: &Op,
    nonce: Option<&str>,
    sender: &str,
) -> Result<bool, ApiError> {
    let author = &op.header().user;
    let text = serde_json::to_string(&op.to_wire()).map_err(|_| ApiError::malformed())?;
    let bytes = i64::try_from(text.len()).unwrap_or(i64::MAX);
    let held: i64 = sql::query_scalar(
        "SELECT CAST(COALESCE(SUM(bytes), 0) AS BIGINT) FROM quarantine WHERE tenant = $1 AND account = $2",
    )
    .bind(ledger.tenant.id)
    .bind(author)
    .fetch_one(&mut ledger.conn)
    .await?;
    if held.saturating_add(bytes) > MAX_BYTES {
        return Ok(false);
    }
    sql::query(
        "INSERT INTO quarantine (tenant, account, hash, dev, nonce, sender, received_at, bytes, op, release)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0) ON CONFLICT DO NOTHING",
    )
    .bind(ledger.tenant.id)
    .bind(author)
    .bind(op.hash().to_vec())
    .bind(op.dot().writer.dev.to_string())
    .bind(nonce)
    .bind(sender)
    .bind(ledger.now_i64())
    .bind(bytes)
    .bind(text)
    .execute(&mut ledger.conn)
    .await?;
    Ok(true)
}

/// Takes in a push of somebody whose session has ended.
///
/// # Errors
/// 403 when the author's room is used up, and then nothing is stored; when the database fails.
pub(crate) async fn take(
    ledger: &mut Ledger,
    account: &str,
    request: PushRequest,
) -> Result<PushReply, ApiError> {
    let writer = request.writer;
    if request.nonce.is_empty() || request.nonce.len() > 64 {
        return Err(ApiError::malformed());
    }
    let all = if writer.dev == ledger.tenant.authority || writer.epoch == 0 {
        Some("forged")
    } else if signature::has_other_owner(ledger, account, writer.dev).await? {
        Some("foreign_device")
    } else {
        None
    };
    let mut results = Vec::with_capacity(request.ops.len());
    for wire in request.ops {
        let line = wire.h.clone();
        let Ok(op) = Op::from_wire(wire) else {
            results.push(result(Header::parse(&line).ok().map(|h| h.id), Verdict::Refuse, Some("malformed")));
            continue;
        };
        let refused = all.or_else(|| foreign(&op, account, writer));
        let (verdict, code) = match refused {
            Some(code) => (Verdict::Refuse, Some(code)),
            None => match stored(ledger, &op).await? {
                Some(true) => (Verdict::Dup, None),
                Some(false) => (Verdict::Refuse, Some("fork")),
                None if keep(ledger, &op, Some(&request.nonce), account).await? => (Verdict::Ok, Some(CODE)),
                None => return Err(full()),
            },
        };
        results.push(result(Some(op.id()), verdict, code));
    }
    Ok(PushReply { results, now: ledger.now() })
}

fn full() -> ApiError {
    let words = "登录已失效,服务器为您暂存的内容已满,这次没有保存;记录都在本机,请联系镇网格专干恢复账号。";
    ApiError::new(axum::http::StatusCode::FORBIDDEN, "quarantine_full", words)
}

fn foreign(op: &Op, account: &str, writer: Writer) -> Option<&'static str> {
    let header = op.header();
    if header.user != account {
        Some("foreign_author")
    } else if !op.dot().writer.is_life_of(writer) {
        Some("foreign_writer")
    } else if gridbook_domain::authority::KINDS.contains(&header.kind.as_str()) {
        Some("authority_only")
    } else {
        op.body_text().is_none().then_some("erased")
    }
}

/// Whether this id is in the log, with this hash (`true`) or another one.
async fn stored(ledger: &mut Ledger, op: &Op) -> Result<Option<bool>, ApiError> {
    let (dot, entity) = (op.dot(), op.entity());
    let hash: Option<Vec<u8>> = sql::query_scalar(
        "SELECT hash FROM ops WHERE tenant = $1 AND entity = $2 AND dev = $3 AND epoch = $4 AND n = $5",
    )
    .bind(ledger.tenant.id)
    .bind(entity.0.to_vec())
    .bind(dot.writer.dev.0.to_vec())
    .bind(i64::from(dot.writer.epoch))
    .bind(i64::from(dot.n))
    .fetch_optional(&mut ledger.conn)
    .await?;
    Ok(hash.map(|hash| hash == op.hash()))
}

fn result(id: Option<OpId>, r: Verdict, code: Option<&str>) -> PushResult {
    PushResult { id, r, code: code.map(str::to_owned) }
}

/// What waits, by author and device.
///
/// # Errors
/// When the database fails.
pub async fn list(readers: &Pool, tenant: i64) -> Result<Vec<Held>, ApiError> {
    let rows = sql::query(
        "SELECT account, dev, COUNT(*) AS ops, CAST(SUM(bytes) AS BIGINT) AS bytes, MIN(received_at) AS first,
                MAX(received_at) AS last, MAX(note) AS note
         FROM quarantine WHERE tenant = $1 GROUP BY account, dev ORDER BY account, dev",
    )
    .bind(tenant)
    .fetch_all(readers)
    .await?;
    let held = rows.iter().map(|row| {
        Ok(Held {
            user: row.try_get("account")?,
            dev: row.try_get("dev")?,
            ops: row.try_get("ops")?,
            bytes: row.try_get("bytes")?,
            first: row.try_get("first")?,
            last: row.try_get("last")?,
            note: row.try_get("note")?,
        })
    });
    Ok(held.collect::<Result<_, sqlx::Error>>()?)
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
                let done = sql::query("UPDATE quarantine SET release = 1 WHERE tenant = $1 AND account = $2")
                    .bind(ledger.tenant.id)
                    .bind(user)
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
        "SELECT DISTINCT account FROM quarantine WHERE tenant = $1 AND release = 1 ORDER BY account",
    )
    .bind(app.tenant.id)
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

/// Sends everything that waits of `user` through admission, with the rights that the account has now: none, while
/// it is disabled. What misses something before it, and what cannot be stored, stays.
///
/// # Errors
/// When the database fails; what was taken in until then is.
pub async fn release(app: &App, user: &str) -> Result<Released, ApiError> {
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
                .run(move |ledger| Box::pin(async move { admit(ledger, &user, some).await }))
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
    let rows = sql::query("SELECT nonce, op FROM quarantine WHERE tenant = $1 AND account = $2")
        .bind(app.tenant.id)
        .bind(user)
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
) -> Result<(Released, Vec<Waiting>), ApiError> {
    let tenant = ledger.tenant.id;
    let actor = actor(ledger, user).await?;
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

/// An account with the rights it has now.
pub(crate) async fn actor(ledger: &mut Ledger, user: &str) -> Result<Actor, ApiError> {
    let tenant = ledger.tenant.id;
    let assignments = if accounts::is_disabled(&mut ledger.conn, tenant, user).await? {
        Vec::new()
    } else {
        accounts::assignments(&mut ledger.conn, tenant, user).await?
    };
    Ok(Actor { user: user.to_owned(), assignments })
}

/// A device as listings show it.
pub fn short(dev: &str) -> &str {
    DeviceId::parse(dev).map_or("?", |_| &dev[..4])
}
