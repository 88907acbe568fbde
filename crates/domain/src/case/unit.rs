//! What a case was to the units that had it: given, returned, done, rated (domain data 4.14.1). Each step belongs to the
//! unit that had the case then, not to the one that has it now.

/// A step of a case with a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitStep {
    /// Dispatched to it.
    Given,
    /// It gave the case back (退件).
    Returned,
    /// It reported that it is done.
    Done,
    /// The call-back sent it back (重办).
    Redo,
    /// It was closed without a call-back.
    Waived,
    /// Somebody rated it; true = satisfied or very satisfied.
    Rated(bool),
}

/// A step with its unit and its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithUnit {
    /// Code of the lead unit at that time.
    pub unit: String,
    /// When, milliseconds since 1970.
    pub at: u64,
    /// What.
    pub step: UnitStep,
}

/// Whether a rating counts as satisfied.
pub fn is_satisfied(rating: &str) -> bool {
    matches!(rating, "very_satisfied" | "satisfied")
}
