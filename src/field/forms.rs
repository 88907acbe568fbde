//! Filling in: one page for every form. It begins with what is known, keeps a draft on disk, goes in steps, and
//! says that something is saved only when the device has it for certain.

mod apart;
mod finish;
mod followed;
mod prefill;
mod show;
mod start;
mod steps;
pub(super) mod turn;
mod twin;

use std::sync::Arc;

use gridbook_domain::form::{Form, Problem, Values};
use gridbook_domain::record::RecordKind;
use gridbook_log::{BlobRef, EntityId};
use leptos::prelude::*;

use crate::app::{App, Draft, use_app};
use crate::ui::form::{FormState, Keeper, household_line};
use crate::ui::router::{Router, use_router};
use crate::ui::states::{blank, loading};

use super::screen::Screen;
use crate::ui::live;

pub(super) use start::Start;

/// What a form begins with.
#[derive(Clone)]
struct Begun {
    /// Key of the draft.
    key: String,
    /// The draft, restored or new.
    draft: Draft,
    /// It was found on disk.
    restored: bool,
    form: Arc<Form>,
    kind: RecordKind,
    /// What the record holds, for a correction.
    base: Values,
    /// What others changed meanwhile as well as the person.
    both: Vec<Problem>,
    /// Photos that the record holds.
    held: Vec<BlobRef>,
    /// Only the short report.
    quick: bool,
    /// Only this row of the members.
    member: Option<String>,
    /// Only these sections; empty = all.
    only: Vec<String>,
    /// A heading of its own.
    title: Option<String>,
}

/// Where a save stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Saving {
    No,
    Now,
    Failed(String),
}

/// A form on the screen.
#[derive(Clone, Copy)]
struct Page {
    app: App,
    router: Router,
    state: FormState,
    keeper: Keeper,
    begun: StoredValue<Arc<Begun>>,
    step: RwSignal<usize>,
    saving: RwSignal<Saving>,
    /// The confidential form that somebody is about to go to.
    turning: turn::Turning,
    /// Where this page lies in the browser's history; its steps lie above.
    entry: u32,
}

/// The page of a form.
pub(super) fn page(start: Start) -> AnyView {
    let app = use_app();
    let title = start.title();
    let home = start.home();
    let begun: RwSignal<Option<Result<Arc<Begun>, String>>> = RwSignal::new(None);
    leptos::task::spawn_local(async move {
        let found = start.begin(app).await;
        begun.try_set(Some(found.map(Arc::new)));
    });
    let draw = move || match begun.get() {
        None => Screen::new(title).back(home.clone()).view(loading(4)),
        Some(Ok(begun)) => filling(&begun),
        Some(Err(words)) => {
            Screen::new(title).back(home.clone()).view(blank("error", "这张表打不开", words, Vec::new()))
        }
    };
    live(draw)
}

fn filling(begun: &Arc<Begun>) -> AnyView {
    let app = use_app();
    let router = use_router();
    let state = FormState::new(begun.form.clone(), begun.draft.values.clone());
    state.base.set_value(begun.base.clone());
    state.problems.set(begun.both.clone());
    state.photos.set(begun.draft.photos.clone());
    state.area.set(begun.draft.area.clone());
    let step = RwSignal::new(begun.draft.step);
    let keeper =
        Keeper::of_form(state, begun.key.clone(), begun.draft.clone(), begun.restored, move |draft| {
            draft.step = step.get_untracked();
            draft.title = first_line(state, draft);
        });
    let page = Page {
        app,
        router,
        state,
        keeper,
        begun: StoredValue::new(begun.clone()),
        step,
        saving: RwSignal::new(Saving::No),
        turning: turn::Turning::default(),
        entry: router.place(),
    };
    page.follow_address();
    if begun.restored && !begun.draft.focus.is_empty() {
        page.return_to(begun.draft.focus.clone());
    }
    show::view(page)
}

impl Page {
    fn begun(self) -> Arc<Begun> {
        self.begun.get_value()
    }

    /// The browser's back button goes one step back.
    fn follow_address(self) {
        Effect::new(move |before: Option<()>| {
            let step = self.router.route.with(|route| route.get("step").and_then(|step| step.parse().ok()));
            // The draft decides where a form begins; afterwards the address does.
            if before.is_some() || step.is_some() {
                self.step.set(step.unwrap_or(0));
            }
        });
    }

    fn go_to(self, step: usize) {
        let mut route = self.router.route.get_untracked();
        route.query.retain(|(name, _)| name != "step");
        route.query.push(("step".to_owned(), step.to_string()));
        let query: Vec<String> = route
            .query
            .iter()
            .map(|(name, value)| format!("{name}={}", crate::ui::router::encode(value)))
            .collect();
        self.keeper.note();
        self.router.go(&format!("/{}?{}", route.parts.join("/"), query.join("&")));
    }

    /// Back at the field with the cursor after the page was ended in the middle.
    fn return_to(self, path: String) {
        request_animation_frame(move || {
            request_animation_frame(move || {
                crate::ui::dom::focus_in_view(&field_selector(&path));
            });
        });
    }
}

/// The first line of a draft in lists.
fn first_line(state: FormState, draft: &Draft) -> String {
    let text = |path: &str| draft.values.get(path).and_then(|v| v.as_str()).unwrap_or_default().to_owned();
    let household = state.household().and_then(|id| household_line(state.app, id));
    ["desc", "facts", "event_name", "address_text"]
        .iter()
        .map(|path| text(path))
        // What is confidential does not stand in a list.
        .find(|text| !text.trim().is_empty() && !["visit", "confidential"].contains(&draft.kind.as_str()))
        .or(household)
        .unwrap_or_else(|| state.form().title.clone())
        .chars()
        .take(30)
        .collect()
}

/// Finds the control of a field.
fn field_selector(path: &str) -> String {
    let here = format!("[data-path=\"{path}\"]");
    format!("{here} input,{here} textarea,{here} select,{here} button")
}

/// An id as a value of a reference.
fn reference(id: EntityId) -> serde_json::Value {
    serde_json::Value::from(id.to_string())
}
