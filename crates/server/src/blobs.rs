//! Blobs as files named by their hash. A file appears under its name only when it is whole, verified and on the
//! disk.

use std::io::Write as _;
use std::path::PathBuf;

use crate::secret;

/// A folder of blobs.
#[derive(Clone, Debug)]
pub struct BlobStore {
    root: PathBuf,
}

impl BlobStore {
    /// Opens or makes the folder.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(root: PathBuf) -> Result<Self, std::io::Error> {
        std::fs::create_dir_all(root.join("tmp"))?;
        Ok(Self { root })
    }

    fn path(&self, sha256: &str) -> PathBuf {
        self.root.join(&sha256[..2]).join(sha256)
    }

    /// Stores bytes whose hash the caller has checked: temporary file, flush, rename, flush of the folder.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn put(&self, sha256: &str, bytes: Vec<u8>) -> Result<(), std::io::Error> {
        let path = self.path(sha256);
        let temp = self.root.join("tmp").join(secret::hex(&secret::random::<8>()));
        let work = move || {
            let folder = path.parent().map(PathBuf::from).unwrap_or_default();
            std::fs::create_dir_all(&folder)?;
            let mut file = std::fs::File::create(&temp)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&temp, &path)?;
            std::fs::File::open(&folder)?.sync_all()
        };
        tokio::task::spawn_blocking(work).await.map_err(std::io::Error::other)?
    }

    /// The bytes; `None` when there are none.
    ///
    /// # Errors
    /// When the disk refuses.
    pub async fn get(&self, sha256: &str) -> Result<Option<Vec<u8>>, std::io::Error> {
        match tokio::fs::read(self.path(sha256)).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(e),
        }
    }
}
