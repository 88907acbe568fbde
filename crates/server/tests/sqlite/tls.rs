//! HTTPS without a proxy: served, renewed while running, and not held up by whoever only opens a line.

use std::io::BufRead as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gridbook_server::db::NewTenant;
use gridbook_server::{Config, serve, start};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// Writes a fresh certificate and its key; returns a client that trusts it and nothing else.
fn renew(dir: &Path) -> (PathBuf, PathBuf, reqwest::Client) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (dir.join("tls.crt"), dir.join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let root = reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap();
    // No connection is kept: each request meets the certificate of its moment.
    let client = reqwest::Client::builder().tls_certs_only([root]).pool_max_idle_per_host(0);
    (certificate, key, client.build().unwrap())
}

fn config(dir: &Path, certificate: PathBuf, key: PathBuf) -> Config {
    let db = format!("sqlite://{}", dir.join("gridbook.db").display());
    let mut config = Config::new(db, NewTenant::demo());
    config.tls = Some((certificate, key));
    config
}

#[tokio::test]
async fn a_certificate_serves_and_is_renewed_without_a_stop() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, first) = renew(dir.path());
    let started = start(config(dir.path(), certificate, key.clone())).await.unwrap();
    let tls = started.tls.clone().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(serve(listener, started, async move {
        let _ = stopped.await;
    }));
    // Somebody who never says a word.
    let silent = TcpStream::connect(address).await.unwrap();
    let health = format!("https://{address}/healthz");
    let answer = first.get(&health).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, reqwest::Version::HTTP_11));
    assert!(answer.text().await.unwrap().contains("\"ok\""));
    // Sign-in counts tries by the sender's address, so it needs one.
    let wrong = first.post(format!("https://{address}/api/sign-in")).body(r#"{"user":"x","password":"y"}"#);
    assert_eq!(wrong.send().await.unwrap().status(), 401);
    assert!(reqwest::get(format!("http://{address}/healthz")).await.is_err(), "nothing is said in the clear");

    let (_, _, second) = renew(dir.path());
    assert!(second.get(&health).send().await.is_err(), "not read yet");
    tls.reload().unwrap();
    assert_eq!(second.get(&health).send().await.unwrap().status(), 200);
    assert!(first.get(&health).send().await.is_err(), "the old one is no longer shown");
    // A key that is none, and one of another certificate: the good one stays.
    let good = std::fs::read(&key).unwrap();
    for bad in [b"nothing".to_vec(), rcgen::KeyPair::generate().unwrap().serialize_pem().into_bytes()] {
        std::fs::write(&key, bad).unwrap();
        assert!(tls.reload().is_err());
        assert_eq!(second.get(&health).send().await.unwrap().status(), 200);
    }
    std::fs::write(&key, good).unwrap();
    tls.reload().unwrap();
    drop(silent);
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn without_a_readable_certificate_nothing_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, _) = renew(dir.path());
    std::fs::remove_file(&key).unwrap();
    let refused = start(config(dir.path(), certificate, key)).await.err().unwrap().to_string();
    assert!(refused.contains("tls.key"), "{refused}");
    assert!(!dir.path().join("gridbook.db").exists(), "before anything was made");
}

/// The command, and the signal that a renewal ends with.
#[cfg(unix)]
#[tokio::test]
async fn a_hangup_reads_the_files_again() {
    let dir = tempfile::tempdir().unwrap();
    let (certificate, key, first) = renew(dir.path());
    let db = format!("sqlite://{}", dir.path().join("gridbook.db").display());
    let program = env!("CARGO_BIN_EXE_gridbook-server");
    let founded = Command::new(program)
        .args(["init", "--admin", "zhangsan", "--db", &db])
        .args(["--name", "青禾镇", "--township", "510000100", "--code", "青禾"])
        .output()
        .unwrap();
    assert!(founded.status.success());
    let mut server = Command::new(program)
        .args(["serve", "--listen", "127.0.0.1:0", "--db", &db, "--tls-cert"])
        .arg(certificate)
        .arg("--tls-key")
        .arg(key)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    std::io::BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let health = format!("{}/healthz", line.trim());
    assert!(health.starts_with("https://"), "{line}");
    assert_eq!(first.get(&health).send().await.unwrap().status(), 200);
    let (_, _, second) = renew(dir.path());
    let pid = server.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    // The signal is taken up in the server's own time.
    let renewed = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while second.get(&health).send().await.is_err() {
            tokio::task::yield_now().await;
        }
    });
    let renewed = renewed.await;
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.wait().unwrap().success());
    renewed.unwrap();
}
