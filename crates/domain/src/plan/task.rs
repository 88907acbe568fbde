//! Households given to people in a campaign (VISIT-06): who visits whom until when. A task is a stream of its own, one for
//! a person and a grid; it reaches the person's phone because it names them. Whether a household is done is never written
//! down: the visits say it.

mod hand_on;
mod judge;
mod share_out;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Placement, Values, map_of, order_by, set_of};
use serde_json::Value;

use super::{
    Attempts, CALLED, Due, DueRow, DueState, Season, attempts, due_until, household_due, visits_by_household,
};
use crate::date;
use crate::household::merge::{Merges, homes};
use crate::package::Package;
use crate::record::RecordKind;
use crate::restricted;
use crate::summary::Summary;

pub use hand_on::{Followed, HAND_ON, by_hand_over, by_re_cut, left_behind, open_of};
pub(crate) use judge::{judge_create, judge_event, judge_set};
pub use share_out::{near, own, share_out, walkers};

/// Households of one task at most.
pub const MAX_HOUSEHOLDS: usize = 500;
/// Characters of an id in the words of a row.
const HEX: usize = 32;
/// The path that takes a task back.
pub const CANCELLED: &str = "cancelled";

/// What all tasks of one campaign have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// The campaign of the list of items; empty for a month in which everybody goes out (大走访).
    pub campaign: String,
    /// Its words, so that a phone that does not know it yet can say what it is.
    pub label: String,
    /// First day: earlier visits do not count.
    pub from: NaiveDate,
    /// Last day.
    pub due: NaiveDate,
}

/// Households that one person visits, or several, once some were handed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitTask {
    /// Its stream.
    pub id: EntityId,
    /// Campaign and days.
    pub terms: Terms,
    /// Account of the person to whom it was given.
    pub user: String,
    /// Area code of the grid.
    pub area: String,
    /// The households, each once.
    pub households: Vec<EntityId>,
    /// Those that somebody else visits now: after a hand-over, or after grids were cut anew.
    pub handed: BTreeMap<EntityId, String>,
    /// It was taken back.
    pub cancelled: bool,
}

/// The households of a value, `None` when it is no list of them.
fn ids(value: &Value) -> Option<Vec<EntityId>> {
    value.as_array()?.iter().map(|id| id.as_str().and_then(EntityId::parse)).collect()
}

impl VisitTask {
    /// Reads a stream; `None` when it is no task or cannot be read.
    pub fn of(entity: &Entity) -> Option<Self> {
        entity.creation().filter(|made| made.create.type_ == RecordKind::VisitTask.as_str())?;
        let task = Self::read(&entity.values(), entity.area()?)?;
        Some(Self { id: entity.id(), ..task })
    }

    fn read(values: &Values, area: &str) -> Option<Self> {
        let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let day = |path: &str| date::parse(&text(path));
        let handed = values.iter().filter_map(|(path, to)| {
            Some((EntityId::parse(path.strip_prefix(hand_on::WITH)?)?, to.as_str()?.to_owned()))
        });
        let (campaign, label) = (text("campaign"), text("label"));
        Some(Self {
            id: EntityId([0; 16]),
            terms: Terms { campaign, label, from: day("from")?, due: day("due")? },
            user: text("user"),
            area: area.to_owned(),
            households: ids(values.get("households")?)?,
            handed: map_of(handed),
            cancelled: values.get(CANCELLED).and_then(Value::as_bool).unwrap_or(false),
        })
    }

    /// Reads a row of a list.
    pub fn of_row(row: &Summary) -> Option<Self> {
        let [campaign, user, from, due, homes @ ..] = row.categories.as_slice() else { return None };
        let (from, due) = (date::parse(from)?, date::parse(due)?);
        (row.kind == RecordKind::VisitTask && !row.rejected).then(|| Self {
            id: row.id,
            terms: Terms { campaign: campaign.clone(), label: row.title.clone(), from, due },
            user: user.clone(),
            area: row.area.clone(),
            households: homes.iter().filter_map(|word| EntityId::parse(word.get(..HEX)?)).collect(),
            handed: map_of(homes.iter().filter_map(|word| {
                Some((EntityId::parse(word.get(..HEX)?)?, word.get(HEX + 1..)?.to_owned()))
            })),
            cancelled: row.state == CANCELLED,
        })
    }

    /// What a row of a list keeps of it.
    pub(crate) fn row_words(&self) -> Vec<String> {
        let days = [self.terms.from, self.terms.due].map(|day| day.to_string());
        let [from, due] = days;
        let words = [self.terms.campaign.clone(), self.user.clone(), from, due];
        let home = |id: &EntityId| match self.handed.get(id) {
            Some(user) => format!("{id}={user}"),
            None => id.to_string(),
        };
        words.into_iter().chain(self.households.iter().map(home)).collect()
    }

    /// Who visits a household of it now.
    pub fn person_of(&self, household: &EntityId) -> &str {
        self.handed.get(household).unwrap_or(&self.user)
    }

    /// The same, one for each person: every household stands in exactly one of them.
    pub fn by_person(self) -> Vec<Self> {
        if self.handed.is_empty() {
            return vec![self];
        }
        let mut parts: BTreeMap<String, Vec<EntityId>> = BTreeMap::new();
        for id in &self.households {
            parts.entry(self.person_of(id).to_owned()).or_default().push(*id);
        }
        let part = |(user, households)| Self { user, households, handed: BTreeMap::new(), ..self.clone() };
        parts.into_iter().map(part).collect()
    }

    /// What is set to take back the part of one person; the others keep theirs.
    pub fn take_back(&self, user: &str) -> Values {
        let rest: Vec<&EntityId> = self.households.iter().filter(|id| self.person_of(id) != user).collect();
        if rest.is_empty() {
            return [(CANCELLED.to_owned(), Value::Bool(true))].into();
        }
        [("households".to_owned(), rest.into_iter().map(|id| Value::from(id.to_string())).collect())].into()
    }

    /// Its first operation.
    pub fn create(&self) -> Create {
        let text = |text: &str| Value::from(text);
        let set: Values = [
            ("campaign".to_owned(), text(&self.terms.campaign)),
            ("label".to_owned(), text(&self.terms.label)),
            ("from".to_owned(), text(&self.terms.from.to_string())),
            ("due".to_owned(), text(&self.terms.due.to_string())),
            ("user".to_owned(), text(&self.user)),
            ("households".to_owned(), self.households.iter().map(|id| Value::from(id.to_string())).collect()),
        ]
        .into();
        Create {
            type_: RecordKind::VisitTask.as_str().to_owned(),
            place: Placement {
                area: Some(self.area.clone()),
                users_add: vec![self.user.clone()],
                ..Placement::default()
            },
            set,
            ..Create::default()
        }
    }

    /// Whether it runs on that day: begun, and not taken back. One that is late still runs.
    pub fn runs(&self, today: NaiveDate) -> bool {
        !self.cancelled && self.terms.from <= today
    }
}

/// Tasks among rows, one for each person who visits, those taken back left out.
pub fn tasks<'a>(rows: impl IntoIterator<Item = &'a Summary>) -> Vec<VisitTask> {
    let held = rows.into_iter().filter_map(VisitTask::of_row).filter(|task| !task.cancelled);
    held.flat_map(VisitTask::by_person).collect()
}

/// Households that a campaign has reached since its first day: somebody was met there, or something was reported under its
/// item.
pub fn met<'a>(
    package: &Package,
    campaign: &str,
    from: NaiveDate,
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
) -> BTreeSet<EntityId> {
    let merges = Merges::of(rows.clone());
    let catalogue = package.catalogue.get();
    let campaign = catalogue.campaigns.iter().find(|held| held.id == campaign);
    let item = campaign.and_then(|held| catalogue.item(&held.item));
    let reached =
        rows.into_iter().filter(|row| !row.rejected && row.kind.is_report() && row.day() >= from).filter(
            |row| row.visit.is_some_and(|visit| visit.met) || item.is_some_and(|item| item.is_about(row)),
        );
    set_of(reached.filter_map(|row| row.household).map(|id| merges.standing(id)))
}

/// The list of one person: what is due (VISIT-01), and what was given to them in campaigns and is not done yet.
pub fn list_of(
    summaries: &[&Summary],
    package: &Package,
    user: &str,
    today: NaiveDate,
    season: Season,
) -> Vec<DueRow> {
    list_until(summaries, package, user, [today, today], season)
}

/// The list as far as a day: `days` are today and that one.
pub fn list_until(
    summaries: &[&Summary],
    package: &Package,
    user: &str,
    [today, until]: [NaiveDate; 2],
    season: Season,
) -> Vec<DueRow> {
    let mut rows = due_until(summaries.iter().copied(), package, today, until, season);
    let mine: Vec<VisitTask> = tasks(summaries.iter().copied())
        .into_iter()
        .filter(|task| task.user == user && task.runs(today))
        .collect();
    // Where somebody goes with a second person is on the lists of those two only (VISIT-09).
    for (household, due) in restricted::due_with(summaries.iter().copied(), package, user, today, season) {
        let why = Some(restricted::SAFETY.to_owned());
        match rows.iter_mut().find(|row| row.household == household) {
            Some(row) => {
                row.why = why;
                let urgent = |due: &Due| (due.state, std::cmp::Reverse(due.priority), due.next);
                if urgent(&due) < urgent(&row.due) {
                    row.due = due;
                }
            }
            None => rows.push(DueRow { household, due, why, attempts: Attempts::default() }),
        }
    }
    let visits = visits_by_household(summaries.iter().copied());
    let merges = Merges::of(summaries.iter().copied());
    let homes = homes(summaries.iter().copied());
    let homes: BTreeMap<EntityId, &Summary> = map_of(homes.iter().map(|row| (row.id, row.as_ref())));
    for task in mine {
        let done = met(package, &task.terms.campaign, task.terms.from, summaries.iter().copied());
        for id in merges.stand_for(&task.households).into_iter().filter(|id| !done.contains(id)) {
            let Some(home) = homes.get(&id) else { continue };
            if let Some(row) = rows.iter_mut().find(|row| row.household == id) {
                row.why.get_or_insert_with(|| task.terms.label.clone());
                continue;
            }
            let visits = visits.get(&id).map_or(&[][..], Vec::as_slice);
            let mut due = household_due(home, visits, package, today, season);
            due.next = Some(task.terms.due);
            due.days = (task.terms.due - today).num_days();
            due.state = if due.days < 0 { DueState::Overdue } else { DueState::Due };
            due.priority = due.priority.max(CALLED);
            let attempts = attempts(package.visits.get(), due.mode, visits);
            rows.push(DueRow { household: id, due, why: Some(task.terms.label.clone()), attempts });
        }
    }
    order_by(&mut rows, |a, b| super::order(a).cmp(&super::order(b)));
    rows
}

#[cfg(test)]
mod tests;
