//! How a command on the same machine asks a running server to step aside: a socket in the data folder that only the
//! server's own account can use; nothing of it is reachable from the network.
//!
//! The command says which history it means to replace and which tables it knows; the server finishes what it is doing,
//! closes its database, says so, and opens again when the command has said that it is done, has gone, or has been silent
//! for too long. That nobody opens data while they are being changed follows from the database's own lock
//! ([`crate::keep::Claim`], PostgreSQL's advisory lock), not from anything that is said here.

use std::path::Path;

use crate::keep::{KeepError, Server};

#[cfg(unix)]
mod door;
#[cfg(unix)]
mod line;

#[cfg(unix)]
pub(crate) use door::open;

/// A server that has stepped aside.
#[cfg(unix)]
pub type Aside = line::Line;
/// A server that has stepped aside; there is none here.
#[cfg(not(unix))]
pub type Aside = std::convert::Infallible;

/// Whether somebody listens.
///
/// # Errors
/// [`KeepError::Running`] when somebody does whom this account may not ask.
pub(crate) async fn listens(socket: Option<&Path>) -> Result<bool, KeepError> {
    #[cfg(unix)]
    if let Some(socket) = socket {
        return Ok(line::Line::to(socket).await?.is_some());
    }
    let _ = socket;
    Ok(false)
}

/// Asks the server at `socket` to step aside from the data of that history; `None` when none listens.
///
/// # Errors
/// [`KeepError::Refused`] with its reason.
pub(crate) async fn ask(socket: Option<&Path>, history: &str) -> Result<Option<Aside>, KeepError> {
    #[cfg(unix)]
    if let Some(socket) = socket
        && let Some(line) = line::Line::to(socket).await?
    {
        return line.aside(history).await.map(Some);
    }
    let _ = (socket, history);
    Ok(None)
}

/// Tells it to go on; how it is.
pub(crate) async fn back(aside: Option<Aside>) -> Server {
    match aside {
        None => Server::Stopped,
        #[cfg(unix)]
        Some(line) => line.back().await,
        #[cfg(not(unix))]
        Some(never) => match never {},
    }
}
