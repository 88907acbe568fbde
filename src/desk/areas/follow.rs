//! The day has come: records move to their new grid, and so do the roles of the people who work there.

use gridbook_domain::plan::task::{by_re_cut, walkers};
use gridbook_domain::record::RecordKind;
use gridbook_domain::territory::cut::Cut;
use gridbook_log::{Body, EntityId, Placement};
use gridbook_sync::replica::NewWrite;

use super::edit::write;
use crate::app::{App, Backend};
use crate::desk::parts::breathe;
use crate::desk::people::{accounts, assign, people};

/// Records saved at once.
const BATCH: usize = 200;

/// Moves roles, then records, then the visits that were given out. Can be done again: what has moved is not moved twice.
///
/// # Errors
/// Words for people: what was saved stays saved.
pub(super) async fn follow(app: App, cuts: &[Cut], moves: &[(EntityId, String)]) -> Result<String, String> {
    // Roles first: whoever works in the new grid has to see what comes there. Without a server the directory is all there is.
    let server = app.backend().await == Backend::Server;
    let roles = if server { roles(app, cuts).await } else { Ok(()) };
    directory(app, cuts).await?;
    let (mut moved, mut refused) = (0, 0);
    for part in moves.chunks(BATCH) {
        let mut writes = Vec::new();
        for (id, to) in part {
            let place = Placement { area: Some(to.clone()), ..Placement::default() };
            match checked(app, *id, Body::Place(place)).await? {
                Some(write) => writes.push(write),
                None => refused += 1,
            }
        }
        moved += writes.len();
        app.save(writes, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
        breathe().await;
    }
    let (given, kept, nobody) = tasks(app, cuts).await?;
    moved += given;
    refused += kept;
    if refused > 0 {
        return Err(format!("移动了 {moved} 条；{refused} 条不归您管，没有动，请镇上的网格专干来移。"));
    }
    if nobody > 0 {
        return Err(format!(
            "移动了 {moved} 条。走访任务里有 {nobody} 户现在没有人管，还挂在原来的人名下：请到“走访任务”里取消后重新分配。"
        ));
    }
    match roles {
        Ok(()) if server => Ok(format!("移动了 {moved} 条，人员的负责范围也换到新网格。")),
        Ok(()) => Ok(format!("移动了 {moved} 条，名册里的负责范围也换到新网格，各人下次同步后生效。")),
        Err(()) => Err(format!(
            "移动了 {moved} 条。人员的账号没有改成：联网后请到“人员”里把他们换到新网格，否则看不到移走的户。"
        )),
    }
}

/// A write that may be saved; `None` where it is refused.
async fn checked(app: App, entity: EntityId, body: Body) -> Result<Option<NewWrite>, String> {
    let before = app.entity(entity).await.map_err(|problem| problem.message())?;
    let write = NewWrite { entity, body };
    Ok(app.check(before.as_deref(), &write).is_ok().then_some(write))
}

/// Visits that were given out go with their households: how many tasks went, how many were not this person's to move, and in
/// how many of the households nobody goes now.
async fn tasks(app: App, cuts: &[Cut]) -> Result<(usize, usize, usize), String> {
    let walkers = walkers(&app.package(), &people(app).await, app.today());
    let followed = app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        by_re_cut(cuts, held, &walkers)
    });
    let (mut writes, steps) = (Vec::new(), followed.steps.len());
    for (id, event) in followed.steps {
        writes.extend(checked(app, id, Body::Event(event)).await?);
    }
    let given = writes.len();
    app.save(writes, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
    Ok((given, steps - given, followed.nobody))
}

/// People of the directory.
async fn directory(app: App, cuts: &[Cut]) -> Result<(), String> {
    let staff: Vec<EntityId> = app.rows(|rows| {
        let held = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
        held.filter(|(_, row)| row.kind == RecordKind::Staff && !row.rejected).map(|(id, _)| *id).collect()
    });
    let mut list = Vec::new();
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
            list.push((Some(id), set));
        }
    }
    if list.is_empty() { Ok(()) } else { write(app, list).await }
}

/// Accounts at the server, which decide what everybody sees.
async fn roles(app: App, cuts: &[Cut]) -> Result<(), ()> {
    let (own, people) = (app.user(), accounts(app).await.map_err(drop)?);
    for person in people.into_iter().filter(|person| person.user != own) {
        let mut held = person.assignments.clone();
        for cut in cuts.iter().rev() {
            held = cut.follow(&person.user, &held).unwrap_or(held);
        }
        if held != person.assignments {
            assign(app, &person.user, &held).await.map_err(drop)?;
        }
    }
    Ok(())
}
