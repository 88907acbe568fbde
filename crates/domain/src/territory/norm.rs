//! Norms of grids (TERR-04): not more households or people than one person can know, no grid without anybody, no
//! household outside every micro-grid (两个全覆盖). Soft: a note for whoever cuts grids, never a refusal.

use gridbook_log::EntityId;
use serde::{Deserialize, Serialize};

use super::{AreaCode, AreaLevel, GridKind, covers};

/// The norms as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Norms {
    /// Households of a basic grid.
    pub households: usize,
    /// Persons of a basic grid.
    pub persons: usize,
    /// Per cent above the norm that are tolerated.
    pub tolerance_percent: usize,
}

impl Norms {
    /// Whether that many households are more than the norm.
    pub const fn too_many(&self, households: usize) -> bool {
        households > self.households
    }
}

/// A household as the check needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dwelling {
    /// Its stream.
    pub id: EntityId,
    /// Area code that it lies in.
    pub area: String,
    /// How many live there.
    pub persons: usize,
}

/// What does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NormNote {
    /// More households than the norm; `beyond` when more than tolerated.
    Households {
        /// The grid.
        area: String,
        /// How many.
        count: usize,
        /// Beyond the tolerance.
        beyond: bool,
    },
    /// More persons than the norm.
    Persons {
        /// The grid.
        area: String,
        /// How many.
        count: usize,
        /// Beyond the tolerance.
        beyond: bool,
    },
    /// Nobody lives in the grid.
    Empty {
        /// The grid.
        area: String,
    },
    /// The household lies in no micro-grid.
    NoMicroGrid {
        /// The household.
        household: EntityId,
    },
}

/// Checks the basic grids among `areas` (codes of nodes that exist), and where the households lie.
pub fn check(norms: &Norms, areas: &[String], dwellings: &[Dwelling]) -> Vec<NormNote> {
    let mut notes = Vec::new();
    let basic = |code: &&String| {
        AreaCode::parse(code)
            .is_ok_and(|code| code.level() == AreaLevel::Group && code.grid_kind() == Some(GridKind::Basic))
    };
    let limit = |norm: usize| norm * (100 + norms.tolerance_percent) / 100;
    for area in areas.iter().filter(basic) {
        let inside: Vec<&Dwelling> = dwellings.iter().filter(|d| covers(area, &d.area)).collect();
        let (count, people) = (inside.len(), inside.iter().map(|d| d.persons).sum::<usize>());
        let area = area.clone();
        if count == 0 {
            notes.push(NormNote::Empty { area });
            continue;
        }
        if norms.too_many(count) {
            let beyond = count > limit(norms.households);
            notes.push(NormNote::Households { area: area.clone(), count, beyond });
        }
        if people > norms.persons {
            notes.push(NormNote::Persons { area, count: people, beyond: people > limit(norms.persons) });
        }
    }
    let micro = |area: &str| AreaCode::parse(area).is_ok_and(|code| code.level() == AreaLevel::MicroGrid);
    let outside = dwellings.iter().filter(|dwelling| !micro(&dwelling.area));
    notes.extend(outside.map(|dwelling| NormNote::NoMicroGrid { household: dwelling.id }));
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_many_none_and_outside() {
        let norms = Norms { households: 30, persons: 100, tolerance_percent: 50 };
        let dwelling =
            |n: u8, area: &str, persons| Dwelling { id: EntityId([n; 16]), area: area.to_owned(), persons };
        let areas: Vec<String> = ["510000100201001", "510000100201002", "510000100201003", "510000100201801"]
            .map(str::to_owned)
            .to_vec();
        let mut all: Vec<Dwelling> = (0..31).map(|n| dwelling(n, "51000010020100101", 3)).collect();
        all.extend((31..77).map(|n| dwelling(n, "51000010020100201", 4)));
        all.push(dwelling(90, "510000100201", 1));
        let (first, second) = (areas[0].clone(), areas[1].clone());
        assert_eq!(
            check(&norms, &areas, &all),
            [
                NormNote::Households { area: first, count: 31, beyond: false },
                NormNote::Households { area: second.clone(), count: 46, beyond: true },
                NormNote::Persons { area: second, count: 184, beyond: true },
                NormNote::Empty { area: areas[2].clone() },
                NormNote::NoMicroGrid { household: EntityId([90; 16]) },
            ]
        );
        let fine: Vec<Dwelling> = (0..30).map(|n| dwelling(n, "51000010020100101", 3)).collect();
        assert_eq!(check(&norms, &areas[..1], &fine), []);
    }
}
