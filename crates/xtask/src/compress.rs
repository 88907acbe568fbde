//! `.br` and `.gz` beside every file that gets smaller by it: the server sends them as they are.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::failure::{Failure, Outcome};
use crate::tree;

const COMPRESSIBLE: [&str; 9] = ["css", "html", "js", "json", "mjs", "svg", "txt", "wasm", "webmanifest"];
/// Below this the headers of the answer weigh more than the file.
const WORTH_IT: usize = 256;

/// Whether this is one of ours, made from the file it stands beside.
pub(crate) fn is_copy(path: &Path) -> bool {
    path.extension().is_some_and(|end| end == "br" || end == "gz")
}

/// The path of the copy with this ending.
pub(crate) fn copy_of(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// Writes the copies for a whole folder, on two threads: brotli at its highest level is slow.
pub(crate) fn folder(dist: &Path) -> Outcome {
    let mut paths: Vec<PathBuf> = tree::files(dist)?.into_iter().filter(|path| wanted(path)).collect();
    // Big and small alternate, so that neither thread gets all the heavy ones.
    paths.sort_by_key(|path| std::fs::metadata(path).map(|data| data.len()).unwrap_or_default());
    let lane = |first: usize| paths.iter().skip(first).step_by(2).try_for_each(|path| file(path));
    thread::scope(|scope| {
        let other = scope.spawn(|| lane(1));
        lane(0).and(other.join().expect("compression does not panic"))
    })
}

fn wanted(path: &Path) -> bool {
    path.extension().and_then(|end| end.to_str()).is_some_and(|end| COMPRESSIBLE.contains(&end))
}

fn file(path: &Path) -> Outcome {
    let bytes = tree::read(path)?;
    if bytes.len() < WORTH_IT {
        return Ok(());
    }
    for (ending, small) in [("br", brotli(&bytes)), ("gz", gzip(&bytes))] {
        let small = small.map_err(|error| Failure::file(path, &error))?;
        if small.len() < bytes.len() {
            tree::write(&copy_of(path, ending), &small)?;
        }
    }
    Ok(())
}

fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let (buffer, quality, window) = (1 << 16, 11, 22);
    brotli::CompressorWriter::new(&mut out, buffer, quality, window).write_all(bytes)?;
    Ok(out)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(bytes)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::io::Read;

    #[test]
    fn both_come_back() {
        let bytes = "网格簿 ".repeat(500).into_bytes();
        let mut back = Vec::new();
        let small = super::brotli(&bytes).unwrap();
        brotli::Decompressor::new(small.as_slice(), 4096).read_to_end(&mut back).unwrap();
        assert_eq!(back, bytes);
        back.clear();
        flate2::read::GzDecoder::new(super::gzip(&bytes).unwrap().as_slice()).read_to_end(&mut back).unwrap();
        assert_eq!(back, bytes);
    }
}
