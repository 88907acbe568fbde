//! Operations of this device whose names stand for something else now, because another device bears the name, too: they
//! are found when the other one arrives, and wait for a new name.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Applied, Dot, EntityId, Op, pack};

use super::index::Part;
use super::outbox::{FORK, Pending, put_pend};
use super::pull::Page;
use super::{Inner, Project, Replica, ReplicaError, key};
use crate::store::{Batch, Store, Table};

/// Operations of ours whose names stand for something else now.
#[derive(Default)]
pub(super) struct Lost {
    /// They were sent.
    pub(super) ops: Vec<Op>,
    /// They wait to be sent: the log's row, and which of what waits there.
    pub(super) waiting: BTreeSet<(u32, usize)>,
}

impl<S: Store, P: Project> Replica<S, P> {
    /// What this device wrote and had sent, and what has now lost its name to another bearer of it: the fold keeps
    /// the other one. It must be written again under a new name.
    pub(super) async fn lost_forks(&self, page: &Page) -> Result<Lost, ReplicaError> {
        let mut lost = Lost::default();
        for (id, ops) in &page.ops {
            let doubtful: Vec<&Op> = {
                let inner = self.inner.borrow();
                let Some(entity) = inner.cache.get(id) else { continue };
                let ours = |op: &&&Op| {
                    op.dot().writer.dev == inner.meta.writer.dev && entity.have().contains(op.dot())
                };
                let forks = ops.iter().filter(|op| ours(&op));
                forks.filter(|op| matches!((**entity).clone().apply(op), Applied::Fork)).collect()
            };
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
            for op in doubtful {
                let Some(own) = first(&held, op.dot()) else { continue };
                if own.hash() < op.hash() {
                    // Ours stands. Who wrote the other may be nobody any more: this device itself, before an older copy
                    // of its store was put back.
                    let present = op.dot().writer == self.inner.borrow().meta.writer;
                    if present && !self.bears_another_name(op) {
                        lost.ops.push(op.clone());
                    }
                    continue;
                }
                if self.bears_present_name(own) {
                    continue;
                }
                // What waits to be sent would lose once more.
                let waiting = self.waiting_places(own).await?;
                if waiting.is_empty() && !lost.ops.iter().any(|other| other.hash() == own.hash()) {
                    lost.ops.push(own.clone());
                }
                lost.waiting.extend(waiting);
            }
        }
        Ok(lost)
    }

    /// Whether we have written it again under our present name already. Under another's name it is not safe: that one may
    /// lose it, too.
    fn bears_present_name(&self, op: &Op) -> bool {
        let inner = self.inner.borrow();
        let entity = inner.cache.get(&op.entity());
        entity.is_some_and(|entity| entity.other_names(op).any(|dot| dot.writer == inner.meta.writer))
    }

    /// Whether somebody has written it again already.
    fn bears_another_name(&self, op: &Op) -> bool {
        let inner = self.inner.borrow();
        inner.cache.get(&op.entity()).is_some_and(|entity| entity.other_names(op).next().is_some())
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
            let bytes = self.store.get(Table::Log, &key(log)).await?.ok_or(ReplicaError::Damaged("log"))?;
            let frame = bytes.get(at as usize..).ok_or(ReplicaError::Damaged("log"))?;
            if pack::read(frame)?.0.hash() == op.hash() {
                places.push((log, which));
            }
        }
        Ok(places)
    }
}

impl<P: Project> Inner<P> {
    /// What waits and lost its name to something else waits for a new name from now on.
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

/// What was written here under this name: it was there before anything else that came under it.
fn first(ops: &[Op], dot: Dot) -> Option<&Op> {
    ops.iter().find(|op| op.dot() == dot)
}
