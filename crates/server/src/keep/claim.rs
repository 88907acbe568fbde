//! Who has a database of SQLite's in hand, and a change of files that is under way. Both stand in one small file beside it:
//! its lock says who (a server shares it with others, a restore has it alone), its text what a restore that was
//! interrupted has still to rename. PostgreSQL has locks and transactions for the same.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{KeepError, file, flush};

/// How often a lock that somebody else has is asked for again.
const AGAIN: Duration = Duration::from_millis(50);
/// How often at most, before a restore takes it that the other one stays.
const TRIES: usize = 20;

/// Names that are still to be changed: `….restoring` takes the place, what is there gets the name `….before-…`. Every
/// step can be taken again, so whoever finds this after a crash goes on where it stopped.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Swap {
    /// The folder of pictures, as an absolute path.
    blobs: PathBuf,
    /// Of when the restore is, milliseconds since 1970: part of the names under which the data of before are kept.
    now: u64,
}

impl Swap {
    pub(super) fn new(blobs: &Path, now: u64) -> Result<Self, KeepError> {
        Ok(Self { blobs: std::path::absolute(blobs).map_err(file(blobs))?, now })
    }

    /// Takes the steps that are left; under which names the data of before are.
    fn finish(&self, db: &Path) -> Result<Vec<PathBuf>, KeepError> {
        let mut kept = Vec::new();
        // The log of the old database goes with it: it would be applied to the new one.
        let olds = [db.to_path_buf(), suffixed(db, "-wal"), suffixed(db, "-shm")];
        for (place, olds) in [(&*self.blobs, &[self.blobs.clone()][..]), (db, &olds[..])] {
            let new = beside(place, "restoring");
            if !new.exists() {
                continue;
            }
            for old in olds {
                kept.extend(aside(old, self.now).map_err(half)?);
            }
            std::fs::rename(&new, place).map_err(file(place)).map_err(half)?;
            if let Some(folder) = place.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                flush(folder).map_err(half)?;
            }
        }
        Ok(kept)
    }
}

/// What is told of a step that failed: the one before may have been taken.
fn half(error: KeepError) -> KeepError {
    match error {
        KeepError::File(path, error) => KeepError::Half(path, error),
        other => other,
    }
}

/// A database in hand, for as long as this lives.
#[derive(Debug)]
pub struct Claim {
    file: File,
    path: PathBuf,
}

impl Claim {
    /// For a server: together with other servers, and not while a restore changes files. What an interrupted restore
    /// left is brought to its end first.
    ///
    /// # Errors
    /// [`KeepError`] when the file cannot be made or an interrupted restore cannot be finished.
    pub(crate) async fn shared(db: &Path) -> Result<Self, KeepError> {
        loop {
            settle(db).await?;
            let mut claim = Self::open(db)?;
            let locked = claim.file.try_lock_shared();
            if claim.granted(locked)? && claim.swap()?.is_none() {
                return Ok(claim);
            }
            drop(claim);
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// For a restore: alone. Whoever is just going has a moment for it.
    pub(super) async fn alone(db: &Path) -> Result<Self, KeepError> {
        for _ in 0..TRIES {
            let claim = Self::open(db)?;
            let locked = claim.file.try_lock();
            if claim.granted(locked)? {
                return Ok(claim);
            }
            tokio::time::sleep(AGAIN).await;
        }
        Err(KeepError::Running)
    }

    /// Changes the names: from when the text is on the disk, the new data are the data.
    pub(super) fn change(&mut self, db: &Path, swap: &Swap) -> Result<Vec<PathBuf>, KeepError> {
        let text =
            serde_json::to_vec(swap).map_err(|error| KeepError::File(self.path.clone(), error.into()))?;
        let written = self.file.rewind().and_then(|()| self.file.write_all(&text));
        if let Err(error) = written.and_then(|()| self.file.sync_all()) {
            // Nothing was changed, and nothing is to be: the error that led here is the one to tell.
            let _ = self.clear();
            return Err(file(&self.path)(error));
        }
        let kept = swap.finish(db)?;
        self.clear()?;
        Ok(kept)
    }

    fn open(db: &Path) -> Result<Self, KeepError> {
        let path = lock_file(db);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(file(folder))?;
        }
        let mut options = OpenOptions::new();
        let opened = options.read(true).write(true).create(true).truncate(false).open(&path);
        Ok(Self { file: opened.map_err(file(&path))?, path })
    }

    fn granted(&self, locked: Result<(), TryLockError>) -> Result<bool, KeepError> {
        match locked {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            // A disk that knows no such locks: SQLite's own still tell a restore that somebody is there.
            Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => Ok(true),
            Err(TryLockError::Error(error)) => Err(file(&self.path)(error)),
        }
    }

    fn swap(&mut self) -> Result<Option<Swap>, KeepError> {
        let mut text = Vec::new();
        let read = self.file.rewind().and_then(|()| self.file.read_to_end(&mut text));
        read.map_err(file(&self.path))?;
        // Text that was not written to its end: no name was changed yet.
        Ok(serde_json::from_slice(&text).ok())
    }

    fn clear(&mut self) -> Result<(), KeepError> {
        self.file.set_len(0).and_then(|()| self.file.sync_all()).map_err(file(&self.path))
    }
}

/// Brings a restore to its end that was interrupted while it changed names; waits for one that is at it.
///
/// # Errors
/// [`KeepError`] when a name cannot be changed; the next one who asks goes on.
pub async fn settle(db: &Path) -> Result<(), KeepError> {
    loop {
        let text = std::fs::read(lock_file(db)).unwrap_or_default();
        if serde_json::from_slice::<Swap>(&text).is_err() {
            return Ok(());
        }
        let mut claim = Claim::open(db)?;
        let locked = claim.file.try_lock();
        if claim.granted(locked)? {
            if let Some(swap) = claim.swap()? {
                swap.finish(db)?;
                claim.clear()?;
                tracing::warn!("a restore that was interrupted has been brought to its end");
            }
            return Ok(());
        }
        tokio::time::sleep(AGAIN).await;
    }
}

fn lock_file(db: &Path) -> PathBuf {
    suffixed(db, ".lock")
}

/// Gives what is there another name; which.
pub(super) fn aside(old: &Path, now: u64) -> Result<Option<PathBuf>, KeepError> {
    if !old.exists() {
        return Ok(None);
    }
    let aside = beside(old, &format!("before-{now}"));
    std::fs::rename(old, &aside).map_err(file(old))?;
    Ok(Some(aside))
}

pub(super) fn beside(path: &Path, word: &str) -> PathBuf {
    suffixed(path, &format!(".{word}"))
}

fn suffixed(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::Path;

    use super::{Claim, KeepError, Swap, lock_file, settle};

    /// Old and new data side by side, as just before the first name is changed.
    fn before(folder: &Path) -> Swap {
        for (name, text) in [
            ("g.db", "old"),
            ("g.db-wal", "old log"),
            ("g.db.restoring", "new"),
            ("p/a", "old"),
            ("p.restoring/a", "new"),
        ] {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Swap::new(&folder.join("p"), 7).unwrap()
    }

    #[tokio::test]
    async fn a_crash_between_any_two_names_leaves_what_the_next_start_finishes() {
        // The names in the order in which they change; a crash after each, and before the first.
        let steps = [
            ("p", "p.before-7"),
            ("p.restoring", "p"),
            ("g.db", "g.db.before-7"),
            ("g.db-wal", "g.db-wal.before-7"),
            ("g.db.restoring", "g.db"),
        ];
        for taken in 0..=steps.len() {
            let dir = tempfile::tempdir().unwrap();
            let (folder, db) = (dir.path(), dir.path().join("g.db"));
            let swap = before(folder);
            for (from, to) in &steps[..taken] {
                std::fs::rename(folder.join(from), folder.join(to)).unwrap();
            }
            std::fs::write(lock_file(&db), serde_json::to_vec(&swap).unwrap()).unwrap();
            let claim = Claim::shared(&db).await.unwrap();
            let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
            assert_eq!((read("g.db"), read("p/a")), ("new".to_owned(), "new".to_owned()), "{taken}");
            assert_eq!((read("g.db.before-7"), read("p.before-7/a")), ("old".to_owned(), "old".to_owned()));
            assert_eq!(read("g.db-wal.before-7"), "old log");
            assert!(!folder.join("g.db-wal").exists() && read("g.db.lock").is_empty(), "{taken}");
            drop(claim);
        }
    }

    #[tokio::test]
    async fn what_was_not_decided_yet_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("g.db");
        let text = serde_json::to_vec(&before(dir.path())).unwrap();
        std::fs::write(lock_file(&db), &text[..text.len() - 1]).unwrap();
        settle(&db).await.unwrap();
        assert_eq!(std::fs::read_to_string(&db).unwrap(), "old");
    }

    #[tokio::test]
    async fn a_restore_waits_for_no_server_and_a_server_for_a_restore() {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("g.db");
        let (first, second) = (Claim::shared(&db).await.unwrap(), Claim::shared(&db).await.unwrap());
        assert!(matches!(Claim::alone(&db).await, Err(KeepError::Running)));
        drop((first, second));
        let alone = Claim::alone(&db).await.unwrap();
        let path = db.clone();
        let waits = tokio::spawn(async move { Claim::shared(&path).await });
        tokio::task::yield_now().await;
        assert!(!waits.is_finished());
        drop(alone);
        waits.await.unwrap().unwrap();
    }
}
