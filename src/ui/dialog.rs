//! Dialogs over the page: the browser's own `<dialog>`, so that focus and Escape are right. What they all have, the way
//! to open them, the row of buttons and what follows from the answer, is here once; handlers are boxed, so that it is in
//! the bundle once, too.

use std::pin::Pin;
use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::Draw;
use super::busy::Busy;
use super::icon::icon;
use super::router::Router;
use super::states::failed;
use super::toast::{Toasts, use_toasts};
use crate::platform::after_frame;
use crate::ui::live;

/// The button that opens a dialog: its class, test id, icon and words.
pub fn opener(
    open: RwSignal<bool>,
    class: &'static str,
    test: impl Into<String>,
    symbol: Option<&'static str>,
    words: impl Into<String>,
) -> AnyView {
    draw_opener(open, class, test.into(), symbol, words.into())
}

fn draw_opener(
    open: RwSignal<bool>,
    class: &'static str,
    test: String,
    symbol: Option<&'static str>,
    words: String,
) -> AnyView {
    view! {
        <button class=class type="button" data-testid=test on:click=move |_| open.set(true)>
            {symbol.map(icon)}
            {words}
        </button>
    }
    .into_any()
}

/// A dialog that is there while `open` holds; its inside is drawn when it opens.
pub fn dialog(open: RwSignal<bool>, class: &'static str, title: impl Into<String>, inside: Draw) -> AnyView {
    draw_dialog(open, class, title.into(), inside, None)
}

/// A dialog of its own: `gone` is told once it has closed, and takes it away.
pub fn dialog_until(
    open: RwSignal<bool>,
    class: &'static str,
    title: impl Into<String>,
    inside: Draw,
    gone: Callback<()>,
) -> AnyView {
    draw_dialog(open, class, title.into(), inside, Some(gone))
}

fn draw_dialog(
    open: RwSignal<bool>,
    class: &'static str,
    title: String,
    inside: Draw,
    gone: Option<Callback<()>>,
) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    let closing = RwSignal::new(false);
    let router = use_context::<Router>();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            closing.set(false);
            if let Some(router) = router.filter(|_| !dialog.open()) {
                router.covered(open);
            }
            // An engine without it still shows the dialog, only not on top of everything.
            if !dialog.open() && dialog.show_modal().is_err() {
                dialog.set_open(true);
            }
        } else if dialog.open() {
            // Out of sight first: once it is closed, the browser looks at every element of the page anew, which holds
            // a slow phone for longer than the answer may take.
            closing.set(true);
            after_frame(move || {
                if open.try_get_untracked() == Some(false) {
                    dialog.close();
                }
            });
        }
    });
    let closed = move |_| {
        // The page may have been left meanwhile.
        open.try_set(false);
        closing.try_set(false);
        if let Some(gone) = gone {
            let _ = gone.try_run(());
        }
    };
    let label = title.clone();
    view! {
        <dialog
            class=format!("dialog {class}")
            node_ref=node
            aria-label=label
            data-closing=move || closing.get().then_some("")
            on:close=closed
        >
            <div class="dialog-head">
                <h2 class="dialog-title">{title}</h2>
                <button
                    class="btn btn-quiet btn-icon"
                    type="button"
                    aria-label="关闭"
                    data-testid="dialog-close"
                    on:click=move |_| open.set(false)
                >
                    {icon("close")}
                </button>
            </div>
            {live(move || open.get().then(&inside))}
        </dialog>
    }
    .into_any()
}

/// A dialog beside a page that is drawn anew whenever its data change: it stays as it was opened, with what was typed. A
/// copy goes to whatever opens it, which says what it is about.
pub struct Beside<T: Send + Sync + 'static> {
    open: RwSignal<bool>,
    about: RwSignal<Option<T>>,
}

impl<T: Send + Sync + 'static> Clone for Beside<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Beside<T> {}

impl<T: Clone + Send + Sync + 'static> Default for Beside<T> {
    fn default() -> Self {
        Self { open: RwSignal::new(false), about: RwSignal::new(None) }
    }
}

impl<T: Clone + Send + Sync + 'static> Beside<T> {
    /// Opens it.
    pub fn ask(self, about: T) {
        self.about.set(Some(about));
        self.open.set(true);
    }

    /// Its signal, for what closes it.
    pub fn open(self) -> RwSignal<bool> {
        self.open
    }

    /// The dialog, to stand beside the page; `inside` draws it when it opens.
    pub fn view(
        self,
        class: &'static str,
        title: fn(&T) -> String,
        inside: impl Fn(&T) -> AnyView + Send + Sync + Clone + 'static,
    ) -> AnyView {
        let (open, about) = (self.open, self.about);
        live(move || {
            let what = about.get()?;
            let gone = Callback::new(move |()| {
                about.try_set(None);
            });
            let (title, inside) = (title(&what), inside.clone());
            Some(dialog_until(open, class, title, Box::new(move || untrack(|| inside(&what))), gone))
        })
    }
}

/// Forgets what a dialog was about when it closes, so that the same can be asked for again.
pub fn forget_closed<T: Send + Sync + 'static>(open: RwSignal<bool>, about: RwSignal<Option<T>>) {
    Effect::new(move |_| {
        if !open.get() && about.with_untracked(Option::is_some) {
            about.set(None);
        }
    });
}

/// Asks before something that cannot be taken back.
pub struct Confirm {
    /// The question.
    pub title: String,
    /// What follows.
    pub text: String,
    /// Words on the button that does it.
    pub yes: String,
    /// Whether it destroys something.
    pub danger: bool,
}

/// A dialog with a question and two answers.
pub fn confirm(open: RwSignal<bool>, ask: Confirm, act: impl Fn() + Send + Sync + 'static) -> AnyView {
    draw_confirm(open, ask, Arc::new(act))
}

fn draw_confirm(open: RwSignal<bool>, ask: Confirm, act: Arc<dyn Fn() + Send + Sync>) -> AnyView {
    let Confirm { title, text, yes, danger } = ask;
    let inside = move || {
        let act = act.clone();
        let go = move || {
            open.set(false);
            act();
        };
        let foot = Foot::new(open, yes.clone(), "confirm-yes").danger(danger).click(go);
        view! { <div class="dialog-body"><p>{text.clone()}</p></div>{foot} }.into_any()
    };
    dialog(open, "", title, Box::new(inside))
}

/// The row of buttons under a dialog: the way out, and what the dialog is for.
pub struct Foot {
    open: RwSignal<bool>,
    yes: String,
    test: &'static str,
    away: &'static str,
    danger: bool,
    busy: Option<Busy>,
    off: Option<Box<dyn Fn() -> bool + Send + Sync>>,
    wrong: Option<RwSignal<Option<String>>>,
    before: Option<AnyView>,
}

impl Foot {
    /// The row for the dialog of `open`: words and test id of the button that does it.
    pub fn new(open: RwSignal<bool>, yes: impl Into<String>, test: &'static str) -> Self {
        let yes = yes.into();
        Self {
            open,
            yes,
            test,
            away: "取消",
            danger: false,
            busy: None,
            off: None,
            wrong: None,
            before: None,
        }
    }

    /// Other words for the way out.
    pub fn away(self, words: &'static str) -> Self {
        Self { away: words, ..self }
    }

    /// Whether it destroys something.
    pub fn danger(self, danger: bool) -> Self {
        Self { danger, ..self }
    }

    /// What goes on while the button is not to be tapped again.
    pub fn busy(self, busy: Busy) -> Self {
        Self { busy: Some(busy), ..self }
    }

    /// When there is nothing to do yet. Follows.
    pub fn off(self, off: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { off: Some(Box::new(off)), ..self }
    }

    /// A button in front of the others.
    pub fn before(self, before: Option<AnyView>) -> Self {
        Self { before, ..self }
    }

    /// The row, for a dialog that is no form.
    pub fn click(self, act: impl Fn() + 'static) -> AnyView {
        self.row(Some(Box::new(act)))
    }

    /// The whole inside of a dialog that is a form: what it asks for, and the row under it. Enter saves, too.
    pub fn form(self, inside: AnyView, save: impl Fn() + 'static) -> AnyView {
        form(inside, self.row(None), Box::new(save))
    }

    fn row(self, act: Option<Box<dyn Fn()>>) -> AnyView {
        let Self { open, yes, test, away, danger, busy, off, wrong, before } = self;
        let class = if danger { "btn btn-danger btn-primary" } else { "btn btn-primary" };
        let kind = if act.is_some() { "button" } else { "submit" };
        let said = move || busy.map(|busy| if busy.said() { "true" } else { "false" });
        let disabled = move || busy.is_some_and(Busy::said) || off.as_ref().is_some_and(|off| off());
        let press = move |_| {
            if let Some(act) = &act {
                act();
            }
        };
        // In the dialog: what is said beside the page lies behind it, out of reach of eyes and readers.
        let told = wrong
            .map(|wrong| view! { <div class="dialog-wrong">{failed(wrong, Some("dialog-wrong"))}</div> });
        view! {
            {told}
            <div class="dialog-foot">
                {before}
                <button class="btn" type="button" on:click=move |_| open.set(false)>{away}</button>
                <button
                    class=class
                    type=kind
                    data-testid=test
                    aria-busy=said
                    disabled=disabled
                    on:click=press
                >
                    {yes}
                </button>
            </div>
        }
        .into_any()
    }
}

fn form(inside: AnyView, foot: AnyView, save: Box<dyn Fn()>) -> AnyView {
    view! {
        <form
            class="form"
            on:submit=move |event| {
                event.prevent_default();
                save();
            }
        >
            <div class="dialog-body stack">{inside}</div>
            {foot}
        </form>
    }
    .into_any()
}

/// What a dialog does with the answers; ends with what is said about it (empty = nothing), or with what stood in the way.
pub type Work = Pin<Box<dyn Future<Output = Result<String, String>>>>;

/// What follows from a dialog: begun once, however often it is tapped; the dialog closes when it is done, and stays when
/// something stands in the way.
#[derive(Clone, Copy)]
pub struct Doing {
    open: RwSignal<bool>,
    busy: Busy,
    toasts: Toasts,
    wrong: RwSignal<Option<String>>,
    /// Its row of buttons shows what stands in the way.
    shows: bool,
}

impl Doing {
    /// What stands in the way is said above the row of buttons ([`Doing::foot`]).
    pub fn new(open: RwSignal<bool>) -> Self {
        let wrong = RwSignal::new(None);
        // A dialog that is opened again has nothing in its way yet.
        Effect::new(move |_| {
            if open.get() && wrong.with_untracked(Option::is_some) {
                wrong.set(None);
            }
        });
        Self { open, busy: Busy::default(), toasts: use_toasts(), wrong, shows: true }
    }

    /// The dialog shows itself what stands in the way.
    pub fn showing(open: RwSignal<bool>, wrong: RwSignal<Option<String>>) -> Self {
        Self { open, busy: Busy::default(), toasts: use_toasts(), wrong, shows: false }
    }

    /// Says what stands in the way before anything is begun.
    pub fn failed(self, words: impl Into<String>) {
        self.wrong.set(Some(words.into()));
    }

    /// The row of buttons for it.
    pub fn foot(self, yes: impl Into<String>, test: &'static str) -> Foot {
        let foot = Foot::new(self.open, yes, test).busy(self.busy);
        Foot { wrong: self.shows.then_some(self.wrong), ..foot }
    }

    /// Begins, unless it goes on already.
    pub fn begin(self, work: impl Future<Output = Result<String, String>> + 'static) {
        self.run(Box::pin(work));
    }

    fn run(self, work: Work) {
        if !self.busy.begin() {
            return;
        }
        self.wrong.set(None);
        leptos::task::spawn_local(async move {
            let done = work.await;
            self.busy.end();
            match done {
                Ok(words) => {
                    // The dialog may be gone by now.
                    self.open.try_set(false);
                    if !words.is_empty() {
                        self.toasts.ok(words);
                    }
                }
                Err(words) => {
                    // Closed meanwhile: then beside the page is where it is seen.
                    if self.open.try_get_untracked() == Some(true) {
                        self.wrong.try_set(Some(words));
                    } else {
                        self.toasts.warn(words);
                    }
                }
            }
        });
    }
}

/// A few fields and one thing that is done with them.
pub struct Once {
    /// The fields.
    pub fields: AnyView,
    /// Words on the button.
    pub yes: String,
    /// Test id of the button.
    pub test: &'static str,
    /// Test id of what stands in the way.
    pub error: &'static str,
}

/// The inside of a dialog that does one thing with a few fields; what stands in the way is said under them. `act` looks at
/// the answers at once and ends with what is to be done.
pub fn once(open: RwSignal<bool>, what: Once, act: Box<dyn Fn() -> Result<Work, String>>) -> AnyView {
    let Once { fields, yes, test, error } = what;
    let wrong = RwSignal::new(None::<String>);
    let doing = Doing::showing(open, wrong);
    let go = move || match act() {
        Ok(work) => doing.run(work),
        Err(words) => wrong.set(Some(words)),
    };
    let said = move || {
        wrong.get().map(|words| view! { <p class="error" data-testid=error>{icon("warn")}{words}</p> })
    };
    view! {
        <div class="dialog-body stack">
            {fields}
            <div role="alert">{live(said)}</div>
        </div>
        {doing.foot(yes, test).click(go)}
    }
    .into_any()
}
