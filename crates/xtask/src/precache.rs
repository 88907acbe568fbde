//! The service worker: its source with the list of what it keeps for a start without network.
//!
//! Trunk's file names are no hashes of the shipped bytes, so every file is listed with its own SHA-256. The worker
//! finds, above its source, `self.GRIDBOOK = {"version": …, "base": …, "files": [{"url": …, "rev": …}, …]}`; the
//! version changes exactly when a file or the source does.

use std::path::Path;

use serde_json::{Value, json};

use crate::compress;
use crate::csp;
use crate::failure::Outcome;
use crate::tree;

/// The worker's own file: never in its own list, browsers compare it byte by byte.
const WORKER: &str = "sw.js";
/// Parts that only some people need, fetched when they do (names of trunk's worker bundles). The one that seals files
/// is not among them: it is needed where there is no network.
const ON_DEMAND: [&str; 3] = ["sheets", "papers", "share"];

/// Whether this file of a bundle is fetched only when somebody needs it.
pub(crate) fn on_demand(name: &str) -> bool {
    ON_DEMAND.iter().any(|part| name.starts_with(part) || name.contains(&format!("/{part}")))
}

/// Writes `sw.js` into the bundle's folder, which must hold everything else by now.
pub(crate) fn write(base: &str, dist: &Path, source: &str) -> Outcome {
    let mut files = Vec::new();
    for file in tree::files(dist)? {
        let name = tree::relative(&file, dist);
        if name != WORKER && name != csp::FILE && !compress::is_copy(&file) && !on_demand(&name) {
            files.push((url(base, &name), tree::sha256(&tree::read(&file)?)));
        }
    }
    tree::write(&dist.join(WORKER), with_list(base, &files, source).as_bytes())
}

/// The page is kept under the address people open.
fn url(base: &str, name: &str) -> String {
    if name == "index.html" { base.to_owned() } else { format!("{base}{name}") }
}

fn with_list(base: &str, files: &[(String, String)], source: &str) -> String {
    let list: Vec<Value> = files.iter().map(|(url, rev)| json!({ "url": url, "rev": rev })).collect();
    let version = tree::sha256(format!("{}{source}", Value::from(list.clone())).as_bytes());
    let head = json!({ "version": &version[..16], "base": base, "files": list });
    format!("self.GRIDBOOK = {head};\n{source}")
}

#[cfg(test)]
mod tests {
    use super::{on_demand, url, with_list};

    fn version(files: &[(&str, &str)], source: &str) -> String {
        let files: Vec<_> = files.iter().map(|(url, rev)| ((*url).to_owned(), (*rev).to_owned())).collect();
        let text = with_list("/", &files, source);
        text.split_once("\"version\":\"").expect("there is a version").1[..16].to_owned()
    }

    #[test]
    fn the_version_follows_files_and_source() {
        let one = version(&[("/", "aa")], "x");
        assert_eq!(one, version(&[("/", "aa")], "x"));
        assert_ne!(one, version(&[("/", "ab")], "x"));
        assert_ne!(one, version(&[("/", "aa")], "y"));
        assert_ne!(one, version(&[("/", "aa"), ("/b", "aa")], "x"));
    }

    #[test]
    fn addresses() {
        assert_eq!(url("/desk/", "index.html"), "/desk/");
        assert_eq!(url("/desk/", "icons/192.png"), "/desk/icons/192.png");
        assert!(on_demand("sheets_bg.wasm") && on_demand("share_worker_loader.js"));
        assert!(!on_demand("field_bg.wasm") && !on_demand("carry_worker_bg.wasm"));
    }
}
