//! Files carried by hand: making one, and handing on one that somebody brought.

use std::sync::Arc;

use gridbook_domain::admit::message_for;
use gridbook_domain::backend::Destination;
use gridbook_sync::bundle::{Bundle, grouped};
use gridbook_sync::relay::{Tally, authors};
use js_sys::{Function, Promise, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlInputElement;

use crate::app::carry::{CarryError, What};
use crate::app::{App, StorageView, use_app};
use crate::ui::dom::{can_share, download, share};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;

const MIME: &str = "application/octet-stream";

/// Files that were made, and their passphrase. Their bytes are there once, however many buttons hand them on: all records
/// of a small phone fill a good part of its memory.
#[derive(Clone)]
pub struct Made {
    /// Each with its name, in the order in which they are handed on.
    files: Vec<(String, Arc<Vec<u8>>)>,
    /// What opens them.
    passphrase: String,
}

impl Made {
    /// Files whose names begin with `stem`; several are numbered.
    pub fn new(stem: &str, files: Vec<Vec<u8>>, passphrase: String) -> Self {
        let many = files.len() > 1;
        let name = |n: usize| if many { format!("{stem}-{n}.gridbook") } else { format!("{stem}.gridbook") };
        let files = files.into_iter().zip(1..).map(|(bytes, n)| (name(n), Arc::new(bytes))).collect();
        Self { files, passphrase }
    }
}

/// The card that makes a file.
pub fn take_out() -> AnyView {
    let app = use_app();
    let all = RwSignal::new(false);
    let busy = RwSignal::new(false);
    let made = RwSignal::new(None::<Made>);
    let wrong = RwSignal::new(None::<String>);
    let make = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            let passphrase = app.passphrase();
            let what = if all.get_untracked() { What::All } else { What::Unsent };
            match app.carry_out(what, &passphrase).await {
                Ok(files) => {
                    let stem = format!("网格簿-{}-{}", app.user(), app.today());
                    made.try_set(Some(Made::new(&stem, files, passphrase)));
                }
                Err(error) => {
                    wrong.try_set(Some(error.message()));
                }
            }
            busy.try_set(false);
        });
    };
    let counts = move || {
        app.sync.with(|sync| {
            let waiting = sync.unsent.waiting + sync.unsent.held;
            format!("还没有送出的（{waiting} 条，照片 {} 张）", sync.photos)
        })
    };
    // Before it is made: how large, and that it may be several.
    let room = RwSignal::new(None::<StorageView>);
    spawn_local(async move {
        room.try_set(Some(app.storage().await));
    });
    let size = move || {
        let used = room.get().filter(|room| all.get() && room.used > 0.0)?.used;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bytes, never negative")]
        let used = format::size(used as u64);
        let words = format!("本机共有约 {used}。一个文件装不下时自动分成几个，口令相同。");
        Some(view! { <p class="muted small" data-testid="carry-size">{words}</p> })
    };
    let choice = move |value: bool, words: AnyView, test: &'static str| {
        view! {
            <label class="chip">
                <input
                    type="radio"
                    name="carry-what"
                    data-testid=test
                    prop:checked=move || all.get() == value
                    on:change=move |_| {
                        all.set(value);
                        made.set(None);
                    }
                />
                <span class="chip-face">{words}</span>
            </label>
        }
        .into_any()
    };
    view! {
        <article class="card">
            <div class="card-head"><h2 class="card-title">"做一个随身文件"</h2></div>
            <div class="card-body stack">
                <p>"没有网络、要换手机，或者要搬到别的服务器时用。文件加密，用 U 盘、数据线或聊天软件都能带走。"</p>
                <fieldset class="field choice">
                    <legend class="label">"装进什么"</legend>
                    <div class="chips">
                        {choice(false, live(counts), "carry-unsent")}
                        {choice(true, "本机这个账号的全部记录和照片".into_any(), "carry-all")}
                    </div>
                </fieldset>
                {live(size)}
                <button
                    class="btn btn-primary btn-wide"
                    type="button"
                    data-testid="carry-make"
                    aria-busy=move || if busy.get() { "true" } else { "false" }
                    on:click=make
                >
                    {icon("download")}
                    {move || if busy.get() { "正在加密…" } else { "做文件" }}
                </button>
                {error(wrong)}
                {live(move || made.get().map(ready))}
            </div>
        </article>
    }
    .into_any()
}

/// The files are there: their passphrase, and what to do with both.
pub fn ready(made: Made) -> AnyView {
    let Made { files, passphrase } = made;
    let size = format::size(files.iter().map(|(_, bytes)| bytes.len() as u64).sum());
    let words = match files.len() {
        1 => format!("文件已加密（{size}）。打开它要这个口令："),
        n => format!(
            "东西多，分成了 {n} 个文件（共 {size}），请都保存，交的时候从 1 号开始。打开都用这个口令："
        ),
    };
    view! {
        <div class="stack" role="status">
            <p data-testid="carry-made">{words}</p>
            <p class="passphrase" data-testid="carry-pass">{passphrase}</p>
            <p class="muted small">"请抄下来，或打电话告诉接收的人，不要和文件一起发。口令不会保存，离开这一页就看不到了。"</p>
            {files.into_iter().map(|(name, bytes)| one(name, bytes)).collect_view()}
        </div>
    }
    .into_any()
}

/// One file, to be saved or sent.
fn one(name: String, bytes: Arc<Vec<u8>>) -> AnyView {
    let failed = RwSignal::new(None::<String>);
    let label = format!("保存 {name}");
    let shareable = can_share(&name, &bytes).then(|| {
        let (name, bytes) = (name.clone(), bytes.clone());
        view! {
            <button class="btn btn-wide" type="button" data-testid="carry-share" on:click=move |_| share(&name, &bytes)>
                {icon("share")}
                "发给别人"
            </button>
        }
    });
    let save = move |_| {
        if download(&name, MIME, &bytes).is_err() {
            failed.set(Some("浏览器没有让保存文件，请换一个浏览器再试。记录都在本机。".to_owned()));
        }
    };
    view! {
        <button class="btn btn-primary btn-wide" type="button" data-testid="carry-save" on:click=save>
            {icon("download")}
            {label}
        </button>
        {shareable}
        {error(failed)}
    }
    .into_any()
}

/// The card that takes a file in.
pub fn bring_in() -> AnyView {
    let app = use_app();
    let file = RwSignal::new(None::<(String, Arc<Vec<u8>>)>);
    let passphrase = RwSignal::new(String::new());
    let opened = RwSignal::new(None::<Arc<Bundle>>);
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let name = move || {
        let name = file.with(|file| file.as_ref().map(|(name, _)| name.clone()));
        name.map(|name| view! { <p class="muted small">{format!("已选：{name}")}</p> })
    };
    let take = move |chosen: Option<web_sys::File>| {
        opened.set(None);
        wrong.set(None);
        spawn_local(async move {
            let Some(chosen) = chosen else { return };
            match JsFuture::from(chosen.array_buffer()).await {
                Ok(buffer) => {
                    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
                    file.try_set(Some((chosen.name(), Arc::new(bytes))));
                }
                Err(_) => {
                    wrong.try_set(Some("文件没有读出来，可能已被移走。请重新选择。".to_owned()));
                }
            }
        });
    };
    let choose = move |event: leptos::ev::Event| {
        let input: Option<HtmlInputElement> = event.target().and_then(|target| target.dyn_into().ok());
        take(input.and_then(|input| input.files()).and_then(|files| files.get(0)));
    };
    // A file that was opened from the phone's own list of files.
    spawn_local(async move {
        if let Some(file) = launched().await {
            take(Some(file));
        }
    });
    let open = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let Some((_, bytes)) = file.get_untracked() else {
            wrong.set(Some("请先选择文件。".to_owned()));
            return;
        };
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            let words = grouped(&passphrase.get_untracked());
            match app.open_carried(&bytes, &words).await {
                Ok(bundle) => {
                    opened.try_set(Some(Arc::new(bundle)));
                }
                Err(error) => {
                    wrong.try_set(Some(error.message()));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <article class="card">
            <div class="card-head"><h2 class="card-title">"打开带来的文件"</h2></div>
            <form class="card-body stack" on:submit=open>
                <div class="field">
                    <label class="label" for="carry-file">"文件"</label>
                    <input class="input" id="carry-file" type="file" accept=".gridbook,.age" data-testid="carry-file" on:change=choose />
                </div>
                {live(name)}
                <div class="field">
                    <label class="label" for="carry-words">"口令（12 位数字）"</label>
                    <input
                        class="input"
                        id="carry-words"
                        inputmode="numeric"
                        autocomplete="off"
                        data-testid="carry-words"
                        prop:value=move || passphrase.get()
                        on:input=move |ev| passphrase.set(event_target_value(&ev))
                    />
                </div>
                {error(wrong)}
                <button
                    class="btn btn-wide"
                    type="submit"
                    data-testid="carry-open"
                    aria-busy=move || if busy.get() { "true" } else { "false" }
                >
                    {icon("key")}
                    {move || if busy.get() { "正在打开…" } else { "打开文件" }}
                </button>
                {live(move || opened.get().map(|bundle| inside(app, bundle)))}
            </form>
        </article>
    }
    .into_any()
}

/// The file that the app was opened with, once.
async fn launched() -> Option<web_sys::File> {
    let slot = JsValue::from_str("gridbookFile");
    let handle = Reflect::get(&window(), &slot).ok().filter(JsValue::is_object)?;
    Reflect::set(&window(), &slot, &JsValue::NULL).ok()?;
    let get = Reflect::get(&handle, &"getFile".into()).ok()?.dyn_into::<Function>().ok()?;
    let promise = get.call0(&handle).ok()?.dyn_into::<Promise>().ok()?;
    JsFuture::from(promise).await.ok()?.dyn_into().ok()
}

/// What an opened file holds, and the button that hands it on.
fn inside(app: App, bundle: Arc<Bundle>) -> AnyView {
    let busy = RwSignal::new(false);
    let done = RwSignal::new(0usize);
    let outcome = RwSignal::new(None::<Result<(Tally, Destination), CarryError>>);
    // One that was made for the person at this device is kept here, whatever the backend.
    let mine = bundle.head.reader.is_some();
    let goes = Memo::new(move |_| if mine { Destination::Alone } else { app.sync.with(|sync| sync.goes) });
    let mut who = authors(&bundle).into_iter().map(|(user, n)| format!("{user} {n} 条")).collect::<Vec<_>>();
    if who.is_empty() {
        who.push("没有记录，先交 1 号文件".to_owned());
    }
    let made = format::when(bundle.head.made_at, app.now_ms());
    let from = if bundle.head.name.is_empty() { &bundle.head.user } else { &bundle.head.name };
    let words = format!("{from} {made} 做的文件：{}；照片和录音 {} 个。", who.join("，"), bundle.blobs.len());
    let total = bundle.ops.len() + bundle.blobs.len();
    let hand_on = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        outcome.set(None);
        let bundle = bundle.clone();
        spawn_local(async move {
            let handed = app.hand_on(bundle, |n| {
                done.try_set(n);
            });
            let result = handed.await;
            // Where it went is known now; a file for the person at this device is here to stay.
            let went = if mine { Destination::Server } else { app.sync.with_untracked(|sync| sync.goes) };
            outcome.try_set(Some(result.map(|tally| (tally, went))));
            busy.try_set(false);
        });
    };
    let label = move || match goes.get() {
        Destination::Alone if busy.get() => "正在收进…".to_owned(),
        _ if busy.get() => format!("正在交上 {} / {total}", done.get()),
        goes => goes.hand_on().to_owned(),
    };
    let said = move || outcome.get().map(|outcome| verdict(&outcome));
    view! {
        <div class="stack">
            <p data-testid="carry-inside">{words}</p>
            <button
                class="btn btn-primary btn-wide"
                type="button"
                data-testid="carry-hand-on"
                aria-busy=move || if busy.get() { "true" } else { "false" }
                on:click=hand_on
            >
                {icon("sync")}
                {label}
            </button>
            {live(said)}
        </div>
    }
    .into_any()
}

fn verdict(outcome: &Result<(Tally, Destination), CarryError>) -> AnyView {
    let (tally, went) = match outcome {
        Ok(outcome) => outcome,
        Err(error) => {
            return view! { <p class="error" role="alert" data-testid="carry-outcome">{icon("warn")}{error.message()}</p> }
                .into_any();
        }
    };
    let mut lines = told(tally);
    lines.extend(Some(went.handed_on()).filter(|words| !words.is_empty()).map(str::to_owned));
    let class = if tally.is_whole() { "stack" } else { "stack error" };
    view! {
        <div class=class role="status" data-testid="carry-outcome">
            {lines.into_iter().map(|line| view! { <p>{line}</p> }.into_any()).collect_view()}
        </div>
    }
    .into_any()
}

/// What was taken, and what was not and why.
pub(super) fn told(tally: &Tally) -> Vec<String> {
    let mut lines = vec![format!(
        "新收下 {} 条，早就有 {} 条，照片和录音 {} 个。",
        tally.stored, tally.repeats, tally.photos
    )];
    for (code, n) in &tally.rejected {
        lines.push(format!("{n} 条按规则没有通过：{}。本人手机上会显示在“需处理”。", message_for(code)));
    }
    for (code, n) in &tally.refused {
        lines.push(format!("{n} 条没有收下：{}", refused_words(code)));
    }
    if tally.unreadable > 0 {
        lines.push(format!(
            "{} 条这个版本的网格簿看不懂，没有收下。文件请留着，更新网格簿后再交一次。",
            tally.unreadable
        ));
    }
    if tally.photos_refused > 0 {
        lines.push(format!("{} 个照片或录音没有收下，因为它们的记录没有收下。", tally.photos_refused));
    }
    lines
}

/// Why operations of a file were not taken.
fn refused_words(code: &str) -> &'static str {
    match code {
        "signature" | "foreign_author" | "foreign_writer" | "foreign_device" => {
            "没有本人手机的有效签名，不能代交。请本人有网络时自己同步，记录还在那部手机上。"
        }
        "author_disabled" => "本人的账号已停用。请镇上管理员先恢复账号，再用同一个文件交一次。",
        "fork" | "clone" => "和服务器上的记录编号重复。请本人联网同步一次，会自动换编号再送。",
        "defer" => "前面的记录还没有到。请先交更早的文件，再用这个文件交一次。",
        "foreign_entity" => "不在本人可以看到的范围内。",
        _ => "服务器看不懂，文件请留着，并联系管理员。",
    }
}

fn error(wrong: RwSignal<Option<String>>) -> AnyView {
    live(move || {
        wrong.get().map(|words| view! { <p class="error" role="alert" data-testid="carry-error">{icon("warn")}{words}</p> })
    })
}
