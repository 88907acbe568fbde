//! `cargo xtask …`: everything that is done to this repository beyond what cargo does by itself.
//! Nothing in here is needed at run time.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks on its standard streams"
)]

mod args;
mod bench;
mod bundle;
mod compress;
mod csp;
mod failure;
mod fuzz;
mod precache;
mod process;
mod serve;
mod setup;
mod simulate;
mod size;
mod split;
mod stamp;
mod style;
mod tally;
mod test;
mod tree;

use std::process::ExitCode;

use args::{Given, help};
use bundle::Mode;
use failure::{Failure, Outcome};

const HELP: &str = "cargo xtask <command>

  setup [--tests]     install what is missing: wasm target, trunk, wasm-bindgen, npm tools (--tests: a browser, PostgreSQL)
  build [--dev]       both bundles and the server that carries them
  serve [--listen A]  setup, build, then the demo township on http://localhost:8080
  dev [--listen A]    unoptimised bundles served from disk; Enter builds them again
  check               formatting, lints and native tests: the quick round while working
  test [STEP…]        everything, or the steps named; ends with one line of totals
  size                bytes of each bundle against its budget
  simulate --seeds N [--from K] [--on memory|sqlite|webdav|couchdb|two-webdav|two-couchdb]
                      the sync simulator on seeds K…K+N-1 (K is 0 unless given)
  fuzz [--minutes N]  every decoder against mutated input, for N minutes (5 unless given)
  bench [ARG…]        this product against others in the same browser run; --help says what it takes
";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            if !failure.is_told() {
                eprintln!("xtask: {failure}");
            }
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Outcome {
    let Some((name, rest)) = args.split_first() else {
        print!("{HELP}");
        return Ok(());
    };
    // The one that has a page of its own.
    if help(rest) && name != "bench" {
        print!("{HELP}");
        return Ok(());
    }
    let given = |takes: &[&str]| Given::of(rest, takes);
    match name.as_str() {
        "setup" => setup::run(given(&["--tests"])?.switch("--tests")),
        "build" => {
            let mode = if given(&["--dev"])?.switch("--dev") { Mode::Dev } else { Mode::Release };
            setup::run(false)?;
            bundle::build(mode)?;
            bundle::server(mode)
        }
        "serve" | "dev" => {
            let listen = given(&["--listen A"])?.text("--listen").map(str::to_owned);
            let listen = listen.unwrap_or_else(serve::default_address);
            if name == "dev" { serve::dev(&listen) } else { serve::demo(&listen) }
        }
        "check" => given(&[]).and_then(|_| test::check()),
        "test" => test::everything(rest),
        "size" => given(&[]).and_then(|_| size::run()),
        "simulate" => {
            let given = given(&["--seeds N", "--from K", "--on STORE"])?;
            let on = given.text("--on").unwrap_or("memory");
            simulate::run(on, given.number("--from")?.unwrap_or(0), given.number("--seeds")?.unwrap_or(64))
        }
        "fuzz" => fuzz::run(given(&["--minutes N"])?.number("--minutes")?.unwrap_or(5)),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(Failure::new(format!("no command `{other}`\n\n{HELP}"))),
    }
}
