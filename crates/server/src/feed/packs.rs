//! Whole streams packed for devices that have none, so that an empty phone does not replay the feed; and what a reader
//! should hold. Both are read from the tables and kept in memory under the exact state they were made of: what is kept
//! can never be out of date, and dropping it loses nothing.
//!
//! A page takes entities in the order of their ids, as the first pass of a pull does, and its cursor is a cursor of
//! the feed. An entity that moves while a device reads page after page keeps its place in that order, so it is neither
//! passed over nor sent to somebody who may not see it any more.

use std::collections::HashMap;
use std::io::Write as _;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use gridbook_log::{EntityId, Fingerprint, pack};
use gridbook_sync::wire::{FpReply, PageHead, PlaceFp};
use lru::LruCache;

use super::cursor::{Cursor, Pass, Place};
use super::scope::{self, Scope};
use super::{Page, reach, resync};
use crate::db::Tenant;
use crate::problem::ApiError;
use crate::secret;
use crate::sql::{Builder, Conn};
use crate::writer::{entity_of, push_ids, push_streams, wire_of};

/// Bytes of packed pages kept, as they are sent.
const KEPT: usize = 64 * 1024 * 1024;
/// Fingerprints of streams kept; 48 bytes each.
const KEPT_FPS: usize = 500_000;
/// Most entities in one page, unless it is set otherwise.
const ENTITIES: usize = 2000;
/// Entities looked for at a time; half of the pages end within twice as many.
const STEP: usize = 250;
/// Entities read in one statement.
const STATEMENT: usize = 250;
/// Bytes of frames beyond which a page ends.
const FRAMES: usize = 4 * 1024 * 1024;
/// Pages without anything in them that are passed over in one answer.
const EMPTY: usize = 20;

/// A packed page as it is kept.
struct Pack {
    gzip: Vec<u8>,
    fp: Fingerprint,
    /// How many of the streams offered are in it.
    taken: usize,
}

/// Packed pages by what they hold, and their bytes together.
type Pages = (LruCache<[u8; 32], Arc<Pack>>, usize);

/// What is kept.
pub struct Packs {
    /// Most entities in one page.
    most: usize,
    pages: Mutex<Pages>,
    fps: Mutex<HashMap<EntityId, (i64, Fingerprint)>>,
}

impl Default for Packs {
    fn default() -> Self {
        Self::of(ENTITIES)
    }
}

/// A thread that panicked left a cache, nothing more.
fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Packs {
    /// With at most so many entities in a page.
    pub fn of(most: usize) -> Self {
        let pages = NonZeroUsize::new(100_000).expect("not zero");
        Self { most: most.max(1), pages: Mutex::new((LruCache::new(pages), 0)), fps: Mutex::default() }
    }

    fn get(&self, key: &[u8; 32]) -> Option<Arc<Pack>> {
        lock(&self.pages).0.get(key).cloned()
    }

    fn put(&self, key: [u8; 32], pack: &Arc<Pack>) {
        let mut held = lock(&self.pages);
        let (pages, bytes) = &mut *held;
        *bytes += pack.gzip.len();
        if let Some((_, old)) = pages.push(key, pack.clone()) {
            *bytes -= old.gzip.len();
        }
        while *bytes > KEPT
            && let Some((_, old)) = pages.pop_lru()
        {
            *bytes -= old.gzip.len();
        }
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut held = lock(&self.pages);
        held.0.clear();
        held.1 = 0;
        lock(&self.fps).clear();
    }
}

/// A page of packed streams.
pub struct Packed {
    /// What is told of it.
    pub head: PageHead,
    /// The frames, packed with gzip.
    pub gzip: Vec<u8>,
}

/// One stream, as far as it has come.
struct Stream {
    entity: EntityId,
    last_seq: i64,
    area: Option<String>,
}

/// Streams offered for one page.
struct Offer {
    streams: Vec<Stream>,
    /// The last entity looked at; `None` when there are no more.
    after: Option<EntityId>,
}

/// The page after `cursor` (`None`: the first); of one place, if it is named.
///
/// # Errors
/// 409 `history` as a pull; 410 `snapshot` for a cursor whose feed goes on without packed pages.
pub async fn page(
    conn: &mut Conn,
    tenant: &Tenant,
    kept: &Packs,
    user: &str,
    cursor: Option<Cursor>,
    place: Option<&str>,
) -> Result<Packed, ApiError> {
    let (head, mut cursor) = super::stand(conn, tenant, cursor).await?;
    let mut pass = match cursor.pass.take() {
        _ if cursor.seq > 0 => return Err(gone()),
        None => Pass { to: head, only: None, place: Place::Start },
        Some(pass) if pass.only.is_none() => pass,
        Some(_) => return Err(gone()),
    };
    let rights = scope::rights(conn, tenant.id, user).await?;
    let mut page = Page { conn, tenant: tenant.id, head, entries: Vec::new(), limit: 0 };
    let scope = Scope::over(&mut page, &rights, 0).await?;
    let mut empty = 0;
    let offer = loop {
        let offer = offer(&mut page, &scope, &pass, place, kept.most).await?;
        match offer.after {
            Some(last) if offer.streams.is_empty() && empty < EMPTY => pass.place = Place::After(last),
            _ => break offer,
        }
        empty += 1;
    };
    let pack = packed(&mut page, kept, &offer.streams).await?;
    let last = if pack.taken < offer.streams.len() {
        offer.streams.get(pack.taken.saturating_sub(1)).map(|stream| stream.entity)
    } else {
        offer.after
    };
    match last {
        Some(last) => cursor.pass = Some(Pass { place: Place::After(last), ..pass }),
        None => cursor.seq = pass.to,
    }
    let head =
        PageHead { form: pack::FORM, more: cursor.pass.is_some(), cursor: cursor.to_text(), fp: pack.fp };
    Ok(Packed { head, gzip: pack.gzip.clone() })
}

fn gone() -> ApiError {
    ApiError::new(
        axum::http::StatusCode::GONE,
        "snapshot",
        "这里没有打包的记录,应用会改用普通方式接着取;记录都在,不用处理。",
    )
}

/// Streams that the reader saw at the end of the pass and sees now, up to the next border between pages.
async fn offer(
    page: &mut Page<'_>,
    scope: &Scope,
    pass: &Pass,
    place: Option<&str>,
    most: usize,
) -> Result<Offer, ApiError> {
    let step = STEP.min(most);
    let mut ids: Vec<EntityId> = Vec::new();
    let mut at = pass.clone();
    let after = loop {
        let some = match place {
            None => resync::candidates(page, scope, &at, step).await?,
            Some(place) => lying(page, &at, place, step).await?,
        };
        let last = some.len() < step;
        // Borders hang on the ids alone, so a stream that grows changes one page and not all that follow.
        let border = some.iter().position(|id| is_border(*id));
        ids.extend(some.into_iter().take(border.map_or(step, |at| at + 1)));
        match ids.last() {
            Some(id) if border.is_some() || (!last && ids.len() >= most) => break Some(*id),
            Some(id) if !last => at.place = Place::After(*id),
            _ => break None,
        }
    };
    let placed = scope::placed(page, &ids).await?;
    let seen = placed.iter().filter(|p| {
        let spans = reach::visible(&p.channels, &scope.rights);
        reach::at(&spans, pass.to) && reach::at(&spans, page.head)
    });
    let seen: Vec<EntityId> = seen.map(|p| p.entity).collect();
    let mut streams = Vec::with_capacity(seen.len());
    if !seen.is_empty() {
        let mut query = Builder::new("SELECT entity, last_seq, area FROM entities WHERE tenant = ");
        query.push_bind(page.tenant).push(" AND entity IN (");
        push_ids(&mut query, &seen);
        query.push(") ORDER BY entity");
        for row in query.build().persistent(false).fetch_all(&mut *page.conn).await? {
            streams.push(Stream {
                entity: entity_of(row.try_get("entity")?)?,
                last_seq: row.try_get("last_seq")?,
                area: row.try_get("area")?,
            });
        }
    }
    Ok(Offer { streams, after })
}

fn is_border(id: EntityId) -> bool {
    let hash = secret::sha256(&id.0);
    hash[0] == 0 && hash[1] & 1 == 0
}

/// Entities that lie in one place, whoever may see them.
async fn lying(
    page: &mut Page<'_>,
    pass: &Pass,
    place: &str,
    most: usize,
) -> Result<Vec<EntityId>, ApiError> {
    let after = match pass.place {
        Place::Start => None,
        Place::In(entity, _) | Place::After(entity) => Some(entity),
    };
    let mut query = Builder::new("SELECT entity FROM entities WHERE tenant = ");
    query.push_bind(page.tenant).push(" AND COALESCE(area, '') = ").push_bind(place);
    if let Some(after) = after {
        query.push(" AND entity > ").push_bind(after.0.to_vec());
    }
    query.push(" ORDER BY entity LIMIT ").push_bind(i64::try_from(most).unwrap_or(i64::MAX));
    let rows: Vec<Vec<u8>> = query.build_query_scalar().persistent(false).fetch_all(&mut *page.conn).await?;
    Ok(rows.into_iter().map(entity_of).collect::<Result<_, _>>()?)
}

/// The page of these streams, kept or made.
async fn packed(page: &mut Page<'_>, kept: &Packs, streams: &[Stream]) -> Result<Arc<Pack>, ApiError> {
    let mut name = Vec::with_capacity(8 + streams.len() * 24);
    name.extend_from_slice(&page.tenant.to_be_bytes());
    for stream in streams {
        name.extend_from_slice(&stream.entity.0);
        name.extend_from_slice(&stream.last_seq.to_be_bytes());
    }
    let key = secret::sha256(&name);
    if let Some(pack) = kept.get(&key) {
        return Ok(pack);
    }
    let (mut frames, mut fp, mut taken) = (Vec::new(), Fingerprint::default(), 0);
    for some in streams.chunks(STATEMENT) {
        let ids: Vec<EntityId> = some.iter().map(|stream| stream.entity).collect();
        let mut query = Builder::new(
            "SELECT entity, seq, line, salt, body, body_hash, sig, hash FROM ops WHERE tenant = ",
        );
        query.push_bind(page.tenant);
        push_streams(&mut query, page.tenant, &ids);
        let mut rows = Vec::new();
        for row in query.build().persistent(false).fetch_all(&mut *page.conn).await? {
            rows.push((entity_of(row.try_get("entity")?)?, row.try_get::<i64, _>("seq")?, row));
        }
        rows.sort_unstable_by_key(|(entity, seq, _)| (*entity, *seq));
        for (.., row) in &rows {
            let hash: Vec<u8> = row.try_get("hash")?;
            let hash = hash.try_into().map_err(|_| ApiError::unavailable())?;
            pack::write_wire(&mut frames, &wire_of(row)?).map_err(|_| ApiError::unavailable())?;
            fp.add_hash(&hash);
        }
        taken += some.len();
        if frames.len() > FRAMES {
            break;
        }
    }
    let gzip = tokio::task::spawn_blocking(move || {
        let mut gzip = GzEncoder::new(Vec::with_capacity(frames.len() / 3), Compression::fast());
        gzip.write_all(&frames).and_then(|()| gzip.finish())
    });
    let gzip = gzip.await.map_err(|_| ApiError::unavailable())?.map_err(|_| ApiError::unavailable())?;
    let pack = Arc::new(Pack { gzip, fp, taken });
    kept.put(key, &pack);
    Ok(pack)
}

/// What a reader should hold at the end of the feed; for each place, if it is asked for.
///
/// # Errors
/// When the database fails.
pub async fn fingerprint(
    conn: &mut Conn,
    tenant: &Tenant,
    kept: &Packs,
    user: &str,
    by_place: bool,
) -> Result<FpReply, ApiError> {
    let (head, mut cursor) = super::stand(conn, tenant, None).await?;
    let rights = scope::rights(conn, tenant.id, user).await?;
    let mut page = Page { conn, tenant: tenant.id, head, entries: Vec::new(), limit: 0 };
    let scope = Scope::over(&mut page, &rights, 0).await?;
    let mut pass = Pass { to: head, only: None, place: Place::Start };
    let mut places: HashMap<String, Fingerprint> = HashMap::new();
    loop {
        let offer = offer(&mut page, &scope, &pass, None, ENTITIES).await?;
        let fps = stream_fps(&mut page, kept, &offer.streams).await?;
        for (stream, fp) in offer.streams.into_iter().zip(fps) {
            places.entry(stream.area.unwrap_or_default()).or_default().join(fp);
        }
        match offer.after {
            Some(last) => pass.place = Place::After(last),
            None => break,
        }
    }
    let mut fp = Fingerprint::default();
    places.values().for_each(|place| fp.join(*place));
    let mut told: Vec<PlaceFp> = places.into_iter().map(|(place, fp)| PlaceFp { place, fp }).collect();
    told.sort_unstable_by(|a, b| a.place.cmp(&b.place));
    cursor.seq = head;
    Ok(FpReply { cursor: cursor.to_text(), fp, places: by_place.then_some(told) })
}

/// Fingerprints of streams, in their order; those that have grown are summed again.
async fn stream_fps(
    page: &mut Page<'_>,
    kept: &Packs,
    streams: &[Stream],
) -> Result<Vec<Fingerprint>, ApiError> {
    let grown: Vec<EntityId> = {
        let held = lock(&kept.fps);
        let fresh = |s: &&Stream| held.get(&s.entity).is_none_or(|(seq, _)| *seq != s.last_seq);
        streams.iter().filter(fresh).map(|s| s.entity).collect()
    };
    let mut summed: HashMap<EntityId, Fingerprint> = HashMap::with_capacity(grown.len());
    if !grown.is_empty() {
        let mut query = Builder::new("SELECT entity, hash FROM ops WHERE tenant = ");
        query.push_bind(page.tenant);
        push_streams(&mut query, page.tenant, &grown);
        for row in query.build().persistent(false).fetch_all(&mut *page.conn).await? {
            let hash: Vec<u8> = row.try_get("hash")?;
            let hash = hash.try_into().map_err(|_| ApiError::unavailable())?;
            summed.entry(entity_of(row.try_get("entity")?)?).or_default().add_hash(&hash);
        }
    }
    let mut held = lock(&kept.fps);
    if held.len() + summed.len() > KEPT_FPS {
        held.clear();
    }
    let fp = |stream: &Stream| {
        let known = || held.get(&stream.entity).map(|(_, fp)| *fp);
        summed.get(&stream.entity).copied().or_else(known).unwrap_or_default()
    };
    let fps: Vec<Fingerprint> = streams.iter().map(fp).collect();
    held.extend(streams.iter().zip(&fps).map(|(stream, fp)| (stream.entity, (stream.last_seq, *fp))));
    Ok(fps)
}
