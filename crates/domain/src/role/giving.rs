//! Who may give which role, change it or take it back, and let its holder in anew. Whoever keeps the directory must not
//! be able to make a master of anybody, nor take up the account of one.

use chrono::NaiveDate;

use super::{Actor, Assignment, Role, holds};
use crate::package::Package;

/// The permission to manage accounts whatever they hold: the system administrator's.
pub(super) const ACCOUNTS: &str = "user.manage";

/// Why a role is not for this person to give. Each names the role as people see it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.giving())]
pub enum NotYours {
    /// It ranks above every role of his own.
    Above(String),
    /// It is given by name, and only by whoever may do all that it allows (domain data 4.1.3).
    ByName(String),
}

impl NotYours {
    /// Machine code, stable.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Above(_) => "role_above",
            Self::ByName(_) => "grant",
        }
    }

    /// Words for whoever gives, changes or takes back: what happened, that nothing is lost, whom to ask.
    pub fn giving(&self) -> String {
        match self {
            Self::Above(role) => format!(
                "“{role}”比您自己的岗位高，您不能给、不能改也不能收回；没有改动任何人，原来的都在。请找系统管理员。"
            ),
            Self::ByName(role) => format!(
                "“{role}”是专门授权，只能由自己有这项权限的人（如中心主任）给出、更改或收回；没有改动任何人，原来的都在。"
            ),
        }
    }

    /// Words for whoever invites the holder, resets the password or lets the account in again.
    pub fn letting_in(&self) -> String {
        match self {
            Self::Above(role) => format!(
                "这个人担任“{role}”，比您自己的岗位高，邀请、重置密码、停用和恢复要请系统管理员来做；没有改动，原来的密码照常能用。"
            ),
            Self::ByName(role) => format!(
                "这个人有专门授权“{role}”，邀请、重置密码和恢复要请系统管理员来做，或请中心主任先收回授权；没有改动，原来的密码照常能用。"
            ),
        }
    }
}

/// The rank of the highest role that somebody holds that day: he gives none above it, and makes none.
pub fn rank(package: &Package, actor: &Actor, today: NaiveDate) -> u8 {
    let held = actor.assignments.iter().filter_map(|held| Some((held, package.role(&held.role)?)));
    held.filter(|(held, role)| role.held_on(held, today)).map(|(_, role)| role.rank).max().unwrap_or(0)
}

fn withheld(package: &Package, actor: &Actor, role: &Role, today: NaiveDate) -> Option<NotYours> {
    let able = || role.grants.iter().all(|grant| holds(package, actor, &grant.permission, today));
    if role.ends && !able() {
        Some(NotYours::ByName(role.label.clone()))
    } else if role.rank > rank(package, actor, today) {
        Some(NotYours::Above(role.label.clone()))
    } else {
        None
    }
}

/// Whether the person may give this role, change it or take it back, as far as the role itself says: none that ranks
/// above the highest of his own, and one that is given by name and until a day only if he may do all that it allows
/// (domain data 4.1.3).
pub fn may_grant(package: &Package, actor: &Actor, role: &Role, today: NaiveDate) -> bool {
    withheld(package, actor, role, today).is_none()
}

/// Whether the person may give any of those that are only given by name.
pub fn grants_by_name(package: &Package, actor: &Actor, today: NaiveDate) -> bool {
    package.roles.iter().any(|role| role.ends && may_grant(package, actor, role, today))
}

/// Judges who turns what somebody held into what he is to hold. A role of which nothing changes is nobody's business: a
/// sheet of all staff names their masters too.
///
/// # Errors
/// [`NotYours`]
pub fn regrant(
    package: &Package,
    actor: &Actor,
    was: &[Assignment],
    next: &[Assignment],
    today: NaiveDate,
) -> Result<(), NotYours> {
    let mut changed = package.roles.iter().filter(|role| differs_in(&role.id, was, next));
    changed.find_map(|role| withheld(package, actor, role, today)).map_or(Ok(()), Err)
}

/// Judges who lets the holder of these roles in anew, by an invitation, a new password or an account that may sign in
/// again: whoever does it could do it for himself, and hold them.
///
/// # Errors
/// [`NotYours`]
pub fn let_in(
    package: &Package,
    actor: &Actor,
    held: &[Assignment],
    today: NaiveDate,
) -> Result<(), NotYours> {
    if holds(package, actor, ACCOUNTS, today) {
        return Ok(());
    }
    // What begins later counts: the password is still known then.
    let counts = |held: &&Assignment| held.to.is_none_or(|to| today <= to);
    let mut roles = held.iter().filter(counts).filter_map(|held| package.role(&held.role));
    roles.find_map(|role| withheld(package, actor, role, today)).map_or(Ok(()), Err)
}

/// Judges who shuts an account: that takes every role of it at once. Of those given by name anybody may who keeps
/// accounts: it only makes fewer people who read.
///
/// # Errors
/// [`NotYours`]
pub fn shut_out(
    package: &Package,
    actor: &Actor,
    held: &[Assignment],
    today: NaiveDate,
) -> Result<(), NotYours> {
    match let_in(package, actor, held, today) {
        Err(NotYours::ByName(_)) => {
            let plain = |held: &&Assignment| package.role(&held.role).is_some_and(|role| !role.ends);
            let plain: Vec<Assignment> = held.iter().filter(plain).cloned().collect();
            let_in(package, actor, &plain, today)
        }
        judged => judged,
    }
}

/// Whether one list of assignments differs from the other in a role: another day is a difference.
pub fn differs_in(role: &str, before: &[Assignment], after: &[Assignment]) -> bool {
    let of = |list: &[Assignment]| list.iter().filter(|held| held.role == role).cloned().collect::<Vec<_>>();
    of(before) != of(after)
}
