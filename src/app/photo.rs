//! Bytes of photos: on disk before a draft names them, from the backend when another device took them, and off the
//! device again when it needs the room (OFF-04).

use std::collections::BTreeSet;

use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::store::{Batch, Durability, Store, Table};
use sha2::{Digest, Sha256};

use super::{App, Connection, Problem};
use crate::platform::{link, local_get, local_set};

/// Of the device, not of an account: who pays for the network is the same.
const ONLY_WIFI: &str = "gridbook.photos.wifi";

/// What freeing brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Freed {
    /// Photos taken off the device.
    pub photos: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Photos that stayed because the backend did not say that it has them.
    pub unconfirmed: usize,
}

/// The name of a photo: SHA-256 of its bytes, 64 hex digits.
pub fn photo_name(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl App {
    /// Whether photos are sent on Wi-Fi only.
    pub fn only_wifi(&self) -> bool {
        local_get(ONLY_WIFI).is_some()
    }

    /// Sends photos on Wi-Fi only, or on any network.
    pub fn set_only_wifi(&self, only: bool) {
        local_set(ONLY_WIFI, only.then_some("1"));
        self.wake();
    }

    /// Whether photos stay here for now.
    pub fn photos_held(&self) -> bool {
        link().holds_photos(self.only_wifi())
    }

    /// Takes those photos off this device that wait for nothing and that the backend has; the small pictures stay
    /// in the records.
    ///
    /// # Errors
    /// [`Problem`]; then all of them are still here.
    pub async fn free_photos(&self) -> Result<Freed, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        // Without a backend nobody else has them.
        let Some(connection) = self.connection().await else { return Ok(Freed::default()) };
        let drafts = self.drafts().await?;
        let kept: BTreeSet<String> =
            drafts.iter().flat_map(|(_, draft)| draft.photos.iter().map(|p| p.sha256.clone())).collect();
        let (mut gone, mut freed) = (Vec::new(), Freed::default());
        for photo in replica.spare_photos(&kept).await? {
            let there = match &*connection {
                Connection::Server(http) => {
                    let asked = Request::AskBlob { sha256: photo.sha256.clone() };
                    match http.send(&asked, None).await {
                        Response::Lost => return Err(Problem::Offline),
                        answer => answer == Response::Blob,
                    }
                }
                // A share keeps what it has taken; its answer was waited for before the photo stopped waiting.
                Connection::Share(_) => true,
            };
            if there {
                gone.push(photo);
            } else {
                freed.unconfirmed += 1;
            }
        }
        freed.photos = gone.len();
        freed.bytes = replica.drop_photos(&gone).await?;
        Ok(freed)
    }

    /// Puts a photo on disk and gives its name. It is sent only after a save names it.
    ///
    /// # Errors
    /// [`Problem`] when the store refuses.
    pub async fn put_photo(&self, bytes: Vec<u8>) -> Result<String, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let sha256 = photo_name(&bytes);
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
        if photo_name(&bytes) != sha256 {
            return None;
        }
        let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
        batch.put(Table::Blob, sha256, bytes.clone());
        // A full device may refuse the copy; the picture is shown all the same.
        let _ = replica.store().commit(batch).await;
        Some(bytes)
    }
}
