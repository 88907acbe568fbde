//! Both bundles are split after linking (`crates/xtask/src/split.rs`); the splitter follows the linker's relocations, so
//! they stay in those two files. The shapes of the icons come from the sprite that designers open.

use std::fmt::Write;
use std::path::Path;

const SPRITE: &str = "public/icons/sprite.svg";

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    println!("cargo:rerun-if-changed={SPRITE}");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        for bundle in ["field", "desk"] {
            println!("cargo:rustc-link-arg-bin={bundle}=--emit-relocs");
        }
    }
    let out = std::env::var("OUT_DIR").expect("cargo names a folder for what is generated");
    let sprite = std::fs::read_to_string(SPRITE).expect("the sprite of the icons can be read");
    std::fs::write(Path::new(&out).join("shapes.rs"), shapes(&sprite)).expect("the shapes can be written");
}

/// One line a symbol: its id, its outline, what of it is drawn bolder, and whether it is filled.
fn shapes(sprite: &str) -> String {
    let mut table = "[\n".to_owned();
    for line in sprite.lines().filter(|line| line.starts_with("<symbol")) {
        let id = between(line, "id=\"").expect("a symbol has an id");
        let paths: Vec<&str> = line.split("<path").skip(1).collect();
        assert!(line.matches("/>").count() == paths.len(), "{id}: only paths, each on its own");
        let outline = |path: &&str| between(path, " d=\"").expect("a path has an outline").to_owned();
        let (bold, thin): (Vec<&str>, Vec<&str>) =
            paths.into_iter().partition(|path| path.contains("stroke-width"));
        let join = |paths: Vec<&str>| paths.iter().map(outline).collect::<String>();
        let solid = line.contains("fill=\"currentColor\"");
        writeln!(table, "({id:?}, {:?}, {:?}, {solid}),", join(thin), join(bold)).expect("text takes text");
    }
    table + "]\n"
}

fn between<'t>(text: &'t str, begin: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(begin)?;
    rest.split('"').next()
}
