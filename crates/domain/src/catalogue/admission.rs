//! How an item comes onto the list and leaves it (CAT-02): applied for, reviewed, approved by somebody else, published
//! with a version; nothing else can be asked of grid workers.

use chrono::NaiveDate;

use super::{Catalogue, Item, SLA_CLASSES, Status};
use crate::package::Package;

/// Hours a month above which the list is too much for one worker: a warning, for the centre to weigh.
pub const WORKLOAD_HOURS: u32 = 60;

/// A unit's application for an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// The item as it would stand in the list.
    pub item: Item,
    /// Who applies.
    pub unit: String,
    /// Whom to ask.
    pub contact: String,
    /// Law or policy that it rests on.
    pub basis: String,
    /// Why grid workers.
    pub why: String,
    /// What they would do.
    pub actions: String,
    /// Minutes for one action.
    pub minutes: u32,
    /// Actions a month in one grid.
    pub times_a_month: u32,
    /// Grids that it concerns.
    pub grids: u32,
}

impl Application {
    /// Minutes a month for one worker.
    pub fn minutes_each(&self) -> u32 {
        self.minutes.saturating_mul(self.times_a_month)
    }

    /// Minutes a month in all grids together.
    pub fn minutes_all(&self) -> u32 {
        self.minutes_each().saturating_mul(self.grids)
    }
}

/// Minutes a month that the list asks of one worker on that day.
pub fn workload_minutes(catalogue: &Catalogue, day: NaiveDate) -> u32 {
    catalogue.items.iter().filter(|item| item.offered_on(day)).filter_map(|item| item.minutes_month).sum()
}

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The unit has applied.
    Applied,
    /// The centre has reviewed it.
    Reviewed,
    /// A leader has approved it.
    Approved,
    /// Somebody said no.
    Refused,
}

/// Why an item does not come onto the list or leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmissionError {
    /// Not the step that comes next.
    #[error("要按申请、审核、审批、发布的次序办")]
    WrongStage,
    /// The same person twice.
    #[error("审核和审批要由不同的人办")]
    SamePerson,
    /// No basis, no reason or no contact.
    #[error("请写明依据、理由、做什么和联系人")]
    Incomplete,
    /// An item of this id or code is on the list.
    #[error("清单里已经有这个编号的事项")]
    Exists,
    /// No such item.
    #[error("清单里没有这个事项")]
    Unknown,
    /// No form of this name.
    #[error("找不到填写用的表单")]
    UnknownForm,
    /// No class of limits of this name.
    #[error("找不到这个时限类别")]
    UnknownSla,
    /// The last day comes before the first.
    #[error("结束日期要在开始日期以后")]
    Dates,
    /// An item for a time without a last day.
    #[error("临时事项要写结束日期")]
    NoEnd,
}

/// An application on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Procedure {
    /// What is applied for.
    pub application: Application,
    /// True for an item that is meant for a time.
    pub temporary: bool,
    /// Where it stands.
    pub stage: Stage,
    reviewer: Option<String>,
}

impl Procedure {
    /// Takes an application in.
    ///
    /// # Errors
    /// [`AdmissionError`]: something is missing, or names nothing.
    pub fn apply(
        package: &Package,
        application: Application,
        temporary: bool,
    ) -> Result<Self, AdmissionError> {
        let item = &application.item;
        let told = [&application.basis, &application.why, &application.actions, &application.contact];
        if told.into_iter().any(|text| text.trim().is_empty()) {
            return Err(AdmissionError::Incomplete);
        }
        if temporary && item.to.is_none() {
            return Err(AdmissionError::NoEnd);
        }
        if item.from.zip(item.to).is_some_and(|(from, to)| to < from) {
            return Err(AdmissionError::Dates);
        }
        if package.form(&item.form).is_none() {
            return Err(AdmissionError::UnknownForm);
        }
        if item.sla.is_empty() || item.sla.iter().any(|class| !SLA_CLASSES.contains(&class.as_str())) {
            return Err(AdmissionError::UnknownSla);
        }
        Ok(Self { application, temporary, stage: Stage::Applied, reviewer: None })
    }

    /// The centre's opinion.
    ///
    /// # Errors
    /// [`AdmissionError::WrongStage`].
    pub fn review(&mut self, by: &str, agrees: bool) -> Result<(), AdmissionError> {
        self.step(Stage::Applied, if agrees { Stage::Reviewed } else { Stage::Refused })?;
        self.reviewer = Some(by.to_owned());
        Ok(())
    }

    /// The leader's decision: another person than the reviewer.
    ///
    /// # Errors
    /// [`AdmissionError::WrongStage`], [`AdmissionError::SamePerson`].
    pub fn approve(&mut self, by: &str, agrees: bool) -> Result<(), AdmissionError> {
        if self.reviewer.as_deref() == Some(by) {
            return Err(AdmissionError::SamePerson);
        }
        self.step(Stage::Reviewed, if agrees { Stage::Approved } else { Stage::Refused })
    }

    /// The list with the item in it, one version on.
    ///
    /// # Errors
    /// [`AdmissionError::WrongStage`], [`AdmissionError::Exists`].
    pub fn publish(&self, catalogue: &Catalogue) -> Result<Catalogue, AdmissionError> {
        if self.stage != Stage::Approved {
            return Err(AdmissionError::WrongStage);
        }
        let mut item = self.application.item.clone();
        let clash = |held: &Item| held.id == item.id || held.code == item.code;
        if catalogue.items.iter().any(clash) {
            return Err(AdmissionError::Exists);
        }
        item.status = Status::Active;
        item.minutes_month = Some(self.application.minutes_each());
        let mut next = catalogue.clone();
        next.version += 1;
        next.items.push(item);
        Ok(next)
    }

    /// Hours a month for one worker with this item on the list; above [`WORKLOAD_HOURS`] it is too much.
    pub fn hours_with(&self, catalogue: &Catalogue, day: NaiveDate) -> u32 {
        workload_minutes(catalogue, day).saturating_add(self.application.minutes_each()).div_ceil(60)
    }

    fn step(&mut self, from: Stage, to: Stage) -> Result<(), AdmissionError> {
        if self.stage != from {
            return Err(AdmissionError::WrongStage);
        }
        self.stage = to;
        Ok(())
    }
}

/// The list with an item that ends on its last day, one version on; records of it stay readable. A last day that has
/// passed takes it off at once.
///
/// # Errors
/// [`AdmissionError::Unknown`], [`AdmissionError::Incomplete`] without a reason.
pub fn retire(
    catalogue: &Catalogue,
    id: &str,
    last_day: NaiveDate,
    reason: &str,
    today: NaiveDate,
) -> Result<Catalogue, AdmissionError> {
    if reason.trim().is_empty() {
        return Err(AdmissionError::Incomplete);
    }
    let mut next = catalogue.clone();
    let item = next.items.iter_mut().find(|item| item.id == id).ok_or(AdmissionError::Unknown)?;
    item.to = Some(last_day);
    if last_day < today {
        item.status = Status::Retired;
    }
    next.version += 1;
    Ok(next)
}
