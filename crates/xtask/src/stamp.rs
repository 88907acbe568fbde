//! What a bundle was made from, as one hash: a second build with the same inputs does nothing.

use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::process::{ask, root, with};
use crate::tree;

/// Everything that can change a bundle's bytes; the server is left to cargo.
const INPUTS: [&str; 14] = [
    ".cargo/config.toml",
    "Cargo.lock",
    "Cargo.toml",
    "Trunk.toml",
    "crates/domain",
    "crates/log",
    "crates/papers",
    "crates/sheets",
    "crates/sync",
    "crates/xtask/src",
    "public",
    "src",
    "style",
    "tests/package-lock.json",
];

/// The hash of all inputs as they are now.
pub(crate) fn inputs() -> Result<String, Failure> {
    let root = root();
    let mut lines = String::new();
    for input in INPUTS {
        let path = root.join(input);
        let files = if path.is_dir() { tree::files(&path)? } else { vec![path] };
        for file in files {
            lines.push_str(&format!(
                "{} {}\n",
                tree::sha256(&tree::read(&file)?),
                tree::relative(&file, &root)
            ));
        }
    }
    for tool in ["rustc", "trunk", "wasm-bindgen"] {
        lines.push_str(&ask(&mut with(tool, &["--version"])).unwrap_or_default());
    }
    Ok(tree::sha256(lines.as_bytes()))
}

/// Inside the folder it speaks of: whoever removes the one removes the other.
fn file(dist: &Path) -> PathBuf {
    dist.join("build-stamp")
}

/// Whether `dist` was made from these inputs.
pub(crate) fn fresh(dist: &Path, inputs: &str) -> bool {
    tree::read_text(&file(dist)).is_ok_and(|text| text == inputs)
}

/// Before building: an interrupted build is never taken for a finished one.
pub(crate) fn forget(dist: &Path) -> Outcome {
    tree::remove(&file(dist))
}

/// After building.
pub(crate) fn keep(dist: &Path, inputs: &str) -> Outcome {
    tree::write(&file(dist), inputs.as_bytes())
}
