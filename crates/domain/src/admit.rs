//! Admission: whether an operation may count. The same rules on the phone, at the desk and on the server.

mod fill;
mod reach;
mod refusal;

use chrono::NaiveDate;
use gridbook_log::body::Set;
use gridbook_log::{BlobRef, Body, Create, Entity, Event, Op, Placement, key};

use crate::authority::staff;
use crate::calendar::day_of;
use crate::case::CaseView;
use crate::catalogue::admission;
use crate::confidential::{self, apart};
use crate::form::{FilledBy, Form, Photos, Problem, Stage, Values, validate};
use crate::handover;
use crate::household::{category, double, merge, movement};
use crate::mediation::{edited, risk};
use crate::opinion;
use crate::package::{Package, reaches_back};
use crate::plan::task;
use crate::record::{RecordKind, written_over};
use crate::restricted;
use crate::role::{Actor, Target, keep, may};
use crate::territory::{AreaCode, AreaLevel, covers, micro};
use crate::unit;
use crate::warning;
use crate::workflow::{self, Guard};
use crate::zero;

pub use fill::{Fill, Purpose, fillable};
pub use reach::{Reach, reach, reads};
pub use refusal::{Refusal, message_for};

/// Judges an operation that its author's account asks to add to a stream; `before` is the stream as it stands.
/// Kinds that this version does not know are let through where the author may write, so that they are stored
/// and forwarded.
///
/// # Errors
/// [`Refusal`] with a machine code and words for people.
pub fn admit(
    package: &Package,
    actor: &Actor,
    before: Option<&Entity>,
    op: &Op,
    today: NaiveDate,
) -> Result<(), Refusal> {
    if op.header().user != actor.user {
        return Err(Refusal::AuthorMismatch);
    }
    let body = op.body().map_err(|error| Refusal::BadBody(error.to_string()))?;
    let before = before.filter(|entity| entity.creation().is_some());
    let desk = Desk { package, actor, today };
    match (body, before) {
        (Body::Receipt(_) | Body::Reject(_) | Body::Number(_) | Body::ClockFix(_), _) => {
            Err(Refusal::AuthorityOnly)
        }
        (Body::Create(_), Some(_)) => Err(Refusal::Exists),
        // A device may always say which key is its own, and nobody says it for another.
        (Body::Create(create), None) if create.type_ == key::TYPE => match key::announced(op) {
            Some(_) if create.place.all == Some(true) => Ok(()),
            _ => Err(Refusal::UnknownType(create.type_.clone())),
        },
        (Body::Create(create), None) => desk.create(create, op.header().hlc.ms),
        // What went out of sight is over: nobody sees any more what he would change.
        (_, Some(entity)) if apart::out_of_sight(entity) => {
            Err(Refusal::NotLegalNow { action: op.header().kind.clone(), state: apart::AWAY.to_owned() })
        }
        (_, None) => Err(Refusal::Missing),
        (Body::Set(set), Some(entity)) => desk.set(entity, set, op.header().hlc.ms),
        (Body::Event(event), Some(entity)) => desk.event(entity, event, op.header().hlc.ms),
        (Body::Place(place), Some(entity)) => desk.place(entity, place),
        (Body::Unknown, Some(entity)) => desk.unknown(entity),
    }
}

struct Desk<'a> {
    package: &'a Package,
    actor: &'a Actor,
    today: NaiveDate,
}

impl Desk<'_> {
    fn demand(&self, permission: &str, target: &Target<'_>) -> Result<(), Refusal> {
        if may(self.package, self.actor, permission, target, self.today) {
            Ok(())
        } else {
            Err(Refusal::NotPermitted(permission.to_owned()))
        }
    }

    fn create(&self, create: &Create, written: u64) -> Result<(), Refusal> {
        let kind =
            RecordKind::parse(&create.type_).ok_or_else(|| Refusal::UnknownType(create.type_.clone()))?;
        let initial = match kind {
            RecordKind::Handover => Some(handover::OPEN),
            _ => self.package.flow(kind).map(|flow| flow.initial.as_str()),
        };
        if create.state.as_deref() != initial {
            return Err(Refusal::WrongState);
        }
        let (package, actor, today) = (self.package, self.actor, self.today);
        match kind {
            RecordKind::Confidential => return confidential::judge_create(package, actor, create, today),
            RecordKind::Restricted => return restricted::judge_create(package, actor, create, today),
            RecordKind::Warning => return warning::judge_create(package, actor, create, (today, written)),
            RecordKind::ZeroPeriod => {
                return zero::judge_create(package, actor, create, [today, day_of(written)]);
            }
            RecordKind::Admission => return admission::judge_create(package, actor, create, today),
            _ => {}
        }
        let area = self.placed(kind, &create.place)?;
        let target = Target::new(kind, area, Some(&self.actor.user));
        self.demand(write_permission(kind), &target)?;
        if !risk::may_open(self.package, self.actor, &target, &create.set, self.today) {
            return Err(Refusal::Guard(Guard::RiskKept));
        }
        match kind {
            RecordKind::Handover => return handover::judge_create(create),
            RecordKind::VisitTask => return task::judge_create(self.package, self.actor, create, self.today),
            _ => {}
        }
        if kind == RecordKind::Rules {
            // It counts for all: whoever keeps the list of one village has no say in it.
            let whole = AreaCode::parse(area).is_ok_and(|code| code.level() == AreaLevel::Township);
            return if whole {
                self.revision(&create.set, written)
            } else {
                Err(Refusal::BadArea(area.to_owned()))
            };
        }
        let form = match &create.form {
            Some(name) => Some(
                self.package
                    .form_named(name)
                    .filter(|form| form.record == kind)
                    .ok_or_else(|| Refusal::UnknownForm(name.clone()))?,
            ),
            None if kind.is_report() => return Err(Refusal::UnknownForm(String::new())),
            None => None,
        };
        if form.is_some_and(|form| form.restricted) {
            return Err(Refusal::RestrictedForm);
        }
        if let Some(name) = create.form.as_ref().filter(|name| !self.package.takes_form(name, self.today)) {
            return Err(Refusal::OldForm(name.clone()));
        }
        if let Some(path) = create.set.keys().find(|path| workflow::owned_path(self.package, kind, path)) {
            return Err(Refusal::WorkflowPath(path.clone()));
        }
        if create.set.keys().any(|path| opinion::answers(kind, path)) {
            return Err(Refusal::NotPermitted("record.edit".to_owned()));
        }
        if kind == RecordKind::Staff {
            staff::judge(self.package, self.actor, None, &create.set, self.today)?;
        }
        if kind == RecordKind::Unit {
            unit::judge(self.package, None, &create.set)?;
        }
        if kind == RecordKind::Household {
            category::judge(self.package, self.actor, area, None, &create.set, self.today)?;
            merge::judge(self.package, self.actor, area, None, &create.set, self.today)?;
            movement::judge(&self.actor.user, None, &create.set)?;
            double::judge(None, &create.set)?;
        }
        let Some(form) = form else { return Ok(()) };
        let listed = (form.id.as_str(), &create.set);
        if let Some(item) = self.package.bars(self.actor, kind, listed, [self.today, day_of(written)]) {
            return Err(Refusal::NotReporter(item.name.clone()));
        }
        let problems =
            validate(self.package, form, &create.set, &counts(&create.blobs), Stage::Quick, self.today);
        blocked(problems)
    }

    /// Where a new record lies. Nobody can share a new record past its area; the directory is for everyone.
    fn placed<'p>(&self, kind: RecordKind, place: &'p Placement) -> Result<&'p str, Refusal> {
        // A hand-over and a task are for those whom they are about; their own rules look at who they are.
        let named = matches!(kind, RecordKind::Handover | RecordKind::VisitTask);
        let foreign = !named && place.users_add.iter().any(|user| *user != self.actor.user);
        if (place.all == Some(true) && !kind.is_directory()) || !place.units_add.is_empty() || foreign {
            return Err(Refusal::BadPlacement);
        }
        match place.area.as_deref() {
            Some(area) => match AreaCode::parse(area) {
                Ok(_) => Ok(area),
                Err(_) => Err(Refusal::BadArea(area.to_owned())),
            },
            None if kind.is_directory() => Ok(""),
            None => Err(Refusal::BadArea(String::new())),
        }
    }

    fn set(&self, entity: &Entity, set: &Set, written: u64) -> Result<(), Refusal> {
        let Some(kind) = entity.type_().and_then(RecordKind::parse) else { return self.unknown(entity) };
        // A hand-over's list was looked at line by line, and what was reported in confidence stays as it was said: nobody
        // changes them afterwards.
        if matches!(kind, RecordKind::Handover | RecordKind::Confidential) {
            let state = entity.state().unwrap_or_default().to_owned();
            return Err(Refusal::NotLegalNow { action: "set".to_owned(), state });
        }
        let (package, actor, today) = (self.package, self.actor, self.today);
        match kind {
            RecordKind::Restricted => {
                return restricted::judge_set(package, actor, entity, &set.set, today);
            }
            RecordKind::VisitTask => return task::judge_set(package, actor, entity, &set.set, today),
            RecordKind::Warning => return warning::judge_set(package, actor, entity, set, (today, written)),
            RecordKind::ZeroPeriod => {
                return zero::judge_set(package, actor, entity, set, [today, day_of(written)]);
            }
            RecordKind::Admission => return admission::judge_set(package, actor, entity, set, today),
            _ => {}
        }
        let Some(case) = CaseView::of(entity) else {
            let creator = entity.creation().map(|made| made.user.as_str());
            let target = Target::new(kind, entity.area().unwrap_or_default(), creator);
            self.demand(write_permission(kind), &target)?;
            if kind == RecordKind::Rules {
                return self.revision(&set.set, written);
            }
            if kind == RecordKind::Staff {
                staff::judge(self.package, self.actor, Some(entity), &set.set, self.today)?;
            }
            if kind == RecordKind::Unit {
                unit::judge(self.package, Some(entity), &set.set)?;
            }
            if kind == RecordKind::Household {
                let area = entity.area().unwrap_or_default();
                category::judge(self.package, self.actor, area, Some(entity), &set.set, self.today)?;
                merge::judge(self.package, self.actor, area, Some(entity.id()), &set.set, self.today)?;
                movement::judge(&self.actor.user, Some(entity), &set.set)?;
                double::judge(Some(entity), &set.set)?;
            }
            return self.well_formed(entity, kind, set);
        };
        if let Some(path) = set.set.keys().find(|path| workflow::owned_path(self.package, kind, path)) {
            return Err(Refusal::WorkflowPath(path.clone()));
        }
        if !risk::may_set(self.package, self.actor, &case, &set.set, self.today) {
            return Err(Refusal::Guard(Guard::RiskKept));
        }
        // A mediation file is its mediators'; once it has ended, papers come in by opening it again.
        if kind == RecordKind::Mediation {
            self.demand("mediation.file", &case.target())?;
            if self
                .package
                .flow(kind)
                .and_then(|flow| flow.state(&case.state))
                .is_some_and(|state| state.terminal)
            {
                return Err(Refusal::NotLegalNow { action: "set".to_owned(), state: case.state });
            }
            return self.well_formed(entity, kind, set);
        }
        let form = self.form_of(entity, kind);
        // Whoever reported it cannot make it afterwards what they may not report; whoever registers it says what it is.
        if set.set.contains_key("item") && case.reporter == self.actor.user {
            let listed = (form.map_or("", |form| form.id.as_str()), &set.set);
            if let Some(item) = self.package.bars(self.actor, kind, listed, [self.today, day_of(written)]) {
                return Err(Refusal::NotReporter(item.name.clone()));
            }
        }
        let target = case.target();
        let allowed = |permission| may(self.package, self.actor, permission, &target, self.today);
        // What was said is answered at the desk: having reported it gives no right to.
        if set.set.keys().any(|path| opinion::answers(kind, path)) {
            self.demand("record.edit", &Target { creator: None, handler: None, ..case.target() })?;
        }
        let fill = Fill::of(package, actor, &case, today);
        let touched =
            set.set.keys().map(String::as_str).chain(set.blobs.iter().map(|blob| blob.role.as_str()));
        for path in touched {
            // The text of a document belongs to whoever writes or handles the record, that of a supervision to its issuer.
            let document = edited::document_of(path);
            if document == Some("supervise") && allowed("case.supervise") {
                continue;
            }
            let by = match document {
                Some(_) => FilledBy::Both,
                None => fill::filled_by(form, kind, path),
            };
            if !fill.fits(by) {
                let own = case.reporter == self.actor.user && case.registered;
                return Err(if own && by != FilledBy::Handler {
                    Refusal::RegisteredAlready
                } else {
                    Refusal::NotPermitted(
                        if by == FilledBy::Handler { "case.handle" } else { "record.edit" }.to_owned(),
                    )
                });
            }
        }
        self.well_formed(entity, kind, set)
    }

    /// A revision of the package has to hold together with everything that stands (CAT-05). Checked by the authority,
    /// which decides, and at the desk before it asks; a phone never writes one.
    fn revision(&self, changes: &Values, written: u64) -> Result<(), Refusal> {
        let bad = |error: &dyn std::fmt::Display| Refusal::BadBody(error.to_string());
        if reaches_back(changes.keys(), [self.today, day_of(written)]) {
            return Err(bad(&"纠纷时限只能从今天以后改"));
        }
        keep::judge(self.package, self.actor, changes, self.today)?;
        let next = self.package.revised(changes).map_err(|error| bad(&error))?;
        #[cfg(not(target_arch = "wasm32"))]
        if let Some(fault) = next.faults().first() {
            return Err(bad(fault));
        }
        drop(next);
        Ok(())
    }

    fn form_of(&self, entity: &Entity, kind: RecordKind) -> Option<&Form> {
        let named = entity.creation().and_then(|made| made.create.form.as_deref());
        named.and_then(|name| self.package.form_named(name)).or_else(|| self.package.form_for(kind))
    }

    /// Only what this operation changes is judged: an old fault elsewhere must not hold back a correction.
    fn well_formed(&self, entity: &Entity, kind: RecordKind, set: &Set) -> Result<(), Refusal> {
        for (path, value) in set.set.iter().filter(|(path, _)| edited::document_of(path).is_some()) {
            if let Err(problem) = edited::judge(self.package, entity, path, value) {
                let message = problem.to_string();
                let problem = Problem { path: path.clone(), code: "document", message, blocks: true };
                return Err(Refusal::Invalid(vec![problem]));
            }
        }
        let values = entity.values();
        for path in set.set.keys() {
            if opinion::judge(kind, &values, &set.set, path, &self.actor.user) == Some(false) {
                let message = "这条答复对不上记录里的意见建议".to_owned();
                let problem = Problem { path: path.clone(), code: "answer", message, blocks: true };
                return Err(Refusal::Invalid(vec![problem]));
            }
        }
        let Some(form) = self.form_of(entity, kind) else { return Ok(()) };
        let values = written_over(values, &set.set);
        let problems = validate(self.package, form, &values, &counts(&set.blobs), Stage::Quick, self.today);
        blocked(problems.into_iter().filter(|problem| set.set.contains_key(&problem.path)).collect())
    }

    fn event(&self, entity: &Entity, event: &Event, written: u64) -> Result<(), Refusal> {
        if entity.type_() == Some(RecordKind::Handover.as_str()) {
            return handover::judge_event(entity, &self.actor.user, event);
        }
        if entity.type_() == Some(RecordKind::VisitTask.as_str()) {
            return task::judge_event(self.package, self.actor, entity, event, self.today);
        }
        let case = CaseView::of(entity).ok_or(Refusal::UnknownAction)?;
        confidential::judge_event(self.package, self.actor, &case, event, self.today)?;
        workflow::check(self.package, self.actor, &case, event, [self.today, day_of(written)])
    }

    /// Moving a record is the data steward's; the new area must lie inside the steward's own, too. Which micro-grid of its
    /// grid a household belongs to is said by whoever corrects it (TERR-05).
    fn place(&self, entity: &Entity, place: &Placement) -> Result<(), Refusal> {
        let kind = entity.type_().and_then(RecordKind::parse);
        // It goes to nobody else, whoever asks; a warning is everybody's, and in force where it was announced, like a period
        // of zero reports; an application stays the township's.
        let fixed = |kind| {
            use RecordKind::{Admission, Confidential, Warning, ZeroPeriod};
            matches!(kind, Confidential | Warning | ZeroPeriod | Admission)
        };
        if kind.is_some_and(fixed) {
            return Err(Refusal::BadPlacement);
        }
        if kind == Some(RecordKind::Restricted) {
            return restricted::judge_place(self.package, self.actor, entity, place, self.today);
        }
        let area = entity.area().unwrap_or_default();
        let alone = |to: &String| *place == Placement { area: Some(to.clone()), ..Placement::default() };
        if let Some(to) = place.area.as_ref().filter(|to| kind == Some(RecordKind::Household) && alone(to))
            && micro::may_belong(self.package, self.actor, area, to, self.today)
        {
            return Ok(());
        }
        let mut target = Target::new(kind.unwrap_or(RecordKind::Household), area, None);
        if place.all.is_some() && !kind.is_some_and(RecordKind::is_directory) {
            return Err(Refusal::BadPlacement);
        }
        self.demand("record.place", &target)?;
        if let Some(to) = &place.area {
            AreaCode::parse(to).map_err(|_| Refusal::BadArea(to.clone()))?;
            target.area = to;
            self.demand("record.place", &target)?;
        }
        Ok(())
    }

    fn unknown(&self, entity: &Entity) -> Result<(), Refusal> {
        if entity.type_() == Some(RecordKind::Confidential.as_str()) {
            return Err(Refusal::UnknownAction);
        }
        let creator = entity.creation().is_some_and(|made| made.user == self.actor.user);
        let area = entity.area().unwrap_or_default();
        let inside = self.actor.areas(self.today).into_iter().any(|prefix| covers(prefix, area));
        if creator || inside { Ok(()) } else { Err(Refusal::NotPermitted("record.edit".to_owned())) }
    }
}

/// The permission that writing a new record of a kind takes.
fn write_permission(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Visit
        | RecordKind::Hazard
        | RecordKind::Dispute
        | RecordKind::Matter
        | RecordKind::Entry => "record.create",
        RecordKind::Mediation => "mediation.file",
        RecordKind::Household | RecordKind::Place => "household.edit",
        RecordKind::Handover => "handover.start",
        RecordKind::VisitTask => "visit.plan",
        RecordKind::Restricted => restricted::ASSIGN,
        RecordKind::Rules | RecordKind::Admission => "catalog.edit",
        RecordKind::Area | RecordKind::Unit | RecordKind::Staff => "directory.edit",
        RecordKind::Warning => warning::ANNOUNCE,
        RecordKind::ZeroPeriod => zero::DECLARE,
        RecordKind::Confidential => confidential::REPORT,
    }
}

fn counts(blobs: &[BlobRef]) -> Photos {
    let mut photos = Photos::new();
    for blob in blobs {
        *photos.entry(blob.role.clone()).or_default() += 1;
    }
    photos
}

fn blocked(problems: Vec<Problem>) -> Result<(), Refusal> {
    let blocking: Vec<_> = problems.into_iter().filter(|problem| problem.blocks).collect();
    if blocking.is_empty() { Ok(()) } else { Err(Refusal::Invalid(blocking)) }
}

#[cfg(test)]
mod tests;
