//! The choice of areas for what is said to everybody in them: the whole township, villages, or the grids that are mine.

use std::collections::BTreeSet;

use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::territory::{AreaCode, AreaLevel, covers};
use leptos::prelude::*;

use super::parts::villages;
use crate::app::App;
use crate::ui::directory::Names;

/// Where I may say it: the township, its villages, else the grids that are mine.
pub(super) fn offered(
    app: App,
    names: &Names,
    (permission, kind): (&'static str, RecordKind),
) -> Vec<(String, String)> {
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    let right = |area: &str| may(&package, &actor, permission, &Target::new(kind, area, None), today);
    let town = app.session.with(|s| s.as_ref().map(|s| s.profile.township.code.clone())).unwrap_or_default();
    let villages = villages(names).into_iter().filter(|(code, _)| !names.past.contains(code) && right(code));
    let whole = right(&town).then(|| (town, "全镇".to_owned()));
    let mut list: Vec<(String, String)> = whole.into_iter().chain(villages).collect();
    for own in actor.areas(today) {
        let sound = AreaCode::parse(own).is_ok_and(|code| code.level() > AreaLevel::Village);
        if sound && right(own) && list.iter().all(|(code, _)| !covers(code, own)) {
            list.push((own.to_owned(), names.area(own)));
        }
    }
    list
}

/// The areas to choose from.
pub(super) fn chips(
    test: &'static str,
    list: Vec<(String, String)>,
    chosen: RwSignal<BTreeSet<String>>,
) -> AnyView {
    // What lies in one is in it; what it lies in is not meant any more.
    several(test, list, chosen, |one, other| covers(one, other) || covers(other, one))
}

/// Several of a list; `instead` says which two are not chosen together. Tests find each by `test` and its code.
pub(super) fn several(
    test: &'static str,
    list: Vec<(String, String)>,
    chosen: RwSignal<BTreeSet<String>>,
    instead: fn(&str, &str) -> bool,
) -> AnyView {
    let chip = |(code, words): (String, String)| {
        let (held, turned, test) = (code.clone(), code.clone(), format!("{test}-{code}"));
        let turn = move |event| {
            let on = event_target_checked(&event);
            chosen.update(|chosen| {
                if on {
                    chosen.retain(|other| !instead(&turned, other));
                    chosen.insert(turned.clone());
                } else {
                    chosen.remove(&turned);
                }
            });
        };
        view! {
            <label class="chip">
                <input
                    type="checkbox"
                    data-testid=test
                    prop:checked=move || chosen.with(|chosen| chosen.contains(&held))
                    on:change=turn
                />
                <span class="chip-face">{words}</span>
            </label>
        }
    };
    list.into_iter().map(chip).collect_view().into_any()
}
