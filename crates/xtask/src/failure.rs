//! Why a command stopped, in a sentence for the person at the terminal.

use std::fmt;
use std::path::Path;

/// What every step of a command returns.
pub(crate) type Outcome = Result<(), Failure>;

/// A sentence; nothing above the command line decides anything by it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What went wrong already stands on the screen, and its last line must stay the last.
    pub(crate) fn told() -> Self {
        Self(String::new())
    }

    /// Whether there is nothing left to say.
    pub(crate) fn is_told(&self) -> bool {
        self.0.is_empty()
    }

    /// An I/O failure, with the file it happened on.
    pub(crate) fn file(path: &Path, error: &std::io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
