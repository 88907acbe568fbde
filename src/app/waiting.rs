//! What waits for the person at work, without judging every row again with every change of data.

use gridbook_domain::summary::Summary;

use super::App;

impl App {
    /// The open cases whose next step may be this person's, as `pick` takes them. Follows.
    pub fn waiting<T: Default>(&self, pick: impl FnOnce(Vec<&Summary>) -> T) -> T {
        let (package, actor, today) = (self.package(), self.actor(), self.today());
        self.rows(|rows| {
            let seen = rows.values().filter(|row| row.visible());
            let seen = seen.filter_map(|row| Some((row.version(), row.summary.as_ref()?)));
            pick(self.core().waiting_for.borrow_mut().among(&package, &actor, today, seen))
        })
    }
}
