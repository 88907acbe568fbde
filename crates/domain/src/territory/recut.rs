//! When nodes of the territory end (TERR-03, ROLE-09): which records move where. Placement moves, ids and history do
//! not: where a record was made stays readable in its creation.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_log::{EntityId, map_of};

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
/// for what belongs to none). What is about a household goes with it, its visits too, so that the visit plan goes on;
/// so do places that are patrolled. What has ended and belongs to no household keeps its place.
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
    let households: BTreeMap<EntityId, Option<Option<String>>> = map_of(
        rows.clone()
            .into_iter()
            .filter(|row| row.kind == RecordKind::Household)
            .map(|row| (row.id, target(row))),
    );
    let mut plan = Plan::default();
    for row in rows.into_iter().filter(|row| !row.kind.is_directory()) {
        let house =
            row.household.and_then(|house| households.get(&house)).filter(|_| ended(&row.area).is_some());
        let to = match house {
            Some(Some(with)) => Some(with.clone()),
            // Its household stays where it is, or there is none.
            _ if row.is_open() || matches!(row.kind, RecordKind::Mediation | RecordKind::Place) => {
                target(row)
            }
            _ => None,
        };
        match to {
            Some(Some(to)) => plan.moves.push((row.id, to)),
            // A record of an undecided household is decided with it.
            Some(None) if row.kind == RecordKind::Household || house != Some(&Some(None)) => {
                plan.undecided.push(row.id);
            }
            Some(None) | None => {}
        }
    }
    gridbook_log::order_by_key(&mut plan.moves, |(id, _)| *id);
    gridbook_log::order_by(&mut plan.undecided, Ord::cmp);
    plan
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::case::story::{Story, hazard_body, person};
    use crate::package::Package;

    const HOUSE: EntityId = EntityId([9; 16]);

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 6, d).unwrap()
    }

    fn node(code: &str, successors: &[&str]) -> AreaNode {
        AreaNode {
            code: code.to_owned(),
            name: String::new(),
            valid_from: None,
            valid_to: (!successors.is_empty()).then(|| day(1)),
            successors: successors.iter().map(|code| (*code).to_owned()).collect(),
        }
    }

    fn row(n: u8, kind: RecordKind, area: &str, household: Option<EntityId>, state: &str) -> Summary {
        let mut story = Story::new();
        story.admitted(&person("ann", "village_assistant"), "create", &hazard_body("blue")).unwrap();
        let row = Summary::of(&story.entity, Package::builtin()).unwrap();
        Summary {
            id: EntityId([n; 16]),
            kind,
            area: area.to_owned(),
            household,
            state: state.to_owned(),
            ..row
        }
    }

    #[test]
    fn what_moves_and_what_somebody_has_to_say() {
        let (left, mid, right) = ("510000100201001", "51000010020100101", "510000100201002");
        let rows = [
            row(9, RecordKind::Household, mid, Some(HOUSE), "active"),
            row(1, RecordKind::Visit, mid, Some(HOUSE), "visited"),
            row(2, RecordKind::Hazard, left, Some(HOUSE), "closed"),
            row(3, RecordKind::Hazard, left, None, "in_progress"),
            row(4, RecordKind::Hazard, left, None, "closed"),
            row(5, RecordKind::Hazard, right, Some(HOUSE), "in_progress"),
            row(6, RecordKind::Unit, left, None, ""),
            row(7, RecordKind::Place, right, None, "active"),
        ];
        let asked = |nodes: &[AreaNode], chosen: &[(u8, &str)], today| {
            let chosen = chosen.iter().map(|(n, to)| (EntityId([*n; 16]), (*to).to_owned())).collect();
            let plan = plan(nodes, &chosen, &rows, today);
            let moves: Vec<(u8, String)> = plan.moves.into_iter().map(|(id, to)| (id.0[0], to)).collect();
            (moves, plan.undecided.iter().map(|id| id.0[0]).collect::<Vec<_>>())
        };
        let to = |list: &[(u8, &str)]| list.iter().map(|(n, to)| (*n, (*to).to_owned())).collect::<Vec<_>>();
        // A merge: all by itself, from the day after the last one.
        let merged = [node(left, &["510000100201009"]), node("510000100201009", &[])];
        let joined = "510000100201009";
        assert_eq!(asked(&merged, &[], day(1)), (vec![], vec![]));
        assert_eq!(
            asked(&merged, &[], day(2)),
            (to(&[(1, joined), (2, joined), (3, joined), (9, joined)]), vec![])
        );
        // A split: a household is said once and takes its own along; a case without one is said by itself.
        let split = [node(left, &["510000100201007", "510000100201008"])];
        assert_eq!(asked(&split, &[], day(2)), (vec![], vec![3, 9]));
        let (seven, eight) = ("510000100201007", "51000010020100801");
        assert_eq!(
            asked(&split, &[(9, seven), (3, eight)], day(2)),
            (to(&[(1, seven), (2, seven), (3, eight), (9, seven)]), vec![])
        );
        assert_eq!(asked(&split, &[(9, right)], day(2)).1, [3, 9], "not one of its successors");
        let other = [node(right, &[seven, joined])];
        assert_eq!(asked(&other, &[], day(2)), (vec![], vec![5, 7]));
        let other = [node(right, &[joined])];
        assert_eq!(
            asked(&other, &[], day(2)).0,
            to(&[(5, joined), (7, joined)]),
            "a patrolled place, a case away from home"
        );
    }
}
