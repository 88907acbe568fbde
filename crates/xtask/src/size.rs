//! `cargo xtask size`: what a phone downloads, against the budget.

use std::path::Path;

use crate::bundle::{self, App, Mode};
use crate::compress::copy_of;
use crate::failure::{Failure, Outcome};
use crate::precache;
use crate::split;
use crate::tree;

/// Prints every code file of both release bundles; fails when a bundle's wasm is over its limit.
pub(crate) fn run() -> Outcome {
    bundle::build(Mode::Release)?;
    report()
}

/// As [`run`], on bundles that are there.
pub(crate) fn report() -> Outcome {
    println!("{:<44} {:>10} {:>10} {:>10}", "bytes", "raw", "gzip", "brotli");
    let mut over = Vec::new();
    for app in &bundle::APPS {
        let (first, whole) = app_files(app)?;
        for (words, bytes, limit) in
            [("before the first screen", first, app.budget), ("all parts", whole, app.whole)]
        {
            let aim = if bytes == first { format!(", aim {}", app.aim) } else { String::new() };
            println!("{:<66} {bytes:>10}", format!("{}: wasm, {words} (limit {limit}{aim})", app.name));
            if bytes > limit {
                over.push(format!("{}: {bytes} bytes of wasm {words}, limit {limit}", app.name));
            }
        }
    }
    if over.is_empty() { Ok(()) } else { Err(Failure::new(over.join("; "))) }
}

/// Prints the app's files; its wasm after brotli: before the first screen, and in all, without the workers.
fn app_files(app: &App) -> Result<(u64, u64), Failure> {
    let folder = bundle::dist(Mode::Release).join(app.name);
    let (mut first, mut whole) = (0, 0);
    for file in tree::files(&folder)? {
        let name = tree::relative(&file, &folder);
        let Some(ending @ ("wasm" | "js" | "css" | "html" | "json")) =
            file.extension().and_then(|end| end.to_str())
        else {
            continue;
        };
        let raw = bytes(&file)?;
        let brotli = bytes(&copy_of(&file, "br")).unwrap_or(raw);
        let gzip = bytes(&copy_of(&file, "gz")).unwrap_or(raw);
        // Workers run beside the page; what they weigh is printed and no part of its budget.
        let later = match name.contains("_worker") {
            true if precache::on_demand(&name) => " (worker, on demand)",
            true => " (worker, kept for offline)",
            false => "",
        };
        println!("{:<44} {raw:>10} {gzip:>10} {brotli:>10}", format!("{}/{name}{later}", app.name));
        if ending == "wasm" && later.is_empty() {
            whole += brotli;
            first += if name.ends_with(split::LATER) { 0 } else { brotli };
        }
    }
    if first == 0 {
        Err(Failure::new(format!("{}: no wasm in {}", app.name, folder.display())))
    } else {
        Ok((first, whole))
    }
}

fn bytes(path: &Path) -> Result<u64, Failure> {
    std::fs::metadata(path).map(|data| data.len()).map_err(|error| Failure::file(path, &error))
}
