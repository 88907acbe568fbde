//! 专访: households with a restricted category (4.1.3, VISIT-09). What makes them one is no part of the household's record:
//! it is a stream of its own that lies in no area and no unit, and reaches only the people who are named in it, from its
//! first operation on, without a network too. Their visits are rows of it, so no list, timeline, figure or export of
//! others ever meets them. Nobody goes alone: a visit without a second person by name is refused.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use gridbook_log::{Create, Entity, EntityId, Placement, set_of};
use serde_json::Value;

use crate::admit::Refusal;
use crate::calendar::{DAY_MS, midnight};
use crate::date;
use crate::form::{FieldKind, Form, Problem, Values};
use crate::household::merge::Merges;
use crate::package::{HouseholdCategory, Package};
use crate::plan::{Due, DueState, Held, Season, due};
use crate::record::{RecordKind, written_over};
use crate::role::{Actor, Target, may};
use crate::summary::{Summary, VisitFact, VisitMode};

/// The permission to name a household for such visits, and the people who go.
pub const ASSIGN: &str = "restricted.assign";
/// The safety note wherever such a household is met.
pub const SAFETY: &str = "两人同行";

/// The form that says what is asked on such a visit: no record is made with it, its answers are columns of the visit.
pub const FORM: &str = "F-RVISIT";
/// Columns of a visit that the form asks for: what was seen, and no word of a diagnosis (domain data 4.6.28).
pub const SEEN: [&str; 7] =
    ["state_seen", "medication", "guardian", "needs", "danger", "danger_told", "next_on"];

/// Who goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Account.
    pub user: String,
    /// Last day of the grant; `None` = until further notice.
    pub until: Option<NaiveDate>,
}

impl Named {
    fn holds(&self, day: NaiveDate) -> bool {
        self.until.is_none_or(|last| day <= last)
    }
}

/// One visit by two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JointVisit {
    /// Row id.
    pub row: String,
    /// Day.
    pub day: Option<NaiveDate>,
    /// Account of who wrote it down.
    pub by: String,
    /// Who went along, by name.
    pub with: String,
    /// As what: id of the dictionary `participant_role`.
    pub with_role: String,
    /// Whom they met: id of the dictionary `met`.
    pub met: String,
    /// Id of the dictionary `well_being`; empty when nobody was met.
    pub well_being: String,
    /// What has to be known, for those who are named only.
    pub note: String,
    /// What F-RVISIT asks besides, by its paths ([`SEEN`]); what was not answered is missing.
    pub seen: BTreeMap<String, String>,
}

/// A household's restricted category with who goes there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restricted {
    /// Its stream.
    pub id: EntityId,
    /// The household.
    pub household: EntityId,
    /// Area code of the household.
    pub area: String,
    /// Category id.
    pub category: String,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day; `None` = until further notice.
    pub to: Option<NaiveDate>,
    /// Where it is known from.
    pub source: String,
    /// Who decided it: the author.
    pub approver: String,
    /// Who goes.
    pub people: Vec<Named>,
    /// Visits, the latest first.
    pub visits: Vec<JointVisit>,
}

impl Restricted {
    /// Reads a stream; `None` when it is something else or cannot be read.
    pub fn of(entity: &Entity) -> Option<Self> {
        let made = entity.creation().filter(|made| made.create.type_ == RecordKind::Restricted.as_str())?;
        let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
        let day = |path: &str| date::parse(&text(path));
        let cell = |table: &str, row: &str, column: &str| text(&format!("{table}/{row}/{column}"));
        let goes = |user: &&str| entity.get(&format!("people/{user}/goes")) == Some(&Value::Bool(true));
        let people = entity
            .rows("people")
            .into_iter()
            .filter(goes)
            .map(|user| Named { user: user.to_owned(), until: day(&format!("people/{user}/until")) });
        let mut visits: Vec<JointVisit> = entity
            .rows("visits")
            .into_iter()
            .map(|row| JointVisit {
                row: row.to_owned(),
                day: date::parse(&cell("visits", row, "day")),
                by: cell("visits", row, "by"),
                with: cell("visits", row, "with"),
                with_role: cell("visits", row, "with_role"),
                met: cell("visits", row, "met"),
                well_being: cell("visits", row, "well_being"),
                note: cell("visits", row, "note"),
                seen: SEEN
                    .iter()
                    .map(|column| ((*column).to_owned(), cell("visits", row, column)))
                    .filter(|(_, said)| !said.is_empty())
                    .collect(),
            })
            .collect();
        gridbook_log::order_by_key(&mut visits, |visit| std::cmp::Reverse(visit.day));
        Some(Self {
            id: entity.id(),
            household: EntityId::parse(&text("household"))?,
            area: text("area"),
            category: text("category"),
            from: day("from"),
            to: day("to"),
            source: text("source"),
            approver: made.user.clone(),
            people: people.collect(),
            visits,
        })
    }

    /// Its first operation.
    pub fn create(&self) -> Create {
        let mut set: Values = [
            ("household".to_owned(), self.household.to_string().into()),
            ("area".to_owned(), self.area.as_str().into()),
            ("category".to_owned(), self.category.as_str().into()),
            ("source".to_owned(), self.source.as_str().into()),
        ]
        .into();
        set.extend(self.from.map(|day| ("from".to_owned(), day.to_string().into())));
        set.extend(self.to.map(|day| ("to".to_owned(), day.to_string().into())));
        for named in &self.people {
            set.extend(grant(named));
        }
        let users_add = self.people.iter().map(|named| named.user.clone()).collect();
        Create {
            type_: RecordKind::Restricted.as_str().to_owned(),
            place: Placement { users_add, ..Placement::default() },
            set,
            ..Create::default()
        }
    }

    /// Whether it counts on that day.
    pub fn counts(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }

    /// Whether this person goes there on that day.
    pub fn names(&self, user: &str, day: NaiveDate) -> bool {
        self.people.iter().any(|named| named.user == user && named.holds(day))
    }

    /// Whether this person sees it: who goes there, and who may name people.
    pub fn shows(&self, package: &Package, actor: &Actor, today: NaiveDate) -> bool {
        self.names(&actor.user, today) || assigns(package, actor, &self.area, today)
    }

    /// The last day of everybody who goes, where it is the same one.
    pub fn until(&self) -> Option<NaiveDate> {
        let (first, rest) = self.people.split_first()?;
        first.until.filter(|_| rest.iter().all(|named| named.until == first.until))
    }

    /// These people with the day that was asked for. Where that is the one that stood there, everybody who goes already
    /// keeps his own.
    pub fn granted(&self, users: &[Named]) -> Vec<Named> {
        let own =
            |new: &Named| self.people.iter().find(|old| old.user == new.user && new.until == self.until());
        users.iter().map(|new| own(new).unwrap_or(new).clone()).collect()
    }

    /// What is written to have other people go: values, and who sees it from then on.
    pub fn reassign(&self, people: &[Named]) -> (Values, Placement) {
        let mut set = Values::new();
        let gone = self.people.iter().filter(|old| people.iter().all(|new| new.user != old.user));
        let gone: Vec<String> = gone.map(|old| old.user.clone()).collect();
        for user in &gone {
            set.insert(format!("people/{user}/goes"), Value::Null);
        }
        people.iter().for_each(|named| set.extend(grant(named)));
        let users_add = people.iter().map(|named| named.user.clone()).collect();
        (set, Placement { users_add, users_del: gone, ..Placement::default() })
    }

    /// The last visit at which somebody was met.
    fn last(&self) -> Option<VisitFact> {
        let met = |visit: &&JointVisit| !matches!(visit.met.as_str(), "" | "not_met");
        let day = self.visits.iter().filter(met).filter_map(|visit| visit.day).max()?;
        Some(VisitFact {
            day,
            at: midnight(day) + DAY_MS / 2,
            mode: VisitMode::InPerson,
            met: true,
            next: None,
        })
    }

    /// What a row of a list keeps of it: no text, no name of the category but its id.
    pub(crate) fn into_row(self, row: &mut Summary) {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        row.visit = self.last();
        row.household = Some(self.household);
        row.area.clone_from(&self.area);
        row.categories = vec![format!("{}/{}/{}", self.category, day(self.from), day(self.to))];
        row.categories.extend(self.people.iter().map(|named| format!("{}/{}", named.user, day(named.until))));
    }
}

impl JointVisit {
    /// What is written for it.
    pub fn values(&self) -> Values {
        let cell = |column: &str, text: &str| (format!("visits/{}/{column}", self.row), Value::from(text));
        let day = self.day.map(|day| day.to_string()).unwrap_or_default();
        let all = [
            cell("day", &day),
            cell("by", &self.by),
            cell("with", &self.with),
            cell("with_role", &self.with_role),
            cell("met", &self.met),
            cell("well_being", &self.well_being),
            cell("note", &self.note),
        ];
        let seen = self.seen.iter().map(|(column, text)| cell(column, text));
        all.into_iter()
            .chain(seen)
            .filter(|(_, text)| text.as_str().is_some_and(|text| !text.is_empty()))
            .collect()
    }
}

fn grant(named: &Named) -> Values {
    let until = named.until.map_or(Value::Null, |day| day.to_string().into());
    let path = |column: &str| format!("people/{}/{column}", named.user);
    [(path("goes"), true.into()), (path("until"), until)].into()
}

/// Whether somebody names households there and who goes.
pub fn assigns(package: &Package, actor: &Actor, area: &str, today: NaiveDate) -> bool {
    may(package, actor, ASSIGN, &Target::new(RecordKind::Restricted, area, None), today)
}

/// Restricted entries among the rows of this device that say that this person goes to a household now. Whoever is not
/// named holds no such row.
fn mine<'a, 'p>(
    rows: impl IntoIterator<Item = &'a Summary>,
    package: &'p Package,
    user: &str,
    today: NaiveDate,
) -> Vec<(&'a Summary, &'p HouseholdCategory)> {
    let rows = rows.into_iter().filter(|row| row.kind == RecordKind::Restricted && !row.rejected);
    let of = |row: &'a Summary| {
        let (word, people) = row.categories.split_first()?;
        let (id, _) = *crate::household::category::on(std::slice::from_ref(word), today).first()?;
        let goes = people.iter().any(|word| {
            let (name, until) = word.split_once('/').unwrap_or((word, ""));
            name == user && date::parse(until).is_none_or(|last| today <= last)
        });
        Some((row, package.restricted(id)?)).filter(|_| goes)
    };
    rows.filter_map(of).collect()
}

/// Whether a household is one that this person visits only together with somebody, or one that went into it is (TERR-13).
pub fn joint<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    household: EntityId,
    user: &str,
    today: NaiveDate,
) -> bool {
    let merges = Merges::of(rows.clone());
    let about = |id: EntityId| merges.standing(id) == merges.standing(household);
    mine(rows, package, user, today).into_iter().any(|(row, _)| row.household.is_some_and(about))
}

/// Households where this person is due with somebody: only joint visits count, however often others were there. One that
/// went into another is visited there; nobody goes to those that were cancelled or split.
pub fn due_with<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    package: &Package,
    user: &str,
    today: NaiveDate,
    season: Season,
) -> Vec<(EntityId, Due)> {
    let merges = Merges::of(rows.clone());
    let gone = rows.clone().into_iter().filter(|row| merges.gone(row)).map(|row| row.id);
    let gone: BTreeSet<EntityId> = set_of(gone);
    let found = mine(rows, package, user, today).into_iter().filter_map(|(row, category)| {
        let household = row.household.map(|id| merges.standing(id)).filter(|id| !gone.contains(id))?;
        let since = category_since(row);
        let last = row.visit.map(|visit| visit.day);
        let when = due(&[Held { category, since }], last, since.unwrap_or_else(|| row.day()), today, season);
        let wanted = matches!(when.state, DueState::Due | DueState::Overdue);
        Some((household, when)).filter(|_| wanted)
    });
    found.collect()
}

fn category_since(row: &Summary) -> Option<NaiveDate> {
    row.categories.first()?.split('/').nth(1).and_then(date::parse)
}

/// What stands in the way of an ordinary visit to such a household, by somebody who knows that it is one: going alone,
/// and words that everybody in the area would read. They belong into the joint visit.
pub fn problems(form: &Form, values: &Values) -> Vec<Problem> {
    let problem = |path: &str, code, message: &str| Problem {
        path: path.to_owned(),
        code,
        message: message.to_owned(),
        blocks: true,
    };
    let mut found = Vec::new();
    let filled = |value: &Value| value.as_str().is_some_and(|text| !text.trim().is_empty());
    let named = |(path, value): (&String, &Value)| {
        path.starts_with("participants/") && path.ends_with("/name") && filled(value)
    };
    if !values.iter().any(named) {
        let words = "这一户要两人同行，一个人不能去：请填同行人员的姓名";
        found.push(problem("participants", "joint", words));
    }
    for (path, _) in values.iter().filter(|(_, value)| filled(value)) {
        let free = form
            .field(path)
            .is_some_and(|field| matches!(field.kind, FieldKind::Text | FieldKind::LongText) && !field.auto);
        if free && !path.starts_with("participants/") {
            let words = "这里写的话网格里的人都看得到；这一户的情况请写在户卡的“专访”里";
            found.push(problem(path, "joint_text", words));
        }
    }
    found
}

/// Judges a new one: named people only, in no area, by somebody who may name them.
///
/// # Errors
/// [`Refusal`]
pub(crate) fn judge_create(
    package: &Package,
    actor: &Actor,
    create: &Create,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let text = |path: &str| create.set.get(path).and_then(Value::as_str).unwrap_or_default();
    let place = &create.place;
    let mut people: Vec<&str> = create
        .set
        .iter()
        .filter(|(_, value)| **value == Value::Bool(true))
        .filter_map(|(path, _)| path.strip_prefix("people/")?.strip_suffix("/goes"))
        .collect();
    let mut seers: Vec<&str> = place.users_add.iter().map(String::as_str).collect();
    gridbook_log::order_by(&mut people, Ord::cmp);
    gridbook_log::order_by(&mut seers, Ord::cmp);
    let apart = Placement { users_add: place.users_add.clone(), ..Placement::default() };
    if *place != apart || people != seers || create.parent.is_some() || !create.blobs.is_empty() {
        return Err(Refusal::BadPlacement);
    }
    if !assigns(package, actor, text("area"), today) {
        return Err(Refusal::NotPermitted(ASSIGN.to_owned()));
    }
    let whole =
        package.restricted(text("category")).is_some() && EntityId::parse(text("household")).is_some();
    let visits = create.set.keys().any(|path| path.starts_with("visits/"));
    if whole && !visits && date::parse(text("from")).is_some() {
        Ok(())
    } else {
        Err(Refusal::BadBody("restricted".to_owned()))
    }
}

/// Judges a change: who goes there writes down visits, never alone and never in another's name; all else is for who may
/// name people.
///
/// # Errors
/// [`Refusal`]
pub(crate) fn judge_set(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    set: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let held = Restricted::of(entity).ok_or(Refusal::Missing)?;
    let assigns = assigns(package, actor, &held.area, today);
    let goes = held.names(&actor.user, today);
    let values = written_over(entity.values(), set);
    for path in set.keys() {
        let Some(row) = path.strip_prefix("visits/").and_then(|rest| rest.split('/').next()) else {
            let kept = matches!(path.as_str(), "household" | "area" | "category");
            if !assigns || kept {
                return Err(Refusal::NotPermitted(ASSIGN.to_owned()));
            }
            continue;
        };
        let text = |column: &str| {
            let value = values.get(&format!("visits/{row}/{column}")).and_then(Value::as_str);
            value.unwrap_or_default().trim()
        };
        // Whose visit it is stands in the record: what is written now does not make it somebody else's.
        let foreign = entity.text(&format!("visits/{row}/by")).is_some_and(|by| by != actor.user);
        if !goes || foreign || text("by") != actor.user || path.ends_with("/_gone") {
            return Err(Refusal::NotPermitted(ASSIGN.to_owned()));
        }
        let day = date::parse(text("day")).filter(|day| *day <= today + Days::new(1));
        let missing = [
            (text("with").is_empty(), "with", "要两人同行，一个人不能去：请填同行人的姓名"),
            (text("with_role").is_empty(), "with_role", "请选同行人的身份"),
            (day.is_none(), "day", "请填走访日期，不能是以后的日子"),
            (text("met").is_empty(), "met", "请选见到谁"),
            (
                !matches!(text("danger"), "" | "none") && text("danger_told").is_empty(),
                "danger_told",
                "有危险迹象，请写几点告诉了谁；还没有报，先打 110",
            ),
        ];
        let problem = |(_, column, message): (bool, &str, &str)| Problem {
            path: format!("visits/{row}/{column}"),
            code: "joint",
            message: message.to_owned(),
            blocks: true,
        };
        let problems: Vec<Problem> =
            missing.into_iter().filter(|(missing, ..)| *missing).map(problem).collect();
        if !problems.is_empty() {
            return Err(Refusal::Invalid(problems));
        }
    }
    Ok(())
}

/// Judges who sees it from now on: people by name, never an area, a unit or everybody.
///
/// # Errors
/// [`Refusal`]
pub(crate) fn judge_place(
    package: &Package,
    actor: &Actor,
    entity: &Entity,
    place: &Placement,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let held = Restricted::of(entity).ok_or(Refusal::Missing)?;
    if !assigns(package, actor, &held.area, today) {
        return Err(Refusal::NotPermitted(ASSIGN.to_owned()));
    }
    let apart = place.area.is_none() && place.all.is_none() && place.units_add.is_empty();
    if apart { Ok(()) } else { Err(Refusal::BadPlacement) }
}

#[cfg(test)]
mod tests;
