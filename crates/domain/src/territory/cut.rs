//! Deciding to cut grids anew (TERR-03, TERR-04): grids of one village end with a day, others follow, and every household
//! is told where it belongs. What was decided stands in the nodes that end, so that figures can be told by the old and the
//! new structure afterwards; the records move when the day has come ([`super::recut`]).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use gridbook_log::{Entity, EntityId, Values};
use serde_json::Value;

use super::norm::{Dwelling, NormNote, Norms, check};
use super::recut::{Plan, plan};
use super::{AreaCode, AreaLevel, AreaNode, covers};
use crate::date;
use crate::record::RecordKind;
use crate::role::Assignment;
use crate::summary::Summary;

/// Groups of a village that may be named by number: those above are dedicated and online grids.
const BASIC: std::ops::RangeInclusive<u32> = 1..=799;

/// A node of the directory, and where its households went when it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its stream.
    pub id: EntityId,
    /// The node.
    pub node: AreaNode,
    /// Households, and cases of none, with the node that each belongs to after it.
    pub moves: BTreeMap<EntityId, String>,
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
        let successors = values.get("successors").and_then(Value::as_array);
        let moves = values.iter().filter_map(|(path, to)| {
            Some((EntityId::parse(path.strip_prefix("moves/")?)?, to.as_str()?.to_owned()))
        });
        Some(Self {
            id: entity.id(),
            node: AreaNode {
                code: text("code").to_owned(),
                name: text("name").to_owned(),
                valid_from: date::parse(text("valid_from")),
                valid_to: date::parse(text("valid_to")),
                successors: successors
                    .into_iter()
                    .flatten()
                    .filter_map(|code| code.as_str().map(str::to_owned))
                    .collect(),
            },
            moves: moves.collect(),
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
}

/// Why it cannot be decided like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftProblem {
    /// One into one, or nothing at all.
    #[error("合并要选两个以上的网格，拆分要分成两个以上。")]
    Nothing,
    /// A grid of another village, or no group.
    #[error("只能调整同一个村的网格。")]
    Village,
    /// It has ended already, or is to.
    #[error("{0}已经调整过，不能再选。")]
    Ended(String),
    /// A code that is or was in use.
    #[error("编码 {0} 用过了，不能再用。")]
    Taken(String),
    /// No name, or a very long one.
    #[error("请写新网格的名称，不超过三十个字。")]
    Name,
    /// A day that has passed: its figures have been told.
    #[error("生效日期不能早于今天。")]
    Past,
    /// Households without a grid.
    #[error("还有 {0} 户没有选新网格。")]
    Undecided(usize),
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
            if name.trim().is_empty() || name.chars().count() > 30 {
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
        let mut counts: BTreeMap<String, usize> = codes.iter().map(|code| (code.clone(), 0)).collect();
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
            (node.id, set)
        });
        let made = self.new.iter().map(|(code, name)| {
            let village = code.get(..12).unwrap_or_default();
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
}

/// All that were decided, the latest first. Nodes that end on one day for the same successors are one cut.
pub fn cuts(nodes: &[Node]) -> Vec<Cut> {
    let mut found: Vec<Cut> = Vec::new();
    for Node { node, moves, .. } in nodes.iter().filter(|node| !node.node.successors.is_empty()) {
        let Some(on) = node.valid_to.and_then(|last| last.checked_add_days(Days::new(1))) else { continue };
        let place = found.iter().position(|cut| cut.on == on && cut.new == node.successors);
        let place = place.unwrap_or_else(|| {
            let new = node.successors.clone();
            found.push(Cut { old: Vec::new(), new, on, from: BTreeMap::new(), to: BTreeMap::new() });
            found.len() - 1
        });
        let cut = &mut found[place];
        cut.old.push(node.code.clone());
        cut.from.extend(moves.keys().map(|id| (*id, node.code.clone())));
        cut.to.extend(moves.iter().map(|(id, to)| (*id, to.clone())));
    }
    gridbook_log::order_by(&mut found, |a, b| (b.on, &a.old).cmp(&(a.on, &b.old)));
    found
}

impl Cut {
    /// Roles after it: whoever holds one for a grid that ends holds it for those that follow from their first day. `None`
    /// when nothing changes.
    pub fn follow(&self, held: &[Assignment]) -> Option<Vec<Assignment>> {
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
            for code in &self.new {
                let next = Assignment {
                    area: Some(code.clone()),
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
        let mut set = Values::new();
        for row in crate::form::table_rows(values, "assignments") {
            let path = |row: &str, field: &str| format!("assignments/{row}/{field}");
            let held = |field: &str| values.get(&path(row, field)).cloned();
            let area = held("area");
            let area = area.as_ref().and_then(Value::as_str).unwrap_or_default();
            if !self.old.iter().any(|old| covers(old, area)) {
                continue;
            }
            for (n, code) in self.new.iter().enumerate() {
                let next = if n == 0 { row.to_owned() } else { format!("{row}x{n}") };
                set.insert(path(&next, "area"), Value::from(code.as_str()));
                for field in ["role", "unit"].iter().filter(|_| n > 0) {
                    set.extend(held(field).map(|value| (path(&next, field), value)));
                }
            }
        }
        set
    }
}

#[cfg(test)]
mod tests;
