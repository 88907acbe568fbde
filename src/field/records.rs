//! 记录: what I wrote, and where each one is.

use std::collections::BTreeSet;

use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use gridbook_sync::replica::Row;
use leptos::prelude::*;

use super::home::{begun, draft_row, symbol};
use super::screen::{Screen, Tab};
use crate::app::{App, Draft, Rows, use_app};
use crate::ui::badge::{self, Arrival};
use crate::ui::format;
use crate::ui::icon::{chevron, icon};
use crate::ui::router::Route;
use crate::ui::states::blank;
use crate::ui::window::{self, Line, Window, mark};
use crate::ui::{largest_first, live};

/// Rows shown at once.
const PAGE: usize = 50;

/// A record in a list.
pub(super) fn record_row(
    package: &Package,
    rows: &Rows,
    row: &Row<Option<Summary>>,
    user: &str,
    now_ms: u64,
) -> Option<AnyView> {
    let summary = row.summary.as_ref()?;
    let title = title(rows, summary);
    let number =
        (!summary.number.is_empty()).then(|| view! { <span class="mono">{summary.number.clone()}</span> });
    let sub = match summary.subtitle.as_str() {
        "" => format!("{} · {}", summary.kind.label(), format::when(summary.at, now_ms)),
        sub => format!("{} · {sub} · {}", summary.kind.label(), format::when(summary.at, now_ms)),
    };
    let state = summary.kind.is_case().then(|| badge::state(package, &summary.state)).flatten();
    let lamp = summary.is_open().then(|| badge::lamp(package, summary, now_ms)).flatten();
    Some(
        view! {
            <li>
                <a class="row" href=format!("#/record/{}", summary.id) data-testid="record-row" data-kind=summary.kind.as_str()>
                    <span class="row-lead">{icon(symbol(summary.kind))}</span>
                    <span class="row-main">
                        <span class="row-title clamp-2">{title}</span>
                        <span class="row-sub">{sub}</span>
                        <span class="row-tags">{badge::level(package, &summary.level)}{state}{lamp}{number}</span>
                    </span>
                    <span class="row-end">{badge::arrival(Arrival::of(row, user))}</span>
                    {chevron()}
                </a>
            </li>
        }
        .into_any(),
    )
}

/// A visit is named by its household.
pub(super) fn title(rows: &Rows, summary: &Summary) -> String {
    let household = summary.household.filter(|_| summary.kind == RecordKind::Visit);
    let head =
        household.and_then(|id| rows.get(&id)?.summary.as_ref()).map(|household| household.title.as_str());
    match head {
        Some(head) if !head.is_empty() => format!("走访 {head}"),
        _ => summary.title.clone(),
    }
}

/// Whose records.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Whose {
    Mine,
    All,
    /// Cases whose next step is mine.
    Waiting,
}

/// Whose, what kind, where it is.
#[derive(Clone, Copy)]
struct Choice {
    whose: RwSignal<Whose>,
    kind: RwSignal<Option<RecordKind>>,
    arrival: RwSignal<Option<Arrival>>,
}

pub(super) fn page(route: &Route) -> AnyView {
    let app = use_app();
    let whose = if route.get("whose") == Some("waiting") { Whose::Waiting } else { Whose::Mine };
    let choice =
        Choice { whose: RwSignal::new(whose), kind: RwSignal::new(None), arrival: RwSignal::new(None) };
    let window =
        Window::new(PAGE, move || mark(&(choice.whose.get(), choice.kind.get(), choice.arrival.get())));
    let begun = begun(app);
    let drafts = Memo::new(move |_| {
        let (kind, arrival) = (choice.kind.get(), choice.arrival.get());
        if !matches!(arrival, None | Some(Arrival::Draft)) || choice.whose.get() != Whose::Mine {
            return Vec::new();
        }
        let fits = |draft: &&(String, Draft)| kind.is_none_or(|kind| draft.1.kind == kind.as_str());
        begun.with(|begun| begun.iter().filter(fits).cloned().collect())
    });
    let unfinished = move || {
        let now = app.now_ms();
        drafts.with(|drafts| drafts.iter().map(|(key, draft)| draft_row(key, draft, now)).collect_view())
    };
    let found = Memo::new(move |_| found(app, choice));
    let total = move || found.with(Vec::len);
    let lines = move || {
        let drawn = window.drawn();
        found.with(|ids| ids.iter().take(drawn).filter_map(|id| line(app, *id)).collect())
    };
    let head = move || {
        let count = total() + drafts.with(Vec::len);
        if count > 0 {
            return view! { <p class="results-line" role="status">{format!("{count} 条")}</p> }.into_any();
        }
        let text = "走访、隐患、纠纷记下后都在这里，能看到送没送到、办到哪一步。";
        let go = view! { <a class="btn btn-primary" href="#/">"去记一条"</a> }.into_any();
        blank("empty", "还没有记录", text, vec![go])
    };
    let more = move || {
        let rest = total().saturating_sub(window.wanted());
        (rest > 0).then(|| {
            view! {
                <button class="btn btn-wide" type="button" data-testid="show-more" on:click=move |_| window.more()>
                    {format!("显示更多（还有 {rest} 条）")}
                </button>
            }
        })
    };
    let body = view! {
        {filters(choice)}
        {live(head)}
        <ul class="rows" data-testid="record-list" aria-busy=move || window.busy(total()).to_string()>
            {live(unfinished)}
            {window::rows(lines)}
        </ul>
        {live(more)}
    };
    Screen::new("记录").tab(Tab::Records).view(body.into_any())
}

/// Records that fit, the latest change first.
fn found(app: App, choice: Choice) -> Vec<EntityId> {
    let user = app.user();
    let (whose, kind, arrival) = (choice.whose.get(), choice.kind.get(), choice.arrival.get());
    let waiting: BTreeSet<EntityId> = match whose {
        Whose::Waiting => app.waiting(|found| found.into_iter().map(|summary| summary.id).collect()),
        _ => BTreeSet::new(),
    };
    let fits = |summary: &Summary| match whose {
        Whose::Mine => summary.reporter == user,
        Whose::All => true,
        Whose::Waiting => waiting.contains(&summary.id),
    };
    app.rows(|rows| {
        let list: Vec<&Summary> = rows
            .values()
            .filter(|row| row.visible())
            .filter_map(|row| Some((row.summary.as_ref()?, row)))
            .filter(|(summary, _)| summary.kind.is_report() && fits(summary))
            .filter(|(summary, _)| kind.is_none_or(|kind| summary.kind == kind))
            .filter(|(_, row)| arrival.is_none_or(|wanted| Arrival::of(row, &user) == wanted))
            .map(|(summary, _)| summary)
            .collect();
        largest_first(list, |summary| summary.updated).into_iter().map(|summary| summary.id).collect()
    })
}

/// Records in a part of a page, each drawn anew only when it changes; `none` stands there while there are none.
pub(super) fn listed(
    app: App,
    none: &'static str,
    found: impl Fn() -> Vec<EntityId> + Send + Sync + 'static,
) -> AnyView {
    let found = Memo::new(move |_| found());
    let lines = move || found.with(|ids| ids.iter().filter_map(|id| line(app, *id)).collect());
    let list = move || {
        if found.with(Vec::is_empty) {
            return view! { <p class="muted">{none}</p> }.into_any();
        }
        view! { <ul class="rows">{window::rows(lines)}</ul> }.into_any()
    };
    let any = Memo::new(move |_| found.with(Vec::is_empty));
    live(move || {
        any.track();
        untrack(list)
    })
}

fn line(app: App, id: EntityId) -> Option<Line> {
    app.rows(|rows| {
        let row = rows.get(&id)?;
        let mark = mark(&(row.version(), title(rows, row.summary.as_ref()?)));
        let draw = move || {
            let (package, user, now) = (app.package(), app.user(), app.now_ms());
            let row = |rows: &Rows| record_row(&package, rows, rows.get(&id)?, &user, now);
            app.rows(row).unwrap_or_else(|| ().into_any())
        };
        Some(Line { id, mark, draw: Box::new(draw) })
    })
}

fn filters(choice: Choice) -> AnyView {
    let chip = |name: &'static str,
                test: &'static str,
                label: &'static str,
                on: Box<dyn Fn() -> bool + Send + Sync>,
                set: Box<dyn Fn() + Send + Sync>| {
        view! {
            <label class="chip" data-testid=test>
                <input type="radio" name=name prop:checked=on on:change=move |_| set() />
                <span class="chip-face">{label}</span>
            </label>
        }
        .into_any()
    };
    let kind = |kind: Option<RecordKind>, test: &'static str, label: &'static str| {
        let (on, set) = (choice.kind, choice.kind);
        chip("record-kind", test, label, Box::new(move || on.get() == kind), Box::new(move || set.set(kind)))
    };
    let arrival = |state: Option<Arrival>, test: &'static str, label: &'static str| {
        let (on, set) = (choice.arrival, choice.arrival);
        chip(
            "record-arrival",
            test,
            label,
            Box::new(move || on.get() == state),
            Box::new(move || set.set(state)),
        )
    };
    let whose = |whose: Whose, test: &'static str, label: &'static str| {
        let (on, set) = (choice.whose, choice.whose);
        chip(
            "record-whose",
            test,
            label,
            Box::new(move || on.get() == whose),
            Box::new(move || set.set(whose)),
        )
    };
    view! {
        <div class="filters" role="radiogroup" aria-label="种类">
            {kind(None, "kind-all", "全部")}
            {kind(Some(RecordKind::Visit), "kind-visit", "走访")}
            {kind(Some(RecordKind::Hazard), "kind-hazard", "隐患")}
            {kind(Some(RecordKind::Dispute), "kind-dispute", "纠纷")}
            {kind(Some(RecordKind::Mediation), "kind-mediation", "卷宗")}
            {kind(Some(RecordKind::Entry), "kind-entry", "巡查、登记")}
            {kind(Some(RecordKind::Matter), "kind-matter", "其他事项")}
        </div>
        <div class="filters" role="radiogroup" aria-label="送到哪里">
            {arrival(None, "arrival-all", "都看")}
            {arrival(Some(Arrival::Pending), "arrival-pending", "待同步")}
            {arrival(Some(Arrival::Attention), "arrival-attention", "需处理")}
            {arrival(Some(Arrival::Arrived), "arrival-arrived", "已送达")}
        </div>
        <div class="filters" role="radiogroup" aria-label="谁记的">
            {whose(Whose::Mine, "whose-mine", "我记的")}
            {whose(Whose::Waiting, "whose-waiting", "等我办的")}
            {whose(Whose::All, "whose-all", "网格里的")}
        </div>
    }
    .into_any()
}
