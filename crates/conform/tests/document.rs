//! `docs/contract.md` against the types: its examples are messages, and it explains every field of every message.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use gridbook_log::body::{ClockFix, Number, Paper, Receipt, Reject};
use gridbook_log::{Dot, EntityId, Fingerprint, Hlc, Op, OpId, WireOp, Writer};
use gridbook_sync::wire::{
    Caps, Entry, FpReply, PageHead, PlaceFp, Problem, PullReply, PushReply, PushRequest, PushResult, Status,
    Verdict,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn document() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/contract.md");
    std::fs::read_to_string(path).unwrap()
}

/// Names of all fields in a message, and in the messages inside it.
fn fields(message: &impl Serialize) -> BTreeSet<String> {
    fn walk(value: &Value, names: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                for (name, value) in map {
                    names.insert(name.clone());
                    walk(value, names);
                }
            }
            Value::Array(list) => list.iter().for_each(|value| walk(value, names)),
            _ => {}
        }
    }
    let mut names = BTreeSet::new();
    walk(&serde_json::to_value(message).unwrap(), &mut names);
    names
}

/// Every message with every field filled. No `..`: a new field must be put here, and then into the document.
fn all_fields() -> BTreeSet<String> {
    let (writer, entity) = (Writer { dev: gridbook_log::DeviceId([1; 8]), epoch: 1 }, EntityId([2; 16]));
    let dot = Dot { writer, n: 1 };
    let text = || Some("t".to_owned());
    let op = WireOp { h: "h".to_owned(), s: text(), b: text(), x: text(), g: text() };
    let caps = Caps {
        contract: String::new(),
        levels: vec![],
        history: String::new(),
        now: 0,
        authority: Some(writer.dev),
        max_batch_ops: 0,
        max_batch_bytes: 0,
        max_blob: 0,
        snapshot: Some(1),
    };
    let request = PushRequest { writer, nonce: String::new(), now: 0, ops: vec![op.clone()] };
    let result = PushResult { id: Some(OpId { entity, dot }), r: Verdict::Ok, code: text() };
    let entries = vec![Entry::Op { op, at: 0 }, Entry::Enter { e: entity }, Entry::Leave { e: entity }];
    let pull = PullReply { entries, cursor: String::new(), more: false };
    let head = PageHead { form: 1, cursor: String::new(), more: false, fp: Fingerprint::default() };
    let place = PlaceFp { place: String::new(), fp: Fingerprint::default() };
    let told = FpReply { cursor: String::new(), fp: Fingerprint::default(), places: Some(vec![place]) };
    let status = Status { now: 0, history: String::new(), behind: false, waited: false };
    [
        fields(&caps),
        fields(&request),
        fields(&PushReply { results: vec![result], now: 0 }),
        fields(&pull),
        fields(&head),
        fields(&told),
        fields(&status),
        fields(&Problem { code: String::new(), message: String::new() }),
        fields(&Receipt { ops: vec![dot], at: 0, drift: 0 }),
        fields(&Reject { op: dot, code: String::new() }),
        fields(&Number { number: String::new(), paper: Some(Paper { doc: String::new(), step: Some(dot) }) }),
        fields(&ClockFix { op: dot, hlc: Hlc::default() }),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Text between backticks, outside the examples: what the document explains.
fn explained(document: &str) -> BTreeSet<String> {
    let prose: String = document.split("```").step_by(2).collect();
    let mut names = BTreeSet::new();
    for code in prose.split('`').skip(1).step_by(2) {
        names.insert(code.to_owned());
        // Inside a short example: the names of its fields.
        names.extend(code.split('"').skip(1).step_by(2).map(str::to_owned));
    }
    names
}

#[test]
fn it_explains_every_field_of_every_message() {
    let explained = explained(&document());
    let missing: Vec<_> = all_fields().into_iter().filter(|name| !explained.contains(name)).collect();
    assert!(missing.is_empty(), "docs/contract.md does not explain {missing:?}");
}

#[test]
fn it_explains_every_verdict_and_kind_of_entry() {
    let explained = explained(&document());
    for verdict in [Verdict::Ok, Verdict::Dup, Verdict::Defer, Verdict::Reject, Verdict::Refuse] {
        // A new verdict does not compile until it is listed above.
        match verdict {
            Verdict::Ok | Verdict::Dup | Verdict::Defer | Verdict::Reject | Verdict::Refuse => {}
        }
        let name = serde_json::to_value(verdict).unwrap();
        assert!(explained.contains(name.as_str().unwrap()), "{name}");
    }
    for kind in
        ["create", "set", "event", "place", "receipt", "reject", "number", "clockfix", "op", "enter", "leave"]
    {
        assert!(explained.contains(kind), "{kind}");
    }
}

#[test]
fn a_missing_field_is_noticed() {
    let without = document().replace("`max_batch_ops`", "");
    assert!(!explained(&without).contains("max_batch_ops"));
    assert!(all_fields().contains("max_batch_ops"));
}

/// The examples of one type, which stands beside ```json.
fn examples(document: &str, name: &str) -> Vec<Value> {
    let start = format!("json {name}\n");
    let blocks = document.split("```").skip(1).step_by(2);
    blocks
        .filter_map(|block| block.strip_prefix(&start))
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

/// An example must be read, and hold nothing that the type does not know.
fn check<T: DeserializeOwned + Serialize>(name: &str) -> Vec<T> {
    let examples = examples(&document(), name);
    assert!(!examples.is_empty(), "no example of {name}");
    let read = |value: &Value| {
        let message: T =
            serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(serde_json::to_value(&message).unwrap(), *value, "{name}");
        message
    };
    examples.iter().map(read).collect()
}

#[test]
fn its_examples_are_messages() {
    let mut ops: Vec<WireOp> = check("WireOp");
    check::<Caps>("Caps");
    check::<PushReply>("PushReply");
    check::<Problem>("Problem");
    check::<PageHead>("PageHead");
    check::<FpReply>("FpReply");
    check::<Status>("Status");
    ops.extend(check::<PushRequest>("PushRequest").into_iter().flat_map(|request| request.ops));
    for page in check::<PullReply>("PullReply") {
        ops.extend(
            page.entries
                .into_iter()
                .filter_map(|e| if let Entry::Op { op, .. } = e { Some(op) } else { None }),
        );
    }
    assert!(ops.len() >= 3);
    for op in ops {
        let line = op.h.clone();
        Op::from_wire(op).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
    let tagged = document().matches("```json ").count();
    assert_eq!(document().matches("```json").count(), tagged, "an example without a type is not checked");
}

#[test]
fn its_bounds_are_those_of_the_code() {
    let document = document();
    for bound in [
        gridbook_log::header::MAX_HEADER,
        gridbook_log::op::MAX_BODY,
        gridbook_sync::wire::MAX_PAGE,
        gridbook_sync::wire::MAX_BATCH_BYTES,
        gridbook_sync::wire::MAX_BATCH_OPS,
        gridbook_sync::wire::MAX_BLOB,
    ] {
        assert!(document.contains(&bound.to_string()), "{bound}");
    }
}
