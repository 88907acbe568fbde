//! Blobs as files named by their hash, in a folder or in S3-compatible object storage. A file appears under its name
//! only when it is whole, verified and stored for good; what has come of an unfinished upload waits beside it.

mod mirror;
mod parts;
mod reach;

use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, parse_url_opts};

pub use parts::{Appended, MIN_PART};
pub use reach::Closed;

/// Where blobs are kept.
#[derive(Clone, Debug)]
pub struct BlobStore {
    store: Arc<dyn ObjectStore>,
    /// What stands before every name in object storage.
    prefix: Path,
}

impl BlobStore {
    /// Opens or makes a folder, or takes the address of object storage (`s3://bucket/prefix`; keys, region and end
    /// point from the environment, `AWS_…`).
    ///
    /// # Errors
    /// When the folder cannot be made or the address is none.
    pub fn open(place: &std::path::Path) -> Result<Self, std::io::Error> {
        Self::open_with(place, std::env::vars().filter(|(name, _)| name.starts_with("AWS_")))
    }

    /// The same with the settings of object storage from elsewhere.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        place: &std::path::Path,
        settings: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, std::io::Error> {
        let address = place.to_str().filter(|text| is_address(text));
        let Some(address) = address else {
            std::fs::create_dir_all(place)?;
            // An acknowledged picture survives a power cut.
            let store = LocalFileSystem::new_with_prefix(place).map_err(io)?.with_fsync(true);
            return Ok(Self { store: Arc::new(store), prefix: Path::default() });
        };
        let url = reqwest::Url::parse(address).map_err(std::io::Error::other)?;
        let (store, prefix) = parse_url_opts(&url, settings).map_err(io)?;
        Ok(Self { store: Arc::from(store), prefix })
    }

    fn path(&self, sha256: &str) -> Path {
        self.prefix.clone().join(&sha256[..2]).join(sha256)
    }

    /// Stores bytes whose hash the caller has checked.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn put(&self, sha256: &str, bytes: Vec<u8>) -> Result<(), std::io::Error> {
        self.store.put(&self.path(sha256), bytes.into()).await.map_err(io)?;
        Ok(())
    }

    /// The bytes; `None` when there are none.
    ///
    /// # Errors
    /// When the disk or the storage refuses.
    pub async fn get(&self, sha256: &str) -> Result<Option<Vec<u8>>, std::io::Error> {
        self.read(&self.path(sha256)).await
    }

    async fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, std::io::Error> {
        match self.store.get(path).await {
            Ok(found) => Ok(Some(found.bytes().await.map_err(io)?.into())),
            Err(Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(io(error)),
        }
    }
}

/// Whether this is the address of object storage and no folder.
pub fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// As an error of files, so that a full disk is told as one.
fn io(error: Error) -> std::io::Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(file) = inner.downcast_ref::<std::io::Error>() {
            return std::io::Error::new(file.kind(), error);
        }
        cause = inner.source();
    }
    std::io::Error::other(error)
}
