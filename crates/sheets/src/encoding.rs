//! Finding out how a text file is encoded: Excel in China saves csv as GB18030, WPS as either.

use crate::ReadError;

/// How a file was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little endian.
    Utf16Le,
    /// UTF-16, big endian.
    Utf16Be,
    /// GB18030 (GBK and GB 2312 are parts of it).
    Gb18030,
}

/// Decodes a text file. `gb18030` decodes that encoding (natively [`gb18030`](crate::gb18030), in the browser a
/// `TextDecoder`); it returns `None` when the bytes do not fit.
///
/// # Errors
/// [`ReadError::Encoding`] when no encoding fits.
pub fn decode(
    bytes: &[u8],
    gb18030: impl FnOnce(&[u8]) -> Option<String>,
) -> Result<(String, Encoding), ReadError> {
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => {
            let text = String::from_utf8(rest.to_vec()).map_err(|_| ReadError::Encoding)?;
            return Ok((text, Encoding::Utf8));
        }
        [0xFF, 0xFE, rest @ ..] => return Ok((utf16(rest, u16::from_le_bytes)?, Encoding::Utf16Le)),
        [0xFE, 0xFF, rest @ ..] => return Ok((utf16(rest, u16::from_be_bytes)?, Encoding::Utf16Be)),
        _ => {}
    }
    // A text file has no zero bytes; UTF-16 without a mark has one for every comma and line end.
    if bytes.contains(&0) {
        let odd = bytes.iter().skip(1).step_by(2).filter(|b| **b == 0).count();
        let even = bytes.iter().step_by(2).filter(|b| **b == 0).count();
        let (make, encoding): (fn([u8; 2]) -> u16, _) = if odd > even {
            (u16::from_le_bytes, Encoding::Utf16Le)
        } else {
            (u16::from_be_bytes, Encoding::Utf16Be)
        };
        return Ok((utf16(bytes, make)?, encoding));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok((text.to_owned(), Encoding::Utf8)),
        Err(_) => gb18030(bytes).map(|text| (text, Encoding::Gb18030)).ok_or(ReadError::Encoding),
    }
}

fn utf16(bytes: &[u8], make: fn([u8; 2]) -> u16) -> Result<String, ReadError> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(ReadError::Encoding);
    }
    char::decode_utf16(pairs.iter().map(|pair| make(*pair)))
        .collect::<Result<_, _>>()
        .map_err(|_| ReadError::Encoding)
}

/// Decodes GB18030 natively. Broken characters become U+FFFD and are reported row by row; `None` when most are broken.
#[cfg(not(target_arch = "wasm32"))]
pub fn gb18030(bytes: &[u8]) -> Option<String> {
    let (text, _) = encoding_rs::GB18030.decode_without_bom_handling(bytes);
    let broken = text.chars().filter(|c| *c == '\u{FFFD}').count();
    (broken * 10 <= text.chars().count()).then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(bytes: &[u8]) -> (String, Encoding) {
        decode(bytes, gb18030).unwrap()
    }

    #[test]
    fn every_encoding_excel_and_wps_write() {
        let text = "户编号,户主姓名\r\n1,单明\r\n";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let gb = encoding_rs::GB18030.encode(text).0.into_owned();
        assert_eq!(read(text.as_bytes()), (text.to_owned(), Encoding::Utf8));
        assert_eq!(read(&[&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat()), (text.to_owned(), Encoding::Utf8));
        assert_eq!(read(&[&[0xFF, 0xFE], le.as_slice()].concat()), (text.to_owned(), Encoding::Utf16Le));
        assert_eq!(read(&[&[0xFE, 0xFF], be.as_slice()].concat()), (text.to_owned(), Encoding::Utf16Be));
        assert_eq!(read(&le), (text.to_owned(), Encoding::Utf16Le));
        assert_eq!(read(&be), (text.to_owned(), Encoding::Utf16Be));
        assert_eq!(read(&gb), (text.to_owned(), Encoding::Gb18030));
    }

    #[test]
    fn bytes_that_are_no_text() {
        assert!(matches!(decode(&[0xFF; 40], gb18030), Err(ReadError::Encoding)));
        assert!(matches!(decode(&[0, 1, 2], gb18030), Err(ReadError::Encoding)));
        assert!(matches!(decode(&[0xEF, 0xBB, 0xBF, 0xFF], gb18030), Err(ReadError::Encoding)));
        assert_eq!(read(b""), (String::new(), Encoding::Utf8));
    }
}
