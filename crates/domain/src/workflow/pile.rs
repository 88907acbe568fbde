//! Under which heading of a queue a matter stands: the way of a case, state by state.

/// A heading of the queue that stands for states.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pile {
    /// To be registered.
    Submitted,
    /// To be dispatched.
    Registered,
    /// To be claimed by a unit.
    Dispatched,
    /// With somebody, whoever it is: the state itself stands in the row.
    InProgress,
    /// To be fed back.
    Done,
    /// To be called back.
    FedBack,
    /// Sent back by the call-back.
    Redo,
    /// The reporter was asked for more.
    Supplement,
    /// Nothing more is expected.
    Closed,
    /// Visits.
    Visited,
}

impl Pile {
    /// The heading of a state; none for what is no case and no visit, which stands among all of them only.
    pub fn of(state: &str) -> Option<Self> {
        Some(match state {
            "submitted" => Self::Submitted,
            "registered" => Self::Registered,
            "dispatched" => Self::Dispatched,
            "claimed" | "in_progress" | "joint" | "paused" | "escalated" => Self::InProgress,
            "done" => Self::Done,
            "fed_back" | "callback" => Self::FedBack,
            "redo" => Self::Redo,
            "supplement" => Self::Supplement,
            "closed" | "refused" | "withdrawn" | "merged" | "transferred" | "voided" => Self::Closed,
            "visited" => Self::Visited,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::confidential::apart::AWAY;
    use crate::package::Package;
    use crate::record::RecordKind;

    #[test]
    fn every_state_of_a_case_and_of_a_visit_stands_under_a_heading_of_the_queue() {
        let package = Package::builtin();
        let kinds = RecordKind::ALL.into_iter().filter(|kind| kind.is_case() || *kind == RecordKind::Visit);
        let mut seen = 0;
        for flow in kinds.filter_map(|kind| package.flow(kind)) {
            // A draft is no record yet, and what went out of sight is in no list.
            for state in flow.states.iter().filter(|state| !["draft", AWAY].contains(&state.id.as_str())) {
                let pile = Pile::of(&state.id);
                assert!(pile.is_some(), "{}", state.id);
                let over = matches!(pile, Some(Pile::Closed | Pile::Visited));
                assert_eq!(over, state.terminal, "{}", state.id);
                seen += 1;
            }
        }
        assert!(seen > 50, "three kinds of cases and the visit: {seen}");
    }
}
