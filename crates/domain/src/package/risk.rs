//! Risk level of disputes from a checklist (MED-13): points and thresholds are data.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Package;

/// A level with what reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RiskRule {
    /// The level.
    pub level: String,
    /// Reached with this many points in all.
    pub min_points: u32,
    /// Or with one item of this many points.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_item: Option<u32>,
    /// What follows, in words.
    pub effect: String,
    /// Who is told the same day, as `risk_body`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<String>,
    /// Within how many days the parties are spoken to again; `None` = nobody has to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_days: Option<u32>,
}

impl Package {
    /// Points and suggested level of the items ticked. Of items with the same parent only the heaviest counts.
    /// Unknown items count nothing. A person may raise the level; lowering it is up to a mediation head.
    pub fn risk_level<'a>(&'a self, ticked: &[&str]) -> (u32, Option<&'a RiskRule>) {
        let mut groups: BTreeMap<&str, u32> = BTreeMap::new();
        for choice in ticked.iter().filter_map(|id| self.choice("risk_item", id)) {
            let heaviest = groups.entry(choice.parent.as_deref().unwrap_or(&choice.id)).or_default();
            *heaviest = choice.points.max(*heaviest);
        }
        let points = groups.values().sum();
        let rule = self.risk.iter().find(|rule| {
            points >= rule.min_points
                || rule.single_item.is_some_and(|single| groups.values().any(|item| *item >= single))
        });
        (points, rule)
    }
}

#[cfg(test)]
mod tests {
    use super::Package;

    #[test]
    fn thresholds() {
        let level = |ticked: &[&str]| {
            let (points, rule) = Package::builtin().risk_level(ticked);
            (points, rule.map_or("", |rule| rule.level.as_str()))
        };
        assert_eq!(level(&[]), (0, "blue"));
        assert_eq!(level(&["media"]), (2, "blue"));
        assert_eq!(level(&["violence_threat"]), (3, "yellow"));
        assert_eq!(level(&["violence_threat", "vulnerable"]), (5, "orange"));
        assert_eq!(level(&["suicide"]), (5, "red"));
        assert_eq!(level(&["violence_threat", "previous_violence", "media"]), (8, "red"));
        assert_eq!(level(&["people_5", "people_30"]), (4, "yellow"));
        assert_eq!(level(&["no_such_item"]), (0, "blue"));
    }
}
