//! What is announced to everybody for some areas: warnings (HAZ-04), periods of zero reports (FLOW-20). Each is a stream
//! without a form that every device holds, announced by who may in all of its areas.

use chrono::NaiveDate;
use gridbook_log::{Create, Placement};

use crate::admit::Refusal;
use crate::form::Problem;
use crate::package::Package;
use crate::record::RecordKind;
use crate::role::{Actor, Target, may};
use crate::territory::smallest;

/// A kind of announcement.
#[derive(Clone, Copy)]
pub(crate) struct Announced {
    /// Its record.
    pub(crate) kind: RecordKind,
    /// The permission that it takes.
    pub(crate) permission: &'static str,
    /// What an announcement says, by path.
    pub(crate) said: &'static [&'static str],
}

impl Announced {
    /// What cannot be read.
    pub(crate) fn bad(self) -> Refusal {
        Refusal::BadBody(self.kind.as_str().to_owned())
    }

    /// Words beside a field.
    pub(crate) fn invalid(self, path: &str, words: &str) -> Refusal {
        let (path, message) = (path.to_owned(), words.to_owned());
        Refusal::Invalid(vec![Problem { path, code: self.kind.as_str(), message, blocks: true }])
    }

    /// The area where a new one lies, if it is everybody's and says nothing else.
    ///
    /// # Errors
    /// [`Refusal`]: shared otherwise, with other values, with a form or pictures.
    pub(crate) fn placed(self, create: &Create) -> Result<String, Refusal> {
        let area = create.place.area.clone().unwrap_or_default();
        let everybody = Placement { all: Some(true), area: Some(area.clone()), ..Placement::default() };
        if create.place != everybody {
            return Err(Refusal::BadPlacement);
        }
        if let Some(path) = create.set.keys().find(|path| !self.said.contains(&path.as_str())) {
            return Err(Refusal::UnexpectedPath(path.clone()));
        }
        if create.form.is_some() || !create.blobs.is_empty() {
            return Err(self.bad());
        }
        Ok(area)
    }

    /// Whether it lies in the smallest area above all of its own.
    ///
    /// # Errors
    /// [`Refusal::BadArea`].
    pub(crate) fn covered(areas: &[String], area: &str) -> Result<(), Refusal> {
        let fits = smallest(areas).as_deref() == Some(area);
        if fits { Ok(()) } else { Err(Refusal::BadArea(area.to_owned())) }
    }

    /// Whether somebody may announce and change it in all of its areas.
    ///
    /// # Errors
    /// [`Refusal::NotPermitted`].
    pub(crate) fn demand(
        self,
        package: &Package,
        actor: &Actor,
        areas: &[String],
        today: NaiveDate,
    ) -> Result<(), Refusal> {
        let holds =
            |area: &String| may(package, actor, self.permission, &Target::new(self.kind, area, None), today);
        if areas.iter().all(holds) { Ok(()) } else { Err(Refusal::NotPermitted(self.permission.to_owned())) }
    }
}
