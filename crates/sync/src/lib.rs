//! Synchronisation: the wire contract, the sans-I/O engine, the replica over a small store, the simulator.
//!
//! Knows neither Leptos nor a browser API, and no villages.

pub mod wire;
