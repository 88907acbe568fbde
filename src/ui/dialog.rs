//! Dialogs over the page: the browser's own `<dialog>`, so that focus and Escape are right.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use super::Draw;
use super::icon::icon;
use crate::ui::live;

/// A dialog that is there while `open` holds; its inside is drawn when it opens.
pub fn dialog(open: RwSignal<bool>, class: &'static str, title: impl Into<String>, inside: Draw) -> AnyView {
    let node = NodeRef::<html::Dialog>::new();
    let title: String = title.into();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            // An engine without it still shows the dialog, only not on top of everything.
            if !dialog.open() && dialog.show_modal().is_err() {
                dialog.set_open(true);
            }
        } else if dialog.open() {
            dialog.close();
        }
    });
    let label = title.clone();
    view! {
        <dialog
            class=format!("dialog {class}")
            node_ref=node
            aria-label=label
            on:close=move |_| open.set(false)
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
    let act = Arc::new(act);
    let Confirm { title, text, yes, danger } = ask;
    let class = if danger { "btn btn-danger btn-primary" } else { "btn btn-primary" };
    dialog(
        open,
        "",
        title,
        Box::new(move || {
            let act = act.clone();
            view! {
                <div class="dialog-body"><p>{text.clone()}</p></div>
                <div class="dialog-foot">
                    <button class="btn" type="button" on:click=move |_| open.set(false)>"取消"</button>
                    <button
                        class=class
                        type="button"
                        data-testid="confirm-yes"
                        on:click=move |_| {
                            open.set(false);
                            act();
                        }
                    >
                        {yes.clone()}
                    </button>
                </div>
            }
            .into_any()
        }),
    )
}
