//! Headers, operations, frames of the log, snapshots.

use gridbook_log::{
    BlobRef, Body, Create, Ctx, DeviceId, Dot, Entity, EntityId, Event, Header, Hlc, NewOp, Op, Placement,
    WireOp, Writer, body, pack,
};
use serde_json::json;

use super::Target;

const AUTHORITY: DeviceId = DeviceId([0xaa; 8]);
const ENTITY: EntityId = EntityId([7; 16]);

/// A stream with every kind of operation.
pub fn ops() -> Vec<Op> {
    let values =
        [("name", json!("何秀兰")), ("parties/r1/phone", json!("13800000000")), ("n", json!(-1.5e300))];
    let values: body::Values = values.into_iter().map(|(path, value)| (path.to_owned(), value)).collect();
    let blob = BlobRef {
        sha256: "ab".repeat(32),
        size: 3,
        mime: "image/jpeg".to_owned(),
        role: "photo".to_owned(),
        thumb: Some("/9j/".to_owned()),
    };
    let place = Placement {
        area: Some("11".to_owned()),
        units_add: vec!["u1".to_owned()],
        users_del: vec!["ann".to_owned()],
        ..Placement::default()
    };
    let create = Create {
        type_: "hazard".to_owned(),
        form: Some("F-HAZARD/1".to_owned()),
        state: Some("submitted".to_owned()),
        parent: Some(EntityId([9; 16])),
        place: place.clone(),
        set: values.clone(),
        blobs: vec![blob.clone()],
    };
    let event = Event {
        event: "register".to_owned(),
        from: "submitted".to_owned(),
        to: "registered".to_owned(),
        table: 1,
        ..Event::default()
    };
    let author = Writer { dev: DeviceId([1; 8]), epoch: 1 };
    let dot = |writer, n| Dot { writer, n };
    let bodies = [
        (author, Body::Create(create)),
        (author, Body::Set(body::Set { set: values, blobs: vec![blob] })),
        (author, Body::Event(event)),
        (author, Body::Place(place)),
        (
            Writer { dev: AUTHORITY, epoch: 1 },
            Body::Receipt(body::Receipt { ops: vec![dot(author, 1), dot(author, 2)], at: 1, drift: -7 }),
        ),
        (
            Writer { dev: AUTHORITY, epoch: 1 },
            Body::Reject(body::Reject { op: dot(author, 3), code: "rule".to_owned() }),
        ),
    ];
    let mut seen = Ctx::default();
    let mut ops = Vec::new();
    for (writer, body) in bodies {
        let (kind, text) = body.to_text();
        let new = NewOp {
            entity: ENTITY,
            dot: dot(writer, seen.get(writer) + 1),
            hlc: Hlc { ms: 1_770_000_000_000 + ops.len() as u64, count: 3 },
            kind,
            user: "ann",
            ctx: seen.clone(),
        };
        let op = Op::new(new, [5; 16], text).unwrap();
        seen.add(op.dot());
        ops.push(op);
    }
    let signed = ops[1].clone().signed(&[9; 64]);
    ops[1] = signed;
    ops.push(ops[0].erased());
    ops
}

/// Operations as they travel.
pub fn wires() -> Vec<WireOp> {
    ops().iter().map(Op::to_wire).collect()
}

fn header(bytes: &[u8], _: u64) {
    let Ok(line) = std::str::from_utf8(bytes) else { return };
    if let Ok(header) = Header::parse(line) {
        assert_eq!(header.to_line().trim_end(), line.trim_end(), "one spelling for one header");
    }
}

/// What a replica does with an operation: understand it, fold it beside others, keep it, read it back.
fn use_ops(ops: &[Op]) {
    // Of an operation and its erased copy the one that came first is kept: anybody could make such a copy.
    let ops: Vec<&Op> = ops.iter().filter(|op| op.body_text().is_some()).collect();
    let Some(first) = ops.first() else { return };
    let mut entity = Entity::new(first.entity(), Some(AUTHORITY));
    entity.apply_all(ops.iter().copied());
    let mut backwards = Entity::new(first.entity(), Some(AUTHORITY));
    backwards.apply_all(ops.iter().rev().copied());
    assert_eq!(entity.to_snapshot(), backwards.to_snapshot(), "any order");
    let _ = (entity.have().holes(), entity.have().len(), entity.frontier().to_string());
    for (path, _) in entity.registers() {
        let _ = entity.rows(path);
    }
    let read = Entity::from_snapshot(&entity.to_snapshot()).unwrap();
    assert_eq!(read.to_snapshot(), entity.to_snapshot());
}

fn operation(bytes: &[u8], _: u64) {
    let Ok(wire) = serde_json::from_slice::<WireOp>(bytes) else { return };
    let Ok(op) = Op::from_wire(wire.clone()) else { return };
    assert_eq!(op.to_wire(), wire, "kept as it came");
    let mut frames = Vec::new();
    let len = pack::write(&mut frames, &op);
    assert_eq!(pack::read(&frames).unwrap(), (op.clone(), len));
    let _ = (op.body().is_ok(), op.signature());
    use_ops(&[ops(), vec![op]].concat());
}

fn frames(bytes: &[u8], _: u64) {
    let _ = pack::read_wire(bytes);
    let Ok(ops) = pack::read_all(bytes) else { return };
    let mut again = Vec::new();
    for op in &ops {
        pack::write(&mut again, op);
    }
    assert_eq!(pack::read_all(&again).unwrap(), ops);
    use_ops(&ops);
}

fn snapshot(bytes: &[u8], _: u64) {
    if let Ok(entity) = Entity::from_snapshot(bytes) {
        let again = entity.to_snapshot();
        assert_eq!(Entity::from_snapshot(&again).unwrap().to_snapshot(), again);
    }
}

pub fn targets() -> Vec<Target> {
    let ops = ops();
    let mut all = Vec::new();
    for op in &ops {
        pack::write(&mut all, op);
    }
    let lines = ops.iter().map(|op| op.line().as_bytes().to_vec()).collect();
    let texts = ops.iter().map(|op| serde_json::to_vec(&op.to_wire()).unwrap()).collect();
    let fold = Entity::fold(ENTITY, Some(AUTHORITY), &ops).to_snapshot();
    vec![
        Target { name: "header", seeds: lines, run: header },
        Target { name: "operation", seeds: texts, run: operation },
        Target { name: "frames", seeds: vec![all], run: frames },
        Target { name: "snapshot", seeds: vec![fold], run: snapshot },
    ]
}
