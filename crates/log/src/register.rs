//! A field: every value ever written to a path, and which of them still stand.

use serde_json::Value;

use crate::clock::Hlc;
use crate::id::Dot;

/// One value written to a path.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The operation that wrote it.
    pub dot: Dot,
    /// Its time, corrected if the authority corrected it.
    pub hlc: Hlc,
    /// Who wrote it.
    pub user: String,
    /// The value; null is a cleared field.
    pub value: Value,
    /// Refused by the authority: history only.
    pub rejected: bool,
}

/// All values of one path. A value stands until a write that saw it replaces it, whatever the clocks say;
/// the clock orders only those that stand side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Register {
    /// Every write, oldest first by (time, dot).
    pub writes: Vec<Write>,
    /// Indexes into `writes` of the values that stand, the shown one first.
    heads: Vec<usize>,
}

impl Register {
    /// The value shown: among those that stand, the latest by (time, dot).
    pub fn value(&self) -> Option<&Value> {
        self.heads().next().map(|w| &w.value).filter(|v| !v.is_null())
    }

    /// The values that stand, the shown one first.
    pub fn heads(&self) -> impl Iterator<Item = &Write> {
        self.heads.iter().map(|i| &self.writes[*i])
    }

    /// Whether different values stand side by side and a person should look.
    pub fn conflict(&self) -> bool {
        let mut heads = self.heads();
        heads.next().is_some_and(|first| heads.any(|w| w.value != first.value))
    }

    /// Orders the writes and finds those that stand. `seen` tells whether the author of the first had
    /// seen the second.
    pub(crate) fn settle(&mut self, seen: impl Fn(Dot, Dot) -> bool) {
        crate::order_by_key(&mut self.writes, |w| (w.hlc, w.dot));
        let stands = |w: &Write| {
            !w.rejected && !self.writes.iter().any(|o| !o.rejected && o.dot != w.dot && seen(o.dot, w.dot))
        };
        let mut heads: Vec<usize> =
            self.writes.iter().enumerate().filter(|(_, w)| stands(w)).map(|(i, _)| i).collect();
        heads.reverse();
        self.heads = heads;
    }
}
