//! Uploads in parts. Each part is an object of its own, so that any app server goes on where another stopped, and
//! what was stored of a part that broke off is nothing.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use object_store::path::Path;
use object_store::{Error, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode};

use super::{BlobStore, io};
use crate::secret;

/// Folder of what is not whole yet.
const PARTS: &str = "parts";
/// Smallest part but the last: a file is a few parts, not thousands.
pub const MIN_PART: usize = 16 * 1024;

/// What came of adding a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// There is so much now.
    Upto(usize),
    /// The part does not begin where the upload stands, which is here.
    Elsewhere(usize),
}

impl BlobStore {
    /// Folder of one account's upload: nobody can spoil another one's.
    fn parts(&self, account: &str, sha256: &str) -> Path {
        let owner = secret::hex(&secret::sha256(account.as_bytes())[..8]);
        self.prefix.clone().join(PARTS).join(owner).join(sha256)
    }

    /// The parts there are, from the beginning without holes.
    async fn held(&self, folder: &Path) -> Result<Vec<ObjectMeta>, std::io::Error> {
        let mut found: Vec<ObjectMeta> = self.store.list(Some(folder)).try_collect().await.map_err(io)?;
        found.sort_by(|a, b| a.location.cmp(&b.location));
        let mut end = 0;
        found.retain(|part| {
            let begins = part.location.filename().and_then(|name| name.parse::<u64>().ok());
            let follows = begins == Some(end);
            if follows {
                end += part.size;
            }
            follows
        });
        Ok(found)
    }

    /// How much of an unfinished upload has come.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn offset(&self, account: &str, sha256: &str) -> Result<usize, std::io::Error> {
        let parts = self.held(&self.parts(account, sha256)).await?;
        Ok(length(&parts))
    }

    /// Adds a part that begins at `offset`.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn append(
        &self,
        account: &str,
        sha256: &str,
        offset: usize,
        bytes: Vec<u8>,
    ) -> Result<Appended, std::io::Error> {
        let folder = self.parts(account, sha256);
        let here = length(&self.held(&folder).await?);
        if here != offset {
            return Ok(Appended::Elsewhere(here));
        }
        if bytes.is_empty() {
            return Ok(Appended::Upto(here));
        }
        let upto = offset + bytes.len();
        let part = folder.clone().join(format!("{offset:08}"));
        match self.store.put_opts(&part, bytes.into(), PutMode::Create.into()).await {
            Ok(_) => Ok(Appended::Upto(upto)),
            // Another request of the same phone was quicker.
            Err(Error::AlreadyExists { .. }) => Ok(Appended::Elsewhere(length(&self.held(&folder).await?))),
            Err(error) => Err(io(error)),
        }
    }

    /// All parts in one.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn joined(&self, account: &str, sha256: &str) -> Result<Vec<u8>, std::io::Error> {
        let mut out = Vec::new();
        for part in self.held(&self.parts(account, sha256)).await? {
            out.extend(self.read(&part.location).await?.unwrap_or_default());
        }
        Ok(out)
    }

    /// Drops the parts of an upload.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn drop_parts(&self, account: &str, sha256: &str) -> Result<(), std::io::Error> {
        let folder = self.parts(account, sha256);
        let found: Vec<ObjectMeta> = self.store.list(Some(&folder)).try_collect().await.map_err(io)?;
        for part in found {
            self.remove(&part.location).await?;
        }
        Ok(())
    }

    /// Drops the uploads whose last part came before `until` (milliseconds since 1970); returns how many parts.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn sweep(&self, until: i64) -> Result<usize, std::io::Error> {
        let folder = self.prefix.clone().join(PARTS);
        let found: Vec<ObjectMeta> = self.store.list(Some(&folder)).try_collect().await.map_err(io)?;
        let fresh: BTreeSet<String> = found
            .iter()
            .filter(|part| part.last_modified.timestamp_millis() >= until)
            .map(|part| upload_of(&part.location))
            .collect();
        let mut gone = 0;
        for part in found.iter().filter(|part| !fresh.contains(&upload_of(&part.location))) {
            self.remove(&part.location).await?;
            gone += 1;
        }
        Ok(gone)
    }

    async fn remove(&self, path: &Path) -> Result<(), std::io::Error> {
        match self.store.delete(path).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(io(error)),
        }
    }
}

/// The folder of a part.
fn upload_of(part: &Path) -> String {
    let text = part.as_ref();
    text.rsplit_once('/').map_or(text, |(folder, _)| folder).to_owned()
}

fn length(parts: &[ObjectMeta]) -> usize {
    parts.iter().map(|part| usize::try_from(part.size).unwrap_or(usize::MAX)).sum()
}
