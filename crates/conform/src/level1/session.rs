//! Who asks.

use serde_json::{Value, json};

use crate::bench::Bench;
use crate::check::{Done, Stop, checks};
use crate::http::Ask;
use crate::pen::random;

checks! { 1:
    "session.required" reads required, "没有令牌或令牌不对,push、pull、blobs 都得到 401 session";
    "session.sign_in" reads sign_in, "POST /api/sign-in 给出令牌和 profile;账号密码不对得到 401 credentials";
}

async fn required(bench: &mut Bench) -> Done {
    let blob = format!("/sync/v1/blobs/{}", "0".repeat(64));
    for token in [None, Some("no-such-token".to_owned()), Some("0".repeat(64))] {
        for ask in [
            Ask::get("/sync/v1/pull"),
            Ask::post("/sync/v1/push", bench.pen(0).request(&[]).to_string().into_bytes()),
            Ask::get(blob.clone()),
            Ask::put(blob.clone(), b"x".to_vec()),
        ] {
            let note = if token.is_some() { "令牌是编的" } else { "没有令牌" };
            bench.http.ask(ask.token(token.as_ref()).note(note)).await?.refused(401, "session")?;
        }
    }
    Ok(())
}

async fn sign_in(bench: &mut Bench) -> Done {
    if bench.people.iter().all(|person| person.signed_in.is_none()) {
        return Err(Stop::Unchecked("给的是令牌,没有用密码登录".to_owned()));
    }
    let nobody: String = random::<8>().iter().map(|b| format!("{b:02x}")).collect();
    let body = json!({ "user": format!("nobody-{nobody}"), "password": "no such password" });
    let answer = bench.http.ask(Ask::json("/api/sign-in", &body)).await?;
    if answer.refused(429, "too_many_tries").is_ok() {
        return Err(Stop::Unchecked("服务器暂停了登录(错的次数太多);过一会儿再查".to_owned()));
    }
    answer.refused(401, "credentials")?;
    let answer = bench.http.ask(Ask::get("/api/me").token(bench.token(0))).await?;
    let profile: Value = answer.read()?;
    let caps = bench.caps();
    let authority = caps.authority.map(|dev| dev.to_string());
    for (holds, wanted) in [
        (profile["user"] == bench.people[0].user.as_str(), "user 是登录的账号"),
        (profile["name"].is_string(), "name"),
        (profile["actor"]["user"] == profile["user"], "actor.user"),
        (profile["actor"]["assignments"].is_array(), "actor.assignments"),
        (profile["township"]["code"].is_string() && profile["township"]["name"].is_string(), "township"),
        (profile["history"] == caps.history.as_str(), "history 和 caps 里一样"),
        (profile["authority"].as_str() == authority.as_deref(), "authority 和 caps 里一样"),
    ] {
        if !holds {
            return Err(answer.broken(format!("profile 里有 {wanted}")));
        }
    }
    Ok(())
}
