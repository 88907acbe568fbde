//! The rest of a household's card (TERR-07, TERR-08): house, fire, evacuation, consent, and what is known of its people. The
//! same on phone and desk; which answers, and which of them masked, the rule says.

use gridbook_domain::form::{Field, Values};
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::facts::{Fact, Sees, facts, of_people};
use gridbook_domain::household::notice::{TITLE, notice};
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;
use serde_json::Value;

use super::answer::told as told_words;
use super::dialog::dialog;
use super::directory::use_directory;
use crate::app::App;

/// The sections, folded; nothing where nothing is known.
pub fn more(app: App, view: &HouseholdView, values: &Values) -> Option<AnyView> {
    let package = app.package();
    let form = package.form_for(RecordKind::Household)?;
    let sees = Sees::of(&package, &app.actor(), &view.area, app.today());
    let names = use_directory().get_untracked();
    let said = |field: &Field, value: &Value| told_words(app, &package, &names, field, value);
    let mut parts = facts(form, values, sees, &said);
    parts.extend(of_people(form, view, values, sees, &said));
    let draw = |(title, lines): (String, Vec<Fact>)| {
        let line = |(label, said): Fact| view! { <div><dt>{label}</dt><dd>{said}</dd></div> };
        let lines = lines.into_iter().map(line).collect_view();
        view! {
            <details>
                <summary>{title}</summary>
                <dl class="kv">{lines}</dl>
            </details>
        }
    };
    let parts = parts.into_iter().map(draw).collect_view();
    Some(view! { <div class="stack" data-testid="household-facts">{parts}{told(app)}</div> }.into_any())
}

/// The page that a household is read, shown or given on paper (PRIV-03).
fn told(app: App) -> AnyView {
    let open = RwSignal::new(false);
    let page = move || {
        let lines = app.session.with_untracked(|session| {
            let town = session.as_ref().map(|session| &session.profile.township);
            notice(town.map_or("", |town| &town.name), town.and_then(|town| town.phone.as_deref()))
        });
        let lines = lines.into_iter().map(|line| view! { <p>{line}</p> }).collect_view();
        let print = |_| {
            let _ = window().print();
        };
        view! {
            <div class="dialog-body stack" data-testid="household-notice">{lines}</div>
            <div class="dialog-foot">
                <button class="btn no-print" type="button" on:click=print>"打印"</button>
            </div>
        }
        .into_any()
    };
    view! {
        <button class="btn btn-small" type="button" data-testid="household-notice-open" on:click=move |_| open.set(true)>
            {TITLE}
        </button>
        {dialog(open, "", TITLE, Box::new(page))}
    }
    .into_any()
}
