//! What holds on either database: `tests/sqlite.rs` and `tests/postgres.rs` both run it.

mod adopt;
mod auth;
mod blobs;
mod confidential;
mod conform;
mod crowd;
mod feed;
mod full;
pub mod keep;
mod kill;
mod level2;
mod live;
mod malformed;
mod push;
mod quarantine;
mod relayed;
mod roles;
mod slow;
mod stress;
mod township;
