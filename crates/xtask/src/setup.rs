//! `cargo xtask setup`: installs what is missing, in the versions that work together; says what it does.

use std::env;
use std::path::Path;
use std::process::Command;
use std::thread;

use crate::failure::{Failure, Outcome};
use crate::process::{self, ask, command, find, root, target, with};
use crate::tree;

const WASM: &str = "wasm32-unknown-unknown";
/// The newest that builds with our Rust; later ones want a newer compiler.
const TRUNK: &str = "0.21.14";

/// Everything a build needs; with `tests`, a browser, its driver, a Chinese font and PostgreSQL too.
pub(crate) fn run(tests: bool) -> Outcome {
    wasm_target()?;
    // What is downloaded comes while the tools are compiled.
    thread::scope(|scope| {
        let rest = scope.spawn(|| downloads(tests));
        let tools = trunk().and_then(|()| wasm_bindgen());
        tools.and(rest.join().expect("an installation is waited for without a panic"))
    })
}

fn downloads(tests: bool) -> Outcome {
    npm_packages("tests")?;
    if !tests {
        return Ok(());
    }
    npm_packages("tests/couch")?;
    npm_packages("tests/s3")?;
    shares()?;
    browser()?;
    postgres()
}

/// The standard library for browsers, of this compiler.
pub(crate) fn wasm_target() -> Outcome {
    let sysroot = ask(&mut with("rustc", &["--print", "sysroot"]))
        .ok_or_else(|| Failure::new("rustc is not on the PATH: install Rust first (rustup)"))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(WASM).is_dir() {
        return Ok(());
    }
    println!("setup: adding the compiler's {WASM} target");
    process::run(&mut with("rustup", &["target", "add", WASM]))
}

fn trunk() -> Outcome {
    if ask(&mut with("trunk", &["--version"])).is_some_and(|text| text.trim() == format!("trunk {TRUNK}")) {
        return Ok(());
    }
    println!("setup: installing trunk {TRUNK} (some minutes, once)");
    // Unoptimised: builds in half the time, and runs fast enough.
    let flags = ["--locked", "--debug", "--no-default-features", "--features", "rustls"];
    process::run(install("trunk", TRUNK).args(flags))
}

/// The command line tool must be of the very version of the library in Cargo.lock.
fn wasm_bindgen() -> Outcome {
    let version = locked_version("wasm-bindgen", &tree::read_text(&root().join("Cargo.lock"))?)
        .ok_or_else(|| Failure::new("Cargo.lock names no wasm-bindgen"))?;
    let wanted = |tool: &str| {
        ask(&mut with(tool, &["--version"]))
            .is_some_and(|text| text.split_whitespace().nth(1) == Some(&version))
    };
    if wanted("wasm-bindgen") && find("wasm-bindgen-test-runner").is_some() {
        return Ok(());
    }
    println!("setup: installing wasm-bindgen-cli {version} (some minutes, once)");
    // Without --locked: the lock it ships names versions that may have been withdrawn.
    process::run(install("wasm-bindgen-cli", &version).arg("--debug"))
}

fn install(package: &str, version: &str) -> Command {
    let mut install = with("cargo", &["install", package, "--version", version]);
    // One folder for both tools: they share most of their dependencies.
    install.env("CARGO_TARGET_DIR", target().join("tools")).env_remove("RUSTFLAGS");
    // Nobody debugs them.
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    install
}

fn locked_version(package: &str, lock: &str) -> Option<String> {
    let after = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?.1;
    Some(after.split_once('"')?.0.to_owned())
}

/// `npm ci` in `folder`, unless what is there came from this very lock file.
pub(crate) fn npm_packages(folder: &str) -> Outcome {
    let folder = root().join(folder);
    let lock = tree::sha256(&tree::read(&folder.join("package-lock.json"))?);
    let mark = folder.join("node_modules/.gridbook-lock");
    if tree::read_text(&mark).is_ok_and(|text| text == lock) {
        return Ok(());
    }
    let node = ask(&mut with("node", &["--version"])).and_then(|text| node_major(&text));
    if node.is_none_or(|major| major < 20) {
        return Err(Failure::new("node 20 or newer is needed (wasm-opt and the browser tests run on it)"));
    }
    println!("setup: installing npm packages in {}", tree::relative(&folder, &root()));
    process::run(command("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    tree::write(&mark, lock.as_bytes())
}

fn node_major(version: &str) -> Option<u32> {
    version.trim().trim_start_matches('v').split('.').next()?.parse().ok()
}

/// The program that shows pages in the tests.
pub(crate) fn chromium() -> Option<String> {
    let named = env::var("GRIDBOOK_CHROMIUM").ok();
    let found = || ["chromium", "chromium-browser", "google-chrome"].into_iter().find_map(find);
    named.or_else(|| found().map(|path| path.to_string_lossy().into_owned()))
}

/// The program that drives it for the store tests.
pub(crate) fn chromedriver() -> Option<String> {
    let named = env::var("CHROMEDRIVER").ok();
    named.or_else(|| find("chromedriver").map(|path| path.to_string_lossy().into_owned()))
}

fn has_chinese_font() -> bool {
    ask(&mut with("fc-list", &[":lang=zh"])).is_some_and(|fonts| !fonts.trim().is_empty())
}

fn browser() -> Outcome {
    let mut missing = Vec::new();
    if chromium().is_none() {
        missing.push("chromium");
    }
    if chromedriver().is_none() {
        missing.push("chromium-driver");
    }
    if !has_chinese_font() {
        missing.extend(["fontconfig", "fonts-noto-cjk"]);
    }
    packages(
        &missing,
        "the browser tests need Chromium, its ChromeDriver of the same version and a Chinese font; install them or \
         name them in GRIDBOOK_CHROMIUM and CHROMEDRIVER",
    )
}

/// The servers that the tests of shares start (crates/conform/tests/shares.rs).
fn shares() -> Outcome {
    let mut missing = Vec::new();
    if !Path::new("/usr/sbin/apache2").exists() {
        missing.push("apache2-bin");
    }
    if !Path::new("/usr/lib/nginx/modules/ngx_http_dav_ext_module.so").exists() {
        missing.extend(["nginx", "libnginx-mod-http-dav-ext"]);
    }
    packages(
        &missing,
        "the tests of shares need Apache and nginx with its WebDAV module as Debian ships them",
    )
}

/// Installs Debian packages; `need` says what for, if that cannot be done here.
fn packages(missing: &[&str], need: &str) -> Outcome {
    if missing.is_empty() {
        return Ok(());
    }
    let Some(rights) = package_rights() else {
        return Err(Failure::new(format!("{need} (on Debian: apt-get install {})", missing.join(" "))));
    };
    println!("setup: installing {} with apt-get", missing.join(", "));
    process::run(apt(rights).arg("update"))?;
    process::run(apt(rights).args(["install", "--yes", "--no-install-recommends"]).args(missing))
}

/// The server's tests start clusters of their own; they need the programs, not a running server.
fn postgres() -> Outcome {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let there = debian.map(|version| version.path().join("bin")).any(|bin| bin.join("initdb").is_file());
    if there || find("initdb").is_some() {
        return Ok(());
    }
    let Some(rights) = package_rights() else {
        return Err(Failure::new(
            "the server's tests need PostgreSQL 15 or newer: install it (on Debian: apt-get install postgresql), or \
             put the folder of initdb and pg_ctl on the PATH",
        ));
    };
    println!("setup: installing postgresql with apt-get (no cluster is made, nothing is started)");
    // Debian makes and starts a cluster when the package comes, unless it is told not to.
    let folder = "/etc/postgresql-common/createcluster.d";
    process::run(root_command(rights, "mkdir").args(["-p", folder]))?;
    let told = format!("echo 'create_main_cluster = false' > {folder}/gridbook.conf");
    process::run(root_command(rights, "sh").args(["-c", &told]))?;
    process::run(apt(rights).arg("update"))?;
    process::run(apt(rights).args(["install", "--yes", "--no-install-recommends", "postgresql"]))
}

/// How packages may be installed here without asking anybody: as root, or by a sudo that needs no password.
fn package_rights() -> Option<bool> {
    find("apt-get")?;
    if ask(&mut with("id", &["-u"]))?.trim() == "0" {
        return Some(false);
    }
    ask(&mut with("sudo", &["-n", "true"])).map(|_| true)
}

fn root_command(sudo: bool, program: &str) -> Command {
    if sudo { with("sudo", &["-n", program]) } else { command(program) }
}

fn apt(sudo: bool) -> Command {
    let mut apt = root_command(sudo, "apt-get");
    apt.args(["-q"]).env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

#[cfg(test)]
mod tests {
    use super::{locked_version, node_major};

    #[test]
    fn the_version_is_of_the_package_itself() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version("wasm-bindgen", lock).as_deref(), Some("0.2.130"));
        assert_eq!(locked_version("leptos", lock), None);
    }

    #[test]
    fn node_versions() {
        assert_eq!(node_major("v20.20.2\n"), Some(20));
        assert_eq!(node_major("not node"), None);
    }
}
