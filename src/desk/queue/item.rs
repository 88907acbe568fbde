//! One line of the queue, and whether it waits for this person.

use chrono::NaiveDate;
use gridbook_domain::clock::Lamp;
use gridbook_domain::package::Package;
use gridbook_domain::role::{Actor, Target, may};
use gridbook_domain::summary::Summary;
use gridbook_domain::workflow::{Guard, Transition};

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
}

/// All reports on this device, the latest change first.
pub fn read(app: App) -> Vec<Item> {
    let (package, actor, today, now) = (app.package(), app.actor(), app.today(), app.now_ms());
    let mut items: Vec<Item> = app.rows(|rows| {
        rows.values()
            .filter(|row| row.visible())
            .filter_map(|row| {
                let summary = row.summary.as_ref().filter(|summary| summary.kind.is_report())?;
                Some(Item {
                    summary: summary.clone(),
                    arrival: Arrival::of(row, &actor.user),
                    mine: waits(&package, &actor, summary, today),
                    lamp: summary.deadline().map(|deadline| deadline.lamp(now)),
                })
            })
            .collect()
    });
    items.sort_by_key(|item| std::cmp::Reverse((item.summary.updated, item.summary.id)));
    items
}

/// Whether the next step of the way forward may be this person's, as far as the list row tells; the detail asks
/// the rules themselves.
pub fn waits(package: &Package, actor: &Actor, summary: &Summary, today: NaiveDate) -> bool {
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
