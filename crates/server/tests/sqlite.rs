//! The server on SQLite: what holds on either database, and what needs to be tried on one only.
#![allow(clippy::unwrap_used)]

mod common;
mod simulated;
mod suite;

#[path = "sqlite/assets.rs"]
mod assets;
#[path = "sqlite/bridge.rs"]
mod bridge;
#[path = "sqlite/conform_level1.rs"]
mod conform_level1;
#[path = "sqlite/homes.rs"]
mod homes;
#[path = "sqlite/keep.rs"]
mod keep;
#[path = "sqlite/metrics.rs"]
mod metrics;
#[path = "sqlite/objects.rs"]
mod objects;
#[path = "sqlite/relay.rs"]
mod relay;
#[path = "sqlite/restricted.rs"]
mod restricted;
#[path = "sqlite/scenarios.rs"]
mod scenarios;
#[path = "sqlite/simulator.rs"]
mod simulator;
#[path = "sqlite/tls.rs"]
mod tls;
#[path = "sqlite/uploads.rs"]
mod uploads;
