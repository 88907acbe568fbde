//! What the log promises, from outside: only what other crates can reach is used here.
#![allow(clippy::unwrap_used, missing_docs)]

mod again;
mod authority;
mod codec;
mod events;
mod fold;
mod forks;
mod header;
mod placement;
mod rows;
mod schedules;
mod snapshot;
mod support;
mod values;
