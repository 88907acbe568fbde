//! 5+X: five standing themes, and further ones for a time (CAT-03).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use gridbook_log::EntityId;
use serde::{Deserialize, Serialize};

use crate::household::merge::Merges;
use crate::package::Package;
use crate::record::RecordKind;
use crate::share::Share;
use crate::summary::Summary;
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

/// How far a theme has come in an area: records of those that make it complete, or households that it reached of all.
/// One that stands all year begins anew with the year.
pub fn reached<'a>(
    package: &Package,
    campaign: &Campaign,
    rows: impl Iterator<Item = &'a Summary>,
    area: &str,
    today: NaiveDate,
) -> Share {
    let item = package.catalogue.get().item(&campaign.item);
    let first = campaign.from.or_else(|| NaiveDate::from_ymd_opt(today.year(), 1, 1)).unwrap_or(today);
    let about = |row: &Summary| item.is_some_and(|item| item.is_about(row));
    let (mut records, mut homes) = (0, 0);
    let mut met: BTreeSet<EntityId> = BTreeSet::new();
    let rows: Vec<&Summary> = rows.collect();
    let merges = Merges::of(rows.iter().copied());
    for row in rows.into_iter().filter(|row| covers(area, &row.area)) {
        if row.kind == RecordKind::Household {
            homes += usize::from(!merges.gone(row));
        } else if !row.rejected && (first..=today).contains(&row.day()) && about(row) {
            records += 1;
            met.extend(row.household.map(|household| merges.standing(household)));
        }
    }
    match campaign.target {
        Some(target) => {
            let whole = usize::try_from(target).unwrap_or(usize::MAX);
            Share { part: records.min(whole), whole }
        }
        None => Share { part: met.len().min(homes), whole: homes },
    }
}
