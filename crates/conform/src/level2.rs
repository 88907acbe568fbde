//! Level 2: what makes a large township fast. Only what a server announces is asked for.

mod held;
mod news;
mod packed;

use std::collections::BTreeMap;

use gridbook_log::{EntityId, Op, OpId};
use gridbook_sync::wire::Entry;

use crate::bench::{Bench, Walk};
use crate::check::{Done, checks};
use crate::http::{Answer, Ask};
use crate::level1::blobs;

checks! { 2:
    "blob.resume" writes resume, "断断续续上传的文件(有文件的服务器):HEAD 说到哪里了,接不上的一段得到 409 offset,接上的拼成原样";
    "fp.sum" reads held::sum, "fp 说的是读者在那个 cursor 上看得到的全部操作的条数与哈希和,cursor 和 pull 走到底的一样";
    "fp.places" reads held::places, "fp?places=1 按实体所在的区域分开说,每处的条数与哈希和都对,加起来是全部";
    "snapshot.whole" reads packed::whole, "打包下发的各页和接着的 pull,加起来正好是 pull 从头给的,不多不少";
    "snapshot.mixed" reads packed::mixed, "打包下发到一半改用 pull,从那一页的 cursor 接着取,一条也不缺";
    "snapshot.place" reads packed::place, "snapshot?place= 只给那一处的实体,整条整条地给";
    "snapshot.cursor" reads packed::cursor, "接不上打包下发的 cursor 得到 410 snapshot,不是 cursor 的得到 400 cursor";
    "status.news" writes news::waits, "status 等到有新操作就回答 behind,没有新的不谎报,到时间就回答";
}

fn stands(answer: &Answer, status: u16, offset: usize, complete: &str) -> Done {
    let told = answer.header("upload-offset").and_then(|text| text.parse().ok());
    let same =
        answer.status == status && told == Some(offset) && answer.header("upload-complete") == Some(complete);
    let wanted = format!("{status},Upload-Offset: {offset},Upload-Complete: {complete}");
    if same { Ok(()) } else { Err(answer.broken(wanted)) }
}

async fn resume(bench: &mut Bench) -> Done {
    if bench.caps().max_blob == 0 {
        // Where there are no files there is nothing to go on with.
        return Ok(());
    }
    let photo = blobs::fresh(70_000);
    let path = blobs::path(&blobs::named(bench, &photo).await?);
    let token = bench.token(0).cloned();
    let http = bench.http.clone();
    let part = async |from: usize, to: usize| {
        let ask = Ask::patch(path.as_str(), photo[from..to].to_vec())
            .with("upload-offset", from.to_string())
            .with("upload-length", photo.len().to_string());
        http.ask(ask.token(token.as_ref())).await
    };
    let head = async || http.ask(Ask::head(path.as_str()).token(token.as_ref())).await;
    stands(&head().await?, 200, 0, "?0")?;
    part(20_000, 40_000).await?.refused(409, "offset")?;
    stands(&part(0, 20_000).await?, 204, 20_000, "?0")?;
    // The answer was lost: the same part again, and then from where the server says.
    part(0, 20_000).await?.refused(409, "offset")?;
    stands(&head().await?, 200, 20_000, "?0")?;
    http.ask(Ask::get(path.as_str()).token(token.as_ref())).await?.refused(404, "not_found")?;
    stands(&part(20_000, 70_000).await?, 201, 70_000, "?1")?;
    stands(&head().await?, 200, 70_000, "?1")?;
    let answer = http.ask(Ask::get(path.as_str()).token(token.as_ref())).await?;
    if answer.status == 200 && answer.body == photo {
        Ok(())
    } else {
        Err(answer.broken("和存入的一样的字节"))
    }
}

/// What a reader holds at the end of a walk.
fn held(walk: &Walk) -> BTreeMap<EntityId, BTreeMap<OpId, Op>> {
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
    held
}
