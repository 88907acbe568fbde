//! Finding a household, a person or a place for a field: by name, number, phone tail or initials, the ones used last
//! first. Persons and places that no register holds are written in words.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_domain::form::Field;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::merge::Merges;
use gridbook_domain::record::RecordKind;
use gridbook_domain::search::Query;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;
use serde_json::Value;

use super::FormState;
use super::field::At;
use super::refs::household_line;
use crate::app::{App, use_app};
use crate::ui::dialog::dialog;
use crate::ui::icon::{chevron, icon};
use crate::ui::{largest_first, live};

/// Rows shown at once.
const SHOWN: usize = 20;

/// What a person chose.
enum Picked {
    Record(EntityId),
    Words(String),
}

/// What happens with it.
type Choose = Arc<dyn Fn(Picked) + Send + Sync>;

/// A dialog that finds a household by name, number, phone or initials.
pub fn household_picker(open: RwSignal<bool>, pick: impl Fn(EntityId) + Send + Sync + 'static) -> AnyView {
    let text = RwSignal::new(String::new());
    let choose: Choose = Arc::new(move |picked| {
        if let Picked::Record(id) = picked {
            pick(id);
            open.set(false);
        }
    });
    let inside = move || finder(RecordKind::Household, text, false, choose.clone());
    dialog(open, "dialog-sheet", "选一户", Box::new(inside))
}

/// When each household or place was last written about by this person.
fn used(
    app: App,
    rows: &BTreeMap<EntityId, gridbook_sync::replica::Row<Option<Summary>>>,
) -> BTreeMap<EntityId, u64> {
    let user = app.user();
    let mut used: BTreeMap<EntityId, u64> = BTreeMap::new();
    for summary in rows.values().filter_map(|row| row.summary.as_ref()).filter(|s| s.reporter == user) {
        let place = (summary.kind == RecordKind::Entry).then(|| summary.categories.last()).flatten();
        let about = summary.household.or_else(|| place.and_then(|id| EntityId::parse(id)));
        if let Some(id) = about.filter(|id| *id != summary.id) {
            let at = used.entry(id).or_default();
            *at = (*at).max(summary.updated);
        }
    }
    used
}

/// Title and second line of what fits, best first.
fn find(app: App, kind: RecordKind, text: &str) -> Vec<(EntityId, String, String)> {
    let package = app.package();
    let actor = app.actor();
    let query = Query::new(text, &package, app.today()).discreet(&package, &actor);
    app.rows(|rows| {
        let merges = Merges::of(rows.values().filter_map(|row| row.summary.as_ref()));
        let known = rows
            .values()
            .filter(|row| row.visible())
            .filter_map(|row| row.summary.as_ref())
            .filter(|summary| summary.kind == kind && !merges.gone(summary));
        let hits: Vec<(u64, &Summary)> = if query.is_empty() {
            let used = used(app, rows);
            known.map(|summary| (used.get(&summary.id).copied().unwrap_or(0), summary)).collect()
        } else if kind == RecordKind::Household {
            known.filter_map(|summary| Some((u64::from(query.score(summary)?.score), summary))).collect()
        } else {
            let folded = gridbook_domain::search::fold(text);
            let fits = |s: &&Summary| {
                s.keys.text.contains(&folded) || s.keys.initials.iter().any(|i| i.starts_with(&folded))
            };
            known.filter(fits).map(|summary| (0, summary)).collect()
        };
        let hits = largest_first(hits, |(score, _)| *score);
        let line = |(_, s): (u64, &Summary)| {
            let sub = match kind {
                RecordKind::Place => {
                    let what = s.categories.first().map_or("", |id| package.label("point_kind", id));
                    format!("{what} · {}", s.subtitle)
                }
                _ => s.subtitle.clone(),
            };
            (s.id, s.title.clone(), sub)
        };
        hits.into_iter().take(SHOWN).map(line).collect()
    })
}

/// A search box and what it finds; with `free` also the words themselves.
fn finder(kind: RecordKind, text: RwSignal<String>, free: bool, choose: Choose) -> AnyView {
    let app = use_app();
    let (hint, test) = match kind {
        RecordKind::Place => ("点位名称、拼音", "pick-place"),
        _ => ("姓名、门牌、尾号、拼音", "pick-household"),
    };
    let list = move || {
        let typed = text.get();
        let found = find(app, kind, &typed);
        let none = found.is_empty();
        let rows = found
            .into_iter()
            .map(|(id, title, sub)| {
                let choose = choose.clone();
                view! {
                    <li>
                        <button class="row" type="button" data-testid=test on:click=move |_| choose(Picked::Record(id))>
                            <span class="row-main">
                                <span class="row-title">{title}</span>
                                <span class="row-sub">{sub}</span>
                            </span>
                        </button>
                    </li>
                }
                .into_any()
            })
            .collect_view();
        let typed = typed.trim().to_owned();
        let words = (free && !typed.is_empty()).then(|| {
            let (choose, words) = (choose.clone(), typed.clone());
            view! {
                <button
                    class="btn btn-wide"
                    type="button"
                    data-testid="pick-words"
                    on:click=move |_| choose(Picked::Words(words.clone()))
                >
                    {icon("edit")}
                    {format!("不在名册，就写“{typed}”")}
                </button>
            }
        });
        let help = match (none, free) {
            (true, true) => Some("名册里没有找到。写下名字，也可以直接用。"),
            (true, false) => Some("没有找到。换个名字、门牌或电话尾号试试；不在名册的户，把地点写清就行。"),
            _ => None,
        };
        let help = help.map(|help| view! { <p class="muted">{help}</p> });
        let rows = (!none).then(|| view! { <ul class="rows">{rows}</ul> });
        view! { {words}{help}{rows} }.into_any()
    };
    view! {
        <div class="dialog-body stack">
            <div class="search">
                {icon("search")}
                <input
                    class="search-input"
                    type="search"
                    aria-label="查找"
                    placeholder=hint
                    data-testid="pick-search"
                    prop:value=move || text.get()
                    on:input=move |ev| text.set(event_target_value(&ev))
                />
            </div>
            {live(list)}
        </div>
    }
    .into_any()
}

/// The answer in words, the button that opens the dialog, and the way to take it back.
fn shown(
    state: FormState,
    at: &At,
    open: RwSignal<bool>,
    words: impl Fn() -> String + Send + Sync + 'static,
    symbol: &'static str,
    label: &'static str,
) -> AnyView {
    let (path, there) = (at.path.clone(), at.path.clone());
    let clear = move || {
        let path = path.clone();
        state.get(&path).filter(|value| !value.is_null()).map(|_| {
            view! {
                <button
                    class="btn btn-quiet btn-icon"
                    type="button"
                    aria-label="去掉"
                    on:click=move |_| state.set(&path, None)
                >
                    {icon("close")}
                </button>
            }
        })
    };
    let face = move || if state.text(&there).is_empty() { label } else { "换" };
    view! {
        <div class="split">
            <span class="field-value grow">{live(words)}</span>
            {live(clear)}
            <button class="btn" type="button" id=at.id() data-testid=at.test_id() on:click=move |_| open.set(true)>
                {icon(symbol)}
                {live(face)}
            </button>
        </div>
    }
    .into_any()
}

/// A site or point: of the register, or in words.
pub(super) fn place(state: FormState, _field: &Field, at: &At) -> AnyView {
    let (open, text) = (RwSignal::new(false), RwSignal::new(String::new()));
    let (path, set) = (at.path.clone(), at.path.clone());
    let words = move || match state.text(&path) {
        held if held.is_empty() => "还没有选".to_owned(),
        held => place_words(state.app, &held),
    };
    let choose: Choose = Arc::new(move |picked| {
        let value = match picked {
            Picked::Record(id) => id.to_string(),
            Picked::Words(words) => words,
        };
        state.set(&set, Some(Value::from(value)));
        open.set(false);
    });
    let inside = move || finder(RecordKind::Place, text, true, choose.clone());
    view! {
        {shown(state, at, open, words, "pin", "选点位")}
        {dialog(open, "dialog-sheet", "选点位", Box::new(inside))}
    }
    .into_any()
}

/// A place as a record stores it, in words.
pub fn place_words(app: App, stored: &str) -> String {
    let title = EntityId::parse(stored).map(|id| {
        app.rows(|rows| rows.get(&id).and_then(|row| row.summary.as_ref().map(|s| s.title.clone())))
            .unwrap_or_else(|| "本机没有这个点位的资料".to_owned())
    });
    title.unwrap_or_else(|| stored.to_owned())
}

/// Members of a household, to choose from: row, name, and what tells them apart.
type Members = RwSignal<Option<(EntityId, Vec<(String, String)>)>>;

/// A person: a member of a household, or a name.
pub(super) fn person(state: FormState, _field: &Field, at: &At) -> AnyView {
    let (open, text) = (RwSignal::new(false), RwSignal::new(String::new()));
    let members: Members = RwSignal::new(None);
    let name = RwSignal::new(String::new());
    let path = at.path.clone();
    // The name is a row of the household: it has to be read from the device.
    Effect::new(move |_| {
        let held = state.text(&path);
        leptos::task::spawn_local(async move {
            name.try_set(person_words(state.app, &held).await);
        });
    });
    let words = move || match name.get() {
        name if name.is_empty() => "还没有选".to_owned(),
        name => name,
    };
    let write: Arc<dyn Fn(String) + Send + Sync> = {
        let path = at.path.clone();
        Arc::new(move |value| {
            state.set(&path, Some(Value::from(value)));
            members.set(None);
            open.set(false);
        })
    };
    let choose: Choose = {
        let write = write.clone();
        Arc::new(move |picked| match picked {
            Picked::Words(words) => write(words),
            Picked::Record(id) => leptos::task::spawn_local(async move {
                let Ok(Some(entity)) = state.app.entity(id).await else { return };
                let list = HouseholdView::of(&entity).members;
                members.try_set(Some((id, list.into_iter().map(|one| (one.row, one.name)).collect())));
            }),
        })
    };
    // The people of the household that the record is about come first.
    Effect::new({
        let choose = choose.clone();
        move |_| {
            if open.get()
                && let Some(id) = untrack(|| state.household())
            {
                choose(Picked::Record(id));
            }
        }
    });
    let inside = move || {
        let (choose, write) = (choose.clone(), write.clone());
        let draw = move || match members.get() {
            None => finder(RecordKind::Household, text, true, choose.clone()),
            Some((id, list)) => member_list(id, list, members, &write),
        };
        live(draw)
    };
    view! {
        {shown(state, at, open, words, "me", "选人")}
        {dialog(open, "dialog-sheet", "选人", Box::new(inside))}
    }
    .into_any()
}

fn member_list(
    id: EntityId,
    list: Vec<(String, String)>,
    members: Members,
    write: &Arc<dyn Fn(String) + Send + Sync>,
) -> AnyView {
    let none = list.is_empty().then(|| view! { <p class="muted">"这一户还没有登记成员。"</p> });
    let rows = list
        .into_iter()
        .map(|(row, name)| {
            let write = write.clone();
            view! {
                <li>
                    <button
                        class="row"
                        type="button"
                        data-testid="pick-person"
                        on:click=move |_| write(format!("{id}/{row}"))
                    >
                        <span class="row-main"><span class="row-title">{name}</span></span>
                        {chevron()}
                    </button>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! {
        <div class="dialog-body stack">
            <button class="btn btn-quiet" type="button" on:click=move |_| members.set(None)>
                {icon("back")}
                "换一户"
            </button>
            {none}
            <ul class="rows">{rows}</ul>
        </div>
    }
    .into_any()
}

/// A person as a record stores it, in words.
async fn person_words(app: App, stored: &str) -> String {
    let Some((id, row)) = stored.split_once('/').and_then(|(id, row)| Some((EntityId::parse(id)?, row)))
    else {
        return stored.to_owned();
    };
    let found = app.entity(id).await.ok().flatten();
    let name =
        found.and_then(|entity| HouseholdView::of(&entity).person(row).map(|person| person.name.clone()));
    let home = untrack(|| household_line(app, id)).unwrap_or_default();
    name.map_or(home.clone(), |name| format!("{name} · {home}"))
}
