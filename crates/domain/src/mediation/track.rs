//! Simple or file: which track a dispute takes, and which disputes are not mediated at all (MED-02, MED-17, MED-18).

use gridbook_log::Entity;
use serde_json::Value;

use crate::calendar::HOUR_MS;
use crate::case::CaseView;
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;

/// Amount in yuan above which an oral agreement is not enough.
pub const FILE_AMOUNT: f64 = 10_000.0;
/// People from which a dispute is one of a group: they choose who speaks for them.
pub const GROUP: i64 = 5;

/// Within which the township hears of a dispute of a group, milliseconds.
const REPORT_MS: u64 = HOUR_MS;

/// Whether so many people are concerned that they choose who speaks for them (MED-17).
pub fn is_group(values: &Values) -> bool {
    values.get("people_count").and_then(Value::as_i64).is_some_and(|people| people >= GROUP)
}

/// Until when somebody has to tell the township by phone of a dispute of a group: as long as the record has not arrived
/// there, which tells it by itself. Milliseconds since 1970.
pub fn report_by(case: &CaseView) -> Option<u64> {
    let waits = case.kind == RecordKind::Dispute && case.received_at.is_none();
    (waits && is_group(&case.values)).then(|| case.reported_at.saturating_add(REPORT_MS))
}

/// Why a dispute needs a file with eight steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NeedsFile {
    /// No agreement was reached.
    Unsettled,
    /// More money than [`FILE_AMOUNT`].
    Amount,
    /// Somebody was injured.
    Injury,
    /// More people than [`GROUP`].
    Group,
    /// A party or the mediator wants one.
    Asked,
    /// The risk is red or orange.
    Risk,
}

impl NeedsFile {
    /// What to tell people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Unsettled => "没有当场达成协议",
            Self::Amount => "金额超过一万元",
            Self::Injury => "有人受伤",
            Self::Group => "超过五人",
            Self::Asked => "要求立卷",
            Self::Risk => "风险为红色或橙色",
        }
    }
}

/// The reasons for which a dispute needs a file; empty = the one form is enough. Reads what was filled in at intake or
/// on the form of the oral agreement.
pub fn needs_file(values: &Values) -> Vec<NeedsFile> {
    let yes = |path: &str| values.get(path) == Some(&Value::Bool(true));
    let said = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default();
    let mut reasons = Vec::new();
    if said("oral_result") == "failed" || said("success") == "failed" {
        reasons.push(NeedsFile::Unsettled);
    }
    if values.get("amount").and_then(Value::as_f64).is_some_and(|yuan| yuan > FILE_AMOUNT) {
        reasons.push(NeedsFile::Amount);
    }
    if yes("injury") {
        reasons.push(NeedsFile::Injury);
    }
    if values.get("people_count").and_then(Value::as_i64).is_some_and(|people| people > GROUP) {
        reasons.push(NeedsFile::Group);
    }
    if yes("to_file") {
        reasons.push(NeedsFile::Asked);
    }
    if matches!(said("risk_level"), "red" | "orange") {
        reasons.push(NeedsFile::Risk);
    }
    reasons
}

/// Whether a record is the one form of an agreement that was reached orally: it is an entry in the register of oral
/// agreements, and numbered there.
pub fn agreed_orally(entity: &Entity) -> bool {
    let form = entity.creation().and_then(|made| made.create.form.as_deref());
    form.is_some_and(is_oral) && entity.text("oral_result") == Some("oral")
}

/// Whether a form, as a record names it, is the one form of an oral mediation.
pub fn is_oral(form: &str) -> bool {
    form.split('/').next() == Some("F-ORAL")
}

/// Where a dispute that is not mediated goes, for each situation that was ticked: words for the transfer.
pub fn elsewhere<'p>(package: &'p Package, ticked: &[&'p str]) -> Vec<(&'p str, &'static str)> {
    ticked
        .iter()
        .map(|id| {
            let to = match *id {
                "criminal" | "violence_injury" => "派出所",
                "minor_abuse" => "派出所，同时告知民政和妇联",
                "admin_only" => "主管的行政机关",
                "judged" => "人民法院",
                "arbitrated" => "仲裁机构或人民法院",
                _ => "中心主任",
            };
            (package.label("not_fit", id), to)
        })
        .collect()
}
