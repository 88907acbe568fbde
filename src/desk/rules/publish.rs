//! A revision of the package, saved as a record that everybody receives.

use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, Placement, Values};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::App;

/// Saves changes; they count once the backend has taken them in.
///
/// # Errors
/// Words for people; nothing was changed then.
pub(super) async fn publish(app: App, changes: Values) -> Result<(), String> {
    let create = Body::Create(revision(app, changes));
    app.put(vec![NewWrite { entity: app.new_id(), body: create }]).await
}

/// The record of a revision: the township's, and everybody's to read.
pub(super) fn revision(app: App, changes: Values) -> Create {
    Create {
        type_: RecordKind::Rules.as_str().to_owned(),
        place: Placement { all: Some(true), area: Some(township(app)), ..Placement::default() },
        set: changes,
        ..Create::default()
    }
}

/// Code of the township of whoever is signed in.
pub(super) fn township(app: App) -> String {
    let code = app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.township.code.clone()));
    code.unwrap_or_default()
}
