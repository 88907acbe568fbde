//! Operations packed one after another: the form of the log on disk. A frame carries its hash, so that what was
//! verified on arrival is not hashed again at every start.
//!
//! Frame, little-endian: `u8` flags (1 erased, 2 signed) · `u32` header length · `u32` body length ·
//! `u16` signature length · hash (32) · salt (16) or erased body's hash (32) · header · body · signature.

use crate::op::{Content, Hash, Op, OpError, WireOp, wire};

const ERASED: u8 = 1;
const SIGNED: u8 = 2;

/// Appends one operation; returns the length of its frame in bytes.
pub fn write(out: &mut Vec<u8>, op: &Op) -> usize {
    let start = out.len();
    let sig = op.sig().unwrap_or("");
    let body = op.body_text().unwrap_or("");
    let erased = matches!(op.content(), Content::Erased { .. });
    out.push(if erased { ERASED } else { 0 } | if op.sig().is_some() { SIGNED } else { 0 });
    out.extend_from_slice(&len32(op.line()).to_le_bytes());
    out.extend_from_slice(&len32(body).to_le_bytes());
    out.extend_from_slice(&u16::try_from(sig.len()).expect("signatures are bounded").to_le_bytes());
    out.extend_from_slice(op.hash());
    match op.content() {
        Content::Here { salt, .. } => out.extend_from_slice(salt),
        Content::Erased { body_hash } => out.extend_from_slice(body_hash),
    }
    out.extend_from_slice(op.line().as_bytes());
    out.extend_from_slice(body.as_bytes());
    out.extend_from_slice(sig.as_bytes());
    out.len() - start
}

/// Reads the frame at the start of `bytes`; returns the operation and the frame's length.
///
/// # Errors
/// [`OpError::Frame`] for a frame that ends early or is no frame; [`OpError`] for a bad header in it.
pub fn read(bytes: &[u8]) -> Result<(Op, usize), OpError> {
    let frame = frame(bytes)?;
    Ok((Op::with_hash(frame.line, frame.content, frame.sig, frame.hash)?, frame.len))
}

/// Reads the frame at the start of `bytes` for sending: what was verified on its way in is not parsed again.
///
/// # Errors
/// [`OpError::Frame`] for a frame that ends early or is no frame.
pub fn read_wire(bytes: &[u8]) -> Result<WireOp, OpError> {
    let frame = frame(bytes)?;
    Ok(wire(frame.line, frame.content, frame.sig))
}

/// The parts of a frame, not yet understood.
struct Frame {
    line: String,
    content: Content,
    sig: Option<String>,
    hash: Hash,
    len: usize,
}

fn frame(bytes: &[u8]) -> Result<Frame, OpError> {
    let mut at = 0usize;
    let flags = take(bytes, &mut at, 1)?[0];
    if flags & !(ERASED | SIGNED) != 0 {
        return Err(OpError::Frame);
    }
    let line_len = u32::from_le_bytes(array(take(bytes, &mut at, 4)?)?) as usize;
    let body_len = u32::from_le_bytes(array(take(bytes, &mut at, 4)?)?) as usize;
    let sig_len = usize::from(u16::from_le_bytes(array(take(bytes, &mut at, 2)?)?));
    let hash = array(take(bytes, &mut at, 32)?)?;
    let salted = take(bytes, &mut at, if flags & ERASED != 0 { 32 } else { 16 })?;
    let line = text(take(bytes, &mut at, line_len)?)?;
    let body = text(take(bytes, &mut at, body_len)?)?;
    let sig = text(take(bytes, &mut at, sig_len)?)?;
    let content = if flags & ERASED != 0 {
        Content::Erased { body_hash: array(salted)? }
    } else {
        Content::Here { salt: array(salted)?, body }
    };
    let sig = (flags & SIGNED != 0).then_some(sig);
    Ok(Frame { line, content, sig, hash, len: at })
}

/// Reads all frames.
///
/// # Errors
/// As [`read`], at the first bad frame.
pub fn read_all(mut bytes: &[u8]) -> Result<Vec<Op>, OpError> {
    let mut ops = Vec::new();
    while !bytes.is_empty() {
        let (op, len) = read(bytes)?;
        ops.push(op);
        bytes = &bytes[len..];
    }
    Ok(ops)
}

fn len32(text: &str) -> u32 {
    u32::try_from(text.len()).expect("headers and bodies are bounded")
}

fn take<'a>(bytes: &'a [u8], at: &mut usize, len: usize) -> Result<&'a [u8], OpError> {
    let end = at.checked_add(len).ok_or(OpError::Frame)?;
    let part = bytes.get(*at..end).ok_or(OpError::Frame)?;
    *at = end;
    Ok(part)
}

fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], OpError> {
    bytes.try_into().map_err(|_| OpError::Frame)
}

fn text(bytes: &[u8]) -> Result<String, OpError> {
    String::from_utf8(bytes.to_vec()).map_err(|_| OpError::Frame)
}
