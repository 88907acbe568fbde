//! What can go wrong with a request to a share, and what the engine hears of it.

use super::{Lost, RawResponse, SESSION_ENDED};
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

/// Code of an answer that refuses the account or its password.
pub(crate) const PASSWORD: &str = "password";

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
            // A share's password is no session: it is mended where the share was chosen, not by signing in.
            401 | 407 => return Self::Status { status: 403, code: PASSWORD, retry_after_ms },
            SESSION_ENDED => 401,
            // A success, or a redirect, of another kind than what was asked for.
            status if status < 400 => 502,
            status => status,
        };
        Self::Status { status, code: "share", retry_after_ms }
    }

    /// Whether it is about what was asked for, and not about the account, the moment or the line: then others go.
    pub(super) fn is_of_this_one(self) -> bool {
        match self {
            Self::Lost => false,
            Self::Status { status, code, .. } => {
                code != PASSWORD && !matches!(status, 401 | 423 | 429 | 503 | 507)
            }
        }
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

#[cfg(test)]
mod tests {
    use super::super::{RawResponse, SESSION_ENDED};
    use super::Fault;

    #[test]
    fn a_shares_password_is_no_session_but_the_relays_session_is() {
        let heard = |status| Fault::of(&RawResponse { status, ..RawResponse::default() }).status();
        assert_eq!(heard(401), Some(403), "mended where the share was chosen");
        assert_eq!(heard(SESSION_ENDED), Some(401), "mended by signing in");
        assert_eq!(heard(412), Some(412));
    }
}
