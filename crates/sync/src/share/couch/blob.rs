//! Files in a database: an attachment, or parts of at most a megabyte, the document that names them last.

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::share::fault::{Answer, Fault};
use crate::share::{RawRequest, Share, Wire};
use crate::wire::MAX_BLOB;

/// Largest attachment.
const PART: usize = 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Parts {
    chunks: usize,
    size: usize,
}

/// A file's document.
pub(super) fn name(sha256: &str) -> String {
    format!("blob-{sha256}")
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(in crate::share) async fn couch_put_blob(&self, sha256: &str, bytes: Vec<u8>) -> Answer<()> {
        let name = name(sha256);
        if bytes.len() <= PART {
            return self.couch_attach(&name, bytes).await;
        }
        let parts = Parts { chunks: bytes.len().div_ceil(PART), size: bytes.len() };
        for (n, part) in bytes.chunks(PART).enumerate() {
            self.couch_attach(&format!("{name}-{n}"), part.to_vec()).await?;
        }
        let text = serde_json::to_vec(&parts).unwrap_or_default();
        let made = self.couch("PUT", name, text).await?;
        if matches!(made.status, 200..=202 | 409) { Ok(()) } else { Err(Fault::of(&made)) }
    }

    /// A document with these bytes; one that is there already must have the same.
    async fn couch_attach(&self, name: &str, bytes: Vec<u8>) -> Answer<()> {
        let path = format!("{name}/data");
        let headers = vec![("content-type", "application/octet-stream".to_owned())];
        let request = RawRequest { method: "PUT", path: path.clone(), headers, body: bytes.clone() };
        let response = self.ask(request).await?;
        match response.status {
            200..=202 => Ok(()),
            409 if self.couch_get(&path).await?.as_ref() == Some(&bytes) => Ok(()),
            413 => Err(Fault::own(422, "too_large")),
            _ => Err(Fault::of(&response)),
        }
    }

    pub(in crate::share) async fn couch_blob(&self, sha256: &str) -> Answer<Option<Vec<u8>>> {
        let name = name(sha256);
        if let Some(bytes) = self.couch_get(&format!("{name}/data")).await? {
            return Ok(Some(bytes));
        }
        let Some(text) = self.couch_get(&name).await? else { return Ok(None) };
        let Ok(parts) = serde_json::from_slice::<Parts>(&text) else { return Ok(None) };
        if parts.size > MAX_BLOB || parts.chunks > MAX_BLOB.div_ceil(PART) {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(parts.size);
        for n in 0..parts.chunks {
            match self.couch_get(&format!("{name}-{n}/data")).await? {
                Some(part) => bytes.extend(part),
                None => return Ok(None),
            }
        }
        Ok(Some(bytes))
    }
}
