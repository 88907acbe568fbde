//! A WebDAV share: the verbs, and files.

mod blob;
mod broken;
mod own;
mod pull;
mod push;

pub(super) use push::{judge, refuse_all};

use super::fault::{Answer, Fault};
use super::head::{Head, Seg};
use super::listing::{Item, read_listing};
use super::segment::{self, Timed};
use super::{RawRequest, RawResponse, Share, Wire, names};
use crate::env::Env;

const PROPS: &str = "<?xml version=\"1.0\" encoding=\"utf-8\"?><propfind xmlns=\"DAV:\"><prop><resourcetype/>\
                     <getcontentlength/><getetag/><getlastmodified/></prop></propfind>";

/// What came of reading a head.
pub(super) enum Read {
    Good(Head),
    /// It is there, and not whole, or of a later format.
    Torn(u64),
    Absent,
    /// This one file may not be read; the others may be.
    Forbidden(Fault),
}

/// What came of a PUT that was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Done,
    /// It was to be new, and is not.
    Exists,
    /// Its folder is not there.
    NoFolder,
}

impl<W: Wire, E: Env> Share<W, E> {
    pub(super) async fn dav(
        &self,
        method: &'static str,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Answer<RawResponse> {
        Ok(self.ask(RawRequest { method, path: path.to_owned(), headers, body }).await?)
    }

    /// A file; `None` when there is none.
    pub(super) async fn dav_get(&self, path: &str) -> Answer<Option<Vec<u8>>> {
        let response = self.dav("GET", path, Vec::new(), Vec::new()).await?;
        match response.status {
            200 => Ok(Some(response.body)),
            404 | 410 => Ok(None),
            _ => Err(Fault::of(&response)),
        }
    }

    pub(super) async fn dav_put(&self, path: &str, bytes: Vec<u8>, only_new: bool) -> Answer<Put> {
        let mut headers = vec![("content-type", "application/octet-stream".to_owned())];
        if only_new {
            headers.push(("if-none-match", "*".to_owned()));
        }
        let response = self.dav("PUT", path, headers, bytes).await?;
        match response.status {
            200 | 201 | 204 => Ok(Put::Done),
            412 if only_new => Ok(Put::Exists),
            404 | 409 => Ok(Put::NoFolder),
            413 => Err(Fault::own(413, "too_large")),
            _ => Err(Fault::of(&response)),
        }
    }

    /// Makes a folder unless it is there. What answers to a folder that exists differs; whether it worked shows
    /// when something is written into it.
    pub(super) async fn dav_folder(&self, path: &str) -> Answer<()> {
        let response = self.dav("MKCOL", path, Vec::new(), Vec::new()).await?;
        match response.status {
            200..=299 | 301 | 302 | 405 | 409 => Ok(()),
            _ => Err(Fault::of(&response)),
        }
    }

    /// A folder's members; `None` when there is no such folder.
    pub(super) async fn dav_list(&self, path: &str) -> Answer<Option<Vec<Item>>> {
        self.dav_find(path, "1").await
    }

    pub(super) async fn dav_find(&self, path: &str, depth: &str) -> Answer<Option<Vec<Item>>> {
        let headers = vec![("depth", depth.to_owned()), ("content-type", "application/xml".to_owned())];
        let response = self.dav("PROPFIND", path, headers, PROPS.as_bytes().to_vec()).await?;
        match response.status {
            207 => read_listing(&response.body).map(Some).ok_or(Fault::Lost),
            404 => Ok(None),
            _ => Err(Fault::of(&response)),
        }
    }

    /// Writes a file into a folder that may have to be made first. nginx answers 500 when it is not there.
    pub(super) async fn dav_put_into(&self, folders: &[&str], path: &str, bytes: Vec<u8>) -> Answer<()> {
        match self.dav_put(path, bytes.clone(), false).await {
            Ok(Put::Done) => return Ok(()),
            Ok(Put::Exists | Put::NoFolder) => {}
            Err(fault) if fault.status() == Some(500) => {}
            Err(fault) => return Err(fault),
        }
        for folder in folders {
            self.dav_folder(folder).await?;
        }
        match self.dav_put(path, bytes, false).await? {
            Put::Done => Ok(()),
            Put::Exists | Put::NoFolder => Err(Fault::own(502, "folder")),
        }
    }

    /// A file of a log's folder, read as a segment; `None` when it is not there or not whole.
    pub(super) async fn dav_segment(&self, log: &str, file: &str) -> Answer<Option<(Vec<Timed>, Seg)>> {
        let bytes = match self.dav_get(&format!("log/{log}/{file}")).await {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            // This file is refused or forbidden; others may not be.
            Err(fault)
                if fault
                    .status()
                    .is_some_and(|s| (400..500).contains(&s) && !matches!(s, 401 | 423 | 429)) =>
            {
                return Ok(None);
            }
            Err(fault) => return Err(fault),
        };
        let size = bytes.len() as u64;
        let Some((ops, hash)) = self.unpack(bytes).await.as_deref().and_then(segment::read) else {
            return Ok(None);
        };
        let count = ops.len() as u64;
        if count == 0 {
            return Ok(None);
        }
        Ok(Some((ops, Seg { first: 0, count, hash, size, file: file.to_owned() })))
    }

    /// As stored; `None` when it is damaged.
    async fn unpack(&self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        // A server or a proxy may have unpacked it on the way.
        if bytes.starts_with(&[0x1f, 0x8b]) {
            self.wire.gunzip(bytes, segment::MAX_BYTES).await
        } else {
            Some(bytes)
        }
    }

    pub(super) async fn dav_head(&self, log: &str) -> Answer<Read> {
        match self.dav_get(&names::head(log)).await {
            Ok(Some(bytes)) => Ok(Head::read(&bytes).map_or(Read::Torn(bytes.len() as u64), Read::Good)),
            Ok(None) => Ok(Read::Absent),
            Err(fault) if fault.status() == Some(403) => Ok(Read::Forbidden(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// The history that a log names, if there is one that can be read. Where one may not be read, and no other tells it,
    /// nobody knows that there is none.
    pub(super) async fn dav_survivor(&self) -> Answer<Option<String>> {
        let mut forbidden = None;
        for item in self.dav_list("heads/").await?.unwrap_or_default() {
            let log = item.name.strip_suffix(".json").filter(|log| names::log_writer(log).is_some());
            let Some(log) = log else { continue };
            match self.dav_head(log).await? {
                Read::Good(head) => return Ok(Some(head.history)),
                Read::Forbidden(fault) => forbidden = Some(fault),
                Read::Torn(_) | Read::Absent => {}
            }
        }
        forbidden.map_or(Ok(None), Err)
    }

    /// Whether a listing has a file.
    async fn dav_seen(&self, path: &str) -> Answer<bool> {
        let found = self.dav_find(path, "0").await?;
        Ok(found.is_some_and(|items| items.first().is_some_and(|item| !item.absent)))
    }
}
