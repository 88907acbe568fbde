//! Whether a folder or database can be used: tried, not asked for.

use serde::{Deserialize, Serialize};

use super::fault::{Fault, PASSWORD};
use super::{RawRequest, RawResponse, SESSION_ENDED, Share, Wire, names};
use crate::env::Env;

/// What [`Share::probe`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It can be used.
    Works(Limits),
    /// There is no such folder or database.
    NoSuchFolder,
    /// The account or its password is refused.
    WrongPassword,
    /// The way there leads through a server of ours, and the session there has ended.
    SignedOut,
    /// It can be read and not written.
    ReadOnly,
    /// It does not say what it holds.
    NoListing,
    /// It gives back other bytes than it was given.
    ChangesBytes,
    /// Something answers there that is no such share.
    NotAShare,
    /// No answer: no connection, a wrong address, or (in a browser) a server that other sites may not ask.
    Unreachable,
    /// It answered, and then did not: the connection went, or (in a browser) other sites may ask it some things and not
    /// all that is needed.
    Interrupted,
    /// The server has no time or no peace now: try again.
    Busy,
    /// The server's disk or quota is full.
    Full,
}

/// What it can do beyond the needful.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Listings tell sizes: a broken upload is found without reading.
    pub sizes: bool,
    /// Listings tell entity tags.
    pub tags: bool,
}

type Found<T> = Result<T, Verdict>;

impl From<Fault> for Verdict {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Lost => Self::Unreachable,
            Fault::Status { code: PASSWORD, .. } => Self::WrongPassword,
            Fault::Status { status: 401, .. } => Self::SignedOut,
            Fault::Status { status, .. } => of_status(status, Self::NotAShare),
        }
    }
}

/// What no answer means once it has answered.
fn answered(verdict: Verdict) -> Verdict {
    if verdict == Verdict::Unreachable { Verdict::Interrupted } else { verdict }
}

/// What a status means that was not hoped for; `other` for those that depend on what was asked.
fn of_status(status: u16, other: Verdict) -> Verdict {
    match status {
        401 | 407 => Verdict::WrongPassword,
        SESSION_ENDED => Verdict::SignedOut,
        404 | 410 => Verdict::NoSuchFolder,
        423 | 429 | 500 | 502 | 503 | 504 => Verdict::Busy,
        507 => Verdict::Full,
        _ => other,
    }
}

#[derive(Deserialize)]
struct Database {
    db_name: String,
}

#[derive(Deserialize)]
struct Written {
    rev: Option<String>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Kept {
    #[serde(rename = "_rev")]
    rev: String,
    text: String,
}

#[derive(Deserialize)]
struct Listed {
    id: String,
}

#[derive(Deserialize)]
struct Feed {
    results: Vec<Listed>,
}

/// Invented text with what servers like to change: line ends, spaces, letters outside ASCII.
const TEXT: &str = "网格簿 probe\r\n \u{1f642} \"\\ end \n";

impl<W: Wire, E: Env> Share<W, E> {
    async fn try_out(
        &self,
        method: &'static str,
        path: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Found<RawResponse> {
        let request = RawRequest { method, path: path.to_owned(), headers, body };
        self.wire.send(request).await.map_err(|_| Verdict::Unreachable)
    }

    fn probe_name(&self) -> String {
        format!("probe-{}", names::hex(&self.env.random_array::<8>()))
    }

    pub(super) async fn probe_dav(&self) -> Found<Verdict> {
        let find = |depth: &str| vec![("depth", depth.to_owned())];
        let root = self.try_out("PROPFIND", "", find("0"), Vec::new()).await?;
        match root.status {
            207 => {}
            403 => return Err(Verdict::NoListing),
            status => return Err(of_status(status, Verdict::NotAShare)),
        }
        let name = format!("{}.bin", self.probe_name());
        let tried = self.probe_file(&name).await;
        // Away with it, whatever came of it.
        let _stays = self.try_out("DELETE", &name, Vec::new(), Vec::new()).await;
        tried.map_err(answered)
    }

    async fn probe_file(&self, name: &str) -> Found<Verdict> {
        let long: Vec<u8> = TEXT.bytes().chain([0, 0x1f, 0x8b, 0xff]).collect();
        for bytes in [&long[..], &long[..long.len() / 2]] {
            let headers = vec![("content-type", "application/octet-stream".to_owned())];
            let put = self.try_out("PUT", name, headers, bytes.to_vec()).await?;
            match put.status {
                200 | 201 | 204 => {}
                404 | 409 => return Err(Verdict::NoSuchFolder),
                status => return Err(of_status(status, Verdict::ReadOnly)),
            }
            let got = self.try_out("GET", name, Vec::new(), Vec::new()).await?;
            if got.status != 200 {
                return Err(of_status(got.status, Verdict::ChangesBytes));
            }
            if got.body != bytes {
                return Err(Verdict::ChangesBytes);
            }
        }
        let listing = self.dav_list("").await;
        let item = match listing {
            Ok(items) => items.and_then(|items| items.into_iter().find(|item| item.name == name)),
            Err(Fault::Lost) => return Err(Verdict::NoListing),
            Err(fault) => return Err(of_status(fault.status().unwrap_or_default(), Verdict::NoListing)),
        };
        let Some(item) = item else { return Err(Verdict::NoListing) };
        let deleted = self.try_out("DELETE", name, Vec::new(), Vec::new()).await?;
        if !(200..300).contains(&deleted.status) {
            return Err(of_status(deleted.status, Verdict::ReadOnly));
        }
        Ok(Verdict::Works(Limits { sizes: item.len.is_some(), tags: item.etag.is_some() }))
    }

    pub(super) async fn probe_couch(&self) -> Found<Verdict> {
        let database = self.try_out("GET", "", Vec::new(), Vec::new()).await?;
        if database.status != 200 {
            return Err(match database.status {
                // Members only, and this account is none.
                403 => Verdict::WrongPassword,
                status => of_status(status, Verdict::NotAShare),
            });
        }
        if !serde_json::from_slice::<Database>(&database.body).is_ok_and(|found| !found.db_name.is_empty()) {
            return Err(Verdict::NotAShare);
        }
        let name = self.probe_name();
        let tried = self.probe_doc(&name).await;
        if let Ok(Some(text)) = self.couch_get(&name).await
            && let Ok(kept) = serde_json::from_slice::<Kept>(&text)
        {
            let path = format!("{name}?rev={}", kept.rev);
            let _stays = self.try_out("DELETE", &path, Vec::new(), Vec::new()).await;
        }
        tried.map_err(answered)
    }

    async fn probe_doc(&self, name: &str) -> Found<Verdict> {
        let mut rev: Option<String> = None;
        for text in [TEXT, "2"] {
            let mut doc = serde_json::json!({ "_id": name, "text": text });
            if let Some(rev) = rev.take() {
                doc["_rev"] = rev.into();
            }
            let body = serde_json::json!({ "docs": [doc] }).to_string().into_bytes();
            let put = self.couch("POST", "_bulk_docs".to_owned(), body).await.map_err(Verdict::from)?;
            if !matches!(put.status, 200..=202) {
                return Err(of_status(put.status, Verdict::ReadOnly));
            }
            let rows: Vec<Written> = serde_json::from_slice(&put.body).map_err(|_| Verdict::NotAShare)?;
            if rows.first().is_none_or(|row| row.error.is_some() || row.rev.is_none()) {
                return Err(Verdict::ReadOnly);
            }
            let kept = self.couch_get(name).await?.ok_or(Verdict::ChangesBytes)?;
            let kept: Kept = serde_json::from_slice(&kept).map_err(|_| Verdict::NotAShare)?;
            if kept.text != text {
                return Err(Verdict::ChangesBytes);
            }
            rev = Some(kept.rev);
        }
        let feed = self.couch_get("_changes?descending=true&limit=100").await;
        let feed = feed.map_err(|fault| of_status(fault.status().unwrap_or_default(), Verdict::NoListing))?;
        let feed = feed.and_then(|text| serde_json::from_slice::<Feed>(&text).ok());
        match feed {
            Some(feed) if feed.results.iter().any(|row| row.id == name) => {
                Ok(Verdict::Works(Limits { sizes: true, tags: true }))
            }
            _ => Err(Verdict::NoListing),
        }
    }
}
