//! A person who stands twice (TERR-13): in two rows of one household, or in two households. A person decides; nothing is
//! taken away. In one household the one row says that it is a double of the other, and gives what that lacked. Of two
//! households a record says whether it is one person, who then counts where he lives. Each can be taken back.

mod elsewhere;

use std::collections::BTreeMap;

use gridbook_log::{Entity, EntityId, map_of};
use serde_json::Value;

use super::merge;
use super::twin::{Same, WHOLE, mark, marks};
use crate::admit::Refusal;
use crate::form::{Values, table_rows};
use crate::search::fold;
use crate::summary::{Hint, phone_tail};

pub use elsewhere::Elsewhere;

/// Column of a row that is a double: the row that stands for it.
pub const OF: &str = "double_of";
/// Column of a double: what it gave to the one that stands.
const GAVE: &str = "gave";
/// Table of what was said of a person here and one of another household, or two here.
const SAID: &str = "persons";
const VERDICT: &str = "verdict";
/// One person, written down at two households; he lives in the one that says so.
const BOTH: &str = "both";
/// Two persons.
const OTHER: &str = "other";
/// What the one that stands gets from its double where it has nothing.
const GIVEN: [&str; 8] =
    ["name", "relation", "sex", "birth", "phone", "resident_status", "id_type", "id_number"];

/// Where the values of a household are read: a record, or what is being filled in.
pub trait Cells {
    /// A value.
    fn cell(&self, path: &str) -> Option<&Value>;
    /// Rows of a table that were not taken away.
    fn rows_of(&self, table: &str) -> Vec<&str>;
}

impl Cells for Values {
    fn cell(&self, path: &str) -> Option<&Value> {
        self.get(path)
    }

    fn rows_of(&self, table: &str) -> Vec<&str> {
        table_rows(self, table)
    }
}

impl Cells for Entity {
    fn cell(&self, path: &str) -> Option<&Value> {
        self.get(path)
    }

    fn rows_of(&self, table: &str) -> Vec<&str> {
        self.rows(table)
    }
}

fn text<'a>(from: &'a dyn Cells, path: &str) -> &'a str {
    from.cell(path).and_then(Value::as_str).unwrap_or_default()
}

fn of<'a>(from: &'a dyn Cells, row: &str, column: &str) -> &'a str {
    text(from, &format!("members/{row}/{column}"))
}

/// Which rows of a household's people are doubles of which. A mark that names a row which was taken away counts for
/// nothing; of rows that name each other the lowest stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubles<'a>(BTreeMap<&'a str, &'a str>);

impl<'a> Doubles<'a> {
    /// Reads them.
    pub fn of(from: &'a dyn Cells) -> Self {
        let rows = from.rows_of("members");
        let other = |row: &&'a str| {
            let to = of(from, row, OF);
            (!to.is_empty() && to != *row && rows.contains(&to)).then_some((*row, to))
        };
        Self(map_of(rows.iter().filter_map(other)))
    }

    /// The row that stands for this one: itself, unless it is a double.
    pub fn standing<'r>(&self, row: &'r str) -> &'r str
    where
        'a: 'r,
    {
        if self.0.is_empty() { row } else { merge::standing(&self.0, row) }
    }

    /// Whether another row stands for it.
    pub fn hides(&self, row: &str) -> bool {
        self.standing(row) != row
    }

    /// Rows for which this one stands.
    pub fn of_row<'s>(&'s self, row: &'s str) -> impl Iterator<Item = &'a str> + 's {
        self.0.keys().copied().filter(move |one| *one != row && self.standing(one) == row)
    }

    /// Every double with the row that stands for it.
    pub fn all(&self) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0.keys().map(|row| (*row, self.standing(row))).filter(|(row, stands)| row != stands)
    }

    /// Whether a form has no place for the row: another stands for it, or whoever it is was said to have left in a
    /// double of it.
    pub fn spares(&self, from: &dyn Cells, row: &str) -> bool {
        self.hides(row) || self.of_row(row).any(|double| !of(from, double, "left").is_empty())
    }
}

/// Somebody who is of a household, with what tells who he is.
struct Person<'a> {
    row: &'a str,
    name: &'a str,
    folded: String,
    marks: [Option<u64>; 2],
    tails: Vec<String>,
}

impl Person<'_> {
    fn same(&self, other: &Self) -> Option<Same> {
        let alike = |n: usize| self.marks[n].is_some() && self.marks[n] == other.marks[n];
        let named = !self.folded.is_empty() && self.folded == other.folded;
        match () {
            () if alike(0) => Some(Same::IdNumber),
            () if alike(1) => Some(Same::Birth),
            () if named && self.tails.iter().any(|tail| other.tails.contains(tail)) => Some(Same::Phone),
            () => None,
        }
    }
}

fn people(from: &dyn Cells) -> Vec<Person<'_>> {
    let doubles = Doubles::of(from);
    let head = fold(text(from, "head"));
    // A number that is still being typed is nobody's.
    let tail = |number: &str| phone_tail(number).filter(|tail| tail.len() >= WHOLE);
    let rows = from.rows_of("members").into_iter();
    let here = rows.filter(|row| of(from, row, "left").is_empty() && !doubles.spares(from, row));
    let read = |row| {
        let name = of(from, row, "name");
        let folded = fold(name);
        let mut tails: Vec<String> = tail(of(from, row, "phone")).into_iter().collect();
        // The household's number is the head's.
        if of(from, row, "relation") == "head" || !head.is_empty() && folded == head {
            let phones = from.rows_of("phones").into_iter();
            tails.extend(phones.filter_map(|phone| tail(text(from, &format!("phones/{phone}/number")))));
        }
        let marks = marks(name, of(from, row, "birth"), of(from, row, "id_number"));
        Person { row, name, folded, marks, tails }
    };
    here.map(read).collect()
}

/// Two rows that seem to be one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// Row here; of two in one household the one that would stand.
    pub here: String,
    /// The other row.
    pub there: String,
    /// Name here.
    pub name: String,
    /// Name there.
    pub other: String,
    /// What is the same.
    pub same: Same,
}

fn pair(one: &Person<'_>, two: &Person<'_>) -> Option<Pair> {
    let same = one.same(two)?;
    let [here, there, name, other] = [one.row, two.row, one.name, two.name].map(str::to_owned);
    Some(Pair { here, there, name, other, same })
}

/// People of one household who seem to stand in it twice, unless somebody said that they are two. The head stands, else
/// whoever more is known of, else the lower row. `itself` is missing while the household is being written down.
pub fn pairs(values: &dyn Cells, itself: Option<EntityId>) -> Vec<Pair> {
    let people = people(values);
    let settled = said(values);
    let rank = |one: &Person<'_>| {
        let known = GIVEN.iter().filter(|column| !of(values, one.row, column).is_empty()).count();
        (of(values, one.row, "relation") == "head", known)
    };
    let mut found = Vec::new();
    for (n, one) in people.iter().enumerate() {
        for two in &people[n + 1..] {
            let Some(pair) = (if rank(two) > rank(one) { pair(two, one) } else { pair(one, two) }) else {
                continue;
            };
            let told = |old: &Said| {
                Some(old.house) == itself
                    && [(&old.here, &old.there), (&old.there, &old.here)].contains(&(&pair.here, &pair.there))
            };
            if !settled.iter().any(told) {
                found.push(pair);
            }
        }
    }
    found
}

/// What is set to make two rows one: the one that stands gets what it lacks.
pub fn put_together(values: &dyn Cells, gone: &str, stays: &str) -> Values {
    let lacks = |column: &&str| of(values, stays, column).is_empty() && !of(values, gone, column).is_empty();
    let given: Vec<&str> = GIVEN.into_iter().filter(lacks).collect();
    let copied = |column: &&str| (format!("members/{stays}/{column}"), of(values, gone, column).into());
    let mut set: Values = given.iter().map(copied).collect();
    set.insert(format!("members/{gone}/{OF}"), stays.into());
    set.insert(format!("members/{gone}/{GAVE}"), given.join(" ").into());
    set
}

/// What is set to make them two again: what the one got from the other it has no more, unless it was changed since.
pub fn take_apart(values: &dyn Cells, gone: &str) -> Values {
    let stays = of(values, gone, OF);
    let given = of(values, gone, GAVE).split(' ').filter(|column| GIVEN.contains(column));
    let kept = given.filter(|column| of(values, stays, column) == of(values, gone, column));
    let mut set: Values = kept.map(|column| (format!("members/{stays}/{column}"), Value::Null)).collect();
    for column in [OF, GAVE] {
        set.insert(format!("members/{gone}/{column}"), Value::Null);
    }
    set
}

/// What somebody said of a person here and another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// Row of the table; names all three.
    pub key: String,
    /// The household of the other.
    pub house: EntityId,
    /// Row here.
    pub here: String,
    /// Row there.
    pub there: String,
    /// One person, who lives here; else they are two.
    pub both: bool,
    /// Name there.
    pub other: String,
}

/// What was said and not taken back, of people who are of this household still.
pub fn said(values: &dyn Cells) -> Vec<Said> {
    let keys = values.rows_of(SAID);
    if keys.is_empty() {
        return Vec::new();
    }
    let (doubles, people) = (Doubles::of(values), people(values));
    let read = |key: &str| {
        let both = match text(values, &format!("{SAID}/{key}/{VERDICT}")) {
            BOTH => true,
            OTHER => false,
            _ => return None,
        };
        let (house, here, there) = named(key)?;
        let here = doubles.standing(here);
        people.iter().find(|one| one.row == here)?;
        let other = text(values, &format!("{SAID}/{key}/name")).to_owned();
        Some(Said { key: key.to_owned(), house, here: here.to_owned(), there: there.to_owned(), both, other })
    };
    keys.into_iter().filter_map(read).collect()
}

fn named(key: &str) -> Option<(EntityId, &str, &str)> {
    let mut parts = key.splitn(3, '.');
    Some((EntityId::parse(parts.next()?)?, parts.next()?, parts.next()?))
}

/// What is set to say of a pair that it is one person who lives here and is written down at that household, too
/// (`both`), or that they are two.
pub fn say(pair: &Pair, house: EntityId, both: bool) -> Values {
    let row = format!("{SAID}/{house}.{}.{}", pair.here, pair.there);
    let verdict = if both { BOTH } else { OTHER };
    [(format!("{row}/{VERDICT}"), verdict.into()), (format!("{row}/name"), pair.other.as_str().into())].into()
}

/// What is set to take it back.
pub fn unsay(said: &Said) -> Values {
    let path = |column| (format!("{SAID}/{}/{column}", said.key), Value::Null);
    [path(VERDICT), path("name")].into()
}

/// What a household has in common with another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Between {
    /// People who seem to stand in both, and of whom nobody has said yet whether it is so.
    pub open: Vec<Pair>,
    /// It seems to be one household, not people of it alone: the head is the same, or everybody of the smaller one.
    pub house: bool,
    /// All of it was settled: nothing is to be asked.
    pub settled: bool,
}

/// Compares a household with another; `itself` is missing while it is being written down.
pub fn between(here: &dyn Cells, itself: Option<EntityId>, there: &dyn Cells, other: EntityId) -> Between {
    let (ours, theirs) = (people(here), people(there));
    let all: Vec<Pair> =
        ours.iter().flat_map(|one| theirs.iter().filter_map(move |two| pair(one, two))).collect();
    let (said_here, said_there) = (said(here), said(there));
    let (doubles_here, doubles_there) = (Doubles::of(here), Doubles::of(there));
    let told = |pair: &Pair| {
        let by_us = |old: &Said| {
            old.house == other && old.here == pair.here && doubles_there.standing(&old.there) == pair.there
        };
        let by_them = |old: &Said| {
            Some(old.house) == itself
                && old.here == pair.there
                && doubles_here.standing(&old.there) == pair.here
        };
        said_here.iter().any(by_us) || said_there.iter().any(by_them)
    };
    let heads = [here, there].map(|one| fold(&head(one)));
    let fewer = ours.len().min(theirs.len());
    let house =
        all.is_empty() || !heads[0].is_empty() && heads[0] == heads[1] || fewer > 1 && all.len() >= fewer;
    let none = all.is_empty();
    let open: Vec<Pair> = all.into_iter().filter(|pair| !told(pair)).collect();
    Between { settled: !none && open.is_empty(), open, house }
}

fn head(from: &dyn Cells) -> String {
    let written = text(from, "head");
    let mut rows = from.rows_of("members").into_iter();
    let member = rows.find(|row| written.is_empty() && of(from, row, "relation") == "head");
    member.map_or(written, |row| of(from, row, "name")).to_owned()
}

/// For the row of a list: whom of other households it counts as living here.
pub(crate) fn hints(from: &dyn Cells) -> Vec<Hint> {
    let both = said(from).into_iter().filter(|said| said.both);
    both.map(|said| Hint::LivesHere { written: said.house, name: mark(&fold(&said.other)) }).collect()
}

/// Judges the marks that an operation makes: each names rows that were written once, and a household. Rows that left or
/// were taken away meanwhile make it say nothing, not refused.
pub(crate) fn judge(before: Option<&Entity>, set: &Values) -> Result<(), Refusal> {
    let written = |row: &str| {
        let prefix = format!("members/{row}/");
        let one = |path: &str| path.strip_prefix(&prefix).is_some_and(|column| !matches!(column, OF | GAVE));
        set.keys().any(|path| one(path))
            || before.is_some_and(|entity| entity.registers().any(|(path, _)| one(path)))
    };
    for (path, value) in set.iter().filter(|(_, value)| !value.is_null()) {
        let words = value.as_str().unwrap_or_default();
        let parts: Vec<&str> = path.split('/').collect();
        let fine = match parts.as_slice() {
            ["members", row, column] if *column == OF => words != *row && written(words) && written(row),
            [table, key, column] if *table == SAID => {
                named(key).is_some_and(|(_, row, there)| written(row) && !there.is_empty())
                    && (*column != VERDICT || [BOTH, OTHER].contains(&words))
            }
            _ => true,
        };
        if !fine {
            return Err(Refusal::BadBody(path.clone()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
