//! Header lines: exactly one spelling, and nothing that is not one.

use gridbook_log::header::MAX_HEADER;
use gridbook_log::{Header, HeaderError};
use proptest::prelude::*;

const ENTITY: &str = "019c1d2e3f400102030405060708090a";
const DEV: &str = "0101010101010101";
const OTHER: &str = "0202020202020202";
const HLC: &str = "019c1d2e3f40.0002";

fn line() -> String {
    format!("gb1 {ENTITY} {DEV}.1.3 {HLC} set u1 {DEV}.1.2+{OTHER}.4.7")
}

#[test]
fn a_line_is_read() {
    let header = Header::parse(&line()).unwrap();
    assert_eq!(header.id.to_string(), format!("{ENTITY}/{DEV}.1.3"));
    assert_eq!((header.hlc.ms, header.hlc.count), (0x019c_1d2e_3f40, 2));
    assert_eq!((header.kind.as_str(), header.user.as_str(), header.ext.as_str()), ("set", "u1", ""));
    assert_eq!(header.ctx.iter().map(|(_, n)| n).collect::<Vec<_>>(), [2, 7]);
    assert_eq!(header.to_line(), line());
    let first = format!("gb1 {ENTITY} {DEV}.1.1 {HLC} create u1 -");
    assert_eq!(Header::parse(&first).unwrap().to_line(), first);
}

#[test]
fn malformed_lines_are_refused() {
    let part = |name| HeaderError::Part(name);
    let with = |from: &str, to: &str| line().replacen(from, to, 1);
    let control = part("control character");
    let table = [
        (String::new(), HeaderError::Version),
        ("gb1".to_owned(), part("entity")),
        (with("gb1", "gb2"), HeaderError::Version),
        (with("gb1", "GB1"), HeaderError::Version),
        (format!(" {}", line()), HeaderError::Version),
        (with("gb1 ", "gb1  "), part("entity")),
        (with(ENTITY, &ENTITY.to_uppercase()), part("entity")),
        (with(ENTITY, &ENTITY[1..]), part("entity")),
        (with(ENTITY, &format!("{ENTITY}00")), part("entity")),
        (with("3f40", "3f4g"), part("entity")),
        (with(".1.3", ".1.03"), part("dot")),
        (with(".1.3", ".01.3"), part("dot")),
        (with(".1.3", ".1.0"), part("dot")),
        (with(".1.3", ".1.+3"), part("dot")),
        (with(".1.3", ".1.-3"), part("dot")),
        (with(".1.3", ".1.4294967296"), part("dot")),
        (with(".1.3", ".1"), part("dot")),
        (with(".1.3", "..3"), part("dot")),
        (with(".1.3", ".1.3.4"), part("dot")),
        (with(HLC, "019c1d2e3f40"), part("hlc")),
        (with(HLC, "019c1d2e3f40.2"), part("hlc")),
        (with(HLC, "19c1d2e3f40.0002"), part("hlc")),
        (with(" set ", "  "), part("kind")),
        (with(" set ", " s/t "), part("kind")),
        (with(" set ", &format!(" {} ", "s".repeat(33))), part("kind")),
        (with(" u1 ", " 张三 "), part("user")),
        (with(" u1 ", &format!(" {} ", "u".repeat(65))), part("user")),
        (format!("gb1 {ENTITY} {DEV}.1.3 {HLC} set u1"), part("context")),
        (format!("gb1 {ENTITY} {DEV}.1.3 {HLC} set u1 "), part("context")),
        // Its own past must be there, and only its past.
        (with(".1.2+", ".1.1+"), part("context")),
        (with(".1.2+", ".1.3+"), part("context")),
        (format!("gb1 {ENTITY} {DEV}.1.3 {HLC} set u1 -"), part("context")),
        (format!("gb1 {ENTITY} {DEV}.1.1 {HLC} set u1 {DEV}.1.1"), part("context")),
        // Writers rise strictly: one set, one spelling.
        (format!("gb1 {ENTITY} {DEV}.1.3 {HLC} set u1 {OTHER}.4.7+{DEV}.1.2"), part("context")),
        (format!("gb1 {ENTITY} {DEV}.1.3 {HLC} set u1 {DEV}.1.2+{DEV}.1.2"), part("context")),
        (with("+", "++"), part("context")),
        (with("+", ","), part("context")),
        (format!("{}+", line()), part("context")),
        (with(".4.7", ".4.0"), part("context")),
        (format!("{}\n", line()), control),
        (format!("{} a=\u{0}", line()), control),
        (format!("{} a=\u{85}", line()), control),
        (with(" set ", "\tset "), control),
        (format!("{} {}", line(), "x".repeat(MAX_HEADER)), HeaderError::TooLong),
    ];
    for (text, error) in table {
        assert_eq!(Header::parse(&text), Err(error), "{text:.200}");
    }
    let room = MAX_HEADER - line().len() - 1;
    assert!(Header::parse(&format!("{} {}", line(), "x".repeat(room))).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn random_texts_never_panic(text: String, bytes: Vec<u8>) {
        prop_assert!(Header::parse(&text).is_err());
        let _ = Header::parse(&String::from_utf8_lossy(&bytes));
    }

    /// A changed line is either refused or another header with the same text.
    #[test]
    fn a_changed_line_is_refused_or_read_as_it_stands(at: prop::sample::Index, with: char, more in "[ -~]{0,8}") {
        let mut chars: Vec<char> = line().chars().collect();
        let at = at.index(chars.len());
        chars[at] = with;
        let text: String = chars.into_iter().chain(more.chars()).collect();
        if let Ok(header) = Header::parse(&text) {
            let written = header.to_line();
            // One space before nothing is the only thing that is not written again; `Op` keeps the line itself.
            prop_assert_eq!(written.trim_end_matches(' '), text.trim_end_matches(' '));
            prop_assert_eq!(Header::parse(&written).unwrap(), header);
        }
    }
}
