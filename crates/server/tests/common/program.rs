//! The real program, in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Starts what ends in the program with `serve` on a free port; gives it with its address, once it listens.
pub fn listening(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let url = lines.find_map(|line| line.ok().filter(|line| line.starts_with("http://"))).unwrap();
    (child, url)
}
