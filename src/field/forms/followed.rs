//! What a visit or a follow-up tells the cases that it asked about, saved with it.

use gridbook_domain::case::{CaseView, FOLLOWED, followed};
use gridbook_domain::form::Values;
use gridbook_domain::workflow::event;
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;

use crate::app::App;

/// The steps of the cases that were asked about; one that this person may not write to, or that is not on this device, has
/// none: the visit says so all the same.
pub(super) async fn steps(app: App, form: &str, id: EntityId, values: &Values) -> Vec<NewWrite> {
    let (package, actor, mut writes) = (app.package(), app.actor(), Vec::new());
    for (case, said) in followed(&package, form, id, values) {
        let Ok(Some(entity)) = app.entity(case).await else { continue };
        let Some(view) = CaseView::of(&entity) else { continue };
        let flow = package.flow(view.kind);
        let Some(step) = flow.and_then(|flow| flow.transition(FOLLOWED, &view.state)) else { continue };
        let made = event(&package, (&actor, app.today()), step, &view, &said, Vec::new());
        let write = NewWrite { entity: case, body: Body::Event(made) };
        if app.check(Some(&entity), &write).is_ok() {
            writes.push(write);
        }
    }
    writes
}
