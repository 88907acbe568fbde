//! What the engine, the replica and the model promise, from outside.
#![allow(clippy::unwrap_used, missing_docs)]

mod aside;
mod between;
mod bundle;
mod check;
mod driver;
mod engine;
mod feed;
mod forks;
mod index;
mod lead;
mod line;
mod model;
mod outbox;
mod photos;
mod pipeline;
mod relay;
mod renew;
mod rig;
mod saving;
mod snapshot;
mod summaries;
mod support;
mod surplus;
mod tabs;
