//! Files in a database: an attachment, or parts of at most a megabyte, the document that names them last.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::env::Env;
use crate::share::fault::{Answer, Fault};
use crate::share::parts::Found;
use crate::share::{RawRequest, Share, Wire};
use crate::wire::MAX_BLOB;

#[derive(Serialize, Deserialize)]
struct Parts {
    chunks: usize,
    size: usize,
}

/// What a file's document says.
enum Named {
    /// There is none.
    Nothing,
    /// It has the file itself.
    File,
    Parts(Parts),
}

/// Which documents are there, as the database tells it.
#[derive(Deserialize)]
struct There {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    #[serde(default)]
    key: String,
    #[serde(default)]
    value: Option<Held>,
}

#[derive(Deserialize)]
struct Held {
    #[serde(default)]
    deleted: bool,
}

/// A file's document.
pub(super) fn name(sha256: &str) -> String {
    format!("blob-{sha256}")
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(in crate::share) async fn couch_put_blob(&self, sha256: &str, bytes: Vec<u8>) -> Answer<()> {
        self.couch_attach(&name(sha256), bytes).await
    }

    /// What is there of a file that goes up in parts; a document is there whole or not at all.
    pub(in crate::share) async fn couch_found(&self, sha256: &str, size: usize) -> Answer<Found> {
        let (named, parts) = self.couch_parts(sha256, size).await?;
        // A file that went up whole has no parts. Where some or all of them are missing the database went back, perhaps
        // while what names them was on its way there.
        let all = parts.len() == size.div_ceil(self.sizes.part);
        if named && (all || matches!(self.couch_named(sha256).await?, Named::File)) {
            return Ok(Found::Whole);
        }
        Ok(Found::Parts(parts))
    }

    /// Whether a file's document is there, and which of its parts are.
    async fn couch_parts(&self, sha256: &str, size: usize) -> Answer<(bool, BTreeSet<usize>)> {
        let name = name(sha256);
        let parts = (0..size.div_ceil(self.sizes.part)).map(|number| format!("{name}-{number}"));
        let ids: Vec<String> = std::iter::once(name.clone()).chain(parts).collect();
        let there = self.couch_there(&ids).await?;
        let parts = (1..ids.len()).filter(|at| there.contains(&ids[*at])).map(|at| at - 1).collect();
        Ok((there.contains(&name), parts))
    }

    /// Those of the documents that are there.
    async fn couch_there(&self, ids: &[String]) -> Answer<BTreeSet<String>> {
        let text = serde_json::json!({ "keys": ids }).to_string().into_bytes();
        let response = self.couch("POST", "_all_docs".to_owned(), text).await?;
        if response.status != 200 {
            return Err(Fault::of(&response));
        }
        let there: There = serde_json::from_slice(&response.body).map_err(|_| Fault::Lost)?;
        let held = |row: Row| row.value.is_some_and(|value| !value.deleted).then_some(row.key);
        Ok(gridbook_log::set_of(there.rows.into_iter().filter_map(held)))
    }

    pub(in crate::share) async fn couch_put_part(
        &self,
        sha256: &str,
        number: usize,
        bytes: Vec<u8>,
    ) -> Answer<()> {
        self.couch_attach(&format!("{}-{number}", name(sha256)), bytes).await
    }

    async fn couch_named(&self, sha256: &str) -> Answer<Named> {
        let Some(text) = self.couch_get(&name(sha256)).await? else { return Ok(Named::Nothing) };
        Ok(serde_json::from_slice(&text).map_or(Named::File, Named::Parts))
    }

    /// Writes the document that names the parts, once all of them are there, and looks whether they are so still: since
    /// they went up the database may have gone back to a backup, and with that document there nobody would notice.
    pub(in crate::share) async fn couch_close(&self, sha256: &str, size: usize) -> Answer<()> {
        self.couch_all_there(sha256, size).await?;
        let parts = Parts { chunks: size.div_ceil(self.sizes.part), size };
        let text = serde_json::to_vec(&parts).unwrap_or_default();
        let made = self.couch("PUT", name(sha256), text).await?;
        if !matches!(made.status, 200..=202 | 409) {
            return Err(Fault::of(&made));
        }
        self.couch_all_there(sha256, size).await
    }

    async fn couch_all_there(&self, sha256: &str, size: usize) -> Answer<()> {
        let (_, there) = self.couch_parts(sha256, size).await?;
        if there.len() < size.div_ceil(self.sizes.part) { Err(Fault::own(502, "cut_off")) } else { Ok(()) }
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
        let Named::Parts(parts) = self.couch_named(sha256).await? else { return Ok(None) };
        if parts.size > MAX_BLOB || parts.chunks > MAX_BLOB.div_ceil(self.sizes.part) {
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
