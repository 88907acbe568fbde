//! The volume: which papers it holds, in which order, on which pages, and whether it is complete (MED-19).

use super::{Mediation, agreement, follow};
use crate::package::Package;

/// When a paper belongs into the volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    Always,
    /// Where the parties agreed.
    Agreed,
    /// Where something happened that it tells of.
    IfIt,
    /// Not counted on.
    Free,
}

/// Which papers have to be there. Application and register form stand for each other and are asked for apart.
fn need(id: &str) -> Need {
    match id {
        "cover" | "catalogue" | "rights_notice" | "identity" | "mediation_record" | "note" | "back" => {
            Need::Always
        }
        "agreement" | "oral_agreement" | "followup" => Need::Agreed,
        "authorization" | "investigation" | "evidence" | "receipt" | "confirmation" => Need::IfIt,
        _ => Need::Free,
    }
}

/// Papers that come about once people meet: a file that was stopped before lacks nothing without them (MED-04).
const FROM_TALKS: [&str; 3] = ["rights_notice", "identity", "mediation_record"];

/// A paper of the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part<'a> {
    /// Id of its template.
    pub id: &'a str,
    /// Title.
    pub title: &'a str,
    /// Pages that it has.
    pub pages: u64,
    /// First page; pages run through the whole volume.
    pub first: u64,
    /// Last page.
    pub last: u64,
    /// Why it is not there.
    pub remark: &'a str,
}

/// How long a volume is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Retention {
    /// Five years: oral and simple ones.
    Short,
    /// Fifteen years: with payment or injury.
    Long,
    /// For ever: death, ownership of land and woods, groups.
    Permanent,
}

impl Retention {
    /// The id that the form stores.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Long => "long",
            Self::Permanent => "permanent",
        }
    }
}

/// How long this volume has to be kept at least.
pub fn retention(file: &Mediation<'_>) -> Retention {
    let people = file.values.get("people_count").and_then(serde_json::Value::as_i64).unwrap_or(0);
    let death = file.list("risk_checklist").contains(&"death_injury");
    if death || file.text("category") == "land_boundary" || people >= super::track::GROUP {
        Retention::Permanent
    } else if file.text("agreement_kind") == "written" && agreement::total(file) > 0 || file.yes("injury") {
        Retention::Long
    } else {
        Retention::Short
    }
}

/// How it ended, an id of `mediation_result`.
pub fn result(file: &Mediation<'_>) -> &'static str {
    match (file.state, file.text("agreement_kind"), file.text("failed_reason")) {
        ("refused", ..) => "not_accepted",
        ("transferred", ..) => "transferred",
        (_, _, "withdrawn") => "success_withdrawn",
        (_, _, "unwilling" | "other") => "terminated",
        (_, _, "no_agreement") => "failed",
        (_, "written", _) => "success_written",
        (_, "oral", _) => "success_oral",
        _ => "open",
    }
}

/// True when the parties came to terms.
pub fn agreed(file: &Mediation<'_>) -> bool {
    file.text("failed_reason").is_empty() && !file.text("agreement_kind").is_empty()
}

/// Papers of the volume in order, with their pages. The dictionary lists them in the order of the volume.
pub fn catalogue<'a>(package: &'a Package, file: &Mediation<'a>) -> Vec<Part<'a>> {
    let papers = package.dict("mediation_document").map_or(&[][..], |dict| &dict.options);
    let rows = file.rows("parts");
    let mut next = 1;
    let mut parts = Vec::new();
    for paper in papers {
        let Some(row) = rows.iter().find(|row| row.text("doc") == paper.id) else { continue };
        let pages = row.number("pages").unwrap_or(0);
        parts.push(Part {
            id: &paper.id,
            title: &paper.label,
            pages,
            first: next,
            last: next + pages.saturating_sub(1),
            remark: row.text("missing"),
        });
        next += pages;
    }
    parts
}

/// The papers to lay out: those that the volume counts and those that it has to have, in its order.
pub fn papers<'a>(package: &'a Package, file: &Mediation<'a>) -> Vec<&'a str> {
    let held = catalogue(package, file);
    let has = |id: &str| held.iter().any(|part| part.id == id && part.pages > 0);
    let all = package.dict("mediation_document").map_or(&[][..], |dict| &dict.options);
    let wanted = |id: &str| match id {
        "registration" => !has("application"),
        "termination" => !agreed(file) && !file.text("failed_reason").is_empty(),
        _ => asked(file, id),
    };
    all.iter().map(|paper| paper.id.as_str()).filter(|id| has(id) || wanted(id)).collect()
}

/// Whether the volume has to hold this paper.
fn asked(file: &Mediation<'_>, id: &str) -> bool {
    match need(id) {
        Need::Always => !follow::stopped_early(file) || !FROM_TALKS.contains(&id),
        Need::Agreed => agreed(file) && !other_kind(file, id),
        Need::IfIt => occurred(file, id),
        Need::Free => false,
    }
}

/// What the volume lacks, as (id of the paper, what is wrong); empty = it can be closed.
pub fn missing(package: &Package, file: &Mediation<'_>) -> Vec<(String, &'static str)> {
    let parts = catalogue(package, file);
    let mut list = Vec::new();
    let has = |id: &str| parts.iter().any(|part| part.id == id && part.pages > 0);
    for paper in package.dict("mediation_document").map_or(&[][..], |dict| &dict.options) {
        if asked(file, &paper.id) && !has(&paper.id) {
            list.push((paper.id.clone(), "卷里没有这份文书"));
        }
        if has(&paper.id)
            && let Some(why) = unfounded(file, &paper.id)
        {
            list.push((paper.id.clone(), why));
        }
    }
    if !(has("application") || has("registration")) {
        list.push(("registration".to_owned(), "要有申请书或者受理登记表"));
    }
    if !agreed(file) && !has("termination") {
        list.push(("termination".to_owned(), "没有谈成的要有终止调解告知书"));
    }
    for (path, why) in [
        ("volume_no", "卷号"),
        ("compiled_by", "立卷人"),
        ("checked_by", "检查人"),
        ("store_place", "存放地点"),
    ] {
        if file.text(path).is_empty() {
            list.push(("cover".to_owned(), why));
        }
    }
    let kept = [Retention::Short, Retention::Long, Retention::Permanent];
    if !kept.iter().any(|held| held.id() == file.text("retention") && *held >= retention(file)) {
        list.push(("cover".to_owned(), "保管期限没有填或者太短"));
    }
    list
}

/// The other one of written and oral agreement.
fn other_kind(file: &Mediation<'_>, id: &str) -> bool {
    match file.text("agreement_kind") {
        "oral" => id == "agreement",
        _ => id == "oral_agreement",
    }
}

/// Whether something happened that such a paper tells of.
fn occurred(file: &Mediation<'_>, id: &str) -> bool {
    let any = |table: &'static str| !file.rows(table).is_empty();
    match id {
        "authorization" => file.rows("parties").iter().any(|party| !party.text("agent_name").is_empty()),
        "investigation" => any("investigations"),
        "evidence" => any("evidence"),
        "receipt" => file
            .rows("instalments")
            .iter()
            .any(|part| part.date("performed_on").is_some() && part.cents("amount").is_some()),
        "confirmation" => file.date("confirm_applied_on").is_some(),
        _ => false,
    }
}

/// A paper that is counted although nothing in the file stands behind it.
fn unfounded(file: &Mediation<'_>, id: &str) -> Option<&'static str> {
    let told = |name: &str| file.rows("notices").iter().any(|row| row.text("person") == name);
    let holds = match id {
        "rights_notice" => file.rows("parties").iter().all(|party| told(party.text("name"))),
        "identity" => file.photo("photo_identity") > 0,
        "authorization" => occurred(file, id),
        "mediation_record" => !file.rows("talks").is_empty(),
        "agreement" => agreement::unsigned(file).is_empty(),
        "followup" => !file.rows("follow_ups").is_empty(),
        _ => true,
    };
    (!holds).then_some("内容还没有填全")
}
