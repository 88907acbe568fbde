//! Photos and recordings between two backends: after the text, one by one, verified by their names. One that has not
//! come yet is looked for again, ever more seldom: its author may send it weeks later.

use serde::{Deserialize, Serialize};

use super::Position;
use crate::driver::Http;
use crate::engine::{Request, Response};
use crate::env::Env;
use crate::relay::{Broken, Tally, broken};
use crate::share::{Share, Wire, names};

/// First pause before a photo is looked for again, in milliseconds; it doubles.
const PAUSE_MS: u64 = 60_000;
/// Longest pause: a day has four looks.
const LONGEST_MS: u64 = 6 * 60 * 60 * 1000;
/// So often a backend may refuse a photo until it is let be: its record was not taken there.
const REFUSALS: u32 = 10;

/// When a photo is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Due {
    /// Looks in vain.
    looks: u32,
    /// Answers that refused it.
    refused: u32,
    /// Not before, milliseconds since 1970.
    at: u64,
}

impl Due {
    fn later(&mut self, now_ms: u64) {
        self.at = now_ms + PAUSE_MS.saturating_mul(1 << self.looks.min(9)).min(LONGEST_MS);
        self.looks = self.looks.saturating_add(1);
    }
}

/// A backend that gives the bytes of photos, too.
#[allow(async_fn_in_trait)]
pub trait Gives: Http {
    /// Bytes of a file; `None` when it is not there (yet).
    ///
    /// # Errors
    /// [`Broken`].
    async fn blob(&self, sha256: &str) -> Result<Option<Vec<u8>>, Broken>;
}

impl<W: Wire, E: Env> Gives for Share<W, E> {
    async fn blob(&self, sha256: &str) -> Result<Option<Vec<u8>>, Broken> {
        Self::blob(self, sha256).await.map_err(|response| broken(&response))
    }
}

/// Carries the photos that are due from one backend to another.
///
/// # Errors
/// [`Broken`]; what arrived has arrived.
pub async fn carry_photos(
    from: &impl Gives,
    to: &impl Http,
    now_ms: u64,
    position: &mut Position,
    tally: &mut Tally,
) -> Result<(), Broken> {
    let due: Vec<String> =
        position.photos.iter().filter(|(_, due)| due.at <= now_ms).map(|(name, _)| name.clone()).collect();
    for sha256 in due {
        let bytes = from.blob(&sha256).await?.filter(|bytes| names::sha256(bytes) == sha256);
        let Some(due) = position.photos.get_mut(&sha256) else { continue };
        let Some(bytes) = bytes else {
            due.later(now_ms);
            continue;
        };
        match to.send(&Request::PutBlob { sha256: sha256.clone() }, Some(bytes)).await {
            Response::Blob => {
                tally.photos += 1;
                position.photos.remove(&sha256);
            }
            // Its operation was not taken, or not yet.
            Response::Failed { status: 400 | 403 | 404 | 413 | 422, .. } => {
                due.refused += 1;
                due.later(now_ms);
                if due.refused >= REFUSALS {
                    position.photos.remove(&sha256);
                }
                tally.photos_refused += 1;
            }
            other => return Err(broken(&other)),
        }
    }
    Ok(())
}
