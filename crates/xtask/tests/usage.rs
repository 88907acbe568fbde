//! A command refuses what it does not know before it does anything, and says how it is used.

#![allow(clippy::expect_used, reason = "a test says what went wrong by failing")]

use std::process::Command;

/// Whether it succeeded, and all that it said.
fn xtask(line: &str) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_gridbook-xtask"))
        .args(line.split_whitespace())
        .output()
        .expect("the program starts");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn what_is_not_known_is_refused() {
    let cases = [
        ("nosuchcommand", "no command `nosuchcommand`"),
        ("setup --test", "`--test` is not known; this command takes --tests"),
        ("build --release", "takes --dev"),
        ("serve 8080", "takes --listen A"),
        ("dev --listen", "`--listen` needs a value"),
        ("check fmt", "takes nothing"),
        ("size --all", "takes nothing"),
        ("simulate --seed 3", "takes --seeds N --from K --on STORE"),
        ("fuzz 5", "takes --minutes N"),
        ("test nosuchstep", "no step `nosuchstep`; there are: fmt, "),
        ("test browser --fast", "no step `--fast`"),
        ("bench --runs", "not known: --runs"),
        ("bench --only local,nosuchgroup", "not known: --only local,nosuchgroup"),
        ("bench --quick", "not known: --quick"),
    ];
    for (line, words) in cases {
        let (well, said) = xtask(line);
        assert!(!well && said.contains(words), "{line}: {said}");
    }
}

#[test]
fn help_does_nothing_else() {
    for line in ["", "help", "--help", "setup --help", "build -h", "test --help", "size --help"] {
        let (well, said) = xtask(line);
        assert!(well && said.starts_with("cargo xtask <command>"), "{line}: {said}");
    }
    let (well, said) = xtask("bench --only local --help");
    assert!(well && said.starts_with("cargo xtask bench [--runs 3]") && said.lines().count() == 2, "{said}");
}
