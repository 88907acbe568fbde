//! `cargo xtask size`: what a phone downloads, against the budget.

use std::path::Path;

use crate::bundle::{self, App, Mode};
use crate::compress::copy_of;
use crate::failure::{Failure, Outcome};
use crate::precache;
use crate::tree;

/// Prints every code file of both release bundles; fails when a bundle's wasm is over its ceiling.
pub(crate) fn run() -> Outcome {
    bundle::build(Mode::Release)?;
    report()
}

/// As [`run`], on bundles that are there.
pub(crate) fn report() -> Outcome {
    println!("{:<44} {:>10} {:>10} {:>10}", "bytes", "raw", "gzip", "brotli");
    let mut over = Vec::new();
    for app in &bundle::APPS {
        let wasm = app_files(app)?;
        println!("{:<44} {:>32}", format!("{}: wasm, aim {} budget {}", app.name, app.aim, app.budget), wasm);
        if wasm > app.budget {
            println!("{}: {} bytes OVER ITS BUDGET (ceiling {})", app.name, wasm - app.budget, app.ceiling);
        }
        if wasm > app.ceiling {
            over.push(format!("{}: {wasm} bytes of wasm, ceiling {}", app.name, app.ceiling));
        }
    }
    if over.is_empty() { Ok(()) } else { Err(Failure::new(over.join("; "))) }
}

/// Prints the app's files; the sum of its wasm after brotli, without what is loaded on demand.
fn app_files(app: &App) -> Result<u64, Failure> {
    let folder = bundle::dist(Mode::Release).join(app.name);
    let mut wasm = 0;
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
        let later = if precache::on_demand(&name) { " (on demand)" } else { "" };
        println!("{:<44} {raw:>10} {gzip:>10} {brotli:>10}", format!("{}/{name}{later}", app.name));
        if ending == "wasm" && later.is_empty() {
            wasm += brotli;
        }
    }
    if wasm == 0 {
        Err(Failure::new(format!("{}: no wasm in {}", app.name, folder.display())))
    } else {
        Ok(wasm)
    }
}

fn bytes(path: &Path) -> Result<u64, Failure> {
    std::fs::metadata(path).map(|data| data.len()).map_err(|error| Failure::file(path, &error))
}
