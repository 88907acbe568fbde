//! The way from an open record to the confidential channel, for whoever hears it (ROLE-11).

use gridbook_domain::confidential::apart::step;
use gridbook_domain::confidential::forms;
use gridbook_domain::form::Form;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::record::Record;
use crate::app::{App, use_app};
use crate::desk::route::Route;
use crate::ui::apart::where_kept;
use crate::ui::icon::icon;

pub(super) fn ways(record: &Record) -> Option<AnyView> {
    let app = use_app();
    step(&app.package(), &app.actor(), &record.view, app.today())?;
    let id = record.view.id;
    Some(where_kept(app, move || drawn(app, id)))
}

fn drawn(app: App, id: EntityId) -> AnyView {
    let one = |form: &Form| {
        let href = Route::New(format!("apart/{}/{id}", form.id)).href();
        view! {
            <a class="btn btn-small" href=href data-testid="go-apart" data-form=form.id.clone()>
                {icon("key")}
                {form.title.clone()}
            </a>
        }
        .into_any()
    };
    let links = forms(&app.package()).map(one).collect_view();
    view! {
        <details class="no-print" data-testid="apart">
            <summary>"涉及干部作风、有人受侵害，不该公开？转到保密渠道"</summary>
            <div class="cluster">{links}</div>
        </details>
    }
    .into_any()
}
