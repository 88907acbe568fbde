//! Disputes whose parties are spoken to again, as often as the colour of the risk asks for (MED-13): planned like visits,
//! from rows of lists alone. How often is data of the package; a colour without a number asks for nothing.
//!
//! What counts is whatever reached a party: a visit to a party's household, a follow-up, a talk of the mediation. After an
//! agreement, or a failure, the follow-ups of the file take over (MED-11, MED-12), after the closing those of VISIT-05.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use gridbook_log::{Entity, EntityId, order_by};

use super::{Due, DueState, visits_by_household, window};
use crate::calendar::day_of;
use crate::case::{level_since, spoken_on};
use crate::household::merge::Merges;
use crate::household::party::Parties;
use crate::mediation::open::dispute_of;
use crate::package::{ContactMode, Package};
use crate::record::RecordKind;
use crate::summary::{Summary, VisitMode};

/// States of a dispute in which its result is there: whoever asks about it does so in the call-back.
const SETTLED: [&str; 3] = ["done", "fed_back", "callback"];
/// States of a file in which the parties are brought together.
const MEDIATING: [&str; 2] = ["applied", "accepted"];
/// States of a file that leave the dispute to others.
const ELSEWHERE: [&str; 2] = ["refused", "transferred"];
/// Weight in the priority: what is visited weekly or more often has this one, too (domain data 4.4).
const WEIGHT: u64 = 4;

/// A dispute, or its file, with the next contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// What somebody opens: the file while the parties are brought together there, else the dispute.
    pub record: EntityId,
    /// The dispute, where it is on this device and not settled.
    pub dispute: Option<EntityId>,
    /// Whose it is: who handles the dispute, until somebody does who reported it, and who opened the file.
    pub holders: BTreeSet<String>,
    /// The last contact; at first the day of the report.
    pub last: NaiveDate,
    /// When the next one is due, as a visit would be. Its category is the colour.
    pub due: Due,
}

impl Contact {
    /// Whether somebody has to see to it that day.
    pub fn wanted(&self) -> bool {
        matches!(self.due.state, DueState::Due | DueState::Overdue)
    }
}

/// What the row of a dispute or file keeps, while it asks for contacts: the last day on which its own stream says that a
/// party was reached, and since when the risk is what it is.
pub(crate) fn spoken(kind: RecordKind, entity: &Entity, until: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
    let state = entity.state().unwrap_or_default();
    let asks = match kind {
        RecordKind::Mediation => MEDIATING.contains(&state),
        _ => kind == RecordKind::Dispute && !SETTLED.contains(&state),
    };
    let made = day_of(entity.creation().filter(|_| asks)?.hlc.ms);
    let talked = |table: &str, column: &str| {
        let rows = entity.rows(table).into_iter().filter(|row| {
            // To look at the place is no talk.
            entity.text(&format!("{table}/{row}/kind")) != Some("site")
        });
        let days = rows.filter_map(|row| {
            let at = entity.text(&format!("{table}/{row}/{column}"))?;
            Some(crate::date::parse(at.get(..10)?)?.min(until))
        });
        days.max()
    };
    let tables = [("talks", "at"), ("investigations", "from_at"), ("follow_ups", "on")];
    let tables = tables.into_iter().filter_map(|(table, column)| talked(table, column));
    let last = spoken_on(entity).chain(tables).fold(made, NaiveDate::max);
    Some((last, level_since(entity).map_or(made, |(recorded, _)| day_of(recorded))))
}

/// The disputes and files that ask for contacts, whoever holds them: the late ones first, then by priority.
pub fn contacts<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    today: NaiveDate,
) -> Vec<Contact> {
    planned(rows, package, today, None)
}

/// What [`contacts`] tells of one dispute or file, without a look at whom the others concern.
pub fn contact_of<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    today: NaiveDate,
    id: EntityId,
) -> Option<Contact> {
    planned(rows, package, today, Some(id)).pop()
}

fn planned<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    today: NaiveDate,
    only: Option<EntityId>,
) -> Vec<Contact> {
    let held = || rows.clone().into_iter().filter(|row| !row.rejected);
    let mut files: BTreeMap<EntityId, &Summary> = BTreeMap::new();
    let mut open: Vec<(Option<&Summary>, Option<&Summary>)> = Vec::new();
    for file in held().filter(|row| row.kind == RecordKind::Mediation) {
        match dispute_of(file) {
            _ if ELSEWHERE.contains(&file.state.as_str()) => {}
            Some(dispute) => drop(files.insert(dispute, file)),
            None => open.extend(file.spoken().map(|_| (None, Some(file)))),
        }
    }
    for dispute in held().filter(|row| row.kind == RecordKind::Dispute && row.spoken().is_some()) {
        match files.remove(&dispute.id) {
            // The parties came to terms, or did not: its follow-ups see to it.
            Some(file) if file.spoken().is_none() => {}
            file => open.push((Some(dispute), file)),
        }
    }
    open.extend(files.into_values().filter(|file| file.spoken().is_some()).map(|file| (None, Some(file))));
    let colours = |row: &&Summary| {
        package.risk.iter().any(|rule| rule.level == row.level && rule.contact_days.is_some())
    };
    open.retain(|(dispute, file)| {
        let mut both = dispute.iter().chain(file);
        both.clone().any(colours) && only.is_none_or(|id| both.any(|row| row.id == id))
    });
    let disputes: Vec<&Summary> = open.iter().filter_map(|(dispute, _)| *dispute).collect();
    let visited = visited(rows, &disputes, today);
    let mut list: Vec<Contact> =
        open.into_iter().filter_map(|(dispute, file)| one(package, dispute, file, &visited, today)).collect();
    order_by(&mut list, |a, b| order(a).cmp(&order(b)));
    list
}

fn order(one: &Contact) -> impl Ord + use<> {
    (one.due.state, std::cmp::Reverse(one.due.priority), one.due.next, one.record)
}

/// The last day on which a party of each of these disputes was met at home or called up, as far as visits tell. A township
/// has thousands of visits, and few of them are to a party.
fn visited<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    disputes: &[&'a Summary],
    today: NaiveDate,
) -> BTreeMap<EntityId, NaiveDate> {
    let mut last: BTreeMap<EntityId, NaiveDate> = BTreeMap::new();
    if disputes.is_empty() {
        return last;
    }
    let merges = Merges::of(rows.clone());
    let parties = Parties::of(disputes.iter().copied(), &merges);
    let stands = |row: &&Summary| row.kind == RecordKind::Household && !merges.gone(row);
    let concerned = |home: &'a Summary| Some((home, parties.disputes(home))).filter(|(_, of)| !of.is_empty());
    let homes: Vec<_> = rows.clone().into_iter().filter(stands).filter_map(concerned).collect();
    let theirs: BTreeSet<EntityId> = homes.iter().map(|(home, _)| home.id).collect();
    let tells = |row: &&Summary| match row.kind {
        RecordKind::Visit => row.household.is_some_and(|home| theirs.contains(&merges.standing(home))),
        // What was merged counts for the household that stands.
        kind => kind == RecordKind::Household,
    };
    let visits = visits_by_household(rows.into_iter().filter(tells));
    for (home, disputes) in homes {
        let met = visits.get(&home.id).into_iter().flatten();
        let met = met.filter(|visit| visit.met && visit.mode != VisitMode::Neighbour && visit.day <= today);
        let Some(day) = met.map(|visit| visit.day).max() else { continue };
        for dispute in disputes {
            last.entry(dispute.id).and_modify(|held| *held = day.max(*held)).or_insert(day);
        }
    }
    last
}

fn one(
    package: &Package,
    dispute: Option<&Summary>,
    file: Option<&Summary>,
    visited: &BTreeMap<EntityId, NaiveDate>,
    today: NaiveDate,
) -> Option<Contact> {
    let both = || dispute.into_iter().chain(file);
    // The higher of the two counts.
    let shown = both().min_by_key(|row| package.rank(&row.level))?;
    let days = package.risk.iter().find(|rule| rule.level == shown.level)?.contact_days?.max(1);
    let known = both().filter_map(|row| Some(row.spoken()?.0));
    let visit = dispute.and_then(|row| visited.get(&row.id).copied());
    let last = known.chain(visit).max()?;
    // What was raised today is called on today, and not late before anybody could know.
    let next = (last + Days::new(u64::from(days))).max(shown.spoken()?.1);
    let left = (next - today).num_days();
    let used = u64::try_from(i64::from(days) - left).unwrap_or(0);
    let due = Due {
        next: Some(next),
        state: window(next, days, today),
        days: left,
        interval: days,
        mode: ContactMode::Either,
        priority: used * WEIGHT * 100 / u64::from(days),
        category: shown.level.clone(),
    };
    let mut holders: BTreeSet<String> = file.map(|file| file.reporter.clone()).into_iter().collect();
    holders.extend(dispute.map(|row| row.handler().unwrap_or(&row.reporter).to_owned()));
    let record = file.or(dispute)?.id;
    Some(Contact { record, dispute: dispute.map(|row| row.id), holders, last, due })
}

#[cfg(test)]
mod tests;
