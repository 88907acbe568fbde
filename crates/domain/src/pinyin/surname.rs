//! Readings that differ when a hanzi is a surname, and given-name hanzi with two readings in use.

/// Two-character surnames whose reading is not that of their characters.
const COMPOUND: &[(&str, &[&str])] = &[
    ("尉迟", &["yc"]),
    ("长孙", &["zs"]),
    ("万俟", &["mq"]),
    ("单于", &["cy"]),
    ("澹台", &["tt"]),
    ("乐正", &["yz"]),
    ("宰父", &["zf"]),
];

/// Single surnames whose initial differs from the table, or that are read in two ways (likeliest first).
const SINGLE: &[(char, &[&str])] = &[
    ('单', &["s"]),
    ('曾', &["z"]),
    ('仇', &["q"]),
    ('解', &["x"]),
    ('区', &["o"]),
    ('查', &["z"]),
    ('覃', &["q", "t"]),
    ('乐', &["y", "l"]),
    ('翟', &["z", "d"]),
    ('尉', &["w", "y"]),
    ('种', &["c"]),
    ('召', &["s"]),
    ('折', &["s"]),
    ('秘', &["b"]),
    ('繁', &["p"]),
    ('费', &["f", "b"]),
    ('重', &["c"]),
    ('长', &["c", "z"]),
    ('佴', &["n"]),
    ('宓', &["m", "f"]),
    ('谌', &["c", "s"]),
    ('郗', &["x", "c"]),
    ('郇', &["x", "h"]),
    ('句', &["g", "j"]),
    ('乜', &["n", "m"]),
    ('隗', &["k", "w"]),
    ('莘', &["s", "x"]),
    ('晟', &["c", "s"]),
    ('祭', &["z"]),
    ('藏', &["z"]),
    ('奇', &["j", "q"]),
    ('不', &["f", "b"]),
    ('朝', &["c", "z"]),
    ('适', &["k", "s"]),
    ('粘', &["n", "z"]),
    ('传', &["c", "z"]),
    ('阚', &["k"]),
];

/// Given-name hanzi people read in more than one way; both are found.
const GIVEN: &[(char, &str)] = &[
    ('乐', "ly"),
    ('长', "cz"),
    ('朝', "cz"),
    ('重', "cz"),
    ('行', "xh"),
    ('茜', "qx"),
    ('晟', "sc"),
    ('传', "cz"),
    ('盛', "sc"),
    ('藏', "cz"),
    ('省', "xs"),
    ('车', "cj"),
    ('调', "td"),
    ('会', "hk"),
    ('参', "cs"),
    ('阿', "ae"),
    ('曾', "cz"),
    ('奇', "qj"),
    ('纤', "xq"),
    ('莘', "xs"),
    ('厦', "sx"),
    ('弹', "td"),
];

/// How many leading characters the surname takes (0 = no special reading) and how it may begin.
pub(super) fn surname_readings(name: &[char]) -> (usize, &'static [&'static str]) {
    if let [first, second, ..] = name {
        for (surname, readings) in COMPOUND {
            if surname.chars().eq([*first, *second]) {
                return (2, readings);
            }
        }
    }
    name.first()
        .and_then(|first| SINGLE.iter().find(|(surname, _)| surname == first))
        .map_or((0, &[]), |(_, readings)| (1, readings))
}

/// All initials in use for a hanzi of a given name; empty when the table's one is enough.
pub(super) fn given_alternates(c: char) -> &'static str {
    GIVEN.iter().find(|(hanzi, _)| *hanzi == c).map_or("", |(_, letters)| letters)
}
