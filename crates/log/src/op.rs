//! One save: a header line, a salted body, an optional signature.

use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::body::{Body, BodyError};
use crate::clock::Hlc;
use crate::context::Ctx;
use crate::header::{Header, HeaderError};
use crate::hex;
use crate::id::{Dot, EntityId, OpId};

/// Largest body accepted, in bytes of UTF-8.
pub const MAX_BODY: usize = 256 * 1024;

/// Longest signature accepted, in bytes of text; one of ECDSA P-256 has 86.
pub const MAX_SIG: usize = 1024;

/// A SHA-256.
pub type Hash = [u8; 32];

/// Random bytes hashed with the body. Erasing a body erases its salt, so that a short body cannot be guessed
/// from the hash that stays behind.
pub type Salt = [u8; 16];

/// An operation in memory. Header line and body are the author's own bytes; everything else is derived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Op {
    header: Header,
    line: String,
    content: Content,
    sig: Option<String>,
    hash: Hash,
    understood: Understood,
}

/// The body once it was parsed: admission, fold and index ask for it one after the other. Says nothing that the
/// text does not say, so it plays no part in a comparison.
#[derive(Clone, Debug, Default)]
struct Understood(OnceLock<Result<Arc<Body>, BodyError>>);

impl PartialEq for Understood {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Understood {}

/// A body with its salt, or what stays of it after erasure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    Here { salt: Salt, body: String },
    Erased { body_hash: Hash },
}

/// The JSON form of an operation, on the wire and in exported files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WireOp {
    /// Header line.
    pub h: String,
    /// Salt, 32 hex digits; absent after erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub s: Option<String>,
    /// Body text; absent after erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub b: Option<String>,
    /// Hash of salt and body, 64 hex digits; only after erasure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<String>,
    /// Signature over the hash (ECDSA P-256, base64url, see [`crate::sign`]), if signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub g: Option<String>,
}

/// Why an operation was refused. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpError {
    /// The header line is bad.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The body is longer than [`MAX_BODY`].
    #[error("body too long")]
    BodyTooLong,
    /// Neither a body with its salt nor the hash of an erased one, or a signature longer than [`MAX_SIG`].
    #[error("bad salt, body, body hash or signature")]
    Content,
    /// A packed frame ends early or is damaged.
    #[error("damaged frame")]
    Frame,
}

/// What an author decides when it writes.
#[derive(Clone, Debug)]
pub struct NewOp<'a> {
    /// The stream.
    pub entity: EntityId,
    /// The place in it.
    pub dot: Dot,
    /// From the author's [`crate::Clock`].
    pub hlc: Hlc,
    /// Kind of the body.
    pub kind: &'a str,
    /// Account of the author.
    pub user: &'a str,
    /// All the author has seen of the stream.
    pub ctx: Ctx,
}

impl Op {
    /// Writes an operation.
    ///
    /// # Errors
    /// [`OpError`] when kind, user, context or body are outside the format's bounds.
    pub fn new(new: NewOp<'_>, salt: Salt, body: String) -> Result<Self, OpError> {
        let header = Header {
            id: OpId { entity: new.entity, dot: new.dot },
            hlc: new.hlc,
            kind: new.kind.to_owned(),
            user: new.user.to_owned(),
            ctx: new.ctx,
            ext: String::new(),
        };
        let op = Self::from_parts(header.to_line(), Content::Here { salt, body }, None)?;
        // A space in a name would make the line say something else.
        if op.header == header { Ok(op) } else { Err(HeaderError::Part("name").into()) }
    }

    /// The same operation, not signed yet, with this behind its context: what a later version said of the save that is
    /// written again.
    ///
    /// # Errors
    /// [`OpError`] when there is no room for it.
    pub fn with_ext(&self, ext: &str) -> Result<Self, OpError> {
        let header = Header { ext: ext.to_owned(), ..self.header.clone() };
        Self::from_parts(header.to_line(), self.content.clone(), None)
    }

    pub(crate) fn from_parts(line: String, content: Content, sig: Option<String>) -> Result<Self, OpError> {
        let hash = hash_of(&line, &content);
        Self::with_hash(line, content, sig, hash)
    }

    /// As [`Self::from_parts`], for bytes this replica has hashed before.
    pub(crate) fn with_hash(
        line: String,
        content: Content,
        sig: Option<String>,
        hash: Hash,
    ) -> Result<Self, OpError> {
        let header = Header::parse(&line)?;
        if matches!(&content, Content::Here { body, .. } if body.len() > MAX_BODY) {
            return Err(OpError::BodyTooLong);
        }
        if sig.as_ref().is_some_and(|sig| sig.len() > MAX_SIG) {
            return Err(OpError::Content);
        }
        Ok(Self { header, line, content, sig, hash, understood: Understood::default() })
    }

    /// Reads the wire form.
    ///
    /// # Errors
    /// [`OpError`] for anything malformed.
    pub fn from_wire(wire: WireOp) -> Result<Self, OpError> {
        let content = match (wire.s, wire.b, wire.x) {
            (Some(salt), Some(body), None) => {
                Content::Here { salt: hex::decode(&salt).ok_or(OpError::Content)?, body }
            }
            (None, None, Some(hash)) => {
                Content::Erased { body_hash: hex::decode(&hash).ok_or(OpError::Content)? }
            }
            _ => return Err(OpError::Content),
        };
        Self::from_parts(wire.h, content, wire.g)
    }

    /// The wire form.
    pub fn to_wire(&self) -> WireOp {
        wire(self.line.clone(), self.content.clone(), self.sig.clone())
    }

    /// The parsed header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header line as its author wrote it.
    pub fn line(&self) -> &str {
        &self.line
    }

    /// Stream and place.
    pub fn id(&self) -> OpId {
        self.header.id
    }

    /// Place in its stream.
    pub fn dot(&self) -> Dot {
        self.header.id.dot
    }

    /// Stream.
    pub fn entity(&self) -> EntityId {
        self.header.id.entity
    }

    /// Hash over header and salted body; two operations of one id with different hashes are a fork.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The hash as 64 hex digits.
    pub fn hash_text(&self) -> String {
        hex::encode(&self.hash)
    }

    /// The body as its author wrote it; `None` after erasure.
    pub fn body_text(&self) -> Option<&str> {
        match &self.content {
            Content::Here { body, .. } => Some(body),
            Content::Erased { .. } => None,
        }
    }

    /// The signature, if signed.
    pub fn sig(&self) -> Option<&str> {
        self.sig.as_deref()
    }

    /// The signature's bytes; `None` without one, or when field `g` does not spell one.
    pub fn signature(&self) -> Option<crate::Signature> {
        crate::sign::decode(self.sig()?)
    }

    /// The same operation with the author's signature over [`crate::signed_bytes`] of its hash; id and hash stay.
    #[must_use]
    pub fn signed(mut self, signature: &crate::Signature) -> Self {
        self.sig = Some(crate::sign::encode(signature));
        self
    }

    pub(crate) fn content(&self) -> &Content {
        &self.content
    }

    /// Understands the body by its kind. Unknown kinds and erased bodies are not errors; a body that does not
    /// fit its kind is.
    ///
    /// # Errors
    /// [`BodyError`] when the body must be quarantined.
    pub fn body(&self) -> Result<&Body, &BodyError> {
        self.shared_body().as_ref().map(|body| &**body)
    }

    /// As [`Self::body`], for a fold to keep.
    pub(crate) fn shared_body(&self) -> &Result<Arc<Body>, BodyError> {
        self.understood.0.get_or_init(|| match self.body_text() {
            Some(text) => Body::parse(&self.header.kind, text).map(Arc::new),
            None => Ok(Arc::new(Body::Unknown)),
        })
    }

    /// The same operation with its body and salt erased; id and hash stay, so vectors and fingerprints do too.
    #[must_use]
    pub fn erased(&self) -> Self {
        let content = Content::Erased { body_hash: body_hash(&self.content) };
        Self {
            content,
            sig: self.sig.clone(),
            header: self.header.clone(),
            line: self.line.clone(),
            hash: self.hash,
            understood: Understood::default(),
        }
    }
}

/// The wire form of these parts.
pub(crate) fn wire(h: String, content: Content, g: Option<String>) -> WireOp {
    let (s, b, x) = match content {
        Content::Here { salt, body } => (Some(hex::encode(&salt)), Some(body), None),
        Content::Erased { body_hash } => (None, None, Some(hex::encode(&body_hash))),
    };
    WireOp { h, s, b, x, g }
}

fn body_hash(content: &Content) -> Hash {
    match content {
        Content::Here { salt, body } => {
            let mut sha = Sha256::new();
            sha.update(salt);
            sha.update(body.as_bytes());
            sha.finalize().into()
        }
        Content::Erased { body_hash } => *body_hash,
    }
}

fn hash_of(line: &str, content: &Content) -> Hash {
    let mut sha = Sha256::new();
    sha.update(line.as_bytes());
    sha.update(b"\n");
    sha.update(body_hash(content));
    sha.finalize().into()
}
