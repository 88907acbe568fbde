//! Households of a task that go to somebody else (ROLE-09, TERR-03): after a hand-over to the successor, after grids were
//! cut anew to whoever goes where they lie now. The task stays one stream and every household stands in it once, so
//! nothing is lost and nothing is counted twice, however often it is handed on.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, Event, Placement, map_of, set_of};
use serde_json::Value;

use super::{VisitTask, met};
use crate::handover::Terms;
use crate::household::merge::Merges;
use crate::package::Package;
use crate::plan::campaign::Walker;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::territory::covers;
use crate::territory::cut::Cut;
use crate::territory::grid_of;

/// Households of a task go to somebody else.
pub const HAND_ON: &str = "hand_on";
/// Where the person stands to whom a household was handed on: this and its id.
pub(super) const WITH: &str = "with/";

/// Everybody who has households of it.
pub(super) fn people(task: &VisitTask) -> BTreeSet<&str> {
    task.households.iter().map(|id| task.person_of(id)).collect()
}

/// What a re-cut means for the tasks of the grids that ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Followed {
    /// Tasks with the step to be written.
    pub steps: Vec<(EntityId, Event)>,
    /// Households where nobody goes now: they stay with whoever had them.
    pub nobody: usize,
}

impl VisitTask {
    /// The step that gives these households to these people, and lays the task into an area; `None` when nothing changes.
    fn hand_on(&self, to: BTreeMap<EntityId, String>, area: Option<String>) -> Option<Event> {
        let changes = |(id, user): &(EntityId, String)| self.person_of(id) != user;
        let to: BTreeMap<EntityId, String> = map_of(to.into_iter().filter(changes));
        let area = area.filter(|area| *area != self.area);
        if to.is_empty() && area.is_none() {
            return None;
        }
        let mut next = self.clone();
        next.handed.extend(to.clone());
        let (had, have) = (people(self), people(&next));
        let only =
            |a: &BTreeSet<&str>, b: &BTreeSet<&str>| a.difference(b).map(|user| (*user).to_owned()).collect();
        let place = Placement {
            area,
            users_add: only(&have, &had),
            users_del: only(&had, &have),
            ..Placement::default()
        };
        Some(Event {
            event: HAND_ON.to_owned(),
            table: 1,
            set: to.into_iter().map(|(id, user)| (format!("{WITH}{id}"), Value::from(user))).collect(),
            place: Some(place),
            ..Event::default()
        })
    }
}

/// Tasks that a person has inside an area and that are not done there, with the households.
pub fn open_of(
    package: &Package,
    rows: &[&Summary],
    user: &str,
    area: &str,
) -> Vec<(VisitTask, Vec<EntityId>)> {
    let homes = rows.iter().filter(|row| row.kind == RecordKind::Household && covers(area, &row.area));
    let homes: BTreeSet<EntityId> = set_of(homes.map(|row| row.id));
    let merges = Merges::of(rows.iter().copied());
    let mine = |task: VisitTask| {
        let own = task.households.iter().filter(|id| homes.contains(id) && task.person_of(id) == user);
        let own: Vec<EntityId> = own.copied().collect();
        if own.is_empty() {
            return None;
        }
        let done = met(package, &task.terms.campaign, task.terms.from, rows.iter().copied());
        own.iter().any(|id| !done.contains(&merges.standing(*id))).then_some((task, own))
    };
    whole(rows.iter().copied()).filter_map(mine).collect()
}

/// The steps that give the successor of a hand-over the open tasks of its area.
pub fn by_hand_over(package: &Package, rows: &[&Summary], terms: &Terms) -> Vec<(EntityId, Event)> {
    let open = open_of(package, rows, &terms.from, &terms.area).into_iter();
    let step = |(task, own): (VisitTask, Vec<EntityId>)| {
        let to = own.into_iter().map(|id| (id, terms.to.clone())).collect();
        Some((task.id, task.hand_on(to, None)?))
    };
    open.filter_map(step).collect()
}

/// The cut that ended the grid of a task.
fn ended_by<'c>(cuts: &'c [Cut], task: &VisitTask) -> Option<&'c Cut> {
    cuts.iter().find(|cut| cut.old.iter().any(|old| covers(old, &task.area)))
}

/// Whole tasks among rows, those taken back left out.
fn whole<'a>(rows: impl IntoIterator<Item = &'a Summary>) -> impl Iterator<Item = VisitTask> {
    rows.into_iter().filter_map(VisitTask::of_row).filter(|task| !task.cancelled)
}

/// How many tasks still lie in a grid that has ended, or have households there with somebody who does not go where they lie
/// now while somebody else does.
pub fn left_behind<'a>(
    cuts: &[Cut],
    rows: impl IntoIterator<Item = &'a Summary>,
    walkers: &[Walker],
) -> usize {
    let rows: Vec<&Summary> = rows.into_iter().collect();
    let steps = by_re_cut(cuts, rows.iter().copied(), walkers).steps;
    let follow: BTreeSet<EntityId> = set_of(steps.into_iter().map(|(id, _)| id));
    whole(rows).filter(|task| ended_by(cuts, task).is_some() || follow.contains(&task.id)).count()
}

/// Tasks of grids that have ended follow their households: whoever goes there now has them, and the one who had them
/// keeps them wherever that is the same person. `rows` lie where they lie afterwards; done again it changes nothing.
pub fn by_re_cut<'a>(
    cuts: &[Cut],
    rows: impl IntoIterator<Item = &'a Summary>,
    walkers: &[Walker],
) -> Followed {
    let rows: Vec<&Summary> = rows.into_iter().collect();
    let lies: BTreeMap<EntityId, &str> = map_of(
        rows.iter().filter(|row| row.kind == RecordKind::Household).map(|row| (row.id, row.area.as_str())),
    );
    // One that went into another is where that one is.
    let merges = Merges::of(rows.iter().copied());
    let mut load: BTreeMap<&str, usize> = BTreeMap::new();
    let mut followed = Followed::default();
    for task in whole(rows.iter().copied()) {
        let ended = ended_by(cuts, &task);
        // One that a cut before laid into the village lies in no grid: there each household is looked at by itself.
        let wide = ended.is_none() && task.area.len() <= VILLAGE;
        if ended.is_none() && !wide {
            continue;
        }
        let mut to = BTreeMap::new();
        let mut grids = BTreeSet::new();
        let lying = |id: &EntityId| Some((*id, *lies.get(&merges.standing(*id))?));
        for (id, area) in task.households.iter().filter_map(lying) {
            grids.insert(grid_of(area));
            if wide && !cuts.iter().any(|cut| cut.from.contains_key(&merges.standing(id))) {
                continue;
            }
            let goes = walkers.iter().filter(|walker| covers(&walker.area, area));
            if goes.clone().any(|walker| walker.user == task.person_of(&id)) {
                continue;
            }
            // The nearest, of those whoever got fewest.
            let count = |walker: &&Walker| {
                let own = load.get(walker.user.as_str()).copied().unwrap_or(0);
                (std::cmp::Reverse(walker.area.len()), own, walker.user.clone())
            };
            let Some(walker) = goes.min_by_key(count) else {
                followed.nobody += 1;
                continue;
            };
            *load.entry(&walker.user).or_default() += 1;
            to.insert(id, walker.user.clone());
        }
        let area = match (grids.len(), ended.map(|cut| cut.new.as_slice())) {
            (_, None) => None,
            (1, _) => grids.first().copied(),
            (_, Some([one])) => Some(one.as_str()),
            // It lies in several now: in what holds them all.
            _ => task.area.get(..VILLAGE),
        };
        followed.steps.extend(task.hand_on(to, area.map(str::to_owned)).map(|event| (task.id, event)));
    }
    followed
}

/// Digits of a village's code.
const VILLAGE: usize = 12;
