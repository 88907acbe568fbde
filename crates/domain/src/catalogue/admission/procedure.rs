//! An application on its way (CAT-02), read from its record. Who took a step and when is what the operation says that wrote
//! it: the value has no room for another name.

use chrono::NaiveDate;
use gridbook_log::{Create, Entity, EntityId, Placement, Values, Write};
use serde_json::{Value, json};

use super::{AdmissionError, Application, Wish};
use crate::admit::Refusal;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Right, Target, right};
use crate::summary::Summary;

/// The path of the centre's opinion.
pub const REVIEWED: &str = "reviewed";
/// The path of the leader's decision.
pub const APPROVED: &str = "approved";
/// The path that says which revision of the package it became.
pub const PUBLISHED: &str = "published";

/// The path that ends it without a decision: withdrawn by who applied, or not published after all.
pub const ENDED: &str = "ended";

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The unit has applied.
    Applied,
    /// The centre has reviewed it.
    Reviewed,
    /// A leader has approved it.
    Approved,
    /// It became a revision of the list.
    Published,
    /// Somebody said no.
    Refused,
}

impl Stage {
    /// As rows of lists have it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Reviewed => "reviewed",
            Self::Approved => "approved",
            Self::Published => "published",
            Self::Refused => "refused",
        }
    }
}

/// What somebody said to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opinion {
    /// Who.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Yes or no.
    pub agrees: bool,
    /// In words; a no has some.
    pub words: String,
}

/// What it became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publication {
    /// Who published it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// The record of kind `rules`.
    pub rules: EntityId,
    /// Version of the list with it.
    pub version: u32,
}

/// An application on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Procedure {
    /// Its stream.
    pub id: EntityId,
    /// Code of the township.
    pub area: String,
    /// What is applied for.
    pub application: Application,
    /// Who wrote it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// The centre's opinion.
    pub reviewed: Option<Opinion>,
    /// The leader's decision.
    pub approved: Option<Opinion>,
    /// What it became.
    pub published: Option<Publication>,
    /// Who ended it without that, and why.
    pub ended: Option<Opinion>,
    /// The authority did not take it in: an item of that code came first.
    pub rejected: bool,
}

/// Yes or no with its words, and what was read; `None` for anything that says more or less.
fn opinion(value: &Value) -> Option<(bool, &str, &str)> {
    let held = value.as_object().filter(|held| held.len() == 3)?;
    Some((held.get("agrees")?.as_bool()?, held.get("words")?.as_str()?, held.get("read")?.as_str()?))
}

fn publication(value: &Value) -> Option<(EntityId, u32)> {
    let held = value.as_object().filter(|held| held.len() == 2)?;
    let version = u32::try_from(held.get("version")?.as_u64()?).ok()?;
    Some((EntityId::parse(held.get("rules")?.as_str()?)?, version))
}

impl Procedure {
    /// Reads a record; `None` when it is no application or cannot be read.
    pub fn of(entity: &Entity) -> Option<Self> {
        let made = entity.creation().filter(|made| made.create.type_ == RecordKind::Admission.as_str())?;
        let step = |path: &str| entity.register(path).and_then(|held| held.heads().next());
        let said = |write: &Write| {
            let (agrees, words, _) = opinion(&write.value)?;
            Some(Opinion { by: write.user.clone(), at: write.hlc.ms, agrees, words: words.to_owned() })
        };
        let left = |write: &Write| {
            let words = write.value.as_str()?.to_owned();
            Some(Opinion { by: write.user.clone(), at: write.hlc.ms, agrees: false, words })
        };
        let became = |write: &Write| {
            let (rules, version) = publication(&write.value)?;
            Some(Publication { by: write.user.clone(), at: write.hlc.ms, rules, version })
        };
        Some(Self {
            id: entity.id(),
            area: entity.area().unwrap_or_default().to_owned(),
            application: Application::read(&entity.values())?,
            by: made.user.clone(),
            at: made.hlc.ms,
            reviewed: step(REVIEWED).and_then(said),
            approved: step(APPROVED).and_then(said),
            published: step(PUBLISHED).and_then(became),
            ended: step(ENDED).and_then(left),
            rejected: made.rejected.is_some(),
        })
    }

    /// The record of an application, in this township: shared with the unit that applies.
    pub fn create(application: &Application, area: &str) -> Create {
        Create {
            type_: RecordKind::Admission.as_str().to_owned(),
            place: Placement {
                area: Some(area.to_owned()),
                units_add: vec![application.unit.clone()],
                ..Placement::default()
            },
            set: application.values(),
            ..Create::default()
        }
    }

    /// Where it stands.
    pub fn stage(&self) -> Stage {
        if self.rejected {
            return Stage::Refused;
        }
        if self.ended.is_some() && self.published.is_none() {
            return Stage::Refused;
        }
        match (&self.reviewed, &self.approved, &self.published) {
            (Some(said), ..) if !said.agrees => Stage::Refused,
            (_, Some(said), _) if !said.agrees => Stage::Refused,
            (Some(_), Some(_), Some(_)) => Stage::Published,
            (Some(_), Some(_), None) => Stage::Approved,
            (Some(_), None, _) => Stage::Reviewed,
            (None, ..) => Stage::Applied,
        }
    }

    /// The path of the step that comes next. Published once more is what the authority did not take into its list.
    pub fn next(&self, package: &Package) -> Option<&'static str> {
        match self.stage() {
            Stage::Applied => Some(REVIEWED),
            Stage::Reviewed => Some(APPROVED),
            Stage::Approved => Some(PUBLISHED),
            Stage::Published if !self.application.stands(package.catalogue.get()) => Some(PUBLISHED),
            Stage::Published | Stage::Refused => None,
        }
    }

    /// Whether this person may take a step now. Opinions are the centre's, whoever keeps the list publishes, and the leader
    /// who decides is neither who applied nor who reviewed.
    ///
    /// # Errors
    /// [`Refusal`]: not the next step, not this person's right, or the same person twice.
    pub fn takes(
        &self,
        package: &Package,
        actor: &Actor,
        path: &str,
        today: NaiveDate,
    ) -> Result<(), Refusal> {
        if self.next(package) != Some(path) {
            return Err(Refusal::Admission(AdmissionError::WrongStage));
        }
        let permission = if path == APPROVED { "catalog.approve" } else { "catalog.edit" };
        if ask(package, actor, permission, (&self.area, &self.application.unit), today) != Right::Yes {
            return Err(Refusal::NotPermitted(permission.to_owned()));
        }
        let reviewer = self.reviewed.as_ref().map(|said| said.by.as_str());
        if path == APPROVED && [Some(self.by.as_str()), reviewer].contains(&Some(&actor.user)) {
            return Err(Refusal::Admission(AdmissionError::SamePerson));
        }
        Ok(())
    }

    /// Whether this person may end it without a decision: who applied, as long as it is on its way; who would publish it,
    /// once it is approved, since the list may have moved on.
    pub fn ends(&self, package: &Package, actor: &Actor, today: NaiveDate) -> bool {
        match self.stage() {
            Stage::Applied | Stage::Reviewed | Stage::Approved if self.by == actor.user => true,
            Stage::Approved => self.takes(package, actor, PUBLISHED, today).is_ok(),
            _ => false,
        }
    }

    /// What is set to say yes or no to what was read.
    pub fn say(&self, path: &str, agrees: bool, words: &str) -> Values {
        let read = self.application.mark();
        [(path.to_owned(), json!({"agrees": agrees, "words": words, "read": read}))].into()
    }

    /// What is set to end it without a decision.
    pub fn end(words: &str) -> Values {
        [(ENDED.to_owned(), Value::from(words))].into()
    }

    /// What is set once it became this revision.
    pub fn became(rules: EntityId, version: u32) -> Values {
        [(PUBLISHED.to_owned(), json!({"rules": rules.to_string(), "version": version}))].into()
    }

    /// Whether a step can be read and is about what the application says now, a no has its reason, and what is agreed to
    /// still fits the list.
    pub(super) fn sound(&self, package: &Package, path: &str, value: &Value) -> Result<(), Refusal> {
        let bad = || Refusal::BadBody("step of an admission".to_owned());
        if path == ENDED {
            let words = value.as_str().ok_or_else(bad)?;
            let told = !words.trim().is_empty();
            return if told { Ok(()) } else { Err(Refusal::Admission(AdmissionError::NoWords)) };
        }
        if path == PUBLISHED {
            return publication(value).map(|_| ()).ok_or_else(bad);
        }
        match opinion(value) {
            None => Err(bad()),
            Some((.., read)) if read != self.application.mark() => {
                Err(Refusal::Admission(AdmissionError::Changed))
            }
            Some((false, words, _)) if words.trim().is_empty() => {
                Err(Refusal::Admission(AdmissionError::NoWords))
            }
            Some((false, ..)) => Ok(()),
            Some((true, ..)) => self.application.check(package).map_err(Refusal::Admission),
        }
    }

    /// Fills in the row of a list: what it is about, its unit, where it stands, who reviewed it.
    pub(crate) fn into_row(self, row: &mut Summary) {
        self.stage().as_str().clone_into(&mut row.state);
        row.categories = self.reviewed.map(|said| said.by).into_iter().collect();
        (row.title, row.number) = match self.application.wish {
            Wish::Admit { item, .. } => (item.name, item.code),
            Wish::Retire { item, .. } => (RecordKind::Admission.label().to_owned(), item),
        };
        row.subtitle = self.application.unit;
    }
}

/// Whether the application behind a row waits for this person, as [`Procedure::takes`] would say of the whole record.
pub fn waits_for(row: &Summary, package: &Package, actor: &Actor, today: NaiveDate) -> bool {
    let decides = row.state == Stage::Reviewed.as_str();
    let permission = if decides { "catalog.approve" } else { "catalog.edit" };
    let stages = [Stage::Applied, Stage::Reviewed, Stage::Approved];
    row.kind == RecordKind::Admission
        && stages.iter().any(|stage| stage.as_str() == row.state)
        && !(decides && (row.reporter == actor.user || row.categories.contains(&actor.user)))
        && ask(package, actor, permission, (&row.area, &row.subtitle), today) == Right::Yes
}

fn ask(
    package: &Package,
    actor: &Actor,
    permission: &str,
    (area, unit): (&str, &str),
    today: NaiveDate,
) -> Right {
    let target = Target { units: vec![unit], ..Target::new(RecordKind::Admission, area, Some(&actor.user)) };
    right(package, actor, permission, &target, today)
}

/// Whether somebody may apply for that unit: a right to propose is enough.
pub fn may_apply(package: &Package, actor: &Actor, area: &str, unit: &str, today: NaiveDate) -> bool {
    ask(package, actor, "catalog.edit", (area, unit), today) >= Right::Propose
}

/// Whether somebody may apply for any unit: decides which screens are offered.
pub fn applies(package: &Package, actor: &Actor, area: &str, today: NaiveDate) -> bool {
    actor.units(today).into_iter().chain([""]).any(|unit| may_apply(package, actor, area, unit, today))
}
