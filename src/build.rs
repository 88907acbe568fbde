//! Both bundles are split after linking (`crates/xtask/src/split.rs`); the splitter follows the linker's relocations, so
//! they stay in those two files.

fn main() {
    println!("cargo:rerun-if-changed=src/build.rs");
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        for bundle in ["field", "desk"] {
            println!("cargo:rustc-link-arg-bin={bundle}=--emit-relocs");
        }
    }
}
