//! What an administrator decides, and with which rights what is wanted is judged.

use gridbook_domain::role::Actor;
use gridbook_log::{Body, EntityId, Hash, Op, WireOp};

use super::{DISCARDED, Why};
use crate::accounts;
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::sql;
use crate::writer::Ledger;

/// Whether this very operation waits already, or was not wanted before.
pub(super) async fn is_held(ledger: &mut Ledger, op: &Op) -> Result<bool, ApiError> {
    let sql = "SELECT release FROM quarantine WHERE tenant = $1 AND account = $2 AND hash = $3";
    let held: Option<i64> = sql::query_scalar(sql)
        .bind(ledger.tenant.id)
        .bind(&op.header().user)
        .bind(op.hash().to_vec())
        .fetch_optional(&mut ledger.conn)
        .await?;
    Ok(held.is_some())
}

/// Forgets what waited of `user` and is in the log now: he signed in again and sent it himself.
pub(crate) async fn arrived(ledger: &mut Ledger, user: &str, hashes: &[Hash]) -> Result<(), ApiError> {
    let sql = "SELECT hash FROM quarantine WHERE tenant = $1 AND account = $2 AND release < $3";
    let held: Vec<Vec<u8>> = sql::query_scalar(sql)
        .bind(ledger.tenant.id)
        .bind(user)
        .bind(DISCARDED)
        .fetch_all(&mut ledger.conn)
        .await?;
    for hash in held.iter().filter(|held| hashes.iter().any(|hash| hash[..] == held[..])) {
        sql::query("DELETE FROM quarantine WHERE tenant = $1 AND account = $2 AND hash = $3")
            .bind(ledger.tenant.id)
            .bind(user)
            .bind(hash.clone())
            .execute(&mut ledger.conn)
            .await?;
    }
    Ok(())
}

/// What waits of `user` because he could not see these entities when it came, in the order he wrote it.
pub(crate) async fn lost_in(ledger: &mut Ledger, user: &str, ids: &[EntityId]) -> Result<Vec<Op>, ApiError> {
    let mut ops = Vec::new();
    let any: i64 = sql::query_scalar(
        "SELECT COUNT(*) FROM quarantine WHERE tenant = $1 AND account = $2 AND why = $3 AND release = 0",
    )
    .bind(ledger.tenant.id)
    .bind(user)
    .bind(Why::Reach.as_str())
    .fetch_one(&mut ledger.conn)
    .await?;
    for id in ids.iter().filter(|_| any > 0) {
        let found: Vec<String> = sql::query_scalar(
            "SELECT op FROM quarantine
             WHERE tenant = $1 AND account = $2 AND why = $3 AND release = 0 AND entity = $4",
        )
        .bind(ledger.tenant.id)
        .bind(user)
        .bind(Why::Reach.as_str())
        .bind(id.0.to_vec())
        .fetch_all(&mut ledger.conn)
        .await?;
        let wires = found.iter().filter_map(|text| serde_json::from_str::<WireOp>(text).ok());
        ops.extend(wires.filter_map(|wire| Op::from_wire(wire).ok()));
    }
    ops.sort_by_key(|op| (op.header().hlc, op.id()));
    Ok(ops)
}

/// Of what kind the record is that an operation belongs to, if that is known.
pub(super) async fn kind_of(ledger: &mut Ledger, op: &Op) -> Result<Option<String>, ApiError> {
    if let Ok(Body::Create(create)) = op.body() {
        return Ok(Some(create.type_.clone()));
    }
    let sql = "SELECT type FROM entities WHERE tenant = $1 AND entity = $2";
    let asked = sql::query_scalar(sql).bind(ledger.tenant.id).bind(op.entity().0.to_vec());
    Ok(asked.fetch_optional(&mut ledger.conn).await?)
}

/// An account with all roles that it had at `since` (milliseconds) or later, as if it had them still: its own device wrote
/// with them, and somebody who may vouches for that.
pub(super) async fn as_written(ledger: &mut Ledger, user: &str, since: u64) -> Result<Actor, ApiError> {
    let (tenant, day) = (ledger.tenant.id, china_day(since));
    let mut assignments = accounts::assignments(&mut ledger.conn, tenant, user).await?;
    let sql = "SELECT role, area, unit, valid_from, valid_to FROM past_assignments
               WHERE tenant = $1 AND account = $2 AND ended_at >= $3 ORDER BY ended_at, ord";
    let rows = sql::query(sql)
        .bind(tenant)
        .bind(user)
        .bind(i64::try_from(since).unwrap_or(i64::MAX))
        .fetch_all(&mut ledger.conn)
        .await?;
    for row in &rows {
        assignments.push(accounts::assignment_of(row)?);
    }
    for held in &mut assignments {
        held.to = held.to.filter(|to| *to < day);
    }
    Ok(Actor { user: user.to_owned(), assignments })
}

/// Drops the content of all that waits of `user`, and remembers who wanted it so and why; returns how many operations.
///
/// # Errors
/// When the database fails.
pub async fn discard(app: &App, user: &str, by: &str, reason: &str) -> Result<u64, ApiError> {
    let (user, by, reason) = (user.to_owned(), by.to_owned(), reason.to_owned());
    app.writer
        .run(move |ledger| {
            Box::pin(async move {
                let sql =
                    "UPDATE quarantine SET release = $1, op = '', bytes = 0, note = $2, decided_by = $3,
                               decided_at = $4
                           WHERE tenant = $5 AND account = $6 AND release < $7";
                let done = sql::query(sql)
                    .bind(DISCARDED)
                    .bind(reason)
                    .bind(by)
                    .bind(ledger.now_i64())
                    .bind(ledger.tenant.id)
                    .bind(user)
                    .bind(DISCARDED)
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(done.rows_affected())
            })
        })
        .await
}
