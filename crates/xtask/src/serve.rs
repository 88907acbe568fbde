//! `cargo xtask serve` and `dev`: the product on this machine, with a demo township.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::Command;

use crate::bundle::{self, Mode};
use crate::failure::{Failure, Outcome};
use crate::process::{command, target};
use crate::setup;

/// Phones and desks on this machine only; browsers treat it as a secure place.
pub(crate) fn default_address() -> String {
    "127.0.0.1:8080".to_owned()
}

/// Installs, builds and starts; the demo data stay between starts.
pub(crate) fn demo(listen: &str) -> Outcome {
    setup::run(false)?;
    bundle::build(Mode::Release)?;
    bundle::server(Mode::Release)?;
    println!("serve: {} (stop with Ctrl-C; demo data: target/demo)", shown(listen));
    become_server(server(Mode::Release, listen)?)
}

/// The server takes this process's place: whoever stops the one has stopped the other.
#[cfg(unix)]
fn become_server(mut server: Command) -> Outcome {
    use std::os::unix::process::CommandExt;
    Err(Failure::new(format!("server: {}", server.exec())))
}

#[cfg(not(unix))]
fn become_server(mut server: Command) -> Outcome {
    crate::process::run(&mut server)
}

/// Unoptimised bundles served from disk, built again at every Enter.
pub(crate) fn dev(listen: &str) -> Outcome {
    setup::run(false)?;
    bundle::build(Mode::Dev)?;
    bundle::server(Mode::Dev)?;
    let mut child = spawn(&mut dev_server(listen)?)?;
    println!("dev: {}: Enter builds the bundles again, r the server too, q stops", shown(listen));
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|error| Failure::new(error.to_string()))?;
        // A mistake in the source must not end the session: show it and wait for the next Enter.
        let outcome = match line.trim() {
            "q" => break,
            "r" => {
                stop(&mut child)?;
                let built = bundle::build(Mode::Dev).and_then(|()| bundle::server(Mode::Dev));
                child = spawn(&mut dev_server(listen)?)?;
                built
            }
            _ => bundle::build(Mode::Dev),
        };
        match outcome {
            Ok(()) => println!("dev: ready, load the page again"),
            Err(failure) => println!("dev: {failure}"),
        }
    }
    stop(&mut child)
}

fn dev_server(listen: &str) -> Result<Command, Failure> {
    let mut server = server(Mode::Dev, listen)?;
    server.arg("--dist").arg(bundle::dist(Mode::Dev));
    Ok(server)
}

fn server(mode: Mode, listen: &str) -> Result<Command, Failure> {
    let database = database(mode)?;
    let mut server = command(&bundle::server_path(mode)?.to_string_lossy());
    server.args(["serve", "--listen", listen, "--db", &format!("sqlite://{}", database.display()), "--demo"]);
    Ok(server)
}

/// A file of its own a mode: a developer's half-made migration does not spoil the demo.
fn database(mode: Mode) -> Result<PathBuf, Failure> {
    let folder = target().join(if mode == Mode::Release { "demo" } else { "demo-dev" });
    std::fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    Ok(folder.join("gridbook.sqlite"))
}

fn spawn(server: &mut Command) -> Result<std::process::Child, Failure> {
    server
        .stdin(std::process::Stdio::null())
        .spawn()
        .map_err(|error| Failure::new(format!("server: {error}")))
}

fn stop(child: &mut std::process::Child) -> Outcome {
    // Killed, not asked: the store must survive that anyway, and a developer is waiting.
    let ended = child.kill().and_then(|()| child.wait());
    ended.map(|_| ()).map_err(|error| Failure::new(format!("server: {error}")))
}

fn shown(listen: &str) -> String {
    format!("http://{}", listen.replace("127.0.0.1", "localhost"))
}
