//! The reference backend of Gridbook: accounts, the sync contract, blobs, and both bundles, in one program.
//!
//! It holds no rule of the trade: legality is asked of `gridbook_domain`, which phone and desk ask too.

pub mod accounts;
pub mod admission;
pub mod adopt;
mod app;
pub mod blobs;
pub mod bridge;
pub mod clock;
pub mod confidential;
pub mod control;
pub mod db;
pub mod demo;
pub mod feed;
pub mod found;
pub mod http;
pub mod keep;
pub mod limiter;
pub mod metrics;
pub mod password;
pub mod pokes;
pub mod problem;
pub mod qr;
pub mod quarantine;
pub mod relay;
pub mod secret;
mod serving;
pub mod setup;
pub mod signature;
pub mod sql;
pub mod tls;
pub mod writer;

pub use app::{App, Config, StartError, Started, blobs_beside, database_path, run, serve, start};
