//! The app: phone (`field`) and township (`desk`) over one core.
//!
//! Nothing here decides a rule that a test without a browser could check; those live in `crates/`.
#![recursion_limit = "256"]

pub mod app;
pub mod desk;
pub mod field;
pub mod net;
pub mod platform;
pub mod store;
pub mod ui;
pub mod worker;
