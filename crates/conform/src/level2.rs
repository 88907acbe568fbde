//! Level 2: what makes a large township fast. Only what a server announces is asked for.

use std::collections::BTreeMap;

use gridbook_log::{EntityId, Fingerprint, Op, OpId};
use gridbook_sync::wire::Entry;

use crate::bench::{Bench, Walk};
use crate::check::{Done, checks};

checks! { 2:
    "fp.sum" reads sum, "最后一页带着 fp:读者在这个 cursor 上看得到的全部操作的条数与哈希和";
}

async fn sum(bench: &mut Bench) -> Done {
    let walk = bench.walk(0, "", "").await?;
    let given = walk.last.as_ref().and_then(|page| page.fp);
    let own = count(&walk);
    match given {
        Some(fp) if fp == own => Ok(()),
        _ => Err(walk.broken(format!("fp 是 {own:?}"), format!("{given:?}"))),
    }
}

/// The fingerprint of what a reader holds at the end.
fn count(walk: &Walk) -> Fingerprint {
    let mut held: BTreeMap<EntityId, BTreeMap<OpId, Op>> = BTreeMap::new();
    for entry in walk.entries() {
        match entry {
            Entry::Op { op, .. } => {
                if let Ok(op) = Op::from_wire(op.clone()) {
                    held.entry(op.entity()).or_default().insert(op.id(), op);
                }
            }
            Entry::Leave { e } => {
                held.remove(e);
            }
            Entry::Enter { .. } => {}
        }
    }
    let mut fp = Fingerprint::default();
    held.values().flat_map(BTreeMap::values).for_each(|op| fp.add(op));
    fp
}
