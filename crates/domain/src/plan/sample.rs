//! 走访抽查: some of a month's visits are asked about again, five in a hundred of each village and at least one (data of the
//! package). Which ones follows from the visits alone, so every desk comes to the same, and nobody chooses; who made the
//! visit does not look at it himself. A look is a record of its own, written down once.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_log::{Body, Create, Entity, EntityId, Op, map_of, order_by_key};

use crate::admit::Refusal;
use crate::form::Values;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::Summary;
use crate::territory::village_of;

/// The form of a look.
pub const FORM: &str = "F-CHECK";
/// What marks the words of a look in its row; behind it stand the visit and the result.
const MARK: &str = "@check";
/// Where it names the visit.
const TARGET: &str = "target_record";

/// What a look found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Found {
    /// The visit was made as it was written down.
    True,
    /// It was made, and something is otherwise.
    Differs,
    /// Nobody was there.
    NotMade,
    /// The household could not be reached: asked again another day.
    Unreached,
}

impl Found {
    /// All, in the order of the table.
    pub const ALL: [Self; 4] = [Self::True, Self::Differs, Self::NotMade, Self::Unreached];

    /// What the record holds.
    pub const fn id(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Differs => "differs",
            Self::NotMade => "not_made",
            Self::Unreached => "unreached",
        }
    }
}

/// A visit that is to be asked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picked {
    /// The visit.
    pub visit: EntityId,
    /// Whom it was to.
    pub household: EntityId,
    /// Grid that it lies in.
    pub area: String,
    /// Who made it.
    pub by: String,
    /// When.
    pub day: NaiveDate,
    /// What came of it: the last look that reached somebody, else the last.
    pub found: Option<Found>,
}

impl Picked {
    /// Whether somebody still has to ask.
    pub fn waits(&self) -> bool {
        self.found.is_none_or(|found| found == Found::Unreached)
    }
}

/// What a row of a list keeps of a look; `None` of every other record.
pub(crate) fn row_words(entity: &Entity) -> Option<[String; 3]> {
    let form = entity.creation()?.create.form.as_deref()?;
    if form.split('/').next() != Some(FORM) {
        return None;
    }
    let text = |path: &str| entity.text(path).unwrap_or_default().to_owned();
    Some([MARK.to_owned(), text(TARGET), text("result")])
}

/// The visit that an operation looks at: the record by which [`own`] judges it. `before` is the look as it stands.
pub fn named(before: Option<&Entity>, op: &Op) -> Option<EntityId> {
    let is_look = |form: Option<&str>| form.and_then(|form| form.split('/').next()) == Some(FORM);
    let set = match op.body().ok()? {
        Body::Create(create) if is_look(create.form.as_deref()) => &create.set,
        Body::Set(set) if is_look(before?.creation()?.create.form.as_deref()) => &set.set,
        _ => return None,
    };
    set.get(TARGET)?.as_str().and_then(EntityId::parse)
}

/// Who made a visit; `None` of every other record.
pub fn made(entity: &Entity) -> Option<&str> {
    let creation = entity.creation()?;
    (creation.create.type_ == RecordKind::Visit.as_str()).then_some(creation.user.as_str())
}

/// Judges a look by who made the visit, as far as that is known where it is judged: nobody looks at his own. What was
/// written without a network before the visit was known is left out of the figures by [`picked`].
///
/// # Errors
/// [`Refusal::OwnVisit`]
pub fn own(
    before: Option<&Entity>,
    op: &Op,
    made: &dyn Fn(EntityId) -> Option<String>,
) -> Result<(), Refusal> {
    match named(before, op).and_then(made) {
        Some(by) if by == op.header().user => Err(Refusal::OwnVisit),
        _ => Ok(()),
    }
}

fn look_of(row: &Summary) -> Option<(EntityId, Found)> {
    let at = row.categories.iter().position(|word| word == MARK)?;
    let visit = EntityId::parse(row.categories.get(at + 1)?)?;
    let said = row.categories.get(at + 2)?;
    Some((visit, Found::ALL.into_iter().find(|found| found.id() == said)?))
}

/// A number that has nothing to do with when or by whom a record was made.
fn lot(id: EntityId) -> u64 {
    let mixed = id.0.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let mixed = (mixed ^ (mixed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// How many of so many are looked at: the share, rounded up.
pub const fn share_of(visits: usize, percent: u32) -> usize {
    (visits * percent as usize).div_ceil(100)
}

/// The visits of a time that are asked about, by village and day. Only those that met somebody: nobody can confirm an
/// attempt. What was asked about stays on the list, however many visits arrive later.
pub fn picked<'a>(
    rows: impl IntoIterator<Item = &'a Summary> + Clone,
    percent: u32,
    (from, to): (NaiveDate, NaiveDate),
) -> Vec<Picked> {
    let mut visits: BTreeMap<&str, Vec<&Summary>> = BTreeMap::new();
    let mut made: BTreeMap<EntityId, &Summary> = BTreeMap::new();
    for row in rows.clone() {
        let counts =
            row.kind == RecordKind::Visit && !row.rejected && row.visit.is_some_and(|visit| visit.met);
        if counts && row.household.is_some() && (from..=to).contains(&row.day()) {
            visits.entry(village_of(&row.area)).or_default().push(row);
            made.insert(row.id, row);
        }
    }
    let mut looks: Vec<(&Summary, EntityId, Found)> = Vec::new();
    for row in rows.into_iter().filter(|row| row.kind == RecordKind::Entry && !row.rejected) {
        let Some((visit, found)) = look_of(row) else { continue };
        // Who made it says nothing of it.
        if made.get(&visit).is_some_and(|visit| visit.reporter != row.reporter) {
            looks.push((row, visit, found));
        }
    }
    order_by_key(&mut looks, |(row, _, found)| (*found != Found::Unreached, row.at, row.id));
    let found: BTreeMap<EntityId, Found> = map_of(looks.into_iter().map(|(_, visit, found)| (visit, found)));
    let mut chosen: BTreeSet<EntityId> = found.keys().copied().collect();
    for list in visits.values_mut() {
        order_by_key(list, |row| (lot(row.id), row.id));
        chosen.extend(list.iter().take(share_of(list.len(), percent)).map(|row| row.id));
    }
    let one = |row: &&Summary| {
        Some(Picked {
            visit: row.id,
            household: row.household?,
            area: row.area.clone(),
            by: row.reporter.clone(),
            day: row.day(),
            found: found.get(&row.id).copied(),
        })
    };
    let mut list: Vec<Picked> =
        made.values().filter(|row| chosen.contains(&row.id)).filter_map(one).collect();
    order_by_key(&mut list, |one| (one.area.clone(), one.day, one.visit));
    list
}

/// The record of a look; `None` where the package has no such form.
pub fn look(
    package: &Package,
    picked: &Picked,
    [way, result, note]: [&str; 3],
    today: NaiveDate,
) -> Option<Create> {
    let said = [
        (TARGET, picked.visit.to_string()),
        ("household", picked.household.to_string()),
        ("date", today.to_string()),
        ("way", way.to_owned()),
        ("result", result.to_owned()),
        ("note", note.to_owned()),
    ];
    let said = said.into_iter().filter(|(_, words)| !words.is_empty());
    let set: Values = said.map(|(path, words)| (path.to_owned(), words.into())).collect();
    package.entry(FORM, &picked.area, set)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::case::story::{GRID, Story, person};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const MAY: (&str, &str) = ("2026-05-01", "2026-05-31");

    fn visit(n: u8, met: &str) -> Summary {
        let mut story = Story::new();
        let body = json!({"type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID}, "set": {
            "household": EntityId([200; 16]).to_string(), "visit_at": "2026-05-18T08:00", "mode": "in_home", "met": met,
            "not_met_reason": "away"}});
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        Summary { id: EntityId([n; 16]), ..Summary::of(&story.entity, Package::builtin()).unwrap() }
    }

    fn looked(by: &str, picked: &Picked, result: &str, minute: u64) -> Summary {
        let mut story = Story::new();
        let create =
            look(Package::builtin(), picked, ["phone", result, "核对过"], day("2026-06-02")).unwrap();
        let mut body = serde_json::to_value(&create).unwrap();
        body["type"] = json!("entry");
        story.admitted(&person(by, "grid_worker_l1"), "create", &body).unwrap();
        let row = Summary::of(&story.entity, Package::builtin()).unwrap();
        let id = EntityId([u8::try_from(minute).unwrap(); 16]);
        Summary { id, reporter: by.to_owned(), at: row.at + minute * 60_000, ..row }
    }

    fn of(rows: &[Summary]) -> Vec<Picked> {
        picked(rows, 5, (day(MAY.0), day(MAY.1)))
    }

    #[test]
    fn five_in_a_hundred_of_each_village_and_at_least_one() {
        assert_eq!([0, 1, 20, 21, 100].map(|n| share_of(n, 5)), [0, 1, 1, 2, 5]);
        let mut rows: Vec<Summary> = (0..40).map(|n| visit(n, "head")).collect();
        rows.extend((40..60).map(|n| visit(n, "not_met")));
        assert_eq!(of(&rows).len(), 2, "nobody can confirm an attempt");
        let mut far = visit(100, "head");
        far.area = "510000100999001".to_owned();
        rows.push(far);
        let areas: Vec<String> = of(&rows).into_iter().map(|one| one.area).collect();
        assert_eq!(areas, [GRID, GRID, "510000100999001"]);
        // The order in which records arrive decides nothing.
        let before = of(&rows);
        rows.reverse();
        assert_eq!(of(&rows), before);
        assert_eq!(picked(&rows, 5, (day("2026-06-01"), day("2026-06-30"))), []);
    }

    #[test]
    fn a_look_stays_with_its_visit_and_nobody_looks_at_his_own() {
        let mut rows: Vec<Summary> = (0..20).map(|n| visit(n, "head")).collect();
        let one = of(&rows)[0].clone();
        assert!(one.waits());
        rows.push(looked("ann", &one, "true", 201));
        assert!(of(&rows)[0].waits(), "she made the visit herself");
        rows.push(looked("bo", &one, "unreached", 202));
        assert_eq!((of(&rows)[0].found, of(&rows)[0].waits()), (Some(Found::Unreached), true));
        rows.push(looked("bo", &one, "differs", 203));
        rows.push(looked("cai", &one, "unreached", 204));
        assert_eq!((of(&rows)[0].found, of(&rows)[0].waits()), (Some(Found::Differs), false));
        // Twenty more may take its place among the lots; what was asked about stays.
        rows.extend((20..60).map(|n| visit(n, "head")));
        assert!(of(&rows).iter().any(|held| held.visit == one.visit && !held.waits()));
        // Taken out of the month, its look says nothing.
        rows.retain(|row| row.id != one.visit);
        assert!(of(&rows).iter().all(|held| held.found.is_none()));
    }
    #[test]
    fn a_look_at_one_s_own_visit_is_refused_where_the_visit_is_known() {
        let one = of(&[visit(1, "head")])[0].clone();
        let mut story = Story::new();
        let create = look(Package::builtin(), &one, ["phone", "true", "核对过"], day("2026-06-02")).unwrap();
        let body = serde_json::to_value(&create).unwrap();
        let by = |user: &str| story.op(gridbook_log::DeviceId([1; 8]), user, "create", &body);
        let known = |id: EntityId| (id == one.visit).then(|| "ann".to_owned());
        assert_eq!(own(None, &by("ann"), &known), Err(Refusal::OwnVisit));
        assert_eq!(own(None, &by("bo"), &known), Ok(()));
        assert_eq!(own(None, &by("ann"), &|_| None), Ok(()), "not known here: judged where it is");
        // Nor does somebody turn his look at another's into one at his own afterwards.
        let mut other = body;
        other["set"]["target_record"] = json!(EntityId([9; 16]).to_string());
        story.admitted(&person("ann", "grid_worker_l1"), "create", &other).unwrap();
        let set = json!({"set": {"target_record": one.visit.to_string()}});
        let set = story.op(gridbook_log::DeviceId([1; 8]), "ann", "set", &set);
        assert_eq!(own(Some(&story.entity), &set, &known), Err(Refusal::OwnVisit));
        assert_eq!(own(None, &set, &known), Ok(()), "of another form nothing is said");
        assert!(crate::admit::message_for("own_visit").contains("没有去的人"));
    }
}
