//! The tests of the server once more, on PostgreSQL (`common::ON_POSTGRES` goes by this file's name), and what only
//! PostgreSQL has.
#![allow(clippy::duplicate_mod, reason = "each of these files is a test of its own and brings its helpers")]

#[path = "adopt.rs"]
mod adopt;
#[path = "auth.rs"]
mod auth;
#[path = "blobs.rs"]
mod blobs;
#[path = "confidential.rs"]
mod confidential;
#[path = "conform.rs"]
mod conform;
#[path = "crowd.rs"]
mod crowd;
#[path = "feed.rs"]
mod feed;
#[path = "postgres/keep.rs"]
mod keep;
#[path = "kill.rs"]
mod kill;
#[path = "level2.rs"]
mod level2;
#[path = "malformed.rs"]
mod malformed;
#[path = "postgres/own.rs"]
mod own;
#[path = "push.rs"]
mod push;
#[path = "quarantine.rs"]
mod quarantine;
#[path = "relayed.rs"]
mod relayed;
#[path = "slow.rs"]
mod slow;
#[path = "township.rs"]
mod township;
