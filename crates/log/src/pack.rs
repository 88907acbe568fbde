//! Operations packed one after another: the form of the log on disk. A frame carries its hash, so that what was
//! verified on arrival is not hashed again at every start.
//!
//! Frame, little-endian: `u8` flags (1 erased, 2 signed, 4 without hash) · `u32` header length · `u32` body length ·
//! `u16` signature length · hash (32, unless left out) · salt (16) or erased body's hash (32) · header · body · signature.

use crate::hex;
use crate::op::{Content, Hash, Op, OpError, WireOp, wire};

/// Version of the frame's form, told wherever frames travel.
pub const FORM: u32 = 1;

const ERASED: u8 = 1;
const SIGNED: u8 = 2;
/// For the way: who receives it makes the hash anyway, and it does not compress.
const UNHASHED: u8 = 4;

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
    let op = match frame.hash {
        Some(hash) => Op::with_hash(frame.line, frame.content, frame.sig, hash)?,
        None => Op::from_parts(frame.line, frame.content, frame.sig)?,
    };
    Ok((op, frame.len))
}

/// Reads the frame at the start of `bytes` for sending: what was verified on its way in is not parsed again.
///
/// # Errors
/// [`OpError::Frame`] for a frame that ends early or is no frame.
pub fn read_wire(bytes: &[u8]) -> Result<WireOp, OpError> {
    let frame = frame(bytes)?;
    Ok(wire(frame.line, frame.content, frame.sig))
}

/// Reads the frame at the start of `bytes` as it came from elsewhere: a hash in it must be that of what it holds.
///
/// # Errors
/// As [`read`], and [`OpError::Frame`] for another hash.
pub fn read_checked(bytes: &[u8]) -> Result<(Op, usize), OpError> {
    let frame = frame(bytes)?;
    let op = Op::from_parts(frame.line, frame.content, frame.sig)?;
    if frame.hash.is_none_or(|hash| hash == *op.hash()) { Ok((op, frame.len)) } else { Err(OpError::Frame) }
}

/// Appends an operation that is kept in its wire form, without its hash.
///
/// # Errors
/// [`OpError::Content`] when it is no operation, or a part of it is longer than the format allows.
pub fn write_wire(out: &mut Vec<u8>, op: &WireOp) -> Result<(), OpError> {
    let sig = op.g.as_deref().unwrap_or("");
    let sig_len = u16::try_from(sig.len()).map_err(|_| OpError::Content)?;
    let body = op.b.as_deref().unwrap_or("");
    let salted = match (&op.s, &op.b, &op.x) {
        (Some(salt), Some(_), None) => hex::decode::<16>(salt).ok_or(OpError::Content)?.to_vec(),
        (None, None, Some(body)) => hex::decode::<32>(body).ok_or(OpError::Content)?.to_vec(),
        _ => return Err(OpError::Content),
    };
    let erased = if op.x.is_some() { ERASED } else { 0 };
    out.push(UNHASHED | erased | if op.g.is_some() { SIGNED } else { 0 });
    out.extend_from_slice(&u32::try_from(op.h.len()).map_err(|_| OpError::Content)?.to_le_bytes());
    out.extend_from_slice(&u32::try_from(body.len()).map_err(|_| OpError::Content)?.to_le_bytes());
    out.extend_from_slice(&sig_len.to_le_bytes());
    out.extend_from_slice(&salted);
    out.extend_from_slice(op.h.as_bytes());
    out.extend_from_slice(body.as_bytes());
    out.extend_from_slice(sig.as_bytes());
    Ok(())
}

/// The parts of a frame, not yet understood.
struct Frame {
    line: String,
    content: Content,
    sig: Option<String>,
    hash: Option<Hash>,
    len: usize,
}

fn frame(bytes: &[u8]) -> Result<Frame, OpError> {
    let mut at = 0usize;
    let flags = take(bytes, &mut at, 1)?[0];
    if flags & !(ERASED | SIGNED | UNHASHED) != 0 {
        return Err(OpError::Frame);
    }
    let line_len = u32::from_le_bytes(array(take(bytes, &mut at, 4)?)?) as usize;
    let body_len = u32::from_le_bytes(array(take(bytes, &mut at, 4)?)?) as usize;
    let sig_len = usize::from(u16::from_le_bytes(array(take(bytes, &mut at, 2)?)?));
    let hash = if flags & UNHASHED == 0 { Some(array(take(bytes, &mut at, 32)?)?) } else { None };
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
