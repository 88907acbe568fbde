#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;
use crate::case::story::{GRID, Story, person};
use crate::household::HouseholdView;
use crate::plan::{Season, household_due};
use crate::summary::Summary;

fn day(text: &str) -> NaiveDate {
    date::parse(text).unwrap()
}

fn house(categories: &[(&str, Value)]) -> Story {
    let mut story = Story::new();
    let mut set = json!({"address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent"});
    for (path, value) in categories {
        set[*path] = value.clone();
    }
    let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": set});
    story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    story
}

fn held(story: &Story) -> Vec<Held> {
    HouseholdView::of(&story.entity).categories
}

fn kinds(story: &Story, today: &str) -> Vec<String> {
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    row.kinds(day(today)).into_iter().map(str::to_owned).collect()
}

fn write(story: &mut Story, user: &str, role: &str, set: &Values) -> Result<(), Refusal> {
    story.admitted(&person(user, role), "set", &json!({ "set": set }))
}

#[test]
fn a_plain_list_is_open_entries_without_days() {
    let story = house(&[("categories", json!(["dibao", "elder_alone", "dibao"]))]);
    let found = held(&story);
    assert_eq!(found.iter().map(|held| held.row.as_str()).collect::<Vec<_>>(), ["dibao", "elder_alone"]);
    assert!(found.iter().all(|held| held.standing == Standing::Kept && held.from.is_none() && !held.waits()));
    assert_eq!(kinds(&story, "2020-01-01"), ["dibao", "elder_alone"]);
}

#[test]
fn an_entry_counts_from_its_first_day_and_waits_for_approval() {
    let mut story = house(&[]);
    let new = entry("r1", "elder_high_risk", day("2026-05-20"), "visited", "独居, 刚出院");
    write(&mut story, "ann", "village_assistant", &new).unwrap();
    assert_eq!(held(&story)[0].standing, Standing::Proposed);
    assert_eq!(kinds(&story, "2026-05-19"), Vec::<String>::new());
    assert_eq!(kinds(&story, "2026-05-20"), ["elder_high_risk"], "no visit is missed while it waits");
    let waits = |story: &Story| {
        Summary::of(&story.entity, Package::builtin()).unwrap().hints.contains(&crate::summary::Hint::Approve)
    };
    assert!(waits(&story), "whoever approves finds it");
    // An assistant approves nothing, and nobody approves in another's name.
    let seal = held(&story)[0].approve("ann", day("2026-05-21"));
    let refused = Err(Refusal::NotPermitted(APPROVE.to_owned()));
    assert_eq!(write(&mut story, "ann", "village_assistant", &seal), refused);
    assert_eq!(write(&mut story, "lea", "grid_worker_l1", &seal), refused);
    let seal = held(&story)[0].approve("lea", day("2026-05-21"));
    write(&mut story, "lea", "grid_worker_l1", &seal).unwrap();
    let found = held(&story);
    assert_eq!((found[0].standing, found[0].approver.as_str()), (Standing::Approved, "lea"));
    assert!(!waits(&story));
    assert_eq!((found[0].source.as_str(), found[0].note.as_str()), ("visited", "独居, 刚出院"));
    // Approved as something else is approved no more.
    let other = [("categories/r1/category".to_owned(), json!("dibao"))].into();
    assert_eq!(write(&mut story, "ann", "village_assistant", &other), refused, "it would count at once");
    let later = [("categories/r1/from".to_owned(), json!("2099-01-01"))].into();
    assert_eq!(write(&mut story, "ann", "village_assistant", &later), refused, "it would be gone at once");
    let same = [("categories/r1/from".to_owned(), json!("2026-05-20"))].into();
    assert_eq!(write(&mut story, "ann", "village_assistant", &same), Ok(()));
    write(&mut story, "lea", "grid_worker_l1", &other).unwrap();
    assert_eq!(held(&story)[0].standing, Standing::Proposed);
    write(&mut story, "ann", "village_assistant", &later).unwrap();
}

#[test]
fn a_plain_list_takes_nothing_away_and_what_it_adds_waits() {
    let mut story = house(&[("categories", json!(["dibao", "elder_alone"]))]);
    let list = |ids: Value| Values::from([("categories".to_owned(), ids)]);
    let refused = Err(Refusal::NotPermitted(APPROVE.to_owned()));
    for ids in [json!([]), Value::Null, json!(["dibao"])] {
        assert_eq!(write(&mut story, "ann", "village_assistant", &list(ids.clone())), refused, "{ids}");
    }
    write(&mut story, "ann", "village_assistant", &list(json!(["dibao", "elder_alone", "veteran"]))).unwrap();
    let stands = |story: &Story| held(story).iter().map(|one| one.standing).collect::<Vec<_>>();
    assert_eq!(stands(&story), [Standing::Kept, Standing::Kept, Standing::Proposed]);
    // One's own mistake is taken back; what a plain entry means does not change under its name.
    write(&mut story, "ann", "village_assistant", &list(json!(["elder_alone", "dibao"]))).unwrap();
    let other = [("categories/dibao/category".to_owned(), json!("veteran"))].into();
    assert_eq!(write(&mut story, "ann", "village_assistant", &other), refused);
    let later = [("categories/dibao/from".to_owned(), json!("2099-01-01"))].into();
    assert_eq!(write(&mut story, "ann", "village_assistant", &later), refused);
    write(&mut story, "lea", "grid_worker_l1", &list(json!(["dibao"]))).unwrap();
    assert_eq!(stands(&story), [Standing::Kept]);
}

#[test]
fn an_end_counts_once_it_is_approved_and_then_the_planner_goes_by_the_rest() {
    let mut story = house(&[("categories", json!(["elder_high_risk"]))]);
    let plain = held(&story).remove(0);
    write(&mut story, "ann", "village_assistant", &plain.end(day("2026-05-31"), "department")).unwrap();
    let found = held(&story);
    assert_eq!(found.len(), 1, "the plain entry became a row");
    assert_eq!((found[0].standing, found[0].until()), (Standing::EndProposed, None));
    assert_eq!(kinds(&story, "2026-06-01"), ["elder_high_risk"], "nobody has approved the end");
    let seal = found[0].approve("lea", day("2026-05-21"));
    write(&mut story, "lea", "grid_worker_l1", &seal).unwrap();
    assert_eq!(kinds(&story, "2026-05-31"), ["elder_high_risk"], "the last day is included");
    assert_eq!(kinds(&story, "2026-06-01"), Vec::<String>::new());
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    let interval =
        |today: &str| household_due(&row, &[], Package::builtin(), day(today), Season::default()).interval;
    assert_eq!((interval("2026-05-31"), interval("2026-06-01")), (7, 180), "planned as any household again");
    assert_eq!(held(&story).len(), 1, "what was stays readable");
    // Put off by a worker: it counts again until that is approved.
    let later = held(&story)[0].end(day("2026-07-01"), "");
    write(&mut story, "ann", "village_assistant", &later).unwrap();
    assert_eq!(held(&story)[0].standing, Standing::EndProposed);
}

#[test]
fn the_first_months_are_shorter_where_the_first_day_is_known() {
    let mut story = house(&[]);
    let new = entry("r1", "monitor_sudden", day("2026-05-01"), "department", "");
    write(&mut story, "lea", "grid_worker_l1", &new).unwrap();
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    let interval =
        |today: &str| household_due(&row, &[], Package::builtin(), day(today), Season::default()).interval;
    assert_eq!((interval("2026-06-01"), interval("2026-09-01")), (15, 30));
}

#[test]
fn what_was_approved_is_not_taken_away_by_who_may_only_propose() {
    let mut story = house(&[]);
    write(&mut story, "ann", "village_assistant", &entry("r1", "dibao", day("2026-05-01"), "visited", ""))
        .unwrap();
    let gone: Values = [("categories/r1/_gone".to_owned(), json!(true))].into();
    let judged = |story: &Story, role| story.judge(&person("ann", role), "set", &json!({ "set": gone }));
    assert_eq!(judged(&story, "village_assistant"), Ok(()), "a mistake of one's own");
    let seal = held(&story)[0].approve("lea", day("2026-05-21"));
    write(&mut story, "lea", "grid_worker_l1", &seal).unwrap();
    assert!(judged(&story, "village_assistant").is_err());
    assert_eq!(judged(&story, "grid_worker_l1"), Ok(()));
}

#[test]
fn restricted_categories_never_get_into_a_household() {
    let story = house(&[]);
    for (path, value) in [
        ("categories", json!(["dibao", "correction"])),
        ("categories/r1/category", json!("mental_basic")),
        ("categories/rehab/to", json!("2026-06-01")),
    ] {
        let body = json!({"set": {path: value}});
        let judged = story.judge(&person("di", "center_director"), "set", &body);
        assert_eq!(judged, Err(Refusal::RestrictedForm), "{path}");
    }
    // Where one got into it before, nobody sees it in a list, not even who may see everything.
    let words = ["correction".to_owned(), "veteran".to_owned()];
    let boss = person("di", "center_director");
    let shown = shown(Package::builtin(), &boss, GRID, &words, day("2026-05-20"));
    assert_eq!(shown.iter().map(|held| held.id.as_str()).collect::<Vec<_>>(), ["veteran"]);
}

#[test]
fn sensitive_categories_are_for_the_own_grid_and_for_who_may_see_them() {
    let words = ["dibao".to_owned(), "veteran".to_owned(), "serious_illness//2026-05-01".to_owned()];
    let count = |user: &Actor, area| shown(Package::builtin(), user, area, &words, day("2026-05-20")).len();
    assert_eq!(count(&person("ann", "village_assistant"), GRID), 2, "what has ended is not shown");
    assert_eq!(count(&person("ann", "village_assistant"), "51000010020200101"), 1, "another grid");
    assert_eq!(count(&person("ivy", "intake_clerk"), GRID), 1);
    assert_eq!(count(&person("di", "center_director"), GRID), 2);
}

#[test]
fn a_form_filled_by_who_may_approve_is_approved_with_it() {
    let before: Values = [
        ("categories/r1/category".to_owned(), json!("dibao")),
        ("categories/r1/from".to_owned(), json!("2026-05-01")),
    ]
    .into();
    let mut now = before.clone();
    now.extend(entry("r2", "veteran", day("2026-05-02"), "applied", ""));
    let set = approved(&before, &now, "lea", day("2026-05-20"));
    let paths: Vec<&str> = set.keys().map(String::as_str).collect();
    assert_eq!(paths, ["categories/r2/approved_as", "categories/r2/approved_on", "categories/r2/approver"]);
    assert_eq!(set["categories/r2/approved_as"], json!("veteran/2026-05-02/"));
}

#[test]
fn an_entry_ends_no_earlier_than_it_begins_and_is_over_the_day_after() {
    let story = house(&[
        ("categories/r1/category", json!("dibao")),
        ("categories/r1/from", json!("2026-05-01")),
        ("categories/r1/to", json!("2026-05-31")),
    ]);
    let one = held(&story).into_iter().find(|held| held.row == "r1").unwrap();
    assert!(one.may_end(day("2026-05-01")) && !one.may_end(day("2026-04-30")));
    assert!(Held { from: None, ..one.clone() }.may_end(day("2026-04-30")));
    let ended = Held { standing: Standing::Approved, ..one.clone() };
    assert!(!ended.is_over(day("2026-05-31")) && ended.is_over(day("2026-06-01")));
    assert!(!Held { standing: Standing::EndProposed, ..one }.is_over(day("2026-06-01")));
}
