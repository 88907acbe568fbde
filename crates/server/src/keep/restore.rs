//! Putting a backup in the place of the data.

mod postgres;

use std::path::{Path, PathBuf};

use super::{
    BLOBS, DB, FORMAT, KeepError, MANIFEST, Manifest, blob_path, copy, file, flush, hash_file, history,
};
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
    Verified::read(from)?.into_sqlite(db, blobs, replace, now).await
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

    /// [`restore`], without reading all of the backup once more.
    ///
    /// # Errors
    /// [`KeepError`]; then the data of before are where they were.
    pub async fn into_sqlite(
        self,
        db: &Path,
        blobs: &Path,
        replace: bool,
        now: u64,
    ) -> Result<Restored, KeepError> {
        let kept = put(&self.from, db, blobs, replace, now).await?;
        Ok(Restored { manifest: self.manifest, kept, schema: None })
    }
}

/// Puts a backup in the place of the data; returns where those are kept.
async fn put(
    from: &Path,
    db: &Path,
    blobs: &Path,
    replace: bool,
    now: u64,
) -> Result<Vec<PathBuf>, KeepError> {
    if db.exists() && !replace {
        return Err(KeepError::Exists(db.to_path_buf()));
    }
    if db.exists() {
        alone(db).await?;
    }
    let (new_db, new_blobs) = (beside(db, "restoring"), beside(blobs, "restoring"));
    for left in [&new_db, &new_blobs] {
        remove(left)?;
    }
    copy(&from.join(DB), &new_db)?;
    renew(&new_db).await?;
    std::fs::create_dir_all(&new_blobs).map_err(file(&new_blobs))?;
    for name in names(&new_db).await? {
        copy(&blob_path(&from.join(BLOBS), &name), &blob_path(&new_blobs, &name))?;
    }
    // From here on only names change. The log of the old database goes with it: it would be applied to the new one.
    let mut kept = Vec::new();
    for old in [db.to_path_buf(), suffixed(db, "-wal"), suffixed(db, "-shm"), blobs.to_path_buf()] {
        kept.extend(aside(&old, now)?);
    }
    std::fs::rename(&new_blobs, blobs).map_err(file(blobs))?;
    std::fs::rename(&new_db, db).map_err(file(db))?;
    if let Some(folder) = db.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        flush(folder)?;
    }
    Ok(kept)
}

/// Gives what is there another name; which.
fn aside(old: &Path, now: u64) -> Result<Option<PathBuf>, KeepError> {
    if !old.exists() {
        return Ok(None);
    }
    let aside = beside(old, &format!("before-{now}"));
    std::fs::rename(old, &aside).map_err(file(old))?;
    Ok(Some(aside))
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

fn beside(path: &Path, word: &str) -> PathBuf {
    suffixed(path, &format!(".{word}"))
}

fn suffixed(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
