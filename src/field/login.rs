//! Signing in: once with a network, then at work without one. The lock screen tells what each account has unsent.

use gridbook_domain::role::password;
use leptos::prelude::*;

use crate::app::{Account, App, Problem, use_app};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::router::use_router;
use crate::ui::toast::use_toasts;

/// Account, password, and the accounts that were here before.
pub(super) fn page() -> AnyView {
    let app = use_app();
    let router = use_router();
    let toasts = use_toasts();
    let expired = app.session.with_untracked(|session| session.as_ref().is_some_and(|s| s.expired));
    let known = app.accounts();
    let only = match known.as_slice() {
        [one] => one.user.clone(),
        _ => String::new(),
    };
    let user = RwSignal::new(if expired { app.user() } else { only });
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let enter = move || {
        if busy.get_untracked() {
            return;
        }
        let (name, secret) = (user.get_untracked().trim().to_owned(), password.get_untracked());
        if name.is_empty() || secret.is_empty() {
            wrong.set(Some("请填写账号和密码".to_owned()));
            return;
        }
        busy.set(true);
        wrong.set(None);
        leptos::task::spawn_local(async move {
            match app.sign_in(&name, &secret).await {
                Ok(()) => {
                    router.replace("/");
                    toasts.ok("已登录，以后没有信号也能用");
                }
                Err(problem) => {
                    wrong.try_set(Some(words(&problem)));
                    busy.try_set(false);
                }
            }
        });
    };
    let accounts = (!known.is_empty()).then(|| accounts(app, known, user));
    view! {
        <div class="login">
            <main class="login-card card card-body">
                {brand("记在本机，有了网络自动送到镇上")}
                {crate::ui::stuck::stuck(app)}
                {crate::ui::reviewed::left(app)}
                {accounts}
                <form
                    class="login-form"
                    on:submit=move |ev| {
                        ev.prevent_default();
                        enter();
                    }
                >
                    <div class="field">
                        <label class="label" for="login-user">"账号"</label>
                        <input
                            class="input"
                            id="login-user"
                            autocomplete="username"
                            autocapitalize="off"
                            data-testid="login-user"
                            prop:value=move || user.get()
                            on:input=move |ev| user.set(event_target_value(&ev))
                        />
                    </div>
                    {secret("login-password", "密码", "current-password", password)}
                    {error_line(wrong)}
                    {submit("登录", "login-submit", busy)}
                </form>
                <a class="btn btn-quiet btn-wide" href="#/join" data-testid="login-join">"镇上没有服务器：用邀请码加入"</a>
                <p class="login-foot">"只需联网登录一次，以后没有信号也能用。"</p>
            </main>
        </div>
    }
    .into_any()
}

/// Takes up an invitation, or a reset, with a new password.
pub(super) fn invite(code: String) -> AnyView {
    let app = use_app();
    let router = use_router();
    let toasts = use_toasts();
    let (first, second) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    // A code that no longer works says so before anybody thinks up a password; a good one greets by name.
    let name = RwSignal::new(None::<String>);
    let asked = code.clone();
    leptos::task::spawn_local(async move {
        match app.invited(&asked).await {
            Ok(known) => drop(name.try_set(Some(known))),
            Err(problem @ Problem::Refused { .. }) => drop(wrong.try_set(Some(problem.message()))),
            // Without a network the way is still the same; the last step says what is missing.
            Err(_) => {}
        }
    });
    let greeting =
        move || name.get().map(|name| view! { <p class="strong" data-testid="invite-name">{name}</p> });
    let take = move || {
        if busy.get_untracked() {
            return;
        }
        let secret = first.get_untracked();
        if secret != second.get_untracked() {
            wrong.set(Some("两次填写的密码不一样".to_owned()));
            return;
        }
        if let Err(weak) = password("", &secret) {
            wrong.set(Some(weak.to_string()));
            return;
        }
        busy.set(true);
        wrong.set(None);
        let code = code.clone();
        leptos::task::spawn_local(async move {
            match app.accept_invite(&code, &secret).await {
                Ok(()) => {
                    router.replace("/");
                    toasts.ok("密码已设好，以后没有信号也能用");
                }
                Err(problem) => {
                    wrong.try_set(Some(words(&problem)));
                    busy.try_set(false);
                }
            }
        });
    };
    view! {
        <div class="login">
            <main class="login-card card card-body">
                {brand("设一个自己的密码，就可以开始用了")}
                {live(greeting)}
                <form
                    class="login-form"
                    on:submit=move |ev| {
                        ev.prevent_default();
                        take();
                    }
                >
                    {secret("invite-password", "新密码", "new-password", first)}
                    {secret("invite-again", "再填一次", "new-password", second)}
                    {error_line(wrong)}
                    {submit("设好并登录", "invite-submit", busy)}
                </form>
                <p class="login-foot">"密码至少 8 位，不要用电话和生日。"</p>
            </main>
        </div>
    }
    .into_any()
}

/// Joins a township that has no server.
pub(super) fn join(code: String) -> AnyView {
    let router = use_router();
    let toasts = use_toasts();
    let done = move || {
        router.replace("/");
        toasts.ok("已加入，以后没有信号也能用");
    };
    view! {
        <div class="login">
            <main class="login-card card card-body">
                {brand("用镇上发的邀请码加入")}
                {crate::ui::join::form(code, done)}
                <a class="btn btn-quiet btn-wide" href="#/">"返回登录"</a>
            </main>
        </div>
    }
    .into_any()
}

fn brand(words: &'static str) -> AnyView {
    view! {
        <div class="login-brand">
            <img src="icons/icon.svg" alt="" />
            <div>
                <h1 class="record-title" tabindex="-1">"网格簿"</h1>
                <p>{words}</p>
            </div>
        </div>
    }
    .into_any()
}

/// A password with its label.
pub(super) fn secret(
    id: &'static str,
    label: &'static str,
    complete: &'static str,
    value: RwSignal<String>,
) -> AnyView {
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <input
                class="input"
                id=id
                type="password"
                autocomplete=complete
                data-testid=id
                prop:value=move || value.get()
                on:input=move |ev| value.set(event_target_value(&ev))
            />
        </div>
    }
    .into_any()
}

/// What went wrong, read out.
pub(super) fn error_line(wrong: RwSignal<Option<String>>) -> AnyView {
    let draw = move || {
        wrong.get().map(|words| view! { <p class="error" data-testid="form-error">{icon("warn")}{words}</p> })
    };
    view! { <div role="alert">{live(draw)}</div> }.into_any()
}

pub(super) fn submit(words: &'static str, test: &'static str, busy: RwSignal<bool>) -> AnyView {
    view! {
        <button
            class="btn btn-primary btn-wide"
            type="submit"
            data-testid=test
            aria-busy=move || if busy.get() { "true" } else { "false" }
        >
            {words}
        </button>
    }
    .into_any()
}

fn words(problem: &Problem) -> String {
    match problem {
        Problem::Offline => "现在连不上网络。第一次登录需要网络；本机已有的记录都在，没有丢。".to_owned(),
        other => other.message(),
    }
}

fn accounts(app: App, known: Vec<Account>, user: RwSignal<String>) -> AnyView {
    let now = app.now_ms();
    let list = known
        .into_iter()
        .map(|account| {
            let unsent = (account.unsent > 0).then(|| {
                let age = account
                    .oldest_ms
                    .map(|ms| format!(" · 最早 {}前", format::span(ms, now)))
                    .unwrap_or_default();
                view! { <span class="account-unsent">{format!("{} 条未送{age}", account.unsent)}</span> }
            });
            let (name, id) = (account.name.clone(), account.user.clone());
            view! {
                <button
                    class="account"
                    type="button"
                    data-testid="account"
                    on:click=move |_| {
                        user.set(id.clone());
                        crate::ui::dom::focus("#login-password");
                    }
                >
                    {icon("lock")}
                    <span class="account-name">{if name.is_empty() { account.user } else { name }}</span>
                    {unsent}
                </button>
            }
            .into_any()
        })
        .collect_view();
    view! { <div class="accounts" aria-label="本机的账号" role="group">{list}</div> }.into_any()
}
