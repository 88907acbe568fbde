//! Whether object storage lets us in: asked when the server starts, so that wrong keys are not found by the first
//! phone that sends a photo.

use std::time::Duration;

use object_store::{Error, ObjectStoreExt};

use super::BlobStore;

/// The storage has so long to answer; a wrong address is tried again and again until then.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why the storage cannot be used. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// Keys that it does not know, or that may not do this.
    #[error(
        "照片存储不让进：密钥不对，或没有权限。请核对环境变量 AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY 和 AWS_REGION；什么也没有改动"
    )]
    Refused,
    /// No such bucket.
    #[error("照片存储里没有这个桶。请核对 --blobs 里的桶名，或先建桶；什么也没有改动")]
    NoBucket,
    /// No answer, or one that is none of object storage.
    #[error("照片存储连不上，文字照常收发，照片留在手机上等。请核对 --blobs、环境变量 AWS_ENDPOINT 和网络")]
    Unreachable,
}

impl BlobStore {
    /// Asks for a name that nobody stores under: the answer to a list would not say why it was refused.
    ///
    /// # Errors
    /// [`Closed`]
    pub async fn reach(&self) -> Result<(), Closed> {
        let asked = self.prefix.clone().join("reach");
        match tokio::time::timeout(PATIENCE, self.store.get(&asked)).await {
            Ok(Err(Error::NotFound { source, .. })) if source.to_string().contains("NoSuchBucket") => {
                Err(Closed::NoBucket)
            }
            Ok(Ok(_) | Err(Error::NotFound { .. })) => Ok(()),
            Ok(Err(Error::Unauthenticated { .. } | Error::PermissionDenied { .. })) => Err(Closed::Refused),
            Ok(Err(_)) | Err(_) => Err(Closed::Unreachable),
        }
    }
}
