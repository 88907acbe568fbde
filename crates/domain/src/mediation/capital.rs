//! Amounts in capitals 大写, right to the fen (MED-07): what receipts and agreements state beside the digits.

const DIGITS: [&str; 10] = ["零", "壹", "贰", "叁", "肆", "伍", "陆", "柒", "捌", "玖"];

/// An amount of fen in capitals: `壹万零叁拾元伍角整`. Without fen it ends with 整.
pub fn capital(fen: u64) -> String {
    let (yuan, jiao, fen) = (fen / 100, fen / 10 % 10, fen % 10);
    let mut text = integer(yuan);
    if !text.is_empty() {
        text.push('元');
    }
    match (jiao, fen) {
        (0, 0) if yuan == 0 => return "零元整".to_owned(),
        (0, 0) => {}
        (0, _) if yuan > 0 => text.push('零'),
        (0, _) => {}
        _ => {
            text.push_str(digit(jiao));
            text.push('角');
        }
    }
    if fen > 0 {
        text.push_str(digit(fen));
        text.push('分');
    } else {
        text.push('整');
    }
    text
}

fn digit(digit: u64) -> &'static str {
    DIGITS[usize::try_from(digit % 10).unwrap_or(0)]
}

/// Whole yuan; empty for zero. Above 亿 the number of hundreds of millions is read like any other.
fn integer(yuan: u64) -> String {
    let (high, low) = (yuan / 100_000_000, yuan % 100_000_000);
    let mut text = integer_of(high);
    if !text.is_empty() {
        text.push('亿');
    }
    below(low, &mut text, 10_000_000);
    text
}

fn integer_of(high: u64) -> String {
    if high == 0 { String::new() } else { integer(high) }
}

/// Less than a hundred million: so many 万 and the rest. One 零 fills whatever is left out before it.
fn below(yuan: u64, text: &mut String, full: u64) {
    if yuan == 0 {
        return;
    }
    if !text.is_empty() && yuan < full {
        text.push_str(DIGITS[0]);
    }
    let (wan, rest) = (yuan / 10_000, yuan % 10_000);
    if wan > 0 {
        four(wan, text);
        text.push('万');
        if (1..1000).contains(&rest) {
            text.push_str(DIGITS[0]);
        }
    }
    four(rest, text);
}

/// Up to four digits, without anything for zeros in front.
fn four(number: u64, text: &mut String) {
    let (mut begun, mut hole) = (false, false);
    for (place, unit) in [1000, 100, 10, 1].into_iter().zip(["仟", "佰", "拾", ""]) {
        let value = number / place % 10;
        if value == 0 {
            hole = begun;
            continue;
        }
        if hole {
            text.push_str(DIGITS[0]);
        }
        text.push_str(digit(value));
        text.push_str(unit);
        (begun, hole) = (true, false);
    }
}

/// Chinese numerals of a list: 一, 二 … 十, 十一 … up to 99.
pub fn ordinal(n: usize) -> String {
    const ONES: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    match n {
        0 | 100.. => n.to_string(),
        1..=9 => ONES[n].to_owned(),
        10..=19 => format!("十{}", ONES[n - 10]),
        _ => format!("{}十{}", ONES[n / 10], ONES[n % 10]),
    }
}

/// Fen as digits with a comma every three: `10,030.50`.
pub fn digits(fen: u64) -> String {
    let yuan = (fen / 100).to_string();
    let mut text = String::new();
    for (at, letter) in yuan.char_indices() {
        if at > 0 && (yuan.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(letter);
    }
    format!("{text}.{:02}", fen % 100)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// Reads capitals aloud, slowly: each digit times its place, each group times its unit.
    fn read(text: &str) -> Option<u64> {
        let (mut total, mut group, mut held, mut fen) = (0u64, 0u64, None, 0u64);
        let text = text.strip_suffix('整').unwrap_or(text);
        for letter in text.chars() {
            if let Some(value) = DIGITS.iter().position(|digit| digit.starts_with(letter)) {
                held = (value > 0).then_some(value as u64);
                continue;
            }
            match letter {
                '拾' => group += held.take()? * 10,
                '佰' => group += held.take()? * 100,
                '仟' => group += held.take()? * 1000,
                '万' => {
                    group += held.take().unwrap_or(0);
                    total += group * 10_000;
                    group = 0;
                }
                '亿' => {
                    group += held.take().unwrap_or(0);
                    // 万亿: what stood before is counted in hundreds of millions.
                    total = (total + group) * 100_000_000;
                    group = 0;
                }
                '元' => {
                    group += held.take().unwrap_or(0);
                    total += group;
                    group = 0;
                }
                '角' => fen += held.take()? * 10,
                '分' => fen += held.take()?,
                _ => return None,
            }
        }
        (held.is_none() && group == 0).then_some(total * 100 + fen)
    }

    #[test]
    fn edges() {
        for (fen, text) in [
            (0, "零元整"),
            (1, "壹分"),
            (10, "壹角整"),
            (15, "壹角伍分"),
            (100, "壹元整"),
            (101, "壹元零壹分"),
            (110, "壹元壹角整"),
            (1_000, "壹拾元整"),
            (1_600, "壹拾陆元整"),
            (10_100, "壹佰零壹元整"),
            (11_000, "壹佰壹拾元整"),
            (100_100, "壹仟零壹元整"),
            (101_050, "壹仟零壹拾元伍角整"),
            (140_950, "壹仟肆佰零玖元伍角整"),
            (168_032, "壹仟陆佰捌拾元叁角贰分"),
            (600_714, "陆仟零柒元壹角肆分"),
            (1_003_050, "壹万零叁拾元伍角整"),
            (10_000_000, "壹拾万元整"),
            (10_700_053, "壹拾万柒仟元伍角叁分"),
            (100_010_000, "壹佰万零壹佰元整"),
            (10_000_000_000, "壹亿元整"),
            (10_000_100_000, "壹亿零壹仟元整"),
            (10_001_000_001, "壹亿零壹万元零壹分"),
            (10_100_000_000, "壹亿零壹佰万元整"),
            (100_000_000_000, "壹拾亿元整"),
            (100_000_000_000_000, "壹万亿元整"),
            (100_010_000_000_000, "壹万零壹亿元整"),
            (100_000_000_010_000, "壹万亿零壹佰元整"),
            (1_205_000_000, "壹仟贰佰零伍万元整"),
            (u64::MAX, "壹拾捌亿肆仟肆佰陆拾柒万肆仟肆佰零柒亿叁仟柒佰零玖万伍仟伍佰壹拾陆元壹角伍分"),
            (99_999_999_999, "玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
        ] {
            assert_eq!(capital(fen), text, "{fen}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn a_slow_reader_reads_the_same(fen in prop_oneof![0u64..100_000, 0u64..100_000_000, 0u64..1_000_000_000_000_000]) {
            let text = capital(fen);
            prop_assert_eq!(read(&text), Some(fen), "{}", text);
            prop_assert!(!text.contains("零零") && !text.contains("零元") || fen == 0, "{}", text);
            prop_assert_eq!(text.ends_with('整'), fen % 10 == 0, "{}", text);
        }

        #[test]
        fn digits_say_the_same(fen in 0u64..1_000_000_000_000) {
            let plain: String = digits(fen).chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(plain.parse::<u64>().unwrap(), fen);
        }
    }

    #[test]
    fn numerals_and_commas() {
        assert_eq!([1, 10, 11, 20, 21, 99].map(ordinal).join(" "), "一 十 十一 二十 二十一 九十九");
        assert_eq!(
            [5, 99_900, 100_000, 123_456_789].map(digits).join(" "),
            "0.05 999.00 1,000.00 1,234,567.89"
        );
    }
}
