//! Style sheets: the files named in `style/<app>.list`, in that order, as one small sheet per bundle.

use std::path::PathBuf;

use crate::failure::{Failure, Outcome};
use crate::process::root;
use crate::tree;

/// Where the page links the joined sheet (`target/style/<app>.css`).
pub(crate) fn sheet(app: &str) -> PathBuf {
    root().join("target/style").join(format!("{app}.css"))
}

/// Joins and shrinks the sheets of one bundle.
pub(crate) fn join(app: &str) -> Outcome {
    let folder = root().join("style");
    let mut joined = String::new();
    for line in tree::read_text(&folder.join(format!("{app}.list")))?.lines() {
        let name = line.split('#').next().unwrap_or_default().trim();
        if !name.is_empty() {
            joined.push_str(&tree::read_text(&folder.join(name))?);
            joined.push('\n');
        }
    }
    let small = shrink(&joined)
        .ok_or_else(|| Failure::new(format!("style/{app}.list: a comment or string is not closed")))?;
    tree::write(&sheet(app), small.as_bytes())
}

/// The sheet without comments and needless white space. Strings and `url(…)` stay as they are; space is taken
/// away only where it never carries meaning: beside `{ } ; ,`. `None`: a comment, string or address is not closed.
fn shrink(css: &str) -> Option<String> {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some(first) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/")?.1;
            space(&mut out);
        } else if first == '"' || first == '\'' {
            let end = string_end(rest, first)?;
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else if starts_url(rest) {
            let end = rest.find(')')? + 1;
            out.push_str(&rest[..end]);
            rest = &rest[end..];
        } else {
            rest = &rest[first.len_utf8()..];
            match first {
                _ if first.is_ascii_whitespace() => space(&mut out),
                '{' | '}' | ';' | ',' => {
                    if out.ends_with(' ') {
                        out.pop();
                    }
                    if first == '}' && out.ends_with(';') {
                        out.pop();
                    }
                    out.push(first);
                }
                _ => out.push(first),
            }
        }
    }
    Some(out)
}

/// One space, unless what stands before needs none.
fn space(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '{', '}', ';', ',']) {
        out.push(' ');
    }
}

/// An unquoted address may hold anything but a bracket.
fn starts_url(rest: &str) -> bool {
    rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("url("))
        && !rest[4..].trim_start().starts_with(['"', '\''])
}

fn string_end(rest: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return Some(at + quote.len_utf8()),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::shrink;

    #[test]
    fn keeps_meaning() {
        let css = "/* head */\n@layer base , parts;\n.a  .b > .c ,\n.d :focus-visible { margin : 0 calc( 1px + 2px ) ; \
                   content: \"a /* b */ ; }\" ; }\n@media (min-width: 30em) and (hover) { .e { color: red; } }\n";
        assert_eq!(
            shrink(css).as_deref(),
            Some(
                "@layer base,parts;.a .b > .c,.d :focus-visible{margin : 0 calc( 1px + 2px );\
                 content: \"a /* b */ ; }\"}@media (min-width: 30em) and (hover){.e{color: red}}"
            )
        );
    }

    #[test]
    fn addresses_and_escapes_stay() {
        let css = ".a{background:url(data:image/svg+xml;utf8,<svg/*x*/>) ;content:'\\''}";
        assert_eq!(
            shrink(css).as_deref(),
            Some(".a{background:url(data:image/svg+xml;utf8,<svg/*x*/>);content:'\\''}")
        );
    }

    #[test]
    fn an_open_comment_or_string_is_an_error() {
        assert_eq!(shrink(".a{} /* oh"), None);
        assert_eq!(shrink(".a{content:\"oh}"), None);
    }
}
