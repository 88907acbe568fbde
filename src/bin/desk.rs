//! The desk's bundle, in two parts: the build splits [`rest`] and all that only it needs off into a file of its own
//! (`cargo xtask build`).

use gridbook::desk::{Later, start};
use wasm_split_helpers::SplitLoaderError;

#[wasm_split_helpers::wasm_split(rest, fallible)]
fn rest() -> Result<Later, SplitLoaderError> {
    Ok(Later::new())
}

fn main() {
    start(|| Box::pin(async { rest().await.ok() }));
}
