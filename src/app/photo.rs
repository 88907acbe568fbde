//! Bytes of photos: on disk before a draft names them, from the backend when another device took them.

use gridbook_sync::store::{Batch, Durability, Store, Table};
use sha2::{Digest, Sha256};

use super::{App, Connection, Problem};

impl App {
    /// Puts a photo on disk and gives its name. It is sent only after a save names it.
    ///
    /// # Errors
    /// [`Problem`] when the store refuses.
    pub async fn put_photo(&self, bytes: Vec<u8>) -> Result<String, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let sha256: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        let mut batch = Batch::default();
        batch.put(Table::Blob, sha256.clone(), bytes);
        replica.store().commit(batch).await?;
        Ok(sha256)
    }

    /// Whether the photo is still waiting to be sent.
    pub async fn photo_waiting(&self, sha256: &str) -> bool {
        match self.replica() {
            Some(replica) => {
                matches!(replica.store().get(Table::BlobQueue, sha256).await, Ok(Some(_)))
            }
            None => false,
        }
    }

    /// Bytes of a photo, from the device or else from the backend; `None` when neither has it now.
    pub async fn blob(&self, sha256: &str) -> Option<Vec<u8>> {
        let replica = self.replica()?;
        if let Ok(Some(bytes)) = replica.store().get(Table::Blob, sha256).await {
            return Some(bytes);
        }
        let bytes = match &*self.connection().await? {
            Connection::Server(_) => self.api().blob(sha256).await.ok()?,
            Connection::Share(share) => share.blob(sha256).await?,
        };
        let name: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        if name != sha256 {
            return None;
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        batch.put(Table::Blob, sha256, bytes.clone());
        // A full device may refuse the copy; the picture is shown all the same.
        let _ = replica.store().commit(batch).await;
        Some(bytes)
    }
}
