//! 转保密: what was written down openly and turns out to be a confidential matter (ROLE-11). A report in confidence takes its
//! place, and the open one goes out of sight: no list, figure, search, document or export has it any more, and nobody but its
//! author is sent it. What was read, printed or exported before cannot be taken back, and the log keeps the operations.

use chrono::NaiveDate;
use gridbook_log::Entity;
use serde_json::{Value, json};

use crate::case::CaseView;
use crate::form::{Form, Values};
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
}
