//! A PostgreSQL of the test's own: made in a temporary folder, reached by a socket in it, gone with the test.

use std::ffi::OsStr;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Who owns the databases.
const OWNER: &str = "gridbook";

pub struct Cluster {
    folder: PathBuf,
    /// Stops the cluster and removes the folder when its input closes: that is, when this process ends, however.
    _guard: Child,
}

/// The cluster of this process.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    // The cluster lives as long as the test: what a power cut would take is not asked of it.
    CLUSTER.get_or_init(|| Cluster::start("-c fsync=off -c full_page_writes=off -c shared_buffers=32MB"))
}

/// One that keeps what it has acknowledged, for measurements.
pub fn durable() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start("-c shared_buffers=256MB"))
}

/// An empty database of the cluster.
pub fn fresh() -> String {
    cluster().fresh()
}

/// A program of PostgreSQL's: on the PATH, or where Debian keeps it.
pub fn program(name: &str) -> PathBuf {
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = debian.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let found = folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: `cargo xtask setup --tests` installs PostgreSQL"))
}

/// Name and number of a user who may run PostgreSQL, when we are root, who may not.
fn somebody_else() -> Option<u32> {
    let me = Command::new("id").arg("-u").output().unwrap().stdout;
    if me.trim_ascii() != b"0" {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let number = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split(':').nth(2)?.parse().ok()
    };
    Some(number("postgres").or_else(|| number("nobody")).unwrap())
}

fn run(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

impl Cluster {
    fn start(settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("gridbook-pg-").tempdir().unwrap().keep();
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
        let user = somebody_else();
        chown(&folder, user, user).unwrap();
        let command = |program: &Path| match user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args([format!("--reuid={user}"), format!("--regid={user}")]);
                command.arg("--clear-groups").arg(program);
                command
            }
        };
        let data = folder.join("data");
        // A language whose order is not that of bytes: a range of channels must not depend on it.
        run(command(&program("initdb"))
            .args(["--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"])
            .args(["--locale-provider=icu", "--icu-locale=zh-CN", "--username", OWNER, "--pgdata"])
            .arg(&data)
            .current_dir(&folder));
        let settings = format!(
            "-c listen_addresses= -c unix_socket_directories={} -c max_connections=200 {settings}",
            folder.display()
        );
        let control = program("pg_ctl");
        let guard = command(Path::new("/bin/sh"))
            .args(["-c", "cat; \"$0\" --pgdata=\"$1/data\" --mode=immediate stop; rm -rf \"$1\""])
            .args([control.as_os_str(), folder.as_os_str()])
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut start = command(&control);
        start.args(["--silent", "--wait", "--log"]).arg(folder.join("log")).arg("--pgdata").arg(&data);
        start.args(["--options", &settings, "start"]).current_dir(&folder);
        // Its output goes to the log; a pipe would be held open by the server.
        let started =
            start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        assert!(started.success(), "{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
        Self { folder, _guard: guard }
    }

    /// An empty database.
    pub fn fresh(&self) -> String {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let name = format!("test{}", NEXT.fetch_add(1, Ordering::SeqCst));
        self.sql("postgres", &format!("CREATE DATABASE {name}"));
        self.url(&name)
    }

    /// The address of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres:///{database}?host={}&user={OWNER}", self.folder.display())
    }

    /// Runs statements, each in a transaction of its own.
    pub fn sql(&self, database: &str, text: &str) {
        let args = ["--quiet", "--set=ON_ERROR_STOP=1", "--command", text, "--dbname"];
        self.tool("psql", &args, &self.url(database));
    }

    /// Runs a tool of PostgreSQL's with a database's address as its last argument; what it printed.
    pub fn tool<S: AsRef<OsStr>>(&self, name: &str, args: &[S], url: &str) -> Vec<u8> {
        run(Command::new(program(name)).args(args).arg(url))
    }
}
