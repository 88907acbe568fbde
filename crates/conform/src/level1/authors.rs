//! Whose operations are taken.

use gridbook_log::{Ctx, Dot, EntityId, Op, WireOp, Writer, signed_bytes};
use gridbook_sync::wire::Verdict::{Dup, Ok as Stored, Refuse};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::json;

use crate::bench::{Bench, matches};
use crate::check::{Done, Stop, checks};
use crate::http::Ask;
use crate::pen::{Pen, STRANGE, random, wire, wired};

checks! { 1:
    "author.foreign" writes foreign_author, "署别人账号的操作得到 refuse foreign_author";
    "author.other_writer" writes other_writer, "别的设备写的操作得到 refuse foreign_writer";
    "author.earlier_epoch" writes earlier_epoch, "同一台设备以前的 epoch 写的操作得到 ok";
    "author.other_account" writes other_account, "别的账号用过的设备得到 refuse foreign_device";
    "author.unseen" writes unseen, "看不到的实体上的操作得到 refuse foreign_entity,什么也不存";
    "author.authority" writes authority_kinds, "receipt、reject、number、clockfix 由别人写,得到 refuse authority_only";
    "author.forged" writes forged, "冒用授权端的设备、声称见过没有发过的答复,得到 refuse forged";
    "author.relayed" writes relayed, "别的账号送来、作者设备签过名的操作得到 ok,再送得到 dup,作者自己送也是 dup";
    "author.signature" writes signature, "签名不对的操作(内容改过、别的设备的钥匙)得到 refuse signature";
    "author.erased" writes erased, "没有正文的操作得到 refuse erased";
}

async fn refused(bench: &Bench, pen: &crate::pen::Pen, op: &Op, code: &str) -> Done {
    bench.push_as(pen, &[op], &[(Refuse, Some(code))]).await
}

async fn foreign_author(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let pen = bench.pen(0);
    let mut liar = pen.clone();
    liar.user = "somebody-else".to_owned();
    let op = liar.create(&bench.area);
    refused(bench, &pen, &op, "foreign_author").await
}

async fn other_writer(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let (pen, mut other) = (bench.pen(0), bench.pen(0));
    let op = other.create(&bench.area);
    refused(bench, &pen, &op, "foreign_writer").await
}

/// No other check writes under it.
const EARLIER: u32 = 3;

/// After a restore a device sends all it ever wrote again, what it wrote before its name was renewed too.
async fn earlier_epoch(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    pen.writer.epoch = EARLIER;
    let op = pen.create(&bench.area);
    pen.writer.epoch += 1;
    bench.store(&pen, &[&op]).await
}

async fn other_account(bench: &mut Bench) -> Done {
    let stranger = bench.stranger()?;
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    let mut borrowed = bench.pen(stranger);
    borrowed.writer = pen.writer;
    borrowed.nonce.clone_from(&pen.nonce);
    let op = borrowed.create(&bench.area);
    refused(bench, &borrowed, &op, "foreign_device").await
}

async fn unseen(bench: &mut Bench) -> Done {
    let stranger = bench.stranger()?;
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    let mut other = bench.pen(stranger);
    other.saw(&create);
    let op = other.note(create.entity(), "看不到的记录");
    refused(bench, &other, &op, "foreign_entity").await?;
    let walk = bench.news(0).await?;
    if walk.has(op.id()) {
        return Err(walk.broken("什么也不存", format!("存了 {}", op.id())));
    }
    Ok(())
}

async fn authority_kinds(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    let own = json!({ "writer": pen.writer, "n": 1 });
    for (kind, body) in [
        ("receipt", json!({ "ops": [own], "at": 1 })),
        ("reject", json!({ "op": own, "code": "x" })),
        ("number", json!({ "number": "假〔2026〕1号" })),
        ("clockfix", json!({ "op": own, "hlc": { "ms": 1, "count": 0 } })),
    ] {
        let op = pen.draft(create.entity(), kind, body.to_string());
        refused(bench, &pen, &op, "authority_only").await?;
    }
    Ok(())
}

async fn forged(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let Some(authority) = bench.caps().authority else {
        return Err(Stop::Unchecked("caps 里没有 authority".to_owned()));
    };
    let mut liar = bench.pen(0);
    liar.writer = Writer { dev: authority, epoch: 1 };
    let op = liar.create(&bench.area);
    refused(bench, &liar, &op, "forged").await?;
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    // The authority's own epoch is known from an answer of its.
    let epoch = epoch_of(bench, create.entity(), authority).await?;
    let ctx: Ctx = [
        Dot { writer: pen.writer, n: 1 },
        Dot { writer: Writer { dev: authority, epoch }, n: 4_000_000_000 },
    ]
    .into_iter()
    .collect();
    let sound = pen.draft(create.entity(), STRANGE, "{}".to_owned()).to_wire();
    let line = sound.h.rsplit_once(' ').map(|(before, _)| format!("{before} {ctx}")).unwrap_or_default();
    let (answer, reply) = bench.push_values(&pen, &[wired(&WireOp { h: line, ..sound })]).await?;
    matches(&answer, &reply.results, &[(Refuse, Some("forged"))])
}

async fn epoch_of(bench: &mut Bench, entity: EntityId, authority: gridbook_log::DeviceId) -> Done<u32> {
    let walk = bench.news(0).await?;
    let answers = walk.ops().filter_map(crate::pen::header).filter(|h| h.id.entity == entity);
    let by_authority = answers.map(|h| h.id.dot.writer).find(|w| w.dev == authority);
    let unanswered =
        || Stop::Unchecked("授权端没有答复,不知道它的 epoch;先改好 authority.receipt".to_owned());
    by_authority.map(|w| w.epoch).ok_or_else(unanswered)
}

async fn erased(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    let op = pen.create(&bench.area);
    let (answer, reply) = bench.push_values(&pen, &[wire(&op.erased())]).await?;
    matches(&answer, &reply.results, &[(Refuse, Some("erased"))])?;
    bench.push_as(&pen, &[&op], &[(Stored, None)]).await
}

/// A device of the first account with a registered key, and another account's that brings its operations.
async fn signer(bench: &mut Bench) -> Done<(Pen, Pen, SigningKey)> {
    let bearer = bench.stranger()?;
    let pen = bench.pen(0);
    let key = SigningKey::from_slice(&random::<32>())
        .map_err(|_| Stop::Unchecked("随机数不成钥匙,请再试一次".to_owned()))?;
    let point = key.verifying_key().to_sec1_point(false);
    let point: String = point.as_bytes().iter().map(|b| format!("{b:02x}")).collect();
    let body = json!({ "dev": pen.writer.dev, "key": point });
    let answer = bench.http.ask(Ask::json("/api/device-key", &body).token(bench.token(0))).await?;
    if answer.status != 204 {
        return Err(answer.broken("204"));
    }
    Ok((pen, bench.pen(bearer), key))
}

fn sign(key: &SigningKey, op: &Op) -> Op {
    let signature: Signature = key.sign(&signed_bytes(op.hash()));
    op.clone().signed(&signature.to_bytes().into())
}

async fn relayed(bench: &mut Bench) -> Done {
    let (mut pen, bearer, key) = signer(bench).await?;
    let op = pen.create(&bench.area);
    let signed = sign(&key, &op);
    bench.store(&bearer, &[&signed]).await?;
    bench.push_as(&bearer, &[&signed], &[(Dup, None)]).await?;
    bench.push_as(&pen, &[&op], &[(Dup, None)]).await
}

async fn signature(bench: &mut Bench) -> Done {
    let (mut pen, bearer, key) = signer(bench).await?;
    let op = pen.create(&bench.area);
    let signed = sign(&key, &op).to_wire();
    let changed = WireOp { b: signed.b.as_ref().map(|b| format!("{b} ")), ..signed };
    let (answer, reply) = bench.push_values(&bearer, &[wired(&changed)]).await?;
    matches(&answer, &reply.results, &[(Refuse, Some("signature"))])?;
    let (_, _, other) = signer(bench).await?;
    refused(bench, &bearer, &sign(&other, &op), "signature").await
}
