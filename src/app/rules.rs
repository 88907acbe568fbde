//! The package as the township has it: what was fetched with the app, and every revision that came by sync (CAT-05).

use std::sync::Arc;

use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::{App, AppReplica};

impl App {
    /// Brings the package up to date with the revisions on this device. What is open stays as it was drawn; whatever is
    /// opened next has the new forms, and rows of lists are made anew by them.
    pub(super) async fn renew_package(&self, replica: &AppReplica) {
        let core = self.core();
        let mut found: Vec<(EntityId, u64)> = Vec::new();
        for (id, row) in replica.rows().iter() {
            if let Some(summary) = row.summary.as_ref().filter(|s| s.kind == RecordKind::Rules && !s.rejected)
            {
                found.push((*id, summary.updated));
            }
        }
        // Ids begin with the time of their making: revisions apply in order. Edits of a revision are no less than it.
        let tag = found.iter().fold(found.len() as u64, |tag, (_, updated)| tag.wrapping_mul(31) ^ updated);
        if core.revised.get() == tag || found.is_empty() && core.revised.get() == 0 {
            return;
        }
        let mut package = self.built_package();
        for (id, _) in found {
            let Ok(Some(entity)) = replica.entity(id).await else { continue };
            // One that this app cannot read yet is of a later version; what it can do goes on.
            if let Ok(next) = package.applied(&entity.values()) {
                package = Arc::new(next);
            }
        }
        *core.package.borrow_mut() = package;
        core.revised.set(tag);
        self.version.update(|version| *version += 1);
    }

    /// The package as it came with the app, without the township's changes.
    pub fn built_package(&self) -> Arc<gridbook_domain::package::Package> {
        self.core().built.borrow().clone().unwrap_or_default()
    }
}
