//! The server's end of the socket.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::sync::watch;

use super::line::{ACCOUNT, ASIDE, Line, OPEN, SHUT, reason};
use crate::serving::Serving;

/// Longest silence of whoever comes in, before a word and after the server has stepped aside. Whoever is at work then
/// holds the database's lock, and the server waits for that one.
const SILENCE: Duration = Duration::from_secs(10);
/// How soon a database that does not open is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// The socket; its file goes with it.
pub(crate) struct Door {
    listener: UnixListener,
    path: PathBuf,
    /// The account that this server runs under.
    owner: u32,
}

impl Drop for Door {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Listens at `path`. Without a socket everything works but a restore under way, which says so: this fails with words
/// in the log.
pub(crate) async fn open(path: &Path) -> Option<Door> {
    match Line::to(path).await {
        Ok(None) => {}
        Ok(Some(_)) | Err(_) => {
            tracing::warn!(
                "another server listens beside these data; a restore will ask that one to step aside"
            );
            return None;
        }
    }
    let opened = || -> std::io::Result<Door> {
        // What a killed server left: nobody listens.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Door { listener, path: path.to_path_buf(), owner: std::fs::symlink_metadata(path)?.uid() })
    };
    opened()
        .inspect_err(
            |error| tracing::warn!(%error, "no socket beside the data; a restore needs this server stopped"),
        )
        .ok()
}

impl Door {
    /// Lets one after the other in, until the server stops.
    pub(crate) async fn keep(self, serving: Arc<Serving>, mut stopping: watch::Receiver<bool>) {
        loop {
            let stop = async {
                let _ = stopping.wait_for(|stopping| *stopping).await;
            };
            tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => self.let_in(Line::of(stream), &serving, stopping.clone()).await,
                    // Out of files, most likely: not asked again at once.
                    Err(_) => tokio::time::sleep(AGAIN).await,
                },
                () = stop => return,
            }
        }
    }

    async fn let_in(&self, mut line: Line, serving: &Serving, mut stopping: watch::Receiver<bool>) {
        if line.account() != Some(self.owner) {
            line.say(ACCOUNT).await;
            return;
        }
        let Some(asked) = line.hear(SILENCE).await else { return };
        let Some(history) = serving.history().await else { return };
        match reason(&asked, &history) {
            None => return,
            Some(Err(reason)) => {
                line.say(reason).await;
                return;
            }
            Some(Ok(())) => {}
        }
        tracing::info!("stepping aside for a restore");
        serving.close().await;
        let gone = async {
            if line.say(ASIDE).await {
                line.hear(SILENCE).await;
            }
            let mut told = false;
            loop {
                match serving.open().await {
                    Ok(()) => break,
                    Err(error) => tracing::error!(%error, "the database does not open; trying again"),
                }
                if !told {
                    told = true;
                    line.say(SHUT).await;
                }
                tokio::time::sleep(AGAIN).await;
            }
            tracing::info!("back");
            line.say(OPEN).await;
        };
        let stop = async {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        tokio::select! {
            () = gone => {}
            () = stop => {}
        }
    }
}
