//! What a visit or a follow-up tells the cases that it asked about, saved with it.

use gridbook_domain::case::{CaseView, FOLLOWED, followed};
use gridbook_domain::form::Values;
use gridbook_domain::mediation::open::file_of;
use gridbook_domain::workflow::event;
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::untrack;

use super::prefill::own_name;
use crate::app::App;

/// The steps of the cases that were asked about, and of the mediation files of those that are disputes (MED-11); one that this
/// person may not write to, or that is not on this device, has none: the visit says so all the same.
pub(super) async fn steps(app: App, form: &str, id: EntityId, values: &Values) -> Vec<NewWrite> {
    let (package, actor, mut writes) = (app.package(), app.actor(), Vec::new());
    let visitor = own_name(app);
    for (case, mut said) in followed(&package, form, id, values) {
        said.insert("visitor".to_owned(), visitor.as_str().into());
        let file = untrack(|| {
            app.rows(|rows| {
                let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
                file_of(seen, case).map(|row| row.id)
            })
        });
        for told in [Some(case), file].into_iter().flatten() {
            let Ok(Some(entity)) = app.entity(told).await else { continue };
            let Some(view) = CaseView::of(&entity) else { continue };
            let flow = package.flow(view.kind);
            let Some(step) = flow.and_then(|flow| flow.transition(FOLLOWED, &view.state)) else { continue };
            let made = event(&package, (&actor, app.today()), step, &view, &said, Vec::new());
            let write = NewWrite { entity: told, body: Body::Event(made) };
            if app.check(Some(&entity), &write).is_ok() {
                writes.push(write);
            }
        }
    }
    writes
}
