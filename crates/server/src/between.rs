//! `gridbook-server relay FROM TO`: carries between two backends until it is stopped.

mod told;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use gridbook_server::bridge::{Book, Bridge, Place};
use gridbook_server::clock::{Clock as _, SystemClock};
use gridbook_sync::relay::Tally;
use gridbook_sync::relay::between::{Carried, Unfit};
use lexopt::{Arg, Parser, ValueExt};
use told::{clock, told, waits, words};

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
        Some(book) => {
            println!("{}", told::running(Book::in_use(path)));
            println!("{}", told(&book));
        }
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
    format!("{at} {}。{}", ways.join("；"), waits(bridge.book()))
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
}
