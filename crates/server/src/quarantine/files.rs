//! Photos and other files of what waits: they may follow, within bounds.

use gridbook_log::{Body, Op, WireOp};

use super::DISCARDED;
use crate::app::App;
use crate::problem::ApiError;
use crate::sql;

/// Bytes of files kept for one author that no operation of the log names.
pub const MAX_FILE_BYTES: i64 = 200 * 1024 * 1024;

/// How an operation of `user` that waits calls this file, if any names it. `sha256` is 64 hex digits.
///
/// # Errors
/// When the database fails.
pub(crate) async fn named(app: &App, sha256: &str, user: &str) -> Result<Option<String>, ApiError> {
    let sql = "SELECT op FROM quarantine WHERE tenant = $1 AND account = $2 AND release < $3 AND op LIKE $4 LIMIT 20";
    let found: Vec<String> = sql::query_scalar(sql)
        .bind(app.tenant.id)
        .bind(user)
        .bind(DISCARDED)
        .bind(format!("%{sha256}%"))
        .fetch_all(&app.readers)
        .await?;
    let ops = found.iter().filter_map(|text| serde_json::from_str::<WireOp>(text).ok());
    let mut files = ops.filter_map(|wire| Op::from_wire(wire).ok()).filter_map(|op| mime(&op, sha256));
    Ok(files.next())
}

fn mime(op: &Op, sha256: &str) -> Option<String> {
    let blobs = op.body().map_or(&[][..], Body::blobs);
    blobs.iter().find(|blob| blob.sha256 == sha256).map(|blob| blob.mime.clone())
}

/// Whether there is room for `more` bytes of files that only waiting operations of `user` name.
///
/// # Errors
/// When the database fails.
pub(crate) async fn room(app: &App, user: &str, more: usize) -> Result<bool, ApiError> {
    let sql = "SELECT CAST(COALESCE(SUM(b.size), 0) AS BIGINT) FROM blobs b
               WHERE b.tenant = $1 AND b.account = $2
                 AND NOT EXISTS (SELECT 1 FROM blob_refs r WHERE r.tenant = b.tenant AND r.sha256 = b.sha256)";
    let held: i64 = sql::query_scalar(sql).bind(app.tenant.id).bind(user).fetch_one(&app.readers).await?;
    Ok(held.saturating_add(i64::try_from(more).unwrap_or(i64::MAX)) <= MAX_FILE_BYTES)
}
