//! A dispute that is not fit for mediation (MED-18): why, and to whom it is handed; and one for which a single form is not
//! enough (MED-02).

use gridbook_domain::form::Values;
use gridbook_domain::mediation::Mediation;
use gridbook_domain::mediation::track::{elsewhere, needs_file};
use gridbook_domain::package::Package;
use leptos::prelude::*;

use super::states::{Tone, banner};

/// What was ticked and where that goes; `None` for a file that may be mediated.
pub fn unfit(package: &Package, file: &Mediation<'_>) -> Option<AnyView> {
    let places = elsewhere(package, &file.list("not_fit"));
    if places.is_empty() {
        return None;
    }
    let lines: Vec<String> = places.into_iter().map(|(why, to)| format!("{why}：移送{to}")).collect();
    let text = format!("{}。请用“移送”，不要受理调解；写下的内容都留着。", lines.join("；"));
    Some(banner(Tone::Danger, "attention", "不宜调解，要移送", text, Vec::new()))
}

/// Why a dispute has to become a file; `None` where the one form is enough.
pub fn to_file(dispute: &Values) -> Option<AnyView> {
    let reasons: Vec<&str> = needs_file(dispute).into_iter().map(|reason| reason.label()).collect();
    if reasons.is_empty() {
        return None;
    }
    let text = format!("{}，一张表不够，要立卷调解。", reasons.join("、"));
    Some(banner(Tone::Info, "info", "这件要立卷", text, Vec::new()))
}
