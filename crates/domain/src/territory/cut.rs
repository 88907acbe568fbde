//! Deciding to cut grids anew (TERR-03, TERR-04): grids of one village end with a day, others follow, and every household
//! is told where it belongs. What was decided stands in the nodes that end, so that figures can be told by the old and the
//! new structure afterwards; the records move when the day has come ([`super::recut`]).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use gridbook_log::{Entity, EntityId, Values, map_of};
use serde_json::Value;

use super::norm::{Dwelling, NormNote, Norms, check};
use super::recut::{Plan, plan};
use super::{AreaCode, AreaLevel, AreaNode, GridKind, covers, grid_of, is_grid_of, village_of};
use crate::date;
use crate::household::merge::Merges;
use crate::record::RecordKind;
use crate::role::{Actor, Assignment};
use crate::summary::Summary;

/// Groups of a village that may be named by number: those above are dedicated and online grids.
const BASIC: std::ops::RangeInclusive<u32> = 1..=799;

/// Characters of a grid's name at most.
pub const MAX_NAME: usize = 30;
/// Where it stands who works where after a grid that ended: this and the account.
const HOLDERS: &str = "holders/";

/// A node of the directory, and where its households went when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its stream.
    pub id: EntityId,
    /// The node.
    pub node: AreaNode,
    /// Households, and cases of none, with the node that each belongs to after it.
    pub moves: BTreeMap<EntityId, String>,
    /// People who worked there, with the grids where each works after it.
    pub holders: BTreeMap<String, Vec<String>>,
}

fn codes(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|code| code.as_str().map(str::to_owned)).collect()
}

impl Node {
    /// Reads a place of the directory; `None` for everything else.
    pub fn of(entity: &Entity) -> Option<Self> {
        let made = entity.creation().filter(|made| made.create.type_ == RecordKind::Area.as_str())?;
        if made.rejected.is_some() {
            return None;
        }
        let values = entity.values();
        let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
        let moves = values.iter().filter_map(|(path, to)| {
            Some((EntityId::parse(path.strip_prefix("moves/")?)?, to.as_str()?.to_owned()))
        });
        let holders = values
            .iter()
            .filter_map(|(path, to)| Some((path.strip_prefix(HOLDERS)?.to_owned(), codes(Some(to)))));
        Some(Self {
            id: entity.id(),
            node: AreaNode {
                code: text("code").to_owned(),
                name: text("name").to_owned(),
                valid_from: date::parse(text("valid_from")),
                valid_to: date::parse(text("valid_to")),
                successors: codes(values.get("successors")),
            },
            moves: map_of(moves),
            holders: map_of(holders),
        })
    }
}

/// What somebody wants to decide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Codes of the grids that end.
    pub old: Vec<String>,
    /// Codes and names of those that follow.
    pub new: Vec<(String, String)>,
    /// Their first day.
    pub on: NaiveDate,
    /// Where each household, and each open case of none, belongs then.
    pub homes: BTreeMap<EntityId, String>,
    /// Where each of the people who work in the grids that end works then: some of the new ones.
    pub holders: BTreeMap<String, BTreeSet<String>>,
}

/// Why it cannot be decided like this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DraftProblem {
    /// One into one, or nothing at all.
    Nothing,
    /// A grid of another village, or no group.
    Village,
    /// The code of a grid that has ended already, or is to.
    Ended(String),
    /// A code that is or was in use.
    Taken(String),
    /// No name, or one of more than [`MAX_NAME`] characters.
    Name,
    /// A day that has passed: its figures have been told.
    Past,
    /// So many households without a grid.
    Undecided(usize),
    /// Somebody who works in a grid that ends, of whom nobody has said where they work then.
    Holder(String),
}

/// What would follow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// Records that move on the day.
    pub moves: usize,
    /// Households by new grid.
    pub homes: BTreeMap<String, usize>,
    /// Open cases of no household, of which somebody has to say where they belong.
    pub undecided: Vec<EntityId>,
    /// Norms that the new grids do not meet.
    pub notes: Vec<NormNote>,
}

/// Codes for new grids of a village: after the last one ever used.
pub fn free_codes(nodes: &[Node], village: &str, count: usize) -> Vec<String> {
    let number = |node: &Node| node.node.code.strip_prefix(village)?.get(..3)?.parse::<u32>().ok();
    let last = nodes.iter().filter_map(number).filter(|n| BASIC.contains(n)).max().unwrap_or(0);
    (last + 1..=*BASIC.end()).take(count).map(|n| format!("{village}{n:03}")).collect()
}

/// The code of a new grid of a kind (TERR-02): the one after the last ever used, since codes are never used again.
pub fn free_code(nodes: &[Node], village: &str, kind: GridKind) -> Option<String> {
    let range = match kind {
        GridKind::Basic => BASIC,
        GridKind::Dedicated => 800..=899,
        GridKind::Online => 900..=999,
    };
    let number = |node: &Node| node.node.code.strip_prefix(village)?.get(..3)?.parse::<u32>().ok();
    let last = nodes.iter().filter_map(number).filter(|n| range.contains(n)).max();
    let next = last.map_or(*range.start(), |last| last + 1);
    range.contains(&next).then(|| format!("{village}{next:03}"))
}

/// The code of a new zone of a township; none is used again.
pub fn free_zone(nodes: &[Node], township: &str) -> Option<String> {
    let number = |node: &Node| node.node.code.strip_prefix(township)?.strip_prefix('P')?.parse::<u32>().ok();
    let next = nodes.iter().filter_map(number).max().unwrap_or(0) + 1;
    (next < 100).then(|| format!("{township}P{next:02}"))
}

impl Draft {
    /// What stands against it. `homes` are the households that lie in the grids that end.
    pub fn problems(&self, nodes: &[Node], homes: &[EntityId], today: NaiveDate) -> Vec<DraftProblem> {
        let mut problems = Vec::new();
        if self.old.is_empty() || self.new.is_empty() || self.old.len() + self.new.len() < 3 {
            problems.push(DraftProblem::Nothing);
        }
        let village = |code: &str| {
            AreaCode::parse(code)
                .ok()
                .filter(|code| code.level() == AreaLevel::Group)
                .and_then(|code| code.parent())
        };
        let new = self.new.iter().map(|(code, _)| code);
        let villages: BTreeSet<Option<AreaCode>> =
            self.old.iter().chain(new).map(|code| village(code)).collect();
        if villages.len() > 1 || villages.contains(&None) {
            problems.push(DraftProblem::Village);
        }
        let known = |code: &str| nodes.iter().find(|node| node.node.code == code);
        for code in &self.old {
            if known(code).is_none_or(|node| node.node.valid_to.is_some()) {
                problems.push(DraftProblem::Ended(code.clone()));
            }
        }
        let mut codes = BTreeSet::new();
        for (code, name) in &self.new {
            if known(code).is_some() || !codes.insert(code) {
                problems.push(DraftProblem::Taken(code.clone()));
            }
            if name.trim().is_empty() || name.chars().count() > MAX_NAME {
                problems.push(DraftProblem::Name);
            }
        }
        if self.on < today {
            problems.push(DraftProblem::Past);
        }
        let told = |id: &&EntityId| !self.homes.get(id).is_some_and(|to| codes.contains(to));
        let open = homes.iter().filter(told).count();
        if open > 0 {
            problems.push(DraftProblem::Undecided(open));
        }
        let nowhere = |held: &&BTreeSet<String>| !held.iter().any(|code| codes.contains(code));
        let lost = self.holders.iter().filter(|(_, held)| nowhere(held));
        problems.extend(lost.map(|(user, _)| DraftProblem::Holder(user.clone())));
        problems
    }

    fn nodes(&self, nodes: &[Node]) -> Vec<AreaNode> {
        let successors: Vec<String> = self.new.iter().map(|(code, _)| code.clone()).collect();
        let ends = |node: &Node| match self.old.contains(&node.node.code) {
            true => AreaNode {
                valid_to: self.on.checked_sub_days(Days::new(1)),
                successors: successors.clone(),
                ..node.node.clone()
            },
            false => node.node.clone(),
        };
        nodes.iter().map(ends).collect()
    }

    /// What would follow from it. `rows` and `dwellings` are those of the grids that end, at least.
    pub fn preview(
        &self,
        nodes: &[Node],
        norms: &Norms,
        dwellings: &[Dwelling],
        rows: &[&Summary],
    ) -> Preview {
        let Plan { moves, undecided } = plan(&self.nodes(nodes), &self.homes, rows.iter().copied(), self.on);
        let homes: BTreeSet<EntityId> =
            rows.iter().filter(|row| row.kind == RecordKind::Household).map(|row| row.id).collect();
        let then: Vec<Dwelling> = dwellings
            .iter()
            .filter_map(|home| Some(Dwelling { area: self.homes.get(&home.id)?.clone(), ..home.clone() }))
            .collect();
        let codes: Vec<String> = self.new.iter().map(|(code, _)| code.clone()).collect();
        let mut counts: BTreeMap<String, usize> = map_of(codes.iter().map(|code| (code.clone(), 0)));
        for home in &then {
            *counts.entry(home.area.clone()).or_default() += 1;
        }
        let undecided = undecided.into_iter().filter(|id| !homes.contains(id)).collect();
        Preview { moves: moves.len(), homes: counts, undecided, notes: check(norms, &codes, &then) }
    }

    /// What is written: values of the nodes that end, by their streams, and of those that are new.
    pub fn writes(
        &self,
        nodes: &[Node],
        lies: &BTreeMap<EntityId, String>,
    ) -> (Vec<(EntityId, Values)>, Vec<Values>) {
        let text = |text: &str| Value::from(text);
        let last = self.on.checked_sub_days(Days::new(1)).unwrap_or(self.on).to_string();
        let successors: Value = self.new.iter().map(|(code, _)| text(code)).collect();
        let ended = nodes.iter().filter(|node| self.old.contains(&node.node.code)).map(|node| {
            let mut set: Values =
                [("valid_to".to_owned(), text(&last)), ("successors".to_owned(), successors.clone())].into();
            let own = |id: &EntityId| lies.get(id).is_some_and(|area| covers(&node.node.code, area));
            for (id, to) in self.homes.iter().filter(|(id, _)| own(id)) {
                set.insert(format!("moves/{id}"), text(to));
            }
            for (user, held) in &self.holders {
                set.insert(format!("{HOLDERS}{user}"), held.iter().map(|code| text(code)).collect());
            }
            (node.id, set)
        });
        let made = self.new.iter().map(|(code, name)| {
            let village = village_of(code);
            [
                ("code", code.as_str()),
                ("name", name.trim()),
                ("level", "group"),
                ("kind", "basic"),
                ("parent", village),
                ("valid_from", &self.on.to_string()),
            ]
            .into_iter()
            .map(|(path, value)| (path.to_owned(), text(value)))
            .collect::<Values>()
        });
        (ended.collect(), made.collect())
    }
}

/// A re-cut that was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Codes that end.
    pub old: Vec<String>,
    /// Codes that follow.
    pub new: Vec<String>,
    /// First day of those.
    pub on: NaiveDate,
    /// Households, and cases of none, with the code that each came from.
    pub from: BTreeMap<EntityId, String>,
    /// The same with the code that each went to.
    pub to: BTreeMap<EntityId, String>,
    /// People who worked in the grids that end, with the codes where each works then.
    pub holders: BTreeMap<String, Vec<String>>,
}

/// All that were decided, the latest first. Nodes that end on one day for the same successors are one cut.
pub fn cuts(nodes: &[Node]) -> Vec<Cut> {
    let mut found: Vec<Cut> = Vec::new();
    for Node { node, moves, holders, .. } in nodes.iter().filter(|node| !node.node.successors.is_empty()) {
        let Some(on) = node.valid_to.and_then(|last| last.checked_add_days(Days::new(1))) else { continue };
        let place = found.iter().position(|cut| cut.on == on && cut.new == node.successors);
        let place = place.unwrap_or_else(|| {
            let new = node.successors.clone();
            let (from, to, holders) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
            found.push(Cut { old: Vec::new(), new, on, from, to, holders });
            found.len() - 1
        });
        let cut = &mut found[place];
        cut.old.push(node.code.clone());
        cut.from.extend(moves.keys().map(|id| (*id, node.code.clone())));
        cut.to.extend(moves.iter().map(|(id, to)| (*id, to.clone())));
        cut.holders.extend(holders.clone());
    }
    gridbook_log::order_by(&mut found, |a, b| (b.on, &a.old).cmp(&(a.on, &b.old)));
    found
}

impl Cut {
    /// Where a person works afterwards who worked in a grid that ended: where was said, else in all that follow.
    fn next_of(&self, user: &str) -> Vec<&str> {
        let said: Vec<&str> = self.holders.get(user).into_iter().flatten().map(String::as_str).collect();
        let known: Vec<&str> =
            said.into_iter().filter(|code| self.new.iter().any(|new| new == code)).collect();
        if known.is_empty() { self.new.iter().map(String::as_str).collect() } else { known }
    }

    /// Roles of a person after it: whoever holds one for a grid that ends holds it for those that follow and are theirs,
    /// from their first day. `None` when nothing changes.
    pub fn follow(&self, user: &str, held: &[Assignment]) -> Option<Vec<Assignment>> {
        let last = self.on.checked_sub_days(Days::new(1))?;
        let (mut roles, mut changed) = (Vec::new(), false);
        for one in held {
            let ends = one.area.as_deref().is_some_and(|area| self.old.iter().any(|old| covers(old, area)));
            if !ends || one.to.is_some_and(|to| to < self.on) {
                roles.push(one.clone());
                continue;
            }
            changed = true;
            if one.from.is_none_or(|from| from <= last) {
                roles.push(Assignment { to: Some(last), ..one.clone() });
            }
            for code in self.next_of(user) {
                let next = Assignment {
                    area: Some(code.to_owned()),
                    from: one.from.filter(|from| *from > self.on).or(Some(self.on)),
                    ..one.clone()
                };
                if !roles.contains(&next) {
                    roles.push(next);
                }
            }
        }
        changed.then_some(roles)
    }

    /// The same for a person of the directory: values to set in the table `assignments`; empty when nothing changes.
    pub fn follow_rows(&self, values: &Values) -> Values {
        let user = values.get("user").and_then(Value::as_str).unwrap_or_default();
        let mut set = Values::new();
        for row in crate::form::table_rows(values, "assignments") {
            let path = |row: &str, field: &str| format!("assignments/{row}/{field}");
            let held = |field: &str| values.get(&path(row, field)).cloned();
            let text =
                |field: &str| values.get(&path(row, field)).and_then(Value::as_str).unwrap_or_default();
            // A role that ended before the day, after a hand-over say, is history and stays where it was.
            let over = crate::date::parse(text("to")).is_some_and(|to| to < self.on);
            if over || !self.old.iter().any(|old| covers(old, text("area"))) {
                continue;
            }
            for (n, code) in self.next_of(user).into_iter().enumerate() {
                let next = if n == 0 { row.to_owned() } else { format!("{row}x{n}") };
                set.insert(path(&next, "area"), Value::from(code));
                for field in ["role", "unit", "from", "to"].iter().filter(|_| n > 0) {
                    set.extend(held(field).map(|value| (path(&next, field), value)));
                }
            }
        }
        set
    }
}

/// Who works in grids that end, with where each would work in those that follow: with one that follows there; otherwise
/// where the households of their own area go, where that is a part; else, where there are as many people as grids, one
/// each in turn, and fewer people keep all of it. A person decides.
pub fn holders(
    people: &[Actor],
    old: &[String],
    new: &[String],
    homes: &BTreeMap<EntityId, String>,
    lies: &BTreeMap<EntityId, String>,
    today: NaiveDate,
) -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for person in people {
        let own: Vec<&str> =
            person.areas(today).into_iter().filter(|area| old.iter().any(|old| covers(old, area))).collect();
        if own.is_empty() {
            continue;
        }
        let mine = |id: &EntityId| lies.get(id).is_some_and(|lies| own.iter().any(|area| covers(area, lies)));
        let go = homes.iter().filter(|(id, _)| mine(id)).map(|(_, to)| to.clone()).collect();
        found.insert(person.user.clone(), go);
    }
    let everywhere = |go: &BTreeSet<String>| go.is_empty() || new.iter().all(|code| go.contains(code));
    let each = found.values().filter(|go| everywhere(go)).count() >= new.len();
    for (n, go) in found.values_mut().filter(|go| everywhere(go)).enumerate() {
        *go = if each {
            new.get(n % new.len()).cloned().into_iter().collect()
        } else {
            new.iter().cloned().collect()
        };
    }
    found
}

/// A grid that is in force or is to be, with its households.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Households that lie in it, those that are no more ones left out.
    pub homes: usize,
    /// Its first day, while that is still to come.
    pub begins: Option<NaiveDate>,
}

/// Grids of a village that can be cut anew, in order of their codes: those that were not decided to end.
pub fn grids<'a>(
    nodes: &[Node],
    village: &str,
    rows: impl IntoIterator<Item = &'a Summary>,
    today: NaiveDate,
) -> Vec<Grid> {
    let mut homes: BTreeMap<&str, usize> = BTreeMap::new();
    let rows: Vec<&Summary> = rows.into_iter().collect();
    let merges = Merges::of(rows.iter().copied());
    for row in rows.into_iter().filter(|row| row.kind == RecordKind::Household && !merges.gone(row)) {
        *homes.entry(grid_of(&row.area)).or_default() += 1;
    }
    let here = nodes.iter().map(|node| &node.node);
    let here = here.filter(|node| is_grid_of(village, &node.code) && node.valid_to.is_none());
    let grid = |node: &AreaNode| Grid {
        code: node.code.clone(),
        name: node.name.clone(),
        homes: homes.get(node.code.as_str()).copied().unwrap_or(0),
        begins: node.valid_from.filter(|from| *from > today),
    };
    let mut grids: Vec<Grid> = here.map(grid).collect();
    gridbook_log::order_by_key(&mut grids, |grid| grid.code.clone());
    grids
}

#[cfg(test)]
mod tests;
