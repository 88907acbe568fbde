//! Roles as a township keeps them (ROLE-15): what 片长, 妇女小组长 or 村合伙人 is called and may do is said at the desk and
//! travels as a revision of the package. A change says what becomes otherwise, not the whole role: what a later program adds to
//! a role reaches a township that renamed it, too.

use chrono::NaiveDate;
use gridbook_log::{Body, Op, Values};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::giving::{ACCOUNTS, NotYours, rank};
use super::{Actor, Grant, Role, holds};
use crate::admit::Refusal;
use crate::package::Package;
use crate::record::RecordKind;
use crate::restricted;

/// Where a revision holds changes of roles: `role/<id>`.
const PATH: &str = "role/";
/// What the system administrator needs to undo a mistake: no revision takes it away.
const ADMINISTRATION: [&str; 4] = [ACCOUNTS, "directory.edit", "system.configure", "catalog.edit"];
/// Characters of a label at most.
const LABEL: usize = 20;

/// What becomes otherwise in a role, or how a new one begins.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// A new role begins with what this one may do; without it with nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<String>,
    /// Name that people see.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The step of territory, in words of the trade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// How high it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rank: Option<u8>,
    /// Permissions of which it loses every grant, before `plus`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub minus: Vec<String>,
    /// Grants that it gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plus: Vec<Grant>,
}

/// Why a role cannot stand like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RoleFault {
    /// An id of other letters.
    #[error("岗位的代号只能用 2 到 40 个小写字母、数字和下划线")]
    Id,
    /// No name, a long one, or that of another role.
    #[error("岗位要有名称，最多二十个字，不带标点和空格，不和别的岗位重名")]
    Label,
    /// It would stand above everybody, or nowhere.
    #[error("岗位的高低不对，最低是 1，最高同系统管理员")]
    Rank,
    /// A permission that there is not.
    #[error("有一项权限这个版本没有")]
    Permission,
    /// Confidential channels and visits by name are given to persons, not to whole roles.
    #[error("保密渠道和专访的权限不能加给别的岗位，也不能从原来的岗位去掉")]
    ByName,
    /// Nobody could put it right afterwards.
    #[error("系统管理员管账号、人员、清单和设置的权限不能去掉，级别不能降，不然没有人能再改回来")]
    LockedOut,
}

/// Where a revision says something of a role.
pub fn path(id: &str) -> String {
    format!("{PATH}{id}")
}

/// Whether an operation says something of roles: who reads what follows from them.
pub fn speaks_of_roles(op: &Op) -> bool {
    let says = |set: &Values| set.keys().any(|path| path.starts_with(PATH));
    match op.body() {
        Ok(Body::Create(create)) => create.type_ == RecordKind::Rules.as_str() && says(&create.set),
        Ok(Body::Set(set)) => says(&set.set),
        _ => false,
    }
}

impl Change {
    /// What makes one role into the other.
    pub fn between(was: &Role, next: &Role) -> Self {
        let of = |role: &Role, permission: &str| -> Vec<Grant> {
            role.grants.iter().filter(|grant| grant.permission == permission).cloned().collect()
        };
        let mut change = Self {
            like: None,
            label: (was.label != next.label).then(|| next.label.clone()),
            level: (was.level != next.level).then(|| next.level.clone()),
            rank: (was.rank != next.rank).then_some(next.rank),
            minus: Vec::new(),
            plus: Vec::new(),
        };
        let mut seen: Vec<&str> = Vec::new();
        for permission in was.grants.iter().chain(&next.grants).map(|grant| grant.permission.as_str()) {
            let (had, has) = (of(was, permission), of(next, permission));
            if seen.contains(&permission) || had == has {
                continue;
            }
            seen.push(permission);
            if !had.is_empty() {
                change.minus.push(permission.to_owned());
            }
            change.plus.extend(has);
        }
        change
    }

    /// The role as it is then; `None` when it begins like one that there is not.
    pub fn on(&self, package: &Package, id: &str) -> Option<Role> {
        let mut role = match (package.role(id), &self.like) {
            (Some(held), _) => held.clone(),
            (None, Some(like)) => {
                let mut like = package.role(like)?.clone();
                like.grants.retain(|grant| !by_name(package, &grant.permission));
                Role { id: id.to_owned(), founder: false, ends: false, ..like }
            }
            (None, None) => Role {
                id: id.to_owned(),
                label: String::new(),
                level: String::new(),
                rank: 1,
                founder: false,
                ends: false,
                grants: Vec::new(),
            },
        };
        if let Some(label) = &self.label {
            label.trim().clone_into(&mut role.label);
        }
        if let Some(level) = &self.level {
            level.trim().clone_into(&mut role.level);
        }
        role.rank = self.rank.unwrap_or(role.rank);
        role.grants.retain(|grant| !self.minus.contains(&grant.permission));
        for grant in &self.plus {
            if !role.grants.contains(grant) {
                role.grants.push(grant.clone());
            }
        }
        Some(role)
    }
}

/// Whether a permission opens what goes to people by name (domain data 4.1.3): confidential channels, restricted visits.
pub fn by_name(package: &Package, permission: &str) -> bool {
    let heard = |form: &crate::form::Form| {
        form.record == RecordKind::Confidential && form.heard_by.as_deref() == Some(permission)
    };
    permission == restricted::ASSIGN || package.forms.get().iter().any(heard)
}

/// Whether a role may stand like this in the place of the one of its id.
///
/// # Errors
/// [`RoleFault`]
pub fn sound(package: &Package, next: &Role) -> Result<(), RoleFault> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    if !(2..=40).contains(&next.id.len()) || !next.id.bytes().all(letter) {
        return Err(RoleFault::Id);
    }
    let word = |letter: char| letter.is_alphanumeric() || matches!(letter, '(' | ')' | '（' | '）');
    let long = next.label.chars().count();
    let taken = package.roles.iter().any(|held| held.id != next.id && held.label == next.label);
    let was = package.role(&next.id);
    let renamed = was.is_none_or(|was| was.label != next.label);
    if renamed && (!(1..=LABEL).contains(&long) || !next.label.chars().all(word) || taken) {
        return Err(RoleFault::Label);
    }
    // A package of before has no ranks at all.
    let highest = package.roles.iter().map(|role| role.rank).max().unwrap_or(0);
    if next.rank > highest || (highest > 0 && next.rank == 0 && !next.grants.is_empty()) {
        return Err(RoleFault::Rank);
    }
    let known = |grant: &Grant| {
        package.permissions.iter().any(|known| known.id == grant.permission)
            && grant.levels.iter().all(|level| package.level(level).is_some())
    };
    if !next.grants.iter().all(known) {
        return Err(RoleFault::Permission);
    }
    let had: &[Grant] = was.map_or(&[], |was| &was.grants);
    let named = |grants: &[Grant]| -> Vec<Grant> {
        grants.iter().filter(|grant| by_name(package, &grant.permission)).cloned().collect()
    };
    if named(had) != named(&next.grants) {
        return Err(RoleFault::ByName);
    }
    let administers = had.iter().any(|grant| grant.permission == ACCOUNTS && !grant.propose);
    let kept =
        |grant: &Grant| !ADMINISTRATION.contains(&grant.permission.as_str()) || next.grants.contains(grant);
    if administers && !(had.iter().all(kept) && was.is_none_or(|was| was.rank <= next.rank)) {
        return Err(RoleFault::LockedOut);
    }
    Ok(())
}

/// Judges who changes roles: only the system administrator, and none that ranks above his own.
///
/// # Errors
/// [`Refusal`]
pub(crate) fn judge(
    package: &Package,
    actor: &Actor,
    changes: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let mut said = changes
        .iter()
        .filter(|(_, value)| !value.is_null())
        .filter_map(|(at, value)| Some((at.strip_prefix(PATH)?, value)))
        .peekable();
    if said.peek().is_some() && !holds(package, actor, ACCOUNTS, today) {
        return Err(Refusal::NotPermitted(ACCOUNTS.to_owned()));
    }
    let own = rank(package, actor, today);
    for (id, value) in said {
        // What cannot be read is refused where it is taken in.
        let next = read(value).and_then(|change| change.on(package, id));
        let above = package.role(id).into_iter().chain(next.as_ref()).find(|role| role.rank > own);
        if let Some(role) = above {
            return Err(Refusal::RoleNotYours(NotYours::Above(role.label.clone())));
        }
    }
    Ok(())
}

/// Reads a change, from text as everything of the package.
fn read(value: &Value) -> Option<Change> {
    serde_json::from_str(&value.to_string()).ok()
}

#[cfg(test)]
mod tests;
