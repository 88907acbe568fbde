//! Legality at admission, asked through a trait so that tests of the transport need no trade.

use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;
use gridbook_domain::admit::Reach;
use gridbook_domain::confidential::{self, Way};
use gridbook_domain::household::merge::{self, Went};
use gridbook_domain::package::Package;
use gridbook_domain::plan::sample;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{self, Actor, Assignment, NotYours};
use gridbook_log::{Entity, EntityId, Op, Values};

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

    /// Whether this role is given by name and until a day only.
    fn role_ends(&self, _role: &str) -> bool {
        false
    }

    /// Judges `op` by the other records that it speaks of, as far as they are known here (TERR-13).
    ///
    /// # Errors
    /// The machine code of the reason.
    fn among(&self, _op: &Op, _known: &dyn Fn(EntityId) -> Option<Went>) -> Result<(), String> {
        Ok(())
    }

    /// Judges `op` by who made the visit that it looks at, as far as that is known here.
    ///
    /// # Errors
    /// The machine code of the reason.
    fn own_visit(
        &self,
        _before: Option<&Entity>,
        _op: &Op,
        _made: &dyn Fn(EntityId) -> Option<String>,
    ) -> Result<(), String> {
        Ok(())
    }

    /// Whether a person reads a stream that lies in no area and goes to people by name (VISIT-09).
    fn reads(&self, _actor: &Actor, _entity: &Entity, _today: NaiveDate) -> bool {
        true
    }

    /// Judges whether `actor` may turn what somebody held into what he is to hold, as far as the roles say it.
    ///
    /// # Errors
    /// The cause.
    fn regrant(
        &self,
        _actor: &Actor,
        _was: &[Assignment],
        _next: &[Assignment],
        _today: NaiveDate,
    ) -> Result<(), NotYours> {
        Ok(())
    }

    /// Judges whether `actor` may let the holder of these roles in anew.
    ///
    /// # Errors
    /// The cause.
    fn let_in(&self, _actor: &Actor, _held: &[Assignment], _today: NaiveDate) -> Result<(), NotYours> {
        Ok(())
    }

    /// Judges whether `actor` may shut the account of whoever holds these roles.
    ///
    /// # Errors
    /// The cause.
    fn shut_out(&self, _actor: &Actor, _held: &[Assignment], _today: NaiveDate) -> Result<(), NotYours> {
        Ok(())
    }

    /// Whether `actor` gives roles by name, though somebody else keeps the directory.
    fn grants_by_name(&self, _actor: &Actor, _today: NaiveDate) -> bool {
        false
    }

    /// Whether `actor` hears a confidential report that goes this way (ROLE-11).
    fn hears(&self, _actor: &Actor, _way: &Way, _today: NaiveDate) -> bool {
        false
    }

    /// Whether there is a channel for reports with this form at all.
    fn has_channel(&self, _form: &str) -> bool {
        false
    }

    /// Whether `actor` hears any.
    fn hears_any(&self, _actor: &Actor, _today: NaiveDate) -> bool {
        false
    }

    /// Judges by the built-in package with these changes from now on, in order (CAT-05).
    fn revise(&self, _changes: &[Values]) {}
}

/// The trade's own rules: the same function that phone and desk use. The package is the built-in one with what the
/// township changed since.
#[derive(Debug)]
pub struct ByDomain {
    built: Arc<Package>,
    now: RwLock<Arc<Package>>,
}

impl ByDomain {
    /// The rules of a package.
    pub fn new(package: Package) -> Self {
        let built = Arc::new(package);
        Self { now: RwLock::new(built.clone()), built }
    }

    fn package(&self) -> Arc<Package> {
        // Whoever panicked while holding it had only taken a copy.
        self.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Admission for ByDomain {
    fn admit(&self, actor: &Actor, before: Option<&Entity>, op: &Op, today: NaiveDate) -> Result<(), String> {
        gridbook_domain::admit::admit(&self.package(), actor, before, op, today)
            .map_err(|refusal| refusal.code().to_owned())
    }

    fn reach(&self, actor: &Actor, today: NaiveDate) -> Reach {
        gridbook_domain::admit::reach(&self.package(), actor, today)
    }

    fn hears(&self, actor: &Actor, way: &Way, today: NaiveDate) -> bool {
        confidential::hears(&self.package(), actor, way, today)
    }

    fn has_channel(&self, form: &str) -> bool {
        confidential::handle(&self.package(), form).is_some()
    }

    fn hears_any(&self, actor: &Actor, today: NaiveDate) -> bool {
        confidential::hears_any(&self.package(), actor, today)
    }

    fn knows_role(&self, role: &str) -> bool {
        self.package().role(role).is_some()
    }

    fn role_ends(&self, role: &str) -> bool {
        self.package().role(role).is_some_and(|role| role.ends)
    }

    fn among(&self, op: &Op, known: &dyn Fn(EntityId) -> Option<Went>) -> Result<(), String> {
        merge::among(op, known).map_err(|refusal| refusal.code().to_owned())
    }

    fn own_visit(
        &self,
        before: Option<&Entity>,
        op: &Op,
        made: &dyn Fn(EntityId) -> Option<String>,
    ) -> Result<(), String> {
        sample::own(before, op, made).map_err(|refusal| refusal.code().to_owned())
    }

    fn reads(&self, actor: &Actor, entity: &Entity, today: NaiveDate) -> bool {
        gridbook_domain::admit::reads(&self.package(), actor, entity, today)
    }

    fn regrant(
        &self,
        actor: &Actor,
        was: &[Assignment],
        next: &[Assignment],
        today: NaiveDate,
    ) -> Result<(), NotYours> {
        role::regrant(&self.package(), actor, was, next, today)
    }

    fn let_in(&self, actor: &Actor, held: &[Assignment], today: NaiveDate) -> Result<(), NotYours> {
        role::let_in(&self.package(), actor, held, today)
    }

    fn shut_out(&self, actor: &Actor, held: &[Assignment], today: NaiveDate) -> Result<(), NotYours> {
        role::shut_out(&self.package(), actor, held, today)
    }

    fn grants_by_name(&self, actor: &Actor, today: NaiveDate) -> bool {
        role::grants_by_name(&self.package(), actor, today)
    }

    fn manages_staff(&self, actor: &Actor, today: NaiveDate) -> bool {
        gridbook_domain::role::holds(&self.package(), actor, "directory.edit", today)
    }

    fn gives_number(&self, kind: RecordKind, action: &str) -> bool {
        gridbook_domain::authority::gives_number(&self.package(), kind, action)
    }

    fn revise(&self, changes: &[Values]) {
        let mut package = self.built.clone();
        for values in changes {
            match package.applied(values) {
                Ok(next) => package = Arc::new(next),
                // Each was judged when it came in; a later program may read it differently.
                Err(error) => tracing::error!(%error, "a revision of the package cannot be applied"),
            }
        }
        *self.now.write().unwrap_or_else(PoisonError::into_inner) = package;
    }
}
