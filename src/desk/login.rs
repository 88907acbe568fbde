//! Signing in, and taking up an invitation.

use gridbook_domain::role::password as is_password;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::route::Route;
use crate::app::{Problem, use_app};
use crate::ui::icon::icon;

fn shell(inside: AnyView, foot: &'static str) -> AnyView {
    view! {
        <main class="login">
            <div class="login-card card card-body">
                <div class="login-brand">
                    <img src="icons/icon.svg" alt="" />
                    <div>
                        <h1 class="record-title">"网格簿 · 镇级工作台"</h1>
                        <p class="muted">"登记、转办、回访、销号，一份记录出全部台账"</p>
                    </div>
                </div>
                {inside}
                <p class="login-foot">{foot}</p>
            </div>
        </main>
    }
    .into_any()
}

fn error(text: RwSignal<Option<String>>) -> AnyView {
    (move || {
        text.get().map(|text| {
            view! {
                <p class="error" role="alert" data-testid="desk-login-error">{icon("warn")}{text}</p>
            }
        })
    })
    .into_any()
}

/// The sign-in form, with the accounts that this computer knows.
pub fn sign_in() -> AnyView {
    let app = use_app();
    let user = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let (name, secret) = (user.get_untracked().trim().to_owned(), password.get_untracked());
        if name.is_empty() || secret.is_empty() {
            return failure.set(Some("请填写账号和密码。".to_owned()));
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            if let Err(problem) = app.sign_in(&name, &secret).await {
                let _ = failure.try_set(Some(words(&problem)));
            }
            let _ = busy.try_set(false);
        });
    };
    let known = app
        .accounts()
        .into_iter()
        .map(|account| {
            let name = account.user.clone();
            let unsent = (account.unsent > 0).then(|| format!("{} 条未送", account.unsent));
            view! {
                <button
                    class="account"
                    type="button"
                    on:click=move |_| {
                        user.set(name.clone());
                        crate::ui::dom::focus("#login-password");
                    }
                >
                    {icon("lock")}
                    <span class="account-name">{account.name}</span>
                    <span class="account-unsent">{unsent}</span>
                </button>
            }
        })
        .collect_view();
    let form = view! {
        <div class="accounts">{known}</div>
        <form class="login-form" on:submit=submit>
            <div class="field">
                <label class="label" for="login-user">"账号"</label>
                <input
                    class="input"
                    id="login-user"
                    data-testid="desk-login-user"
                    autocomplete="username"
                    autocapitalize="none"
                    prop:value=move || user.get()
                    on:input=move |event| user.set(event_target_value(&event))
                />
            </div>
            <div class="field">
                <label class="label" for="login-password">"密码"</label>
                <input
                    class="input"
                    id="login-password"
                    data-testid="desk-login-password"
                    type="password"
                    autocomplete="current-password"
                    prop:value=move || password.get()
                    on:input=move |event| password.set(event_target_value(&event))
                />
            </div>
            {error(failure)}
            <button
                class="btn btn-primary btn-wide"
                type="submit"
                data-testid="desk-login-submit"
                aria-busy=move || busy.get().to_string()
                disabled=move || busy.get()
            >
                "登录"
            </button>
        </form>
    };
    let ways = view! {
        {crate::ui::stuck::stuck(app)}
        {crate::ui::reviewed::left(app)}
        {form}
        <div class="cluster">
            <a class="btn btn-quiet" href="#/found" data-testid="login-found">"没有服务器？在这台电脑上建立乡镇"</a>
            <a class="btn btn-quiet" href="#/join" data-testid="login-join">"用邀请码加入"</a>
        </div>
    };
    shell(ways.into_any(), "首次登录要联网。之后断网也能看、能办，有网自动送出。")
}

/// Founding a township where there is no server.
pub fn found() -> AnyView {
    let ways = view! {
        {super::found::found()}
        <a class="btn btn-quiet" href="#/queue">"返回登录"</a>
    };
    shell(ways.into_any(), "有服务器的乡镇不用这一页，请直接登录。")
}

/// Joining a township that has no server.
pub fn join(code: String) -> AnyView {
    shell(crate::ui::join::form(code, || Route::Queue(None).go()), "邀请码由镇上的电脑在“人员”里发。")
}

fn words(problem: &Problem) -> String {
    match problem {
        Problem::Offline => "连不上服务器，还没有登录。请检查网络后再试。".to_owned(),
        other => other.message(),
    }
}

/// A new password for an invitation or a reset, then inside.
pub fn invite(code: String) -> AnyView {
    let app = use_app();
    let password = RwSignal::new(String::new());
    let again = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let failure = RwSignal::new(None);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let secret = password.get_untracked();
        if secret != again.get_untracked() {
            return failure.set(Some("两次输入的密码不一样，请重新输入。".to_owned()));
        }
        if let Err(weak) = is_password("", &secret) {
            return failure.set(Some(format!("{weak}。")));
        }
        busy.set(true);
        failure.set(None);
        let code = code.clone();
        spawn_local(async move {
            match app.accept_invite(&code, &secret).await {
                Ok(()) => Route::Queue(None).go(),
                Err(problem) => {
                    let _ = failure.try_set(Some(words(&problem)));
                }
            }
            let _ = busy.try_set(false);
        });
    };
    let line = |id: &'static str, label: &'static str, value: RwSignal<String>| {
        view! {
            <div class="field">
                <label class="label" for=id>{label}</label>
                <input
                    class="input"
                    id=id
                    data-testid=id
                    type="password"
                    autocomplete="new-password"
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
            </div>
        }
    };
    let form = view! {
        <form class="login-form" on:submit=submit>
            <p class="strong">"设置登录密码"</p>
            {line("invite-password", "新密码（至少 8 位）", password)}
            {line("invite-again", "再输一次", again)}
            {error(failure)}
            <button
                class="btn btn-primary btn-wide"
                type="submit"
                data-testid="invite-submit"
                disabled=move || busy.get()
            >
                "保存并登录"
            </button>
        </form>
    };
    shell(form.into_any(), "邀请只能用一次。用过或过期，请找镇网格专干重新邀请。")
}
