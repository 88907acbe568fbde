//! Reads a PROPFIND's answer: names, sizes, entity tags and times, in whatever prefix, case of spelling and form
//! of address a server writes them. A scanner over tags, not an XML parser: it needs no memory of what is open,
//! never fails, and gives up on nothing but what it cannot use.

/// Most entries believed.
const MAX_ITEMS: usize = 100_000;

/// One member of a folder, or the folder itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Last part of its address, decoded, without a slash.
    pub name: String,
    /// Whether its address ends with a slash.
    pub folder: bool,
    /// Size in bytes.
    pub len: Option<u64>,
    /// Entity tag, as it is written; a hint only.
    pub etag: Option<String>,
    /// Time of the last change, as it is written; a hint only.
    pub modified: Option<String>,
    /// The server says of this one that it is not there.
    pub absent: bool,
}

/// The entries of a multistatus; `None` when it is none (an error page, say).
pub fn read_listing(bytes: &[u8]) -> Option<Vec<Item>> {
    let text = String::from_utf8_lossy(bytes);
    let mut scan = Scan { rest: &text };
    let mut items: Vec<Item> = Vec::new();
    let mut open: Option<Item> = None;
    let mut propstat = false;
    let (mut known, mut ended) = (false, false);
    while let Some(tag) = scan.tag() {
        let (name, closing) = tag.name();
        match (name, closing) {
            ("multistatus", closing) => {
                known = true;
                ended = closing || tag.empty();
            }
            ("response", false) => open = Some(Item::default()),
            ("response", true) => {
                if let Some(item) =
                    open.take().filter(|item| !item.name.is_empty() && items.len() < MAX_ITEMS)
                {
                    items.push(item);
                }
                propstat = false;
            }
            ("propstat", closing) => propstat = !closing,
            (_, true) => {}
            (name, false) if !tag.empty() => {
                let Some(item) = &mut open else { continue };
                match name {
                    "href" if item.name.is_empty() => {
                        let href = scan.text();
                        let path = href.trim().split(['?', '#']).next().unwrap_or_default();
                        item.folder = path.ends_with('/');
                        let path = path.trim_end_matches('/');
                        item.name = decode(path.rsplit('/').next().unwrap_or(path));
                    }
                    "getcontentlength" => item.len = scan.text().trim().parse().ok().or(item.len),
                    "getetag" => item.etag = some(&scan.text()).or(item.etag.take()),
                    "getlastmodified" => item.modified = some(&scan.text()).or(item.modified.take()),
                    "status" if !propstat => item.absent = scan.text().contains(" 404"),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    // One that was cut off would seem to lack what follows.
    (known && ended).then_some(items)
}

fn some(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

struct Scan<'a> {
    rest: &'a str,
}

/// What stands between `<` and `>`.
struct Tag<'a>(&'a str);

impl Tag<'_> {
    /// Name without prefix, and whether it closes.
    fn name(&self) -> (&str, bool) {
        let (text, closing) = match self.0.strip_prefix('/') {
            Some(text) => (text, true),
            None => (self.0, false),
        };
        let name = text.split(|c: char| c.is_ascii_whitespace() || c == '/').next().unwrap_or_default();
        (name.rsplit(':').next().unwrap_or(name), closing)
    }

    fn empty(&self) -> bool {
        self.0.ends_with('/')
    }
}

impl<'a> Scan<'a> {
    /// The next tag; comments, declarations and character data are passed over.
    fn tag(&mut self) -> Option<Tag<'a>> {
        loop {
            let after = self.rest.split_once('<')?.1;
            if let Some(after) = after.strip_prefix("!--") {
                self.rest = after.split_once("-->")?.1;
            } else if let Some(after) = after.strip_prefix("![CDATA[") {
                self.rest = after.split_once("]]>")?.1;
            } else {
                let (tag, rest) = after.split_once('>')?;
                self.rest = rest;
                if !tag.starts_with(['?', '!']) {
                    return Some(Tag(tag));
                }
            }
        }
    }

    /// Text up to the next tag, with entities and character data resolved.
    fn text(&mut self) -> String {
        let mut out = String::new();
        loop {
            let Some(at) = self.rest.find('<') else {
                self.rest = "";
                return out;
            };
            unescape(&self.rest[..at], &mut out);
            self.rest = &self.rest[at..];
            let Some(after) = self.rest.strip_prefix("<![CDATA[") else { return out };
            let (data, rest) = after.split_once("]]>").unwrap_or((after, ""));
            out.push_str(data);
            self.rest = rest;
        }
    }
}

fn unescape(mut text: &str, out: &mut String) {
    while let Some(at) = text.find('&') {
        out.push_str(&text[..at]);
        text = &text[at + 1..];
        let entity = text.split_once(';').filter(|(name, _)| name.len() <= 8);
        let resolved = entity.and_then(|(name, rest)| Some((character(name)?, rest)));
        match resolved {
            Some((c, rest)) => {
                out.push(c);
                text = rest;
            }
            None => out.push('&'),
        }
    }
    out.push_str(text);
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Resolves `%41`; what is no such code stays as it is.
fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let pair = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let code = pair.filter(|p| p.bytes().all(|b| b.is_ascii_hexdigit()));
        match code.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
