//! Giving out households in a campaign (VISIT-06): who may go where, and everybody about as many.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_log::{EntityId, map_of, set_of};

use super::{MAX_HOUSEHOLDS, Terms, VisitTask};
use crate::package::Package;
use crate::plan::campaign::{Walker, assign};
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};
use crate::territory::{covers, grid_of, within_grid};

/// Who may visit where: people of the directory with their roles, by the areas that these give them.
pub fn walkers<'a>(
    package: &Package,
    people: impl IntoIterator<Item = &'a Actor>,
    today: NaiveDate,
) -> Vec<Walker> {
    let mut walkers = Vec::new();
    for person in people {
        for area in person.areas(today) {
            let target = Target::new(RecordKind::Visit, area, None);
            if may(package, person, "record.create", &target, today) {
                walkers.push(Walker { user: person.user.clone(), area: area.to_owned() });
            }
        }
    }
    walkers
}

/// Those of the people who go to one of these grids.
pub fn near(people: &[Walker], grids: &BTreeSet<String>) -> Vec<Walker> {
    let goes =
        |walker: &&Walker| grids.iter().any(|code| covers(&walker.area, code) || covers(code, &walker.area));
    people.iter().filter(goes).cloned().collect()
}

/// The accounts that go first: whoever has no more than a grid; where grids have nobody of their own, all of them.
pub fn own(near: &[Walker]) -> BTreeSet<String> {
    let any = near.iter().any(|walker| within_grid(&walker.area));
    let first = near.iter().filter(|walker| !any || within_grid(&walker.area));
    set_of(first.map(|walker| walker.user.clone()))
}

/// Shares households out among people of their areas, evenly; what another task of the campaign has already in these days
/// stays there. Also returns the households where nobody of these goes.
pub fn share_out(
    terms: &Terms,
    households: &[(EntityId, String)],
    people: &[Walker],
    standing: &[VisitTask],
) -> (Vec<VisitTask>, Vec<EntityId>) {
    let same = |task: &&VisitTask| {
        !task.cancelled && task.terms.campaign == terms.campaign && task.terms.due >= terms.from
    };
    let given: BTreeSet<EntityId> =
        standing.iter().filter(same).flat_map(|task| task.households.iter().copied()).collect();
    let open: Vec<(EntityId, String)> =
        households.iter().filter(|(id, _)| !given.contains(id)).cloned().collect();
    let areas: BTreeMap<EntityId, &str> = map_of(open.iter().map(|(id, area)| (*id, grid_of(area))));
    let (mut made, mut nobody) = (Vec::new(), Vec::new());
    for (user, homes) in assign(&open, people) {
        if user.is_empty() {
            nobody = homes;
            continue;
        }
        let mut by_grid: BTreeMap<&str, Vec<EntityId>> = BTreeMap::new();
        for id in homes {
            by_grid.entry(areas.get(&id).copied().unwrap_or_default()).or_default().push(id);
        }
        for (area, homes) in by_grid {
            for part in homes.chunks(MAX_HOUSEHOLDS) {
                made.push(VisitTask {
                    id: EntityId([0; 16]),
                    terms: terms.clone(),
                    user: user.clone(),
                    area: area.to_owned(),
                    households: part.to_vec(),
                    handed: BTreeMap::new(),
                    cancelled: false,
                });
            }
        }
    }
    (made, nobody)
}
