//! 交接 on the phone (ROLE-09): both look at the same list and confirm, the successor first.

use gridbook_domain::handover::{Handover, Item, ItemKind, Side};
use gridbook_domain::record::RecordKind;
use gridbook_log::{EntityId, Event};
use leptos::prelude::*;

use super::household::{load, missing};
use super::screen::Screen;
use crate::app::{App, use_app};
use crate::ui::dialog::{Beside, Doing};
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::rows::{Line, listed};
use crate::ui::states::{Tone, banner, failed, loading};

/// Hand-overs in which this person's word is wanted or was given, on 今天.
pub(super) fn waiting(app: App) -> AnyView {
    // Once the township knows that one is over, this account's area is another one.
    let over = Memo::new(move |_| {
        let user = app.user();
        app.rows(|rows| {
            let mine = rows.values().filter(|row| row.unsent == 0).filter_map(|row| row.summary.as_ref());
            let mine = mine.filter(|row| row.kind == RecordKind::Handover && row.state == "done");
            mine.filter(|row| row.categories.contains(&user)).count()
        })
    });
    Effect::new(move |before: Option<usize>| {
        let now = over.get();
        if before.is_some_and(|before| before != now) {
            leptos::task::spawn_local(async move { app.refresh_profile().await });
        }
        now
    });
    let list = Memo::new(move |_| {
        let user = app.user();
        app.rows(|rows| {
            let mine = rows
                .values()
                .filter(|row| row.visible())
                .filter_map(|row| row.summary.as_ref())
                .filter(|row| row.kind == RecordKind::Handover && row.state == "open")
                .filter(|row| row.categories.contains(&user));
            mine.map(|row| (row.id, row.subtitle.clone())).collect::<Vec<_>>()
        })
    });
    let draw = move || {
        let rows = list.get();
        let row = |(id, sub): (EntityId, String)| {
            let (href, symbol, title) = (format!("#/handover/{id}"), Some("users"), "网格交接".to_owned());
            Line { href, test: "handover-row", symbol, title, sub, ..Line::default() }.draw()
        };
        (!rows.is_empty()).then(|| view! { <ul class="rows">{rows.into_iter().map(row).collect_view()}</ul> })
    };
    live(draw)
}

pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let loaded = load(app, id);
    let (directory, steps) = (use_directory(), Steps::default());
    let draw = move || match loaded.get() {
        None => loading(5),
        Some(Ok(Some(entity))) => match Handover::of(&entity) {
            Some(handover) => {
                directory.track();
                // Drawn anew when it changes, not with every synchronisation.
                untrack(|| sheet(app, steps, &handover))
            }
            None => missing(None),
        },
        Some(Ok(None)) => missing(None),
        Some(Err(words)) => missing(Some(words)),
    };
    let body = view! { {live(draw)}{steps.sure.view("", |_| SURE.to_owned(), move |one| sure(app, steps, one))}{steps.off.view("dialog-sheet", |_| OFF.to_owned(), move |one| off(app, steps, one))} };
    Screen::new("网格交接").back("/").view(body.into_any())
}

const SURE: &str = "确认交接？";
const OFF: &str = "取消交接";

/// What a person says of a hand-over, in dialogs beside the page: it is drawn anew when the other side says something.
#[derive(Clone, Copy, Default)]
struct Steps {
    sure: Beside<Handover>,
    off: Beside<Handover>,
}

fn sheet(app: App, steps: Steps, handover: &Handover) -> AnyView {
    let directory = use_directory();
    let side = handover.side(&app.user());
    let next = handover.waits_for();
    let (from, to, area) = directory.with(|names| {
        let terms = &handover.terms;
        (names.person(&terms.from), names.person(&terms.to), names.area(&terms.area))
    });
    let now = app.now_ms();
    let mark = |who: &str, what: &'static str, at: Option<u64>| {
        let (symbol, words) = match at {
            Some(ms) => ("check", format!("{what}，{}", format::when(ms, now))),
            None => ("dash", "还没有确认".to_owned()),
        };
        view! { <div><dt>{who.to_owned()}</dt><dd><span class="cluster">{icon(symbol)}<span>{words}</span></span></dd></div> }.into_any()
    };
    let told = match (&handover.cancelled, next, side) {
        (Some(reason), ..) => {
            banner(Tone::Warn, "warn", "这次交接已取消", format!("{reason}。责任没有变。"), Vec::new())
        }
        (_, None, Some(Side::Taker)) => {
            banner(Tone::Ok, "check", "已交接", "这个网格现在由您负责，资料同步后就在本机。", Vec::new())
        }
        (_, None, _) => {
            let text = "已由接手人负责。下次同步后，本机不再保留这个网格的资料；没送出的记录会先送出。";
            banner(Tone::Ok, "check", "已交接", text, Vec::new())
        }
        (_, Some(Side::Leaver), Some(Side::Leaver)) => {
            let text = "接手人已经核对。您确认后责任转给接手人，您承办的事项和没走完的走访任务也一起转。";
            banner(Tone::Info, "info", "请最后确认", text, Vec::new())
        }
        (_, Some(Side::Taker), Some(Side::Taker)) => {
            banner(Tone::Info, "info", "请逐项核对", "清单不对就写明原因取消，由镇上重新列。", Vec::new())
        }
        _ => banner(Tone::Info, "clock", handover.words(), "接手人先核对，移交人最后确认。", Vec::new()),
    };
    let leaves = side == Some(Side::Leaver);
    let act = (side.is_some() && side == next).then(|| {
        let (handover, words) = (handover.clone(), if leaves { "我已移交清楚" } else { "我已逐项核对" });
        let ask = move |_| steps.sure.ask(handover.clone());
        view! {
            <button class="btn btn-primary btn-wide" type="button" data-testid="handover-confirm" on:click=ask>
                {icon("check")}
                {words}
            </button>
        }
    });
    let cancel = (side.is_some() && next.is_some()).then(|| {
        let handover = handover.clone();
        let ask = move |_| steps.off.ask(handover.clone());
        view! {
            <button class="btn btn-wide" type="button" data-testid="handover-cancel" on:click=ask>
                "清单不对，取消交接"
            </button>
        }
    });
    let group = |kind: ItemKind, title: &'static str| {
        list(title, handover.items.iter().filter(move |i| i.kind == kind))
    };
    view! {
        {told}
        <div class="card card-body record-head">
            <h2 class="record-title" data-testid="handover-title">{format!("{from} 交给 {to}")}</h2>
            <dl class="kv">
                <div><dt>"网格"</dt><dd>{area}</dd></div>
                <div><dt>"从哪天起"</dt><dd>{handover.terms.on.to_string()}</dd></div>
                {mark("接手人", "已核对", handover.taken_at)}
                {mark("移交人", "已确认", handover.left_at)}
            </dl>
        </div>
        {group(ItemKind::Case, "没办完的事项")}
        {group(ItemKind::Task, "没走完的走访任务")}
        {group(ItemKind::Visit, "到期的走访")}
        {group(ItemKind::Household, "户")}
        <div class="stack-s">{act}{cancel}</div>
    }
    .into_any()
}

fn list<'a>(title: &str, items: impl Iterator<Item = &'a Item>) -> Option<AnyView> {
    let line = |item: &Item| {
        let (title, sub) = (item.title.clone(), item.note.clone());
        Line { test: "handover-item", title, sub, ..Line::default() }.draw()
    };
    let rows: Vec<AnyView> = items.map(line).collect();
    (!rows.is_empty()).then(|| listed(format!("{title} {}", rows.len()), None, rows))
}

fn sure(app: App, steps: Steps, handover: &Handover) -> AnyView {
    let doing = Doing::new(steps.sure.open());
    let leaves = handover.side(&app.user()) == Some(Side::Leaver);
    let (yes, text) = if leaves {
        ("确认移交", "确认后这个网格由接手人负责，您承办的事项和没走完的走访任务一起转过去。")
    } else {
        ("确认接手", "确认后等移交人最后确认，然后这个网格由您负责。")
    };
    let handover = handover.clone();
    let go = move || {
        let handover = handover.clone();
        doing.begin(async move { write(app, &handover, handover.confirm()).await });
    };
    view! {
        <div class="dialog-body"><p>{text}</p></div>
        {doing.foot(yes, "confirm-yes").click(go)}
    }
    .into_any()
}

fn off(app: App, steps: Steps, handover: &Handover) -> AnyView {
    let (open, reason) = (steps.off.open(), RwSignal::new(String::new()));
    let wrong = RwSignal::new(None);
    let doing = Doing::showing(open, wrong);
    let handover = handover.clone();
    let go = move || {
        let text = reason.get_untracked().trim().to_owned();
        if text.is_empty() {
            return wrong.set(Some("请写明哪里不对".to_owned()));
        }
        let handover = handover.clone();
        doing.begin(async move { write(app, &handover, handover.cancel(&text)).await });
    };
    view! {
        <div class="dialog-body">
            <div class="field">
                <label class="label" for="handover-why">"哪里不对"</label>
                <textarea
                    class="input"
                    id="handover-why"
                    rows="3"
                    data-testid="handover-why"
                    on:input=move |ev| reason.set(event_target_value(&ev))
                ></textarea>
            </div>
            {failed(wrong, Some("handover-wrong"))}
        </div>
        {doing.foot(OFF, "handover-cancel-yes").away("返回").danger(true).click(go)}
    }
    .into_any()
}

/// Saves a step; ends with what is said then.
async fn write(app: App, handover: &Handover, event: Event) -> Result<String, String> {
    app.hand_over(handover, event).await.map(|()| "已保存到本机，有网时送出".to_owned())
}
