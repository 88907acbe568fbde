//! Of several tabs on one database one synchronises, and holds a lock while it does. A tab that the system froze, or
//! that hangs, holds it for ever; this decides when another one takes it. Two that lead at once are correct, only
//! wasteful: the store lets nothing be written twice.

/// How long whoever holds the lock may say nothing, in milliseconds. A first fold of a large log blocks a slow phone for
/// some seconds.
pub const SILENT_MS: u64 = 20_000;
/// Questions that must stay without an answer: a device that slept has heard none, and asked none either.
const QUESTIONS: u32 = 4;

/// What a tab that wants to lead knows of the one that does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leader {
    /// When the first question was asked that nobody has answered.
    asked_ms: Option<u64>,
    questions: u32,
}

impl Leader {
    /// The lock is held, and whoever holds it is asked to say so. Whether to take it from them instead. `now_ms` may
    /// jump: at worst it is taken early, or the silence is measured anew.
    pub fn refused(&mut self, now_ms: u64) -> bool {
        let since = self.asked_ms.map_or(now_ms, |asked| asked.min(now_ms));
        let silent = self.questions >= QUESTIONS && now_ms - since >= SILENT_MS;
        *self = if silent {
            Self::default()
        } else {
            Self { asked_ms: Some(since), questions: self.questions + 1 }
        };
        silent
    }

    /// Whoever holds the lock has answered, or this tab had it.
    pub fn heard(&mut self) {
        *self = Self::default();
    }

    /// Whether a question waits for its answer.
    pub fn is_silent(&self) -> bool {
        self.asked_ms.is_some()
    }
}
