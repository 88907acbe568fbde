//! A screen of the phone: bar, middle, bar.

use gridbook_sync::engine::{Phase, Trouble};
use leptos::prelude::*;

use crate::app::use_app;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::router::use_router;

/// Which of the four tabs a screen belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Home,
    Households,
    Records,
    Me,
}

/// A screen being put together.
pub(super) struct Screen {
    title: String,
    heading: Option<AnyView>,
    sub: Option<AnyView>,
    back: Option<String>,
    tab: Option<Tab>,
    foot: Option<AnyView>,
    action: Option<AnyView>,
}

impl Screen {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            heading: None,
            sub: None,
            back: None,
            tab: None,
            foot: None,
            action: None,
        }
    }

    /// The title as it stands on the page, where it may change while the page is open; see [`call`].
    pub(super) fn heading(mut self, heading: AnyView) -> Self {
        self.heading = Some(heading);
        self
    }

    /// A line under the title.
    pub(super) fn sub(mut self, sub: AnyView) -> Self {
        self.sub = Some(sub);
        self
    }

    /// A way back; `home` is where it leads when the app was opened here.
    pub(super) fn back(mut self, home: impl Into<String>) -> Self {
        self.back = Some(home.into());
        self
    }

    pub(super) fn tab(mut self, tab: Tab) -> Self {
        self.tab = Some(tab);
        self
    }

    /// A bar of its own at the bottom.
    pub(super) fn foot(mut self, foot: AnyView) -> Self {
        self.foot = Some(foot);
        self
    }

    /// Something in the place of the lamp.
    pub(super) fn action(mut self, action: AnyView) -> Self {
        self.action = Some(action);
        self
    }

    pub(super) fn view(self, body: AnyView) -> AnyView {
        let router = use_router();
        let back = self.back.map(|home| {
            view! {
                <button
                    class="appbar-back"
                    type="button"
                    aria-label="返回"
                    data-testid="back"
                    on:click=move |_| router.back(&home)
                >
                    {icon("back")}
                </button>
            }
        });
        let sub = self.sub.map(|sub| view! { <p class="appbar-sub">{sub}</p> });
        let end = self.action.unwrap_or_else(lamp);
        let foot = self.foot.or_else(|| self.tab.map(tabbar));
        call(&self.title);
        let heading = self.heading.unwrap_or_else(|| self.title.into_any());
        view! {
            <div class="screen">
                <header class="appbar">
                    {back}
                    <div class="appbar-text">
                        <h1 class="appbar-title" tabindex="-1">{heading}</h1>
                        {sub}
                    </div>
                    {end}
                </header>
                <main class="screen-body">{crate::ui::stuck::stuck(use_app())}{body}</main>
                {foot}
            </div>
        }
        .into_any()
    }
}

/// Gives the window a page's name.
pub(super) fn call(title: &str) {
    document().set_title(&format!("{title} · 网格簿"));
}

/// Where synchronisation stands, in two words.
pub(super) fn lamp() -> AnyView {
    let app = use_app();
    // Before anybody has signed in there is nothing to synchronise.
    if app.session.with_untracked(Option::is_none) {
        return ().into_any();
    }
    let state = Memo::new(move |_| {
        let expired = app.session.with(|session| session.as_ref().is_some_and(|s| s.expired));
        app.sync.with(|sync| {
            let waiting = sync.unsent.waiting;
            if sync.unsent.held > 0 {
                ("error", "需处理".to_owned())
            } else if sync.alone() {
                ("offline", "只存本机".to_owned())
            } else if expired && sync.trouble != Some(Trouble::Disabled) {
                ("warn", "要重新登录".to_owned())
            } else if sync.phase != Phase::Idle {
                ("busy", "正在同步".to_owned())
            } else if !sync.online || sync.trouble == Some(Trouble::Offline) {
                ("offline", with_count("离线", waiting, sync.photos))
            } else if let Some(trouble) = &sync.trouble {
                let words = match trouble {
                    Trouble::Backend(403) => "后端不让进",
                    Trouble::Backend(_) => "服务器忙",
                    Trouble::Store(_) => "存储出错",
                    Trouble::TooOld => "请更新应用",
                    Trouble::SignedOut => "要重新登录",
                    Trouble::Disabled => "账号已停用",
                    Trouble::Offline => "离线",
                };
                ("warn", with_count(words, waiting, sync.photos))
            } else if waiting > 0 {
                ("warn", format!("{waiting} 条待同步"))
            } else if sync.photos > 0 {
                ("warn", format!("{} 张照片待传", sync.photos))
            } else if sync.last_ok_ms.is_none() {
                // Nothing has come yet: an empty list is not the truth.
                ("busy", "正在同步".to_owned())
            } else if !sync.aside.is_empty() {
                ("warn", "签名不符".to_owned())
            } else {
                ("ok", "已同步".to_owned())
            }
        })
    });
    view! {
        <a class="lamp" data-state=move || state.get().0 href="#/me" data-testid="lamp">
            <span class="lamp-dot"></span>
            <span>{live(move || state.get().1)}</span>
        </a>
    }
    .into_any()
}

/// What is in the way, and what waits because of it: records first, photos when nothing else does.
fn with_count(words: &str, records: usize, photos: usize) -> String {
    match (records, photos) {
        (0, 0) => words.to_owned(),
        (0, photos) => format!("{words} · {photos} 张"),
        (records, _) => format!("{words} · {records} 条"),
    }
}

fn tabbar(current: Tab) -> AnyView {
    let tab =
        |this: Tab, href: &'static str, symbol: &'static str, words: &'static str, test: &'static str| {
            view! {
                <a class="tab" href=href aria-current=(this == current).then_some("page") data-testid=test>
                    {icon(symbol)}
                    <span>{words}</span>
                </a>
            }
            .into_any()
        };
    view! {
        <nav class="tabbar" aria-label="主导航">
            {tab(Tab::Home, "#/", "home", "今天", "tab-home")}
            {tab(Tab::Households, "#/households", "house", "户", "tab-households")}
            {tab(Tab::Records, "#/records", "list", "记录", "tab-records")}
            {tab(Tab::Me, "#/me", "me", "我的", "tab-me")}
        </nav>
    }
    .into_any()
}
