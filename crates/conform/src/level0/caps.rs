//! What the server says about itself.

use gridbook_sync::wire::{Caps, VERSION, VERSION_HEADER};

use crate::bench::Bench;
use crate::check::{Done, checks};
use crate::http::Ask;

checks! { 0:
    "caps.fields" reads fields, "GET /sync/v1/caps 不用登录,说明约定版本、级别、历史、时间和各项上限";
    "caps.header" reads header, "每个回答都带 gridbook-contract: 1";
    "caps.other_version" reads other_version, "别的约定版本得到 426 contract";
}

async fn fields(bench: &mut Bench) -> Done {
    let answer = bench.http.ask(Ask::get("/sync/v1/caps")).await?;
    let caps: Caps = answer.read()?;
    let levels_rise = caps.levels.iter().enumerate().all(|(i, level)| usize::from(*level) == i);
    for (holds, wanted) in [
        (caps.contract == VERSION, "contract 是 1"),
        (!caps.levels.is_empty() && levels_rise, "levels 从 0 起连续"),
        (!caps.history.is_empty() && caps.history.len() <= 64, "history 是 1 到 64 个字符"),
        (caps.now > 1_500_000_000_000, "now 是 1970 年以来的毫秒"),
        (caps.max_batch_ops >= 50, "max_batch_ops 不小于 50"),
        (caps.max_batch_bytes >= 512 * 1024, "max_batch_bytes 不小于 524288"),
    ] {
        if !holds {
            return Err(answer.broken(wanted));
        }
    }
    Ok(())
}

async fn header(bench: &mut Bench) -> Done {
    let token = bench.token(0).cloned();
    for path in ["/sync/v1/caps", "/sync/v1/pull?limit=1", "/sync/v1/pull?limit=0", "/sync/v1/nothing"] {
        let answer = bench.http.ask(Ask::get(path).token(token.as_ref())).await?;
        if answer.header(VERSION_HEADER) != Some(VERSION) {
            return Err(answer.broken(format!(
                "{VERSION_HEADER}: {VERSION};实际的头是 {:?}",
                answer.header(VERSION_HEADER)
            )));
        }
    }
    Ok(())
}

async fn other_version(bench: &mut Bench) -> Done {
    let token = bench.token(0).cloned();
    for ask in [
        Ask::get("/sync/v1/caps"),
        Ask::get("/sync/v1/pull").token(token.as_ref()),
        Ask::post("/sync/v1/push", b"{}".to_vec()).token(token.as_ref()),
    ] {
        bench.http.ask(ask.with(VERSION_HEADER, "999")).await?.refused(426, "contract")?;
    }
    Ok(())
}
