//! What is asked of the database before a push is judged: whose device it is, what it speaks of, who could see it.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_domain::household::merge::{self, Went};
use gridbook_domain::plan::sample;
use gridbook_domain::role::Actor;
use gridbook_log::{EntityId, Op, OpId};

use super::{Asked, Carried, Push, Source};
use crate::accounts;
use crate::clock::china_day;
use crate::feed::{self, reach};
use crate::problem::ApiError;
use crate::quarantine;
use crate::writer::Ledger;

/// An author whose operations somebody else brings.
pub(super) struct Absent {
    pub(super) actor: Actor,
    pub(super) patterns: Vec<String>,
    pub(super) disabled: bool,
}

/// Makes sure that the households into which others are to go are in memory, with those that they went into, and the visits
/// that somebody looks at.
pub(super) async fn spoken_of(ledger: &mut Ledger, push: &Push) -> Result<(), ApiError> {
    let ops = || push.ops.iter().flatten().map(|asked| &asked.op);
    let looked_at = |op: &Op| sample::named(ledger.streams.peek(&op.entity()).map(|held| &held.entity), op);
    let visits: Vec<EntityId> = ops().filter_map(looked_at).collect();
    if !visits.is_empty() {
        ledger.load(&visits).await?;
    }
    let named = ops().filter_map(merge::named);
    let mut next: BTreeSet<EntityId> = named.collect();
    let mut seen = BTreeSet::new();
    while !next.is_empty() {
        let ids: Vec<EntityId> = next.iter().copied().collect();
        ledger.load(&ids).await?;
        seen.append(&mut next);
        let into = |id: &EntityId| Went::of(&ledger.streams.peek(id)?.entity)?.other();
        next = ids.iter().filter_map(into).filter(|id| !seen.contains(id)).collect();
    }
    Ok(())
}

/// What waits of the sending device in entities of the push that its author sees again.
pub(super) async fn returned(
    ledger: &mut Ledger,
    push: &Push,
    wanted: &[EntityId],
    patterns: &[String],
) -> Result<Vec<Result<Asked, Option<OpId>>>, ApiError> {
    if push.source != Source::Now || push.apart {
        return Ok(Vec::new());
    }
    let seen = |id: &EntityId| {
        let placed = ledger.streams.peek(id).map(|stream| stream.placed.keys());
        placed.is_some_and(|mut on| on.any(|channel| patterns.iter().any(|p| reach::matches(p, channel))))
    };
    let seen: Vec<EntityId> = wanted.iter().copied().filter(seen).collect();
    let (today, mut ops) =
        (china_day(ledger.now()), quarantine::lost_in(ledger, &push.actor.user, &seen).await?);
    ops.retain(|op| op.dot().writer.is_life_of(push.writer));
    Ok(ops.into_iter().map(|op| Ok(Asked::new(ledger.judge(), &push.actor, op, today))).collect())
}

/// What authors of a push could see and cannot any more, with them.
pub(super) async fn lost(
    ledger: &mut Ledger,
    push: &Push,
    patterns: &[String],
    absent: &BTreeMap<String, Absent>,
) -> Result<BTreeSet<(EntityId, String)>, ApiError> {
    let mut out = BTreeSet::new();
    if push.source != Source::Now {
        return Ok(out);
    }
    let mut asked_for = BTreeSet::new();
    for asked in push.ops.iter().flatten() {
        let (id, user) = (asked.op.entity(), &asked.op.header().user);
        let patterns = match asked.carried {
            Carried::Own if *user == push.actor.user => patterns,
            Carried::Signed => absent.get(user).map_or(&[][..], |author| author.patterns.as_slice()),
            Carried::Own | Carried::Wrong => continue,
        };
        let Some(stream) = ledger.streams.peek(&id).filter(|stream| !stream.is_new()) else { continue };
        let seen = |channel: &String| patterns.iter().any(|p| reach::matches(p, channel));
        if stream.placed.keys().any(seen) || !asked_for.insert((id, user.clone())) {
            continue;
        }
        if feed::could_see(&mut ledger.conn, ledger.tenant.id, user, id).await? {
            out.insert((id, user.clone()));
        }
    }
    Ok(out)
}

/// Those whose operations the sender brings, signed, with the rights that they have now.
pub(super) async fn absent(ledger: &mut Ledger, push: &Push) -> Result<BTreeMap<String, Absent>, ApiError> {
    let signed = push.ops.iter().flatten().filter(|asked| asked.carried == Carried::Signed);
    let users: BTreeSet<String> = signed.map(|asked| asked.op.header().user.clone()).collect();
    let mut out = BTreeMap::new();
    for user in users {
        let tenant = ledger.tenant.id;
        let Some(account) = accounts::account(&mut ledger.conn, tenant, &user).await? else { continue };
        let actor = quarantine::actor(ledger, &user).await?;
        let reach = ledger.admission.reach(&actor, china_day(ledger.now()));
        let patterns = reach::patterns(&user, &reach);
        out.insert(user, Absent { actor, patterns, disabled: account.disabled });
    }
    Ok(out)
}
