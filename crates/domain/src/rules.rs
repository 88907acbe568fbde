//! What is suggested around a case beyond its workflow, as data and pure functions: what may be the same case twice,
//! what comes back, who looks back when, which short messages are to be sent, and what is proposed to whoever supervises.

pub mod look_back;
pub mod message;
pub mod similar;
pub mod supervise;

use serde::{Deserialize, Serialize};

use crate::calendar::HOUR_MS;

pub use look_back::LookBackRule;
pub use message::Template;

/// Unsent for longer than this is told in red, milliseconds (OFF-01).
const UNSENT_MS: u64 = 72 * HOUR_MS;

/// Whether what was recorded at an instant waits too long to be sent; both in milliseconds since 1970.
pub const fn unsent_too_long(recorded: u64, now: u64) -> bool {
    now.saturating_sub(recorded) > UNSENT_MS
}

/// The rules as data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseRules {
    /// Days between two reports of the same thing (domain data 5.2).
    pub duplicate_days: u32,
    /// Metres between them.
    pub duplicate_metres: u32,
    /// Days in which a case of the same party or household is one that comes back (FLOW-15).
    pub repeat_days: u32,
    /// Days after closing on which somebody looks back (FLOW-14).
    pub look_back_days: Vec<u32>,
    /// Cases that are looked back at.
    pub look_back: Vec<LookBackRule>,
    /// Days before an instalment on which people are reminded.
    pub performance_days: u32,
    /// Texts of messages (domain data 4.15).
    pub messages: Vec<Template>,
    /// The mediators' subsidy (MED-15).
    pub subsidy: crate::mediation::subsidy::Rates,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_longer_than_three_days_is_told_in_red() {
        assert!(!unsent_too_long(5, 5 + 72 * HOUR_MS));
        assert!(unsent_too_long(5, 6 + 72 * HOUR_MS));
        assert!(!unsent_too_long(7, 5), "a clock that was turned back");
    }
}
