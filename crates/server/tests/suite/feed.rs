//! Who is told what, and when: placements, rights, pages, restarts.

use std::collections::BTreeSet;

use crate::common::{DAY, Device, Server, role, unit};
use chrono::NaiveDate;
use gridbook_log::{EntityId, Op, Placement};
use gridbook_server::{db, sql};
use gridbook_sync::wire::Entry;

const V1: &str = "510000100201";
const G1: &str = "510000100201001";
const G2: &str = "510000100201002";
const G3: &str = "510000100202001";

fn moved_to(area: &str) -> Placement {
    Placement { area: Some(area.to_owned()), ..Placement::default() }
}

/// A device of the same account that starts from nothing must see the same as one that followed along: the plain way,
/// and by packed streams; and the server must know what that is.
async fn agrees_with_fresh(server: &Server, device: &Device) {
    let mut fresh = server.device(&device.user).await;
    fresh.pull_by(7).await;
    assert_eq!(fresh.visible, device.visible);
    for id in &fresh.visible {
        assert_eq!(fresh.entities[id].have(), device.entities[id].have(), "{id}");
    }
    let mut packed = server.device(&device.user).await;
    packed.pull_packed().await;
    assert_eq!(packed.visible, device.visible);
    let told = packed.should_hold().await;
    assert_eq!(told.cursor, packed.cursor);
    for holder in [&packed, &fresh] {
        assert_eq!(holder.holds(), told.fp);
    }
}

#[tokio::test]
async fn two_devices_exchange_and_both_hear_the_receipt() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", V1).await;
    let op = ann.create("hazard", G1);
    let id = op.entity();
    ann.push_only(&op).await;
    head.pull().await;
    ann.pull().await;
    assert_eq!(head.visible, BTreeSet::from([id]));
    assert_eq!(head.entities[&id].text("desc"), Some("一句话"));
    let authority = server.app().tenant.authority;
    for device in [&ann, &head] {
        let ops: Vec<_> = device.entities[&id].ops().collect();
        assert_eq!(ops.len(), 2);
        assert!(ops.iter().any(|(dot, _, _, kind)| dot.writer.dev == authority && *kind == "receipt"));
    }
    let reply = head.set(id, "desc", "看过了");
    head.push_ok(&[reply]).await;
    ann.pull().await;
    assert_eq!(ann.entities[&id].text("desc"), Some("看过了"));
}

#[tokio::test]
async fn what_the_asking_device_wrote_does_not_come_back_except_below_an_enter() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", V1).await;
    // A first pull, so that what follows is the ordinary run of the feed.
    ann.pull().await;
    head.pull().await;
    let mine = ann.create("hazard", G1);
    ann.push_only(&mine).await;
    let authors = |entries: &[Entry]| -> BTreeSet<String> {
        let lines =
            entries.iter().filter_map(|e| if let Entry::Op { op, .. } = e { Some(&op.h) } else { None });
        lines.map(|h| h.split(' ').nth(5).unwrap().to_owned()).collect()
    };
    let page = ann.page_without_own().await;
    assert!(!page.entries.is_empty(), "the receipt comes");
    assert!(!authors(&page.entries).contains("ann"), "{page:?}");
    assert!(authors(&head.page_without_own().await.entries).contains("ann"));
    // The head moves it away and back: the reader who lost it gets everything again, own operations too.
    let id = mine.entity();
    head.pull().await;
    let note = head.set(id, "desc", "看过了");
    head.push_ok(&[note]).await;
    server.assign("head", vec![role("grid_worker_l2", G3)]).await;
    head.pull().await;
    server.assign("head", vec![role("grid_worker_l2", V1)]).await;
    let back = head.page_without_own().await;
    assert!(back.entries.contains(&Entry::Enter { e: id }), "{back:?}");
    assert!(authors(&back.entries).contains("head"), "{back:?}");
}

#[tokio::test]
async fn a_reader_sees_exactly_the_own_grids() {
    let server = Server::open().await;
    let mut one = server.worker("one", G1).await;
    let mut two = server.worker("two", G2).await;
    let mut far = server.worker("far", G3).await;
    let mut village = server.worker("village", V1).await;
    let mut made = Vec::new();
    for _ in 0..20 {
        for (device, area) in [(&mut one, G1), (&mut two, G2), (&mut far, G3)] {
            let op = device.create("visit", area);
            device.push_only(&op).await;
            made.push((op.entity(), area));
        }
    }
    let of = |areas: &[&str]| -> BTreeSet<EntityId> {
        made.iter().filter(|(_, a)| areas.contains(a)).map(|(id, _)| *id).collect()
    };
    for (device, areas) in
        [(&mut one, &[G1][..]), (&mut two, &[G2]), (&mut far, &[G3]), (&mut village, &[G1, G2])]
    {
        device.pull_by(3).await;
        assert_eq!(device.visible, of(areas), "{}", device.user);
    }
}

#[tokio::test]
async fn the_author_keeps_what_lies_elsewhere_and_the_directory_is_everyone_s() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut bob = server.worker("bob", G3).await;
    let elsewhere = ann.create("hazard", G3);
    let mut directory = ann.create("area", G3);
    let all = Placement { all: Some(true), ..Placement::default() };
    let everyone = ann.place(directory.entity(), all);
    ann.push_ok(&[elsewhere.clone(), directory.clone(), everyone]).await;
    ann.pull().await;
    assert_eq!(ann.visible, BTreeSet::from([elsewhere.entity(), directory.entity()]));
    bob.pull().await;
    let mut third = server.worker("third", G2).await;
    third.pull().await;
    assert_eq!(third.visible, BTreeSet::from([directory.entity()]));
    directory = ann.set(directory.entity(), "name", "新名字");
    ann.push_only(&directory).await;
    third.pull().await;
    assert_eq!(third.entities[&directory.entity()].text("name"), Some("新名字"));
}

#[tokio::test]
async fn moving_an_entity_enters_here_and_leaves_there() {
    let server = Server::open().await;
    let mut steward = server.worker("steward", "510000100").await;
    let mut one = server.worker("one", G1).await;
    let mut two = server.worker("two", G2).await;
    let create = steward.create("household", G1);
    let id = create.entity();
    let edits: Vec<Op> = (0..5).map(|n| steward.set(id, "desc", &format!("第{n}次"))).collect();
    steward.push_ok(&[create]).await;
    steward.push_ok(&edits).await;
    one.pull().await;
    two.pull().await;
    assert!(one.visible.contains(&id) && two.visible.is_empty());
    let there = steward.place(id, moved_to(G2));
    let edit = steward.set(id, "desc", "搬过去以后");
    steward.push_ok(&[there, edit]).await;
    let reply = one.page(1000).await;
    assert!(reply.entries.iter().all(|e| matches!(e, Entry::Leave { e } if *e == id)), "{:?}", reply.entries);
    one.take(reply, 1000);
    assert!(one.visible.is_empty());
    two.pull_by(2).await;
    assert_eq!(two.entities[&id].ops().count(), 8);
    // There and back between two pulls of a reader: everything again, because a part was not for it.
    let back = steward.place(id, moved_to(G1));
    let again = steward.place(id, moved_to(G2));
    steward.push_ok(&[back, again]).await;
    two.pull_by(3).await;
    agrees_with_fresh(&server, &two).await;
    one.pull().await;
    assert!(one.visible.is_empty());
}

#[tokio::test]
async fn sharing_with_a_unit_and_taking_it_back() {
    let server = Server::open().await;
    let mut desk = server.worker("desk", "510000100").await;
    server.person("handler", vec![unit("yjb")]).await;
    let mut handler = server.device("handler").await;
    let cases: Vec<Op> = (0..6).map(|_| desk.create("hazard", G1)).collect();
    desk.push_ok(&cases).await;
    handler.pull().await;
    assert!(handler.visible.is_empty());
    let share = Placement { units_add: vec!["yjb".into()], ..Placement::default() };
    let shared: Vec<Op> = cases[..4].iter().map(|op| desk.place(op.entity(), share.clone())).collect();
    desk.push_ok(&shared).await;
    handler.pull_by(1).await;
    assert_eq!(handler.visible, cases[..4].iter().map(Op::entity).collect());
    let done = handler.set(cases[0].entity(), "desc", "已处理");
    handler.push_ok(&[done]).await;
    let unshare = Placement { units_del: vec!["yjb".into()], ..Placement::default() };
    let taken = desk.place(cases[1].entity(), unshare);
    desk.push_ok(&[taken]).await;
    handler.pull_by(2).await;
    assert_eq!(handler.visible, [0, 2, 3].map(|n| cases[n].entity()).into());
    agrees_with_fresh(&server, &handler).await;
}

#[tokio::test]
async fn a_change_of_rights_enters_and_leaves() {
    let server = Server::open().await;
    let mut steward = server.worker("steward", "510000100").await;
    let mut ann = server.worker("ann", G1).await;
    let ops: Vec<Op> = [G1, G1, G2, G2, G3].iter().map(|area| steward.create("visit", area)).collect();
    steward.push_ok(&ops).await;
    ann.pull().await;
    assert_eq!(ann.visible.len(), 2);
    server.assign("ann", vec![role("grid_worker_l2", G2), role("grid_worker_l2", G3)]).await;
    ann.pull_by(2).await;
    assert_eq!(ann.visible, [2, 3, 4].map(|n| ops[n].entity()).into());
    server.assign("ann", vec![role("grid_worker_l2", V1)]).await;
    let more = steward.create("visit", G1);
    steward.push_only(&more).await;
    ann.pull_by(1).await;
    assert_eq!(
        ann.visible,
        [0, 1, 2, 3].map(|n| ops[n].entity()).into_iter().chain([more.entity()]).collect()
    );
    agrees_with_fresh(&server, &ann).await;
    server.assign("ann", vec![]).await;
    ann.pull().await;
    assert!(ann.visible.is_empty());
}

#[tokio::test]
async fn roles_begin_and_end_by_the_calendar() {
    let server = Server::open().await;
    let mut steward = server.worker("steward", "510000100").await;
    let day = |d| NaiveDate::from_ymd_opt(2026, 5, d);
    let mut held = role("grid_worker_l2", G1);
    (held.from, held.to) = (day(19), day(20));
    server.person("ann", vec![held]).await;
    let mut ann = server.device("ann").await;
    let op = steward.create("visit", G1);
    steward.push_ok(&[op]).await;
    for (seen, _) in [(0, 18), (1, 19), (1, 20), (0, 21)] {
        ann.pull().await;
        assert_eq!(ann.visible.len(), seen);
        server.pass(DAY);
    }
}

#[tokio::test]
async fn tiny_pages_tell_the_same_as_one_big_page() {
    let server = Server::open().await;
    let mut steward = server.worker("steward", "510000100").await;
    let mut big = server.worker("reader", V1).await;
    let mut tiny = server.device("reader").await;
    let mut created = Vec::new();
    for round in 0..6 {
        for area in [G1, G2, G3] {
            let op = steward.create("hazard", area);
            let edit = steward.set(op.entity(), "desc", "改过");
            steward.push_ok(&[op.clone(), edit]).await;
            created.push(op.entity());
        }
        let target = created[round * 2];
        let place = steward.place(target, moved_to([G3, G1, G2][round % 3]));
        steward.push_ok(&[place]).await;
        if round == 3 {
            server.assign("reader", vec![role("grid_worker_l2", G2), role("grid_worker_l2", G3)]).await;
        }
        big.pull().await;
        tiny.pull_by(1 + round % 2).await;
        assert_eq!(tiny.visible, big.visible, "round {round}");
    }
    for id in &big.visible {
        assert_eq!(big.entities[id].have(), tiny.entities[id].have());
    }
    agrees_with_fresh(&server, &tiny).await;
}

#[tokio::test]
async fn a_wide_reader_is_told_the_same_as_many_narrow_ones() {
    let server = Server::open().await;
    let mut steward = server.worker("steward", "510000100").await;
    let mut wide = server.worker("wide", "510000100").await;
    let areas: Vec<String> = (1..=80).map(|n| format!("510000100203{n:03}")).collect();
    let ops: Vec<Op> = areas.iter().map(|a| steward.create("household", a)).collect();
    steward.push_ok(&ops).await;
    wide.pull_by(9).await;
    assert_eq!(wide.visible.len(), 80);
    let edits: Vec<Op> = ops.iter().map(|op| steward.set(op.entity(), "desc", "改过")).collect();
    steward.push_ok(&edits).await;
    let place = steward.place(ops[3].entity(), moved_to("510000200201001"));
    steward.push(&[place]).await;
    wide.pull_by(9).await;
    assert_eq!(wide.visible.len(), 79);
    agrees_with_fresh(&server, &wide).await;
    let before = wide.delivered;
    wide.pull().await;
    assert_eq!(wide.delivered, before, "nothing new, nothing told");
}

/// How many rows the feed has, and how many of them are of a program of before.
async fn rows_of_feed(server: &Server) -> (i64, i64) {
    let mut conn = db::open_existing(&server.config.db).await.unwrap();
    let text = "SELECT COUNT(*), COUNT(*) - COUNT(first_seq) FROM feed";
    sql::query_as(text).fetch_one(&mut conn).await.unwrap()
}

#[tokio::test]
async fn what_went_out_in_one_stretch_comes_in_pages_of_any_size() {
    let server = Server::open().await;
    let mut ann = server.worker("ann", V1).await;
    let ordinary: Vec<Op> = (0..50).map(|_| ann.create("visit", G1)).collect();
    // All in one grid is a row for each of its channels, receipts included.
    ann.push_ok(&ordinary).await;
    assert_eq!(rows_of_feed(&server).await, (2, 0));
    // Channels that take turns, and one that joins in now and then.
    let mixed: Vec<Op> = (0..60).map(|n| ann.create("visit", [G1, G1, G2, G3][n % 4])).collect();
    ann.push_ok(&mixed).await;
    let shared = Placement { units_add: vec!["u1".to_owned()], ..moved_to(G1) };
    let places: Vec<Op> = mixed[..3].iter().map(|op| ann.place(op.entity(), shared.clone())).collect();
    ann.push_ok(&places).await;
    server.person("head", vec![role("grid_worker_l2", V1), unit("u1")]).await;
    // From a cursor after the first sign-in, so that all of it is the ordinary run.
    let mut whole = server.device("head").await;
    whole.pull().await;
    let start = whole.cursor.clone();
    let more: Vec<Op> = (0..90).map(|n| ann.create("visit", [G1, G1, G1, G2, G3][n / 7 % 5])).collect();
    ann.push_ok(&more).await;
    let edits: Vec<Op> = more.iter().map(|op| ann.set(op.entity(), "desc", "改过")).collect();
    ann.push_ok(&edits).await;
    whole.pull().await;
    for limit in [1, 2, 3, 7, 100] {
        let mut paged = server.device("head").await;
        paged.cursor.clone_from(&start);
        paged.pull_by(limit).await;
        assert!(paged.ops.values().all(|times| *times == 1), "each came once, by {limit}");
        let come: BTreeSet<_> = paged.ops.keys().copied().collect();
        let wanted: BTreeSet<_> =
            whole.ops.keys().copied().filter(|id| more.iter().any(|op| op.entity() == id.entity)).collect();
        assert_eq!(come, wanted, "by {limit}");
    }
    agrees_with_fresh(&server, &whole).await;
}

#[tokio::test]
async fn what_a_program_of_before_stored_is_told_like_all_else() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let mut head = server.worker("head", V1).await;
    head.pull().await;
    let before: Vec<Op> = (0..20).map(|_| ann.create("visit", G1)).collect();
    ann.push_ok(&before).await;
    server.stop().await;
    // The tables as version 5 had them: a row for each number.
    let mut conn = db::open_existing(&server.config.db).await.unwrap();
    let runs: Vec<(String, i64, i64)> =
        sql::query_as("SELECT channel, first_seq, last_seq FROM feed").fetch_all(&mut conn).await.unwrap();
    conn.run("DELETE FROM feed; ALTER TABLE feed DROP COLUMN first_seq").await.unwrap();
    conn.run("ALTER TABLE feed RENAME COLUMN last_seq TO seq; DELETE FROM schema_version WHERE version > 6")
        .await
        .unwrap();
    for (channel, first, last) in runs {
        for seq in first..=last {
            sql::query("INSERT INTO feed (tenant, channel, seq) VALUES (1, ?, ?)")
                .bind(&channel)
                .bind(seq)
                .execute(&mut conn)
                .await
                .unwrap();
        }
    }
    conn.close().await.unwrap();
    server.restart_only().await;
    for device in [&mut ann, &mut head] {
        device.follow(&server);
    }
    let (all, old) = rows_of_feed(&server).await;
    assert!(all == old && old >= 80, "{all} {old}");
    let after: Vec<Op> = (0..20).map(|_| ann.create("visit", G1)).collect();
    ann.push_ok(&after).await;
    head.pull_by(7).await;
    let wanted: BTreeSet<EntityId> = before.iter().chain(&after).map(Op::entity).collect();
    assert_eq!(head.visible, wanted);
    assert!(head.ops.len() == 80 && head.ops.values().all(|times| *times == 1), "with receipts, each once");
    agrees_with_fresh(&server, &head).await;
}

#[tokio::test]
async fn a_restart_keeps_everything() {
    let mut server = Server::open().await;
    let mut ann = server.worker("ann", G1).await;
    let op = ann.create("hazard", G1);
    ann.push_only(&op).await;
    ann.pull().await;
    server.restart().await;
    ann.http = server.http.clone();
    ann.url.clone_from(&server.url);
    assert!(ann.page(10).await.entries.is_empty(), "the cursor holds");
    assert_eq!(ann.push_one(&op).await.0, gridbook_sync::wire::Verdict::Dup);
    let next = ann.set(op.entity(), "desc", "重启以后");
    ann.push_ok(&[next]).await;
    ann.pull().await;
    agrees_with_fresh(&server, &ann).await;
    assert!(ann.ops.values().all(|times| *times == 1), "each operation came once");
}

#[tokio::test]
async fn a_cursor_of_another_history_is_told_so() {
    let server = Server::open().await;
    let ann = server.worker("ann", G1).await;
    let history = &server.app().tenant.history;
    let token = Some(ann.token.as_str());
    for (cursor, status, code) in [
        ("1.ffffffffffffffff.0".to_owned(), 409, "history"),
        (format!("1.{history}.999999"), 409, "history"),
        (format!("1.{history}.x"), 400, "cursor"),
        ("nonsense".to_owned(), 400, "cursor"),
        ("%FF%FE".to_owned(), 400, "cursor"),
    ] {
        let (got, answer) = server.call("GET", &format!("/sync/v1/pull?cursor={cursor}"), token, None).await;
        assert_eq!((got, answer["code"].as_str()), (status, Some(code)), "{cursor}");
    }
    for limit in ["0", "-1", "many"] {
        let (got, answer) = server.call("GET", &format!("/sync/v1/pull?limit={limit}"), token, None).await;
        assert_eq!((got, answer["code"].as_str()), (400, Some("malformed")), "{limit}");
    }
}
