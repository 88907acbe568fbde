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
