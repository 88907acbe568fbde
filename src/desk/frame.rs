//! The frame of every screen: top bar with the state of synchronisation, navigation, the screen, short messages.

use gridbook_domain::role::{grants_by_name, holds};
use gridbook_sync::engine::{Phase, Trouble};
use leptos::prelude::*;

use super::later::{self, Later};
use super::queue::{provide_items, use_items};
use super::route::{Route, route};
use super::{login, queue, rules};
use crate::app::App;
use crate::ui::clock::banner_of_clock;
use crate::ui::directory::provide_directory;
use crate::ui::format::when;
use crate::ui::icon::icon;
use crate::ui::later::Rest;
use crate::ui::reviewed;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::provide_toasts;

/// The whole desk.
pub fn desk(app: App) -> AnyView {
    let toasts = provide_toasts();
    provide_directory();
    let route = route();
    let user = Memo::new(move |_| app.session.with(|s| s.as_ref().map(|s| s.profile.user.clone())));
    // Only what decides: another record in the address must not redraw the desk.
    let invited = Memo::new(move |_| match route.get() {
        way @ (Route::Invite(_) | Route::Join(_)) => Some(way),
        // Whoever is inside has a township.
        Route::Found if user.with(Option::is_none) => Some(Route::Found),
        _ => None,
    });
    let screen = move || match (invited.get(), user.get()) {
        (Some(route), _) => later::view(move |part| (part.enter)(route.clone())),
        (None, None) => login::sign_in(),
        (None, Some(_)) => inside(app, route),
    };
    view! {
        {screen}
        {toasts.view()}
    }
    .into_any()
}

/// Which screen, without the record that it shows: a change of record redraws only the pane.
fn name(route: &Route) -> &'static str {
    match route {
        Route::Queue(_) => "queue",
        Route::New(_) => "new",
        Route::Ledger => "ledger",
        Route::Import => "import",
        Route::Households(_) => "households",
        Route::Mediation(_) => "mediation",
        Route::Roster => "roster",
        Route::Papers(..) => "papers",
        Route::Books(_) => "books",
        Route::Rules(_) => "rules",
        Route::Handover(_) => "handover",
        Route::Confidential(_) => "confidential",
        Route::Areas => "areas",
        Route::Tasks => "tasks",
        Route::Warnings => "warnings",
        Route::Zero => "zero",
        Route::Staff => "staff",
        Route::Review => "review",
        Route::Me => "me",
        Route::Invite(_) | Route::Join(_) => "invite",
        Route::Found => "found",
    }
}

fn inside(app: App, route: RwSignal<Route>) -> AnyView {
    let here = Memo::new(move |_| route.with(name));
    provide_items(app);
    let screen = move || match here.get() {
        "queue" => untrack(|| queue::queue(route)),
        name => later::view(move |part| (part.open)(name, route)),
    };
    view! {
        <a class="skip-link" href="#main" on:click=move |event| {
            event.prevent_default();
            crate::ui::dom::focus("#main");
        }>"跳到正文"</a>
        <div class="desk">
            {top(app)}
            {nav(app, here)}
            <main class="desk-main" id="main" tabindex="-1">
                {crate::ui::stuck::stuck(app)}
                {expired(app)}
                {banner_of_clock()}
                {reviewed::told(app)}
                {Rest::<Later>::held().view(|part| (part.alarms)(), |_| ().into_any())}
                {screen}
            </main>
        </div>
    }
    .into_any()
}

/// Another document in the address draws the page anew.
fn top(app: App) -> AnyView {
    let township = move || app.session.with(|s| s.as_ref().map(|s| s.profile.township.name.clone()));
    let person = move || app.session.with(|s| s.as_ref().map(|s| s.profile.name.clone()));
    let demo = move || app.session.with(|s| s.as_ref().is_some_and(|s| s.profile.demo));
    view! {
        <header class="desk-top">
            <a class="desk-brand" href="#/queue"><img src="icons/icon.svg" alt="" />"网格簿"</a>
            <span class="desk-place">
                {township}
                {move || demo().then_some("（演示数据，人名均为虚构）")}
            </span>
            {lamp(app)}
            <a class="desk-user" href="#/me" data-testid="desk-me">{icon("me")}{person}</a>
        </header>
    }
    .into_any()
}

/// Where synchronisation stands: a lamp with words; a click synchronises now.
fn lamp(app: App) -> AnyView {
    let state = Memo::new(move |_| {
        let view = app.sync.get();
        let (waiting, held) = (view.unsent.waiting, view.unsent.held);
        match (&view.trouble, view.phase) {
            _ if view.alone() => ("offline", "只存本机，没有选后端".to_owned()),
            (Some(Trouble::SignedOut), _) => ("error", "登录已过期".to_owned()),
            (Some(Trouble::Disabled), _) => ("error", "账号已停用，没送出的正交给镇里核实".to_owned()),
            (Some(Trouble::TooOld), _) => ("error", "请更新网格簿".to_owned()),
            (_, phase) if phase != Phase::Idle => ("busy", "正在同步".to_owned()),
            (Some(Trouble::Offline), _) if waiting > 0 => {
                ("offline", format!("没有网络，{waiting} 条待同步"))
            }
            (Some(Trouble::Offline), _) => ("offline", "没有网络，照常可用".to_owned()),
            (Some(Trouble::Backend(403)), _) => {
                ("warn", format!("后端不让进，{waiting} 条待同步，请到“我的”核对账号"))
            }
            (Some(Trouble::Store(_)), _) => {
                ("warn", "这台电脑的存储暂时用不了，请关掉其他页面，重新打开".to_owned())
            }
            (Some(Trouble::Backend(_)), _) => ("warn", format!("服务器忙，{waiting} 条待同步，会自动再试")),
            (None, _) if held > 0 => ("error", format!("{held} 条未被接收，见“我的”")),
            (None, _) if waiting > 0 => ("busy", format!("{waiting} 条待同步")),
            (None, _) if view.photos > 0 => ("busy", format!("{} 张照片待传", view.photos)),
            (None, _) if view.last_ok_ms.is_none() => ("busy", "等待同步".to_owned()),
            (None, _) if !view.aside.is_empty() => ("warn", "有记录签名不符，见“我的”".to_owned()),
            (None, _) => ("ok", "已同步".to_owned()),
        }
    });
    let hint = move || {
        let last = app.sync.with(|view| view.last_ok_ms);
        last.map_or_else(
            || "点一下立即同步".to_owned(),
            |ms| format!("上次同步：{}。点一下立即同步", when(ms, app.now_ms())),
        )
    };
    view! {
        <button
            class="lamp"
            type="button"
            data-testid="sync-state"
            data-state=move || state.with(|state| state.0)
            data-unsent=move || app.sync.with(|view| view.unsent.waiting.to_string())
            title=hint
            on:click=move |_| app.wake()
        >
            <span class="lamp-dot"></span>
            <span>{move || state.get().1}</span>
        </button>
    }
    .into_any()
}

fn expired(app: App) -> AnyView {
    (move || {
        let view = app.session.with(|s| s.as_ref().is_some_and(|s| s.expired));
        view.then(|| {
            let again = view! {
                <button
                    class="btn btn-small"
                    type="button"
                    on:click=move |_| leptos::task::spawn_local(async move { app.sign_out().await })
                >
                    "重新登录"
                </button>
            };
            banner(
                Tone::Warn,
                "key",
                "登录已过期，暂停同步",
                "已办的都存在这台电脑上，可以继续办。重新登录后自动送出。",
                vec![again.into_any()],
            )
        })
    })
    .into_any()
}

fn nav(app: App, here: Memo<&'static str>) -> AnyView {
    let may = move |permission: &'static str| {
        app.session.track();
        holds(&app.package(), &app.actor(), permission, app.today())
    };
    let items = use_items();
    let waiting = Memo::new(move |_| items.with(|items| items.list.iter().filter(|item| item.mine).count()));
    let applied = Memo::new(move |_| rules::waiting(app));
    let link = move |name: &'static str, symbol: &'static str, words: &'static str| {
        let current = move || (here.get() == name).then_some("page");
        view! {
            <a class="desk-link" href=format!("#/{name}") aria-current=current data-testid=format!("nav-{name}")>
                {icon(symbol)}
                <span>{words}</span>
                {move || {
                    let count = match name {
                        "queue" => waiting.get(),
                        "rules" => applied.get(),
                        _ => 0,
                    };
                    (count > 0).then(|| view! { <span class="count">{count}</span> })
                }}
            </a>
        }
        .into_any()
    };
    let grants = move || grants_by_name(&app.package(), &app.actor(), app.today());
    let staff = move || may("user.manage") || may("directory.edit") || grants() && !app.is_local();
    let list = move || {
        app.session.track();
        rules::has_part(app)
    };
    let manages = move || may("data.import") || staff() || list() || may("handover.start");
    view! {
        <nav class="desk-nav" aria-label="主导航">
            {link("queue", "inbox", "待办")}
            {move || {
                app.session.track();
                (app.in_confidence(true) && !app.is_local())
                    .then(|| link("confidential", "key", "保密反映"))
            }}
            {move || may("warning.announce").then(|| link("warnings", "attention", "预警和政策"))}
            {move || (may("zero.declare") || may("report.view")).then(|| link("zero", "clock", "零报告"))}
            <p class="desk-nav-title">"台账"</p>
            {link("ledger", "table", "事项台账")}
            {move || may("report.view").then(|| link("books", "star", "统计台账"))}
            {move || may("household.view").then(|| link("households", "house", "户"))}
            {move || may("mediation.file").then(|| link("mediation", "dispute", "调解卷宗"))}
            {move || {
                (may("mediation.file") || may("directory.edit")).then(|| link("roster", "users", "调解员名册"))
            }}
            {move || may("visit.plan").then(|| link("tasks", "visit", "走访任务"))}
            {move || {
                manages().then(|| view! { <p class="desk-nav-title">"管理"</p> })
            }}
            {move || may("data.import").then(|| link("import", "upload", "导入"))}
            {move || staff().then(|| link("staff", "users", "人员"))}
            {move || (may("directory.edit") && !app.is_local()).then(|| link("review", "key", "待核实"))}
            {move || may("handover.start").then(|| link("handover", "send", "网格交接"))}
            {move || {
                (may("directory.edit") && may("record.place")).then(|| link("areas", "pin", "网格调整"))
            }}
            {move || list().then(|| link("rules", "file", "清单和日历"))}
            <p class="desk-nav-title">"本人"</p>
            {link("me", "me", "我的")}
        </nav>
    }
    .into_any()
}
