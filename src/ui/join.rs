//! Joining a township that has no server: the invitation, the digits told by phone, an own secret for this device.

use gridbook_sync::bundle::grouped;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::carry::CarryError;
use crate::app::local::SHORTEST;
use crate::app::{App, use_app};
use crate::ui::icon::icon;
use crate::ui::live;

/// A field with its label.
pub fn line(
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    complete: &'static str,
    value: RwSignal<String>,
) -> AnyView {
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <input
                class="input"
                id=id
                type=kind
                autocapitalize="off"
                autocomplete=complete
                spellcheck="false"
                data-testid=id
                prop:value=move || value.get()
                on:input=move |event| value.set(event_target_value(&event))
            />
        </div>
    }
    .into_any()
}

/// What is wrong with two fillings of a new secret.
pub fn wrong_secret(first: &str, second: &str) -> Option<&'static str> {
    if first.chars().count() < SHORTEST {
        Some("口令至少 6 位")
    } else if first != second {
        Some("两次填写的口令不一样")
    } else {
        None
    }
}

/// What went wrong, read out.
pub fn trouble(wrong: RwSignal<Option<String>>) -> AnyView {
    let draw = move || {
        wrong.get().map(|words| view! { <p class="error" data-testid="form-error">{icon("warn")}{words}</p> })
    };
    view! { <div role="alert">{live(draw)}</div> }.into_any()
}

/// The form; `code` is empty when it is to be pasted. `done` runs when the account is open.
pub fn form(code: String, done: impl Fn() + Clone + Send + Sync + 'static) -> AnyView {
    let app = use_app();
    let pasted = code.is_empty();
    let text = RwSignal::new(code);
    let digits = RwSignal::new(String::new());
    let (first, second) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        if let Some(words) = wrong_secret(&first.get_untracked(), &second.get_untracked()) {
            wrong.set(Some(words.to_owned()));
            return;
        }
        busy.set(true);
        wrong.set(None);
        let done = done.clone();
        spawn_local(async move {
            let joined =
                join(app, &text.get_untracked(), &digits.get_untracked(), &first.get_untracked()).await;
            match joined {
                Ok(()) => done(),
                Err(words) => {
                    wrong.try_set(Some(words));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="login-form" on:submit=submit>
            {pasted.then(|| line("join-code", "邀请码（整段粘贴）", "text", "off", text))}
            {line("join-digits", "邀请上的 12 位数字", "text", "off", digits)}
            {line("join-secret", "给自己设一个口令（至少 6 位）", "password", "new-password", first)}
            {line("join-again", "再填一次", "password", "new-password", second)}
            {trouble(wrong)}
            <button
                class="btn btn-primary btn-wide"
                type="submit"
                data-testid="join-submit"
                aria-busy=move || if busy.get() { "true" } else { "false" }
            >
                {move || if busy.get() { "正在打开…" } else { "加入" }}
            </button>
            <p class="muted small">
                "口令只在这台设备上用，忘了就请镇上重新发邀请码。加入后，能打开镇上共享的人都能看到您写的记录。"
            </p>
        </form>
    }
    .into_any()
}

async fn join(app: App, text: &str, digits: &str, secret: &str) -> Result<(), String> {
    let ticket = app.open_invitation(text, &grouped(digits)).await.map_err(|error| match error {
        CarryError::Passphrase => "12 位数字不对，邀请没有打开。请核对后再试。".to_owned(),
        CarryError::Foreign | CarryError::Damaged => {
            "这不是完整的邀请码，什么也没有改动。请重新扫码，或把链接整段复制过来。".to_owned()
        }
        other => other.message(),
    })?;
    app.join(ticket, secret).await.map_err(|problem| problem.message())
}
