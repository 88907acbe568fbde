//! What the server keeps apart: written by people whose account or session had ended, or who are no longer in charge of the
//! place. Whoever keeps the directory takes it in or drops it, person by person.

use std::collections::BTreeMap;

use gridbook_domain::record::RecordKind;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use serde_json::json;

use super::parts::line;
use super::table::{Col, table};
use super::words::moment;
use crate::app::{App, Problem, use_app};
use crate::ui::dialog::{Confirm, Doing, confirm, dialog};
use crate::ui::directory::{Names, use_directory};
use crate::ui::live;
use crate::ui::states::{blank, loading};
use crate::ui::toast::use_toasts;

/// What waits of one person; as the server has it, of one of his devices.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Held {
    user: String,
    ops: u64,
    first: u64,
    last: u64,
    #[serde(default)]
    kinds: BTreeMap<String, u64>,
    #[serde(default)]
    why: Vec<String>,
    note: Option<String>,
}

impl Held {
    /// Takes in what waits of another device of the same person.
    fn join(&mut self, other: Self) {
        self.ops += other.ops;
        (self.first, self.last) = (self.first.min(other.first), self.last.max(other.last));
        for (kind, count) in other.kinds {
            *self.kinds.entry(kind).or_default() += count;
        }
        self.why.extend(other.why.into_iter().filter(|why| !self.why.contains(why)).collect::<Vec<_>>());
        self.note = self.note.take().or(other.note);
    }

    fn kinds(&self) -> String {
        let label = |kind: &str| RecordKind::parse(kind).map_or("其他", RecordKind::label);
        let kinds = self.kinds.iter().map(|(kind, count)| format!("{} {count} 条", label(kind)));
        let told: u64 = self.kinds.values().sum();
        let rest = (self.ops > told).then(|| format!("不知种类 {} 条", self.ops - told));
        kinds.chain(rest).collect::<Vec<_>>().join("，")
    }

    fn why(&self) -> String {
        let words = |why: &String| match why.as_str() {
            "disabled" => "账号已停用",
            "reach" => "已不再负责那个地方",
            "session" => "登录已过期",
            _ => "搬到服务器以前没有回执",
        };
        let mut list: Vec<&str> = self.why.iter().map(words).collect();
        // Left after it was taken in: what it builds on is missing.
        list.extend(self.note.as_ref().map(|_| "前面的内容还没送到，收不下"));
        list.join("；")
    }
}

#[derive(Deserialize)]
struct Holding {
    held: Vec<Held>,
}

#[derive(Deserialize)]
struct Released {
    stored: u64,
    rejected: u64,
    left: u64,
}

#[derive(Clone, PartialEq)]
enum Load {
    Waiting,
    Failed(Problem),
    Here(Vec<Held>),
}

/// Whom a dialog is about.
#[derive(Clone, PartialEq)]
struct About {
    user: String,
    name: String,
    /// Operations that wait.
    ops: u64,
    kinds: String,
}

impl About {
    fn words(&self) -> String {
        format!("{}（{}）的 {} 条：{}。", self.name, self.user, self.ops, self.kinds)
    }
}

#[derive(Clone, Copy)]
struct Desk {
    app: App,
    load: RwSignal<Load>,
    /// Whom a dialog is about, and of what: said in it, for a row is easily missed by one.
    which: RwSignal<Option<About>>,
    taking: RwSignal<bool>,
    dropping: RwSignal<bool>,
    reason: RwSignal<String>,
}

impl Desk {
    async fn read(self) {
        let next = match self.app.api().get::<Holding>("/api/quarantine").await {
            Ok(holding) => {
                let mut list: Vec<Held> = Vec::new();
                for one in holding.held {
                    match list.iter_mut().find(|held| held.user == one.user) {
                        Some(held) => held.join(one),
                        None => list.push(one),
                    }
                }
                Load::Here(list)
            }
            Err(error) => Load::Failed(error.into()),
        };
        let _ = self.load.try_set(next);
    }

    fn address(self, what: &str) -> String {
        let user = self.which.with_untracked(|about| about.as_ref().map(|about| about.user.clone()));
        let user = String::from(js_sys::encode_uri_component(&user.unwrap_or_default()));
        format!("/api/quarantine/{user}/{what}")
    }
}

/// The screen.
pub fn review() -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let text = || RwSignal::new(String::new());
    let (taking, dropping) = (RwSignal::new(false), RwSignal::new(false));
    let desk = Desk {
        app,
        load: RwSignal::new(Load::Waiting),
        which: RwSignal::new(None),
        taking,
        dropping,
        reason: text(),
    };
    spawn_local(desk.read());
    let inside = move || match desk.load.get() {
        Load::Waiting => loading(3),
        Load::Failed(Problem::Offline) => {
            blank("offline", "要联网才能核实", "现在连不上服务器，有网后再打开这一页。", Vec::new())
        }
        Load::Failed(problem) => blank("error", "读不出来", problem.message(), Vec::new()),
        Load::Here(list) if list.is_empty() => {
            let text = "账号停用、登录过期，或者不再负责某个地方以后才送到的内容，先放在这里，谁也看不到，也不进台账。";
            blank("empty", "没有要核实的", text, Vec::new())
        }
        Load::Here(list) => draw(desk, &names.get(), &list),
    };
    view! {
        <div class="page-head"><h1 class="page-title">"待核实"</h1></div>
        {inside}
        {live(take_dialog(desk))}
        {live(drop_dialog(desk))}
    }
    .into_any()
}

fn draw(desk: Desk, names: &Names, list: &[Held]) -> AnyView {
    let line = |held: &Held| {
        let name = names.person(&held.user);
        let one = About { user: held.user.clone(), name, ops: held.ops, kinds: held.kinds() };
        let other = one.clone();
        let take = move |_| {
            desk.which.set(Some(one.clone()));
            desk.taking.set(true);
        };
        let discard = move |_| {
            desk.which.set(Some(other.clone()));
            desk.reason.set(String::new());
            desk.dropping.set(true);
        };
        view! {
            <tr data-testid="review-row" data-user=held.user.clone()>
                <td class="strong">{names.person(&held.user)}</td>
                <td data-testid="review-kinds">{held.kinds()}</td>
                <td>{format!("{} 至 {}", moment(held.first), moment(held.last))}</td>
                <td data-testid="review-why">{held.why()}</td>
                <td><div class="cluster">
                    <button class="btn btn-small" type="button" data-testid="review-take" on:click=take>"收下"</button>
                    <button class="btn btn-small btn-quiet" type="button" data-testid="review-drop" on:click=discard>"不收"</button>
                </div></td>
            </tr>
        }
    };
    let rows = list.iter().map(line).collect_view();
    let heads = [
        Col::Text("谁写的"),
        Col::Text("内容"),
        Col::Text("送到时间"),
        Col::Text("为什么在这里"),
        Col::Act("操作"),
    ];
    view! {
        <p class="muted">"先问清本人，再收下或不收。收下的按本人写的时候的权限入台账，署名还是本人。"</p>
        {table("待核实", false, &heads, rows)}
    }
    .into_any()
}

fn take_dialog(desk: Desk) -> impl Fn() -> Option<AnyView> + Send + Sync {
    let toasts = use_toasts();
    let go = move || {
        spawn_local(async move {
            match desk.app.api().post::<_, Released>(&desk.address("release"), &json!({})).await {
                Ok(done) => toasts.ok(words(&done)),
                Err(error) => toasts.warn(Problem::from(error).message()),
            }
            desk.read().await;
            desk.app.wake();
        });
    };
    move || {
        let about = desk.which.get()?;
        let then = "会作为本人写的进入台账。按当时的权限本来就不能写的，会退回，只留一条退回的痕迹。收下以后不能再放回来。";
        let ask = Confirm {
            title: format!("收下{}的全部内容？", about.name),
            text: format!("{}{then}", about.words()),
            yes: "收下".to_owned(),
            danger: false,
        };
        Some(confirm(desk.taking, ask, go))
    }
}

fn words(done: &Released) -> String {
    let rest = [(done.rejected, "退回"), (done.left, "还收不下")];
    let rest = rest.into_iter().filter(|(count, _)| *count > 0);
    let rest: String = rest.map(|(count, what)| format!("，{what} {count} 条")).collect();
    format!("收下 {} 条{rest}", done.stored)
}

fn drop_dialog(desk: Desk) -> impl Fn() -> Option<AnyView> + Send + Sync {
    let doing = Doing::new(desk.dropping);
    let go = move || {
        let reason = desk.reason.get_untracked().trim().to_owned();
        if reason.is_empty() {
            return;
        }
        doing.begin(async move {
            let (address, body) = (desk.address("discard"), json!({ "reason": reason }));
            let sent = desk.app.api().post::<_, serde_json::Value>(&address, &body).await;
            sent.map_err(|error| Problem::from(error).message())?;
            desk.read().await;
            Ok("没有收，内容已删除；谁、为什么都有记录".to_owned())
        });
    };
    let inside = move |about: &About| {
        let ask = view! {
            <p class="strong" data-testid="review-about">{about.words()}</p>
            <p>"内容从服务器上删除，不能恢复；谁不收、为什么，会留下记录。"</p>
            {line("为什么不收", "review-reason", "text", Some("200"), desk.reason, false)}
        };
        let off = move || desk.reason.with(|reason| reason.trim().is_empty());
        doing.foot("不收，删除", "review-drop-yes").danger(true).off(off).form(ask.into_any(), go)
    };
    move || {
        let about = desk.which.get()?;
        let title = format!("不收{}的全部内容", about.name);
        Some(dialog(desk.dropping, "", title, Box::new(move || inside(&about))))
    }
}
