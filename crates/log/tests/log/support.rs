//! Authors that write with the real clock and fold, and a small source of chance.

use gridbook_log::{
    Body, Clock, Create, DeviceId, Dot, Entity, EntityId, Event, Hlc, NewOp, Op, Writer, body,
};
use serde_json::{Value, json};

/// The device whose answers count.
pub const AUTHORITY: DeviceId = DeviceId([0xaa; 8]);
/// The stream of most tests.
pub const STREAM: EntityId = EntityId([7; 16]);
/// A day of work, in milliseconds since 1970.
pub const NOON: u64 = 1_770_000_000_000;
pub const DAY: u64 = 86_400_000;

pub fn writer(i: u8) -> Writer {
    Writer { dev: if i == 0 { AUTHORITY } else { DeviceId([i; 8]) }, epoch: 1 }
}

pub fn dot(i: u8, n: u32) -> Dot {
    Dot { writer: writer(i), n }
}

/// One replica with its author. Number 0 is the authority.
#[derive(Clone)]
pub struct Author {
    pub writer: Writer,
    pub user: String,
    pub clock: Clock,
    pub entity: Entity,
}

impl Author {
    pub fn new(i: u8) -> Self {
        Self {
            writer: writer(i),
            user: format!("u{i}"),
            clock: Clock::default(),
            entity: Entity::new(STREAM, Some(AUTHORITY)),
        }
    }

    /// Writes an operation of any kind on top of all that was seen.
    pub fn write_text(&mut self, now: u64, kind: &str, text: &str) -> Op {
        let ctx = self.entity.frontier().clone();
        let dot = Dot { writer: self.writer, n: ctx.get(self.writer) + 1 };
        let hlc = self.clock.tick(now);
        let new = NewOp { entity: STREAM, dot, hlc, kind, user: &self.user, ctx };
        let op = Op::new(new, salt(dot), text.to_owned()).unwrap();
        self.entity.apply(&op);
        op
    }

    pub fn write(&mut self, now: u64, body: &Body) -> Op {
        let (kind, text) = body.to_text();
        self.write_text(now, kind, &text)
    }

    /// Takes a foreign operation in.
    pub fn take(&mut self, now: u64, op: &Op) {
        self.clock.observe(op.header().hlc, now);
        self.entity.apply(op);
    }

    pub fn take_all(&mut self, now: u64, ops: &[&Op]) {
        for op in ops {
            self.take(now, op);
        }
    }
}

fn salt(dot: Dot) -> [u8; 16] {
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&dot.writer.dev.0);
    salt[8..12].copy_from_slice(&dot.n.to_le_bytes());
    salt
}

pub fn create(values: &[(&str, Value)]) -> Body {
    Body::Create(Create {
        type_: "hazard".to_owned(),
        form: Some("F-HAZARD/1".to_owned()),
        state: Some("submitted".to_owned()),
        set: values.iter().map(|(p, v)| ((*p).to_owned(), v.clone())).collect(),
        ..Create::default()
    })
}

pub fn set(path: &str, value: impl Into<Value>) -> Body {
    Body::Set(body::Set { set: [(path.to_owned(), value.into())].into(), blobs: Vec::new() })
}

pub fn event(name: &str, from: &str, to: &str) -> Body {
    Body::Event(Event {
        event: name.to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        table: 1,
        ..Event::default()
    })
}

pub fn receipt(ops: &[Dot], at: u64) -> Body {
    Body::Receipt(body::Receipt { ops: ops.to_vec(), at, drift: 0 })
}

pub fn reject(op: Dot, code: &str) -> Body {
    Body::Reject(body::Reject { op, code: code.to_owned() })
}

pub fn number(text: &str) -> Body {
    Body::Number(body::Number { number: text.to_owned(), paper: None })
}

pub fn clockfix(op: Dot, ms: u64) -> Body {
    Body::ClockFix(body::ClockFix { op, hlc: Hlc { ms, count: 0 } })
}

/// A fold of a whole set, in the order given, settled once.
pub fn fold<'a>(ops: impl IntoIterator<Item = &'a Op>) -> Entity {
    Entity::fold(STREAM, Some(AUTHORITY), ops)
}

/// The texts that stand at a path, the shown one first.
pub fn heads(entity: &Entity, path: &str) -> Vec<Value> {
    entity.register(path).map(|r| r.heads().map(|w| w.value.clone()).collect()).unwrap_or_default()
}

/// Two histories of one set must be the same thing in every respect, bytes included.
#[track_caller]
pub fn same(a: &Entity, b: &Entity) {
    assert!(a == b, "folds differ:\n{a:?}\n{b:?}");
    assert_eq!(a.to_snapshot(), b.to_snapshot());
}

/// Numbers from a seed.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    pub fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            let j = self.below(i + 1);
            list.swap(i, j);
        }
    }
}

/// Calls `each` with every order of the numbers below `n`.
pub fn permutations(n: usize, mut each: impl FnMut(&[usize])) {
    fn walk(order: &mut Vec<usize>, at: usize, each: &mut impl FnMut(&[usize])) {
        if at == order.len() {
            return each(order);
        }
        for i in at..order.len() {
            order.swap(at, i);
            walk(order, at + 1, each);
            order.swap(at, i);
        }
    }
    walk(&mut (0..n).collect(), 0, &mut each);
}

/// A schedule: writers with wrong clocks, partial, unordered and repeated delivery, snapshots in between.
pub struct Schedule {
    pub authors: Vec<Author>,
    /// Everything written, in real order.
    pub ops: Vec<Op>,
    /// For each operation, what its author really held or had heard of when writing, worked out from the
    /// deliveries alone.
    pub past: Vec<std::collections::BTreeSet<usize>>,
    /// Which operations each author holds.
    pub held: Vec<std::collections::BTreeSet<usize>>,
}

impl Schedule {
    pub fn random(seed: u64, steps: usize) -> Self {
        let mut rng = Chance::new(seed);
        let count = 2 + rng.below(4);
        let mut clocks: Vec<u64> = Vec::new();
        for _ in 0..count {
            clocks.push(wrong_clock(&mut rng));
        }
        // The authority is one of the writers, and its clock may be wrong, too.
        let authors: Vec<Author> = (0..count).map(|i| Author::new(u8::try_from(i).unwrap())).collect();
        let held = vec![std::collections::BTreeSet::new(); count];
        let mut it = Self { authors, ops: Vec::new(), past: Vec::new(), held };
        let mut now = NOON;
        for _ in 0..steps {
            now += rng.next() % 3_600_000;
            let who = rng.below(count);
            if rng.chance(3) {
                clocks[who] = wrong_clock(&mut rng);
            }
            let wall = now - 30 * DAY + clocks[who];
            if it.ops.is_empty() || rng.chance(45) {
                it.write(who, wall, &mut rng);
            } else {
                it.deliver(who, wall, &mut rng);
            }
            if rng.chance(5) {
                let bytes = it.authors[who].entity.to_snapshot();
                let back = Entity::from_snapshot(&bytes).unwrap();
                same(&back, &it.authors[who].entity);
                it.authors[who].entity = back;
            }
        }
        it
    }

    fn write(&mut self, who: usize, wall: u64, rng: &mut Chance) {
        let body = if self.ops.is_empty() { create(&[("a", json!(0))]) } else { self.something(who, rng) };
        let op = self.authors[who].write(wall, &body);
        let mut past = self.held[who].clone();
        for i in &self.held[who] {
            past.extend(&self.past[*i]);
        }
        self.held[who].insert(self.ops.len());
        self.past.push(past);
        self.ops.push(op);
    }

    fn something(&self, who: usize, rng: &mut Chance) -> Body {
        let path = *rng.pick(&["a", "b", "parties/r1/name", "parties/r2/name"]);
        let value = json!(self.ops.len());
        match rng.below(12) {
            0 => set("parties/r1/_gone", true),
            1 => set(path, Value::Null),
            2 | 3 => {
                let from = self.authors[who].entity.state().unwrap_or("submitted").to_owned();
                event("move", &from, rng.pick::<&str>(&["registered", "dispatched", "done"]))
            }
            4 if who == 0 => {
                let held: Vec<Dot> = self.authors[who].entity.ops().map(|(dot, ..)| dot).collect();
                if held.is_empty() { number("1") } else { reject(*rng.pick(&held), "rule") }
            }
            5 if who == 0 => number(&format!("No. {}", self.ops.len())),
            _ => set(path, value),
        }
    }

    fn deliver(&mut self, who: usize, wall: u64, rng: &mut Chance) {
        for _ in 0..1 + rng.below(3) {
            let i = rng.below(self.ops.len());
            for _ in 0..1 + rng.below(2) {
                self.authors[who].take(wall, &self.ops[i]);
            }
            self.held[who].insert(i);
        }
    }

    /// Everything to everyone, unordered and partly twice.
    pub fn settle(&mut self, rng: &mut Chance) {
        for who in 0..self.authors.len() {
            let mut order: Vec<usize> = (0..self.ops.len()).collect();
            order.extend((0..self.ops.len() / 3).map(|_| rng.below(self.ops.len())));
            rng.shuffle(&mut order);
            let cut = rng.below(order.len());
            let (one, two) = order.split_at(cut);
            self.authors[who].entity.apply_all(one.iter().map(|i| &self.ops[*i]));
            self.authors[who].entity.apply_all(two.iter().map(|i| &self.ops[*i]));
            self.held[who] = (0..self.ops.len()).collect();
        }
    }
}

/// From 30 days slow to 400 days fast, added to a moment 30 days back.
fn wrong_clock(rng: &mut Chance) -> u64 {
    if rng.chance(30) { 30 * DAY } else { rng.next() % (430 * DAY) }
}
