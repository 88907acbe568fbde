//! The wire form and the packed form keep an author's bytes, those of later versions included.

use gridbook_log::op::{MAX_BODY, MAX_SIG};
use gridbook_log::{Body, HeaderError, NewOp, Op, OpError, WireOp, pack};
use proptest::prelude::*;

use super::fold::histories;
use super::support::*;

/// A wire operation with whatever a later version may have put in it.
fn foreign(kind: &str, ext: &str, body: &str, sig: Option<&str>) -> WireOp {
    let mut line =
        format!("gb1 {STREAM} {}.1.3 019c1d2e3f40.0002 {kind} u1 {}.1.2", "01".repeat(8), "01".repeat(8));
    if !ext.is_empty() {
        line.push(' ');
        line.push_str(ext);
    }
    WireOp { h: line, s: Some("0f".repeat(16)), b: Some(body.to_owned()), x: None, g: sig.map(str::to_owned) }
}

/// JSON and pack, there and back, twice.
#[track_caller]
fn round(wire: &WireOp) -> Op {
    let op = Op::from_wire(wire.clone()).unwrap();
    assert_eq!(op.to_wire(), *wire);
    let json = serde_json::to_string(wire).unwrap();
    let again: WireOp = serde_json::from_str(&json).unwrap();
    assert_eq!(again, *wire);
    assert_eq!(serde_json::to_string(&Op::from_wire(again).unwrap().to_wire()).unwrap(), json);
    let mut bytes = vec![1, 2, 3];
    let len = pack::write(&mut bytes, &op);
    assert_eq!(bytes.len(), 3 + len);
    let (back, used) = pack::read(&bytes[3..]).unwrap();
    assert_eq!((&back, used), (&op, len));
    assert_eq!(back.to_wire(), *wire);
    op
}

#[test]
fn what_a_later_version_appends_is_kept_byte_for_byte() {
    let body = "{ \"set\":{\"a\": 1.50, \"a\":2},\t\"neu\":[null, 1e3,\"\\u00e9\"] }";
    for ext in ["", "key=value", "k=v x= =y  two  spaces", "key=张三 z=ü", "no-equals-sign "] {
        for kind in ["set", "seal.v2", "a_b-c"] {
            let op = round(&foreign(kind, ext, body, Some("c2ln")));
            assert_eq!(op.header().ext, ext);
            assert_eq!(op.body_text(), Some(body));
            assert_eq!(op.header().kind, kind);
        }
    }
    let op = round(&foreign("set", "sig=p256 origin=dev", "{}", None));
    assert_eq!(op.header().ext("origin"), Some("dev"));
    assert_eq!(op.header().ext("sig"), Some("p256"));
    assert_eq!(op.header().ext("si"), None);
}

#[test]
fn own_operations_go_round() {
    for op in histories().iter().flatten() {
        let back = round(&op.to_wire());
        assert_eq!(back, *op);
        assert_eq!(op.header().to_line(), op.line());
    }
}

#[test]
fn everything_that_was_written_is_in_the_hash_and_the_signature_is_not() {
    let wire = foreign("set", "k=v", "{}", None);
    let hash = |wire: &WireOp| *Op::from_wire(wire.clone()).unwrap().hash();
    let changed = [
        WireOp { h: wire.h.replace("k=v", "k=w"), ..wire.clone() },
        WireOp { h: format!("{} ", wire.h), ..wire.clone() },
        WireOp { h: wire.h.replace(" u1 ", " u2 "), ..wire.clone() },
        WireOp { b: Some("{} ".to_owned()), ..wire.clone() },
        WireOp { s: Some("0e".repeat(16)), ..wire.clone() },
    ];
    for other in &changed {
        assert_ne!(hash(other), hash(&wire), "{other:?}");
    }
    assert_eq!(hash(&WireOp { g: Some("c2ln".to_owned()), ..wire.clone() }), hash(&wire));
}

#[test]
fn an_erased_operation_keeps_its_name_and_hash() {
    for op in histories().iter().flatten() {
        let erased = op.erased();
        assert_eq!((erased.id(), erased.hash(), erased.line()), (op.id(), op.hash(), op.line()));
        assert_eq!(erased.body_text(), None);
        assert_eq!(erased.body(), Ok(&Body::Unknown));
        let wire = erased.to_wire();
        assert_eq!((&wire.s, &wire.b), (&None, &None));
        let back = round(&wire);
        assert_eq!(back.hash(), op.hash());
        assert_eq!(back.erased(), back);
        let mut bytes = Vec::new();
        pack::write(&mut bytes, &erased);
        let text = op.body_text().unwrap().as_bytes();
        assert!(!bytes.windows(text.len()).any(|w| w == text), "nothing of the body stays");
    }
    // Holes, vectors and fingerprints do not notice.
    let ops = &histories()[0];
    let erased: Vec<Op> =
        ops.iter().enumerate().map(|(i, op)| if i == 3 { op.erased() } else { op.clone() }).collect();
    let (whole, less) = (fold(ops), fold(&erased));
    assert_eq!((whole.have(), whole.frontier()), (less.have(), less.frontier()));
    assert_eq!(whole.fingerprint(), less.fingerprint());
}

#[test]
fn malformed_wire_operations_are_refused() {
    let good = foreign("set", "", "{}", None);
    assert!(Op::from_wire(good.clone()).is_ok());
    let hash = Some("ab".repeat(32));
    let bad = [
        (WireOp { s: None, ..good.clone() }, OpError::Content),
        (WireOp { b: None, ..good.clone() }, OpError::Content),
        (WireOp { x: hash.clone(), ..good.clone() }, OpError::Content),
        (WireOp { s: None, b: None, ..good.clone() }, OpError::Content),
        (WireOp { s: None, b: None, x: Some("ab".to_owned()), ..good.clone() }, OpError::Content),
        (WireOp { s: None, x: hash, ..good.clone() }, OpError::Content),
        (WireOp { s: Some("0F".repeat(16)), ..good.clone() }, OpError::Content),
        (WireOp { s: Some("0f".repeat(15)), ..good.clone() }, OpError::Content),
        (WireOp { s: Some("é".repeat(16)), ..good.clone() }, OpError::Content),
        (WireOp { g: Some("x".repeat(MAX_SIG + 1)), ..good.clone() }, OpError::Content),
        (WireOp { b: Some("x".repeat(MAX_BODY + 1)), ..good.clone() }, OpError::BodyTooLong),
        (WireOp { h: "gb2".to_owned(), ..good.clone() }, OpError::Header(HeaderError::Version)),
    ];
    for (wire, error) in bad {
        assert_eq!(Op::from_wire(wire.clone()), Err(error), "{:.200}", format!("{wire:?}"));
    }
    round(&WireOp { b: Some("x".repeat(MAX_BODY)), g: Some("y".repeat(MAX_SIG)), ..good });
}

#[test]
fn an_author_cannot_write_what_the_line_would_not_say() {
    let new = |kind, user| {
        let mut a = Author::new(1);
        let ctx = a.entity.frontier().clone();
        let new = NewOp { entity: STREAM, dot: dot(1, 1), hlc: a.clock.tick(NOON), kind, user, ctx };
        Op::new(new, [0; 16], "{}".to_owned())
    };
    assert!(new("set", "u1").is_ok());
    for (kind, user) in
        [("set", "u1 -"), ("set u0", "-"), ("set", ""), ("", "u1"), ("set", "张三"), ("set\n", "u1")]
    {
        assert!(new(kind, user).is_err(), "{kind:?} {user:?}");
    }
    let mut a = Author::new(1);
    let ctx = a.entity.frontier().clone();
    let gap = NewOp { entity: STREAM, dot: dot(1, 2), hlc: a.clock.tick(NOON), kind: "set", user: "u1", ctx };
    assert_eq!(Op::new(gap, [0; 16], String::new()), Err(HeaderError::Part("context").into()));
}

#[test]
fn a_frame_without_its_hash_says_the_same_and_one_with_another_is_refused() {
    let ops: Vec<Op> = histories().into_iter().flatten().flat_map(|op| [op.erased(), op]).collect();
    for op in ops.into_iter().map(|op| op.signed(&[9; 64])) {
        let (mut short, mut long) = (Vec::new(), Vec::new());
        pack::write_wire(&mut short, &op.to_wire()).unwrap();
        pack::write(&mut long, &op);
        assert_eq!(short.len() + 32, long.len());
        for bytes in [&short, &long] {
            assert_eq!(pack::read(bytes), Ok((op.clone(), bytes.len())));
            assert_eq!(pack::read_checked(bytes), Ok((op.clone(), bytes.len())));
        }
        long[20] ^= 1;
        assert_eq!(pack::read_checked(&long), Err(OpError::Frame));
    }
}

#[test]
fn packed_operations_are_read_back_in_order() {
    let ops: Vec<Op> = histories().into_iter().flatten().flat_map(|op| [op.erased(), op]).collect();
    let mut bytes = Vec::new();
    let ends: Vec<usize> = ops
        .iter()
        .map(|op| {
            pack::write(&mut bytes, op);
            bytes.len()
        })
        .collect();
    assert_eq!(pack::read_all(&bytes).unwrap(), ops);
    assert_eq!(pack::read_all(&[]).unwrap(), []);
    for len in 0..ends[3] {
        let cut = pack::read_all(&bytes[..len]);
        let whole = len == 0 || ends.contains(&len);
        assert_eq!(cut.is_ok(), whole, "cut at {len}");
    }
    bytes[0] = 8;
    assert_eq!(pack::read(&bytes), Err(OpError::Frame));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn anything_a_later_version_writes_goes_round(
        kind in "[a-zA-Z0-9_.-]{1,32}",
        ext in "[^\\p{Cc}]{0,60}",
        body: String,
        sig in prop::option::of("[A-Za-z0-9_-]{0,90}"),
    ) {
        let op = round(&foreign(&kind, &ext, &body, sig.as_deref()));
        prop_assert_eq!(&op.header().ext, &ext);
        prop_assert_eq!(op.body_text(), Some(body.as_str()));
        // A known kind may not fit; that is for the quarantine and no reason to panic.
        let _ = op.body();
    }

    #[test]
    fn random_frames_never_panic(bytes: Vec<u8>, at: prop::sample::Index, byte: u8) {
        let _ = pack::read_all(&bytes);
        let mut frame = Vec::new();
        pack::write(&mut frame, &Op::from_wire(foreign("set", "k=v", "{\"set\":{}}", Some("s"))).unwrap());
        let at = at.index(frame.len());
        frame[at] = byte;
        let _ = pack::read_all(&frame);
    }

    #[test]
    fn bodies_never_panic(kind in "create|set|event|place|receipt|reject|number|clockfix|x", text: String) {
        let _ = Body::parse(&kind, &text);
    }
}

#[test]
fn a_signature_has_one_spelling() {
    let mut random = Chance::new(7);
    for _ in 0..200 {
        let mut bytes = [0; 64];
        bytes.iter_mut().for_each(|b| *b = (random.next() >> 8) as u8);
        let text = gridbook_log::sign::encode(&bytes);
        assert_eq!(text.len(), 86);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'));
        assert_eq!(gridbook_log::sign::decode(&text), Some(bytes));
        // Another last letter with the same two bits would be a second spelling.
        for last in "BCDEFGHIJKLMNOP".chars().chain("RSTUV-_+/=".chars()) {
            assert_eq!(gridbook_log::sign::decode(&format!("{}{last}", &text[..85])), None, "{text} {last}");
        }
    }
    // The standard's own example of the alphabet's end, padded by zeros.
    let mut bytes = [0; 64];
    bytes[..3].copy_from_slice(&[0xfb, 0xff, 0xbf]);
    assert_eq!(&gridbook_log::sign::encode(&bytes)[..4], "-_-_");
    let op = round(&foreign("set", "", "{}", None)).signed(&bytes);
    assert_eq!(op.signature(), Some(bytes));
    assert_eq!(op.erased().signature(), Some(bytes));
    assert_eq!(gridbook_log::signed_bytes(op.hash()).len(), 14 + 32);
    assert_eq!(round(&foreign("set", "", "{}", Some("c2ln"))).signature(), None);
}
