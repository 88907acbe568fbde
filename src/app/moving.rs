//! Another backend gets what this device holds: photos that only the old one has are fetched while it can be reached,
//! and what others wrote is handed on if they signed it.

use std::collections::BTreeSet;
use std::sync::Arc;

use gridbook_log::{Entity, EntityId};
use gridbook_sync::bundle::{Bundle, FORMAT, Head};
use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::relay::{Tally, along, named};
use gridbook_sync::replica::SendAgain;
use gridbook_sync::store::{Store, Table};

use super::carry::CarryError;
use super::{App, Backend, Problem};
use crate::net::FetchHttp;

/// Records looked at together.
const PIECE: usize = 200;

impl App {
    /// Fetches the photos of what is to go along whose bytes are not here, from where they are now; `progress` hears how
    /// many there are and how many were looked at. Gives the titles of records of which some stay behind.
    ///
    /// # Errors
    /// [`Problem`] when the device's store fails.
    pub async fn fetch_photos(
        &self,
        to: &Backend,
        again: SendAgain,
        progress: impl Fn(usize, usize),
    ) -> Result<BTreeSet<String>, Problem> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let user = self.user();
        let own = again == SendAgain::Own && *to != Backend::Server;
        let ids: Vec<EntityId> =
            replica.rows().iter().filter(|(_, row)| row.visible()).map(|(id, _)| *id).collect();
        let (mut wanted, mut seen) = (Vec::new(), BTreeSet::new());
        for some in ids.chunks(PIECE) {
            for (id, ops) in replica.streams(some).await? {
                let entity = Entity::fold(id, None, &ops);
                if own && entity.creation().is_none_or(|made| made.user != user) {
                    continue;
                }
                for (_, blob) in entity.blobs() {
                    let here = replica.store().get(Table::Blob, &blob.sha256).await?.is_some();
                    if !here && seen.insert(blob.sha256.clone()) {
                        wanted.push((id, blob.sha256.clone()));
                    }
                }
            }
        }
        let server = (*to == Backend::Server).then(|| FetchHttp::new(self.core().token.clone()));
        let mut left = BTreeSet::new();
        for (at, (id, sha256)) in wanted.iter().enumerate() {
            progress(at, wanted.len());
            if let Some(http) = &server {
                let asked = Request::AskBlob { sha256: sha256.clone() };
                if http.send(&asked, None).await == Response::Blob {
                    continue;
                }
            }
            let fetched = self.blob(sha256).await.is_some();
            if !fetched || replica.store().get(Table::Blob, sha256).await?.is_none() {
                let title = self.row(*id).and_then(|row| row.summary).map(|summary| summary.title);
                left.insert(title.unwrap_or_default());
            }
        }
        Ok(left)
    }

    /// Hands on to the server all that this device holds: its own, and what others signed, with their photos. What has
    /// arrived before is a repeat.
    ///
    /// # Errors
    /// [`CarryError`]; it may be done once more.
    pub async fn bring(&self, progress: impl FnMut(usize)) -> Result<Tally, CarryError> {
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let writer = replica.meta().writer;
        let (ops, unsigned) = along(replica.all_ops().await?, writer);
        let photos = named(&ops, writer);
        let head = Head {
            gridbook_bundle: FORMAT,
            user: self.user(),
            name: String::new(),
            township: String::new(),
            writer,
            made_at: self.now_ms(),
            ops: ops.len(),
            blobs: 0,
            reader: None,
            part: None,
        };
        let mut tally = self.hand_on(Arc::new(Bundle { head, ops, blobs: Vec::new() }), progress).await?;
        if unsigned > 0 {
            *tally.refused.entry("signature".to_owned()).or_default() += unsigned;
        }
        let http = FetchHttp::new(self.core().token.clone());
        for sha256 in photos {
            let Some(bytes) = replica.store().get(Table::Blob, &sha256).await? else { continue };
            match http.send(&Request::PutBlob { sha256 }, Some(bytes)).await {
                Response::Blob => tally.photos += 1,
                _ => tally.photos_refused += 1,
            }
        }
        Ok(tally)
    }
}
