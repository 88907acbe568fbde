//! When nodes of the territory end (TERR-03, ROLE-09): which records move where. Placement moves, ids and history do
//! not: where a record was made stays readable in its creation.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_log::EntityId;

use super::{AreaNode, covers};
use crate::record::RecordKind;
use crate::summary::Summary;

/// What a re-cut asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Records with their new area, in order of their ids.
    pub moves: Vec<(EntityId, String)>,
    /// Records of a node with several successors, of which nobody has said which.
    pub undecided: Vec<EntityId>,
}

/// Where the records of nodes that have ended go: to the one successor, else where `chosen` says (for households, and
/// for what belongs to none). What is about a household goes with it, its visits too, so that the visit plan goes on.
/// What has ended and belongs to no household keeps its place.
pub fn plan<'a>(
    nodes: &[AreaNode],
    chosen: &BTreeMap<EntityId, String>,
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    today: NaiveDate,
) -> Plan {
    let ended = |area: &str| {
        let over = |node: &&AreaNode| {
            !node.valid_on(today) && covers(&node.code, area) && !node.successors.is_empty()
        };
        nodes.iter().filter(over).max_by_key(|node| node.code.len())
    };
    // `None`: it stays. `Some(None)`: somebody has to say.
    let target = |row: &Summary| -> Option<Option<String>> {
        let node = ended(&row.area)?;
        let said = chosen.get(&row.id).filter(|to| node.successors.iter().any(|code| covers(code, to)));
        let only = match node.successors.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        Some(said.or(only).cloned())
    };
    let households: BTreeMap<EntityId, Option<Option<String>>> = rows
        .clone()
        .into_iter()
        .filter(|row| row.kind == RecordKind::Household)
        .map(|row| (row.id, target(row)))
        .collect();
    let mut plan = Plan::default();
    for row in rows.into_iter().filter(|row| !row.kind.is_directory()) {
        let house =
            row.household.and_then(|house| households.get(&house)).filter(|_| ended(&row.area).is_some());
        let to = match house {
            Some(with) => with.clone(),
            None if row.is_open() || row.kind == RecordKind::Mediation => target(row),
            None => None,
        };
        match to {
            Some(Some(to)) => plan.moves.push((row.id, to)),
            // A record of an undecided household is decided with it.
            Some(None) if house.is_none() || row.kind == RecordKind::Household => plan.undecided.push(row.id),
            Some(None) | None => {}
        }
    }
    gridbook_log::order_by_key(&mut plan.moves, |(id, _)| *id);
    gridbook_log::order_by(&mut plan.undecided, Ord::cmp);
    plan
}
