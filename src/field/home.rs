//! 今天: what is unsent, what to write down, what waits for me. Who is due comes with the second part of the program.

use gridbook_domain::record::RecordKind;
use gridbook_domain::rules::unsent_too_long;
use gridbook_domain::summary::{Hint, Summary};
use gridbook_sync::engine::Trouble;
use leptos::prelude::*;

use super::alarm::alarm;
use super::screen::{Screen, Tab};
use crate::app::{App, Draft, use_app};
use crate::ui::badge::{self, Arrival};
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::rows::{Line, listed, tag};
use crate::ui::states::{Tone, banner};
use crate::ui::{largest_first, live};

pub(super) fn page() -> AnyView {
    let app = use_app();
    let directory = use_directory();
    let place = move || {
        let actor = app.actor();
        let areas = actor.areas(app.today());
        let town =
            app.session.with(|s| s.as_ref().map(|s| s.profile.township.name.clone()).unwrap_or_default());
        match areas.as_slice() {
            [] => town,
            [one] => format!("{town} · {}", directory.with(|names| names.area(one))),
            many => format!("{town} · {} 个网格", many.len()),
        }
    };
    let body = view! {
        {alarm(None)}
        {super::later::told(app)}
        {notices(app)}
        {crate::ui::clock::banner_of_clock()}
        {crate::ui::reviewed::told(app)}
        {today_line(app)}
        <div class="bigs">
            {big("#/visit/new", "big big-visit", "visit", "走访", "home-visit")}
            {big("#/hazard/new", "big big-hazard", "hazard", "隐患", "home-hazard")}
            {big("#/dispute/new", "big big-dispute", "dispute", "纠纷", "home-dispute")}
        </div>
        <a class="btn btn-wide" href="#/report" data-testid="quick-report">
            {icon("camera")}
            "快速上报：一张照片、一句话"
        </a>
        <a class="btn btn-wide btn-danger" href="#/emergency" data-testid="home-emergency">
            {icon("phone")}
            "有危险：先打电话"
        </a>
        {super::items::link()}
        {super::later::today(app)}
        {drafts(app)}
        {waiting(app)}
        {super::later::due(app)}
    };
    Screen::new("今天").sub(live(place)).tab(Tab::Home).view(body.into_any())
}

fn big(
    href: &'static str,
    class: &'static str,
    symbol: &'static str,
    words: &'static str,
    test: &'static str,
) -> AnyView {
    view! { <a class=class href=href data-testid=test>{icon(symbol)}<span class="big-label">{words}</span></a> }.into_any()
}

/// What the person has to know before anything else.
fn notices(app: App) -> AnyView {
    let draw = move || {
        let (lost, online) = app.sync.with(|sync| (sync.database_lost, sync.online));
        let expired = app.session.with(|s| s.as_ref().is_some_and(|s| s.expired));
        let lost = lost.then(|| {
            let text = "浏览器清掉了本机的数据。已送达的记录会重新下载；当时没送出的记录，如果做过随身文件，请拿到镇里的工作台交上；没有做过的请照着本子再记一次。";
            banner(Tone::Danger, "warn", "本机的数据被清空过", text, Vec::new())
        });
        let disabled = app.sync.with(|sync| sync.trouble == Some(Trouble::Disabled));
        let expired = expired.then(|| {
            if disabled {
                let text = "没送出的内容正在交给镇里核实，交完以后清除本机上这个账号的记录。要恢复，请找镇网格专干。";
                return banner(Tone::Warn, "key", "账号已停用", text, Vec::new());
            }
            let again = view! { <a class="btn btn-small" href="#/login">"重新登录"</a> }.into_any();
            banner(
                Tone::Warn,
                "key",
                "登录已过期，暂停同步",
                "记录都在，可以继续记。有网时重新登录一次。",
                vec![again],
            )
        });
        let offline = (!online).then(|| {
            banner(
                Tone::Info,
                "offline",
                "现在没有网络",
                "照常记，全部存在本机，有网后自动送出。",
                Vec::new(),
            )
        });
        view! { {lost}{expired}{offline} }
    };
    live(draw)
}

fn today_line(app: App) -> AnyView {
    let day = format::weekday(app.today());
    let words = move || {
        let (unsent, photos) = app.sync.with(|sync| (sync.unsent, sync.photos));
        let pictures = if photos > 0 { format!("{photos} 张照片待传") } else { String::new() };
        if unsent.waiting == 0 {
            let words = match (unsent.held, photos) {
                // The rows under 等我处理 say which.
                (held, _) if held > 0 => format!("{held} 条需处理"),
                (_, photos) if photos > 0 => pictures,
                _ => "都已送达".to_owned(),
            };
            return (words, false);
        }
        let now = app.now_ms();
        let since = unsent.oldest_ms.map(|ms| format::span(ms, now)).unwrap_or_default();
        let since = if since == "刚才" { since } else { format!("{since}前") };
        let pictures = if photos > 0 { format!(" · {pictures}") } else { pictures };
        (
            format!("{} 条待同步 · 最早 {since}{pictures}", unsent.waiting),
            unsent.oldest_ms.is_some_and(|ms| unsent_too_long(ms, now)),
        )
    };
    let line = move || {
        let (words, late) = words();
        let none = app.sync.with(|sync| sync.unsent.waiting + sync.unsent.held == 0);
        let symbol = if late { "attention" } else { "sync" };
        if none {
            return view! { <span class="muted" data-testid="home-unsent">{words}</span> }.into_any();
        }
        view! {
            <a href="#/me" data-testid="home-unsent" data-late=if late { "true" } else { "false" }>
                {icon(symbol)}
                <span>{words}</span>
            </a>
        }
        .into_any()
    };
    let late = move || {
        let unsent = app.sync.with(|sync| sync.unsent);
        let late = unsent.oldest_ms.is_some_and(|ms| unsent_too_long(ms, app.now_ms()));
        late.then(|| {
            let go = view! { <a class="btn btn-small" href="#/me">"去同步"</a> }.into_any();
            banner(
                Tone::Danger,
                "attention",
                "有记录超过 3 天没有送出",
                "请找有信号的地方同步，或在“我的 → 随身文件”里带走，拿到镇里的工作台交上。",
                vec![go],
            )
        })
    };
    view! { {late}<div class="today-line"><span>{day}</span>{live(line)}</div> }.into_any()
}

/// Forms begun and not handed in, kept up to date.
pub(super) fn begun(app: App) -> RwSignal<Vec<(String, Draft)>> {
    let list = RwSignal::new(Vec::<(String, Draft)>::new());
    Effect::new(move |_| {
        app.version.track();
        leptos::task::spawn_local(async move {
            if let Ok(found) = app.drafts().await
                && list.try_with_untracked(|old| *old != found) == Some(true)
            {
                list.try_set(found);
            }
        });
    });
    list
}

fn drafts(app: App) -> AnyView {
    let list = begun(app);
    let draw = move || {
        let list = list.get();
        (!list.is_empty()).then(|| {
            let now = app.now_ms();
            let rows = list.into_iter().map(|(key, draft)| draft_row(&key, &draft, now)).collect();
            listed("没写完的", None, rows)
        })
    };
    live(draw)
}

/// A draft in a list, leading back into its form.
pub(super) fn draft_row(key: &str, draft: &Draft, now_ms: u64) -> AnyView {
    let kind = RecordKind::parse(&draft.kind).unwrap_or(RecordKind::Visit);
    let href = match (draft.entity, draft.edit) {
        (Some(id), true) if kind == RecordKind::Household => {
            match key.strip_prefix(&format!("member-{id}")) {
                Some("") => format!("#/household/{id}/member/new"),
                Some(row) => format!("#/household/{id}/member/{}", row.trim_start_matches('-')),
                None => format!("#/household/{id}/edit"),
            }
        }
        (Some(id), true) => match key.strip_prefix(&format!("edit-{id}-")) {
            Some(step) => format!("#/record/{id}/step/{step}"),
            None => format!("#/record/{id}/edit"),
        },
        _ => format!("#/{}/new?draft={key}", draft.kind),
    };
    let sub = format!("{} · {}", kind.label(), format::when(draft.updated_ms, now_ms));
    let title = if draft.title.is_empty() { kind.label().to_owned() } else { draft.title.clone() };
    let end = Some(badge::arrival(Arrival::Draft));
    Line { href, test: "draft-row", symbol: Some(symbol(kind)), title, sub, end, ..Line::default() }.draw()
}

/// The icon of a kind of record.
pub(super) fn symbol(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Visit => "visit",
        RecordKind::Hazard => "hazard",
        RecordKind::Dispute | RecordKind::Mediation => "dispute",
        RecordKind::Matter | RecordKind::Entry => "table",
        RecordKind::Confidential => "key",
        _ => "house",
    }
}

/// What came back to the reporter.
fn waiting(app: App) -> AnyView {
    let user = app.user();
    // Drawn anew when something else waits, not with every change of data.
    let list = Memo::new(move |_| {
        app.rows(|rows| {
            let mine = |summary: &Summary| summary.reporter == user;
            let found: Vec<(Summary, &'static str)> = rows
                .values()
                .filter(|row| row.visible())
                .filter_map(|row| {
                    let summary =
                        row.summary.as_ref().filter(|summary| summary.kind.is_report() && mine(summary))?;
                    let why = if row.refused.is_some() || summary.rejected {
                        "没有被接收"
                    } else if summary.hints.contains(&Hint::Supplement) {
                        "要补充"
                    } else if summary.state == "refused" {
                        "不予受理"
                    } else if summary.conflict {
                        "两处改得不一样"
                    } else if summary.hints.contains(&Hint::FedBack) {
                        "有反馈"
                    } else {
                        return None;
                    };
                    Some((summary.clone(), why))
                })
                .collect();
            // What waits for a correction before what is only to be read.
            let (read, mend) = largest_first(found, |(summary, _)| summary.updated)
                .into_iter()
                .partition::<Vec<_>, _>(|(_, why)| *why == "有反馈");
            mend.into_iter().chain(read).take(20).collect::<Vec<_>>()
        })
    });
    let draw = move || {
        let found = list.get();
        (!found.is_empty()).then(|| {
            let now = app.now_ms();
            let rows = found
                .into_iter()
                .map(|(summary, why)| {
                    let tone = match why {
                        "有反馈" => "ok",
                        "没有被接收" | "不予受理" => "danger",
                        _ => "warn",
                    };
                    let sub = format!("{} · {}", summary.kind.label(), format::when(summary.updated, now));
                    let (href, lead) = (format!("#/record/{}", summary.id), Some(symbol(summary.kind)));
                    let (title, end) = (summary.title, Some(tag(tone, why)));
                    Line { href, test: "returned-row", symbol: lead, title, sub, end, ..Line::default() }
                        .draw()
                })
                .collect();
            listed("等我处理", None, rows)
        })
    };
    live(draw)
}
