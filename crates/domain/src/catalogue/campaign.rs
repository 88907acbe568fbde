//! 5+X: five standing themes, and further ones for a time (CAT-03).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::package::Package;
use crate::territory::covers;

/// Standing themes that may be pinned at once.
pub const MAX_STANDING: usize = 5;

/// A theme on top of the phone's home.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// Stable identifier.
    pub id: String,
    /// Words on the card.
    pub label: String,
    /// The item that it is reported under; its form opens.
    pub item: String,
    /// One of the five that stand all year.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub standing: bool,
    /// First day; `None` = since ever.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub from: Option<NaiveDate>,
    /// Last day; one that is not standing has one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::date::optional")]
    pub to: Option<NaiveDate>,
    /// Area codes whose subtrees it is for; empty = the whole township.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<String>,
    /// How many records make it complete in each area; drives the progress bar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<u32>,
}

impl Campaign {
    fn runs(&self, today: NaiveDate, area: &str) -> bool {
        self.from.is_none_or(|from| from <= today)
            && self.to.map_or(self.standing, |to| today <= to)
            && (self.areas.is_empty()
                || self.areas.iter().any(|held| covers(held, area) || covers(area, held)))
    }
}

/// The themes for an area on that day: those for a time first, the one that ends soonest on top; then the standing
/// ones whose season runs, then the others.
pub fn campaigns<'p>(package: &'p Package, today: NaiveDate, area: &str) -> Vec<&'p Campaign> {
    let catalogue = package.catalogue.get();
    let offered = |campaign: &&Campaign| {
        campaign.runs(today, area)
            && catalogue.item(&campaign.item).is_some_and(|item| item.offered_on(today))
    };
    let (standing, mut extra): (Vec<_>, Vec<_>) =
        catalogue.campaigns.iter().filter(offered).partition(|campaign| campaign.standing);
    gridbook_log::order_by(&mut extra, |a, b| a.to.cmp(&b.to));
    let season = |campaign: &&Campaign| {
        catalogue.item(&campaign.item).is_some_and(|item| !item.seasons.is_empty() && item.in_season(today))
    };
    let (now, rest): (Vec<_>, Vec<_>) = standing.into_iter().take(MAX_STANDING).partition(season);
    extra.into_iter().chain(now).chain(rest).collect()
}
