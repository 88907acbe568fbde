//! The list of checks.

use std::future::Future;
use std::pin::Pin;

use crate::bench::Bench;
use crate::report::Finding;
use crate::{level0, level1, level2};

/// What the contract demands in one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Stable name, for people who talk about a result.
    pub id: &'static str,
    /// Level of the contract.
    pub level: u8,
    /// The demand in one Chinese sentence.
    pub text: &'static str,
    /// Whether checking it stores something.
    pub writes: bool,
}

/// Why a check did not pass.
pub(crate) enum Stop {
    /// The server does otherwise.
    Broken(Finding),
    /// It could not be found out.
    Unchecked(String),
}

/// How a check went.
pub(crate) type Done<T = ()> = Result<T, Stop>;
/// A check at work.
pub(crate) type Running<'a> = Pin<Box<dyn Future<Output = Done> + Send + 'a>>;

/// A demand, and how to find out.
pub(crate) struct Check {
    pub(crate) demand: Demand,
    pub(crate) run: for<'a> fn(&'a mut Bench) -> Running<'a>,
}

/// `reads` and `writes` say whether the check stores something.
macro_rules! checks {
    ($level:literal: $($id:literal $kind:ident $run:path, $text:literal;)*) => {
        pub(crate) const CHECKS: &[$crate::check::Check] = &[$($crate::check::Check {
            demand: $crate::check::Demand {
                id: $id,
                level: $level,
                text: $text,
                writes: $crate::check::$kind,
            },
            run: |bench| Box::pin($run(bench)),
        }),*];
    };
}
pub(crate) use checks;

#[allow(non_upper_case_globals)]
pub(crate) const reads: bool = false;
#[allow(non_upper_case_globals)]
pub(crate) const writes: bool = true;

pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    level0::all().chain(level1::all()).chain(level2::CHECKS)
}

/// Everything that the suite demands, in the order it is checked.
pub fn demands() -> impl Iterator<Item = Demand> {
    all().map(|check| check.demand)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::demands;

    #[test]
    fn every_demand_has_a_name_of_its_own_and_says_what_it_wants() {
        let mut names = BTreeSet::new();
        let mut level = 0;
        for demand in demands() {
            assert!(names.insert(demand.id), "{} twice", demand.id);
            assert!(demand.text.chars().any(|c| ('\u{4e00}'..='\u{9fff}').contains(&c)), "{}", demand.id);
            assert!(demand.level >= level, "{} is out of order", demand.id);
            level = demand.level;
        }
        assert!(names.len() > 40);
    }
}
