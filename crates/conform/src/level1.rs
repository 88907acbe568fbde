//! Level 1: accounts, rights for each record, an authority, files.
mod authority;
mod authors;
pub(crate) mod blobs;
mod history;
mod rights;
mod session;

use crate::check::Check;

/// In the order they are made.
pub(crate) fn all() -> impl Iterator<Item = &'static Check> {
    session::CHECKS
        .iter()
        .chain(history::CHECKS)
        .chain(authors::CHECKS)
        .chain(authority::CHECKS)
        .chain(rights::CHECKS)
        .chain(blobs::CHECKS)
}
