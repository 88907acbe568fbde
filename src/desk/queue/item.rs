//! One line of the queue, and whether it waits for this person.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use gridbook_domain::clock::Lamp;
use gridbook_domain::package::Package;
use gridbook_domain::role::{Actor, Target, may};
use gridbook_domain::summary::Summary;
use gridbook_domain::workflow::{Guard, Transition};
use gridbook_log::EntityId;
use leptos::prelude::*;

use crate::app::App;
use crate::ui::badge::Arrival;

/// A report as the queue shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The list row.
    pub summary: Summary,
    /// Where it is, seen from this desk.
    pub arrival: Arrival,
    /// The next step is this person's.
    pub mine: bool,
    /// How its most urgent limit stands.
    pub lamp: Option<Lamp>,
    /// The reporter has to hear of it again; late already, or soon.
    pub tell: Option<bool>,
}

/// All reports on this device, the latest change first, as one person sees them on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Items {
    /// The reports.
    pub list: Vec<Arc<Item>>,
    actor: Actor,
    today: NaiveDate,
    package: String,
}

impl Items {
    /// Reads them; what is as it was `before` is not thought over again.
    pub fn read(app: App, before: Option<&Self>) -> Self {
        let (package, actor, today, now) = (app.package(), app.actor(), app.today(), app.now_ms());
        let checksum = package.checksum();
        let before = before
            .filter(|before| before.actor == actor && before.today == today && before.package == checksum);
        let known: HashMap<EntityId, &Arc<Item>> =
            before.into_iter().flat_map(|before| &before.list).map(|item| (item.summary.id, item)).collect();
        let mut list: Vec<Arc<Item>> = app.rows(|rows| {
            rows.values()
                .filter(|row| row.visible())
                .filter_map(|row| {
                    let summary = row.summary.as_ref().filter(|summary| summary.kind.is_report())?;
                    let arrival = Arrival::of(row, &actor.user);
                    let lamp = summary.deadline().map(|deadline| deadline.lamp(now));
                    let tell = summary.to_tell(now);
                    let held = known.get(&summary.id).filter(|item| item.summary == *summary);
                    if let Some(item) = held
                        && (item.arrival, item.lamp, item.tell) == (arrival, lamp, tell)
                    {
                        return Some(Arc::clone(item));
                    }
                    let mine = held.map_or_else(|| waits(&package, &actor, summary, today), |item| item.mine);
                    Some(Arc::new(Item { summary: summary.clone(), arrival, mine, lamp, tell }))
                })
                .collect()
        });
        list.sort_by_key(|item| std::cmp::Reverse((item.summary.updated, item.summary.id)));
        Self { list, actor, today, package: checksum.to_owned() }
    }
}

/// The reports of this desk, kept up to date; once for the list and the number beside its name.
pub fn provide_items(app: App) {
    let items = Memo::new(move |before: Option<&Arc<Items>>| {
        app.version.track();
        app.session.track();
        Arc::new(Items::read(app, before.map(|before| &**before)))
    });
    provide_context(items);
}

/// The reports of this desk. Follow changes when read.
pub fn use_items() -> Memo<Arc<Items>> {
    expect_context()
}

/// Whether the next step of the way forward may be this person's, as far as the list row tells; the detail asks
/// the rules themselves.
fn waits(package: &Package, actor: &Actor, summary: &Summary, today: NaiveDate) -> bool {
    let Some(flow) = package.flow(summary.kind) else { return false };
    let target = Target {
        units: summary.units.iter().map(String::as_str).collect(),
        level: Some(summary.level.as_str()).filter(|level| !level.is_empty()),
        registered: package.state(&summary.state).is_some_and(|state| state.registered),
        ..Target::new(summary.kind, &summary.area, Some(&summary.reporter))
    };
    let own_unit = || actor.units(today).iter().any(|unit| summary.units.iter().any(|held| held == unit));
    let guarded = |step: &Transition| {
        step.guards.iter().all(|guard| match guard {
            Guard::CreatorOnly => summary.reporter == actor.user,
            Guard::NotReporter => summary.reporter != actor.user,
            Guard::LeadUnitMember => own_unit(),
            // Kept at the village: no unit has it, whoever may handle it there sees it waiting.
            Guard::Handles => summary.units.is_empty() || own_unit(),
            Guard::SettledOnSpot => false,
            _ => true,
        })
    };
    flow.transitions
        .get()
        .iter()
        .filter(|step| step.skin.is_some() && step.from.contains(&summary.state))
        .any(|step| may(package, actor, &step.permission, &target, today) && guarded(step))
}
