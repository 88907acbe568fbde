//! 转保密: what was written down openly and turns out to be a confidential matter (ROLE-11). A report in confidence takes its
//! place, and the open one goes out of sight: no list, figure, search, document or export has it any more, and nobody but its
//! author is sent it. What was read, printed or exported before cannot be taken back, and the log keeps the operations.

use chrono::NaiveDate;
use gridbook_log::{Entity, Event};
use serde_json::{Value, json};

use crate::case::CaseView;
use crate::form::{Field, Form, Values, table_rows};
use crate::package::Package;
use crate::role::Actor;
use crate::workflow::{Transition, check, event};

/// The state of what went out of sight.
pub const AWAY: &str = "set_apart";
/// The steps that lead there: its author's while the centre has not registered it, and that of the confidential channel.
const STEPS: [&str; 2] = ["set_apart", "take_apart"];
/// Where an open report says what it is about, in the order in which it is read.
const WORDS: [&str; 5] = ["desc", "facts", "problem", "content", "remark"];

/// Whether a record went out of sight; also while somebody else moved it at the same time.
pub fn out_of_sight(entity: &Entity) -> bool {
    entity.state() == Some(AWAY) || entity.flow().others.iter().any(|state| state == AWAY)
}

/// The step by which this person may put an open record out of sight now.
pub fn step<'p>(
    package: &'p Package,
    actor: &Actor,
    case: &CaseView,
    today: NaiveDate,
) -> Option<&'p Transition> {
    let flow = package.flow(case.kind)?;
    STEPS.iter().filter_map(|action| flow.transition(action, &case.state)).find(|step| {
        let taken = event(package, (actor, today), step, case, &Values::new(), Vec::new());
        check(package, actor, case, &taken, [today; 2]).is_ok()
    })
}

/// What is left to do with an open record for the report that takes its place.
#[derive(Debug, Clone, PartialEq)]
pub enum Away {
    /// Nothing: it is out of sight.
    Done,
    /// This, once the report has arrived, and no sooner: until then nothing else tells of the matter.
    Step(Box<Event>),
    /// It is not for this person to do: the centre registered it, or it is not on this device any more.
    Stays,
}

/// What this person has to do with an open record, as it stands by now, so that it goes out of sight.
pub fn put_away(package: &Package, actor: &Actor, open: Option<&Entity>, today: NaiveDate) -> Away {
    let Some(entity) = open else { return Away::Stays };
    if out_of_sight(entity) {
        return Away::Done;
    }
    let Some(case) = CaseView::of(entity) else { return Away::Stays };
    step(package, actor, &case, today).map_or(Away::Stays, |step| {
        let taken = event(package, (actor, today), step, &case, &Values::new(), Vec::new());
        Away::Step(Box::new(taken))
    })
}

/// What a confidential form takes over from an open record: the words and the place. Its pictures do not go along, and
/// every other question is asked anew.
pub fn taken_over(form: &Form, open: &Values) -> Values {
    let said =
        |path: &&str| open.get(*path).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let words: Vec<&str> = WORDS.iter().filter_map(said).collect();
    let mut values = Values::new();
    if !words.is_empty() && form.field("facts").is_some() {
        values.insert("facts".to_owned(), json!(words.join("\n")));
    }
    if let Some(place) = said(&"address_text").filter(|_| form.field("address_text").is_some()) {
        values.insert("address_text".to_owned(), json!(place));
    }
    values
}

/// The questions of an open form whose answers [`taken_over`] leaves behind, in order. What the app knew by itself and the
/// answer that led to the confidential form are nobody's work.
pub fn left_behind<'f>(package: &Package, open: &'f Form, form: &Form, values: &Values) -> Vec<&'f str> {
    let over = taken_over(form, values);
    let goes = |path: &str| over.contains_key(path) || WORDS.contains(&path) && over.contains_key("facts");
    let given = |field: &Field| match values.get(&field.path) {
        Some(Value::Null) | None => !table_rows(values, &field.path).is_empty(),
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    };
    let known = |field: &Field| {
        let start = field.default.as_ref();
        let word = start.and_then(Value::as_str).is_some_and(|word| word.starts_with('@'));
        field.auto || word || start.is_some() && start == values.get(&field.path)
    };
    let leads = |field: &Field| {
        let said = values.get(&field.path).and_then(Value::as_str);
        package.choices(field).iter().any(|choice| Some(choice.id.as_str()) == said && choice.apart.is_some())
    };
    let fields = open.fields().map(|(_, field)| field);
    let lost = fields.filter(|field| given(field) && !known(field) && !leads(field) && !goes(&field.path));
    lost.map(|field| field.label.as_str()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::admit::reads;
    use crate::case::story::{Story, person};
    use crate::confidential::forms;
    use crate::summary::Summary;
    use crate::workflow::offered;

    fn quick() -> Story {
        let mut story = Story::new();
        let body = json!({
            "type": "hazard", "form": "F-HAZARD/1", "state": "submitted",
            "place": {"area": crate::case::story::GRID},
            "set": {"desc": "村主任把救济款扣下了", "address_text": "柳溪村委会"}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        story
    }

    fn body(story: &Story, actor: &Actor) -> Option<(String, Value)> {
        let step = step(Package::builtin(), actor, &story.view(), story.today())?;
        let case = story.view();
        let taken =
            event(Package::builtin(), (actor, story.today()), step, &case, &Values::new(), Vec::new());
        Some((step.action.clone(), serde_json::to_value(taken).unwrap()))
    }

    #[test]
    fn its_author_takes_a_quick_report_out_of_sight_and_no_list_has_it() {
        let (package, ann) = (Package::builtin(), person("ann", "village_assistant"));
        let mut story = quick();
        assert!(Summary::of(&story.entity, package).unwrap().title.contains("救济款"));
        assert!(reads(package, &person("lea", "grid_worker_l1"), &story.entity, story.today()));
        let (action, taken) = body(&story, &ann).unwrap();
        assert_eq!(action, "set_apart");
        story.admitted(&ann, "event", &taken).unwrap();
        assert!(out_of_sight(&story.entity));
        assert_eq!(Summary::of(&story.entity, package), None);
        assert_eq!(CaseView::of(&story.entity), None);
        for role in package.roles.iter().filter(|role| role.id != "public") {
            let other = person("zed", &role.id);
            assert!(!reads(package, &other, &story.entity, story.today()), "{}", role.id);
        }
        assert!(reads(package, &ann, &story.entity, story.today()), "what he wrote is his own");
    }

    #[test]
    fn nothing_is_written_to_it_afterwards() {
        let (ann, dora) = (person("ann", "village_assistant"), person("dora", "center_director"));
        let mut story = quick();
        let (_, taken) = body(&story, &ann).unwrap();
        let comment = story.event_body("comment", &json!({"data": {"text": "扣了多少"}}));
        story.admitted(&ann, "event", &taken).unwrap();
        for actor in [&ann, &dora] {
            let set = story.judge(actor, "set", &json!({"set": {"desc": "没有这回事"}})).unwrap_err();
            assert_eq!(set.code(), "not_legal_now");
            assert!(story.judge(actor, "event", &comment).is_err());
            assert!(story.judge(actor, "place", &json!({"users_add": ["eve"]})).is_err());
        }
    }

    #[test]
    fn once_registered_only_the_channel_does_it_and_in_every_state() {
        let package = Package::builtin();
        let mut story = Story::hazard("yellow");
        story.until_claimed();
        for (user, role) in [
            ("ann", "village_assistant"),
            ("ivy", "intake_clerk"),
            ("lea", "grid_worker_l1"),
            ("ben", "unit_handler"),
        ] {
            assert_eq!(body(&story, &person(user, role)), None, "{role}");
        }
        for role in ["center_director", "discipline_officer"] {
            let (action, taken) = body(&story, &person("dora", role)).unwrap();
            assert_eq!(action, "take_apart");
            assert_eq!(story.judge(&person("dora", role), "event", &taken), Ok(()));
        }
        let flow = package.flow(crate::record::RecordKind::Hazard).unwrap();
        for state in flow.states.iter().filter(|state| state.id != AWAY && state.id != "draft") {
            assert!(flow.transition("take_apart", &state.id).is_some(), "{}", state.id);
        }
        // It takes the words along: no button of the ordinary kind leads there.
        let dora = person("dora", "center_director");
        assert!(offered(package, &dora, &story.view(), story.today()).iter().all(|step| step.to != AWAY));
    }

    #[test]
    fn every_confidential_form_takes_the_words_over() {
        let open = quick().view().values;
        for form in forms(Package::builtin()) {
            let over = taken_over(form, &open);
            assert_eq!(over["facts"], json!("村主任把救济款扣下了"), "{}", form.id);
            assert_eq!(over.contains_key("address_text"), form.field("address_text").is_some());
        }
    }

    #[test]
    fn the_open_record_waits_for_the_report_and_is_put_away_once() {
        let (package, ann) = (Package::builtin(), person("ann", "village_assistant"));
        let mut story = quick();
        let today = story.today();
        let Away::Step(taken) = put_away(package, &ann, Some(&story.entity), today) else {
            panic!("its author does it")
        };
        let lea = person("lea", "grid_worker_l1");
        assert_eq!(put_away(package, &lea, Some(&story.entity), today), Away::Stays, "nobody else's");
        assert_eq!(put_away(package, &ann, None, today), Away::Stays, "not on this device any more");
        story.admitted(&ann, "event", &serde_json::to_value(taken).unwrap()).unwrap();
        // Asked again, after an answer that was lost.
        assert_eq!(put_away(package, &ann, Some(&story.entity), today), Away::Done);
        let mut registered = Story::hazard("yellow");
        registered.until_claimed();
        assert_eq!(put_away(package, &ann, Some(&registered.entity), registered.today()), Away::Stays);
    }

    #[test]
    fn whoever_turns_to_a_confidential_form_is_told_what_does_not_go_along() {
        let package = Package::builtin();
        let form = forms(package).find(|form| form.field("address_text").is_some()).unwrap();
        let values = |said: Value| -> Values { said.as_object().unwrap().clone().into_iter().collect() };
        let hazard = package.form("F-HAZARD").unwrap();
        let label = |path: &str| hazard.field(path).unwrap().label.as_str();
        let said = values(json!({"desc": "救济款没有发", "address_text": "柳溪村委会"}));
        assert!(left_behind(package, hazard, form, &said).is_empty(), "words and place go along");
        let said = values(json!({
            "desc": "救济款没有发", "level": "yellow", "category": "fire", "address_text": "  ", "item": null
        }));
        let lost = left_behind(package, hazard, form, &said);
        assert_eq!(lost.len(), 2, "{lost:?}");
        assert!(lost.contains(&label("level")) && lost.contains(&label("category")));
        // A table counts once something stands in it.
        let dispute = package.form("F-DISPUTE").unwrap();
        let table = dispute.field("parties").unwrap();
        let said = values(json!({"facts": "争地界", "parties/r1/name": "何秀兰"}));
        assert_eq!(left_behind(package, dispute, form, &said), [table.label.as_str()]);
        // What the app put there and the answer that leads away are not named.
        let opinion = package.forms.get().iter().find(|form| form.field("opinion_kind").is_some()).unwrap();
        let said = values(json!({"facts": "打招呼", "opinion_kind": "cadre"}));
        assert!(left_behind(package, opinion, form, &said).is_empty());
        let said = values(json!({"facts": "修路", "opinion_kind": "facility"}));
        assert_eq!(left_behind(package, opinion, form, &said).len(), 1);
    }
}
