//! The one search box (TERR-09): house number, any member, phone tail, category, address, open matter; offline.
//!
//! A linear scan over the summaries in memory: nothing to build, nothing to keep in step, nothing at rest.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_log::{EntityId, order_by};

use crate::household::category::sees_category;
use crate::household::merge::Merges;
use crate::package::Package;
use crate::pinyin::text_initials;
use crate::record::RecordKind;
use crate::role::Actor;
use crate::summary::Summary;

/// Why a record was found, for the line under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// House or door number.
    Door,
    /// Household code or official number.
    Number,
    /// A person's name, folded.
    Name(String),
    /// A person's initials.
    Initials,
    /// End of a phone number.
    Phone,
    /// Id of a category.
    Category(String),
    /// Address, landmark or title.
    Text,
    /// An open case about the household.
    Matter(EntityId),
}

/// One record found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// The record.
    pub id: EntityId,
    /// The more, the better it fits; only comparable inside one search.
    pub score: u32,
    /// What fitted the first word of the query.
    pub why: Why,
}

/// Lower case, half width, without spaces: how texts are kept for comparison.
pub fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| match c {
            '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

/// A house or door number without its counting word: `12号` and `12` are the same door.
pub fn fold_door(text: &str) -> String {
    let folded = fold(text);
    let bare = folded.trim_end_matches(['号', '室', '户', '#']);
    bare.trim_start_matches('第').trim_start_matches('0').to_owned()
}

/// One word of a query.
struct Word {
    text: String,
    door: String,
    /// All ASCII letters: may be initials.
    letters: bool,
    /// The digits when it is a phone tail (three to eleven digits), at most the last eight.
    digits: Option<String>,
    /// Ids of the categories whose label it names.
    categories: Vec<String>,
    /// The day on which they are asked for.
    today: NaiveDate,
    /// Households with an open case that it names.
    matters: BTreeMap<EntityId, EntityId>,
}

/// A search, prepared once.
pub struct Query<'a> {
    words: Vec<Word>,
    /// Who searches, where that counts.
    viewer: Option<(&'a Package, &'a Actor)>,
}

impl<'v> Query<'v> {
    /// Prepares what a person typed, for the households as they are `today`. Words apart must all be found, each anywhere.
    pub fn new(text: &str, package: &Package, today: NaiveDate) -> Self {
        let words = text
            .split_whitespace()
            .map(|part| Word::new(part, package, today))
            .filter(|word| !word.text.is_empty());
        Self { words: words.collect(), viewer: None }
    }

    /// Without finding households by what is sensitive of them, where this person may not see that (TERR-12).
    #[must_use]
    pub fn discreet(mut self, package: &'v Package, actor: &'v Actor) -> Self {
        self.viewer = Some((package, actor));
        self
    }

    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How well one record fits: all words found. `None` = not at all; an empty query fits nothing.
    pub fn score(&self, summary: &Summary) -> Option<Hit> {
        let mut hit: Option<Hit> = None;
        for word in &self.words {
            let (score, why) = word.find(summary, self.viewer)?;
            match &mut hit {
                Some(hit) => hit.score += score,
                None => hit = Some(Hit { id: summary.id, score, why }),
            }
        }
        hit
    }

    /// Households that fit, best first, at most `limit`; open cases count for the household they are about.
    pub fn households<'a>(
        mut self,
        summaries: impl IntoIterator<Item = &'a Summary> + Clone,
        limit: usize,
    ) -> Vec<Hit> {
        let merges = Merges::of(summaries.clone());
        for summary in summaries.clone() {
            if let (true, Some(household)) = (summary.is_open(), summary.household) {
                for word in &mut self.words {
                    if word.text.chars().nth(1).is_some() && summary.keys.text.contains(&word.text) {
                        word.matters.insert(merges.standing(household), summary.id);
                    }
                }
            }
        }
        let mut hits: Vec<(Hit, &'a str)> = summaries
            .into_iter()
            .filter(|summary| summary.kind == RecordKind::Household)
            .filter_map(|summary| Some((self.score(summary)?, summary.subtitle.as_str())))
            .collect();
        order_by(&mut hits, |(a, a_place), (b, b_place)| {
            (b.score, a_place, a.id).cmp(&(a.score, b_place, b.id))
        });
        hits.truncate(limit);
        hits.into_iter().map(|(hit, _)| hit).collect()
    }
}

impl Word {
    fn new(part: &str, package: &Package, today: NaiveDate) -> Self {
        let text = fold(part);
        let letters = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase());
        let numeric = text.bytes().all(|b| b.is_ascii_digit()) && (3..=11).contains(&text.len());
        let digits = numeric.then(|| text.get(text.len().saturating_sub(8)..).unwrap_or_default().to_owned());
        // One hanzi would name half the categories.
        let named = |label: &str| {
            (text.chars().nth(1).is_some() && fold(label).contains(&text))
                || (letters && text.len() >= 2 && text_initials(label).starts_with(&text))
        };
        let categories =
            package.categories.iter().filter(|c| named(&c.label)).map(|c| c.id.clone()).collect::<Vec<_>>();
        Self { door: fold_door(&text), text, letters, digits, categories, today, matters: BTreeMap::new() }
    }

    /// The best reason why a record fits.
    fn find(&self, summary: &Summary, viewer: Option<(&Package, &Actor)>) -> Option<(u32, Why)> {
        let keys = &summary.keys;
        let text = self.text.as_str();
        let sees = |id: &str| {
            viewer.is_none_or(|(package, actor)| sees_category(package, actor, &summary.area, id, self.today))
        };
        if !keys.door.is_empty() && keys.door == self.door {
            return Some((1000, Why::Door));
        }
        if !summary.number.is_empty() && summary.number.eq_ignore_ascii_case(text) {
            return Some((1000, Why::Number));
        }
        if let Some((score, name)) = self.name(&keys.names) {
            return Some((score, Why::Name(name.to_owned())));
        }
        if self.letters
            && let Some(score) = keys.initials.iter().filter_map(|name| self.initials(name)).max()
        {
            return Some((score, Why::Initials));
        }
        if let Some(digits) = &self.digits
            && keys.tails.iter().any(|tail| tail.ends_with(digits))
        {
            return Some((500, Why::Phone));
        }
        if let Some(id) = self.categories.iter().find(|id| self.holds(summary, id) && sees(id)) {
            return Some((300, Why::Category(id.clone())));
        }
        if keys.text.contains(text) {
            return Some((280, Why::Text));
        }
        if let Some(case) = self.matters.get(&summary.id) {
            return Some((260, Why::Matter(*case)));
        }
        let ends = self.digits.is_some() && summary.number.ends_with(text);
        ends.then_some((240, Why::Number))
    }

    /// A household's category that has ended is not looked for by it any more.
    fn holds(&self, summary: &Summary, id: &String) -> bool {
        match summary.kind {
            RecordKind::Household => summary.kinds(self.today).contains(&id.as_str()),
            _ => summary.categories.contains(id),
        }
    }

    /// The first name is the head's: a hit there comes before one among the members.
    fn name<'a>(&self, names: &'a [String]) -> Option<(u32, &'a str)> {
        let score = |(n, name): (usize, &'a String)| {
            let base = if *name == self.text {
                900
            } else if name.starts_with(&self.text) {
                800
            } else if name.contains(&self.text) {
                600
            } else {
                return None;
            };
            Some((base + u32::from(n == 0) * 20, name.as_str()))
        };
        names.iter().enumerate().filter_map(score).max_by_key(|(score, _)| *score)
    }

    fn initials(&self, name: &str) -> Option<u32> {
        if name == self.text {
            Some(700)
        } else if name.starts_with(&self.text) {
            Some(550)
        } else if self.text.len() >= 2 && name.contains(&self.text) {
            Some(320)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests;
