//! `cargo xtask bench`: this product and its peers, in one browser run.

use crate::bundle::{self, Mode};
use crate::failure::{Failure, Outcome};
use crate::process::{self, command, root};
use crate::setup;

/// Builds what people get, then measures it; the figures go to `target/bench/results.json`.
pub(crate) fn run(args: &[String]) -> Outcome {
    setup::run(true)?;
    // The peers are measured, never shipped: they have a lock file of their own.
    if root().join("tests/bench/package-lock.json").is_file() {
        setup::npm_packages("tests/bench")?;
    }
    bundle::build(Mode::Release)?;
    bundle::server(Mode::Release)?;
    let chromium = setup::chromium().ok_or_else(|| Failure::new("no Chromium to measure in"))?;
    let mut node = command("node");
    node.arg("tests/bench/run.mjs").args(args);
    process::run(
        node.env("GRIDBOOK_SERVER", bundle::server_path(Mode::Release)?).env("GRIDBOOK_CHROMIUM", chromium),
    )
}
