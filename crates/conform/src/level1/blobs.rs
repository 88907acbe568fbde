//! Files, by their content.

use sha2::{Digest, Sha256};

use crate::bench::Bench;
use crate::check::{Done, checks};
use crate::http::{Answer, Ask};
use crate::pen::random;

checks! { 1:
    "blob.store" writes store, "操作指明的文件:PUT 得到 201,再 PUT 得到 200,GET 得到一样的字节";
    "blob.hash" writes hash, "内容和名字不符的文件得到 400 hash,也取不到";
    "blob.unnamed" reads unnamed, "没有操作指明的文件,PUT 得到 403 forbidden";
    "blob.name" reads names, "不是 64 位小写十六进制的名字得到 400";
    "blob.too_large" writes too_large, "超过 max_blob 的文件得到 413 too_large";
    "blob.unseen" writes unseen, "看不到记录的人取不到它的文件,回答和没有这个文件时一样";
}

pub(crate) fn path(name: &str) -> String {
    format!("/sync/v1/blobs/{name}")
}

fn name(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// Bytes that nobody has stored before.
pub(crate) fn fresh(len: usize) -> Vec<u8> {
    let seed: [u8; 16] = random();
    let mut bytes = seed.repeat(len / seed.len() + 1);
    bytes.truncate(len);
    bytes
}

async fn put(bench: &Bench, name: &str, bytes: &[u8]) -> Done<Answer> {
    bench.http.ask(Ask::put(path(name), bytes.to_vec()).token(bench.token(0))).await
}

async fn get(bench: &Bench, who: usize, name: &str) -> Done<Answer> {
    bench.http.ask(Ask::get(path(name)).token(bench.token(who))).await
}

/// A record that names the file.
pub(crate) async fn named(bench: &Bench, bytes: &[u8]) -> Done<String> {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    let sha256 = name(bytes);
    let names = pen.names_blob(create.entity(), &sha256, bytes.len());
    bench.store(&pen, &[&create, &names]).await?;
    Ok(sha256)
}

fn is(answer: &Answer, status: u16) -> Done {
    if answer.status == status { Ok(()) } else { Err(answer.broken(status.to_string())) }
}

async fn store(bench: &mut Bench) -> Done {
    let photo = fresh(70_000);
    let sha256 = named(bench, &photo).await?;
    get(bench, 0, &sha256).await?.refused(404, "not_found")?;
    is(&put(bench, &sha256, &photo).await?, 201)?;
    is(&put(bench, &sha256, &photo).await?, 200)?;
    let answer = get(bench, 0, &sha256).await?;
    is(&answer, 200)?;
    if answer.body == photo { Ok(()) } else { Err(answer.broken("和存入的一样的字节")) }
}

async fn hash(bench: &mut Bench) -> Done {
    let photo = fresh(3000);
    let sha256 = named(bench, &photo).await?;
    put(bench, &sha256, &photo[..2999]).await?.refused(400, "hash")?;
    get(bench, 0, &sha256).await?.refused(404, "not_found")
}

async fn unnamed(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let photo = fresh(100);
    put(bench, &name(&photo), &photo).await?.refused(403, "forbidden")
}

async fn names(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    for bad in ["short", &"Z".repeat(64), &"A".repeat(64), &"..%2f".repeat(13)] {
        put(bench, bad, b"x").await?.refused(400, "malformed")?;
        get(bench, 0, bad).await?.refused(400, "malformed")?;
    }
    Ok(())
}

async fn too_large(bench: &mut Bench) -> Done {
    let huge = fresh(bench.caps().max_blob + 1);
    let sha256 = named(bench, &huge).await?;
    let mut last = None;
    // As with a push: the line may be cut before the answer is read.
    for _ in 0..3 {
        match put(bench, &sha256, &huge).await {
            Ok(answer) => return answer.refused(413, "too_large"),
            Err(stop) => last = Some(stop),
        }
    }
    last.map_or(Ok(()), Err)
}

async fn unseen(bench: &mut Bench) -> Done {
    let stranger = bench.stranger()?;
    let photo = fresh(500);
    let sha256 = named(bench, &photo).await?;
    is(&put(bench, &sha256, &photo).await?, 201)?;
    let absent = get(bench, stranger, &name(&fresh(501))).await?;
    let answer = get(bench, stranger, &sha256).await?;
    answer.refused(404, "not_found")?;
    if answer.body == absent.body {
        Ok(())
    } else {
        Err(answer.broken(format!("和没有时一样:{}", absent.told())))
    }
}
