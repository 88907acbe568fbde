//! `gridbook-server relay FROM TO`: carries between two backends until it is stopped.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use gridbook_server::bridge::{Book, Bridge, Place};
use gridbook_server::clock::{Clock as _, SystemClock};
use gridbook_sync::relay::between::{Carried, Unfit};
use gridbook_sync::relay::{Broken, Tally};
use lexopt::{Arg, Parser, ValueExt};

/// Where the book is when nothing is said.
const BOOK: &str = "gridbook-relay.json";
/// Seconds from one round to the next when nothing is said.
const EVERY: u64 = 60;

/// What is said before anything goes to a place that everybody reads.
const READ_BY_ALL: &str = "注意：能打开共享的人能看到转过去的全部记录，不能按网格或岗位分权限；专访户的内容和保密的反映不转。\
                           共享里的记录要有作者设备的签名，服务器才收。";

/// What the line asks for.
struct Asked {
    places: Vec<String>,
    book: PathBuf,
    every: u64,
    once: bool,
    status: bool,
}

fn asked(mut parser: Parser) -> Result<Asked, lexopt::Error> {
    let mut out = Asked { places: Vec::new(), book: BOOK.into(), every: EVERY, once: false, status: false };
    parser.next()?; // the command itself
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(value) if out.places.len() < 2 => out.places.push(value.string()?),
            Arg::Long("state") => out.book = parser.value()?.into(),
            Arg::Long("every") => out.every = parser.value()?.parse::<u64>()?.max(1),
            Arg::Long("once") => out.once = true,
            Arg::Long("status") => out.status = true,
            other => return Err(other.unexpected()),
        }
    }
    if !out.status && out.places.len() != 2 {
        return Err("relay 后面写两处的网址".into());
    }
    Ok(out)
}

/// 0 when it was stopped or the one round went well, 1 when it did not, 2 when the line cannot be understood.
pub(crate) fn main(usage: &str) -> ExitCode {
    let asked = match asked(Parser::from_env()) {
        Ok(asked) => asked,
        Err(error) => {
            eprintln!("{error}\n\n{usage}");
            return ExitCode::from(2);
        }
    };
    let done = if asked.status {
        status(&asked.book)
    } else {
        let Some(runtime) = crate::runtime() else { return ExitCode::FAILURE };
        runtime.block_on(run(&asked))
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

/// Tells what the book says.
fn status(path: &Path) -> Result<(), String> {
    match Book::read(path).map_err(|e| e.to_string())? {
        Some(book) => println!("{}", told(&book)),
        None => println!("还没有转送过（没有 {}）。", path.display()),
    }
    Ok(())
}

async fn run(asked: &Asked) -> Result<(), String> {
    let read = |at: usize| Place::parse(&asked.places[at]).map_err(|e| e.to_string());
    let places = [read(0)?, read(1)?];
    let book = Book::open(&asked.book, &places).map_err(|e| e.to_string())?;
    if places.iter().any(Place::read_by_all) {
        println!("{READ_BY_ALL}");
    }
    println!("{}", told(&book));
    let mut bridge = Bridge::open(&places, book).await.map_err(|e| e.to_string())?;
    if asked.once {
        let done = bridge.round(SystemClock.now_ms()).await;
        bridge.book().write().map_err(|e| e.to_string())?;
        println!("{}", line(&bridge, &done.map_err(words)?));
        return Ok(());
    }
    println!("每 {} 秒转送一次，Ctrl-C 停止；停了再开从断处接着转。", asked.every);
    tokio::select! {
        ended = rounds(&mut bridge, asked.every) => ended?,
        () = crate::stopped() => {}
    }
    // What the round under way has carried counts, too.
    bridge.stop(SystemClock.now_ms());
    bridge.book().write().map_err(|e| e.to_string())?;
    println!("已停止。{}", told(bridge.book()));
    Ok(())
}

async fn rounds(bridge: &mut Bridge, every: u64) -> Result<(), String> {
    let mut trouble = None;
    loop {
        let done = bridge.round(SystemClock.now_ms()).await;
        bridge.book().write().map_err(|e| e.to_string())?;
        match done {
            Ok(carried) => {
                if trouble.take().is_some() || carried != Carried::default() {
                    println!("{}", line(bridge, &carried));
                }
            }
            Err(Unfit::Authorities) => return Err(words(Unfit::Authorities)),
            // Said once, not with every round.
            Err(unfit) => {
                if trouble != Some(unfit) {
                    eprintln!("{}", words(unfit));
                }
                trouble = Some(unfit);
            }
        }
        tokio::time::sleep(Duration::from_secs(every)).await;
    }
}

fn words(unfit: Unfit) -> String {
    match unfit {
        Unfit::Authorities => {
            "两处各有自己的编号单位，转到一起会出现两套编号，什么也没有转送。请先让一处停止编号、搬到另一处\
                               （docs/deploy.md 14），再转送。"
                .to_owned()
        }
        Unfit::Broken(Broken::Offline) => {
            "有一处连不上，这一轮没有转完；已经转到的都在，下一轮接着转。".to_owned()
        }
        Unfit::Broken(Broken::SignedOut) => {
            "账号或密码不对，或已停用，这一轮没有转完；已经转到的都在，没有转的一条也不丢。请核对账号和密码文件；密码换过的，\
             改好文件后把转送程序停下再开。每 15 分钟自动再试一次。"
                .to_owned()
        }
        Unfit::Broken(Broken::Backend(409 | 410)) => {
            "有一处退回了旧的备份或重新建过；下一轮从头核对，已有的不会重复收下。".to_owned()
        }
        Unfit::Broken(Broken::Backend(status)) => {
            format!("有一处回答 {status}，这一轮没有转完；已经转到的都在，下一轮接着转。")
        }
    }
}

/// What one round carried.
fn line(bridge: &Bridge, carried: &Carried) -> String {
    let (first, second) = bridge.names();
    let way = |from: &str, to: &str, tally: &Tally| {
        let mut text = format!("{from} → {to}：{} 条，照片 {} 张", tally.stored, tally.photos);
        if tally.repeats > 0 {
            text.push_str(&format!("，早已有 {} 条", tally.repeats));
        }
        for (code, count) in tally.rejected.iter().chain(&tally.refused) {
            text.push_str(&format!("，没有收 {count} 条（{code}）"));
        }
        if tally.photos_refused > 0 {
            text.push_str(&format!("，照片没有收 {} 张", tally.photos_refused));
        }
        text
    };
    let at = clock(bridge.book().last.at);
    let ways = [way(first, second, &carried.there), way(second, first, &carried.back)];
    format!("{at} {}{}。", ways.join("；"), waits(bridge.book()))
}

/// What waits until the other side takes it.
fn waits(book: &Book) -> String {
    let held = book.held().into_iter().map(|(code, count)| format!("；还有 {count} 条等着再转（{code}）"));
    held.collect()
}

/// What the book says: when, how many, what waits.
fn told(book: &Book) -> String {
    let last = &book.last;
    if last.at == 0 {
        return "还没有转送过。".to_owned();
    }
    let mut text = format!("上次核对：{}。", clock(last.at));
    if last.carried_at > 0 {
        let (ops, photos) = (last.there.0 + last.back.0, last.there.1 + last.back.1);
        text.push_str(&format!("上次转送：{}，{ops} 条，照片 {photos} 张。", clock(last.carried_at)));
    }
    text.push_str(&format!("一共转送 {} 条，照片 {} 张", last.all.0, last.all.1));
    if last.refused != (0, 0) {
        text.push_str(&format!("；没有收 {} 条，照片 {} 张", last.refused.0, last.refused.1));
    }
    text.push_str(&waits(book));
    if book.photos_due() > 0 {
        text.push_str(&format!("；还有 {} 张照片没有等到，来了就转", book.photos_due()));
    }
    text.push('。');
    text
}

/// A moment by China's clocks.
fn clock(ms: u64) -> String {
    let east8 = FixedOffset::east_opt(8 * 3600);
    let at = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis);
    at.zip(east8)
        .map(|(at, east8)| at.with_timezone(&east8).format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parsed(words: &[&str]) -> Result<Asked, lexopt::Error> {
        asked(Parser::from_args(["relay"].iter().chain(words)))
    }

    #[test]
    fn two_places_or_the_state() {
        let line =
            parsed(&["webdav:http://a/", "https://b,c:d", "--every", "0", "--state", "x.json"]).unwrap();
        assert_eq!(line.places, ["webdav:http://a/", "https://b,c:d"]);
        assert_eq!((line.every, line.once, line.book), (1, false, PathBuf::from("x.json")));
        assert!(parsed(&["--status"]).unwrap().status);
        for words in [&[][..], &["webdav:http://a/"], &["a", "b", "c"], &["a", "b", "--every", "x"]] {
            assert!(parsed(words).is_err(), "{words:?}");
        }
    }

    #[test]
    fn a_moment_is_told_by_chinas_clocks() {
        assert_eq!(clock(1_779_062_400_000), "2026-05-18 08:00:00");
    }
}
