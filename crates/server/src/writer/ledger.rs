//! What the writer holds: its connection, the sequence, and the streams it has folded lately.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::Arc;

use gridbook_log::{EntityId, Op, WireOp};
use lru::LruCache;

use super::stream::Stream;
use crate::admission::Admission;
use crate::clock::Clock;
use crate::db::{self, DbError, Tenant};
use crate::keep::Claim;
use crate::problem::ApiError;
use crate::sql::{self, Builder, Conn};

/// Folded streams kept in memory; about 4 KB each.
const STREAMS: usize = 20_000;

const READ_ROW: &str = "SELECT last_seq, history FROM tenant WHERE tenant = ?";
const LOCK_ROW: &str = "SELECT last_seq, history FROM tenant WHERE tenant = ? FOR UPDATE";

/// The writer's state. Everything but the connection is a cache of what is in the database.
pub struct Ledger {
    /// The connection that writes; inside a transaction whenever a job runs.
    pub conn: Conn,
    /// Where the database is, to connect again.
    url: String,
    /// Whose ledger this is.
    pub tenant: Tenant,
    clock: Arc<dyn Clock>,
    /// Another time than the clock's, while the demo's past is written.
    elsewhen: Option<u64>,
    pub(super) admission: Arc<dyn Admission>,
    pub(super) hlc: gridbook_log::Clock,
    pub(super) last_seq: i64,
    pub(super) streams: LruCache<EntityId, Stream>,
    /// Areas known to be in the table of areas.
    pub(super) areas: HashSet<String>,
    /// Keeps a restore away until the connection is closed; PostgreSQL's own lock does it there.
    pub(crate) claim: Option<Claim>,
}

impl Ledger {
    /// Takes over a connection.
    ///
    /// # Errors
    /// When the sequence cannot be read.
    pub async fn open(
        mut conn: Conn,
        url: &str,
        tenant: Tenant,
        clock: Arc<dyn Clock>,
        admission: Arc<dyn Admission>,
    ) -> Result<Self, sqlx::Error> {
        let last_seq = last_seq(&mut conn, tenant.id).await?;
        let size = NonZeroUsize::new(STREAMS).expect("not zero");
        Ok(Self {
            conn,
            url: url.to_owned(),
            tenant,
            clock,
            elsewhen: None,
            admission,
            hlc: gridbook_log::Clock::default(),
            last_seq,
            streams: LruCache::new(size),
            areas: HashSet::new(),
            claim: None,
        })
    }

    /// Who judges operations.
    pub(crate) fn judge(&self) -> &dyn Admission {
        self.admission.as_ref()
    }

    /// Milliseconds since 1970.
    pub fn now(&self) -> u64 {
        self.elsewhen.unwrap_or_else(|| self.clock.now_ms())
    }

    /// Takes another time for the clock's (`None`: no longer). For the demo only; a rollback ends it.
    pub fn travel(&mut self, to: Option<u64>) {
        self.elsewhen = to;
    }

    /// What a new operation of a loaded stream has seen.
    pub fn frontier(&mut self, entity: EntityId) -> gridbook_log::Ctx {
        let stream = self.streams.get_mut(&entity);
        stream.map(|s| (s.settle(), s.entity.frontier().clone()).1).unwrap_or_default()
    }

    /// The same, as the database keeps it.
    pub fn now_i64(&self) -> i64 {
        i64::try_from(self.now()).unwrap_or(i64::MAX)
    }

    /// Begins a transaction with the tenant's row locked: whoever holds it gives the next numbers, and gives them
    /// away committed. So no reader sees a number while a lower one is still under way.
    ///
    /// # Errors
    /// When the database cannot be reached, or was replaced under the running server.
    pub(super) async fn begin(&mut self) -> Result<(), sqlx::Error> {
        if let Err(error) = self.conn.begin_write().await {
            // A database server may have been started again. Nothing has been asked of it yet.
            tracing::warn!(%error, "the database does not answer; connecting again");
            self.conn = db::open_writer(&self.url).await.map_err(into_sqlx)?;
            self.forget().await;
            self.conn.begin_write().await?;
        }
        let lock = if self.conn.is_postgres() { LOCK_ROW } else { READ_ROW };
        let (seq, history): (i64, String) =
            sql::query_as(lock).bind(self.tenant.id).fetch_one(&mut self.conn).await?;
        if history != self.tenant.history {
            return Err(sqlx::Error::Protocol("the database has another history".to_owned()));
        }
        if seq != self.last_seq {
            // Another server wrote since.
            self.streams.clear();
            self.areas.clear();
            self.last_seq = seq;
            self.revise().await.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
        }
        Ok(())
    }

    /// Drops the caches after a rollback and reads the sequence again.
    pub(super) async fn forget(&mut self) {
        self.elsewhen = None;
        self.streams.clear();
        self.areas.clear();
        if let Ok(seq) = last_seq(&mut self.conn, self.tenant.id).await {
            self.last_seq = seq;
        }
        // A revision that was rolled back with the rest must not be judged by.
        if let Err(error) = self.revise().await {
            tracing::error!(%error, "the package's revisions cannot be read");
        }
    }

    /// The next number of the gapless sequence.
    pub(super) fn next_seq(&mut self) -> i64 {
        self.last_seq += 1;
        self.last_seq
    }

    /// Writes down how far the sequence has come; part of the job's transaction.
    pub(super) async fn save_seq(&mut self) -> Result<(), sqlx::Error> {
        sql::query("UPDATE tenant SET last_seq = ? WHERE tenant = ?")
            .bind(self.last_seq)
            .bind(self.tenant.id)
            .execute(&mut self.conn)
            .await?;
        Ok(())
    }

    /// Makes sure that all of `wanted` are in memory. Streams that do not exist yet are there, empty.
    pub(super) async fn load(&mut self, wanted: &[EntityId]) -> Result<(), ApiError> {
        let mut missing = Vec::new();
        for id in wanted {
            match self.streams.get_mut(id) {
                Some(stream) => stream.settle(),
                None => missing.push(*id),
            }
        }
        for id in &missing {
            self.streams.put(*id, Stream::new(*id, self.tenant.authority));
        }
        // Most of what arrives is new.
        let missing = self.stored(&missing).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let mut query = Builder::new("SELECT seq, line, salt, body, body_hash, sig FROM ops WHERE tenant = ");
        query.push_bind(self.tenant.id);
        push_streams(&mut query, self.tenant.id, &missing);
        query.push(" ORDER BY seq");
        let rows = query.build().persistent(false).fetch_all(&mut self.conn).await?;
        let mut ops: Vec<(i64, Op)> = Vec::with_capacity(rows.len());
        for row in rows {
            let wire = wire_of(&row)?;
            let Ok(op) = Op::from_wire(wire) else {
                tracing::error!("a stored operation cannot be read");
                continue;
            };
            ops.push((row.try_get("seq")?, op));
        }
        ops.sort_by_key(|(seq, op)| (op.entity(), *seq));
        for stream in ops.chunk_by(|a, b| a.1.entity() == b.1.entity()) {
            let id = stream[0].1.entity();
            if let Some(slot) = self.streams.get_mut(&id) {
                slot.restore(stream);
            }
        }
        self.load_placed(&missing).await
    }

    /// Those of `ids` of which anything is stored.
    async fn stored(&mut self, ids: &[EntityId]) -> Result<Vec<EntityId>, ApiError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<&[u8]> = ids.iter().map(|id| id.0.as_slice()).collect();
        let found = sql::known(&mut self.conn, "entities", "entity", self.tenant.id, &ids).await?;
        Ok(found.into_iter().map(entity_of).collect::<Result<_, _>>()?)
    }

    async fn load_placed(&mut self, missing: &[EntityId]) -> Result<(), ApiError> {
        let mut query =
            Builder::new("SELECT entity, channel, from_seq FROM placed WHERE to_seq IS NULL AND tenant = ");
        query.push_bind(self.tenant.id).push(" AND entity IN (");
        push_ids(&mut query, missing);
        query.push(")");
        for row in query.build().persistent(false).fetch_all(&mut self.conn).await? {
            let id = entity_of(row.try_get("entity")?)?;
            if let Some(slot) = self.streams.get_mut(&id) {
                slot.placed.insert(row.try_get("channel")?, row.try_get("from_seq")?);
            }
        }
        Ok(())
    }
}

fn into_sqlx(error: DbError) -> sqlx::Error {
    match error {
        DbError::Sqlx(error) => error,
        other => sqlx::Error::Protocol(other.to_string()),
    }
}

async fn last_seq(conn: &mut Conn, tenant: i64) -> Result<i64, sqlx::Error> {
    sql::query_scalar("SELECT last_seq FROM tenant WHERE tenant = ?").bind(tenant).fetch_one(conn).await
}

/// Appends the ids as a list of bound values.
pub(crate) fn push_ids(query: &mut Builder, ids: &[EntityId]) {
    let mut list = query.separated(", ");
    for id in ids {
        list.push_bind(id.0.to_vec());
    }
}

/// `AND …`: operations of these streams, in a query on `ops`. Their numbers come from the index of the streams first: asked
/// for the streams at once, SQLite, which has no statistics, would read everything that the township ever wrote.
pub(crate) fn push_streams(query: &mut Builder, tenant: i64, ids: &[EntityId]) {
    query.push(" AND seq IN (SELECT seq FROM ops WHERE tenant = ").push_bind(tenant).push(" AND entity IN (");
    push_ids(query, ids);
    query.push("))");
}

/// An id as the database keeps it.
pub(crate) fn entity_of(bytes: Vec<u8>) -> Result<EntityId, sqlx::Error> {
    bytes
        .try_into()
        .map(EntityId)
        .map_err(|_| sqlx::Error::ColumnDecode { index: "entity".to_owned(), source: "not 16 bytes".into() })
}

/// The wire form of a stored operation.
pub(crate) fn wire_of(row: &sql::Row) -> Result<WireOp, sqlx::Error> {
    Ok(WireOp {
        h: row.try_get("line")?,
        s: row.try_get("salt")?,
        b: row.try_get("body")?,
        x: row.try_get("body_hash")?,
        g: row.try_get("sig")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Without statistics SQLite takes the worst way through a long log; a township's log only grows.
    #[tokio::test]
    async fn streams_are_read_by_their_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("plan.db").display());
        let mut conn = crate::db::open_writer(&url).await.unwrap();
        let mut query = Builder::new("EXPLAIN QUERY PLAN SELECT line, body FROM ops WHERE tenant = ");
        query.push_bind(1);
        push_streams(&mut query, 1, &[EntityId([1; 16]), EntityId([2; 16])]);
        query.push(" ORDER BY seq");
        let rows = query.build().fetch_all(&mut conn).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.try_get("detail").unwrap()).collect();
        let plan = steps.join("; ");
        assert!(plan.contains("PRIMARY KEY (tenant=? AND seq=?)"), "{plan}");
        assert!(plan.contains("INDEX ops_id (tenant=? AND entity=?)"), "{plan}");
    }
}
