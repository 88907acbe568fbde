//! Messages under way, and what the network does to them.

use std::collections::BTreeMap;

use super::Rng;
use crate::engine::{Request, Response};
use crate::share::{Lost, RawRequest, RawResponse};

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

/// Faults in percent of messages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Faults {
    pub(crate) lose: u64,
    pub(crate) repeat: u64,
    pub(crate) cut: u64,
    pub(crate) busy: u64,
    pub(crate) slow_ms: u64,
}

impl Faults {
    pub(crate) const NONE: Self = Self { lose: 0, repeat: 0, cut: 0, busy: 0, slow_ms: 20 };
}

/// The queue of everything that will happen, by time. Delays differ, so messages overtake each other.
#[derive(Default)]
pub(crate) struct Net {
    queue: BTreeMap<(u64, u64), Message>,
    count: u64,
}

impl Net {
    pub(crate) fn put(&mut self, at: u64, message: Message) {
        self.count += 1;
        self.queue.insert((at, self.count), message);
    }

    pub(crate) fn next(&mut self) -> Option<(u64, Message)> {
        self.queue.pop_first().map(|((at, _), message)| (at, message))
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
