//! Records of one kind, read whole. After a change only those are read again whose row changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_domain::record::RecordKind;
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::App;

/// What was read, by stream; `None` until it was for the first time.
pub type Kept<T> = RwSignal<Option<Arc<Vec<T>>>>;

/// Streams of a kind with the version of their rows.
fn versions(app: App, kind: RecordKind) -> Vec<(EntityId, u64)> {
    app.rows(|rows| {
        let held = rows.iter().filter(|(_, row)| row.summary.as_ref().is_some_and(|s| s.kind == kind));
        held.map(|(id, row)| (*id, row.version())).collect()
    })
}

/// Keeps what `read` makes of all records of a kind; a record of which it makes nothing is left out.
pub fn keep<T>(app: App, kind: RecordKind, read: fn(&Entity) -> Option<T>) -> Kept<T>
where
    T: Clone + PartialEq + Send + Sync + 'static,
{
    let kept: Kept<T> = RwSignal::new(None);
    let known = StoredValue::new(BTreeMap::<EntityId, (u64, Option<T>)>::new());
    let turn = StoredValue::new(0u64);
    let wanted = Memo::new(move |_| {
        app.version.track();
        versions(app, kind)
    });
    Effect::new(move |_| {
        let wanted = wanted.get();
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        spawn_local(async move {
            let mut now = BTreeMap::new();
            for (id, version) in wanted {
                let held =
                    known.try_with_value(|known| known.get(&id).filter(|held| held.0 == version).cloned());
                let found = match held.flatten() {
                    Some(held) => held,
                    None => {
                        let found = app.entity(id).await.ok().flatten().and_then(|entity| read(&entity));
                        // Known from here on: the turn of a change that came meanwhile does not read it again.
                        known.try_update_value(|known| known.insert(id, (version, found.clone())));
                        if turn.try_get_value() != Some(mine) {
                            return;
                        }
                        (version, found)
                    }
                };
                now.insert(id, found);
            }
            // The screen may have gone.
            if turn.try_get_value() != Some(mine) {
                return;
            }
            let list: Vec<T> = now.values().filter_map(|(_, found)| found.clone()).collect();
            known.set_value(now);
            let same = kept.with_untracked(|kept| kept.as_ref().is_some_and(|kept| **kept == list));
            if !same {
                kept.set(Some(Arc::new(list)));
            }
        });
    });
    kept
}

/// All records of a kind, once.
pub async fn read<T>(app: App, kind: RecordKind, read: fn(&Entity) -> Option<T>) -> Vec<T> {
    let mut found = Vec::new();
    for (id, _) in versions(app, kind) {
        if let Ok(Some(entity)) = app.entity(id).await {
            found.extend(read(&entity));
        }
    }
    found
}
