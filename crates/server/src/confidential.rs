//! Confidential reports (ROLE-11): they lie on no channel of the feed, so this is the one way to them. What each person
//! is told is decided anew with every request.

use std::collections::BTreeMap;

use gridbook_domain::confidential::{Way, came};
use gridbook_domain::role::Actor;
use gridbook_log::{Entity, EntityId, Op, WireOp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts::assignment_of;
use crate::app::App;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::sql::{self, Builder};
use crate::writer::{entity_of, push_ids, push_streams, wire_of};

/// Reports told of at once, newest first.
const MOST: usize = 500;

/// All that a list shows of a report: which one, with which form, its state, and no content (domain data 6.1, L5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    /// The stream.
    pub id: String,
    /// Its form, `id/version`.
    pub form: String,
    /// State of the workflow.
    pub state: String,
    /// When it came in, milliseconds since 1970.
    pub at: u64,
}

/// A look at a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct View {
    /// Who.
    pub user: String,
    /// When, milliseconds since 1970.
    pub at: i64,
}

/// A report as those who hear it get it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Report {
    /// Its operations, in order.
    #[schema(value_type = Vec<serde_json::Value>)]
    pub ops: Vec<WireOp>,
    /// Whose answers count in it.
    pub authority: String,
    /// Who looked at it, this look included, in order.
    pub views: Vec<View>,
}

/// The reports that `actor` hears, newest first.
///
/// # Errors
/// 403 for those outside the channel; when the database fails.
pub async fn heard(app: &App, actor: &Actor) -> Result<Vec<Line>, ApiError> {
    if !app.admission.hears_any(actor, china_day(app.clock.now_ms())) {
        return Err(ApiError::forbidden());
    }
    let mut found = Vec::new();
    let mut before = i64::MAX;
    // The channels share one list: a few of one channel may stand behind many of another.
    while found.len() < MOST {
        let page = page(app, None, before).await?;
        let ids: Vec<EntityId> = page.iter().map(|(_, id)| *id).collect();
        let all = streams(app, &ids).await?;
        let heard = ids.iter().filter_map(|id| all.get(id)).filter(|(entity, _)| hears(app, actor, entity));
        found.extend(heard.filter_map(|(entity, _)| line(entity)));
        match page.last() {
            Some((seq, _)) if page.len() == MOST => before = *seq,
            _ => break,
        }
    }
    found.truncate(MOST);
    Ok(found)
}

/// The reports that `user` handed in, newest first. Nothing of what they say.
///
/// # Errors
/// When the database fails.
pub async fn handed_in(app: &App, user: &str) -> Result<Vec<Line>, ApiError> {
    let ids: Vec<EntityId> = page(app, Some(user), i64::MAX).await?.into_iter().map(|(_, id)| id).collect();
    let all = streams(app, &ids).await?;
    Ok(ids.iter().filter_map(|id| line(&all.get(id)?.0)).collect())
}

/// One report, for somebody who hears it. The look is written down before anything is told.
///
/// # Errors
/// 404 for everybody else, as for what is not there; when the database fails.
pub async fn look(app: &App, actor: &Actor, id: EntityId) -> Result<Report, ApiError> {
    let mut all = streams(app, &[id]).await?;
    let found = all.remove(&id).filter(|(entity, _)| line(entity).is_some() && hears(app, actor, entity));
    let (_, ops) = found.ok_or_else(ApiError::not_found)?;
    let user = actor.user.clone();
    app.writer
        .run(move |ledger| {
            Box::pin(async move {
                let note = "INSERT INTO confidential_views (tenant, entity, seen_at, account) VALUES (?, ?, ?, ?) \
                            ON CONFLICT DO NOTHING";
                sql::query(note)
                    .bind(ledger.tenant.id)
                    .bind(id.0.to_vec())
                    .bind(ledger.now_i64())
                    .bind(user)
                    .execute(&mut ledger.conn)
                    .await?;
                Ok(())
            })
        })
        .await?;
    let rows: Vec<(String, i64)> = sql::query_as(
        "SELECT account, seen_at FROM confidential_views WHERE tenant = ? AND entity = ? ORDER BY seen_at, account",
    )
    .bind(app.tenant.id)
    .bind(id.0.to_vec())
    .fetch_all(&app.readers)
    .await?;
    let views = rows.into_iter().map(|(user, at)| View { user, at }).collect();
    let ops = ops.iter().map(Op::to_wire).collect();
    Ok(Report { ops, authority: app.tenant.authority.to_string(), views })
}

/// Whether anybody but its author, who may sign in, hears a report that goes this way.
///
/// # Errors
/// When the database fails.
pub async fn anybody_hears(app: &App, author: &str, way: &Way) -> Result<bool, ApiError> {
    let rows = sql::query(
        "SELECT s.account, s.role, s.area, s.unit, s.valid_from, s.valid_to FROM assignments s \
         JOIN accounts a ON a.tenant = s.tenant AND a.account = s.account WHERE s.tenant = ? AND NOT a.disabled",
    )
    .bind(app.tenant.id)
    .fetch_all(&app.readers)
    .await?;
    let today = china_day(app.clock.now_ms());
    for row in &rows {
        let actor = Actor { user: row.try_get("account")?, assignments: vec![assignment_of(row)?] };
        if actor.user != author && app.admission.hears(&actor, way, today) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn hears(app: &App, actor: &Actor, entity: &Entity) -> bool {
    app.admission.hears(actor, &Way::of(entity), china_day(app.clock.now_ms()))
}

/// `None` for what was refused when it came.
fn line(entity: &Entity) -> Option<Line> {
    entity.creation().filter(|made| made.rejected.is_none())?;
    Some(Line {
        id: entity.id().to_string(),
        form: Way::of(entity).form,
        state: entity.state().unwrap_or_default().to_owned(),
        at: came(entity)?,
    })
}

/// The next ones before `before`, newest first, with where they stand; of one author, if named.
async fn page(app: &App, creator: Option<&str>, before: i64) -> Result<Vec<(i64, EntityId)>, ApiError> {
    // The type stands in the text, so that the index of just these is used.
    let mut query =
        Builder::new("SELECT first_seq, entity FROM entities WHERE type = 'confidential' AND tenant = ");
    query.push_bind(app.tenant.id);
    if let Some(creator) = creator {
        query.push(" AND creator = ").push_bind(creator);
    }
    query.push(" AND first_seq < ").push_bind(before);
    query.push(" ORDER BY first_seq DESC LIMIT ").push_bind(MOST as i64);
    let mut conn = app.readers.acquire().await?;
    let rows = query.build().persistent(false).fetch_all(&mut conn).await?;
    rows.iter().map(|row| Ok((row.try_get("first_seq")?, entity_of(row.try_get("entity")?)?))).collect()
}

/// The streams among `ids` that are confidential, with their operations in order.
async fn streams(app: &App, ids: &[EntityId]) -> Result<BTreeMap<EntityId, (Entity, Vec<Op>)>, ApiError> {
    let mut out: BTreeMap<EntityId, Vec<Op>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut conn = app.readers.moment().await?;
    let mut query = Builder::new("SELECT entity FROM entities WHERE type = 'confidential' AND tenant = ");
    query.push_bind(app.tenant.id).push(" AND entity IN (");
    push_ids(&mut query, ids);
    query.push(")");
    let rows: Vec<Vec<u8>> = query.build_query_scalar().persistent(false).fetch_all(&mut conn).await?;
    let ids = rows.into_iter().map(entity_of).collect::<Result<Vec<_>, _>>()?;
    if !ids.is_empty() {
        let mut query = Builder::new("SELECT seq, line, salt, body, body_hash, sig FROM ops WHERE tenant = ");
        query.push_bind(app.tenant.id);
        push_streams(&mut query, app.tenant.id, &ids);
        query.push(" ORDER BY seq");
        for row in query.build().persistent(false).fetch_all(&mut conn).await? {
            if let Ok(op) = Op::from_wire(wire_of(&row)?) {
                out.entry(op.entity()).or_default().push(op);
            }
        }
    }
    conn.close().await?;
    let authority = Some(app.tenant.authority);
    Ok(out.into_iter().map(|(id, ops)| (id, (Entity::fold(id, authority, &ops), ops))).collect())
}

/// What to say where nobody could hear a report.
pub fn nobody() -> ApiError {
    ApiError::conflict(
        "nobody_hears",
        "镇上现在没有别人能接这份反映，没有送出，也没有人看到。内容还在您的手机上。有人正受到伤害，请马上打 110；\
         反映村里干部的，请到县纪委监委当面说，或打 12388。",
    )
}
