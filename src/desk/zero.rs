//! Zero reports (FLOW-20): declaring a period, ending it early, and who reported on a day, those who did not first.

mod declare;

use chrono::NaiveDate;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::Summary;
use gridbook_domain::zero::{DECLARE, Period, Reported, days, hour_words, periods, reports, standing};
use gridbook_log::{Body, EntityId, body, order_by_key};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::select;
use super::table::{Col, table};
use super::words::moment;
use crate::app::{App, use_app};
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::directory::{Names, use_directory};
use crate::ui::rows::tag;
use crate::ui::states::blank;
use crate::ui::toast::use_toasts;

/// Periods that ended so many days ago are still listed: a quarter of a year and some.
const PAST_DAYS: i64 = 100;

/// One area on the day that is shown.
#[derive(Clone, PartialEq)]
struct Shown {
    area: String,
    how: Reported,
    /// The report: its record, whether there is something, when it was written and arrived, by whom.
    said: Option<(EntityId, bool, u64, Option<u64>, String)>,
}

/// Whether I may declare, or look at figures, there.
fn mine(app: App, permission: &str, area: &str) -> bool {
    let kind = if permission == DECLARE { RecordKind::ZeroPeriod } else { RecordKind::Entry };
    may(&app.package(), &app.actor(), permission, &Target::new(kind, area, None), app.today())
}

/// Areas of a period of which I see the reports.
fn seen(app: App, period: &Period) -> Vec<String> {
    let sees = |area: &&String| mine(app, DECLARE, area) || mine(app, "report.view", area);
    period.areas.iter().filter(sees).cloned().collect()
}

/// Periods that concern me, those that ask for something first, then the latest.
fn find(app: App) -> Vec<Period> {
    let today = app.today();
    let mut list = app.rows(|rows| {
        periods(rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()))
    });
    list.retain(|period| (today - period.to).num_days() <= PAST_DAYS && !seen(app, period).is_empty());
    order_by_key(&mut list, |period| (!period.stands(today), std::cmp::Reverse(period.at)));
    list
}

/// How the areas that I see stand.
fn stand(app: App, period: &Period, day: NaiveDate) -> Vec<Shown> {
    let period = Period { areas: seen(app, period), ..period.clone() };
    app.rows(|rows| {
        let came = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let came = reports(came.filter(|row: &&Summary| row.kind == RecordKind::Entry));
        let shown = standing(&period, &came, day).into_iter().map(|line| {
            let said = line.report.map(|report| {
                let row = rows.get(&report.id).and_then(|row| row.summary.as_ref());
                let by = row.map(|row| row.reporter.clone()).unwrap_or_default();
                (report.id, report.some, report.written, report.received, by)
            });
            Shown { area: line.area.to_owned(), how: line.how, said }
        });
        shown.collect()
    })
}

/// The screen.
pub fn zero() -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let list = Memo::new(move |_| find(app));
    let (declaring, ending) = (RwSignal::new(false), RwSignal::new(false));
    let which = RwSignal::new(None::<Period>);
    let (chosen, day) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    // What is chosen may go; then the first one is shown, and its last day.
    let period = Memo::new(move |_| {
        let (list, chosen) = (list.get(), chosen.get());
        let found = list.iter().find(|period| period.id.to_string() == chosen);
        found.or_else(|| list.first()).cloned()
    });
    let asked = Memo::new(move |_| period.get().map(|period| days(&period, app.today())).unwrap_or_default());
    let shown = Memo::new(move |_| {
        let (list, day) = (asked.get(), day.get());
        list.iter().find(|one| one.to_string() == day).or_else(|| list.first()).copied()
    });
    let lines = Memo::new(move |_| match (period.get(), shown.get()) {
        (Some(period), Some(day)) => stand(app, &period, day),
        _ => Vec::new(),
    });
    let declares = move || {
        app.session.track();
        gridbook_domain::role::holds(&app.package(), &app.actor(), DECLARE, app.today())
    };
    let open = move || {
        declares()
            .then(|| opener(declaring, "btn btn-small btn-primary", "zero-new", Some("plus"), "宣布零报告"))
    };
    let all = move || {
        let list = list.get();
        if list.is_empty() {
            let text = "汛期、防火期、节假日要每天零报告时，点“宣布零报告”，手机同步后每天提醒。";
            return blank("empty", "还没有宣布过零报告", text, Vec::new());
        }
        overview(app, &names.get(), &list, (which, ending))
    };
    let offered = move || list.get().iter().map(|one| (one.id.to_string(), one.label.clone())).collect();
    let offered_days = move || asked.get().iter().map(|one| (one.to_string(), one.to_string())).collect();
    let held = move || period.get().map(|period| period.id.to_string()).unwrap_or_default();
    let held_day = move || shown.get().map(|day| day.to_string()).unwrap_or_default();
    let of_day = move || {
        period.get().map(|period| match shown.get() {
            None => {
                let text = match period.first() {
                    Some(day) => format!("第一次要报的是 {day} {} 以前。", hour_words(period.by)),
                    None => "没有到报告的日子就结束了，谁也不用报。".to_owned(),
                };
                blank("empty", "这个时段还没有要报的日子", text, Vec::new())
            }
            Some(day) => draw(app, &names.get(), &period, day, &lines.get()),
        })
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"零报告"</h1>
            <div class="page-actions">{open}</div>
        </div>
        <div class="cluster">
            {select("时段", "zero-period", held, offered, move |value| chosen.set(value))}
            {select("日期", "zero-day", held_day, offered_days, move |value| day.set(value))}
        </div>
        <div class="books" tabindex="0" role="region" aria-label="零报告">
            {of_day}
            <section class="section">
                <div class="section-head"><h2 class="section-title">"宣布过的时段"</h2></div>
                {all}
            </section>
        </div>
        {declare::dialog_for(app, declaring)}
        {end_dialog(app, which, ending)}
    }
    .into_any()
}

/// Who reported on a day, with the counts above.
fn draw(app: App, names: &Names, period: &Period, day: NaiveDate, lines: &[Shown]) -> AnyView {
    let count = |how: Reported| lines.iter().filter(|line| line.how == how).count();
    let counts = format!(
        "按时 {}，迟报 {}，未报 {}",
        count(Reported::InTime),
        count(Reported::Late),
        count(Reported::Missing)
    );
    let rule = if app.now_ms() <= period.limit(day) {
        format!("{} 以前报的都算按时。", hour_words(period.by))
    } else {
        format!("{} 以前写好、没有网络的，次日 12:00 前送到也算按时。", hour_words(period.by))
    };
    let line = |line: &Shown| {
        let (tone, word) = match line.how {
            Reported::InTime => ("ok", "按时"),
            Reported::Late => ("warn", "迟报"),
            Reported::Missing => ("danger", "未报"),
        };
        let said = line.said.as_ref().map(|(id, some, written, received, by)| {
            let words = if *some { "有情况" } else { "没有情况" };
            let arrived = received.map_or_else(|| "还没送到".to_owned(), moment);
            view! {
                <td><a href=format!("#/queue/{id}")>{words}</a></td>
                <td>{moment(*written)}</td>
                <td>{arrived}</td>
                <td>{names.person(by)}</td>
            }
            .into_any()
        });
        let said = said.unwrap_or_else(|| view! { <td></td><td></td><td></td><td></td> }.into_any());
        view! {
            <tr data-testid="zero-row" data-code=line.area.clone()>
                <td class="strong">{names.area(&line.area)}</td>
                <td data-testid="zero-how">{tag(tone, word)}</td>
                {said}
            </tr>
        }
    };
    let rows = lines.iter().map(line).collect_view();
    let heads = [
        Col::Text("村、网格"),
        Col::Text("报了没有"),
        Col::Text("情况"),
        Col::Text("写的时间"),
        Col::Text("送到时间"),
        Col::Text("谁报的"),
    ];
    view! {
        <section class="section">
            <div class="section-head">
                <h2 class="section-title" data-testid="zero-counts">{format!("{day}：{counts}")}</h2>
            </div>
            <p class="muted">{rule}</p>
            {table("这一天的零报告", true, &heads, rows)}
        </section>
    }
    .into_any()
}

/// All periods, with what can be done about them.
fn overview(
    app: App,
    names: &Names,
    list: &[Period],
    (which, ending): (RwSignal<Option<Period>>, RwSignal<bool>),
) -> AnyView {
    let today = app.today();
    let line = |period: &Period| {
        let state = match period.ended {
            Some(day) => format!("{} 提前结束，{day} 起不用报", names.person(&period.ended_by)),
            None if today > period.to => "到期结束".to_owned(),
            None if today < period.from => "还没开始".to_owned(),
            None => "进行中".to_owned(),
        };
        let ends = period.ended.is_none()
            && period.stands(today)
            && period.areas.iter().all(|area| mine(app, DECLARE, area));
        let held = period.clone();
        let end = move |_| {
            which.set(Some(held.clone()));
            ending.set(true);
        };
        let button = ends.then(|| {
            view! { <button class="btn btn-small btn-quiet" type="button" data-testid="zero-end" on:click=end>"提前结束"</button> }
        });
        view! {
            <tr data-testid="zero-period-row">
                <td class="strong">{period.label.clone()}</td>
                <td>{format!("{} 至 {}", period.from, period.to)}</td>
                <td>{hour_words(period.by)}</td>
                <td class="num">{period.areas.len()}</td>
                <td data-testid="zero-state">{state}</td>
                <td><div class="cluster">{button}</div></td>
            </tr>
        }
    };
    let rows = list.iter().map(line).collect_view();
    let heads = [
        Col::Text("名称"),
        Col::Text("日期"),
        Col::Text("每天几点以前"),
        Col::Num("要报的村、网格"),
        Col::Text("状态"),
        Col::Act("操作"),
    ];
    table("零报告时段", true, &heads, rows)
}

/// Asks before a period is ended.
fn end_dialog(app: App, which: RwSignal<Option<Period>>, open: RwSignal<bool>) -> AnyView {
    let toasts = use_toasts();
    let go = move || {
        let Some(period) = which.get_untracked() else { return };
        let set = period.end(&app.user(), app.now_ms());
        spawn_local(async move {
            let body = Body::Set(body::Set { set, blobs: Vec::new() });
            match app.put(vec![NewWrite { entity: period.id, body }]).await {
                Ok(()) => toasts.ok("已结束，各手机同步后不再提醒"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    let ask = Confirm {
        title: "提前结束零报告？".to_owned(),
        text: "今天的报告时间还没到，今天起就不用报；已经过了，今天的照算，明天起不用报。以前的情况都在。结束了不能恢复，要再报请重新宣布。".to_owned(),
        yes: "提前结束".to_owned(),
        danger: true,
    };
    confirm(open, ask, go)
}
