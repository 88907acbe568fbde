//! Starting other programs: always from the repository's root, with the pinned tools first on PATH.

use std::env;
use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use crate::failure::{Failure, Outcome};

/// The repository's root folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .expect("this crate lies two folders below the root")
        .to_path_buf()
}

/// Where `cargo` puts what it builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// A command with the root as its folder and our tools on its PATH.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", search_path());
    command
}

/// `command` with arguments, for one-liners.
pub(crate) fn with(program: &str, args: &[&str]) -> Command {
    let mut command = command(program);
    command.args(args);
    command
}

fn search_path() -> OsString {
    // npm's wasm-opt before the system's: Debian's builds a bundle that does not start.
    let mut folders = vec![root().join("tests/node_modules/.bin")];
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| env::home_dir().map(|home| home.join(".cargo")));
    folders.extend(home.map(|home| home.join("bin")));
    folders.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    env::join_paths(folders).expect("folders that came from a search path join to one")
}

/// Whether a program of this name is on the PATH our commands get.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Runs to the end; fails when the program does.
pub(crate) fn run(command: &mut Command) -> Outcome {
    println!("+ {}", shown(command));
    let status = command.status().map_err(|error| missing(command, &error))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`{}` failed ({status})", shown(command))))
    }
}

/// Standard output of a program that succeeded; `None` if it is not there or failed.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Runs to the end, shows its output as it comes, and returns it with the verdict.
pub(crate) fn watch(command: &mut Command) -> Result<(bool, String), Failure> {
    println!("+ {}", shown(command));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| missing(command, &error))?;
    let errors = child.stderr.take().expect("stderr was piped");
    let errors = thread::spawn(move || tee(errors, std::io::stderr()));
    let mut text = tee(child.stdout.take().expect("stdout was piped"), std::io::stdout());
    text.push_str(&errors.join().expect("the reader does not panic"));
    let status = child.wait().map_err(|error| missing(command, &error))?;
    Ok((status.success(), text))
}

fn tee(from: impl Read, mut to: impl Write) -> String {
    let mut all = String::new();
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        // A closed terminal must not lose the verdict.
        let _ = to.write_all(&line).and_then(|()| to.flush());
        all.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    all
}

fn missing(command: &Command, error: &std::io::Error) -> Failure {
    Failure::new(format!("could not run `{}`: {error}", command.get_program().to_string_lossy()))
}

fn shown(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|arg| arg.to_string_lossy().into_owned()));
    words.join(" ").replace(&format!("{}/", root().display()), "")
}
