//! The compact projection that lists, plans and the search box run over: one row a record, kept in memory.
//!
//! It depends on the stream alone (the authority's receipts included), not on when that arrived here, so every replica
//! has the same rows.

use chrono::{Datelike, NaiveDate};
use gridbook_log::{Entity, EntityId, EventRec, Outcome, body};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::calendar::day_of;
use crate::case::{CaseView, Tie, ties, unseen};
use crate::catalogue::admission::Procedure;
use crate::clock::{self, Deadline};
use crate::confidential::apart::out_of_sight;
use crate::handover::Handover;
use crate::hazard;
use crate::household::{HouseholdView, category, double, merge, twin};
use crate::mediation::open::{ANSWER_NEAR, answer_by};
use crate::mediation::{Mediation, risk};
use crate::package::Package;
use crate::pinyin::name_initials;
use crate::plan::task::{CANCELLED, VisitTask};
use crate::record::RecordKind;
use crate::restricted::Restricted;
use crate::rules::look_back;
use crate::rules::similar::spot_of;
use crate::search::{fold, fold_door};
use crate::territory::micro;
use crate::warning::Warning;
use crate::zero::{self, Period};

/// How a visit was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum VisitMode {
    /// Face to face, at home or elsewhere.
    InPerson,
    /// By phone or video.
    Call,
    /// A neighbour was asked.
    Neighbour,
}

/// What the plan needs of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VisitFact {
    /// Day of the visit (Beijing time).
    #[serde(with = "crate::date::plain")]
    pub day: NaiveDate,
    /// When, milliseconds since 1970: a warning of the evening is not answered by a visit of the morning.
    pub at: u64,
    /// How.
    pub mode: VisitMode,
    /// Whether anybody was met.
    pub met: bool,
    /// The day of the next one that the visitor asked for, as days of our era, and whether they said why.
    pub next: Option<(i32, bool)>,
}

/// Folded texts for the search box.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keys {
    /// Names of persons, folded.
    pub names: Vec<String>,
    /// Their initials; a name may have several.
    pub initials: Vec<String>,
    /// Last eight digits of phones.
    pub tails: Vec<String>,
    /// Marks of a household's people, to know them again (TERR-13).
    pub marks: Vec<u64>,
    /// House or door number without its counting word.
    pub door: String,
    /// Everything else to look for: address, landmark, title.
    pub text: String,
}

/// What a record waits for from a person.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Hint {
    /// The reporter was asked for more (state `supplement`).
    Supplement,
    /// The reporter was told something and has not said that it was seen (FLOW-11).
    FedBack,
    /// Two decisions were made at once: one more is needed.
    Decision,
    /// A case's most urgent limit, see [`Summary::deadline`]. Rows written before there was one stay readable.
    Due(Deadline),
    /// A visit heard of something that calls for another one: place of the trigger in the package's list (VISIT-05).
    Calls(u8),
    /// Where a case was found, a household stands, or people set out from in a micro-grid, in hundred-thousandths of a
    /// degree.
    At {
        /// North.
        lat: i32,
        /// East.
        lon: i32,
    },
    /// The next day on which somebody looks back at a closed case, as days of our era (FLOW-14).
    LookBack(i32),
    /// The reporter has to hear of it again (FLOW-11).
    Tell {
        /// From when on somebody is reminded, milliseconds since 1970.
        warn: u64,
        /// When it is late.
        due: u64,
    },
    /// Somebody has to be told of a red risk, until this instant, milliseconds since 1970 (MED-13).
    Notify(u64),
    /// Somebody is told of a danger that cannot wait, and has not said that they know (HAZ-05).
    Alarm {
        /// Place in the chain.
        step: u8,
        /// Told since, milliseconds since 1970; may lie ahead.
        at: u64,
    },
    /// A household's category that somebody has to approve (TERR-12).
    Approve,
    /// What was entered at a household calls for a visit: place of the trigger in the package's list, and the day as days of
    /// our era (VISIT-05).
    Happened(u8, i32),
    /// Somebody who is written down at another household, too, lives in this one and counts here (TERR-13).
    LivesHere {
        /// The other household.
        written: EntityId,
        /// Mark of the name there.
        name: u64,
    },
    /// So many operations in it this version cannot read (OFF-06).
    Unread(u16),
    /// Who handles a case, while somebody does (FLOW-09).
    Handler(String),
    /// A case is paused until this instant, milliseconds since 1970; whether that is so of the limit that a list shows
    /// (FLOW-08).
    Rests(u64, bool),
    /// Somebody is reminded of the limit that a list shows: place of the reminder in the table of clocks, and from when on,
    /// milliseconds since 1970 (FLOW-09).
    Remind(u8, u64),
    /// The day by which somebody looks at control measures again, as days of our era (HAZ-02).
    Control(i32),
    /// Whoever handed a dispute over is to be answered until this day, as days of our era (MED-14).
    Answer(i32),
    /// It hangs together with another record (CAT-07, FLOW-15).
    Kin(Tie, EntityId),
    /// It is marked as urgent, and is not over.
    Urgent,
    /// A number that the authority gave to a paper of it.
    Paper(String),
    /// The parties of a dispute were reached last on the first day, and its risk is what it is since the second one; days of
    /// our era (MED-13).
    Spoken(i32, i32),
    /// Since when a dispute is closed or handed over, milliseconds since 1970: what is written to it afterwards moves nothing
    /// (MED-11).
    Over(u64),
}

/// One record in a list. About 200 bytes packed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its stream.
    pub id: EntityId,
    /// What it is.
    pub kind: RecordKind,
    /// First line of a list row.
    pub title: String,
    /// Second line.
    pub subtitle: String,
    /// Area code it lies in.
    pub area: String,
    /// Workflow state; for households the status (`active` …).
    pub state: String,
    /// Level of a hazard or risk level of a dispute; else empty.
    pub level: String,
    /// The household it is about; for households itself, or the one that it was merged into.
    pub household: Option<EntityId>,
    /// When it happened: visit time, time found or occurred, else the time of its making; milliseconds since 1970.
    pub at: u64,
    /// When somebody last wrote to it, milliseconds since 1970.
    pub updated: u64,
    /// Who made it.
    pub reporter: String,
    /// Units it was dispatched to.
    pub units: Vec<String>,
    /// Official number; for households and territory their code, for staff the account, for applications the item.
    pub number: String,
    /// Household categories with their days ([`Summary::kinds`] reads them); for hazards and disputes their category; for places their kind, and where it is its own, in how many days each is patrolled, usually, in floods and in fires; for matters and entries
    /// the item of the list, and for entries the place that they are about, for looks at a visit that visit and the result; for mediation files their
    /// dispute; for hand-overs the account that leaves and the one that takes over; for applications who reviewed it; for restricted entries the category and who goes; for
    /// visit tasks what
    /// [`VisitTask`] reads back, for warnings and periods of zero reports what [`Warning`] and [`Period`] do, for zero reports and steps of a micro-grid
    /// last what [`zero::ZeroReport`] and [`micro::Done`] do; for areas the first and last day of their validity.
    pub categories: Vec<String>,
    /// What it waits for.
    pub hints: Vec<Hint>,
    /// Values contradict each other.
    pub conflict: bool,
    /// The authority refused it, or the last thing written to it by its reporter.
    pub rejected: bool,
    /// For visits.
    pub visit: Option<VisitFact>,
    /// For the search box.
    pub keys: Keys,
}

/// Grows when rows are made differently: devices then make theirs anew.
pub const MADE_BY: u32 = 12;

/// Types of streams that no list shows, and this version reads all the same.
const OTHERS: [&str; 2] = [crate::township::TYPE, gridbook_log::key::TYPE];

/// States in which nothing more is expected.
const DONE: [&str; 6] = ["closed", "refused", "withdrawn", "merged", "transferred", "voided"];

/// How many operations of a stream this version cannot read: all of a kind of record that it does not know, else those
/// whose body it does not understand. They are kept as they are (OFF-06).
pub fn unread(entity: &Entity) -> usize {
    let known = |type_: &str| RecordKind::parse(type_).is_some() || OTHERS.contains(&type_);
    let strange = entity.type_().is_some_and(|type_| !known(type_));
    if strange { entity.have().len() } else { entity.not_understood() }
}

impl Summary {
    /// Reads a stream; `None` while its creation has not arrived, its kind is unknown here, or it went out of sight
    /// (ROLE-11).
    pub fn of(entity: &Entity, package: &Package) -> Option<Self> {
        if out_of_sight(entity) {
            return None;
        }
        let creation = entity.creation()?;
        let kind = RecordKind::parse(entity.type_()?)?;
        let refused_by_author =
            entity.ops().any(|(dot, user, ..)| user == creation.user && entity.rejected().contains_key(&dot));
        let mut summary = Self {
            id: entity.id(),
            kind,
            title: String::new(),
            subtitle: String::new(),
            area: entity.area().unwrap_or_default().to_owned(),
            state: entity.state().unwrap_or_default().to_owned(),
            level: String::new(),
            household: entity.text("household").and_then(EntityId::parse),
            at: creation.hlc.ms,
            updated: updated(entity),
            reporter: creation.user.clone(),
            units: entity.units().into_iter().map(str::to_owned).collect(),
            number: entity.number().unwrap_or_default().to_owned(),
            categories: Vec::new(),
            hints: Vec::new(),
            conflict: entity.conflicts().next().is_some(),
            rejected: creation.rejected.is_some() || refused_by_author,
            visit: None,
            keys: Keys::default(),
        };
        match kind {
            RecordKind::Household => summary.read_household(entity, package),
            RecordKind::Visit => summary.read_visit(entity, package),
            RecordKind::Hazard | RecordKind::Dispute | RecordKind::Matter => {
                summary.read_case(entity, package);
            }
            RecordKind::Entry | RecordKind::Mediation => summary.read_entry(entity, package),
            // No list of any device ever shows one (ROLE-11).
            RecordKind::Confidential => return None,
            RecordKind::Place => summary.read_place(entity),
            RecordKind::Handover => summary.read_handover(entity),
            RecordKind::VisitTask => summary.read_task(entity),
            RecordKind::Restricted => Restricted::of(entity)?.into_row(&mut summary),
            RecordKind::Warning => {
                // A change of it that was refused leaves it as it was: it must not vanish where it is in force.
                summary.rejected = creation.rejected.is_some();
                Warning::of(entity, package)?.into_row(&mut summary, package);
            }
            RecordKind::ZeroPeriod => {
                // Ending it was refused: then it goes on.
                summary.rejected = creation.rejected.is_some();
                Period::of(entity)?.into_row(&mut summary);
            }
            RecordKind::Admission => Procedure::of(entity)?.into_row(&mut summary),
            RecordKind::Area | RecordKind::Unit | RecordKind::Staff | RecordKind::Rules => {
                summary.read_directory(entity);
            }
        }
        if kind == RecordKind::Mediation || summary.is_open() {
            let spoken = crate::plan::spoken(kind, entity, day_of(summary.updated));
            let days = |(last, since): (NaiveDate, NaiveDate)| {
                Hint::Spoken(last.num_days_from_ce(), since.num_days_from_ce())
            };
            summary.hints.extend(spoken.map(days));
        }
        if kind.is_report() {
            summary.hints.extend(ties(entity).into_iter().map(|(tie, other)| Hint::Kin(tie, other)));
            summary.hints.extend(entity.papers().map(|(_, number)| Hint::Paper(number.to_owned())));
        }
        let unread = u16::try_from(unread(entity)).unwrap_or(u16::MAX);
        summary.hints.extend((unread > 0).then_some(Hint::Unread(unread)));
        Some(summary)
    }

    /// How many operations in it this version cannot read: they are kept as they are (OFF-06).
    pub fn unread(&self) -> usize {
        self.hints.iter().map(|hint| if let Hint::Unread(n) = hint { usize::from(*n) } else { 0 }).sum()
    }

    /// The day it happened, Beijing time.
    pub fn day(&self) -> NaiveDate {
        day_of(self.at)
    }

    /// Whether it is a case that still runs.
    pub fn is_open(&self) -> bool {
        self.kind.is_case() && !DONE.contains(&self.state.as_str())
    }

    /// Whether it is a hazard that cannot wait: somebody calls before anything else (FLOW-17).
    pub fn calls_first(&self, package: &Package) -> bool {
        self.kind == RecordKind::Hazard && package.level(&self.level).is_some_and(|level| level.phone_first)
    }

    /// A case's most urgent limit, with what its lamp needs; `None` for everything else.
    pub fn deadline(&self) -> Option<Deadline> {
        let deadline = self.hints.iter().find_map(|hint| match hint {
            Hint::Due(deadline) => Some(*deadline),
            _ => None,
        })?;
        let rests = self.rests().filter(|(_, shown)| *shown).map(|(until, _)| until);
        Some(Deadline { rests, ..deadline })
    }

    /// Who handles it, where that is known and somebody does.
    pub fn handler(&self) -> Option<&str> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::Handler(user) => Some(user.as_str()),
            _ => None,
        })
    }

    /// Numbers that the authority gave to papers of it.
    pub fn papers(&self) -> impl Iterator<Item = &str> {
        self.hints.iter().filter_map(|hint| match hint {
            Hint::Paper(number) => Some(number.as_str()),
            _ => None,
        })
    }

    /// Since when a dispute is closed or handed over, milliseconds since 1970.
    pub fn over(&self) -> Option<u64> {
        self.hints.iter().find_map(|hint| if let Hint::Over(at) = hint { Some(*at) } else { None })
    }

    fn rests(&self) -> Option<(u64, bool)> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::Rests(until, shown) => Some((*until, *shown)),
            _ => None,
        })
    }

    /// Whether it is paused still though the last day of the pause is over: its limits run again (FLOW-08).
    pub fn pause_over(&self, now: u64) -> bool {
        self.rests().is_some_and(|(until, _)| until <= now)
    }

    /// The words of the latest reminder of its most urgent limit; `None` before the first and once it has passed (FLOW-09).
    pub fn reminder<'p>(&self, law: &'p clock::Law, now: u64) -> Option<&'p str> {
        self.deadline()?.due.filter(|due| now <= *due)?;
        let begun = self.hints.iter().filter_map(|hint| match hint {
            Hint::Remind(place, at) if *at <= now => Some((*at, *place)),
            _ => None,
        });
        let (_, place) = begun.max()?;
        law.table.reminders.get(usize::from(place)).map(|reminder| reminder.label.as_str())
    }

    /// Days past the day by which its control measures are looked at again, once that day has come (HAZ-02).
    pub fn to_check(&self, today: NaiveDate) -> Option<i64> {
        let day = self.hints.iter().find_map(|hint| match hint {
            Hint::Control(day) => NaiveDate::from_num_days_from_ce_opt(*day),
            _ => None,
        })?;
        Some(today.signed_duration_since(day).num_days()).filter(|late| *late >= 0)
    }

    /// Whether somebody still has to be told of its red risk; `Some(true)` when the day is over (MED-13).
    pub fn to_notify(&self, now: u64) -> Option<bool> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::Notify(due) => Some(*due < now),
            _ => None,
        })
    }

    /// For disputes and files whose parties are spoken to while they run: the last day on which its own stream says so, and
    /// since when its risk is what it is (MED-13).
    pub(crate) fn spoken(&self) -> Option<(NaiveDate, NaiveDate)> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::Spoken(last, since) => Some((
                NaiveDate::from_num_days_from_ce_opt(*last)?,
                NaiveDate::from_num_days_from_ce_opt(*since)?,
            )),
            _ => None,
        })
    }

    /// Days that are left to answer whoever handed it over, today included; below 1 = late. `None` while there is time
    /// (MED-14).
    pub fn to_answer(&self, today: NaiveDate) -> Option<i64> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::Answer(by) => {
                let left = i64::from(*by) - i64::from(today.num_days_from_ce());
                (left <= ANSWER_NEAR).then_some(left + 1)
            }
            _ => None,
        })
    }

    /// Whether the reporter has to hear of it by now; `Some(true)` when that is late (FLOW-11).
    pub fn to_tell(&self, now: u64) -> Option<bool> {
        self.hints.iter().find_map(|hint| match hint {
            Hint::Tell { warn, due } if *warn <= now => Some(*due < now),
            _ => None,
        })
    }

    /// Ids of the categories that count for a household on that day (TERR-12).
    pub fn kinds(&self, day: NaiveDate) -> Vec<&str> {
        category::on(&self.categories, day).into_iter().map(|(id, _)| id).collect()
    }

    /// Whether it says of itself that it is a household no more: cancelled, merged into another or split. Its history
    /// stays. Lists and counts ask [`merge::Merges::gone`]: of two that went into each other one stands.
    pub fn is_gone(&self) -> bool {
        self.kind == RecordKind::Household && merge::over(&self.state)
    }

    fn read_household(&mut self, entity: &Entity, package: &Package) {
        let view = HouseholdView::of(entity);
        self.household = Some(view.merged_into.filter(|_| view.status == merge::MERGED).unwrap_or(self.id));
        let place = if view.address.is_empty() { &view.door_no } else { &view.address };
        self.title = view.head.clone();
        self.subtitle = place.clone();
        self.state = view.status.clone();
        self.number = view.code.clone();
        for name in view.names() {
            for initials in name_initials(name) {
                if !self.keys.initials.contains(&initials) {
                    self.keys.initials.push(initials);
                }
            }
            self.keys.names.push(fold(name));
        }
        self.keys.tails = view.numbers().into_iter().filter_map(phone_tail).collect();
        let marks = view.members.iter().map(|one| twin::marks(&one.name, &one.birth, &one.id_number));
        self.keys.marks = marks.flatten().flatten().collect();
        self.keys.door = fold_door(&view.door_no);
        self.keys.text = fold(&format!("{} {} {}", view.address, view.door_no, view.landmark));
        self.hints.extend(view.categories.iter().any(category::Held::waits).then_some(Hint::Approve));
        self.hints.extend(spot_of(entity.get("geo")).map(|(lat, lon)| Hint::At { lat, lon }));
        self.hints.extend(double::hints(entity));
        let happened = crate::plan::entered(package.visits.get(), entity).into_iter();
        let hint = |(place, day): (usize, NaiveDate)| {
            Some(Hint::Happened(u8::try_from(place).ok()?, day.num_days_from_ce()))
        };
        self.hints.extend(happened.filter_map(hint));
        self.categories = category::words(&view.categories);
        if self.title.is_empty() {
            // A vacant house has no head: name it by its place.
            self.title = package.label("residence_type", &view.residence_type).to_owned();
        }
    }

    fn read_visit(&mut self, entity: &Entity, package: &Package) {
        self.at = instant(entity, &["visit_at"]).unwrap_or(self.at);
        let mode = entity.text("mode").unwrap_or_default();
        let met = entity.text("met").unwrap_or_default();
        self.visit = Some(VisitFact {
            day: self.day(),
            at: self.at,
            mode: match mode {
                "phone" | "video" => VisitMode::Call,
                "neighbor" | "neighbour" => VisitMode::Neighbour,
                _ => VisitMode::InPerson,
            },
            met: !matches!(met, "" | "not_met" | "none"),
            next: crate::plan::asked_for(entity),
        });
        let rules = package.visits.get();
        for signal in crate::plan::signals(rules, entity) {
            let place = rules.triggers.iter().position(|trigger| trigger.id == signal.trigger);
            self.hints.extend(place.and_then(|place| u8::try_from(place).ok()).map(Hint::Calls));
        }
        self.title = entity.text("title").unwrap_or("走访").to_owned();
        let form = package.form_for(RecordKind::Visit);
        self.subtitle = ["mode", "met"]
            .into_iter()
            .filter_map(|path| {
                let id = entity.text(path)?;
                let field = form.and_then(|form| form.field(path))?;
                package
                    .choices(field)
                    .iter()
                    .find(|choice| choice.id == id)
                    .map(|choice| choice.label.as_str())
            })
            .collect::<Vec<_>>()
            .join(" · ");
        self.keys.text = fold(&format!("{} {}", self.title, self.number));
    }

    #[allow(clippy::cast_possible_truncation, reason = "a chain has few steps, and reminders are few")]
    fn read_case(&mut self, entity: &Entity, package: &Package) {
        let first =
            |paths: &[&str]| paths.iter().find_map(|path| entity.text(path)).unwrap_or_default().to_owned();
        self.at = instant(entity, &["found_at", "occur_date"]).unwrap_or(self.at);
        self.title = crate::case::named(package, self.kind, None, |path| entity.text(path));
        self.level = first(&["level", "risk_level"]);
        self.subtitle = first(&["address_text", "occur_place"]);
        self.categories = entity.text("category").map(str::to_owned).into_iter().collect();
        if self.kind == RecordKind::Matter {
            self.read_item(entity, package);
        }
        if self.title.is_empty() {
            self.title = self.kind.label().to_owned();
        }
        let flow = entity.flow();
        if flow.needs_decision {
            self.hints.push(Hint::Decision);
        }
        if self.state == "supplement" {
            self.hints.push(Hint::Supplement);
        }
        if self.is_open() && clock::urgent(&|path| entity.get(path)) {
            self.hints.push(Hint::Urgent);
        }
        if unseen(package, entity) {
            self.hints.push(Hint::FedBack);
        }
        let (clocks, law) = (clock::read(package, entity), package.law.get());
        self.hints.extend(clocks.deadline(law).map(Hint::Due));
        let urgent = clocks.most_urgent();
        let since = urgent.map_or(0, |limit| limit.since);
        let reminders = urgent.into_iter().flat_map(|limit| clock::reminders(law, limit));
        self.hints.extend(reminders.filter_map(|(one, at)| {
            // At the end its lamp is red; of a limit of a day there is nothing to remind of as soon as it starts.
            let place = law.table.reminders.iter().position(|held| held.id == one.id)?;
            (one.permille != Some(1000) && at > since).then_some(Hint::Remind(place as u8, at))
        }));
        self.read_handling(entity, package, urgent.is_some_and(|limit| limit.rests.is_some()));
        self.hints.extend(clocks.to_tell(law).map(|(warn, due)| Hint::Tell { warn, due }));
        self.hints.extend(spot_of(entity.get("geo")).map(|(lat, lon)| Hint::At { lat, lon }));
        if package.level(&self.level).is_some_and(|level| level.phone_first) {
            let case = CaseView::of(entity);
            let notify = case.as_ref().and_then(|case| risk::to_notify(package, case));
            self.hints.extend(notify.map(|(_, due)| Hint::Notify(due)));
            for told in case.iter().flat_map(|case| hazard::alarm(package, case)) {
                if told.known.is_none() {
                    self.hints.push(Hint::Alarm { step: told.place as u8, at: told.at });
                }
            }
        }
        if self.kind == RecordKind::Dispute && matches!(self.state.as_str(), "closed" | "transferred") {
            let into = |record: &&EventRec| {
                let event = &record.event;
                record.outcome == Outcome::Counts && event.from != event.to && event.to == self.state
            };
            let last = entity.timeline().iter().rfind(into).map(|record| record.hlc.ms);
            self.hints.extend(last.or(entity.creation().map(|made| made.hlc.ms)).map(Hint::Over));
        }
        if self.state == "closed" {
            let looks = CaseView::of(entity).map(|case| look_back::looks(package.cases.get(), &case));
            let next = looks.into_iter().flatten().find(|look| look.done.is_none());
            self.hints.extend(next.map(|look| Hint::LookBack(look.due.num_days_from_ce())));
        }
        let category = self.categories.first().and_then(|id| {
            let field = package.form_for(self.kind)?.field("category")?;
            package.choices(field).iter().find(|choice| choice.id == *id).map(|choice| choice.label.as_str())
        });
        for row in entity.rows("parties") {
            if let Some(name) = entity.text(&format!("parties/{row}/name")) {
                self.keys.names.push(fold(name));
                self.keys.initials.extend(name_initials(name));
            }
            self.keys.tails.extend(entity.text(&format!("parties/{row}/phone")).and_then(phone_tail));
        }
        self.keys.text = fold(&format!(
            "{} {} {} {}",
            self.title,
            self.subtitle,
            category.unwrap_or_default(),
            self.number
        ));
    }

    /// Who has a case, until when it is paused, and when somebody looks at its control measures.
    fn read_handling(&mut self, entity: &Entity, package: &Package, rests: bool) {
        let handled = package.state(&self.state).is_some_and(|state| state.handling);
        let controlled = self.kind == RecordKind::Hazard && !entity.rows("control_measures").is_empty();
        let Some(case) = (handled || controlled).then(|| CaseView::of(entity)).flatten() else { return };
        if let Some(handler) = case.handler.clone().filter(|_| handled) {
            self.hints.push(Hint::Handler(handler));
        }
        if self.state == "paused" {
            let until = case.pause_ends();
            self.hints.extend(until.map(|until| Hint::Rests(until, rests)));
        }
        let check = hazard::control_check(package, &case, entity, self.day());
        self.hints.extend(check.map(|check| Hint::Control(check.next.num_days_from_ce())));
    }

    /// What is written down once, and mediation files: by what they are about, else by the name of their form.
    fn read_entry(&mut self, entity: &Entity, package: &Package) {
        let first = |paths: &[&str]| paths.iter().find_map(|path| entity.text(path));
        self.at = match self.kind {
            RecordKind::Entry => crate::hazard::patrolled_at(entity.text("date"), self.at),
            _ => instant(entity, &["found_at", "date", "accepted_on"]).unwrap_or(self.at),
        };
        let named = entity.creation().and_then(|made| made.create.form.as_deref());
        let form =
            named.map_or(self.kind.label(), |name| package.form_title(name).unwrap_or(self.kind.label()));
        self.title = crate::case::named(package, self.kind, named, |path| entity.text(path));
        let known = |text: &&str| EntityId::parse(text).is_none();
        self.subtitle = first(&["address_text", "place"]).filter(known).unwrap_or(form).to_owned();
        self.level = first(&["risk_level", "level"]).unwrap_or_default().to_owned();
        self.keys.text = fold(&format!("{} {} {}", self.title, self.subtitle, self.number));
        if self.kind == RecordKind::Mediation {
            self.categories.extend(entity.text("dispute").map(str::to_owned));
            let case = CaseView::of(entity);
            let by = case.as_ref().and_then(|case| answer_by(&Mediation::of(case)));
            self.hints.extend(by.map(|by| Hint::Answer(by.num_days_from_ce())));
            let notify =
                case.as_ref().filter(|_| self.level == "red").and_then(|case| risk::to_notify(package, case));
            self.hints.extend(notify.map(|(_, due)| Hint::Notify(due)));
        }
        if self.kind == RecordKind::Entry {
            self.read_item(entity, package);
            self.categories.extend(entity.text("place").map(str::to_owned));
            if let Some(words) = zero::row_words(entity) {
                self.subtitle = (if words[3].is_empty() { "没有情况" } else { "有情况" }).to_owned();
                self.categories.extend(words);
            }
            self.categories.extend(crate::plan::sample::row_words(entity).into_iter().flatten());
            if let Some((words, step, spot)) = micro::row_words(entity) {
                step.label().clone_into(&mut self.subtitle);
                self.hints.extend(spot.map(|(lat, lon)| Hint::At { lat, lon }));
                self.categories.extend(words);
            }
        }
    }

    /// The item of the list that it belongs to.
    fn read_item(&mut self, entity: &Entity, package: &Package) {
        let form = entity.creation().and_then(|made| made.create.form.clone()).unwrap_or_default();
        let item = package.catalogue.get().item_of(&form, &entity.values());
        self.categories.extend(item.map(|item| item.id.clone()));
    }

    fn read_place(&mut self, entity: &Entity) {
        let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
        self.title = text("name");
        self.subtitle = text("address_text");
        self.state = text("status");
        let days =
            |path: &str| entity.get(path).and_then(Value::as_u64).map_or_else(String::new, |n| n.to_string());
        let own = ["patrol_days", "flood_days", "fire_days"].map(days);
        self.categories = vec![text("point_kind")];
        if own.iter().any(|days| !days.is_empty()) {
            self.categories.extend(own);
        }
        self.keys.names = vec![fold(&self.title)];
        self.keys.initials = name_initials(&self.title);
        self.keys.tails = phone_tail(&text("phone")).into_iter().collect();
        self.keys.text = fold(&format!("{} {}", self.title, self.subtitle));
    }

    fn read_handover(&mut self, entity: &Entity) {
        let Some(handover) = Handover::of(entity) else { return };
        self.title = self.kind.label().to_owned();
        self.subtitle = handover.words().to_owned();
        if handover.done() {
            "done".clone_into(&mut self.state);
        }
        self.categories = vec![handover.terms.from, handover.terms.to];
    }

    fn read_task(&mut self, entity: &Entity) {
        let Some(task) = VisitTask::of(entity) else { return };
        if task.cancelled {
            CANCELLED.clone_into(&mut self.state);
        }
        self.categories = task.row_words();
        self.title = task.terms.label;
    }

    fn read_directory(&mut self, entity: &Entity) {
        let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
        self.title = text("name");
        self.number = if self.kind == RecordKind::Staff { text("user") } else { text("code") };
        self.subtitle.clone_from(&self.number);
        if self.kind == RecordKind::Area {
            self.area.clone_from(&self.number);
            self.level = text("level");
            self.categories = vec![text("valid_from"), text("valid_to"), text("zone")];
        }
        self.keys.names = vec![fold(&self.title)];
        self.keys.initials = name_initials(&self.title);
        self.keys.tails = phone_tail(&text("phone")).into_iter().collect();
    }
}

/// The last time a person wrote; answers of the authority are not counted.
fn updated(entity: &Entity) -> u64 {
    let by_people =
        |kind: &str| !matches!(kind, body::kind::RECEIPT | body::kind::NUMBER | body::kind::CLOCKFIX);
    entity.ops().filter(|(_, _, _, kind)| by_people(kind)).map(|(_, _, hlc, _)| hlc.ms).max().unwrap_or(0)
}

/// The first of these paths that holds an instant or a date (taken at noon, Beijing time).
fn instant(entity: &Entity, paths: &[&str]) -> Option<u64> {
    paths.iter().find_map(|path| {
        let text = entity.get(path).and_then(Value::as_str)?;
        crate::validate::instant(text).or_else(|| crate::validate::instant(&format!("{text}T12:00")))
    })
}

/// The last eight digits of a phone, as rows keep them; `None` for less than three.
pub(crate) fn phone_tail(phone: &str) -> Option<String> {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    (digits.len() >= 3).then(|| digits.get(digits.len().saturating_sub(8)..).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests;
