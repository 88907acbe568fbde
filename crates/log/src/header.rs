//! The header of an operation: one line of text, kept byte for byte as its author wrote it.
//!
//! `gb1 <entity> <dev>.<epoch>.<n> <hlc> <kind> <user> <context> [key=value …]`
//!
//! A line needs no escaping inside JSON, can be read by any language with one split, and whatever a later
//! version appends as `key=value` is kept and covered by the hash without being understood.

use thiserror::Error;

use crate::clock::Hlc;
use crate::context::Ctx;
use crate::id::{Dot, EntityId, OpId};

/// Longest header accepted, in bytes.
pub const MAX_HEADER: usize = 16 * 1024;
const MAGIC: &str = "gb1";

/// Why a header line was refused. Nothing of such an operation is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// Longer than [`MAX_HEADER`].
    #[error("header too long")]
    TooLong,
    /// Not a `gb1` line.
    #[error("unknown header version")]
    Version,
    /// The named part is missing or malformed.
    #[error("bad header part: {0}")]
    Part(&'static str),
}

/// The parsed parts of a header line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Stream and place in it.
    pub id: OpId,
    /// When its author's clock stood where.
    pub hlc: Hlc,
    /// What kind of body follows. Unknown kinds are kept and forwarded.
    pub kind: String,
    /// The account that wrote it.
    pub user: String,
    /// What its author had seen of the stream.
    pub ctx: Ctx,
    /// Everything after the context, verbatim, without the separating space.
    pub ext: String,
}

impl Header {
    /// Reads a header line.
    ///
    /// # Errors
    /// [`HeaderError`] for anything but exactly one well-formed line.
    pub fn parse(line: &str) -> Result<Self, HeaderError> {
        if line.len() > MAX_HEADER {
            return Err(HeaderError::TooLong);
        }
        if line.chars().any(char::is_control) {
            return Err(HeaderError::Part("control character"));
        }
        let mut parts = line.splitn(8, ' ');
        if parts.next() != Some(MAGIC) {
            return Err(HeaderError::Version);
        }
        let mut next = |name| parts.next().filter(|p| !p.is_empty()).ok_or(HeaderError::Part(name));
        let entity = EntityId::parse(next("entity")?).ok_or(HeaderError::Part("entity"))?;
        let dot = Dot::parse(next("dot")?).ok_or(HeaderError::Part("dot"))?;
        let hlc = Hlc::parse(next("hlc")?).ok_or(HeaderError::Part("hlc"))?;
        let kind = Some(next("kind")?).filter(|k| is_token(k, 32)).ok_or(HeaderError::Part("kind"))?;
        let user = Some(next("user")?).filter(|u| is_token(u, 64)).ok_or(HeaderError::Part("user"))?;
        let ctx = Ctx::parse(next("context")?).ok_or(HeaderError::Part("context"))?;
        // An author has always seen its own earlier operations, and never this one.
        if ctx.get(dot.writer) != dot.n - 1 {
            return Err(HeaderError::Part("context"));
        }
        Ok(Self {
            id: OpId { entity, dot },
            hlc,
            kind: kind.to_owned(),
            user: user.to_owned(),
            ctx,
            ext: parts.next().unwrap_or("").to_owned(),
        })
    }

    /// The value of an appended `key=value`, if there.
    pub fn ext(&self, key: &str) -> Option<&str> {
        self.ext.split(' ').find_map(|pair| pair.strip_prefix(key)?.strip_prefix('='))
    }

    /// Writes the line for a new operation.
    pub fn to_line(&self) -> String {
        let Self { id, hlc, kind, user, ctx, ext } = self;
        let mut line = format!("{MAGIC} {} {} {hlc} {kind} {user} {ctx}", id.entity, id.dot);
        if !ext.is_empty() {
            line.push(' ');
            line.push_str(ext);
        }
        line
    }
}

fn is_token(text: &str, max: usize) -> bool {
    !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
}
