//! 5+X: five standing themes, and further ones for a time (CAT-03).

use std::collections::BTreeSet;

use chrono::{Datelike, NaiveDate};
use gridbook_log::{EntityId, Values};
use serde::{Deserialize, Serialize};

use super::{Catalogue, Item, Status};
use crate::household::merge::Merges;
use crate::package::Package;
use crate::record::RecordKind;
use crate::share::Share;
use crate::summary::Summary;
use crate::territory::{AreaCode, covers};

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

/// Signs of a name on the phone's card at most.
pub const MAX_LABEL: usize = 20;
/// The heading of items that come with the product and wait to be switched on (domain data 4.3).
const CARRIER: &str = "carrier";

/// Why a theme cannot stand on the phones' home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.words())]
pub enum ThemeError {
    /// No name, or one that does not fit the card.
    Label,
    /// An item that nobody is offered.
    Item,
    /// Neither standing nor with a last day.
    NoEnd,
    /// The last day comes before the first.
    Dates,
    /// An area that is none.
    Area,
    /// Five stand already.
    TooMany,
}

impl ThemeError {
    /// Words for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Label => "请写名称, 最多 20 个字",
            Self::Item => "请选用哪个事项上报, 停用的不能选",
            Self::NoEnd => "不是常年的, 要写到哪天止",
            Self::Dates => "结束日期要在开始日期以后",
            Self::Area => "范围里有找不到的地方",
            Self::TooMany => "常年重点最多五项, 请先结束一项",
        }
    }
}

/// Where a theme stands on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ThemeState {
    /// On the phones' home.
    Runs,
    /// Its first day lies ahead.
    Ahead,
    /// Over.
    Over,
}

impl Campaign {
    /// Whether it says what it has to, whatever the list holds.
    ///
    /// # Errors
    /// [`ThemeError`] for its name, days or areas.
    pub fn sound(&self) -> Result<(), ThemeError> {
        if self.label.trim().is_empty() || self.label.chars().count() > MAX_LABEL {
            return Err(ThemeError::Label);
        }
        if self.to.is_none() && !self.standing {
            return Err(ThemeError::NoEnd);
        }
        if self.areas.iter().any(|area| AreaCode::parse(area).is_err()) {
            return Err(ThemeError::Area);
        }
        Ok(())
    }

    /// Whether it may be begun or changed like this on that day, beside what the list holds.
    ///
    /// # Errors
    /// [`ThemeError`].
    pub fn check(&self, catalogue: &Catalogue, today: NaiveDate) -> Result<(), ThemeError> {
        self.sound()?;
        // One that is over may end before it began: it was taken back on its first day.
        if self.from.zip(self.to).is_some_and(|(from, to)| to < from) {
            return Err(ThemeError::Dates);
        }
        if !catalogue.item(&self.item).is_some_and(|item| item.offered_on(today)) {
            return Err(ThemeError::Item);
        }
        let others = catalogue.campaigns.iter().filter(|held| held.standing && held.id != self.id).count();
        if self.standing && others >= MAX_STANDING {
            return Err(ThemeError::TooMany);
        }
        Ok(())
    }

    /// The same, over since the day before: it makes room for another and stays readable.
    #[must_use]
    pub fn ended(&self, today: NaiveDate) -> Self {
        Self { standing: false, to: today.pred_opt(), ..self.clone() }
    }

    /// What a revision of the package sets for it.
    pub fn change(&self) -> Values {
        [(format!("campaign/{}", self.id), serde_json::to_value(self).unwrap_or_default())].into()
    }

    /// Where it stands on that day.
    pub fn state(&self, today: NaiveDate) -> ThemeState {
        if self.to.map_or(!self.standing, |to| to < today) {
            ThemeState::Over
        } else if self.from.is_some_and(|from| today < from) {
            ThemeState::Ahead
        } else {
            ThemeState::Runs
        }
    }

    fn runs(&self, today: NaiveDate, area: &str) -> bool {
        self.state(today) == ThemeState::Runs
            && (self.areas.is_empty()
                || self.areas.iter().any(|held| covers(held, area) || covers(area, held)))
    }
}

impl Item {
    /// Whether it comes with the product and a township switches it on or off as it needs (domain data 4.3).
    pub fn is_carrier(&self) -> bool {
        self.group == CARRIER && self.status != Status::Retired
    }

    /// What a revision of the package sets to switch it on or off; records of it stay readable.
    pub fn switch(&self, on: bool) -> Values {
        let status = if on { Status::Active } else { Status::Off };
        let next = Self { status, ..self.clone() };
        [(format!("item/{}", self.id), serde_json::to_value(next).unwrap_or_default())].into()
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
