//! A household that is being written down and seems to be there already (TERR-13).

use gridbook_domain::household::twin::twins;
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use super::Page;
use crate::ui::form::household_line;
use crate::ui::live;
use crate::ui::states::{Tone, banner};

/// Says so, with the way there; nothing on other forms.
pub(super) fn twin(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if begun.kind != RecordKind::Household {
        return None;
    }
    let (app, itself) = (page.app, begun.draft.entity);
    let found = Memo::new(move |_| {
        page.state.values.with(|values| {
            app.rows(|rows| {
                let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
                twins(values, itself, held).first().copied()
            })
        })
    });
    Some(live(move || {
        found.get().map(|(id, same)| {
            let words = household_line(app, id).unwrap_or_default();
            let label = same.label();
            let text = format!("{words}，{label}。是同一户就打开那一户改；不是就接着填，草稿都在。");
            let href = format!("#/household/{id}");
            let go =
                view! { <a class="btn btn-small" href=href data-testid="twin">"打开那一户"</a> }.into_any();
            banner(Tone::Warn, "warn", "这一户可能已经建过", text, vec![go])
        })
    }))
}
