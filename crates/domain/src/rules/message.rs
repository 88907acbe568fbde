//! Short messages (domain data 4.15): what is to be said to whom at a moment, from a case and its clocks. A person
//! reads, changes and sends them; nothing is sent from here. At most [`MOST`] characters, and nothing of a person that
//! the receiver need not know.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CaseRules;
use super::supervise::due_step;
use crate::calendar::{DAY_MS, MINUTE_MS, day_of, midnight};
use crate::case::{CaseView, LineKind};
use crate::clock::{CaseClocks, ClockId, Phase};
use crate::ledger::number;
use crate::mediation::Mediation;
use crate::mediation::agreement::{Performance, instalments};
use crate::mediation::follow::{Confirmation, confirmation};
use crate::package::Package;
use crate::plan::{DueRow, DueState};
use crate::record::RecordKind;

/// Characters that one short message holds.
pub const MOST: usize = 70;

/// The text of a message, as data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// Stable identifier.
    pub id: String,
    /// What it is, in words.
    pub label: String,
    /// The text, with `{…}` for what the case says.
    pub text: String,
    /// The place that is cut when the whole would be too long.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub free: String,
}

/// Who gets a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum To {
    /// Somebody with an account.
    User(String),
    /// A unit: its duty officer and its head.
    Unit(String),
    /// Somebody of the case itself, with the telephone that was given.
    Person {
        /// Name.
        name: String,
        /// Telephone; may be empty.
        phone: String,
    },
}

/// A message that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Id of its template.
    pub id: String,
    /// What it is, in words: for the ladder the step's.
    pub label: String,
    /// The text.
    pub text: String,
    /// Who gets it.
    pub to: Vec<To>,
    /// The step of the ladder, for what the ladder asks for.
    pub step: Option<u32>,
}

/// Words that a case does not hold.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// Name of a unit.
    pub unit: &'a dyn Fn(&str) -> String,
    /// Name of an account.
    pub person: &'a dyn Fn(&str) -> String,
    /// The township's telephone.
    pub phone: &'a str,
}

impl CaseRules {
    /// A message from its template; `None` for an unknown one. The free place is cut so that the whole fits.
    fn message(&self, id: &str, said: &[(&str, String)], to: Vec<To>) -> Option<Message> {
        let template = self.messages.iter().find(|template| template.id == id)?;
        let mut text = template.text.clone();
        for (place, words) in said.iter().filter(|(place, _)| *place != template.free) {
            text = text.replace(&format!("{{{place}}}"), words);
        }
        if let Some((place, words)) = said.iter().find(|(place, _)| *place == template.free) {
            let hole = format!("{{{place}}}");
            let room = (MOST + hole.chars().count()).saturating_sub(text.chars().count());
            text = text.replace(&hole, &cut(words, room));
        }
        Some(Message { id: id.to_owned(), label: template.label.clone(), text, to, step: None })
    }
}

fn cut(words: &str, room: usize) -> String {
    let words = words.trim_end_matches(['。', '；', '，']);
    if words.chars().count() <= room {
        return words.to_owned();
    }
    words.chars().take(room.saturating_sub(1)).chain(['…']).collect()
}

fn day_words(day: NaiveDate) -> String {
    format!("{}月{}日", day.month(), day.day())
}

/// `4月7日17:30`; the end of a day is that day.
fn instant_words(ms: u64) -> String {
    let day = day_of(ms.saturating_sub(1));
    let minutes = ms.saturating_sub(midnight(day)) / MINUTE_MS;
    if minutes >= DAY_MS / MINUTE_MS {
        return day_words(day);
    }
    format!("{}{:02}:{:02}", day_words(day), minutes / 60, minutes % 60)
}

fn span_words(ms: u64) -> String {
    let hours = ms / (60 * MINUTE_MS);
    match hours {
        0 => format!("{}分钟", ms / MINUTE_MS),
        1..48 => format!("{hours}小时"),
        _ => format!("{}天", hours / 24),
    }
}

/// What the case is, without a name in it: its category, else its kind.
fn matter(package: &Package, case: &CaseView) -> String {
    let label = case.category.as_deref().and_then(|id| {
        let field = package.form_for(case.kind).and_then(|form| form.field("category"));
        let named = field.and_then(|field| package.choices(field).iter().find(|choice| choice.id == id));
        named.or_else(|| package.choice("matter_category", id)).map(|choice| choice.label.clone())
    });
    label.map_or_else(|| case.kind.label().to_owned(), |label| format!("{label}{}", tail_word(case.kind)))
}

const fn tail_word(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Hazard => "隐患",
        RecordKind::Dispute => "纠纷",
        _ => "事项",
    }
}

/// What the last step of a name said, and its reason.
fn told<'a>(case: &'a CaseView, action: &str) -> (Option<&'a str>, Option<&'a str>) {
    let last = case.timeline.iter().rev().find(
        |line| matches!(&line.kind, LineKind::Step { action: held, counts: true, .. } if held == action),
    );
    last.map_or((None, None), |line| (line.text.as_deref(), line.reason.as_deref()))
}

/// Who brought it: the reporter, and whoever left a telephone with it.
fn reporters(case: &CaseView) -> Vec<To> {
    let said = |path: &str| case.values.get(path).and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut to = vec![To::User(case.reporter.clone())];
    let phone = said("phone");
    if !phone.is_empty() {
        let name =
            [said("person"), said("applicant"), said("host")].into_iter().find(|name| !name.is_empty());
        to.push(To::Person { name: name.unwrap_or_default(), phone });
    }
    to
}

/// Who has it now: the handler, else the unit.
fn holders(case: &CaseView) -> Vec<To> {
    let unit = || case.lead_unit.clone().map(To::Unit);
    case.handler.clone().map(To::User).or_else(unit).into_iter().collect()
}

/// The messages that a case asks for at an instant: what its last step has to tell, and what its clocks ask for. A
/// reminder of the ladder is asked for until a supervision of that step, or a higher one, stands in the history;
/// `red_lamps` are those of the unit this month.
pub fn of_case(
    package: &Package,
    case: &CaseView,
    clocks: &CaseClocks,
    red_lamps: u32,
    words: Words<'_>,
    now: u64,
) -> Vec<Message> {
    let rules = package.cases.get();
    let due_of = |clock: ClockId| {
        let running =
            clocks.limits.iter().find(|limit| limit.clock == clock && limit.phase == Phase::Running);
        running.map(|limit| instant_words(limit.due))
    };
    let by = || case.handle_by.as_deref().and_then(crate::date::parse).map(day_words);
    let what = matter(package, case);
    let message = match case.state.as_str() {
        "supplement" => {
            let text = told(case, "ask_supplement").0.unwrap_or_default().to_owned();
            let until = due_of(ClockId::Supplement).unwrap_or_default();
            rules.message(
                "supplement",
                &[("编号", number(case)), ("内容", text), ("日期", until)],
                vec![To::User(case.reporter.clone())],
            )
        }
        "refused" => {
            let (text, reason) = told(case, "refuse");
            let why = text.or(reason.map(|id| package.label("refuse_reason", id))).unwrap_or_default();
            let said = [("理由", why.to_owned()), ("电话", words.phone.to_owned())];
            rules.message("refused", &said, reporters(case))
        }
        "dispatched" => {
            let unit = case.lead_unit.clone().map(To::Unit);
            let said = [
                ("编号", number(case)),
                ("类", what),
                ("时", due_of(ClockId::Respond).unwrap_or_default()),
                ("日期", by().unwrap_or_default()),
            ];
            rules.message("dispatch", &said, unit.into_iter().collect())
        }
        "claimed" | "in_progress" => {
            let unit = case.lead_unit.as_deref().map(words.unit);
            let who = unit.or_else(|| case.handler.as_deref().map(words.person)).unwrap_or_default();
            let said = [("事项", what), ("编号", number(case)), ("单位", who)];
            by().and_then(|by| {
                rules.message("accepted", &[&said[..], &[("日期", by)]].concat(), reporters(case))
            })
        }
        "fed_back" => {
            let result = case.feedback.clone().unwrap_or_default();
            rules.message("feedback", &[("事项", what), ("结果", result)], reporters(case))
        }
        "callback" if case.unreached > 0 => {
            let said = [("事项", what), ("电话", words.phone.to_owned())];
            rules.message("callback_missed", &said, reporters(case))
        }
        "redo" => {
            let said = [("事项", what), ("日期", by().unwrap_or_default())];
            rules.message("redo", &said, reporters(case))
        }
        _ => None,
    };
    let mut list: Vec<Message> = message.into_iter().collect();
    list.extend(red_hazard(package, case, words));
    list.extend(ladder(package, case, clocks, red_lamps, words, now));
    list
}

/// A red hazard that was registered and is not done: whoever has it goes there.
fn red_hazard(package: &Package, case: &CaseView, words: Words<'_>) -> Option<Message> {
    let open = package.state(&case.state).is_some_and(|state| state.registered && !state.terminal);
    let red = case.level.as_deref().and_then(|id| package.level(id)).is_some_and(|level| level.phone_first);
    if case.kind != RecordKind::Hazard || !red || !open || case.finished_at.is_some() {
        return None;
    }
    let houses = crate::form::table_rows(&case.values, "households_exposed").len().max(1);
    let who = case.handler.as_deref().map_or_else(|| "责任人".to_owned(), words.person);
    let said = [
        ("地点", case.address.clone().unwrap_or_default()),
        ("类别", matter(package, case)),
        ("n", houses.to_string()),
        ("责任人", who),
    ];
    package.cases.get().message("red_hazard", &said, holders(case))
}

/// What the clock asks for that is furthest up the ladder.
fn ladder(
    package: &Package,
    case: &CaseView,
    clocks: &CaseClocks,
    red_lamps: u32,
    words: Words<'_>,
    now: u64,
) -> Option<Message> {
    let rules = package.cases.get();
    let asked = due_step(package, case, clocks, red_lamps, now)?;
    let (limit, step) = (asked.limit, asked.step);
    let unit = case.lead_unit.as_deref();
    let mut made = if step.step == 0 {
        let said = [
            ("编号", number(case)),
            ("时限", package.clock_label(limit.clock).to_owned()),
            ("时长", span_words(limit.due.saturating_sub(now))),
        ];
        rules.message("due_soon", &said, holders(case))?
    } else {
        let reply = instant_words(asked.reply(package, now).unwrap_or(now));
        let who = unit.map(words.unit).or_else(|| case.handler.as_deref().map(words.person));
        let said =
            [("编号", number(case)), ("单位", who.unwrap_or_else(|| "承办单位".to_owned())), ("时", reply)];
        let to = unit.map(|unit| To::Unit(unit.to_owned())).map_or_else(|| holders(case), |to| vec![to]);
        rules.message("supervise", &said, to)?
    };
    made.label.clone_from(&step.label);
    made.step = Some(step.step);
    Some(made)
}

/// The messages that a mediation file asks for on a day: judicial confirmation on its days (MED-09), instalments that
/// are due soon or late (MED-10).
pub fn of_mediation(package: &Package, case: &CaseView, today: NaiveDate) -> Vec<Message> {
    let rules = package.cases.get();
    let file = Mediation::of(case);
    let parties = |only: &str| -> Vec<To> {
        let rows = file.rows("parties").into_iter().filter(|row| only.is_empty() || row.text("name") == only);
        rows.map(|row| To::Person { name: row.text("name").to_owned(), phone: row.text("phone").to_owned() })
            .collect()
    };
    let mut list = Vec::new();
    if let (Confirmation::Open { until, remind: Some(_), .. }, Some(agreed)) =
        (confirmation(&file, today), file.date("agreed_on"))
    {
        let said = [("n", (today - agreed).num_days().to_string()), ("日期", day_words(until))];
        list.extend(rules.message("confirm_reminder", &said, parties("")));
    }
    for part in instalments(&file, today) {
        let soon = part.state == Performance::Open
            && (part.due - today).num_days() <= i64::from(rules.performance_days);
        let id = match part.state {
            Performance::Open if soon => "performance_due",
            Performance::Late => "urge",
            _ => continue,
        };
        let said = [("编号", number(case)), ("n", part.n.to_string()), ("日期", day_words(part.due))];
        list.extend(rules.message(id, &said, parties(file.text("payer"))));
    }
    list
}

/// The one message to a person about visits that are overdue; `None` without any. `until` is the day to be told.
pub fn of_visits(package: &Package, rows: &[DueRow], user: &str, until: NaiveDate) -> Option<Message> {
    let over: Vec<&DueRow> = rows.iter().filter(|row| row.due.state == DueState::Overdue).collect();
    let key = over.iter().filter(|row| (1..=crate::plan::KEY_INTERVAL).contains(&row.due.interval)).count();
    if over.is_empty() {
        return None;
    }
    let said = [("n", over.len().to_string()), ("m", key.to_string()), ("日期", day_words(until))];
    package.cases.get().message("visit_due", &said, vec![To::User(user.to_owned())])
}

#[cfg(test)]
mod tests;
