//! Vouchers in the browser: whoever founds believes their own key, whoever invites passes a key on, whoever joins signs
//! their own with it. Where the page was not served securely there is no cryptography, and nobody is asked for any.

use gridbook_log::Writer;
use gridbook_log::key::Point;
use gridbook_log::voucher::{Trust, Voucher};
use gridbook_sync::authors::trust;
use gridbook_sync::bundle::{base64, unbase64};
use serde::{Deserialize, Serialize};

use super::AppReplica;
use crate::platform::{DeviceKey, PassingKey};

/// What an invitation passes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Whom the inviter believes, and the way from there to the key that is passed on.
    trust: Trust,
    /// The private half of that key.
    key: String,
}

async fn own(replica: &AppReplica) -> Option<(DeviceKey, Point, Writer)> {
    let key = DeviceKey::of(replica.store()).await?;
    let point = key.point().await?.try_into().ok()?;
    let writer = replica.meta().writer;
    Some((key, point, writer))
}

/// For whoever founds a township.
pub(super) async fn founded(replica: &AppReplica) -> Option<Trust> {
    Some(Trust::founded(&own(replica).await?.1))
}

/// For whoever takes up an invitation: with a voucher for this device's own key.
pub(super) async fn taken_up(replica: &AppReplica, passed: Option<Passed>) -> Option<Trust> {
    let Passed { trust, key } = passed?;
    let (_, point, writer) = own(replica).await?;
    let user = replica.meta().user.clone();
    let voucher = Voucher::new(&point, &user, Some(writer.dev), trust.invites());
    let signature = PassingKey::of(unbase64(&key)?).sign(&voucher.bytes()).await?;
    Some(trust.and(voucher.signed(&signature)))
}

/// For a person who is invited. `invites`: they may invite others, too.
pub(super) async fn passed(replica: &AppReplica, user: &str, invites: bool) -> Option<Passed> {
    let trust = trust(replica.store()).await.ok()??;
    let (key, ..) = own(replica).await?;
    let (passing, point) = PassingKey::make().await?;
    let voucher = Voucher::new(&point, user, None, invites && trust.invites());
    let signature = key.sign_bytes(&voucher.bytes()).await?;
    Some(Passed { trust: trust.and(voucher.signed(&signature)), key: base64(passing.bytes()) })
}
