//! The published conformance suite: asks any server, over HTTP, whether it keeps `docs/contract.md`, level by level.
//!
//! A server is a stranger here. Nothing is taken for granted but the contract: each check has a stable id, says in one
//! sentence what is demanded, and when it fails, what was sent, what was expected and what came.

mod bench;
mod check;
mod gzip;
mod http;
mod level0;
mod level1;
mod level2;
mod pen;
mod report;
pub mod wire;

use std::time::Duration;

pub use check::{Demand, demands};
pub use report::{Finding, Outcome, Report, Verdict};

/// How the suite proves who it is.
#[derive(Clone)]
pub enum Secret {
    /// Signs in at `/api/sign-in`.
    Password(String),
    /// Goes into `Authorization: Bearer …` as it is.
    Token(String),
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Password(_) => "Password(…)",
            Self::Token(_) => "Token(…)",
        })
    }
}

/// An account to use on the server.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its name, as it stands in the header of what it writes.
    pub user: String,
    /// Its password or token.
    pub secret: Secret,
    /// Areas it reads (prefixes). Empty: asked of `/api/me`.
    pub areas: Vec<String>,
}

impl Account {
    /// An account that signs in.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), secret: Secret::Password(password.into()), areas: Vec::new() }
    }
}

/// What to check, and with what.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first writes. Level 1 needs a second one that does not see the first one's area, and, for official numbers
    /// and for entities that come into view, one that may register cases and move records.
    pub accounts: Vec<Account>,
    /// Write test entities with invented content. They stay: a log only grows. Without it, only what stores nothing
    /// is checked, and the rest is reported as not checked.
    pub write: bool,
    /// Lowest level to check.
    pub from: u8,
    /// Highest level to check; `None`: the highest that the server announces.
    pub level: Option<u8>,
    /// Where test entities lie; `None`: the first account's own area.
    pub area: Option<String>,
    /// Longest wait for one answer.
    pub timeout: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            write: false,
            from: 0,
            level: None,
            area: None,
            timeout: Duration::from_secs(30),
        }
    }
}

/// Runs the suite against the server at `base_url` (`http://host:port`, without `/sync/v1`).
pub async fn run(base_url: &str, options: &Options) -> Report {
    let mut bench = bench::Bench::set_up(base_url, options).await;
    let announced: Vec<u8> = bench.caps.as_ref().map_or_else(|| vec![0], |caps| caps.levels.clone());
    let highest = options.level.unwrap_or_else(|| announced.iter().copied().max().unwrap_or(0));
    let mut outcomes = Vec::new();
    for check in check::all().filter(|check| (options.from..=highest).contains(&check.demand.level)) {
        let began = std::time::Instant::now();
        let verdict = bench.judge(check).await;
        outcomes.push(Outcome { demand: check.demand, verdict, took: began.elapsed() });
    }
    Report { announced, outcomes }
}
