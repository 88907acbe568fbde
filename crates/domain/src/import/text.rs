//! Texts as people type them: folded, split, quoted.

/// What stands between the parts of a list. Not `/`: labels contain it.
pub(super) const SEPARATORS: [char; 6] = ['、', '，', ',', '；', ';', '|'];

/// Splits a list as people write it.
pub(super) fn parts(text: &str) -> Vec<&str> {
    text.split(SEPARATORS).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// A value in quotes, cut when long.
pub(super) fn quote(text: &str) -> String {
    let short: String = text.chars().take(24).collect();
    if short.len() < text.len() { format!("“{short}…”") } else { format!("“{short}”") }
}

/// Messages travel in reports; an identity number does not belong there in full.
pub(super) fn tail_of_id(text: &str) -> String {
    if text.chars().count() < 15 { text.to_owned() } else { crate::mask::id_number(text) }
}

/// A number that a sheet shortened: `1.38123E+10`.
pub(super) fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    digits(&mantissa.replacen('.', "", 1)) && exponent.strip_prefix('+').is_some_and(digits)
}

/// Full-width ASCII and the ideographic space, folded.
pub(super) fn half_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{3000}' => ' ',
            '！'..='～' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        })
        .collect()
}

/// A label without what stands in brackets: `村(社区)` → `村`.
pub(super) fn bare_label(text: &str) -> &str {
    text.split(['(', '（']).next().unwrap_or(text).trim()
}

/// A header without stars, brackets, spaces and line breaks, so that `户主 姓名*（必填）` is found.
pub(super) fn fold_header(text: &str) -> String {
    let bare = bare_label(text.trim_start_matches(['*', '＊', '\u{FEFF}', ' ']));
    bare.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '＊' | ':' | '：' | '\u{FEFF}'))
        .collect()
}
