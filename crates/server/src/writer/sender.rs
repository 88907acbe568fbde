//! The device that sends a push.

use super::ledger::Ledger;
use super::push::Push;
use crate::problem::ApiError;
use crate::signature;
use crate::sql;

/// The device behind a push: known to this account under this nonce, or new. Otherwise the code for all of it.
pub(super) async fn known(ledger: &mut Ledger, push: &Push) -> Result<Option<&'static str>, ApiError> {
    if push.writer.dev == ledger.tenant.authority || push.writer.epoch == 0 {
        return Ok(Some("forged"));
    }
    let Some(given) = &push.nonce else {
        let foreign = signature::has_other_owner(ledger, &push.actor.user, push.writer.dev).await?;
        return Ok(foreign.then_some("foreign_device"));
    };
    if given.is_empty() || given.len() > 64 {
        return Err(ApiError::malformed());
    }
    let (dev, epoch) = (push.writer.dev.to_string(), i64::from(push.writer.epoch));
    let known = sql::query("SELECT nonce, account FROM devices WHERE tenant = ? AND dev = ? AND epoch = ?")
        .bind(ledger.tenant.id)
        .bind(&dev)
        .bind(epoch)
        .fetch_optional(&mut ledger.conn)
        .await?;
    let Some(row) = known else {
        // A device's name stands in every header it wrote: its next life is not for others to take.
        if signature::has_other_owner(ledger, &push.actor.user, push.writer.dev).await? {
            return Ok(Some("foreign_device"));
        }
        sql::query(
            "INSERT INTO devices (tenant, dev, epoch, nonce, account, first_seen) VALUES (?, ?, ?, ?, ?, ?)",
        )
        .bind(ledger.tenant.id)
        .bind(&dev)
        .bind(epoch)
        .bind(given)
        .bind(&push.actor.user)
        .bind(ledger.now_i64())
        .execute(&mut ledger.conn)
        .await?;
        return Ok(None);
    };
    let (nonce, account): (String, String) = (row.try_get("nonce")?, row.try_get("account")?);
    Ok(if account != push.actor.user {
        Some("foreign_device")
    } else if nonce != *given {
        Some("clone")
    } else {
        None
    })
}
