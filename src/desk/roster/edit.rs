//! Putting somebody on the roster, changing what it says, taking them off.

use std::collections::BTreeSet;

use gridbook_domain::date;
use gridbook_domain::mediation::roster::Mediator;
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, EntityId, Placement, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::Person;
use crate::app::{App, use_app};
use crate::desk::kept::Kept;
use crate::desk::parts::{line, select, villages};
use crate::ui::dialog::{Doing, dialog};
use crate::ui::directory::use_directory;

/// Characters of a line at most.
const MOST: &str = "60";

/// What is typed.
#[derive(Clone, Copy)]
struct Typed {
    name: RwSignal<String>,
    body: RwSignal<String>,
    area: RwSignal<String>,
    languages: RwSignal<String>,
    term: RwSignal<String>,
    full_time: RwSignal<bool>,
    known: RwSignal<BTreeSet<String>>,
}

impl Typed {
    fn fill(self, name: &str, on: &Mediator) {
        self.name.set(name.to_owned());
        self.body.set(on.body.clone());
        self.area.set(on.area.clone());
        self.languages.set(on.languages.clone());
        self.term.set(on.term_to.map(|last| last.to_string()).unwrap_or_default());
        self.full_time.set(on.full_time);
        self.known.set(on.expertise.iter().cloned().collect());
    }

    fn mediator(self) -> Mediator {
        let text = |signal: RwSignal<String>| signal.get_untracked().trim().to_owned();
        Mediator {
            name: text(self.name),
            body: text(self.body),
            area: self.area.get_untracked(),
            languages: text(self.languages),
            expertise: self.known.get_untracked().into_iter().collect(),
            full_time: self.full_time.get_untracked(),
            term_to: date::parse(&self.term.get_untracked()),
            load: 0,
        }
    }
}

/// The dialog; `which` is the person to change, `None` a new one.
pub(super) fn dialog_for(
    people: Kept<Person>,
    which: RwSignal<Option<EntityId>>,
    open: RwSignal<bool>,
) -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let text = || RwSignal::new(String::new());
    let typed = Typed {
        name: text(),
        body: text(),
        area: text(),
        languages: text(),
        term: text(),
        full_time: RwSignal::new(false),
        known: RwSignal::new(BTreeSet::new()),
    };
    let find = move |fits: &dyn Fn(&Person) -> bool| {
        people.with_untracked(|people| people.as_ref()?.iter().find(|person| fits(person)).cloned())
    };
    Effect::new(move |_| {
        if open.get() {
            let held = which.get_untracked().and_then(|id| find(&|person| person.id == id));
            let held = held.map(|person| (person.name, person.on.unwrap_or_default())).unwrap_or_default();
            typed.fill(&held.0, &held.1);
        }
    });
    let doing = Doing::new(open);
    let save = move |listed: bool| {
        let person = typed.mediator();
        if person.name.is_empty() || person.name.chars().count() > 30 {
            return doing.failed("请写姓名，不超过三十个字。");
        }
        // Somebody of the directory with this name is that person: nobody stands in it twice.
        let id = which.get_untracked().or_else(|| find(&|held| held.name == person.name).map(|held| held.id));
        doing.begin(async move {
            keep(app, id, &person, listed).await?;
            Ok(if listed { "已保存，手机同步后可选" } else { "已移出名册" }.to_owned())
        });
    };
    let places =
        move || std::iter::once((String::new(), "全镇".to_owned())).chain(villages(&names.get())).collect();
    let inside = move || {
        let old = which.get_untracked().is_some();
        let package = app.package();
        let known = package.dict("dispute_category").map(|dict| dict.options.clone()).unwrap_or_default();
        let chips = known
            .into_iter()
            .map(|choice| {
                let (id, turned) = (choice.id.clone(), choice.id.clone());
                let change = move |event| {
                    let on = event_target_checked(&event);
                    typed.known.update(|known| {
                        if on {
                            known.insert(turned.clone())
                        } else {
                            known.remove(&turned)
                        };
                    });
                };
                view! {
                    <label class="chip">
                        <input
                            type="checkbox"
                            value=choice.id
                            prop:checked=move || typed.known.with(|known| known.contains(&id))
                            on:change=change
                        />
                        <span class="chip-face">{choice.label}</span>
                    </label>
                }
            })
            .collect_view();
        let body = view! {
            {line("姓名", "roster-name", "text", Some(MOST), typed.name, old)}
            {line("单位或身份", "roster-body", "text", Some(MOST), typed.body, false)}
            {select("在哪里调解", "roster-area", move || typed.area.get(), places, move |value| typed.area.set(value))}
            {line("会哪些方言、语言", "roster-languages", "text", Some(MOST), typed.languages, false)}
            {line("任期到（长期的不填）", "roster-term", "date", None, typed.term, false)}
            <label class="switch">
                <input
                    type="checkbox"
                    role="switch"
                    prop:checked=move || typed.full_time.get()
                    on:change=move |event| typed.full_time.set(event_target_checked(&event))
                />
                <span class="switch-face"></span>
                <span class="switch-text">"专职"</span>
            </label>
            <fieldset class="field choice">
                <legend class="label">"熟悉哪些纠纷"</legend>
                <div class="chips" data-testid="roster-known">{chips}</div>
            </fieldset>
        };
        let remove = old.then(|| {
            view! {
                <button
                    class="btn btn-quiet"
                    type="button"
                    data-testid="roster-remove"
                    on:click=move |_| save(false)
                >
                    "移出名册"
                </button>
            }
            .into_any()
        });
        doing.foot("保存", "roster-save").before(remove).form(body.into_any(), move || save(true))
    };
    dialog(open, "dialog-wide", "调解员", Box::new(inside))
}

async fn keep(app: App, id: Option<EntityId>, person: &Mediator, listed: bool) -> Result<(), String> {
    let mut set = person.values(listed);
    let body = match id {
        Some(_) => Body::Set(body::Set { set, blobs: Vec::new() }),
        // Somebody without an account.
        None => {
            set.insert("name".to_owned(), person.name.as_str().into());
            Body::Create(Create {
                type_: RecordKind::Staff.as_str().to_owned(),
                place: Placement { all: Some(true), ..Placement::default() },
                set,
                ..Create::default()
            })
        }
    };
    app.put(vec![NewWrite { entity: id.unwrap_or_else(|| app.new_id()), body }]).await
}
