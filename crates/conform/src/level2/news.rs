//! Waiting for news.

use std::time::{Duration, Instant};

use gridbook_sync::wire::Status;

use crate::bench::{Bench, escaped};
use crate::check::Done;
use crate::http::{Answer, Ask};

async fn status(bench: &Bench, cursor: &str, wait: u64) -> Done<(Answer, Status, Duration)> {
    let cursor: String = cursor.bytes().map(escaped).collect();
    let began = Instant::now();
    let ask = Ask::get(format!("/sync/v1/status?cursor={cursor}&wait={wait}")).token(bench.token(0));
    let answer = bench.http.ask(ask).await?;
    let told = answer.read()?;
    Ok((answer, told, began.elapsed()))
}

pub(super) async fn waits(bench: &mut Bench) -> Done {
    let cursor = bench.tail(0).await?;
    let (answer, told, _) = status(bench, &cursor, 0).await?;
    if told.behind || told.history != bench.caps().history {
        return Err(answer.broken(format!("behind 是 false,history 是 {}", bench.caps().history)));
    }
    let (answer, told, took) = status(bench, &cursor, 1).await?;
    if told.behind || took > Duration::from_secs(10) {
        return Err(answer.broken("一两秒以后 behind 是 false"));
    }
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    // Half of the time the news comes while the request waits.
    let late = async {
        bench.walk(0, &cursor, "").await?;
        bench.store(&pen, &[&create]).await
    };
    let (waiting, stored) = tokio::join!(status(bench, &cursor, 20), late);
    stored?;
    let (answer, told, took) = waiting?;
    if !told.behind && told.waited || took > Duration::from_secs(15) {
        return Err(answer.broken("有新操作就回答 behind 是 true"));
    }
    let (answer, told, _) = status(bench, &cursor, 0).await?;
    if told.behind { Ok(()) } else { Err(answer.broken("behind 是 true")) }
}
