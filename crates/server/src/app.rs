//! Putting the parts together, starting and stopping.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI32;
use std::time::Duration;

use axum::serve::ListenerExt;
use gridbook_domain::package::Package;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::admission::{Admission, ByDomain};
use crate::blobs::{BlobStore, Closed, is_address};
use crate::clock::{Clock, SystemClock};
#[cfg(unix)]
use crate::control;
use crate::db::{self, DbError, NewTenant, Tenant};
use crate::feed::packs::Packs;
use crate::http::assets::Assets;
use crate::keep::{self, Claim, KeepError};
use crate::limiter::Limiter;
use crate::metrics::Metrics;
use crate::password::Passwords;
use crate::pokes::Pokes;
use crate::quarantine;
use crate::relay::{Relay, Share, ShareError};
use crate::serving::Serving;
use crate::sql::{self, Pool};
use crate::tls::{Tls, TlsError, TlsListener};
use crate::writer::{Ledger, Writer};

/// How a server is set up.
#[derive(Clone)]
pub struct Config {
    /// `sqlite://path` or `postgres://…`.
    pub db: String,
    /// Folder of the blobs, or the address of object storage (`s3://…`); a folder beside the database when `None`.
    pub blobs: Option<PathBuf>,
    /// Serve the bundles from this folder instead of those in the binary.
    pub dist: Option<PathBuf>,
    /// What a new database is set up with.
    pub tenant: NewTenant,
    /// Whether an empty database is set up at all; otherwise it is left as it is, and nothing starts.
    pub founds: bool,
    /// Believe `X-Forwarded-For` (only behind a proxy that sets it).
    pub behind_proxy: bool,
    /// Shares that people may use through this server.
    pub shares: Vec<Share>,
    /// Certificate and key, PEM files; plain HTTP when `None`.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Where figures are told; nowhere when `None`.
    pub metrics: Option<SocketAddr>,
    /// Where commands of this machine ask the running server to step aside ([`crate::control`]); nowhere when `None`.
    pub socket: Option<PathBuf>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Who judges operations.
    pub admission: Arc<dyn Admission>,
}

impl Config {
    /// The ordinary set-up of a database at `db`.
    pub fn new(db: impl Into<String>, tenant: NewTenant) -> Self {
        Self {
            db: db.into(),
            blobs: None,
            dist: None,
            tenant,
            founds: true,
            behind_proxy: false,
            shares: Vec::new(),
            tls: None,
            metrics: None,
            socket: None,
            clock: Arc::new(SystemClock),
            admission: Arc::new(ByDomain::new(Package::builtin().clone())),
        }
    }
}

/// Why a server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// A folder or the network.
    #[error("启动失败:{0}")]
    Io(#[from] std::io::Error),
    /// The storage of photos.
    #[error(transparent)]
    Blobs(#[from] Closed),
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The lock beside the database.
    #[error(transparent)]
    Claim(#[from] KeepError),
    /// A share of the relay.
    #[error(transparent)]
    Share(#[from] ShareError),
}

impl From<sqlx::Error> for StartError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(DbError::Sqlx(error))
    }
}

/// What every request reaches.
pub struct App {
    /// The tenant.
    pub tenant: Tenant,
    /// Connections that read.
    pub readers: Pool,
    /// The one that writes.
    pub writer: Writer,
    /// Files by their content.
    pub blobs: BlobStore,
    /// The bundles.
    pub assets: Assets,
    /// Passwords.
    pub passwords: Passwords,
    /// Sign-in tries.
    pub limiter: Limiter,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who judges operations and says what people read.
    pub admission: Arc<dyn Admission>,
    /// Believe `X-Forwarded-For`.
    pub behind_proxy: bool,
    /// Packed streams.
    pub packs: Packs,
    /// Those who wait for news.
    pub pokes: Pokes,
    /// Shares under our own address.
    pub relay: Relay,
    /// What is counted; a restore does not begin it anew.
    pub metrics: Arc<Metrics>,
    /// Folders on the disks of this machine that data are kept on.
    pub disks: Vec<PathBuf>,
    /// The day on which it was last gone through what ends by the calendar; 0 before the first request.
    pub day: AtomicI32,
}

impl App {
    /// Milliseconds since 1970, as the database keeps them.
    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX)
    }
}

/// A started server, without its network.
pub struct Started {
    /// What every request reaches.
    pub app: Arc<App>,
    /// The writer; ends when the app is dropped.
    pub writing: JoinHandle<()>,
    /// Certificate and key, if it speaks HTTPS itself.
    pub tls: Option<Arc<Tls>>,
    /// Where figures are told, if anywhere.
    pub metrics: Option<TcpListener>,
    /// How it was set up.
    pub config: Config,
}

/// Opens database, folders and bundles.
///
/// # Errors
/// [`StartError`].
pub async fn start(config: Config) -> Result<Started, StartError> {
    let tls = config.tls.clone().map(|(certificate, key)| Tls::open(certificate, key)).transpose()?;
    let tls = tls.map(Arc::new);
    let metrics = match config.metrics {
        Some(address) => Some(TcpListener::bind(address).await?),
        None => None,
    };
    let (app, writing) = open(&config).await?;
    Ok(Started { app: Arc::new(app), writing, tls, metrics, config })
}

/// Opens what belongs to the data.
pub(crate) async fn open(config: &Config) -> Result<(App, JoinHandle<()>), StartError> {
    if !config.founds {
        db::founded(&config.db).await?.ok_or(DbError::Empty)?;
    }
    // From here on no restore changes the files.
    let claim = match sql::is_postgres(&config.db) {
        true => None,
        false => Some(Claim::shared(&database_path(&config.db)).await?),
    };
    let mut conn = db::open_writer(&config.db).await?;
    let tenant = db::tenant(&mut conn, &config.tenant, config.clock.now_ms()).await?;
    let mut ledger =
        Ledger::open(conn, &config.db, tenant.clone(), config.clock.clone(), config.admission.clone())
            .await?;
    ledger.claim = claim;
    ledger.revise().await.map_err(|error| sqlx::Error::Protocol(error.to_string()))?;
    let readers = db::open_readers(&config.db).await?;
    let files = config.blobs.clone().unwrap_or_else(|| blobs_beside(&config.db));
    let blobs = BlobStore::open(&files)?;
    match blobs.reach().await {
        // Texts do not wait for photos; the storage may be back before the first of them comes.
        Err(Closed::Unreachable) => tracing::warn!("{}", Closed::Unreachable),
        open => open?,
    }
    let relay = Relay::open(config.shares.clone())?;
    let (writer, writing) = Writer::start(ledger);
    let app = App {
        tenant,
        readers,
        writer,
        blobs,
        assets: config.dist.clone().map_or_else(Assets::built_in, Assets::folder),
        passwords: Passwords::default(),
        limiter: Limiter::default(),
        clock: config.clock.clone(),
        admission: config.admission.clone(),
        behind_proxy: config.behind_proxy,
        packs: Packs::default(),
        pokes: Pokes::default(),
        relay,
        metrics: Arc::default(),
        disks: disks(&config.db, files),
        day: AtomicI32::new(0),
    };
    Ok((app, writing))
}

/// How long an unfinished upload waits: a week.
const UPLOAD_MS: i64 = 7 * 24 * 3600 * 1000;

/// What is done every minute without being asked.
pub(crate) async fn chores(app: Arc<App>) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    minutes.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    for minute in 0u32.. {
        minutes.tick().await;
        if let Err(error) = quarantine::release_marked(&app).await {
            tracing::error!(%error, "quarantine: the next minute tries again");
        }
        give_confirmed(&app).await;
        if minute.is_multiple_of(60)
            && let Err(error) = app.blobs.sweep(app.now() - UPLOAD_MS).await
        {
            tracing::error!(kind = ?error.kind(), "unfinished uploads: the next hour tries again");
        }
    }
}

/// Gives the numbers that waited since a restore, once a person has confirmed the last ones.
pub(crate) async fn give_confirmed(app: &App) {
    let given = match keep::numbers_confirmed(&app.readers).await {
        Ok(true) => app.writer.run(|ledger| Box::pin(ledger.give_waiting_numbers())).await,
        Ok(false) => return,
        Err(error) => Err(error.into()),
    };
    match given {
        Ok(given) => tracing::info!(given, "numbers that waited since a restore"),
        Err(error) => {
            tracing::error!(%error, "numbers that wait since a restore: the next minute tries again");
        }
    }
}

/// Folders of this machine that data are kept in: a database's own server and object storage have their disks elsewhere.
fn disks(db: &str, files: PathBuf) -> Vec<PathBuf> {
    let database = || {
        let folder = database_path(db).parent().map(PathBuf::from).filter(|folder| folder.is_dir());
        folder.unwrap_or_else(|| PathBuf::from("."))
    };
    let own = (!sql::is_postgres(db)).then(database);
    let files = Some(files).filter(|place| !place.to_str().is_some_and(is_address));
    own.into_iter().chain(files).collect()
}

/// The file of a database's address.
pub fn database_path(db: &str) -> PathBuf {
    let path = db.trim_start_matches("sqlite://").trim_start_matches("sqlite:");
    PathBuf::from(path.split('?').next().unwrap_or(path))
}

/// The folder of pictures beside a database, unless it is set otherwise.
pub fn blobs_beside(db: &str) -> PathBuf {
    if sql::is_postgres(db) {
        // A server's address has no folder: where the program was started.
        return PathBuf::from("gridbook.db.blobs");
    }
    PathBuf::from(format!("{}.blobs", database_path(db).display()))
}

/// Serves until `shutdown`, then lets running requests and the writer finish.
///
/// # Errors
/// [`StartError`].
pub async fn run(
    listener: TcpListener,
    config: Config,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let started = start(config).await?;
    serve(listener, started, shutdown).await
}

/// As [`run`], for a server that was started before.
///
/// # Errors
/// [`StartError`].
pub async fn serve(
    listener: TcpListener,
    started: Started,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let Started { app, writing, tls, metrics, config } = started;
    let socket = config.socket.clone();
    let serving = Serving::of(config, app, writing).await;
    let service = serving.service();
    let (stop, stopping) = watch::channel(false);
    #[cfg(unix)]
    let door = match socket {
        Some(path) => {
            control::open(&path).await.map(|door| tokio::spawn(door.keep(serving.clone(), stopping)))
        }
        None => None,
    };
    #[cfg(not(unix))]
    drop((socket, stopping));
    let closing = serving.clone();
    let shutdown = async move {
        shutdown.await;
        stop.send_replace(true);
        // Whoever waits for news would hold the end up.
        closing.send_home().await;
    };
    let watching = metrics.map(|listener| {
        let page = serving.page();
        tokio::spawn(async move { axum::serve(listener, page).await })
    });
    match tls {
        None => {
            // An answer's head and body are two writes; without this the second waits 40 ms for the phone's
            // acknowledgement.
            let listener = listener.tap_io(|connection| {
                if let Err(error) = connection.set_nodelay(true) {
                    tracing::debug!(%error, "no delay");
                }
            });
            axum::serve(listener, service).with_graceful_shutdown(shutdown).await?;
        }
        Some(tls) => {
            // Tapped, because a tapped listener is one that tells requests where they come from.
            let listener = TlsListener::new(listener, tls)?.tap_io(|_| {});
            axum::serve(listener, service).with_graceful_shutdown(shutdown).await?;
        }
    }
    #[cfg(unix)]
    if let Some(door) = door {
        let _ = door.await;
    }
    if let Some(watching) = watching {
        watching.abort();
        let _ = watching.await;
    }
    serving.close().await;
    tracing::info!("stopped");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::disks;

    #[test]
    fn room_is_told_of_where_data_are_kept_on_this_machine() {
        let folder = std::env::temp_dir();
        let sqlite = format!("sqlite://{}", folder.join("gridbook.db").display());
        let postgres = "postgres://gridbook@10.0.0.8/gridbook";
        let (files, bucket) = (PathBuf::from("/srv/photos"), PathBuf::from("s3://gridbook/qinghe"));
        assert_eq!(disks(&sqlite, files.clone()), [folder.clone(), files.clone()]);
        assert_eq!(disks(&sqlite, bucket.clone()), [folder]);
        assert_eq!(disks(postgres, files.clone()), [files]);
        assert_eq!(disks(postgres, bucket), Vec::<PathBuf>::new());
    }
}
