//! Masking patterns for lists, exports and public sheets (PRIV, domain data 6.2).

/// Two-character surnames; their holders keep both characters.
const COMPOUND: [&str; 12] =
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "夏侯"];

fn stars(count: usize) -> String {
    "*".repeat(count)
}

/// `张三` → `张*`; compound surnames keep two characters. A single character stays.
pub fn name(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let compound = letters.len() > 2 && COMPOUND.iter().any(|surname| text.starts_with(surname));
    let keep = if compound { 2 } else { 1 }.min(letters.len());
    letters[..keep].iter().collect::<String>() + &stars(letters.len() - keep)
}

/// Keeps the last four characters only: the first six would tell the birthplace.
pub fn id_number(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let hidden = letters.len().saturating_sub(4);
    stars(hidden) + &letters[hidden..].iter().collect::<String>()
}

/// `13800005678` → `138****5678`; `0838-2345123` → `0838-****123`; anything else keeps its last two digits.
pub fn phone(text: &str) -> String {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 11 && digits.starts_with('1') {
        return format!("{}****{}", &digits[..3], &digits[7..]);
    }
    if let Some((area, rest)) = text.split_once('-') {
        let tail: String = rest.chars().rev().take(3).collect::<Vec<_>>().into_iter().rev().collect();
        return format!("{area}-****{tail}");
    }
    let letters: Vec<char> = text.chars().collect();
    let hidden = letters.len().saturating_sub(2);
    stars(hidden) + &letters[hidden..].iter().collect::<String>()
}

/// Cuts an address behind its 组, else behind its 村 or 社区: `柳溪村3组12号` → `柳溪村3组`.
pub fn address(text: &str) -> String {
    for mark in ["组", "村", "社区"] {
        if let Some(at) = text.find(mark) {
            return text[..at + mark.len()].to_owned();
        }
    }
    "***".to_owned()
}

/// Keeps province, letter and the last two characters: `川A12312` → `川A·***12`.
pub fn plate(text: &str) -> String {
    let letters: Vec<char> = text.chars().filter(|c| *c != '·').collect();
    if letters.len() < 5 {
        return stars(letters.len());
    }
    let tail: String = letters[letters.len() - 2..].iter().collect();
    format!("{}{}·***{tail}", letters[0], letters[1])
}

/// Keeps the year of a date `YYYY-MM-DD`, as lists show it.
pub fn birth(text: &str) -> String {
    match text.get(..4) {
        Some(year) if year.bytes().all(|b| b.is_ascii_digit()) => format!("{year}年"),
        _ => "****".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_keep_the_surname() {
        assert_eq!(super::name("张三"), "张*");
        assert_eq!(super::name("李小禾"), "李**");
        assert_eq!(super::name("欧阳春禾"), "欧阳**");
        assert_eq!(super::name("欧阳"), "欧*");
        assert_eq!(super::name(""), "");
    }

    #[test]
    fn numbers_keep_their_tail() {
        assert_eq!(super::id_number("51000019900101001X"), "**************001X");
        assert_eq!(super::id_number("12"), "12");
        assert_eq!(super::phone("13800005678"), "138****5678");
        assert_eq!(super::phone("0838-2345123"), "0838-****123");
        assert_eq!(super::phone("12345"), "***45");
        assert_eq!(super::plate("川A12312"), "川A·***12");
        assert_eq!(super::plate("川A·12312"), "川A·***12");
    }

    #[test]
    fn places_and_births_get_coarse() {
        assert_eq!(super::address("柳溪村3组12号"), "柳溪村3组");
        assert_eq!(super::address("柳溪村老街"), "柳溪村");
        assert_eq!(super::address("河边"), "***");
        assert_eq!(super::birth("1990-03-04"), "1990年");
        assert_eq!(super::birth("不详"), "****");
    }
}
