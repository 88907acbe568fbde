//! The share's description: written once, by the first device. Whatever is not a plain "there is none" stops
//! everything: a share must never be set up over one that cannot be read just now.

use gridbook_log::DeviceId;
use serde::{Deserialize, Serialize};

use super::fault::{Answer, Fault};
use super::state::State;
use super::{Share, ShareKind, Wire, names};
use crate::env::Env;

/// Newest format that this code reads.
const READER: u32 = 1;

/// See the module's text. `format` is written first: a file that was cut off can be told by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    pub(super) format: u32,
    /// Another one after the share was set up anew.
    pub(super) history: String,
    /// Oldest format that readers must know.
    pub(super) min_reader: u32,
    #[serde(default)]
    pub(super) tenant: String,
    /// Whose receipts and numbers count, if anyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) authority: Option<DeviceId>,
}

/// How every description begins.
const BEGIN: &[u8] = b"{\"format\":";

pub(super) const META_FILE: &str = "meta.json";

impl<W: Wire, E: Env> Share<W, E> {
    pub(super) async fn meta(&self, state: &mut State) -> Answer<Meta> {
        if let Some(meta) = &state.meta {
            return Ok(meta.clone());
        }
        let mut meta = match self.setup.kind {
            ShareKind::WebDav => self.dav_meta().await?,
            ShareKind::CouchDb => self.couch_meta().await?,
        };
        if meta.format != READER || meta.min_reader > READER {
            return Err(Fault::own(426, "contract"));
        }
        let tenant = &self.setup.tenant;
        if !tenant.is_empty() && !meta.tenant.is_empty() && meta.tenant != *tenant {
            return Err(Fault::own(403, "tenant"));
        }
        if meta.authority.is_none() && self.setup.authority.is_some() {
            // Set up before anybody held the office; the description names whoever comes first.
            meta.authority = self.setup.authority;
            meta = match self.setup.kind {
                ShareKind::WebDav => self.dav_rename(&meta).await?,
                ShareKind::CouchDb => self.couch_rename(&meta).await?,
            };
        }
        state.meta = Some(meta.clone());
        Ok(meta)
    }

    /// Writes the description anew, and reads what stands there then.
    async fn dav_rename(&self, meta: &Meta) -> Answer<Meta> {
        self.dav_put(META_FILE, serde_json::to_vec(meta).unwrap_or_default(), false).await?;
        self.dav_read_meta().await?.ok_or(Fault::own(502, "meta"))
    }

    async fn couch_rename(&self, meta: &Meta) -> Answer<Meta> {
        let held = self.couch_get("meta").await?.ok_or(Fault::own(502, "meta"))?;
        let mut text: serde_json::Value =
            serde_json::from_slice(&held).map_err(|_| Fault::own(502, "meta"))?;
        text["authority"] = serde_json::json!(meta.authority);
        let made = self.couch("PUT", "meta".to_owned(), text.to_string().into_bytes()).await?;
        // 409: another device was first.
        if !matches!(made.status, 200..=202 | 409) {
            return Err(Fault::of(&made));
        }
        let text = self.couch_get("meta").await?.ok_or(Fault::own(502, "meta"))?;
        serde_json::from_slice(&text).map_err(|_| Fault::own(502, "meta"))
    }

    pub(super) fn new_meta(&self, history: Option<String>) -> Meta {
        let history = history.unwrap_or_else(|| names::hex(&self.env.random_array::<8>()));
        Meta {
            format: READER,
            history,
            min_reader: 1,
            tenant: self.setup.tenant.clone(),
            authority: self.setup.authority,
        }
    }

    async fn dav_meta(&self) -> Answer<Meta> {
        let held = self.dav_get(META_FILE).await?;
        match held.as_deref().map(serde_json::from_slice::<Meta>) {
            Some(Ok(meta)) => return Ok(meta),
            // Not only this answer, the file itself.
            Some(Err(_))
                if held.as_deref().is_some_and(was_cut_off) && self.dav_get(META_FILE).await? == held => {}
            Some(Err(_)) => return Err(Fault::own(502, "meta")),
            None => {
                let root = self.dav_list("").await?.ok_or(Fault::own(404, "folder"))?;
                if root.iter().any(|item| item.name == META_FILE && !item.absent) {
                    return Err(Fault::own(503, "meta"));
                }
            }
        }
        for folder in ["heads/", "log/", "blobs/"] {
            self.dav_folder(folder).await?;
        }
        // Only the description was lost, if there are logs.
        let meta = self.new_meta(self.dav_survivor().await?);
        let text = serde_json::to_vec(&meta).unwrap_or_default();
        if held.is_none() {
            self.dav_put(META_FILE, text.clone(), true).await?;
        }
        match self.dav_read_meta().await? {
            Some(meta) => return Ok(meta),
            // Some servers take the condition amiss, and a file that was cut off is in the way.
            None => self.dav_put(META_FILE, text, false).await?,
        };
        self.dav_read_meta().await?.ok_or(Fault::own(502, "meta"))
    }

    async fn dav_read_meta(&self) -> Answer<Option<Meta>> {
        Ok(self.dav_get(META_FILE).await?.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    async fn couch_meta(&self) -> Answer<Meta> {
        for _ in 0..2 {
            if let Some(text) = self.couch_get("meta").await? {
                return serde_json::from_slice(&text).map_err(|_| Fault::own(502, "meta"));
            }
            let database = self.couch("GET", String::new(), Vec::new()).await?;
            if database.status != 200 {
                return Err(Fault::of(&database));
            }
            let text = serde_json::to_vec(&self.new_meta(None)).unwrap_or_default();
            let made = self.couch("PUT", "meta".to_owned(), text).await?;
            // 409: another device was first.
            if !matches!(made.status, 200..=202 | 409) {
                return Err(Fault::of(&made));
            }
        }
        Err(Fault::own(502, "meta"))
    }
}

/// Whether this is the beginning of a description, not something else that stands in its place.
fn was_cut_off(bytes: &[u8]) -> bool {
    BEGIN.starts_with(bytes)
        || bytes.starts_with(BEGIN) && serde_json::from_slice::<serde_json::Value>(bytes).is_err()
}
