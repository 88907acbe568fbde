//! Operations of people whose session or account has ended, and of those who no longer reach what they wrote about: kept
//! apart, so that nothing that somebody wrote is lost, and taken in only when an administrator lets them go on to admission.

mod decide;
mod ended;
mod files;
mod release;

use std::collections::BTreeMap;

use gridbook_domain::role::Actor;
use gridbook_log::{DeviceId, Header, Op, OpId, Writer};
use gridbook_sync::wire::{PushReply, PushRequest, PushResult, Verdict};
use serde::Serialize;
use utoipa::ToSchema;

pub use decide::discard;
pub(crate) use decide::{arrived, lost_in};
pub use ended::ended;
pub(crate) use ended::{forget, remember};
pub use files::MAX_FILE_BYTES;
pub(crate) use files::{named, room};
pub(crate) use release::settle;
pub use release::{Released, mark, release, release_marked};

use crate::accounts;
use crate::problem::ApiError;
use crate::signature;
use crate::sql::{self, Pool};
use crate::writer::Ledger;

/// The code beside `ok` for what was stored here and is to be sent again after a sign-in.
pub const CODE: &str = gridbook_sync::wire::QUARANTINE;
/// The code beside `ok` for what was stored here for good: its author no longer sees the entity.
pub const REVIEW: &str = gridbook_sync::wire::REVIEW;
/// Marks in the column `release`: let go by an administrator; or not wanted, and only remembered.
const LET_GO: i64 = 1;
const DISCARDED: i64 = 2;
/// Bytes kept for one author.
pub const MAX_BYTES: i64 = 20 * 1024 * 1024;

/// Why an operation was kept apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The session had ended.
    Session,
    /// The account may no longer sign in.
    Disabled,
    /// The author no longer sees the entity.
    Reach,
    /// It came with a township that moved in, and nobody had answered it.
    MovedIn,
}

impl Why {
    /// As it is stored and told.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Disabled => "disabled",
            Self::Reach => "reach",
            Self::MovedIn => "moved_in",
        }
    }
}

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
    /// How many of which kind of record; empty for what came before that was noted.
    pub kinds: BTreeMap<String, i64>,
    /// Why they wait, as [`Why::as_str`].
    pub why: Vec<String>,
    /// Why some stayed after a release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
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
    why: Why,
) -> Result<bool, ApiError> {
    let author = &op.header().user;
    if decide::is_held(ledger, op).await? {
        return Ok(true);
    }
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
        "INSERT INTO quarantine
             (tenant, account, hash, dev, nonce, sender, received_at, bytes, op, release, why, type, entity)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, $12) ON CONFLICT DO NOTHING",
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
    .bind(why.as_str())
    .bind(decide::kind_of(ledger, op).await?)
    .bind(op.entity().0.to_vec())
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
    let disabled = accounts::is_disabled(&mut ledger.conn, ledger.tenant.id, account).await?;
    let why = if disabled { Why::Disabled } else { Why::Session };
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
                None if keep(ledger, &op, Some(&request.nonce), account, why).await? => {
                    (Verdict::Ok, Some(CODE))
                }
                None => return Err(full()),
            },
        };
        results.push(result(Some(op.id()), verdict, code));
    }
    Ok(PushReply { results, now: ledger.now() })
}

/// 403: the author's room is used up.
pub(crate) fn full() -> ApiError {
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
        "SELECT account, dev, why, type, COUNT(*) AS ops, CAST(SUM(bytes) AS BIGINT) AS bytes,
                MIN(received_at) AS first, MAX(received_at) AS last, MAX(note) AS note
         FROM quarantine WHERE tenant = $1 AND release < $2
         GROUP BY account, dev, why, type ORDER BY account, dev, why, type",
    )
    .bind(tenant)
    .bind(DISCARDED)
    .fetch_all(readers)
    .await?;
    let mut held: Vec<Held> = Vec::new();
    for row in &rows {
        let (user, dev): (String, String) = (row.try_get("account")?, row.try_get("dev")?);
        let (ops, bytes): (i64, i64) = (row.try_get("ops")?, row.try_get("bytes")?);
        let (first, last): (i64, i64) = (row.try_get("first")?, row.try_get("last")?);
        let (why, kind): (Option<String>, Option<String>) = (row.try_get("why")?, row.try_get("type")?);
        let note: Option<String> = row.try_get("note")?;
        if held.last().is_none_or(|one| one.user != user || one.dev != dev) {
            let (kinds, why) = (BTreeMap::new(), Vec::new());
            held.push(Held { user, dev, ops: 0, bytes: 0, first, last, kinds, why, note: None });
        }
        let Some(one) = held.last_mut() else { continue };
        one.ops += ops;
        one.bytes += bytes;
        (one.first, one.last) = (one.first.min(first), one.last.max(last));
        if let Some(kind) = kind {
            *one.kinds.entry(kind).or_default() += ops;
        }
        one.why.extend(why);
        one.why.dedup();
        one.note = std::mem::take(&mut one.note).or(note);
    }
    Ok(held)
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
