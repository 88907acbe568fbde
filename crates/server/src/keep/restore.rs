//! Putting a backup in the place of the data.

mod postgres;

use std::path::{Path, PathBuf};

use super::claim::{self, Claim, Swap, aside, beside};
use super::{
    BLOBS, DB, FORMAT, KeepError, MANIFEST, Manifest, blob_path, copy, file, flush, hash_file, history,
};
use crate::control;
use crate::db;
use crate::sql;

pub use postgres::restore_postgres;

/// What a restore did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup said of itself.
    pub manifest: Manifest,
    /// Under which names the data of before are kept.
    pub kept: Vec<PathBuf>,
    /// In which schema the tables of before are kept, where the database is PostgreSQL.
    pub schema: Option<String>,
    /// What became of the server that ran meanwhile.
    pub server: Server,
}

/// A server during a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// None ran.
    Stopped,
    /// It goes on, with the restored data.
    GoesOn,
    /// It ran, and has not opened the restored data; it tries again until somebody looks after it.
    Shut,
}

/// Puts the backup in `from` where `db` (a path) and `blobs` say. The history gets a new name, so that every phone
/// notices, reads anew and sends again what the backup does not have; the server's own device begins a new life; and
/// no official number is given out until somebody has confirmed the last ones.
///
/// The server must not run. Data that are there are renamed, never removed, and only with `replace`.
///
/// # Errors
/// [`KeepError`]; then the data of before are where they were.
pub async fn restore(
    from: &Path,
    db: &Path,
    blobs: &Path,
    replace: bool,
    now: u64,
) -> Result<Restored, KeepError> {
    Verified::read(from)?.into_sqlite(db, blobs, replace, now, None).await
}

/// A backup of which all was read, and is what it says.
pub struct Verified {
    from: PathBuf,
    manifest: Manifest,
}

impl Verified {
    /// Reads and hashes all of it.
    ///
    /// # Errors
    /// [`KeepError`]
    pub fn read(from: &Path) -> Result<Self, KeepError> {
        Ok(Self { from: from.to_path_buf(), manifest: verified(from)? })
    }

    /// [`restore`], without reading all of the backup once more, and while a server may run that listens at `socket`
    /// ([`crate::control`]): it steps aside while names are changed, and goes on with the new data. Everything that takes
    /// long is done before.
    ///
    /// # Errors
    /// [`KeepError`]; then the data of before are where they were. [`KeepError::Half`] where only some names were changed:
    /// the next start goes on.
    pub async fn into_sqlite(
        self,
        db: &Path,
        blobs: &Path,
        replace: bool,
        now: u64,
        socket: Option<&Path>,
    ) -> Result<Restored, KeepError> {
        let Self { from, manifest } = self;
        claim::settle(db).await?;
        let there = db.exists();
        if there && !replace {
            return Err(KeepError::Exists(db.to_path_buf()));
        }
        // Known before the work: somebody is there who cannot be asked.
        if there && !control::listens(socket).await? {
            alone(db).await?;
        }
        let news = [beside(db, "restoring"), beside(blobs, "restoring")];
        let put = async {
            for left in &news {
                remove(left)?;
            }
            copy(&from.join(DB), &news[0])?;
            renew(&news[0]).await?;
            pictures(&from, &news[1]).await?;
            let aside = if there { control::ask(socket, &history_of(db).await?).await? } else { None };
            let mut claim = Claim::alone(db).await?;
            if there {
                alone(db).await?;
            }
            let kept = claim.change(db, &Swap::new(blobs, now)?)?;
            // Whoever starts is let in.
            drop(claim);
            Ok((kept, control::back(aside).await))
        };
        let done: Result<_, KeepError> = put.await;
        if matches!(done, Err(ref error) if !matches!(error, KeepError::Half(..))) {
            for left in &news {
                // The error that led here is the one to tell.
                let _ = remove(left);
            }
        }
        let (kept, server) = done?;
        Ok(Restored { manifest, kept, schema: None, server })
    }
}

/// Copies the pictures that a backup's database names.
async fn pictures(from: &Path, to: &Path) -> Result<(), KeepError> {
    std::fs::create_dir_all(to).map_err(file(to))?;
    for name in names(&from.join(DB)).await? {
        copy(&blob_path(&from.join(BLOBS), &name), &blob_path(to, &name))?;
    }
    // Each folder's entries, and then its own.
    for folder in list(to)? {
        flush(&folder)?;
    }
    flush(to)
}

/// The history that the tables of a file name.
async fn history_of(db: &Path) -> Result<String, KeepError> {
    let mut conn = db::open_existing(&format!("sqlite://{}", db.display())).await?;
    let history =
        sql::query_scalar("SELECT history FROM tenant WHERE tenant = 1").fetch_one(&mut conn).await?;
    conn.close().await?;
    Ok(history)
}

/// Makes sure that nobody has the database open: a server that ran on would write into the renamed files. Leaving
/// the write-ahead log takes the only connection there is, and puts all of the old data into the one file.
pub(super) async fn alone(db: &Path) -> Result<(), KeepError> {
    let mut conn = db::open_existing(&format!("sqlite://{}", db.display())).await?;
    sql::query("PRAGMA busy_timeout = 0").execute(&mut conn).await?;
    let mode: Result<String, _> =
        sql::query_scalar("PRAGMA journal_mode = DELETE").fetch_one(&mut conn).await;
    conn.close().await?;
    match mode {
        Ok(mode) if mode == "delete" => Ok(()),
        _ => Err(KeepError::Running),
    }
}

/// What a backup says of itself, once all of it was read and is what it says.
fn verified(from: &Path) -> Result<Manifest, KeepError> {
    let text = std::fs::read(from.join(MANIFEST)).map_err(|_| KeepError::NoBackup(from.to_path_buf()))?;
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|_| KeepError::NoBackup(from.to_path_buf()))?;
    if manifest.format != FORMAT {
        return Err(KeepError::NoBackup(from.to_path_buf()));
    }
    if hash_file(&from.join(DB))? != manifest.db_sha256 {
        return Err(KeepError::Damaged(DB.to_owned()));
    }
    let mut found = 0;
    let root = from.join(BLOBS);
    let folders = if root.exists() { list(&root)? } else { Vec::new() };
    for folder in folders {
        for blob in list(&folder)? {
            let name = blob.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if hash_file(&blob)? != name {
                return Err(KeepError::Damaged(name));
            }
            found += 1;
        }
    }
    if found < manifest.blobs {
        return Err(KeepError::Damaged(BLOBS.to_owned()));
    }
    Ok(manifest)
}

/// Gives the restored database its new history.
async fn renew(path: &Path) -> Result<(), KeepError> {
    let mut conn = db::open_writer(&format!("sqlite://{}", path.display())).await?;
    history::renew(&mut conn).await?;
    // All of it in the one file that is renamed.
    sql::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut conn).await?;
    sql::query("PRAGMA journal_mode = DELETE").execute(&mut conn).await?;
    conn.close().await?;
    flush(path)
}

async fn names(path: &Path) -> Result<Vec<String>, KeepError> {
    let mut conn = db::open_existing(&format!("sqlite://{}", path.display())).await?;
    let names = sql::query_scalar("SELECT sha256 FROM blobs WHERE tenant = 1").fetch_all(&mut conn).await?;
    conn.close().await?;
    Ok(names)
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, KeepError> {
    let entries = std::fs::read_dir(folder).map_err(file(folder))?;
    entries.map(|entry| entry.map(|entry| entry.path()).map_err(file(folder))).collect()
}

fn remove(path: &Path) -> Result<(), KeepError> {
    let removed = if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
    match removed {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(KeepError::File(path.to_path_buf(), error))
        }
        _ => Ok(()),
    }
}
