#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;

use chrono::NaiveDate;
use gridbook_log::DeviceId;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::admit::Refusal;
use crate::calendar::{DAY_MS, midnight};
use crate::case::story::{Story, hazard_body, person};
use crate::role::Actor;
use crate::workflow::{Guard, event, offered, suggested};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(date: &str, hour: u64) -> u64 {
    midnight(day(date)) + hour * DAY_MS / 24
}

fn rules() -> &'static HazardRules {
    Package::builtin().hazards.get()
}

#[test]
fn what_comes_back_is_noticed_and_raised() {
    let spot = |n: u8, subtype: &str, household: Option<&str>, place: &str, on: &str| Spot {
        id: EntityId([n; 16]),
        subtype: subtype.into(),
        household: household.map(str::to_owned),
        place: place.into(),
        at: at(on, 9),
    };
    let known = [
        spot(1, "fire.1", Some("h1"), "", "2026-03-01"),
        spot(2, "fire.1", Some("h1"), "", "2026-02-28"),
        spot(3, "fire.1", Some("h1"), "", "2026-05-01"),
        spot(4, "fire.2", Some("h1"), "", "2026-05-01"),
        spot(5, "fire.1", Some("h2"), "x:桥头", "2026-05-01"),
        spot(6, "fire.1", None, "x:桥头", "2026-05-20"),
        spot(7, "fire.1", Some("h1"), "", "2026-06-30"),
    ];
    let of = |new: &Spot| repeats(rules(), new, &known).iter().map(|id| id.0[0]).collect::<Vec<_>>();
    // Ninety days before 30 May is 1 March; what came later is no earlier one.
    assert_eq!(of(&spot(9, "fire.1", Some("h1"), "", "2026-05-30")), [3, 1]);
    assert_eq!(of(&spot(9, "fire.1", None, "x:桥头", "2026-05-30")), [6, 5]);
    assert_eq!(of(&spot(9, "fire.1", None, "", "2026-05-30")), [0u8; 0]);
    let raised = |level| raised(Package::builtin(), level).map(|level| level.id.as_str());
    assert_eq!(
        ["blue", "yellow", "orange", "red"].map(raised),
        [Some("yellow"), Some("orange"), Some("red"), Some("red")]
    );
    let case = Story::hazard("yellow").view();
    assert_eq!(Spot::of(&case), None, "no subtype yet");
}

#[test]
fn only_rows_that_may_be_the_same_again_are_read() {
    let row = |n: u8, on: &str| {
        let story = Story::hazard("yellow");
        let own = Summary::of(&story.entity, Package::builtin()).unwrap();
        Summary { id: EntityId([n; 16]), at: at(on, 9), categories: vec!["fire".to_owned()], ..own }
    };
    let new = row(9, "2026-05-30");
    let house = EntityId([77; 16]);
    let rows = [
        row(1, "2026-03-01"),
        row(2, "2026-02-28"),
        row(3, "2026-05-31"),
        Summary { categories: vec!["electric".to_owned()], ..row(4, "2026-05-01") },
        Summary { area: "51000010020100302".to_owned(), ..row(5, "2026-05-01") },
        Summary { state: "merged".to_owned(), ..row(6, "2026-05-01") },
        Summary { area: "51000010020100302".to_owned(), household: Some(house), ..row(7, "2026-05-01") },
        new.clone(),
    ];
    let of = |new: &Summary| may_repeat(rules(), new, &rows).iter().map(|id| id.0[0]).collect::<Vec<_>>();
    assert_eq!(of(&new), [1]);
    assert_eq!(of(&Summary { household: Some(house), ..new }), [1, 7]);
}

/// Values set by the handler at an instant.
fn set(story: &mut Story, when: u64, values: &Value) {
    story.ms = when;
    let op = story.op(DeviceId([1; 8]), "ben", "set", &json!({"set": values}));
    story.entity.apply(&op);
}

/// A re-check by `eva` of another unit's roof.
fn recheck(story: &mut Story, passed: &str) {
    let said = json!({
        "set": {"recheck_at": "2026-05-18T10:00", "recheck_by": "eva", "second_person": "fay", "passed": passed},
        "data": {"text": "墙还歪着"}
    });
    story.step(&person("eva", "grid_chief"), RECHECK, &said);
}

#[test]
fn rounds_of_re_checks() {
    let mut story = Story::hazard("orange");
    let stage = |story: &Story| rounds(rules(), &story.entity).stage;
    let words =
        |story: &Story| stage_words(Package::builtin(), &story.view(), &story.entity).unwrap_or_default();
    assert_eq!((stage(&story), words(&story).as_str()), (Stage::Found, "还没有控制措施"));
    let start = story.ms;
    set(&mut story, start, &json!({"control_measures/a/measure": "closing"}));
    assert_eq!(stage(&story), Stage::Controlled);
    set(&mut story, start, &json!({"rect_notice": true}));
    assert_eq!((stage(&story), words(&story).as_str()), (Stage::NoticeIssued, "已发整改通知"));
    story.until_claimed();
    story.step(&person("ben", "unit_handler"), "start", &json!({}));
    assert_eq!((stage(&story), words(&story).as_str()), (Stage::Rectifying, "整改中"));
    recheck(&mut story, "failed");
    recheck(&mut story, "failed");
    let twice = rounds(rules(), &story.entity);
    assert_eq!((twice.stage, twice.failed, twice.must_transfer), (Stage::Rectifying, 2, false));
    assert!(!enforcement_due(rules(), &story.view()));
    assert_eq!(words(&story), "第 2 次复查不通过，继续整改");
    recheck(&mut story, "failed");
    let third = rounds(rules(), &story.entity);
    assert_eq!((third.stage, third.failed, third.must_transfer), (Stage::Enforcement, 3, true));
    assert!(enforcement_due(rules(), &story.view()));
    assert_eq!(words(&story), "3 次复查不通过，该走执法");
    let said = story.view().timeline.pop().unwrap();
    assert_eq!((said.reason.as_deref(), said.text.as_deref()), (Some("failed"), Some("墙还歪着")));
    recheck(&mut story, "passed");
    assert_eq!((stage(&story), words(&story).as_str()), (Stage::Passed, "第 4 次复查，通过"));
    assert!(!enforcement_due(rules(), &story.view()));
}

#[test]
fn a_re_check_is_said_anew_by_somebody_else() {
    let mut story = Story::hazard("orange");
    story.until_claimed();
    let (ben, eva) = (person("ben", "unit_handler"), person("eva", "grid_chief"));
    story.step(&ben, "start", &json!({}));
    let said = |by: &str, second: &str, passed: &str| {
        let at = "2026-05-18T10:00";
        let set = json!({"recheck_at": at, "recheck_by": by, "second_person": second, "passed": passed});
        json!({"set": set, "data": {"text": "墙扶正了"}})
    };
    let ok = said("eva", "fay", "passed");
    assert_eq!(story.try_step(&ben, RECHECK, &ok), Err(Refusal::Guard(Guard::NotHandler)));
    let refused = Err(Refusal::Guard(Guard::Rechecker));
    assert_eq!(story.try_step(&eva, RECHECK, &said("ben", "fay", "passed")), refused);
    assert_eq!(story.try_step(&eva, RECHECK, &said("eva", "ben", "passed")), refused);
    assert_eq!(story.try_step(&eva, RECHECK, &said("eva", "", "passed")), refused, "two for orange");
    story.step(&eva, RECHECK, &ok);
    // The next one does not begin with what the last one said, and cannot leave it standing.
    let (case, package) = (story.view(), Package::builtin());
    let step = package.flow(case.kind).unwrap().transition(RECHECK, "in_progress").unwrap();
    let first = suggested(package, step, &case, &eva, story.ms);
    assert_eq!(first.keys().collect::<Vec<_>>(), ["recheck_at", "recheck_by"]);
    let again = event(package, (&eva, story.today()), step, &case, &case.values, Vec::new());
    assert_eq!(again.set.get("passed"), Some(&json!("passed")));
    assert_eq!(story.try_step(&eva, RECHECK, &json!({})).unwrap_err().code(), "invalid");
    let plain = json!({"set": {"passed": "passed"}});
    assert_eq!(story.judge(&ben, "set", &plain), Err(Refusal::WorkflowPath("passed".to_owned())));
}

#[test]
fn who_refuses_is_talked_to_then_told_then_handed_over() {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    let (ben, dora) = (person("ben", "unit_handler"), person("dora", "center_director"));
    story.step(&ben, "start", &json!({}));
    let on = |day: &str, reason: &str| json!({"data": {"reason": reason, "taken_on": day, "text": "说不通"}});
    let shown = |story: &Story, who: &Actor| {
        let (case, today) = (story.view(), story.today());
        let steps = offered(Package::builtin(), who, &case, today).into_iter();
        steps
            .filter(|step| enforcing(&step.action).is_some())
            .map(|step| step.label.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&story, &ben), ["劝导（不整改）"]);
    assert!(shown(&story, &dora).is_empty(), "nothing to hand over yet");
    let turn = Err(Refusal::Guard(Guard::EnforceTurn));
    assert_eq!(story.try_step(&ben, "enforce_notice", &on("2026-05-18", "")), turn);
    let fits = Err(Refusal::Guard(Guard::EnforceFits));
    assert_eq!(story.try_step(&ben, "enforce_persuade", &on("2026-05-19", "refused")), fits);
    assert_eq!(story.try_step(&ben, "enforce_persuade", &on("2026-05-18", "failed")), fits, "none failed");
    story.step(&ben, "enforce_persuade", &on("2026-05-18", "refused"));
    let said = story.view().timeline.pop().unwrap();
    assert_eq!((said.reason.as_deref(), said.text.as_deref()), (Some("refused"), Some("2026-05-18，说不通")));
    assert_eq!(shown(&story, &ben), ["书面通知"]);
    assert_eq!(story.try_step(&ben, "enforce_persuade", &on("2026-05-18", "refused")), turn);
    let notice = |day: &str| json!({"data": {"taken_on": day, "text": "整改〔2026〕003号，当面送达"}});
    assert_eq!(story.try_step(&ben, "enforce_notice", &notice("2026-05-17")), fits);
    story.step(&ben, "enforce_notice", &notice("2026-05-18"));
    assert!(shown(&story, &ben).is_empty(), "the township hands over");
    let stage = stage_words(Package::builtin(), &story.view(), &story.entity);
    assert_eq!(stage.as_deref(), Some("执法：书面通知（2026-05-18）"));
    assert_eq!(shown(&story, &dora), ["移送执法"]);
    let over = json!({"data": {"taken_on": "2026-05-18", "body": "区综合行政执法局", "basis": "安全生产法",
        "receipt_by": "2026-05-25", "text": "材料齐全"}});
    story.step(&dora, "enforce_transfer", &over);
    let (view, found) = (story.view(), rounds(rules(), &story.entity));
    assert_eq!(stage_words(Package::builtin(), &view, &story.entity), None, "it is over here");
    assert_eq!((view.state.as_str(), found.stage), ("transferred", Stage::Enforcement));
    assert_eq!(view.enforced, found.enforced);
    assert_eq!(
        found.enforced.iter().map(|(step, _)| step.as_str()).collect::<Vec<_>>(),
        ["persuade", "notice", "transfer"]
    );
    // Like any transfer it waits for a receipt.
    let clocks = crate::clock::read(Package::builtin(), &story.entity);
    assert!(clocks.limits.iter().any(|limit| limit.clock == crate::clock::ClockId::Receipt));
    let receipt = json!({"data": {"received_on": "2026-05-18", "received_by": "执法局 李工"}});
    story.step(&dora, "transfer_receipt", &receipt);
}

#[test]
fn after_three_failed_re_checks_enforcement_needs_no_refusal() {
    let mut story = Story::hazard("orange");
    story.until_claimed();
    let ben = person("ben", "unit_handler");
    story.step(&ben, "start", &json!({}));
    let talk = json!({"data": {"reason": "failed", "taken_on": "2026-05-18", "text": "答应再改"}});
    for _ in 0..3 {
        let early = story.try_step(&ben, "enforce_persuade", &talk);
        assert_eq!(early, Err(Refusal::Guard(Guard::EnforceFits)));
        recheck(&mut story, "failed");
    }
    story.step(&ben, "enforce_persuade", &talk);
    assert!(!enforcement_due(rules(), &story.view()), "it has begun");
    assert!(story.view().handled_by.contains("ben"));
}

#[test]
fn each_step_of_enforcement_has_its_action() {
    let package = Package::builtin();
    let flow = package.flow(RecordKind::Hazard).unwrap();
    let actions = flow.transitions.get().iter().filter_map(|step| enforcing(&step.action));
    let steps = rules().enforcement.iter().map(|step| step.id.as_str());
    assert_eq!(actions.collect::<Vec<_>>(), steps.collect::<Vec<_>>());
}

#[test]
fn enforcement_in_three_steps() {
    let taken =
        |list: &[(&str, &str)]| list.iter().map(|(s, d)| ((*s).to_owned(), day(d))).collect::<Vec<_>>();
    let may = |list: &[(&str, &str)], step, on| enforce(rules(), &taken(list), step, day(on));
    let first = [("persuade", "2026-05-18")];
    assert_eq!(may(&[], "persuade", "2026-05-18"), Ok(()));
    assert_eq!(may(&[], "transfer", "2026-05-18"), Err(EnforcementProblem::Before("劝导".into())));
    assert_eq!(may(&first, "transfer", "2026-05-19"), Err(EnforcementProblem::Before("书面通知".into())));
    assert_eq!(may(&first, "persuade", "2026-05-19"), Err(EnforcementProblem::Taken));
    assert_eq!(may(&first, "notice", "2026-05-17"), Err(EnforcementProblem::Day));
    assert_eq!(may(&first, "fine", "2026-05-19"), Err(EnforcementProblem::Unknown));
}

#[test]
fn whoever_repaired_does_not_re_check() {
    let package = Package::builtin();
    let mut story = Story::hazard("orange");
    story.until_claimed();
    let orange = story.view();
    assert!(!recheck_by(package, &orange, "ben", Some("eva")));
    assert!(!recheck_by(package, &orange, "eva", None));
    assert!(!recheck_by(package, &orange, "eva", Some("eva")));
    assert!(!recheck_by(package, &orange, "eva", Some("ben")));
    assert!(recheck_by(package, &orange, "eva", Some("fay")));
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    assert!(recheck_by(package, &story.view(), "eva", None));
}

#[test]
fn control_measures_are_looked_at() {
    let next = |level: &str, today: &str| {
        let mut body = hazard_body(level);
        body["set"]["control_measures/a/measure"] = json!("closing");
        let mut story = Story::new();
        story.ms = at("2026-05-18", 9);
        let op = story.op(DeviceId([1; 8]), "ann", "create", &body);
        story.entity.apply(&op);
        set(&mut story, at("2026-05-20", 9), &json!({"control_measures/b/measure": "guard"}));
        control_check(Package::builtin(), &story.view(), &story.entity, day(today))
    };
    let check = |next: &str, late_days, missed| Some(ControlCheck { next: day(next), late_days, missed });
    assert_eq!(next("red", "2026-05-20"), check("2026-05-21", 0, 1));
    assert_eq!(next("red", "2026-05-23"), check("2026-05-21", 2, 3));
    assert_eq!(next("orange", "2026-05-22"), check("2026-05-22", 0, 0));
    assert_eq!(next("orange", "2026-05-23"), check("2026-05-22", 1, 1));
    assert_eq!(next("yellow", "2026-05-27"), check("2026-05-27", 0, 0));
    assert_eq!(next("blue", "2026-05-27"), None);
    let story = Story::hazard("red");
    assert_eq!(control_check(Package::builtin(), &story.view(), &story.entity, day("2026-06-01")), None);
}

#[test]
fn patrols_by_season_and_warning() {
    let package = Package::builtin();
    let every = |kind: &str, season: Season| {
        let kind = rules().points.iter().find(|point| point.id == kind).unwrap();
        patrol_due(package, kind, None, at("2026-05-18", 9), &season, 0).map(|due| due.every_hours)
    };
    let calm = Season::default();
    let flood = Season { flood: true, ..Season::default() };
    let warned = |level: &str| Season { flood: true, warning: Some(level.into()), ..Season::default() };
    let geo =
        [calm.clone(), flood.clone(), warned("blue"), warned("yellow"), warned("orange"), warned("red")];
    assert_eq!(geo.map(|season| every("geo_point", season).unwrap()), [720, 168, 168, 24, 4, 2]);
    assert_eq!(every("reservoir", calm.clone()), Some(168));
    assert_eq!(every("reservoir", flood.clone()), Some(24));
    assert_eq!(every("forest_checkpoint", calm), None);
    assert_eq!(every("forest_checkpoint", Season { fire: true, ..Season::default() }), Some(24));
    assert_eq!(every("small_place", flood), Some(2160));
    let kind = |id: &str| rules().points.iter().find(|point| point.id == id).unwrap();
    let last = at("2026-05-18", 9);
    let slope =
        patrol_due(package, kind("geo_point"), Some(last), 0, &warned("red"), at("2026-05-18", 12)).unwrap();
    assert_eq!((slope.at, slope.late, slope.watch), (at("2026-05-18", 11), true, false));
    let pond = patrol_due(package, kind("reservoir"), Some(last), 0, &warned("yellow"), at("2026-05-19", 23))
        .unwrap();
    assert_eq!((pond.at, pond.late, pond.watch), (at("2026-05-20", 0), false, true));
    assert!(Season::usual(day("2026-07-01")).flood && !Season::usual(day("2026-07-01")).fire);
}

#[test]
fn inspection_lists_propose_hazards() {
    let package = Package::builtin();
    for list in &rules().lists {
        for item in &list.items {
            let subtype = package.choice("hazard_subtype", &item.subtype);
            assert!(subtype.is_some_and(|choice| !choice.restricted), "{} {}", list.id, item.id);
        }
    }
    for list in rules().points.iter().filter_map(|point| point.list.as_ref()) {
        assert!(rules().lists.iter().any(|known| known.id == *list), "{list}");
    }
    let answers = |list: &[(&str, Answered)]| {
        list.iter().map(|(id, a)| ((*id).to_owned(), *a)).collect::<BTreeMap<_, _>>()
    };
    use Answered::{Na, No, Yes};
    let six = answers(&[("1", No), ("2", Yes), ("3", Na), ("4", Yes), ("5", No), ("6", Yes), ("7", Na)]);
    let (spawned, open, score) = inspect(package, rules(), "household_safety", &six).unwrap();
    let found: Vec<_> =
        spawned.iter().map(|s| (s.category.as_str(), s.subtype.as_str(), s.level.as_str())).collect();
    assert_eq!(found, [("electric", "electric.1", "orange"), ("cut_slope", "cut_slope.2", "yellow")]);
    assert_eq!((open, score), (vec!["8".to_owned()], None));
    assert_eq!(spawned[0].desc, "电线无老化裸露，有漏保：不符合");
    // 30 + 20 + 20 of 90 that apply.
    let garbage = answers(&[("1", Yes), ("2", Yes), ("3", Yes), ("4", Na), ("5", No), ("6", No)]);
    assert_eq!(inspect(package, rules(), "garbage", &garbage).unwrap().2, Some(78));
    assert!(inspect(package, rules(), "nothing", &garbage).is_none());
    let all: u32 =
        rules().lists.iter().find(|list| list.id == "garbage").unwrap().items.iter().map(|i| i.points).sum();
    assert_eq!(all, 100);
}

#[test]
fn a_case_stands_in_the_ledger_from_registration_to_closing() {
    let package = Package::builtin();
    let mut story = Story::hazard("yellow");
    assert_eq!(spans(package, &story.view()), []);
    story.until_claimed();
    let from = crate::calendar::day_of(crate::case::story::START);
    assert_eq!(spans(package, &story.view()), [OpenSpan { from, to: None }]);
    story.until_callback();
    story.ms += 3 * DAY_MS;
    story.step(&person("ivy", "center_director"), "satisfied", &json!({"data": {"rating": "satisfied"}}));
    let closed = spans(package, &story.view());
    assert_eq!(closed.len(), 1);
    assert_eq!(closed[0].to, Some(story.today()));
    story.ms += 5 * DAY_MS;
    let again = json!({"event": "reopen", "from": "closed", "to": "in_progress", "table": 1});
    let op = story.op(DeviceId([1; 8]), "dan", "event", &again);
    story.entity.apply(&op);
    let spans = spans(package, &story.view());
    assert_eq!(spans, [closed[0], OpenSpan { from: story.today(), to: None }]);
}

#[test]
fn forty_and_twenty_five_less_thirty() {
    let span = |from: &str, to: Option<&str>| vec![OpenSpan { from: day(from), to: to.map(day) }];
    let mut hazards: Vec<(&str, Vec<OpenSpan>)> = Vec::new();
    for n in 0..65 {
        let level = ["red", "yellow"][n % 2];
        let from = if n < 40 { "2026-02-10" } else { "2026-03-01" };
        hazards.push((level, span(from, (n < 20 || (50..60).contains(&n)).then_some("2026-03-31"))));
    }
    let march = (day("2026-03-01"), day("2026-03-31"));
    let sums = balance(hazards.iter().map(|(level, spans)| (*level, spans.as_slice())), march);
    assert_eq!(sums[""], Balance { opening: 40, new: 25, closed: 30, remaining: 35 });
    assert!(sums.values().all(|balance| balance.holds()));
    assert_eq!(sums["red"].remaining + sums["yellow"].remaining, 35);
}

/// Hazards with openings and closings on any days, in order.
fn any_hazards() -> impl Strategy<Value = Vec<(usize, Vec<OpenSpan>)>> {
    let one = (0..4usize, prop::collection::vec(0..40u64, 0..7)).prop_map(|(level, steps)| {
        let mut at = day("2026-01-01");
        let mut spans: Vec<OpenSpan> = Vec::new();
        for (n, step) in steps.into_iter().enumerate() {
            at = at + chrono::Days::new(step);
            if n % 2 == 0 {
                spans.push(OpenSpan { from: at, to: None });
            } else {
                spans.last_mut().unwrap().to = Some(at);
            }
        }
        (level, spans)
    });
    prop::collection::vec(one, 0..40)
}

proptest! {
    #[test]
    fn the_ledger_reconciles(hazards in any_hazards(), first in 0..100u64, long in 0..60u64, next in 0..60u64) {
        let levels = ["red", "orange", "yellow", "blue"];
        let rows: Vec<(&str, &[OpenSpan])> = hazards.iter().map(|(n, spans)| (levels[*n], spans.as_slice())).collect();
        let from = day("2026-01-01") + chrono::Days::new(first);
        let to = from + chrono::Days::new(long);
        let sums = balance(rows.clone(), (from, to));
        prop_assert!(sums.values().all(|balance| balance.holds()), "{sums:?}");
        let parts: usize = levels.iter().filter_map(|level| sums.get(*level)).map(|b| b.remaining).sum();
        prop_assert_eq!(parts, sums[""].remaining);
        // What remains is what the next period opens with, and two periods add up to one.
        let after = to.succ_opt().unwrap();
        let end = after + chrono::Days::new(next);
        let (later, both) = (balance(rows.clone(), (after, end)), balance(rows, (from, end)));
        prop_assert_eq!(later[""].opening, sums[""].remaining);
        prop_assert_eq!(both[""].new, sums[""].new + later[""].new);
        prop_assert_eq!(both[""].closed, sums[""].closed + later[""].closed);
        prop_assert_eq!(both[""].remaining, later[""].remaining);
        // Counted the slow way: who stands there at the end of the last day.
        let there = hazards.iter().flat_map(|(_, spans)| spans).filter(|s| s.from <= to && s.to.is_none_or(|left| left > to));
        prop_assert_eq!(there.count(), sums[""].remaining);
    }
}

#[test]
fn a_red_hazard_climbs_its_chain_until_somebody_knows() {
    let (package, minute) = (Package::builtin(), 60_000);
    let mut story = Story::hazard("red");
    let start = story.view().level_since.unwrap();
    let chain = |story: &Story| {
        let told = alarm(package, &story.view()).into_iter();
        told.map(|told| (told.step.id.clone(), (told.at - start) / minute, told.known.map(|(user, _)| user)))
            .collect::<Vec<_>>()
    };
    let step = |id: &str, after: u64, known: Option<&str>| (id.to_owned(), after, known.map(str::to_owned));
    let all = [step("l1", 0, None), step("chief", 5, None), step("duty", 0, None), step("general", 15, None)];
    assert_eq!(chain(&story), all);
    // What waits is in the row of the list, so that no device has to read the record.
    let row = crate::summary::Summary::of(&story.entity, package).unwrap();
    let waits = row.hints.iter().filter(|hint| matches!(hint, crate::summary::Hint::Alarm { .. })).count();
    assert_eq!(waits, 4);
    let abe = person("abe", "grid_worker_l1");
    let today = story.today();
    let asked = |story: &Story, who: &crate::role::Actor| {
        to_answer(package, who, &story.view(), today).map(|step| step.id.clone())
    };
    assert_eq!(asked(&story, &abe).as_deref(), Some("l1"));
    assert_eq!(asked(&story, &person("ann", "grid_worker_l1")), None, "who reported it knows");
    assert_eq!(asked(&story, &person("ben", "unit_handler")), None);
    // Nobody speaks for another step of the chain.
    let say = |told_as: &str| json!({"data": {"told_as": told_as}});
    assert!(story.try_step(&abe, "alarm_known", &say("general")).is_err());
    story.ms = start + 3 * minute;
    story.step(&abe, "alarm_known", &say("l1"));
    assert_eq!(chain(&story), [step("l1", 0, Some("abe")), step("duty", 0, None)], "the rest is spared");
    assert!(story.try_step(&abe, "alarm_known", &say("l1")).is_err(), "once");
    // Too late for the next step, in time for the last one.
    let mut late = Story::hazard("red");
    late.ms = start + 7 * minute;
    late.step(&abe, "alarm_known", &say("l1"));
    assert_eq!(chain(&late), [step("l1", 0, Some("abe")), step("chief", 5, None), step("duty", 0, None)]);
    // An answer that was written before the case went on is taken all the same.
    let body = late.event_body("alarm_known", &say("duty"));
    late.step(&person("ivy", "intake_clerk"), "register", &crate::case::story::register("red"));
    late.admitted(&person("dan", "duty_officer"), "event", &body).unwrap();
    assert_eq!(chain(&late)[2], step("duty", 0, Some("dan")));
    assert_eq!(chain(&Story::hazard("orange")), []);
}
