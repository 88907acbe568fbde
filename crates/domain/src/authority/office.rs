//! A desk device as the number authority: it judges what came over a share by the rules that a server would use.

use std::collections::BTreeMap;

use chrono::Datelike;
use gridbook_log::body::{Number, Paper, Receipt, Reject, kind};
use gridbook_log::{Body, Dot, Entity, EntityId, Hlc, NewOp, Op, Writer};

use super::{
    AUTHOR, Book, KINDS, answered, clock_fix, gives_number, numbers_due, person, ruled_out, taken_before,
};
use crate::admit::admit;
use crate::calendar::day_of;
use crate::household::merge::{self, Went};
use crate::package::Package;
use crate::plan::sample;
use crate::record::RecordKind;
use crate::role::{Actor, holds};
use crate::township;

/// The authority at work, at one moment.
///
/// Every operation without an answer is judged in an order that follows from the operations alone: causes first,
/// then by time and name. An operation whose author nobody knows, or whose causes have not arrived, waits.
#[derive(Debug)]
pub struct Office<'a> {
    package: &'a Package,
    /// Under which name the answers are written.
    writer: Writer,
    now_ms: u64,
    /// The directory as far as it was taken in: nobody gives a role to themselves.
    people: BTreeMap<String, Actor>,
    /// `None`: numbers are held back until a person has confirmed where the series stand.
    book: Option<Book>,
    /// What earlier authorities took in without a receipt (the directory, households) is not judged again.
    adopts: bool,
    /// Households that are none any more, or would be by what waits.
    houses: BTreeMap<EntityId, House>,
    /// Who made which visit: nobody looks at his own.
    visits: BTreeMap<EntityId, String>,
}

/// When something was written, as the office takes it in turn.
type Turn = (Hlc, Dot);

/// What became of a household: as answered, and after each operation that waits and says something of it.
#[derive(Debug)]
struct House {
    answered: Option<Went>,
    then: Vec<(Turn, Option<Went>)>,
}

impl House {
    /// As it stood before an operation: another who merges into it knows nothing of what came later.
    fn before(&self, turn: Turn) -> Option<Went> {
        let then = self.then.iter().rev().find(|(written, _)| *written < turn);
        then.map_or(&self.answered, |(_, went)| went).clone()
    }
}

fn turn(op: &Op) -> Turn {
    (op.header().hlc, op.dot())
}

impl<'a> Office<'a> {
    /// An office that knows nobody yet.
    pub fn new(package: &'a Package, writer: Writer, now_ms: u64, book: Option<Book>, adopts: bool) -> Self {
        Self {
            package,
            writer,
            now_ms,
            people: BTreeMap::new(),
            book,
            adopts,
            houses: BTreeMap::new(),
            visits: BTreeMap::new(),
        }
    }

    /// The book of numbers.
    pub fn book(&self) -> Option<&Book> {
        self.book.as_ref()
    }

    /// Whom the backend before this one knew.
    pub fn know(&mut self, actor: Actor) {
        self.people.insert(actor.user.clone(), actor);
    }

    /// Reads a person of the directory, as far as it was taken in.
    pub fn learn(&mut self, id: EntityId, ops: &[Op]) {
        let (base, _) = self.split(id, ops);
        self.read_person(&base);
    }

    fn read_person(&mut self, entity: &Entity) {
        if let Some(somebody) = person(entity) {
            self.know(somebody);
        }
    }

    /// Takes note of the number that a stream has, of who made a visit, and of what became of a household. To be done for all streams before
    /// any of them is answered, and for households that are none any more (TERR-13).
    pub fn note(&mut self, id: EntityId, ops: &[Op]) {
        let numbers = ops.iter().filter(|op| op.header().kind == kind::NUMBER);
        let ours = numbers.filter(|op| op.entity() == id && op.dot().writer.dev == self.writer.dev);
        for op in ours {
            if let (Some(book), Ok(Body::Number(given))) = (&mut self.book, op.body()) {
                book.note(&given.number);
            }
        }
        let made = ops.iter().find_map(|op| match op.body() {
            Ok(Body::Create(create)) if create.type_ == RecordKind::Visit.as_str() => Some(&op.header().user),
            _ => None,
        });
        if let Some(user) = made {
            self.visits.insert(id, user.clone());
        }
        if ops.iter().any(merge::ends) {
            let (stream, waiting) = self.split(id, ops);
            self.follow(stream, &waiting, |_| false);
        }
    }

    /// Follows what becomes of a household by what waits, those refused left out.
    fn follow(&mut self, mut stream: Entity, waiting: &[&Op], refused: impl Fn(Dot) -> bool) {
        let (id, answered) = (stream.id(), Went::of(&stream));
        let mut then: Vec<(Turn, Option<Went>)> = Vec::new();
        for op in waiting.iter().filter(|op| !refused(op.dot())) {
            stream.apply(op);
            let went = Went::of(&stream);
            if then.last().map_or(&answered, |(_, last)| last) != &went {
                then.push((turn(op), went));
            }
        }
        self.houses.insert(id, House { answered, then });
    }

    /// The stream as far as it was answered, and the operations that wait, causes first.
    fn split<'o>(&self, id: EntityId, ops: &'o [Op]) -> (Entity, Vec<&'o Op>) {
        let authority = Some(self.writer.dev);
        let whole = Entity::fold(id, authority, ops);
        let (base, mut waiting): (Vec<&Op>, Vec<&Op>) =
            ops.iter().partition(|op| answered(&whole, self.writer.dev, op));
        gridbook_log::order_by(&mut waiting, |a, b| {
            (a.header().hlc, a.dot()).cmp(&(b.header().hlc, b.dot()))
        });
        (Entity::fold(id, authority, base), waiting)
    }

    /// What there is to say to a stream. The answers hold for a stream of just these operations.
    pub fn answer(&mut self, id: EntityId, ops: &[Op]) -> Vec<Body> {
        let (stream, waiting) = self.split(id, ops);
        let (begun, asked) = self.houses.contains_key(&id).then(|| (stream.clone(), waiting.clone())).unzip();
        if waiting.is_empty() && self.due(&stream).is_empty() {
            return Vec::new();
        }
        let mut sheet = Sheet { stream, writer: self.writer, now_ms: self.now_ms, said: Vec::new() };
        let mut taken: BTreeMap<i64, Vec<Dot>> = BTreeMap::new();
        let mut waiting: Vec<&Op> = waiting;
        // Answers of somebody who is not the authority, and bodies that were erased, are passed over.
        let mute = |op: &Op| KINDS.contains(&op.header().kind.as_str()) || op.body_text().is_none();
        while let Some(at) = waiting.iter().position(|op| {
            let known = mute(op) || self.author(op).is_some() || self.adopted(&sheet.stream, op);
            known && sheet.ready(op)
        }) {
            let op = waiting.remove(at);
            if mute(op) {
                sheet.stream.apply(op);
                continue;
            }
            let verdict = self.judge(&sheet.stream, op);
            sheet.stream.apply(op);
            match verdict {
                Ok(()) => {
                    // All that is known of the author's clock: by how much it is ahead, at least.
                    let ahead = op.header().hlc.ms.saturating_sub(self.now_ms);
                    let drift = i64::try_from(ahead).unwrap_or(i64::MAX);
                    taken.entry(drift).or_default().push(op.dot());
                    if let Some(fix) = clock_fix(op, self.now_ms, drift) {
                        sheet.say(Body::ClockFix(fix));
                    }
                    self.number(&mut sheet);
                }
                Err(code) => sheet.say(Body::Reject(Reject { op: op.dot(), code })),
            }
        }
        // One that waited while numbers were held back.
        self.number(&mut sheet);
        for (drift, ops) in taken {
            sheet.say(Body::Receipt(Receipt { ops, at: self.now_ms, drift }));
        }
        self.read_person(&sheet.stream);
        if let (Some(begun), Some(asked)) = (begun, asked) {
            self.follow(begun, &asked, |dot| sheet.stream.rejected().contains_key(&dot));
        }
        sheet.said
    }

    fn number(&mut self, sheet: &mut Sheet) {
        let due = self.due(&sheet.stream);
        let Some(book) = &mut self.book else { return };
        for (class, paper) in due {
            let number = book.next(class, day_of(self.now_ms).year());
            sheet.say(Body::Number(Number { number, paper }));
        }
    }

    /// The numbers that a stream is due.
    fn due(&self, stream: &Entity) -> Vec<(&'static str, Option<Paper>)> {
        numbers_due(stream, None, |kind, step| gives_number(self.package, kind, step))
    }

    fn author(&self, op: &Op) -> Option<&Actor> {
        self.people.get(&op.header().user)
    }

    /// Whether an earlier authority took this in, as it does for the directory and households, without saying so.
    fn adopted(&self, stream: &Entity, op: &Op) -> bool {
        let kind = type_of(stream, op).and_then(RecordKind::parse);
        self.adopts && kind.is_some_and(|kind| !kind.is_report())
    }

    fn judge(&self, stream: &Entity, op: &Op) -> Result<(), String> {
        if taken_before(stream, op) {
            return Ok(());
        }
        if let Some(code) = ruled_out(stream, op) {
            return Err(code.to_owned());
        }
        if self.adopted(stream, op) {
            return Ok(());
        }
        let Some(actor) = self.author(op) else { return Err("author_mismatch".to_owned()) };
        let today = day_of(self.now_ms);
        let type_ = type_of(stream, op);
        if type_ == Some(township::TYPE) {
            let keeps = holds(self.package, actor, "directory.edit", today);
            return if keeps { Ok(()) } else { Err("not_permitted".to_owned()) };
        }
        let before = (!stream.have().is_empty()).then_some(stream);
        let known = |id: EntityId| {
            if id == stream.id() { Went::of(stream) } else { self.houses.get(&id)?.before(turn(op)) }
        };
        admit(self.package, actor, before, op, today)
            .and_then(|()| merge::among(op, &known))
            .and_then(|()| sample::own(before, op, &|id| self.visits.get(&id).cloned()))
            .map_err(|refusal| refusal.code().to_owned())
    }
}

fn type_of<'o>(stream: &'o Entity, op: &'o Op) -> Option<&'o str> {
    match op.body() {
        Ok(Body::Create(create)) => Some(create.type_.as_str()),
        _ => stream.type_(),
    }
}

/// A stream with the answers given in this sitting.
struct Sheet {
    stream: Entity,
    writer: Writer,
    now_ms: u64,
    said: Vec<Body>,
}

impl Sheet {
    /// Whether everything that an operation builds on is here and answered.
    fn ready(&self, op: &Op) -> bool {
        gridbook_log::order::ready(self.stream.have(), op)
    }

    /// Gives an answer. It counts at once for what follows; its real operation is written by whoever asked.
    fn say(&mut self, body: Body) {
        let n = self.stream.frontier().get(self.writer) + 1;
        let (kind, text) = body.to_text();
        let new = NewOp {
            entity: self.stream.id(),
            dot: Dot { writer: self.writer, n },
            hlc: Hlc { ms: self.now_ms, count: 0 },
            kind,
            user: AUTHOR,
            ctx: self.stream.frontier().clone(),
        };
        // Only a context grown past the header's bound is an error: that stream gets no answer.
        if let Ok(op) = Op::new(new, [0; 16], text) {
            self.stream.apply(&op);
            self.said.push(body);
        }
    }
}
