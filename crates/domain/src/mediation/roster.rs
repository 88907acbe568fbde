//! Who mediates: choice from the roster, and the question whether somebody has to step aside (MED-05, ROLE-12).

use chrono::NaiveDate;

use super::Mediation;

/// A mediator or expert of the roster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mediator {
    /// Name.
    pub name: String,
    /// Committee or unit.
    pub body: String,
    /// Dispute categories that they know well.
    pub expertise: Vec<String>,
    /// Full-time.
    pub full_time: bool,
    /// Last day of the term; `None` = until further notice.
    pub term_to: Option<NaiveDate>,
    /// Files that they have open.
    pub load: u32,
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
    let parties: Vec<&str> = file
        .rows("parties")
        .into_iter()
        .flat_map(|party| [party.text("name"), party.text("agent_name")])
        .filter(|name| !name.is_empty())
        .collect();
    file.rows("mediators")
        .into_iter()
        .filter(|row| !row.yes("replaced"))
        .filter(|row| !matches!(row.text("recusal"), "" | "none") || parties.contains(&row.text("name")))
        .map(|row| row.text("name"))
        .collect()
}
