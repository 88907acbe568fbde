//! Files in a folder: whole, or parts in a folder of their own with a list that is written last.

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::share::fault::{Answer, Fault};
use crate::share::parts::{Found, number_of, whole_parts};
use crate::share::{Share, Wire, lanes, names};
use crate::wire::MAX_BLOB;

/// Most parts that a file may be read from.
const MOST: usize = 64;

/// The list of a file's parts.
#[derive(Serialize, Deserialize)]
struct Parts {
    /// Bytes of the whole.
    size: usize,
    /// How many files, from `0.bin` on.
    chunks: usize,
}

impl<W: Wire, E: Env> Share<W, E> {
    /// Stores a small file, and looks whether it arrived whole: an upload that broke off may stay as it is.
    pub(in crate::share) async fn dav_put_blob(&self, sha256: &str, bytes: Vec<u8>) -> Answer<()> {
        let path = names::blob(sha256);
        let size = bytes.len() as u64;
        if self.dav_size(&path).await? == Some(size) {
            return Ok(());
        }
        let folder = format!("blobs/{}/", &sha256[..2]);
        self.dav_put_into(&["blobs/", &folder], &path, bytes).await?;
        match self.dav_size(&path).await? {
            Some(found) if found != size => Err(Fault::own(502, "cut_off")),
            _ => Ok(()),
        }
    }

    /// A file, whole or put together from its parts; `None` when it is not there, or not all of it.
    pub(in crate::share) async fn dav_blob(&self, sha256: &str) -> Answer<Option<Vec<u8>>> {
        if let Some(bytes) = self.dav_get(&names::blob(sha256)).await? {
            // One that was cut off may stand beside the parts of a later upload.
            if names::sha256(&bytes) == sha256 {
                return Ok(Some(bytes));
            }
        }
        let Some(list) = self.dav_get(&names::parts_list(sha256)).await? else { return Ok(None) };
        let Ok(list) = serde_json::from_slice::<Parts>(&list) else { return Ok(None) };
        if list.size > MAX_BLOB || list.chunks > MOST {
            return Ok(None);
        }
        let folder = names::parts(sha256);
        let paths: Vec<String> =
            (0..list.chunks).map(|number| format!("{folder}{}", names::part_file(number))).collect();
        let read = paths.iter().map(|path| -> lanes::Job<'_, _> { Box::pin(self.dav_get(path)) });
        let mut bytes = Vec::with_capacity(list.size);
        for part in lanes::all(read).await {
            let Some(part) = part? else { return Ok(None) };
            if bytes.len() + part.len() > list.size {
                return Ok(None);
            }
            bytes.extend(part);
        }
        Ok(Some(bytes))
    }

    /// What is there of a file that goes up in parts. Parts whose size the server does not tell may be cut off.
    pub(in crate::share) async fn dav_found(&self, sha256: &str, size: usize) -> Answer<Found> {
        if self.dav_size(&names::blob(sha256)).await? == Some(size as u64) {
            return Ok(Found::Whole);
        }
        let items = self.dav_list(&names::parts(sha256)).await?.unwrap_or_default();
        let items: Vec<_> = items.into_iter().filter(|item| !item.absent).collect();
        let there = whole_parts(
            items.iter().filter_map(|item| Some((number_of(&item.name)?, item.len))),
            size,
            self.sizes.part,
        );
        let listed = items.iter().any(|item| item.name == names::PARTS_LIST);
        if listed && there.len() == size.div_ceil(self.sizes.part) && self.dav_listed(sha256).await? {
            return Ok(Found::Whole);
        }
        Ok(Found::Parts(there))
    }

    /// Whether the list of the parts can be read: it may be cut off, too.
    async fn dav_listed(&self, sha256: &str) -> Answer<bool> {
        let list = self.dav_get(&names::parts_list(sha256)).await?;
        Ok(list.is_some_and(|list| serde_json::from_slice::<Parts>(&list).is_ok()))
    }

    pub(in crate::share) async fn dav_put_part(
        &self,
        sha256: &str,
        number: usize,
        bytes: Vec<u8>,
    ) -> Answer<()> {
        let (outer, folder) = (format!("blobs/{}/", &sha256[..2]), names::parts(sha256));
        let path = format!("{folder}{}", names::part_file(number));
        self.dav_put_into(&["blobs/", &outer, &folder], &path, bytes).await
    }

    /// Writes the list, once no part is known to be cut off and all are there, and looks whether they are so still: since
    /// they went up the folder may have gone back to a backup, and with that list there nobody would notice.
    pub(in crate::share) async fn dav_close(&self, sha256: &str, size: usize) -> Answer<()> {
        self.dav_all_there(sha256, size).await?;
        let list = Parts { size, chunks: size.div_ceil(self.sizes.part) };
        let text = serde_json::to_vec(&list).unwrap_or_default();
        self.dav_put_into(&[], &names::parts_list(sha256), text).await?;
        self.dav_all_there(sha256, size).await
    }

    /// A listing may be old, so what it lacks is looked for by its name.
    async fn dav_all_there(&self, sha256: &str, size: usize) -> Answer<()> {
        let items = self.dav_list(&names::parts(sha256)).await?.unwrap_or_default();
        let sizes: Vec<_> =
            items.iter().filter_map(|item| Some((number_of(&item.name)?, item.len))).collect();
        let told = sizes.iter().filter(|(_, len)| len.is_some()).count();
        if whole_parts(sizes, size, self.sizes.part).len() < told {
            return Err(Fault::own(502, "cut_off"));
        }
        let listed: Vec<usize> =
            items.iter().filter(|item| !item.absent).filter_map(|item| number_of(&item.name)).collect();
        for number in (0..size.div_ceil(self.sizes.part)).filter(|number| !listed.contains(number)) {
            let path = format!("{}{}", names::parts(sha256), names::part_file(number));
            if !self.dav_seen(&path).await? {
                return Err(Fault::own(502, "cut_off"));
            }
        }
        Ok(())
    }

    /// Whether a photo is certainly not there, neither whole nor in parts: a listing may be old.
    pub(in crate::share) async fn dav_blob_gone(&self, sha256: &str) -> Answer<bool> {
        let (file, list) = (names::blob(sha256), names::parts_list(sha256));
        if self.dav_seen(&file).await? || self.dav_seen(&list).await? {
            return Ok(false);
        }
        Ok(self.dav_get(&file).await?.is_none() && self.dav_get(&list).await?.is_none())
    }

    async fn dav_size(&self, path: &str) -> Answer<Option<u64>> {
        let found = self.dav_find(path, "0").await?;
        Ok(found.and_then(|items| items.first().filter(|item| !item.absent).and_then(|item| item.len)))
    }
}
