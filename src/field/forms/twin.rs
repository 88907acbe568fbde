//! A household, or a person of it, that is being written down and seems to be there already (TERR-13).

use gridbook_domain::household::double;
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use super::Page;
use crate::ui::form::household_line;
use crate::ui::live;
use crate::ui::same::around;
use crate::ui::states::{Tone, banner};

/// Says so, with the way there; nothing on other forms.
pub(super) fn twin(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if begun.kind != RecordKind::Household {
        return None;
    }
    let (app, itself, values) = (page.app, begun.draft.entity, page.state.values);
    let around = around(app, itself, values);
    // Drawn anew when it says something else, not with every key.
    let found =
        Memo::new(move |_| around().into_iter().next().map(|found| (found.id, found.house(), found.words())));
    let twice = Memo::new(move |_| {
        let pairs = values.with(|values| double::pairs(values, itself));
        pairs.into_iter().next().map(|pair| (pair.name, pair.other, pair.same))
    });
    let here = live(move || {
        twice.get().map(|(name, other, same)| {
            let text = format!(
                "{name}、{other}：{}。写重了就删去一行；不是就接着填。保存以后在这一户的卡片上也能合成一人。",
                same.words()
            );
            banner(Tone::Warn, "warn", "这个人可能已经在这一户里", text, Vec::new())
        })
    });
    let there = live(move || {
        found.get().map(|(id, house, who)| {
            let words = household_line(app, id).unwrap_or_default();
            let (title, text) = if house {
                (
                    "这一户可能已经建过",
                    format!("{words}，{who}。是同一户就打开那一户改；不是就接着填，草稿都在。"),
                )
            } else {
                (
                    "有人在另一户也登记着",
                    format!("{words}：{who}。照样填；保存以后在这一户的卡片上选：已从那一户迁出、两户都算，还是不是同一人。"),
                )
            };
            let href = format!("#/household/{id}");
            let go =
                view! { <a class="btn btn-small" href=href data-testid="twin">"打开那一户"</a> }.into_any();
            banner(Tone::Warn, "warn", title, text, vec![go])
        })
    });
    Some(view! { {here}{there} }.into_any())
}
