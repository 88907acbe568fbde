//! The eight steps: what each must contain, what is missing, what comes next (MED-03).

use chrono::{Days, NaiveDate};

use super::Mediation;
use super::follow::follow_ups;
use super::{follow, volume};
use crate::calendar::{day_of, midnight};
use crate::deadline::{Rule, Unit, due};
use crate::package::Package;

/// One of the eight steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// 受理
    Accept,
    /// 确定调解人员
    Assign,
    /// 调查核实
    Investigate,
    /// 告知
    Inform,
    /// 开展调解
    Mediate,
    /// 协议制作
    Agreement,
    /// 回访
    FollowUp,
    /// 整理卷宗
    Archive,
}

impl Step {
    /// Every step in order.
    pub const ALL: [Self; 8] = [
        Self::Accept,
        Self::Assign,
        Self::Investigate,
        Self::Inform,
        Self::Mediate,
        Self::Agreement,
        Self::FollowUp,
        Self::Archive,
    ];

    /// Reads an id.
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.id() == id)
    }

    /// The id in the dictionary `mediation_step`.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Assign => "assign",
            Self::Investigate => "investigate",
            Self::Inform => "inform",
            Self::Mediate => "mediate",
            Self::Agreement => "agreement",
            Self::FollowUp => "follow_up",
            Self::Archive => "archive",
        }
    }

    /// The sections of the file's form that belong to it.
    pub const fn sections(self) -> &'static [&'static str] {
        match self {
            Self::Accept => &["head", "scope", "delegated", "accept", "parties"],
            Self::Assign => &["assign"],
            Self::Investigate => &["investigate"],
            Self::Inform => &["inform"],
            Self::Mediate => &["mediate"],
            Self::Agreement => &["agreement", "sign", "confirmation", "end"],
            Self::FollowUp => &["follow"],
            Self::Archive => &["archive"],
        }
    }
}

/// Where a step stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepState {
    /// Which.
    pub step: Step,
    /// What is still missing, in words; empty = done.
    pub missing: Vec<&'static str>,
    /// Why it was skipped, where it may be.
    pub skipped: Option<String>,
}

impl StepState {
    /// True when it is done or was skipped with a reason.
    pub fn settled(&self) -> bool {
        self.missing.is_empty() || self.skipped.is_some()
    }
}

/// All eight steps. A step can be revisited: it counts what is there, whenever it was written.
pub fn steps(package: &Package, file: &Mediation<'_>, today: NaiveDate) -> Vec<StepState> {
    Step::ALL
        .into_iter()
        .map(|step| StepState {
            step,
            missing: missing(package, file, step, today),
            skipped: skipped(file, step),
        })
        .collect()
}

/// The first step that is not settled.
pub fn next_step(package: &Package, file: &Mediation<'_>, today: NaiveDate) -> Option<Step> {
    steps(package, file, today).into_iter().find(|state| !state.settled()).map(|state| state.step)
}

/// What must be settled before an agreement is made: everything up to the notice, and a talk that came to one.
pub fn ready_to_agree(file: &Mediation<'_>) -> bool {
    let early = [Step::Accept, Step::Assign, Step::Investigate, Step::Inform];
    early.into_iter().all(|step| before_agreement(file, step).is_empty() || skipped(file, step).is_some())
        && came_to_terms(file)
}

/// Why a step was skipped. Consent, rights notice and archive are never skipped (MED-04).
fn skipped(file: &Mediation<'_>, step: Step) -> Option<String> {
    if matches!(step, Step::Accept | Step::Inform | Step::Archive) {
        return None;
    }
    let row = file.rows("skips").into_iter().find(|row| row.text("step") == step.id())?;
    Some(row.text("reason").to_owned()).filter(|reason| !reason.is_empty())
}

fn came_to_terms(file: &Mediation<'_>) -> bool {
    file.rows("talks").iter().any(|talk| matches!(talk.text("outcome"), "written" | "oral"))
}

fn missing(package: &Package, file: &Mediation<'_>, step: Step, today: NaiveDate) -> Vec<&'static str> {
    match step {
        Step::FollowUp => {
            let due =
                follow_ups(file, today).into_iter().any(|visit| visit.done.is_none() && visit.due <= today);
            let last = follow_ups(file, today).into_iter().all(|visit| visit.done.is_some());
            let mut list = Vec::new();
            if due {
                list.push("有到期的回访没有做");
            } else if !last {
                list.push("回访还没有做完");
            }
            list
        }
        Step::Archive if file.state == "archived" => Vec::new(),
        Step::Archive if volume::missing(package, file).is_empty() => vec!["等调委会主任审卷归档"],
        Step::Archive => vec!["卷内文书不全"],
        Step::Assign => {
            let mut list = before_agreement(file, step);
            list.extend(group(file));
            list
        }
        _ => before_agreement(file, step),
    }
}

/// What a dispute of a group needs besides (MED-17). It is shown and holds nothing back: a file that was begun before
/// goes on.
fn group(file: &Mediation<'_>) -> impl Iterator<Item = &'static str> {
    let wanted = super::track::is_group(file.values) && !follow::stopped_early(file);
    let parts = [("representatives", "推选的代表(五人以上)"), ("group_plan", "联合调解方案(五人以上)")];
    let lacks: Vec<&'static str> = parts
        .into_iter()
        .filter(|(path, _)| wanted && file.text(path).is_empty())
        .map(|(_, words)| words)
        .collect();
    lacks.into_iter()
}

fn before_agreement(file: &Mediation<'_>, step: Step) -> Vec<&'static str> {
    let mut list = Vec::new();
    let later = matches!(step, Step::Assign | Step::Investigate | Step::Inform | Step::Mediate);
    if later && follow::stopped_early(file) {
        return list;
    }
    let mut need = |holds: bool, what: &'static str| {
        if !holds {
            list.push(what);
        }
    };
    match step {
        Step::Accept => {
            need(file.date("accepted_on").is_some(), "受理日期");
            need(file.yes("consent_all"), "各方都愿意调解");
            need(file.list("not_fit").is_empty(), "有不宜调解的情形, 应移送");
            need(!file.rows("claims").is_empty(), "申请事项");
            need(!file.side("applicant").is_empty() && !file.side("respondent").is_empty(), "双方当事人");
        }
        Step::Assign => {
            let rows = file.rows("mediators");
            need(
                rows.iter().filter(|row| row.yes("lead") && !row.yes("replaced")).count() == 1,
                "一名主持调解员",
            );
            need(rows.iter().all(|row| !row.text("recusal").is_empty()), "每名调解员回答是否要回避");
            need(super::roster::conflicted(file).is_empty(), "有关系的调解员要更换");
            need(!file.text("recorder").is_empty(), "记录人");
            need(file.date("told_on").is_some(), "通知当事人");
        }
        Step::Investigate => {
            let talks = file.rows("investigations");
            let with =
                |side: &str| talks.iter().any(|row| row.text("kind") == "talk" && row.text("side") == side);
            need(with("applicant"), "与申请方谈话");
            need(with("respondent"), "与被申请方谈话");
            need(!file.text("dispute_points").is_empty(), "争议焦点");
        }
        Step::Inform => {
            let notices = file.rows("notices");
            let told = |name: &str| {
                notices.iter().any(|row| row.text("person") == name && !row.text("state").is_empty())
            };
            let all = file.rows("parties").iter().all(|party| told(party.text("name")));
            need(all && !notices.is_empty(), "每个当事人签收权利义务告知书(拒签也要记)");
        }
        Step::Mediate => {
            let rows = file.rows("talks");
            need(!rows.is_empty(), "调解记录");
            need(
                rows.iter().any(|talk| matches!(talk.text("outcome"), "written" | "oral" | "failed")),
                "调解结果",
            );
        }
        Step::Agreement if !file.text("failed_reason").is_empty() => {
            need(!file.list("ways_told").is_empty(), "告知其他途径");
        }
        Step::Agreement => {
            for what in super::agreement::unsigned(file) {
                need(false, what);
            }
        }
        Step::FollowUp | Step::Archive => {}
    }
    list
}

/// Days within which mediation has to end; only the parties together can extend it (MED-06).
pub const CEILING_DAYS: u64 = 30;

/// The last day of the mediation: 30 days after acceptance, or as far as all parties extended it together (MED-06).
pub fn ceiling(file: &Mediation<'_>) -> Option<NaiveDate> {
    let last = file.date("accepted_on")?.checked_add_days(Days::new(CEILING_DAYS))?;
    Some(file.date("extended_until").map_or(last, |until| until.max(last)))
}

/// Working days within which mediation is aimed to end (MED-06).
const TARGET: Rule = Rule { n: 10, unit: Unit::Wd, roll: false, office: false };

/// The last of the working days within which the mediation is aimed to end.
pub fn target(package: &Package, file: &Mediation<'_>) -> Option<NaiveDate> {
    let accepted = file.date("accepted_on")?;
    Some(day_of(due(&package.law.get().calendar, TARGET, midnight(accepted)).at - 1))
}
