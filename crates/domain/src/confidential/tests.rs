#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::admit::reads;
use crate::case::story::{GRID, Story, TOWN, UNIT, blob, person};
use crate::workflow::{STAYS, offered};

const HANDLE: &str = "confidential.handle";
const HARM: &str = "harm.handle";

fn report() -> Value {
    json!({
        "type": "confidential", "form": "F-SUPV/1", "state": "sup_received", "place": {},
        "set": {"subject_type": "works", "village": "柳溪村", "facts": "村道工程没有公示", "named": "liam",
            "anonymous": true}
    })
}

fn with(key: &str, value: Value) -> Value {
    let mut body = report();
    body[key] = value;
    body
}

/// Reported by ann; liam is named in it.
fn story() -> Story {
    let mut story = Story::new();
    story.admitted(&person("ann", "village_assistant"), "create", &report()).unwrap();
    story
}

#[test]
fn it_is_written_with_its_form_only_and_lies_nowhere() {
    let (story, ann) = (Story::new(), person("ann", "village_assistant"));
    assert_eq!(story.judge(&ann, "create", &report()), Ok(()));
    for (body, code) in [
        (with("place", json!({"area": GRID})), "bad_placement"),
        (with("place", json!({"units_add": [UNIT]})), "bad_placement"),
        (with("place", json!({"users_add": ["ann"]})), "bad_placement"),
        (with("place", json!({"all": true})), "bad_placement"),
        (with("parent", json!("0190f0e0c0de4a5b8c6d7e8f90a1b2c3")), "bad_placement"),
        (with("state", json!("submitted")), "wrong_state"),
        (with("form", json!("F-HAZARD/1")), "unknown_form"),
        (with("form", Value::Null), "unknown_form"),
        (with("type", json!("matter")), "wrong_state"),
        (with("blobs", json!([blob("photos")])), "bad_body"),
        (with("set", json!({"facts": "x"})), "invalid"),
    ] {
        assert_eq!(story.judge(&ann, "create", &body).unwrap_err().code(), code, "{body}");
    }
    let ben = person("ben", "unit_handler");
    assert_eq!(story.judge(&ben, "create", &report()), Err(Refusal::NotPermitted(REPORT.to_owned())));
}

#[test]
fn the_channel_alone_reads_it_and_never_whom_it_names() {
    let package = Package::builtin();
    let story = story();
    let reads = |actor: &Actor| reads(package, actor, &story.entity, story.today());
    assert!(reads(&person("dora", "center_director")));
    assert!(reads(&person("dan", "discipline_officer")));
    // Not even its author's devices hold it.
    assert!(!reads(&person("ann", "village_assistant")));
    assert!(!reads(&person("liam", "center_director")), "whoever is named, in whatever role");
    let channel: Vec<&str> = package
        .roles
        .iter()
        .filter(|role| reads(&person("zed", &role.id)))
        .map(|role| role.id.as_str())
        .collect();
    assert_eq!(channel, ["center_director", "discipline_officer"]);
    let several = Values::from([(NAMED.to_owned(), json!(["liam", "", "dora"]))]);
    assert_eq!(named(&several), ["liam", "dora"]);
}

#[test]
fn nobody_rewrites_moves_or_shares_it() {
    let story = story();
    for actor in [person("ann", "village_assistant"), person("dora", "center_director"), {
        let mut steward = person("gus", "grid_clerk");
        steward.assignments.extend(person("gus", "center_director").assignments);
        steward
    }] {
        let set = story.judge(&actor, "set", &json!({"set": {"facts": "没有这回事"}}));
        assert_eq!(set.unwrap_err().code(), "not_legal_now", "{}", actor.user);
        for place in [json!({"area": TOWN}), json!({"units_add": [UNIT]}), json!({"users_add": ["eve"]})] {
            assert_eq!(story.judge(&actor, "place", &place), Err(Refusal::BadPlacement));
        }
        assert!(story.judge(&actor, "a_later_kind", &json!({})).is_err());
    }
    let dora = person("dora", "center_director");
    let shared = story.try_step(&dora, "sup_accept", &json!({"place": {"units_add": [UNIT]}}));
    assert_eq!(shared, Err(Refusal::BadPlacement));
    let renamed = story.try_step(&dora, "sup_accept", &json!({"set": {"named": "eve"}}));
    assert_eq!(renamed, Err(Refusal::UnexpectedPath("named".to_owned())));
    let filed = story.try_step(&dora, "sup_accept", &json!({"blobs": [blob("photos")]}));
    assert_eq!(filed.unwrap_err().code(), "bad_body");
}

#[test]
fn the_channel_accepts_notes_transfers_and_closes() {
    let mut story = story();
    let (dora, dan) = (person("dora", "center_director"), person("dan", "discipline_officer"));
    for outsider in [
        person("liam", "center_director"),
        person("ann", "village_assistant"),
        person("cho", "general_grid_chief"),
        person("ivy", "intake_clerk"),
    ] {
        let refusal = story.try_step(&outsider, "sup_accept", &json!({}));
        assert_eq!(refusal, Err(Refusal::NotPermitted(HANDLE.to_owned())), "{}", outsider.user);
    }
    let unexplained = story.try_step(&dora, "sup_decline", &json!({"data": {"reason": "unclear"}}));
    assert_eq!(unexplained.unwrap_err().code(), "invalid");
    story.step(&dora, "sup_accept", &json!({}));
    story.step(&dan, "sup_note", &json!({"data": {"text": "看了公示栏"}}));
    assert_eq!(story.view().state, "sup_accepted");
    let unnumbered = story.try_step(&dan, "sup_transfer", &json!({"data": {"body": "县纪委监委"}}));
    assert_eq!(unnumbered.unwrap_err().code(), "invalid");
    let paper = json!({"data": {"body": "县纪委监委", "paper": "青纪移〔2026〕1号"}});
    story.step(&dan, "sup_transfer", &paper);
    story.step(&dora, "sup_close", &json!({"data": {"text": "已补公示", "told": "in_person"}}));
    assert_eq!(story.view().state, "sup_closed");
    assert!(offered(Package::builtin(), &dora, &story.view(), story.today()).is_empty());
}

#[test]
fn every_state_is_reached_and_all_but_the_ends_are_left() {
    let flow = Package::builtin().flow(RecordKind::Confidential).unwrap();
    let mut reached = BTreeSet::from([flow.initial.as_str()]);
    for _ in &flow.states {
        for step in flow.transitions.get() {
            if step.to != STAYS && step.from.iter().any(|from| reached.contains(from.as_str())) {
                reached.insert(&step.to);
            }
        }
    }
    for state in &flow.states {
        assert!(reached.contains(state.id.as_str()), "{} is never reached", state.id);
        let left =
            flow.transitions.get().iter().any(|step| step.to != STAYS && step.from.contains(&state.id));
        assert_eq!(left, !state.terminal, "{}", state.id);
    }
    for step in flow.transitions.get() {
        assert_eq!(step.permission, HANDLE, "{}", step.action);
        assert!(!step.places, "{} would share it", step.action);
    }
}

#[test]
fn nobody_decides_a_report_of_his_own() {
    let mut story = Story::new();
    let mut dora = person("dora", "center_director");
    dora.assignments.extend(person("dora", "village_assistant").assignments);
    story.admitted(&dora, "create", &report()).unwrap();
    for action in ["sup_accept", "sup_decline"] {
        let (none, data) = (json!({}), json!({"data": {"reason": "unclear", "text": "请补说"}}));
        let refusal = story.try_step(&dora, action, if action == "sup_accept" { &none } else { &data });
        assert_eq!(refusal, Err(Refusal::NotPermitted(HANDLE.to_owned())), "{action}");
    }
    assert!(offered(Package::builtin(), &dora, &story.view(), story.today()).is_empty());
    let dan = person("dan", "discipline_officer");
    assert!(!offered(Package::builtin(), &dan, &story.view(), story.today()).is_empty());
    story.step(&dan, "sup_accept", &json!({}));
}

#[test]
fn no_number_tells_of_those_in_between() {
    use crate::authority::{gives_number, number_due};
    let package = Package::builtin();
    for (action, data) in
        [("sup_accept", json!({})), ("sup_decline", json!({"reason": "unclear", "text": "请补说"}))]
    {
        assert!(!gives_number(package, RecordKind::Confidential, action), "{action}");
        let mut story = story();
        story.step(&person("dora", "center_director"), action, &json!({"data": data}));
        assert_eq!(number_due(&story.entity, None, |_, _| true), None, "{action}");
    }
    let id = EntityId::parse("0190f0e0c0de4a5b8c6d7e8f90a1b2c3").unwrap();
    assert_eq!(name(NaiveDate::from_ymd_opt(2026, 11, 22).unwrap(), id), "2026-11-22-A1B2C3");
}

#[test]
fn a_changed_report_is_not_taken_for_the_one_that_arrived() {
    let first = Values::from([("facts".to_owned(), json!("村道工程没有公示"))]);
    let mut now = first.clone();
    assert_eq!(sent_before(false, Some(&first), &now), Sent::Nothing);
    assert_eq!(sent_before(true, Some(&first), &now), Sent::Same);
    now.insert(NAMED.to_owned(), json!("liam"));
    assert_eq!(sent_before(true, Some(&first), &now), Sent::Other);
    assert_eq!(sent_before(true, None, &now), Sent::Other, "nobody knows what arrived");
}

#[test]
fn a_step_sent_again_is_known_by_what_it_says() {
    let mut story = story();
    let dora = person("dora", "center_director");
    let before = story.entity.clone();
    let event = |text: &str| Event {
        event: "sup_accept".to_owned(),
        data: Values::from([("text".to_owned(), json!(text))]),
        ..Event::default()
    };
    let sent = |story: &Story, text: &str| step_before(&before, &story.entity, "dora", &event(text));
    assert_eq!(sent(&story, "先看账"), Sent::Nothing);
    story.step(&dora, "sup_accept", &json!({"data": {"text": "先看账"}}));
    assert_eq!(sent(&story, "先看账"), Sent::Same);
    assert_eq!(sent(&story, "先问人"), Sent::Other);
    assert_eq!(
        step_before(&before, &story.entity, "dan", &event("先看账")),
        Sent::Nothing,
        "somebody else's"
    );
    assert_eq!(step_before(&story.entity, &story.entity, "dora", &event("先看账")), Sent::Nothing);
}

/// A grant by name until a day; the actor's other role gives nothing of the channel.
fn granted(user: &str, to: Option<&str>) -> Actor {
    let mut actor = person(user, "grid_worker_l1");
    actor.assignments.extend(person(user, "harm_contact").assignments);
    actor.assignments[1].to = to.map(|day| day.parse().unwrap());
    actor
}

fn clue() -> Value {
    json!({
        "type": "confidential", "form": "F-ABUSE/2", "state": "sup_received", "place": {},
        "set": {"danger_now": false, "clue_type": "minor_abuse_clue", "facts": "连着几天听到孩子哭喊", "victim": "男孩，约八岁",
            "police_told": false, "anonymous": true}
    })
}

#[test]
fn a_clue_of_harm_has_a_channel_of_its_own() {
    let package = Package::builtin();
    let mut story = Story::new();
    story.admitted(&person("ann", "village_assistant"), "create", &clue()).unwrap();
    let today = story.today();
    let hears = |actor: &Actor| reads(package, actor, &story.entity, today);
    assert!(hears(&person("dora", "center_director")));
    assert!(!hears(&person("dan", "discipline_officer")), "village affairs are another channel");
    let next = today.succ_opt().unwrap().to_string();
    let past = today.pred_opt().unwrap().to_string();
    assert!(hears(&granted("hua", Some(&next))));
    assert!(!hears(&granted("hua", Some(&past))), "the grant has ended");
    assert!(!hears(&granted("hua", None)), "a grant without an end is none");
    let dan = person("dan", "discipline_officer");
    let refusal = story.try_step(&dan, "sup_accept", &json!({}));
    assert_eq!(refusal, Err(Refusal::NotPermitted(HARM.to_owned())));
    story.step(&granted("hua", Some(&next)), "sup_accept", &json!({}));
    assert_eq!(story.view().state, "sup_accepted");
    // And who hears clues hears nothing of village affairs.
    let other = self::story();
    assert!(!reads(package, &granted("hua", Some(&next)), &other.entity, today));
}

/// Who keeps one channel keeps no other one (domain data 4.1.3): the identity of an informant and a group in the making.
#[test]
fn tips_and_groups_have_channels_of_their_own() {
    let package = Package::builtin();
    let tip = json!({
        "type": "confidential", "form": "F-TIP/1", "state": "sup_received", "place": {},
        "set": {"clue_type": "plant", "facts": "屋后搭了棚，不让人靠近", "informant": "一位邻居", "anonymous": true,
            "police_told": false}
    });
    let group = json!({
        "type": "confidential", "form": "F-GROUP/1", "state": "sup_received", "place": {},
        "set": {"danger_now": false, "group_type": "wages", "people_band": "tens", "facts": "约好周一去镇政府讨工钱",
            "anonymous": true}
    });
    let contacts = ["harm_contact", "tip_contact", "group_contact"];
    for (body, own) in [(&clue(), contacts[0]), (&tip, contacts[1]), (&group, contacts[2])] {
        let mut story = Story::new();
        story.admitted(&person("ann", "village_assistant"), "create", body).unwrap();
        let today = story.today();
        let hears = |role: &str, to: Option<NaiveDate>| {
            let mut actor = person("hua", role);
            actor.assignments[0].to = to;
            reads(package, &actor, &story.entity, today)
        };
        for role in contacts {
            assert_eq!(hears(role, today.succ_opt()), role == own, "{role} and {body}");
            assert!(
                !hears(role, None) && !hears(role, today.pred_opt()),
                "{role}: a grant by name has an end"
            );
        }
        assert!(hears("center_director", None) && !hears("discipline_officer", None));
        let filed = Story::new().judge(&person("ann", "village_assistant"), "create", &{
            let mut named = body.clone();
            named["place"] = json!({"area": GRID});
            named
        });
        assert_eq!(filed.unwrap_err().code(), "bad_placement");
    }
}

#[test]
fn every_form_of_this_kind_says_who_hears_it() {
    let package = Package::builtin();
    let rights: Vec<(&str, Option<&str>)> =
        forms(package).map(|form| (form.id.as_str(), form.heard_by.as_deref())).collect();
    assert_eq!(
        rights,
        [
            ("F-SUPV", Some(HANDLE)),
            ("F-ABUSE", Some(HARM)),
            ("F-TIP", Some("tip.handle")),
            ("F-GROUP", Some("group.handle")),
        ]
    );
    for (_, right) in rights {
        let named = right.unwrap();
        assert!(package.roles.iter().any(|role| role.grants.iter().any(|grant| grant.permission == named)));
    }
    // A form that is none of these opens nothing.
    assert_eq!(handle(package, "F-HAZARD/1"), None);
    assert_eq!(handle(package, ""), None);
}

#[test]
fn a_form_without_a_channel_takes_no_report() {
    let (ann, story) = (person("ann", "village_assistant"), Story::new());
    let op = story.op(gridbook_log::DeviceId([1; 8]), "ann", "create", &report());
    let judge = |package: &Package| crate::admit::admit(package, &ann, None, &op, story.today());
    assert_eq!(judge(Package::builtin()), Ok(()));
    let mut deaf = Package::builtin().clone();
    for form in deaf.forms.get_mut().iter_mut() {
        form.heard_by = None;
    }
    assert_eq!(judge(&deaf), Err(Refusal::UnknownForm("F-SUPV/1".to_owned())));
    assert!(deaf.faults().contains(&"F-SUPV/1: nobody hears it".to_owned()));
}
