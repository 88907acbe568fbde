//! Checks of single values: resident ids, phones, dates, amounts, times (domain data 6.8).

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate};

/// What is wrong with a value. The text says how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not 17 digits and a check character.
    #[error("身份证号应为 18 位, 最后一位可以是 X")]
    IdShape,
    /// The birth date inside is not a real one, lies ahead, or is more than 130 years ago.
    #[error("身份证号里的出生日期不对")]
    IdDate,
    /// The check character does not fit.
    #[error("身份证号校验位不对, 请对照证件再看一遍")]
    IdCheck,
    /// Neither a mobile, nor a landline, nor a known service number.
    #[error("电话号码不对: 手机 11 位, 座机要带区号")]
    Phone,
    /// Not a date of the calendar.
    #[error("日期应写成 2026-05-18 这样")]
    Date,
    /// Not an instant with an offset.
    #[error("时间格式不对")]
    Time,
    /// Negative, not a number, or with more than two decimals.
    #[error("金额应为不小于 0 的数, 最多两位小数")]
    Amount,
}

/// What a valid resident id number tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResidentId {
    /// The number with an upper-case check character.
    pub number: String,
    /// Date of birth.
    pub birth: NaiveDate,
    /// True when the 17th digit is odd.
    pub male: bool,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS: [u8; 11] = *b"10X98765432";

/// Checks a resident id number (GB 11643). Residence permits of HK, Macao and Taiwan have the same shape.
///
/// # Errors
/// The first rule that the text breaks. Intake warns and never blocks because of it.
pub fn resident_id(text: &str, today: NaiveDate) -> Result<ResidentId, ValueError> {
    let number = text.trim().to_ascii_uppercase();
    let bytes = number.as_bytes();
    if bytes.len() != 18 || bytes[0] == b'0' || !bytes[..17].iter().all(u8::is_ascii_digit) {
        return Err(ValueError::IdShape);
    }
    if !(bytes[17].is_ascii_digit() || bytes[17] == b'X') {
        return Err(ValueError::IdShape);
    }
    let birth = crate::date::of_digits(&bytes[6..14]).ok_or(ValueError::IdDate)?;
    if birth.year() < 1800 || birth > today || today.year() - birth.year() > 130 {
        return Err(ValueError::IdDate);
    }
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    if CHECKS[(sum % 11) as usize] != bytes[17] {
        return Err(ValueError::IdCheck);
    }
    let male = (bytes[16] - b'0') % 2 == 1;
    Ok(ResidentId { number, birth, male })
}

/// Service numbers that people write down as phones.
const SERVICE: [&str; 9] = ["12345", "110", "119", "120", "122", "96110", "12348", "12355", "12338"];

/// Checks a mobile, a landline with its area code, or a service number.
///
/// # Errors
/// [`ValueError::Phone`].
pub fn phone(text: &str) -> Result<(), ValueError> {
    let text = text.trim();
    if SERVICE.contains(&text) || mobile(text) || landline(text) { Ok(()) } else { Err(ValueError::Phone) }
}

/// True for an 11-digit mobile number.
pub fn mobile(text: &str) -> bool {
    let b = text.as_bytes();
    b.len() == 11 && b[0] == b'1' && (b'3'..=b'9').contains(&b[1]) && b.iter().all(u8::is_ascii_digit)
}

/// True for a landline number with area code, dash optional.
pub fn landline(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let fits = |area: &str, number: &str| {
        area.starts_with('0')
            && matches!(area.len(), 3 | 4)
            && matches!(number.len(), 7 | 8)
            && digits(area)
            && digits(number)
    };
    match text.split_once('-') {
        Some((area, number)) => fits(area, number),
        None => [3, 4].into_iter().any(
            |at| matches!((text.get(..at), text.get(at..)), (Some(area), Some(number)) if fits(area, number)),
        ),
    }
}

/// Reads a date `YYYY-MM-DD`.
///
/// # Errors
/// [`ValueError::Date`].
pub fn date(text: &str) -> Result<NaiveDate, ValueError> {
    crate::date::parse(text).ok_or(ValueError::Date)
}

/// Reads an instant: RFC 3339, or local time `YYYY-MM-DDTHH:MM[:SS]`, which is taken as +08:00.
///
/// # Errors
/// [`ValueError::Time`].
pub fn datetime(text: &str) -> Result<DateTime<FixedOffset>, ValueError> {
    if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
        return Ok(instant);
    }
    let full = if text.len() == 16 { format!("{text}:00") } else { text.to_owned() };
    DateTime::parse_from_rfc3339(&format!("{full}+08:00")).map_err(|_| ValueError::Time)
}

/// Reads an instant as [`datetime`] does: milliseconds since 1970, `None` for what is none or lies before.
pub fn instant(text: &str) -> Option<u64> {
    u64::try_from(datetime(text).ok()?.timestamp_millis()).ok()
}

/// Checks an amount in yuan: not negative, at most two decimals.
///
/// # Errors
/// [`ValueError::Amount`].
pub fn amount(yuan: f64) -> Result<(), ValueError> {
    let cents = yuan * 100.0;
    let whole = (cents - cents.round()).abs() < 1e-6 * cents.abs().max(1.0);
    if yuan.is_finite() && yuan >= 0.0 && whole { Ok(()) } else { Err(ValueError::Amount) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
    }

    #[test]
    fn standard_and_synthetic_ids() {
        for good in [
            "11010519491231002X",
            "11010519491231002x",
            "440524188001010014",
            "510000199001010018",
            "510000200802290027",
            "510000195506301234",
            "510000199901010005",
        ] {
            let day = if good.starts_with("440524") {
                NaiveDate::from_ymd_opt(1980, 1, 1).unwrap()
            } else {
                today()
            };
            assert!(resident_id(good, day).is_ok(), "{good}");
        }
        assert_eq!(resident_id("510000199001010017", today()), Err(ValueError::IdCheck));
        assert_eq!(resident_id("510000199002300016", today()), Err(ValueError::IdDate));
        assert_eq!(resident_id("440524188001010014", today()), Err(ValueError::IdDate));
        assert_eq!(resident_id("51000019900101001", today()), Err(ValueError::IdShape));
        assert_eq!(resident_id("一二三四五六", today()), Err(ValueError::IdShape));
        let id = resident_id("510000199001010018", today()).unwrap();
        assert!(id.male);
        assert_eq!(id.birth.to_string(), "1990-01-01");
    }

    proptest! {
        #[test]
        fn one_changed_digit_is_noticed(at in 0usize..17, to in 0u8..10) {
            let mut number = b"510000195506301234".to_vec();
            prop_assume!(number[at] != b'0' + to);
            number[at] = b'0' + to;
            let text = String::from_utf8(number).unwrap();
            prop_assert!(resident_id(&text, today()).is_err());
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}") {
            let _ = (resident_id(&text, today()), phone(&text), date(&text), datetime(&text));
        }
    }

    #[test]
    fn phones() {
        for good in ["13800005678", "0838-2345123", "02812345678", "96110", "110"] {
            assert!(phone(good).is_ok(), "{good}");
        }
        for bad in ["12800005678", "1380000567", "2345123", "0838-23", "1.38E+10", ""] {
            assert_eq!(phone(bad), Err(ValueError::Phone), "{bad}");
        }
    }

    #[test]
    fn dates_amounts_and_order() {
        assert!(date("2028-02-29").is_ok());
        assert_eq!(date("2026-02-29"), Err(ValueError::Date));
        assert_eq!(date("2026-2-9"), Err(ValueError::Date));
        assert_eq!(datetime("2026-05-18T08:00").unwrap(), datetime("2026-05-18T00:00:00Z").unwrap());
        assert_eq!(datetime("昨天"), Err(ValueError::Time));
        assert!(amount(0.1 + 0.2).is_ok());
        assert!(amount(12_345_678.9).is_ok());
        assert_eq!(amount(1.005), Err(ValueError::Amount));
        assert_eq!(amount(-1.0), Err(ValueError::Amount));
        assert_eq!(amount(f64::NAN), Err(ValueError::Amount));
    }
}
