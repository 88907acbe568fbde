#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::calendar::day_of;
use crate::case::story::{GRID, START, Story, VILLAGE, person};
use crate::plan::campaign::{Walker, progress};
use crate::role::Actor;
use crate::summary::{VisitFact, VisitMode};

const LEFT: &str = "510000100201001";
const RIGHT: &str = "510000100201002";

fn id(n: u8) -> EntityId {
    EntityId([n; 16])
}

fn terms() -> Terms {
    let from = day_of(START);
    Terms { campaign: String::new(), label: "大走访".to_owned(), from, due: from + chrono::Days::new(10) }
}

fn task(user: &str, area: &str, homes: &[u8]) -> VisitTask {
    VisitTask {
        id: id(99),
        terms: terms(),
        user: user.to_owned(),
        area: area.to_owned(),
        households: homes.iter().map(|n| id(*n)).collect(),
        handed: BTreeMap::new(),
        cancelled: false,
    }
}

fn body(task: &VisitTask) -> Value {
    serde_json::to_value(task.create()).unwrap()
}

#[test]
fn shared_out_by_grid_and_never_twice() {
    let homes: Vec<(EntityId, String)> =
        (0..6).map(|n| (id(n), if n < 4 { LEFT } else { RIGHT }.to_owned())).collect();
    let walker = |user: &str, area: &str| Walker { user: user.to_owned(), area: area.to_owned() };
    let people = [walker("ann", LEFT), walker("ben", LEFT), walker("lea", VILLAGE)];
    let standing = [task("zoe", LEFT, &[0])];
    let told = |(made, nobody): (Vec<VisitTask>, Vec<EntityId>)| {
        let line = |task: &VisitTask| (task.user.clone(), task.area.clone(), task.households.len());
        (made.iter().map(line).collect::<Vec<_>>(), nobody.len())
    };
    let of = |user: &str, area: &str, n: usize| (user.to_owned(), area.to_owned(), n);
    assert_eq!(
        told(share_out(&terms(), &homes, &people, &standing)),
        (vec![of("ann", LEFT, 1), of("ben", LEFT, 1), of("lea", LEFT, 1), of("lea", RIGHT, 2)], 0)
    );
    assert_eq!(
        told(share_out(&terms(), &homes, &people[..2], &[])),
        (vec![of("ann", LEFT, 2), of("ben", LEFT, 2)], 2),
        "nobody goes to the right"
    );
    let mut over = standing;
    over[0].terms.due = terms().from - chrono::Days::new(1);
    assert_eq!(told(share_out(&terms(), &homes[..1], &people, &over)).0.len(), 1, "the one before is over");
}

#[test]
fn whoever_has_a_grid_goes_first_else_the_village() {
    let walker = |user: &str, area: &str| Walker { user: user.to_owned(), area: area.to_owned() };
    let people =
        [walker("ann", LEFT), walker("ben", RIGHT), walker("lea", VILLAGE), walker("kai", "510000101")];
    let first = |people: &[Walker], grid: &str| {
        let near = near(people, &[grid.to_owned()].into());
        let all: Vec<String> = near.iter().map(|walker| walker.user.clone()).collect();
        (all.join(" "), own(&near).into_iter().collect::<Vec<_>>().join(" "))
    };
    assert_eq!(first(&people, LEFT), ("ann lea".to_owned(), "ann".to_owned()));
    assert_eq!(first(&people[1..], LEFT), ("lea".to_owned(), "lea".to_owned()), "a grid without its own");
    assert_eq!(first(&people[3..], LEFT), (String::new(), String::new()));
}

#[test]
fn those_who_visit_are_those_who_may() {
    let people = [
        person("ann", "village_assistant"),
        person("lea", "grid_worker_l1"),
        person("ben", "unit_handler"),
        person("cai", "sys_admin"),
    ];
    let found = walkers(Package::builtin(), &people, day_of(START));
    let told: Vec<(&str, &str)> = found.iter().map(|w| (w.user.as_str(), w.area.as_str())).collect();
    assert_eq!(told, [("ann", GRID), ("lea", VILLAGE)]);
}

#[test]
fn who_may_give_and_take_back() {
    let (chief, worker) = (person("lea", "grid_worker_l1"), person("ann", "village_assistant"));
    let judged = |actor: &Actor, task: &VisitTask| {
        Story::new().judge(actor, "create", &body(task)).map_err(|refusal| refusal.code())
    };
    let given = task("ann", LEFT, &[1, 2]);
    assert_eq!(judged(&chief, &given), Ok(()));
    assert_eq!(judged(&worker, &given), Ok(()), "a plan for oneself");
    assert_eq!(judged(&worker, &task("ben", LEFT, &[1])), Err("not_permitted"));
    assert_eq!(judged(&chief, &task("ann", "510000100202001", &[1])), Err("not_permitted"));
    assert_eq!(judged(&chief, &task("ann", LEFT, &[])), Err("bad_body"));
    let mut backwards = given.clone();
    backwards.terms.due = backwards.terms.from - chrono::Days::new(1);
    assert_eq!(judged(&chief, &backwards), Err("bad_body"));
    let mut shared = body(&given);
    shared["place"]["users_add"] = json!(["ann", "eve"]);
    assert_eq!(Story::new().judge(&chief, "create", &shared).unwrap_err().code(), "bad_placement");

    let mut story = Story::new();
    story.admitted(&chief, "create", &body(&given)).unwrap();
    let off = json!({"set": {"cancelled": true}});
    assert_eq!(story.judge(&worker, "set", &off).unwrap_err().code(), "not_permitted", "given by another");
    let other = json!({"set": {"user": "ben"}});
    assert_eq!(story.judge(&chief, "set", &other).unwrap_err().code(), "workflow_path");
    let none = json!({"set": {"households": []}});
    assert_eq!(story.judge(&chief, "set", &none).unwrap_err().code(), "bad_body");
    let row = |story: &Story| Summary::of(&story.entity, Package::builtin()).unwrap();
    assert_eq!(VisitTask::of_row(&row(&story)), VisitTask::of(&story.entity), "a row holds all of it");
    assert_eq!(tasks(&[row(&story)]).len(), 1);
    story.admitted(&chief, "set", &off).unwrap();
    assert_eq!(tasks(&[row(&story)]).len(), 0);
}

#[test]
fn it_stands_on_the_list_until_somebody_was_met() {
    let package = Package::builtin();
    let mut story = Story::new();
    story.admitted(&person("lea", "grid_worker_l1"), "create", &body(&task("ann", LEFT, &[1, 2]))).unwrap();
    let given = Summary::of(&story.entity, package).unwrap();
    let mut hazard = Story::new();
    let made = crate::case::story::hazard_body("blue");
    hazard.admitted(&person("ann", "village_assistant"), "create", &made).unwrap();
    let plain = Summary::of(&hazard.entity, package).unwrap();
    let home = |n: u8| Summary {
        id: id(n),
        kind: RecordKind::Household,
        household: Some(id(n)),
        state: "active".to_owned(),
        area: LEFT.to_owned(),
        hints: Vec::new(),
        ..plain.clone()
    };
    let visit = |n: u8, days: u64, met| {
        let fact = VisitFact {
            day: day_of(START) + chrono::Days::new(days),
            at: START,
            mode: VisitMode::InPerson,
            met,
            next: None,
        };
        let at = START + days * 86_400_000;
        Summary { kind: RecordKind::Visit, visit: Some(fact), at, household: Some(id(n)), ..home(80 + n) }
    };
    let homes = [home(1), home(2), home(3)];
    let listed = |user: &str, days: u64, more: &[Summary]| {
        let rows: Vec<&Summary> = homes.iter().chain([&given]).chain(more).collect();
        let today = day_of(START) + chrono::Days::new(days);
        let list = list_of(&rows, package, user, today, Season::default());
        let line = |row: DueRow| (row.household.0[0], row.due.days, row.due.state, row.why);
        list.into_iter().map(line).collect::<Vec<_>>()
    };
    let why = || Some("大走访".to_owned());
    assert_eq!(listed("ann", 2, &[]), [(1, 8, DueState::Due, why()), (2, 8, DueState::Due, why())]);
    assert_eq!(listed("ben", 2, &[]), [], "not given to him");
    let tried = [visit(1, 1, true), visit(2, 1, false)];
    assert_eq!(listed("ann", 2, &tried), [(2, 8, DueState::Due, why())]);
    assert_eq!(listed("ann", 12, &tried), [(2, -2, DueState::Overdue, why())]);
    let closed = Summary {
        kind: RecordKind::Hazard,
        state: "closed".to_owned(),
        household: Some(id(2)),
        ..plain.clone()
    };
    let task = VisitTask::of_row(&given).unwrap();
    let done = met(package, "", task.terms.from, &tried);
    let so_far = progress(&task.households, &done, std::slice::from_ref(&closed));
    assert_eq!((so_far.done.part, so_far.left, so_far.call_backs), (1, vec![id(2)], vec![closed.id]));
}

fn house(n: u8, area: &str) -> Summary {
    let mut story = Story::new();
    story
        .admitted(&person("ann", "village_assistant"), "create", &crate::case::story::hazard_body("blue"))
        .unwrap();
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    let state = "active".to_owned();
    Summary {
        id: id(n),
        kind: RecordKind::Household,
        household: Some(id(n)),
        area: area.to_owned(),
        state,
        ..row
    }
}

fn visited(n: u8) -> Summary {
    let fact = VisitFact { day: day_of(START), at: START, mode: VisitMode::InPerson, met: true, next: None };
    Summary { kind: RecordKind::Visit, visit: Some(fact), household: Some(id(n)), ..house(80 + n, LEFT) }
}

/// A task as its stream grew, and the row of it.
fn given(task: &VisitTask) -> (Story, Summary) {
    let mut story = Story::new();
    story.admitted(&person("lea", "grid_worker_l1"), "create", &body(task)).unwrap();
    let row = row(&story);
    (story, row)
}

fn row(story: &Story) -> Summary {
    Summary::of(&story.entity, Package::builtin()).unwrap()
}

fn parts(story: &Story) -> Vec<(String, Vec<u8>)> {
    let parts = tasks(&[row(story)]).into_iter();
    parts.map(|part| (part.user, part.households.iter().map(|id| id.0[0]).collect())).collect()
}

fn of(user: &str, homes: &[u8]) -> (String, Vec<u8>) {
    (user.to_owned(), homes.to_vec())
}

#[test]
fn a_hand_over_takes_the_open_ones_of_its_area_along() {
    let package = Package::builtin();
    let (mut story, task_row) = given(&task("ann", "510000100201003", &[1, 2, 3]));
    let homes = [house(1, GRID), house(2, GRID), house(3, RIGHT), visited(1)];
    let rows: Vec<&Summary> = homes.iter().chain([&task_row]).collect();
    let terms = crate::handover::Terms {
        from: "ann".to_owned(),
        to: "bea".to_owned(),
        area: GRID.to_owned(),
        on: day_of(START),
        reason: String::new(),
    };
    let steps = by_hand_over(package, &rows, &terms);
    assert_eq!(steps.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [story.entity.id()]);
    let event = serde_json::to_value(&steps[0].1).unwrap();
    assert_eq!(event["place"], json!({"users_add": ["bea"]}), "a household outside the area stays with ann");
    let (ann, eve) = (person("ann", "village_assistant"), person("eve", "village_assistant"));
    assert_eq!(story.judge(&eve, "event", &event).unwrap_err().code(), "not_permitted", "only the own ones");
    let mut foreign = event.clone();
    foreign["place"]["users_add"] = json!(["bea", "eve"]);
    assert_eq!(story.judge(&ann, "event", &foreign).unwrap_err().code(), "bad_placement");
    foreign["place"] = json!({"area": RIGHT, "users_add": ["bea"]});
    assert_eq!(
        story.judge(&ann, "event", &foreign).unwrap_err().code(),
        "bad_placement",
        "no area of hers to choose"
    );
    foreign["set"] = json!({"user": "bea"});
    assert_eq!(story.judge(&ann, "event", &foreign).unwrap_err().code(), "workflow_path");
    foreign = event.clone();
    foreign["set"][format!("with/{}", id(9))] = json!("bea");
    assert_eq!(story.judge(&ann, "event", &foreign).unwrap_err().code(), "workflow_path", "never given");
    // The desk took one back before her step arrived: the others go all the same.
    let (mut late, _) = given(&task("ann", "510000100201003", &[1, 2, 3]));
    let rest = json!({"set": {"households": [id(2).to_string(), id(3).to_string()]}});
    late.admitted(&person("lea", "grid_worker_l1"), "set", &rest).unwrap();
    late.admitted(&ann, "event", &event).unwrap();
    assert_eq!(parts(&late), [of("ann", &[3]), of("bea", &[2])]);
    story.admitted(&ann, "event", &event).unwrap();
    assert_eq!(parts(&story), [of("ann", &[3]), of("bea", &[1, 2])]);
    assert_eq!(VisitTask::of_row(&row(&story)), VisitTask::of(&story.entity), "a row holds all of it");
    assert_eq!(story.entity.users(), ["ann", "bea"]);
    // On the lists of both, each household once; what was done is not asked for again.
    let now = row(&story);
    let rows: Vec<&Summary> = homes.iter().chain([&now]).collect();
    let listed = |user: &str| -> Vec<u8> {
        let list = list_of(&rows, package, user, day_of(START), Season::default());
        list.into_iter().filter(|row| row.why.is_some()).map(|row| row.household.0[0]).collect()
    };
    assert_eq!((listed("ann"), listed("bea")), (vec![3], vec![2]));
    assert_eq!(by_hand_over(package, &rows, &terms), [], "done once");
    // Taken back from one of them, the other keeps hers.
    let whole = VisitTask::of(&story.entity).unwrap();
    let rest: Values = [("households".to_owned(), json!([id(3).to_string()]))].into();
    assert_eq!((whole.take_back("bea"), whole.take_back("eve").len()), (rest, 1));
    let VisitTask { handed, .. } = &whole;
    let alone = VisitTask { households: handed.keys().copied().collect(), ..whole.clone() };
    assert_eq!(alone.take_back("bea"), [(CANCELLED.to_owned(), json!(true))].into());
    // Handed on again, all that she has: she is not told of it any more.
    let again = crate::handover::Terms { from: "bea".to_owned(), to: "cai".to_owned(), ..terms };
    let steps = by_hand_over(package, &rows, &again);
    let event = serde_json::to_value(&steps[0].1).unwrap();
    story.admitted(&person("bea", "village_assistant"), "event", &event).unwrap();
    assert_eq!(parts(&story), [of("ann", &[3]), of("cai", &[1, 2])]);
    assert_eq!(story.entity.users(), ["ann", "cai"]);
}

#[test]
fn what_is_done_stays_with_who_did_it() {
    let (_, done) = given(&task("ann", "510000100201003", &[1]));
    let homes = [house(1, GRID), visited(1)];
    let rows: Vec<&Summary> = homes.iter().chain([&done]).collect();
    assert_eq!(open_of(Package::builtin(), &rows, "ann", GRID), []);
}

fn cut(old: &[&str], new: &[&str]) -> crate::territory::cut::Cut {
    let own = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
    crate::territory::cut::Cut {
        old: own(old),
        new: own(new),
        on: day_of(START),
        from: BTreeMap::new(),
        to: BTreeMap::new(),
        holders: BTreeMap::new(),
    }
}

#[test]
fn tasks_follow_a_re_cut_to_whoever_goes_there_now() {
    const NORTH: &str = "510000100201004";
    const SOUTH: &str = "510000100201005";
    let walker = |user: &str, area: &str| Walker { user: user.to_owned(), area: area.to_owned() };
    let clerk = person("cai", "grid_clerk");
    let follow =
        |story: &mut Story, cut: &crate::territory::cut::Cut, homes: &[Summary], walkers: &[Walker]| {
            let now = row(story);
            let rows: Vec<&Summary> = homes.iter().chain([&now]).collect();
            let Followed { steps, nobody } =
                by_re_cut(std::slice::from_ref(cut), rows.iter().copied(), walkers);
            let count = steps.len();
            for (_, event) in steps {
                story.admitted(&clerk, "event", &serde_json::to_value(event).unwrap()).unwrap();
            }
            (count, nobody)
        };
    // A merge: both keep theirs, in the new grid.
    let (mut left, _) = given(&task("ann", LEFT, &[1, 2]));
    let homes = [house(1, NORTH), house(2, NORTH)];
    let merge = cut(&[LEFT, RIGHT], &[NORTH]);
    let both = [walker("ann", NORTH), walker("ben", NORTH), walker("lea", VILLAGE)];
    assert_eq!(follow(&mut left, &merge, &homes, &both), (1, 0));
    assert_eq!(parts(&left), [of("ann", &[1, 2])]);
    assert_eq!(left.entity.area(), Some(NORTH));
    assert_eq!(follow(&mut left, &merge, &homes, &both), (0, 0), "done once");
    // A split: what lies where she does not go any more is the other's; the task lies in the village then.
    let (mut task_of, _) = given(&task("ann", LEFT, &[1, 2, 3, 4]));
    let homes = [house(1, NORTH), house(2, SOUTH), house(3, SOUTH), house(4, SOUTH)];
    let split = cut(&[LEFT], &[NORTH, SOUTH]);
    let people = [walker("ann", NORTH), walker("ben", SOUTH), walker("dan", SOUTH), walker("lea", VILLAGE)];
    assert_eq!(follow(&mut task_of, &split, &homes, &people), (1, 0));
    assert_eq!(parts(&task_of), [of("ann", &[1]), of("ben", &[2, 4]), of("dan", &[3])]);
    assert_eq!((task_of.entity.area(), task_of.entity.users()), (Some(VILLAGE), vec!["ann", "ben", "dan"]));
    let whole: usize = parts(&task_of).iter().map(|(_, homes)| homes.len()).sum();
    assert_eq!(whole, 4, "none lost, none twice");
    // Cut again: it lies in the village, and its households follow all the same, those alone that were in that grid.
    let (sixth, seventh) = ("510000100201006", "510000100201007");
    let again = crate::territory::cut::Cut {
        from: [2, 3, 4].map(|n| (id(n), SOUTH.to_owned())).into(),
        ..cut(&[SOUTH], &[sixth, seventh])
    };
    let later = [house(1, NORTH), house(2, sixth), house(3, sixth), house(4, seventh)];
    let then = [walker("amy", NORTH), walker("ben", sixth), walker("eve", seventh), walker("lea", VILLAGE)];
    let behind = |story: &Story| {
        let now = row(story);
        left_behind(std::slice::from_ref(&again), later.iter().chain([&now]), &then)
    };
    assert_eq!(follow(&mut task_of, &again, &later, &then[..1]), (0, 3), "nobody goes there: it is told");
    assert_eq!(behind(&task_of), 1);
    assert_eq!(follow(&mut task_of, &again, &later, &then), (1, 0));
    assert_eq!(parts(&task_of), [of("ann", &[1]), of("ben", &[2, 3]), of("eve", &[4])]);
    assert_eq!((task_of.entity.area(), behind(&task_of)), (Some(VILLAGE), 0));
    // Nobody goes there: it stays, and is told.
    let (mut alone, _) = given(&task("ann", LEFT, &[1, 2]));
    assert_eq!(follow(&mut alone, &split, &homes, &people[..1]), (1, 1));
    assert_eq!(parts(&alone), [of("ann", &[1, 2])]);
    // Whoever plans nothing there may not.
    let (other, _) = given(&task("ann", LEFT, &[1]));
    let event = other_event(&other, &split, &homes, &people[1..]);
    let chief = crate::role::Actor { assignments: Vec::new(), ..person("lea", "grid_worker_l1") };
    assert_eq!(other.judge(&chief, "event", &event).unwrap_err().code(), "not_permitted");
    let stop = json!({"set": {"cancelled": true}});
    let mut off = other;
    off.admitted(&person("lea", "grid_worker_l1"), "set", &stop).unwrap();
    assert_eq!(off.judge(&clerk, "event", &event).unwrap_err().code(), "not_legal_now");
}

fn other_event(
    story: &Story,
    cut: &crate::territory::cut::Cut,
    homes: &[Summary],
    walkers: &[Walker],
) -> Value {
    let now = row(story);
    let rows: Vec<&Summary> = homes.iter().chain([&now]).collect();
    let steps = by_re_cut(std::slice::from_ref(cut), rows.iter().copied(), walkers).steps;
    serde_json::to_value(&steps[0].1).unwrap()
}

#[test]
fn a_household_that_went_into_another_is_done_there() {
    let package = Package::builtin();
    let (_, task_row) = given(&task("ann", GRID, &[1, 2]));
    let went = || Summary { state: "merged".to_owned(), household: Some(id(2)), ..house(1, GRID) };
    let homes = |met: &[u8]| -> Vec<Summary> {
        let rows = [went(), house(2, GRID), task_row.clone()].into_iter();
        rows.chain(met.iter().map(|n| visited(*n))).collect()
    };
    let listed = |rows: &[Summary]| -> Vec<EntityId> {
        let rows: Vec<&Summary> = rows.iter().collect();
        let today = day_of(START) + chrono::Days::new(2);
        let list = list_of(&rows, package, "ann", today, Season::default());
        list.into_iter().map(|row| row.household).collect()
    };
    let open = |rows: &[Summary]| {
        let rows: Vec<&Summary> = rows.iter().collect();
        open_of(package, &rows, "ann", GRID).len()
    };
    assert_eq!((listed(&homes(&[])), open(&homes(&[]))), (vec![id(2)], 1), "one line for both");
    for met in [1, 2] {
        assert_eq!((listed(&homes(&[met])), open(&homes(&[met]))), (Vec::new(), 0), "met at {met}");
    }
    // Given before it went: the other's line is the task's.
    let (_, only) = given(&task("ann", GRID, &[1]));
    assert_eq!(listed(&[went(), house(2, GRID), only]), [id(2)]);
}
