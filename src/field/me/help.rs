//! Guides: putting the app on the home screen, changing the phone, where to complain.

use gridbook_domain::backend::{Destination, Left, steps};
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::safety::carry_link;
use crate::app::{App, use_app};
use crate::field::screen::Screen;
use crate::ui::dom::agent;
use crate::ui::format;
use crate::ui::icon::{chevron, icon};
use crate::ui::live;
use crate::ui::states::{Tone, banner};

fn link(href: &'static str, symbol: &'static str, words: &'static str, test: &'static str) -> AnyView {
    view! {
        <li>
            <a class="row" href=href data-testid=test>
                <span class="row-lead">{icon(symbol)}</span>
                <span class="row-main"><span class="row-title">{words}</span></span>
                {chevron()}
            </a>
        </li>
    }
    .into_any()
}

/// Links to the guides, complaints, the version.
pub(super) fn links(app: App) -> AnyView {
    let phone = app.session.with_untracked(|s| s.as_ref().and_then(|s| s.profile.township.phone.clone()));
    let call = phone.map(|number| {
        view! {
            <a class="btn btn-wide" href=format!("tel:{number}") data-testid="complaint-call">
                {icon("phone")}
                {format!("打给镇上 {}", format::phone(&number))}
            </a>
        }
    });
    let version = app.package().version.clone();
    view! {
        <ul class="rows">
            {link("#/me/install", "install", "装到手机桌面", "me-install")}
            {link("#/me/phone", "share", "换手机", "me-phone")}
            {link("#/me/backend", "unit", "后端：记录送到哪里", "me-backend")}
            {(!app.is_local()).then(|| link("#/me/password", "key", "改密码", "me-password"))}
        </ul>
        <article class="card">
            <div class="card-head"><h2 class="card-title">"意见与投诉"</h2></div>
            <div class="card-body stack">
                <p>"用得不顺手、填得重复、数据不对，或者有人拿它查岗、排名，都可以直接说。镇上收到后要答复，不影响您的工作评价。"</p>
                {call}
                <p class="muted small">"也可以打 12345。"</p>
            </div>
        </article>
        <p class="muted small" data-testid="version">
            {format!("网格簿 {} · 基础数据 {version}", env!("CARGO_PKG_VERSION"))}
        </p>
    }
    .into_any()
}

/// How to go on with a new phone.
pub(in crate::field) fn change_phone() -> AnyView {
    let app = use_app();
    // Nothing is called sent before it is known what was begun.
    let drafts = RwSignal::new(None::<usize>);
    Effect::new(move |_| {
        app.version.track();
        leptos::task::spawn_local(async move {
            if let Ok(found) = app.drafts().await {
                drafts.try_set(Some(found.len()));
            }
        });
    });
    let goes = Memo::new(move |_| app.sync.with(|sync| sync.goes));
    let left = Memo::new(move |_| {
        let drafts = drafts.get()?;
        let (unsent, photos) = app.sync.with(|sync| (sync.unsent, sync.photos));
        Some(Left { waiting: unsent.waiting, held: unsent.held, photos, drafts })
    });
    let state = move || {
        let (left, goes) = (left.get()?, goes.get());
        let shown = if !left.is_nothing() {
            banner(
                Tone::Warn,
                "attention",
                format!("先别换：还有 {}", left.words()),
                left.advice(goes),
                Vec::new(),
            )
        } else if goes == Destination::Alone {
            let text = "没有后端，新手机上不会自动下载。用随身文件带走，装全部记录和照片。";
            banner(Tone::Warn, "attention", "这部手机上的记录别处没有", text, Vec::new())
        } else {
            banner(Tone::Ok, "check", "这部手机上的记录都已送出", "可以放心换手机。", Vec::new())
        };
        Some(view! { <div data-testid="phone-state">{shown}</div> })
    };
    let list = move || {
        let steps = steps(goes.get(), app.is_local());
        steps.iter().map(|step| view! { <li>{*step}</li> }.into_any()).collect_view()
    };
    let body = view! {
        {live(state)}
        <article class="card card-body install">
            <ol data-testid="phone-steps">{live(list)}</ol>
        </article>
        <a class="btn btn-primary" href="#/me">"去同步"</a>
        {carry_link()}
    };
    Screen::new("换手机").back("/me").view(body.into_any())
}

/// Which guide fits this browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Browser {
    /// Inside another app: it cannot be installed from here.
    Embedded,
    /// Safari on a phone.
    Apple,
    /// Browsers of UC, QQ, Huawei and the like.
    Menu,
    /// Chrome, Edge, Samsung.
    Prompt,
}

fn browser() -> Browser {
    let agent = agent();
    let has = |names: &[&str]| names.iter().any(|name| agent.contains(name));
    if has(&["MicroMessenger", "DingTalk", "wxwork", "Weibo"]) {
        Browser::Embedded
    } else if has(&["iPhone", "iPad"]) {
        Browser::Apple
    } else if has(&[
        "UCBrowser",
        "MQQBrowser",
        "QQ/",
        "HuaweiBrowser",
        "MiuiBrowser",
        "VivoBrowser",
        "HeyTapBrowser",
        "Quark",
    ]) {
        Browser::Menu
    } else {
        Browser::Prompt
    }
}

/// How to put the app on the home screen, for the browser at hand.
pub(in crate::field) fn install() -> AnyView {
    let prompt = RwSignal::new(has_prompt());
    for name in ["gridbook:installable", "gridbook:installed"] {
        let listener = gloo::events::EventListener::new(&window(), name, move |_| {
            prompt.try_set(has_prompt());
        });
        let listener = StoredValue::new_local(Some(listener));
        on_cleanup(move || listener.set_value(None));
    }
    let button = move || {
        prompt.get().then(|| {
            view! {
                <button class="btn btn-primary btn-wide" type="button" data-testid="install-now" on:click=move |_| ask(prompt)>
                    {icon("install")}
                    "装到桌面"
                </button>
            }
        })
    };
    let steps: &[&str] = match browser() {
        Browser::Embedded => &[
            "这里是别的应用里的网页，装不了，退出后数据也可能被清掉。",
            "点右上角“…”，选“在浏览器打开”。",
            "在浏览器里登录，再按那里的步骤装到桌面。",
        ],
        Browser::Apple => &[
            "用 Safari 打开这个网址。",
            "点下方中间的“分享”按钮。",
            "往下找，点“添加到主屏幕”，再点“添加”。",
        ],
        Browser::Menu => &[
            "点浏览器的菜单（通常在下方或右上角）。",
            "选“添加到桌面”或“发送到桌面”。",
            "提示权限时选“允许”。",
        ],
        Browser::Prompt => {
            &["点浏览器右上角的“⋮”。", "选“安装应用”或“添加到主屏幕”。", "从桌面的图标打开，没有信号也能用。"]
        }
    };
    let steps = steps.iter().map(|step| view! { <li>{*step}</li> }.into_any()).collect_view();
    let body = view! {
        {live(button)}
        <article class="card card-body install"><ol>{steps}</ol></article>
        <p class="muted">"装到桌面后打开更快，手机也不容易清掉本机的记录。"</p>
    };
    Screen::new("装到手机桌面").back("/me").view(body.into_any())
}

fn kept_prompt() -> Option<wasm_bindgen::JsValue> {
    Reflect::get(&window(), &"gridbookInstall".into()).ok().filter(|event| event.is_object())
}

fn has_prompt() -> bool {
    kept_prompt().is_some()
}

fn ask(offered: RwSignal<bool>) {
    let Some(event) = kept_prompt() else { return };
    // An offer can be taken once; a browser that would be asked again makes another one.
    let _ = Reflect::set(&window(), &"gridbookInstall".into(), &wasm_bindgen::JsValue::NULL);
    offered.set(false);
    let Some(prompt) =
        Reflect::get(&event, &"prompt".into()).ok().and_then(|f| f.dyn_into::<Function>().ok())
    else {
        return;
    };
    // The browser shows its own dialog; a refusal is an answer, not a failure.
    if let Some(answer) = prompt.call0(&event).ok().and_then(|answer| answer.dyn_into::<Promise>().ok()) {
        leptos::task::spawn_local(async move {
            let _ = wasm_bindgen_futures::JsFuture::from(answer).await;
        });
    }
}
