//! Who is on duty in a unit on which day (值班员, ROLE-08): a value a day in the unit's own record, entered for a week or a
//! longer time at once.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use gridbook_log::Entity;

use super::{NAME, Unit};
use crate::form::Values;
use crate::validate;

/// Begins the paths of duties: `duty/2026-05-20/name`.
pub const DUTY: &str = "duty";
/// Days that one roster covers at most: a year with both its ends.
pub const LONGEST: i64 = 367;

/// Who is on duty on a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Duty {
    /// Name.
    pub name: String,
    /// Telephone; may be empty: then the unit's is dialled.
    pub phone: String,
}

/// Duties by day.
pub type Roster = BTreeMap<NaiveDate, Duty>;

/// Why no roster can be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RosterError {
    /// It ends before it begins, or covers more than [`LONGEST`] days.
    Days,
    /// Nobody is named.
    Nobody,
    /// What stands after this name is no telephone.
    Phone(String),
    /// A name that is too long.
    Name(String),
}

impl RosterError {
    /// What people are told.
    pub fn message(&self) -> String {
        match self {
            Self::Days => "结束日期不能早于开始日期，一次最多排一年。".to_owned(),
            Self::Nobody => "请填谁值班。".to_owned(),
            Self::Phone(name) => format!("{name} 后面的电话不对，请核对位数；没有可以不填。"),
            Self::Name(name) => format!("“{name}”太长，几个人之间请用顿号隔开。"),
        }
    }
}

/// Reads names with their telephones as people type them: `何秀兰 13800510031、钟小满`.
///
/// # Errors
/// [`RosterError`]: nobody, a telephone that is none, a name that is too long.
pub fn people(text: &str) -> Result<Vec<Duty>, RosterError> {
    let mut list = Vec::new();
    for one in text.split(['、', '，', ',', '；', ';', '\n']).map(str::trim).filter(|one| !one.is_empty())
    {
        let begins = one.find(|c: char| c.is_ascii_digit() || c == '+').unwrap_or(one.len());
        let (name, phone) = one.split_at(begins);
        let (name, phone) = (name.trim().to_owned(), phone.trim().to_owned());
        if name.is_empty() {
            return Err(RosterError::Nobody);
        }
        if name.chars().count() > NAME {
            return Err(RosterError::Name(name));
        }
        if !phone.is_empty() && validate::phone(&phone).is_err() {
            return Err(RosterError::Phone(name));
        }
        list.push(Duty { name, phone });
    }
    if list.is_empty() { Err(RosterError::Nobody) } else { Ok(list) }
}

/// Shares the days out, both ends included: each has so many days, then it is the next one's turn, and after the last the
/// first one's again.
///
/// # Errors
/// [`RosterError::Days`], [`RosterError::Nobody`].
pub fn roster(
    from: NaiveDate,
    to: NaiveDate,
    people: &[Duty],
    each_days: usize,
) -> Result<Roster, RosterError> {
    if people.is_empty() {
        return Err(RosterError::Nobody);
    }
    if !(0..LONGEST).contains(&(to - from).num_days()) {
        return Err(RosterError::Days);
    }
    let days = from.iter_days().take_while(|day| *day <= to).enumerate();
    Ok(days.map(|(n, day)| (day, people[n / each_days.max(1) % people.len()].clone())).collect())
}

/// Reads the duties of a unit's stream; a day without a name has none.
pub(super) fn read(entity: &Entity) -> Roster {
    let one = |row: &str| {
        let text =
            |column: &str| entity.text(&format!("{DUTY}/{row}/{column}")).unwrap_or_default().to_owned();
        let duty = Duty { name: text("name"), phone: text("phone") };
        Some((crate::date::parse(row)?, duty)).filter(|(_, duty)| !duty.name.is_empty())
    };
    entity.rows(DUTY).into_iter().filter_map(one).collect()
}

/// What is wrong with what is said of a duty, in words; `path` is without its first part.
pub(super) fn fault(path: &str, said: &str) -> Option<&'static str> {
    let (day, column) = path.split_once('/').unwrap_or((path, ""));
    if crate::date::parse(day).is_none() {
        return Some("值班的日期不对");
    }
    match column {
        "name" if said.chars().count() > NAME => Some("值班员姓名最多 40 个字"),
        "phone" if !said.is_empty() && validate::phone(said).is_err() => Some("值班电话不对，请核对位数"),
        "name" | "phone" => None,
        _ => Some("值班表里没有这一栏"),
    }
}

impl Unit {
    /// What is set so that these days are as the roster says; only what differs.
    pub fn put_on_duty(&self, roster: &Roster) -> Values {
        let mut set = Values::new();
        for (day, duty) in roster {
            let held = self.duty.get(day).cloned().unwrap_or_default();
            for (column, held, new) in [("name", &held.name, &duty.name), ("phone", &held.phone, &duty.phone)]
            {
                if held != new {
                    set.insert(format!("{DUTY}/{day}/{column}"), new.as_str().into());
                }
            }
        }
        set
    }

    /// What is set so that nobody is on duty on these days any more, both ends included; only where somebody is.
    ///
    /// # Errors
    /// [`RosterError::Days`]
    pub fn take_off_duty(&self, from: NaiveDate, to: NaiveDate) -> Result<Values, RosterError> {
        if to < from {
            return Err(RosterError::Days);
        }
        let held = self.duty.range(from..=to).map(|(day, _)| (*day, Duty::default()));
        Ok(self.put_on_duty(&held.collect()))
    }

    /// Who is on duty that day, and whom a supervision goes to beside them (domain data 4.9.4): words that say who, and the
    /// telephone. The unit alone where it names neither.
    pub fn reached_on(&self, day: NaiveDate) -> Vec<(String, String)> {
        let own = |phone: &str| if phone.is_empty() { self.phone.clone() } else { phone.to_owned() };
        let duty =
            self.duty.get(&day).map(|duty| (format!("{}值班员{}", self.name, duty.name), own(&duty.phone)));
        let head = (!self.head.is_empty()).then(|| (format!("{}负责人{}", self.name, self.head), own("")));
        let list: Vec<(String, String)> = duty.into_iter().chain(head).collect();
        if list.is_empty() { vec![(self.name.clone(), self.phone.clone())] } else { list }
    }

    /// Duties from a day on, so many days: neighbours with the same person as one stretch, days without anybody left out.
    pub fn stretches(&self, from: NaiveDate, days: u64) -> Vec<(NaiveDate, NaiveDate, &Duty)> {
        let mut list: Vec<(NaiveDate, NaiveDate, &Duty)> = Vec::new();
        for (day, duty) in self.duty.range(from..from + Days::new(days)) {
            match list.last_mut() {
                Some((_, last, held)) if *held == duty && last.succ_opt() == Some(*day) => *last = *day,
                _ => list.push((*day, *day, duty)),
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::admit::Refusal;
    use crate::case::story::{Story, person};

    fn day(text: &str) -> NaiveDate {
        crate::date::parse(text).unwrap()
    }

    fn named(roster: &Roster) -> Vec<(String, &str)> {
        roster.iter().map(|(day, duty)| (day.to_string(), duty.name.as_str())).collect()
    }

    #[test]
    fn people_take_turns_by_the_day_or_by_the_week() {
        let list = people("何秀兰 13800510031、钟小满，季大寒0838-2345123\n").unwrap();
        assert_eq!(
            list.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(),
            ["何秀兰", "钟小满", "季大寒"]
        );
        assert_eq!((list[0].phone.as_str(), list[1].phone.as_str()), ("13800510031", ""));
        let daily = roster(day("2026-05-18"), day("2026-05-21"), &list, 1).unwrap();
        let daily = named(&daily);
        assert_eq!(daily[0], ("2026-05-18".to_owned(), "何秀兰"));
        assert_eq!(daily[3], ("2026-05-21".to_owned(), "何秀兰"), "after the last the first again");
        let weekly = roster(day("2026-05-18"), day("2026-06-07"), &list, 7).unwrap();
        let weekly = named(&weekly);
        assert_eq!((weekly[6].1, weekly[7].1, weekly[20].1), ("何秀兰", "钟小满", "季大寒"));
        assert_eq!(roster(day("2026-05-18"), day("2026-05-17"), &list, 1), Err(RosterError::Days));
        assert_eq!(roster(day("2026-01-01"), day("2028-01-01"), &list, 1), Err(RosterError::Days));
        assert_eq!(roster(day("2026-05-18"), day("2026-05-18"), &[], 1), Err(RosterError::Nobody));
        assert_eq!(people(" 、 "), Err(RosterError::Nobody));
        assert_eq!(people("何秀兰 123"), Err(RosterError::Phone("何秀兰".to_owned())));
    }

    #[test]
    fn a_unit_says_who_is_on_duty_and_a_supervision_reaches_them_and_the_head() {
        let admin = person("gan", "sys_admin");
        let mut story = Story::new();
        let unit = Unit {
            code: "slz".into(),
            name: "水利站".into(),
            phone: "0838-2345123".into(),
            head: "柏立秋".into(),
            ..Unit::default()
        };
        let body = json!({"type": "unit", "place": {"all": true}, "set": unit.values()});
        story.admitted(&admin, "create", &body).unwrap();
        let week = people("何秀兰 13800510031、钟小满").unwrap();
        let week = roster(day("2026-05-18"), day("2026-05-24"), &week, 4).unwrap();
        let set = Unit::of(&story.entity).put_on_duty(&week);
        let ann = person("ann", "village_assistant");
        assert!(matches!(story.admitted(&ann, "set", &json!({"set": set})), Err(Refusal::NotPermitted(_))));
        story.admitted(&admin, "set", &json!({"set": set})).unwrap();
        let held = Unit::of(&story.entity);
        assert_eq!(held.duty, week);
        assert!(held.put_on_duty(&week).is_empty(), "nothing is written twice");
        assert_eq!(
            held.reached_on(day("2026-05-19")),
            [
                ("水利站值班员何秀兰".to_owned(), "13800510031".to_owned()),
                ("水利站负责人柏立秋".to_owned(), "0838-2345123".to_owned())
            ]
        );
        assert_eq!(
            held.reached_on(day("2026-05-23"))[0],
            ("水利站值班员钟小满".into(), "0838-2345123".into())
        );
        assert_eq!(held.reached_on(day("2026-05-25")).len(), 1, "nobody is on duty, the head stays");
        let stretches = held.stretches(day("2026-05-19"), 14);
        let shown: Vec<_> =
            stretches.iter().map(|(from, to, duty)| (*from, *to, duty.name.as_str())).collect();
        assert_eq!(
            shown,
            [
                (day("2026-05-19"), day("2026-05-21"), "何秀兰"),
                (day("2026-05-22"), day("2026-05-24"), "钟小满")
            ]
        );
        // Nobody from the 22nd on; the days before stay, and a day that nobody had is not written.
        let mut free = Story::new();
        free.admitted(&admin, "create", &body).unwrap();
        free.admitted(&admin, "set", &json!({"set": set})).unwrap();
        let off = held.take_off_duty(day("2026-05-22"), day("2026-06-30")).unwrap();
        assert_eq!(off.keys().filter(|path| path.ends_with("/name")).count(), 3, "{off:?}");
        free.admitted(&admin, "set", &json!({"set": off})).unwrap();
        let left = Unit::of(&free.entity);
        assert_eq!(left.duty.keys().next_back(), Some(&day("2026-05-21")));
        assert_eq!(left.reached_on(day("2026-05-23")).len(), 1, "the head alone");
        assert!(left.take_off_duty(day("2026-05-22"), day("2026-05-24")).unwrap().is_empty());
        assert_eq!(left.take_off_duty(day("2026-05-22"), day("2026-05-21")), Err(RosterError::Days));
        // Somebody swaps one day.
        let swap = roster(day("2026-05-20"), day("2026-05-20"), &people("季大寒").unwrap(), 1).unwrap();
        let swap = held.put_on_duty(&swap);
        assert_eq!(swap.len(), 2, "another name, and no telephone");
        story.admitted(&admin, "set", &json!({"set": swap})).unwrap();
        assert_eq!(
            Unit::of(&story.entity).duty[&day("2026-05-20")],
            Duty { name: "季大寒".into(), phone: String::new() }
        );
        for (path, said) in [
            ("duty/2026-05-40/name", "何秀兰"),
            ("duty/2026-05-20/phone", "12"),
            ("duty/2026-05-20/age", "40"),
        ] {
            let refused = story.admitted(&admin, "set", &json!({"set": {path: said}}));
            assert!(matches!(refused, Err(Refusal::Invalid(_))), "{path}");
        }
    }
}
