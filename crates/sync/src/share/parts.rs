//! Large files go up in parts, each a file or document of its own, so that an upload that broke off goes on where it
//! stopped. What names the parts is written last: before that the file is not there. Every reader checks the whole
//! against its name.

use std::collections::BTreeSet;

use super::fault::{Answer, Fault};
use super::{Share, ShareKind, Wire, names};
use crate::engine::Response;
use crate::env::Env;
use crate::wire::MAX_BLOB;

/// Largest file that is written whole.
const WHOLE: usize = 1024 * 1024;
/// Part of a file in a folder: some seconds on a weak line.
const DAV_PART: usize = 256 * 1024;
/// Part of a file in a database.
const COUCH_PART: usize = 1024 * 1024;

/// What goes up whole, and how large a part is, in bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub(super) whole: usize,
    pub(super) part: usize,
}

impl Sizes {
    pub(super) fn of(kind: ShareKind) -> Self {
        let part = match kind {
            ShareKind::WebDav => DAV_PART,
            ShareKind::CouchDb => COUCH_PART,
        };
        Self { whole: WHOLE, part }
    }
}

/// A file that goes up in parts.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    sha256: String,
    size: usize,
    /// Numbers of the parts that are there.
    there: BTreeSet<usize>,
    /// Number of the part that is being filled.
    next: usize,
    /// What of it has come.
    held: Vec<u8>,
}

/// What a share has of a file.
pub(super) enum Found {
    /// All of it.
    Whole,
    /// These parts.
    Parts(BTreeSet<usize>),
}

impl Upload {
    fn new(sha256: &str, size: usize, there: BTreeSet<usize>) -> Self {
        let mut upload = Self { sha256: sha256.to_owned(), size, there, next: 0, held: Vec::new() };
        upload.skip();
        upload
    }

    /// Passes over what is there.
    fn skip(&mut self) {
        while self.there.contains(&self.next) {
            self.next += 1;
        }
    }

    /// Where the next byte belongs.
    fn at(&self, part: usize) -> usize {
        (self.next * part + self.held.len()).min(self.size)
    }
}

impl<W: Wire, E: Env> Share<W, E> {
    async fn found(&self, sha256: &str, size: usize) -> Answer<Found> {
        match self.setup.kind {
            ShareKind::WebDav => self.dav_found(sha256, size).await,
            ShareKind::CouchDb => self.couch_found(sha256, size).await,
        }
    }

    async fn put_one(&self, sha256: &str, number: usize, bytes: Vec<u8>) -> Answer<()> {
        match self.setup.kind {
            ShareKind::WebDav => self.dav_put_part(sha256, number, bytes).await,
            ShareKind::CouchDb => self.couch_put_part(sha256, number, bytes).await,
        }
    }

    async fn close(&self, sha256: &str, size: usize) -> Answer<()> {
        match self.setup.kind {
            ShareKind::WebDav => self.dav_close(sha256, size).await,
            ShareKind::CouchDb => self.couch_close(sha256, size).await,
        }
    }

    /// Takes bytes of a file from `offset` on. Answers where it goes on, or that all of it is there.
    pub(super) async fn take_bytes(
        &self,
        sha256: &str,
        offset: usize,
        size: usize,
        bytes: &[u8],
    ) -> Answer<Response> {
        if size > MAX_BLOB {
            return Err(Fault::own(422, "too_large"));
        }
        // Taken out: after a fault the share is looked at anew.
        let held = self.state.lock().await.upload.take();
        let part = self.sizes.part;
        let mut upload = match held.filter(|held| held.sha256 == sha256 && held.size == size) {
            Some(upload) => upload,
            None => match self.found(sha256, size).await? {
                Found::Whole => {
                    self.state.lock().await.photo = Some(sha256.to_owned());
                    return Ok(Response::Blob);
                }
                Found::Parts(there) => Upload::new(sha256, size, there),
            },
        };
        if upload.at(part) == offset {
            upload.held.extend(bytes);
            self.fill(&mut upload, part).await?;
            if upload.next * part >= size {
                self.close(sha256, size).await?;
                self.state.lock().await.photo = Some(sha256.to_owned());
                return Ok(Response::Blob);
            }
        }
        let at = upload.at(part);
        self.state.lock().await.upload = Some(upload);
        Ok(Response::BlobAt(Some(at)))
    }

    /// Puts the parts that are full by now.
    async fn fill(&self, upload: &mut Upload, part: usize) -> Answer<()> {
        while upload.next * part < upload.size {
            let full = part.min(upload.size - upload.next * part);
            if upload.held.len() < full {
                return Ok(());
            }
            let rest = upload.held.split_off(full);
            let whole = std::mem::replace(&mut upload.held, rest);
            let number = upload.next;
            self.put_one(&upload.sha256, number, whole).await?;
            upload.there.insert(number);
            upload.skip();
            if upload.next != number + 1 {
                // What came goes into a part that is there already.
                upload.held.clear();
            }
        }
        Ok(())
    }

    /// Puts a whole file that is too large for one request: whatever parts are missing, then what names them.
    pub(super) async fn put_parts(&self, sha256: &str, bytes: &[u8]) -> Answer<()> {
        let Found::Parts(there) = self.found(sha256, bytes.len()).await? else { return Ok(()) };
        for (number, part) in bytes.chunks(self.sizes.part).enumerate() {
            if !there.contains(&number) {
                self.put_one(sha256, number, part.to_vec()).await?;
            }
        }
        self.close(sha256, bytes.len()).await
    }
}

/// Numbers of parts by their sizes: those that are whole.
pub(super) fn whole_parts(
    sizes: impl IntoIterator<Item = (usize, Option<u64>)>,
    size: usize,
    part: usize,
) -> BTreeSet<usize> {
    let fits =
        |number: usize, len: u64| number * part < size && len == (size - number * part).min(part) as u64;
    sizes
        .into_iter()
        .filter(|(number, len)| len.is_some_and(|len| fits(*number, len)))
        .map(|(n, _)| n)
        .collect()
}

/// The number of a part by its file's name.
pub(super) fn number_of(file: &str) -> Option<usize> {
    let number: usize = file.strip_suffix(".bin")?.parse().ok()?;
    (names::part_file(number) == file).then_some(number)
}
