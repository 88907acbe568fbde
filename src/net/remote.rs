//! A share, spoken to by a worker: its drivers are needed by few people, and its segments are packed and hashed
//! beside the page.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use gridbook_log::DeviceId;
use gridbook_sync::driver::Http;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::share::Verdict;
use js_sys::{Array, Function, Promise};
use serde::{Deserialize, Serialize};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{MessageEvent, Worker};

use crate::worker::{READY, message, unpack};

/// The worker's loader, beside the page.
const LOADER: &str = "share_worker_loader.js";

/// Which share, and how to get there.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ShareSetup {
    /// A CouchDB database rather than a WebDAV folder.
    pub couch: bool,
    /// Its address, or its name at the relay.
    pub address: String,
    /// Token of our own server, when the way leads through its relay.
    pub relay: Option<String>,
    /// Account there.
    pub user: String,
    /// Password there.
    pub password: String,
    /// Number of this tab's log.
    pub slot: u16,
    /// Whose share it must be.
    pub tenant: String,
    /// Whose answers go on to count.
    pub authority: Option<DeviceId>,
}

/// What the worker is asked for; bytes come along with a photo.
#[derive(Debug, Serialize, Deserialize)]
pub enum Call {
    /// Comes first.
    Setup(ShareSetup),
    /// A request of the engine.
    Send(u64, Request),
    /// Whether the share can be used.
    Probe(u64),
    /// Bytes of a photo.
    Blob(u64, String),
}

/// Its answers, with the number of the call.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// To a request.
    Response(u64, Response),
    /// To a probe.
    Verdict(u64, Verdict),
    /// To a photo, whose bytes come along when it is there.
    Blob(u64),
}

impl Answer {
    fn number(&self) -> u64 {
        match self {
            Self::Response(n, _) | Self::Verdict(n, _) | Self::Blob(n) => *n,
        }
    }
}

type Waiting = Rc<RefCell<BTreeMap<u64, Function>>>;

/// See the module's text. Ends with its last handle.
pub struct RemoteShare {
    worker: Worker,
    /// Said as soon as the worker is ready; `None` from then on.
    early: Rc<RefCell<Option<Vec<Array>>>>,
    waiting: Waiting,
    last: Cell<u64>,
    _heard: Closure<dyn Fn(MessageEvent)>,
    _broken: Closure<dyn Fn(JsValue)>,
}

impl RemoteShare {
    /// Starts the worker; `None` when the browser refuses.
    pub fn start(setup: &ShareSetup) -> Option<Self> {
        let worker = Worker::new(LOADER).ok()?;
        let waiting = Waiting::default();
        let early = Rc::new(RefCell::new(Some(vec![message(&Call::Setup(setup.clone()), None)])));
        let (to, held, answers) = (worker.clone(), early.clone(), waiting.clone());
        let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let data = event.data();
            if data.as_string().as_deref() == Some(READY) {
                for early in held.borrow_mut().take().unwrap_or_default() {
                    let _ = to.post_message(&early);
                }
            } else if let Some((answer, _)) = unpack::<Answer>(&data)
                && let Some(resolve) = answers.borrow_mut().remove(&answer.number())
            {
                let _ = resolve.call1(&JsValue::NULL, &data);
            }
        });
        worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
        // Nobody will answer any more: what waits hears that.
        let answers = waiting.clone();
        let broken = Closure::<dyn Fn(JsValue)>::new(move |_| {
            for resolve in std::mem::take(&mut *answers.borrow_mut()).into_values() {
                let _ = resolve.call1(&JsValue::NULL, &JsValue::NULL);
            }
        });
        worker.set_onerror(Some(broken.as_ref().unchecked_ref()));
        Some(Self { worker, early, waiting, last: Cell::new(0), _heard: heard, _broken: broken })
    }

    async fn call(
        &self,
        call: impl FnOnce(u64) -> Call,
        bytes: Option<&[u8]>,
    ) -> Option<(Answer, Option<Vec<u8>>)> {
        let number = self.last.get() + 1;
        self.last.set(number);
        let promise = Promise::new(&mut |resolve, _| {
            self.waiting.borrow_mut().insert(number, resolve);
        });
        let asked = message(&call(number), bytes);
        match self.early.borrow_mut().as_mut() {
            Some(early) => early.push(asked),
            None => self.worker.post_message(&asked).ok()?,
        }
        unpack(&JsFuture::from(promise).await.ok()?)
    }

    /// Whether the share can be used.
    pub async fn probe(&self) -> Verdict {
        match self.call(Call::Probe, None).await {
            Some((Answer::Verdict(_, verdict), _)) => verdict,
            _ => Verdict::Unreachable,
        }
    }

    /// Bytes of a photo, if the share has it.
    pub async fn blob(&self, sha256: &str) -> Option<Vec<u8>> {
        self.call(|n| Call::Blob(n, sha256.to_owned()), None).await?.1
    }
}

impl Drop for RemoteShare {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

impl Http for RemoteShare {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        match self.call(|n| Call::Send(n, request.clone()), blob.as_deref()).await {
            Some((Answer::Response(_, response), _)) => response,
            _ => Response::Lost,
        }
    }
}
