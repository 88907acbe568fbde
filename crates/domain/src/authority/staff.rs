//! How a person and the roles held stand in the directory: rows of the table `assignments`.

use chrono::NaiveDate;
use gridbook_log::body::GONE;
use gridbook_log::{Entity, Values};
use serde_json::json;

use crate::admit::Refusal;
use crate::package::Package;
use crate::record::{RecordKind, written_over};
use crate::role::{Actor, Assignment, regrant};

/// Roles as the directory has them. A day that cannot be read makes the role hold on no day, not on every day.
pub fn assignments(values: &Values) -> Vec<Assignment> {
    rows(values).into_iter().map(|(_, held)| held).collect()
}

/// Somebody of the directory with the roles held; none for a record that was not taken in, is of something else, or names no
/// account.
pub fn person(entity: &Entity) -> Option<Actor> {
    entity.creation().filter(|made| made.rejected.is_none())?;
    let staff = entity.type_() == Some(RecordKind::Staff.as_str());
    let user = entity.text("user").filter(|user| staff && !user.is_empty())?.to_owned();
    Some(Actor { user, assignments: assignments(&entity.values()) })
}

/// The roles of [`assignments`], each with the row of the table where it stands.
pub(crate) fn rows(values: &Values) -> Vec<(&str, Assignment)> {
    let mut rows: Vec<(&str, Assignment)> = Vec::new();
    for (path, value) in values {
        let Some((row, field)) = path.strip_prefix("assignments/").and_then(|p| p.split_once('/')) else {
            continue;
        };
        // Paths come in order, those of a row together.
        if rows.last().is_none_or(|(last, _)| *last != row) {
            rows.push((row, Assignment::default()));
        }
        let Some((_, held)) = rows.last_mut() else { continue };
        let text = value.as_str().map(str::to_owned);
        match field {
            "role" => held.role = text.unwrap_or_default(),
            "area" => held.area = text,
            "unit" => held.unit = text,
            "from" => held.from = text.map(|day| crate::date::parse(&day).unwrap_or(NaiveDate::MAX)),
            "to" => held.to = text.map(|day| crate::date::parse(&day).unwrap_or(NaiveDate::MIN)),
            _ => {}
        }
    }
    // What a form took away keeps its values beside the mark.
    rows.retain(|(row, _)| values.get(&format!("assignments/{row}/{GONE}")) != Some(&json!(true)));
    rows
}

/// A person of the directory with these roles; [`assignments`] reads them back.
pub fn staff_values(user: &str, name: &str, held: &[Assignment]) -> Values {
    let mut set = Values::from([("user".to_owned(), json!(user)), ("name".to_owned(), json!(name))]);
    for (n, held) in held.iter().enumerate() {
        let mut put = |field: &str, text: Option<String>| {
            if let Some(text) = text {
                set.insert(format!("assignments/a{}/{field}", n + 1), json!(text));
            }
        };
        put("role", Some(held.role.clone()));
        put("area", held.area.clone());
        put("unit", held.unit.clone());
        put("from", held.from.map(|day| day.to_string()));
        put("to", held.to.map(|day| day.to_string()));
    }
    set
}

/// Judges what an operation on a person of the directory says of roles: nobody gives or takes one that is not his to
/// give. A record that names another account takes its roles from the one and gives them to the other.
///
/// # Errors
/// [`Refusal::RoleNotYours`]
pub(crate) fn judge(
    package: &Package,
    actor: &Actor,
    before: Option<&Entity>,
    set: &Values,
    today: NaiveDate,
) -> Result<(), Refusal> {
    let was = before.map(Entity::values).unwrap_or_default();
    let next = written_over(was.clone(), set);
    let (held, gets) = (assignments(&was), assignments(&next));
    let regrant = |was: &[Assignment], next: &[Assignment]| {
        regrant(package, actor, was, next, today).map_err(Refusal::RoleNotYours)
    };
    if was.get("user") == next.get("user") {
        return regrant(&held, &gets);
    }
    regrant(&held, &[])?;
    regrant(&[], &gets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_row_that_was_taken_away_gives_no_role() {
        let held = ["grid_chief", "grid_worker"]
            .map(|role| Assignment { role: role.to_owned(), ..Assignment::default() });
        let mut values = staff_values("zhuli01", "周小满", &held);
        values.insert(format!("assignments/a1/{GONE}"), json!(true));
        assert_eq!(assignments(&values), held[1..]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        let held: Vec<Assignment> = (0..12)
            .map(|n| Assignment {
                role: format!("role_{n:02}"),
                area: (n % 2 == 0).then(|| "520000101201".to_owned()),
                unit: (n % 3 == 0).then(|| "U03".to_owned()),
                from: day("2026-01-01").filter(|_| n % 4 == 0),
                to: day("2026-12-31").filter(|_| n % 5 == 0),
            })
            .collect();
        let mut read = assignments(&staff_values("zhuli01", "周小满", &held));
        // Rows come in the order of their names, `a10` before `a2`.
        read.sort_by(|a, b| a.role.cmp(&b.role));
        assert_eq!(read, held);
    }

    #[test]
    fn a_role_whose_day_cannot_be_read_holds_on_no_day() {
        for field in ["from", "to"] {
            let mut values = staff_values("zhuli01", "周小满", &[Assignment::default()]);
            values.insert(format!("assignments/a1/{field}"), json!("去年"));
            let held = &assignments(&values)[0];
            assert!(!held.valid_on("2026-06-01".parse().unwrap()), "{field}");
        }
    }
}
