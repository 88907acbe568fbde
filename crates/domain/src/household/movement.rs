//! Who came and who went (TERR-11): birth, death, marriage, moving, long absence and return; and who is home from hospital
//! (VISIT-05). Each is an event of the household with its day and who reported it; what it means for the people of the household follows from one rule.
//! Nobody is taken away: who has left stays as a row that says when and why.

use chrono::NaiveDate;
use gridbook_log::{Entity, order_by_key};
use serde_json::Value;

use super::{HouseholdView, Member};
use crate::admit::Refusal;
use crate::date;
use crate::form::{Values, table_rows};
use crate::search::fold;

/// Path of the table.
pub const TABLE: &str = "movements";
/// Where a visit's form says what happened, in any row.
pub(crate) const TOLD: &str = "pop_events/*/kind";
const AT_HOME: &str = "at_home";

/// One event.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Movement {
    /// Row id; that of the visit's row where a visit told of it, so that it counts once.
    pub row: String,
    /// Id of the dictionary `pop_event`.
    pub kind: String,
    /// Row of the member; empty = by name.
    pub member: String,
    /// Name.
    pub name: String,
    /// Relation to the head of who came; empty = not said.
    pub relation: String,
    /// Day.
    pub on: Option<NaiveDate>,
    /// Account of who reported it.
    pub by: String,
    /// Remarks.
    pub note: String,
}

/// What an event does to a person of the household.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Comes,
    Leaves,
    GoesAway,
    ComesBack,
    /// It changes nothing of who lives there and how.
    Stays,
}

impl Movement {
    fn effect(&self) -> Option<Effect> {
        match self.kind.as_str() {
            "birth" | "married_in" | "moved_in" | "household_merge" => Some(Effect::Comes),
            "death" | "married_out" | "moved_out" | "household_split" => Some(Effect::Leaves),
            "long_away" => Some(Effect::GoesAway),
            "returned" => Some(Effect::ComesBack),
            "discharge" => Some(Effect::Stays),
            _ => None,
        }
    }

    /// Whether somebody new may come with it.
    pub fn brings(&self) -> bool {
        self.effect() == Some(Effect::Comes)
    }

    /// What is missing to write it down: a day that has come; and of who is no member yet, the name and the relation to
    /// the head.
    pub fn lacks(&self, today: NaiveDate) -> Option<Lacks> {
        let newcomer = self.member.is_empty();
        if self.on.is_none_or(|day| day > today) {
            Some(Lacks::Day)
        } else if newcomer && !self.brings() {
            Some(Lacks::Member)
        } else {
            (newcomer && (self.name.is_empty() || self.relation.is_empty())).then_some(Lacks::Newcomer)
        }
    }
}

/// Why an event cannot be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// No day, or one to come.
    Day,
    /// It happens to a member only.
    Member,
    /// Name and relation of who came.
    Newcomer,
}

/// What has happened, the latest first.
pub fn history(entity: &Entity) -> Vec<Movement> {
    let mut found: Vec<Movement> = entity
        .rows(TABLE)
        .into_iter()
        .map(|row| {
            let text =
                |column: &str| entity.text(&format!("{TABLE}/{row}/{column}")).unwrap_or_default().to_owned();
            Movement {
                row: row.to_owned(),
                kind: text("kind"),
                member: text("member"),
                name: text("name"),
                relation: String::new(),
                on: date::parse(&text("on")),
                by: text("by"),
                note: text("note"),
            }
        })
        .collect();
    order_by_key(&mut found, |one| std::cmp::Reverse(one.on));
    found
}

/// The events that a visit tells of; a day that was not said is the day of the visit.
pub fn of_visit(values: &Values, user: &str, today: NaiveDate) -> Vec<Movement> {
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    let visited = text("visit_at").get(..10).and_then(date::parse).unwrap_or(today);
    let rows = table_rows(values, "pop_events").into_iter();
    let read = |row: &str| {
        let cell = |column: &str| text(&format!("pop_events/{row}/{column}")).to_owned();
        Movement {
            row: row.to_owned(),
            kind: cell("kind"),
            name: cell("name"),
            on: Some(date::parse(&cell("date")).unwrap_or(visited)),
            by: user.to_owned(),
            note: cell("note"),
            ..Movement::default()
        }
    };
    rows.map(read).filter(|one| one.effect().is_some() && !one.name.trim().is_empty()).collect()
}

/// What is set on the household for these events, one after the other: the events themselves, the people, and how the
/// house is lived in. Events that it has already are left out.
pub fn apply(view: &HouseholdView, known: &[Movement], events: &[Movement]) -> Values {
    let mut set = Values::new();
    let mut people: Vec<Member> = view.members.iter().chain(&view.former).cloned().collect();
    let mut residence = view.residence_type.clone();
    for one in events.iter().filter(|one| known.iter().all(|old| old.row != one.row)) {
        let Some(effect) = one.effect() else { continue };
        let double = |row: &str| {
            let named = |[_, name, stands]: &&[String; 3]| stands == row && fold(name) == fold(&one.name);
            view.doubles.iter().any(|double| named(&double))
        };
        let here = |person: &&mut Member| {
            if one.member.is_empty() {
                fold(&person.name) == fold(&one.name) || double(&person.row)
            } else {
                person.row == view.standing(&one.member)
            }
        };
        let mut found = people.iter_mut().find(here);
        if found.is_none() && effect == Effect::Comes {
            people.push(Member {
                row: one.row.clone(),
                name: one.name.trim().to_owned(),
                ..Member::default()
            });
            let row = one.row.as_str();
            let mut put = |column: &str, text: &str| {
                set.insert(format!("members/{row}/{column}"), text.into());
            };
            put("name", one.name.trim());
            if !one.relation.is_empty() {
                put("relation", &one.relation);
            }
            if let Some(day) = one.on.filter(|_| one.kind == "birth") {
                put("birth", &day.to_string());
            }
            found = people.last_mut();
        }
        let cell = |column: &str, text: &str| (format!("{TABLE}/{}/{column}", one.row), Value::from(text));
        let mut event = vec![cell("kind", &one.kind), cell("name", one.name.trim()), cell("by", &one.by)];
        event.extend(one.on.map(|day| cell("on", &day.to_string())));
        event.extend((!one.note.is_empty()).then(|| cell("note", &one.note)));
        if let Some(person) = found {
            event.push(cell("member", &person.row));
            if effect != Effect::Stays {
                change(view, person, one, effect, &mut set);
            }
        }
        set.extend(event);
        if effect == Effect::Stays {
            continue;
        }
        let lived = lived_in(&people, effect, &residence).to_owned();
        if lived != residence {
            set.insert("residence_type".to_owned(), lived.as_str().into());
            residence = lived;
        }
    }
    set
}

fn change(view: &HouseholdView, person: &mut Member, one: &Movement, effect: Effect, set: &mut Values) {
    let row = person.row.clone();
    let mut write = |row: &str, column: &str, value: Value| {
        set.insert(format!("members/{row}/{column}"), value);
    };
    if effect == Effect::Leaves {
        person.left.clone_from(&one.kind);
        write(&row, "left", one.kind.as_str().into());
        write(&row, "left_on", one.on.map_or(Value::Null, |day| day.to_string().into()));
        return;
    }
    if !person.left.is_empty() {
        // Whoever is no more of the house is not away from it.
        if effect == Effect::GoesAway {
            return;
        }
        person.left.clear();
        write(&row, "left", Value::Null);
        write(&row, "left_on", Value::Null);
        // It may be a double that says so.
        for [double, _, stands] in &view.doubles {
            if *stands == row {
                write(double, "left", Value::Null);
                write(double, "left_on", Value::Null);
            }
        }
    }
    let status = if effect == Effect::GoesAway { "elsewhere" } else { AT_HOME };
    // Somebody who is known to work or study elsewhere is away already.
    let away = !matches!(person.resident_status.as_str(), "" | AT_HOME);
    if effect != Effect::GoesAway || !away {
        status.clone_into(&mut person.resident_status);
        write(&row, "resident_status", status.into());
    }
}

/// How the house is lived in after an event, where the people say it.
fn lived_in<'a>(people: &[Member], effect: Effect, residence: &'a str) -> &'a str {
    let mut left = people.iter().filter(|person| person.left.is_empty()).peekable();
    if left.peek().is_none() {
        return if people.is_empty() { residence } else { "vacant" };
    }
    let all_away = left.all(|person| !matches!(person.resident_status.as_str(), "" | AT_HOME));
    match effect {
        _ if all_away => "away",
        Effect::Comes | Effect::ComesBack if matches!(residence, "away" | "vacant") => "permanent",
        _ => residence,
    }
}

/// Judges what an operation says of events: nobody reports in another's name, and what was reported is not taken away.
pub(crate) fn judge(user: &str, before: Option<&Entity>, set: &Values) -> Result<(), Refusal> {
    for (path, value) in set {
        let Some((row, column)) = path.strip_prefix("movements/").and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        let by = before.and_then(|entity| entity.text(&format!("{TABLE}/{row}/by")));
        let mine = set.get(&format!("{TABLE}/{row}/by")).and_then(Value::as_str).or(by) == Some(user);
        let foreign = by.is_some_and(|by| by != user);
        if !mine || foreign || column == gridbook_log::body::GONE || value.is_null() {
            return Err(Refusal::NotPermitted("household.edit".to_owned()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
