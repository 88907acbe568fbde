//! Photos in S3-compatible storage: a server that speaks the protocol over HTTP and knows its keys by name; the
//! signature itself it does not check (`tests/s3/server.js`).

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gridbook_server::blobs::{Appended, BlobStore, Closed, MIN_PART};
use gridbook_server::secret::{hex, sha256};

/// Ends with its standard input, that is, with this value.
struct Storage {
    process: Child,
    address: String,
}

impl Storage {
    fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/s3");
        let mut process = Command::new("node")
            .arg("server.js")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this test needs node: cargo xtask setup --tests");
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "no address: cargo xtask setup --tests installs its packages");
        Self { process, address: line.trim().to_owned() }
    }

    fn settings(&self, key: &str) -> Vec<(String, String)> {
        [
            ("AWS_ENDPOINT", self.address.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", key),
            ("AWS_SECRET_ACCESS_KEY", "S3RVER"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    fn open(&self, address: &str) -> BlobStore {
        BlobStore::open_with(Path::new(address), self.settings("S3RVER")).unwrap()
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn picture(len: usize) -> (String, Vec<u8>) {
    let bytes: Vec<u8> = (0..len).map(|i| (i * 31 % 251) as u8).collect();
    (hex(&sha256(&bytes)), bytes)
}

#[tokio::test]
async fn a_photo_goes_in_and_comes_out_and_what_is_missing_is_missing() {
    let storage = Storage::start();
    let blobs = storage.open("s3://gridbook/qinghe");
    assert_eq!(blobs.reach().await, Ok(()));
    let (name, bytes) = picture(300_000);
    assert_eq!(blobs.get(&name).await.unwrap(), None);
    blobs.put(&name, bytes.clone()).await.unwrap();
    assert_eq!(blobs.get(&name).await.unwrap().as_deref(), Some(&bytes[..]));
    // Another township in the same bucket has none of it.
    let other = storage.open("s3://gridbook/other");
    assert_eq!(other.get(&name).await.unwrap(), None);
    // Out to a folder and back in, as backup and restore do.
    let folder = tempfile::tempdir().unwrap();
    let (absent, _) = picture(7);
    blobs.mirror(&[name.clone(), absent], folder.path()).await.unwrap();
    assert_eq!(other.fill(folder.path()).await.unwrap(), 1);
    assert_eq!(other.get(&name).await.unwrap().as_deref(), Some(&bytes[..]));
}

#[tokio::test]
async fn an_upload_in_parts_goes_on_from_another_server() {
    let storage = Storage::start();
    let (name, bytes) = picture(3 * MIN_PART + 11);
    let part = |n: usize| bytes[n * MIN_PART..bytes.len().min((n + 1) * MIN_PART)].to_vec();
    {
        let first = storage.open("s3://gridbook/qinghe");
        assert_eq!(first.offset("ann", &name).await.unwrap(), 0);
        for n in 0..2 {
            let upto = (n + 1) * MIN_PART;
            let added = first.append("ann", &name, n * MIN_PART, part(n)).await.unwrap();
            assert_eq!(added, Appended::Upto(upto));
        }
    }
    let second = storage.open("s3://gridbook/qinghe");
    assert_eq!(second.offset("ann", &name).await.unwrap(), 2 * MIN_PART);
    assert_eq!(second.offset("bob", &name).await.unwrap(), 0, "nobody goes on with another one's");
    let twice = second.append("ann", &name, MIN_PART, part(1)).await.unwrap();
    assert_eq!(twice, Appended::Elsewhere(2 * MIN_PART));
    for n in 2..4 {
        second.append("ann", &name, n * MIN_PART, part(n)).await.unwrap();
    }
    assert_eq!(second.joined("ann", &name).await.unwrap(), bytes);
    second.drop_parts("ann", &name).await.unwrap();
    assert_eq!(second.offset("ann", &name).await.unwrap(), 0);
}

#[tokio::test]
async fn what_is_wrong_with_the_storage_is_said_by_name() {
    let storage = Storage::start();
    let wrong = BlobStore::open_with(Path::new("s3://gridbook/qinghe"), storage.settings("guessed")).unwrap();
    assert_eq!(wrong.reach().await, Err(Closed::Refused));
    let (name, bytes) = picture(100);
    assert!(wrong.put(&name, bytes).await.is_err());
    assert!(wrong.get(&name).await.is_err(), "refused is not missing");
    assert_eq!(storage.open("s3://nobody/x").reach().await, Err(Closed::NoBucket));
    assert_eq!(storage.open("s3://gridbook/qinghe").get(&name).await.unwrap(), None, "nothing was written");
}

#[test]
fn a_server_with_wrong_keys_does_not_start_and_says_why() {
    let storage = Storage::start();
    let data = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_gridbook-server"));
    let ended = Command::new(program)
        .args(["serve", "--demo", "--listen", "127.0.0.1:0", "--blobs", "s3://gridbook/qinghe", "--data"])
        .arg(data.path())
        .envs(storage.settings("guessed"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success());
    assert!(said.contains("密钥不对") && said.contains("AWS_SECRET_ACCESS_KEY"), "{said}");
    assert!(!said.contains("guessed"), "and keeps the key to itself: {said}");
}
