//! For whom a case waits: the people, units and roles that can take its next step.

use super::super::{STAYS, Transition};
use crate::case::CaseView;
use crate::package::Package;
use crate::role::Scope;

/// Who can move a case on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Waiting {
    /// Named people: reporter, handler.
    pub(super) users: Vec<String>,
    /// Units it was dispatched to.
    pub(super) units: Vec<String>,
    /// Roles that hold the right for a whole area, by their ids.
    pub(super) roles: Vec<String>,
}

impl Waiting {
    /// True when nobody at all could take the next step.
    pub(super) fn is_nobody(&self) -> bool {
        self.users.is_empty() && self.units.is_empty() && self.roles.is_empty()
    }
}

/// For whom a case waits; nobody where its state is a declared end. While somebody handles it, that is the handler
/// or the lead unit, and only they.
pub(super) fn waiting(package: &Package, case: &CaseView) -> Waiting {
    let mut waiting = Waiting::default();
    let Some(flow) = package.flow(case.kind) else { return waiting };
    // Of two states side by side, one that is no end has somebody who can decide.
    let mut standing = std::iter::once(&case.state).chain(&case.others).filter_map(|id| flow.state(id));
    let Some(state) = standing.find(|state| !state.terminal) else { return waiting };
    if state.handling && state.id != "joint" {
        waiting.users.extend(case.handler.clone());
        waiting.units.extend(case.lead_unit.clone());
        return waiting;
    }
    let leaves = |step: &&Transition| !step.side && step.to != STAYS && step.from.contains(&state.id);
    for step in flow.transitions.get().iter().filter(leaves) {
        for role in &package.roles {
            let grants = role.grants.iter().filter(|grant| {
                grant.permission == step.permission
                    && !grant.propose
                    && (grant.kinds.is_empty() || grant.kinds.contains(&case.kind))
                    && case
                        .level
                        .as_ref()
                        .is_none_or(|level| grant.levels.is_empty() || grant.levels.contains(level))
            });
            for grant in grants {
                let (list, who) = match grant.scope {
                    Scope::Own => (&mut waiting.users, Some(&case.reporter)),
                    Scope::Assigned => (&mut waiting.users, case.handler.as_ref()),
                    Scope::Unit => (&mut waiting.units, case.lead_unit.as_ref()),
                    Scope::Area | Scope::Tenant => (&mut waiting.roles, Some(&role.id)),
                };
                if let Some(who) = who.filter(|who| !list.contains(who)) {
                    list.push(who.clone());
                }
            }
        }
    }
    waiting
}
