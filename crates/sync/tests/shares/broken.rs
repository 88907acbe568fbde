//! Logs whose head broke off, and files that may not be read.

use std::collections::BTreeSet;

use super::*;

const LOG: &str = "log/0101010101010101-1-0/";
const HEAD: &str = "heads/0101010101010101-1-0.json";

/// A log of three segments whose head broke off; with what stood there before.
fn torn() -> (Bent, Vec<u8>) {
    let wire = Bent::new(ShareKind::WebDav);
    let author = Client::new(&wire, ShareKind::WebDav, 1);
    for range in [1..5, 5..8, 8..12] {
        author.push(&ops(1, range));
    }
    let head = wire.raw("GET", HEAD, Vec::new()).body;
    wire.raw("PUT", HEAD, head[..head.len() / 2].to_vec());
    (wire, head)
}

/// So many pages at most.
fn pages(client: &Client, limit: usize, most: usize) -> (Vec<WireOp>, String) {
    let (mut ops, mut cursor) = (Vec::new(), String::new());
    for _ in 0..most {
        let page = client.pull(&cursor, limit);
        ops.extend(page.entries.into_iter().filter_map(|entry| match entry {
            Entry::Op { op, .. } => Some(op),
            _ => None,
        }));
        cursor = page.cursor;
        if !page.more {
            break;
        }
    }
    (ops, cursor)
}

#[test]
fn nothing_is_passed_over_where_a_head_broke_off_and_a_segment_could_not_be_read() {
    for refused in 0..3 {
        for (limit, most) in [1, 2, 3, 5].into_iter().flat_map(|limit| (1..8).map(move |most| (limit, most)))
        {
            for (opened_anew, head_is_back) in [(false, false), (false, true), (true, false), (true, true)] {
                let (wire, head) = torn();
                let file = wire.files(LOG).remove(refused);
                wire.bend(move |request| {
                    (request.method == "GET" && request.path == file).then(|| status(403)).flatten()
                });
                let mut reader = Client::new(&wire, ShareKind::WebDav, 9);
                let (mut read, mut cursor) = pages(&reader, limit, most);
                wire.straighten();
                if head_is_back {
                    wire.raw("PUT", HEAD, head);
                }
                if opened_anew {
                    reader = Client::new(&wire, ShareKind::WebDav, 9);
                }
                // What was begun goes on as it was begun; the next pull looks at the folder again.
                for _ in 0..2 {
                    let (more, to) = reader.drain(&cursor, limit);
                    read.extend(more);
                    cursor = to;
                }
                let read: BTreeSet<String> = read.into_iter().map(|op| op.h).collect();
                let case = (refused, limit, most, opened_anew, head_is_back);
                assert_eq!(read.len(), 11, "{case:?}");
            }
        }
    }
}

#[test]
fn an_answer_that_was_cut_off_once_leaves_nothing_out() {
    let (wire, _) = torn();
    let file = wire.files(LOG).remove(1);
    let (direct, cut) = (wire.direct.clone(), Cell::new(false));
    wire.bend(move |request| {
        if request.method != "GET" || request.path != file || cut.replace(true) {
            return None;
        }
        let mut answer = now(direct.send(request.clone())).ok()?;
        answer.body.truncate(answer.body.len() / 2);
        Some(answer)
    });
    let page = Client::new(&wire, ShareKind::WebDav, 9).pull("", 100);
    assert_eq!((page.entries.len(), page.more), (11, false));
}

#[test]
fn a_head_that_may_not_be_read_keeps_nothing_else_back() {
    for known in [false, true] {
        let wire = Bent::new(ShareKind::WebDav);
        let authors: Vec<Client> = (1..4).map(|dev| Client::new(&wire, ShareKind::WebDav, dev)).collect();
        let reader = Client::new(&wire, ShareKind::WebDav, 9);
        for (dev, author) in (1..4).zip(&authors) {
            author.push(&ops(dev, 1..3));
        }
        let (mut read, mut cursor) = if known { reader.drain("", 100) } else { (Vec::new(), String::new()) };
        for (dev, author) in (1..4).zip(&authors) {
            author.push(&ops(dev, 3..5));
        }
        wire.bend(|request| (request.path == HEAD).then(|| status(403)).flatten());
        // Again and again: it may last for ever.
        for _ in 0..20 {
            let (more, to) = reader.drain(&cursor, 100);
            read.extend(more);
            cursor = to;
        }
        assert_eq!(read.len(), if known { 10 } else { 8 });
        wire.straighten();
        read.extend(reader.drain(&cursor, 100).0);
        assert_eq!(read.len(), 12);
    }
}

#[test]
fn a_broken_log_that_may_not_be_looked_into_keeps_nothing_else_back() {
    let (wire, _) = torn();
    Client::new(&wire, ShareKind::WebDav, 2).push(&ops(2, 1..3));
    let reader = Client::new(&wire, ShareKind::WebDav, 9);
    wire.bend(|request| (request.path == LOG).then(|| status(403)).flatten());
    let (read, cursor) = reader.drain("", 100);
    assert_eq!(read.len(), 2);
    wire.straighten();
    assert_eq!(reader.drain(&cursor, 100).0.len(), 11);
}

#[test]
fn what_may_not_be_read_of_another_tabs_log_does_not_say_that_the_share_went_back() {
    let wire = Bent::new(ShareKind::WebDav);
    let first = Client::new(&wire, ShareKind::WebDav, 1);
    first.push(&ops(1, 1..3));
    let cursor = first.pull("", 100).cursor;
    let setup = Setup { kind: ShareKind::WebDav, slot: 1, tenant: String::new(), authority: None };
    let share = Share::new(wire.clone(), TestEnv::default(), setup);
    let second = Client { share, ..Client::new(&wire, ShareKind::WebDav, 1) };
    wire.bend(|request| (request.path == HEAD).then(|| status(403)).flatten());
    assert_eq!(second.pull(&cursor, 100).entries, []);
    wire.raw("DELETE", HEAD, Vec::new());
    wire.straighten();
    assert_eq!(failed(second.try_pull(&cursor, 100)), (409, "history".to_owned()));
}

#[test]
fn a_lost_description_is_mended_by_a_head_that_may_be_read_and_never_made_up() {
    let wire = Bent::new(ShareKind::WebDav);
    let first = Client::new(&wire, ShareKind::WebDav, 1);
    let history = first.caps().history;
    first.push(&ops(1, 1..3));
    Client::new(&wire, ShareKind::WebDav, 2).push(&ops(2, 1..3));
    wire.raw("PUT", "meta.json", Vec::new());
    wire.bend(|request| {
        (request.method == "GET" && request.path.starts_with("heads/")).then(|| status(403)).flatten()
    });
    assert_eq!(failed(Client::new(&wire, ShareKind::WebDav, 9).send(&Request::Caps)).0, 403);
    wire.bend(|request| (request.path == HEAD).then(|| status(403)).flatten());
    assert_eq!(Client::new(&wire, ShareKind::WebDav, 9).caps().history, history);
}
