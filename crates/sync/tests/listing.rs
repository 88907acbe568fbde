//! Listings as servers write them, and anything else.
#![allow(clippy::unwrap_used, missing_docs)]

use gridbook_sync::share::{Item, read_listing};
use proptest::prelude::*;

fn file(name: &str, len: u64, etag: Option<&str>, modified: Option<&str>) -> Item {
    let text = |text: Option<&str>| text.map(str::to_owned);
    Item {
        name: name.to_owned(),
        len: Some(len),
        etag: text(etag),
        modified: text(modified),
        ..Item::default()
    }
}

fn folder(name: &str) -> Item {
    Item { name: name.to_owned(), folder: true, ..Item::default() }
}

/// What can be told of a folder besides its name plays no part here.
fn read(text: &str) -> Vec<Item> {
    let mut items = read_listing(text.as_bytes()).unwrap();
    for item in items.iter_mut().filter(|item| item.folder) {
        *item = folder(&item.name);
    }
    items
}

const TIME: &str = "Sun, 22 Nov 2026 04:12:39 GMT";

#[test]
fn apache() {
    let text = r#"<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:">
<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">
<D:href>/share/heads/</D:href>
<D:propstat><D:prop><lp1:resourcetype><D:collection/></lp1:resourcetype>
<lp1:getetag>"1000-64a"</lp1:getetag></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
<D:propstat><D:prop><D:getcontentlength/></D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>
</D:response>
<D:response xmlns:lp1="DAV:">
<D:href>/share/heads/a-1-0.json</D:href>
<D:propstat><D:prop><lp1:resourcetype/><lp1:getcontentlength>412</lp1:getcontentlength>
<lp1:getetag>"19c-64a"</lp1:getetag><lp1:getlastmodified>Sun, 22 Nov 2026 04:12:39 GMT</lp1:getlastmodified>
</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>
</D:response>
</D:multistatus>"#;
    assert_eq!(read(text), [folder("heads"), file("a-1-0.json", 412, Some("\"19c-64a\""), Some(TIME))]);
}

#[test]
fn nginx_without_tags() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\" ?>\n<D:multistatus xmlns:D=\"DAV:\">\n<D:response>\n\
        <D:href>/share/a/b.bin</D:href>\n<D:propstat>\n<D:prop>\n<D:displayname>b.bin</D:displayname>\n\
        <D:getcontentlength>3</D:getcontentlength>\n<D:getlastmodified>Sun, 22 Nov 2026 04:12:39 GMT\
        </D:getlastmodified>\n<D:resourcetype></D:resourcetype>\n<D:lockdiscovery/>\n</D:prop>\n\
        <D:status>HTTP/1.1 200 OK</D:status>\n</D:propstat>\n</D:response>\n</D:multistatus>\n";
    assert_eq!(read(text), [file("b.bin", 3, None, Some(TIME))]);
}

#[test]
fn nextcloud_on_one_line_with_escaped_tags_and_letters() {
    let text = "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\" \
        xmlns:oc=\"http://owncloud.org/ns\"><d:response><d:href>/remote.php/dav/files/u/%e9%9d%92%e7%a6%be/</d:href>\
        <d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype><d:getetag>&quot;5f&quot;</d:getetag>\
        </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response><d:response>\
        <d:href>/remote.php/dav/files/u/%e9%9d%92%e7%a6%be/a%20%26b.bin</d:href><d:propstat><d:prop><d:resourcetype/>\
        <d:getcontentlength>7</d:getcontentlength><d:getetag>&quot;6&#x30;&quot;</d:getetag></d:prop>\
        <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>";
    assert_eq!(read(text), [folder("青禾"), file("a &b.bin", 7, Some("\"60\""), None)]);
}

#[test]
fn iis_with_whole_addresses_and_types() {
    let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?><D:multistatus xmlns:D=\"DAV:\"><D:response>\
        <D:href>http://files.example/share/</D:href><D:propstat><D:status>HTTP/1.1 200 OK</D:status><D:prop>\
        <D:getcontentlength>0</D:getcontentlength></D:prop></D:propstat></D:response><D:response>\
        <D:href>http://files.example/share/x-1-0.json?v=1#top</D:href><D:propstat>\
        <D:status>HTTP/1.1 200 OK</D:status><D:prop xmlns:b=\"urn:uuid:c2f41010-65b3-11d1-a29f-00aa00c14882/\">\
        <D:getcontentlength b:dt=\"int\">12</D:getcontentlength><D:getetag>\"a0b:0\"</D:getetag></D:prop>\
        </D:propstat></D:response></D:multistatus>";
    assert_eq!(read(text), [folder("share"), file("x-1-0.json", 12, Some("\"a0b:0\""), None)]);
}

#[test]
fn the_default_namespace_comments_and_character_data() {
    let text = "<multistatus xmlns=\"DAV:\"><!-- <response><href>/no</href></response> --><response>\
        <href><![CDATA[/s/a<b&c.bin]]></href><propstat><prop><getcontentlength> 5 </getcontentlength></prop></propstat>\
        </response></multistatus>";
    assert_eq!(read(text), [file("a<b&c.bin", 5, None, None)]);
}

#[test]
fn one_that_says_it_is_absent() {
    let text = "<D:multistatus xmlns:D=\"DAV:\"><D:response><D:href>/share/meta.json</D:href>\
        <D:status>HTTP/1.1 404 Not Found</D:status></D:response></D:multistatus>";
    assert_eq!(read(text), [Item { name: "meta.json".to_owned(), absent: true, ..Item::default() }]);
}

#[test]
fn what_is_no_listing_or_only_half_of_one() {
    for text in ["", "<html><body>Sign in</body></html>", "{}", "<D:multistatus xmlns:D=\"DAV:\">"] {
        assert_eq!(read_listing(text.as_bytes()), None, "{text}");
    }
    let whole = "<multistatus><response><href>/a</href></response></multistatus>";
    assert_eq!(read(whole).len(), 1);
    for end in 0..whole.len() {
        assert_eq!(read_listing(&whole.as_bytes()[..end]), None);
    }
    assert_eq!(read_listing(b"<D:multistatus xmlns:D=\"DAV:\"/>"), Some(Vec::new()));
}

proptest! {
    /// Anything may come: it is read or not, and never stops the app.
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_listing(&bytes);
    }

    /// More like the real thing, so that more of the reader is reached.
    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(vec![
        "<multistatus>", "</multistatus>", "<d:response>", "</d:response>", "<href>", "</href>", "<href/>", "/a%2", "%zz",
        "&amp;", "&#x110000;", "&#", ";", "<![CDATA[", "]]>", "<!--", "-->", "<getcontentlength>", "99999999999999999999",
        "<", ">", "</", "/>", "<?xml", "网", "\u{0}", "<status>", "<propstat>", "</propstat>", " 404", "<:>", "</:",
    ]), 0..60)) {
        let text = pieces.concat();
        if let Some(items) = read_listing(text.as_bytes()) {
            prop_assert!(items.len() <= pieces.len());
        }
    }

    /// Every name that a file may have comes back, however it is encoded.
    #[test]
    fn names_come_back(name in "[a-z0-9 &<>\"'%+网簿.-]{1,20}", style in 0..3) {
        let encoded: String = match style {
            0 => name.bytes().map(|byte| format!("%{byte:02X}")).collect(),
            1 => name.bytes().map(|byte| format!("%{byte:02x}")).collect(),
            _ => name.replace('%', "%25").replace('&', "&amp;").replace('<', "&lt;").replace('>', "&#62;"),
        };
        let name = if style == 2 { name.trim().to_owned() } else { name };
        prop_assume!(!name.is_empty());
        let text = format!("<multistatus><response><href>/x/{}</href></response></multistatus>", encoded.trim());
        let items = read_listing(text.as_bytes()).unwrap();
        prop_assert_eq!(items[0].name.trim(), name.trim());
    }
}
