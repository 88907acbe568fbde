//! The two bundles: the phone's at `/`, the desk's at `/desk/`. Compressed at build, never at request.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::app::App;
use crate::problem::ApiError;
use crate::secret;

mod built_in {
    include!(concat!(env!("OUT_DIR"), "/bundles.rs"));
}

/// Where the files come from.
pub enum Assets {
    /// From the binary (a debug build has read them from where they were built), with their tags.
    BuiltIn(HashMap<String, (Cow<'static, [u8]>, String)>),
    /// From a folder, read at each request (while developing).
    Folder(PathBuf),
}

impl Assets {
    /// The bundles in this binary; their tags are made once.
    pub fn built_in() -> Self {
        let tagged = |(name, bytes): (String, Cow<'static, [u8]>)| {
            let tag = tag(&bytes);
            (name, (bytes, tag))
        };
        Self::BuiltIn(files().into_iter().map(tagged).collect())
    }

    /// The bundles in a folder with `field/` and `desk/` in it.
    pub fn folder(root: PathBuf) -> Self {
        Self::Folder(root)
    }

    /// Writes the bundles in this binary into a folder, as any file server can serve them: the phone's at its root,
    /// the desk's below `desk/`. Returns how many files there are.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write_built_in(to: &Path) -> std::io::Result<usize> {
        let mut count = 0;
        for (name, bytes) in files() {
            // Compressed forms are for servers that know what to do with them; the list of hashes is ours.
            if name.ends_with("/csp.json") || [".br", ".gz"].iter().any(|end| name.ends_with(end)) {
                continue;
            }
            let path = to.join(name.strip_prefix("field/").unwrap_or(&name));
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(path, bytes)?;
            count += 1;
        }
        Ok(count)
    }

    /// A file and its tag.
    fn get(&self, name: &str) -> Option<(Cow<'_, [u8]>, String)> {
        match self {
            Self::BuiltIn(files) => files.get(name).map(|(bytes, tag)| {
                let bytes: &[u8] = bytes;
                (Cow::Borrowed(bytes), tag.clone())
            }),
            Self::Folder(root) => {
                let path = Path::new(name);
                if !path.components().all(|c| matches!(c, Component::Normal(_))) {
                    return None;
                }
                let bytes = std::fs::read(root.join(path)).ok()?;
                let tag = tag(&bytes);
                Some((Cow::Owned(bytes), tag))
            }
        }
    }
}

/// The files of both bundles, by their names below `dist`.
fn files() -> Vec<(String, Cow<'static, [u8]>)> {
    let carried = built_in::FILES.iter().map(|(name, bytes)| ((*name).to_owned(), Cow::Borrowed(*bytes)));
    let mut all: Vec<_> = carried.collect();
    if let Some(root) = built_in::FOLDER.map(Path::new) {
        for bundle in ["field", "desk"] {
            read(&root.join(bundle), bundle, &mut all);
        }
    }
    all
}

/// What lies below a folder. A folder that is not there has nothing: the bundles were not built yet.
fn read(folder: &Path, name: &str, into: &mut Vec<(String, Cow<'static, [u8]>)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(|file| format!("{name}/{file}")) else { continue };
        if path.is_dir() {
            read(&path, &name, into);
        } else if let Ok(bytes) = std::fs::read(&path) {
            into.push((name, Cow::Owned(bytes)));
        }
    }
}

fn tag(bytes: &[u8]) -> String {
    secret::hex(&secret::sha256(bytes)[..16])
}

/// Serves a file of a bundle, or its page for a path without a file name.
pub(super) async fn serve(State(app): State<Arc<App>>, request: Request) -> Response {
    let path = request.uri().path();
    if path == "/desk" {
        return (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, "/desk/")]).into_response();
    }
    let (bundle, rest) = match path.strip_prefix("/desk/") {
        Some(rest) => ("desk", rest),
        None => ("field", path.trim_start_matches('/')),
    };
    let rest = if rest.is_empty() { "index.html" } else { rest };
    // Compressed forms are answers to a header, not addresses; the list of script hashes is ours.
    let ours = rest == "csp.json" || [".br", ".gz"].iter().any(|end| rest.ends_with(end));
    let found = if ours { None } else { file(&app.assets, &format!("{bundle}/{rest}"), request.headers()) };
    match found {
        Some(response) => with_policy(&app.assets, bundle, rest, response),
        None if rest == "index.html" => ApiError::new(
            StatusCode::NOT_FOUND,
            "no_bundle",
            "这台服务器还没有装应用页面;同步接口可以正常使用。",
        )
        .into_response(),
        None => ApiError::not_found().into_response(),
    }
}

fn file(assets: &Assets, name: &str, headers: &HeaderMap) -> Option<Response> {
    let (plain, tag) = assets.get(name)?;
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("");
    let packed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(coding, _)| accepted(accepts, coding))
        .find_map(|(coding, end)| assets.get(&format!("{name}{end}")).map(|(bytes, _)| (coding, bytes)));
    let etag = match &packed {
        Some((coding, _)) => format!("\"{tag}-{coding}\""),
        None => format!("\"{tag}\""),
    };
    let mut out = HeaderMap::new();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime(name)));
    // Names are not hashes of contents: always ask, usually hear 304. The service worker keeps what it needs.
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(value) = HeaderValue::from_str(&etag) {
        out.insert(header::ETAG, value);
    }
    let fresh = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|list| list.split(',').any(|t| t.trim().trim_start_matches("W/") == etag));
    if fresh {
        return Some((StatusCode::NOT_MODIFIED, out).into_response());
    }
    let bytes = match packed {
        Some((coding, bytes)) => {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
            bytes
        }
        None => plain,
    };
    Some((out, bytes.into_owned()).into_response())
}

fn accepted(list: &str, coding: &str) -> bool {
    list.split(',').any(|part| {
        let mut parts = part.split(';').map(str::trim);
        parts.next() == Some(coding) && !parts.any(|p| matches!(p, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn mime(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or("") {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "jpg" | "jpeg" => "image/jpeg",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Adds the content policy: nothing from elsewhere, scripts of our own files and the hashes the build listed.
fn with_policy(assets: &Assets, bundle: &str, name: &str, mut response: Response) -> Response {
    let headers = response.headers_mut();
    let inline = assets
        .get(&format!("{bundle}/csp.json"))
        .and_then(|(bytes, _)| serde_json::from_slice::<Inline>(&bytes).ok())
        .unwrap_or_default();
    let list = |hashes: &[String]| -> String {
        hashes.iter().filter_map(|h| hash(h)).map(|h| format!(" '{h}'")).collect()
    };
    let (scripts, styles) = (list(&inline.scripts), list(&inline.styles));
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{scripts}; style-src 'self'{styles}; \
         img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; \
         object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, value);
    }
    if name == "sw.js" {
        headers.insert(
            HeaderName::from_static("service-worker-allowed"),
            HeaderValue::from_static(if bundle == "desk" { "/desk/" } else { "/" }),
        );
    }
    response
}

/// `csp.json`: hashes of what stands inline in the bundle's pages.
#[derive(Default, Deserialize)]
struct Inline {
    #[serde(default)]
    scripts: Vec<String>,
    #[serde(default)]
    styles: Vec<String>,
}

/// The text, when it is a hash and nothing else: the header must not take anything in from a file.
fn hash(text: &str) -> Option<&str> {
    let digest = text.strip_prefix("sha256-")?;
    let good = digest.len() < 100
        && digest.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'-' | b'_'));
    good.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn files_are_named_by_their_way_below_the_bundle() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("icons")).unwrap();
        std::fs::write(folder.path().join("index.html"), "<p>").unwrap();
        std::fs::write(folder.path().join("icons/a.png"), "png").unwrap();
        let mut found = Vec::new();
        read(folder.path(), "field", &mut found);
        found.sort();
        let names: Vec<_> = found.iter().map(|(name, bytes)| (name.as_str(), bytes.as_ref())).collect();
        assert_eq!(
            names,
            [("field/icons/a.png", b"png".as_slice()), ("field/index.html", b"<p>".as_slice())]
        );
        found.clear();
        read(&folder.path().join("none"), "desk", &mut found);
        assert!(found.is_empty());
    }
}
