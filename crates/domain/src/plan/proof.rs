//! What shows that a visit was made, and which visits somebody should ask about (VISIT-08): nothing is demanded of the
//! worker, nothing is tracked. A question is for a person to look at, never a verdict, and no figure counts it.

use std::collections::BTreeSet;

use gridbook_log::EntityId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::case::CaseView;
use crate::rules::similar::{Spot, metres_between, spot_of};
use crate::summary::{Summary, VisitMode};

const MINUTE_MS: u64 = 60_000;

/// Limits beyond which a visit is asked about, as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProofRules {
    /// So many households of one person …
    pub households: usize,
    /// … within so many minutes cannot have been visited.
    pub minutes: u64,
    /// So many metres from the dwelling count as being there; the accuracy of the reading comes on top.
    pub metres: u32,
    /// So many of a hundred visits are asked about again ([`super::sample`]).
    pub review_percent: u32,
}

impl Default for ProofRules {
    fn default() -> Self {
        Self { households: 10, minutes: 5, metres: 300, review_percent: 5 }
    }
}

/// One visit as the look at it needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Its stream.
    pub visit: EntityId,
    /// Whom it was to.
    pub household: EntityId,
    /// Grid that it lies in.
    pub area: String,
    /// Who wrote it down.
    pub by: String,
    /// When it was made, as entered: milliseconds since 1970.
    pub at: u64,
    /// At the dwelling itself.
    in_home: bool,
    /// Face to face, at home or elsewhere; only such visits take their time.
    in_person: bool,
    /// Whether anybody was met.
    met: bool,
    /// Where the phone was and how exact that is, in metres.
    stood: Option<(Spot, u32)>,
    /// A picture, a recording, or the household's word.
    shown: bool,
}

impl Trace {
    /// Of a visit and its row; `None` for everything else and for a visit to nobody known.
    pub fn of(row: &Summary, case: &CaseView) -> Option<Self> {
        let text = |path: &str| case.values.get(path).and_then(Value::as_str).unwrap_or_default();
        let geo = case.values.get("geo");
        let accuracy = geo.and_then(|geo| geo.get("acc")).and_then(Value::as_f64).unwrap_or(0.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
        let accuracy = accuracy.clamp(0.0, 100_000.0) as u32;
        let pictured = ["photos", "audio"].iter().any(|role| case.photos.get(*role).is_some_and(|n| *n > 0));
        Some(Self {
            visit: row.id,
            household: row.household?,
            area: row.area.clone(),
            by: row.reporter.clone(),
            at: row.at,
            in_home: text("mode") == "in_home",
            in_person: row.visit?.mode == VisitMode::InPerson,
            met: row.visit?.met,
            stood: spot_of(geo).map(|spot| (spot, accuracy)),
            shown: pictured || matches!(text("confirm"), "signed" | "oral"),
        })
    }

    /// Whether anything could show it: face to face, and somebody was met who could say so.
    pub const fn could_show(&self) -> bool {
        self.in_person && self.met
    }

    /// Whether the household's own place is needed to judge it.
    pub fn has_place(&self) -> bool {
        self.in_home && self.stood.is_some()
    }

    /// Metres between the phone and the dwelling at least, the accuracy taken off; `None` where one of them is unknown.
    fn away(&self, home: Option<Spot>) -> Option<u32> {
        let (stood, accuracy) = self.stood.filter(|_| self.in_home)?;
        Some(metres_between(stood, home?).saturating_sub(accuracy))
    }

    /// Whether anything shows that it was made: a place near the dwelling, a picture, a recording, the household's word.
    pub fn is_shown(&self, home: Option<Spot>, rules: &ProofRules) -> bool {
        self.shown || self.away(home).is_some_and(|metres| metres <= rules.metres)
    }
}

/// Why somebody should ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doubt {
    /// So many households of one person in no time.
    Rapid(usize),
    /// So many metres from the dwelling.
    Away(u32),
}

/// Visits to ask about together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubtful {
    /// Who wrote them down.
    pub by: String,
    /// Grid of the first.
    pub area: String,
    /// The households, each once.
    pub households: BTreeSet<EntityId>,
    /// Time of the first and of the last, milliseconds since 1970.
    pub span: (u64, u64),
    /// Why.
    pub doubt: Doubt,
}

/// Visits that somebody should ask about, the latest first. `home` tells where a household lives, where that is known.
pub fn doubtful(
    traces: &[Trace],
    rules: &ProofRules,
    home: impl Fn(EntityId) -> Option<Spot>,
) -> Vec<Doubtful> {
    let mut found = rapid(traces, rules);
    for trace in traces {
        if let Some(metres) = trace.away(home(trace.household)).filter(|metres| *metres > rules.metres) {
            found.push(Doubtful {
                by: trace.by.clone(),
                area: trace.area.clone(),
                households: BTreeSet::from([trace.household]),
                span: (trace.at, trace.at),
                doubt: Doubt::Away(metres),
            });
        }
    }
    found.sort_by(|a, b| b.span.cmp(&a.span).then_with(|| a.by.cmp(&b.by)));
    found
}

/// Runs of one person's visits in which every visit lies in some stretch of minutes with too many households. A household
/// that was visited twice, or by two people together, is one.
fn rapid(traces: &[Trace], rules: &ProofRules) -> Vec<Doubtful> {
    let mut list: Vec<&Trace> = traces.iter().filter(|trace| trace.in_person).collect();
    list.sort_by(|a, b| (&a.by, a.at, a.visit).cmp(&(&b.by, b.at, b.visit)));
    let mut found: Vec<Doubtful> = Vec::new();
    // The first visit behind the run that was told last.
    let mut told = 0;
    for (first, trace) in list.iter().enumerate() {
        let near = |other: &&&Trace| {
            other.by == trace.by && other.at <= trace.at.saturating_add(rules.minutes * MINUTE_MS)
        };
        let stretch: Vec<&Trace> = list[first..].iter().take_while(near).copied().collect();
        let homes: BTreeSet<EntityId> = stretch.iter().map(|trace| trace.household).collect();
        let Some(last) = stretch.last().filter(|_| homes.len() >= rules.households.max(2)) else { continue };
        match found.last_mut().filter(|run| first < told && run.by == trace.by) {
            Some(run) => {
                run.households.extend(homes);
                run.span.1 = last.at;
                run.doubt = Doubt::Rapid(run.households.len());
            }
            None => found.push(Doubtful {
                by: trace.by.clone(),
                area: trace.area.clone(),
                doubt: Doubt::Rapid(homes.len()),
                households: homes,
                span: (trace.at, last.at),
            }),
        }
        told = first + stretch.len();
    }
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};
    use crate::package::Package;

    const HOME: Spot = (3_000_000, 10_400_000);

    fn trace(n: u8, by: &str, minute: u64) -> Trace {
        Trace {
            visit: EntityId([n; 16]),
            household: EntityId([n; 16]),
            area: GRID.to_owned(),
            by: by.to_owned(),
            at: minute * MINUTE_MS,
            in_home: true,
            in_person: true,
            met: true,
            stood: None,
            shown: false,
        }
    }

    fn asked(traces: &[Trace]) -> Vec<(String, Doubt)> {
        let found = doubtful(traces, &ProofRules::default(), |_| Some(HOME));
        found.into_iter().map(|asked| (asked.by, asked.doubt)).collect()
    }

    #[test]
    fn ten_households_in_five_minutes_are_asked_about_and_nine_are_not() {
        let many: Vec<Trace> = (0..10).map(|n| trace(n, "ann", u64::from(n) / 2)).collect();
        assert_eq!(asked(&many), [("ann".to_owned(), Doubt::Rapid(10))]);
        assert_eq!(asked(&many[1..]), []);
        // A minute more between the first and the last.
        let mut slow = many.clone();
        slow[9].at = 6 * MINUTE_MS;
        assert_eq!(asked(&slow), []);
        // Half of them are another person's, or telephone calls.
        let two = many.iter().map(|t| Trace { by: format!("w{}", t.visit.0[0] % 2), ..t.clone() });
        assert_eq!(asked(&two.collect::<Vec<_>>()), []);
        let calls = many.iter().map(|t| Trace { in_person: t.visit.0[0] > 0, ..t.clone() });
        assert_eq!(asked(&calls.collect::<Vec<_>>()), []);
        // The same household again and again is one household.
        let same = many.iter().map(|t| Trace { household: EntityId([1; 16]), ..t.clone() });
        assert_eq!(asked(&same.collect::<Vec<_>>()), []);
    }

    #[test]
    fn a_long_run_is_one_question_and_two_runs_are_two() {
        let run: Vec<Trace> = (0..30).map(|n| trace(n, "ann", u64::from(n) / 3)).collect();
        assert_eq!(asked(&run), [("ann".to_owned(), Doubt::Rapid(30))]);
        let found = doubtful(&run, &ProofRules::default(), |_| None);
        assert_eq!(found[0].span, (0, 9 * MINUTE_MS));
        let later = run[..10].iter().map(|t| Trace {
            visit: EntityId([t.visit.0[0] + 100; 16]),
            at: t.at + 600 * MINUTE_MS,
            ..t.clone()
        });
        let both: Vec<Trace> = run.iter().cloned().chain(later).collect();
        assert_eq!(
            asked(&both),
            [("ann".to_owned(), Doubt::Rapid(10)), ("ann".to_owned(), Doubt::Rapid(30))]
        );
    }

    #[test]
    fn a_place_far_from_the_dwelling_is_asked_about_once_the_accuracy_is_taken_off() {
        let at = |north: i32, accuracy: u32| Trace {
            stood: Some(((HOME.0 + north, HOME.1), accuracy)),
            ..trace(1, "ann", 0)
        };
        // 0.00100 degrees are 111 metres.
        assert_eq!(asked(&[at(0, 10), at(260, 10)]), []);
        assert_eq!(asked(&[at(1_000, 13)]), [("ann".to_owned(), Doubt::Away(1_100))]);
        assert_eq!(asked(&[at(1_000, 900)]), [], "a reading that is not exact says nothing");
        let outside = Trace { in_home: false, ..at(1_000, 13) };
        assert_eq!(asked(&[outside]), [], "met in the field");
        assert_eq!(
            doubtful(&[at(1_000, 13)], &ProofRules::default(), |_| None),
            [],
            "nobody knows where they live"
        );
    }

    #[test]
    fn anything_modest_shows_it() {
        let story = |more: Value| {
            let mut story = Story::new();
            let mut set = json!({"household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "visit_at": "2026-05-18T08:00",
                "mode": "in_home", "met": "head"});
            set.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let body = json!({"type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID},
                "set": set});
            story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
            let row = Summary::of(&story.entity, Package::builtin()).unwrap();
            Trace::of(&row, &story.view()).unwrap()
        };
        let rules = ProofRules::default();
        let shown = |more: Value| story(more).is_shown(Some(HOME), &rules);
        assert!(!shown(json!({})) && !shown(json!({"confirm": "unsigned"})));
        assert!(shown(json!({"confirm": "signed"})) && shown(json!({"confirm": "oral"})));
        assert!(shown(json!({"geo": {"lat": 30.001, "lon": 104.0, "acc": 20}})));
        assert!(!shown(json!({"geo": {"lat": 30.1, "lon": 104.0, "acc": 20}})));
        let call = story(json!({"mode": "phone", "geo": {"lat": 30.0, "lon": 104.0, "acc": 20}}));
        assert!(!call.could_show() && call.met && !call.has_place());
        assert!(story(json!({})).could_show());
        let attempt = story(json!({"met": "not_met", "not_met_reason": "away"}));
        assert!(!attempt.could_show(), "nobody can confirm an attempt");
    }
}
