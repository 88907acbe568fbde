//! 后端: where this account's records go, tried before it is chosen, left again with everything.

use std::collections::BTreeSet;

use gloo::timers::callback::Timeout;
use gridbook_domain::backend::Destination;
use gridbook_sync::replica::SendAgain;
use gridbook_sync::share::Verdict;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::{App, Backend, Place, Problem, Relayed, ShareAt, use_app};
use crate::ui::carry::told;
use crate::ui::dialog::{Confirm, confirm};
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::toast::use_toasts;

/// From when on a change that nothing is heard of is explained, in milliseconds.
const SLOW_MS: u32 = 6_000;

/// What a person can choose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Server,
    WebDav,
    CouchDb,
    Alone,
}

impl Kind {
    const ALL: [(Self, &'static str, &'static str); 4] = [
        (Self::Server, "镇里的服务器", "backend-server"),
        (Self::WebDav, "WebDAV 共享文件夹", "backend-webdav"),
        (Self::CouchDb, "CouchDB 数据库", "backend-couchdb"),
        (Self::Alone, "先不用后端，只存本机", "backend-alone"),
    ];

    fn of(backend: &Backend) -> Self {
        match backend {
            Backend::Server => Self::Server,
            Backend::Alone => Self::Alone,
            Backend::Share(at) if at.couch => Self::CouchDb,
            Backend::Share(_) => Self::WebDav,
        }
    }

    const fn destination(self) -> Destination {
        match self {
            Self::Server => Destination::Server,
            Self::WebDav | Self::CouchDb => Destination::Share,
            Self::Alone => Destination::Alone,
        }
    }

    /// What can be done with it, and what cannot.
    fn words(self) -> &'static str {
        match self {
            Self::Server => "按岗位和网格分权限，登记给正式编号，手机丢了可以停用。",
            Self::WebDav | Self::CouchDb => {
                "能打开这个共享的人能看到里面的全部记录，不能按网格或岗位分权限。要有一台镇上的电脑编号和接收，没有时不给正式编号，时限按记录时间起算。适合没有服务器的乡镇。"
            }
            Self::Alone => "记录只在这台设备上，靠随身文件带走。设备丢了或坏了，没有带走的就没有了。",
        }
    }
}

/// What is being filled in.
#[derive(Clone, Copy)]
struct Draft {
    kind: RwSignal<Kind>,
    /// Name at the relay; empty for an address of its own.
    relay: RwSignal<String>,
    address: RwSignal<String>,
    user: RwSignal<String>,
    password: RwSignal<String>,
    everything: RwSignal<bool>,
    tried: RwSignal<Option<Verdict>>,
    /// A test is under way.
    testing: RwSignal<bool>,
    /// The change is under way.
    moving: RwSignal<bool>,
    /// It has been for longer than it takes when nothing is in its way.
    slow: RwSignal<bool>,
    /// How the change goes, and what came along.
    moved: RwSignal<Vec<String>>,
}

impl Draft {
    fn new() -> Self {
        Self {
            kind: RwSignal::new(Kind::Server),
            relay: RwSignal::new(String::new()),
            address: RwSignal::new(String::new()),
            user: RwSignal::new(String::new()),
            password: RwSignal::new(String::new()),
            everything: RwSignal::new(false),
            tried: RwSignal::new(None),
            testing: RwSignal::new(false),
            moving: RwSignal::new(false),
            slow: RwSignal::new(false),
            moved: RwSignal::new(Vec::new()),
        }
    }

    fn fill(self, backend: &Backend) {
        if let Backend::Share(at) = backend {
            match &at.place {
                Place::Address(address) => self.address.set(address.clone()),
                Place::Relay(name) => self.relay.set(name.clone()),
            }
            self.user.set(at.user.clone());
            self.password.set(at.password.clone());
        }
        // Last: it draws the rest.
        self.kind.set(Kind::of(backend));
    }

    fn backend(self) -> Backend {
        let kind = self.kind.get_untracked();
        match kind {
            Kind::Server => Backend::Server,
            Kind::Alone => Backend::Alone,
            Kind::WebDav | Kind::CouchDb => Backend::Share(self.share(kind == Kind::CouchDb)),
        }
    }

    fn share(self, couch: bool) -> ShareAt {
        let relay = self.relay.get_untracked();
        let place = if relay.is_empty() {
            Place::Address(self.address.get_untracked().trim().to_owned())
        } else {
            Place::Relay(relay)
        };
        let user = self.user.get_untracked().trim().to_owned();
        ShareAt { couch, place, user, password: self.password.get_untracked() }
    }

    fn is_busy(self) -> bool {
        self.testing.get() || self.moving.get()
    }

    fn is_share(self) -> bool {
        matches!(self.kind.get(), Kind::WebDav | Kind::CouchDb)
    }
}

/// The card.
pub fn card() -> AnyView {
    let app = use_app();
    let now = RwSignal::new(None::<Backend>);
    let relays = RwSignal::new(Vec::<Relayed>::new());
    let draft = Draft::new();
    spawn_local(async move {
        let backend = app.backend().await;
        draft.fill(&backend);
        now.try_set(Some(backend));
        let found = app.relayed_shares().await;
        relays.try_set(found);
    });
    let current = move || {
        now.get().map(|backend| {
            let kind = Kind::of(&backend);
            let label = Kind::ALL.iter().find(|(one, ..)| *one == kind).map_or("", |(_, label, _)| *label);
            let place = match backend {
                Backend::Share(ShareAt { place: Place::Address(address), .. }) => format!("（{address}）"),
                Backend::Share(ShareAt { place: Place::Relay(name), .. }) => {
                    format!("（经服务器中转：{name}）")
                }
                Backend::Server | Backend::Alone => String::new(),
            };
            view! { <p data-testid="backend-now">{format!("现在用：{label}{place}")}</p> }
        })
    };
    // An account that lives without a server has none to go back to.
    let local = app.is_local();
    let choose = Kind::ALL
        .into_iter()
        .filter(|(kind, ..)| !(local && *kind == Kind::Server))
        .map(|(kind, label, test)| {
            view! {
                <label class="chip">
                    <input
                        type="radio"
                        name="backend-kind"
                        data-testid=test
                        prop:checked=move || draft.kind.get() == kind
                        on:change=move |_| {
                            draft.kind.set(kind);
                            draft.tried.set(None);
                        }
                    />
                    <span class="chip-face">{label}</span>
                </label>
            }
        })
        .collect_view();
    view! {
        <article class="card" id="backend">
            <div class="card-head"><h2 class="card-title">"后端"</h2></div>
            <div class="card-body stack">
                {live(current)}
                <fieldset class="field choice">
                    <legend class="label">"记录送到哪里"</legend>
                    <div class="chips">{choose}</div>
                </fieldset>
                <p class="muted small" data-testid="backend-words">{move || draft.kind.get().words()}</p>
                {live(move || draft.is_share().then(|| place(draft, relays)))}
                {live(move || draft.tried.get().map(verdict))}
                {take(app, draft, now)}
            </div>
        </article>
    }
    .into_any()
}

fn line(
    id: &'static str,
    label: &'static str,
    kind: &'static str,
    value: RwSignal<String>,
    tried: RwSignal<Option<Verdict>>,
) -> AnyView {
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <input
                class="input"
                id=id
                type=kind
                autocapitalize="off"
                autocomplete="off"
                spellcheck="false"
                data-testid=id
                prop:value=move || value.get()
                on:input=move |ev| {
                    value.set(event_target_value(&ev));
                    tried.set(None);
                }
            />
        </div>
    }
    .into_any()
}

/// Where a share is, and the account there.
fn place(draft: Draft, relays: RwSignal<Vec<Relayed>>) -> AnyView {
    let way = move || {
        let mut list: Vec<(String, &'static str)> =
            relays.get().into_iter().map(|Relayed { name }| (name, "")).collect();
        let chosen = draft.relay.get_untracked();
        // Without a network, or taken away by the admin: still what is in use, and one must be able to leave it.
        if !chosen.is_empty() && list.iter().all(|(name, _)| *name != chosen) {
            list.push((chosen.clone(), "（现在没有查到）"));
        }
        (!list.is_empty()).then(|| {
            let options = list
                .into_iter()
                .map(|(name, note)| {
                    let selected = name == chosen;
                    let words = format!("经镇里的服务器中转：{name}{note}");
                    view! { <option value=name selected=selected>{words}</option> }
                })
                .collect_view();
            view! {
                <div class="field">
                    <label class="label" for="backend-relay">"怎样连接"</label>
                    <select
                        class="input"
                        id="backend-relay"
                        data-testid="backend-relay"
                        on:change=move |ev| {
                            draft.relay.set(event_target_value(&ev));
                            draft.tried.set(None);
                        }
                    >
                        <option value="">"直接连接下面的网址"</option>
                        {options}
                    </select>
                </div>
            }
        })
    };
    let address = move || {
        draft
            .relay
            .with(String::is_empty)
            .then(|| line("backend-address", "网址（https:// 开头）", "url", draft.address, draft.tried))
    };
    let app = use_app();
    let test = move |_| {
        if untrack(|| draft.is_busy()) {
            return;
        }
        draft.testing.set(true);
        draft.tried.set(None);
        spawn_local(async move {
            let at = draft.share(draft.kind.get_untracked() == Kind::CouchDb);
            let verdict = app.try_share(&at).await;
            // The page may have been left meanwhile; what was changed meanwhile was not tested.
            if draft.testing.try_set(false).is_none() && draft.backend() == Backend::Share(at) {
                draft.tried.set(Some(verdict));
            }
        });
    };
    view! {
        <div class="stack">
            {live(way)}
            {live(address)}
            {line("backend-user", "账号（没有就不填）", "text", draft.user, draft.tried)}
            {line("backend-password", "密码", "password", draft.password, draft.tried)}
            <button
                class="btn btn-wide"
                type="button"
                data-testid="backend-test"
                aria-busy=move || if draft.testing.get() { "true" } else { "false" }
                prop:disabled=move || draft.moving.get()
                on:click=test
            >
                {icon("check")}
                {move || if draft.testing.get() { "正在测试…" } else { "测试一下" }}
            </button>
        </div>
    }
    .into_any()
}

fn verdict(verdict: Verdict) -> AnyView {
    let (good, words) = match verdict {
        Verdict::Works(_) => (true, "可以用：能写、能读、能列出，试的文件已经删掉。"),
        Verdict::NoSuchFolder => (false, "没有找到这个文件夹或数据库。请核对网址，或请管理员先建好。"),
        Verdict::WrongPassword => (false, "账号或密码不对。请核对后再试。"),
        Verdict::SignedOut => (false, "镇里服务器的登录已过期，没有试成。请重新登录后再试，记录都在。"),
        Verdict::ReadOnly => (false, "能读，不能写。请管理员给这个账号写的权限。"),
        Verdict::NoListing => (false, "不能列出里面有什么。请管理员打开列目录的权限。"),
        Verdict::ChangesBytes => (false, "存进去的内容取出来变了，不能用它保存记录。"),
        Verdict::NotAShare => (false, "这个网址不是 WebDAV 文件夹或 CouchDB 数据库。请核对网址。"),
        Verdict::Unreachable => {
            (false, "连不上。请核对网址和网络；网页不能直接连很多共享，请管理员在服务器上开中转。")
        }
        Verdict::Interrupted => (
            false,
            "网址有回音，但有一步没有等到：也许断网了，也许对方只许网页做一部分事。请再试一次；还不行，请管这个共享的人对本网址放行跨域\
             （GET、PUT、POST、DELETE、PROPFIND、MKCOL），或请管理员在服务器上开中转。",
        ),
        Verdict::Busy => (false, "对方正忙，请过一会儿再试。"),
        Verdict::Full => (false, "对方的存储满了。请管理员清理后再试。"),
    };
    let (class, symbol) = if good { ("cluster strong", "check") } else { ("error", "warn") };
    view! { <p class=class role="status" data-testid="backend-verdict">{icon(symbol)}{words}</p> }.into_any()
}

/// The button that changes over, with what goes along.
fn take(app: App, draft: Draft, now: RwSignal<Option<Backend>>) -> AnyView {
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let option = move |value: bool, label: &'static str, test: &'static str| {
        view! {
            <label class="chip">
                <input
                    type="radio"
                    name="backend-again"
                    data-testid=test
                    prop:checked=move || draft.everything.get() == value
                    on:change=move |_| draft.everything.set(value)
                />
                <span class="chip-face">{label}</span>
            </label>
        }
        .into_any()
    };
    let along = move || {
        draft.is_share().then(|| {
            view! {
                <fieldset class="field choice">
                    <legend class="label">"搬过去什么"</legend>
                    <div class="chips">
                        {option(false, "我在这台设备上写的", "backend-own")}
                        {option(true, "这台设备上的全部记录", "backend-everything")}
                    </div>
                </fieldset>
            }
        })
    };
    let change = move || {
        let backend = draft.backend();
        let again = match draft.kind.get_untracked() {
            Kind::Alone => SendAgain::Nothing,
            Kind::WebDav | Kind::CouchDb if draft.everything.get_untracked() => SendAgain::Everything,
            _ => SendAgain::Own,
        };
        if untrack(|| draft.is_busy()) {
            return;
        }
        draft.moving.set(true);
        // It waits for whatever round is under way, in another page perhaps.
        let slow = Timeout::new(SLOW_MS, move || {
            draft.slow.try_set(true);
        });
        spawn_local(async move {
            match change_over(app, draft, &backend, again).await {
                Ok(()) => {
                    now.try_set(Some(backend));
                    toasts.ok("已换好，本机的记录都在");
                }
                Err(problem) => {
                    draft.moved.try_set(Vec::new());
                    toasts.warn(problem.doing());
                }
            }
            slow.cancel();
            draft.slow.try_set(false);
            draft.moving.try_set(false);
        });
    };
    let ready = move || !draft.is_share() || matches!(draft.tried.get(), Some(Verdict::Works(_)));
    let ask = move || {
        let kind = draft.kind.get();
        let text = format!("{}{}", kind.words(), kind.destination().changing());
        let danger = kind == Kind::Alone;
        Confirm { title: "换到这里？".to_owned(), text, yes: "换".to_owned(), danger }
    };
    let waits = move || {
        // What is being fetched or handed on speaks for itself.
        (draft.slow.get() && draft.moved.with(Vec::is_empty)).then(|| {
            let text = "还没有换好：要等这一轮同步做完。开着别的网格簿页面的，请关掉；记录都在。";
            view! { <p class="muted small" role="status" data-testid="backend-slow">{text}</p> }
        })
    };
    view! {
        {live(along)}
        <button
            class="btn btn-primary btn-wide"
            type="button"
            data-testid="backend-take"
            aria-busy=move || if draft.moving.get() { "true" } else { "false" }
            prop:disabled=move || !ready() || draft.is_busy()
            on:click=move |_| open.set(true)
        >
            {icon("sync")}
            {move || if draft.moving.get() { "正在换…" } else { "换到这里" }}
        </button>
        {live(waits)}
        {live(move || confirm(open, ask(), change))}
        {live(move || {
            let lines = draft.moved.get();
            let lines: Vec<AnyView> = lines.into_iter().map(|line| view! { <p>{line}</p> }.into_any()).collect();
            (!lines.is_empty()).then(|| view! { <div class="stack" role="status" data-testid="backend-moved">{lines}</div> })
        })}
    }
    .into_any()
}

/// Changes over with what goes along, and says what came and what did not.
async fn change_over(app: App, draft: Draft, to: &Backend, again: SendAgain) -> Result<(), Problem> {
    let say = move |lines: Vec<String>| {
        draft.moved.try_set(lines);
    };
    say(Vec::new());
    app.may_move(to)?;
    let from = app.backend().await;
    let mut left = BTreeSet::new();
    if again != SendAgain::Nothing && from != *to && from != Backend::Alone {
        let looked =
            |at, all| say(vec![format!("正在取原来那里的照片和录音：第 {} 个，共 {all} 个", at + 1)]);
        left = app.fetch_photos(to, again, looked).await?;
        say(Vec::new());
    }
    app.move_to(to.clone(), again).await?;
    let mut lines = Vec::new();
    if *to == Backend::Server {
        match app.bring(|n| say(vec![format!("正在交到服务器：{n} 条")])).await {
            Ok(tally) => {
                lines = told(&tally);
                // What everybody read in the share is not everybody's to read here.
                app.compare();
            }
            Err(error) => lines = vec![error.message(), "再点一次“换到这里”，接着交。".to_owned()],
        }
    }
    if !left.is_empty() {
        let some: Vec<&str> = left.iter().take(5).map(String::as_str).collect();
        lines.push(format!(
            "有 {} 条记录的照片或录音只在原来的地方，没有取到，留在那里了：{}{}。记录本身和小图都在。",
            left.len(),
            some.join("、"),
            if left.len() > some.len() { "等" } else { "" }
        ));
    }
    say(lines);
    Ok(())
}
