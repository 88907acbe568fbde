//! A WebDAV folder in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use gridbook_log::WireOp;

use super::{Quirks, unpack};
use crate::share::{RawRequest, RawResponse, oracle};
use crate::sim::Rng;
use crate::sim::mishap::Mishap;

#[derive(Clone, Default)]
struct Tree {
    /// Path to bytes and the number of the change that made it.
    files: BTreeMap<String, (Vec<u8>, u64)>,
    /// With a slash at the end; the root is always there.
    folders: BTreeSet<String>,
}

/// See the module's text.
#[derive(Default)]
pub struct FakeDav {
    tree: Tree,
    pub(super) changes: u64,
    backup: Option<Tree>,
    /// Listings of some time ago.
    old: BTreeMap<String, RawResponse>,
}

impl FakeDav {
    pub(super) fn handle(
        &mut self,
        rng: &mut Rng,
        quirks: &Quirks,
        request: &RawRequest,
    ) -> Option<RawResponse> {
        let path = request.path.as_str();
        let header =
            |name: &str| request.headers.iter().find(|(held, _)| *held == name).map(|(_, v)| v.as_str());
        let status = match request.method {
            "GET" => {
                return Some(match self.tree.files.get(path) {
                    Some((bytes, _)) => {
                        RawResponse { status: 200, body: bytes.clone(), ..RawResponse::default() }
                    }
                    None => plain(404),
                });
            }
            "PUT" => {
                if header("if-none-match").is_some()
                    && (quirks.no_conditions || self.tree.files.contains_key(path))
                {
                    if quirks.no_conditions {
                        quirks.met.note(Mishap::NoConditions);
                    }
                    return Some(plain(412));
                }
                let (folder, _) = path.rsplit_once('/').unwrap_or_default();
                if !folder.is_empty() && !self.tree.folders.contains(&format!("{folder}/")) {
                    return Some(plain(409));
                }
                self.changes += 1;
                let cut = rng.chance(quirks.cut);
                let length =
                    if cut { rng.below(request.body.len() as u64) as usize } else { request.body.len() };
                self.tree.files.insert(path.to_owned(), (request.body[..length].to_vec(), self.changes));
                if cut {
                    quirks.met.note(Mishap::UploadCut);
                    return None;
                }
                201
            }
            "DELETE" if self.tree.files.remove(path).is_some() => 204,
            "DELETE" => 404,
            "MKCOL" => {
                let parent = path.trim_end_matches('/').rsplit_once('/').map_or("", |(parent, _)| parent);
                if !parent.is_empty() && !self.tree.folders.contains(&format!("{parent}/")) {
                    409
                } else if self.tree.folders.insert(path.to_owned()) {
                    201
                } else {
                    405
                }
            }
            "PROPFIND" => {
                if rng.chance(quirks.stale) {
                    if let Some(old) = self.old.get(path).filter(|_| rng.chance(70)) {
                        quirks.met.note(Mishap::StaleListing);
                        return Some(old.clone());
                    }
                    quirks.met.note(Mishap::EmptyListing);
                    let body = "<D:multistatus xmlns:D=\"DAV:\"></D:multistatus>".as_bytes().to_vec();
                    return Some(RawResponse { status: 207, body, ..RawResponse::default() });
                }
                quirks.met.add(Mishap::UploadBroken, usize::from(self.is_half(path)));
                let gzip = quirks.gzip_tags && rng.chance(40);
                let listing = self.list(quirks, path, header("depth") == Some("1"), gzip);
                if rng.chance(30) {
                    self.old.insert(path.to_owned(), listing.clone());
                }
                return Some(listing);
            }
            _ => 405,
        };
        Some(plain(status))
    }

    fn list(&self, quirks: &Quirks, path: &str, deep: bool, gzip: bool) -> RawResponse {
        let file = self.tree.files.contains_key(path);
        if !file && !path.is_empty() && !self.tree.folders.contains(path) {
            return plain(404);
        }
        let mut names = vec![path.to_owned()];
        if deep && !file {
            let all = self.tree.files.keys().chain(&self.tree.folders);
            let member = |name: &&String| {
                name.strip_prefix(path)
                    .is_some_and(|rest| !rest.is_empty() && !rest.trim_end_matches('/').contains('/'))
            };
            names.extend(all.filter(member).cloned());
        }
        let mut body = String::from("<?xml version=\"1.0\"?>\n<D:multistatus xmlns:D=\"DAV:\">");
        for name in names {
            let href = if quirks.odd {
                quirks.met.note(Mishap::OddAddresses);
                format!("http://share.example:8080/a%20b/{}", name.replace('-', "%2D").replace('.', "%2e"))
            } else {
                format!("/share/{name}")
            };
            let _ = write!(body, "<D:response><D:href>{href}</D:href><D:propstat><D:prop>");
            if let Some((bytes, change)) = self.tree.files.get(&name) {
                if quirks.no_sizes {
                    quirks.met.note(Mishap::NoSizes);
                } else {
                    let _ = write!(body, "<D:getcontentlength>{}</D:getcontentlength>", bytes.len());
                }
                if quirks.no_tags {
                    quirks.met.note(Mishap::NoTags);
                } else if gzip {
                    quirks.met.note(Mishap::GzipTags);
                    let _ = write!(body, "<D:getetag>&quot;{change}-gzip&quot;</D:getetag>");
                } else {
                    let _ = write!(body, "<D:getetag>W/&quot;{change}&quot;</D:getetag>");
                }
            }
            body.push_str("</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>");
        }
        body.push_str("</D:multistatus>");
        RawResponse { status: 207, body: body.into_bytes(), ..RawResponse::default() }
    }

    pub(super) fn ops(&self) -> Vec<WireOp> {
        let heads = self.tree.files.iter().filter(|(path, _)| path.starts_with("heads/"));
        let mut ops = Vec::new();
        for (path, (head, _)) in heads {
            let log = path.trim_start_matches("heads/").trim_end_matches(".json");
            // Of a head that broke off readers find all that lies in its folder.
            let folder = format!("log/{log}/");
            let all = || {
                let beside =
                    self.tree.files.range(folder.clone()..).map(|(path, _)| path.strip_prefix(&folder));
                let files = beside.map_while(|file| file).filter(|file| oracle::is_segment(file));
                files.map(str::to_owned).collect()
            };
            for file in oracle::files(head).unwrap_or_else(all) {
                let bytes =
                    self.tree.files.get(&format!("log/{log}/{file}")).map(|(bytes, _)| bytes.as_slice());
                let bytes = bytes.and_then(|b| {
                    if b.starts_with(&[0x1f]) { unpack(b, usize::MAX) } else { Some(b.to_vec()) }
                });
                ops.extend(bytes.as_deref().map(oracle::ops).unwrap_or_default());
            }
        }
        ops
    }

    pub(super) fn has_blob(&self, sha256: &str) -> bool {
        let place = format!("blobs/{}/{sha256}", &sha256[..2]);
        let file = |path: String| self.tree.files.get(&path).map(|(bytes, _)| bytes.as_slice());
        let is = |bytes: &[u8]| oracle::sha256(bytes) == sha256;
        let list = file(format!("{place}/whole.json")).and_then(|list| serde_json::from_slice(list).ok());
        let chunks = list.and_then(|list: serde_json::Value| list["chunks"].as_u64());
        let part = |number: u64| file(format!("{place}/{number}.bin"));
        let parts = chunks.and_then(|chunks| (0..chunks).map(part).collect::<Option<Vec<_>>>());
        file(format!("{place}.bin")).is_some_and(is) || parts.is_some_and(|parts| is(&parts.concat()))
    }

    /// Whether this would be the place of a file of which some parts are there, and no list of them.
    fn is_half(&self, path: &str) -> bool {
        let Some(place) = path.strip_prefix("blobs/").and(path.strip_suffix(".bin")) else { return false };
        let folder = format!("{place}/");
        let begun = self.tree.files.range(folder.clone()..).next();
        begun.is_some_and(|(path, _)| path.starts_with(&folder))
            && !self.tree.files.contains_key(&format!("{folder}whole.json"))
    }

    pub(super) fn back_up(&mut self) {
        self.backup = Some(self.tree.clone());
    }

    pub(super) fn restore(&mut self) -> bool {
        let Some(backup) = self.backup.take() else { return false };
        self.tree = backup;
        true
    }
}

fn plain(status: u16) -> RawResponse {
    RawResponse { status, ..RawResponse::default() }
}
