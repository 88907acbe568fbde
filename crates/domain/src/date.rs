//! Days as `YYYY-MM-DD`, the only form in which they are stored. A general date parser would be four times the code
//! of this on the phone.

use chrono::NaiveDate;

/// Reads `YYYY-MM-DD`; `None` for anything else, and for days that do not exist.
pub fn parse(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    of_digits(&[&bytes[..4], &bytes[5..7], &bytes[8..]].concat())
}

/// Reads `YYYYMMDD`, as in an identity number.
pub fn of_digits(digits: &[u8]) -> Option<NaiveDate> {
    if digits.len() != 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |part: &[u8]| part.iter().fold(0u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    let year = i32::try_from(number(&digits[..4])).ok()?;
    NaiveDate::from_ymd_opt(year, number(&digits[4..6]), number(&digits[6..]))
}

/// For serde: a day as its text.
pub mod plain {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the text.
    ///
    /// # Errors
    /// The serializer's own.
    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    pub fn serialize<S: Serializer>(day: &NaiveDate, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&day.to_string())
    }

    /// Reads the text.
    ///
    /// # Errors
    /// When it is no day.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<NaiveDate, D::Error> {
        let text = String::deserialize(from)?;
        super::parse(&text).ok_or_else(|| D::Error::custom("a day as YYYY-MM-DD"))
    }
}

/// For serde: a day as its text, or nothing.
pub mod optional {
    use chrono::NaiveDate;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// Writes the text.
    ///
    /// # Errors
    /// The serializer's own.
    #[allow(clippy::ref_option, reason = "serde hands a reference")]
    pub fn serialize<S: Serializer>(day: &Option<NaiveDate>, to: S) -> Result<S::Ok, S::Error> {
        match day {
            Some(day) => to.serialize_some(&day.to_string()),
            None => to.serialize_none(),
        }
    }

    /// Reads the text.
    ///
    /// # Errors
    /// When there is something that is no day.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<NaiveDate>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        let read = |text: String| super::parse(&text).ok_or_else(|| D::Error::custom("a day as YYYY-MM-DD"));
        text.map(read).transpose()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{of_digits, parse};

    #[test]
    fn days_that_exist_and_nothing_else() {
        for day in ["2024-02-29", "1999-12-31", "2026-11-21"] {
            assert_eq!(parse(day).unwrap().to_string(), day);
        }
        for no in [
            "2023-02-29",
            "2026-13-01",
            "2026-1-05",
            "2026-00-10",
            "+026-01-01",
            "2026/01/01",
            "２０２６-01",
            "",
        ] {
            assert_eq!(parse(no), None, "{no}");
        }
        assert_eq!(of_digits(b"19900102"), parse("1990-01-02"));
        assert_eq!(of_digits(b"1990010x"), None);
    }
}
