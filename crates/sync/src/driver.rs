//! Runs the engine's commands against a replica and a connection. The browser and native clients use this; the
//! simulator carries out the same commands one by one, with faults in between.

mod flights;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use flights::Flights;
use gridbook_log::DeviceId;

use crate::engine::{Engine, Identity, Input, Output, Request, Response, Waiting};
use crate::env::Env;
use crate::replica::{Project, Replica, ReplicaError, SendAgain};
use crate::store::{Store, Table};

/// A connection to a backend.
#[allow(async_fn_in_trait)]
pub trait Http {
    /// Sends one request. `blob` holds the bytes of a [`Request::PutBlob`] or a
    /// [`Request::PutPart`]. Never fails: what goes wrong is
    /// [`Response::Failed`] or [`Response::Lost`].
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response;
}

/// What the driver did in a round.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    /// When to come back, in milliseconds from now; `None` when only a person can help (sign in, update).
    pub timer_ms: Option<u64>,
    /// Whether anything on the device changed.
    pub changed: bool,
}

/// Engine and bookkeeping of one tab.
pub struct Driver {
    engine: RefCell<Engine>,
    running: Cell<bool>,
    /// Commands not yet carried out. An event that arrives while another task is at work may give some, too.
    queue: RefCell<VecDeque<Output>>,
    blobs_failed: RefCell<BTreeSet<String>>,
    photos_held: Cell<bool>,
    /// Rows of the queue with which photos were begun.
    photos_begun: RefCell<BTreeMap<String, Vec<u8>>>,
}

/// Position and identity of a replica, for its engine.
pub fn identity<S: Store, P: Project>(replica: &Replica<S, P>) -> Identity {
    let meta = replica.meta();
    Identity {
        writer: meta.writer,
        nonce: meta.nonce.clone(),
        cursor: meta.cursor.clone(),
        history: meta.history.clone(),
        echo: meta.echo,
        named_twice: replica.named_twice(),
        fresh: meta.pulled_at == 0,
    }
}

impl Driver {
    /// A driver for `replica`.
    pub fn new<S: Store, P: Project>(replica: &Replica<S, P>) -> Self {
        Self {
            engine: RefCell::new(Engine::new(identity(replica))),
            running: Cell::new(false),
            queue: RefCell::new(VecDeque::new()),
            blobs_failed: RefCell::new(BTreeSet::new()),
            photos_held: Cell::new(false),
            photos_begun: RefCell::new(BTreeMap::new()),
        }
    }

    /// Whether photos stay on the device for now; text goes all the same. A part under way is finished.
    pub fn hold_photos(&self, held: bool) {
        self.photos_held.set(held);
    }

    /// Measures the clocks anew with the next round.
    pub fn ask_time(&self) {
        self.engine.borrow_mut().ask_time();
    }

    /// Looks at the engine: phase, trouble, capabilities.
    pub fn with_engine<T>(&self, look: impl FnOnce(&Engine) -> T) -> T {
        look(&self.engine.borrow())
    }

    /// Gives the engine an event and carries out all that follows. A second call while the first is running only
    /// passes the event on. `on_status` runs whenever what people see may have changed.
    ///
    /// The store is told one thing at a time; requests are under way meanwhile, and an answer is heard when the
    /// store has nothing left to do.
    pub async fn run<S: Store, P: Project>(
        &self,
        replica: &Replica<S, P>,
        http: &impl Http,
        env: &impl Env,
        input: Input,
        on_status: impl Fn(bool),
    ) -> Option<Round> {
        let outputs = self.handle(env, input);
        self.queue.borrow_mut().extend(outputs);
        if self.running.replace(true) {
            return None;
        }
        self.blobs_failed.borrow_mut().clear();
        let mut round = Round::default();
        let mut flights = Flights::default();
        loop {
            let output = self.queue.borrow_mut().pop_front();
            let input = match output {
                Some(Output::Timer(ms)) => {
                    round.timer_ms = Some(ms);
                    continue;
                }
                Some(Output::Status) => {
                    on_status(false);
                    continue;
                }
                Some(Output::Send(number, request)) => {
                    flights.start(number, send(replica, http, request));
                    continue;
                }
                Some(output) => {
                    let (input, changed) = flights.beside(self.carry_out(replica, env, output)).await;
                    if changed {
                        round.changed = true;
                        on_status(true);
                    }
                    input
                }
                None => match flights.next().await {
                    Some((number, response)) => Some(Input::Response(number, response)),
                    None => break,
                },
            };
            self.engine.borrow_mut().set_identity(identity(replica));
            if let Some(input) = input {
                let outputs = self.handle(env, input);
                self.queue.borrow_mut().extend(outputs);
                flights.retain(|number| self.engine.borrow().awaits(number));
            }
        }
        self.running.set(false);
        Some(round)
    }

    fn handle(&self, env: &impl Env, input: Input) -> Vec<Output> {
        let mut random = [0u8; 8];
        env.random(&mut random);
        self.engine.borrow_mut().handle(env.now_ms(), u64::from_le_bytes(random), input)
    }

    async fn carry_out<S: Store, P: Project>(
        &self,
        replica: &Replica<S, P>,
        env: &impl Env,
        output: Output,
    ) -> (Option<Input>, bool) {
        let outcome = match output {
            Output::LoadOutbox { pass, max_ops, max_bytes } => {
                let outbox = replica.outbox(&pass, max_ops, max_bytes).await;
                outbox.map(|o| (Some(Input::Outbox(o)), false))
            }
            Output::ApplyResults(reply) => {
                let changed = replica.apply_results(&reply.results, env.now_ms()).await;
                changed.map(|c| (Some(Input::Stored), !c.is_empty()))
            }
            Output::ApplyPage(from, reply) => {
                let (history, authority) = self.backend();
                let pulled = replica.apply_page(env, &from, reply, &history, authority).await;
                pulled.map(|p| (Some(p.stored()), !p.changed.is_empty()))
            }
            Output::ApplySnapshot(from, page) => {
                let (history, authority) = self.backend();
                match replica.apply_snapshot(env, &from, &page, &history, authority).await {
                    Err(ReplicaError::Page) => Ok((Some(Input::BadPage), false)),
                    pulled => pulled.map(|p| (Some(p.stored()), !p.changed.is_empty())),
                }
            }
            Output::Compare(reply) => {
                let compared = replica.compare(&reply).await;
                compared.map(|c| {
                    let changed = c.mended > 0;
                    (Some(Input::Compared(c)), changed)
                })
            }
            Output::Mend(page) => match replica.mend(env, &page).await {
                Err(ReplicaError::Page) => Ok((Some(Input::BadPage), false)),
                mended => mended.map(|m| (Some(Input::Mended(m.held)), !m.changed.is_empty())),
            },
            Output::PushAgain { entities, held } => {
                let count = replica.push_again(&entities, &held).await;
                count.map(|count| (Some(Input::Again(count)), count > 0))
            }
            Output::Unlisted { entities, held } => {
                let asked = replica.unlisted(&entities, &held).await;
                asked.map(|ops| (Some(Input::Unlisted(ops)), false))
            }
            Output::TakeLeave(ids) => {
                let changed = replica.take_leave(env, &ids).await;
                changed.map(|changed| (Some(Input::TookLeave), !changed.is_empty()))
            }
            Output::StartOver { send_again } => {
                let again = if send_again { SendAgain::Own } else { SendAgain::Nothing };
                replica.start_over(again).await.map(|()| (None, false))
            }
            Output::Meet(history) => replica.meet(&history).await.map(|()| (None, false)),
            Output::LookBehind(ids) => {
                let gap = replica.follows_gap(&ids).await;
                gap.map(|gap| (Some(if gap { Input::NamedTwice } else { Input::Stored }), false))
            }
            Output::Renew => replica
                .renew_at(env, self.with_engine(Engine::keeps_only))
                .await
                .map(|()| (Some(Input::Stored), true)),
            Output::NextBlob => self.next_blob(replica).await.map(|photo| (Some(Input::Blob(photo)), false)),
            Output::BlobDone(name) => {
                let begun = self.photos_begun.borrow_mut().remove(&name).unwrap_or_default();
                replica.photo_sent(&name, &begun).await.map(|()| (Some(Input::Stored), true))
            }
            Output::BlobFailed(name) => {
                self.blobs_failed.borrow_mut().insert(name);
                Ok((None, false))
            }
            // Seen to by the loop.
            Output::Send(..) | Output::Timer(_) | Output::Status => Ok((None, false)),
        };
        outcome.unwrap_or_else(|error| (Some(Input::StoreFailed(error.to_string())), false))
    }

    /// History and authority, as the backend said.
    fn backend(&self) -> (String, Option<DeviceId>) {
        let engine = self.engine.borrow();
        engine.caps().map(|c| (c.history.clone(), c.authority)).unwrap_or_default()
    }

    async fn next_blob<S: Store, P: Project>(
        &self,
        replica: &Replica<S, P>,
    ) -> Result<Option<Waiting>, ReplicaError> {
        let mut after = String::new();
        while !self.photos_held.get() {
            let page = replica.store().scan(Table::BlobQueue, &after, 16).await?;
            let Some((last, _)) = page.last() else { return Ok(None) };
            after.clone_from(last);
            let next = {
                let failed = self.blobs_failed.borrow();
                page.into_iter().find(|(name, _)| !failed.contains(name))
            };
            if let Some((sha256, row)) = next {
                self.photos_begun.borrow_mut().insert(sha256.clone(), row);
                let size = replica.store().get(Table::Blob, &sha256).await?.map_or(0, |bytes| bytes.len());
                return Ok(Some(Waiting { sha256, size }));
            }
        }
        Ok(None)
    }
}

/// Sends one request, a photo with its bytes.
async fn send<S: Store, P: Project>(replica: &Replica<S, P>, http: &impl Http, request: Request) -> Response {
    let blob = match request.photo() {
        Some(sha256) => replica.store().get(Table::Blob, sha256).await.ok().flatten(),
        None => None,
    };
    let blob = blob.map(|bytes| request.cut(bytes));
    http.send(&request, blob).await
}
