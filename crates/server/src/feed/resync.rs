//! Going through entities whose visibility may have changed, in order of their ids: `enter` with everything,
//! `leave`, or what is new.

use std::collections::HashMap;

use gridbook_log::EntityId;
use gridbook_sync::wire::Entry;

use super::cursor::{Pass, Place};
use super::reach::{self, Standing, standing, visible};
use super::scope::{self, Placed, Scope};
use super::{Item, Page};
use crate::problem::ApiError;
use crate::sql::Builder;
use crate::writer::{entity_of, push_ids};

/// Most entities looked at in one step.
const CHUNK: usize = 500;

/// Adds entries of the next entities; returns where to go on, or `None` when all are done.
pub(super) async fn step(
    page: &mut Page<'_>,
    scope: &Scope,
    from: i64,
    pass: &Pass,
) -> Result<Option<Place>, ApiError> {
    // A record is two entries or more: more of them would only be looked at again for the next page.
    let chunk = (page.room() / 2).clamp(1, CHUNK);
    let ids = candidates(page, scope, pass, chunk).await?;
    let last = ids.len() < chunk || pass.only.is_some();
    let placed = scope::placed(page, &ids).await?;
    let judged: Vec<(Placed, Standing)> = placed
        .into_iter()
        .map(|p| {
            let spans = visible(&p.channels, &scope.rights);
            let mut what = standing(&spans, p.first_seq, from, pass.to);
            // What has moved out since is not sent any more.
            if matches!(what, Standing::Kept | Standing::Entered) && !reach::at(&spans, page.head) {
                what = Standing::Unseen;
            }
            (p, what)
        })
        .collect();
    let ops = numbers(page, &judged, pass.to).await?;
    let mut place = pass.place;
    for (p, what) in judged {
        let id = p.entity;
        let done_to = match place {
            Place::In(entity, seq) if entity == id => Some(seq),
            _ => None,
        };
        if page.room() == 0 {
            return Ok(Some(place));
        }
        let after = match what {
            Standing::Unseen => {
                place = Place::After(id);
                continue;
            }
            Standing::Left => {
                page.entries.push(Item::Ready(Entry::Leave { e: id }));
                place = Place::After(id);
                continue;
            }
            Standing::Entered => {
                if done_to.is_none() {
                    page.entries.push(Item::Ready(Entry::Enter { e: id }));
                }
                done_to.unwrap_or(0)
            }
            Standing::Kept => done_to.unwrap_or(0).max(from),
        };
        let mut done = done_to.unwrap_or(0);
        let mut whole = true;
        for seq in ops.get(&id).into_iter().flatten().filter(|seq| **seq > after) {
            if page.room() == 0 {
                whole = false;
                break;
            }
            page.entries.push(Item::Op(*seq));
            done = *seq;
        }
        if !whole {
            return Ok(Some(Place::In(id, done)));
        }
        place = Place::After(id);
    }
    Ok(if last { None } else { Some(place) })
}

pub(super) async fn candidates(
    page: &mut Page<'_>,
    scope: &Scope,
    pass: &Pass,
    chunk: usize,
) -> Result<Vec<EntityId>, ApiError> {
    if let Some(only) = pass.only {
        return Ok(vec![only]);
    }
    if scope.channels.is_empty() && !scope.wide {
        return Ok(Vec::new());
    }
    let (after, with) = match pass.place {
        Place::Start => (EntityId([0; 16]), true),
        Place::In(entity, _) => (entity, true),
        Place::After(entity) => (entity, false),
    };
    let from = if with { " AND entity >= " } else { " AND entity > " };
    let limit = i64::try_from(chunk).unwrap_or(i64::MAX);
    let mut query = Builder::new("");
    if scope.wide {
        query.push("SELECT entity FROM entities WHERE tenant = ").push_bind(page.tenant);
        query.push(from).push_bind(after.0.to_vec());
    } else {
        // A few of each channel, in the order of its index: all of them sorted together would be read again for
        // every page.
        query.push("SELECT DISTINCT entity FROM (");
        for (i, channel) in scope.channels.iter().enumerate() {
            query.push(if i == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
            query.push("SELECT DISTINCT entity FROM placed WHERE tenant = ").push_bind(page.tenant);
            query.push(" AND channel = ").push_bind(channel);
            query.push(from).push_bind(after.0.to_vec());
            query.push(" ORDER BY entity LIMIT ").push_bind(limit).push(") AS few");
        }
        query.push(") AS all_of_them");
    }
    query.push(" ORDER BY entity LIMIT ").push_bind(limit);
    let rows: Vec<Vec<u8>> = query.build_query_scalar().persistent(false).fetch_all(&mut *page.conn).await?;
    Ok(rows.into_iter().map(entity_of).collect::<Result<_, _>>()?)
}

/// Numbers of the operations of those that go out, up to `to`, in order.
async fn numbers(
    page: &mut Page<'_>,
    judged: &[(Placed, Standing)],
    to: i64,
) -> Result<HashMap<EntityId, Vec<i64>>, ApiError> {
    let ids: Vec<EntityId> = judged
        .iter()
        .filter(|(_, what)| matches!(what, Standing::Kept | Standing::Entered))
        .map(|(p, _)| p.entity)
        .collect();
    let mut out: HashMap<EntityId, Vec<i64>> = HashMap::with_capacity(ids.len());
    if ids.is_empty() {
        return Ok(out);
    }
    let mut query = Builder::new("SELECT entity, seq FROM ops WHERE tenant = ");
    query.push_bind(page.tenant).push(" AND entity IN (");
    push_ids(&mut query, &ids);
    // The sign keeps SQLite on the index of the streams: by the numbers it would read the whole log for every page.
    query.push(") AND +seq <= ").push_bind(to);
    for row in query.build().persistent(false).fetch_all(&mut *page.conn).await? {
        out.entry(entity_of(row.try_get("entity")?)?).or_default().push(row.try_get("seq")?);
    }
    for seqs in out.values_mut() {
        seqs.sort_unstable();
    }
    Ok(out)
}
