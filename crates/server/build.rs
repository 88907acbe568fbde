//! Lists the files of both bundles, so that the binary carries them. Without a `dist` folder the list is empty
//! and the server serves what `--dist` names. A debug build carries nothing: it reads the folder when it starts, so
//! that it need not be compiled after the bundles, nor again whenever they change.
#![allow(clippy::unwrap_used)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-env-changed=GRIDBOOK_DIST");
    println!("cargo:rerun-if-changed=build.rs");
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap()).join("../../dist");
    let dist = env::var_os("GRIDBOOK_DIST").map_or(root, PathBuf::from);
    let mut files = Vec::new();
    let wanted = env::var_os("CARGO_FEATURE_BUNDLES").is_some();
    let carried = env::var("PROFILE").unwrap() == "release";
    if wanted && carried {
        for app in ["field", "desk"] {
            collect(&dist.join(app), &dist, &mut files);
        }
        // A folder that does not exist would make cargo rebuild every time.
        let watched = if dist.exists() { dist.clone() } else { dist.parent().unwrap().join("Cargo.toml") };
        println!("cargo:rerun-if-changed={}", watched.display());
    }
    files.sort();
    let mut code = String::from("pub(super) static FILES: &[(&str, &[u8])] = &[\n");
    for (name, path) in files {
        writeln!(code, "    ({name:?}, include_bytes!({path:?})),").unwrap();
    }
    code.push_str("];\n");
    let folder = (wanted && !carried).then(|| dist.to_str().unwrap());
    writeln!(code, "pub(super) static FOLDER: Option<&str> = {folder:?};").unwrap();
    fs::write(Path::new(&env::var("OUT_DIR").unwrap()).join("bundles.rs"), code).unwrap();
}

fn collect(dir: &Path, root: &Path, out: &mut Vec<(String, String)>) {
    let Ok(entries) = fs::read_dir(dir) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, root, out);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            out.push((name, path.canonicalize().unwrap().to_str().unwrap().to_owned()));
        }
    }
}
