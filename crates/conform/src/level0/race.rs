//! Many at once: where a cursor that is only a clock or a row number loses what commits late.

use std::sync::atomic::{AtomicUsize, Ordering};

use gridbook_log::Op;

use crate::bench::Bench;
use crate::check::{Done, Stop, checks};

checks! { 0:
    "pull.race" writes race, "几台设备同时上送、一个读者边送边读,读到底时一条不漏";
}

const WRITERS: usize = 4;
const ROUNDS: usize = 6;

async fn race(bench: &mut Bench) -> Done {
    let before = bench.tail(0).await?;
    let bench = &*bench;
    let writing = AtomicUsize::new(WRITERS);
    let mut all: Vec<Op> = Vec::new();
    let mut turns: Vec<Vec<(crate::pen::Pen, [Op; 2])>> = Vec::new();
    for _ in 0..WRITERS {
        let mut pen = bench.pen(0);
        let mut own = Vec::new();
        for _ in 0..ROUNDS {
            let create = pen.create(&bench.area);
            let note = pen.note(create.entity(), "同时");
            all.extend([create.clone(), note.clone()]);
            own.push((pen.clone(), [create, note]));
        }
        turns.push(own);
    }
    let mut turns = turns.into_iter();
    let write = |own: Option<Vec<(crate::pen::Pen, [Op; 2])>>| {
        let writing = &writing;
        async move {
            let mut done = Ok(());
            for (pen, [create, note]) in own.unwrap_or_default() {
                done = bench.store(&pen, &[&create, &note]).await;
                if done.is_err() {
                    break;
                }
            }
            writing.fetch_sub(1, Ordering::SeqCst);
            done
        }
    };
    let read = async {
        let mut read = Vec::new();
        let mut cursor = before;
        loop {
            let still = writing.load(Ordering::SeqCst) > 0;
            let (answer, page) = bench.page(0, &cursor, "").await?;
            let stuck = page.more && page.cursor == cursor;
            read.extend(page.entries);
            cursor = page.cursor;
            if stuck {
                return Err(answer.broken("more 是 true 时 cursor 往前走"));
            }
            // Everything was written before this page was asked for.
            if !still && !page.more {
                return Ok::<_, Stop>((answer, read));
            }
        }
    };
    let (a, b, c, d) = (turns.next(), turns.next(), turns.next(), turns.next());
    let (one, two, three, four, read) = tokio::join!(write(a), write(b), write(c), write(d), read);
    one.and(two).and(three).and(four)?;
    let (answer, entries) = read?;
    let walk = crate::bench::Walk { pages: vec![entries], asked: answer.asked, ..Default::default() };
    walk.must_have(&all)
}
