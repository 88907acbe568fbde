//! The engine: what to do next, given what happened. Events in, commands out.
//!
//! It has no clock, no randomness, no fetch and no store; the same code runs in the browser, in native tests and
//! in the simulator. One round is: capabilities → push until nothing waits → pull until nothing is behind →
//! photos one by one, giving way to text. While the device works on one batch or page the next is under way.
//! Everything that can fail ends in a timer; every wake re-arms it. A failure drops all that is under way: what
//! was not acknowledged is sent again, what was not taken in is asked for again.

mod check;
mod command;
mod outgoing;
mod photos;
mod retry;

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{OpId, Writer, pack};

use crate::replica::Outbox;
use crate::share::PASSWORD;
use crate::wire::{Caps, DISABLED, MAX_PAGE, PullReply, PushRequest, SnapshotPage, VERSION};

pub use check::Checked;
pub use command::{Identity, Input, Output, Phase, Request, Response, Trouble};
pub use photos::{PART, Waiting};
pub use retry::Backoff;

use check::Check;
use outgoing::{Outgoing, Sent};
use photos::Upload;

/// Pause between two rounds when all is well, in milliseconds.
pub const POLL_MS: u64 = 60_000;

/// New names that one round takes. A backend that refuses them all has another trouble than a copied device.
const MAX_RENEWALS: u32 = 4;

/// Packed pages that may get lost before the plain way is taken: what stands between may not let them through.
const MAX_LOST: u32 = 3;

/// A request under way, with what its answer needs.
#[derive(Clone, Debug)]
enum Flight {
    Caps,
    Push(Sent),
    Pull {
        /// Where the page goes on.
        from: String,
        /// Whether our own operations were asked for, too.
        echo: bool,
        /// Whose operations were left out, if any were.
        writer: Writer,
    },
    Snapshot {
        /// Where the page goes on.
        from: String,
    },
    /// Of a check: everything, or a page of one place.
    Fp,
    Mend,
    Ask,
    Photo(Upload),
}

/// See the module's text.
#[derive(Clone, Debug)]
pub struct Engine {
    phase: Phase,
    trouble: Option<Trouble>,
    caps: Option<Caps>,
    /// When the event at hand came, by the wall clock.
    now_ms: u64,
    /// When the capabilities were asked for.
    asked_ms: u64,
    /// The wall clock minus the backend's, as last measured.
    drift_ms: i64,
    backoff: Backoff,
    /// Number of the last request.
    request: u64,
    flights: Vec<(u64, Flight)>,
    again: bool,
    outgoing: Outgoing,
    /// New names taken in this round.
    renewals: u32,
    /// Packed pages did not work here: everything comes the plain way.
    plain: bool,
    /// Packed pages that got lost.
    lost: u32,
    check: Check,
    /// The session has ended, and this round goes on with what may still be sent.
    ended: Option<Trouble>,
    /// Why the last batch of this round failed that was taken apart.
    broken: Option<Trouble>,
    /// How often each photo failed in a row.
    photos: BTreeMap<String, u32>,
    identity: Identity,
}

impl Engine {
    /// A new engine, idle.
    pub fn new(identity: Identity) -> Self {
        Self {
            phase: Phase::Idle,
            trouble: None,
            caps: None,
            now_ms: 0,
            asked_ms: 0,
            drift_ms: 0,
            backoff: Backoff::default(),
            request: 0,
            flights: Vec::new(),
            again: false,
            outgoing: Outgoing::new(),
            renewals: 0,
            plain: false,
            lost: 0,
            check: Check::default(),
            ended: None,
            broken: None,
            photos: BTreeMap::new(),
            identity,
        }
    }

    /// What it is doing.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Why the last round did not end well; `None` when it did.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.trouble.as_ref()
    }

    /// What the backend said it can do, in this session.
    pub fn caps(&self) -> Option<&Caps> {
        self.caps.as_ref()
    }

    /// How much the device's clock is ahead of the backend's, in milliseconds; below zero when it is behind. Half the way
    /// there and back is taken off. A share's server tells its time only where the browser lets it be read.
    pub fn drift_ms(&self) -> i64 {
        self.drift_ms
    }

    /// Measures the clocks anew with the round that begins now: the person may have set the clock.
    pub fn ask_time(&mut self) {
        if self.phase == Phase::Idle {
            self.caps = None;
        }
    }

    /// How the last check ended.
    pub fn checked(&self) -> Option<Checked> {
        self.check.outcome
    }

    /// Whether the backend is known to have accounts and rights.
    fn judges(&self) -> bool {
        self.caps.as_ref().is_some_and(|caps| caps.levels.contains(&1))
    }

    /// What the backend keeps apart since the session ended: safe there, and not in the log.
    pub fn kept(&self) -> &BTreeSet<OpId> {
        self.outgoing.kept()
    }

    /// Operations without which everything else goes, and with which no batch does: something on the way or the backend
    /// itself fails for them, and gives no reason. They wait, and are tried again after ever more rounds, every hour in the end.
    pub fn set_aside(&self) -> impl Iterator<Item = &OpId> {
        self.outgoing.set_aside()
    }

    /// Whether the backend keeps what it is given and judges nothing.
    pub fn keeps_only(&self) -> bool {
        self.caps.as_ref().is_some_and(|caps| !caps.levels.contains(&1))
    }

    /// Whether the answer to this request is still wanted; one that is not may be broken off.
    pub fn awaits(&self, request: u64) -> bool {
        self.flights.iter().any(|(number, _)| *number == request)
    }

    /// Position and identity as the replica has them now.
    pub fn set_identity(&mut self, identity: Identity) {
        self.identity = identity;
    }

    /// Takes an event, gives commands. `now_ms` is the wall clock, `random` any number.
    pub fn handle(&mut self, now_ms: u64, random: u64, input: Input) -> Vec<Output> {
        self.now_ms = now_ms;
        match input {
            Input::SignedIn => {
                if matches!(self.trouble, Some(Trouble::SignedOut | Trouble::Disabled)) {
                    self.trouble = None;
                }
                self.ended = None;
                self.outgoing.signed_in();
                self.wake()
            }
            Input::Wake | Input::Timer => self.wake(),
            Input::Outbox(outbox) if self.phase == Phase::Push && self.outgoing.loading => {
                self.outbox(now_ms, outbox)
            }
            Input::Response(request, response) => {
                match self.flights.iter().position(|(number, _)| *number == request) {
                    Some(at) => {
                        let (_, flight) = self.flights.remove(at);
                        self.response(random, flight, response)
                    }
                    None => Vec::new(),
                }
            }
            Input::Stored => self.stored(),
            Input::NamedTwice => self.named_twice(),
            Input::BadPage => self.bad_page(),
            Input::Check => {
                self.check.begin();
                self.wake()
            }
            Input::Compared(compared) if self.phase == Phase::Check => self.compared(compared),
            Input::Mended(held) if self.phase == Phase::Check => self.mended(held),
            Input::Again(count) if self.phase == Phase::Check => self.sent_again(count),
            Input::Unlisted(ops) if self.phase == Phase::Check => self.unlisted(ops),
            Input::TookLeave if self.phase == Phase::Check => self.took_leave(),
            Input::Blob(photo) if self.phase == Phase::Photos => self.photo(random, photo),
            Input::StoreFailed(_) if self.phase == Phase::Check => self.check_ended(Checked::Unable),
            Input::StoreFailed(text) => self.fail(random, Trouble::Store(text), None),
            // A late answer to something given up: the round that replaced it does the same work.
            Input::Outbox(_) | Input::Blob(_) | Input::Compared(_) | Input::Mended(_) => Vec::new(),
            Input::Again(_) | Input::Unlisted(_) | Input::TookLeave => Vec::new(),
        }
    }

    fn wake(&mut self) -> Vec<Output> {
        if self.phase != Phase::Idle {
            self.again = true;
            return Vec::new();
        }
        let stopped = match self.trouble {
            Some(Trouble::TooOld) => true,
            // A server keeps apart what comes now; a share only counts wrong passwords.
            Some(Trouble::SignedOut | Trouble::Disabled) => !self.judges(),
            _ => false,
        };
        if stopped {
            return Vec::new();
        }
        if self.caps.is_none() {
            self.phase = Phase::Caps;
            self.asked_ms = self.now_ms;
            return vec![Output::Status, self.send(Flight::Caps, Request::Caps)];
        }
        self.start_push()
    }

    fn start_push(&mut self) -> Vec<Output> {
        self.renewals = 0;
        self.ended = None;
        self.phase = Phase::Push;
        self.outgoing.restart();
        // Found out in a round that broke off before the new name was taken.
        let mut out = if self.identity.named_twice { self.renew() } else { self.push() };
        out.push(Output::Status);
        out
    }

    /// Reads the next batch if there is room for one under way; when all is answered, goes on to the pull.
    fn push(&mut self) -> Vec<Output> {
        let under_way =
            || self.flights.iter().filter_map(|(_, f)| if let Flight::Push(s) = f { Some(s) } else { None });
        let count = under_way().count();
        if self.outgoing.wants(count) {
            let pass = self.outgoing.pass(under_way());
            let (max_ops, max_bytes) = self.outgoing.room(self.caps.as_ref());
            self.outgoing.loading = true;
            return vec![Output::LoadOutbox { pass, max_ops, max_bytes }];
        }
        if count == 0 && !self.outgoing.loading {
            // All else is answered by now: only what the backend has never seen gets a new name.
            if self.outgoing.take_named_twice() && self.renewals < MAX_RENEWALS {
                return self.renew();
            }
            if let Some(ids) = self.outgoing.take_deferred() {
                return vec![Output::LookBehind(ids)];
            }
            return self.start_pull();
        }
        Vec::new()
    }

    /// A page showed something under our name that was never written here, or what waits follows a number of ours
    /// that nobody has any more.
    fn named_twice(&mut self) -> Vec<Output> {
        if !matches!(self.phase, Phase::Pull | Phase::Push) {
            return self.stored();
        }
        if self.renewals == MAX_RENEWALS && self.phase == Phase::Push {
            return self.stored();
        }
        // The page asked for ahead belongs to the old name.
        self.flights.clear();
        if self.renewals == MAX_RENEWALS {
            // It would come again and say the same. The next round goes on with it.
            return self.caught_up();
        }
        self.phase = Phase::Push;
        self.renew()
    }

    fn renew(&mut self) -> Vec<Output> {
        self.renewals += 1;
        self.outgoing.restart();
        vec![Output::Renew]
    }

    fn outbox(&mut self, now_ms: u64, outbox: Outbox) -> Vec<Output> {
        let Outbox { ops, ids, more } = outbox;
        self.outgoing.loaded(more);
        let mut out = Vec::new();
        if !ops.is_empty() {
            let Identity { writer, nonce, .. } = self.identity.clone();
            let sent = Sent { ids, alone: self.flights.is_empty() };
            out.push(
                self.send(Flight::Push(sent), Request::Push(PushRequest { writer, nonce, now: now_ms, ops })),
            );
        }
        out.extend(self.push());
        out
    }

    fn start_pull(&mut self) -> Vec<Output> {
        self.phase = Phase::Pull;
        // People see the phase before the answer, which may take its time.
        vec![Output::Status, self.fetch()]
    }

    /// What follows the place where the replica stands: packed while it has nothing, page by page afterwards.
    fn fetch(&mut self) -> Output {
        let from = self.identity.cursor.clone();
        let packed = self.caps.as_ref().and_then(|c| c.snapshot) == Some(pack::FORM);
        if packed && self.identity.fresh && !self.plain { self.snapshot(from) } else { self.pull(from) }
    }

    fn snapshot(&mut self, from: String) -> Output {
        let request = Request::Snapshot { cursor: from.clone(), place: None };
        self.send(Flight::Snapshot { from }, request)
    }

    /// A packed page could not be read, or is not to be had: everything that follows comes the plain way.
    fn bad_page(&mut self) -> Vec<Output> {
        match self.phase {
            Phase::Pull => {
                self.plain = true;
                self.flights.clear();
                vec![self.pull(self.identity.cursor.clone())]
            }
            Phase::Check => self.check_ended(Checked::Unable),
            _ => Vec::new(),
        }
    }

    fn pull(&mut self, from: String) -> Output {
        let echo = self.identity.echo;
        let not = (!echo).then_some(self.identity.writer);
        let request = Request::Pull { cursor: from.clone(), limit: MAX_PAGE, not };
        self.send(Flight::Pull { from, echo, writer: self.identity.writer }, request)
    }

    fn response(&mut self, random: u64, flight: Flight, response: Response) -> Vec<Output> {
        match (flight, response) {
            (Flight::Caps, Response::Caps(caps)) => {
                if caps.contract != VERSION {
                    return self.fail(random, Trouble::TooOld, None);
                }
                // Sent and heard at the same moment, if the clock was set meanwhile.
                let way = self.now_ms.saturating_sub(self.asked_ms);
                let middle = self.now_ms.saturating_sub(way / 2);
                self.drift_ms = i64::try_from(i128::from(middle) - i128::from(caps.now)).unwrap_or(i64::MAX);
                let known = &self.identity.history;
                let mut out = if *known == caps.history {
                    Vec::new()
                } else if known.is_empty() {
                    vec![Output::Meet(caps.history.clone())]
                } else {
                    // What left this account's view before that, the other history does not tell.
                    self.check.begin();
                    vec![Output::StartOver { send_again: true }]
                };
                self.caps = Some(caps);
                out.extend(self.start_push());
                out
            }
            (Flight::Push(sent), Response::Push(mut reply)) => {
                self.outgoing.answered(&sent, &mut reply);
                vec![Output::ApplyResults(reply)]
            }
            // Another tab took a new name meanwhile: what the page left out is needed now.
            (Flight::Pull { writer, .. }, Response::Pull(_)) if writer != self.identity.writer => {
                self.flights.clear();
                vec![self.pull(self.identity.cursor.clone())]
            }
            (Flight::Pull { from, .. }, Response::Pull(reply)) => self.page(from, reply),
            (Flight::Snapshot { from }, Response::Snapshot(page)) => self.packed_page(from, page),
            (Flight::Fp, Response::Fp(reply)) => self.told(reply),
            (Flight::Mend, Response::Snapshot(page)) => self.place_page(page),
            (Flight::Ask, Response::Push(reply)) => self.known_there(&reply),
            (Flight::Photo(upload), Response::Blob) => {
                self.photos.remove(&upload.photo.sha256);
                vec![Output::BlobDone(upload.photo.sha256)]
            }
            (Flight::Photo(upload), Response::BlobAt(at)) => self.part(upload, at),
            (flight, Response::Failed { status: 401, code, .. }) => {
                let trouble = if code == DISABLED { Trouble::Disabled } else { Trouble::SignedOut };
                self.session_ended(random, &flight, trouble)
            }
            // Not asked again in this round with a password that is wrong: some count that, and lock the account.
            (_, Response::Failed { status, code, retry_after_ms }) if code == PASSWORD => {
                self.fail(random, Trouble::Backend(status), retry_after_ms)
            }
            (flight, Response::Failed { status, retry_after_ms, .. }) => {
                self.failed(random, &flight, status, retry_after_ms)
            }
            // Whoever answers next time may be another, or have lost what it had: it is asked who it is first.
            (Flight::Push(sent), Response::Lost) => {
                self.outgoing.lost(&sent);
                self.fail(random, Trouble::Offline, None)
            }
            // No check is worth a round that otherwise went well.
            (Flight::Fp | Flight::Mend | Flight::Ask, _) => self.check_ended(Checked::Unable),
            // An answer of another shape than asked is as good as none.
            (flight, _) => {
                if matches!(flight, Flight::Snapshot { .. }) {
                    self.lost += 1;
                    self.plain |= self.lost == MAX_LOST;
                }
                self.fail(random, Trouble::Offline, None)
            }
        }
    }

    fn packed_page(&mut self, from: String, page: SnapshotPage) -> Vec<Output> {
        let SnapshotPage { head, .. } = &page;
        if head.form != pack::FORM || head.cursor == from {
            return self.bad_page();
        }
        let next = head.cursor.clone();
        let next = if head.more { self.snapshot(next) } else { self.pull(next) };
        vec![next, Output::ApplySnapshot(from, page)]
    }

    fn page(&mut self, from: String, reply: PullReply) -> Vec<Output> {
        // A page that does not move the cursor would be asked for again for ever.
        let next = (reply.more && reply.cursor != from).then(|| reply.cursor.clone());
        let mut out: Vec<Output> = next.map(|next| self.pull(next)).into_iter().collect();
        out.push(Output::ApplyPage(from, reply));
        out
    }

    /// What was written is safe at the backend by now, where it keeps that apart; the photos of it may follow.
    fn session_ended(&mut self, random: u64, flight: &Flight, trouble: Trouble) -> Vec<Output> {
        // The photo's answer has no words of its own.
        let trouble = self.ended.take().unwrap_or(trouble);
        if !matches!(flight, Flight::Pull { .. } | Flight::Snapshot { .. }) || !self.judges() {
            return self.fail(random, trouble, None);
        }
        self.ended = Some(trouble);
        self.flights.clear();
        self.start_photos()
    }

    fn failed(&mut self, random: u64, flight: &Flight, status: u16, retry: Option<u64>) -> Vec<Output> {
        match (status, flight) {
            (426, _) => self.fail(random, Trouble::TooOld, None),
            (413, Flight::Ask) => self.ask_fewer(),
            (_, Flight::Fp | Flight::Mend | Flight::Ask) => self.check_ended(Checked::Unable),
            (_, Flight::Snapshot { .. }) if !matches!(status, 409 | 429 | 503) => self.bad_page(),
            (409 | 410, Flight::Pull { .. } | Flight::Snapshot { .. }) => {
                // The backend's history is another one (409), or our position was compacted away.
                self.caps = None;
                self.check.begin();
                let mut out = vec![Output::StartOver { send_again: status == 409 }];
                out.extend(self.fail(random, Trouble::Backend(status), retry));
                out
            }
            (413, Flight::Push(sent)) => {
                self.outgoing.too_large(sent);
                self.push()
            }
            (400 | 403 | 404 | 413 | 422, Flight::Photo(upload)) => self.pass_photo(upload),
            // The backend is busy, locked or full: that is no matter of what was sent.
            (423 | 429 | 503 | 507, _) => self.fail(random, Trouble::Backend(status), retry),
            (_, flight) => self.broke(random, flight, Trouble::Backend(status), retry),
        }
    }

    /// Something failed for which nobody gave a reason. Where it fails again and again the rest goes by it.
    fn broke(&mut self, random: u64, flight: &Flight, trouble: Trouble, retry: Option<u64>) -> Vec<Output> {
        match flight {
            Flight::Push(sent) if self.outgoing.broke(sent) => {
                self.broken = Some(trouble);
                self.push()
            }
            Flight::Photo(upload) if self.photo_broke(upload) => self.pass_photo(upload),
            _ => self.fail(random, trouble, retry),
        }
    }

    fn stored(&mut self) -> Vec<Output> {
        match self.phase {
            Phase::Push => self.push(),
            Phase::Pull => self.page_stored(),
            Phase::Photos => self.photo_next(),
            Phase::Idle | Phase::Caps | Phase::Check => Vec::new(),
        }
    }

    /// The page that was asked for ahead is good only if the replica stands where it begins, and if it brings our
    /// own operations when a purge since has made them needed. Another tab may have moved on meanwhile.
    fn page_stored(&mut self) -> Vec<Output> {
        let Some((_, ahead)) = self.flights.last() else {
            return self.caught_up();
        };
        let Identity { cursor, echo: wanted, .. } = &self.identity;
        let ours = |writer: &Writer| *writer == self.identity.writer;
        let good = match ahead {
            Flight::Pull { from, echo, writer } => from == cursor && (*echo || !wanted) && ours(writer),
            Flight::Snapshot { from } => from == cursor,
            _ => false,
        };
        if good {
            return Vec::new();
        }
        self.flights.clear();
        vec![self.fetch()]
    }

    /// Text is up and down.
    fn caught_up(&mut self) -> Vec<Output> {
        if self.check.due {
            return self.start_check();
        }
        self.start_photos()
    }

    fn finish(&mut self, random: u64) -> Vec<Output> {
        let broken = self.broken.take().filter(|_| !self.outgoing.is_proven());
        if let Some(trouble) = self.ended.take().or(broken) {
            return self.fail(random, trouble, None);
        }
        self.phase = Phase::Idle;
        self.trouble = None;
        self.outgoing.signed_in();
        self.backoff.reset();
        if self.again {
            self.again = false;
            return self.wake();
        }
        // Spread the polls of many devices that came online together.
        vec![Output::Timer(POLL_MS - POLL_MS / 8 + random % (POLL_MS / 4)), Output::Status]
    }

    fn fail(&mut self, random: u64, trouble: Trouble, retry_after_ms: Option<u64>) -> Vec<Output> {
        self.phase = Phase::Idle;
        self.flights.clear();
        self.outgoing.loading = false;
        self.ended = None;
        // What was saved meanwhile is still to be kept apart; otherwise only a save or a person helps.
        let again = std::mem::take(&mut self.again);
        self.check.broken_off();
        let stop = match trouble {
            Trouble::SignedOut | Trouble::Disabled => !again || !self.judges(),
            Trouble::TooOld => true,
            Trouble::Offline | Trouble::Backend(_) | Trouble::Store(_) => false,
        };
        if matches!(trouble, Trouble::Offline) {
            // Another backend, or a changed one, may stand there next time.
            self.caps = None;
        }
        self.trouble = Some(trouble);
        if stop {
            return vec![Output::Status];
        }
        vec![Output::Timer(self.backoff.next(random, retry_after_ms)), Output::Status]
    }

    fn send(&mut self, flight: Flight, request: Request) -> Output {
        self.request += 1;
        self.flights.push((self.request, flight));
        Output::Send(self.request, request)
    }
}
