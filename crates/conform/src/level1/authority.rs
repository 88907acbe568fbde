//! The authority's answers: operations of its own in the stream they speak of.

use gridbook_log::{Body, Dot, EntityId, Op, WireOp};
use gridbook_sync::wire::Verdict::{Ok as Stored, Refuse, Reject};

use crate::bench::{Bench, Walk};
use crate::check::{Done, Stop, checks};

checks! { 1:
    "authority.receipt" writes receipt, "收下上报以后,授权端写一条 receipt,指明操作和收到的时间";
    "authority.reject" writes reject, "规则不许的操作得到 reject:只留编号不留正文,授权端写一条 reject 说明原因";
    "authority.renamed" writes renamed, "同一次保存换了 epoch 再送一遍,照收,不再评判";
    "authority.clockfix" writes clockfix, "作者的时钟快过五分钟,操作照收,授权端写一条 clockfix";
    "authority.number" writes number, "登记一件,授权端写一个 number;两件的编号不同";
}

/// Kinds and bodies of what the authority wrote in a stream.
fn answers(bench: &Bench, walk: &Walk, entity: EntityId) -> Vec<Body> {
    let authority = bench.caps().authority;
    walk.ops()
        .filter_map(|op: &WireOp| Op::from_wire(op.clone()).ok())
        .filter(|op| op.entity() == entity && Some(op.dot().writer.dev) == authority)
        .filter_map(|op| op.body().ok().cloned())
        .collect()
}

fn kinds(answers: &[Body]) -> String {
    let kinds: Vec<&str> = answers.iter().map(|body| body.to_text().0).collect();
    format!("授权端写了 {kinds:?}")
}

async fn receipt(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let note = pen.note(create.entity(), "一起送的");
    bench.store(&pen, &[&create, &note]).await?;
    let walk = bench.news(0).await?;
    let answers = answers(bench, &walk, create.entity());
    let named: Vec<Dot> = answers
        .iter()
        .filter_map(|body| if let Body::Receipt(receipt) = body { Some(receipt) } else { None })
        .filter(|receipt| receipt.at > 1_500_000_000_000)
        .flat_map(|receipt| receipt.ops.clone())
        .collect();
    if [&create, &note].iter().all(|op| named.contains(&op.dot())) {
        Ok(())
    } else {
        Err(walk.broken(format!("receipt 指明 {} 和 {}", create.dot(), note.dot()), kinds(&answers)))
    }
}

async fn reject(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let create = pen.create(&bench.area);
    let again = pen.write(create.entity(), "create", create.body_text().unwrap_or_default().to_owned());
    let after = pen.note(create.entity(), "后面的照收");
    let wanted = [(Stored, None), (Reject, Some("second_create")), (Stored, None)];
    bench.push_as(&pen, &[&create, &again, &after], &wanted).await?;
    let walk = bench.news(0).await?;
    walk.must_have([&again, &after])?;
    let stub = walk.ops().find(|op| op.h == again.line());
    if stub.is_none_or(|op| op.b.is_some() || op.s.is_some() || op.x.is_none()) {
        return Err(walk.broken("被拒绝的只剩 h 和 x", stub.map_or_else(String::new, |op| format!("{op:?}"))));
    }
    let answers = answers(bench, &walk, create.entity());
    let told = answers
        .iter()
        .any(|body| matches!(body, Body::Reject(r) if r.op == again.dot() && r.code == "second_create"));
    if told { Ok(()) } else { Err(walk.broken(format!("reject 指明 {}", again.dot()), kinds(&answers))) }
}

/// No other check writes under it.
const RENAMED: u32 = 5;

/// A device that took a new name does not know what had arrived under the old one.
async fn renamed(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    pen.writer.epoch = RENAMED;
    let again = pen.renamed(&create);
    bench.store(&pen, &[&again]).await
}

async fn clockfix(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut pen = bench.pen(0);
    bench.tail(0).await?;
    let now = pen.ms;
    pen.ms += 400 * 24 * 3600 * 1000;
    let create = pen.create(&bench.area);
    bench.store(&pen, &[&create]).await?;
    let walk = bench.news(0).await?;
    let answers = answers(bench, &walk, create.entity());
    // A day more than the clock of the first question: the suite itself takes time.
    let soon = now + 24 * 3600 * 1000;
    let fixed = answers
        .iter()
        .any(|body| matches!(body, Body::ClockFix(fix) if fix.op == create.dot() && fix.hlc.ms < soon));
    if fixed {
        Ok(())
    } else {
        Err(walk.broken(format!("clockfix 指明 {}", create.dot()), kinds(&answers)))
    }
}

async fn number(bench: &mut Bench) -> Done {
    bench.needs_accounts()?;
    let mut numbers: Vec<String> = Vec::new();
    for _ in 0..2 {
        let mut pen = bench.pen(0);
        bench.tail(0).await?;
        let create = pen.create(&bench.area);
        bench.store(&pen, &[&create]).await?;
        if !registered(bench, &create).await? {
            return Err(Stop::Unchecked("没有一个测试账号可以登记;请再给一个登记员的账号".to_owned()));
        }
        let walk = bench.news(0).await?;
        let answers = answers(bench, &walk, create.entity());
        let given: Vec<String> = answers
            .iter()
            .filter_map(
                |body| if let Body::Number(number) = body { Some(number.number.clone()) } else { None },
            )
            .collect();
        match given.as_slice() {
            [one] if !one.is_empty() && !numbers.contains(one) => numbers.push(one.clone()),
            _ => return Err(walk.broken("一个 number,和别件不同", format!("{given:?},{}", kinds(&answers)))),
        }
    }
    Ok(())
}

/// Lets the first account register that may.
async fn registered(bench: &Bench, create: &Op) -> Done<bool> {
    for who in (0..bench.people.len()).rev() {
        let mut pen = bench.pen(who);
        pen.saw(create);
        let op = pen.register(create.entity());
        let (answer, reply) = bench.push(&pen, &[&op]).await?;
        match reply.results.first().map(|result| result.r) {
            Some(Stored) => return Ok(true),
            Some(Reject | Refuse) => {}
            _ => return Err(answer.broken("ok、reject 或 refuse")),
        }
    }
    Ok(false)
}
