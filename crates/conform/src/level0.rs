//! Level 0: a log that keeps what it is given and gives it back.

mod caps;
mod malformed;
mod pull;
mod push;
mod race;

use crate::check::Check;

/// In the order they are made: what stores nothing comes first.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    caps::CHECKS.iter().chain(malformed::CHECKS).chain(push::CHECKS).chain(pull::CHECKS).chain(race::CHECKS)
}
