//! Photos and recordings between two backends: after the text, one by one, verified by their names. One that has not
//! come yet is looked for again, ever more seldom: its author may send it weeks later.

use super::{Position, Tally};
use crate::driver::Http;
use crate::engine::{Request, Response};
use crate::env::Env;
use crate::relay::{Broken, broken};
use crate::share::{Share, Wire, names};

/// So many failures one after another are no matter of single photos: the rest waits for the next round.
const FAILURES: u32 = 3;

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

/// What became of a photo.
enum Went {
    /// Stored now.
    Over,
    /// There already, or it never can be taken.
    Done(bool),
    /// Not here yet.
    Absent,
    /// Its operation was not taken, or not yet.
    Refused,
}

/// Carries the photos that are due from one backend to another. One that fails does not keep the others.
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
        position.photos.iter().filter(|(_, due)| due.is_due(now_ms)).map(|(name, _)| name.clone()).collect();
    let (mut last, mut failures) = (Ok(()), 0);
    for sha256 in due {
        let went = carry_photo(from, to, &sha256).await;
        let Some(due) = position.photos.get_mut(&sha256) else { continue };
        failures = if went.is_err() { failures + 1 } else { 0 };
        match went {
            Ok(Went::Over) => tally.photos += 1,
            Ok(Went::Done(there)) => tally.photos_refused += usize::from(!there && !due.told),
            Ok(Went::Absent) => due.later(now_ms),
            Ok(Went::Refused) => {
                tally.photos_refused += usize::from(!std::mem::replace(&mut due.told, true));
                due.later(now_ms);
            }
            Err(error @ Broken::Backend(_)) => {
                due.later(now_ms);
                last = Err(error);
            }
            Err(error) => return Err(error),
        }
        if matches!(went, Ok(Went::Over | Went::Done(_))) {
            position.photos.remove(&sha256);
        }
        if failures == FAILURES {
            break;
        }
    }
    last
}

async fn carry_photo(from: &impl Gives, to: &impl Http, sha256: &str) -> Result<Went, Broken> {
    // Whom its author told of it may have it already.
    match to.send(&Request::AskBlob { sha256: sha256.to_owned() }, None).await {
        Response::Blob => return Ok(Went::Done(true)),
        other @ (Response::Lost | Response::Failed { status: 401, .. }) => return Err(broken(&other)),
        _ => {}
    }
    let Some(bytes) = from.blob(sha256).await?.filter(|bytes| names::sha256(bytes) == sha256) else {
        return Ok(Went::Absent);
    };
    match to.send(&Request::PutBlob { sha256: sha256.to_owned() }, Some(bytes)).await {
        Response::Blob => Ok(Went::Over),
        // Too large, or none that it takes: that stays so.
        Response::Failed { status: 413 | 422, .. } => Ok(Went::Done(false)),
        Response::Failed { status: 400 | 403 | 404, .. } => Ok(Went::Refused),
        other => Err(broken(&other)),
    }
}
