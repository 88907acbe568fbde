//! Messages under way, and what the network does to them.

use std::collections::BTreeMap;

use super::Rng;
use crate::engine::{Request, Response};
use crate::share::{Lost, RawRequest, RawResponse};
use crate::wire::PushResult;

/// Which tab of which device, and in which of its lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tab {
    pub(crate) device: usize,
    pub(crate) tab: usize,
    pub(crate) life: u32,
}

/// A message under way.
#[derive(Clone, Debug)]
pub(crate) enum Message {
    /// To the backend.
    Up(Tab, u64, Request),
    /// To a tab.
    Down(Tab, u64, Response),
    /// To a share's server.
    RawUp(Tab, u64, RawRequest),
    /// From there.
    RawDown(Tab, u64, Result<RawResponse, Lost>),
    /// The tab's timer.
    Timer(Tab, u64),
}

/// What was said when and by whom, as one number: two runs with the same one went the same way. Names that a server
/// draws at random are no part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trace(u64);

impl Trace {
    pub(crate) fn note(&mut self, at: u64, message: &Message) {
        let (tab, number, what) = match message {
            Message::Up(tab, number, request) => (tab, *number, 1 + asked(request)),
            Message::Down(tab, number, response) => (tab, *number, 2 + answered(response)),
            Message::RawUp(tab, number, request) => (tab, *number, 3 + request.body.len() as u64),
            Message::RawDown(tab, number, Ok(answer)) => (tab, *number, 4 + u64::from(answer.status)),
            Message::RawDown(tab, number, Err(Lost)) => (tab, *number, 5),
            Message::Timer(tab, number) => (tab, *number, 6),
        };
        for part in [at, tab.device as u64, tab.tab as u64, u64::from(tab.life), number, what] {
            self.0 = (self.0 ^ part).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
        }
    }
}

fn asked(request: &Request) -> u64 {
    match request {
        Request::Push(push) => push.ops.iter().map(|op| op.h.len() as u64).sum::<u64>() << 4,
        Request::Pull { limit, .. } => (*limit as u64) << 8,
        _ => 1 << 12,
    }
}

fn answered(response: &Response) -> u64 {
    match response {
        Response::Push(reply) => {
            let one = |sum: u64, result: &PushResult| sum.wrapping_mul(31).wrapping_add(7 + result.r as u64);
            reply.results.iter().fold(1, one) << 4
        }
        Response::Pull(page) => (page.entries.len() as u64) << 8 | u64::from(page.more) << 6,
        Response::Snapshot(page) => (page.head.fp.count) << 16,
        Response::Failed { status, .. } => u64::from(*status) << 32,
        _ => 1 << 12,
    }
}

/// Faults in percent of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) lose: u64,
    pub(crate) repeat: u64,
    pub(crate) cut: u64,
    pub(crate) busy: u64,
    pub(crate) slow_ms: u64,
    /// Those of [`super::mishap`] that came later than the others, all with numbers of their own.
    pub(crate) odd: u64,
}

impl Faults {
    pub(crate) const NONE: Self = Self { lose: 0, repeat: 0, cut: 0, busy: 0, slow_ms: 20, odd: 0 };
}

/// The queue of everything that will happen, by time. Delays differ, so messages overtake each other.
#[derive(Default)]
pub(crate) struct Net {
    queue: BTreeMap<(u64, u64), Message>,
    count: u64,
    latest: u64,
    /// Messages that were overtaken by a later one.
    pub(crate) overtaken: usize,
}

impl Net {
    pub(crate) fn put(&mut self, at: u64, message: Message) {
        self.count += 1;
        self.queue.insert((at, self.count), message);
    }

    pub(crate) fn next(&mut self) -> Option<(u64, Message)> {
        let ((at, number), message) = self.queue.pop_first()?;
        if !matches!(message, Message::Timer(..)) {
            self.overtaken += usize::from(number < self.latest);
            self.latest = self.latest.max(number);
        }
        Some((at, message))
    }

    /// The server goes down: nothing that was under way arrives.
    pub(crate) fn break_off(&mut self) {
        for message in self.queue.values_mut() {
            if let Message::Up(tab, number, _) | Message::Down(tab, number, _) = message {
                *message = Message::Down(*tab, *number, Response::Lost);
            }
        }
    }

    /// Whether anything but timers is under way.
    pub(crate) fn busy(&self) -> bool {
        self.queue.values().any(|m| !matches!(m, Message::Timer(..)))
    }

    /// How long a message takes.
    pub(crate) fn delay(rng: &mut Rng, faults: &Faults) -> u64 {
        1 + rng.below(faults.slow_ms.max(1))
    }
}
