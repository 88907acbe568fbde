//! Pinyin initials of Chinese names and words, for the search box (TERR-09): `zs` finds 张三.
//!
//! Initials only: a full syllable table would cost the phone bundle more than it gives the typist.

mod surname;

use surname::{given_alternates, surname_readings};

/// The letters, after the comment lines (source and licence stand there).
const TABLE: &str = include_str!("../data/pinyin_initials.txt");

/// First code point of the table.
const FIRST: u32 = 0x4E00;

/// At most this many spellings of one name are kept; names with more polyphones keep the likeliest.
const MAX_SPELLINGS: usize = 4;

/// How many code points it covers.
const COUNT: usize = 0x9FA5 - 0x4E00 + 1;

/// The table is the last line of the file, counted from its end so that a look-up costs no scan.
fn letters() -> &'static [u8] {
    let end = TABLE.trim_end().len();
    TABLE.as_bytes().get(end.saturating_sub(COUNT)..end).unwrap_or_default()
}

/// The initial of one hanzi by its most common reading, lower case; `None` for anything not in the table.
///
/// ```
/// assert_eq!(gridbook_domain::pinyin::initial('张'), Some('z'));
/// assert_eq!(gridbook_domain::pinyin::initial('A'), None);
/// ```
pub fn initial(c: char) -> Option<char> {
    let at = u32::from(c).checked_sub(FIRST)?;
    let byte = *letters().get(usize::try_from(at).ok()?)?;
    byte.is_ascii_lowercase().then_some(char::from(byte))
}

/// Initials of any text, letters and digits kept in lower case, everything else dropped: `青禾镇3组` → `qhz3z`.
pub fn text_initials(text: &str) -> String {
    text.chars()
        .filter_map(|c| if c.is_ascii_alphanumeric() { Some(c.to_ascii_lowercase()) } else { initial(c) })
        .collect()
}

/// Every spelling in initials a person's name may be looked up by, likeliest first (1 to 4; none for an empty name).
///
/// The surname is read as a surname (单 shàn, 曾 zēng, 仇 qiú, 解 xiè, 尉迟 yùchí, …); a surname or given name with
/// two readings in use yields both.
///
/// ```
/// use gridbook_domain::pinyin::name_initials;
/// assert_eq!(name_initials("单明"), ["sm"]);
/// assert_eq!(name_initials("覃芳"), ["qf", "tf"]);
/// ```
pub fn name_initials(name: &str) -> Vec<String> {
    let name: Vec<char> = name.chars().filter(|c| c.is_alphanumeric()).collect();
    if name.is_empty() {
        return Vec::new();
    }
    let (taken, heads) = surname_readings(&name);
    let mut spellings: Vec<String> =
        if taken == 0 { vec![String::new()] } else { heads.iter().map(|head| (*head).to_owned()).collect() };
    for &c in name.iter().skip(taken) {
        let usual = if c.is_ascii_alphanumeric() { Some(c.to_ascii_lowercase()) } else { initial(c) };
        let more = given_alternates(c);
        let before = spellings.len();
        for i in 0..before {
            let Some(stem) = spellings.get(i).cloned() else { continue };
            for letter in more.chars().filter(|&m| Some(m) != usual) {
                if spellings.len() < MAX_SPELLINGS {
                    spellings.push(format!("{stem}{letter}"));
                }
            }
        }
        if let Some(letter) = usual {
            for spelling in spellings.iter_mut().take(before) {
                spelling.push(letter);
            }
        }
    }
    spellings.retain(|s| !s.is_empty());
    spellings
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_table_covers_its_range() {
        assert_eq!(letters().len(), COUNT);
        let listed = letters().iter().filter(|b| b.is_ascii_lowercase()).count();
        assert!(listed > 6_700, "{listed}");
        assert_eq!(initial('一'), Some('y'));
        assert_eq!(initial('龟'), Some('g'));
        assert_eq!(initial('垚'), Some('y'));
        assert_eq!(initial('℃'), None);
    }

    #[test]
    fn surnames_are_read_as_surnames() {
        for (name, want) in [
            ("张三", "zs"),
            ("单顺", "ss"),
            ("曾小兰", "zxl"),
            ("仇大山", "qds"),
            ("解放", "xf"),
            ("区建国", "ojg"),
            ("查文", "zw"),
            ("朴成", "pc"),
            ("盖华", "gh"),
            ("任远", "ry"),
            ("华平", "hp"),
            ("缪英", "my"),
            ("翟强", "zq"),
            ("尉迟敏", "ycm"),
            ("长孙安", "zsa"),
            ("万俟青", "mqq"),
            ("欧阳丽", "oyl"),
            ("种地", "cd"),
            ("繁星", "px"),
        ] {
            assert_eq!(name_initials(name).first().unwrap(), want, "{name}");
        }
        assert!(!name_initials("单顺").iter().any(|s| s == "ds"));
    }

    #[test]
    fn two_readings_in_use_match_either_way() {
        assert_eq!(name_initials("覃芳"), ["qf", "tf"]);
        assert_eq!(name_initials("乐红"), ["yh", "lh"]);
        let spellings = name_initials("王长乐");
        assert!(
            spellings.contains(&"wcl".to_owned()) && spellings.contains(&"wzl".to_owned()),
            "{spellings:?}"
        );
        assert!(spellings.len() <= MAX_SPELLINGS);
    }

    #[test]
    fn the_ordinary_reading_stays_in_given_names() {
        assert_eq!(name_initials("李单").first().unwrap(), "ld");
        assert_eq!(name_initials("李解放").first().unwrap(), "ljf");
    }

    #[test]
    fn odd_names_do_not_break() {
        assert!(name_initials("").is_empty());
        assert!(name_initials("··").is_empty());
        assert_eq!(name_initials("阿依古丽·买买提"), ["ayglmmt", "eyglmmt"]);
        assert_eq!(name_initials("Li Lei"), ["lilei"]);
        assert_eq!(text_initials("青禾镇3组"), "qhz3z");
    }
}
