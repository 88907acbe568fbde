//! Categories of a household (TERR-12): many at once, each an entry with its days, its source and who approved it.
//!
//! An entry is a row of the table `categories`. A plain list of ids, as sheets and older apps write it, is read as entries
//! that are open on both sides; what a later list adds to that of the household's beginning waits for approval like a row. What a worker writes counts from its first day at once, so that no visit is missed; it is
//! marked until somebody with the right has approved it. An end that nobody approved does not count yet, for the same
//! reason.

use chrono::NaiveDate;
use gridbook_log::Entity;
use serde_json::Value;

use crate::admit::Refusal;
use crate::date;
use crate::form::Values;
use crate::package::{HouseholdCategory, Package};
use crate::role::{Actor, Target, may};

/// Path of the table, and of the plain list.
pub const TABLE: &str = "categories";
/// The permission to approve what others wrote.
pub const APPROVE: &str = "category.approve";

/// Columns that say what was approved, by whom and when.
const SEAL: [&str; 3] = ["approver", "approved_on", "approved_as"];

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Stood in the plain list when the household was entered, or is a row from before there were approvals.
    Kept,
    /// Nobody has approved it; it counts.
    Proposed,
    /// Approved as it is.
    Approved,
    /// Kept or approved; nobody has approved its end, which does not count yet.
    EndProposed,
}

/// One category that a household has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// Row id; that of a plain entry is its category.
    pub row: String,
    /// Category id (4.4).
    pub category: String,
    /// First day; `None` = not known.
    pub from: Option<NaiveDate>,
    /// Last day as written; `None` = until further notice.
    pub to: Option<NaiveDate>,
    /// Where it is known from: id of the dictionary `category_source`.
    pub source: String,
    /// Why, in words.
    pub note: String,
    /// Account of who approved it last; empty = nobody.
    pub approver: String,
    /// Where it stands.
    pub standing: Standing,
}

impl Held {
    /// The last day that counts.
    pub fn until(&self) -> Option<NaiveDate> {
        self.to.filter(|_| self.standing != Standing::EndProposed)
    }

    /// Whether it counts on that day.
    pub fn counts(&self, day: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= day) && self.until().is_none_or(|to| day <= to)
    }

    /// Whether its last day has passed.
    pub fn is_over(&self, day: NaiveDate) -> bool {
        self.until().is_some_and(|last| last < day)
    }

    /// Whether it may end on that day: not before it begins.
    pub fn may_end(&self, to: NaiveDate) -> bool {
        self.from.is_none_or(|from| from <= to)
    }

    /// Whether somebody has to approve it.
    pub fn waits(&self) -> bool {
        matches!(self.standing, Standing::Proposed | Standing::EndProposed)
    }

    /// What a row of a list keeps of it: the id, with its days where it has any.
    fn word(&self) -> String {
        let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        match (self.from, self.until()) {
            (None, None) => self.category.clone(),
            (from, to) => format!("{}/{}/{}", self.category, day(from), day(to)),
        }
    }

    /// What is set to end it.
    pub fn end(&self, to: NaiveDate, source: &str) -> Values {
        let mut set = self.cells();
        set.insert(self.path("to"), to.to_string().into());
        if !source.is_empty() {
            set.insert(self.path("source"), source.into());
        }
        set
    }

    /// What is set to approve it as it is.
    pub fn approve(&self, user: &str, today: NaiveDate) -> Values {
        let mut set = self.cells();
        set.extend(sealed(&self.row, &seal(&self.category, self.from, self.to), user, today));
        set
    }

    /// A plain entry becomes a row once something is to be said about it.
    fn cells(&self) -> Values {
        [(self.path("category"), self.category.as_str().into())].into()
    }

    fn path(&self, column: &str) -> String {
        format!("{TABLE}/{}/{column}", self.row)
    }
}

/// A new entry.
pub fn entry(row: &str, category: &str, from: NaiveDate, source: &str, note: &str) -> Values {
    let cell = |column: &str, text: &str| (format!("{TABLE}/{row}/{column}"), Value::from(text));
    let mut set: Values =
        [cell("category", category), cell("from", &from.to_string()), cell("source", source)].into();
    if !note.is_empty() {
        set.extend([cell("note", note)]);
    }
    set
}

/// What was approved: whoever changes one of these afterwards has proposed something.
fn seal(category: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> String {
    let day = |day: Option<NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    format!("{category}/{}/{}", day(from), day(to))
}

fn sealed(row: &str, seal: &str, user: &str, today: NaiveDate) -> Values {
    let cell = |column: &str, text: &str| (format!("{TABLE}/{row}/{column}"), Value::from(text));
    let day = today.to_string();
    [cell(SEAL[0], user), cell(SEAL[1], &day), cell(SEAL[2], seal)].into()
}

/// Approves every row of `now` that differs from `before`, for somebody who has the right: nobody approves his own entry a
/// second time.
pub fn approved(before: &Values, now: &Values, user: &str, today: NaiveDate) -> Values {
    let mut set = Values::new();
    for row in crate::form::table_rows(now, TABLE) {
        let path = |column: &str| format!("{TABLE}/{row}/{column}");
        let own = ["category", "from", "to"].map(path);
        if own.iter().all(|path| now.get(path) == before.get(path)) {
            continue;
        }
        let text = |path: &String| now.get(path).and_then(Value::as_str).unwrap_or_default();
        let day = |path: &String| date::parse(text(path));
        set.extend(sealed(row, &seal(text(&own[0]), day(&own[1]), day(&own[2])), user, today));
    }
    set
}

/// Everything that a household has or had, plain entries first, then in order of row.
pub fn history(entity: &Entity) -> Vec<Held> {
    let plain = listed(entity.get(TABLE));
    let first = begun_with(entity);
    let rows = entity.rows(TABLE);
    let mut found: Vec<Held> = Vec::with_capacity(plain.len() + rows.len());
    for id in plain.iter().filter(|id| !id.is_empty() && !rows.contains(id)) {
        if found.iter().all(|held| held.category != **id) {
            found.push(Held {
                row: (*id).to_owned(),
                category: (*id).to_owned(),
                from: None,
                to: None,
                source: String::new(),
                note: String::new(),
                approver: String::new(),
                standing: if first.contains(id) { Standing::Kept } else { Standing::Proposed },
            });
        }
    }
    let kept = |row: &str| plain.contains(&row) && first.contains(&row);
    found.extend(rows.into_iter().map(|row| read(entity, row, kept(row))));
    found
}

/// The ids of a plain list.
fn listed(value: Option<&Value>) -> Vec<&str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The plain list that the household was entered with.
fn begun_with(entity: &Entity) -> Vec<&str> {
    listed(entity.creation().and_then(|made| made.create.set.get(TABLE)))
}

fn read(entity: &Entity, row: &str, plain: bool) -> Held {
    let text = |column: &str| entity.text(&format!("{TABLE}/{row}/{column}")).unwrap_or_default();
    // Rows of early versions were named by their category and held nothing else.
    let bare = text("category").is_empty();
    let category = if bare { row } else { text("category") };
    let (from, to) = (date::parse(text("from")), date::parse(text("to")));
    let whole = seal(category, from, to);
    let begun = seal(category, from, None);
    let standing = match text(SEAL[2]) {
        approved if approved == whole => Standing::Approved,
        "" if (plain || bare) && to.is_none() => Standing::Kept,
        "" if plain || bare => Standing::EndProposed,
        // The same entry with another end.
        approved if approved.rsplit_once('/').map(|(start, _)| start) == begun.strip_suffix('/') => {
            Standing::EndProposed
        }
        _ => Standing::Proposed,
    };
    Held {
        row: row.to_owned(),
        category: category.to_owned(),
        from,
        to,
        source: text("source").to_owned(),
        note: text("note").to_owned(),
        approver: text(SEAL[0]).to_owned(),
        standing,
    }
}

/// What a row of a list keeps of them.
pub(crate) fn words(history: &[Held]) -> Vec<String> {
    let mut words: Vec<String> = Vec::with_capacity(history.len());
    for word in history.iter().map(Held::word) {
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// Categories that count on that day with their first day where it is known, from what a row of a list keeps.
pub fn on(words: &[String], day: NaiveDate) -> Vec<(&str, Option<NaiveDate>)> {
    let mut found: Vec<(&str, Option<NaiveDate>)> = Vec::with_capacity(words.len());
    for word in words {
        let mut parts = word.split('/');
        let id = parts.next().unwrap_or_default();
        let mut next = || parts.next().and_then(date::parse);
        let (from, to) = (next(), next());
        let counts = from.is_none_or(|from| from <= day) && to.is_none_or(|to| day <= to);
        if counts && found.iter().all(|(held, _)| *held != id) {
            found.push((id, from));
        }
    }
    found
}

/// The categories that somebody may see in a list, on a card, in a table or on paper (TERR-12): those that count today
/// and that the package knows. What tells about health, poverty or children is for people who may see it there;
/// restricted ones are no part of a household's record (`crate::restricted`), and where one got into it, nobody sees it
/// here.
pub fn shown<'p>(
    package: &'p Package,
    actor: &Actor,
    area: &str,
    words: &[String],
    today: NaiveDate,
) -> Vec<&'p HouseholdCategory> {
    let all = sees_sensitive(package, actor, area, today);
    let known = on(words, today).into_iter().filter_map(|(id, _)| package.category(id));
    known.filter(|category| all || !category.sensitive).collect()
}

/// Whether somebody may be told that a household there is of a category.
pub fn sees_category(package: &Package, actor: &Actor, area: &str, id: &str, today: NaiveDate) -> bool {
    let known = package.category(id);
    known.is_some_and(|known| !known.sensitive || sees_sensitive(package, actor, area, today))
}

/// Whether somebody sees what is sensitive of households there: by a right over the area, or because the grid is one's
/// own.
pub fn sees_sensitive(package: &Package, actor: &Actor, area: &str, today: NaiveDate) -> bool {
    let sees = |creator| {
        let target = Target::new(crate::record::RecordKind::Household, area, creator);
        may(package, actor, "person.sensitive.view", &target, today)
    };
    let own = actor.areas(today).into_iter().any(|held| crate::territory::covers(held, area));
    sees(None) || (own && sees(Some(&actor.user)))
}

/// Judges what an operation says of categories: nobody approves in another's name or without the right, nobody without
/// it takes away what was approved or kept or makes it something else, and restricted categories do not belong here.
pub(crate) fn judge(
    package: &Package,
    actor: &Actor,
    area: &str,
    before: Option<&Entity>,
    set: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let target = Target::new(crate::record::RecordKind::Household, area, None);
    let approves = may(package, actor, APPROVE, &target, today);
    let refused = || Err(Refusal::NotPermitted(APPROVE.to_owned()));
    let held = before.map(history).unwrap_or_default();
    for (path, value) in set {
        if path == TABLE {
            let ids = listed(Some(value));
            if ids.iter().any(|id| package.restricted(id).is_some()) {
                return Err(Refusal::RestrictedForm);
            }
            // A list without an entry takes it away.
            let listed = listed(before.and_then(|entity| entity.get(TABLE)));
            let stays =
                |one: &&Held| listed.contains(&one.row.as_str()) && one.standing != Standing::Proposed;
            if !approves && held.iter().filter(stays).any(|one| !ids.contains(&one.row.as_str())) {
                return refused();
            }
        }
        let Some((row, column)) = path.strip_prefix("categories/").and_then(|rest| rest.split_once('/'))
        else {
            continue;
        };
        let text = value.as_str().unwrap_or_default();
        if column == "category" && package.restricted(text).is_some() || package.restricted(row).is_some() {
            return Err(Refusal::RestrictedForm);
        }
        if SEAL.contains(&column) && !approves || column == SEAL[0] && text != actor.user {
            return refused();
        }
        // What was approved or kept is not made something else or begun later: that would count at once.
        let standing = held.iter().find(|one| one.row == row && one.standing != Standing::Proposed);
        let same = |one: &Held| match column {
            "category" => text == one.category,
            "from" => date::parse(text) == one.from,
            _ => true,
        };
        if !approves && standing.is_some_and(|one| !same(one)) {
            return refused();
        }
        if column == gridbook_log::body::GONE && !approves {
            let held = before.map(|entity| read(entity, row, false));
            if held.is_some_and(|held| held.standing != Standing::Proposed) {
                return refused();
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
