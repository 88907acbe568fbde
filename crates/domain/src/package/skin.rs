//! What a township calls the way of a case (FLOW-01): words beside the one state machine, never a rule.

use serde::{Deserialize, Serialize};

use super::Package;

/// A named way, in steps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skin {
    /// Stable identifier.
    pub id: String,
    /// What people call it: 收报录转办反销, 五步闭环 …
    pub label: String,
    /// Its steps in order.
    pub steps: Vec<SkinStep>,
}

/// A step of a named way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkinStep {
    /// Its word.
    pub label: String,
    /// States of the case that it stands for.
    pub states: Vec<String>,
}

impl Package {
    /// The way that this township chose; the first one where it chose none.
    pub fn skin(&self) -> Option<&Skin> {
        self.skins.iter().find(|skin| skin.id == self.skin).or_else(|| self.skins.first())
    }

    /// The word of the township's way for a state; `None` where the case has left the way (merged, transferred …).
    pub fn skin_word(&self, state: &str) -> Option<&str> {
        let holds = |step: &&SkinStep| step.states.iter().any(|held| held == state);
        self.skin()?.steps.iter().find(holds).map(|step| step.label.as_str())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;
    use crate::record::RecordKind;

    #[test]
    fn each_way_has_a_word_for_every_state_on_the_way() {
        let package = Package::builtin();
        let flow = package.flow(RecordKind::Hazard).unwrap();
        assert_eq!(package.skins.len(), 7);
        for skin in &package.skins {
            let held: Vec<&str> =
                skin.steps.iter().flat_map(|step| &step.states).map(String::as_str).collect();
            let known: BTreeSet<&str> = held.iter().copied().collect();
            assert_eq!(known.len(), held.len(), "{}: one word a state", skin.id);
            for state in &flow.states {
                let on_the_way = state.id == "closed" || !state.terminal;
                assert_eq!(known.contains(state.id.as_str()), on_the_way, "{} {}", skin.id, state.id);
            }
        }
    }

    #[test]
    fn a_township_chooses_words_and_nothing_else() {
        let mut package = Package::builtin().clone();
        assert_eq!((package.skin_word("in_progress"), package.skin_word("merged")), (Some("办"), None));
        package.skin = "order_claim_rate".to_owned();
        assert_eq!(package.skin_word("in_progress"), Some("接单"));
        assert_eq!(package.flows, Package::builtin().flows);
        package.skin = "unknown".to_owned();
        assert_eq!(package.skin().unwrap().id, "six");
    }
}
