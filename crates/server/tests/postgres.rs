//! The server on PostgreSQL: what holds on either database, and what only PostgreSQL has.
//! `common::ON_POSTGRES` goes by this file's name.
#![allow(clippy::unwrap_used)]

mod common;
mod simulated;
mod suite;

#[path = "postgres/keep.rs"]
mod keep;
#[path = "postgres/lost.rs"]
mod lost;
#[path = "postgres/own.rs"]
mod own;
#[path = "postgres/simulator.rs"]
mod simulator;
