//! The two bundles, phone and desk, and the server that carries them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::thread;

use crate::compress;
use crate::csp;
use crate::failure::{Failure, Outcome};
use crate::precache;
use crate::process::{command, root, run, target, with};
use crate::split;
use crate::stamp;
use crate::style;
use crate::tree;

/// How a bundle is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// What people get: small, compressed, inside the server.
    Release,
    /// What a developer looks at: quick to build, served from disk.
    Dev,
}

/// One bundle: a page, where it is served, and how large its wasm may be.
pub(crate) struct App {
    pub(crate) name: &'static str,
    pub(crate) base: &'static str,
    /// Bytes of wasm after brotli that must be there before it shows its first screen: more fails the build.
    pub(crate) budget: u64,
    /// The same with what is loaded right after it.
    pub(crate) whole: u64,
    /// What we aim at for the first screen.
    pub(crate) aim: u64,
}

pub(crate) const APPS: [App; 2] = [
    App { name: "field", base: "/", budget: 300_000, whole: 1_150_000, aim: 250_000 },
    App { name: "desk", base: "/desk/", budget: 600_000, whole: 1_580_000, aim: 400_000 },
];

/// Where the bundles of a mode lie, one folder an app.
pub(crate) fn dist(mode: Mode) -> PathBuf {
    match mode {
        Mode::Release => root().join("dist"),
        Mode::Dev => target().join("dist-dev"),
    }
}

/// Builds both bundles unless they are up to date.
pub(crate) fn build(mode: Mode) -> Outcome {
    let dist = dist(mode);
    let inputs = stamp::inputs()?;
    if stamp::fresh(&dist, &inputs) {
        println!("build: bundles are up to date");
        return Ok(());
    }
    stamp::forget(&dist)?;
    prepare(mode)?;
    let [phone, desk] = &APPS;
    assemble(phone, mode, &dist)?;
    // Splitting and squeezing keep one core busy: the desk's pages are made meanwhile. Trunk itself runs alone, for
    // both pages name workers that it writes to one place.
    thread::scope(|scope| {
        let finished = scope.spawn(|| finish(phone, mode, &dist.join(phone.name)));
        let assembled = assemble(desk, mode, &dist);
        let finished = finished.join().expect("finishing a bundle does not panic");
        assembled.and(finished)
    })?;
    finish(desk, mode, &dist.join(desk.name))?;
    // Not the hash from the start: whatever was edited meanwhile must be built next time.
    if stamp::inputs()? == inputs { stamp::keep(&dist, &inputs) } else { Ok(()) }
}

fn prepare(mode: Mode) -> Outcome {
    // Trunk builds offline; on a new machine the sources are not there yet.
    run(&mut with("cargo", &["fetch", "--locked", "--quiet", "--target", "wasm32-unknown-unknown"]))?;
    for app in &APPS {
        style::join(app.name)?;
    }
    programs(mode)
}

/// Compiles every program that a page names. Each is linked on one core: asked for together, two are linked at once,
/// and trunk finds them done.
fn programs(mode: Mode) -> Outcome {
    let mut cargo = with("cargo", &["build", "--locked", "--offline", "--target", "wasm32-unknown-unknown"]);
    if mode == Mode::Release {
        cargo.args(["--profile", "wasm-release"]);
    }
    let mut names = BTreeSet::new();
    for app in &APPS {
        names.extend(named(&tree::read_text(&page(app))?));
    }
    for name in names {
        cargo.args(["--bin", &name]);
    }
    run(&mut cargo)
}

/// The programs that a page asks trunk for.
fn named(page: &str) -> BTreeSet<String> {
    let after = page.split("data-bin=\"").skip(1);
    after.filter_map(|rest| rest.split_once('"')).map(|(name, _)| name.to_owned()).collect()
}

fn page(app: &App) -> PathBuf {
    root().join(format!("public/{}.html", app.name))
}

/// A bundle as trunk makes it, in a folder that was emptied before.
fn assemble(app: &App, mode: Mode, dist: &Path) -> Outcome {
    let folder = dist.join(app.name);
    tree::remove(&folder)?;
    trunk(app, mode, &folder)
}

fn trunk(app: &App, mode: Mode, folder: &Path) -> Outcome {
    let mut trunk = command("trunk");
    // trunk takes the word of NO_COLOR for a value of its own flag and stops at "1".
    trunk
        .env_remove("NO_COLOR")
        .env("RUST_BACKTRACE", "0")
        .args(["build", "--color", "never", "--public-url", app.base, "--dist"])
        .arg(folder);
    if mode == Mode::Release {
        trunk.arg("--release=true");
    }
    run(trunk.arg(page(app)))
}

/// What trunk does not do. In this order: the precache list names final bytes, the copies come last.
fn finish(app: &App, mode: Mode, folder: &Path) -> Outcome {
    split::run_on(app.name, mode, folder)?;
    let package = gridbook_domain::package::Package::builtin().to_json();
    let package = package.map_err(|error| Failure::new(format!("the default package: {error}")))?;
    tree::write(&folder.join("package.json"), package.as_bytes())?;
    // Kept on the device like everything else, and read only when somebody looks something up (MED-16).
    tree::write(&folder.join("library.json"), gridbook_domain::library::Library::BUILTIN.as_bytes())?;
    csp::write(folder)?;
    precache::write(app.base, folder, &tree::read_text(&root().join("public/sw.js"))?)?;
    match mode {
        Mode::Release => compress::folder(folder),
        Mode::Dev => gallery(folder),
    }
}

/// The page that shows every component in every state, at `/gallery.html` of the dev build.
fn gallery(folder: &Path) -> Outcome {
    for name in ["gallery.html", "gallery.js"] {
        tree::write(&folder.join(name), &tree::read(&root().join("public").join(name))?)?;
    }
    for app in &APPS {
        // Where the page, opened from the source tree, finds them too.
        tree::write(
            &folder.join(format!("target/style/{}.css", app.name)),
            &tree::read(&style::sheet(app.name))?,
        )?;
    }
    Ok(())
}

/// The server of a mode; in release with both bundles inside.
pub(crate) fn server(mode: Mode) -> Outcome {
    let mut cargo = command("cargo");
    cargo.args(["build", "--locked", "--package", "gridbook-server"]);
    if mode == Mode::Release {
        cargo.args(["--release", "--features", "bundles"]).env("GRIDBOOK_DIST", dist(mode));
    }
    run(&mut cargo)
}

/// The server's program file.
pub(crate) fn server_path(mode: Mode) -> Result<PathBuf, Failure> {
    let profile = if mode == Mode::Release { "release" } else { "debug" };
    let path = target().join(profile).join(format!("gridbook-server{}", std::env::consts::EXE_SUFFIX));
    if path.is_file() { Ok(path) } else { Err(Failure::new(format!("{} was not built", path.display()))) }
}

#[cfg(test)]
mod tests {
    use super::{APPS, named, page};

    #[test]
    fn the_programs_of_both_pages_are_found() {
        let [phone, desk] =
            APPS.map(|app| named(&std::fs::read_to_string(page(&app)).expect("the page is there")));
        assert!(phone.contains("field") && desk.contains("desk"));
        assert!(phone.contains("carry_worker") && desk.contains("carry_worker"));
    }
}
