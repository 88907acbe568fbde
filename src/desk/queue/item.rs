//! One line of the queue, and whether it waits for this person.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use gridbook_domain::clock::Lamp;
use gridbook_domain::role::Actor;
use gridbook_domain::summary::Summary;
use gridbook_domain::workflow::waits_for;
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
                    let mine =
                        held.map_or_else(|| waits_for(&package, &actor, summary, today), |item| item.mine);
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
