//! Taking operations in.

use gridbook_log::{Op, WireOp};
use gridbook_sync::wire::PushResult;
use gridbook_sync::wire::Verdict::{Defer, Dup, Ok as Stored, Refuse};
use serde_json::{Value, json};

use crate::bench::{Bench, matches};
use crate::check::{Done, Stop, checks};
use crate::http::Ask;
use crate::pen::{STRANGE, wire, wired};

checks! { 0:
    "push.ok" writes ok, "新操作得到 ok,随后下发给它的作者";
    "push.results" writes results, "每条操作一个结果,次序和请求里一样,带着它的 id";
    "push.dup" writes dup, "再发一次同样的操作得到 dup,只存一份";
    "push.fork" writes fork, "同一个编号、内容不同的操作得到 refuse fork,先到的不变";
    "push.clone" writes clone, "同一台设备换了 nonce 得到 refuse clone;新的 epoch 照常接收";
    "push.defer" writes defer, "前面缺操作的得到 defer,补齐以后接收";
    "push.malformed" writes malformed, "读不懂的操作得到 refuse malformed,不耽误同一批里别的操作";
    "push.bytes" writes bytes, "h、s、b 一个字节也不变:不认识的种类、字段、空格和文字都照原样";
    "push.extra_fields" writes extra_fields, "请求和操作里不认识的 JSON 字段不算错";
    "push.large_body" writes large_body, "正文可以有 262144 字节";
    "push.full_batch" writes full_batch, "一批可以有 max_batch_ops 条";
    "push.too_many" writes too_many, "多于 max_batch_ops 条的批次得到 413 too_large,一条也不存";
}

async fn ok(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let note = pen.note(create.entity(), "第一条");
    bench.store(&pen, &[&create, &note]).await?;
    bench.news(0).await?.must_have([&create, &note])
}

async fn results(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    let (one, two) = (pen.create(&bench.area), pen.create(&bench.area));
    let note = pen.note(one.entity(), "补一句");
    let orphan = pen.clone().note(pen.entity(), "没有头的记录");
    let ops: [&Op; 5] = [&two, &one, &orphan, &note, &one];
    let (answer, reply) = bench.push(&pen, &ops).await?;
    match reply.results.iter().zip(ops).find(|(got, op)| got.id != Some(op.id())) {
        None => Ok(()),
        Some((_, op)) => Err(answer.broken(format!("这个位置的 id 是 {}", op.id()))),
    }
}

async fn dup(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    let before = bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let note = pen.note(create.entity(), "回答丢了,再发一次");
    bench.store(&pen, &[&create, &note]).await?;
    bench.push_as(&pen, &[&create, &note], &[(Dup, None), (Dup, None)]).await?;
    let walk = bench.walk(0, &before, "").await?;
    match [&create, &note].into_iter().find(|op| walk.times(op.id()) != 1) {
        None => Ok(()),
        Some(op) => {
            Err(walk.broken(format!("{} 只有一份", op.id()), format!("有 {} 份", walk.times(op.id()))))
        }
    }
}

async fn fork(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let other = pen.draft(create.entity(), STRANGE, json!({ "note": "甲" }).to_string());
    let note = pen.write(create.entity(), STRANGE, json!({ "note": "乙" }).to_string());
    bench.store(&pen, &[&create, &note]).await?;
    bench.push_as(&pen, &[&other], &[(Refuse, Some("fork"))]).await?;
    let walk = bench.news(0).await?;
    walk.must_have([&note])?;
    match walk.ops().find(|op| op.h == other.line()) {
        None => Ok(()),
        Some(op) => Err(walk.broken("仍是先到的内容", wired(op).to_string())),
    }
}

async fn clone(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    let mut copy = pen.clone();
    copy.nonce = "drawn-again".to_owned();
    let note = copy.draft(create.entity(), STRANGE, "{}".to_owned());
    bench.push_as(&copy, &[&note], &[(Refuse, Some("clone"))]).await?;
    copy.writer.epoch = 2;
    let fresh = copy.create(&bench.area);
    bench.store(&copy, &[&fresh]).await
}

async fn defer(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let second = pen.note(create.entity(), "二");
    let third = pen.note(create.entity(), "三");
    bench.push_as(&pen, &[&second], &[(Defer, None)]).await?;
    bench.store(&pen, &[&create]).await?;
    bench.push_as(&pen, &[&third], &[(Defer, None)]).await?;
    bench.store(&pen, &[&second, &third]).await?;
    bench.news(0).await?.must_have([&create, &second, &third])
}

async fn malformed(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    let (one, two) = (pen.create(&bench.area), pen.create(&bench.area));
    let sound = wire(&pen.draft(one.entity(), STRANGE, "{}".to_owned()));
    let spoilt = |change: &dyn Fn(&mut Value)| {
        let mut op = sound.clone();
        change(&mut op);
        op
    };
    let line = sound["h"].as_str().unwrap_or_default().to_owned();
    let own = format!("{}.1", pen.writer);
    let bad = [
        spoilt(&|op| op["h"] = json!("gb2 来自以后的版本")),
        spoilt(&|op| op["h"] = json!("")),
        spoilt(&|op| op["h"] = json!(format!("{line}\nzweite"))),
        spoilt(&|op| op["h"] = json!(line.replace(&own, &format!("{}.0", pen.writer)))),
        spoilt(&|op| op["h"] = json!(line.replace(&one.entity().to_string(), &"G".repeat(32)))),
        spoilt(&|op| op["h"] = json!(format!("{} -", line.rsplit_once(' ').map_or("", |(a, _)| a)))),
        spoilt(&|op| op["s"] = json!("07")),
        spoilt(&|op| {
            op.as_object_mut().map(|o| o.remove("s"));
        }),
        spoilt(&|op| {
            op.as_object_mut().map(|o| o.remove("b"));
        }),
        spoilt(&|op| op["b"] = json!("x".repeat(gridbook_log::op::MAX_BODY + 1))),
    ];
    let mut ops = vec![wire(&one)];
    ops.extend(bad);
    ops.push(wire(&two));
    let (answer, reply) = bench.push_values(&pen, &ops).await?;
    let count = |wanted: &dyn Fn(&PushResult) -> bool| reply.results.iter().filter(|r| wanted(r)).count();
    let stored = count(&|r| r.r == Stored && (r.id == Some(one.id()) || r.id == Some(two.id())));
    let refused = count(&|r| r.r == Refuse && r.code.as_deref() == Some("malformed"));
    if (stored, refused) == (2, ops.len() - 2) {
        Ok(())
    } else {
        Err(answer.broken(format!("第一条和最后一条 ok,中间 {} 条 refuse malformed", ops.len() - 2)))
    }
}

async fn bytes(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let entity = pen.entity();
    let mut body = serde_json::to_value(crate::pen::sample(&bench.area)).unwrap_or_default();
    body["x_later"] = json!({ "深": [1, null, "以后的字段"] });
    let create = pen.write(entity, "create", format!(" {body} \n"));
    let texts = [
        "{ \"spaces\" :1.0,\"\\u4e2d\":\"文\"}  \r\n",
        "不是 JSON:\t㐀 𠮷 👩‍🌾 e\u{301} \u{2028} \u{feff} \\u0000 \"'<&>",
        "{\"a\":1,\"a\":2,\"big\":12345678901234567890123,\"e\":1E-0}",
        "",
    ];
    let mut sent: Vec<WireOp> = vec![create.to_wire()];
    sent.extend(texts.map(|text| pen.write(entity, STRANGE, text.to_owned()).to_wire()));
    // A later version appends to the header; the line is signed and hashed, so it stays as it is.
    let mut later = pen.write(entity, STRANGE, "{}".to_owned()).to_wire();
    later.h.push_str(" x=1 以后=新的");
    sent.push(later);
    let ops: Vec<Value> = sent.iter().map(wired).collect();
    let (answer, reply) = bench.push_values(&pen, &ops).await?;
    matches(&answer, &reply.results, &vec![(Stored, None); ops.len()])?;
    let walk = bench.news(0).await?;
    for op in &sent {
        let same = |got: &&WireOp| (&got.h, &got.s, &got.b) == (&op.h, &op.s, &op.b);
        if walk.ops().find(same).is_none() {
            let id = crate::pen::header(op).map(|h| h.id);
            let got = walk.ops().find(|got| crate::pen::header(got).map(|h| h.id) == id);
            return Err(walk.broken(
                wired(op).to_string(),
                got.map_or_else(|| "没有下发".to_owned(), |got| wired(got).to_string()),
            ));
        }
    }
    Ok(())
}

async fn extra_fields(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    let mut op = wire(&pen.create(&bench.area));
    op["zz"] = json!({ "later": true });
    let mut request = pen.request(&[op]);
    request["zz"] = json!("later");
    let answer = bench.http.ask(Ask::json("/sync/v1/push", &request).token(bench.token(0))).await?;
    let reply: gridbook_sync::wire::PushReply = answer.read()?;
    matches(&answer, &reply.results, &[(Stored, None)])
}

async fn large_body(bench: &mut Bench) -> Done {
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let note = pen.write(create.entity(), STRANGE, "大".repeat(gridbook_log::op::MAX_BODY / 3));
    bench.store(&pen, &[&create, &note]).await?;
    bench.news(0).await?.must_have([&note])
}

async fn full_batch(bench: &mut Bench) -> Done {
    let ops = many(bench, 0)?;
    let refs: Vec<&Op> = ops.1.iter().collect();
    bench.tail(0).await?;
    bench.store(&ops.0, &refs).await?;
    bench.news(0).await?.must_have(refs)
}

async fn too_many(bench: &mut Bench) -> Done {
    let (pen, ops) = many(bench, 1)?;
    bench.tail(0).await?;
    let values: Vec<Value> = ops.iter().map(wire).collect();
    let ask = Ask::json("/sync/v1/push", &pen.request(&values)).token(bench.token(0));
    bench.http.ask(ask).await?.refused(413, "too_large")?;
    let walk = bench.news(0).await?;
    match ops.iter().find(|op| walk.has(op.id())) {
        None => Ok(()),
        Some(op) => Err(walk.broken("一条也不存", format!("存了 {}", op.id()))),
    }
}

/// As many as a batch takes and `more`, all of one record.
fn many(bench: &Bench, more: usize) -> Done<(crate::pen::Pen, Vec<Op>)> {
    let count = bench.caps().max_batch_ops;
    // Each takes about 350 bytes.
    if count.saturating_add(more).saturating_mul(400) > bench.caps().max_batch_bytes {
        return Err(Stop::Unchecked(format!("{count} 条操作放不进 max_batch_bytes")));
    }
    let mut pen = bench.pen(0);
    let mut ops = vec![pen.create(&bench.area)];
    while ops.len() < count + more {
        ops.push(pen.note(ops[0].entity(), "满"));
    }
    Ok((pen, ops))
}
