//! Faults that somebody marked on a case, and what became of them (FLOW-10): who is marked can contest, somebody else
//! decides, and all of it stays in the history.

/// A marked fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultMark {
    /// An id of the dictionary `fault_kind`.
    pub kind: String,
    /// The unit that had the case.
    pub unit: Option<String>,
    /// The person who had it.
    pub handler: Option<String>,
    /// Who marked it.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// How often the case had been given to somebody by then: a later dispatch can have the same fault again.
    pub given: u32,
    /// The objection.
    pub contest: Option<Contest>,
}

/// An objection to a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contest {
    /// Who objects.
    pub by: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The decision; `None` while nobody has decided.
    pub upheld: Option<bool>,
}

impl FaultMark {
    /// Whether it counts in figures: contested ones do not until they are upheld (domain data 4.14.1).
    pub fn counts(&self) -> bool {
        self.contest.as_ref().is_none_or(|contest| contest.upheld == Some(true))
    }
}
