//! A test device that writes operations.

use std::collections::BTreeMap;

use gridbook_log::{
    BlobRef, Body, Create, Ctx, DeviceId, Dot, EntityId, Header, Hlc, NewOp, Op, Placement, Values, WireOp,
    Writer,
};
use serde_json::{Value, json};

/// What test entities say about themselves.
const DESC: &str = "一致性检查写入的虚构记录,可以忽略";
/// A kind that no version of Gridbook knows.
pub(crate) const STRANGE: &str = "conform_note";
const SALT: [u8; 16] = [7; 16];

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// A device of one account.
#[derive(Clone, Debug)]
pub(crate) struct Pen {
    /// Index of the account.
    pub(crate) who: usize,
    pub(crate) user: String,
    pub(crate) writer: Writer,
    pub(crate) nonce: String,
    pub(crate) ms: u64,
    seen: BTreeMap<EntityId, Ctx>,
}

impl Pen {
    pub(crate) fn new(who: usize, user: &str, ms: u64) -> Self {
        let dev = DeviceId(random());
        Self {
            who,
            user: user.to_owned(),
            writer: Writer { dev, epoch: 1 },
            nonce: DeviceId(random()).to_string(),
            ms,
            seen: BTreeMap::new(),
        }
    }

    pub(crate) fn entity(&self) -> EntityId {
        EntityId::new(self.ms, random())
    }

    /// The operation under the next number, which is not taken.
    pub(crate) fn draft(&self, entity: EntityId, kind: &str, text: String) -> Op {
        let ctx = self.seen.get(&entity).cloned().unwrap_or_default();
        let dot = Dot { writer: self.writer, n: ctx.get(self.writer) + 1 };
        let hlc = Hlc { ms: self.ms, count: 0 };
        Op::new(NewOp { entity, dot, hlc, kind, user: &self.user, ctx }, SALT, text)
            .expect("the suite writes within the bounds of the format")
    }

    /// A first save of an entity, as the device's present life writes it again.
    pub(crate) fn renamed(&self, op: &Op) -> Op {
        let header = op.header();
        let new = NewOp {
            entity: op.entity(),
            dot: Dot { writer: self.writer, n: 1 },
            hlc: header.hlc,
            kind: &header.kind,
            user: &self.user,
            ctx: Ctx::default(),
        };
        Op::new(new, SALT, op.body_text().unwrap_or_default().to_owned())
            .expect("it was within the bounds of the format before")
    }

    pub(crate) fn write(&mut self, entity: EntityId, kind: &str, text: String) -> Op {
        self.ms += 1;
        let op = self.draft(entity, kind, text);
        self.saw(&op);
        op
    }

    fn body(&mut self, entity: EntityId, body: &Body) -> Op {
        let (kind, text) = body.to_text();
        self.write(entity, kind, text)
    }

    /// Notes an operation as seen.
    pub(crate) fn saw(&mut self, op: &Op) {
        let ctx = self.seen.entry(op.entity()).or_default();
        ctx.join(&op.header().ctx);
        ctx.add(op.dot());
    }

    /// A new case, with all that the reference server's rules ask of a quick report.
    pub(crate) fn create(&mut self, area: &str) -> Op {
        let entity = self.entity();
        self.body(entity, &Body::Create(sample(area)))
    }

    /// A further operation of a kind that nobody judges.
    pub(crate) fn note(&mut self, entity: EntityId, text: &str) -> Op {
        self.write(entity, STRANGE, json!({ "note": text }).to_string())
    }

    /// The record lies elsewhere from now on.
    pub(crate) fn place(&mut self, entity: EntityId, area: &str) -> Op {
        self.body(entity, &Body::Place(Placement { area: Some(area.to_owned()), ..Placement::default() }))
    }

    /// The case is registered, and so gets its official number.
    pub(crate) fn register(&mut self, entity: EntityId) -> Op {
        self.body(
            entity,
            &Body::Event(gridbook_log::Event {
                event: "register".to_owned(),
                from: "submitted".to_owned(),
                to: "registered".to_owned(),
                table: 1,
                data: values(&json!({ "duplicate_checked": true })),
                set: values(&json!({ "category": "fire", "subtype": "fire.6", "level": "blue" })),
                ..gridbook_log::Event::default()
            }),
        )
    }

    /// A photo was taken.
    pub(crate) fn names_blob(&mut self, entity: EntityId, sha256: &str, size: usize) -> Op {
        let blob = BlobRef {
            sha256: sha256.to_owned(),
            size: u32::try_from(size).unwrap_or(u32::MAX),
            mime: "image/jpeg".to_owned(),
            role: "photo_before".to_owned(),
            thumb: None,
        };
        self.body(entity, &Body::Set(gridbook_log::body::Set { set: Values::new(), blobs: vec![blob] }))
    }

    pub(crate) fn request(&self, ops: &[Value]) -> Value {
        json!({ "writer": self.writer, "nonce": self.nonce, "now": self.ms, "ops": ops })
    }
}

pub(crate) fn sample(area: &str) -> Create {
    Create {
        type_: "hazard".to_owned(),
        form: Some("F-HAZARD/1".to_owned()),
        state: Some("submitted".to_owned()),
        place: Placement { area: Some(area.to_owned()), ..Placement::default() },
        set: values(&json!({ "desc": DESC, "level": "blue" })),
        ..Create::default()
    }
}

/// The wire form as JSON.
pub(crate) fn wire(op: &Op) -> Value {
    wired(&op.to_wire())
}

/// As [`wire`].
pub(crate) fn wired(op: &WireOp) -> Value {
    serde_json::to_value(op).expect("an operation is plain JSON")
}

/// The header of what came down; `None` when it cannot be read.
pub(crate) fn header(op: &WireOp) -> Option<Header> {
    Header::parse(&op.h).ok()
}

fn values(object: &Value) -> Values {
    object.as_object().into_iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect()
}
