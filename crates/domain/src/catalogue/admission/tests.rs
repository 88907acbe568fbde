#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::admit::{Refusal, message_for, reads};
use crate::case::story::{GRID, Story, TOWN, UNIT, VILLAGE, person};
use crate::catalogue::Sensitivity;
use crate::role::Actor;
use crate::summary::Summary;

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

fn catalogue() -> &'static Catalogue {
    Package::builtin().catalogue.get()
}

fn application() -> Application {
    let item = Item {
        code: "D10".to_owned(),
        id: "d10".to_owned(),
        name: "电动车棚排查".to_owned(),
        to: Some(day(9, 30)),
        from: Some(day(6, 1)),
        ..catalogue().item("fire_hazard").unwrap().clone().plain()
    };
    Application {
        wish: Wish::Admit { item: Box::new(item), temporary: true },
        unit: UNIT.to_owned(),
        contact: "应急办值班室".to_owned(),
        basis: "消防条例".to_owned(),
        why: "走访时顺便看".to_owned(),
        actions: "看有没有室内充电".to_owned(),
        minutes: 10,
        times_a_month: 30,
        grids: 40,
        training: "镇消防站五月培训半天".to_owned(),
        funding: "不另花钱".to_owned(),
        successor: String::new(),
    }
}

#[test]
fn an_application_from_before_training_was_asked_reads_the_same() {
    let old = Application { training: String::new(), funding: String::new(), ..application() };
    let values = old.values();
    assert!(!values.contains_key("training") && !values.contains_key("successor"));
    assert_eq!(Application::read(&values), Some(old.clone()));
    assert_eq!(Application::read(&application().values()), Some(application()));
    assert_ne!(old.mark(), application().mark(), "who decides has read it");
    let gone = Application { successor: "村规民约理事会接着办".to_owned(), ..leaving(day(6, 30)) };
    assert_eq!(Application::read(&gone.values()), Some(gone));
}

fn leaving(last: NaiveDate) -> Application {
    let wish = Wish::Retire { item: "ceremony".to_owned(), last };
    Application { wish, why: "并入村规民约".to_owned(), ..application() }
}

/// Its item changed.
fn with(change: impl Fn(&mut Item, &mut bool)) -> Application {
    let mut changed = application();
    if let Wish::Admit { item, temporary } = &mut changed.wish {
        change(item, temporary);
    }
    changed
}

fn handler() -> Actor {
    person("hugh", "unit_handler")
}

fn director() -> Actor {
    person("dora", "center_director")
}

fn leader() -> Actor {
    person("greta", "general_grid_chief")
}

fn body(application: &Application) -> Value {
    serde_json::to_value(Procedure::create(application, TOWN)).unwrap()
}

fn applied_by(actor: &Actor) -> Story {
    let mut story = Story::new();
    story.admitted(actor, "create", &body(&application())).unwrap();
    story
}

fn applied() -> Story {
    applied_by(&handler())
}

fn say(path: &str, agrees: bool, words: &str) -> Value {
    json!({"set": read(&applied()).say(path, agrees, words)})
}

fn became() -> Value {
    json!({"set": Procedure::became(gridbook_log::EntityId([5; 16]), 2)})
}

fn read(story: &Story) -> Procedure {
    Procedure::of(&story.entity).unwrap()
}

fn code(judged: Result<(), Refusal>) -> &'static str {
    judged.map_or_else(|refusal| refusal.code(), |()| "ok")
}

fn reviewed() -> Story {
    let mut story = applied();
    story.admitted(&director(), "set", &say(REVIEWED, true, "可行")).unwrap();
    story
}

#[test]
fn an_item_is_applied_for_reviewed_approved_and_published() {
    let (mut story, package) = (applied(), Package::builtin());
    let row = |story: &Story| Summary::of(&story.entity, package).unwrap();
    assert_eq!((read(&story).stage(), read(&story).application), (Stage::Applied, application()));
    let first = row(&story);
    assert_eq!((&*first.title, &*first.number, &*first.state), ("电动车棚排查", "D10", "applied"));
    story.admitted(&director(), "set", &say(REVIEWED, true, "可行")).unwrap();
    assert_eq!((read(&story).stage(), &*row(&story).state), (Stage::Reviewed, "reviewed"));
    story.admitted(&leader(), "set", &say(APPROVED, true, "")).unwrap();
    let held = read(&story);
    assert_eq!(held.stage(), Stage::Approved);
    let said =
        |said: &Option<Opinion>| said.as_ref().map(|said| (said.by.clone(), said.words.clone())).unwrap();
    assert_eq!(said(&held.reviewed), ("dora".to_owned(), "可行".to_owned()));
    assert_eq!(said(&held.approved).0, "greta");
    assert!(held.at < held.reviewed.as_ref().unwrap().at, "each has its own time");
    story.admitted(&director(), "set", &became()).unwrap();
    let published = read(&story).published.unwrap();
    assert_eq!((read(&story).stage(), &*published.by, published.version), (Stage::Published, "dora", 2));
    assert_eq!(row(&story).state, "published");
}

#[test]
fn steps_come_in_their_order_and_once() {
    let story = applied();
    assert_eq!(code(story.judge(&leader(), "set", &say(APPROVED, true, ""))), "item_stage");
    assert_eq!(code(story.judge(&director(), "set", &became())), "item_stage");
    let mut story = reviewed();
    assert_eq!(code(story.judge(&director(), "set", &say(REVIEWED, false, "再想想"))), "item_stage");
    assert_eq!(code(story.judge(&director(), "set", &became())), "item_stage", "not without approval");
    story.admitted(&leader(), "set", &say(APPROVED, true, "")).unwrap();
    let other = person("lena", "leader");
    assert_eq!(code(story.judge(&other, "set", &say(APPROVED, false, "不同意"))), "item_stage");
    let both: Values =
        read(&applied()).say(REVIEWED, true, "").into_iter().chain(application().values()).collect();
    assert_eq!(code(applied().judge(&director(), "set", &json!({"set": both}))), "workflow_path");
}

#[test]
fn each_step_has_its_own_person() {
    // What a unit may propose is not what it may review; a leader who is none of the centre does not review either.
    for actor in [handler(), leader(), person("zoe", "grid_clerk"), person("ann", "village_assistant")] {
        assert_eq!(code(applied().judge(&actor, "set", &say(REVIEWED, true, ""))), "not_permitted");
    }
    let story = reviewed();
    assert_eq!(code(story.judge(&director(), "set", &say(APPROVED, true, ""))), "item_person");
    assert_eq!(code(story.judge(&handler(), "set", &say(APPROVED, true, ""))), "not_permitted");
    for actor in [leader(), person("lena", "leader"), person("dan", "center_director")] {
        assert_eq!(code(story.judge(&actor, "set", &say(APPROVED, true, ""))), "ok", "{actor:?}");
    }
    // Whoever applied does not approve, whatever else he may.
    let mut own = applied_by(&person("dan", "center_director"));
    own.admitted(&director(), "set", &say(REVIEWED, true, "")).unwrap();
    let again = say(APPROVED, true, "");
    assert_eq!(code(own.judge(&person("dan", "center_director"), "set", &again)), "item_person");
    assert_eq!(code(own.judge(&leader(), "set", &again)), "ok");
    // Publishing is for whoever keeps the list.
    let mut story = reviewed();
    story.admitted(&leader(), "set", &say(APPROVED, true, "")).unwrap();
    assert_eq!(code(story.judge(&leader(), "set", &became())), "not_permitted");
    assert_eq!(code(story.judge(&handler(), "set", &became())), "not_permitted");
    assert_eq!(read(&story).next(Package::builtin()), Some(PUBLISHED));
}

#[test]
fn a_step_bears_no_other_name_than_its_author_s() {
    let mut forged = say(REVIEWED, true, "");
    forged["set"][REVIEWED]["by"] = json!("greta");
    assert_eq!(code(applied().judge(&director(), "set", &forged)), "bad_body");
    for value in [json!(null), json!(true), json!({"agrees": "yes", "words": ""}), json!({"agrees": true})] {
        assert_eq!(code(applied().judge(&director(), "set", &json!({"set": {REVIEWED: value}}))), "bad_body");
    }
    // An application that comes with its own approval.
    let mut made = body(&application());
    made["set"][APPROVED] = json!({"agrees": true, "words": ""});
    assert_eq!(code(Story::new().judge(&handler(), "create", &made)), "workflow_path");
    let reviewed = read(&reviewed()).reviewed.unwrap();
    assert_eq!(reviewed.by, "dora", "told by the operation");
}

#[test]
fn a_no_has_its_reason_and_ends_it() {
    let mut story = applied();
    assert_eq!(code(story.judge(&director(), "set", &say(REVIEWED, false, " "))), "item_words");
    story.admitted(&director(), "set", &say(REVIEWED, false, "和 D04 重复")).unwrap();
    assert_eq!((read(&story).stage(), read(&story).next(Package::builtin())), (Stage::Refused, None));
    assert_eq!(code(story.judge(&leader(), "set", &say(APPROVED, true, ""))), "item_stage");
    let mut story = reviewed();
    story.admitted(&leader(), "set", &say(APPROVED, false, "先办完手头的")).unwrap();
    assert_eq!(read(&story).stage(), Stage::Refused);
    assert_eq!(code(story.judge(&director(), "set", &became())), "item_stage");
}

#[test]
fn corrected_by_who_applied_and_only_before_the_review() {
    let more = json!({"set": {"contact": "应急办白班"}});
    let mut story = applied();
    assert_eq!(code(story.judge(&director(), "set", &more)), "not_permitted", "somebody else's words");
    assert_eq!(code(story.judge(&handler(), "set", &json!({"set": {"unit": "U-OTHER"}}))), "not_permitted");
    assert_eq!(code(story.judge(&handler(), "set", &json!({"set": {"why": " "}}))), "item_incomplete");
    assert_eq!(code(story.judge(&handler(), "set", &json!({"set": {"note": "x"}}))), "workflow_path");
    story.admitted(&handler(), "set", &more).unwrap();
    assert_eq!(read(&story).application.contact, "应急办白班");
    assert_eq!(code(reviewed().judge(&handler(), "set", &more)), "item_stage");
}

#[test]
fn an_opinion_is_about_what_its_author_read() {
    let read_before = say(REVIEWED, true, "可行");
    let mut story = applied();
    story.admitted(&handler(), "set", &json!({"set": {"minutes": 120}})).unwrap();
    assert_eq!(code(story.judge(&director(), "set", &read_before)), "item_changed");
    let read_now = json!({"set": read(&story).say(REVIEWED, true, "可行")});
    assert_eq!(code(story.judge(&director(), "set", &read_now)), "ok");
}

#[test]
fn what_cannot_be_published_is_ended_and_who_applied_may_withdraw() {
    let package = Package::builtin();
    let end = |words: &str| json!({"set": Procedure::end(words)});
    for story in [applied(), reviewed()] {
        assert_eq!(code(story.judge(&handler(), "set", &end("不做了"))), "ok");
        assert_eq!(code(story.judge(&director(), "set", &end("不做了"))), "not_permitted", "he says no");
        assert_eq!(code(story.judge(&handler(), "set", &end(" "))), "item_words");
    }
    let mut story = reviewed();
    story.admitted(&leader(), "set", &say(APPROVED, true, "")).unwrap();
    // Another unit's item of that code came first.
    let taken = package.revised(&application().changes(catalogue(), day(6, 1)).unwrap()).unwrap();
    assert_eq!(application().check(&taken), Err(AdmissionError::Exists));
    assert_eq!(code(story.judge(&leader(), "set", &end("编号已有"))), "not_permitted");
    story.admitted(&director(), "set", &end("编号已有")).unwrap();
    let held = read(&story);
    assert_eq!((held.stage(), held.next(package)), (Stage::Refused, None));
    assert_eq!(
        held.ended.map(|said| (said.by, said.words)),
        Some(("dora".to_owned(), "编号已有".to_owned()))
    );
    assert_eq!(code(story.judge(&director(), "set", &became())), "item_stage");
    assert_eq!(code(story.judge(&handler(), "set", &end("不做了"))), "not_permitted", "it has ended");
}

#[test]
fn who_may_apply_and_who_reads_it() {
    let (today, package) = (day(5, 18), Package::builtin());
    let judged = |actor: &Actor, area: &str, unit: &str| {
        let made = Procedure::create(&Application { unit: unit.to_owned(), ..application() }, area);
        code(Story::new().judge(actor, "create", &serde_json::to_value(made).unwrap()))
    };
    let clerk = person("zoe", "grid_clerk");
    assert_eq!(judged(&handler(), TOWN, UNIT), "ok");
    assert_eq!(judged(&person("hedy", "unit_head"), TOWN, UNIT), "ok");
    assert_eq!(judged(&clerk, TOWN, "U-OTHER"), "ok", "the centre, for a unit");
    assert_eq!(judged(&handler(), TOWN, "U-OTHER"), "not_permitted");
    assert_eq!(judged(&person("ann", "village_assistant"), TOWN, UNIT), "not_permitted");
    assert_eq!(judged(&leader(), TOWN, UNIT), "not_permitted");
    assert_eq!(judged(&handler(), VILLAGE, UNIT), "bad_area");
    let offered = [handler(), clerk.clone(), director(), leader(), person("ann", "village_assistant")];
    let offered = offered.map(|actor| applies(package, &actor, TOWN, today));
    assert_eq!(offered, [true, true, true, false, false]);
    let mut shared = body(&application());
    shared["place"]["users_add"] = json!(["ann"]);
    assert_eq!(code(Story::new().judge(&handler(), "create", &shared)), "bad_placement");
    shared["place"] = json!({"area": TOWN, "units_add": [UNIT], "all": true});
    assert_eq!(code(Story::new().judge(&handler(), "create", &shared)), "bad_placement");
    let story = applied();
    let sees = |actor: &Actor| reads(package, actor, &story.entity, today);
    assert!([handler(), person("hedy", "unit_head"), director(), leader(), clerk].iter().all(sees));
    assert!(!sees(&person("ann", "village_assistant")) && !sees(&person("lea", "grid_worker_l1")));
    let away = json!({"area": GRID});
    assert_eq!(code(story.judge(&person("zoe", "grid_clerk"), "place", &away)), "bad_placement");
}

#[test]
fn applications_that_miss_something_are_named() {
    let package = Package::builtin();
    let refused = |change: fn(&mut Application)| {
        let mut changed = application();
        change(&mut changed);
        changed.check(package).unwrap_err()
    };
    assert_eq!(application().check(package), Ok(()));
    assert_eq!(refused(|a| a.basis = " ".to_owned()), AdmissionError::Incomplete);
    assert_eq!(refused(|a| a.minutes = 0), AdmissionError::Incomplete);
    assert_eq!(refused(|a| a.unit.clear()), AdmissionError::Incomplete);
    let item = |change: fn(&mut Item, &mut bool)| with(change).check(package).unwrap_err();
    assert_eq!(item(|item, _| item.to = None), AdmissionError::NoEnd);
    assert_eq!(with(|item, temporary| (item.to, *temporary) = (None, false)).check(package), Ok(()));
    assert_eq!(item(|item, _| item.to = day(6, 1).pred_opt()), AdmissionError::Dates);
    assert_eq!(item(|item, _| item.form = "F-NONE".to_owned()), AdmissionError::UnknownForm);
    assert_eq!(item(|item, _| item.form = "F-HOUSEHOLD".to_owned()), AdmissionError::UnknownForm);
    assert_eq!(item(|item, _| item.form = "F-RVISIT".to_owned()), AdmissionError::UnknownForm);
    assert_eq!(item(|item, _| item.sla = vec!["S9".to_owned()]), AdmissionError::UnknownSla);
    assert_eq!(item(|item, _| item.sla.clear()), AdmissionError::UnknownSla);
    assert_eq!(item(|item, _| item.group = "weather".to_owned()), AdmissionError::UnknownGroup);
    assert_eq!(item(|item, _| item.code = "d10".to_owned()), AdmissionError::Code);
    assert_eq!(refused(|a| a.minutes = 481), AdmissionError::TooMuch);
    assert_eq!(refused(|a| a.times_a_month = u32::MAX), AdmissionError::TooMuch);
    for beyond in [
        item(|item, _| item.support.push("U-OTHER".to_owned())),
        item(|item, _| item.reporters.push("duty_officer".to_owned())),
        item(|item, _| item.offline = false),
        item(|item, _| item.sensitivity = Sensitivity::Restricted),
        item(|item, _| item.categories.push("geology".to_owned())),
        item(|item, _| item.status = Status::Off),
        item(|item, _| item.level = "province".to_owned()),
    ] {
        assert_eq!(beyond, AdmissionError::Beyond, "nobody would see it");
    }
    assert_eq!(item(|item, _| item.code = "D04".to_owned()), AdmissionError::Exists);
    assert_eq!(item(|item, _| item.id = "fire_hazard".to_owned()), AdmissionError::Exists);
    let mut nothing = leaving(day(6, 30));
    assert_eq!(nothing.check(package), Ok(()));
    nothing.why.clear();
    assert_eq!(nothing.check(package), Err(AdmissionError::Incomplete));
    let wish = Wish::Retire { item: "nothing".to_owned(), last: day(6, 30) };
    assert_eq!(Application { wish, ..application() }.check(package), Err(AdmissionError::Unknown));
    // The same at the door, in words that name the cause.
    let made = body(&with(|item, _| item.to = None));
    let refusal = Story::new().judge(&handler(), "create", &made).unwrap_err();
    assert_eq!(refusal.code(), "item_end");
    assert_eq!((refusal.message(), refusal.message().contains("结束日期")), (message_for("item_end"), true));
}

#[test]
fn what_an_application_says_comes_back_from_its_record() {
    for said in
        [application(), leaving(day(6, 30)), with(|item, temporary| (item.to, *temporary) = (None, false))]
    {
        assert_eq!(Application::read(&said.values()), Some(said));
    }
    assert_eq!(Application::read(&Values::new()), None);
    let mut codes: Vec<&str> = AdmissionError::ALL.into_iter().map(AdmissionError::code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), AdmissionError::ALL.len(), "each cause has a code of its own");
}

#[test]
fn published_it_stands_in_the_list_with_its_minutes_and_for_its_time() {
    let package = Package::builtin();
    let changes = application().changes(catalogue(), day(5, 18)).unwrap();
    let next = package.revised(&changes).unwrap();
    assert_eq!(next.faults(), Vec::<String>::new());
    let list = next.catalogue.get();
    assert_eq!((list.version, list.items.len()), (catalogue().version + 1, catalogue().items.len() + 1));
    assert_eq!(application().changes(list, day(5, 18)), Err(AdmissionError::Exists));
    let item = list.item("d10").unwrap();
    assert_eq!(item.minutes_month, Some(300));
    assert_eq!(application().minutes_all(), 12_000);
    let when = [day(5, 31), day(6, 1), day(9, 30), day(10, 1)].map(|date| item.offered_on(date));
    assert_eq!(when, [false, true, true, false], "an item for a time retires itself");
    assert_eq!(workload_minutes(list, day(6, 1)), 300);
    assert_eq!(application().hours_with(list, day(6, 1)), 10);
    assert!(application().hours_with(catalogue(), day(6, 1)) <= WORKLOAD_HOURS);
    let much = Application { minutes: 121, ..application() };
    assert!(much.hours_with(catalogue(), day(6, 1)) > WORKLOAD_HOURS);
}

#[test]
fn a_retired_item_ends_and_its_records_stay_readable() {
    let (package, today) = (Package::builtin(), day(6, 1));
    let after =
        |last: NaiveDate| package.revised(&leaving(last).changes(catalogue(), today).unwrap()).unwrap();
    let later = after(day(6, 30));
    let item = later.catalogue.get().item("ceremony").unwrap();
    assert!(item.offered_on(day(6, 30)) && !item.offered_on(day(7, 1)));
    let gone = after(day(5, 31));
    assert_eq!(gone.catalogue.get().item("ceremony").unwrap().status, Status::Retired);
    assert!(gone.catalogue.get().offered(today).iter().all(|item| item.id != "ceremony"));
    assert_eq!(leaving(day(6, 30)).check(&gone), Err(AdmissionError::Unknown), "it has left already");
    let mut story = Story::new();
    story.admitted(&handler(), "create", &body(&leaving(day(6, 30)))).unwrap();
    assert_eq!(Summary::of(&story.entity, package).unwrap().number, "ceremony");
}

/// The figure beside the way to the screen, made of rows, and the buttons of the card, made of the record, say the same.
#[test]
fn what_waits_for_whom_is_told_by_the_row_alone() {
    let (package, today) = (Package::builtin(), day(5, 18));
    let actors =
        [handler(), director(), person("dan", "center_director"), leader(), person("zoe", "grid_clerk")];
    let waiting = |story: &Story| {
        let (row, held) = (Summary::of(&story.entity, package).unwrap(), read(story));
        let told = actors.iter().filter(|actor| waits_for(&row, package, actor, today));
        let told: Vec<&str> = told.map(|actor| actor.user.as_str()).collect();
        let path = held.next(package).unwrap_or_default();
        let may = actors.iter().filter(|actor| held.takes(package, actor, path, today).is_ok());
        assert_eq!(told, may.map(|actor| actor.user.as_str()).collect::<Vec<_>>());
        told.join(" ")
    };
    let mut story = reviewed();
    assert_eq!((waiting(&applied()), waiting(&story)), ("dora dan".to_owned(), "dan greta".to_owned()));
    story.admitted(&leader(), "set", &say(APPROVED, true, "")).unwrap();
    assert_eq!(waiting(&story), "dora dan");
    let mut over = applied();
    over.admitted(&director(), "set", &say(REVIEWED, false, "和 D04 重复")).unwrap();
    assert_eq!(waiting(&over), "");
}

#[test]
fn what_the_authority_did_not_take_in_goes_no_further() {
    let mut story = applied();
    let dot = story.entity.creation().unwrap().dot;
    story.authority("reject", &json!({"op": dot, "code": "item_exists"}));
    assert_eq!((read(&story).stage(), read(&story).next(Package::builtin())), (Stage::Refused, None));
    assert_eq!(code(story.judge(&director(), "set", &say(REVIEWED, true, ""))), "item_stage");
}

/// What the authority did not take into its list can be published again, and nothing else.
#[test]
fn published_again_only_while_the_list_does_not_have_it() {
    let mut story = reviewed();
    story.admitted(&leader(), "set", &say(APPROVED, true, "")).unwrap();
    story.admitted(&director(), "set", &became()).unwrap();
    let package = Package::builtin();
    let held = read(&story);
    assert_eq!(held.takes(package, &director(), PUBLISHED, day(6, 1)), Ok(()));
    let next = package.revised(&held.application.changes(catalogue(), day(6, 1)).unwrap()).unwrap();
    let again = held.takes(&next, &director(), PUBLISHED, day(6, 1));
    assert_eq!(again, Err(Refusal::Admission(AdmissionError::WrongStage)));
}
