//! Who mediates: choice from the roster, and the question whether somebody has to step aside (MED-05, ROLE-12). The roster
//! stands in the directory, so that every phone has it: people with an account, and others who have none.

use chrono::NaiveDate;
use gridbook_log::Values;
use serde_json::Value;

use super::Mediation;
use crate::date;
use crate::territory::covers;

/// States of a file with which its mediators are still busy.
const BUSY: [&str; 4] = ["applied", "accepted", "agreed", "filing"];

/// A mediator or expert of the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mediator {
    /// Name.
    pub name: String,
    /// Committee or unit.
    pub body: String,
    /// Area code in which they mediate, with everything below it; empty = everywhere.
    pub area: String,
    /// Languages besides Mandarin, in words.
    pub languages: String,
    /// Dispute categories that they know well.
    pub expertise: Vec<String>,
    /// Full-time.
    pub full_time: bool,
    /// Last day of the term; `None` = until further notice.
    pub term_to: Option<NaiveDate>,
    /// Files that they have open.
    pub load: u32,
}

impl Mediator {
    /// Reads a person of the directory; `None` for one who is not on the roster.
    pub fn of(values: &Values) -> Option<Self> {
        let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let yes = |path: &str| values.get(path) == Some(&Value::Bool(true));
        if !yes("mediator/listed") {
            return None;
        }
        let known = values.get("mediator/expertise").and_then(Value::as_array);
        Some(Self {
            name: text("name"),
            body: text("mediator/body"),
            area: text("mediator/area"),
            languages: text("mediator/languages"),
            expertise: known.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect(),
            full_time: yes("mediator/full_time"),
            term_to: date::parse(&text("mediator/term_to")),
            load: 0,
        })
    }

    /// The values that put a person on the roster, or take them off it; the name is the directory's.
    pub fn values(&self, listed: bool) -> Values {
        let text = |text: &str| Value::from(text);
        [
            ("mediator/listed", Value::Bool(listed)),
            ("mediator/body", text(&self.body)),
            ("mediator/area", text(&self.area)),
            ("mediator/languages", text(&self.languages)),
            ("mediator/expertise", self.expertise.iter().map(|id| text(id)).collect()),
            ("mediator/full_time", Value::Bool(self.full_time)),
            ("mediator/term_to", self.term_to.map_or(Value::Null, |last| text(&last.to_string()))),
        ]
        .into_iter()
        .map(|(path, value)| (path.to_owned(), value))
        .collect()
    }
}

/// Who mediates in a file that is open; nobody in one that has ended.
pub fn engaged<'a>(file: &Mediation<'a>) -> Vec<&'a str> {
    if BUSY.contains(&file.state) { file.mediators() } else { Vec::new() }
}

/// Counts the files that each has open.
pub fn count_load<'a>(roster: &mut [Mediator], files: impl IntoIterator<Item = Mediation<'a>>) {
    for file in files {
        let names = engaged(&file);
        for person in roster.iter_mut().filter(|person| names.contains(&person.name.as_str())) {
            person.load += 1;
        }
    }
}

/// Whom to offer for a file that lies in an area: of those who mediate there whose term runs, the best first; nobody who is
/// named in it already, and nobody who bears the name of a party.
pub fn offered<'r>(
    roster: &'r [Mediator],
    file: &Mediation<'_>,
    area: &str,
    today: NaiveDate,
) -> Vec<&'r Mediator> {
    let named: Vec<&str> = file.rows("mediators").iter().map(|row| row.text("name")).collect();
    let parties = party_names(file);
    let fits = |person: &&Mediator| {
        let name = person.name.as_str();
        (person.area.is_empty() || covers(&person.area, area))
            && !named.contains(&name)
            && !parties.contains(&name)
    };
    choose(roster, file.text("category"), today).into_iter().filter(fits).collect()
}

fn party_names<'a>(file: &Mediation<'a>) -> Vec<&'a str> {
    let rows = file.rows("parties").into_iter();
    let names = rows.flat_map(|party| [party.text("name"), party.text("agent_name")]);
    names.filter(|name| !name.is_empty()).collect()
}

/// Those whose term runs, best first: who knows the category, then who has fewer files, then by name. Parties may
/// choose any of them.
pub fn choose<'r>(roster: &'r [Mediator], category: &str, today: NaiveDate) -> Vec<&'r Mediator> {
    let mut found: Vec<&Mediator> =
        roster.iter().filter(|person| person.term_to.is_none_or(|last| today <= last)).collect();
    gridbook_log::order_by_key(&mut found, |person| {
        (!person.expertise.iter().any(|known| known == category), person.load, person.name.clone())
    });
    found
}

/// Mediators of the file who have to be replaced: they said that they are related, a party or interested, or bear the
/// name of a party.
pub fn conflicted<'a>(file: &Mediation<'a>) -> Vec<&'a str> {
    let parties = party_names(file);
    file.rows("mediators")
        .into_iter()
        .filter(|row| !row.yes("replaced"))
        .filter(|row| !matches!(row.text("recusal"), "" | "none") || parties.contains(&row.text("name")))
        .map(|row| row.text("name"))
        .collect()
}
