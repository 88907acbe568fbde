//! `cargo xtask …`: everything that is done to this repository beyond what cargo does by itself.
//! Nothing in here is needed at run time.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks on its standard streams"
)]

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
  bench [ARG…]        this product against others in the same browser run
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
    match name.as_str() {
        "setup" => setup::run(switch(rest, "--tests")?),
        "build" => {
            let mode = if switch(rest, "--dev")? { Mode::Dev } else { Mode::Release };
            setup::run(false)?;
            bundle::build(mode)?;
            bundle::server(mode)
        }
        "serve" => serve::demo(&option(rest, "--listen")?.unwrap_or_else(serve::default_address)),
        "dev" => serve::dev(&option(rest, "--listen")?.unwrap_or_else(serve::default_address)),
        "check" => test::check(),
        "test" => test::everything(rest),
        "size" => size::run(),
        "simulate" => {
            let on = option(rest, "--on")?.unwrap_or_else(|| "memory".to_owned());
            simulate::run(&on, number(rest, "--from")?.unwrap_or(0), number(rest, "--seeds")?.unwrap_or(64))
        }
        "fuzz" => fuzz::run(number(rest, "--minutes")?.unwrap_or(5)),
        "bench" => bench::run(rest),
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => Err(Failure::new(format!("no command `{other}`\n\n{HELP}"))),
    }
}

/// Whether the only permitted switch was given.
fn switch(args: &[String], name: &str) -> Result<bool, Failure> {
    match args {
        [] => Ok(false),
        [one] if one == name => Ok(true),
        _ => Err(Failure::new(format!("this command takes only {name}"))),
    }
}

/// The value after `name`, if `name` is there.
fn option(args: &[String], name: &str) -> Result<Option<String>, Failure> {
    let Some(at) = args.iter().position(|arg| arg == name) else { return Ok(None) };
    match args.get(at + 1) {
        Some(value) => Ok(Some(value.clone())),
        None => Err(Failure::new(format!("{name} needs a value"))),
    }
}

fn number(args: &[String], name: &str) -> Result<Option<u64>, Failure> {
    option(args, name)?
        .map(|text| {
            text.parse().map_err(|_| Failure::new(format!("{name} needs a whole number, not `{text}`")))
        })
        .transpose()
}
