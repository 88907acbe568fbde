//! Names of logs, segments and files, and hexadecimal.

use gridbook_log::{DeviceId, Writer};
use sha2::{Digest, Sha256};

pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)] as char);
        out.push(DIGITS[usize::from(byte & 15)] as char);
    }
    out
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn is_sha256(text: &str) -> bool {
    text.len() == 64 && is_hex(text)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn decimal(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.len() < 16 && text.bytes().all(|b| b.is_ascii_digit());
    (digits && (text == "0" || !text.starts_with('0'))).then(|| text.parse().ok()).flatten()
}

/// The log of one tab of one device.
pub(super) fn log(writer: Writer, slot: u16) -> String {
    format!("{}-{}-{slot}", writer.dev, writer.epoch)
}

/// Whose log this is; `None` when it is no log's name.
pub(super) fn log_writer(name: &str) -> Option<Writer> {
    let mut parts = name.split('-');
    let (dev, epoch, slot) = (parts.next()?, parts.next()?, parts.next()?);
    decimal(slot)?;
    let epoch = u32::try_from(decimal(epoch)?).ok()?;
    let dev = DeviceId::parse(dev)?;
    parts.next().is_none().then_some(Writer { dev, epoch })
}

pub(super) fn head(log: &str) -> String {
    format!("heads/{log}.json")
}

/// Not `.gz`: some servers would announce that as an encoding, and the client would unpack it unasked.
pub(super) fn segment(log: &str, first: u64, count: u64, hash: &str) -> String {
    format!("log/{log}/{first}-{}-{}.bin", first + count - 1, hash.get(..8).unwrap_or(hash))
}

/// Where a segment's file says it begins; `None` when it is no segment's name.
pub(super) fn segment_first(file: &str) -> Option<u64> {
    segment_parts(file).map(|(first, _)| first)
}

/// The beginning of its hash, as its name has it.
pub(super) fn segment_mark(file: &str) -> Option<&str> {
    segment_parts(file).map(|(_, mark)| mark)
}

fn segment_parts(file: &str) -> Option<(u64, &str)> {
    let mut parts = file.strip_suffix(".bin")?.split('-');
    let (first, last, hash) = (decimal(parts.next()?)?, decimal(parts.next()?)?, parts.next()?);
    let fine = parts.next().is_none() && hash.len() == 8 && is_hex(hash) && first > 0 && last >= first;
    fine.then_some((first, hash))
}

pub(super) fn blob(sha256: &str) -> String {
    format!("blobs/{}/{sha256}.bin", &sha256[..2])
}

/// The folder with the parts of a file.
pub(super) fn parts(sha256: &str) -> String {
    format!("blobs/{}/{sha256}/", &sha256[..2])
}

/// A part's name in that folder.
pub(super) fn part_file(number: usize) -> String {
    format!("{number}.bin")
}

/// What names the parts; written last.
pub(super) fn parts_list(sha256: &str) -> String {
    format!("{}{PARTS_LIST}", parts(sha256))
}

/// Its name in that folder.
pub(super) const PARTS_LIST: &str = "whole.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        let writer = Writer::parse("00000000000000a1.3").unwrap();
        let log = log(writer, 12);
        assert_eq!(log, "00000000000000a1-3-12");
        assert_eq!(log_writer(&log), Some(writer));
        let path = segment(&log, 51, 10, &"ab".repeat(32));
        assert_eq!(path, "log/00000000000000a1-3-12/51-60-abababab.bin");
        assert_eq!(segment_first("51-60-abababab.bin"), Some(51));
        for bad in ["", "a", "00000000000000a1-3", "00000000000000a1-3-1-2", "00000000000000a1-03-1", "x-1-1"]
        {
            assert_eq!(log_writer(bad), None, "{bad}");
        }
        for bad in ["51-60-abababab", "0-60-abababab.bin", "60-51-abababab.bin", "51-60-abababa.bin", "-.bin"]
        {
            assert_eq!(segment_first(bad), None, "{bad}");
        }
    }
}
