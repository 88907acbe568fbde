//! What is said on the socket: a line there, a line back, twice.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::db;
use crate::keep::{KeepError, Server};

/// Longest line.
const LONGEST: usize = 128;
/// Longest wait for an answer: the server may have much to finish.
const PATIENCE: Duration = Duration::from_secs(180);

/// First words of a command; the tables and the history follow.
const ASK: &str = "gridbook aside";
/// The server has closed its database.
pub(super) const ASIDE: &str = "aside";
/// The server is back.
pub(super) const OPEN: &str = "open";
/// The server could not open again.
pub(super) const SHUT: &str = "shut";
/// Reasons of the server, and what they mean to whoever asked.
pub(super) const ACCOUNT: &str = "account";
pub(super) const TABLES: &str = "tables";
pub(super) const HISTORY: &str = "history";
const REASONS: [(&str, &str); 3] = [
    (ACCOUNT, "请用运行服务的账号运行这个命令(sudo -u 那个账号)"),
    (TABLES, "它和这个命令不是同一个版本,请先重启服务再恢复"),
    (HISTORY, "它用的不是这个数据库,请核对 --data 和 --database"),
];

/// One end of the socket.
#[derive(Debug)]
pub struct Line(UnixStream);

impl Line {
    pub(super) fn of(stream: UnixStream) -> Self {
        Self(stream)
    }

    /// Who is at the other end, by the system's word.
    pub(super) fn account(&self) -> Option<u32> {
        self.0.peer_cred().ok().map(|peer| peer.uid())
    }

    /// Calls; `None` when nobody listens.
    pub(super) async fn to(socket: &Path) -> Result<Option<Self>, KeepError> {
        match UnixStream::connect(socket).await {
            Ok(stream) => Ok(Some(Self(stream))),
            Err(error) if [ErrorKind::NotFound, ErrorKind::ConnectionRefused].contains(&error.kind()) => {
                Ok(None)
            }
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(KeepError::Running),
            // A path too long for a socket: nobody listens there either.
            Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(None),
            Err(error) => Err(KeepError::File(socket.to_path_buf(), error)),
        }
    }

    /// Asks for the data of that history.
    pub(super) async fn aside(mut self, history: &str) -> Result<Self, KeepError> {
        let asked = self.say(&asking(history)).await;
        let heard = if asked { self.hear(PATIENCE).await } else { None };
        let heard = heard.unwrap_or_default();
        if heard == ASIDE {
            return Ok(self);
        }
        let reason = REASONS.iter().find(|(code, _)| *code == heard);
        Err(reason.map_or(KeepError::Running, |(_, words)| KeepError::Refused(words)))
    }

    /// Says that it is done.
    pub(super) async fn back(mut self) -> Server {
        let heard = if self.say("done").await { self.hear(PATIENCE).await } else { None };
        match heard.as_deref() {
            Some(OPEN) => Server::GoesOn,
            // Killed or stopped meanwhile, or without a good end.
            _ => Server::Shut,
        }
    }

    /// Says one line; whether it went out.
    pub(super) async fn say(&mut self, text: &str) -> bool {
        self.0.write_all(format!("{text}\n").as_bytes()).await.is_ok()
    }

    /// Hears one line; `None` when there comes none in time, or one that is too long.
    pub(super) async fn hear(&mut self, within: Duration) -> Option<String> {
        let read = async {
            let mut text = Vec::new();
            while text.len() <= LONGEST {
                match self.0.read_u8().await.ok()? {
                    b'\n' => return String::from_utf8(text).ok(),
                    byte => text.push(byte),
                }
            }
            None
        };
        tokio::time::timeout(within, read).await.ok().flatten()
    }
}

/// The command's line.
fn asking(history: &str) -> String {
    format!("{ASK} {} {history}", db::newest())
}

/// What a server with the data of `history` answers to a line: a reason, or nothing against it. `None` for what is no
/// question of ours.
pub(super) fn reason(asked: &str, history: &str) -> Option<Result<(), &'static str>> {
    let (tables, named) = asked.strip_prefix(ASK)?.strip_prefix(' ')?.split_once(' ')?;
    Some(if tables != db::newest().to_string() {
        Err(TABLES)
    } else if named != history {
        Err(HISTORY)
    } else {
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::{HISTORY, TABLES, asking, reason};

    #[test]
    fn only_the_same_program_for_the_same_data_is_let_in() {
        assert_eq!(reason(&asking("abc"), "abc"), Some(Ok(())));
        assert_eq!(reason(&asking("abd"), "abc"), Some(Err(HISTORY)));
        assert_eq!(reason("gridbook aside 0 abc", "abc"), Some(Err(TABLES)));
        for stranger in ["", "GET / HTTP/1.1", "gridbook aside", "gridbook aside 7", "gridbook aside7 abc"] {
            assert_eq!(reason(stranger, "abc"), None, "{stranger}");
        }
    }
}
