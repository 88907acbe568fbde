//! The way from an open record to the confidential channel, for whoever hears it (ROLE-11).

use gridbook_domain::confidential::apart::step;
use gridbook_domain::confidential::forms;
use gridbook_domain::form::Form;
use leptos::prelude::*;

use super::record::Record;
use crate::app::use_app;
use crate::desk::route::Route;
use crate::ui::icon::icon;

pub(super) fn ways(record: &Record) -> Option<AnyView> {
    let app = use_app();
    let package = app.package();
    step(&package, &app.actor(), &record.view, app.today())?;
    let one = |form: &Form| {
        let href = Route::New(format!("apart/{}/{}", form.id, record.view.id)).href();
        view! {
            <a class="btn btn-small" href=href data-testid="go-apart" data-form=form.id.clone()>
                {icon("key")}
                {form.title.clone()}
            </a>
        }
        .into_any()
    };
    let links = forms(&package).map(one).collect_view();
    Some(
        view! {
            <details class="no-print" data-testid="apart">
                <summary>"涉及干部作风、有人受侵害，不该公开？转到保密渠道"</summary>
                <div class="cluster">{links}</div>
            </details>
        }
        .into_any(),
    )
}
