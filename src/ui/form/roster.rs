//! Mediators chosen from the roster instead of typed (MED-05): who knows the matter and has time stands first; nobody who is
//! a party is offered. Somebody who is not on the roster can still be written in.

use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Field, Photos, Values};
use gridbook_domain::mediation::Mediation;
use gridbook_domain::mediation::roster::{Mediator, count_load, offered};
use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use leptos::prelude::*;
use serde_json::Value;

use super::FormState;
use crate::app::App;
use crate::ui::icon::icon;
use crate::ui::live;

/// The table that the roster belongs to.
const TABLE: &str = "mediators";
/// People offered at once.
const SHOWN: usize = 6;

/// Everybody on the roster, with the files that they have open as far as this device knows.
pub async fn read(app: App) -> Vec<Mediator> {
    let (staff, files): (Vec<EntityId>, Vec<EntityId>) = app.rows(|rows| {
        let of = |kind: RecordKind| {
            let held = rows.iter().filter_map(|(id, row)| Some((*id, row.summary.as_ref()?)));
            held.filter(|(_, row)| row.kind == kind && !row.rejected).map(|(id, _)| id).collect()
        };
        (of(RecordKind::Staff), of(RecordKind::Mediation))
    });
    let mut roster = Vec::new();
    for id in staff {
        if let Ok(Some(entity)) = app.entity(id).await {
            roster.extend(Mediator::of(&entity.values()));
        }
    }
    if roster.is_empty() {
        return roster;
    }
    for id in files {
        if let Ok(Some(entity)) = app.entity(id).await
            && let Some(case) = CaseView::of(&entity)
        {
            count_load(&mut roster, [Mediation::of(&case)]);
        }
    }
    roster
}

/// What stands under the table of mediators; nothing under any other.
pub(super) fn offer(state: FormState, table: &Field) -> Option<AnyView> {
    if table.path != TABLE {
        return None;
    }
    let app = state.app;
    let roster = RwSignal::new(Vec::<Mediator>::new());
    leptos::task::spawn_local(async move {
        let found = read(app).await;
        let _ = roster.try_set(found);
    });
    let draw = move || {
        let values: Values = state.values.get();
        let (photos, area) = (Photos::new(), state.area.get());
        let file = Mediation { values: &values, photos: &photos, number: None, state: "" };
        let chips = roster.with(|roster| {
            let found = offered(roster, &file, &area, app.today());
            found.into_iter().take(SHOWN).map(|person| chip(state, person)).collect::<Vec<_>>()
        });
        (!chips.is_empty()).then(|| {
            view! {
                <p class="help">"从名册里选，或在下面自己填："</p>
                <div class="cluster">{chips}</div>
            }
        })
    };
    Some(live(draw))
}

fn chip(state: FormState, person: &Mediator) -> AnyView {
    let name = person.name.clone();
    let busy =
        if person.load > 0 { format!("在手 {} 件", person.load) } else { "手上没有".to_owned() };
    let words = [person.body.as_str(), busy.as_str(), person.languages.as_str()];
    let words: Vec<&str> = words.into_iter().filter(|words| !words.is_empty()).collect();
    let words = format!("{}（{}）", person.name, words.join("，"));
    let add = move |_| {
        let lead = untrack(|| state.rows(TABLE).is_empty());
        state.add_row(TABLE, &[("name", name.as_str().into()), ("lead", Value::Bool(lead))]);
    };
    view! {
        <button class="btn" type="button" data-testid="roster-person" on:click=add>
            {icon("plus")}
            {words}
        </button>
    }
    .into_any()
}
