//! What stands against a decision, and which norms it does not meet, in words.

use gridbook_domain::territory::cut::{DraftProblem, MAX_NAME};
use gridbook_domain::territory::norm::NormNote;

/// A problem; `person` names an account.
pub(super) fn problem(problem: &DraftProblem, person: impl Fn(&str) -> String) -> String {
    match problem {
        DraftProblem::Nothing => "合并要选两个以上的网格，拆分要分成两个以上。".to_owned(),
        DraftProblem::Village => "只能调整同一个村的网格。".to_owned(),
        DraftProblem::Ended(code) => format!("{code}已经调整过，不能再选。"),
        DraftProblem::Taken(code) => format!("编码 {code} 用过了，不能再用。"),
        DraftProblem::Name => format!("请写新网格的名称，不超过{MAX_NAME}个字。"),
        DraftProblem::Past => "生效日期不能早于今天。".to_owned(),
        DraftProblem::Undecided(count) => format!("还有 {count} 户没有选新网格。"),
        DraftProblem::Holder(user) => format!("请说{}以后管哪个网格。", person(user)),
    }
}

/// Norms that the new grids do not meet; `name` names a grid.
pub(super) fn norms(notes: &[NormNote], name: impl Fn(&str) -> String) -> Vec<String> {
    let over = |beyond: bool| if beyond { "，超出容许范围" } else { "" };
    let outside = notes.iter().filter(|note| matches!(note, NormNote::NoMicroGrid { .. })).count();
    let one = |note: &NormNote| match note {
        NormNote::Households { area, count, beyond } => {
            Some(format!("{}有 {count} 户，超过标准{}。", name(area), over(*beyond)))
        }
        NormNote::Persons { area, count, beyond } => {
            Some(format!("{}有 {count} 人，超过标准{}。", name(area), over(*beyond)))
        }
        NormNote::Empty { area } => Some(format!("{}没有户。", name(area))),
        NormNote::NoMicroGrid { .. } => None,
    };
    let mut words: Vec<String> = notes.iter().filter_map(one).collect();
    if outside > 0 {
        words.push(format!("{outside} 户不在任何微网格里（两个全覆盖）。"));
    }
    words
}
