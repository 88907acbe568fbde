//! Level 2: what makes a large township fast. Only what a server announces is asked for.

use std::collections::BTreeMap;

use gridbook_log::{EntityId, Fingerprint, Op, OpId};
use gridbook_sync::wire::Entry;

use crate::bench::{Bench, Walk};
use crate::check::{Done, checks};
use crate::http::{Answer, Ask};
use crate::level1::blobs;

checks! { 2:
    "blob.resume" writes resume, "断断续续上传的文件(有文件的服务器):HEAD 说到哪里了,接不上的一段得到 409 offset,接上的拼成原样";
    "fp.sum" reads sum, "最后一页带着 fp:读者在这个 cursor 上看得到的全部操作的条数与哈希和";
}

async fn sum(bench: &mut Bench) -> Done {
    let walk = bench.walk(0, "", "").await?;
    let given = walk.last.as_ref().and_then(|page| page.fp);
    let own = count(&walk);
    match given {
        Some(fp) if fp == own => Ok(()),
        _ => Err(walk.broken(format!("fp 是 {own:?}"), format!("{given:?}"))),
    }
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

/// The fingerprint of what a reader holds at the end.
fn count(walk: &Walk) -> Fingerprint {
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
    let mut fp = Fingerprint::default();
    held.values().flat_map(BTreeMap::values).for_each(|op| fp.add(op));
    fp
}
