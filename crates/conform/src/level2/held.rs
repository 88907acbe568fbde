//! What a reader should hold.

use std::collections::BTreeMap;

use gridbook_log::{Entity, Fingerprint, Op};
use gridbook_sync::wire::FpReply;

use super::held as held_at;
use crate::bench::{Bench, Walk};
use crate::check::{Done, Stop};
use crate::http::{Answer, Ask};

/// Tries to find the server at rest.
const TRIES: usize = 5;

/// The same moment told twice: by a walk and by `fp`.
async fn moment(bench: &Bench, query: &str) -> Done<(Walk, Answer, FpReply)> {
    for _ in 0..TRIES {
        let walk = bench.walk(0, "", "").await?;
        let ask = Ask::get(format!("/sync/v1/fp{query}")).token(bench.token(0));
        let answer = bench.http.ask(ask).await?;
        let told: FpReply = answer.read()?;
        if told.cursor == walk.cursor {
            return Ok((walk, answer, told));
        }
        if bench.walk(0, &walk.cursor, "").await?.cursor == walk.cursor {
            return Err(answer.broken(format!("cursor 是 {}", walk.cursor)));
        }
    }
    Err(Stop::Unchecked("别人一直在写入,对不到同一个时刻;请在没有人用的时候再查".to_owned()))
}

fn total<'a>(ops: impl IntoIterator<Item = &'a Op>) -> Fingerprint {
    let mut fp = Fingerprint::default();
    ops.into_iter().for_each(|op| fp.add(op));
    fp
}

pub(super) async fn sum(bench: &mut Bench) -> Done {
    let (walk, answer, told) = moment(bench, "").await?;
    let own = total(held_at(&walk).values().flat_map(BTreeMap::values));
    if told.fp == own { Ok(()) } else { Err(answer.broken(format!("fp 是 {own:?}"))) }
}

pub(super) async fn places(bench: &mut Bench) -> Done {
    let (walk, answer, told) = moment(bench, "?places=1").await?;
    let authority = bench.caps().authority;
    let mut own: BTreeMap<String, Fingerprint> = BTreeMap::new();
    for (id, ops) in held_at(&walk) {
        let entity = Entity::fold(id, authority, ops.values());
        own.entry(entity.area().unwrap_or("").to_owned()).or_default().join(total(ops.values()));
    }
    let listed = told.places.ok_or_else(|| answer.broken("places"))?;
    let same = listed.len() == own.len() && listed.iter().all(|p| own.get(&p.place) == Some(&p.fp));
    if same { Ok(()) } else { Err(answer.broken(format!("places 是 {own:?}"))) }
}
