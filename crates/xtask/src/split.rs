//! A program's code in two parts. What the first screen does not need goes into a file of its own, loaded right after
//! it; which part is which is decided by the function that `src/bin/field.rs` or `src/bin/desk.rs` marks, and by what
//! only it reaches.
//!
//! Trunk has linked the program and made a page for all of it; here its script and code are made again from the
//! linker's output, in two parts.

use std::path::Path;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};
use wasm_split_cli_support::{Options, transform};

use crate::bundle::Mode;
use crate::failure::{Failure, Outcome};
use crate::process::{run, target, with};
use crate::tree;

/// What wasm-opt is told for every part of a program's code.
pub(crate) const WASM_OPT: [&str; 9] = [
    "-Oz",
    "--strip-debug",
    "--strip-producers",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// How the files of the later part end: what is loaded after the first screen.
pub(crate) const LATER: &str = "-later.wasm";

/// Splits what trunk has put into `folder` for the program `name`.
pub(crate) fn run_on(name: &str, mode: Mode, folder: &Path) -> Outcome {
    let stem = stem(name, folder)?;
    let profile = if mode == Mode::Release { "wasm-release" } else { "debug" };
    let linked = target().join("wasm32-unknown-unknown").join(profile).join(format!("{name}.wasm"));
    let work = target().join("split").join(name);
    tree::remove(&work)?;
    let linked = tree::read(&linked)?;
    let (main, script) = (work.join(format!("{stem}.wasm")), format!("./{stem}-parts.js"));
    let main_module = format!("./{stem}.js");
    let mut options = Options::new(&linked);
    options.output_dir = &work;
    options.main_out_path = &main;
    options.link_name = &script;
    options.main_module = &main_module;
    let split =
        transform(options).map_err(|error| Failure::new(format!("{name}: cannot be split: {error:#}")))?;
    let [later] = split.split_modules.as_slice() else {
        return Err(Failure::new(format!(
            "{name}: one later part expected, {} made",
            split.split_modules.len()
        )));
    };
    let mut bindgen =
        with("wasm-bindgen", &["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name"]);
    run(bindgen.arg(&stem).arg("--out-dir").arg(folder).arg(&main))?;
    let (first, rest) = (format!("{stem}_bg.wasm"), format!("{stem}{LATER}"));
    tree::write(&folder.join(&rest), &tree::read(later)?)?;
    let was = later.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let parts = tree::read_text(&work.join(&script))?;
    if !parts.contains(&was) {
        return Err(Failure::new(format!("{name}: the script of the parts does not load {was}")));
    }
    tree::write(&folder.join(&script), parts.replace(&was, &rest).as_bytes())?;
    if mode == Mode::Release {
        // Each on a core of its own.
        thread::scope(|scope| {
            let later = scope.spawn(|| squeeze(&folder.join(&rest)));
            squeeze(&folder.join(&first)).and(later.join().expect("wasm-opt is waited for without a panic"))
        })?;
    }
    let program = format!("{stem}.js");
    seal(folder, &[&program, &first])?;
    announce(folder, &program, script.trim_start_matches("./"))
}

fn squeeze(part: &Path) -> Outcome {
    run(with("wasm-opt", &WASM_OPT).arg(part).arg("-o").arg(part))
}

/// The name trunk gave to the program's files, with its hash.
fn stem(name: &str, folder: &Path) -> Result<String, Failure> {
    let (start, end) = (format!("{name}-"), "_bg.wasm");
    tree::files(folder)?
        .iter()
        .filter_map(|file| file.file_name()?.to_str())
        .find_map(|file| file.strip_suffix(end).filter(|stem| stem.starts_with(&start)))
        .map(str::to_owned)
        .ok_or_else(|| Failure::new(format!("{name}: trunk has left no {start}*{end}")))
}

/// Puts the new files' hashes into the page, in the place of trunk's.
fn seal(folder: &Path, files: &[&str]) -> Outcome {
    let page = folder.join("index.html");
    let mut html = tree::read_text(&page)?;
    for file in files {
        let hash = STANDARD.encode(Sha384::digest(tree::read(&folder.join(file))?));
        html = with_hash(&html, file, &hash)
            .ok_or_else(|| Failure::new(format!("{}: {file} has no hash to replace", page.display())))?;
    }
    tree::write(&page, html.as_bytes())
}

/// Lets the page ask for the script of the parts together with the program that imports it.
fn announce(folder: &Path, program: &str, parts: &str) -> Outcome {
    let page = folder.join("index.html");
    let html = tree::read_text(&page)?;
    let html = with_parts(&html, program, parts)
        .ok_or_else(|| Failure::new(format!("{}: {program} is not preloaded", page.display())))?;
    tree::write(&page, html.as_bytes())
}

/// The page with a preload of `parts` beside that of `program`; `None` when there is none.
fn with_parts(html: &str, program: &str, parts: &str) -> Option<String> {
    const LINK: &str = "<link rel=\"modulepreload\" href=\"";
    let at = html.match_indices(LINK).map(|(at, _)| at).find(|at| {
        html[at + LINK.len()..].split('"').next().is_some_and(|href| href.ends_with(&format!("/{program}")))
    })?;
    let href = html[at + LINK.len()..].split('"').next()?.replace(program, parts);
    Some(format!("{}{LINK}{href}\" crossorigin=\"anonymous\">{}", &html[..at], &html[at..]))
}

/// The page with another `integrity` on the link to `file`; `None` when there is none.
fn with_hash(html: &str, file: &str, hash: &str) -> Option<String> {
    const MARK: &str = "integrity=\"sha384-";
    let link = html.match_indices("<link ").find_map(|(at, _)| {
        let end = at + html[at..].find('>')?;
        (html[at..end].contains(&format!("/{file}\"")) && html[at..end].contains(MARK)).then_some((at, end))
    });
    let (at, end) = link?;
    let from = at + html[at..end].find(MARK)? + MARK.len();
    let to = from + html[from..end].find('"')?;
    Some(format!("{}{hash}{}", &html[..from], &html[to..]))
}

#[cfg(test)]
mod tests {
    use super::{with_hash, with_parts};

    #[test]
    fn only_the_files_own_link_gets_the_new_hash() {
        let html = concat!(
            r#"<script>import '/a.js';</script><link href="/a.css" integrity="sha384-AA">"#,
            r#"<link rel="preload" href="/a.js" integrity="sha384-BB" as="fetch">"#
        );
        let new = with_hash(html, "a.js", "CC/+==").expect("there is a link");
        assert_eq!(new, html.replace("sha384-BB", "sha384-CC/+=="));
        assert_eq!(with_hash(html, "b.js", "CC"), None);
    }

    #[test]
    fn the_parts_are_asked_for_beside_the_program() {
        let html = r#"<link rel="modulepreload" href="/desk/a.js" integrity="x"><p>"#;
        let new = with_parts(html, "a.js", "a-parts.js").expect("there is a link");
        assert_eq!(
            new,
            format!(r#"<link rel="modulepreload" href="/desk/a-parts.js" crossorigin="anonymous">{html}"#)
        );
        assert_eq!(with_parts(html, "b.js", "b-parts.js"), None);
    }
}
