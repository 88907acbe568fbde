//! Legality at admission, asked through a trait so that tests of the transport need no trade.

use chrono::NaiveDate;
use gridbook_domain::admit::Reach;
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Actor;
use gridbook_log::{Entity, Op};

/// Decides whether an operation may enter the log.
pub trait Admission: Send + Sync {
    /// Judges `op` by `actor` on top of `before` (`None` for a creation).
    ///
    /// # Errors
    /// The machine code of the reason.
    fn admit(&self, actor: &Actor, before: Option<&Entity>, op: &Op, today: NaiveDate) -> Result<(), String>;

    /// The areas and units that `actor` reads.
    fn reach(&self, actor: &Actor, today: NaiveDate) -> Reach;

    /// Whether there is a role of that name.
    fn knows_role(&self, role: &str) -> bool;

    /// Whether `actor` keeps the directory of staff.
    fn manages_staff(&self, actor: &Actor, today: NaiveDate) -> bool;

    /// Whether this step gives a case its official number.
    fn gives_number(&self, kind: RecordKind, action: &str) -> bool;
}

/// The trade's own rules: the same function that phone and desk use.
#[derive(Clone, Debug)]
pub struct ByDomain(pub std::sync::Arc<Package>);

impl Admission for ByDomain {
    fn admit(&self, actor: &Actor, before: Option<&Entity>, op: &Op, today: NaiveDate) -> Result<(), String> {
        gridbook_domain::admit::admit(&self.0, actor, before, op, today)
            .map_err(|refusal| refusal.code().to_owned())
    }

    fn reach(&self, actor: &Actor, today: NaiveDate) -> Reach {
        gridbook_domain::admit::reach(&self.0, actor, today)
    }

    fn knows_role(&self, role: &str) -> bool {
        self.0.role(role).is_some()
    }

    fn manages_staff(&self, actor: &Actor, today: NaiveDate) -> bool {
        gridbook_domain::role::holds(&self.0, actor, "directory.edit", today)
    }

    fn gives_number(&self, kind: RecordKind, action: &str) -> bool {
        gridbook_domain::authority::gives_number(&self.0, kind, action)
    }
}
