//! What a record is called in lists and at the head of its page.

use serde_json::Value;

use super::CaseView;
use crate::package::Package;
use crate::record::RecordKind;

/// Where a record says in a few words what it is about, best first.
const TITLES: [&str; 9] =
    ["title", "event_name", "case_name", "theme", "service_name", "desc", "facts", "problem", "content"];

/// Its own words, at most 30 characters.
fn own<'v>(look: impl Fn(&'static str) -> Option<&'v str>) -> Option<String> {
    let words = TITLES.into_iter().filter_map(look).find(|words| !words.is_empty())?;
    Some(words.chars().take(30).collect())
}

/// Its own words, else its kind.
pub(super) fn title(values: &crate::form::Values, kind: RecordKind) -> String {
    own(|path| values.get(path).and_then(Value::as_str)).unwrap_or_else(|| kind.label().to_owned())
}

/// Its own words; what is written down once and files by the name of their form; else its kind. `form` is the form with
/// its version, `look` finds a text of the record.
pub(crate) fn named<'v>(
    package: &Package,
    kind: RecordKind,
    form: Option<&str>,
    look: impl Fn(&'static str) -> Option<&'v str>,
) -> String {
    let by_form = form.filter(|_| matches!(kind, RecordKind::Entry | RecordKind::Mediation));
    let by_form = || by_form.and_then(|name| package.form_title(name)).unwrap_or(kind.label()).to_owned();
    own(look).unwrap_or_else(by_form)
}

impl CaseView {
    /// What its page is headed with: named as its row is in lists.
    pub fn heading(&self, package: &Package) -> String {
        let look = |path| self.values.get(path).and_then(Value::as_str);
        named(package, self.kind, self.form.as_deref(), look)
    }
}
