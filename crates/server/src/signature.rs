//! Keys of devices, and whether an operation was signed by one of its author's.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{DeviceId, Op, signed_bytes};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};

use crate::problem::ApiError;
use crate::sql::{self, Pool};
use crate::writer::Ledger;

/// Keys that one device may register in its life; each is tried when a signature is checked.
const MAX_KEYS: i64 = 8;

/// A device and the account that it writes for.
pub type Author = (DeviceId, String);

/// Keys by device and account.
pub type Keys = BTreeMap<Author, Vec<VerifyingKey>>;

/// Reads a public key: the uncompressed point, 65 bytes as lower-case hex. `None` for what is no point of the curve.
pub fn parse(text: &str) -> Option<VerifyingKey> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() != 130 || !text.starts_with("04") || !text.bytes().all(lower) {
        return None;
    }
    let point: Option<Vec<u8>> =
        (0..65).map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect();
    VerifyingKey::from_sec1_bytes(&point?).ok()
}

/// Whether one of the author's keys signed this operation.
pub fn verifies(keys: &Keys, op: &Op) -> bool {
    let header = op.header();
    let Some(keys) = keys.get(&(header.id.dot.writer.dev, header.user.clone())) else { return false };
    let Some(signature) = op.signature().and_then(|s| Signature::from_slice(&s).ok()) else { return false };
    let signed = signed_bytes(op.hash());
    keys.iter().any(|key| key.verify(&signed, &signature).is_ok())
}

/// The registered keys of these authors.
///
/// # Errors
/// When the database fails.
pub async fn keys(readers: &Pool, tenant: i64, authors: &BTreeSet<Author>) -> Result<Keys, ApiError> {
    let mut out = Keys::new();
    for (dev, account) in authors {
        let texts: Vec<String> =
            sql::query_scalar("SELECT key FROM device_keys WHERE tenant = $1 AND dev = $2 AND account = $3")
                .bind(tenant)
                .bind(dev.to_string())
                .bind(account)
                .fetch_all(readers)
                .await?;
        let keys: Vec<VerifyingKey> = texts.iter().filter_map(|text| parse(text)).collect();
        if !keys.is_empty() {
            out.insert((*dev, account.clone()), keys);
        }
    }
    Ok(out)
}

/// Registers a key for a device of `account`. The same key again changes nothing.
///
/// # Errors
/// 409 when the device belongs to somebody else or has too many keys; when the database fails.
pub async fn register(ledger: &mut Ledger, account: &str, dev: DeviceId, key: &str) -> Result<(), ApiError> {
    let tenant = ledger.tenant.id;
    let taken = dev == ledger.tenant.authority || has_other_owner(ledger, account, dev).await?;
    if taken {
        return Err(ApiError::conflict(
            "foreign_device",
            "这台设备登记在别的账号名下,没有改动;请退出后用原来的账号登录,或联系镇网格专干。",
        ));
    }
    let texts: Vec<String> = sql::query_scalar("SELECT key FROM device_keys WHERE tenant = $1 AND dev = $2")
        .bind(tenant)
        .bind(dev.to_string())
        .fetch_all(&mut ledger.conn)
        .await?;
    if texts.iter().any(|known| known == key) {
        return Ok(());
    }
    if i64::try_from(texts.len()).unwrap_or(i64::MAX) >= MAX_KEYS {
        return Err(ApiError::conflict(
            "too_many_keys",
            "这台设备登记过的签名钥匙太多,没有改动;本机记录不受影响,请联系镇网格专干。",
        ));
    }
    sql::query("INSERT INTO device_keys (tenant, dev, key, account, added_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(tenant)
        .bind(dev.to_string())
        .bind(key)
        .bind(account)
        .bind(ledger.now_i64())
        .execute(&mut ledger.conn)
        .await?;
    Ok(())
}

/// As [`register`], from the record by which a device makes its key known: one that cannot be registered counts for
/// nothing, and the record stands.
///
/// # Errors
/// When the database fails.
pub async fn learn(ledger: &mut Ledger, account: &str, dev: DeviceId, key: &str) -> Result<(), ApiError> {
    if parse(key).is_none() {
        return Ok(());
    }
    match register(ledger, account, dev, key).await {
        // A device of two people, or with too many keys: what it signed comes through nobody else's hands.
        Err(error) if error.status == axum::http::StatusCode::CONFLICT => Ok(()),
        done => done,
    }
}

/// Whether another account has pushed from this device or registered a key for it.
///
/// # Errors
/// When the database fails.
pub async fn has_other_owner(ledger: &mut Ledger, account: &str, dev: DeviceId) -> Result<bool, ApiError> {
    let others: i64 = sql::query_scalar(
        "SELECT (SELECT COUNT(*) FROM devices WHERE tenant = $1 AND dev = $2 AND account <> $3)
              + (SELECT COUNT(*) FROM device_keys WHERE tenant = $1 AND dev = $2 AND account <> $3)",
    )
    .bind(ledger.tenant.id)
    .bind(dev.to_string())
    .bind(account)
    .fetch_one(&mut ledger.conn)
    .await?;
    Ok(others > 0)
}
