//! 户: found by house number, any member, phone tail, category, initials; at once, without a network (TERR-09).

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_domain::household::category;
use gridbook_domain::household::merge::{Merges, homes};
use gridbook_domain::package::Package;
use gridbook_domain::plan::task::list_until;
use gridbook_domain::plan::{Season, month_end, week_end};
use gridbook_domain::role::holds;
use gridbook_domain::search::{Query, Why};
use gridbook_domain::summary::{Hint, Summary};
use gridbook_log::{EntityId, order_by};
use leptos::prelude::*;

use super::screen::{Screen, Tab};
use super::way::{self, Way};
use crate::app::{App, use_app};
use crate::ui::badge::{self, Arrival};
use crate::ui::format;
use crate::ui::icon::{chevron, icon};
use crate::ui::router::use_router;
use crate::ui::states::blank;
use crate::ui::window::{self, Line, Window, mark};
use crate::ui::{largest_first, live};

/// The filter for households with a category that has to be approved.
const WAITS: &str = "@waits";
/// Rows shown at once.
const PAGE: usize = 50;
/// Category filters offered.
const FILTERS: usize = 12;

#[derive(Clone, PartialEq, Hash)]
struct House {
    id: EntityId,
    title: String,
    sub: String,
    tags: Vec<String>,
    pending: bool,
    why: String,
}

pub(super) fn page() -> AnyView {
    let app = use_app();
    let router = use_router();
    let route = router.route.get_untracked();
    let text = RwSignal::new(route.get("q").unwrap_or_default().to_owned());
    let filter = RwSignal::new(match route.get("due") {
        Some("week") => "@week".to_owned(),
        Some(_) => "@due".to_owned(),
        None => String::new(),
    });
    let way = Way::new();
    let window = Window::new(PAGE, move || mark(&(text.get(), filter.get(), way.mark())));
    // What is searched for is part of the address, so that it is still there after a look at a household.
    Effect::new(move |before: Option<()>| {
        let text = text.get();
        if before.is_some() {
            router.note(&format!("/households?q={}", crate::ui::router::encode(&text)));
        }
    });
    let found = Memo::new(move |_| find(app, &text.get(), &filter.get(), way, window.wanted()));
    let total = move || found.with(|(total, _)| *total);
    let lines = move || {
        let drawn = window.drawn();
        found.with(|(_, houses)| {
            let line = |house: &House| {
                let (id, mark, house) = (house.id, mark(house), house.clone());
                Line { id, mark, draw: Box::new(move || row(house.clone())) }
            };
            houses.iter().take(drawn).map(line).collect()
        })
    };
    let head = move || {
        match total() {
        0 => nothing(app, !text.with(String::is_empty) || !filter.with(String::is_empty)),
        total => {
            view! { <p class="results-line" role="status" data-testid="results-line">{format!("{total} 户")}</p> }
                .into_any()
        }
    }
    };
    let more = move || {
        let rest = total().saturating_sub(window.wanted());
        (rest > 0).then(|| {
            view! {
                <button class="btn btn-wide" type="button" data-testid="show-more" on:click=move |_| window.more()>
                    {format!("显示更多（还有 {rest} 户）")}
                </button>
            }
        })
    };
    let clear = move || {
        (!text.with(String::is_empty)).then(|| {
            view! {
                <button
                    class="search-clear"
                    type="button"
                    aria-label="清除"
                    on:click=move |_| {
                        text.set(String::new());
                        crate::ui::dom::focus("[type=search]");
                    }
                >
                    {icon("close")}
                </button>
            }
        })
    };
    let body = view! {
        <div class="search">
            {icon("search")}
            <input
                class="search-input"
                type="search"
                aria-label="查找户"
                placeholder="门牌、姓名、尾号、拼音"
                data-testid="household-search"
                prop:value=move || text.get()
                on:input=move |ev| text.set(event_target_value(&ev))
            />
            {live(clear)}
        </div>
        {filters(app, filter)}
        {way.bar(move || planned(&filter.get(), app.today()).is_some())}
        {live(head)}
        <ul class="rows" data-testid="household-list" aria-busy=move || window.busy(total()).to_string()>
            {window::rows(lines)}
        </ul>
        {live(more)}
    };
    let add = view! {
        <a class="appbar-action" href="#/household/new" aria-label="新建户" data-testid="household-new">{icon("plus")}</a>
    };
    Screen::new("户").tab(Tab::Households).action(add.into_any()).view(body.into_any())
}

/// Until which day the plan is asked for; `None` = the filter is another one.
fn planned(filter: &str, today: NaiveDate) -> Option<NaiveDate> {
    match filter {
        "@due" => Some(today),
        "@week" => Some(week_end(today)),
        "@month" => Some(month_end(today)),
        _ => None,
    }
}

fn find(app: App, text: &str, filter: &str, way: Way, shown: usize) -> (usize, Vec<House>) {
    let package = app.package();
    let today = app.today();
    let actor = app.actor();
    app.rows(|rows| {
        let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let seen: Vec<&Summary> = seen.collect();
        let fits = |summary: &Summary| {
            filter.is_empty()
                || (filter == WAITS && summary.hints.contains(&Hint::Approve))
                || summary.kinds(today).contains(&filter)
                    && category::sees_category(&package, &actor, &summary.area, filter, today)
        };
        let query = Query::new(text, &package, today).discreet(&package, &actor);
        let mut why: BTreeMap<EntityId, Why> = BTreeMap::new();
        let mut when: BTreeMap<EntityId, String> = BTreeMap::new();
        let until = planned(filter, today);
        let ids: Vec<EntityId> = if let Some(until) = until.filter(|_| query.is_empty()) {
            let (user, season) = (app.user(), Season::at(app.now_ms()));
            // The plan looks at those that went into others too: visits to them count.
            let mut due = list_until(&seen, &package, &user, [today, until], season);
            let metres = way.sort(&mut due, &seen);
            for row in &due {
                let day = row.due.next.map_or_else(String::new, |day| format::short_day(day, today));
                let far = metres.get(&row.household).map_or_else(String::new, |metres| way::far(*metres));
                when.insert(row.household, format!(" · {day}{far}"));
            }
            due.into_iter().map(|row| row.household).collect()
        } else if query.is_empty() {
            let homes = homes(seen.iter().copied());
            let mut list: Vec<&Summary> = homes.iter().map(AsRef::as_ref).filter(|home| fits(home)).collect();
            order_by(&mut list, |a, b| (&a.area, &a.number, a.id).cmp(&(&b.area, &b.number, b.id)));
            list.into_iter().map(|home| home.id).collect()
        } else {
            let merges = Merges::of(seen.iter().copied());
            let hits = query.households(seen.iter().copied(), usize::MAX);
            let mut ids = Vec::with_capacity(hits.len());
            let gone =
                |id| rows.get(&id).and_then(|row| row.summary.as_ref()).is_some_and(|row| merges.gone(row));
            for hit in hits.into_iter().filter(|hit| !gone(hit.id)) {
                ids.push(hit.id);
                why.insert(hit.id, hit.why);
            }
            if until.is_none() {
                ids.retain(|id| rows.get(id).and_then(|row| row.summary.as_ref()).is_some_and(fits));
            }
            ids
        };
        let total = ids.len();
        let lines = ids
            .into_iter()
            .take(shown)
            .filter_map(|id| {
                let row = rows.get(&id)?;
                let mut line = line(app, &package, row.summary.as_ref()?, row.unsent > 0, why.get(&id));
                line.sub.extend(when.remove(&id));
                Some(line)
            })
            .collect();
        (total, lines)
    })
}

fn line(app: App, package: &Package, summary: &Summary, pending: bool, why: Option<&Why>) -> House {
    let why = match why {
        Some(Why::Name(name)) if !summary.title.contains(name.as_str()) => format!("成员 {name}"),
        Some(Why::Initials) => "拼音相符".to_owned(),
        Some(Why::Phone) => "电话尾号相符".to_owned(),
        Some(Why::Matter(_)) => "有未办结的事项".to_owned(),
        _ => String::new(),
    };
    let shown = category::shown(package, &app.actor(), &summary.area, &summary.categories, app.today());
    let tags = shown
        .into_iter()
        .filter(|held| held.id != "general")
        .take(3)
        .map(|held| held.label.clone())
        .collect();
    House { id: summary.id, title: summary.title.clone(), sub: summary.subtitle.clone(), tags, pending, why }
}

fn row(line: House) -> AnyView {
    let tags =
        line.tags.into_iter().map(|tag| view! { <span class="tag">{tag}</span> }.into_any()).collect_view();
    let why = (!line.why.is_empty()).then(|| view! { <span class="tag tag-accent">{line.why}</span> });
    let end = line.pending.then(|| view! { <span class="row-end">{badge::arrival(Arrival::Pending)}</span> });
    view! {
        <li>
            <a class="row" href=format!("#/household/{}", line.id) data-testid="household-row">
                <span class="row-main">
                    <span class="row-title">{line.title}</span>
                    <span class="row-sub">{line.sub}</span>
                    <span class="row-tags">{why}{tags}</span>
                </span>
                {end}
                {chevron()}
            </a>
        </li>
    }
    .into_any()
}

fn filters(app: App, filter: RwSignal<String>) -> AnyView {
    // Categories that households here have, the most frequent first.
    let offered = Memo::new(move |_| {
        let package = app.package();
        let today = app.today();
        let actor = app.actor();
        let counts = app.rows(|rows| {
            let mut counts: BTreeMap<String, usize> = BTreeMap::new();
            let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            for home in &homes(seen) {
                let sees = |id: &&str| category::sees_category(&package, &actor, &home.area, id, today);
                for id in home.kinds(today).into_iter().filter(sees) {
                    *counts.entry(id.to_owned()).or_default() += 1;
                }
            }
            counts
        });
        let list: Vec<(usize, String, String)> = counts
            .into_iter()
            .filter_map(|(id, count)| {
                let known = package.category(&id)?;
                Some((count, id, known.label.clone()))
            })
            .collect();
        let mut list = largest_first(list, |(count, ..)| *count as u64);
        list.truncate(FILTERS);
        list
    });
    let chip = move |id: String, label: String| {
        let (mine, set) = (id.clone(), id.clone());
        view! {
            <label class="chip" data-testid=format!("filter-{id}")>
                <input
                    type="radio"
                    name="household-filter"
                    prop:checked=move || filter.with(|now| *now == mine)
                    on:change=move |_| filter.set(set.clone())
                />
                <span class="chip-face">{label}</span>
            </label>
        }
        .into_any()
    };
    let chips = move || {
        let fixed = [
            chip(String::new(), "全部".to_owned()),
            chip("@due".to_owned(), "该走访".to_owned()),
            chip("@week".to_owned(), "本周".to_owned()),
            chip("@month".to_owned(), "本月".to_owned()),
        ];
        let rest = offered.get().into_iter().map(|(count, id, label)| {
            let short: String = label.split(['(', '（']).next().unwrap_or_default().to_owned();
            chip(id, format!("{short} {count}"))
        });
        let approves = holds(&app.package(), &app.actor(), category::APPROVE, app.today());
        let waits = approves.then(|| chip(WAITS.to_owned(), "类别待审核".to_owned()));
        fixed.into_iter().chain(waits).chain(rest).collect_view()
    };
    view! { <div class="filters" role="radiogroup" aria-label="户类别">{live(chips)}</div> }.into_any()
}

fn nothing(app: App, searched: bool) -> AnyView {
    let new = view! { <a class="btn btn-primary" href="#/household/new">"新建一户"</a> }.into_any();
    if searched {
        let text = "换个名字、门牌、电话尾号或拼音首字母试试；没有这一户可以新建。";
        return blank("search", "没有找到", text, vec![new]);
    }
    if app.sync.with(|sync| sync.last_ok_ms.is_none()) {
        return blank(
            "offline",
            "户的资料还没有下载",
            "联网同步一次就会出现，以后没有信号也能查。",
            Vec::new(),
        );
    }
    blank("empty", "您的网格里还没有户", "可以在这里新建，也可以请镇上批量导入。", vec![new])
}
