//! Servers of the tests, each on a port and in a folder of its own, ended with the test.

use std::fs;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::rc::Rc;

use dav_server::{DavHandler, memfs::MemFs};
use gridbook_sync::share::ShareKind;
use tempfile::TempDir;

use super::wire::CountedWire;

struct Running {
    process: Option<Child>,
    _folder: Option<TempDir>,
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            // Asked, not killed: Apache has children of its own.
            let asked = Command::new("kill").arg(process.id().to_string()).status();
            if !asked.is_ok_and(|status| status.success()) {
                let _ = process.kill();
            }
            let _ = process.wait();
        }
    }
}

#[derive(Clone)]
pub struct Server {
    root: String,
    kind: ShareKind,
    login: Option<(String, String)>,
    _running: Rc<Running>,
}

impl Server {
    fn new(root: String, kind: ShareKind, process: Option<Child>, folder: Option<TempDir>) -> Self {
        let running = Rc::new(Running { process, _folder: folder });
        Self { root, kind, login: None, _running: running }
    }

    pub fn kind(&self) -> ShareKind {
        self.kind
    }

    pub fn wire(&self) -> CountedWire {
        CountedWire::new(&self.root, self.login.clone())
    }

    /// A folder or database that the same server has not.
    pub fn elsewhere(&self) -> Self {
        Self { root: format!("{}-none/", self.root.trim_end_matches('/')), ..self.clone() }
    }

    /// A port where nobody listens.
    pub fn nowhere(&self) -> Self {
        Self { root: format!("http://127.0.0.1:{}/", free_port()), ..self.clone() }
    }

    pub fn with_password(&self, password: &str) -> Self {
        let user = self.login.as_ref().map(|(user, _)| user.clone()).unwrap_or_default();
        Self { login: Some((user, password.to_owned())), ..self.clone() }
    }

    /// The dav-server crate, in this process.
    pub async fn dav_server() -> Self {
        let files = MemFs::new();
        let handler = DavHandler::builder().filesystem(files).strip_prefix("/dav").build_handler();
        let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let handler = handler.clone();
            async move { handler.handle(request).await }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        let root = format!("http://{address}/dav/share/");
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mkcol = reqwest::Method::from_bytes(b"MKCOL").unwrap();
        assert_eq!(client.request(mkcol, &root).send().await.unwrap().status(), 201);
        Self::new(root, ShareKind::WebDav, None, None)
    }

    /// Apache with mod_dav and a password, whose folder has another address since: from the old one it sends everybody
    /// there with this status, with a slash added, as it does for a folder whose address lacks one.
    pub fn apache_moved(status: u16) -> Self {
        let server = Self::apache_with(&format!(
            "LoadModule alias_module /usr/lib/apache2/modules/mod_alias.so\n\
             RedirectMatch {status} ^/old$ /share/\nRedirectMatch {status} ^/old/(.*)$ /share/$1\n"
        ));
        Self { root: server.root.replace("/share/", "/old/"), ..server }
    }

    /// Another address, on a port of its own, that sends everybody here with this status.
    pub async fn behind(&self, status: u16) -> Self {
        use axum::http::Response;
        let to = self.root.clone();
        let app = axum::Router::new().fallback(move |request: axum::extract::Request| {
            let path = request.uri().path_and_query().unwrap().as_str().trim_start_matches('/');
            let answer = Response::builder().status(status).header("location", format!("{to}{path}"));
            async move { answer.body(axum::body::Body::empty()).unwrap() }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}/", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { root, ..self.clone() }
    }

    /// Apache with mod_dav and a password.
    pub fn apache() -> Self {
        Self::apache_with("")
    }

    fn apache_with(more: &str) -> Self {
        let (folder, port) = (new_folder(), free_port());
        let dir = folder.path().display();
        // {SHA} of "geheim-1", from `htpasswd -s`.
        fs::write(folder.path().join("passwords"), "zhuli:{SHA}YcTR+46wiTy0vhuyBIugS4AuuXs=\n").unwrap();
        let modules = [
            "mpm_event",
            "authn_core",
            "authn_file",
            "authz_core",
            "authz_user",
            "auth_basic",
            "dav",
            "dav_fs",
        ];
        let load: String = modules
            .iter()
            .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
            .collect();
        let config = format!(
            "{load}ServerRoot {dir}\nServerName localhost\nUser www-data\nGroup www-data\nPidFile {dir}/pid\n\
             Listen 127.0.0.1:{port}\nErrorLog /dev/stderr\nLogLevel notice\nStartServers 1\nDocumentRoot {dir}/files\n\
             DavLockDB {dir}/locks\n<Directory {dir}/files>\nDav On\nAuthType Basic\nAuthName share\n\
             AuthUserFile {dir}/passwords\nRequire valid-user\n</Directory>\n{more}"
        );
        fs::write(folder.path().join("apache.conf"), config).unwrap();
        let mut command = Command::new("/usr/sbin/apache2");
        command.arg("-DFOREGROUND").arg("-f").arg(folder.path().join("apache.conf"));
        let process = started(&mut command, "resuming normal operations");
        let root = format!("http://127.0.0.1:{port}/share/");
        let server = Self::new(root, ShareKind::WebDav, Some(process), Some(folder));
        Self { login: Some(("zhuli".to_owned(), "geheim-1".to_owned())), ..server }
    }

    /// nginx with its two WebDAV modules.
    pub fn nginx() -> Self {
        let (folder, port) = (new_folder(), free_port());
        let dir = folder.path().display();
        let temp: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|name| format!("{name}_temp_path {dir}/{name};\n"))
            .collect();
        let config = format!(
            "load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;\ndaemon off;\nmaster_process off;\n\
             pid {dir}/pid;\nerror_log stderr notice;\nevents {{}}\nhttp {{\naccess_log off;\n{temp}\
             server {{\nlisten 127.0.0.1:{port};\nroot {dir}/files;\nclient_max_body_size 8m;\nlocation / {{\n\
             dav_methods PUT DELETE MKCOL COPY MOVE;\ndav_ext_methods PROPFIND OPTIONS;\n}}\n}}\n}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let mut command = Command::new("/usr/sbin/nginx");
        command.arg("-e").arg("stderr").arg("-c").arg(folder.path().join("nginx.conf"));
        let process = started(&mut command, "epoll");
        let root = format!("http://127.0.0.1:{port}/share/");
        Self::new(root, ShareKind::WebDav, Some(process), Some(folder))
    }

    /// express-pouchdb with everything in memory.
    pub async fn pouchdb() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/couch");
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
        let root = format!("{}share", line.trim());
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        assert_eq!(client.put(&root).send().await.unwrap().status(), 201);
        Self::new(format!("{root}/"), ShareKind::CouchDb, Some(process), None)
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder that a server may write into whoever it runs as, with `files/share/` in it.
fn new_folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::Builder::new().prefix("gridbook-share-").tempdir().unwrap();
    fs::create_dir_all(folder.path().join("files/share")).unwrap();
    for path in ["", "files", "files/share"] {
        fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(0o777)).unwrap();
    }
    folder
}

/// Starts a server that writes `ready` to its standard error when it is.
fn started(command: &mut Command, ready: &str) -> Child {
    let mut process = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("this test needs Apache and nginx: cargo xtask setup --tests");
    let mut lines = BufReader::new(process.stderr.take().unwrap());
    let mut told = String::new();
    loop {
        let from = told.len();
        assert_ne!(lines.read_line(&mut told).unwrap(), 0, "it ended at once:\n{told}");
        if told[from..].contains(ready) {
            break;
        }
    }
    // Read to its end, so that it never waits for us.
    std::thread::spawn(move || {
        let _ = lines.read_to_end(&mut Vec::new());
    });
    process
}
