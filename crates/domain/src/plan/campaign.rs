//! A month in which everybody goes out (大走访, VISIT-06).

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, order_by_key, set_of};

use crate::household::merge::Merges;
use crate::share::Share;
use crate::summary::Summary;
use crate::territory::covers;

/// Somebody who takes part in a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walker {
    /// Account.
    pub user: String,
    /// Area code in which they visit.
    pub area: String,
}

/// Gives every household to one person of its area, evenly: to whoever has fewest, then by account. The rest, where nobody
/// goes, stands under an empty account.
pub fn assign(households: &[(EntityId, String)], people: &[Walker]) -> BTreeMap<String, Vec<EntityId>> {
    let mut order: Vec<&(EntityId, String)> = households.iter().collect();
    order_by_key(&mut order, |(id, area)| (area.clone(), *id));
    let mut given: BTreeMap<String, Vec<EntityId>> =
        people.iter().map(|person| (person.user.clone(), Vec::new())).collect();
    let mut load: BTreeMap<&str, usize> = BTreeMap::new();
    let may: Vec<Vec<&str>> = order
        .iter()
        .map(|(_, area)| {
            people.iter().filter(|p| covers(&p.area, area)).map(|p| p.user.as_str()).collect::<Vec<_>>()
        })
        .collect();
    for ((id, _), may) in order.into_iter().zip(may) {
        let least = may.into_iter().min_by_key(|user| (load.get(user).copied().unwrap_or(0), *user));
        let user = least.unwrap_or("");
        if let Some(user) = least {
            *load.entry(user).or_default() += 1;
        }
        given.entry(user.to_owned()).or_default().push(*id);
    }
    given
}

/// How far a person is in a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// Households that it reached, of those given.
    pub done: Share,
    /// Those still to be visited.
    pub left: Vec<EntityId>,
    /// Closed cases of these households whose result has to be asked about in the same visit.
    pub call_backs: Vec<EntityId>,
}

/// How far one person is: households that are one now count once (TERR-13). `met` are the households that the campaign reached ([`super::task::met`]).
pub fn progress<'a>(
    given: &[EntityId],
    met: &BTreeSet<EntityId>,
    summaries: impl IntoIterator<Item = &'a Summary> + Clone,
) -> Progress {
    let mut progress = Progress::default();
    let merges = Merges::of(summaries.clone());
    let met: BTreeSet<EntityId> = set_of(met.iter().map(|id| merges.standing(*id)));
    for id in merges.stand_for(given) {
        progress.done.count(met.contains(&id));
        if !met.contains(&id) {
            progress.left.push(id);
        }
    }
    let handled = |summary: &&Summary| {
        summary.kind.is_case()
            && matches!(summary.state.as_str(), "closed" | "fed_back")
            && summary.household.is_some_and(|household| progress.left.contains(&merges.standing(household)))
    };
    progress.call_backs = summaries.into_iter().filter(handled).map(|summary| summary.id).collect();
    progress
}
