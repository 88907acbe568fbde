//! The log: what is written, how it is named, and what a set of it means.
//!
//! A stream is one entity. An [`Op`] is one save in it. [`Entity`] is the fold of a set of operations: the
//! same set gives the same bytes on every replica, in any order of arrival. Nothing here knows villages, does
//! I/O, reads a clock or draws a random number: all of that is passed in.

mod again;
pub mod body;
pub mod clock;
pub mod context;
pub mod entity;
mod events;
pub mod fingerprint;
pub mod have;
pub mod header;
mod hex;
pub mod id;
pub mod key;
pub mod op;
pub mod order;
pub mod pack;
pub mod register;
pub mod sign;
pub mod snapshot;
pub mod voucher;

pub use body::{BlobRef, Body, Create, Event, Placement, Values};
pub use clock::{Clock, Hlc};
pub use context::Ctx;
pub use entity::{Applied, Entity};
pub use entity::{Created, Creation, Received};
pub use events::{EventRec, Flow, Outcome};
pub use fingerprint::Fingerprint;
pub use have::Have;
pub use header::{Header, HeaderError};
pub use id::{DeviceId, Dot, EntityId, OpId, Writer};
pub use op::{Hash, NewOp, Op, OpError, Salt, WireOp};
pub use order::{causes_first, map_of, order_by, order_by_key, set_of};
pub use register::{Register, Write};
pub use sign::{Signature, signed_bytes};
