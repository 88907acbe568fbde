//! Making a backup while the server runs.

use std::path::{Path, PathBuf};

use super::{
    BLOBS, DB, FORMAT, KeepError, MANIFEST, Manifest, blob_path, copy, file, flush, hash_file, tables,
};
use crate::db;
use crate::sql;

/// Copies database and pictures of `db` into the new folder `out`. The server may run meanwhile: the
/// database is copied as it was at one moment, and a picture, once stored, never changes.
///
/// # Errors
/// [`KeepError`]; then `out` does not exist.
pub async fn backup(db: &str, blobs: &Path, out: &Path, now: u64) -> Result<Manifest, KeepError> {
    if out.exists() {
        return Err(KeepError::Exists(out.to_path_buf()));
    }
    let mut partial = out.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    if partial.exists() {
        // What an interrupted backup left: it has no manifest and nobody counts on it.
        std::fs::remove_dir_all(&partial).map_err(file(&partial))?;
    }
    std::fs::create_dir_all(&partial).map_err(file(&partial))?;
    let made = fill(db, blobs, &partial, now).await;
    match made {
        Ok(manifest) => {
            std::fs::rename(&partial, out).map_err(file(out))?;
            if let Some(folder) = out.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                flush(folder)?;
            }
            Ok(manifest)
        }
        Err(error) => {
            // The error that led here is the one to tell.
            let _ = std::fs::remove_dir_all(&partial);
            Err(error)
        }
    }
}

async fn fill(db: &str, blobs: &Path, folder: &Path, now: u64) -> Result<Manifest, KeepError> {
    let copied = folder.join(DB);
    if sql::is_postgres(db) {
        tables::unload(db, &copied).await?;
    } else {
        let mut source = db::open_existing(db).await?;
        sql::query("VACUUM INTO ?").bind(copied.to_string_lossy().into_owned()).execute(&mut source).await?;
        source.close().await?;
        flush(&copied)?;
    }
    let mut moment = db::open_existing(&format!("sqlite://{}", copied.display())).await?;
    let tenant = sql::query("SELECT history, name, last_seq FROM tenant WHERE tenant = 1")
        .fetch_one(&mut moment)
        .await?;
    let names: Vec<String> =
        sql::query_scalar("SELECT sha256 FROM blobs WHERE tenant = 1").fetch_all(&mut moment).await?;
    moment.close().await?;
    for name in &names {
        let (from, to) = (blob_path(blobs, name), blob_path(&folder.join(BLOBS), name));
        copy(&from, &to)?;
        if hash_file(&to)? != *name {
            return Err(KeepError::Damaged(name.clone()));
        }
    }
    let manifest = Manifest {
        format: FORMAT,
        made_at: now,
        township: tenant.try_get("name")?,
        history: tenant.try_get("history")?,
        last_seq: tenant.try_get("last_seq")?,
        blobs: names.len(),
        db_sha256: hash_file(&copied)?,
    };
    let path = folder.join(MANIFEST);
    let text =
        serde_json::to_vec_pretty(&manifest).map_err(|error| KeepError::File(path.clone(), error.into()))?;
    std::fs::write(&path, text).map_err(file(&path))?;
    flush(&path)?;
    Ok(manifest)
}
