//! Households given to people in a campaign (VISIT-06): who visits whom until when. A task is a stream of its own, one for
//! a person and a grid; it reaches the person's phone because it names them. Whether a household is done is never written
//! down: the visits say it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Placement, Values, order_by};
use serde_json::Value;

use super::campaign::{Walker, assign};
use super::{CALLED, DueRow, DueState, Season, attempts, due_list, household_due, visits_by_household};
use crate::admit::Refusal;
use crate::date;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};
use crate::summary::Summary;

/// Households of one task at most.
pub const MAX_HOUSEHOLDS: usize = 500;
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

/// Households that one person visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitTask {
    /// Its stream.
    pub id: EntityId,
    /// Campaign and days.
    pub terms: Terms,
    /// Account of the person.
    pub user: String,
    /// Area code of the grid.
    pub area: String,
    /// The households.
    pub households: Vec<EntityId>,
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
        let (campaign, label) = (text("campaign"), text("label"));
        Some(Self {
            id: EntityId([0; 16]),
            terms: Terms { campaign, label, from: day("from")?, due: day("due")? },
            user: text("user"),
            area: area.to_owned(),
            households: ids(values.get("households")?)?,
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
            households: homes.iter().filter_map(|id| EntityId::parse(id)).collect(),
            cancelled: row.state == CANCELLED,
        })
    }

    /// What a row of a list keeps of it.
    pub(crate) fn row_words(&self) -> Vec<String> {
        let days = [self.terms.from, self.terms.due].map(|day| day.to_string());
        let [from, due] = days;
        let words = [self.terms.campaign.clone(), self.user.clone(), from, due];
        words.into_iter().chain(self.households.iter().map(EntityId::to_string)).collect()
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

/// Tasks among rows, those taken back left out.
pub fn tasks<'a>(rows: impl IntoIterator<Item = &'a Summary>) -> Vec<VisitTask> {
    rows.into_iter().filter_map(VisitTask::of_row).filter(|task| !task.cancelled).collect()
}

/// Who may visit where: people of the directory with their roles, by the areas that these give them.
pub fn walkers<'a>(
    package: &Package,
    people: impl IntoIterator<Item = &'a Actor>,
    today: NaiveDate,
) -> Vec<Walker> {
    let mut walkers = Vec::new();
    for person in people {
        for area in person.areas(today) {
            let target = Target::new(RecordKind::Visit, area, None);
            if may(package, person, "record.create", &target, today) {
                walkers.push(Walker { user: person.user.clone(), area: area.to_owned() });
            }
        }
    }
    walkers
}

/// The grid that a household lies in: the first fifteen digits of its area.
pub fn grid(area: &str) -> &str {
    area.get(..15).unwrap_or(area)
}

/// Shares households out among people of their areas, evenly; what another task of the campaign has already in these days
/// stays there. Also returns the households where nobody of these goes.
pub fn share_out(
    terms: &Terms,
    households: &[(EntityId, String)],
    people: &[Walker],
    standing: &[VisitTask],
) -> (Vec<VisitTask>, Vec<EntityId>) {
    let same = |task: &&VisitTask| {
        !task.cancelled && task.terms.campaign == terms.campaign && task.terms.due >= terms.from
    };
    let given: BTreeSet<EntityId> =
        standing.iter().filter(same).flat_map(|task| task.households.iter().copied()).collect();
    let open: Vec<(EntityId, String)> =
        households.iter().filter(|(id, _)| !given.contains(id)).cloned().collect();
    let areas: BTreeMap<EntityId, &str> = open.iter().map(|(id, area)| (*id, grid(area))).collect();
    let (mut made, mut nobody) = (Vec::new(), Vec::new());
    for (user, homes) in assign(&open, people) {
        if user.is_empty() {
            nobody = homes;
            continue;
        }
        let mut by_grid: BTreeMap<&str, Vec<EntityId>> = BTreeMap::new();
        for id in homes {
            by_grid.entry(areas.get(&id).copied().unwrap_or_default()).or_default().push(id);
        }
        for (area, homes) in by_grid {
            for part in homes.chunks(MAX_HOUSEHOLDS) {
                made.push(VisitTask {
                    id: EntityId([0; 16]),
                    terms: terms.clone(),
                    user: user.clone(),
                    area: area.to_owned(),
                    households: part.to_vec(),
                    cancelled: false,
                });
            }
        }
    }
    (made, nobody)
}

/// Households that a campaign has reached since its first day: somebody was met there, or something was reported under its
/// item.
pub fn met<'a>(
    package: &Package,
    campaign: &str,
    from: NaiveDate,
    rows: impl IntoIterator<Item = &'a Summary>,
) -> BTreeSet<EntityId> {
    let catalogue = package.catalogue.get();
    let campaign = catalogue.campaigns.iter().find(|held| held.id == campaign);
    let item = campaign.and_then(|held| catalogue.item(&held.item));
    rows.into_iter()
        .filter(|row| !row.rejected && row.kind.is_report() && row.day() >= from)
        .filter(|row| row.visit.is_some_and(|visit| visit.met) || item.is_some_and(|item| item.is_about(row)))
        .filter_map(|row| row.household)
        .collect()
}

/// The list of one person: what is due (VISIT-01), and what was given to them in campaigns and is not done yet.
pub fn list_of(
    summaries: &[&Summary],
    package: &Package,
    user: &str,
    today: NaiveDate,
    season: Season,
) -> Vec<DueRow> {
    let mut rows = due_list(summaries.iter().copied(), package, today, season);
    let mine: Vec<VisitTask> = tasks(summaries.iter().copied())
        .into_iter()
        .filter(|task| task.user == user && task.runs(today))
        .collect();
    if mine.is_empty() {
        return rows;
    }
    let visits = visits_by_household(summaries.iter().copied());
    let homes: BTreeMap<EntityId, &Summary> = summaries
        .iter()
        .copied()
        .filter(|row| row.kind == RecordKind::Household && !row.rejected && !row.is_gone())
        .map(|row| (row.id, row))
        .collect();
    for task in mine {
        let done = met(package, &task.terms.campaign, task.terms.from, summaries.iter().copied());
        for id in task.households.iter().filter(|id| !done.contains(id)) {
            let Some(home) = homes.get(id) else { continue };
            if let Some(row) = rows.iter_mut().find(|row| row.household == *id) {
                row.why.get_or_insert_with(|| task.terms.label.clone());
                continue;
            }
            let visits = visits.get(id).map_or(&[][..], Vec::as_slice);
            let mut due = household_due(home, visits, package, today, season);
            due.next = Some(task.terms.due);
            due.days = (task.terms.due - today).num_days();
            due.state = if due.days < 0 { DueState::Overdue } else { DueState::Due };
            due.priority = due.priority.max(CALLED);
            let attempts = attempts(package.visits.get(), due.mode, visits);
            rows.push(DueRow { household: *id, due, why: Some(task.terms.label.clone()), attempts });
        }
    }
    order_by(&mut rows, |a, b| super::order(a).cmp(&super::order(b)));
    rows
}

/// Whether a new task can be read, and is given to somebody by whom it may be: people who plan for an area, or for
/// themselves.
///
/// # Errors
/// [`Refusal`]: unreadable, shared with others, or not theirs to give.
pub(crate) fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let area = create.place.area.as_deref().unwrap_or_default();
    let task = VisitTask::read(&create.set, area).ok_or_else(|| Refusal::BadBody("visit task".to_owned()))?;
    if create.place.users_add != [task.user.clone()] {
        return Err(Refusal::BadPlacement);
    }
    judge(package, actor, &task, Some(&actor.user), today)
}

/// Whether a task may be changed like this: other households, another last day, or taken back.
///
/// # Errors
/// [`Refusal`]: unreadable afterwards, or not theirs to change.
pub(crate) fn judge_set(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    set: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let kept = |path: &&String| !matches!(path.as_str(), "households" | "due" | CANCELLED);
    if let Some(path) = set.keys().find(kept) {
        return Err(Refusal::WorkflowPath(path.clone()));
    }
    let mut values = entity.values();
    values.extend(set.clone());
    let area = entity.area().unwrap_or_default();
    let task = VisitTask::read(&values, area).ok_or_else(|| Refusal::BadBody("visit task".to_owned()))?;
    judge(package, actor, &task, entity.creation().map(|made| made.user.as_str()), today)
}

fn judge(
    package: &Package,
    actor: &Actor,
    task: &VisitTask,
    creator: Option<&str>,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let Terms { label, from, due, .. } = &task.terms;
    let sound = !task.user.is_empty()
        && (1..=MAX_HOUSEHOLDS).contains(&task.households.len())
        && (1..=30).contains(&label.chars().count())
        && from <= due;
    if !sound {
        return Err(Refusal::BadBody("visit task".to_owned()));
    }
    // A plan of one's own is one that is for oneself.
    let creator = creator.filter(|creator| *creator == task.user);
    let target = Target::new(RecordKind::VisitTask, &task.area, creator);
    if may(package, actor, "visit.plan", &target, today) {
        Ok(())
    } else {
        Err(Refusal::NotPermitted("visit.plan".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, START, Story, VILLAGE, person};
    use crate::plan::campaign::progress;
    use crate::summary::{VisitFact, VisitMode, day_of};

    const LEFT: &str = "510000100201001";
    const RIGHT: &str = "510000100201002";

    fn id(n: u8) -> EntityId {
        EntityId([n; 16])
    }

    fn terms() -> Terms {
        let from = day_of(START);
        Terms {
            campaign: String::new(), label: "大走访".to_owned(), from, due: from + chrono::Days::new(10)
        }
    }

    fn task(user: &str, area: &str, homes: &[u8]) -> VisitTask {
        VisitTask {
            id: id(99),
            terms: terms(),
            user: user.to_owned(),
            area: area.to_owned(),
            households: homes.iter().map(|n| id(*n)).collect(),
            cancelled: false,
        }
    }

    fn body(task: &VisitTask) -> Value {
        serde_json::to_value(task.create()).unwrap()
    }

    #[test]
    fn shared_out_by_grid_and_never_twice() {
        let homes: Vec<(EntityId, String)> =
            (0..6).map(|n| (id(n), if n < 4 { LEFT } else { RIGHT }.to_owned())).collect();
        let walker = |user: &str, area: &str| Walker { user: user.to_owned(), area: area.to_owned() };
        let people = [walker("ann", LEFT), walker("ben", LEFT), walker("lea", VILLAGE)];
        let standing = [task("zoe", LEFT, &[0])];
        let told = |(made, nobody): (Vec<VisitTask>, Vec<EntityId>)| {
            let line = |task: &VisitTask| (task.user.clone(), task.area.clone(), task.households.len());
            (made.iter().map(line).collect::<Vec<_>>(), nobody.len())
        };
        let of = |user: &str, area: &str, n: usize| (user.to_owned(), area.to_owned(), n);
        assert_eq!(
            told(share_out(&terms(), &homes, &people, &standing)),
            (vec![of("ann", LEFT, 1), of("ben", LEFT, 1), of("lea", LEFT, 1), of("lea", RIGHT, 2)], 0)
        );
        assert_eq!(
            told(share_out(&terms(), &homes, &people[..2], &[])),
            (vec![of("ann", LEFT, 2), of("ben", LEFT, 2)], 2),
            "nobody goes to the right"
        );
        let mut over = standing;
        over[0].terms.due = terms().from - chrono::Days::new(1);
        assert_eq!(
            told(share_out(&terms(), &homes[..1], &people, &over)).0.len(),
            1,
            "the one before is over"
        );
    }

    #[test]
    fn those_who_visit_are_those_who_may() {
        let people = [
            person("ann", "village_assistant"),
            person("lea", "grid_worker_l1"),
            person("ben", "unit_handler"),
            person("cai", "sys_admin"),
        ];
        let found = walkers(Package::builtin(), &people, day_of(START));
        let told: Vec<(&str, &str)> = found.iter().map(|w| (w.user.as_str(), w.area.as_str())).collect();
        assert_eq!(told, [("ann", GRID), ("lea", VILLAGE)]);
    }

    #[test]
    fn who_may_give_and_take_back() {
        let (chief, worker) = (person("lea", "grid_worker_l1"), person("ann", "village_assistant"));
        let judged = |actor: &Actor, task: &VisitTask| {
            Story::new().judge(actor, "create", &body(task)).map_err(|refusal| refusal.code())
        };
        let given = task("ann", LEFT, &[1, 2]);
        assert_eq!(judged(&chief, &given), Ok(()));
        assert_eq!(judged(&worker, &given), Ok(()), "a plan for oneself");
        assert_eq!(judged(&worker, &task("ben", LEFT, &[1])), Err("not_permitted"));
        assert_eq!(judged(&chief, &task("ann", "510000100202001", &[1])), Err("not_permitted"));
        assert_eq!(judged(&chief, &task("ann", LEFT, &[])), Err("bad_body"));
        let mut backwards = given.clone();
        backwards.terms.due = backwards.terms.from - chrono::Days::new(1);
        assert_eq!(judged(&chief, &backwards), Err("bad_body"));
        let mut shared = body(&given);
        shared["place"]["users_add"] = json!(["ann", "eve"]);
        assert_eq!(Story::new().judge(&chief, "create", &shared).unwrap_err().code(), "bad_placement");

        let mut story = Story::new();
        story.admitted(&chief, "create", &body(&given)).unwrap();
        let off = json!({"set": {"cancelled": true}});
        assert_eq!(
            story.judge(&worker, "set", &off).unwrap_err().code(),
            "not_permitted",
            "given by another"
        );
        let other = json!({"set": {"user": "ben"}});
        assert_eq!(story.judge(&chief, "set", &other).unwrap_err().code(), "workflow_path");
        let none = json!({"set": {"households": []}});
        assert_eq!(story.judge(&chief, "set", &none).unwrap_err().code(), "bad_body");
        let row = |story: &Story| Summary::of(&story.entity, Package::builtin()).unwrap();
        assert_eq!(VisitTask::of_row(&row(&story)), VisitTask::of(&story.entity), "a row holds all of it");
        assert_eq!(tasks(&[row(&story)]).len(), 1);
        story.admitted(&chief, "set", &off).unwrap();
        assert_eq!(tasks(&[row(&story)]).len(), 0);
    }

    #[test]
    fn it_stands_on_the_list_until_somebody_was_met() {
        let package = Package::builtin();
        let mut story = Story::new();
        story
            .admitted(&person("lea", "grid_worker_l1"), "create", &body(&task("ann", LEFT, &[1, 2])))
            .unwrap();
        let given = Summary::of(&story.entity, package).unwrap();
        let mut hazard = Story::new();
        let made = crate::case::story::hazard_body("blue");
        hazard.admitted(&person("ann", "village_assistant"), "create", &made).unwrap();
        let plain = Summary::of(&hazard.entity, package).unwrap();
        let home = |n: u8| Summary {
            id: id(n),
            kind: RecordKind::Household,
            household: Some(id(n)),
            state: "active".to_owned(),
            area: LEFT.to_owned(),
            hints: Vec::new(),
            ..plain.clone()
        };
        let visit = |n: u8, days: u64, met| {
            let fact =
                VisitFact { day: day_of(START) + chrono::Days::new(days), mode: VisitMode::InPerson, met };
            let at = START + days * 86_400_000;
            Summary { kind: RecordKind::Visit, visit: Some(fact), at, household: Some(id(n)), ..home(80 + n) }
        };
        let homes = [home(1), home(2), home(3)];
        let listed = |user: &str, days: u64, more: &[Summary]| {
            let rows: Vec<&Summary> = homes.iter().chain([&given]).chain(more).collect();
            let today = day_of(START) + chrono::Days::new(days);
            let list = list_of(&rows, package, user, today, Season::default());
            let line = |row: DueRow| (row.household.0[0], row.due.days, row.due.state, row.why);
            list.into_iter().map(line).collect::<Vec<_>>()
        };
        let why = || Some("大走访".to_owned());
        assert_eq!(listed("ann", 2, &[]), [(1, 8, DueState::Due, why()), (2, 8, DueState::Due, why())]);
        assert_eq!(listed("ben", 2, &[]), [], "not given to him");
        let tried = [visit(1, 1, true), visit(2, 1, false)];
        assert_eq!(listed("ann", 2, &tried), [(2, 8, DueState::Due, why())]);
        assert_eq!(listed("ann", 12, &tried), [(2, -2, DueState::Overdue, why())]);
        let closed = Summary {
            kind: RecordKind::Hazard,
            state: "closed".to_owned(),
            household: Some(id(2)),
            ..plain.clone()
        };
        let task = VisitTask::of_row(&given).unwrap();
        let done = met(package, "", task.terms.from, &tried);
        let so_far = progress(&task.households, &done, std::slice::from_ref(&closed));
        assert_eq!((so_far.done.part, so_far.left, so_far.call_backs), (1, vec![id(2)], vec![closed.id]));
    }
}
