//! Households that may be one, put together and apart again (TERR-13): the same on phone and desk.

mod persons;

use std::rc::Rc;
use std::sync::Arc;

use gridbook_domain::form::Values;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::double::{Between, between, said};
use gridbook_domain::household::merge::{MERGE, MERGED, Merges, put_together, take_apart};
use gridbook_domain::household::twin::{Same, twins};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::Summary;
use gridbook_log::{Entity, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::ask::{Answers, Ask, Kind, Question, ask_button};
use super::kinds::set;
use super::live;
use super::states::{Tone, banner};
use crate::app::App;

/// Which households went into which others, as far as this device knows.
pub fn merges(app: App) -> Merges {
    app.rows(|rows| Merges::of(rows.values().filter_map(|row| row.summary.as_ref())))
}

/// The household and those that went into it: whatever was recorded about one of them is about it.
pub fn whole(app: App, id: EntityId) -> Vec<EntityId> {
    merges(app).whole(id)
}

/// Whether a household is one still, so that another may be put together with it: one that was cancelled, split or
/// merged away itself would take the other out of all lists. The rule by which the server judges a merge, too.
fn is_one(app: App, id: EntityId) -> bool {
    let merges = merges(app);
    app.rows(|rows| {
        let row = rows.get(&id).and_then(|row| row.summary.as_ref());
        row.is_some_and(|row| !merges.gone(row))
    })
}

/// Whether no other stands for it: of those that went into each other one does.
fn stands(app: App, view: &HouseholdView) -> bool {
    view.status != MERGED || view.merged_into.is_some() && !merges(app).hides(view.id)
}

/// Whether no other stands for it, by now: the other households decide that, too.
pub fn standing(app: App, view: &HouseholdView) -> Memo<bool> {
    let view = view.clone();
    Memo::new(move |_| stands(app, &view))
}

/// What is said here of other households, by now: it changes with them, not with this one.
#[derive(Clone, PartialEq)]
struct Others {
    stands: bool,
    /// Whether another may be put together with this one.
    one: bool,
    /// Their heads, addresses and codes.
    names: Vec<String>,
}

fn others(app: App, view: &HouseholdView, values: &Values) -> Memo<Others> {
    let view = view.clone();
    let houses = view.merged_into.into_iter().chain(view.merged_from.iter().copied());
    let houses: Vec<EntityId> = houses.chain(said(values).into_iter().map(|said| said.house)).collect();
    Memo::new(move |_| Others {
        stands: stands(app, &view),
        one: is_one(app, view.id),
        names: houses.iter().map(|id| named(app, *id)).collect(),
    })
}

/// What tells households apart: head, address and code.
fn words(row: &Summary) -> String {
    [&row.title, &row.subtitle, &row.number].map(String::as_str).join(" ").trim().to_owned()
}

fn named(app: App, id: EntityId) -> String {
    app.rows(|rows| rows.get(&id).and_then(|row| row.summary.as_ref()).map(words)).unwrap_or_default()
}

/// Banners: into which it was merged, what went into it, and which others may be the same. They follow the other
/// households by themselves: what is settled there is no question here any more. `href` leads to a household.
pub fn same(app: App, view: &HouseholdView, values: &Values, href: fn(EntityId) -> String) -> AnyView {
    let id = view.id;
    let target = Target::new(RecordKind::Household, &view.area, None);
    let able = may(&app.package(), &app.actor(), MERGE, &target, app.today());
    let look = move |other: EntityId| {
        view! { <a class="btn btn-small" href=href(other) data-testid="same-open">"看那一户"</a> }.into_any()
    };
    let gone = move |stays: EntityId| {
        let mut acts = vec![look(stays)];
        if able {
            acts.push(apart(id, stays));
        }
        let text = format!("{}。走访和事项都算在那一户；这里的内容都在，可以撤销合并。", named(app, stays));
        banner(Tone::Warn, "info", "这一户已并入另一户", text, acts)
    };
    let came = move |gone: &EntityId| {
        let mut acts = vec![look(*gone)];
        if able {
            acts.push(apart(*gone, id));
        }
        banner(Tone::Info, "info", "并入了另一户的记录", named(app, *gone), acts)
    };
    let others = others(app, view, values);
    let around = around(app, Some(id), RwSignal::new(values.clone()));
    let edits = persons::edits(app, &view.area);
    let merged = view.merged_into;
    let one = move |found: Found, fits: bool| {
        let mut acts = vec![look(found.id)];
        if able && fits && found.between.house {
            acts.push(together(app, found.id, id));
        }
        if edits {
            acts.extend(persons::settle(app, id, &found));
        }
        let text = format!("{}：{}。", named(app, found.id), found.words());
        banner(Tone::Warn, "warn", found.title(), text, acts)
    };
    // Drawn anew when there is something else to say or to ask, not with every synchronisation.
    let alike = move || -> Vec<AnyView> {
        let (stands, fits) = others.with(|others| (others.stands, others.one));
        if merged.is_some() && !stands {
            return Vec::new();
        }
        let found = around();
        untrack(|| found.into_iter().take(3).map(|found| one(found, fits)).collect())
    };
    let (view, values) = (view.clone(), values.clone());
    let settled = move || {
        let stands = others.with(|others| others.stands);
        untrack(|| match merged.filter(|_| !stands) {
            Some(stays) => gone(stays),
            None => {
                let came: Vec<AnyView> = view.merged_from.iter().map(came).collect();
                view! { {came}{persons::people(app, &view, &values, href)} }.into_any()
            }
        })
    };
    view! { <div class="stack" data-testid="same">{live(settled)}{live(alike)}</div> }.into_any()
}

/// Another household in which somebody of this one seems to be written down.
pub struct Found {
    /// Which.
    pub id: EntityId,
    same: Same,
    between: Between,
    entity: Rc<Entity>,
}

impl Found {
    /// Whether it is the household that is double, or people of it.
    pub const fn house(&self) -> bool {
        self.between.house
    }

    fn title(&self) -> &'static str {
        if self.between.house { "可能和另一户重复" } else { "有人在另一户也登记着" }
    }

    /// Who, and what is the same.
    pub fn words(&self) -> String {
        let who = self.between.open.iter().map(|pair| format!("{}（{}）", pair.name, pair.same.words()));
        let who: Vec<String> = who.collect();
        if who.is_empty() {
            self.same.label().to_owned()
        } else {
            format!("{}也登记在那一户", who.join("、"))
        }
    }
}

/// Other households to be asked about: as the values change, and what this device holds.
pub fn around(
    app: App,
    itself: Option<EntityId>,
    values: RwSignal<Values>,
) -> impl Fn() -> Vec<Found> + Copy + Send + Sync {
    let held: RwSignal<Vec<(EntityId, Same, Rc<Entity>)>, LocalStorage> = RwSignal::new_local(Vec::new());
    let ids = Memo::new(move |_| {
        let mut found = app.rows(|rows| {
            let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            values.with(|values| twins(values, itself, held))
        });
        found.truncate(LOOKED_INTO);
        found
    });
    // Who it is, and what was said of him, stands in the other household itself.
    Effect::new(move |_| {
        app.version.track();
        let ids = ids.get();
        spawn_local(async move {
            let mut read = Vec::new();
            for (id, same) in ids {
                if let Ok(Some(entity)) = app.entity(id).await {
                    read.push((id, same, entity));
                }
            }
            let known = held.try_with_untracked(|old| {
                old.len() == read.len() && old.iter().zip(&read).all(|(old, new)| Rc::ptr_eq(&old.2, &new.2))
            });
            if known == Some(false) {
                held.try_set(read);
            }
        });
    });
    move || {
        held.with(|held| {
            values.with(|values| {
                let found = |(id, same, entity): &(EntityId, Same, Rc<Entity>)| {
                    let between = between(values, itself, entity.as_ref(), *id);
                    let (id, same, entity) = (*id, *same, entity.clone());
                    (!between.settled).then_some(Found { id, same, between, entity })
                };
                held.iter().filter_map(found).collect()
            })
        })
    }
}

/// Households that are read for whom they have in common with one.
const LOOKED_INTO: usize = 6;

/// The button that merges any other household, named by its code, into this one.
pub fn merge_any(app: App, view: &HouseholdView) -> Option<AnyView> {
    let target = Target::new(RecordKind::Household, &view.area, None);
    let able = is_one(app, view.id) && may(&app.package(), &app.actor(), MERGE, &target, app.today());
    let id = view.id;
    able.then(|| {
        let what = Ask {
            title: "并入另一户".to_owned(),
            note: "那一户的记录并到这一户名下，以后只列这一户。两户的内容都留着，随时可以撤销。".to_owned(),
            yes: "合并",
            done: "已合并，可以撤销",
            questions: vec![Question {
                path: "code",
                label: "那一户的编码",
                kind: Kind::Text(30),
                needed: true,
            }],
            known: Answers::new(),
        };
        let act = move |app: App, given: &Answers| {
            let code = given.get("code").map_or("", |code| code.trim());
            let merges = merges(app);
            let other = app.rows(|rows| {
                let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
                let fits = |row: &&Summary| {
                    row.kind == RecordKind::Household
                        && row.number.eq_ignore_ascii_case(code)
                        && !merges.gone(row)
                };
                all.filter(fits).map(|row| row.id).find(|other| *other != id)
            });
            let other = other.ok_or("没有找到这个编码的另一户，请核对。")?;
            Ok(writes(put_together(other, id, &app.user(), app.today())))
        };
        ask_button("btn btn-small", "merge-any", "", "并入另一户…", what, Arc::new(act))
    })
}

fn writes(sets: [(EntityId, Values); 2]) -> Vec<NewWrite> {
    sets.into_iter().map(|(id, values)| set(id, values)).collect()
}

fn together(app: App, gone: EntityId, stays: EntityId) -> AnyView {
    let what = Ask {
        title: "合并成一户".to_owned(),
        note: format!(
            "{} 的记录并到 {} 名下，以后只列后一户，走访合在一起算。两户的内容都留着，随时可以撤销。",
            named(app, gone),
            named(app, stays)
        ),
        yes: "合并",
        done: "已合并，可以撤销",
        questions: Vec::new(),
        known: Answers::new(),
    };
    let act = move |app: App, _: &Answers| Ok(writes(put_together(gone, stays, &app.user(), app.today())));
    ask_button("btn btn-small", "merge", &gone.to_string(), "并到这一户", what, Arc::new(act))
}

fn apart(gone: EntityId, stays: EntityId) -> AnyView {
    let what = Ask {
        title: "撤销合并".to_owned(),
        note: "两户分开列，各自的走访和事项回到各自名下。".to_owned(),
        yes: "撤销合并",
        done: "已撤销，又是两户",
        questions: Vec::new(),
        known: Answers::new(),
    };
    let act = move |_: App, _: &Answers| Ok(writes(take_apart(gone, stays)));
    ask_button("btn btn-small", "unmerge", &gone.to_string(), "撤销合并", what, Arc::new(act))
}
