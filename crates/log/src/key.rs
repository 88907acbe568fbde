//! The record with which a writer makes its public key known to all who read the log.
//!
//! It lies under an id that follows from the writer, so there is one place to look for it, and nobody can make a
//! second one elsewhere. It travels like every other record: over a server, a share, or a file carried by hand.

use std::ops::RangeInclusive;

use serde_json::json;

use crate::body::{Body, Create, Placement, Values};
use crate::hex;
use crate::id::{DeviceId, EntityId, Writer};
use crate::op::Op;
use crate::voucher::Voucher;

/// The `type` of its create operation.
pub const TYPE: &str = "device_key";
/// Begins the ids of these records.
const ID: &[u8; 4] = b"key.";
/// How the header lines in these records begin.
pub const LINE: &str = "gb1 6b65792e";
/// Where the record has the key.
const PATH: &str = "key";
/// And what says whose device it is.
const VOUCHERS: &str = "vouchers";

/// A public key: the uncompressed point of P-256, `04 ‖ x ‖ y`.
pub type Point = [u8; 65];

/// Where a writer's key lies.
pub fn id(writer: Writer) -> EntityId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(ID);
    id[4..12].copy_from_slice(&writer.dev.0);
    id[12..].copy_from_slice(&writer.epoch.to_be_bytes());
    EntityId(id)
}

/// Where the keys of all lives of a device lie.
pub fn ids_of(dev: DeviceId) -> RangeInclusive<EntityId> {
    id(Writer { dev, epoch: 0 })..=id(Writer { dev, epoch: u32::MAX })
}

/// The device whose key lies there; `None` for every other id.
pub fn dev_of(id: EntityId) -> Option<DeviceId> {
    let dev = id.0.strip_prefix(ID)?.first_chunk::<8>()?;
    Some(DeviceId(*dev))
}

/// Makes the record, for [`id`] of the writer whose key it is, with what says whose device it is.
pub fn record(point: &Point, vouchers: &[Voucher]) -> Create {
    let mut set = Values::from([(PATH.to_owned(), json!(hex::encode(point)))]);
    if !vouchers.is_empty() {
        set.insert(VOUCHERS.to_owned(), json!(vouchers));
    }
    let place = Placement { all: Some(true), ..Placement::default() };
    Create { type_: TYPE.to_owned(), place, set, ..Create::default() }
}

/// The key that an operation makes known for its own writer; `None` for every other operation.
pub fn announced(op: &Op) -> Option<Point> {
    if op.entity() != id(op.dot().writer) {
        return None;
    }
    let Ok(Body::Create(create)) = op.body() else { return None };
    let text = create.set.get(PATH).filter(|_| create.type_ == TYPE)?.as_str()?;
    hex::decode::<65>(text).filter(|point| point[0] == 4)
}

/// What such an operation says of whose device it is; nothing for every other operation.
pub fn vouchers(op: &Op) -> Vec<Voucher> {
    let Ok(Body::Create(create)) = op.body() else { return Vec::new() };
    let value = create.set.get(VOUCHERS).filter(|_| create.type_ == TYPE);
    value.and_then(|value| serde_json::from_value(value.clone()).ok()).unwrap_or_default()
}
