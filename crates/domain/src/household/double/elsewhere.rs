//! Where somebody counts who is written down at two households (TERR-13): once, where he lives.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::EntityId;

use crate::household::merge::Merges;
use crate::household::twin::mark;
use crate::record::RecordKind;
use crate::search::fold;
use crate::summary::{Hint, Summary};

/// Who is written down at a household and lives in another, as far as this device knows: he counts where he lives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere(BTreeMap<(EntityId, u64), EntityId>);

impl Elsewhere {
    /// Reads them off rows of a list.
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a Summary> + Clone) -> Self {
        let merges = Merges::of(rows.clone());
        let mut found = BTreeMap::new();
        let homes = |row: &&Summary| row.kind == RecordKind::Household && !row.rejected && !merges.gone(row);
        for row in rows.into_iter().filter(homes) {
            for hint in &row.hints {
                if let Hint::LivesHere { written, name } = hint {
                    found.insert((merges.standing(*written), *name), row.id);
                }
            }
        }
        // Where each of two says that the other's counts with it, one of them counts.
        let pairs: BTreeSet<(EntityId, EntityId)> =
            found.iter().map(|((written, _), lives)| (*written, *lives)).collect();
        found.retain(|(written, _), lives| {
            written != lives && (!pairs.contains(&(*lives, *written)) || *lives < *written)
        });
        Self(found)
    }

    /// Where somebody of that name, written down at this household, lives and counts; `None`: here.
    pub fn lives(&self, house: EntityId, name: &str) -> Option<EntityId> {
        if self.0.is_empty() { None } else { self.0.get(&(house, mark(&fold(name)))).copied() }
    }

    /// Persons who count for a household.
    pub fn persons(&self, home: &Summary) -> usize {
        home.keys.names.iter().filter(|name| self.lives(home.id, name).is_none()).count()
    }
}
