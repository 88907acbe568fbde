//! Workers with heavy parts, loaded when they are needed: one job each, then they are let go.

use js_sys::{Array, Function, Promise, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{DedicatedWorkerGlobalScope, ErrorEvent, MessageEvent, Worker};

/// First message of a worker that is ready for its job.
pub(crate) const READY: &str = "ready";

/// Packs text and bytes into one message.
pub(crate) fn message<T: Serialize>(content: &T, bytes: Option<&[u8]>) -> Array {
    let text = serde_json::to_string(content).unwrap_or_default();
    let bytes = bytes.map_or(JsValue::NULL, |bytes| Uint8Array::from(bytes).into());
    Array::of2(&text.into(), &bytes)
}

/// Unpacks a message; `None` when it is none of ours.
pub(crate) fn unpack<T: DeserializeOwned>(data: &JsValue) -> Option<(T, Option<Vec<u8>>)> {
    let parts: &Array = data.dyn_ref()?;
    let content = serde_json::from_str(&parts.get(0).as_string()?).ok()?;
    let bytes = parts.get(1).dyn_into::<Uint8Array>().ok().map(|bytes| bytes.to_vec());
    Some((content, bytes))
}

/// Gives a worker of its own one job. `None` when it could not be loaded or broke down.
pub async fn run<J: Serialize, A: DeserializeOwned>(
    loader: &str,
    job: &J,
    bytes: Option<&[u8]>,
) -> Option<(A, Option<Vec<u8>>)> {
    let worker = Worker::new(loader).ok()?;
    let mut settle: Option<(Function, Function)> = None;
    let promise = Promise::new(&mut |resolve, reject| settle = Some((resolve, reject)));
    let (resolve, reject) = settle?;
    let asked = message(job, bytes);
    let to = worker.clone();
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let data = event.data();
        let _ = if data.as_string().as_deref() == Some(READY) {
            to.post_message(&asked)
        } else {
            resolve.call1(&JsValue::NULL, &data).map(|_| ())
        };
    });
    let broken = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
        let _ = reject.call1(&JsValue::NULL, &event.message().into());
    });
    worker.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    worker.set_onerror(Some(broken.as_ref().unchecked_ref()));
    let answer = JsFuture::from(promise).await;
    worker.terminate();
    unpack(&answer.ok()?)
}

/// The other end of a worker that stays: hears every message, and says what it has to say when it knows.
pub fn listen<J, A, F>(hear: impl Fn(J, Vec<u8>) -> F + 'static)
where
    J: DeserializeOwned + 'static,
    A: Serialize + 'static,
    F: Future<Output = Option<(A, Option<Vec<u8>>)>> + 'static,
{
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let out = scope.clone();
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let Some((job, bytes)) = unpack::<J>(&event.data()) else { return };
        let (out, answer) = (out.clone(), hear(job, bytes.unwrap_or_default()));
        wasm_bindgen_futures::spawn_local(async move {
            if let Some((answer, bytes)) = answer.await {
                // When the page is gone there is nobody to answer.
                let _ = out.post_message(&message(&answer, bytes.as_deref()));
            }
        });
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    let _ = scope.post_message(&READY.into());
}

/// The other end: answers each job. `work` is given `None` for a message that is none of ours, of another version.
pub fn serve<J, A>(work: impl Fn(Option<J>, &[u8]) -> (A, Option<Vec<u8>>) + 'static)
where
    J: DeserializeOwned + 'static,
    A: Serialize + 'static,
{
    let scope: DedicatedWorkerGlobalScope = js_sys::global().unchecked_into();
    let out = scope.clone();
    let heard = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let (answer, bytes) = match unpack::<J>(&event.data()) {
            Some((job, bytes)) => work(Some(job), bytes.as_deref().unwrap_or_default()),
            None => work(None, &[]),
        };
        // When the page is gone there is nobody to answer.
        let _ = out.post_message(&message(&answer, bytes.as_deref()));
    });
    scope.set_onmessage(Some(heard.as_ref().unchecked_ref()));
    heard.forget();
    let _ = scope.post_message(&READY.into());
}
