//! The day has come: records move to their new grid, and so do the roles of the people who work there.

use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Assignment;
use gridbook_domain::territory::cut::Cut;
use gridbook_log::{Body, EntityId, Placement, body};
use gridbook_sync::replica::NewWrite;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::desk::parts::breathe;

/// Records saved at once.
const BATCH: usize = 200;

/// Somebody with roles, as the server has it.
#[derive(Deserialize)]
struct Person {
    user: String,
    assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
struct People {
    staff: Vec<Person>,
}

/// Moves records, then roles. Can be done again: what has moved is not moved twice.
///
/// # Errors
/// Words for people: what was saved stays saved.
pub(super) async fn follow(app: App, cuts: &[Cut], moves: &[(EntityId, String)]) -> Result<String, String> {
    // Roles first: whoever works in the new grid has to see what comes there.
    let roles = roles(app, cuts).await;
    directory(app, cuts).await?;
    let (mut moved, mut refused) = (0, 0);
    for part in moves.chunks(BATCH) {
        let mut writes = Vec::new();
        for (id, to) in part {
            let before = app.entity(*id).await.map_err(|problem| problem.message())?;
            let place = Placement { area: Some(to.clone()), ..Placement::default() };
            let write = NewWrite { entity: *id, body: Body::Place(place) };
            match app.check(before.as_deref(), &write) {
                Ok(()) => writes.push(write),
                Err(_) => refused += 1,
            }
        }
        moved += writes.len();
        app.save(writes, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
        breathe().await;
    }
    if refused > 0 {
        return Err(format!("移动了 {moved} 条；{refused} 条不归您管，没有动，请镇上的网格专干来移。"));
    }
    match roles {
        Ok(()) => Ok(format!("移动了 {moved} 条，人员的负责范围也换到新网格。")),
        Err(()) => Err(format!(
            "移动了 {moved} 条。人员的账号没有改成：联网后请到“人员”里把他们换到新网格，否则看不到移走的户。"
        )),
    }
}

/// People of the directory.
async fn directory(app: App, cuts: &[Cut]) -> Result<(), String> {
    let staff: Vec<EntityId> = app.rows(|rows| {
        let held = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
        held.filter(|(_, row)| row.kind == RecordKind::Staff && !row.rejected).map(|(id, _)| *id).collect()
    });
    let mut writes = Vec::new();
    for id in staff {
        let Some(entity) = app.entity(id).await.map_err(|problem| problem.message())? else { continue };
        let mut values = entity.values();
        let mut set = gridbook_log::Values::new();
        // The oldest first: a grid may have been cut twice.
        for cut in cuts.iter().rev() {
            let next = cut.follow_rows(&values);
            values.extend(next.clone());
            set.extend(next);
        }
        if !set.is_empty() {
            let write = NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
            app.check(Some(&entity), &write).map_err(|refusal| refusal.message())?;
            writes.push(write);
        }
    }
    if writes.is_empty() {
        return Ok(());
    }
    app.save(writes, Vec::new(), Vec::new()).await.map(|_| ()).map_err(|problem| problem.message())
}

/// Accounts at the server, which decide what everybody sees.
async fn roles(app: App, cuts: &[Cut]) -> Result<(), ()> {
    let people = app.api().get::<People>("/api/staff").await.map_err(|_| ())?;
    let own = app.user();
    for person in people.staff.into_iter().filter(|person| person.user != own) {
        let mut held = person.assignments.clone();
        for cut in cuts.iter().rev() {
            held = cut.follow(&held).unwrap_or(held);
        }
        if held != person.assignments {
            let body = json!({ "assignments": held });
            let path = format!("/api/staff/{}", person.user);
            app.api().patch::<_, Value>(&path, &body).await.map_err(|_| ())?;
        }
    }
    Ok(())
}
