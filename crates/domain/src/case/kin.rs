//! How records hang together: what came out of a visit, what was linked, split and merged (CAT-07, FLOW-15). Each tie is
//! written down in one record and shown at both.

use gridbook_log::{Entity, EntityId, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::CaseView;
use crate::package::Package;
use crate::record::RecordKind;
use crate::summary::{Hint, Summary};

/// Where a record that was split off says which one it was part of.
pub const SPLIT_FROM: &str = "split_from";

/// What one record has to do with another, as the one says in which it is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Tie {
    /// It came out of the other: of a visit, a patrol.
    From,
    /// It was split off the other.
    Split,
    /// It was merged into the other.
    Merged,
    /// Somebody linked them.
    Linked,
}

impl Tie {
    /// What to call the other record: seen from the one that says so, or from the other.
    pub const fn label(self, says: bool) -> &'static str {
        match (self, says) {
            (Self::From, true) => "来自",
            (Self::From, false) => "由此上报",
            (Self::Split, true) => "拆自",
            (Self::Split, false) => "拆出",
            (Self::Merged, true) => "并入",
            (Self::Merged, false) => "并来",
            (Self::Linked, _) => "关联",
        }
    }
}

/// A record that hangs together with the one looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kin<'a> {
    /// How.
    pub tie: Tie,
    /// Whether the record looked at says so, or the other.
    pub says: bool,
    /// The other's row.
    pub row: &'a Summary,
}

impl Kin<'_> {
    /// How it hangs together and what it is about; and its number, where it has one, with its state.
    pub fn words(&self, package: &Package) -> (String, String) {
        let (row, label) = (self.row, self.tie.label(self.says));
        let state =
            package.state(&row.state).filter(|_| row.kind.is_case()).map(|state| state.label.as_str());
        let sub: Vec<&str> =
            [row.number.as_str(), state.unwrap_or_default()].into_iter().filter(|t| !t.is_empty()).collect();
        (format!("{label}{}：{}", row.kind.label(), row.title), sub.join(" · "))
    }
}

fn counting(entity: &Entity) -> impl Iterator<Item = (&str, EntityId)> {
    let counts = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    counts.filter_map(|record| {
        let data = &record.event.data;
        let other = data.get("other").or_else(|| data.get("main")).and_then(Value::as_str);
        Some((record.event.event.as_str(), EntityId::parse(other?)?))
    })
}

/// The cases that somebody linked it to, and did not separate again.
pub(super) fn linked(entity: &Entity) -> Vec<EntityId> {
    let mut linked = Vec::new();
    for (action, other) in counting(entity).filter(|(action, _)| matches!(*action, "link" | "unlink")) {
        linked.retain(|held| *held != other);
        if action == "link" {
            linked.push(other);
        }
    }
    linked
}

/// The case that it was split off.
pub(super) fn split_from(entity: &Entity) -> Option<EntityId> {
    entity.text(SPLIT_FROM).and_then(EntityId::parse).filter(|origin| *origin != entity.id())
}

/// The ties that a record says itself, for its row.
pub(crate) fn ties(entity: &Entity) -> Vec<(Tie, EntityId)> {
    let split = split_from(entity);
    let parent =
        entity.creation().and_then(|made| made.create.parent).filter(|parent| Some(*parent) != split);
    let mut ties: Vec<(Tie, EntityId)> = parent.map(|parent| (Tie::From, parent)).into_iter().collect();
    ties.extend(split.map(|origin| (Tie::Split, origin)));
    ties.extend(
        counting(entity).filter(|(action, _)| *action == "merge").map(|(_, main)| (Tie::Merged, main)),
    );
    ties.extend(linked(entity).into_iter().map(|other| (Tie::Linked, other)));
    ties
}

fn said(row: &Summary) -> impl Iterator<Item = (Tie, EntityId)> {
    row.hints.iter().filter_map(|hint| match hint {
        Hint::Kin(tie, other) => Some((*tie, *other)),
        _ => None,
    })
}

/// The records that hang together with this one, among the rows that a person sees: what it came from first, then in the
/// order in which they happened. A mediation file stands at its dispute by itself.
pub fn kin<'a>(rows: impl Iterator<Item = &'a Summary>, id: EntityId) -> Vec<Kin<'a>> {
    let rows: Vec<&Summary> = rows.filter(|row| row.kind.is_report()).collect();
    let own: Vec<(Tie, EntityId)> =
        rows.iter().find(|row| row.id == id).into_iter().flat_map(|row| said(row)).collect();
    let mut found: Vec<Kin<'a>> = Vec::new();
    for row in rows.into_iter().filter(|row| row.id != id) {
        let says = own.iter().find(|(_, other)| *other == row.id).map(|(tie, _)| (*tie, true));
        let told = || said(row).find(|(_, other)| *other == id).map(|(tie, _)| (tie, false));
        let filed = row.kind == RecordKind::Mediation;
        if let Some((tie, says)) = says.or_else(told).filter(|(_, says)| *says || !filed) {
            found.push(Kin { tie, says, row });
        }
    }
    gridbook_log::order_by_key(&mut found, |kin| (!kin.says, kin.tie, kin.row.at, kin.row.id));
    found
}

impl CaseView {
    /// The day by which a case that was split off has to be done, until it was given to somebody: that of the case it was
    /// part of.
    pub fn kept_limit(&self) -> Option<chrono::NaiveDate> {
        let kept = self.handle_by.as_deref().filter(|_| self.split_from.is_some() && self.given == 0);
        kept.and_then(crate::date::parse)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gridbook_log::DeviceId;
    use serde_json::json;

    use super::*;
    use crate::admit::Refusal;
    use crate::authority::{gives_number, number_due};
    use crate::case::story::{Story, dispatch, hazard_body, person, register};
    use crate::workflow::{Guard, offered, suggested};

    const OTHER: EntityId = EntityId([4; 16]);

    fn row(story: &Story) -> Summary {
        Summary::of(&story.entity, Package::builtin()).unwrap()
    }

    fn of(id: EntityId) -> Story {
        let mut story = Story::new();
        story.entity = Entity::new(id, Some(DeviceId([9; 8])));
        story
    }

    #[test]
    fn what_came_out_of_a_visit_is_shown_at_both() {
        let (mut visit, mut crack) = (of(OTHER), Story::new());
        let ann = person("ann", "village_assistant");
        let made = json!({"type": "visit", "form": "F-VISIT/1", "state": "visited",
            "place": {"area": crate::case::story::GRID}, "set": {}});
        visit.entity.apply(&visit.op(DeviceId([1; 8]), "ann", "create", &made));
        let mut body = hazard_body("yellow");
        body["parent"] = json!(OTHER);
        crack.admitted(&ann, "create", &body).unwrap();
        let rows = [row(&visit), row(&crack)];
        let told = |id| {
            let list = kin(rows.iter(), id);
            list.iter().map(|kin| (kin.tie.label(kin.says), kin.row.kind)).collect::<Vec<_>>()
        };
        assert_eq!(told(OTHER), [("由此上报", RecordKind::Hazard)]);
        assert_eq!(told(crack.entity.id()), [("来自", RecordKind::Visit)]);
    }

    #[test]
    fn linked_cases_are_shown_at_both_until_they_are_separated() {
        let mut story = Story::hazard("blue");
        let (ivy, mut other) = (person("ivy", "intake_clerk"), of(OTHER));
        other.admitted(&person("ann", "village_assistant"), "create", &hazard_body("blue")).unwrap();
        let data = json!({"data": {"other": OTHER, "text": "同一家人，半年里第二次"}});
        assert_eq!(story.try_step(&ivy, "unlink", &data), Err(Refusal::Guard(Guard::Linked)));
        let own = json!({"data": {"other": story.entity.id(), "text": "同一件"}});
        assert_eq!(story.try_step(&ivy, "link", &own), Err(Refusal::Guard(Guard::OtherCase)));
        assert!(story.try_step(&person("ann", "village_assistant"), "link", &data).is_err());
        story.step(&ivy, "link", &data);
        let rows = [row(&story), row(&other)];
        for (id, says) in [(story.entity.id(), true), (OTHER, false)] {
            let found: Vec<_> = kin(rows.iter(), id).iter().map(|kin| (kin.tie, kin.says)).collect();
            assert_eq!(found, [(Tie::Linked, says)]);
        }
        assert_eq!(story.view().state, "submitted", "a link moves nothing");
        story.step(&ivy, "unlink", &data);
        assert!(kin([row(&story), row(&other)].iter(), OTHER).is_empty());
    }

    #[test]
    fn what_is_split_off_is_registered_at_once_and_keeps_the_limit() {
        let (ivy, mut part) = (person("ivy", "intake_clerk"), of(OTHER));
        let mut origin = Story::hazard("yellow");
        origin.until_claimed();
        let other = origin.entity.id();
        assert_eq!(origin.view().kept_limit(), None, "it is nobody's part");
        origin.step(&ivy, "split", &json!({"data": {"other": OTHER, "text": "电线外露是另一件"}}));
        assert_eq!(origin.view().state, "claimed", "the rest goes on");

        part.ms = origin.ms;
        let mut body = hazard_body("yellow");
        body["set"][SPLIT_FROM] = json!(other);
        body["parent"] = json!(other);
        part.admitted(&ivy, "create", &body).unwrap();
        let package = Package::builtin();
        let names = |story: &Story| -> Vec<String> {
            let list = offered(package, &ivy, &story.view(), story.today());
            list.iter().map(|step| step.action.clone()).collect()
        };
        assert!(names(&part).contains(&"split_off".to_owned()));
        assert!(!names(&Story::hazard("yellow")).contains(&"split_off".to_owned()));
        let mut set = register("yellow")["set"].clone();
        set["handle_by"] = json!(origin.view().handle_by);
        part.step(&ivy, "split_off", &json!({"set": set, "data": {"text": "电线外露是另一件"}}));
        assert_eq!(part.view().state, "registered");
        let gives = |kind, step: &str| gives_number(package, kind, step);
        assert_eq!(number_due(&part.entity, None, gives), Some("隐"));

        // 28 May stands, and is what a dispatch starts with.
        let step = package.flow(RecordKind::Hazard).unwrap().actions("dispatch").next().unwrap();
        assert_eq!(suggested(package, step, &part.view(), &ivy, part.ms)["handle_by"], json!("2026-05-28"));
        let mut late = dispatch();
        late["set"]["handle_by"] = json!("2026-05-29");
        assert_eq!(part.try_step(&ivy, "dispatch", &late), Err(Refusal::Guard(Guard::KeptLimit)));
        let rows = [row(&origin), row(&part)];
        let told = |id| kin(rows.iter(), id).iter().map(|kin| kin.tie.label(kin.says)).collect::<Vec<_>>();
        assert_eq!((told(other), told(OTHER)), (vec!["拆出"], vec!["拆自"]));
        // Once that day is over, it binds nobody to the impossible.
        part.ms += 30 * 86_400_000;
        late["set"]["handle_by"] = json!(part.today().to_string());
        assert_eq!(part.try_step(&ivy, "dispatch", &late), Ok(()));
        part.ms -= 30 * 86_400_000;
        part.step(&ivy, "dispatch", &dispatch());
        assert_eq!(part.view().kept_limit(), None, "an extension is nobody's business but the supervisor's");
    }
}
