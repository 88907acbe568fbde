//! What a warning asks for where it is in force: said at the desk before it is announced, and on the phone while it lasts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use gridbook_log::EntityId;

use super::{Warning, counting, season_with, signals};
use crate::calendar::{HOUR_MS, day_of};
use crate::hazard::{PatrolDue, PointDue, Season, patrol_due, points_due};
use crate::household::merge::homes;
use crate::package::Package;
use crate::plan::{active, extras, visits_by_household};
use crate::record::RecordKind;
use crate::summary::{Summary, VisitFact};

/// A household with all that went into it.
type Home<'a> = Cow<'a, Summary>;

/// Places of one kind whose patrols change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PointEffect {
    /// The kind, in words.
    pub label: String,
    /// How many there are.
    pub count: usize,
    /// Hours between patrols then.
    pub every_hours: u64,
    /// Somebody has to be there all the time.
    pub watch: bool,
}

/// What a warning asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Effect {
    /// By kind of place, in the order of the package.
    pub points: Vec<PointEffect>,
    /// Households to visit.
    pub homes: usize,
}

/// What a warning asks for while it is in force, as these rows know the area: before it is announced the same as after.
pub fn effect(package: &Package, warning: &Warning, rows: &[&Summary], now: u64) -> Effect {
    let at = now.max(warning.from);
    let season = Season::usual(day_of(at));
    let alone = std::slice::from_ref(warning);
    let here = |row: &&&Summary| {
        row.kind == RecordKind::Place && row.state != "closed" && !row.rejected && warning.covers(&row.area)
    };
    let places: Vec<&&Summary> = rows.iter().filter(here).collect();
    let points = package.hazards.get().points.iter().filter_map(|kind| {
        let own = places.iter().filter(|row| row.categories.first() == Some(&kind.id));
        let count = own.count();
        let area = warning.areas.first()?;
        let due = |season: &Season| patrol_due(package, kind, None, at, season, at);
        let before = due(&season);
        let then = due(&season_with(package, alone, (kind, area), &season, at))?;
        let same = before.is_some_and(|due| due.every_hours == then.every_hours && due.watch == then.watch);
        (count > 0 && !same).then(|| PointEffect {
            label: kind.label.clone(),
            count,
            every_hours: then.every_hours,
            watch: then.watch,
        })
    });
    let homes = homes(rows.iter().copied());
    let visits = visits_by_household(rows.iter().copied());
    // What begins on a later day calls from then on.
    let then = now.max(warning.heard());
    Effect { points: points.collect(), homes: homes_to_visit(package, warning, (&homes, &visits), then) }
}

/// What warnings ask for right now of whoever has these rows: what they all look at is found once.
pub struct Asks<'a> {
    package: &'a Package,
    due: Vec<(PointDue, &'a Summary)>,
    homes: Vec<Home<'a>>,
    visits: BTreeMap<EntityId, Vec<VisitFact>>,
    now: u64,
}

impl<'a> Asks<'a> {
    /// Looks at the rows.
    pub fn new(package: &'a Package, rows: &[&'a Summary], now: u64) -> Self {
        let due = points_due(package, rows, &Season::usual(day_of(now)), now);
        let places = rows.iter().filter(|row| row.kind == RecordKind::Place).map(|row| (row.id, *row));
        let places: BTreeMap<EntityId, &Summary> = places.collect();
        Self {
            package,
            due: due
                .into_iter()
                .filter_map(|point| Some((point.clone(), *places.get(&point.place)?)))
                .collect(),
            homes: homes(rows.iter().copied()),
            visits: visits_by_household(rows.iter().copied()),
            now,
        }
    }

    /// Points where somebody has to be or that are to be patrolled within the hour, today where they go by days; households
    /// that were not called on yet. A point is told once, under the gravest of all these warnings that concerns it.
    pub fn of(&self, warning: &Warning, all: &[Warning]) -> (usize, usize) {
        let kind = |id: &str| self.package.hazards.get().points.iter().find(|kind| kind.id == id);
        let concerned = |row: &Summary| {
            let kind = row.categories.first().and_then(|id| kind(id));
            let counts = kind.and_then(|kind| counting(self.package, all, (kind, &row.area), self.now));
            counts.is_some_and(|counts| counts.id == warning.id)
        };
        let soon = |due: &PatrolDue| due.watch || due.every_hours >= 24 || due.at <= self.now + HOUR_MS;
        let points = self.due.iter().filter(|(point, row)| soon(&point.due) && concerned(row)).count();
        (points, homes_to_visit(self.package, warning, (&self.homes, &self.visits), self.now))
    }

    /// When the next patrol that goes by the hour becomes due or late.
    pub fn next(&self) -> Option<u64> {
        let hourly = self.due.iter().filter(|(point, _)| point.due.every_hours < 24);
        hourly.flat_map(|(point, _)| [point.due.at - HOUR_MS, point.due.at]).filter(|at| *at > self.now).min()
    }
}

fn homes_to_visit(
    package: &Package,
    warning: &Warning,
    (homes, visits): (&[Home<'_>], &BTreeMap<EntityId, Vec<VisitFact>>),
    now: u64,
) -> usize {
    if warning.calls(package).next().is_none() {
        return 0;
    }
    let (rules, today) = (package.visits.get(), day_of(now));
    let called = homes.iter().filter(|home| active(home) && warning.covers(&home.area)).filter(|home| {
        let (kinds, seen) = (home.kinds(today), visits.get(&home.id).map_or(&[][..], Vec::as_slice));
        let heard = signals(package, std::slice::from_ref(warning), (&home.area, &kinds));
        let extras = extras(rules, &kinds, &heard, seen, today);
        // Festivals call by themselves.
        let own = |trigger: &str| heard.iter().any(|signal| signal.trigger == trigger);
        extras.iter().any(|extra| own(&extra.trigger) && extra.wanted(today))
    });
    called.count()
}
