//! Packed streams.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Entity, EntityId, Fingerprint, Op, OpId, pack};
use gridbook_sync::wire::{PAGE_HEADER, PageHead};

use super::held as held_at;
use crate::bench::{Bench, escaped};
use crate::check::{Done, Stop};
use crate::http::{Answer, Ask};

/// Pages that one list takes at most.
const MAX_PAGES: usize = 100_000;

/// A page that was found to be what it says.
struct Page {
    answer: Answer,
    head: PageHead,
    ops: Vec<Op>,
}

async fn ask(bench: &Bench, who: usize, cursor: &str, place: Option<&str>) -> Done<Answer> {
    let cursor: String = cursor.bytes().map(escaped).collect();
    let place: String = place.map_or_else(String::new, |place| {
        let place: String = place.bytes().map(escaped).collect();
        format!("&place={place}")
    });
    bench
        .http
        .ask(Ask::get(format!("/sync/v1/snapshot?cursor={cursor}{place}")).token(bench.token(who)))
        .await
}

fn read(answer: Answer) -> Done<Page> {
    if answer.status != 200 {
        return Err(answer.broken("200"));
    }
    let head = answer.header(PAGE_HEADER).and_then(|text| serde_json::from_str::<PageHead>(text).ok());
    let Some(head) = head else {
        return Err(answer.broken(format!("头 {PAGE_HEADER} 里是约定的 JSON")));
    };
    let (mut ops, mut fp, mut rest) = (Vec::new(), Fingerprint::default(), answer.body.as_slice());
    while !rest.is_empty() {
        let Ok((op, len)) = pack::read_checked(rest) else {
            return Err(answer.broken(format!("第 {} 条读得出来,哈希对", ops.len() + 1)));
        };
        fp.add(&op);
        ops.push(op);
        rest = &rest[len..];
    }
    if head.form != pack::FORM || fp != head.fp {
        return Err(answer.broken(format!("form 是 {},fp 是 {fp:?}", pack::FORM)));
    }
    Ok(Page { answer, head, ops })
}

/// All pages; `None` where the server has none to give.
async fn pages(bench: &Bench, who: usize, place: Option<&str>) -> Done<Option<Vec<Page>>> {
    if bench.caps().snapshot.is_none() {
        return Ok(None);
    }
    let (mut pages, mut cursor): (Vec<Page>, String) = (Vec::new(), String::new());
    loop {
        let page = read(ask(bench, who, &cursor, place).await?)?;
        if page.head.more && page.head.cursor == cursor || pages.len() == MAX_PAGES {
            return Err(page.answer.broken("cursor 往前走"));
        }
        cursor.clone_from(&page.head.cursor);
        let more = page.head.more;
        pages.push(page);
        if !more {
            return Ok(Some(pages));
        }
    }
}

/// Packed pages up to one of them, and a pull from there on, against a pull from the beginning.
async fn against_pull(bench: &Bench, who: usize, upto: usize) -> Done {
    let Some(pages) = pages(bench, who, None).await? else { return Ok(()) };
    let Some(last) = pages.get(upto.min(pages.len() - 1)) else { return Ok(()) };
    let mut got: BTreeMap<EntityId, BTreeSet<OpId>> = BTreeMap::new();
    for op in pages.iter().take(upto + 1).flat_map(|page| &page.ops) {
        got.entry(op.entity()).or_default().insert(op.id());
    }
    let follows = bench.walk(who, &last.head.cursor, "").await?;
    let whole = bench.walk(who, "", "").await?;
    for (id, ops) in held_at(&follows) {
        got.entry(id).or_default().extend(ops.into_keys());
    }
    for entry in follows.entries() {
        if let gridbook_sync::wire::Entry::Leave { e } = entry {
            got.remove(e);
        }
    }
    let want: BTreeMap<EntityId, BTreeSet<OpId>> =
        held_at(&whole).into_iter().map(|(id, ops)| (id, ops.into_keys().collect())).collect();
    let lacking = want.iter().flat_map(|(id, ops)| ops.difference(got.get(id).unwrap_or(&EMPTY))).next();
    let beyond = got.iter().flat_map(|(id, ops)| ops.difference(want.get(id).unwrap_or(&EMPTY))).next();
    match (lacking, beyond) {
        (None, None) => Ok(()),
        (Some(op), _) => Err(last.answer.broken(format!("有 {op},pull 从头给它"))),
        (None, Some(op)) => Err(last.answer.broken(format!("没有 {op},pull 从头不给它"))),
    }
}

static EMPTY: BTreeSet<OpId> = BTreeSet::new();

pub(super) async fn whole(bench: &mut Bench) -> Done {
    for who in 0..bench.people.len() {
        against_pull(bench, who, MAX_PAGES).await?;
    }
    Ok(())
}

pub(super) async fn mixed(bench: &mut Bench) -> Done {
    against_pull(bench, 0, 0).await
}

pub(super) async fn place(bench: &mut Bench) -> Done {
    if bench.caps().snapshot.is_none() {
        return Ok(());
    }
    let authority = bench.caps().authority;
    let walk = bench.walk(0, "", "").await?;
    let mut there: BTreeMap<String, BTreeSet<OpId>> = BTreeMap::new();
    for (id, ops) in held_at(&walk) {
        let area = Entity::fold(id, authority, ops.values()).area().unwrap_or("").to_owned();
        there.entry(area).or_default().extend(ops.into_keys());
    }
    let places: Vec<String> = there.keys().cloned().chain(["0".to_owned()]).take(4).collect();
    for place in places {
        let pages = pages(bench, 0, Some(&place)).await?.unwrap_or_default();
        let got: BTreeSet<OpId> = pages.iter().flat_map(|page| &page.ops).map(Op::id).collect();
        let want = there.get(&place).unwrap_or(&EMPTY);
        if got != *want {
            let last = pages.last().ok_or_else(|| Stop::Unchecked("没有一页".to_owned()))?;
            return Err(last.answer.broken(format!("{place} 处的 {} 条,得到 {} 条", want.len(), got.len())));
        }
    }
    Ok(())
}

pub(super) async fn cursor(bench: &mut Bench) -> Done {
    if bench.caps().snapshot.is_none() {
        return Ok(());
    }
    let walk = bench.walk(0, "", "").await?;
    // At the beginning of an empty feed there is nothing that a cursor could be too late for.
    if walk.ops().next().is_some() {
        ask(bench, 0, &walk.cursor, None).await?.refused(410, "snapshot")?;
    }
    ask(bench, 0, "没有这样的位置", None).await?.refused(400, "cursor")
}
