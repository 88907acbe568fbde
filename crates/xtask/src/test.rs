//! `cargo xtask test`: the whole proof, step by step, with one line of totals at the end.

use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::bundle::{self, Mode};
use crate::failure::{Failure, Outcome};
use crate::process::{command, find, root, watch, with};
use crate::setup;
use crate::size;
use crate::tally::{self, Tally};
use crate::tree;

/// The app compiles for browsers only; native commands leave it out.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "gridbook"];
const WASM: [&str; 4] = ["--package", "gridbook", "--target", "wasm32-unknown-unknown"];
/// Browser tests that fill a disk, kill browsers in a loop or count seconds. The others wait for their pages most of
/// the time: two files at once take less than two thirds of the time of one after another.
const ALONE: [&str; 6] = [
    "cold-start.test.mjs",
    "faults.test.mjs",
    "import.test.mjs",
    "kill9.test.mjs",
    "quota.test.mjs",
    "tasks.test.mjs",
];
/// One store test may write ten thousand records on a slow machine.
const STORE_TEST_SECONDS: &str = "300";

/// What a step found: nothing to count, or tests.
type Verdict = Result<Option<Tally>, Failure>;

struct Step {
    name: &'static str,
    run: fn() -> Verdict,
}

/// What needs the compiler and no tool of ours: cheap and likely to fail first, then what the tests are made of.
const COMPILING: [Step; 5] = [
    Step { name: "fmt", run: fmt },
    Step { name: "clippy", run: clippy },
    Step { name: "wasm-clippy", run: wasm_clippy },
    Step { name: "rustdoc", run: rustdoc },
    Step { name: "compile", run: compile },
];

/// Its tools come first. A server without optimisation reads the bundles when it starts, so that it may be compiled
/// before they are there.
const BUILDING: [Step; 1] = [Step { name: "bundles", run: bundles }];

const RUNNING: [Step; 4] = [
    Step { name: "native", run: native },
    Step { name: "doctest", run: doctest },
    Step { name: "store", run: store },
    Step { name: "browser", run: browser },
];

/// All steps, or those named; later ones run even when an earlier one failed, so that one run tells everything.
pub(crate) fn everything(names: &[String]) -> Outcome {
    let steps = || COMPILING.iter().chain(&BUILDING).chain(&RUNNING);
    for name in names {
        if !steps().any(|step| step.name == name) {
            let known: Vec<_> = steps().map(|step| step.name).collect();
            return Err(Failure::new(format!("no step `{name}`; there are: {}", known.join(", "))));
        }
    }
    setup::wasm_target()?;
    let chosen = |step: &&Step| names.is_empty() || names.iter().any(|name| name == step.name);
    let run = |steps: &'static [Step]| -> Vec<_> {
        steps.iter().filter(chosen).map(|step| (step.name, take(step))).collect()
    };
    // Tools and bundles are linked and packed on one core for minutes: the rest is compiled on the other.
    let (mut done, built) = thread::scope(|scope| {
        let built = scope.spawn(|| {
            setup::run(true)?;
            Ok::<_, Failure>(run(&BUILDING))
        });
        (run(&COMPILING), built.join().expect("what is built beside does not panic"))
    });
    done.extend(built?);
    done.extend(run(&RUNNING));
    println!();
    for (name, (line, _, time)) in &done {
        println!("{name:<12} {:>7.1} s  {line}", time.as_secs_f64());
    }
    let mut total = Tally::default();
    for (_, (_, tally, _)) in &done {
        total += *tally;
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    if total.failed == 0 { Ok(()) } else { Err(Failure::told()) }
}

/// Runs one step. A step that fails without a failed test, and every test that was skipped, counts as a failure.
fn take(step: &Step) -> (String, Tally, Duration) {
    println!("\n== {}", step.name);
    let start = Instant::now();
    let (line, tally) = match (step.run)() {
        Ok(None) => ("ok".to_owned(), Tally::default()),
        Ok(Some(tally)) if tally.failed == 0 && tally.skipped == 0 && tally.passed > 0 => {
            (format!("ok, {} tests", tally.passed), tally)
        }
        Ok(Some(Tally { passed, failed, skipped })) => {
            let line = format!("FAILED: {passed} passed, {failed} failed, {skipped} not run");
            (line, Tally { passed, failed: (failed + skipped).max(1), skipped })
        }
        Err(failure) => (format!("FAILED: {failure}"), Tally { failed: 1, ..Tally::default() }),
    };
    let time = start.elapsed();
    println!("== {}: {line} ({:.1} s)", step.name, time.as_secs_f64());
    (line, tally, time)
}

/// The quick round: formatting, lints and the crates that need no server.
pub(crate) fn check() -> Outcome {
    let steps = [
        Step { name: "fmt", run: fmt },
        Step { name: "clippy", run: clippy },
        Step {
            name: "native",
            run: || tests(&["--workspace", "--exclude", "gridbook", "--exclude", "gridbook-server"]),
        },
    ];
    for step in &steps {
        let (line, tally, _) = take(step);
        if tally.failed > 0 {
            return Err(Failure::new(format!("{}: {line}", step.name)));
        }
    }
    Ok(())
}

fn fmt() -> Verdict {
    must(&mut with("cargo", &["fmt", "--all", "--", "--check"]))
}

fn clippy() -> Verdict {
    must(cargo("clippy").args(NATIVE).args(["--all-targets", "--", "-D", "warnings"]))
}

fn wasm_clippy() -> Verdict {
    must(cargo("clippy").args(WASM).args(["--all-targets", "--", "-D", "warnings"]))
}

/// What the later steps would compile first. Whether it passes, they tell.
fn compile() -> Verdict {
    must(cargo("test").args(NATIVE).arg("--no-run"))?;
    must(cargo("test").args(WASM).args(["--lib", "--no-run"]))
}

fn native() -> Verdict {
    tests(&NATIVE)
}

/// nextest where it is there: it runs test files side by side.
fn tests(packages: &[&str]) -> Verdict {
    let nextest = find("cargo-nextest").is_some();
    let mut run = if nextest {
        with("cargo", &["nextest", "run", "--locked", "--no-fail-fast"])
    } else {
        cargo("test")
    };
    run.args(packages);
    if nextest {
        // Some wait for a database, a disk or for nothing to happen: the processor is somebody else's meanwhile.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        run.args(["--test-threads", &(cores + 2).to_string()]);
    } else {
        run.args(["--lib", "--bins", "--tests", "--no-fail-fast"]);
    }
    counted(&mut run)
}

/// Examples in the documentation. There may be none; those that are there must run.
fn doctest() -> Verdict {
    let (ok, output) = watch(cargo("test").arg("--doc").args(NATIVE))?;
    let tally = tally::read(&output);
    match tally {
        Tally { passed: 0, failed: 0, skipped: 0 } if ok => Ok(None),
        _ => verdict(ok, tally),
    }
}

/// The store on IndexedDB, in a real browser.
fn store() -> Verdict {
    let driver = setup::chromedriver().ok_or_else(|| Failure::new("no ChromeDriver"))?;
    let mut cargo = cargo("test");
    cargo
        .args(WASM)
        .arg("--lib")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
        .env("CHROMEDRIVER", driver)
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .env("WASM_BINDGEN_TEST_TIMEOUT", STORE_TEST_SECONDS)
        .env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", root().join("tests/webdriver.json"));
    counted(&mut cargo)
}

fn rustdoc() -> Verdict {
    let doc =
        |args: &[&str]| must(cargo("doc").arg("--no-deps").args(args).env("RUSTDOCFLAGS", "-D warnings"));
    doc(&NATIVE)?;
    doc(&[&WASM[..], &["--lib"]].concat())
}

fn bundles() -> Verdict {
    bundle::build(Mode::Release)?;
    size::report()?;
    Ok(None)
}

/// The bundles as people get them, in the server that the native tests have built; each file starts one of its own.
fn browser() -> Verdict {
    let chromium = setup::chromium().ok_or_else(|| Failure::new("no Chromium"))?;
    bundle::build(Mode::Release)?;
    // Asked for as a part of the native tests: another choice of packages would compile half of them anew.
    crate::process::run(cargo("test").args(NATIVE).args(["--no-run", "--test", "sqlite"]))?;
    let server = bundle::server_path(Mode::Dev)?;
    let tests = tree::files(&root().join("tests/browser"))?;
    let tests: Vec<_> = tests.iter().filter(|path| path.to_string_lossy().ends_with(".test.mjs")).collect();
    if tests.is_empty() {
        return Err(Failure::new("there is no tests/browser/*.test.mjs"));
    }
    let (alone, beside): (Vec<&PathBuf>, Vec<&PathBuf>) = tests.into_iter().partition(|path| {
        path.file_name().is_some_and(|name| ALONE.iter().any(|alone| name.to_string_lossy() == *alone))
    });
    let lane = |files: &[&PathBuf], at_once: &str| {
        let mut node = command("node");
        node.args(["--test", "--test-reporter=spec"]).arg(format!("--test-concurrency={at_once}"));
        counted(node.args(files).env("GRIDBOOK_SERVER", &server).env("GRIDBOOK_CHROMIUM", &chromium))
    };
    let mut sum = Tally::default();
    for found in [lane(&beside, "2")?, lane(&alone, "1")?].into_iter().flatten() {
        sum += found;
    }
    Ok(Some(sum))
}

fn cargo(verb: &str) -> Command {
    with("cargo", &[verb, "--locked"])
}

fn must(command: &mut Command) -> Verdict {
    crate::process::run(command).map(|()| None)
}

fn counted(command: &mut Command) -> Verdict {
    let (ok, output) = watch(command)?;
    verdict(ok, tally::read(&output))
}

fn verdict(ok: bool, tally: Tally) -> Verdict {
    if !ok && tally.failed == 0 {
        return Err(Failure::new("the runner stopped without a failed test: see above"));
    }
    Ok(Some(tally))
}
