//! Questions whose text depends on what is asked.

use super::{Cell, Query, Typed, Value, query};
use crate::sql::One;

/// Text and values, piece by piece.
pub struct Builder {
    text: String,
    values: Vec<Value>,
}

impl Builder {
    /// Begins with `text`.
    pub fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: Vec::new() }
    }

    /// Adds text, which must not come from outside.
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Adds a bound value.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.text.push('?');
        self.values.push(value.into());
        self
    }

    /// Adds a list.
    pub fn separated(&mut self, by: &'static str) -> Separated<'_> {
        Separated { builder: self, by, first: true }
    }

    /// The question.
    pub fn build(&mut self) -> Query {
        let mut query = query(std::mem::take(&mut self.text));
        query.values = std::mem::take(&mut self.values);
        query
    }

    /// The question for one column.
    pub fn build_query_scalar<T: Cell>(&mut self) -> Typed<T, One> {
        Typed::of(self.build())
    }
}

/// A list under way.
pub struct Separated<'b> {
    builder: &'b mut Builder,
    by: &'static str,
    first: bool,
}

impl Separated<'_> {
    /// Adds a bound value.
    pub fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        if !self.first {
            self.builder.push(self.by);
        }
        self.first = false;
        self.builder.push_bind(value);
        self
    }
}
