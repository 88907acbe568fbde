//! The library of the mediators (MED-16): short cards of laws and invented model cases, each with its date and source. A pack
//! of its own beside the data package: a device keeps the file, and reads it when somebody opens it. Here is how it is
//! read and searched.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::date;
use crate::search::fold;

/// A card of a law in plain words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LawCard {
    /// Stable identifier.
    pub id: String,
    /// Categories of disputes that it is about, ids of `dispute_category`; none = all of them.
    pub topics: Vec<String>,
    /// The law by its full name.
    pub law: String,
    /// Which articles; empty where the card is about the law as a whole.
    pub articles: String,
    /// First day on which this text of the law holds, `YYYY-MM-DD`.
    pub in_force: String,
    /// What it says, as a heading.
    pub title: String,
    /// The words.
    pub text: String,
    /// Where the words come from.
    pub source: String,
}

/// A model case; nobody in it exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelCase {
    /// Stable identifier.
    pub id: String,
    /// Categories of disputes that it is about.
    pub topics: Vec<String>,
    /// What it was, as a heading.
    pub title: String,
    /// What had happened.
    pub facts: String,
    /// How it was mediated.
    pub way: String,
    /// How it ended.
    pub result: String,
    /// Cards of the laws that were told.
    pub laws: Vec<String>,
    /// When it was written, `YYYY-MM-DD`.
    pub date: String,
    /// Where it comes from.
    pub source: String,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Library {
    /// Version of the content, e.g. `2026.1`.
    pub version: String,
    /// When the cards were written, `YYYY-MM-DD`: what changed since is not in them.
    pub written: String,
    /// Laws.
    pub cards: Vec<LawCard>,
    /// Cases.
    pub cases: Vec<ModelCase>,
}

/// Why a text is no library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Not JSON, or not of this shape.
    #[error("资料读不懂: {0}")]
    Shape(#[from] serde_json::Error),
    /// Two entries have one id, or an entry lacks something that it needs: its id.
    #[error("资料里这一条不完整或者重复: {0}")]
    Entry(String),
}

/// Something that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry<'a> {
    /// A card.
    Law(&'a LawCard),
    /// A case.
    Case(&'a ModelCase),
}

impl Entry<'_> {
    fn topics(&self) -> &[String] {
        match self {
            Self::Law(card) => &card.topics,
            Self::Case(case) => &case.topics,
        }
    }

    fn heading(&self) -> String {
        match self {
            Self::Law(card) => fold(&format!("{} {} {}", card.title, card.law, card.articles)),
            Self::Case(case) => fold(&case.title),
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Law(card) => fold(&card.text),
            Self::Case(case) => fold(&format!("{} {} {}", case.facts, case.way, case.result)),
        }
    }
}

impl Library {
    /// The text of the one that comes with the program. Native only: the bundle carries it as a file.
    #[cfg(not(target_arch = "wasm32"))]
    pub const BUILTIN: &'static str = include_str!("../data/library.json");

    /// Reads a text.
    ///
    /// # Errors
    /// [`LibraryError`]: not of this shape, an entry that is there twice or that lacks its date, source or words.
    pub fn read(text: &str) -> Result<Self, LibraryError> {
        let library: Self = serde_json::from_str(text)?;
        let mut ids = BTreeSet::new();
        let said = |words: &[&str]| words.iter().all(|words| !words.trim().is_empty());
        let day = |text: &str| date::parse(text).is_some();
        for card in &library.cards {
            let whole = said(&[&card.law, &card.title, &card.text, &card.source]) && day(&card.in_force);
            if !whole || !ids.insert(card.id.as_str()) {
                return Err(LibraryError::Entry(card.id.clone()));
            }
        }
        for case in &library.cases {
            let whole =
                said(&[&case.title, &case.facts, &case.way, &case.result, &case.source]) && day(&case.date);
            let laws = case.laws.iter().all(|id| library.card(id).is_some());
            if !whole || !laws || !ids.insert(case.id.as_str()) {
                return Err(LibraryError::Entry(case.id.clone()));
            }
        }
        Ok(library)
    }

    /// A card by its id.
    pub fn card(&self, id: &str) -> Option<&LawCard> {
        self.cards.iter().find(|card| card.id == id)
    }

    /// What has every one of these words, cards before cases: of the given category of disputes first, then what is named so,
    /// then what only speaks of it. Without words all of it, without a category in its own order.
    pub fn find(&self, words: &str, category: Option<&str>) -> Vec<Entry<'_>> {
        let words: Vec<String> = words.split_whitespace().map(fold).collect();
        let all = self.cards.iter().map(Entry::Law).chain(self.cases.iter().map(Entry::Case));
        let ranked = all.filter_map(|entry| {
            let (heading, text) = (entry.heading(), entry.words());
            let named = words.iter().all(|word| heading.contains(word));
            let told = words.iter().all(|word| heading.contains(word) || text.contains(word));
            let about = category.is_some_and(|id| entry.topics().iter().any(|topic| topic == id));
            told.then_some((!about, !named, entry))
        });
        let mut found: Vec<(bool, bool, Entry<'_>)> = ranked.collect();
        gridbook_log::order_by_key(&mut found, |(elsewhere, told, _)| (*elsewhere, *told));
        found.into_iter().map(|(_, _, entry)| entry).collect()
    }

    /// Whether a card's law was not yet in force on a day.
    pub fn ahead(card: &LawCard, today: NaiveDate) -> bool {
        date::parse(&card.in_force).is_some_and(|from| today < from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::package::Package;

    fn library() -> Library {
        Library::read(Library::BUILTIN).unwrap()
    }

    fn ids<'a>(found: &[Entry<'a>]) -> Vec<&'a str> {
        let id = |entry: &Entry<'a>| match entry {
            Entry::Law(card) => card.id.as_str(),
            Entry::Case(case) => case.id.as_str(),
        };
        found.iter().map(id).collect()
    }

    #[test]
    fn every_entry_has_its_law_its_day_its_source_and_topics_that_exist() {
        let library = library();
        assert!(library.cards.len() >= 20 && (8..=12).contains(&library.cases.len()));
        let package = Package::builtin();
        let topics = library.cards.iter().flat_map(|card| &card.topics);
        for topic in topics.chain(library.cases.iter().flat_map(|case| &case.topics)) {
            assert!(package.choice("dispute_category", topic).is_some(), "{topic}");
        }
        let written = date::parse(&library.written).unwrap();
        for card in &library.cards {
            assert!(!Library::ahead(card, written), "{} was not in force", card.id);
            assert!(card.text.chars().count() <= 160, "{} is no short card", card.id);
        }
        assert!(library.cases.iter().all(|case| case.source == "编写示例" && case.topics.len() <= 3));
        // A pack of its own, not part of what every start reads.
        assert!(!package.to_json().unwrap().contains("mf_neighbor"));
        assert!(Library::BUILTIN.len() < 40_000);
    }

    #[test]
    fn words_find_cards_and_cases_and_the_category_comes_first() {
        let library = library();
        let all = library.cards.len() + library.cases.len();
        assert_eq!(library.find("  ", None).len(), all);
        assert_eq!(library.find("没有这个词", None), []);
        let water = library.find("排水", None);
        assert_eq!(ids(&water)[0], "mf_water", "what is named so stands first");
        assert!(ids(&water).contains(&"case_drain"));
        assert_eq!(ids(&library.find("彩礼 借婚姻", None)), ["bride_price"], "every word has to be there");
        let wages = library.find("", Some("labor"));
        assert_eq!(wages.len(), all, "the others follow");
        let about = wages.iter().take_while(|entry| entry.topics().iter().any(|topic| topic == "labor"));
        assert!(about.count() >= 5);
        assert_eq!(ids(&library.find("民法典 赡养", Some("neighbor")))[0], "mf_support");
    }

    #[test]
    fn a_text_that_lacks_something_is_refused() {
        let mut twice = library();
        twice.cards.push(twice.cards[0].clone());
        let mut dateless = library();
        dateless.cards[3].in_force.clear();
        let mut lawless = library();
        lawless.cases[0].laws.push("no_such_card".to_owned());
        for (library, id) in [(&twice, "tj_principle"), (&dateless, "tj_escalate"), (&lawless, "case_drain")]
        {
            let read = Library::read(&serde_json::to_string(library).unwrap());
            assert!(matches!(&read, Err(LibraryError::Entry(held)) if held == id), "{read:?}");
        }
        assert!(matches!(Library::read("{}"), Err(LibraryError::Shape(_))));
    }
}
