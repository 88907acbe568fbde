//! The file that is carried by hand: operations and photos as lines of JSON, for any backend or device.
//!
//! Sealing it is the business of `gridbook-carry`; this is what is inside. The first line says what follows and
//! the last line says that nothing is missing, so a file that was cut short is known before anything of it is used.

use std::ops::Range;

use gridbook_log::{Op, WireOp, Writer};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::share::names::sha256;
use crate::wire::MAX_BLOB;

/// Version of this format.
pub const FORMAT: u32 = 1;
/// Most bytes that a file may unfold to.
pub const MAX_PLAIN: usize = 256 * 1024 * 1024;

/// Most bytes that a file of our own making unfolds to; what is more goes into further files. A phone has it in memory
/// twice while it seals it.
pub const MOST_PLAIN: usize = 96 * 1024 * 1024;
/// Room for the first and the last line.
const FRAME: usize = 4096;

/// What goes into one of several files: places in the list of operations and in that of photos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Operations.
    pub ops: Range<usize>,
    /// Photos and recordings.
    pub photos: Range<usize>,
}

/// Shares operations and photos of these sizes, in bytes, out over files of at most `most` bytes, in their order: the
/// operations first, because a backend takes no photo that none of them names. Each file is whole in itself. What is
/// larger than a file has one of its own.
pub fn share_out(ops: &[WireOp], photos: &[usize], most: usize) -> Vec<Part> {
    let op = |op: &WireOp| {
        let line = serde_json::to_vec(&Line::Op(op.clone())).map_or(0, |line| line.len());
        (line + 1, true)
    };
    // Base64, a name and the line around them.
    let photo = |size: &usize| (size.div_ceil(3) * 4 + 128, false);
    let mut parts = vec![Part { ops: 0..0, photos: 0..0 }];
    let mut used = FRAME;
    for (size, is_op) in ops.iter().map(op).chain(photos.iter().map(photo)) {
        let Part { ops, photos } = parts.last().cloned().unwrap_or(Part { ops: 0..0, photos: 0..0 });
        if used + size > most && used > FRAME {
            parts.push(Part { ops: ops.end..ops.end, photos: photos.end..photos.end });
            used = FRAME;
        }
        used += size;
        if let Some(part) = parts.last_mut() {
            let range = if is_op { &mut part.ops } else { &mut part.photos };
            range.end += 1;
        }
    }
    parts
}

/// First line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// [`FORMAT`].
    pub gridbook_bundle: u32,
    /// Account that made it.
    pub user: String,
    /// As others see it.
    pub name: String,
    /// Code of its township.
    pub township: String,
    /// Writer of the device that made it.
    pub writer: Writer,
    /// When, milliseconds since 1970.
    pub made_at: u64,
    /// How many operations follow.
    pub ops: usize,
    /// How many photos and recordings follow.
    pub blobs: usize,
    /// The account it was made for, which keeps it; absent for one that is handed on to a backend.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub reader: Option<String>,
    /// Which of how many files that were made together, from 1 on; absent in files of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<(usize, usize)>,
}

/// Why files are not all of one taking out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Apart {
    /// Made by different devices, for different people or at different times, or one of them twice.
    #[error("not made together")]
    Others,
    /// One of them is missing: this number of so many.
    #[error("file {0} of {1} is missing")]
    Missing(usize, usize),
}

/// Whether these files hold together everything that was taken out at once: their places in the order in which they
/// were made. Files of before do not say how many they were; made at the same moment, they are taken as they come.
///
/// # Errors
/// [`Apart`]
pub fn together(heads: &[Head]) -> Result<Vec<usize>, Apart> {
    let mut order: Vec<usize> = (0..heads.len()).collect();
    let Some(first) = heads.first() else { return Ok(order) };
    let made = |head: &Head| {
        let Head { user, township, writer, made_at, reader, part, .. } = head.clone();
        (user, township, writer, made_at, reader, part.map(|(_, of)| of))
    };
    if heads.iter().any(|head| made(head) != made(first)) {
        return Err(Apart::Others);
    }
    let Some((_, of)) = first.part else { return Ok(order) };
    let number = |at: usize| heads[at].part.map_or(0, |(number, _)| number);
    gridbook_log::order_by_key(&mut order, |at| number(*at));
    for (expected, at) in (1..=of).zip(order.iter().map(Some).chain(std::iter::repeat(None))) {
        match at.map(|at| number(*at)) {
            Some(found) if found == expected => {}
            Some(found) if found < expected => return Err(Apart::Others),
            _ => return Err(Apart::Missing(expected, of)),
        }
    }
    if order.len() > of { Err(Apart::Others) } else { Ok(order) }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    Op(WireOp),
    Blob { name: String, d: String },
    End { lines: usize },
}

/// A file in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// What it says of itself.
    pub head: Head,
    /// Operations, those of one stream in rising order.
    pub ops: Vec<WireOp>,
    /// Names and bytes of photos and recordings.
    pub blobs: Vec<(String, Vec<u8>)>,
}

/// The passphrase of a file as the app made it, twelve digits in three groups, however it was typed.
pub fn grouped(typed: &str) -> String {
    let digits: Vec<char> = typed.chars().filter(char::is_ascii_digit).collect();
    if digits.len() != 12 {
        return typed.trim().to_owned();
    }
    digits.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// Why a file is not used. Nothing of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BundleError {
    /// None of ours.
    #[error("not a gridbook bundle")]
    Foreign,
    /// Made by a newer version.
    #[error("made by a newer version")]
    Newer,
    /// It ends early.
    #[error("incomplete")]
    Incomplete,
    /// A line cannot be read, or a photo is not what its name says.
    #[error("damaged in line {0}")]
    Damaged(usize),
}

impl Bundle {
    /// As lines of text.
    pub fn write(&self) -> Vec<u8> {
        let mut out = Vec::new();
        push_line(&mut out, &self.head);
        for op in &self.ops {
            push_line(&mut out, &Line::Op(op.clone()));
        }
        for (name, bytes) in &self.blobs {
            push_line(&mut out, &Line::Blob { name: name.clone(), d: base64(bytes) });
        }
        push_line(&mut out, &Line::End { lines: self.ops.len() + self.blobs.len() });
        out
    }

    /// Reads what [`Self::write`] wrote. All or nothing: every operation is well formed, every photo is what its
    /// name says, and nothing is missing.
    ///
    /// # Errors
    /// [`BundleError`]
    pub fn read(plain: &[u8]) -> Result<Self, BundleError> {
        let mut lines = plain.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).enumerate();
        let (_, first) = lines.next().ok_or(BundleError::Foreign)?;
        let head: Head = serde_json::from_slice(first).map_err(|_| BundleError::Foreign)?;
        if head.gridbook_bundle > FORMAT {
            return Err(BundleError::Newer);
        }
        let mut bundle = Self { head, ops: Vec::new(), blobs: Vec::new() };
        let mut ended = false;
        for (at, line) in lines {
            let bad = BundleError::Damaged(at + 1);
            match serde_json::from_slice(line).map_err(|_| bad)? {
                _ if ended => return Err(bad),
                Line::Op(op) => {
                    Op::from_wire(op.clone()).map_err(|_| bad)?;
                    bundle.ops.push(op);
                }
                Line::Blob { name, d } => {
                    let bytes = unbase64(&d).filter(|bytes| bytes.len() <= MAX_BLOB && sha256(bytes) == name);
                    bundle.blobs.push((name, bytes.ok_or(bad)?));
                }
                Line::End { lines } => {
                    ended = lines == bundle.ops.len() + bundle.blobs.len()
                        && (bundle.head.ops, bundle.head.blobs) == (bundle.ops.len(), bundle.blobs.len());
                }
            }
        }
        if ended { Ok(bundle) } else { Err(BundleError::Incomplete) }
    }
}

fn push_line<T: Serialize>(out: &mut Vec<u8>, line: &T) {
    serde_json::to_writer(&mut *out, line).expect("lines are plain data");
    out.push(b'\n');
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Standard base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = (u32::from(chunk[0]) << 16)
            | (u32::from(chunk.get(1).copied().unwrap_or(0)) << 8)
            | u32::from(chunk.get(2).copied().unwrap_or(0));
        for i in 0..4 {
            if i <= chunk.len() {
                out.push(DIGITS[(word >> (18 - 6 * i)) as usize & 63] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// Reads standard base64 with padding; `None` for anything else.
pub fn unbase64(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut value = [0xffu8; 256];
    for (n, digit) in (0u8..).zip(DIGITS) {
        value[usize::from(*digit)] = n;
    }
    let padding = text.iter().rev().take_while(|byte| **byte == b'=').count();
    if padding > 2 {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let last = text.len().saturating_sub(4);
    for (at, chunk) in text.chunks(4).enumerate() {
        let gap = if at * 4 == last { padding } else { 0 };
        let mut word = 0u32;
        for (i, byte) in chunk.iter().enumerate() {
            let digit = if i >= 4 - gap { 0 } else { value[usize::from(*byte)] };
            if digit == 0xff {
                return None;
            }
            word = word << 6 | u32::from(digit);
        }
        let bytes = word.to_be_bytes();
        out.extend_from_slice(&bytes[1..4 - gap]);
    }
    Some(out)
}
