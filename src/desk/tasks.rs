//! Who visits whom until when (VISIT-06): a campaign, the grids with how far it has come, and the households that were given
//! to people. Grids are compared, people are not: the list stands in the order of places.

mod given;
mod review;
mod share;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{Datelike, Days, Months, NaiveDate};
use gridbook_domain::household::merge::{Merges, homes as standing};
use gridbook_domain::plan::task::{VisitTask, met, tasks as tasks_of};
use gridbook_domain::plan::{Progress, progress};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::share::Share;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::grid_of;
use gridbook_log::{EntityId, set_of};
use leptos::prelude::*;

use super::alarm::nobody_met;
use super::parts::{bar_day, select, villages};
use super::table::{Col, table, tick};
use crate::app::{App, use_app};
use crate::ui::ask::asking;
use crate::ui::directory::{Directory, Names, use_directory};
use crate::ui::icon::icon;
use crate::ui::states::blank;

/// What the month in which everybody goes out is called.
const ALL_OUT: &str = "大走访";

/// What is asked for.
#[derive(Clone, Copy)]
struct Asked {
    app: App,
    names: Directory,
    campaign: RwSignal<String>,
    village: RwSignal<String>,
    from: RwSignal<NaiveDate>,
    due: RwSignal<NaiveDate>,
    chosen: RwSignal<BTreeSet<String>>,
}

impl Asked {
    /// The words of the campaign.
    fn label(self) -> String {
        let (package, campaign) = (self.app.package(), self.campaign.get());
        let held = package.catalogue.get().campaigns.iter().find(|held| held.id == campaign);
        held.map_or_else(|| ALL_OUT.to_owned(), |held| held.label.clone())
    }
}

/// A household of the village.
#[derive(Clone, PartialEq)]
struct Home {
    id: EntityId,
    area: String,
    categories: Vec<String>,
}

/// A grid with its households.
#[derive(Clone, PartialEq)]
struct Line {
    code: String,
    name: String,
    homes: Vec<Home>,
    reached: Share,
    given: usize,
    people: BTreeSet<String>,
}

/// The village as the campaign finds it.
#[derive(Clone, Default, PartialEq)]
struct Found {
    lines: Vec<Line>,
    tasks: Vec<(VisitTask, Progress)>,
    reached: BTreeSet<EntityId>,
}

fn find(app: App, names: &Names, village: &str, campaign: &str, from: NaiveDate) -> Found {
    let package = app.package();
    app.rows(|rows| {
        let seen: Vec<&Summary> = rows
            .values()
            .filter(|row| row.visible())
            .filter_map(|row| row.summary.as_ref())
            .filter(|row| row.area.starts_with(village))
            .collect();
        let mut tasks = tasks_of(seen.iter().copied());
        tasks.retain(|task| task.terms.campaign == campaign && task.terms.due >= from);
        gridbook_log::order_by_key(&mut tasks, |task| (task.area.clone(), names.person(&task.user)));
        let reached = met(&package, campaign, from, seen.iter().copied());
        let mut homes: BTreeMap<String, Vec<Home>> = BTreeMap::new();
        let merges = Merges::of(seen.iter().copied());
        for row in standing(seen.iter().copied()) {
            let categories = row.kinds(app.today()).into_iter().map(str::to_owned).collect();
            let (id, area) = (row.id, row.area.clone());
            homes.entry(grid_of(&area).to_owned()).or_default().push(Home { id, area, categories });
        }
        let line = |(code, homes): (String, Vec<Home>)| {
            let mut share = Share::default();
            homes.iter().for_each(|home| share.count(reached.contains(&home.id)));
            // By where a household lies: a task may reach over several grids after these were cut anew.
            let here: BTreeSet<EntityId> = set_of(homes.iter().map(|home| home.id));
            let given = |task: &VisitTask| {
                merges.stand_for(&task.households).iter().filter(|id| here.contains(id)).count()
            };
            let mut people = BTreeSet::new();
            people.extend(tasks.iter().filter(|task| given(task) > 0).map(|task| names.person(&task.user)));
            Line {
                name: names.area(&code),
                given: tasks.iter().map(given).sum(),
                people,
                reached: share,
                homes,
                code,
            }
        };
        let lines = homes.into_iter().map(line).collect();
        // As its phone counts it: from the task's own first day.
        let lies: BTreeMap<EntityId, &str> = seen
            .iter()
            .filter(|row| row.kind == RecordKind::Household)
            .map(|row| (row.id, grid_of(&row.area)))
            .collect();
        let done = |mut task: VisitTask| {
            // The part of one person lies in one grid mostly, even where the whole task reaches over several.
            let grids: BTreeSet<&str> =
                task.households.iter().filter_map(|id| lies.get(id).copied()).collect();
            if let (1, Some(grid)) = (grids.len(), grids.first()) {
                (*grid).clone_into(&mut task.area);
            }
            let since = met(&package, campaign, task.terms.from, seen.iter().copied());
            let so_far = progress(&task.households, &since, seen.iter().copied());
            (task, so_far)
        };
        Found { lines, tasks: tasks.into_iter().map(done).collect(), reached }
    })
}

/// The screen.
pub fn tasks() -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let today = app.today();
    let first = today.with_day(1).unwrap_or(today);
    // A month that is nearly over leaves no time: then until the end of the next one.
    let end = |months| first + Months::new(months) - Days::new(1);
    let last = if (end(1) - today).num_days() < 7 { end(2) } else { end(1) };
    let here = names.with_untracked(|names| {
        let actor = app.actor();
        let own: Vec<&str> = actor.areas(today);
        villages(names).into_iter().find(|(code, _)| own.iter().any(|area| code.starts_with(area)))
    });
    let asked = Asked {
        app,
        names,
        campaign: RwSignal::new(String::new()),
        village: RwSignal::new(here.map(|(code, _)| code).unwrap_or_default()),
        from: RwSignal::new(first),
        due: RwSignal::new(last),
        chosen: RwSignal::new(BTreeSet::new()),
    };
    let found = Memo::new(move |_| {
        let (village, campaign) = (asked.village.get(), asked.campaign.get());
        Arc::new(find(app, &names.get(), &village, &campaign, asked.from.get()))
    });
    let (sharing, back) = (RwSignal::new(false), given::Back::new());
    let campaigns = move || {
        let package = app.package();
        let running =
            package.catalogue.get().campaigns.iter().filter(|held| held.to.is_none_or(|to| today <= to));
        let themes = running.map(|held| (held.id.clone(), held.label.clone()));
        std::iter::once((String::new(), ALL_OUT.to_owned())).chain(themes).collect::<Vec<_>>()
    };
    let places = move || {
        let mut list = villages(&names.get());
        if list.iter().all(|(code, _)| *code != asked.village.get()) {
            list.insert(0, (String::new(), "请选村".to_owned()));
        }
        list
    };
    let may_give = move || {
        let target = Target::new(RecordKind::VisitTask, "", None);
        let village = asked.village.get();
        may(&app.package(), &app.actor(), "visit.plan", &Target { area: &village, ..target }, app.today())
    };
    let give = move || {
        may_give().then(|| {
            let none = move || asked.chosen.with(BTreeSet::is_empty);
            let open = move |_| sharing.set(true);
            view! {
                <button
                    class="btn btn-small btn-primary"
                    type="button"
                    data-testid="tasks-give"
                    disabled=none
                    on:click=open
                >
                    {icon("send")}
                    "分配选中的网格"
                </button>
            }
        })
    };
    let inside = move || {
        let found = found.get();
        if found.lines.is_empty() {
            let text = "换一个村再看。户的资料由导入或村里建户而来。";
            return blank("search", "这里还没有户", text, Vec::new());
        }
        grids(asked, &found)
    };
    asking(move || {
        view! {
        <div class="page-head">
            <h1 class="page-title">"走访任务"</h1>
            <div class="page-actions">{give}</div>
        </div>
        <div class="toolbar">
            {select("专项", "tasks-campaign", move || asked.campaign.get(), campaigns, move |value| asked.campaign.set(value))}
            {select("村", "tasks-village", move || asked.village.get(), places, move |value| {
                asked.chosen.set(BTreeSet::new());
                asked.village.set(value);
            })}
            {bar_day("从哪天起算", "tasks-from", asked.from)}
            {bar_day("到哪天为止", "tasks-due", asked.due)}
        </div>
        <div class="books" tabindex="0" role="region" aria-label="走访任务">
            {inside}
            {move || given::given(app, names, &found.get(), may_give().then_some(back))}
            {review::review(app, names, move || asked.village.get())}
            {nobody_met(move || Some(asked.village.get()).filter(|village| !village.is_empty()))}
        </div>
        {share::dialog_for(asked, found, sharing)}
        {back.dialog(app)}
        }
        .into_any()
    })
}

fn grids(asked: Asked, found: &Found) -> AnyView {
    let rows = found
        .lines
        .iter()
        .map(|line| {
            let people: Vec<&str> = line.people.iter().map(String::as_str).collect();
            view! {
                <tr data-testid="tasks-grid" data-code=line.code.clone()>
                    <td class="check">{tick(&line.name, "tasks-tick", &line.code, asked.chosen)}</td>
                    <td class="strong">{line.name.clone()}</td>
                    <td class="num">{line.homes.len()}</td>
                    <td class="num" data-testid="tasks-reached">{line.reached.words()}</td>
                    <td class="num" data-testid="tasks-given">{line.given}</td>
                    <td>{people.join("、")}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = [
        Col::Check("选中"),
        Col::Text("网格"),
        Col::Num("户"),
        Col::Num("已走访"),
        Col::Num("已分配"),
        Col::Text("分给谁"),
    ];
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">"网格"</h2></div>
            {table("网格", true, &heads, rows)}
        </section>
    }
    .into_any()
}
