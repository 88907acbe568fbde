//! Visits that something calls for besides the interval (VISIT-05; domain data 4.4): a change in the family, a
//! warning, a dispute that was closed, a festival.

use chrono::{Datelike, Days, NaiveDate};
use gridbook_log::{Entity, order_by_key};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::proof::ProofRules;
use crate::calendar::{DAY_MS, day_of, midnight};
use crate::household::movement;
use crate::record::RecordKind;
use crate::summary::{Hint, Summary, VisitFact};
use crate::territory::micro::MicroRules;
use crate::territory::norm::Norms;

/// Rules of visits as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VisitRules {
    /// Attempts on different days after which somebody is told (VISIT-04).
    pub attempts: usize,
    /// Roles that are told, each for the households of its area.
    #[serde(default)]
    pub alert_roles: Vec<String>,
    /// Size of a grid (TERR-04).
    pub norms: Norms,
    /// How long the way in a micro-grid may take (TERR-05).
    #[serde(default)]
    pub micro: MicroRules,
    /// Which visits somebody should ask about (VISIT-08).
    #[serde(default)]
    pub proof: ProofRules,
    /// First days of the lunar year, `YYYY-MM-DD`.
    pub spring_festivals: Vec<String>,
    /// What calls for an extra visit.
    pub triggers: Vec<Trigger>,
    /// By which item a request of a visit is reported: the first that fits (CAT-07).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<RequestRule>,
    /// Answers of a visit that are a need of their own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<NeedRule>,
}

/// Which requests of a visit are reported by which item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RequestRule {
    /// Kinds of requests; empty = every one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// What the visitor said becomes of it.
    pub handling: String,
    /// The item of the list.
    pub item: String,
}

/// An answer of a visit that is reported by an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NeedRule {
    /// The question.
    pub path: String,
    /// The answer.
    pub value: serde_json::Value,
    /// The item of the list.
    pub item: String,
}

/// What calls for an extra visit, as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Trigger {
    /// Stable identifier.
    pub id: String,
    /// The words.
    pub label: String,
    /// Households of these categories; empty = every one that it happens to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Of warnings: of this level or a more severe one; empty = every one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub level: String,
    /// Hours after it happened; 0 = the same day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_hours: Option<u64>,
    /// Days after it happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_days: Option<u64>,
    /// Several visits, so many days after it happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub after_days: Vec<u64>,
    /// A day of every year, month × 100 + day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub yearly: Option<u32>,
    /// The spring festival.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub spring_festival: bool,
    /// Days before such a day.
    #[serde(skip_serializing_if = "is_none")]
    pub before_days: u64,
    /// Days after it, for visits that follow it.
    #[serde(skip_serializing_if = "is_none")]
    pub late_days: u64,
    /// Answers in a visit's form that say that it happened. What they say of who came and went also counts where it was
    /// entered at the household.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<Answer>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(value: &u64) -> bool {
    *value == 0
}

/// An answer in a form; `*` in the path stands for any row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Its path.
    pub path: String,
    /// The answers that count.
    pub values: Vec<String>,
}

/// Something happened to a household.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signal {
    /// Which trigger.
    pub trigger: String,
    /// When, milliseconds since 1970.
    pub at: u64,
}

/// An extra visit that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Why.
    pub trigger: String,
    /// Why, in words.
    pub label: String,
    /// From which day a visit counts for it.
    pub opens: NaiveDate,
    /// The last day on which it is on time.
    pub by: NaiveDate,
    /// Somebody was met in between, in time or late.
    pub done: Option<NaiveDate>,
}

impl Extra {
    /// True when it is still wanted on a day.
    pub fn wanted(&self, today: NaiveDate) -> bool {
        self.done.is_none() && self.opens <= today
    }

    /// True when it was not made in time.
    pub fn late(&self, today: NaiveDate) -> bool {
        self.done.unwrap_or(today) > self.by
    }
}

fn fits(path: &str, pattern: &str) -> bool {
    let (mut have, mut want) = (path.split('/'), pattern.split('/'));
    loop {
        match (have.next(), want.next()) {
            (None, None) => return true,
            (Some(have), Some(want)) if want == "*" || have == want => {}
            _ => return false,
        }
    }
}

/// What a visit's answers say happened to its household.
pub fn signals(rules: &VisitRules, visit: &Entity) -> Vec<Signal> {
    let Some(creation) = visit.creation().filter(|made| made.rejected.is_none()) else { return Vec::new() };
    let at = visit.text("visit_at").and_then(crate::validate::instant).unwrap_or(creation.hlc.ms);
    let says = |answer: &Answer| {
        visit.registers().filter(|(path, _)| fits(path, &answer.path)).any(|(_, register)| {
            register
                .value()
                .and_then(Value::as_str)
                .is_some_and(|said| answer.values.iter().any(|v| v == said))
        })
    };
    let happened = rules.triggers.iter().filter(|trigger| trigger.from.iter().any(says));
    happened.map(|trigger| Signal { trigger: trigger.id.clone(), at }).collect()
}

/// What was entered at a household itself (TERR-11): the place of the trigger in the list of the rules, and the day. What a
/// visit told of stands there, too; it is the same event, and whoever answers one has answered the other.
pub(crate) fn entered(rules: &VisitRules, household: &Entity) -> Vec<(usize, NaiveDate)> {
    let events = movement::history(household);
    let told = |trigger: &Trigger, kind: &String| {
        let of = |answer: &Answer| answer.path == movement::TOLD && answer.values.contains(kind);
        trigger.from.iter().any(of)
    };
    let of = |(place, trigger): (usize, &Trigger)| {
        let own = events.iter().filter(|one| told(trigger, &one.kind));
        own.filter_map(|one| Some((place, one.on?))).collect::<Vec<_>>()
    };
    rules.triggers.iter().enumerate().flat_map(of).collect()
}

/// What happened to a household as a list row tells it: what was heard in a visit, what was entered at the household, a
/// dispute that was closed.
pub fn row_signals(rules: &VisitRules, summary: &Summary) -> Vec<Signal> {
    if summary.rejected {
        return Vec::new();
    }
    if summary.kind == RecordKind::Dispute && summary.state == "closed" {
        let closed = |at| Signal { trigger: "dispute_closed".to_owned(), at };
        return summary.over().map(closed).into_iter().collect();
    }
    let heard = summary.hints.iter().filter_map(|hint| {
        let (place, at) = match hint {
            Hint::Calls(place) => (place, summary.at),
            Hint::Happened(place, day) => (place, midnight(NaiveDate::from_num_days_from_ce_opt(*day)?)),
            _ => return None,
        };
        let trigger = rules.triggers.get(usize::from(*place))?;
        Some(Signal { trigger: trigger.id.clone(), at })
    });
    heard.collect()
}

/// The extra visits that a household's categories and what happened to it call for, the most urgent first. Days of
/// the year count from `today` one year back and one ahead; `visits` in any order.
pub fn extras(
    rules: &VisitRules,
    categories: &[&str],
    signals: &[Signal],
    visits: &[VisitFact],
    today: NaiveDate,
) -> Vec<Extra> {
    let mut found = Vec::new();
    for trigger in &rules.triggers {
        let concerns = trigger.categories.is_empty()
            || trigger.categories.iter().any(|wanted| categories.contains(&wanted.as_str()));
        if !concerns {
            continue;
        }
        let mut spans: Vec<((NaiveDate, NaiveDate), u64)> = Vec::new();
        for signal in signals.iter().filter(|signal| signal.trigger == trigger.id) {
            let day = day_of(signal.at);
            // What was announced is heard of by who is called on after it; of everything else the day is what is known.
            let since = if trigger.from.is_empty() { signal.at } else { 0 };
            if let Some(hours) = trigger.within_hours {
                spans.push(((day, day_of(signal.at + hours * DAY_MS / 24)), since));
            }
            if let Some(days) = trigger.within_days {
                spans.push(((day, day + Days::new(days)), since));
            }
            // A visit a little early counts; one of the week before does not.
            let later = trigger.after_days.iter();
            spans.extend(later.map(|n| ((day + Days::new(n - n / 5), day + Days::new(*n)), 0)));
        }
        spans.extend(festival_days(rules, trigger, today).into_iter().map(|festival| {
            let span = if trigger.late_days > 0 {
                (festival + Days::new(1), festival + Days::new(trigger.late_days))
            } else {
                (festival - Days::new(trigger.before_days), festival)
            };
            (span, 0)
        }));
        for ((opens, by), since) in spans {
            let counts = |visit: &&VisitFact| visit.met && visit.day >= opens && visit.at >= since;
            let met = visits.iter().filter(counts).map(|visit| visit.day).min();
            let (id, label) = (trigger.id.clone(), trigger.label.clone());
            found.push(Extra { trigger: id, label, opens, by, done: met });
        }
    }
    order_by_key(&mut found, |extra| (extra.done.is_some(), extra.by));
    found
}

/// The days of a yearly trigger whose visits may matter today.
fn festival_days(rules: &VisitRules, trigger: &Trigger, today: NaiveDate) -> Vec<NaiveDate> {
    let near = |day: &NaiveDate| {
        let away = day.signed_duration_since(today).num_days();
        (-30..=30).contains(&away)
    };
    let springs = rules.spring_festivals.iter().filter(|_| trigger.spring_festival);
    let springs = springs.filter_map(|text| crate::date::parse(text));
    let yearly = trigger.yearly.into_iter().flat_map(|at| {
        let year = today.year();
        [year - 1, year, year + 1]
            .into_iter()
            .filter_map(move |y| NaiveDate::from_ymd_opt(y, at / 100, at % 100))
    });
    springs.chain(yearly).filter(near).collect()
}

#[cfg(test)]
mod tests;
