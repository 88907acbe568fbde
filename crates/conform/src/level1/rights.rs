//! Who is told what.

use gridbook_log::{EntityId, Op};
use gridbook_sync::wire::Entry;
use gridbook_sync::wire::Verdict::{Ok as Stored, Refuse, Reject};

use crate::bench::{Bench, Walk};
use crate::check::{Done, Stop, checks};
use crate::pen::{self, Pen};

checks! { 1:
    "rights.unseen" writes unseen, "不在读者区域里的实体,一条也不下发给他";
    "rights.enter" writes enter, "实体移进读者的区域:先 enter,再下发它的全部操作";
    "rights.leave" writes leave, "实体移出读者的区域:下发 leave,以后的操作不再给他";
    "rights.enter_own" writes enter_own, "重新看得到的实体,enter 之下连读者自己写的也下发,有 not= 也一样";
}

fn of(walk: &Walk, entity: EntityId) -> Vec<&Entry> {
    let about = |entry: &&Entry| match entry {
        Entry::Op { op, .. } => pen::header(op).is_some_and(|h| h.id.entity == entity),
        Entry::Enter { e } | Entry::Leave { e } => *e == entity,
    };
    walk.entries().filter(about).collect()
}

fn told(entries: &[&Entry]) -> String {
    let words: Vec<String> = entries
        .iter()
        .map(|entry| match entry {
            Entry::Op { op, .. } => {
                pen::header(op).map_or_else(|| "op".to_owned(), |h| format!("op {}", h.id.dot))
            }
            Entry::Enter { .. } => "enter".to_owned(),
            Entry::Leave { .. } => "leave".to_owned(),
        })
        .collect();
    format!("{words:?}")
}

async fn unseen(bench: &mut Bench) -> Done {
    let stranger = bench.stranger()?;
    bench.tail(stranger).await?;
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    let note = pen.note(create.entity(), "只给自己区域的人看");
    bench.store(&pen, &[&create, &note]).await?;
    let follows = bench.news(stranger).await?;
    let fresh = bench.walk(stranger, "", "").await?;
    for walk in [&follows, &fresh] {
        let seen = of(walk, create.entity());
        if !seen.is_empty() {
            return Err(walk.broken(format!("没有 {}", create.entity()), told(&seen)));
        }
    }
    Ok(())
}

/// A record that lay elsewhere and was moved into the stranger's area.
struct Moved {
    reader: usize,
    author: Pen,
    mover: Pen,
    ops: Vec<Op>,
}

async fn moved(bench: &mut Bench) -> Done<Moved> {
    let reader = bench.stranger()?;
    let Some(area) = bench.people[reader].areas.as_ref().and_then(|areas| areas.first().cloned()) else {
        return Err(Stop::Unchecked("不知道另一个账号的区域".to_owned()));
    };
    bench.tail(reader).await?;
    let mut author = bench.pen(0);
    let create = author.create(&bench.area);
    let note = author.note(create.entity(), "先写的");
    bench.store(&author, &[&create, &note]).await?;
    for who in (0..bench.people.len()).rev() {
        let mut mover = bench.pen(who);
        mover.saw(&create);
        mover.saw(&note);
        let place = mover.place(create.entity(), &area);
        let (answer, reply) = bench.push(&mover, &[&place]).await?;
        match reply.results.first().map(|result| result.r) {
            Some(Stored) => return Ok(Moved { reader, author, mover, ops: vec![create, note, place] }),
            Some(Reject | Refuse) => {}
            _ => return Err(answer.broken("ok、reject 或 refuse")),
        }
    }
    Err(Stop::Unchecked("没有一个测试账号可以移动记录;请再给一个网格专干的账号".to_owned()))
}

/// Demands an `enter` and below it these operations.
fn entered(walk: &Walk, ops: &[Op]) -> Done {
    let entries = of(walk, ops[0].entity());
    let below = entries.iter().skip_while(|entry| !matches!(entry, Entry::Enter { .. })).skip(1);
    let lines: Vec<&str> = below
        .filter_map(|entry| if let Entry::Op { op, .. } = entry { Some(op.h.as_str()) } else { None })
        .collect();
    if ops.iter().all(|op| lines.contains(&op.line())) {
        Ok(())
    } else {
        let wanted: Vec<String> = ops.iter().map(|op| format!("op {}", op.dot())).collect();
        Err(walk.broken(format!("enter,再 {wanted:?}"), told(&entries)))
    }
}

async fn enter(bench: &mut Bench) -> Done {
    let Moved { reader, ops, .. } = moved(bench).await?;
    entered(&bench.news(reader).await?, &ops)
}

async fn away(bench: &Bench, moved: &mut Moved) -> Done {
    let area = bench.area.clone();
    let place = moved.mover.place(moved.ops[0].entity(), &area);
    bench.store(&moved.mover, &[&place]).await?;
    moved.ops.push(place);
    Ok(())
}

async fn leave(bench: &mut Bench) -> Done {
    let mut moved = moved(bench).await?;
    let entity = moved.ops[0].entity();
    bench.news(moved.reader).await?;
    away(bench, &mut moved).await?;
    let later = moved.author.note(entity, "移走以后写的");
    bench.store(&moved.author, &[&later]).await?;
    let walk = bench.news(moved.reader).await?;
    let entries = of(&walk, entity);
    let left = matches!(entries.last(), Some(Entry::Leave { .. }));
    if left && !walk.has(later.id()) {
        Ok(())
    } else {
        Err(walk.broken("leave,之后没有别的", told(&entries)))
    }
}

async fn enter_own(bench: &mut Bench) -> Done {
    let mut moved = moved(bench).await?;
    let entity = moved.ops[0].entity();
    let mut own = bench.pen(moved.reader);
    moved.ops.iter().for_each(|op| own.saw(op));
    let mine = own.note(entity, "读者自己写的");
    bench.store(&own, &[&mine]).await?;
    away(bench, &mut moved).await?;
    let cursor = bench.tail(moved.reader).await?;
    let area = bench.people[moved.reader].areas.as_ref().and_then(|areas| areas.first().cloned());
    let back = moved.mover.place(entity, &area.unwrap_or_default());
    bench.store(&moved.mover, &[&back]).await?;
    moved.ops.extend([mine, back]);
    let walk = bench.walk(moved.reader, &cursor, &format!("&not={}", own.writer)).await?;
    entered(&walk, &moved.ops)
}
