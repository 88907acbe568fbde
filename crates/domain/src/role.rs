//! Roles and rights as data (ROLE-01, ROLE-02, ROLE-15), and the one question everything asks: may this person?

mod giving;
pub mod keep;
mod password;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::package::Package;
use crate::record::RecordKind;
use crate::territory::covers;

pub use giving::{NotYours, differs_in, grants_by_name, let_in, may_grant, rank, regrant, shut_out};
pub use password::{LONGEST, SHORTEST, WeakPassword, password};

/// Whether this can be the name of an account: 2 to 64 small letters, digits and `_ - .`.
pub fn is_account(user: &str) -> bool {
    (2..=64).contains(&user.len())
        && user.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')
        })
}

/// A role with what it grants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Role {
    /// Stable identifier, e.g. `village_assistant`.
    pub id: String,
    /// Name that people see; tenants rename it.
    pub label: String,
    /// The step of territory that an assignment names, in words of the trade.
    pub level: String,
    /// How high it stands, 1 = lowest: whoever keeps the directory gives no role that ranks above the highest of his own.
    /// A package of before has none, and then everybody who keeps it gives every role, as before.
    #[serde(default, skip_serializing_if = "is_lowest")]
    pub rank: u8,
    /// The first person of a new township holds it, and with such roles does everything until others are named.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub founder: bool,
    /// A grant by name: it is held with an end date or not at all (domain data 4.1.3).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ends: bool,
    /// Rights, joined over all roles of a person.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grants: Vec<Grant>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_lowest(rank: &u8) -> bool {
    *rank == 0
}

/// A permission that the matrix names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permission {
    /// Stable identifier, e.g. `case.register`.
    pub id: String,
    /// What it allows, in words.
    pub label: String,
}

/// Which records a grant reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Records inside the area of the assignment.
    Area,
    /// Records that the person made.
    Own,
    /// Records that the person was named to handle.
    Assigned,
    /// Records shared with the unit of the assignment.
    Unit,
    /// Every record of the tenant.
    Tenant,
}

/// One right of a role.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Which permission.
    pub permission: String,
    /// Which records.
    pub scope: Scope,
    /// Only for records of these levels; empty = any. A record without a level yet is not held back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// Only for these kinds; empty = any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<RecordKind>,
    /// Only until the record is registered.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub before_registration: bool,
    /// The person may propose; somebody else approves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub propose: bool,
}

impl Grant {
    /// A permission for these records, on no condition.
    pub fn plain(permission: &str, scope: Scope) -> Self {
        Self {
            permission: permission.to_owned(),
            scope,
            levels: Vec::new(),
            kinds: Vec::new(),
            before_registration: false,
            propose: false,
        }
    }
}

/// A role held for an area or a unit, for a time (ROLE-01).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// Role id.
    pub role: String,
    /// Area code whose subtree it covers; `None` covers no area.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    /// Unit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// First day; `None` = since ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub from: Option<NaiveDate>,
    /// Last day; `None` = until further notice.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub to: Option<NaiveDate>,
}

impl Role {
    /// True when somebody holds this role on that day.
    pub fn held_on(&self, held: &Assignment, day: NaiveDate) -> bool {
        held.valid_on(day) && (!self.ends || held.to.is_some())
    }
}

impl Assignment {
    /// True when it holds on that day.
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}

/// A person who acts, with all roles held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// User id, as in the header of operations.
    pub user: String,
    /// Roles; effective rights are their union.
    pub assignments: Vec<Assignment>,
}

impl Actor {
    /// Area codes whose subtrees the person covers that day, without repeats.
    pub fn areas(&self, day: NaiveDate) -> Vec<&str> {
        let mut areas: Vec<&str> = self.valid(day).filter_map(|held| held.area.as_deref()).collect();
        gridbook_log::order_by(&mut areas, Ord::cmp);
        areas.dedup();
        areas
    }

    /// Units the person belongs to that day, without repeats.
    pub fn units(&self, day: NaiveDate) -> Vec<&str> {
        let mut units: Vec<&str> = self.valid(day).filter_map(|held| held.unit.as_deref()).collect();
        gridbook_log::order_by(&mut units, Ord::cmp);
        units.dedup();
        units
    }

    /// True when the person holds this role that day.
    pub fn has_role(&self, role: &str, day: NaiveDate) -> bool {
        self.valid(day).any(|held| held.role == role)
    }

    fn valid(&self, day: NaiveDate) -> impl Iterator<Item = &Assignment> {
        self.assignments.iter().filter(move |held| held.valid_on(day))
    }
}

/// What a right is asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Target<'a> {
    /// Kind of record.
    pub kind: RecordKind,
    /// Area code the record lies in.
    pub area: &'a str,
    /// Units it was dispatched to.
    pub units: Vec<&'a str>,
    /// Who made it.
    pub creator: Option<&'a str>,
    /// Who was named to handle it.
    pub handler: Option<&'a str>,
    /// Level of a hazard or risk level of a dispute.
    pub level: Option<&'a str>,
    /// True once the case was registered.
    pub registered: bool,
}

impl<'a> Target<'a> {
    /// A record that does not exist yet, or about which only kind, area and creator matter.
    pub fn new(kind: RecordKind, area: &'a str, creator: Option<&'a str>) -> Self {
        Self { kind, area, units: Vec::new(), creator, handler: None, level: None, registered: false }
    }
}

/// How far a person's right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Right {
    /// None.
    No,
    /// May propose; somebody else approves.
    Propose,
    /// May do it.
    Yes,
}

/// The strongest right to a permission over all roles that are valid today.
pub fn right(
    package: &Package,
    actor: &Actor,
    permission: &str,
    target: &Target<'_>,
    today: NaiveDate,
) -> Right {
    actor
        .assignments
        .iter()
        .filter_map(|held| package.role(&held.role).map(|role| (held, role)))
        .filter(|(held, role)| role.held_on(held, today))
        .flat_map(|(held, role)| role.grants.iter().map(move |grant| (held, grant)))
        .filter(|(held, grant)| grant.permission == permission && reaches(actor, held, grant, target))
        .map(|(_, grant)| if grant.propose { Right::Propose } else { Right::Yes })
        .max()
        .unwrap_or(Right::No)
}

/// True when the person may do it without anybody's approval.
pub fn may(
    package: &Package,
    actor: &Actor,
    permission: &str,
    target: &Target<'_>,
    today: NaiveDate,
) -> bool {
    right(package, actor, permission, target, today) == Right::Yes
}

/// The role in which a person may do it without anybody's approval (ROLE-13): of several the first that they hold, or the
/// one asked for, if it is one.
pub fn role_for<'a>(
    package: &Package,
    actor: &'a Actor,
    permission: &str,
    target: &Target<'_>,
    today: NaiveDate,
    asked: Option<&str>,
) -> Option<&'a str> {
    let held = actor.assignments.iter().filter(|held| asked.is_none_or(|asked| held.role == asked));
    let gives = |held: &&Assignment| {
        let role = package.role(&held.role).filter(|role| role.held_on(held, today));
        role.is_some_and(|role| {
            let mut grants = role.grants.iter().filter(|grant| grant.permission == permission);
            grants.any(|grant| !grant.propose && reaches(actor, held, grant, target))
        })
    };
    held.filter(gives).map(|held| held.role.as_str()).next()
}

/// True when the person holds the permission for anything at all: decides which screens are offered.
pub fn holds(package: &Package, actor: &Actor, permission: &str, today: NaiveDate) -> bool {
    actor.assignments.iter().any(|held| {
        package.role(&held.role).filter(|role| role.held_on(held, today)).is_some_and(|role| {
            role.grants.iter().any(|grant| grant.permission == permission && !grant.propose)
        })
    })
}

fn reaches(actor: &Actor, held: &Assignment, grant: &Grant, target: &Target<'_>) -> bool {
    let placed = match grant.scope {
        Scope::Tenant => true,
        Scope::Own => target.creator == Some(actor.user.as_str()),
        Scope::Assigned => target.handler == Some(actor.user.as_str()),
        Scope::Unit => held.unit.as_deref().is_some_and(|unit| target.units.contains(&unit)),
        Scope::Area => held.area.as_deref().is_some_and(|area| covers(area, target.area)),
    };
    placed
        && (grant.kinds.is_empty() || grant.kinds.contains(&target.kind))
        && target.level.is_none_or(|level| grant.levels.is_empty() || grant.levels.iter().any(|l| l == level))
        && !(grant.before_registration && target.registered)
}

#[cfg(test)]
mod tests;
