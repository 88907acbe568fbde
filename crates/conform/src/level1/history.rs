//! A backend that was restored from a backup.

use crate::bench::{Bench, escaped};
use crate::check::{Done, Stop, checks};
use crate::http::Ask;

checks! { 1:
    "history.cursor" reads foreign, "别的历史发出的 cursor 得到 409 history";
}

async fn foreign(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let cursor = bench.tail(0).await?;
    let history = &bench.caps().history;
    // A cursor is opaque. Only where it carries the history's name can another one be made from it.
    if !cursor.contains(history.as_str()) {
        return Err(Stop::Unchecked("cursor 里看不出 history,从外面造不出别的历史的 cursor".to_owned()));
    }
    let turned: String = history
        .chars()
        .map(|c| {
            if c == '0' {
                '1'
            } else if c.is_ascii_digit() {
                '0'
            } else {
                c
            }
        })
        .collect();
    let other = if turned == *history { history.chars().rev().collect() } else { turned };
    let cursor: String = cursor.replace(history.as_str(), &other).bytes().map(escaped).collect();
    let ask = Ask::get(format!("/sync/v1/pull?cursor={cursor}")).token(bench.token(0));
    bench.http.ask(ask).await?.refused(409, "history")
}
