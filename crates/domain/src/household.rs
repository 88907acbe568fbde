//! A typed reading of a household's stream (TERR-07, TERR-08; domain data 4.5.1, 4.5.2).

pub mod category;
pub mod double;
pub mod facts;
pub mod merge;
pub mod movement;
pub mod notice;
pub mod party;
pub mod twin;

use gridbook_log::{Entity, EntityId, order_by_key};
use serde_json::Value;

/// One phone number of a household.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Phone {
    /// Row id in `phones`; empty when the number came without a row.
    pub row: String,
    /// The number.
    pub number: String,
    /// Whose it is, in words.
    pub note: String,
}

/// One person of a household: the row is the person's stable id inside it. Unknown values are empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// Row id in `members`.
    pub row: String,
    /// Name.
    pub name: String,
    /// `male` or `female`.
    pub sex: String,
    /// `YYYY-MM-DD` or `YYYY`.
    pub birth: String,
    /// Relation to the head; `head` for the head.
    pub relation: String,
    /// Phone.
    pub phone: String,
    /// Identity number (L4); only where an item needs it.
    pub id_number: String,
    /// Whether at home or away.
    pub resident_status: String,
    /// Remarks.
    pub remarks: String,
    /// How the person left the household (dictionary `pop_event`); empty while of it (TERR-11).
    pub left: String,
    /// When, `YYYY-MM-DD`.
    pub left_on: String,
}

/// A household as lists, cards and checks need it. Unknown values are empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HouseholdView {
    /// Its stream.
    pub id: EntityId,
    /// Household code; empty until given.
    pub code: String,
    /// Area code it lies in.
    pub area: String,
    /// Address in words.
    pub address: String,
    /// House or door number.
    pub door_no: String,
    /// Landmark.
    pub landmark: String,
    /// Name of the head: as written, else the member who is the head.
    pub head: String,
    /// Phones of the household.
    pub phones: Vec<Phone>,
    /// Members, the head first, then in order of row.
    pub members: Vec<Member>,
    /// Who was of it once.
    pub former: Vec<Member>,
    /// Rows that are doubles of others (TERR-13): row, name, the row that stands.
    pub doubles: Vec<[String; 3]>,
    /// Categories that it has or had (TERR-12).
    pub categories: Vec<category::Held>,
    /// `permanent`, `seasonal`, `away`, `tenant` or `vacant`.
    pub residence_type: String,
    /// `active`, `merged`, `split` or `cancelled`.
    pub status: String,
    /// Remarks.
    pub remarks: String,
    /// The household that it was merged into (TERR-13).
    pub merged_into: Option<EntityId>,
    /// Households that were merged into it.
    pub merged_from: Vec<EntityId>,
    /// Paths with values that contradict each other.
    pub conflicts: Vec<String>,
}

impl HouseholdView {
    /// Reads a household's stream. Another kind of stream gives a view with what happens to fit.
    pub fn of(entity: &Entity) -> Self {
        let text = |path: &str| words(entity.get(path));
        let doubles = double::Doubles::of(entity);
        let rows = entity.rows("members").into_iter().filter(|row| !doubles.hides(row));
        let all = rows.map(|row| {
            let mut person = member(entity, row);
            // Whoever wrote that he left may not have known that the row is a double.
            let mut told = doubles.of_row(row).map(|double| member(entity, double));
            if person.left.is_empty()
                && let Some(told) = told.find(|told| !told.left.is_empty())
            {
                (person.left, person.left_on) = (told.left, told.left_on);
            }
            person
        });
        let (mut members, former): (Vec<Member>, Vec<Member>) =
            all.partition(|member| member.left.is_empty());
        order_by_key(&mut members, |member| member.relation != "head");
        let written = text("head");
        let head = if written.is_empty() {
            members
                .iter()
                .find(|member| member.relation == "head")
                .map(|m| m.name.clone())
                .unwrap_or_default()
        } else {
            written
        };
        Self {
            id: entity.id(),
            code: text("code"),
            area: entity.area().unwrap_or_default().to_owned(),
            address: text("address_text"),
            door_no: text("door_no"),
            landmark: text("landmark"),
            head,
            phones: phones(entity),
            members,
            former,
            doubles: doubles
                .all()
                .map(|(row, stands)| [row.to_owned(), member(entity, row).name, stands.to_owned()])
                .collect(),
            categories: category::history(entity),
            residence_type: text("residence_type"),
            status: text("status"),
            remarks: text("remarks"),
            merged_into: entity.text(merge::INTO).and_then(EntityId::parse),
            merged_from: merged_from(entity),
            conflicts: entity.conflicts().map(|(path, _)| path.to_owned()).collect(),
        }
    }

    /// The row that stands for this one of its people: itself, unless it is a double (TERR-13).
    pub fn standing<'r>(&'r self, row: &'r str) -> &'r str {
        self.doubles.iter().find(|[double, ..]| double == row).map_or(row, |[.., stands]| stands)
    }

    /// Who a row of its people names, of it still or once.
    pub fn person(&self, row: &str) -> Option<&Member> {
        let row = self.standing(row);
        self.members.iter().chain(&self.former).find(|person| person.row == row)
    }

    /// Every name to look the household up by: head and members, without repeats.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::with_capacity(self.members.len() + 1);
        for name in std::iter::once(&self.head).chain(self.members.iter().map(|member| &member.name)) {
            if !name.is_empty() && !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        names
    }

    /// Every phone to reach the household by, without repeats.
    pub fn numbers(&self) -> Vec<&str> {
        let mut numbers: Vec<&str> = Vec::new();
        let own = self.phones.iter().map(|phone| &phone.number);
        for number in own.chain(self.members.iter().map(|member| &member.phone)) {
            if !number.is_empty() && !numbers.contains(&number.as_str()) {
                numbers.push(number);
            }
        }
        numbers
    }
}

/// Rows that still hold a day: one that was taken apart again holds nothing.
fn merged_from(entity: &Entity) -> Vec<EntityId> {
    let rows = entity.rows(merge::FROM).into_iter();
    let stands = |row: &&str| entity.text(&format!("{}/{row}/on", merge::FROM)).is_some();
    rows.filter(stands).filter_map(EntityId::parse).collect()
}

/// A value as text; numbers are written out, anything else is empty.
fn words(value: Option<&Value>) -> String {
    match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn member(entity: &Entity, row: &str) -> Member {
    let text = |field: &str| words(entity.get(&format!("members/{row}/{field}")));
    Member {
        row: row.to_owned(),
        name: text("name"),
        sex: text("sex"),
        birth: text("birth"),
        relation: text("relation"),
        phone: text("phone"),
        id_number: text("id_number"),
        resident_status: text("resident_status"),
        remarks: text("remarks"),
        left: text("left"),
        left_on: text("left_on"),
    }
}

/// Phones are rows, so that two people adding one do not conflict; a plain list or text is read too.
fn phones(entity: &Entity) -> Vec<Phone> {
    let mut phones: Vec<Phone> = entity
        .rows("phones")
        .into_iter()
        .map(|row| Phone {
            row: row.to_owned(),
            number: words(entity.get(&format!("phones/{row}/number"))),
            note: words(entity.get(&format!("phones/{row}/note"))),
        })
        .collect();
    let plain = |number: &Value| Phone { number: words(Some(number)), ..Phone::default() };
    match entity.get("phones").or_else(|| entity.get("phone")) {
        Some(Value::Array(list)) => phones.extend(list.iter().map(plain)),
        Some(one) => phones.push(plain(one)),
        None => {}
    }
    phones.retain(|phone| !phone.number.is_empty());
    phones
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use gridbook_log::{DeviceId, Dot, Hlc, NewOp, Op, Writer};
    use serde_json::{Value, json};

    use super::*;

    /// A stream made of (kind, body) in order, each written knowing the ones before.
    pub(crate) fn stream(seed: u8, ops: &[(&str, Value)]) -> Entity {
        let id = EntityId([seed; 16]);
        let writer = Writer { dev: DeviceId([1; 8]), epoch: 1 };
        let mut entity = Entity::new(id, Some(DeviceId([9; 8])));
        for (n, (kind, body)) in ops.iter().enumerate() {
            let n = u32::try_from(n).unwrap() + 1;
            let new = NewOp {
                entity: id,
                dot: Dot { writer, n },
                hlc: Hlc { ms: 1_780_000_000_000 + u64::from(n) * 1000, count: 0 },
                kind,
                user: "yang",
                ctx: entity.frontier().clone(),
            };
            entity.apply(&Op::new(new, [0; 16], body.to_string()).unwrap());
        }
        entity
    }

    #[test]
    fn reads_rows_lists_and_removals() {
        let entity = stream(
            3,
            &[
                (
                    "create",
                    json!({"type": "household", "place": {"area": "510000100201001"}, "set": {
                        "code": "510000100201001H0001", "address_text": "柳湾村1组12号", "door_no": "12号",
                        "categories": ["dibao", "elder_alone", "dibao"],
                        "phones/p1/number": "13800510002", "phones/p2/number": "13800510003",
                        "members/m1/name": "曾小兰", "members/m1/relation": "spouse",
                        "members/m2/name": "单明", "members/m2/relation": "head", "members/m2/birth": "1950",
                        "members/m2/phone": "13800510002",
                    }}),
                ),
                ("set", json!({"set": {"phones/p2/_gone": true, "members/m1/phone": "13800510009"}})),
            ],
        );
        let view = HouseholdView::of(&entity);
        assert_eq!(view.area, "510000100201001");
        assert_eq!(view.head, "单明");
        let held: Vec<&str> = view.categories.iter().map(|held| held.category.as_str()).collect();
        assert_eq!(held, ["dibao", "elder_alone"]);
        assert_eq!(view.members.iter().map(|m| m.row.as_str()).collect::<Vec<_>>(), ["m2", "m1"]);
        assert_eq!(view.members[0].birth, "1950");
        assert_eq!(view.names(), ["单明", "曾小兰"]);
        assert_eq!(view.numbers(), ["13800510002", "13800510009"]);
        assert!(view.conflicts.is_empty());
    }
}
