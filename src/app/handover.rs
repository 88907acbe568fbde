//! A step of a hand-over (ROLE-09), as phone and desk save it: with the last confirmation the own cases and the visits that
//! were given out go along, in the same save.

use gridbook_domain::case::CaseView;
use gridbook_domain::handover::{CONFIRM, Handover, ItemKind, Side, hand_over_case};
use gridbook_domain::plan::task::by_hand_over;
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, EntityId, Event};
use gridbook_sync::replica::NewWrite;

use super::App;

impl App {
    /// Saves a step.
    ///
    /// # Errors
    /// Words for people; then nothing was saved.
    pub async fn hand_over(&self, handover: &Handover, event: Event) -> Result<(), String> {
        let gone = || "这次交接已不在本机，没有保存。".to_owned();
        let before = self.entity(handover.id).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
        let last = event.event == CONFIRM && handover.side(&self.user()) == Some(Side::Leaver);
        let step = NewWrite { entity: handover.id, body: Body::Event(event) };
        self.check(Some(&before), &step).map_err(|refusal| refusal.message())?;
        let mut writes = if last { self.goes_along(handover).await? } else { Vec::new() };
        // What goes along first: afterwards it is somebody else's.
        writes.push(step);
        self.save(writes, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
        Ok(())
    }

    /// Steps of the one who leaves. What moved on meanwhile stays as it is; the hand-over does not fail for it.
    async fn goes_along(&self, handover: &Handover) -> Result<Vec<NewWrite>, String> {
        let package = self.package();
        let cases = handover.items.iter().filter(|item| item.kind == ItemKind::Case).map(|item| item.record);
        let mut steps: Vec<(EntityId, Option<Event>)> = cases.map(|id| (id, None)).collect();
        let tasks = self.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            by_hand_over(&package, &seen, &handover.terms)
        });
        steps.extend(tasks.into_iter().map(|(id, event)| (id, Some(event))));
        let mut writes = Vec::new();
        for (id, step) in steps {
            let Some(record) = self.entity(id).await.map_err(|problem| problem.message())? else { continue };
            let step = step.or_else(|| hand_over_case(&package, &CaseView::of(&record)?, handover));
            let Some(event) = step else { continue };
            let write = NewWrite { entity: id, body: Body::Event(event) };
            if self.check(Some(&record), &write).is_ok() {
                writes.push(write);
            }
        }
        Ok(writes)
    }
}
