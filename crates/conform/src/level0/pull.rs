//! Giving operations back.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{EntityId, Op, OpId, Writer};
use gridbook_sync::wire::Entry;
use serde_json::Value;

use crate::bench::{Bench, Walk};
use crate::check::{Done, checks};
use crate::http::Ask;
use crate::pen::{self, Pen};

checks! { 0:
    "pull.fields" writes fields, "一页有 entries、cursor、more;每条操作带着服务器收到的时间 at";
    "pull.pages" writes pages, "limit 是一页的上限;一页一页走到底,页与页之间一条不漏,cursor 不打转";
    "pull.order" writes order, "一个实体里,同一台设备的操作按编号由小到大下发";
    "pull.repeat" writes repeat, "同一个 cursor 再问一次,得到同样的一页";
    "pull.idle" writes idle, "到底以后再问,什么也没有,more 是 false";
    "pull.not" writes not, "not= 只可省去那台设备自己写的,别的一条不少";
    "pull.beginning" writes beginning, "不带 cursor 就从头下发全部";
}

/// Three records, seven operations, in one batch.
async fn seven(bench: &mut Bench) -> Done<(String, Pen, Vec<Op>)> {
    let mut pen = bench.pen(0);
    let before = bench.tail(0).await?;
    let mut ops = Vec::new();
    for notes in [2, 1, 1] {
        let create = pen.create(&bench.area);
        let entity = create.entity();
        ops.push(create);
        ops.extend((0..notes).map(|n| pen.note(entity, &format!("第 {n} 句"))));
    }
    let refs: Vec<&Op> = ops.iter().collect();
    bench.store(&pen, &refs).await?;
    Ok((before, pen, ops))
}

async fn fields(bench: &mut Bench) -> Done {
    let (before, _, _) = seven(bench).await?;
    let path =
        format!("/sync/v1/pull?cursor={}", before.bytes().map(crate::bench::escaped).collect::<String>());
    let answer = bench.http.ask(Ask::get(path).token(bench.token(0))).await?;
    let page: Value = answer.read()?;
    let entry = |e: &Value| match e["t"].as_str() {
        Some("op") => e["op"]["h"].is_string() && e["at"].as_u64().is_some_and(|at| at > 1_500_000_000_000),
        Some("enter" | "leave") => e["e"].as_str().is_some_and(|e| EntityId::parse(e).is_some()),
        _ => false,
    };
    let entries = page["entries"].as_array();
    let fits = entries.is_some_and(|list| !list.is_empty() && list.iter().all(entry))
        && page["cursor"].as_str().is_some_and(|c| !c.is_empty() && c.len() <= 1024)
        && page["more"].is_boolean();
    if fits {
        Ok(())
    } else {
        Err(answer.broken(r#"{"entries":[{"t":"op","op":{…},"at":毫秒}],"cursor":"…","more":true 或 false}"#))
    }
}

async fn pages(bench: &mut Bench) -> Done {
    let (before, _, ops) = seven(bench).await?;
    let other = bench.pen(0).writer;
    for (limit, not) in [(1, ""), (2, ""), (3, ""), (2, "&not=")] {
        let not = if not.is_empty() { String::new() } else { format!("{not}{other}") };
        let walk = bench.wander(0, &before, &format!("&limit={limit}{not}")).await?;
        if let Some(why) = &walk.astray {
            return Err(walk.broken("more 是 true 时 cursor 往前走", why.clone()));
        }
        if let Some(page) = walk.pages.iter().find(|page| page.len() > limit) {
            return Err(walk.broken(format!("至多 {limit} 条"), format!("{} 条", page.len())));
        }
        walk.must_have(&ops)?;
    }
    Ok(())
}

async fn order(bench: &mut Bench) -> Done {
    let (before, _, ops) = seven(bench).await?;
    let walk = bench.walk(0, &before, "").await?;
    rises(&walk)?;
    for entity in ops.iter().map(Op::entity) {
        let first = walk.ops().filter_map(pen::header).find(|h| h.id.entity == entity);
        if first.is_some_and(|h| h.kind != "create") {
            return Err(walk.broken("先 create", format!("{entity} 先来的不是 create")));
        }
    }
    Ok(())
}

/// Repeats are allowed; an operation before its predecessor is not.
fn rises(walk: &Walk) -> Done {
    let mut upto: BTreeMap<(EntityId, Writer), u32> = BTreeMap::new();
    for id in walk.ops().filter_map(|op| Some(pen::header(op)?.id)) {
        let slot = upto.entry((id.entity, id.dot.writer)).or_insert(0);
        // The first one seen of a writer may stand anywhere: what was before it came on an earlier page.
        if *slot != 0 && id.dot.n > *slot + 1 {
            return Err(
                walk.broken(format!("{} 之后是第 {} 条", id.entity, *slot + 1), format!("先来了 {id}"))
            );
        }
        *slot = (*slot).max(id.dot.n);
    }
    Ok(())
}

fn ids(entries: &[Entry]) -> Vec<OpId> {
    let ops =
        entries.iter().filter_map(|e| if let Entry::Op { op, .. } = e { pen::header(op) } else { None });
    ops.map(|h| h.id).collect()
}

async fn repeat(bench: &mut Bench) -> Done {
    let (before, _, _) = seven(bench).await?;
    let (_, first) = bench.page(0, &before, "&limit=4").await?;
    let (answer, second) = bench.page(0, &before, "&limit=4").await?;
    if ids(&first.entries).is_empty() || ids(&first.entries) != ids(&second.entries) {
        return Err(answer.broken(format!("和第一次一样:{:?}", ids(&first.entries))));
    }
    Ok(())
}

async fn idle(bench: &mut Bench) -> Done {
    let (_, _, ops) = seven(bench).await?;
    let end = bench.tail(0).await?;
    let own: BTreeSet<OpId> = ops.iter().map(Op::id).collect();
    let mut cursor = end;
    for _ in 0..2 {
        let (answer, page) = bench.page(0, &cursor, "").await?;
        if page.more || ids(&page.entries).iter().any(|id| own.contains(id)) {
            return Err(answer.broken("没有新内容时:entries 里没有送过的,more 是 false"));
        }
        cursor = page.cursor;
    }
    Ok(())
}

async fn not(bench: &mut Bench) -> Done {
    let before = bench.tail(0).await?;
    let (mut asking, mut other) = (bench.pen(0), bench.pen(0));
    let mine = asking.create(&bench.area);
    bench.store(&asking, &[&mine]).await?;
    let theirs = other.create(&bench.area);
    bench.store(&other, &[&theirs]).await?;
    let last = asking.note(mine.entity(), "自己的最后一条");
    bench.store(&asking, &[&last]).await?;
    bench.walk(0, &before, &format!("&not={}", asking.writer)).await?.must_have([&theirs])
}

async fn beginning(bench: &mut Bench) -> Done {
    let (_, _, first) = seven(bench).await?;
    let (_, _, second) = seven(bench).await?;
    bench.walk(0, "", "").await?.must_have(first.iter().chain(&second))
}
