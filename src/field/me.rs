//! 我的: the account, synchronisation, the device's room, look, help.

mod help;
mod look;
mod photos;
mod safety;

use gridbook_domain::password::check as check_password;
use gridbook_sync::engine::{Phase, Trouble};
use leptos::prelude::*;

use super::login::{error_line, secret, submit};
use super::screen::{Screen, Tab};
use crate::app::{App, use_app};
use crate::ui::again;
use crate::ui::aside;
use crate::ui::check;
use crate::ui::clock;
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::router::use_router;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;
use crate::ui::unread;

pub(super) use help::{change_phone, install};
pub(super) use look::watch_updates;
pub(super) use safety::{backend, carry};

pub(super) fn page() -> AnyView {
    let app = use_app();
    let body = view! {
        {look::update_banner(app)}
        {account(app)}
        {sync(app)}
        {photos::card(app)}
        {safety::storage(app)}
        {look::look()}
        {help::links(app)}
        {leave(app)}
    };
    Screen::new("我的").tab(Tab::Me).view(body.into_any())
}

fn account(app: App) -> AnyView {
    let draw = move || {
        let session = app.session.get()?;
        let package = app.package();
        let today = app.today();
        let profile = session.profile;
        let mut roles: Vec<String> = Vec::new();
        for held in profile.actor.assignments.iter().filter(|held| held.valid_on(today)) {
            let label = package.role(&held.role).map_or_else(|| held.role.clone(), |role| role.label.clone());
            if !roles.contains(&label) {
                roles.push(label);
            }
        }
        let demo = profile.demo.then(|| view! { <span class="tag tag-info">"演示数据"</span> });
        let name = if profile.name.is_empty() { profile.user.clone() } else { profile.name };
        Some(view! {
            <article class="card card-body record-head">
                <h2 class="record-title" data-testid="me-name">{name}</h2>
                <p class="muted">{format!("{} · {}", profile.township.name, roles.join("、"))}</p>
                <div class="record-tags"><span class="tag">{format!("账号 {}", profile.user)}</span>{demo}</div>
            </article>
        })
    };
    live(draw)
}

fn sync(app: App) -> AnyView {
    let words = move || {
        let now = app.now_ms();
        app.sync.with(|sync| {
            let last = match sync.last_ok_ms {
                Some(ms) => format!("上次同步 {}", format::when(ms, now)),
                None => "这次打开后还没有同步成功".to_owned(),
            };
            let what = match (&sync.phase, &sync.trouble) {
                (Phase::Idle, _) if sync.alone() => "只存本机，没有选后端；请用随身文件带走记录".to_owned(),
                (Phase::Idle, None) => "同步正常".to_owned(),
                (Phase::Idle, Some(Trouble::Offline)) => "没有网络，记录都存在本机".to_owned(),
                (Phase::Idle, Some(Trouble::SignedOut)) => "登录已过期，要重新登录一次；记录都在".to_owned(),
                (Phase::Idle, Some(Trouble::Disabled)) => "账号已停用；没送出的内容正交给镇里核实".to_owned(),
                (Phase::Idle, Some(Trouble::Backend(403))) => {
                    "后端不让这个账号进去，记录都在本机。请到“后端”核对账号和密码".to_owned()
                }
                (Phase::Idle, Some(Trouble::Backend(status))) => format!("服务器忙（{status}），会自动再试"),
                (Phase::Idle, Some(Trouble::TooOld)) => "应用版本太旧，请更新后再同步；记录都在".to_owned(),
                (Phase::Idle, Some(Trouble::Store(_))) => {
                    "手机存储暂时用不了，请关掉其他页面后再试".to_owned()
                }
                (Phase::Push, _) => "正在送出记录…".to_owned(),
                (Phase::Photos, _) => "正在传照片…".to_owned(),
                _ => "正在同步…".to_owned(),
            };
            (what, last)
        })
    };
    let counts = move || app.sync.with(|sync| (sync.unsent.waiting, sync.unsent.held, sync.photos));
    let stat = |number: usize, label: &'static str, class: &'static str, test: &'static str| {
        view! {
            <div class=class>
                <span class="stat-value" data-testid=test>{number}</span>
                <span class="stat-label">{label}</span>
            </div>
        }
        .into_any()
    };
    let stats = move || {
        let (waiting, held, photos) = counts();
        let tone = |on: bool, class: &'static str| if on { class } else { "stat" };
        view! {
            <div class="stats">
                {stat(waiting, "条待同步", tone(waiting > 0, "stat stat-warn"), "me-unsent")}
                {stat(photos, "张照片待传", tone(photos > 0, "stat stat-warn"), "me-photos")}
                {stat(held, "条需处理", tone(held > 0, "stat stat-danger"), "me-held")}
            </div>
        }
    };
    let busy = move || app.sync.with(|sync| sync.phase != Phase::Idle);
    let expired = move || {
        app.session.with(|s| s.as_ref().is_some_and(|s| s.expired)).then(|| {
            let again = view! { <a class="btn btn-small" href="#/login">"重新登录"</a> }.into_any();
            banner(Tone::Warn, "key", "登录已过期，暂停同步", "记录都在，可以继续记。", vec![again])
        })
    };
    view! {
        <article class="card" id="sync">
            <div class="card-head"><h2 class="card-title">"同步"</h2></div>
            <div class="card-body stack">
                {live(expired)}
                {aside::banner_of_aside()}
                {again::banner_of_held()}
                {clock::banner_of_clock()}
                {unread::banner_of_unread()}
                {live(stats)}
                <p role="status" data-testid="sync-words">{live(move || words().0)}</p>
                <p class="muted small">{live(move || words().1)}</p>
                <button
                    class="btn btn-primary btn-wide"
                    type="button"
                    data-testid="sync-now"
                    aria-busy=move || if busy() { "true" } else { "false" }
                    on:click=move |_| app.wake()
                >
                    {icon("sync")}
                    "立即同步"
                </button>
                {check::line()}
            </div>
        </article>
    }
    .into_any()
}

fn leave(app: App) -> AnyView {
    let router = use_router();
    let open = RwSignal::new(false);
    // Only with the number in its words is the dialog another one.
    let waiting = Memo::new(move |_| app.sync.with(|sync| sync.unsent.waiting));
    let ask = move || {
        let waiting = waiting.get();
        let text = if waiting > 0 {
            format!(
                "还有 {waiting} 条没有送出。退出后它们留在本机，不会丢；下次登录这个账号才会继续送。建议先同步或导出。"
            )
        } else if app.is_local() {
            "退出后要输您在这部手机上设的口令才能打开，不用联网。记录留在本机，不会丢。".to_owned()
        } else {
            "退出后本机要联网重新登录才能打开。记录留在本机，不会丢。".to_owned()
        };
        Confirm { title: "退出登录？".to_owned(), text, yes: "退出".to_owned(), danger: waiting > 0 }
    };
    let dialog = move || {
        confirm(open, ask(), move || {
            leptos::task::spawn_local(async move {
                app.sign_out().await;
                router.replace("/login");
            });
        })
    };
    view! {
        {opener(open, "btn btn-danger btn-wide", "sign-out", Some("logout"), "退出登录")}
        {live(dialog)}
    }
    .into_any()
}

/// A new password.
pub(super) fn password() -> AnyView {
    let app = use_app();
    let router = use_router();
    let toasts = use_toasts();
    let (old, new, again) =
        (RwSignal::new(String::new()), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let change = move || {
        if busy.get_untracked() {
            return;
        }
        if let Err(unfit) = check_password(&new.get_untracked(), &again.get_untracked()) {
            wrong.set(Some(unfit.message().to_owned()));
            return;
        }
        busy.set(true);
        wrong.set(None);
        leptos::task::spawn_local(async move {
            match app.change_password(&old.get_untracked(), &new.get_untracked()).await {
                Ok(()) => {
                    toasts.ok("密码已改好");
                    router.back("/me");
                }
                Err(problem) => {
                    wrong.try_set(Some(problem.message()));
                    busy.try_set(false);
                }
            }
        });
    };
    let body = view! {
        <form
            class="card card-body login-form"
            on:submit=move |ev| {
                ev.prevent_default();
                change();
            }
        >
            {secret("password-old", "现在的密码", "current-password", old)}
            {secret("password-new", "新密码", "new-password", new)}
            {secret("password-again", "新密码再填一次", "new-password", again)}
            {error_line(wrong)}
            {submit("改密码", "password-submit", busy)}
        </form>
    };
    Screen::new("改密码").back("/me").view(body.into_any())
}
