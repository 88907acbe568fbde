//! One household: facts, people with their phones, what happened there, and what to do.

use std::rc::Rc;

use gridbook_domain::household::merge::homes;
use gridbook_domain::household::{HouseholdView, Member, movement};
use gridbook_domain::package::Package;
use gridbook_domain::plan::{DueState, Season, household_due, visits_by_household};
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;

use super::records::listed;
use super::screen::{self, Screen};
use crate::app::{App, use_app};
use crate::ui::ask::asking;
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::icon::{chevron, icon};
use crate::ui::states::{Tone, banner, blank, loading};
use crate::ui::{joint, largest_first, live, moves, same};

/// Something read from the device.
pub(super) type Loaded = RwSignal<Option<Result<Option<Rc<Entity>>, String>>, LocalStorage>;

/// Reads a record, again whenever the data change.
pub(super) fn load(app: App, id: EntityId) -> Loaded {
    let loaded: Loaded = RwSignal::new_local(None);
    Effect::new(move |_| {
        app.version.track();
        leptos::task::spawn_local(async move {
            let found = app.entity(id).await.map_err(|problem| problem.reading());
            let same = loaded.try_with_untracked(|old| match (old, &found) {
                (Some(Ok(Some(old))), Ok(Some(new))) => Rc::ptr_eq(old, new),
                _ => false,
            });
            if same == Some(false) {
                loaded.try_set(Some(found));
            }
        });
    });
    loaded
}

/// A page that is called what `words` makes of its record's row, by now; `none` while there is nothing to make a name of.
/// The name follows, the page stays.
pub(super) fn named(id: EntityId, none: &'static str, words: fn(&Summary) -> String) -> Screen {
    let app = use_app();
    let name = Memo::new(move |_| {
        let known = app.rows(|rows| rows.get(&id).and_then(|row| row.summary.as_ref()).map(words));
        known.filter(|name| !name.is_empty()).unwrap_or_else(|| none.to_owned())
    });
    Effect::new(move |_| name.with(|name| screen::call(name)));
    Screen::new(name.get_untracked()).heading(live(move || name.get()))
}

/// What stands in the place of a record that is not here.
pub(super) fn missing(words: Option<String>) -> AnyView {
    match words {
        Some(words) => blank("error", "打不开这条记录", words, Vec::new()),
        None => {
            let text = "可能还没有同步到本机，或已不在您的网格。联网同步后再看。";
            blank("search", "本机没有这条记录", text, Vec::new())
        }
    }
}

pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let loaded = load(app, id);
    let draw = move || match loaded.get() {
        None => loading(5),
        // Drawn anew when the household changes, not with every synchronisation.
        Some(Ok(Some(entity))) => untrack(|| card(app, &entity)),
        Some(Ok(None)) => missing(None),
        Some(Err(words)) => missing(Some(words)),
    };
    named(id, "户", |row| row.title.clone()).back("/households").view(asking(|| live(draw)))
}

fn card(app: App, entity: &Entity) -> AnyView {
    let (view, values) = (&HouseholdView::of(entity), &entity.values());
    let id = view.id;
    let package = app.package();
    let stands = same::standing(app, view);
    let conflict = (!view.conflicts.is_empty()).then(|| {
        let look = view! { <a class="btn btn-small" href=format!("#/record/{id}")>"去选"</a> }.into_any();
        banner(Tone::Warn, "warn", "两个人改得不一样", "两个内容都在，请选一个作准。", vec![look])
    });
    view! {
        {conflict}
        {same::same(app, view, values, |id| format!("#/household/{id}"))}
        {live(move || stands.get().then(|| actions(id)))}
        {live(move || stands.get().then(|| next_visit(app, id, &app.package())).flatten())}
        {facts(app, &package, view, crate::ui::facts::more(app, view, values))}
        {people(app, &package, view)}
        <article class="card">
            <div class="card-head"><h2 class="card-title">"人口变化"</h2></div>
            <div class="card-body">{moves::moves(app, view, &movement::history(entity))}</div>
        </article>
        {joint::joint_visits(app, view)}
        {history(app, id, stands)}
    }
    .into_any()
}

fn actions(id: EntityId) -> AnyView {
    let big = |kind: &'static str, class: &'static str, words: &'static str| {
        let symbol = kind;
        view! {
            <a class=class href=format!("#/{kind}/new?household={id}") data-testid=format!("household-{kind}")>
                {icon(symbol)}
                <span class="big-label">{words}</span>
            </a>
        }
        .into_any()
    };
    view! {
        <div class="bigs">
            {big("visit", "big big-visit", "走访")}
            {big("hazard", "big big-hazard", "隐患")}
            {big("dispute", "big big-dispute", "纠纷")}
        </div>
    }
    .into_any()
}

fn next_visit(app: App, id: EntityId, package: &Package) -> Option<AnyView> {
    let today = app.today();
    let whole = same::whole(app, id);
    let due = app.rows(|rows| {
        // Disputes too: whose household is a party's, the plan counts (4.4).
        let about = |row: &&Summary| {
            row.kind == RecordKind::Dispute || row.household.is_some_and(|house| whole.contains(&house))
        };
        let own: Vec<&Summary> = rows.values().filter_map(|row| row.summary.as_ref()).filter(about).collect();
        let home = homes(own.iter().copied()).into_iter().find(|home| home.id == id)?;
        let visits = visits_by_household(own).remove(&id).unwrap_or_default();
        let last = visits.iter().map(|visit| visit.day).max();
        Some((household_due(&home, &visits, package, today, Season::usual(today)), last))
    });
    let (due, last) = due?;
    let next = due.next?;
    let (tone, words) = match due.state {
        DueState::Overdue => ("stat stat-danger", format!("超期 {} 天", -due.days)),
        DueState::Due => ("stat stat-warn", "该走访了".to_owned()),
        DueState::Suspended => ("stat", "外出，暂不走访".to_owned()),
        _ => ("stat", format::short_day(next, today)),
    };
    let last = last.map_or_else(|| "还没有".to_owned(), |day| format::short_day(day, today));
    Some(
        view! {
            <div class="stats">
                <div class=tone><span class="stat-value">{words}</span><span class="stat-label">"下次走访"</span></div>
                <div class="stat"><span class="stat-value">{last}</span><span class="stat-label">"上次走访"</span></div>
            </div>
        }
        .into_any(),
    )
}

fn facts(app: App, package: &Package, view: &HouseholdView, rest: Option<AnyView>) -> AnyView {
    let directory = use_directory();
    let id = view.id;
    let line = |label: &'static str, words: String| {
        (!words.is_empty()).then(|| view! { <div><dt>{label}</dt><dd>{words}</dd></div> }.into_any())
    };
    let area = directory.with(|names| names.area(&view.area));
    let residence = package.label("residence_type", &view.residence_type).to_owned();
    let status = match view.status.as_str() {
        "" | "active" => String::new(),
        other => package.label("household_status", other).to_owned(),
    };
    let phones = view
        .phones
        .iter()
        .map(|phone| {
            let note = if phone.note.is_empty() { "户电话".to_owned() } else { phone.note.clone() };
            call(&note, &phone.number)
        })
        .collect_view();
    view! {
        <article class="card">
            <div class="card-head">
                <h2 class="card-title">"户情"</h2>
                <a class="btn btn-small" href=format!("#/household/{id}/edit") data-testid="household-edit">
                    {icon("edit")}
                    "改资料"
                </a>
            </div>
            <div class="card-body stack">
                <dl class="kv">
                    {line("住址", view.address.clone())}
                    {line("门牌", view.door_no.clone())}
                    {line("附近", view.landmark.clone())}
                    {line("网格", area)}
                    {line("居住", residence)}
                    {line("状态", status)}
                    {line("编码", view.code.clone())}
                    {line("备注", view.remarks.clone())}
                </dl>
                {phones}
                {rest}
            </div>
        </article>
        <article class="card">
            <div class="card-head"><h2 class="card-title">"户类别"</h2></div>
            <div class="card-body">{crate::ui::kinds::kinds(app, view)}</div>
        </article>
    }
    .into_any()
}

/// A number to call.
fn call(who: &str, number: &str) -> AnyView {
    view! {
        <a class="btn btn-wide" href=format!("tel:{number}")>
            {icon("phone")}
            <span>{who.to_owned()}</span>
            <span class="nums">{format::phone(number)}</span>
        </a>
    }
    .into_any()
}

fn people(app: App, package: &Package, view: &HouseholdView) -> AnyView {
    let id = view.id;
    let today = app.today();
    let rows = view.members.iter().map(|member| person(id, package, member, today)).collect_view();
    let none = view.members.is_empty().then(|| view! { <p class="muted">"还没有登记成员。"</p> });
    view! {
        <article class="card">
            <div class="card-head">
                <h2 class="card-title">{format!("家庭成员 {}", view.members.len())}</h2>
                <a class="btn btn-small" href=format!("#/household/{id}/member/new") data-testid="member-new">
                    {icon("plus")}
                    "加成员"
                </a>
            </div>
            {none}
            <ul class="rows rows-plain">{rows}</ul>
        </article>
    }
    .into_any()
}

fn person(id: EntityId, package: &Package, member: &Member, today: chrono::NaiveDate) -> AnyView {
    let mut parts: Vec<String> = Vec::new();
    for (dict, value) in [
        ("relation_to_head", &member.relation),
        ("sex", &member.sex),
        ("resident_status", &member.resident_status),
    ] {
        if !value.is_empty() {
            parts.push(package.label(dict, value).to_owned());
        }
    }
    if let Some(age) = format::age(&member.birth, today) {
        parts.insert(parts.len().min(2), format!("{age} 岁"));
    }
    let call = (!member.phone.is_empty()).then(|| {
        view! {
            <a
                class="btn btn-icon"
                href=format!("tel:{}", member.phone)
                aria-label=format!("给{}打电话", member.name)
                data-testid="member-call"
            >
                {icon("phone")}
            </a>
        }
    });
    let name = if member.name.is_empty() { "没有姓名".to_owned() } else { member.name.clone() };
    view! {
        <li class="split">
            <a class="row grow" href=format!("#/household/{id}/member/{}", member.row) data-testid="member-row">
                <span class="row-main">
                    <span class="row-title">{name}</span>
                    <span class="row-sub">{parts.join(" · ")}</span>
                </span>
                {chevron()}
            </a>
            {call}
        </li>
    }
    .into_any()
}

fn history(app: App, id: EntityId, stands: Memo<bool>) -> AnyView {
    let found = move || {
        let (whole, stands) = (same::whole(app, id), stands.get());
        app.rows(|rows| {
            let about = |house: EntityId| house == id || stands && whole.contains(&house);
            let of_house =
                |summary: &Summary| summary.household.is_some_and(about) && summary.kind.is_report();
            let list: Vec<_> = rows
                .values()
                .filter(|row| row.visible() && row.summary.as_ref().is_some_and(of_house))
                .collect();
            let list = largest_first(list, |row| row.summary.as_ref().map_or(0, |s| s.at));
            list.into_iter().take(50).filter_map(|row| row.summary.as_ref().map(|s| s.id)).collect()
        })
    };
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">"这一户的记录"</h2></div>
            {listed(app, "还没有走访、隐患和纠纷。", found)}
        </section>
    }
    .into_any()
}
