//! A reader's feed: one cursor, whatever the reader's areas and units are. Computed from the tables alone, so any
//! server of the tenant can answer any page.
//!
//! Between two numbers in which neither the reader's rights nor a placement on the reader's channels changed, the
//! feed is simply what went out on those channels (`window`). A changed placement is one entity at one number; a
//! change of rights (a first sign-in is one) goes through all entities concerned, in order of their ids; both are
//! pages of one list (`resync`) whose place the cursor remembers.

pub mod cursor;
pub mod packs;
pub mod reach;
mod resync;
mod scope;
mod window;

use gridbook_log::Writer;
use gridbook_sync::wire::{Entry, PullReply};

use crate::db::Tenant;
use crate::problem::ApiError;
use crate::sql::{self, Builder, Conn};
use crate::writer::wire_of;
use cursor::{Cursor, Pass, Place};
use scope::Scope;

/// Steps one page may take before it is sent as it is.
const MAX_STEPS: usize = 200;

/// A page under way.
struct Page<'c> {
    conn: &'c mut Conn,
    tenant: i64,
    head: i64,
    entries: Vec<Item>,
    limit: usize,
}

/// An entry before its text is fetched.
enum Item {
    /// Of an entity that came into view: everything of it goes out.
    Op(i64),
    /// In the ordinary run of the feed: the reader's own device has what it wrote itself.
    Run(i64),
    Ready(Entry),
}

impl Page<'_> {
    fn room(&self) -> usize {
        self.limit.saturating_sub(self.entries.len())
    }
}

/// The page after `cursor` (`None`: from the beginning), at most `limit` entries; what the device `not` wrote is
/// left out, except below an `enter`. `conn` sees one moment from the first question to the last (`Pool::moment`).
///
/// # Errors
/// 409 `history` when the cursor is of another history; 503 when the database fails.
pub async fn pull(
    conn: &mut Conn,
    tenant: &Tenant,
    user: &str,
    cursor: Option<Cursor>,
    limit: usize,
    not: Option<Writer>,
) -> Result<PullReply, ApiError> {
    let (head, mut cursor) = stand(conn, tenant, cursor).await?;
    let rights = scope::rights(conn, tenant.id, user).await?;
    let mut page = Page { conn, tenant: tenant.id, head, entries: Vec::new(), limit };
    for _ in 0..MAX_STEPS {
        if page.room() == 0 || (cursor.pass.is_none() && cursor.seq >= head) {
            break;
        }
        if cursor.pass.is_none() && rights.iter().any(|r| changed(r, cursor.seq)) {
            cursor.pass = Some(Pass { to: head, only: None, place: Place::Start });
        }
        if let Some(pass) = cursor.pass.take() {
            let scope = Scope::over(&mut page, &rights, cursor.seq).await?;
            match resync::step(&mut page, &scope, cursor.seq, &pass).await? {
                Some(place) => cursor.pass = Some(Pass { place, ..pass }),
                None => cursor.seq = pass.to,
            }
            continue;
        }
        let scope = Scope::over(&mut page, &rights, cursor.seq).await?;
        match scope.first_move(&mut page, cursor.seq).await? {
            Some((seq, entity)) if seq == cursor.seq + 1 => {
                cursor.pass = Some(Pass { to: seq, only: Some(entity), place: Place::Start });
            }
            next => {
                let upper = next.map_or(head, |(seq, _)| seq - 1);
                cursor.seq = window::step(&mut page, &scope, cursor.seq, upper).await?;
            }
        }
    }
    let items = std::mem::take(&mut page.entries);
    let entries = fill(page.conn, tenant.id, items, not).await?;
    let more = cursor.pass.is_some() || cursor.seq < head;
    Ok(PullReply { entries, cursor: cursor.to_text(), more })
}

/// The end of the sequence, and where a reader stands in it.
async fn stand(conn: &mut Conn, tenant: &Tenant, cursor: Option<Cursor>) -> Result<(i64, Cursor), ApiError> {
    let head: i64 = sql::query_scalar("SELECT last_seq FROM tenant WHERE tenant = ?")
        .bind(tenant.id)
        .fetch_one(&mut *conn)
        .await?;
    let cursor = cursor.unwrap_or_else(|| Cursor::start(&tenant.history));
    if cursor.history != tenant.history || cursor.furthest() > head {
        return Err(ApiError::conflict(
            "history",
            "服务器的数据已从备份恢复,需要重新核对;本机记录都在,应用会自动重新同步。",
        ));
    }
    Ok((head, cursor))
}

fn changed(right: &reach::Held, since: i64) -> bool {
    right.span.from > since || (right.span.to > since && right.span.to != i64::MAX)
}

/// Puts the texts of the operations in.
async fn fill(
    conn: &mut Conn,
    tenant: i64,
    items: Vec<Item>,
    not: Option<Writer>,
) -> Result<Vec<Entry>, sqlx::Error> {
    let own = not.map(|writer| format!("{writer}."));
    let of_own_device = |entry: &Entry| match (entry, &own) {
        (Entry::Op { op, .. }, Some(own)) => op.h.split(' ').nth(2).is_some_and(|dot| dot.starts_with(own)),
        _ => false,
    };
    let mut seqs: Vec<i64> = items
        .iter()
        .filter_map(|i| match i {
            Item::Op(seq) | Item::Run(seq) => Some(*seq),
            Item::Ready(_) => None,
        })
        .collect();
    seqs.sort_unstable();
    let mut texts = std::collections::HashMap::with_capacity(seqs.len());
    if !seqs.is_empty() {
        let mut query = Builder::new(
            "SELECT seq, line, salt, body, body_hash, sig, received_at FROM ops WHERE tenant = ",
        );
        query.push_bind(tenant).push(" AND seq IN (");
        let mut list = query.separated(", ");
        for seq in seqs {
            list.push_bind(seq);
        }
        query.push(")");
        for row in query.build().persistent(false).fetch_all(conn).await? {
            let at: i64 = row.try_get("received_at")?;
            let entry = Entry::Op { op: wire_of(&row)?, at: u64::try_from(at).unwrap_or(0) };
            texts.insert(row.try_get::<i64, _>("seq")?, entry);
        }
    }
    Ok(items
        .into_iter()
        .filter_map(|item| match item {
            Item::Ready(entry) => Some(entry),
            Item::Op(seq) => texts.remove(&seq),
            Item::Run(seq) => texts.remove(&seq).filter(|entry| !of_own_device(entry)),
        })
        .collect())
}

/// Whether the reader sees an entity that names the blob.
///
/// # Errors
/// When the database fails.
pub async fn may_read_blob(conn: &mut Conn, tenant: i64, user: &str, sha256: &str) -> Result<bool, ApiError> {
    let rows: Vec<Vec<u8>> =
        sql::query_scalar("SELECT DISTINCT entity FROM blob_refs WHERE tenant = ? AND sha256 = ? LIMIT 1000")
            .bind(tenant)
            .bind(sha256)
            .fetch_all(&mut *conn)
            .await?;
    let ids = rows.into_iter().map(crate::writer::entity_of).collect::<Result<Vec<_>, _>>()?;
    let rights = scope::rights(conn, tenant, user).await?;
    let mut page = Page { conn, tenant, head: 0, entries: Vec::new(), limit: 0 };
    // The end of time: only what lasts.
    Ok(scope::placed(&mut page, &ids)
        .await?
        .iter()
        .any(|p| reach::at(&reach::visible(&p.channels, &rights), i64::MAX - 1)))
}

/// Whether the account could see the entity at any time.
///
/// # Errors
/// When the database fails.
pub(crate) async fn could_see(
    conn: &mut Conn,
    tenant: i64,
    user: &str,
    id: gridbook_log::EntityId,
) -> Result<bool, ApiError> {
    let rights = scope::rights(conn, tenant, user).await?;
    let mut page = Page { conn, tenant, head: 0, entries: Vec::new(), limit: 0 };
    let placed = scope::placed(&mut page, &[id]).await?;
    Ok(placed.iter().any(|p| !reach::visible(&p.channels, &rights).is_empty()))
}
