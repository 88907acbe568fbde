//! What can go wrong with a request to a share, and what the engine hears of it.

use super::{Lost, RawResponse};
use crate::engine::Response;

/// See the module's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// No answer.
    Lost,
    /// Our own finding, or the server's status.
    Status { status: u16, code: &'static str, retry_after_ms: Option<u64> },
}

pub(super) type Answer<T> = Result<T, Fault>;

/// Everything the device wrote must be sent once more.
pub(super) const HISTORY: Fault = Fault::own(409, "history");

impl Fault {
    pub(super) const fn own(status: u16, code: &'static str) -> Self {
        Self::Status { status, code, retry_after_ms: None }
    }

    /// From an answer that was not the one hoped for.
    pub(super) fn of(response: &RawResponse) -> Self {
        let retry_after_ms =
            response.header("retry-after").and_then(|text| text.trim().parse::<u64>().ok()).map(|s| s * 1000);
        let status = match response.status {
            // These would say something to the engine that the share's server did not mean.
            409 | 410 | 413 | 422 | 426 => 502,
            // A success, or a redirect, of another kind than what was asked for.
            status if status < 400 => 502,
            status => status,
        };
        Self::Status { status, code: "share", retry_after_ms }
    }

    pub(super) fn status(self) -> Option<u16> {
        match self {
            Self::Lost => None,
            Self::Status { status, .. } => Some(status),
        }
    }
}

impl From<Lost> for Fault {
    fn from(Lost: Lost) -> Self {
        Self::Lost
    }
}

impl From<Fault> for Response {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Lost => Self::Lost,
            Fault::Status { status, code, retry_after_ms } => {
                Self::Failed { status, code: code.to_owned(), retry_after_ms }
            }
        }
    }
}
