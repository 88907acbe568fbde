//! Accounts: signing in and out, passwords, invitations, staff.

use crate::common::{DAY, PASSWORD, Server, role};
use gridbook_domain::role::Assignment;
use serde_json::{Value, json};

const AREA: &str = "510000100201001";

fn chinese(answer: &Value) -> bool {
    answer["message"].as_str().unwrap_or("").chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
}

#[tokio::test]
async fn a_session_lives_until_sign_out() {
    let server = Server::open().await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let body = json!({ "user": "ann", "password": PASSWORD, "device": "旧手机" });
    let (status, answer) = server.call("POST", "/api/sign-in", None, Some(body)).await;
    assert_eq!(status, 200);
    let token = answer["token"].as_str().unwrap();
    assert_eq!(token.len(), 64);
    assert_eq!(answer["profile"]["township"]["code"], "510000100");
    assert_eq!(answer["profile"]["actor"]["assignments"][0]["area"], AREA);
    let (status, me) = server.call("GET", "/api/me", Some(token), None).await;
    assert_eq!((status, &me), (200, &answer["profile"]));
    assert_eq!(server.call("POST", "/api/sign-out", Some(token), None).await.0, 204);
    let (status, answer) = server.call("GET", "/api/me", Some(token), None).await;
    assert_eq!((status, answer["code"].as_str()), (401, Some("session")));
    assert!(chinese(&answer));
}

#[tokio::test]
async fn tokens_and_passwords_are_stored_as_hashes() {
    let mut server = Server::open().await;
    server.person("ann", vec![]).await;
    let token = server.token("ann").await;
    server.stop().await;
    let mut bytes = Vec::new();
    if crate::common::ON_POSTGRES {
        bytes = crate::common::postgres::cluster().tool("pg_dump", &["--inserts"], &server.config.db);
    }
    for file in std::fs::read_dir(server.data()).unwrap() {
        let path = file.unwrap().path();
        bytes.extend(if path.is_file() { std::fs::read(path).unwrap() } else { Vec::new() });
    }
    let holds = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds("测试ann"));
    assert!(!holds(&token) && !holds(PASSWORD));
}

#[tokio::test]
async fn sessions_end_after_long_disuse() {
    let server = Server::open().await;
    server.person("ann", vec![]).await;
    let token = server.token("ann").await;
    for _ in 0..4 {
        server.pass(60 * DAY);
        assert_eq!(server.call("GET", "/api/me", Some(&token), None).await.0, 200);
    }
    server.pass(91 * DAY);
    assert_eq!(server.call("GET", "/api/me", Some(&token), None).await.0, 401);
}

#[tokio::test]
async fn unknown_and_wrong_are_told_alike_and_both_lock() {
    let server = Server::open().await;
    server.person("ann", vec![]).await;
    let mut answers = Vec::new();
    for user in ["ann", "nobody"] {
        for _ in 0..10 {
            let body = json!({ "user": user, "password": "wrong password" });
            answers.push(server.call("POST", "/api/sign-in", None, Some(body)).await);
        }
        let right = json!({ "user": user, "password": PASSWORD });
        let (status, answer) = server.call("POST", "/api/sign-in", None, Some(right)).await;
        assert_eq!((status, answer["code"].as_str()), (429, Some("too_many_tries")), "{user}");
        assert!(chinese(&answer));
    }
    assert!(answers.iter().all(|a| a == &answers[0] && a.0 == 401 && chinese(&a.1)), "{answers:?}");
    server.pass(15 * 60 * 1000);
    server.token("ann").await;
}

#[tokio::test]
async fn a_disabled_account_is_told_so_with_the_right_password_only() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let clerk = server.token("clerk").await;
    let change = json!({ "disabled": true });
    assert_eq!(server.call("PATCH", "/api/staff/ann", Some(&clerk), Some(change)).await.0, 200);
    let try_in = async |user: &str, password: &str| {
        let body = json!({ "user": user, "password": password });
        server.call("POST", "/api/sign-in", None, Some(body)).await
    };
    let (status, answer) = try_in("ann", PASSWORD).await;
    assert_eq!((status, answer["code"].as_str()), (403, Some("disabled")));
    let told = answer["message"].as_str().unwrap();
    assert!(told.contains("停用") && told.contains("网格专干"), "{told}");
    assert_eq!(try_in("ann", "wrong password").await, try_in("nobody", "wrong password").await);
    // Nor is anybody told that the account is not there when it is.
    let ask = json!({ "user": "ann" });
    let (status, answer) = server.call("POST", "/api/invites", Some(&clerk), Some(ask)).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("disabled")));
    assert!(answer["message"].as_str().unwrap().contains("停用"), "{answer}");
}

#[tokio::test]
async fn one_address_cannot_try_without_end() {
    let server = Server::open().await;
    let mut refused = 0;
    for n in 0..101 {
        let (status, _) = server.call("GET", &format!("/api/invites/GUESS{n}"), None, None).await;
        refused += u32::from(status == 429);
    }
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let server = Server::open().await;
    server.person("ann", vec![]).await;
    let (here, there) = (server.token("ann").await, server.token("ann").await);
    let ask = |old: &str, new: &str| json!({ "old": old, "new": new });
    for (body, status, code) in [
        (ask(PASSWORD, "short"), 400, "weak_password"),
        (ask(PASSWORD, "aaaaaaaaaaaa"), 400, "weak_password"),
        (ask("not the old one", "a new long one"), 403, "credentials"),
    ] {
        let (got, answer) = server.call("POST", "/api/password", Some(&here), Some(body)).await;
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)));
        assert!(chinese(&answer));
    }
    let (status, _) =
        server.call("POST", "/api/password", Some(&here), Some(ask(PASSWORD, "a new long one"))).await;
    assert_eq!(status, 204);
    assert_eq!(server.call("GET", "/api/me", Some(&here), None).await.0, 200);
    assert_eq!(server.call("GET", "/api/me", Some(&there), None).await.0, 401);
    let body = json!({ "user": "ann", "password": "a new long one" });
    assert_eq!(server.call("POST", "/api/sign-in", None, Some(body)).await.0, 200);
}

#[tokio::test]
async fn an_invitation_sets_a_password_once() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let (clerk, ann) = (server.token("clerk").await, server.token("ann").await);
    let ask = json!({ "user": "ann" });
    assert_eq!(server.call("POST", "/api/invites", Some(&ann), Some(ask.clone())).await.0, 403);
    let unknown = json!({ "user": "nobody" });
    assert_eq!(server.call("POST", "/api/invites", Some(&clerk), Some(unknown)).await.0, 404);
    let (_, first) = server.call("POST", "/api/invites", Some(&clerk), Some(ask.clone())).await;
    let (status, invite) = server.call("POST", "/api/invites", Some(&clerk), Some(ask.clone())).await;
    assert_eq!(status, 200);
    let code = invite["code"].as_str().unwrap();
    assert_eq!(invite["link"], format!("/#/invite/{code}"));
    let path = format!("/api/invites/{code}");
    let (status, whom) = server.call("GET", &path, None, None).await;
    assert_eq!((status, whom["user"].as_str()), (200, Some("ann")));
    let older = format!("/api/invites/{}", first["code"].as_str().unwrap());
    assert_eq!(server.call("GET", &older, None, None).await.0, 404, "a newer invitation ends the older");
    let accept = format!("{path}/accept");
    let weak = json!({ "password": "123" });
    assert_eq!(server.call("POST", &accept, None, Some(weak)).await.1["code"], "weak_password");
    let good = json!({ "password": "chosen by ann", "device": "手机" });
    let (status, answer) = server.call("POST", &accept, None, Some(good.clone())).await;
    assert_eq!((status, answer["profile"]["user"].as_str()), (200, Some("ann")));
    assert_eq!(
        server.call("GET", "/api/me", Some(&ann), None).await.0,
        401,
        "the reset ended the old session"
    );
    let (status, answer) = server.call("POST", &accept, None, Some(good.clone())).await;
    assert_eq!((status, answer["code"].as_str()), (404, Some("invite")));
    let (_, late) = server.call("POST", "/api/invites", Some(&clerk), Some(ask)).await;
    server.pass(7 * DAY + 1);
    let accept = format!("/api/invites/{}/accept", late["code"].as_str().unwrap());
    assert_eq!(server.call("POST", &accept, None, Some(good)).await.0, 404);
}

#[tokio::test]
async fn the_steward_keeps_the_staff() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let (clerk, ann) = (server.token("clerk").await, server.token("ann").await);
    let bob = json!({ "user": "bob", "name": "钟小满", "phone": "19900100001",
        "assignments": [{ "role": "grid_worker_l2", "area": AREA, "from": "2026-05-01" }] });
    let import = json!({ "staff": [bob] });
    assert_eq!(server.call("POST", "/api/staff/import", Some(&ann), Some(import.clone())).await.0, 403);
    let (status, answer) = server.call("POST", "/api/staff/import", Some(&clerk), Some(import.clone())).await;
    assert_eq!((status, answer), (200, json!({ "created": 1, "updated": 0 })));
    let (_, answer) = server.call("POST", "/api/staff/import", Some(&clerk), Some(import)).await;
    assert_eq!(answer, json!({ "created": 0, "updated": 1 }));
    let own = |role: &str| {
        let held = json!([{ "role": role, "area": "510000100" }]);
        json!({ "staff": [{ "user": "clerk", "name": "专干", "assignments": held }] })
    };
    assert_eq!(server.call("POST", "/api/staff/import", Some(&clerk), Some(own("grid_clerk"))).await.0, 200);
    let (status, answer) =
        server.call("POST", "/api/staff/import", Some(&clerk), Some(own("center_director"))).await;
    assert_eq!((status, answer["code"].as_str()), (409, Some("own_account")));
    let (_, list) = server.call("GET", "/api/staff", Some(&clerk), None).await;
    let bob = list["staff"].as_array().unwrap().iter().find(|s| s["user"] == "bob").unwrap();
    assert_eq!((bob["phone_tail"].as_str(), bob["active"].as_bool()), (Some("0001"), Some(false)));
    let change = json!({ "disabled": true });
    let (status, answer) = server.call("PATCH", "/api/staff/ann", Some(&clerk), Some(change.clone())).await;
    assert_eq!((status, answer["disabled"].as_bool()), (200, Some(true)));
    assert_eq!(server.call("GET", "/api/me", Some(&ann), None).await.0, 401);
    assert_eq!(server.call("PATCH", "/api/staff/nobody", Some(&clerk), Some(change.clone())).await.0, 404);
    assert_eq!(
        server.call("PATCH", "/api/staff/clerk", Some(&clerk), Some(change)).await.1["code"],
        "own_account"
    );
}

#[tokio::test]
async fn bad_staff_rows_change_nobody() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    let clerk = server.token("clerk").await;
    let row = |user: &str, name: &str, area: &str, phone: &str| json!({ "user": user, "name": name, "phone": phone, "assignments": [{ "role": "grid_worker_l2", "area": area }] });
    let good = row("good", "好人", AREA, "19900100001");
    for (bad, code) in [
        (row("A B", "名", AREA, "1"), "bad_user"),
        (row("gridbook", "名", AREA, "1"), "bad_user"),
        (row("ok", " ", AREA, "1"), "bad_name"),
        (row("ok", "名", "110000100", "1"), "bad_assignment"),
        (row("ok", "名", "5100", "1"), "bad_assignment"),
        (row("ok", "名", AREA, "电话"), "bad_phone"),
    ] {
        let import = json!({ "staff": [good, bad] });
        let (status, answer) = server.call("POST", "/api/staff/import", Some(&clerk), Some(import)).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some(code)));
        assert!(chinese(&answer));
    }
    let crowd: Vec<Value> = (0..2001).map(|n| row(&format!("u{n}"), "名", AREA, "1")).collect();
    let (status, answer) =
        server.call("POST", "/api/staff/import", Some(&clerk), Some(json!({ "staff": crowd }))).await;
    assert_eq!((status, answer["code"].as_str()), (413, Some("too_large")));
    assert!(answer["message"].as_str().unwrap().contains("2000 人"), "{answer}");
    let (_, list) = server.call("GET", "/api/staff", Some(&clerk), None).await;
    assert_eq!(list["staff"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_bad_name_is_told_as_one_of_the_person_who_is_renamed() {
    let server = Server::open().await;
    server.person("clerk", vec![role("grid_clerk", "510000100")]).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    let clerk = server.token("clerk").await;
    for name in [" ", "钟\n小满", "满".repeat(41).as_str()] {
        let body = json!({ "name": name });
        let (status, answer) = server.call("PATCH", "/api/staff/ann", Some(&clerk), Some(body)).await;
        assert_eq!((status, answer["code"].as_str()), (400, Some("bad_name")));
        let told = answer["message"].as_str().unwrap();
        assert!(told.contains("没有改动") && !told.contains("导入"), "{told}");
    }
    let body = json!({ "name": "钟小满" });
    let (status, answer) = server.call("PATCH", "/api/staff/ann", Some(&clerk), Some(body.clone())).await;
    assert_eq!((status, answer["name"].as_str()), (200, Some("钟小满")));
    assert_eq!(server.call("PATCH", "/api/staff/A%20B", Some(&clerk), Some(body)).await.0, 404);
}

/// A township with whoever keeps its directory, its administrator, and people above and below.
async fn ranks() -> Server {
    let server = Server::with(|_| {}).await;
    let town = |held: &str| role(held, "510000100");
    server.person("clerk", vec![town("grid_clerk")]).await;
    server.person("admin", vec![town("sys_admin"), town("grid_clerk")]).await;
    server.person("dora", vec![town("center_director")]).await;
    let last = chrono::NaiveDate::from_ymd_opt(2026, 12, 31);
    let contact = Assignment { to: last, area: None, ..role("harm_contact", "") };
    server.person("hua", vec![role("grid_worker_l1", "510000100201"), contact]).await;
    server.person("ann", vec![role("grid_worker_l2", AREA)]).await;
    server
}

#[tokio::test]
async fn nobody_gives_or_takes_a_role_above_the_own() {
    let server = ranks().await;
    let (clerk, admin) = (server.token("clerk").await, server.token("admin").await);
    let held = |role: &str| json!([{ "role": role, "area": "510000100" }]);
    let change = async |token: &str, user: &str, body: Value| {
        let path = format!("/api/staff/{user}");
        let (status, answer) = server.call("PATCH", &path, Some(token), Some(body)).await;
        assert!(status == 200 || chinese(&answer), "{answer}");
        (status, answer["code"].as_str().map(str::to_owned))
    };
    let import = async |token: &str, user: &str, role: &str| {
        let body = json!({ "staff": [{ "user": user, "name": "某某", "assignments": held(role) }] });
        let (status, answer) = server.call("POST", "/api/staff/import", Some(token), Some(body)).await;
        (status, answer["code"].as_str().map(str::to_owned))
    };
    let above = (403, Some("role_above".to_owned()));
    for role in ["center_director", "general_grid_chief", "discipline_officer", "sys_admin"] {
        assert_eq!(change(&clerk, "ann", json!({ "assignments": held(role) })).await, above, "{role}");
        assert_eq!(import(&clerk, "ann", role).await, above, "{role}");
        assert_eq!(import(&clerk, "new", role).await, above, "{role}");
    }
    assert_eq!(change(&clerk, "dora", json!({ "assignments": held("intake_clerk") })).await, above, "taken");
    assert_eq!(import(&clerk, "dora", "intake_clerk").await, above);
    assert_eq!(change(&clerk, "dora", json!({ "disabled": true })).await, above, "shut out");
    let (_, list) = server.call("GET", "/api/staff", Some(&clerk), None).await;
    let dora = list["staff"].as_array().unwrap().iter().find(|one| one["user"] == "dora").unwrap().clone();
    assert_eq!((&dora["assignments"], &dora["disabled"]), (&held("center_director"), &json!(false)));
    // A sheet of all staff that leaves her as she is, and what is the clerk's to give.
    assert_eq!(import(&clerk, "dora", "center_director").await, (200, None));
    assert_eq!(change(&clerk, "ann", json!({ "assignments": held("intake_clerk") })).await, (200, None));
    assert_eq!(import(&clerk, "new", "grid_chief").await, (200, None));
    // The administrator as before.
    assert_eq!(change(&admin, "ann", json!({ "assignments": held("center_director") })).await, (200, None));
    assert_eq!(import(&admin, "new", "sys_admin").await, (200, None));
    assert_eq!(change(&admin, "dora", json!({ "disabled": true })).await, (200, None));
    assert_eq!(change(&clerk, "dora", json!({ "disabled": false })).await, above, "nor let in again");
    assert_eq!(change(&admin, "dora", json!({ "disabled": false })).await, (200, None));
    // Somebody who left is shut out at once, though what he held was given by name; and not let in by the same way.
    assert_eq!(change(&clerk, "hua", json!({ "disabled": true })).await, (200, None));
    let by_name = (403, Some("grant".to_owned()));
    assert_eq!(change(&clerk, "hua", json!({ "disabled": false })).await, by_name);
    assert_eq!(change(&admin, "hua", json!({ "disabled": false })).await, (200, None));
}

#[tokio::test]
async fn nobody_takes_up_the_account_of_somebody_above() {
    let server = ranks().await;
    let (clerk, admin) = (server.token("clerk").await, server.token("admin").await);
    let invite = async |token: &str, user: &str| {
        let body = json!({ "user": user });
        let (status, answer) = server.call("POST", "/api/invites", Some(token), Some(body)).await;
        assert!(status == 200 || chinese(&answer), "{answer}");
        (status, answer["code"].as_str().map(str::to_owned).filter(|_| status != 200))
    };
    assert_eq!(invite(&clerk, "ann").await, (200, None));
    assert_eq!(invite(&clerk, "clerk").await, (200, None), "the own");
    let above = (403, Some("role_above".to_owned()));
    assert_eq!(invite(&clerk, "dora").await, above);
    assert_eq!(invite(&clerk, "admin").await, above);
    assert_eq!(invite(&clerk, "hua").await, (403, Some("grant".to_owned())), "what is given by name");
    for user in ["ann", "clerk", "dora", "hua", "admin"] {
        assert_eq!(invite(&admin, user).await, (200, None), "{user}");
    }
    // The grant is over: an ordinary account again.
    server.pass(300 * DAY);
    let clerk = server.token("clerk").await;
    assert_eq!(invite(&clerk, "hua").await, (200, None));
    assert_eq!(invite(&clerk, "dora").await, above);
}
