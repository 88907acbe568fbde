//! This device's key at work where no server judges: it signs what goes out, and what comes in is taken only as its
//! author wrote it.

use std::rc::Rc;
use std::sync::Arc;

use gridbook_domain::township::Township;
use gridbook_log::key::{self, Point};
use gridbook_log::voucher::Trust;
use gridbook_log::{DeviceId, Op, Signature, WireOp, Writer};
use gridbook_sync::authors::{Authors, Memory, Notary, kept_aside, trust};
use gridbook_sync::bundle::Bundle;
use gridbook_sync::relay::Tally;
use leptos::prelude::*;

use super::{App, AppReplica, Backend, Problem, Projector};
use crate::platform::{BrowserEnv, DeviceKey};
use crate::store::IdbStore;

/// Operations of a file looked at together.
const PIECE: usize = 500;

/// See the module's text.
pub(super) struct Hand {
    key: DeviceKey,
    point: Point,
    replica: Rc<AppReplica>,
    memory: Memory,
    trust: Option<Trust>,
}

impl Hand {
    /// The authors that this device knows.
    pub(super) fn authors(&self) -> Authors<'_, IdbStore, Projector, Self> {
        Authors::new(&self.replica, self, &self.memory)
    }
}

impl Notary for Hand {
    fn point(&self) -> Point {
        self.point
    }

    async fn signer(&self, writer: Writer) -> DeviceId {
        let authority = self.replica.meta().authority;
        if authority != Some(writer.dev) {
            return writer.dev;
        }
        // Its answers bear the signature of the desk that held the office then.
        let streams = self.replica.streams(&[Township::id(writer.dev)]).await.unwrap_or_default();
        let holder = streams.first().and_then(|(_, ops)| Township::holder_in(ops, writer.epoch));
        holder.unwrap_or(writer.dev)
    }

    async fn sign(&self, bytes: &[u8]) -> Option<Signature> {
        self.key.sign_bytes(bytes).await
    }

    fn trust(&self) -> Option<&Trust> {
        self.trust.as_ref()
    }

    async fn verify(&self, key: &Point, bytes: &[u8], signature: &Signature) -> bool {
        self.key.verify(key, bytes, signature).await
    }
}

impl App {
    /// This device's hand; `None` at a server, which judges by itself, and where the browser has no cryptography to
    /// offer (a page that was not served securely): there nothing is signed and nothing checked.
    pub(super) async fn hand(&self) -> Option<Rc<Hand>> {
        let replica = self.replica()?;
        if self.backend().await == Backend::Server {
            return None;
        }
        let core = self.core();
        let held = core.hand.borrow().clone().filter(|hand| Rc::ptr_eq(&hand.replica, &replica));
        if held.is_some() {
            return held;
        }
        let key = DeviceKey::of(replica.store()).await?;
        let point = key.point().await?.try_into().ok()?;
        // A store that fails now fails in the round, too.
        let trust = trust(replica.store()).await.ok().flatten();
        let hand = Rc::new(Hand { key, point, replica, memory: Memory::default(), trust });
        *core.hand.borrow_mut() = Some(hand.clone());
        Some(hand)
    }

    /// What of a carried file may be taken; what may not is counted. A server looks for itself.
    pub(super) async fn screened(&self, bundle: Arc<Bundle>) -> Result<(Arc<Bundle>, Tally), Problem> {
        let mut left = Tally::default();
        let Some(hand) = self.hand().await else { return Ok((bundle, left)) };
        let authors = hand.authors();
        // What this version cannot read is left where it is, and keeps nothing else from being taken.
        let read = |op: &WireOp| Op::from_wire(op.clone()).ok();
        // The keys first, wherever they stand; the rest in pieces that a phone can hold.
        let keys = bundle.ops.iter().filter(|op| op.h.starts_with(key::LINE));
        authors.judge(&keys.filter_map(read).collect::<Vec<_>>()).await?;
        let mut taken = Vec::with_capacity(bundle.ops.len());
        let mut unsigned = 0;
        for ops in bundle.ops.chunks(PIECE) {
            let known: Vec<Option<Op>> = ops.iter().map(read).collect();
            let readable: Vec<bool> = known.iter().map(Option::is_some).collect();
            let mut verdicts =
                authors.judge(&known.into_iter().flatten().collect::<Vec<_>>()).await?.into_iter();
            for readable in readable {
                let signed = readable && verdicts.next() == Some(true);
                taken.push(signed);
                left.unreadable += usize::from(!readable);
                unsigned += usize::from(readable && !signed);
            }
        }
        if unsigned > 0 {
            left.refused.insert("signature".to_owned(), unsigned);
        }
        if left.is_whole() {
            return Ok((bundle, left));
        }
        let mut taken = taken.into_iter();
        let mut rest = Arc::unwrap_or_clone(bundle);
        rest.ops.retain(|_| taken.next() == Some(true));
        Ok((Arc::new(rest), left))
    }

    /// Makes this device's key known to those who will read what it carries out.
    pub(super) async fn announce(&self) -> Result<(), Problem> {
        if let Some(hand) = self.hand().await {
            hand.authors().announce(&BrowserEnv, true).await?;
        }
        Ok(())
    }

    /// Brings up to date of whom records were not taken.
    pub(super) async fn note_aside(&self, replica: &AppReplica, checks: bool) {
        let counts =
            if checks { kept_aside(replica.store()).await.unwrap_or_default() } else { Default::default() };
        if self.sync.with_untracked(|view| view.aside != counts) {
            self.sync.update(|view| view.aside = counts);
        }
    }
}
