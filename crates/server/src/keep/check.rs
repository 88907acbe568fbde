//! Looking through the data: is what is stored whole?

use std::path::Path;

use futures_util::TryStreamExt;
use gridbook_log::Op;

use super::{KeepError, blob_path, hash_file};
use crate::db;
use crate::sql;
use crate::writer::wire_of;

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The database's own words about its file.
    File(String),
    /// The sequence has holes: how many of its numbers are accounted for, and how far it has come.
    Sequence {
        /// Numbers that something stored bears.
        used: i64,
        /// The last number given.
        last: i64,
    },
    /// An operation that cannot be read, or whose text does not fit its hash.
    Operation(i64),
    /// A picture that is named and not there.
    BlobMissing(String),
    /// A picture whose bytes are not what its name says.
    BlobDamaged(String),
}

impl Finding {
    /// In words for whoever runs the server.
    pub fn message(&self) -> String {
        match self {
            Self::File(words) => format!("数据库文件:{words}"),
            Self::Sequence { used, last } => format!("流水号不连续:查得到 {used} 个,编到 {last}"),
            Self::Operation(seq) => format!("第 {seq} 条操作读不懂或与校验和不符"),
            Self::BlobMissing(name) => format!("照片 {name} 缺失"),
            Self::BlobDamaged(name) => format!("照片 {name} 已损坏"),
        }
    }
}

/// Reads everything once. The server may run meanwhile.
///
/// # Errors
/// [`KeepError`] when the database cannot be read at all.
pub async fn check(db: &str, blobs: &Path) -> Result<Vec<Finding>, KeepError> {
    let mut conn = db::open_existing(db).await?;
    // One moment for all questions.
    conn.begin_read().await?;
    let mut found = Vec::new();
    // PostgreSQL looks after its own files (`pg_amcheck`, page checksums).
    if !conn.is_postgres() {
        let words: Vec<String> = sql::query_scalar("PRAGMA integrity_check").fetch_all(&mut conn).await?;
        found.extend(words.into_iter().filter(|words| words != "ok").map(Finding::File));
    }
    let last: i64 =
        sql::query_scalar("SELECT last_seq FROM tenant WHERE tenant = 1").fetch_one(&mut conn).await?;
    // Each number was given to an operation or to a change of somebody's rights.
    let used = "SELECT COUNT(*), COALESCE(MAX(n), 0) FROM (SELECT seq AS n FROM ops WHERE tenant = 1 \
                UNION SELECT seq FROM moves WHERE tenant = 1 \
                UNION SELECT from_seq FROM rights WHERE tenant = 1 \
                UNION SELECT to_seq FROM rights WHERE tenant = 1 AND to_seq IS NOT NULL) AS numbered";
    let (used, highest): (i64, i64) = sql::query_as(used).fetch_one(&mut conn).await?;
    if used != last || highest != last {
        found.push(Finding::Sequence { used, last });
    }
    let texts = "SELECT seq, line, salt, body, body_hash, sig, hash FROM ops WHERE tenant = 1 ORDER BY seq";
    let mut rows = sql::query(texts).fetch(&mut conn)?;
    while let Some(row) = rows.try_next().await? {
        let hash: Vec<u8> = row.try_get("hash")?;
        let read = wire_of(&row).ok().and_then(|wire| Op::from_wire(wire).ok());
        if read.is_none_or(|op| op.hash().as_slice() != hash) {
            found.push(Finding::Operation(row.try_get("seq")?));
        }
    }
    drop(rows);
    let names: Vec<String> =
        sql::query_scalar("SELECT sha256 FROM blobs WHERE tenant = 1").fetch_all(&mut conn).await?;
    conn.commit().await?;
    conn.close().await?;
    for name in names {
        let path = blob_path(blobs, &name);
        if !path.is_file() {
            found.push(Finding::BlobMissing(name));
        } else if hash_file(&path)? != name {
            found.push(Finding::BlobDamaged(name));
        }
    }
    Ok(found)
}
