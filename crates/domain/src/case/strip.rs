//! The line that stands in a rendition of a photo (HAZ-06): when, which village, which item. The photo itself is kept as it
//! was taken.

use std::collections::BTreeMap;

use gridbook_log::{Entity, EntityId};

use super::CaseView;
use crate::calendar::minute_of;
use crate::record::RecordKind;
use crate::territory::village_of;

/// What people call a record before it has an official number: the end of its id.
pub fn local_number(id: EntityId) -> String {
    let hex = id.to_string().to_uppercase();
    format!("本机号 {}", hex.get(hex.len().saturating_sub(6)..).unwrap_or_default())
}

/// The line for each photo of a hazard or another matter, by the photo's hash; signatures and papers of a mediation have
/// none. `village` names an area code.
pub fn strips(
    entity: &Entity,
    case: &CaseView,
    village: impl Fn(&str) -> String,
) -> BTreeMap<String, String> {
    let mut strips = BTreeMap::new();
    if !matches!(case.kind, RecordKind::Hazard | RecordKind::Matter) {
        return strips;
    }
    let place = village(village_of(&case.area));
    let item = case.number.clone().unwrap_or_else(|| local_number(case.id));
    for (dot, blob) in entity.blobs() {
        if !(blob.role.starts_with("photo") && blob.mime.starts_with("image/")) {
            continue;
        }
        // The time of the save, corrected where the authority corrected it.
        let made = entity.creation().filter(|made| made.dot == *dot).map(|made| made.hlc.ms);
        let step = || entity.timeline().iter().find(|step| step.dot == *dot).map(|step| step.hlc.ms);
        let save = || entity.ops().find(|(held, ..)| held == dot).map(|(_, _, hlc, _)| hlc.ms);
        let Some(at) = made.or_else(step).or_else(save) else { continue };
        let words = format!("{} · {place} · {item}", minute_of(at).replace('T', " "));
        strips.entry(blob.sha256.clone()).or_insert(words);
    }
    strips
}
