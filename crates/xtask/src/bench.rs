//! `cargo xtask bench`: this product and its peers, in one browser run.

use std::path::{Path, PathBuf};

use crate::args::help;
use crate::bundle::{self, Mode};
use crate::failure::{Failure, Outcome};
use crate::process::{self, command, root, target, with};
use crate::setup;
use crate::split::WASM_OPT;
use crate::tree;

/// The program that measures the server alone, on both databases.
const LOAD: [&str; 6] = ["build", "--release", "--package", "gridbook-server", "--example", "load"];

/// Builds what people get, then measures it; the figures go to `target/bench/results.json`.
pub(crate) fn run(args: &[String]) -> Outcome {
    // Builds take long: what is not known is refused before them.
    let known = command("node").arg("tests/bench/options.mjs").args(args).status();
    let known = known.map_err(|error| Failure::new(format!("node: {error}")))?;
    if !known.success() {
        return Err(Failure::told());
    }
    if help(args) {
        return Ok(());
    }
    setup::run(true)?;
    // The peers are measured, never shipped: they have a lock file of their own.
    setup::npm_packages("tests/bench")?;
    bundle::build(Mode::Release)?;
    bundle::server(Mode::Release)?;
    let site = site()?;
    let chromium = setup::chromium().ok_or_else(|| Failure::new("no Chromium to measure in"))?;
    let mut node = command("node");
    node.arg("tests/bench/run.mjs").args(args);
    node.env("GRIDBOOK_SERVER", bundle::server_path(Mode::Release)?);
    process::run(with("cargo", &LOAD).arg("--locked"))?;
    node.env("GRIDBOOK_LOAD", target().join("release/examples/load"));
    process::run(node.env("GRIDBOOK_CHROMIUM", chromium).env("GRIDBOOK_BENCH", site))?;
    if args.iter().any(|arg| arg == "--only") {
        return Ok(());
    }
    // The first sync of a desk with 100,000 operations, from a server in the same process.
    let first = ["run", "--release", "--locked", "--package", "gridbook-server", "--example", "first"];
    process::run(with("cargo", &first).arg("--").arg("100000"))
}

/// The page that measures the phone's store and engine, compiled as the phone's bundle is.
fn site() -> Result<PathBuf, Failure> {
    let site = target().join("bench/site");
    let pages = site.join("field");
    tree::remove(&pages)?;
    let wasm = "wasm32-unknown-unknown";
    let profile = ["--profile", "wasm-release", "--target", wasm];
    process::run(
        with("cargo", &["build", "--locked", "--package", "gridbook", "--bin", "bench"]).args(profile),
    )?;
    let built = target().join(wasm).join("wasm-release/bench.wasm");
    let mut bindgen = with("wasm-bindgen", &["--target", "web", "--no-typescript", "--out-name", "bench"]);
    process::run(bindgen.arg("--out-dir").arg(&pages).arg(&built))?;
    let glued = pages.join("bench_bg.wasm");
    process::run(command("wasm-opt").args(WASM_OPT).arg(&glued).arg("-o").arg(&glued))?;
    let sources = root().join("tests/bench");
    for name in ["pages/ours.html", "pages/ours.js", "records.mjs"] {
        let file = Path::new(name).file_name().unwrap_or_default();
        tree::write(&pages.join(file), &tree::read(&sources.join(name))?)?;
    }
    let package = gridbook_domain::package::Package::builtin().to_json();
    let package = package.map_err(|error| Failure::new(format!("the default package: {error}")))?;
    tree::write(&pages.join("package.json"), package.as_bytes())?;
    Ok(site)
}
