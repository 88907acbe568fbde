//! The book of official numbers: where each series stands.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{official_number, paper_classes};

/// The last number of every class and year. A number is given once; none is passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// How numbers begin.
    pub code: String,
    /// The last one by series, `隐/2026`.
    last: BTreeMap<String, i64>,
}

impl Book {
    /// An empty book.
    pub fn new(code: &str) -> Self {
        Self { code: code.to_owned(), last: BTreeMap::new() }
    }

    /// Takes note of a number that was given.
    pub fn note(&mut self, number: &str) {
        if let Some((class, year, n)) = read(number) {
            self.raise(class, year, n);
        }
    }

    /// A person says where a series stands. It never goes down.
    pub fn raise(&mut self, class: &str, year: i32, n: i64) {
        let last = self.last.entry(series(class, year)).or_default();
        *last = (*last).max(n);
    }

    /// The last number of a series; 0 before the first.
    pub fn last(&self, class: &str, year: i32) -> i64 {
        self.last.get(&series(class, year)).copied().unwrap_or_default()
    }

    /// Where every series stands: class, year, last number.
    pub fn series(&self) -> impl Iterator<Item = (&str, i32, i64)> {
        self.last.iter().filter_map(|(series, last)| {
            let (class, year) = series.rsplit_once('/')?;
            Some((class, year.parse().ok()?, *last))
        })
    }

    /// The next number of a series.
    pub fn next(&mut self, class: &str, year: i32) -> String {
        let n = self.last(class, year) + 1;
        self.raise(class, year, n);
        official_number(&self.code, year, class, n)
    }
}

fn series(class: &str, year: i32) -> String {
    format!("{class}/{year}")
}

/// Class, year and counter of a number as printed.
fn read(number: &str) -> Option<(&str, i32, i64)> {
    let (before, rest) = number.split_once('〔')?;
    let (year, rest) = rest.split_once('〕')?;
    // Papers are numbered by the year alone.
    if paper_classes().any(|class| class == before) {
        return Some((before, year.parse().ok()?, rest.parse().ok()?));
    }
    let (class, rest) = rest.split_once("字第")?;
    Some((class, year.parse().ok()?, rest.strip_suffix('号')?.parse().ok()?))
}
