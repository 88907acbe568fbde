//! A stretch of the sequence in which nothing moved: what went out on the reader's channels, in order.

use gridbook_log::EntityId;

use super::reach::{self, visible};
use super::scope::{self, Scope};
use super::{Item, Page};
use crate::problem::ApiError;
use crate::sql::{self, Builder, Tuple};
use crate::writer::entity_of;

/// Operations that one step looks at when the reach is wide.
const SCAN: usize = 4000;

/// Adds operations after `from` up to `upper`; returns how far it came.
pub(super) async fn step(page: &mut Page<'_>, scope: &Scope, from: i64, upper: i64) -> Result<i64, ApiError> {
    let room = page.room();
    let mut end = upper;
    let mut seqs: Vec<i64> = Vec::new();
    if scope.wide {
        let rows = sql::query(
            "SELECT seq, area FROM ops WHERE tenant = ? AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        )
        .bind(page.tenant)
        .bind(from)
        .bind(upper)
        .bind(i64::try_from(SCAN).unwrap_or(i64::MAX))
        .fetch_all(&mut *page.conn)
        .await?;
        let full = rows.len() == SCAN;
        for row in &rows {
            let (seq, area): (i64, Option<String>) = (row.try_get("seq")?, row.try_get("area")?);
            if full {
                end = seq;
            }
            if area.is_some_and(|code| scope.covers_area(&code)) {
                seqs.push(seq);
            }
        }
    }
    if !scope.channels.is_empty() {
        let runs;
        (runs, end) = runs_of(page, scope, from, end).await?;
        // Of a wide reach, too, nothing may go out behind where this stops.
        seqs.retain(|seq| *seq <= end);
        let mut next = from + 1;
        let mut found = 0;
        for (first, last) in runs {
            for seq in first.max(next)..=last.min(end) {
                if found > room {
                    break;
                }
                seqs.push(seq);
                next = seq + 1;
                found += 1;
            }
        }
    }
    seqs.sort_unstable();
    seqs.dedup();
    if seqs.len() > room {
        seqs.truncate(room);
        end = seqs.last().copied().unwrap_or(end);
    }
    let hidden = hidden(page, scope, end).await?;
    if !hidden.is_empty() {
        let owners = owners(page, &seqs).await?;
        seqs.retain(|seq| owners.get(seq).is_none_or(|entity| !hidden.contains(entity)));
    }
    page.entries.extend(seqs.into_iter().map(Item::Run));
    Ok(end)
}

/// What went out on the channels in reach after `from`, as stretches in the order of their beginnings, and up to which number
/// that is all of it.
async fn runs_of(
    page: &mut Page<'_>,
    scope: &Scope,
    from: i64,
    end: i64,
) -> Result<(Vec<(i64, i64)>, i64), ApiError> {
    // One of each channel may have begun before; with one more there is a step forward.
    let most = page.room() + scope.channels.len() + 1;
    let mut query = Builder::new(
        "SELECT DISTINCT COALESCE(first_seq, last_seq) AS first_one, last_seq FROM feed WHERE tenant = ",
    );
    query.push_bind(page.tenant).push(" AND last_seq > ").push_bind(from);
    query.push(" AND COALESCE(first_seq, last_seq) <= ").push_bind(end).push(" AND channel IN (");
    let mut list = query.separated(", ");
    for channel in &scope.channels {
        list.push_bind(channel);
    }
    query.push(") ORDER BY 1 LIMIT ").push_bind(i64::try_from(most).unwrap_or(i64::MAX));
    let rows = query.build().persistent(false).fetch_all(&mut *page.conn).await?;
    let runs: Vec<(i64, i64)> = rows.iter().map(Tuple::read).collect::<Result<_, _>>()?;
    // Those that were left out may begin where the last one does.
    let end = match runs.last() {
        Some((first, _)) if runs.len() == most => end.min(first - 1),
        _ => end,
    };
    Ok((runs, end))
}

/// Entities that were in reach then and have moved out since: nothing of them goes out any more. The reader
/// comes to their `leave` (or, when they came back, to an `enter` with everything) at its own place.
async fn hidden(page: &mut Page<'_>, scope: &Scope, end: i64) -> Result<Vec<EntityId>, ApiError> {
    let moved = scope.moved(page, end).await?;
    let head = page.head;
    let placed = scope::placed(page, &moved).await?;
    Ok(placed
        .into_iter()
        .filter(|p| !reach::at(&visible(&p.channels, &scope.rights), head))
        .map(|p| p.entity)
        .collect())
}

async fn owners(
    page: &mut Page<'_>,
    seqs: &[i64],
) -> Result<std::collections::HashMap<i64, EntityId>, ApiError> {
    let mut out = std::collections::HashMap::new();
    if seqs.is_empty() {
        return Ok(out);
    }
    let mut query = Builder::new("SELECT seq, entity FROM ops WHERE tenant = ");
    query.push_bind(page.tenant).push(" AND seq IN (");
    let mut list = query.separated(", ");
    for seq in seqs {
        list.push_bind(*seq);
    }
    query.push(")");
    for row in query.build().persistent(false).fetch_all(&mut *page.conn).await? {
        out.insert(row.try_get("seq")?, entity_of(row.try_get("entity")?)?);
    }
    Ok(out)
}
