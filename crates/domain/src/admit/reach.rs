//! What a person may read (ROLE-02): by area, by unit, by name, or because it is their own.

use chrono::NaiveDate;
use gridbook_log::{Entity, order_by};

use crate::confidential::{self, apart::out_of_sight};
use crate::package::Package;
use crate::record::RecordKind;
use crate::restricted::Restricted;
use crate::role::{Actor, Scope};
use crate::territory::covers;

/// Areas and units whose records a person reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach {
    /// Area codes; each covers its subtree. Sorted, none inside another.
    pub areas: Vec<String>,
    /// Unit codes, sorted.
    pub units: Vec<String>,
}

impl Reach {
    /// True when a record with this placement is read.
    pub fn covers(&self, area: Option<&str>, units: &[&str]) -> bool {
        area.is_some_and(|area| self.areas.iter().any(|prefix| covers(prefix, area)))
            || units.iter().any(|unit| self.units.iter().any(|own| own == unit))
    }
}

/// The reach of a person today: what a server filters its answers by.
pub fn reach(package: &Package, actor: &Actor, today: NaiveDate) -> Reach {
    let mut reach = Reach::default();
    for held in actor.assignments.iter().filter(|held| held.valid_on(today)) {
        let Some(role) = package.role(&held.role) else { continue };
        // A grant for some kinds only does not open a whole area.
        let whole =
            role.grants.iter().filter(|grant| grant.permission == "record.view" && grant.kinds.is_empty());
        for grant in whole {
            match grant.scope {
                Scope::Area => reach.areas.extend(held.area.clone()),
                Scope::Unit => reach.units.extend(held.unit.clone()),
                Scope::Own | Scope::Assigned | Scope::Tenant => {}
            }
        }
    }
    order_by(&mut reach.areas, Ord::cmp);
    reach.areas.dedup();
    let areas = reach.areas.clone();
    reach.areas.retain(|area| !areas.iter().any(|other| other != area && covers(other, area)));
    order_by(&mut reach.units, Ord::cmp);
    reach.units.dedup();
    reach
}

/// Whether a person reads a record: by placement, by name, or as its author; what went out of sight (ROLE-11) only as its
/// author; a restricted one no longer than he goes, or,
/// as its author, than he may name who goes.
pub fn reads(package: &Package, actor: &Actor, entity: &Entity, today: NaiveDate) -> bool {
    if entity.type_() == Some(RecordKind::Confidential.as_str()) {
        return confidential::hears(package, actor, &confidential::Way::of(entity), today);
    }
    let author = entity.creation().is_some_and(|made| made.user == actor.user);
    if out_of_sight(entity) {
        return author;
    }
    if entity.type_() == Some(RecordKind::Restricted.as_str()) {
        let Some(held) = Restricted::of(entity) else { return author };
        return if author { held.shows(package, actor, today) } else { held.names(&actor.user, today) };
    }
    entity.for_all()
        || author
        || entity.users().contains(&actor.user.as_str())
        || reach(package, actor, today).covers(entity.area(), &entity.units())
}
