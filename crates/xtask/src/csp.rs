//! Hashes of what stands inline in a bundle's pages, for the server's content security policy.
//!
//! Trunk starts the app from an inline module. The policy allows nothing inline but what is listed here:
//! `csp.json` beside the pages holds `{"scripts": ["sha256-…"], "styles": ["sha256-…"]}`.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use crate::failure::{Failure, Outcome};
use crate::tree;

/// The file's name in the bundle's folder. It is for the server, not for browsers.
pub(crate) const FILE: &str = "csp.json";

/// Reads the pages in `dist` and writes the list beside them.
pub(crate) fn write(dist: &Path) -> Outcome {
    let (mut scripts, mut styles) = (Vec::new(), Vec::new());
    for page in tree::files(dist)?.iter().filter(|path| path.extension().is_some_and(|end| end == "html")) {
        let html = tree::read_text(page)?;
        for (tag, list) in [("script", &mut scripts), ("style", &mut styles)] {
            let found = hashes(&html, tag);
            list.extend(
                found.ok_or_else(|| Failure::new(format!("{}: <{tag}> is not closed", page.display())))?,
            );
        }
    }
    let json = serde_json::json!({ "scripts": scripts, "styles": styles });
    tree::write(&dist.join(FILE), format!("{json:#}\n").as_bytes())
}

/// Of every inline element of this name, in order. `None`: one is not closed.
fn hashes(html: &str, tag: &str) -> Option<Vec<String>> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut found = Vec::new();
    let mut rest = html;
    while let Some((_, after)) = rest.split_once(&open) {
        let (attributes, after) = after.split_once('>')?;
        let (content, after) = after.split_once(&close)?;
        if !attributes.contains(" src=") {
            found.push(format!("sha256-{}", STANDARD.encode(Sha256::digest(content.as_bytes()))));
        }
        rest = after;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::hashes;

    #[test]
    fn only_inline_elements_count() {
        let html = "<script src=\"/a.js\"></script><script type=\"module\">alert('Hello, world.');</script>";
        // The example of the CSP specification.
        let known = "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=";
        assert_eq!(hashes(html, "script").as_deref(), Some([known.to_owned()].as_slice()));
        assert_eq!(hashes(html, "style").as_deref(), Some([].as_slice()));
        assert_eq!(hashes("<style>a{}", "style"), None);
    }
}
