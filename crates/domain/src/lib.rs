//! The trade, written once: territory, households, forms, workflow, roles, visits, import checks.
//!
//! Pure: no I/O, no clock, no random numbers, no Leptos, no browser, no SQL. Data are data files in `data/`.

pub mod admit;
mod announced;
pub mod authority;
pub mod backend;
pub mod calendar;
pub mod case;
pub mod catalogue;
pub mod clock;
pub mod confidential;
pub mod date;
pub mod deadline;
pub mod form;
pub mod handover;
pub mod hazard;
pub mod household;
pub mod import;
pub mod ledger;
pub mod library;
pub mod mask;
pub mod mediation;
pub mod opinion;
pub mod package;
pub mod password;
pub mod pinyin;
pub mod plan;
pub mod record;
pub mod restricted;
pub mod role;
pub mod rules;
pub mod search;
pub mod seven;
pub mod share;
pub mod summary;
pub mod territory;
pub mod township;
pub mod unit;
pub mod validate;
pub mod warning;
pub mod workflow;
pub mod zero;
