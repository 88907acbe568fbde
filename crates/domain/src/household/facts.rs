//! What a household's card tells besides address, phones, people and categories, which every card draws by itself
//! (TERR-07, TERR-08): the answers of its form, as far as the reader may see them. A field's class decides (PRIV-01).

use chrono::NaiveDate;
use serde_json::Value;

use super::HouseholdView;
use super::category::sees_sensitive;
use crate::form::{Field, FieldKind, Form, Values};
use crate::mask;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};

/// What cards draw by themselves, and what is no fact: where exactly the house stands is asked for distances only.
const DRAWN: [&str; 12] = [
    "address_text",
    "door_no",
    "landmark",
    "head",
    "residence_type",
    "geo",
    "code",
    "phones",
    "members",
    "categories",
    "status",
    "remarks",
];
/// The same of a person.
const DRAWN_OF_PERSON: [&str; 7] =
    ["name", "relation", "sex", "birth", "phone", "resident_status", "id_number"];

/// How much of a household somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sees {
    /// Names and numbers of people in full (class L3): of those who keep the household's card.
    pub personal: bool,
    /// Health, disability, assistance (class L4): in the own grid, or by a right over the area.
    pub sensitive: bool,
}

impl Sees {
    /// What somebody sees of the households of an area.
    pub fn of(package: &Package, actor: &Actor, area: &str, today: NaiveDate) -> Self {
        let target = Target::new(RecordKind::Household, area, None);
        Self {
            personal: may(package, actor, "household.edit", &target, today),
            sensitive: sees_sensitive(package, actor, area, today),
        }
    }

    /// An answer as it may be shown: in full, masked, or not at all.
    pub fn answer(self, field: &Field, said: String) -> Option<String> {
        match class_of(field) {
            Some("L5") => None,
            Some("L4") => self.sensitive.then_some(said),
            Some("L3") if !self.personal => match field.kind {
                FieldKind::Phone => Some(mask::phone(&said)),
                FieldKind::Text => Some(mask::name(&said)),
                _ => None,
            },
            _ => Some(said),
        }
    }
}

/// What a household lives on and needs: finances, which the form of the first version, fixed as it is, does not say.
const FINANCES: [&str; 2] = ["income_sources", "main_needs"];

fn class_of(field: &Field) -> Option<&str> {
    if FINANCES.contains(&field.path.as_str()) { Some("L4") } else { field.class.as_deref() }
}

/// A question and its answer, both in words.
pub type Fact = (String, String);

fn tell<'f>(
    fields: impl Iterator<Item = &'f Field>,
    sees: Sees,
    said: impl Fn(&Field) -> Option<String>,
) -> Vec<Fact> {
    let one = |field: &Field| {
        let words = sees.answer(field, said(field).filter(|words| !words.is_empty())?)?;
        Some((field.label.clone(), words))
    };
    fields.filter_map(one).collect()
}

/// The answers by section, without sections that say nothing. `words` puts an answer into words.
pub fn facts(
    form: &Form,
    values: &Values,
    sees: Sees,
    words: &dyn Fn(&Field, &Value) -> String,
) -> Vec<(String, Vec<Fact>)> {
    let of = |section: &crate::form::Section| {
        let fields = section.fields.iter().filter(|field| !DRAWN.contains(&field.path.as_str()));
        let told = tell(fields, sees, |field| Some(words(field, values.get(&field.path)?)));
        (!told.is_empty()).then(|| (section.title.clone(), told))
    };
    form.sections.iter().filter_map(of).collect()
}

/// What is known of its people beyond the lines of the card: the name, and the answers. People of whom nothing is said are
/// left out.
pub fn of_people(
    form: &Form,
    view: &HouseholdView,
    values: &Values,
    sees: Sees,
    words: &dyn Fn(&Field, &Value) -> String,
) -> Vec<(String, Vec<Fact>)> {
    let Some((_, table)) = form.fields().find(|(_, field)| field.path == "members") else {
        return Vec::new();
    };
    let of = |person: &super::Member| {
        let fields = table.fields.iter().filter(|field| !DRAWN_OF_PERSON.contains(&field.path.as_str()));
        let told = tell(fields, sees, |field| {
            Some(words(field, values.get(&format!("members/{}/{}", person.row, field.path))?))
        });
        (!told.is_empty()).then(|| (person.name.clone(), told))
    };
    view.members.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::household::tests::stream;

    fn said(field: &Field, value: &Value) -> String {
        let label = |id: &str| {
            let choices = Package::builtin().choices(field);
            choices.iter().find(|choice| choice.id == id).map_or(id.to_owned(), |choice| choice.label.clone())
        };
        match value {
            Value::String(id) => label(id),
            Value::Array(list) => {
                list.iter().filter_map(Value::as_str).map(label).collect::<Vec<_>>().join("、")
            }
            other => other.to_string(),
        }
    }

    #[test]
    fn the_class_decides_what_a_card_tells() {
        let entity = stream(
            5,
            &[(
                "create",
                json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": "510000100201001"}, "set": {
                    "address_text": "柳湾村1组12号", "head": "单明", "structure": "brick_wood", "safety": "C",
                    "evac_contact": "钟小满", "livestock": "三头猪", "bedridden": true,
                    "income_sources": "打零工", "main_needs": "看病钱",
                    "members/m1/name": "单明", "members/m1/relation": "head", "members/m1/id_number": "510000195001010011",
                    "members/m1/health": ["chronic", "bedridden"], "members/m1/guardian": "曾小兰",
                    "members/m2/name": "曾小兰", "members/m2/relation": "spouse"}}),
            )],
        );
        let package = Package::builtin();
        // A card of the first version is read with what is asked today.
        let form = package.form_named("F-HOUSEHOLD/1").unwrap();
        let (view, values) = (HouseholdView::of(&entity), entity.values());
        let told = |personal, sensitive| {
            let sees = Sees { personal, sensitive };
            let mut all = facts(form, &values, sees, &said);
            all.extend(of_people(form, &view, &values, sees, &said));
            let lines = all.into_iter().flat_map(|(title, lines)| {
                lines.into_iter().map(move |(label, words)| format!("{title}/{label}/{words}"))
            });
            lines.collect::<Vec<_>>()
        };
        assert_eq!(
            told(true, true),
            [
                "户类别/收入来源/打零工",
                "户类别/主要需求/看病钱",
                "房屋/结构/砖木",
                "房屋/安全等级/C 级",
                "转移避险/对接责任人/钟小满",
                "转移避险/有人卧床/true",
                "转移准备/要转移的牲畜/三头猪",
                "单明/监护人（未满 18 岁）/曾小兰",
                "单明/健康情况/慢性病、卧床"
            ]
        );
        assert_eq!(
            told(false, false),
            [
                "房屋/结构/砖木",
                "转移避险/对接责任人/钟**",
                "转移准备/要转移的牲畜/三头猪",
                "单明/监护人（未满 18 岁）/曾**"
            ]
        );
    }
}
