//! Households that seem to be there already (TERR-13): somebody of the same name with the same phone. A person decides;
//! nothing is merged by itself.

use gridbook_log::EntityId;

use crate::form::Values;
use crate::record::RecordKind;
use crate::search::fold;
use crate::summary::{Summary, phone_tail};

/// Households among rows in which somebody has a name and a phone of what is being written down; not the one itself.
pub fn twins<'a>(
    values: &Values,
    itself: Option<EntityId>,
    rows: impl IntoIterator<Item = &'a Summary>,
) -> Vec<EntityId> {
    let (mut names, mut tails) = (Vec::new(), Vec::new());
    for (path, value) in values {
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
    let same = |row: &&Summary| {
        row.kind == RecordKind::Household
            && !row.is_gone()
            && Some(row.id) != itself
            && row.keys.names.iter().any(|name| names.contains(name))
            && row.keys.tails.iter().any(|tail| tails.contains(tail))
    };
    rows.into_iter().filter(same).map(|row| row.id).collect()
}

/// Digits of a phone that are compared.
const WHOLE: usize = 7;

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
                "phones/p1/number": "138 0000 5678", "members/m1/name": "钟大雪", "members/m1/phone": "13900001234"}});
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            Summary { id: EntityId([n; 16]), ..Summary::of(&story.entity, Package::builtin()).unwrap() }
        };
        let rows = [house(1, "active"), house(2, "cancelled")];
        let found = |values: &[(&str, &str)], itself| -> Vec<u8> {
            let values = values.iter().map(|(path, text)| ((*path).to_owned(), json!(text))).collect();
            twins(&values, itself, &rows).into_iter().map(|id| id.0[0]).collect()
        };
        let (head, phone) = (("head", "钟 小满"), ("phones/x/number", "13800005678"));
        assert_eq!(found(&[head, phone], None), [1]);
        assert_eq!(found(&[("members/x/name", "钟大雪"), ("members/x/phone", "13900001234")], None), [1]);
        assert_eq!(found(&[head, phone], Some(EntityId([1; 16]))), Vec::<u8>::new(), "itself");
        assert_eq!(found(&[head], None), Vec::<u8>::new(), "a name alone says nothing");
        assert_eq!(found(&[phone, ("head", "季大寒")], None), Vec::<u8>::new());
        assert_eq!(found(&[head, ("phones/x/number", "5678")], None), Vec::<u8>::new(), "still typing");
    }
}
