//! What a reader's patterns mean in the tables: which channels hold anything, and how wide that is.

use gridbook_log::EntityId;

use super::Page;
use super::reach::{Held, Span};
use crate::problem::ApiError;
use crate::sql::{self, Builder, Conn};
use crate::writer::{entity_of, push_ids};

/// From this many areas on, scanning in order of the sequence is cheaper than looking into each area.
const WIDE: usize = 64;

/// A reader's reach since some number.
pub(super) struct Scope {
    /// Patterns that held at any time since, with their spans.
    pub(super) rights: Vec<Held>,
    /// The same, prefixes expanded to the areas that hold anything; without areas when wide.
    pub(super) channels: Vec<String>,
    /// Whether the areas are too many to look into each.
    pub(super) wide: bool,
}

/// All that an account ever held.
pub(super) async fn rights(conn: &mut Conn, tenant: i64, user: &str) -> Result<Vec<Held>, sqlx::Error> {
    let rows = sql::query("SELECT pattern, from_seq, to_seq FROM rights WHERE tenant = ? AND account = ?")
        .bind(tenant)
        .bind(user)
        .fetch_all(conn)
        .await?;
    rows.iter()
        .map(|row| {
            let to: Option<i64> = row.try_get("to_seq")?;
            let span = Span { from: row.try_get("from_seq")?, to: to.unwrap_or(i64::MAX) };
            Ok(Held { what: row.try_get("pattern")?, span })
        })
        .collect()
}

impl Scope {
    /// The reach of `rights` at any time from `from` to now. Rights that opened after the end of a pass belong to
    /// it: what one right takes away and another gives in the same moment was visible all the time.
    pub(super) async fn over(page: &mut Page<'_>, rights: &[Held], from: i64) -> Result<Self, ApiError> {
        let rights: Vec<Held> = rights.iter().filter(|r| r.span.to > from).cloned().collect();
        let mut channels: Vec<String> = Vec::new();
        let mut areas: Vec<String> = Vec::new();
        for pattern in rights.iter().map(|r| r.what.as_str()) {
            let Some(prefix) = pattern.strip_prefix("a:") else {
                channels.push(pattern.to_owned());
                continue;
            };
            if areas.len() > WIDE {
                continue;
            }
            let found: Vec<String> = sql::query_scalar(
                "SELECT area FROM areas WHERE tenant = ? AND area >= ? AND area < ? LIMIT ?",
            )
            .bind(page.tenant)
            .bind(prefix)
            .bind(format!("{prefix}~"))
            .bind(i64::try_from(WIDE + 1).unwrap_or(i64::MAX))
            .fetch_all(&mut *page.conn)
            .await?;
            areas.extend(
                found.into_iter().filter(|code| super::reach::matches(pattern, &format!("a:{code}"))),
            );
        }
        let wide = areas.len() > WIDE;
        if !wide {
            channels.extend(areas.into_iter().map(|code| format!("a:{code}")));
        }
        channels.sort_unstable();
        channels.dedup();
        Ok(Self { rights, channels, wide })
    }

    /// Whether an area is inside the reach.
    pub(super) fn covers_area(&self, code: &str) -> bool {
        let channel = format!("a:{code}");
        self.rights.iter().any(|r| super::reach::matches(&r.what, &channel))
    }

    /// The first placement change after `from` on any channel in reach.
    pub(super) async fn first_move(
        &self,
        page: &mut Page<'_>,
        from: i64,
    ) -> Result<Option<(i64, EntityId)>, ApiError> {
        let mut first: Option<(i64, EntityId)> = None;
        for right in &self.rights {
            let (low, high) = range(&right.what);
            let row = sql::query(
                "SELECT seq, entity FROM moves WHERE tenant = ? AND channel >= ? AND channel <= ? AND seq > ?
                 ORDER BY seq LIMIT 1",
            )
            .bind(page.tenant)
            .bind(low)
            .bind(high)
            .bind(from)
            .fetch_optional(&mut *page.conn)
            .await?;
            if let Some(row) = row {
                let seq: i64 = row.try_get("seq")?;
                if first.is_none_or(|(best, _)| seq < best) {
                    first = Some((seq, entity_of(row.try_get("entity")?)?));
                }
            }
        }
        Ok(first)
    }

    /// Entities whose placement on a channel in reach changed after `from`.
    pub(super) async fn moved(&self, page: &mut Page<'_>, from: i64) -> Result<Vec<EntityId>, ApiError> {
        let mut out = Vec::new();
        for right in &self.rights {
            let (low, high) = range(&right.what);
            let rows: Vec<Vec<u8>> = sql::query_scalar(
                "SELECT DISTINCT entity FROM moves WHERE tenant = ? AND channel >= ? AND channel <= ? AND seq > ?",
            )
            .bind(page.tenant)
            .bind(low)
            .bind(high)
            .bind(from)
            .fetch_all(&mut *page.conn)
            .await?;
            for bytes in rows {
                out.push(entity_of(bytes)?);
            }
        }
        out.sort_unstable();
        out.dedup();
        Ok(out)
    }
}

/// The range of channels that a pattern takes in.
fn range(pattern: &str) -> (String, String) {
    let high = if pattern.starts_with("a:") { format!("{pattern}~") } else { pattern.to_owned() };
    (pattern.to_owned(), high)
}

/// Where entities lay, and when each began.
pub(super) struct Placed {
    pub(super) entity: EntityId,
    pub(super) first_seq: i64,
    pub(super) channels: Vec<Held>,
}

/// Placements of `ids`, in their order.
pub(super) async fn placed(page: &mut Page<'_>, ids: &[EntityId]) -> Result<Vec<Placed>, ApiError> {
    let mut out: Vec<Placed> =
        ids.iter().map(|id| Placed { entity: *id, first_seq: i64::MAX, channels: Vec::new() }).collect();
    if ids.is_empty() {
        return Ok(out);
    }
    let mut query = Builder::new("SELECT entity, channel, from_seq, to_seq FROM placed WHERE tenant = ");
    query.push_bind(page.tenant).push(" AND entity IN (");
    push_ids(&mut query, ids);
    query.push(")");
    let index: std::collections::HashMap<EntityId, usize> =
        ids.iter().enumerate().map(|(i, id)| (*id, i)).collect();
    for row in query.build().persistent(false).fetch_all(&mut *page.conn).await? {
        let Some(slot) = index.get(&entity_of(row.try_get("entity")?)?).and_then(|i| out.get_mut(*i)) else {
            continue;
        };
        let to: Option<i64> = row.try_get("to_seq")?;
        let span = Span { from: row.try_get("from_seq")?, to: to.unwrap_or(i64::MAX) };
        // The author's channel opens with the first operation, so this is where the entity began.
        slot.first_seq = slot.first_seq.min(span.from);
        slot.channels.push(Held { what: row.try_get("channel")?, span });
    }
    Ok(out)
}
