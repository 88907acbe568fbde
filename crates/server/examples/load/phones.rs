//! What phones send and fetch.

use gridbook_log::{Body, Create, DeviceId, Dot, EntityId, Hlc, NewOp, Op, Placement, Writer};
use gridbook_sync::wire::{PullReply, PushReply, PushRequest, Verdict};
use serde_json::json;

use crate::Failure;

/// 2026-05-18 08:00 in China.
const NOON: u64 = 1_779_062_400_000;

/// A phone whose holder is signed in.
#[derive(Clone, Debug)]
pub struct Phone {
    pub number: u64,
    pub user: String,
    pub token: String,
}

/// Its holder's grid: in one of fourteen villages.
pub fn area(number: u64) -> String {
    format!("510000100{}{:03}", 201 + number % 14, number / 14 % 900 + 1)
}

impl Phone {
    pub fn new(number: u64) -> Self {
        Self { number, user: format!("load{number}"), token: format!("token-of-load{number}") }
    }

    /// One push of ordinary visits, as a phone packs it. The same batch number is the same push.
    pub fn push(&self, batch: u64, count: u64) -> Result<Vec<u8>, Failure> {
        let writer = Writer { dev: DeviceId((self.number + 1).to_be_bytes()), epoch: 1 };
        let ops = (0..count).map(|i| self.visit(writer, batch, i)).collect::<Result<Vec<_>, Failure>>()?;
        let nonce = format!("n{}", self.number);
        Ok(serde_json::to_vec(&PushRequest { writer, nonce, now: NOON, ops })?)
    }

    fn visit(&self, writer: Writer, batch: u64, i: u64) -> Result<gridbook_log::WireOp, Failure> {
        let mut random = [0u8; 10];
        random[..8].copy_from_slice(&(self.number << 44 | batch << 16 | i).to_be_bytes());
        let entity = EntityId::new(NOON + batch, random);
        let set = json!({
            "household": EntityId::new(NOON, [3; 10]).to_string(), "visit_at": "2026-05-18T08:00",
            "mode": "in_home", "purposes": ["daily"], "met": "head", "no_change": true, "well_being": "good",
            "fire_ok": "ok", "power_gas_ok": "ok", "house_ok": "ok", "geo_ok": "ok", "water_safety_ok": "ok",
            "fraud_ok": "ok", "remark": "一切照旧，叮嘱了用火用电",
        });
        let (kind, text) = Body::Create(Create {
            type_: "visit".to_owned(),
            form: Some("F-VISIT/1".to_owned()),
            state: Some("visited".to_owned()),
            place: Placement { area: Some(area(self.number)), ..Placement::default() },
            set: serde_json::from_value(set)?,
            ..Create::default()
        })
        .to_text();
        let hlc = Hlc { ms: NOON + i, count: 0 };
        let ctx = gridbook_log::Ctx::default();
        let new = NewOp { entity, dot: Dot { writer, n: 1 }, hlc, kind, user: &self.user, ctx };
        Ok(Op::new(new, [9; 16], text)?.to_wire())
    }
}

/// Sends a push; every operation must be taken.
pub async fn send(http: &reqwest::Client, url: &str, token: &str, body: Vec<u8>) -> Result<(), Failure> {
    let request = http.post(format!("{url}/sync/v1/push")).bearer_auth(token).body(body);
    let reply: PushReply = request.send().await?.error_for_status()?.json().await?;
    match reply.results.iter().find(|result| result.r != Verdict::Ok) {
        Some(bad) => Err(format!("{bad:?}").into()),
        None => Ok(()),
    }
}

/// Fetches all that is behind `cursor`; returns how much, and where the feed goes on.
pub async fn pull(
    http: &reqwest::Client,
    url: &str,
    token: &str,
    mut cursor: String,
) -> Result<(usize, String), Failure> {
    let mut count = 0;
    loop {
        let request = http.get(format!("{url}/sync/v1/pull?cursor={cursor}")).bearer_auth(token);
        let reply: PullReply = request.send().await?.error_for_status()?.json().await?;
        count += reply.entries.len();
        cursor = reply.cursor;
        if !reply.more {
            return Ok((count, cursor));
        }
    }
}
