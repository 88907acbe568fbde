//! Area codes (TERR-01, TERR-03): digits whose prefixes are the ancestors.

pub mod card;
pub mod cut;
pub mod dual;
pub mod micro;
pub mod norm;
pub mod recut;
pub mod zone;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A step of the territory tree, from the whole county down to a micro-grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AreaLevel {
    /// 区县, 6 digits
    County,
    /// 镇街, 9 digits
    Township,
    /// 片, township + `P` + 2 digits; not an ancestor of its villages by prefix
    Zone,
    /// 村(社区), 12 digits
    Village,
    /// 组 or basic grid, 15 digits
    Group,
    /// 微网格, 17 digits
    MicroGrid,
}

impl AreaLevel {
    /// The word that people see.
    pub const fn label(self) -> &'static str {
        match self {
            Self::County => "区县",
            Self::Township => "镇街",
            Self::Zone => "片",
            Self::Village => "村(社区)",
            Self::Group => "组(网格)",
            Self::MicroGrid => "微网格",
        }
    }
}

/// What kind of grid a 15-digit code names (TERR-02), read from its last three digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GridKind {
    /// 属地网格, 001–799
    Basic,
    /// 专属网格, 800–899
    Dedicated,
    /// 线上网格, 900–999
    Online,
}

/// Why a text is not an area code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AreaCodeError {
    /// Not 6, 9, 12, 15 or 17 digits, nor a zone code.
    #[error("区域编码应为 6、9、12、15 或 17 位数字")]
    Shape,
    /// A part of the code is 000 or 00, or lies in a range that its level does not use.
    #[error("区域编码的某一段超出允许范围")]
    Range,
}

/// A checked area code. Codes are text: leading zeros belong to them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AreaCode(String);

impl AreaCode {
    /// Checks the shape and the ranges of a code (domain data 4.2.1).
    ///
    /// # Errors
    /// [`AreaCodeError`] names what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, AreaCodeError> {
        let digits = match text.split_once('P') {
            Some((township, zone)) if township.len() == 9 && zone.len() == 2 => format!("{township}{zone}"),
            Some(_) => return Err(AreaCodeError::Shape),
            None if matches!(text.len(), 6 | 9 | 12 | 15 | 17) => text.to_owned(),
            None => return Err(AreaCodeError::Shape),
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(AreaCodeError::Shape);
        }
        let part = |from: usize, to: usize| digits.get(from..to).and_then(|p| p.parse::<u16>().ok());
        let fits = text.as_bytes()[0] != b'0'
            && part(6, 9).is_none_or(|township| (1..=599).contains(&township))
            && (text.contains('P') || part(9, 12).is_none_or(|village| (1..=599).contains(&village)))
            && part(12, 15).is_none_or(|group| group >= 1)
            && part(15, 17).is_none_or(|micro| micro >= 1);
        if fits { Ok(Self(text.to_owned())) } else { Err(AreaCodeError::Range) }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which step of the tree this code names.
    pub fn level(&self) -> AreaLevel {
        match self.0.len() {
            6 => AreaLevel::County,
            9 => AreaLevel::Township,
            15 => AreaLevel::Group,
            17 => AreaLevel::MicroGrid,
            _ if self.0.contains('P') => AreaLevel::Zone,
            _ => AreaLevel::Village,
        }
    }

    /// The nearest ancestor by code; `None` for a county. A branch may skip levels, so the ancestor may be
    /// absent from the directory.
    pub fn parent(&self) -> Option<Self> {
        let keep = match self.level() {
            AreaLevel::County => return None,
            AreaLevel::Township => 6,
            AreaLevel::Zone | AreaLevel::Village => 9,
            AreaLevel::Group => 12,
            AreaLevel::MicroGrid => 15,
        };
        Some(Self(self.0[..keep].to_owned()))
    }

    /// The code cut to a level, when this code lies at or below it.
    pub fn at(&self, level: AreaLevel) -> Option<&str> {
        let keep = match level {
            AreaLevel::County => 6,
            AreaLevel::Township => 9,
            AreaLevel::Village => 12,
            AreaLevel::Group => 15,
            AreaLevel::MicroGrid => 17,
            AreaLevel::Zone => return (self.level() == AreaLevel::Zone).then_some(self.0.as_str()),
        };
        if self.level() == AreaLevel::Zone && keep > 9 {
            return None;
        }
        self.0.get(..keep)
    }

    /// Kind of grid, for codes of a group or basic grid and below (TERR-02).
    pub fn grid_kind(&self) -> Option<GridKind> {
        let group: u16 = self.at(AreaLevel::Group)?.get(12..15)?.parse().ok()?;
        Some(match group {
            0..=799 => GridKind::Basic,
            800..=899 => GridKind::Dedicated,
            _ => GridKind::Online,
        })
    }
}

impl TryFrom<String> for AreaCode {
    type Error = AreaCodeError;

    fn try_from(text: String) -> Result<Self, AreaCodeError> {
        Self::parse(&text)
    }
}

impl From<AreaCode> for String {
    fn from(code: AreaCode) -> Self {
        code.0
    }
}

/// The smallest area that covers all of these; `None` where there is none.
pub fn smallest(areas: &[String]) -> Option<String> {
    let mut code = AreaCode::parse(areas.first()?).ok().filter(|code| code.level() != AreaLevel::Zone);
    while let Some(held) = code {
        if areas.iter().all(|area| covers(held.as_str(), area)) {
            return Some(held.as_str().to_owned());
        }
        code = held.parent();
    }
    None
}

/// True when `code` is `prefix` or lies under it. An empty prefix covers the tenant. A prefix only counts at
/// a step of the code, so `5100001002` covers nothing.
pub fn covers(prefix: &str, code: &str) -> bool {
    matches!(prefix.len(), 0 | 6 | 9 | 12 | 15 | 17) && code.starts_with(prefix)
}

/// The grid that a place lies in: its code as far as the group or basic grid, the whole of it for what lies above.
pub fn grid_of(area: &str) -> &str {
    area.get(..15).unwrap_or(area)
}

/// The village that a place lies in: its code as far as the village, the whole of it for what lies above.
pub fn village_of(area: &str) -> &str {
    area.get(..12).unwrap_or(area)
}

/// Whether a code is that of a grid, or of less than one: where a single person goes.
pub const fn within_grid(area: &str) -> bool {
    area.len() >= 15
}

/// Whether a code is that of a grid under this village: a group or basic grid, no micro-grid.
pub fn is_grid_of(village: &str, code: &str) -> bool {
    AreaCode::parse(code).is_ok_and(|code| code.level() == AreaLevel::Group) && covers(village, code)
}

/// A node of the tree as the directory holds it, with its life span (TERR-03).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaNode {
    /// Its code, never reused.
    pub code: String,
    /// Full name.
    pub name: String,
    /// First day on which the node exists; `None` = since ever.
    pub valid_from: Option<NaiveDate>,
    /// Last day on which the node exists; `None` = still there.
    pub valid_to: Option<NaiveDate>,
    /// Codes of the nodes that follow after a merge or split.
    pub successors: Vec<String>,
}

impl AreaNode {
    /// True when the node exists on that day. Old records keep pointing at nodes that have ended.
    pub fn valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn levels_and_parents() {
        let code = AreaCode::parse("51000010020100302").unwrap();
        assert_eq!(code.level(), AreaLevel::MicroGrid);
        let chain: Vec<_> = std::iter::successors(Some(code), AreaCode::parent).map(|c| c.level()).collect();
        assert_eq!(
            chain,
            [
                AreaLevel::MicroGrid,
                AreaLevel::Group,
                AreaLevel::Village,
                AreaLevel::Township,
                AreaLevel::County
            ]
        );
    }

    #[test]
    fn zones_hang_under_their_township() {
        let zone = AreaCode::parse("510000100P02").unwrap();
        assert_eq!(zone.level(), AreaLevel::Zone);
        assert_eq!(zone.parent().unwrap().as_str(), "510000100");
        assert_eq!(zone.at(AreaLevel::Village), None);
    }

    #[test]
    fn bad_codes_are_named() {
        assert_eq!(AreaCode::parse("51000010"), Err(AreaCodeError::Shape));
        assert_eq!(AreaCode::parse("5100001002O1"), Err(AreaCodeError::Shape));
        assert_eq!(AreaCode::parse("510000100999"), Err(AreaCodeError::Range));
        assert_eq!(AreaCode::parse("510000000"), Err(AreaCodeError::Range));
        assert_eq!(AreaCode::parse("510000100201000"), Err(AreaCodeError::Range));
        assert_eq!(AreaCode::parse("一二三四五六"), Err(AreaCodeError::Shape));
    }

    #[test]
    fn grid_kind_comes_from_the_group_part() {
        let kind = |text| AreaCode::parse(text).unwrap().grid_kind();
        assert_eq!(kind("510000100201001"), Some(GridKind::Basic));
        assert_eq!(kind("510000100201801"), Some(GridKind::Dedicated));
        assert_eq!(kind("510000100201901"), Some(GridKind::Online));
        assert_eq!(kind("510000100201"), None);
    }

    #[test]
    fn prefixes_count_at_steps_only() {
        assert!(covers("510000100", "510000100201003"));
        assert!(covers("", "510000100201003"));
        assert!(!covers("5100001002", "510000100201003"));
        assert!(!covers("510000100202", "510000100201003"));
    }

    #[test]
    fn a_node_ends() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 5, d).unwrap();
        let node = AreaNode {
            code: "510000100201".into(),
            name: "柳溪村".into(),
            valid_from: Some(day(2)),
            valid_to: Some(day(4)),
            successors: vec![],
        };
        assert_eq!([1, 2, 4, 5].map(|d| node.valid_on(day(d))), [false, true, true, false]);
    }
}
