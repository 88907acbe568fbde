//! Synchronisation: the wire contract, the sans-I/O engine, the replica over a small store, the simulator.
//!
//! Knows neither Leptos nor a browser API, and no villages.

pub mod authors;
pub mod both;
pub mod bundle;
pub mod driver;
pub mod engine;
pub mod env;
pub mod lead;
pub mod link;
pub mod memory;
pub mod model;
pub mod relay;
pub mod replica;
pub mod share;
pub mod sim;
pub mod store;
pub mod wire;
