//! Operations of this device whose names stand for something else, too, because another device bears the name: they are
//! found when the other one arrives, and wait for a new name.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Applied, Dot, Entity, EntityId, Hash, Op, Writer, key, pack, set_of};

use super::index::Part;
use super::outbox::{FORK, Pending, put_pend};
use super::pull::Page;
use super::{Inner, Project, Replica, ReplicaError, key as row_key};
use crate::store::{Batch, Store, Table};

/// Operations of ours whose names stand for something else, too.
#[derive(Default)]
pub(super) struct Lost {
    /// They were sent.
    pub(super) ops: Vec<Op>,
    /// They wait to be sent: the log's row, and which of what waits there.
    pub(super) waiting: BTreeSet<(u32, usize)>,
}

impl<S: Store, P: Project> Replica<S, P> {
    /// What bears an id of ours that something else bears, too, and stands under no other. A server keeps whichever of two
    /// came to it first, a share shows the one with the lower hash, and neither asks the other: an id that two contents
    /// bear settles neither of them. So both are written again, each under an id of its own, by whichever bearer of the
    /// name learns of both: it may be the only one that ever comes back. Under an older name whose key is not known to be
    /// ours only what was here first is ([`Self::only_ours_come_under`]): the rest anybody may have written.
    pub(super) async fn lost_forks(&self, page: &Page) -> Result<Lost, ReplicaError> {
        let mut lost = Lost::default();
        for (id, ops) in &page.ops {
            let doubtful = self.inner.borrow().doubtful(*id, ops);
            if doubtful.is_empty() {
                continue;
            }
            let parts = {
                let inner = self.inner.borrow();
                let mut parts: BTreeMap<u32, Vec<(EntityId, Part)>> = BTreeMap::new();
                for part in inner.rows.get(id).map_or(&[][..], |row| &row.parts) {
                    parts.entry(part.log).or_default().push((*id, *part));
                }
                parts
            };
            let held = self.read_parts(parts).await?.remove(id).unwrap_or_default();
            let disputed = disputed(held.iter().chain(ops));
            let shown = {
                let inner = self.inner.borrow();
                let mut shown = match inner.cache.get(id) {
                    Some(entity) => (**entity).clone(),
                    None => Entity::new(*id, inner.meta.authority),
                };
                shown.apply_all(ops);
                shown
            };
            for dot in doubtful {
                let came_first = first(&held, dot).map(Op::hash);
                let all_ours = self.only_ours_come_under(dot.writer);
                for op in contents(held.iter().chain(ops), dot) {
                    let ours =
                        op.header().user == self.meta().user && (all_ours || came_first == Some(op.hash()));
                    // What was erased has nothing to be written, and a key is made known anew under every name.
                    let says = op.body_text().is_some() && key::announced(op).is_none();
                    if !ours || !says || stands(&shown, op, &disputed) {
                        continue;
                    }
                    // What waits to be sent would lose once more.
                    let waiting = self.waiting_places(op).await?;
                    if waiting.is_empty() && !lost.ops.iter().any(|other| other.hash() == op.hash()) {
                        lost.ops.push(op.clone());
                    }
                    lost.waiting.extend(waiting);
                }
            }
        }
        Ok(lost)
    }

    /// From now on these lives are known to have keys of this device, and older ones without are not believed to be its own.
    pub(crate) fn believe(&self, lives: BTreeSet<Writer>) {
        *self.lives.borrow_mut() = Some(lives);
    }

    /// Whether what comes under this name of ours is ours, whoever wrote it first: who wrote it may be nobody any more,
    /// this device itself before an older copy of its store was put back. Under an older name whose key is not known to be
    /// ours anybody may have written, and what we write again we sign; a device that has no key signs nothing, and lends
    /// nobody more than the name he took. A backend that judges asks by itself who writes under our names.
    fn only_ours_come_under(&self, writer: Writer) -> bool {
        let inner = self.inner.borrow();
        let known = |lives: &BTreeSet<Writer>| lives.contains(&writer);
        let keyed = || inner.rows.contains_key(&key::id(writer));
        let keyless = || inner.rows.range(key::ids_of(writer.dev)).next().is_none();
        writer == inner.meta.writer || self.lives.borrow().as_ref().map_or_else(keyed, known) || keyless()
    }

    /// Where an operation waits to be sent. Something else may wait under the same name.
    async fn waiting_places(&self, op: &Op) -> Result<Vec<(u32, usize)>, ReplicaError> {
        let mut named: Vec<(u32, usize, u32)> = Vec::new();
        for (log, list) in &self.inner.borrow().pend {
            let here = list.iter().enumerate().filter(|(_, p)| (p.entity, p.dot) == (op.entity(), op.dot()));
            named.extend(here.map(|(which, p)| (*log, which, p.at)));
        }
        let mut places = Vec::new();
        for (log, which, at) in named {
            let bytes =
                self.store.get(Table::Log, &row_key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            let frame = bytes.get(at as usize..).ok_or(ReplicaError::Damaged("log"))?;
            if pack::read(frame)?.0.hash() == op.hash() {
                places.push((log, which));
            }
        }
        Ok(places)
    }
}

impl<P: Project> Inner<P> {
    /// Ids of ours in a stream under which these bring something else than is held, or than others of these.
    fn doubtful(&self, id: EntityId, ops: &[Op]) -> BTreeSet<Dot> {
        let entity = self.cache.get(&id);
        let twice = |op: &&Op| {
            let held = entity.is_some_and(|entity| {
                entity.have().contains(op.dot()) && matches!((**entity).clone().apply(op), Applied::Fork)
            });
            held || ops.iter().any(|other| other.dot() == op.dot() && other.hash() != op.hash())
        };
        let ours = ops.iter().filter(|op| op.dot().writer.dev == self.meta.writer.dev);
        set_of(ours.filter(twice).map(Op::dot))
    }

    /// What waits under a name that stands for something else, too, waits for a new name from now on.
    pub(super) fn hold_forks(
        &self,
        batch: &mut Batch,
        waiting: &BTreeSet<(u32, usize)>,
        pend: &mut BTreeMap<u32, Vec<Pending>>,
    ) {
        for (log, which) in waiting {
            let list = pend.entry(*log).or_insert_with(|| self.pend.get(log).cloned().unwrap_or_default());
            if let Some(pending) = list.get_mut(*which) {
                pending.held = Some(FORK.to_owned());
                put_pend(batch, *log, list);
            }
        }
    }
}

/// Whether what it says stands under an id of ours that nothing else bears, among what is held and what comes with it.
/// Should something else come under that one some day, it is asked again.
fn stands(shown: &Entity, op: &Op, disputed: &BTreeSet<Dot>) -> bool {
    shown.names_beside(op).any(|dot| !disputed.contains(&dot))
}

/// What came to this log first under this name: what was written here, as long as it was in view ever since and no older
/// copy of the store was put back.
fn first(ops: &[Op], dot: Dot) -> Option<&Op> {
    ops.iter().find(|op| op.dot() == dot)
}

/// Ids that stand for more than one.
fn disputed<'a>(ops: impl Iterator<Item = &'a Op>) -> BTreeSet<Dot> {
    let mut bearers: BTreeMap<Dot, &Hash> = BTreeMap::new();
    set_of(ops.filter(|op| *bearers.entry(op.dot()).or_insert(op.hash()) != op.hash()).map(Op::dot))
}

/// All that bears this id, each once.
fn contents<'a>(ops: impl Iterator<Item = &'a Op>, dot: Dot) -> Vec<&'a Op> {
    let mut contents: Vec<&Op> = Vec::new();
    for op in ops.filter(|op| op.dot() == dot) {
        if !contents.iter().any(|other| other.hash() == op.hash()) {
            contents.push(op);
        }
    }
    contents
}
