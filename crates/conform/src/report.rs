//! What came out.

use std::fmt;
use std::time::Duration;

use crate::check::Demand;

/// What was sent, what the contract demands, and what came. Never holds a token or a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The request.
    pub sent: String,
    /// What should have come.
    pub expected: String,
    /// What came.
    pub got: String,
}

/// How one check went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As demanded.
    Passed,
    /// Otherwise.
    Failed(Finding),
    /// Could not be found out, and why.
    Unchecked(String),
}

/// One check and how it went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was demanded.
    pub demand: Demand,
    /// How it went.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// All checks that were made.
#[derive(Clone, Debug)]
pub struct Report {
    /// Levels that the server announces.
    pub announced: Vec<u8>,
    /// In the order of the suite.
    pub outcomes: Vec<Outcome>,
}

impl Report {
    fn of(&self, level: u8) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |o| o.demand.level == level)
    }

    /// Whether every check of a level was made and passed.
    pub fn passed(&self, level: u8) -> bool {
        self.of(level).count() > 0 && self.of(level).all(|o| o.verdict == Verdict::Passed)
    }

    /// Ids of the checks that failed.
    pub fn failed(&self) -> Vec<&'static str> {
        let failed = self.outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Failed(_)));
        failed.map(|o| o.demand.id).collect()
    }

    /// Ids of the checks that could not be made.
    pub fn unchecked(&self) -> Vec<&'static str> {
        let unchecked = self.outcomes.iter().filter(|o| matches!(o.verdict, Verdict::Unchecked(_)));
        unchecked.map(|o| o.demand.id).collect()
    }

    /// Whether the server breaks a level that it announces.
    pub fn breaks_its_word(&self) -> bool {
        self.outcomes
            .iter()
            .any(|o| matches!(o.verdict, Verdict::Failed(_)) && self.announced.contains(&o.demand.level))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut levels: Vec<u8> = self.outcomes.iter().map(|o| o.demand.level).collect();
        levels.dedup();
        for level in levels {
            let announced = if self.announced.contains(&level) { "" } else { "(服务器没有宣布)" };
            writeln!(f, "级别 {level}{announced}")?;
            let (mut passed, mut failed, mut unchecked) = (0, 0, 0);
            // One cause that stands behind many is told once.
            let mut told = "";
            for Outcome { demand, verdict, .. } in self.of(level) {
                let sign = match verdict {
                    Verdict::Passed => "通过  ",
                    Verdict::Failed(_) => "不通过",
                    Verdict::Unchecked(_) => "没查成",
                };
                writeln!(f, "  {sign} {:<24} {}", demand.id, demand.text)?;
                match verdict {
                    Verdict::Passed => passed += 1,
                    Verdict::Failed(finding) => {
                        failed += 1;
                        writeln!(f, "         发送:{}", finding.sent)?;
                        writeln!(f, "         应当:{}", finding.expected)?;
                        writeln!(f, "         实际:{}", finding.got)?;
                    }
                    Verdict::Unchecked(why) => {
                        unchecked += 1;
                        if told != why {
                            writeln!(f, "         原因:{why}")?;
                        }
                        told = why;
                    }
                }
            }
            let word = match (failed, unchecked) {
                (0, 0) => "全部通过",
                (0, _) => "没有不通过的,但没有查完",
                _ => "不符合约定",
            };
            writeln!(f, "  级别 {level}:{word}(通过 {passed},不通过 {failed},没查成 {unchecked})")?;
        }
        Ok(())
    }
}
