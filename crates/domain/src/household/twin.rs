//! Households that seem to be there already (TERR-13): somebody with the same identity number, the same name and day of
//! birth, or the same name and phone. A person decides; nothing is merged by itself.

use gridbook_log::{EntityId, order_by_key};
use serde_json::Value;

use crate::form::{Values, has_left};
use crate::household::merge::Merges;
use crate::record::RecordKind;
use crate::search::fold;
use crate::summary::{Summary, phone_tail};

/// What is the same, the surest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Same {
    /// Identity number.
    IdNumber,
    /// Name and day of birth.
    Birth,
    /// Name and phone.
    Phone,
}

impl Same {
    /// The words.
    pub const fn label(self) -> &'static str {
        match self {
            Self::IdNumber => "有证件号码相同的人",
            Self::Birth => "有同名同生日的人",
            Self::Phone => "有同名同电话的人",
        }
    }

    /// The words where it is said who.
    pub const fn words(self) -> &'static str {
        match self {
            Self::IdNumber => "证件号码相同",
            Self::Birth => "同名同生日",
            Self::Phone => "同名同电话",
        }
    }
}

/// Households among rows in which somebody is the same as in what is being written down, the surest first; not the one
/// itself.
pub fn twins<'a>(
    values: &Values,
    itself: Option<EntityId>,
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
) -> Vec<(EntityId, Same)> {
    let merges = Merges::of(rows.clone());
    let (mut names, mut tails) = (Vec::new(), Vec::new());
    // Who has left is looked for in the house that he went to, not here.
    let left = |path: &str| {
        let row = path.strip_prefix("members/").and_then(|rest| rest.split('/').next());
        row.is_some_and(|row| has_left(values, "members", row))
    };
    for (path, value) in values.iter().filter(|(path, _)| !left(path)) {
        let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) else { continue };
        let column = path.rsplit('/').next().unwrap_or_default();
        match (path.split('/').next().unwrap_or_default(), column) {
            ("head", _) | ("members", "name") => names.push(fold(text)),
            // A number that is still being typed is nobody's.
            ("phones", "number") | ("members", "phone") => {
                tails.extend(phone_tail(text).filter(|tail| tail.len() >= WHOLE));
            }
            _ => {}
        }
    }
    let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    let (mut ids, mut births) = (Vec::new(), Vec::new());
    let here = |row: &&str| !has_left(values, "members", row);
    for row in crate::form::table_rows(values, "members").into_iter().filter(here) {
        let of = |column: &str| text(&format!("members/{row}/{column}"));
        let marks = marks(of("name"), of("birth"), of("id_number"));
        ids.extend(marks[0]);
        births.extend(marks[1]);
    }
    let same = |row: &Summary| {
        let marked = |marks: &[u64]| row.keys.marks.iter().any(|mark| marks.contains(mark));
        if marked(&ids) {
            Some(Same::IdNumber)
        } else if marked(&births) {
            Some(Same::Birth)
        } else if row.keys.names.iter().any(|name| names.contains(name))
            && row.keys.tails.iter().any(|tail| tails.contains(tail))
        {
            Some(Same::Phone)
        } else {
            None
        }
    };
    let stands =
        |row: &&Summary| row.kind == RecordKind::Household && !merges.gone(row) && Some(row.id) != itself;
    let found = rows.into_iter().filter(stands).filter_map(|row| Some((row.id, same(row)?)));
    let mut found: Vec<_> = found.collect();
    order_by_key(&mut found, |(_, same)| *same);
    found
}

/// Digits of a phone that are compared.
pub(super) const WHOLE: usize = 7;

/// What a row keeps of a person to know them again: a mark of the identity number, and one of the name with the day of
/// birth. Marks, so that no list has the numbers themselves.
pub(crate) fn marks(name: &str, birth: &str, id_number: &str) -> [Option<u64>; 2] {
    let id = fold(id_number).to_uppercase();
    let whole = id.len() == 18 && id.is_ascii();
    let written = crate::date::parse(birth).map(|day| day.to_string());
    // The number tells the day, where nobody wrote it.
    let told = || whole.then(|| format!("{}-{}-{}", &id[6..10], &id[10..12], &id[12..14]));
    let (name, born) = (fold(name), written.or_else(told));
    let born = born.filter(|_| !name.is_empty());
    [whole.then(|| mark(&id)), born.map(|day| mark(&format!("{name}{day}")))]
}

/// FNV-1a, 64 bits: the same on every device.
pub(in crate::household) fn mark(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};
    use crate::package::Package;

    #[test]
    fn the_same_name_with_the_same_phone() {
        let house = |n: u8, status: &str| {
            let mut story = Story::new();
            let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
                "address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent", "status": status,
                "phones/p1/number": "138 0000 5678", "members/m1/name": "钟大雪", "members/m1/phone": "13900001234",
                "members/m1/relation": "spouse", "members/m1/birth": "1990-01-01",
                "members/m2/name": "钟立冬", "members/m2/relation": "son", "members/m2/id_number": "51000020150308001X"}});
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            Summary { id: EntityId([n; 16]), ..Summary::of(&story.entity, Package::builtin()).unwrap() }
        };
        let rows = [house(1, "active"), house(2, "cancelled")];
        let found = |values: &[(&str, &str)], itself| -> Vec<(u8, Same)> {
            let values = values.iter().map(|(path, text)| ((*path).to_owned(), json!(text))).collect();
            twins(&values, itself, &rows).into_iter().map(|(id, same)| (id.0[0], same)).collect()
        };
        let none: Vec<(u8, Same)> = Vec::new();
        let (head, phone) = (("head", "钟 小满"), ("phones/x/number", "13800005678"));
        assert_eq!(found(&[head, phone], None), [(1, Same::Phone)]);
        let member = [("members/x/name", "钟大雪"), ("members/x/phone", "13900001234")];
        assert_eq!(found(&member, None), [(1, Same::Phone)]);
        assert_eq!(found(&[head, phone], Some(EntityId([1; 16]))), none, "itself");
        assert_eq!(found(&[head], None), none, "a name alone says nothing");
        assert_eq!(found(&[phone, ("head", "季大寒")], None), none);
        assert_eq!(found(&[head, ("phones/x/number", "5678")], None), none, "still typing");
        // Name and day of birth; the day may stand in the number only.
        let born = |day| [("members/x/name", "钟大雪"), ("members/x/birth", day)];
        assert_eq!(found(&born("1990-01-01"), None), [(1, Same::Birth)]);
        assert_eq!(found(&born("1990"), None), none, "a year is many people");
        let son = [("members/x/name", "钟立冬"), ("members/x/birth", "2015-03-08")];
        assert_eq!(found(&son, None), [(1, Same::Birth)]);
        // The number, whoever wrote the name in whatever way.
        let number = [("members/x/name", "钟力冬"), ("members/x/id_number", "51000020150308001x")];
        assert_eq!(found(&number, None), [(1, Same::IdNumber)]);
        assert_eq!(found(&[("members/x/id_number", "5100002015030800")], None), none, "still typing");
        // Who married out of this house stands in the other one: no twin.
        let gone = ("members/x/left", "married_out");
        assert_eq!(found(&[member[0], member[1], gone], None), none);
        assert_eq!(found(&[born("1990-01-01")[0], born("1990-01-01")[1], gone], None), none);
        assert!(
            !serde_json::to_string(&rows[0]).unwrap().contains("51000020150308001"),
            "no list has the number"
        );
    }

    #[test]
    fn of_households_that_went_into_each_other_the_one_that_stands_is_found() {
        let house = |n: u8, into: Option<u8>| {
            let mut story = Story::new();
            let mut body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
                "address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent", "status": "active",
                "phones/p1/number": "13800005678"}});
            if into.is_some() {
                body["set"]["status"] = json!("merged");
            }
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            let id = EntityId([n; 16]);
            let household = Some(EntityId([into.unwrap_or(n); 16]));
            Summary { id, household, ..Summary::of(&story.entity, Package::builtin()).unwrap() }
        };
        let found = |rows: &[Summary]| -> Vec<u8> {
            let values = [("head", "钟小满"), ("phones/x/number", "13800005678")];
            let values = values.iter().map(|(path, text)| ((*path).to_owned(), json!(text))).collect();
            twins(&values, None, rows).into_iter().map(|(id, _)| id.0[0]).collect()
        };
        assert_eq!(found(&[house(1, Some(2)), house(2, None)]), [2], "the one that stays");
        assert_eq!(found(&[house(1, Some(2)), house(2, Some(1))]), [1], "one of the ring");
    }
}
