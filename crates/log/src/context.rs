//! Causal contexts: what an author had seen of a stream when it wrote.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{Dot, Writer};

/// A version vector: for each writer the highest number seen. Contexts are causally closed (an author joins
/// the contexts of all it has seen), so a number stands for all numbers below it.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ctx(BTreeMap<Writer, u32>);

impl Ctx {
    /// Whether `dot` was in its author's past.
    pub fn covers(&self, dot: Dot) -> bool {
        self.0.get(&dot.writer).is_some_and(|n| *n >= dot.n)
    }

    /// Adds one dot and all below it.
    pub fn add(&mut self, dot: Dot) {
        let slot = self.0.entry(dot.writer).or_insert(0);
        *slot = (*slot).max(dot.n);
    }

    /// Joins another context into this one.
    pub fn join(&mut self, other: &Self) {
        for (writer, n) in &other.0 {
            self.add(Dot { writer: *writer, n: *n });
        }
    }

    /// The highest number seen of `writer`; 0 for none.
    pub fn get(&self, writer: Writer) -> u32 {
        self.0.get(&writer).copied().unwrap_or(0)
    }

    /// The writers and their highest numbers, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Writer, u32)> {
        self.0.iter().map(|(w, n)| (*w, *n))
    }

    /// Reads `-` (empty) or `<dot>+<dot>…` in strictly rising order of writers.
    pub fn parse(text: &str) -> Option<Self> {
        let mut map = BTreeMap::new();
        if text != "-" {
            for part in text.split('+') {
                let dot = Dot::parse(part)?;
                let rising = map.last_key_value().is_none_or(|(w, _)| *w < dot.writer);
                if !rising {
                    return None;
                }
                map.insert(dot.writer, dot.n);
            }
        }
        Some(Self(map))
    }
}

impl FromIterator<Dot> for Ctx {
    fn from_iter<I: IntoIterator<Item = Dot>>(dots: I) -> Self {
        let mut ctx = Self::default();
        for dot in dots {
            ctx.add(dot);
        }
        ctx
    }
}

impl fmt::Display for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("-");
        }
        for (i, (writer, n)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("+")?;
            }
            write!(f, "{writer}.{n}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Ctx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
