//! The connection to one of the two backends: a server's HTTP, or a share that is its own client.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use gridbook_conform::wire::{NativeWire, heard};
use gridbook_domain::role::Actor;
use gridbook_log::DeviceId;
use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::env::Env;
use gridbook_sync::relay::Broken;
use gridbook_sync::relay::between::Gives;
use gridbook_sync::share::{RawResponse, Setup, Share, ShareKind};
use gridbook_sync::wire::{Problem, PushReply, VERSION, VERSION_HEADER, Verdict};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::json;

use super::{Kind, Place};
use crate::clock::{Clock as _, SystemClock, china_day};

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);
/// Longest exchange.
const WHOLE: Duration = Duration::from_secs(180);

/// Why there is no line to a backend.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// No TLS, no client.
    #[error("“{0}”连不了：{1}；多半是这台机器没有根证书，请装上 ca-certificates 再运行")]
    Client(String, String),
    /// No answer.
    #[error("“{0}”连不上，什么也没有转送；请核对网址和网络")]
    Unreachable(String),
    /// Account or password, or an answer that is none of a server of ours.
    #[error("“{0}”不让登录（{1}），什么也没有转送；请核对账号和密码文件")]
    SignIn(String, String),
    /// The account does not see everything: what it does not see would never come over.
    #[error(
        "账号 {1} 看不到“{0}”的全镇记录，转送会缺一块，什么也没有转送；请换一个管全镇的账号，例如中心主任的"
    )]
    SeesPart(String, String),
}

/// Time and randomness of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Machine;

impl Env for Machine {
    fn now_ms(&self) -> u64 {
        SystemClock.now_ms()
    }

    fn random(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the operating system has random numbers");
    }
}

/// See the module's text.
pub enum Line {
    /// A server that judges.
    Server(Server),
    /// A share.
    Share(String, Box<Share<NativeWire, Machine>>),
}

/// Whose records a backend holds: the township's code and who answers there.
pub type Whose = (String, Option<DeviceId>);

impl Line {
    /// Speaks to a place; a server is signed in to. `whose`: whose records a share must hold.
    ///
    /// # Errors
    /// [`LineError`].
    pub async fn open(place: &Place, whose: Option<Whose>) -> Result<Self, LineError> {
        let client = client(place)?;
        let share = match place.kind {
            Kind::Server => return Ok(Self::Server(Server::open(place, client).await?)),
            Kind::WebDav => ShareKind::WebDav,
            Kind::CouchDb => ShareKind::CouchDb,
        };
        let (tenant, authority) = whose.unwrap_or_default();
        let wire = NativeWire::new(client, &place.address, place.login.clone());
        let setup = Setup { kind: share, slot: 0, tenant, authority };
        Ok(Self::Share(place.address.clone(), Box::new(Share::new(wire, Machine, setup))))
    }

    /// Whose records a server holds.
    pub fn whose(&self) -> Option<Whose> {
        match self {
            Self::Server(server) => Some(server.whose.clone()),
            Self::Share(..) => None,
        }
    }

    /// A round begins: a server may be signed in to once more.
    pub(super) fn begin(&self) {
        if let Self::Server(server) = self {
            server.refused.set(false);
        }
    }

    /// Its address.
    pub fn name(&self) -> &str {
        match self {
            Self::Server(server) => &server.root,
            Self::Share(name, _) => name,
        }
    }
}

impl Http for Line {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        match self {
            Self::Server(server) => server.send(request, blob).await,
            Self::Share(_, share) => share.send(request, blob).await,
        }
    }
}

impl Gives for Line {
    async fn blob(&self, sha256: &str) -> Result<Option<Vec<u8>>, Broken> {
        match self {
            Self::Server(server) => server.blob(sha256).await,
            Self::Share(_, share) => Gives::blob(&**share, sha256).await,
        }
    }
}

fn client(place: &Place) -> Result<Client, LineError> {
    Client::builder()
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
        // Where nothing speaks TLS, the machine's root certificates are not asked for: a bare container has none.
        .tls_danger_accept_invalid_certs(place.address.starts_with("http:"))
        .build()
        .map_err(|error| LineError::Client(place.address.clone(), error.to_string()))
}

/// A server of the contract, signed in to.
pub struct Server {
    client: Client,
    root: String,
    login: (String, String),
    token: RefCell<String>,
    /// A sign-in was refused: a second one in the same round would only count against the account.
    refused: Cell<bool>,
    whose: Whose,
}

#[derive(Deserialize)]
struct SignedIn {
    token: String,
    profile: Profile,
}

#[derive(Deserialize)]
struct Profile {
    actor: Actor,
    township: Township,
    authority: Option<DeviceId>,
}

#[derive(Deserialize)]
struct Township {
    code: String,
}

impl Server {
    async fn open(place: &Place, client: Client) -> Result<Self, LineError> {
        let login = place.login.clone().unwrap_or_default();
        let mut server = Self {
            client,
            root: place.address.clone(),
            login,
            token: RefCell::default(),
            refused: Cell::new(false),
            whose: Whose::default(),
        };
        let Profile { actor, township, authority } = server.sign_in().await?;
        let today = china_day(SystemClock.now_ms());
        if !actor.areas(today).iter().any(|area| township.code.starts_with(area)) {
            return Err(LineError::SeesPart(server.root, actor.user));
        }
        server.whose = (township.code, authority);
        Ok(server)
    }

    async fn sign_in(&self) -> Result<Profile, LineError> {
        let body = json!({ "user": self.login.0, "password": self.login.1 });
        let asked = self.client.post(format!("{}api/sign-in", self.root));
        let unreachable = |_| LineError::Unreachable(self.root.clone());
        let asked = asked.header("content-type", "application/json").body(body.to_string());
        let answer = asked.send().await.map_err(unreachable)?;
        let status = answer.status();
        let bytes = answer.bytes().await.map_err(unreachable)?;
        // A server that is being restarted, or whoever stands before it: the password was not looked at.
        if status.is_server_error() {
            return Err(LineError::Unreachable(self.root.clone()));
        }
        let read = if status.is_success() { serde_json::from_slice::<SignedIn>(&bytes).ok() } else { None };
        let Some(SignedIn { token, profile }) = read else {
            let words = serde_json::from_slice::<Problem>(&bytes).map(|problem| problem.message);
            return Err(LineError::SignIn(self.root.clone(), words.unwrap_or_else(|_| status.to_string())));
        };
        *self.token.borrow_mut() = token;
        Ok(profile)
    }

    /// Asks, and once more after a new sign-in when the session has ended.
    async fn ask(&self, method: Method, path: &str, body: Option<(&str, Vec<u8>)>) -> Option<RawResponse> {
        let answer = self.ask_once(method.clone(), path, body.clone()).await?;
        if answer.status == 401 && self.signed_in_again().await? {
            return self.ask_once(method, path, body).await;
        }
        Some(answer)
    }

    /// Whether the account is signed in anew; `None` when nobody answered: that says nothing of its password.
    async fn signed_in_again(&self) -> Option<bool> {
        if self.refused.get() {
            return Some(false);
        }
        let done = match self.sign_in().await {
            Err(LineError::Unreachable(_)) => return None,
            done => done.is_ok(),
        };
        self.refused.set(!done);
        Some(done)
    }

    /// Pushes. Whoever is no longer signed in hears 200, too, for the sake of what he wrote himself, and that everything of
    /// others is refused: a refusal is believed only of a session that has not ended since.
    async fn push(&self, text: Vec<u8>) -> Option<RawResponse> {
        let path = "sync/v1/push";
        let body = Some(("application/json", text));
        let answer = self.ask(Method::POST, path, body.clone()).await?;
        let refused = serde_json::from_slice::<PushReply>(&answer.body)
            .is_ok_and(|reply| reply.results.iter().any(|result| result.r == Verdict::Refuse));
        if !refused {
            return Some(answer);
        }
        let session = self.ask_once(Method::GET, "sync/v1/pull?limit=1&cursor=", None).await?;
        match session.status {
            200..300 => Some(answer),
            401 if self.signed_in_again().await? => self.ask_once(Method::POST, path, body).await,
            _ => Some(session),
        }
    }

    async fn ask_once(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Option<RawResponse> {
        let token = self.token.borrow().clone();
        let mut asked = self.client.request(method, format!("{}{path}", self.root));
        asked = asked.bearer_auth(token).header(VERSION_HEADER, VERSION);
        if let Some((kind, bytes)) = body {
            asked = asked.header("content-type", kind).body(bytes);
        }
        heard(asked.send().await.ok()?).await
    }

    async fn blob(&self, sha256: &str) -> Result<Option<Vec<u8>>, Broken> {
        match self.ask(Method::GET, &format!("sync/v1/blobs/{sha256}"), None).await {
            None => Err(Broken::Offline),
            Some(RawResponse { status: 200, body, .. }) => Ok(Some(body)),
            Some(RawResponse { status: 404, .. }) => Ok(None),
            Some(RawResponse { status: 401, .. }) => Err(Broken::SignedOut),
            Some(RawResponse { status, .. }) => Err(Broken::Backend(status)),
        }
    }
}

/// Whether a file is there, by the answer to a question for it.
fn whole(headers: &[(String, String)]) -> bool {
    headers.iter().any(|(name, value)| name == "upload-complete" && value == "?1")
}

impl Http for Server {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let answer = match request {
            Request::Caps => self.ask(Method::GET, "sync/v1/caps", None).await,
            Request::Push(push) => {
                let Ok(text) = serde_json::to_vec(push) else { return Response::Lost };
                self.push(text).await
            }
            Request::Pull { cursor, limit, .. } => {
                let cursor =
                    percent_encoding::utf8_percent_encode(cursor, percent_encoding::NON_ALPHANUMERIC);
                self.ask(Method::GET, &format!("sync/v1/pull?limit={limit}&cursor={cursor}"), None).await
            }
            Request::PutBlob { sha256 } => {
                let body = ("application/octet-stream", blob.unwrap_or_default());
                self.ask(Method::PUT, &format!("sync/v1/blobs/{sha256}"), Some(body)).await
            }
            Request::AskBlob { sha256 } => {
                self.ask(Method::HEAD, &format!("sync/v1/blobs/{sha256}"), None).await
            }
            // The client between two backends asks for nothing else.
            _ => {
                return Response::Failed { status: 405, code: "method".to_owned(), retry_after_ms: None };
            }
        };
        let Some(RawResponse { status, body, headers }) = answer else { return Response::Lost };
        if !(200..300).contains(&status) {
            let code = serde_json::from_slice::<Problem>(&body).map(|problem| problem.code);
            return Response::Failed { status, code: code.unwrap_or_default(), retry_after_ms: None };
        }
        let read = match request {
            Request::Caps => serde_json::from_slice(&body).map(Response::Caps),
            Request::Push(_) => serde_json::from_slice(&body).map(Response::Push),
            Request::Pull { .. } => serde_json::from_slice(&body).map(Response::Pull),
            Request::AskBlob { .. } if !whole(&headers) => Ok(Response::BlobAt(None)),
            _ => Ok(Response::Blob),
        };
        read.unwrap_or(Response::Lost)
    }
}
