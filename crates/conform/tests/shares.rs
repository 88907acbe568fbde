//! Two devices exchange their records through real servers that know nothing of Gridbook: Apache, nginx and another
//! WebDAV server, and one that speaks CouchDB's protocol. `cargo xtask setup --tests` installs them.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[path = "shares/device.rs"]
mod device;
#[path = "shares/servers.rs"]
mod servers;
#[path = "shares/wire.rs"]
mod wire;

use gridbook_sync::share::Verdict;

use device::Device;
use servers::Server;

/// A thousand operations and a photo from one device to another, some back, and nothing left to do afterwards.
async fn exchange(server: &Server) {
    let first = Device::open(server, 1).await;
    let ids = first.write(200, 4).await;
    let photo = first.photograph(ids[0]).await;
    first.sync().await;
    assert_eq!(first.unsent(), 0);

    let second = Device::open(server, 2).await;
    second.sync().await;
    assert_eq!(second.count().await, 1001);
    assert_eq!(second.share.blob(&photo.sha256).await.unwrap(), Some(photo.bytes));
    assert_eq!(second.share.blob(&"0".repeat(64)).await.unwrap(), None);
    for id in &ids[..10] {
        second.edit(*id).await;
    }
    second.sync().await;

    first.sync().await;
    assert_eq!(first.count().await, 1011);
    assert_eq!(first.state().await, second.state().await);

    // A tab opened later finds everything as it was, and sends nothing again.
    let again = first.reopen(server).await;
    again.sync().await;
    assert_eq!(again.count().await, 1011);
    let third = Device::open(server, 3).await;
    third.sync().await;
    assert_eq!(third.state().await, again.state().await);
    assert_eq!(third.pulled(), 1011, "something was stored twice");

    let before = again.wire.requests();
    again.sync().await;
    let idle = again.wire.requests() - before;
    // One of them asks for the photo sent last: a backup may have taken it and nothing else.
    assert!(idle <= 4, "an idle round took {idle} requests");
}

/// What every server of ours can do.
async fn probe(server: &Server) {
    let device = Device::open(server, 9).await;
    let Verdict::Works(limits) = device.share.probe().await else {
        panic!("{:?}", device.share.probe().await);
    };
    assert!(limits.sizes, "{limits:?}");
    let elsewhere = Device::open(&server.elsewhere(), 9).await;
    assert_eq!(elsewhere.share.probe().await, Verdict::NoSuchFolder);
    let nowhere = Device::open(&server.nowhere(), 9).await;
    assert_eq!(nowhere.share.probe().await, Verdict::Unreachable);
}

#[tokio::test]
async fn dav_server() {
    let server = Server::dav_server().await;
    probe(&server).await;
    Box::pin(exchange(&server)).await;
}

#[tokio::test]
async fn apache() {
    let server = Server::apache();
    probe(&server).await;
    Box::pin(exchange(&server)).await;
    let stranger = Device::open(&server.with_password("wrong"), 9).await;
    assert_eq!(stranger.share.probe().await, Verdict::WrongPassword);
}

#[tokio::test]
async fn nginx() {
    let server = Server::nginx();
    probe(&server).await;
    Box::pin(exchange(&server)).await;
}

#[tokio::test]
async fn express_pouchdb() {
    let server = Server::pouchdb().await;
    probe(&server).await;
    Box::pin(exchange(&server)).await;
}

/// A folder that has another address since: with whatever status its server says so, method, body and password go there.
#[tokio::test]
async fn a_moved_folder_is_followed() {
    for status in [301, 302, 307, 308] {
        let server = Server::apache_moved(status);
        probe(&server).await;
        let first = Device::open(&server, 1).await;
        let ids = first.write(3, 1).await;
        let photo = first.photograph(ids[0]).await;
        first.sync().await;
        assert_eq!(first.unsent(), 0, "{status}");
        let second = Device::open(&server, 2).await;
        second.sync().await;
        assert_eq!(second.state().await, first.state().await, "{status}");
        assert_eq!(second.share.blob(&photo.sha256).await.unwrap(), Some(photo.bytes), "{status}");
        let stranger = Device::open(&server.with_password("wrong"), 9).await;
        assert_eq!(stranger.share.probe().await, Verdict::WrongPassword, "{status}");
    }
}

/// Nobody's password goes to another server because the first one says so: that is told as what it is, and nothing is lost.
#[tokio::test]
async fn a_password_does_not_follow_to_another_server() {
    let server = Server::apache();
    for status in [301, 302, 307, 308] {
        let front = server.behind(status).await;
        let device = Device::open(&front, 1).await;
        assert_eq!(device.share.probe().await, Verdict::WrongPassword, "{status}");
        device.write(1, 1).await;
        device.try_sync().await;
        assert!(device.trouble().is_some(), "{status}");
        assert_eq!(device.unsent(), 2, "{status}");
    }
}

/// A database that has another address since. 307 and 308 are followed with all they carry; after 301 and 302 a question
/// that is posted comes as another one, which the server refuses: that is told, and nothing is lost.
#[tokio::test]
async fn a_moved_database_is_followed_or_told() {
    let server = Server::pouchdb().await;
    for status in [307, 308] {
        let front = server.behind(status).await;
        probe_works(&front).await;
        let first = Device::open(&front, u64::from(status)).await;
        first.write(3, 1).await;
        first.sync().await;
        assert_eq!(first.unsent(), 0, "{status}");
        let second = Device::open(&server, u64::from(status) + 10).await;
        second.sync().await;
        assert_eq!(second.state().await, first.state().await, "{status}");
    }
    let there = Device::open(&server, 8).await;
    there.sync().await;
    for status in [301, 302] {
        let front = server.behind(status).await;
        let device = Device::open(&front, u64::from(status)).await;
        let verdict = device.share.probe().await;
        assert!(!matches!(verdict, Verdict::Works(_)), "{status}: {verdict:?}");
        device.write(1, 1).await;
        device.try_sync().await;
        assert!(device.trouble().is_some(), "{status}");
        assert_eq!(device.unsent(), 2, "{status}");
        let later = Device::open(&server, 9).await;
        later.sync().await;
        assert_eq!(later.state().await, there.state().await, "{status}: something else was written");
    }
}

async fn probe_works(server: &Server) {
    let verdict = Device::open(server, 9).await.share.probe().await;
    assert!(matches!(verdict, Verdict::Works(_)), "{verdict:?}");
}

/// A new device's first synchronisation with 10,000 operations of 20 others, printed for the report.
async fn first_sync(server: &Server, name: &str) {
    for dev in 1..=20 {
        let device = Device::open(server, dev).await;
        device.write(100, 4).await;
        device.push().await;
    }
    let reader = Device::open(server, 99).await;
    let start = std::time::Instant::now();
    reader.sync().await;
    let took = start.elapsed();
    assert_eq!(reader.pulled(), 10_000);
    assert_eq!(reader.count().await, 10_000);
    // Read by `cargo xtask bench --only shares`.
    println!("{name}: 10,000 operations of 20 devices in {} ms", took.as_millis());
    assert!(reader.wire.requests() < 20 * 4, "more than a head and two segments a device");
}

#[tokio::test]
async fn first_sync_over_dav_server() {
    first_sync(&Server::dav_server().await, "dav-server").await;
}

#[tokio::test]
async fn first_sync_over_express_pouchdb() {
    first_sync(&Server::pouchdb().await, "express-pouchdb").await;
}
