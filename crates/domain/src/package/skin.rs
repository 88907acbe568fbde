//! What a township calls the way of a case (FLOW-01): words beside the one state machine, never a rule.

use serde::{Deserialize, Serialize};

use super::Package;
use crate::case::CaseView;
use crate::workflow::{STAYS, Transition};

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

impl Skin {
    /// The place of the step that a state stands for; `None` where the case has left the way (merged, transferred …).
    pub fn place(&self, state: &str) -> Option<usize> {
        self.steps.iter().position(|step| step.states.iter().any(|held| held == state))
    }

    /// The word for a state.
    pub fn word(&self, state: &str) -> Option<&str> {
        self.steps.get(self.place(state)?).map(|step| step.label.as_str())
    }

    /// The word for a step that is taken; notes beside the way have none.
    pub fn word_of(&self, step: &Transition) -> Option<&str> {
        self.word(&step.to).filter(|_| step.to != STAYS && step.skin.is_some())
    }
}

impl Package {
    /// The way of a case: its item's own, else the township's; `None` for what is no case (FLOW-01).
    pub fn skin_of(&self, case: &CaseView) -> Option<&Skin> {
        let item = self.catalogue.get().item_of(case.form.as_deref().unwrap_or_default(), &case.values);
        let own = item.and_then(|item| item.skin.as_ref());
        let own = own.and_then(|id| self.skins.iter().find(|skin| skin.id == *id));
        own.or_else(|| self.skin()).filter(|_| case.kind.is_case())
    }

    /// The way that this township chose; the first one where it chose none.
    pub fn skin(&self) -> Option<&Skin> {
        self.skins.iter().find(|skin| skin.id == self.skin).or_else(|| self.skins.first())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;
    use crate::case::story::Story;
    use crate::form::Values;
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
        let word = |package: &Package, state: &str| package.skin().unwrap().word(state).map(str::to_owned);
        assert_eq!((word(&package, "in_progress").as_deref(), word(&package, "merged")), (Some("办"), None));
        package.skin = "order_claim_rate".to_owned();
        assert_eq!(word(&package, "in_progress").as_deref(), Some("接单"));
        assert_eq!(package.flows, Package::builtin().flows);
        package.skin = "unknown".to_owned();
        assert_eq!(package.skin().unwrap().id, "six");
    }

    #[test]
    fn an_item_has_its_own_way_whatever_the_township_chose() {
        let mut package = Package::builtin().clone();
        package.skin = "five_loop".to_owned();
        let case = Story::hazard("yellow").view();
        let way = |package: &Package, case: &CaseView| package.skin_of(case).map(|skin| skin.id.clone());
        assert_eq!(way(&package, &case).as_deref(), Some("five_loop"));
        let named = |item: &str| {
            let values = Values::from([("item".to_owned(), serde_json::json!(item))]);
            CaseView { kind: RecordKind::Matter, form: Some("F-MATTER/1".to_owned()), values, ..case.clone() }
        };
        assert_eq!(way(&package, &named("ceremony")).as_deref(), Some("ceremony"));
        assert_eq!(way(&package, &named("deliberation")).as_deref(), Some("deliberation"));
        let visit = CaseView { kind: RecordKind::Visit, ..case.clone() };
        assert_eq!(way(&package, &visit), None);
        // One that names a way which nobody knows has the township's, and the package says so.
        package.catalogue.get_mut().items.iter_mut().find(|item| item.id == "ceremony").unwrap().skin =
            Some("unknown".to_owned());
        assert_eq!(way(&package, &named("ceremony")).as_deref(), Some("five_loop"));
        assert!(package.faults().iter().any(|fault| fault.contains("unknown skin")));
        let flow = package.flow(RecordKind::Hazard).unwrap();
        let skin = package.skin_of(&case).unwrap();
        let word = |action: &str, from: &str| skin.word_of(flow.transition(action, from).unwrap());
        assert_eq!(word("register", "submitted"), Some("网上分级分流"));
        assert_eq!((word("comment", "registered"), word("merge", "registered")), (None, None));
        assert_eq!((skin.place("closed"), skin.place("merged")), (Some(4), None));
    }
}
