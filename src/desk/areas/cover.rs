//! 两个全覆盖: every place in a grid with somebody in it, every household in a micro-grid, and no grid too large (TERR-04).
//! Counted when somebody asks: it reads every household of the village.

use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::double::Elsewhere;
use gridbook_domain::household::merge::homes;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::norm::{Dwelling, NormNote, check};
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Desk, words};
use crate::desk::route::Route;
use crate::ui::live;
use crate::ui::states::{failed, loading};

/// Households listed at once.
const SHOWN: usize = 100;

/// What was found in a village.
#[derive(Clone, PartialEq)]
struct Found {
    village: String,
    homes: usize,
    notes: Vec<NormNote>,
}

/// # Errors
/// In words, when a household could not be read: a check that leaves some out would say that all is well.
async fn count(desk: Desk, village: &str) -> Result<Found, String> {
    let app = desk.app;
    let (lived, elsewhere) = app.rows(|rows| {
        let seen: Vec<&Summary> =
            rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
        let lived: Vec<EntityId> = homes(seen.iter().copied())
            .iter()
            .filter(|home| home.area.starts_with(village))
            .map(|home| home.id)
            .collect();
        (lived, Elsewhere::of(seen))
    });
    let mut dwellings = Vec::with_capacity(lived.len());
    for id in lived {
        // Gone meanwhile: it is nobody's home here any more.
        if let Some(entity) = app.entity(id).await.map_err(|problem| problem.reading())? {
            let view = HouseholdView::of(&entity);
            let here = view.members.iter().filter(|one| elsewhere.lives(id, &one.name).is_none());
            dwellings.push(Dwelling { id, persons: here.count(), area: view.area.clone() });
        }
    }
    let past = desk.names.with_untracked(|names| names.past.clone());
    let codes: Vec<String> = desk.names.with_untracked(|names| {
        names
            .areas
            .keys()
            .filter(|code| code.starts_with(village) && !past.contains(*code))
            .cloned()
            .collect()
    });
    let norms = app.package().visits.get().norms;
    Ok(Found {
        village: village.to_owned(),
        homes: dwellings.len(),
        notes: check(&norms, &codes, &dwellings),
    })
}

/// The button, and what it found.
pub(super) fn section(desk: Desk) -> AnyView {
    let (found, busy) = (RwSignal::new(None::<Found>), RwSignal::new(false));
    let wrong = RwSignal::new(None);
    let ask = move |_| {
        busy.set(true);
        wrong.set(None);
        found.set(None);
        let village = desk.village.get_untracked();
        spawn_local(async move {
            let next = count(desk, &village).await;
            if busy.try_set(false).is_none() {
                match next {
                    Ok(next) => found.set(Some(next)),
                    Err(words) => wrong.set(Some(words)),
                }
            }
        });
    };
    let told = move || {
        if busy.get() {
            return Some(loading(2));
        }
        let village = desk.village.get();
        found.get().filter(|found| found.village == village).map(|found| tell(desk, &found))
    };
    view! {
        <section class="section" data-testid="areas-cover">
            <div class="section-head">
                <h2 class="section-title">"标准和两个全覆盖"</h2>
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="areas-cover-ask"
                    disabled=move || busy.get()
                    on:click=ask
                >
                    "核对本村"
                </button>
            </div>
            {failed(wrong, Some("areas-cover-wrong"))}
            {live(told)}
        </section>
    }
    .into_any()
}

fn tell(desk: Desk, found: &Found) -> AnyView {
    let lines = desk.names.with(|names| words::norms(&found.notes, |code| names.area(code)));
    if lines.is_empty() {
        let words = format!("{} 户都在微网格里，没有空网格，户数人数都不超标准。", found.homes);
        return view! { <p data-testid="areas-cover-line">{words}</p> }.into_any();
    }
    let lines =
        lines.into_iter().map(|line| view! { <li data-testid="areas-cover-line">{line}</li> }).collect_view();
    let outside: Vec<EntityId> = found
        .notes
        .iter()
        .filter_map(|note| match note {
            NormNote::NoMicroGrid { household } => Some(*household),
            _ => None,
        })
        .collect();
    let list = (!outside.is_empty()).then(|| {
        let rest = outside.len().saturating_sub(SHOWN);
        let rows = outside
            .iter()
            .take(SHOWN)
            .filter_map(|id| {
                let row = desk.app.row(*id)?.summary?;
                let words = format!("{} · {}", row.title, row.subtitle);
                Some(view! { <li><a href=Route::Households(Some(*id)).href()>{words}</a></li> })
            })
            .collect_view();
        let rest = (rest > 0).then(|| view! { <p class="muted">{format!("还有 {rest} 户")}</p> });
        view! {
            <details>
                <summary>{format!("不在微网格里的户 {}", outside.len())}</summary>
                <ul>{rows}</ul>
                {rest}
            </details>
        }
    });
    view! { <ul>{lines}</ul>{list} }.into_any()
}
