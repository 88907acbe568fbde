//! An agreement as text, before it is signed and whenever somebody asks later (MED-07).

use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Form, Values};
use gridbook_domain::mediation::reading::{agreement, lines};
use leptos::prelude::*;

use crate::app::App;

/// The lines of the agreement that these values make; empty = there is none.
pub(super) fn of_values(app: App, form: &Form, values: &Values, number: Option<&str>) -> Vec<String> {
    let made = agreement(&app.package(), form, values, number, app.today());
    made.map(|made| lines(&made)).unwrap_or_default()
}

/// The agreement of a record, folded until somebody wants to read it.
pub(super) fn of_record(app: App, case: &CaseView) -> Option<AnyView> {
    let package = app.package();
    let form = package.form_named(case.form.as_deref()?)?;
    text(of_values(app, form, &case.values, case.number.as_deref()), "协议全文", false)
}

pub(super) fn text(lines: Vec<String>, title: &'static str, open: bool) -> Option<AnyView> {
    (!lines.is_empty()).then(|| {
        let lines = lines.into_iter().map(|line| view! { <p>{line}</p> }.into_any()).collect_view();
        view! {
            <details class="form-section form-more" open=open data-testid="agreement-text">
                <summary>{title}</summary>
                <div class="form-section-body">{lines}</div>
            </details>
        }
        .into_any()
    })
}
