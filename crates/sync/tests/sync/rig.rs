//! An engine on the bench: what it is told, what it must say.

use gridbook_log::{Clock, DeviceId, Dot, EntityId, NewOp, Op, OpId, WireOp, Writer};
use gridbook_sync::engine::{Engine, Identity, Input, Output, Request, Response, Waiting};
use gridbook_sync::replica::Outbox;
use gridbook_sync::wire::{
    Caps, Entry, MAX_PAGE, PullReply, PushReply, PushRequest, PushResult, VERSION, Verdict,
};

pub const WRITER: Writer = Writer { dev: DeviceId([1; 8]), epoch: 1 };
pub const NOW: u64 = 1_770_000_000_000;

pub fn identity(cursor: &str) -> Identity {
    Identity {
        writer: WRITER,
        nonce: "n".to_owned(),
        cursor: cursor.to_owned(),
        history: "h1".to_owned(),
        echo: false,
        named_twice: false,
        fresh: true,
    }
}

pub fn caps() -> Caps {
    Caps {
        contract: VERSION.to_owned(),
        levels: vec![0],
        history: "h1".to_owned(),
        now: NOW,
        authority: None,
        max_batch_ops: 8,
        max_batch_bytes: 9000,
        max_blob: 1,
        snapshot: None,
    }
}

pub fn ops(numbers: std::ops::RangeInclusive<u32>) -> Vec<WireOp> {
    let op = |n| {
        let ctx = (n > 1).then(|| Dot { writer: WRITER, n: n - 1 }).into_iter().collect();
        let hlc = Clock::default().tick(NOW);
        let dot = Dot { writer: WRITER, n };
        let new = NewOp { entity: EntityId([7; 16]), dot, hlc, kind: "set", user: "u1", ctx };
        Op::new(new, [0; 16], "{}".to_owned()).unwrap().to_wire()
    };
    numbers.map(op).collect()
}

pub fn op_id(n: u32) -> OpId {
    OpId { entity: EntityId([7; 16]), dot: Dot { writer: WRITER, n } }
}

/// All that waits.
pub fn outbox(numbers: std::ops::RangeInclusive<u32>) -> Input {
    let ids = numbers.clone().map(op_id).collect();
    Input::Outbox(Outbox { ops: ops(numbers), ids, more: false })
}

/// Some of what waits.
pub fn some(numbers: std::ops::RangeInclusive<u32>) -> Input {
    let ids = numbers.clone().map(op_id).collect();
    Input::Outbox(Outbox { ops: ops(numbers), ids, more: true })
}

pub const NOTHING: Input = Input::Outbox(Outbox { ops: Vec::new(), ids: Vec::new(), more: false });

pub fn result(n: u32, r: Verdict) -> PushResult {
    PushResult { id: Some(op_id(n)), r, code: None }
}

pub fn all(numbers: std::ops::RangeInclusive<u32>, r: Verdict) -> Response {
    pushed(numbers.map(|n| result(n, r)).collect())
}

pub fn push(number: u64, numbers: std::ops::RangeInclusive<u32>) -> Output {
    let request = PushRequest { writer: WRITER, nonce: "n".to_owned(), now: NOW, ops: ops(numbers) };
    Output::Send(number, Request::Push(request))
}

pub fn pushed(results: Vec<PushResult>) -> Response {
    Response::Push(PushReply { results, now: NOW })
}

pub fn page(entries: Vec<Entry>, cursor: &str, more: bool) -> PullReply {
    PullReply { entries, cursor: cursor.to_owned(), more }
}

pub fn failed(status: u16, retry_after_ms: Option<u64>) -> Response {
    Response::Failed { status, code: String::new(), retry_after_ms }
}

/// The next batch, without these.
pub fn load(pass: impl IntoIterator<Item = u32>, max_ops: usize) -> Vec<Output> {
    vec![Output::LoadOutbox { pass: pass.into_iter().map(op_id).collect(), max_ops, max_bytes: 9000 }]
}

/// The first batch of a round.
pub fn beginning(max_ops: usize) -> Vec<Output> {
    load([], max_ops).into_iter().chain([Output::Status]).collect()
}

pub fn pull(number: u64, cursor: &str) -> Vec<Output> {
    vec![Output::Status, ask(number, cursor)]
}

pub fn ask(number: u64, cursor: &str) -> Output {
    let request = Request::Pull { cursor: cursor.to_owned(), limit: MAX_PAGE, not: Some(WRITER) };
    Output::Send(number, request)
}

/// An engine with the number of its last request.
pub struct Rig {
    pub engine: Engine,
    pub sent: u64,
}

impl Rig {
    pub fn new() -> Self {
        Self { engine: Engine::new(identity("")), sent: 0 }
    }

    /// As [`Self::give`]; what the backend could not place follows nothing that is missing here.
    pub fn after_a_look_behind(&mut self, input: Input) -> Vec<Output> {
        let out = self.give(input);
        if matches!(out[..], [Output::LookBehind(_)]) { self.give(Input::Stored) } else { out }
    }

    pub fn give(&mut self, input: Input) -> Vec<Output> {
        self.give_random(0, input)
    }

    pub fn give_random(&mut self, random: u64, input: Input) -> Vec<Output> {
        let outputs = self.engine.handle(NOW, random, input);
        for output in &outputs {
            if let Output::Send(number, _) = output {
                assert_eq!(*number, self.sent + 1);
                self.sent = *number;
            }
        }
        outputs
    }

    /// Answers the last request.
    pub fn reply(&mut self, response: Response) -> Vec<Output> {
        self.reply_to(self.sent, response)
    }

    pub fn reply_to(&mut self, number: u64, response: Response) -> Vec<Output> {
        self.give(Input::Response(number, response))
    }

    pub fn at_push() -> Self {
        let mut rig = Self::new();
        rig.give(Input::Wake);
        assert_eq!(rig.reply(Response::Caps(caps())), beginning(8));
        rig
    }

    pub fn at_pull() -> Self {
        let mut rig = Self::at_push();
        assert_eq!(rig.give(NOTHING), pull(2, ""));
        rig
    }

    pub fn at_photos() -> Self {
        let mut rig = Self::at_pull();
        rig.reply(Response::Pull(page(Vec::new(), "", false)));
        assert_eq!(rig.give(Input::Stored), [Output::NextBlob, Output::Status]);
        rig
    }

    /// A photo under way.
    pub fn at_photo() -> Self {
        let mut rig = Self::at_photos();
        rig.give(waits("aa", 3));
        rig
    }
}

/// A photo waits.
pub fn waits(sha256: &str, size: usize) -> Input {
    Input::Blob(Some(Waiting { sha256: sha256.to_owned(), size }))
}
