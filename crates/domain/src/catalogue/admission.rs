//! How an item comes onto the list and leaves it (CAT-02): applied for, reviewed, approved by somebody else, published
//! with a version; nothing else can be asked of grid workers. An application is a record of its own, of kind `admission`;
//! where it stands follows from what was written to it and by whom.

mod judge;
mod procedure;

use chrono::NaiveDate;
use gridbook_log::Values;
use serde_json::Value;

use super::{Catalogue, Item, LEVELS, SLA_CLASSES, Status};
use crate::date;
use crate::form::Form;
use crate::package::{Package, sha256};
use crate::record::RecordKind;

pub(crate) use judge::{judge_create, judge_set};
pub use procedure::{
    APPROVED, ENDED, Opinion, PUBLISHED, Procedure, Publication, REVIEWED, Stage, applies, may_apply,
    waits_for,
};

/// Hours a month above which the list is too much for one worker: a warning, for the centre to weigh.
pub const WORKLOAD_HOURS: u32 = 60;

/// Most minutes of one action: a working day.
const MAX_MINUTES: u32 = 480;
/// Most actions a month in one grid.
const MAX_TIMES: u32 = 1_000;
/// Most grids of a township.
const MAX_GRIDS: u32 = 10_000;

/// What a unit applies for.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    /// An item comes onto the list.
    Admit {
        /// The item as it would stand in the list.
        item: Box<Item>,
        /// True for one that is meant for a time.
        temporary: bool,
    },
    /// An item leaves the list.
    Retire {
        /// Its id.
        item: String,
        /// The last day on which it may be asked for.
        last: NaiveDate,
    },
}

/// A unit's application for an item.
#[derive(Debug, Clone, PartialEq)]
pub struct Application {
    /// What it is about.
    pub wish: Wish,
    /// Code of the unit that applies.
    pub unit: String,
    /// Whom to ask.
    pub contact: String,
    /// Law or policy that it rests on.
    pub basis: String,
    /// Why grid workers; why not any more.
    pub why: String,
    /// What they would do.
    pub actions: String,
    /// Minutes for one action.
    pub minutes: u32,
    /// Actions a month in one grid.
    pub times_a_month: u32,
    /// Grids that it concerns.
    pub grids: u32,
    /// Who trains them, and when; empty in applications from before it was asked.
    pub training: String,
    /// What it costs and who pays; empty in applications from before it was asked.
    pub funding: String,
    /// Who does it from then on, where an item goes; empty in applications from before it was asked.
    pub successor: String,
}

/// What an application says; everything else that a record of the kind holds is a step.
const SAID: [&str; 16] = [
    "training",
    "funding",
    "successor",
    "kind",
    "item",
    "temporary",
    "ends",
    "last",
    "unit",
    "contact",
    "basis",
    "why",
    "actions",
    "minutes",
    "times_a_month",
    "grids",
];

impl Application {
    /// Reads the values of a record; `None` when they are none of an application.
    pub(super) fn read(values: &Values) -> Option<Self> {
        let text = |path: &str| values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let number = |path: &str| {
            values.get(path).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok()).unwrap_or_default()
        };
        let wish = match text("kind").as_str() {
            // Read from text, as everything of the package is: the same code does it.
            "admit" => Wish::Admit {
                item: serde_json::from_str(&values.get("item")?.to_string()).ok()?,
                temporary: values.get("temporary").and_then(Value::as_bool).unwrap_or(false),
            },
            "retire" => Wish::Retire { item: text("ends"), last: date::parse(&text("last"))? },
            _ => return None,
        };
        Some(Self {
            wish,
            unit: text("unit"),
            contact: text("contact"),
            basis: text("basis"),
            why: text("why"),
            actions: text("actions"),
            minutes: number("minutes"),
            times_a_month: number("times_a_month"),
            grids: number("grids"),
            training: text("training"),
            funding: text("funding"),
            successor: text("successor"),
        })
    }

    /// The values of a record that says this.
    pub fn values(&self) -> Values {
        let text = |text: &str| Value::from(text);
        let mut set: Values = [
            ("unit", text(&self.unit)),
            ("contact", text(&self.contact)),
            ("basis", text(&self.basis)),
            ("why", text(&self.why)),
            ("actions", text(&self.actions)),
            ("minutes", self.minutes.into()),
            ("times_a_month", self.times_a_month.into()),
            ("grids", self.grids.into()),
        ]
        .map(|(path, value)| (path.to_owned(), value))
        .into();
        // Left out where nothing was said: an opinion about an application from before still is about the same.
        let more = [("training", &self.training), ("funding", &self.funding), ("successor", &self.successor)];
        set.extend(
            more.into_iter()
                .filter(|(_, words)| !words.is_empty())
                .map(|(path, words)| (path.to_owned(), text(words))),
        );
        let wish = match &self.wish {
            Wish::Admit { item, temporary } => [
                ("kind", text("admit")),
                ("item", serde_json::to_value(item).unwrap_or_default()),
                ("temporary", (*temporary).into()),
            ],
            Wish::Retire { item, last } => {
                [("kind", text("retire")), ("ends", text(item)), ("last", text(&last.to_string()))]
            }
        };
        set.extend(wish.map(|(path, value)| (path.to_owned(), value)));
        set
    }

    /// What whoever gives an opinion has read: differs when it says something else.
    pub fn mark(&self) -> String {
        let said = serde_json::to_string(&self.values()).unwrap_or_default();
        let mut sum = sha256(&said);
        sum.truncate(16);
        sum
    }

    /// Minutes a month for one worker.
    pub fn minutes_each(&self) -> u32 {
        self.minutes.saturating_mul(self.times_a_month)
    }

    /// Minutes a month in all grids together.
    pub fn minutes_all(&self) -> u32 {
        self.minutes_each().saturating_mul(self.grids)
    }

    /// Hours a month for one worker with this item on the list; above [`WORKLOAD_HOURS`] it is too much.
    pub fn hours_with(&self, catalogue: &Catalogue, day: NaiveDate) -> u32 {
        workload_minutes(catalogue, day).saturating_add(self.minutes_each()).div_ceil(60)
    }

    /// Whether it says what it has to, and names what there is.
    ///
    /// # Errors
    /// [`AdmissionError`]: what is missing, or names nothing.
    pub fn check(&self, package: &Package) -> Result<(), AdmissionError> {
        let told = |texts: &[&String]| texts.iter().all(|text| !text.trim().is_empty());
        let catalogue = package.catalogue.get();
        let (item, temporary) = match &self.wish {
            Wish::Retire { item, .. } => {
                if !told(&[&self.unit, &self.contact, &self.why]) {
                    return Err(AdmissionError::Incomplete);
                }
                let held = catalogue.item(item).filter(|held| held.status != Status::Retired);
                return held.map(|_| ()).ok_or(AdmissionError::Unknown);
            }
            Wish::Admit { item, temporary } => (item, *temporary),
        };
        let texts =
            [&self.unit, &self.contact, &self.basis, &self.why, &self.actions, &item.name, &item.lead];
        if !told(&texts) || [self.minutes, self.times_a_month, self.grids].contains(&0) {
            return Err(AdmissionError::Incomplete);
        }
        let most = [(self.minutes, MAX_MINUTES), (self.times_a_month, MAX_TIMES), (self.grids, MAX_GRIDS)];
        if most.iter().any(|(said, most)| said > most) {
            return Err(AdmissionError::TooMuch);
        }
        // Whoever decides sees all of it: what the application does not ask for comes by the package's own way.
        if Item::clone(item).plain() != **item || !LEVELS.contains(&item.level.as_str()) {
            return Err(AdmissionError::Beyond);
        }
        let coded = |code: &str| {
            (2..=8).contains(&code.len())
                && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        if !coded(&item.code) || item.id.is_empty() {
            return Err(AdmissionError::Code);
        }
        if catalogue.items.iter().any(|held| held.id == item.id || held.code == item.code) {
            return Err(AdmissionError::Exists);
        }
        if temporary && item.to.is_none() {
            return Err(AdmissionError::NoEnd);
        }
        if item.from.zip(item.to).is_some_and(|(from, to)| to < from) {
            return Err(AdmissionError::Dates);
        }
        if !catalogue.groups.iter().any(|group| group.id == item.group) {
            return Err(AdmissionError::UnknownGroup);
        }
        if !package.form(&item.form).is_some_and(asks_grid_workers) {
            return Err(AdmissionError::UnknownForm);
        }
        if item.sla.is_empty() || item.sla.iter().any(|class| !SLA_CLASSES.contains(&class.as_str())) {
            return Err(AdmissionError::UnknownSla);
        }
        Ok(())
    }

    /// What its publication changes in the package: one item, which comes with the minutes that were applied for, or ends on
    /// its last day; records of it stay readable. A last day that has passed takes it off at once.
    ///
    /// # Errors
    /// [`AdmissionError::Exists`], [`AdmissionError::Unknown`]: the list has moved on since.
    pub fn changes(&self, catalogue: &Catalogue, today: NaiveDate) -> Result<Values, AdmissionError> {
        let next = match &self.wish {
            Wish::Admit { item, .. } => {
                if catalogue.items.iter().any(|held| held.id == item.id || held.code == item.code) {
                    return Err(AdmissionError::Exists);
                }
                Item { status: Status::Active, minutes_month: Some(self.minutes_each()), ..Item::clone(item) }
            }
            Wish::Retire { item, last } => {
                let held = catalogue.item(item).ok_or(AdmissionError::Unknown)?;
                let status = if *last < today { Status::Retired } else { held.status };
                Item { to: Some(*last), status, ..held.clone() }
            }
        };
        Ok([(format!("item/{}", next.id), serde_json::to_value(&next).unwrap_or_default())].into())
    }

    /// Whether the list says what its publication made it say, or has moved on from there.
    fn stands(&self, catalogue: &Catalogue) -> bool {
        match &self.wish {
            Wish::Admit { item, .. } => catalogue.item(&item.id).is_some(),
            Wish::Retire { item, .. } => {
                catalogue.item(item).is_none_or(|held| held.to.is_some() || held.status == Status::Retired)
            }
        }
    }
}

/// Whether an item may ask grid workers to fill in this form: reports, and none that takes a grant by name.
pub fn asks_grid_workers(form: &Form) -> bool {
    form.record.is_report() && form.record != RecordKind::Mediation && !form.restricted
}

/// What an item asks for ([`Item::kind`]) follows from its form.
pub const fn kind_for(record: RecordKind) -> &'static str {
    match record {
        RecordKind::Visit => "visit",
        RecordKind::Hazard => "hazard",
        RecordKind::Dispute => "dispute",
        RecordKind::Entry => "register",
        _ => "report",
    }
}

/// Minutes a month that the list asks of one worker on that day.
pub fn workload_minutes(catalogue: &Catalogue, day: NaiveDate) -> u32 {
    let offered = catalogue.items.iter().filter(|item| item.offered_on(day));
    offered.filter_map(|item| item.minutes_month).fold(0, u32::saturating_add)
}

/// Why an item does not come onto the list or leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub enum AdmissionError {
    /// Not the step that comes next.
    WrongStage,
    /// The same person twice.
    SamePerson,
    /// A no without a reason.
    NoWords,
    /// No basis, no reason, no estimate or no contact.
    Incomplete,
    /// An estimate that nobody can mean.
    TooMuch,
    /// It would change what an application does not speak of.
    Beyond,
    /// It was corrected after it was read.
    Changed,
    /// A code that is none.
    Code,
    /// An item of this id or code is on the list.
    Exists,
    /// No such item.
    Unknown,
    /// No heading of this name.
    UnknownGroup,
    /// No form of this name that grid workers fill in.
    UnknownForm,
    /// No class of limits of this name.
    UnknownSla,
    /// The last day comes before the first.
    Dates,
    /// An item for a time without a last day.
    NoEnd,
}

impl AdmissionError {
    /// Every cause.
    pub const ALL: [Self; 15] = [
        Self::WrongStage,
        Self::SamePerson,
        Self::NoWords,
        Self::Incomplete,
        Self::TooMuch,
        Self::Beyond,
        Self::Changed,
        Self::Code,
        Self::Exists,
        Self::Unknown,
        Self::UnknownGroup,
        Self::UnknownForm,
        Self::UnknownSla,
        Self::Dates,
        Self::NoEnd,
    ];

    /// Machine code, stable.
    pub const fn code(self) -> &'static str {
        self.told().0
    }

    /// Words for people.
    pub const fn words(self) -> &'static str {
        self.told().1
    }

    const fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::WrongStage => ("item_stage", "要按申请、审核、审批、发布的次序办, 每步只办一次"),
            Self::SamePerson => ("item_person", "审批要由申请人、审核人以外的人办"),
            Self::NoWords => ("item_words", "不同意要写明理由"),
            Self::Incomplete => ("item_incomplete", "请写明单位、依据、理由、做什么、工作量和联系人"),
            Self::TooMuch => {
                ("item_too_much", "工作量不对: 每次最多 480 分钟, 每月最多 1000 次, 最多 10000 个网格")
            }
            Self::Beyond => ("item_beyond", "申请里有这里不办的内容, 请用清单文件导入"),
            Self::Changed => ("item_changed", "申请在您看过以后改过了, 请再看一遍再写意见"),
            Self::Code => ("item_code", "编号用大写字母和数字, 二到八位, 如 D10"),
            Self::Exists => ("item_exists", "清单里已经有这个编号的事项"),
            Self::Unknown => ("item_unknown", "清单里没有这个事项"),
            Self::UnknownGroup => ("item_group", "清单里没有这个类别"),
            Self::UnknownForm => ("item_form", "找不到网格员可以填的这张表单"),
            Self::UnknownSla => ("item_sla", "找不到这个时限类别"),
            Self::Dates => ("item_dates", "结束日期要在开始日期以后"),
            Self::NoEnd => ("item_end", "临时事项要写结束日期"),
        }
    }
}

#[cfg(test)]
mod tests;
