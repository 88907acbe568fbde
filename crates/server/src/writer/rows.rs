//! Rows that wait to be written, many in one statement: a batch of 500 operations costs a dozen statements.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, Op};

use super::ledger::Ledger;
use super::stream::Change;
use crate::clock::china_day;
use crate::feed::reach;
use crate::sql::{self, Conn, insert};

struct OpRow {
    seq: i64,
    op: Op,
    area: Option<String>,
    verdict: Option<String>,
}

struct BlobRow {
    sha256: String,
    mime: String,
    entity: EntityId,
    account: String,
}

struct EntityRow {
    type_: String,
    creator: String,
    area: Option<String>,
    first_seq: i64,
    last_seq: i64,
}

/// What one job adds.
#[derive(Default)]
pub(super) struct Rows {
    ops: Vec<OpRow>,
    opened: Vec<(EntityId, String, i64)>,
    closed: Vec<(EntityId, String, i64, i64)>,
    moves: Vec<(String, i64, EntityId)>,
    /// Per channel, stretches of the sequence: first and last number.
    feed: BTreeMap<String, Vec<(i64, i64)>>,
    areas: Vec<String>,
    blobs: Vec<BlobRow>,
    entities: BTreeMap<EntityId, EntityRow>,
}

impl Rows {
    /// Notes that a number went out on these channels.
    fn sent(&mut self, placed: &BTreeMap<String, i64>, seq: i64) {
        for channel in placed.keys() {
            match self.feed.get_mut(channel) {
                Some(runs) => match runs.last_mut() {
                    Some((_, last)) if *last + 1 == seq => *last = seq,
                    _ => runs.push((seq, seq)),
                },
                None => {
                    self.feed.insert(channel.clone(), vec![(seq, seq)]);
                }
            }
        }
    }

    /// Notes on which channels a stream lies from a number on; on its first, nobody has to look for a change.
    fn moved(&mut self, id: EntityId, seq: i64, changes: Vec<Change>, first: bool) {
        for change in changes {
            match change {
                Change::Opened(channel) => {
                    if !first {
                        self.moves.push((channel.clone(), seq, id));
                    }
                    self.opened.push((id, channel, seq));
                }
                Change::Closed(channel, from) => {
                    self.moves.push((channel.clone(), seq, id));
                    self.closed.push((id, channel, from, seq));
                }
            }
        }
    }

    /// Whoever brings an operation for its author may bring its files too.
    pub(super) fn carried_blobs(&mut self, op: &Op, sender: &str) {
        for blob in op.body().map_or(&[][..], gridbook_log::Body::blobs) {
            self.blobs.push(BlobRow {
                sha256: blob.sha256.clone(),
                mime: blob.mime.clone(),
                entity: op.entity(),
                account: sender.to_owned(),
            });
        }
    }
}

impl Ledger {
    /// Stores a receipt without folding it yet.
    pub(super) fn append_receipt(&mut self, rows: &mut Rows, op: Op) {
        let id = op.entity();
        let seq = self.next_seq();
        let Some(stream) = self.streams.get_mut(&id) else { return };
        rows.sent(&stream.placed, seq);
        let area = reach::lies_in(&stream.entity).map(str::to_owned);
        if let Some(row) = rows.entities.get_mut(&id) {
            row.last_seq = seq;
        }
        stream.note(op.clone());
        rows.ops.push(OpRow { seq, op, area, verdict: None });
    }

    /// Stores one operation: gives it its number, folds it, and notes the rows. A refused one loses its body.
    pub(super) fn append(&mut self, rows: &mut Rows, op: &Op, verdict: Option<&str>) {
        let stored = if verdict.is_some() { op.erased() } else { op.clone() };
        let id = op.entity();
        let seq = self.next_seq();
        let today = china_day(self.now());
        let authority = self.tenant.authority;
        let stream = self.streams.get_or_insert_mut(id, || super::stream::Stream::new(id, authority));
        let changes = stream.append(&stored, seq, today);
        let first = stream.first_seq == seq;
        rows.moved(id, seq, changes, first);
        rows.sent(&stream.placed, seq);
        let area = stream.entity.area().map(str::to_owned);
        if let Some(area) = area.as_ref().filter(|a| !self.areas.contains(*a)) {
            self.areas.insert(area.clone());
            rows.areas.push(area.clone());
        }
        if verdict.is_none() {
            rows.blobs.extend(stream.entity.blobs().iter().filter(|(dot, _)| *dot == op.dot()).map(
                |(_, b)| BlobRow {
                    sha256: b.sha256.clone(),
                    mime: b.mime.clone(),
                    entity: id,
                    account: op.header().user.clone(),
                },
            ));
        }
        rows.entities.insert(
            id,
            EntityRow {
                type_: stream.entity.type_().unwrap_or("").to_owned(),
                creator: stream.creator.clone(),
                area,
                first_seq: stream.first_seq,
                last_seq: seq,
            },
        );
        let area = reach::lies_in(&stream.entity).map(str::to_owned);
        rows.ops.push(OpRow { seq, op: stored, area, verdict: verdict.map(str::to_owned) });
    }

    /// Lays a stream on these channels, without an operation of it. The change takes a number of the sequence, so that a
    /// reader's cursor knows on which side of it it stands. Tells whether anything changed.
    pub(super) fn lay(&mut self, rows: &mut Rows, id: EntityId, channels: Vec<String>) -> bool {
        let now: BTreeSet<&String> = channels.iter().collect();
        let same = |stream: &super::stream::Stream| stream.placed.keys().eq(now.iter().copied());
        if self.streams.peek(&id).is_none_or(same) {
            return false;
        }
        let seq = self.next_seq();
        let changes = self.streams.get_mut(&id).map(|stream| stream.lay(channels, seq));
        rows.moved(id, seq, changes.unwrap_or_default(), false);
        true
    }

    /// Makes a file visible that lies in the store, whole and verified.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn keep_blob(
        &mut self,
        sha256: &str,
        len: i64,
        mime: &str,
        account: &str,
    ) -> Result<(), sqlx::Error> {
        let sql =
            "INSERT INTO blobs (tenant, sha256, size, mime, account, stored_at) VALUES (?, ?, ?, ?, ?, ?)
                   ON CONFLICT DO NOTHING";
        sql::query(sql)
            .bind(self.tenant.id)
            .bind(sha256)
            .bind(len)
            .bind(mime)
            .bind(account)
            .bind(self.now_i64())
            .execute(&mut self.conn)
            .await?;
        Ok(())
    }

    /// Writes the rows.
    pub(super) async fn flush(&mut self, mut rows: Rows) -> Result<(), sqlx::Error> {
        let now = self.now_i64();
        let tenant = self.tenant.id;
        let conn = &mut self.conn;
        // Nobody else has given them a row: we hold the tenant's.
        let begins = rows.ops.first().map_or(i64::MAX, |row| row.seq);
        let (new, known): (Vec<_>, Vec<_>) =
            rows.entities.into_iter().partition(|(_, row)| row.first_seq >= begins);
        // In the order of their keys: neighbours go to the same page of an index.
        rows.opened.sort_unstable();
        insert_ops(conn, tenant, now, rows.ops).await?;
        insert(conn, "placed (tenant, entity, channel, from_seq)", "", rows.opened, |b, (id, ch, seq)| {
            b.push(tenant).push_bind(id.0.to_vec()).push_bind(ch).push_bind(seq);
        })
        .await?;
        for (id, channel, from, to) in rows.closed {
            sql::query("UPDATE placed SET to_seq = ? WHERE tenant = ? AND entity = ? AND channel = ? AND from_seq = ?")
                .bind(to)
                .bind(tenant)
                .bind(id.0.to_vec())
                .bind(channel)
                .bind(from)
                .execute(&mut *conn)
                .await?;
        }
        insert(conn, "moves (tenant, channel, seq, entity)", "", rows.moves, |b, (ch, seq, id)| {
            b.push(tenant).push_bind(ch).push_bind(seq).push_bind(id.0.to_vec());
        })
        .await?;
        let feed = rows.feed.into_iter().flat_map(of_channel);
        let into = "feed (tenant, channel, first_seq, last_seq)";
        insert(conn, into, "", feed, |b, (channel, first, last)| {
            b.push(tenant).push_bind(channel).push_bind(first).push_bind(last);
        })
        .await?;
        insert(conn, "areas (tenant, area)", " ON CONFLICT DO NOTHING", rows.areas, |b, area| {
            b.push(tenant).push_bind(area);
        })
        .await?;
        let sql = "blob_refs (tenant, sha256, entity, account, mime)";
        insert(conn, sql, " ON CONFLICT DO NOTHING", rows.blobs, |b, row| {
            b.push(tenant)
                .push_bind(row.sha256)
                .push_bind(row.entity.0.to_vec())
                .push_bind(row.account)
                .push_bind(row.mime);
        })
        .await?;
        insert_entities(conn, tenant, "", new).await?;
        let again =
            " ON CONFLICT (tenant, entity) DO UPDATE SET area = excluded.area, last_seq = excluded.last_seq";
        insert_entities(conn, tenant, again, known).await?;
        self.save_seq().await
    }
}

/// A row for each stretch on a channel.
fn of_channel((channel, runs): (String, Vec<(i64, i64)>)) -> Vec<(String, i64, i64)> {
    runs.into_iter().map(|(first, last)| (channel.clone(), first, last)).collect()
}

async fn insert_ops(conn: &mut Conn, tenant: i64, now: i64, ops: Vec<OpRow>) -> Result<(), sqlx::Error> {
    let sql = "ops (tenant, seq, entity, dev, epoch, n, kind, author, line, salt, body, body_hash, sig, \
               hash, area, received_at, verdict)";
    insert(conn, sql, "", ops, |b, row| {
        let header = row.op.header();
        let writer = header.id.dot.writer;
        b.push(tenant)
            .push_bind(row.seq)
            .push_bind(header.id.entity.0.to_vec())
            .push_bind(writer.dev.0.to_vec())
            .push_bind(i64::from(writer.epoch))
            .push_bind(i64::from(header.id.dot.n))
            .push_bind(header.kind.clone())
            .push_bind(header.user.clone());
        let hash = row.op.hash().to_vec();
        let wire = row.op.to_wire();
        b.push_bind(wire.h)
            .push_bind(wire.s)
            .push_bind(wire.b)
            .push_bind(wire.x)
            .push_bind(wire.g)
            .push_bind(hash)
            .push_bind(row.area)
            .push_bind(now)
            .push_bind(row.verdict);
    })
    .await
}

async fn insert_entities(
    conn: &mut Conn,
    tenant: i64,
    again: &str,
    rows: Vec<(EntityId, EntityRow)>,
) -> Result<(), sqlx::Error> {
    let sql = "entities (tenant, entity, type, creator, area, first_seq, last_seq)";
    insert(conn, sql, again, rows, |b, (id, row)| {
        b.push(tenant)
            .push_bind(id.0.to_vec())
            .push_bind(row.type_)
            .push_bind(row.creator)
            .push_bind(row.area)
            .push_bind(row.first_seq)
            .push_bind(row.last_seq);
    })
    .await
}
