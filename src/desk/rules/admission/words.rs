//! Applications in words.

use gridbook_domain::catalogue::admission::{APPROVED, Application, Procedure, REVIEWED, Stage, Wish};
use gridbook_domain::package::Package;

/// Code and name of the item, and which way it goes.
pub(super) fn about(package: &Package, said: &Application) -> (String, &'static str) {
    match &said.wish {
        Wish::Admit { item, .. } => (format!("{} {}", item.code, item.name), "准入"),
        Wish::Retire { item, .. } => {
            let held = package.catalogue.get().item(item);
            (held.map_or_else(|| item.clone(), |held| format!("{} {}", held.code, held.name)), "退出")
        }
    }
}

/// Where it stands, and who is waited for.
pub(super) fn stage(package: &Package, one: &Procedure) -> String {
    if one.rejected {
        return "中心没有收下，清单里可能已有这个编号，请重新申请".to_owned();
    }
    match (one.stage(), &one.published) {
        (Stage::Applied, _) => "已申请，等中心审核".to_owned(),
        (Stage::Reviewed, _) => "中心已同意，等领导审批".to_owned(),
        (Stage::Approved, _) => "领导已同意，等中心发布".to_owned(),
        (Stage::Refused, _) if one.ended.as_ref().is_some_and(|end| end.by == one.by) => "已撤回".to_owned(),
        (Stage::Refused, _) if one.ended.is_some() => "没有发布".to_owned(),
        (Stage::Refused, _) if one.approved.is_some() => "领导不同意".to_owned(),
        (Stage::Refused, _) => "中心不同意".to_owned(),
        (Stage::Published, _) if one.next(package).is_some() => "已发布，清单还没有更新".to_owned(),
        (Stage::Published, became) => {
            format!("已发布，清单第 {} 版", became.as_ref().map_or(0, |became| became.version))
        }
    }
}

/// Who took the last step, and when.
pub(super) fn last(one: &Procedure) -> (&str, u64) {
    let became = one.published.as_ref().map(|step| (step.by.as_str(), step.at));
    let said = one
        .ended
        .as_ref()
        .or(one.approved.as_ref())
        .or(one.reviewed.as_ref())
        .map(|step| (step.by.as_str(), step.at));
    became.or(said).unwrap_or((&one.by, one.at))
}

/// A step, and who takes it.
pub(super) fn step(path: &str) -> (&'static str, &'static str) {
    match path {
        REVIEWED => ("审核", "中心里维护清单的人（如中心主任）审核"),
        APPROVED => ("审批", "申请人、审核人以外的镇领导或中心主任审批"),
        _ => ("发布", "中心里维护清单的人发布"),
    }
}
