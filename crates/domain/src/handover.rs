//! Hand-over of a grid (ROLE-09): a list of households, open cases and due visits that both sides confirm; when both
//! have, the area is the successor's.
//!
//! A hand-over is a stream of its own. The one who takes over confirms first, having looked at everything; the one who
//! leaves confirms last and names the successor as handler of the own cases in the same save. The list never changes:
//! a wrong one is cancelled and made anew. What follows for accounts is [`moved`], which the authority applies with the
//! last confirmation. The tasks of a campaign go along with the last confirmation, too ([`crate::plan::task`]).

use chrono::{Days, NaiveDate};
use gridbook_log::{Create, Entity, EntityId, Event, Outcome, Placement, order_by_key};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::admit::Refusal;
use crate::authority::{assignments, staff::rows as staff_rows};
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::form::{Values, table_rows};
use crate::household::merge::Merges;
use crate::package::Package;
use crate::plan::task::open_of;
use crate::plan::{Season, due_list};
use crate::record::RecordKind;
use crate::role::Assignment;
use crate::summary::Summary;
use crate::territory::covers;

/// State of a hand-over that waits for confirmations; the `state` of its create operation.
pub const OPEN: &str = "open";
/// State of one that was taken back.
pub const CANCELLED: &str = "cancelled";
/// One side confirms the list.
pub const CONFIRM: &str = "handover_confirm";
/// It was wrong: nothing moves.
pub const CANCEL: &str = "handover_cancel";
/// The step of a case by which its handler names the successor.
pub const HAND_OVER: &str = "hand_over";
/// Lines of one list at most; a larger area is handed over in parts.
pub const MAX_ITEMS: usize = 500;

/// What a line of the list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A case that is not closed.
    Case,
    /// Households given in a campaign.
    Task,
    /// A visit that is due.
    Visit,
    /// A household.
    Household,
}

/// A line of the list. The successor does not see the records yet, so it says in words what they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// What it is about.
    pub kind: ItemKind,
    /// The record; for a due visit its household.
    pub record: EntityId,
    /// First line.
    pub title: String,
    /// Second line: where, how long.
    pub note: String,
}

/// What a hand-over is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// Account of the one who leaves.
    pub from: String,
    /// Account of the successor.
    pub to: String,
    /// Area code that is handed over, with everything below it.
    pub area: String,
    /// The successor's first day.
    pub on: NaiveDate,
    /// Why, in words; may be empty.
    pub reason: String,
}

/// The two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Who takes over; confirms first.
    Taker,
    /// Who leaves; confirms last.
    Leaver,
}

/// A hand-over, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// Its stream.
    pub id: EntityId,
    /// Who leaves, who takes over, where, from when.
    pub terms: Terms,
    /// Who began it.
    pub starter: String,
    /// The list.
    pub items: Vec<Item>,
    /// When the successor confirmed, milliseconds since 1970.
    pub taken_at: Option<u64>,
    /// When the one who leaves confirmed.
    pub left_at: Option<u64>,
    /// Why it was taken back.
    pub cancelled: Option<String>,
}

/// The list for an area as this device knows it: open cases first, then the visits that `from` was given and has not done,
/// then due ones, those that standing warnings call for among them (HAZ-04), then all households.
pub fn list(package: &Package, rows: &[&Summary], from: &str, area: &str, now: u64) -> Vec<Item> {
    let merges = Merges::of(rows.iter().copied());
    let mut inside: Vec<&Summary> =
        rows.iter().copied().filter(|row| covers(area, &row.area) && !merges.gone(row)).collect();
    order_by_key(&mut inside, |row| (row.area.clone(), row.number.clone(), row.id));
    let item =
        |kind, row: &Summary, note: String| Item { kind, record: row.id, title: row.title.clone(), note };
    let cases = inside.iter().filter(|row| row.is_open()).map(|row| {
        item(ItemKind::Case, row, format!("{} · {}", row.kind.label(), package.state_label(&row.state)))
    });
    let tasks = open_of(package, rows, from, area).into_iter().map(|(task, homes)| Item {
        kind: ItemKind::Task,
        record: task.id,
        title: task.terms.label,
        note: format!("{} 户，到 {} 为止", merges.stand_for(&homes).len(), task.terms.due),
    });
    // Visits to one that went into another count for that one.
    let due = due_list(rows.iter().copied(), package, day_of(now), Season::at(now));
    let due = due.iter().filter_map(|due| {
        let row = inside.iter().find(|row| row.id == due.household)?;
        let words = match due.due.days {
            days if days < 0 => format!("超期 {} 天", -days),
            0 => "今天到期".to_owned(),
            days => format!("还有 {days} 天"),
        };
        let why = due.why.as_ref().map(|why| format!("{why} · ")).unwrap_or_default();
        Some(item(ItemKind::Visit, row, format!("{why}{words}")))
    });
    let homes = inside.iter().filter(|row| row.kind == RecordKind::Household);
    let homes = homes.map(|row| item(ItemKind::Household, row, row.subtitle.clone()));
    cases.chain(tasks).chain(due).chain(homes).take(MAX_ITEMS).collect()
}

/// The first operation of a hand-over.
pub fn create(terms: &Terms, items: &[Item]) -> Create {
    let text = |text: &str| Value::from(text);
    let set: Values = [
        ("from".to_owned(), text(&terms.from)),
        ("to".to_owned(), text(&terms.to)),
        ("on".to_owned(), text(&terms.on.to_string())),
        ("reason".to_owned(), text(&terms.reason)),
        ("items".to_owned(), serde_json::to_value(items).unwrap_or_default()),
    ]
    .into();
    Create {
        type_: RecordKind::Handover.as_str().to_owned(),
        state: Some(OPEN.to_owned()),
        place: Placement {
            area: Some(terms.area.clone()),
            users_add: vec![terms.from.clone(), terms.to.clone()],
            ..Placement::default()
        },
        set,
        ..Create::default()
    }
}

impl Handover {
    /// Reads a stream; `None` when it is no hand-over, or its creation has not arrived or cannot be read.
    pub fn of(entity: &Entity) -> Option<Self> {
        let made = entity.creation().filter(|made| made.create.type_ == RecordKind::Handover.as_str())?;
        let mut handover = Self::read(&made.create)?;
        (handover.id, handover.starter) = (entity.id(), made.user.clone());
        for record in entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts) {
            let at = Some(record.hlc.ms);
            match (record.event.event.as_str(), handover.side(&record.user)) {
                (CONFIRM, Some(Side::Taker)) => handover.taken_at = handover.taken_at.or(at),
                (CONFIRM, Some(Side::Leaver)) => handover.left_at = handover.left_at.or(at),
                (CANCEL, _) if !handover.done() => {
                    let said = record.event.data.get("text").and_then(Value::as_str).unwrap_or_default();
                    handover.cancelled = Some(said.to_owned());
                }
                _ => {}
            }
        }
        Some(handover)
    }

    fn read(create: &Create) -> Option<Self> {
        let text = |path: &str| create.set.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let terms = Terms {
            from: text("from"),
            to: text("to"),
            area: create.place.area.clone()?,
            on: crate::date::parse(&text("on"))?,
            reason: text("reason"),
        };
        let items = serde_json::from_value(create.set.get("items")?.clone()).ok()?;
        let (taken_at, left_at, cancelled) = (None, None, None);
        Some(Self {
            id: EntityId([0; 16]),
            terms,
            starter: String::new(),
            items,
            taken_at,
            left_at,
            cancelled,
        })
    }

    /// On which side an account stands.
    pub fn side(&self, user: &str) -> Option<Side> {
        if user == self.terms.to {
            Some(Side::Taker)
        } else if user == self.terms.from {
            Some(Side::Leaver)
        } else {
            None
        }
    }

    /// Both have confirmed.
    pub const fn done(&self) -> bool {
        self.taken_at.is_some() && self.left_at.is_some()
    }

    /// Whose confirmation is next; `None` when it is over.
    pub const fn waits_for(&self) -> Option<Side> {
        match (self.cancelled.is_some(), self.taken_at, self.left_at) {
            (true, ..) | (_, Some(_), Some(_)) => None,
            (_, None, _) => Some(Side::Taker),
            (_, Some(_), None) => Some(Side::Leaver),
        }
    }

    /// Words for where it stands.
    pub const fn words(&self) -> &'static str {
        match (self.cancelled.is_some(), self.waits_for()) {
            (true, _) => "已取消",
            (_, Some(Side::Taker)) => "等接手人核对",
            (_, Some(Side::Leaver)) => "等移交人确认",
            (_, None) => "已交接",
        }
    }

    /// The confirmation of whoever writes it.
    pub fn confirm(&self) -> Event {
        step(CONFIRM, OPEN, Values::new())
    }

    /// Takes it back, with a reason.
    pub fn cancel(&self, reason: &str) -> Event {
        step(CANCEL, CANCELLED, [("text".to_owned(), Value::from(reason))].into())
    }
}

fn step(event: &str, to: &str, data: Values) -> Event {
    Event {
        event: event.to_owned(),
        from: OPEN.to_owned(),
        to: to.to_owned(),
        table: 1,
        data,
        ..Event::default()
    }
}

/// The step that makes the successor handler of a case; `None` for cases that the one who leaves does not handle, or
/// that nobody handles now.
pub fn hand_over_case(package: &Package, case: &CaseView, handover: &Handover) -> Option<Event> {
    let flow = package.flow(case.kind)?;
    let fits = case.handler.as_deref() == Some(handover.terms.from.as_str());
    let known = flow.transition(HAND_OVER, &case.state).filter(|_| fits)?;
    Some(Event {
        event: known.action.clone(),
        from: case.state.clone(),
        to: case.state.clone(),
        table: flow.version,
        set: [("handler".to_owned(), Value::from(handover.terms.to.as_str()))].into(),
        ..Event::default()
    })
}

impl Terms {
    /// Whether a role is handed over: held inside the area, and not over before the day.
    fn takes(&self, held: &Assignment) -> bool {
        let inside = held.area.as_deref().is_some_and(|area| !area.is_empty() && covers(&self.area, area));
        inside && held.to.is_none_or(|to| to >= self.on)
    }

    /// A role as the successor holds it; `None` when one of these is the same and lasts as long.
    fn next_of(&self, held: &Assignment, has: &[Assignment]) -> Option<Assignment> {
        let from = held.from.filter(|from| *from > self.on).or(Some(self.on));
        let next = Assignment { from, ..held.clone() };
        let lasts = |one: &Assignment| one.to.is_none_or(|end| next.to.is_some_and(|to| to <= end));
        let same = |one: &&Assignment| {
            (&one.role, &one.area, &one.unit) == (&next.role, &next.area, &next.unit)
                && one.valid_on(self.on)
                && lasts(one)
        };
        (!has.iter().any(|one| same(&one))).then_some(next)
    }
}

/// The roles of both after a hand-over: those that the one who leaves holds inside the area end on the day before, and
/// the successor holds them from the day on. Everything else stays.
pub fn moved(
    handover: &Handover,
    leaver: &[Assignment],
    taker: &[Assignment],
) -> (Vec<Assignment>, Vec<Assignment>) {
    let terms = &handover.terms;
    let (mut stays, mut gets) = (Vec::new(), taker.to_vec());
    for held in leaver {
        if !terms.takes(held) {
            stays.push(held.clone());
            continue;
        }
        let last = terms.on.checked_sub_days(Days::new(1));
        if held.from.is_none_or(|from| last.is_some_and(|last| from <= last)) {
            stays.push(Assignment { to: last, ..held.clone() });
        }
        gets.extend(terms.next_of(held, &gets));
    }
    (stays, gets)
}

/// The same for the two people of the directory, where there is no server that keeps accounts: values to set for the one
/// who leaves and for the successor; both empty once it was done.
pub fn moved_rows(handover: &Handover, leaver: &Values, taker: &Values) -> (Values, Values) {
    let terms = &handover.terms;
    let (mut ends, mut gets) = (Values::new(), Values::new());
    let Some(last) = terms.on.checked_sub_days(Days::new(1)) else { return (ends, gets) };
    let short = handover.id.to_string();
    let short = short.get(24..).unwrap_or_default();
    let (listed, mut has) = (table_rows(leaver, "assignments"), assignments(taker));
    for (row, held) in staff_rows(leaver) {
        if !listed.contains(&row) || !terms.takes(&held) {
            continue;
        }
        ends.insert(format!("assignments/{row}/to"), Value::from(last.to_string()));
        let Some(next) = terms.next_of(&held, &has) else { continue };
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string());
        has.push(next.clone());
        let role = Some(next.role).filter(|role| !role.is_empty());
        for (field, text) in [
            ("role", role),
            ("area", next.area),
            ("unit", next.unit),
            ("from", day(next.from)),
            ("to", day(next.to)),
        ] {
            let path = format!("assignments/{row}h{short}/{field}");
            gets.extend(text.map(|text| (path, Value::from(text))));
        }
    }
    (ends, gets)
}

/// Whether a new hand-over can be read, names two people and shares itself with nobody else.
///
/// # Errors
/// [`Refusal::BadBody`] or [`Refusal::BadPlacement`].
pub(crate) fn judge_create(create: &Create) -> Result<(), Refusal> {
    let bad = |what: &str| Err(Refusal::BadBody(what.to_owned()));
    let Some(handover) = Handover::read(create) else { return bad("hand-over") };
    let Terms { from, to, reason, .. } = &handover.terms;
    if from.is_empty() || to.is_empty() || from == to {
        return bad("two people");
    }
    if handover.items.is_empty() || handover.items.len() > MAX_ITEMS || reason.chars().count() > 200 {
        return bad("list");
    }
    let both = |user: &String| user == from || user == to;
    let shared = &create.place.users_add;
    if shared.iter().all(both) && shared.contains(from) && shared.contains(to) {
        Ok(())
    } else {
        Err(Refusal::BadPlacement)
    }
}

/// Whether a step of a hand-over is this account's to take now.
///
/// # Errors
/// [`Refusal`]: unknown, too late, or somebody else's.
pub(crate) fn judge_event(entity: &Entity, user: &str, event: &Event) -> Result<(), Refusal> {
    let handover = Handover::of(entity).ok_or(Refusal::Missing)?;
    let side = handover.side(user);
    let to = match event.event.as_str() {
        CONFIRM => OPEN,
        CANCEL => CANCELLED,
        _ => return Err(Refusal::UnknownAction),
    };
    let state = entity.state().unwrap_or_default().to_owned();
    let late = || Err(Refusal::NotLegalNow { action: event.event.clone(), state: state.clone() });
    if side.is_none() && !(event.event == CANCEL && handover.starter == user) {
        return Err(Refusal::NotPermitted("handover.confirm".to_owned()));
    }
    if !event.set.is_empty() || event.place.is_some() {
        return Err(Refusal::BadPlacement);
    }
    if state != OPEN || event.from != OPEN || event.to != to || handover.waits_for().is_none() {
        return late();
    }
    if event.event == CONFIRM && side != handover.waits_for() {
        return late();
    }
    Ok(())
}

#[cfg(test)]
mod tests;
