//! Requests that make no sense: a status, a code, words; nothing stored, and the server goes on.

use crate::bench::Bench;
use crate::check::{Done, Stop, checks};
use crate::gzip;
use crate::http::{Answer, Ask};

checks! { 0:
    "error.words" reads words, "不是 2xx 的回答都是 JSON:code 给机器,message 是给人看的中文";
    "push.bad_json" reads bad_json, "读不懂的请求体得到 400 malformed";
    "push.bad_utf8" reads bad_utf8, "不是 UTF-8 的请求体、JSON 里的半个字符得到 400 malformed";
    "push.too_large" reads too_large, "超过 max_batch_bytes 的请求体得到 413 too_large,服务器照常工作";
    "push.gzip" reads gzipped, "接受 content-encoding: gzip;坏的压缩 400,不认识的压缩 415 encoding";
    "push.bomb" reads bomb, "解压后超过 max_batch_bytes 的请求体得到 413 too_large";
    "push.empty" reads empty, "一条操作也没有的批次得到 200 和空的 results";
    "pull.bad_limit" reads bad_limit, "limit 不是正整数时得到 400 malformed";
    "pull.bad_cursor" reads bad_cursor, "不是自己发出的 cursor 得到 400 cursor 或 409 history,不当作任何位置";
}

const PUSH: &str = "/sync/v1/push";

async fn words(bench: &mut Bench) -> Done {
    let token = bench.token(0).cloned();
    for ask in [
        Ask::get("/sync/v1/nothing"),
        Ask::post("/sync/v1/pull", b"{}".to_vec()),
        Ask::get(PUSH),
        Ask::post(PUSH, b"{".to_vec()),
    ] {
        let answer = bench.http.ask(ask.token(token.as_ref())).await?;
        let chinese = |text: &str| text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c));
        let fits = answer.problem().is_some_and(|p| !p.code.is_empty() && chinese(&p.message));
        if !fits || !(400..500).contains(&answer.status) {
            return Err(answer.broken(r#"4xx,{"code":"…","message":"(中文)"}"#));
        }
    }
    Ok(())
}

async fn post(bench: &Bench, body: Vec<u8>) -> Done<Answer> {
    bench.http.ask(Ask::post(PUSH, body).token(bench.token(0))).await
}

async fn bad_json(bench: &mut Bench) -> Done {
    let bodies: [&[u8]; 9] = [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"{",
        b"\"text\"",
        br#"{"writer":null,"nonce":"n","now":0,"ops":""}"#,
        br#"{"writer":{"dev":"0000000000000001","epoch":-1},"nonce":"n","now":0,"ops":[]}"#,
        br#"{"writer":{"dev":"0000000000000001","epoch":1},"nonce":"","now":0,"ops":[]}"#,
    ];
    for body in bodies {
        post(bench, body.to_vec()).await?.refused(400, "malformed")?;
    }
    Ok(())
}

async fn bad_utf8(bench: &mut Bench) -> Done {
    let body = b"{\"writer\":{\"dev\":\"0000000000000001\",\"epoch\":1},\"nonce\":\"\xff\xfe\",\"now\":0,\"ops\":[]}";
    post(bench, body.to_vec()).await?.refused(400, "malformed")?;
    // Half of a pair has no UTF-8 either.
    let half = br#"{"writer":{"dev":"0000000000000001","epoch":1},"nonce":"\ud800","now":0,"ops":[]}"#;
    post(bench, half.to_vec()).await?.refused(400, "malformed")
}

async fn too_large(bench: &mut Bench) -> Done {
    let body = vec![b' '; bench.caps().max_batch_bytes + 1];
    let mut last = None;
    // A server that stops reading may cut the line before its answer is read: it gets three tries to be heard.
    for _ in 0..3 {
        match post(bench, body.clone()).await {
            Ok(answer) => {
                answer.refused(413, "too_large")?;
                return alive(bench).await;
            }
            Err(stop) => last = Some(stop),
        }
    }
    alive(bench).await?;
    last.map_or(Ok(()), Err)
}

async fn alive(bench: &Bench) -> Done {
    let answer = bench.http.ask(Ask::get("/sync/v1/caps")).await?;
    if answer.status == 200 { Ok(()) } else { Err(answer.broken("之后照常回答 200")) }
}

fn nothing(bench: &Bench) -> Vec<u8> {
    bench.pen(0).request(&[]).to_string().into_bytes()
}

async fn encoded(bench: &Bench, body: Vec<u8>, encoding: &str) -> Done<Answer> {
    let ask = Ask::post(PUSH, body).with("content-encoding", encoding).token(bench.token(0));
    bench.http.ask(ask).await
}

async fn gzipped(bench: &mut Bench) -> Done {
    let packed = gzip::pack(&nothing(bench));
    let answer = encoded(bench, packed.clone(), "gzip").await?;
    answer.read::<gridbook_sync::wire::PushReply>()?;
    let half = packed[..packed.len() / 2].to_vec();
    encoded(bench, half, "gzip").await?.refused(400, "malformed")?;
    encoded(bench, b"not gzip".to_vec(), "gzip").await?.refused(400, "malformed")?;
    encoded(bench, nothing(bench), "zstd").await?.refused(415, "encoding")
}

async fn bomb(bench: &mut Bench) -> Done {
    let packed = gzip::pack(&vec![b' '; bench.caps().max_batch_bytes.saturating_mul(8)]);
    let answer = encoded(bench, packed, "gzip").await?;
    if answer.status == 415 {
        return Err(Stop::Unchecked("服务器不收 gzip;先改好 push.gzip".to_owned()));
    }
    answer.refused(413, "too_large")?;
    alive(bench).await
}

async fn empty(bench: &mut Bench) -> Done {
    bench.push(&bench.pen(0), &[]).await.map(|_| ())
}

async fn bad_limit(bench: &mut Bench) -> Done {
    for limit in ["0", "-1", "1.5", "many", "%FF"] {
        let ask = Ask::get(format!("/sync/v1/pull?limit={limit}")).token(bench.token(0));
        bench.http.ask(ask).await?.refused(400, "malformed")?;
    }
    Ok(())
}

async fn bad_cursor(bench: &mut Bench) -> Done {
    for cursor in ["nonsense", "-1", "%F0%9F%93%92", "..", "99999999999999999999"] {
        let ask = Ask::get(format!("/sync/v1/pull?cursor={cursor}")).token(bench.token(0));
        let answer = bench.http.ask(ask).await?;
        if let (Err(Stop::Broken(_)), Err(_)) =
            (answer.refused(400, "cursor"), answer.refused(409, "history"))
        {
            return Err(answer.broken("400 cursor 或 409 history"));
        }
    }
    Ok(())
}
