//! A few questions in a dialog and what follows from the answers, saved at once: for what is too small to be a form.
//! The dialog stands beside the page that asks, not in it: the page is drawn anew whenever its data change, and what was
//! typed stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::Draw;
use super::dialog::{Once, Work, dialog, forget_closed, once};
use super::live;
use crate::app::{App, use_app};

/// How a question is answered.
#[derive(Clone)]
pub enum Kind {
    /// One of (value, words).
    Choice(Vec<(String, String)>),
    /// Any of (value, words); the answer has the values with commas between.
    Several(Vec<(String, String)>),
    /// A day.
    Day,
    /// A line of text, so many characters at most.
    Text(u32),
}

/// One question.
#[derive(Clone)]
pub struct Question {
    /// What the answer is called.
    pub path: &'static str,
    /// The words.
    pub label: &'static str,
    /// How it is answered.
    pub kind: Kind,
    /// Whether there has to be an answer.
    pub needed: bool,
}

/// Answers by path; what was not answered is missing.
pub type Answers = BTreeMap<&'static str, String>;

/// What is asked.
#[derive(Clone)]
pub struct Ask {
    /// Title of the dialog.
    pub title: String,
    /// What has to be known before; empty = nothing.
    pub note: String,
    /// Words on the button.
    pub yes: &'static str,
    /// Words once it is saved.
    pub done: &'static str,
    /// The questions; none = only the note.
    pub questions: Vec<Question>,
    /// Answers to begin with.
    pub known: Answers,
}

/// What is written for the answers, or why they do not do.
pub type Act = Arc<dyn Fn(App, &Answers) -> Result<Vec<NewWrite>, String> + Send + Sync>;

/// What a page asks now.
#[derive(Clone, Copy)]
struct Asking {
    open: RwSignal<bool>,
    /// Which button asked, and what.
    asked: RwSignal<Option<(String, Ask)>>,
    act: StoredValue<Option<Act>>,
}

/// A page with what its buttons ask.
pub fn asking(page: impl FnOnce() -> AnyView) -> AnyView {
    let asking =
        Asking { open: RwSignal::new(false), asked: RwSignal::new(None), act: StoredValue::new(None) };
    provide_context(asking);
    let Asking { open, asked, act } = asking;
    forget_closed(open, asked);
    let newest: Act = Arc::new(move |app, given| match act.get_value() {
        Some(act) => act(app, given),
        None => Ok(Vec::new()),
    });
    let dialog = live(move || asked.get().map(|(_, what)| ask(open, what, newest.clone())));
    view! { {page()}{dialog} }.into_any()
}

fn ask(open: RwSignal<bool>, what: Ask, act: Act) -> AnyView {
    let title = what.title.clone();
    let inside: Draw = Box::new(move || inside(open, &what, act.clone()));
    dialog(open, "dialog-sheet", title, inside)
}

/// A small button that asks. Where a page has several of one test id, `about` tells them apart.
///
/// # Panics
/// Outside of [`asking`].
pub fn ask_button(
    class: &'static str,
    test: &'static str,
    about: &str,
    label: &'static str,
    what: Ask,
    act: Act,
) -> AnyView {
    let Asking { open, asked, act: newest } = expect_context();
    let key = format!("{test} {about}");
    // Drawn anew behind its own open dialog: what follows from the answers starts from what is known by now, unless the
    // question has become another one than the person reads.
    let same = |(held, shown): &(String, Ask)| {
        *held == key && (&shown.title, &shown.note) == (&what.title, &what.note)
    };
    if asked.with_untracked(|asked| asked.as_ref().is_some_and(same)) {
        newest.set_value(Some(act.clone()));
    }
    let begin = move |_| {
        newest.set_value(Some(act.clone()));
        asked.set(Some((key.clone(), what.clone())));
        open.set(true);
    };
    view! { <button class=class type="button" data-testid=test on:click=begin>{label}</button> }.into_any()
}

fn inside(open: RwSignal<bool>, what: &Ask, act: Act) -> AnyView {
    let app = use_app();
    let answers = RwSignal::new(what.known.clone());
    let (done, questions) = (what.done, what.questions.clone());
    let list = questions.iter().map(|question| draw(question, answers)).collect_view();
    let note = (!what.note.is_empty()).then(|| view! { <p>{what.note.clone()}</p> });
    let go = move || -> Result<Work, String> {
        let given = answers.get_untracked();
        let missing = questions.iter().find(|q| q.needed && given.get(q.path).is_none_or(String::is_empty));
        if let Some(question) = missing {
            return Err(format!("请填{}。", question.label));
        }
        let writes = act(app, &given)?;
        Ok(Box::pin(async move { app.put(writes).await.map(|()| done.to_owned()) }))
    };
    let fields = view! { {note}{list} }.into_any();
    let what = Once { fields, yes: what.yes.to_owned(), test: "ask-save", error: "ask-error" };
    once(open, what, Box::new(go))
}

fn draw(question: &Question, answers: RwSignal<Answers>) -> AnyView {
    let (path, id) = (question.path, format!("ask-{}", question.path));
    let held = answers.with_untracked(|given| given.get(path).cloned()).unwrap_or_default();
    let put = move |value: String| {
        answers.update(|given| {
            given.insert(path, value);
        });
    };
    let needed = question.needed.then(|| view! { " " <span class="req">"必填"</span> });
    let label = question.label;
    let heading = match question.kind {
        Kind::Several(_) => {
            view! { <span class="label" id=format!("{id}-l")>{label}{needed}</span> }.into_any()
        }
        _ => view! { <label class="label" for=id.clone()>{label}{needed}</label> }.into_any(),
    };
    let control = match &question.kind {
        Kind::Choice(options) => {
            let none = (held.is_empty()).then(|| view! { <option value="">"请选择"</option> });
            let list = options
                .iter()
                .map(|(value, words)| {
                    let chosen = *value == held;
                    view! { <option value=value.clone() selected=chosen>{words.clone()}</option> }
                })
                .collect_view();
            view! {
                <span class="select">
                    <select
                        class="input"
                        id=id.clone()
                        data-testid=id
                        on:change=move |event| put(event_target_value(&event))
                    >
                        {none}
                        {list}
                    </select>
                </span>
            }
            .into_any()
        }
        Kind::Several(options) => several(path, &id, options, answers),
        Kind::Day | Kind::Text(_) => {
            let (type_, max) = match question.kind {
                Kind::Text(max) => ("text", max.to_string()),
                _ => ("date", "10".to_owned()),
            };
            view! {
                <input
                    class="input"
                    id=id.clone()
                    data-testid=id
                    type=type_
                    maxlength=max
                    prop:value=held
                    on:input=move |event| put(event_target_value(&event))
                />
            }
            .into_any()
        }
    };
    view! { <div class="field">{heading}{control}</div> }.into_any()
}

fn several(
    path: &'static str,
    id: &str,
    options: &[(String, String)],
    answers: RwSignal<Answers>,
) -> AnyView {
    let chips = options
        .iter()
        .map(|(value, words)| {
            let (held, turned) = (value.clone(), value.clone());
            let has = move || {
                answers
                    .with(|given| given.get(path).is_some_and(|list| list.split(',').any(|one| one == held)))
            };
            let turn = move |on: bool| {
                answers.update(|given| {
                    let list = given.entry(path).or_default();
                    let mut all: Vec<&str> =
                        list.split(',').filter(|one| !one.is_empty() && *one != turned).collect();
                    if on {
                        all.push(&turned);
                    }
                    *list = all.join(",");
                });
            };
            view! {
                <label class="chip">
                    <input
                        type="checkbox"
                        value=value.clone()
                        prop:checked=has
                        on:change=move |event| turn(event_target_checked(&event))
                    />
                    <span class="chip-face">{words.clone()}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <div class="chips" role="group" aria-labelledby=format!("{id}-l") data-testid=id.to_owned()>{chips}</div>
    }
    .into_any()
}
