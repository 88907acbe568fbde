//! What answers requests: the township while its database is open, and for the moment in which a restore changes the
//! data, nobody but a sentence. The listeners stay, the process stays; everything that is kept in memory about the data
//! goes with the database and is made anew.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::IntoMakeServiceWithConnectInfo;
use axum::response::Response;
use tokio::sync::{Mutex, mpsc, watch};
use tokio::task::JoinHandle;
use tower::ServiceExt as _;

use crate::app::{self, App, Config, StartError};
use crate::http::{
    self,
    shut::{cut_off, restoring},
};
use crate::metrics::{self, Metrics};
use crate::pokes;

/// How long requests that are under way may take to their end. After that they hear that it is to be tried again, whether or
/// not what they were to write is written.
const GRACE: Duration = Duration::from_secs(10);
/// How long the writer may take to its end.
const WRITING: Duration = Duration::from_secs(60);

/// What a request needs.
#[derive(Clone)]
struct Shown {
    routes: Router,
    page: Router,
    /// Held by every request that is under way.
    here: mpsc::Sender<()>,
    /// True when requests are cut off.
    cut: watch::Receiver<bool>,
}

/// An open township.
struct Opened {
    app: Arc<App>,
    writing: JoinHandle<()>,
    tasks: [JoinHandle<()>; 2],
    gone: mpsc::Receiver<()>,
    cut: watch::Sender<bool>,
}

/// See the module's text.
pub(crate) struct Serving {
    config: Config,
    metrics: Arc<Metrics>,
    shown: RwLock<Option<Shown>>,
    opened: Mutex<Option<Opened>>,
}

impl Serving {
    /// Serves what was started.
    pub(crate) async fn of(config: Config, app: Arc<App>, writing: JoinHandle<()>) -> Arc<Self> {
        let metrics = app.metrics.clone();
        // What is opened again was founded before.
        let config = Config { founds: false, ..config };
        let serving = Self { config, metrics, shown: RwLock::default(), opened: Mutex::default() };
        serving.show(app, writing).await;
        Arc::new(serving)
    }

    async fn show(&self, app: Arc<App>, writing: JoinHandle<()>) {
        app::give_confirmed(&app).await;
        let (here, gone) = mpsc::channel(1);
        let (cut, is_cut) = watch::channel(false);
        let looking = app.clone();
        let tasks = [
            tokio::spawn(app::chores(app.clone())),
            tokio::spawn(async move { pokes::look(&looking).await }),
        ];
        let (routes, page) = (http::router(app.clone()), metrics::router(app.clone()));
        *self.opened.lock().await = Some(Opened { app, writing, tasks, gone, cut });
        self.set(Some(Shown { routes, page, here, cut: is_cut }));
    }

    fn set(&self, shown: Option<Shown>) {
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
    }

    /// Which history the open township has.
    pub(crate) async fn history(&self) -> Option<String> {
        self.opened.lock().await.as_ref().map(|opened| opened.app.tenant.history.clone())
    }

    /// Sends home whoever waits for news.
    pub(crate) async fn send_home(&self) {
        if let Some(opened) = self.opened.lock().await.as_ref() {
            opened.app.pokes.close();
        }
    }

    /// Finishes what is under way and closes the database.
    pub(crate) async fn close(&self) {
        let Some(opened) = self.opened.lock().await.take() else { return };
        let Opened { app, writing, tasks, mut gone, cut } = opened;
        self.set(None);
        app.pokes.close();
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        if tokio::time::timeout(GRACE, gone.recv()).await.is_err() {
            cut.send_replace(true);
            gone.recv().await;
        }
        app.readers.close().await;
        drop(app);
        // The last handle is gone: what waits is written, then the writer ends.
        if tokio::time::timeout(WRITING, writing).await.is_err() {
            // It has the database in hand still, so nobody changes it.
            tracing::error!("the writer has not ended");
        }
    }

    /// Opens the database again.
    ///
    /// # Errors
    /// [`StartError`].
    pub(crate) async fn open(&self) -> Result<(), StartError> {
        let (mut app, writing) = app::open(&self.config).await?;
        app.metrics = self.metrics.clone();
        self.show(Arc::new(app), writing).await;
        Ok(())
    }

    fn now(&self) -> Option<Shown> {
        self.shown.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn answer(&self, request: Request, which: fn(Shown) -> (Router, Held)) -> Response {
        let Some(shown) = self.now() else { return restoring() };
        let (routes, mut held) = which(shown);
        tokio::select! {
            answer = routes.oneshot(request) => match answer {
                Ok(answer) => answer,
                Err(never) => match never {},
            },
            _ = held.cut.wait_for(|cut| *cut) => cut_off(),
        }
    }

    /// All routes.
    pub(crate) fn service(self: &Arc<Self>) -> IntoMakeServiceWithConnectInfo<Router, SocketAddr> {
        let serving = self.clone();
        let answer = move |request: Request| {
            let serving = serving.clone();
            async move {
                serving
                    .answer(request, |shown| (shown.routes, Held { _here: shown.here, cut: shown.cut }))
                    .await
            }
        };
        Router::new().fallback(answer).into_make_service_with_connect_info()
    }

    /// The page of figures.
    pub(crate) fn page(self: &Arc<Self>) -> Router {
        let serving = self.clone();
        Router::new().fallback(move |request: Request| {
            let serving = serving.clone();
            async move {
                serving
                    .answer(request, |shown| (shown.page, Held { _here: shown.here, cut: shown.cut }))
                    .await
            }
        })
    }
}

/// What a request under way has of its township.
struct Held {
    _here: mpsc::Sender<()>,
    cut: watch::Receiver<bool>,
}
