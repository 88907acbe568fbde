//! Conditions on a step beyond the permission. Data name them; here they are decided.

mod words;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::{day_of, midnight};
use crate::case::{CaseView, FaultMark};
use crate::clock::ClockId;
use crate::deadline::{Rule, due};
use crate::form::{Photos, Values};
use crate::hazard;
use crate::mediation::follow::Confirmation;
use crate::mediation::{self, Mediation, risk};
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};

/// Days after closing in which a case can be re-opened (FLOW-14).
pub const REOPEN_DAYS: u64 = 30;
/// Calls without an answer after which a call-back may be left out (FLOW-13).
pub const CALLS: u32 = 3;
/// Days within which a joint hearing had to meet by tables before version 3, which knew no working days.
const JOINT_DAYS: u64 = 14;
/// Levels that a case can climb, lowest first (FLOW-02).
pub const TIERS: [&str; 3] = ["village", "township", "county"];
/// Returns by units after which the centre has to decide otherwise.
pub const MAX_RETURNS: u32 = 2;

/// The table since which whoever stepped aside neither handles the case nor is named for it by any step (ROLE-12).
pub(crate) const RECUSED_STAY_OUT: u32 = 8;
/// Steps on which the table before it asked for that already.
const ASKED_BEFORE: [&str; 6] = ["dispatch", "keep", "reassign", "claim", "reroute", "hand_over"];

/// A named condition on a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Only who reported it.
    CreatorOnly,
    /// Only until the case is registered (FLOW-19).
    BeforeRegistration,
    /// Not who reported it.
    NotReporter,
    /// Not who had a hand in handling it (FLOW-12).
    NotHandler,
    /// Red and orange hazards: a second person on site (FLOW-13).
    SecondPerson,
    /// Only members of the lead unit.
    LeadUnitMember,
    /// Only who handles it: the handler, or members of lead and support units.
    Handles,
    /// Only the first time.
    Once,
    /// At most [`MAX_RETURNS`] returns.
    ReturnLimit,
    /// One redo; a further one is up to the centre (FLOW-12).
    RedoLimit,
    /// At most [`REOPEN_DAYS`] days after closing (FLOW-14).
    ReopenWindow,
    /// A hazard of yellow or above needs a photo from after (FLOW-13).
    Evidence,
    /// The report says that it was settled on the spot (FLOW-03).
    SettledOnSpot,
    /// Somebody looked for duplicates (FLOW-04).
    DuplicateChecked,
    /// Somebody handles it afterwards: named now, or known already.
    OwnerNamed,
    /// The limit has not passed (FLOW-08).
    BeforeExpiry,
    /// The limit was not extended since it was set (FLOW-08).
    ExtendOnce,
    /// No longer than the limit was in the first place (FLOW-08).
    OriginalLength,
    /// Both parties of a dispute agree (MED-06).
    PartiesAgree,
    /// The handler asked for a pause, and somebody else approves (FLOW-08).
    PauseAsked,
    /// Somebody else proposed it: two persons void a case.
    VoidAsked,
    /// Only to the next level up, unless urgent (FLOW-02).
    NextTier,
    /// Not into itself (FLOW-15).
    OtherCase,
    /// Within the limit of working days for a hearing (FLOW-07).
    JointDate,
    /// What is left after a rejected finish is no less than the minimum of working days.
    MinRest,
    /// The village kept it, and has it still (FLOW-02).
    Kept,
    /// A fault is marked against this person or unit that can still be contested (FLOW-10).
    FaultOwn,
    /// The fault that is contested is such a one.
    FaultNamed,
    /// A fault is contested, and somebody else decides: not who marked it, who contests it, nor who handled the case.
    ContestAsked,
    /// The contest that is decided is such a one.
    ContestNamed,
    /// It is a call to a department (FLOW-06).
    Called,
    /// The limit to claim has passed (FLOW-10).
    RespondExpired,
    /// The limit to claim has not passed.
    WithinRespond,
    /// A supervision note stands.
    Supervised,
    /// Not who refused it: an objection is decided by somebody else (FLOW-04).
    NotRefuser,
    /// The reason for leaving the call-back out is true: three calls nobody answered, or not in the sample (FLOW-12).
    WaiveFits,
    /// Both parties agree to be mediated, and nothing speaks against mediating (MED-04, MED-18).
    MedFit,
    /// Everything before the agreement was done, and a talk came to terms (MED-03).
    MedReady,
    /// The agreement is signed as its kind asks for (MED-08).
    MedSigned,
    /// Somebody tried.
    MedTalked,
    /// The volume is complete (MED-19).
    MedComplete,
    /// Both parties extended the mediation, to a day after the one that stands (MED-06).
    PartiesExtend,
    /// A reminder of the confirmation by a court is due (MED-09).
    RemindDue,
    /// A dispute that nothing calls for a file of: what does is not closed with one form (MED-02).
    NeedsNoFile,
    /// The reporter was told something since the last that was marked as seen (FLOW-11).
    Unseen,
    /// Somebody has to be told of a risk this high, and was not (MED-13).
    NoticeDue,
    /// The risk does not become less, or a mediation head or above says so (MED-13).
    RiskKept,
    /// Told of a danger as part of its chain, and nobody of that step said so far that they know (HAZ-05).
    AlarmTold,
    /// Named as who re-checked: not who repaired it, and two of them for red and orange hazards.
    Rechecker,
    /// This step of enforcement is the next one (HAZ-09).
    EnforceTurn,
    /// Who was asked for more has not answered within the limit for that.
    SupplementOver,
    /// Its day is none before the last step's nor to come; and what it says of failed re-checks is so.
    EnforceFits,
    /// It is linked to another case (FLOW-15).
    Linked,
    /// It was split off another case and waits for being registered (FLOW-15).
    SplitOff,
    /// What was split off keeps the limit of the case that it was part of, until somebody extends it (FLOW-15).
    KeptLimit,
    /// The class of limits is one that the list leaves open (FLOW-05).
    ClassFits,
    /// Somebody said that whoever handles it is not related to a party (ROLE-12).
    Unrelated,
    /// Not for whoever stepped aside from it (ROLE-12).
    NotRecused,
    /// Whoever makes visits where it lies.
    MayVisit,
    /// It is theirs to hand back: the handler's; until it is claimed, the lead unit's (ROLE-12).
    OwnToReturn,
    /// It is somebody else's to handle, and they have not stepped aside from it yet (ROLE-12).
    Bystander,
}

/// What a guard looks at.
pub struct Situation<'a> {
    /// Data.
    pub package: &'a Package,
    /// Who acts.
    pub actor: &'a Actor,
    /// The case as it stands.
    pub case: &'a CaseView,
    /// The action.
    pub action: &'a str,
    /// Values of the case with those of the step over them; the handler is the one that the step names.
    pub values: &'a Values,
    /// Photos of the case and of the step.
    pub photos: &'a Photos,
    /// The day in China.
    pub today: NaiveDate,
    /// Version of the table that the author's device judged by.
    pub table: u32,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Self; 61] = [
        Self::CreatorOnly,
        Self::BeforeRegistration,
        Self::NotReporter,
        Self::NotHandler,
        Self::SecondPerson,
        Self::LeadUnitMember,
        Self::Handles,
        Self::Once,
        Self::ReturnLimit,
        Self::RedoLimit,
        Self::ReopenWindow,
        Self::Evidence,
        Self::SettledOnSpot,
        Self::DuplicateChecked,
        Self::OwnerNamed,
        Self::BeforeExpiry,
        Self::ExtendOnce,
        Self::OriginalLength,
        Self::PartiesAgree,
        Self::PauseAsked,
        Self::VoidAsked,
        Self::NextTier,
        Self::OtherCase,
        Self::JointDate,
        Self::MinRest,
        Self::Kept,
        Self::FaultOwn,
        Self::FaultNamed,
        Self::ContestAsked,
        Self::ContestNamed,
        Self::Called,
        Self::RespondExpired,
        Self::WithinRespond,
        Self::Supervised,
        Self::NotRefuser,
        Self::WaiveFits,
        Self::MedFit,
        Self::MedReady,
        Self::MedSigned,
        Self::MedTalked,
        Self::MedComplete,
        Self::PartiesExtend,
        Self::RemindDue,
        Self::NeedsNoFile,
        Self::Unseen,
        Self::NoticeDue,
        Self::RiskKept,
        Self::AlarmTold,
        Self::Rechecker,
        Self::EnforceTurn,
        Self::EnforceFits,
        Self::SupplementOver,
        Self::Linked,
        Self::SplitOff,
        Self::KeptLimit,
        Self::ClassFits,
        Self::Unrelated,
        Self::NotRecused,
        Self::MayVisit,
        Self::OwnToReturn,
        Self::Bystander,
    ];

    /// True when it depends on what the person enters, so that the button is offered before it can be decided.
    pub const fn needs_input(self) -> bool {
        matches!(
            self,
            Self::SecondPerson
                | Self::Evidence
                | Self::DuplicateChecked
                | Self::OwnerNamed
                | Self::OriginalLength
                | Self::PartiesAgree
                | Self::NextTier
                | Self::OtherCase
                | Self::JointDate
                | Self::MinRest
                | Self::FaultNamed
                | Self::ContestNamed
                | Self::WaiveFits
                | Self::RiskKept
                | Self::MedFit
                | Self::MedReady
                | Self::MedSigned
                | Self::MedTalked
                | Self::MedComplete
                | Self::PartiesExtend
                | Self::NeedsNoFile
                | Self::Rechecker
                | Self::EnforceFits
                | Self::KeptLimit
                | Self::ClassFits
                | Self::Unrelated
                | Self::NotRecused
        )
    }

    /// The version of the table that first asked for it on steps that existed before. Whoever took a step on a
    /// device that did not know the guard yet is not refused for it.
    pub const fn since(self) -> u32 {
        match self {
            Self::WithinRespond | Self::OwnerNamed | Self::NotRefuser | Self::WaiveFits => 2,
            Self::MinRest => 3,
            Self::Unseen | Self::RiskKept => 4,
            Self::NeedsNoFile => 6,
            Self::KeptLimit | Self::ClassFits | Self::Unrelated | Self::NotRecused => 7,
            Self::OwnToReturn => RECUSED_STAY_OUT,
            _ => 1,
        }
    }

    /// Whether the step may go on.
    pub fn holds(self, now: &Situation<'_>) -> bool {
        let (case, user) = (now.case, now.actor.user.as_str());
        let said = |path: &str| now.values.get(path).and_then(Value::as_str).unwrap_or_default();
        let level = || now.package.level(now.level());
        match self {
            Self::CreatorOnly => case.reporter == user,
            Self::BeforeRegistration => !case.registered && case.number.is_none(),
            Self::NotReporter => case.reporter != user,
            Self::NotHandler => !case.handled_by.contains(user),
            Self::SecondPerson => {
                let second = said("second_person").trim();
                case.kind != RecordKind::Hazard
                    || level().is_none_or(|level| !level.second_person)
                    || !(second.is_empty() || second == user || case.handled_by.contains(second))
            }
            Self::LeadUnitMember => now.member_of(case.lead_unit.as_deref()),
            Self::Handles if case.recused.contains(user) && now.table >= RECUSED_STAY_OUT => false,
            Self::Handles => {
                case.handler.as_deref() == Some(user)
                    || now.member_of(case.lead_unit.as_deref())
                    || case.support_units.iter().any(|unit| now.member_of(Some(unit)))
            }
            Self::Once => !case.actions.iter().any(|action| action == now.action),
            Self::ReturnLimit => case.return_count < MAX_RETURNS,
            // Before there was a joint hearing, whoever may re-open a case decided alone.
            Self::RedoLimit => {
                let decides = || may(now.package, now.actor, "case.reopen", &case.target(), now.today);
                case.redo_count <= 1 || (now.table < 2 && decides())
            }
            Self::ReopenWindow => case.look_back_failed || case.closed_within(REOPEN_DAYS, now.today),
            Self::Evidence => {
                case.kind != RecordKind::Hazard
                    || level().is_none_or(|level| !level.photo_before)
                    || now.photos.get("photo_after").is_some_and(|count| *count > 0)
            }
            Self::SettledOnSpot => match case.kind {
                RecordKind::Hazard => said("on_spot_result") == "eliminated",
                _ => said("success") == "succeeded",
            },
            Self::DuplicateChecked => now.values.get("duplicate_checked") == Some(&Value::Bool(true)),
            Self::OwnerNamed => {
                case.handler.is_some() || case.lead_unit.is_some() || !said("handler").trim().is_empty()
            }
            Self::BeforeExpiry => day(case.handle_by.as_deref()).is_some_and(|limit| now.today <= limit),
            Self::ExtendOnce => case.extended == 0,
            Self::OriginalLength => case
                .longest_extension()
                .is_none_or(|last| day(Some(said("handle_by"))).is_some_and(|asked| asked <= last)),
            Self::PartiesAgree => {
                case.kind != RecordKind::Dispute
                    || now.values.get("parties_agree") == Some(&Value::Bool(true))
            }
            Self::PauseAsked => case.pause_asked_by.as_deref().is_some_and(|asked| asked != user),
            Self::VoidAsked => case.void_asked_by.as_deref().is_some_and(|asked| asked != user),
            Self::NextTier => {
                let rank = |tier: &str| TIERS.iter().position(|known| *known == tier);
                let urgent = now.values.get("skip_urgent") == Some(&Value::Bool(true));
                match (rank(said("to_tier")), rank(case.tier())) {
                    (Some(to), Some(from)) => to > 0 && to >= from && (urgent || to <= from + 1),
                    _ => false,
                }
            }
            Self::OtherCase => {
                let other = said(if now.action == "merge" { "main" } else { "other" });
                !other.is_empty() && other != case.id.to_string()
            }
            // By the table before, any could be named; it changed nothing.
            Self::Linked => {
                let held = |other: &str| case.linked.iter().any(|held| held.to_string() == other);
                !case.linked.is_empty()
                    && (now.table < RECUSED_STAY_OUT || said("other").is_empty() || held(said("other")))
            }
            Self::SplitOff => case.split_from.is_some(),
            Self::Unrelated => now.values.get("related") == Some(&Value::Bool(false)),
            Self::NotRecused if now.table < RECUSED_STAY_OUT && !ASKED_BEFORE.contains(&now.action) => true,
            Self::NotRecused => {
                let own = now.action == "claim" && said("handler").is_empty();
                !case.recused.contains(if own { user } else { said("handler") })
            }
            Self::MayVisit => {
                let visit = Target::new(RecordKind::Visit, &case.area, None);
                may(now.package, now.actor, "record.create", &visit, now.today)
            }
            Self::OwnToReturn => now.own_to_return(),
            Self::Bystander => !case.recused.contains(user) && !now.own_to_return(),
            Self::ClassFits => {
                said("sla_class").is_empty()
                    || now.package.class_choices(now.values).contains(&said("sla_class"))
            }
            Self::KeptLimit => {
                let kept = case.kept_limit().map(|day| day.max(now.today));
                kept.is_none_or(|kept| day(Some(said("handle_by"))).is_none_or(|asked| asked <= kept))
            }
            Self::JointDate => day(Some(said("meeting_on")))
                .is_some_and(|meeting| now.today <= meeting && meeting <= now.last_joint_day()),
            Self::MinRest => day(Some(said("handle_by"))).is_none_or(|by| by >= now.least_rest()),
            Self::Kept => case.kept_at_village && case.climbed_to.is_none(),
            Self::FaultOwn => case.faults.iter().any(|mark| now.contestable(mark)),
            Self::FaultNamed => {
                case.faults.iter().any(|mark| mark.kind == said("fault") && now.contestable(mark))
            }
            Self::ContestAsked => case.faults.iter().any(|mark| now.decidable(mark)),
            Self::ContestNamed => {
                case.faults.iter().any(|mark| mark.kind == said("fault") && now.decidable(mark))
            }
            Self::Called => case.category.as_deref() == Some("call"),
            Self::RespondExpired => day(case.respond_by.as_deref()).is_some_and(|limit| limit < now.today),
            Self::WithinRespond => day(case.respond_by.as_deref()).is_none_or(|limit| now.today <= limit),
            Self::Supervised => case.actions.iter().any(|action| action == "supervise"),
            Self::NotRefuser => case.refused_by.as_deref() != Some(user),
            Self::WaiveFits => match said("reason") {
                "no_answer_3" => case.unreached >= CALLS,
                "not_sampled" => !case.called_back(),
                _ => true,
            },
            Self::MedFit => now.file().yes("consent_all") && now.file().list("not_fit").is_empty(),
            Self::MedReady => mediation::step::ready_to_agree(&now.file()),
            Self::MedSigned => mediation::agreement::unsigned(&now.file()).is_empty(),
            // Either may stop at any time, before the first talk too; then it says who, why and when (MED-04).
            Self::MedTalked => {
                let stops = matches!(said("failed_reason"), "unwilling" | "withdrawn");
                let told = || !said("text").trim().is_empty() && day(Some(said("failed_on"))).is_some();
                !now.file().rows("talks").is_empty() || (stops && told())
            }
            Self::PartiesExtend => {
                let agree = now.values.get("parties_agree") == Some(&Value::Bool(true));
                let stands = mediation::step::ceiling(&Mediation::of(case));
                agree && day(Some(said("extended_until"))).zip(stands).is_some_and(|(to, stands)| to > stands)
            }
            Self::RemindDue => {
                let stands = mediation::follow::confirmation(&Mediation::of(case), now.today);
                matches!(stands, Confirmation::Open { remind: Some(_), .. })
            }
            Self::NeedsNoFile => {
                case.kind != RecordKind::Dispute || mediation::track::needs_file(now.values).is_empty()
            }
            Self::MedComplete => mediation::volume::missing(now.package, &now.file()).is_empty(),
            Self::Unseen => case.told.iter().any(|told| told.seen_at.is_none()),
            Self::NoticeDue => risk::to_notify(now.package, case).is_some(),
            Self::RiskKept => risk::may_set(now.package, now.actor, case, now.values, now.today),
            Self::AlarmTold => {
                let step = hazard::to_answer(now.package, now.actor, case, now.today);
                step.is_some_and(|step| said("told_as").is_empty() || said("told_as") == step.id)
            }
            Self::Rechecker => {
                hazard::recheck_by(now.package, case, said("recheck_by"), Some(said("second_person")))
            }
            Self::EnforceTurn => now.may_enforce(now.today),
            Self::SupplementOver => {
                case.supplement_since.is_none_or(|_| supplement_over(now.package, case, now.today))
            }
            Self::EnforceFits => {
                let often = || hazard::failed_too_often(now.package.hazards.get(), case.failed_rechecks);
                day(Some(said("taken_on"))).is_some_and(|day| day <= now.today && now.may_enforce(day))
                    && (said("reason") != "failed" || often())
            }
        }
    }
}

/// Whether the reporter was asked for more and has not answered within the limit of its clock.
pub(super) fn supplement_over(package: &Package, case: &CaseView, today: NaiveDate) -> bool {
    let law = package.law.get();
    let rule = law.sla.common.get(&ClockId::Supplement);
    let last = |at: u64| rule.map(|rule| day_of(due(&law.calendar, *rule, at).at - 1));
    case.supplement_since.and_then(last).is_some_and(|last| last < today)
}

fn day(text: Option<&str>) -> Option<NaiveDate> {
    text.and_then(crate::date::parse)
}

impl Situation<'_> {
    /// The last day of so many units counted from today.
    fn last_day(&self, rule: Rule) -> NaiveDate {
        let calendar = &self.package.law.get().calendar;
        day_of(due(calendar, rule, midnight(self.today)).at - 1)
    }

    fn may_enforce(&self, day: NaiveDate) -> bool {
        let step = hazard::enforcing(self.action);
        let rules = self.package.hazards.get();
        step.is_some_and(|step| hazard::enforce(rules, &self.case.enforced, step, day).is_ok())
    }

    fn last_joint_day(&self) -> NaiveDate {
        let rule = self.package.law.get().sla.common.get(&ClockId::Joint).filter(|_| self.table >= 3);
        rule.map_or(self.today + chrono::Days::new(JOINT_DAYS), |rule| self.last_day(*rule))
    }

    fn least_rest(&self) -> NaiveDate {
        self.package.law.get().sla.min_rest.map_or(self.today, |rule| self.last_day(rule))
    }

    /// Marked against the actor, not contested yet, and not too long ago.
    fn contestable(&self, mark: &FaultMark) -> bool {
        let law = self.package.law.get();
        let in_time = || {
            law.sla.contest.is_none_or(|rule| self.today <= day_of(due(&law.calendar, rule, mark.at).at - 1))
        };
        let own = mark.handler.as_deref() == Some(&self.actor.user) || self.member_of(mark.unit.as_deref());
        own && mark.contest.is_none() && in_time()
    }

    fn decidable(&self, mark: &FaultMark) -> bool {
        let user = &self.actor.user;
        let outside = mark.by != *user && !self.case.handled_by.contains(user);
        outside
            && mark.contest.as_ref().is_some_and(|contest| contest.upheld.is_none() && contest.by != *user)
    }

    fn file(&self) -> Mediation<'_> {
        let number = self.case.number.as_deref();
        Mediation { values: self.values, photos: self.photos, number, state: &self.case.state }
    }

    fn member_of(&self, unit: Option<&str>) -> bool {
        unit.is_some_and(|unit| self.actor.units(self.today).contains(&unit))
    }

    fn own_to_return(&self) -> bool {
        let case = self.case;
        let claimed = case.state != "dispatched";
        match case.handler.as_deref() {
            Some(handler) if handler == self.actor.user => true,
            Some(_) if claimed => false,
            _ => self.member_of(case.lead_unit.as_deref()),
        }
    }

    /// The level after the step: a step that sets the level is judged by the new one.
    fn level(&self) -> &str {
        let path = if self.case.kind == RecordKind::Dispute { "risk_level" } else { "level" };
        self.values.get(path).and_then(Value::as_str).or(self.case.level.as_deref()).unwrap_or_default()
    }
}
