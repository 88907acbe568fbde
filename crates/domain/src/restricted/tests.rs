#![allow(clippy::unwrap_used)]
use gridbook_log::body;
use serde_json::json;

use super::*;
use crate::admit::reads;
use crate::case::story::{GRID, Story, person};
use crate::plan::task::list_of;
use crate::summary::Summary;

fn day(text: &str) -> NaiveDate {
    date::parse(text).unwrap()
}

fn home() -> EntityId {
    EntityId([5; 16])
}

fn named(user: &str) -> Named {
    Named { user: user.to_owned(), until: None }
}

fn entry(people: &[&str]) -> Restricted {
    Restricted {
        id: EntityId([7; 16]),
        household: home(),
        area: GRID.to_owned(),
        category: "correction".to_owned(),
        from: Some(day("2026-04-01")),
        to: None,
        source: "department".to_owned(),
        approver: String::new(),
        people: people.iter().map(|user| named(user)).collect(),
        visits: Vec::new(),
    }
}

fn opened() -> Story {
    let mut story = Story::new();
    let create = serde_json::to_value(entry(&["ann", "ben"]).create()).unwrap();
    story.admitted(&person("di", "center_director"), "create", &create).unwrap();
    story
}

fn visit(row: &str, by: &str, with: &str, at: &str) -> JointVisit {
    JointVisit {
        row: row.to_owned(),
        day: Some(day(at)),
        by: by.to_owned(),
        with: with.to_owned(),
        with_role: "police".to_owned(),
        met: "head".to_owned(),
        well_being: "good".to_owned(),
        note: "情绪平稳, 按时报到".to_owned(),
        seen: [("state_seen".to_owned(), "stable".to_owned())].into(),
    }
}

#[test]
fn what_was_seen_comes_back_and_danger_is_told_at_once() {
    let form = Package::builtin().form(FORM).unwrap();
    assert!(form.restricted && SEEN.iter().all(|path| form.field(path).is_some()));
    let mut story = opened();
    let ann = person("ann", "grid_worker_l1");
    let mut seen = visit("v1", "ann", "赵民警", "2026-05-18");
    seen.seen.insert("danger".to_owned(), "police".to_owned());
    let refused = story.admitted(&ann, "set", &write(&seen)).unwrap_err();
    assert!(refused.message().contains("110"), "{}", refused.message());
    seen.seen.insert("danger_told".to_owned(), "9:20 派出所值班".to_owned());
    story.admitted(&ann, "set", &write(&seen)).unwrap();
    assert_eq!(Restricted::of(&story.entity).unwrap().visits[0].seen, seen.seen);
}

fn write(visit: &JointVisit) -> Value {
    json!({ "set": visit.values() })
}

fn house() -> Summary {
    let create = json!({"type": "household", "place": {"area": GRID}, "set": {
        "address_text": "柳溪村3组12号", "head": "钟小满", "status": "active"}});
    let entity = crate::household::tests::stream(5, &[("create", create)]);
    Summary::of(&entity, Package::builtin()).unwrap()
}

#[test]
fn it_reaches_only_who_is_named() {
    let story = opened();
    let package = Package::builtin();
    let sees = |user: &str, role: &str| reads(package, &person(user, role), &story.entity, story.today());
    assert!(
        sees("ann", "village_assistant") && sees("ben", "grid_worker_l1") && sees("di", "center_director")
    );
    for (user, role) in [("lea", "grid_worker_l1"), ("ivy", "intake_clerk"), ("gil", "general_grid_chief")] {
        assert!(!sees(user, role), "{user} has the whole area and is not named");
    }
    let held = Restricted::of(&story.entity).unwrap();
    assert_eq!((held.approver.as_str(), held.people.len()), ("di", 2));
    assert_eq!((story.entity.area(), story.entity.units().len()), (None, 0));
}

#[test]
fn who_may_name_whom_and_never_by_area() {
    let story = Story::new();
    let create = serde_json::to_value(entry(&["ann"]).create()).unwrap();
    let judge = |user: &str, role: &str, body: &Value| story.judge(&person(user, role), "create", body);
    assert_eq!(judge("lea", "grid_worker_l1", &create), Err(Refusal::NotPermitted(ASSIGN.to_owned())));
    assert_eq!(judge("gil", "general_grid_chief", &create), Ok(()));
    for place in
        [json!({"area": GRID, "users_add": ["ann"]}), json!({"users_add": ["ann", "spy"]}), json!({})]
    {
        let mut body = create.clone();
        body["place"] = place;
        assert_eq!(judge("di", "center_director", &body), Err(Refusal::BadPlacement));
    }
    let mut body = create;
    body["set"]["category"] = json!("dibao");
    assert!(judge("di", "center_director", &body).is_err(), "an ordinary category belongs to the household");
}

#[test]
fn nobody_goes_alone() {
    let mut story = opened();
    let ann = person("ann", "village_assistant");
    let alone = story.judge(&ann, "set", &write(&visit("v1", "ann", " ", "2026-05-18")));
    let Err(Refusal::Invalid(found)) = alone else { panic!("{alone:?}") };
    assert!(found[0].message.contains("两人同行"), "{}", found[0].message);
    // Nobody writes it down in another's name, and nobody who is not named at all.
    let other = write(&visit("v1", "ben", "陈警官", "2026-05-18"));
    assert!(story.judge(&ann, "set", &other).is_err());
    let lea = write(&visit("v1", "lea", "陈警官", "2026-05-18"));
    assert!(story.judge(&person("lea", "grid_worker_l1"), "set", &lea).is_err());
    story.admitted(&ann, "set", &write(&visit("v1", "ann", "陈警官", "2026-05-18"))).unwrap();
    let held = Restricted::of(&story.entity).unwrap();
    assert_eq!((held.visits.len(), held.visits[0].with.as_str()), (1, "陈警官"));
    // Nobody makes another's visit his own.
    let ben = json!({"set": {"visits/v1/by": "ben", "visits/v1/note": "没有事"}});
    let refused = Err(Refusal::NotPermitted(ASSIGN.to_owned()));
    assert_eq!(story.judge(&person("ben", "village_assistant"), "set", &ben), refused);
    let own = json!({"set": {"visits/v1/note": "没有事"}});
    assert_eq!(story.judge(&ann, "set", &own), Ok(()));
    // What is written stays: neither taken away nor put off by who goes.
    let gone = json!({"set": {"visits/v1/_gone": true}});
    assert!(story.judge(&ann, "set", &gone).is_err());
    assert!(story.judge(&ann, "set", &json!({"set": {"to": "2026-05-01"}})).is_err());
}

#[test]
fn it_is_due_for_those_two_only_and_only_joint_visits_count() {
    let mut story = opened();
    let package = Package::builtin();
    let list = |rows: &[&Summary], user: &str, today: &str| -> Vec<Option<String>> {
        let list = list_of(rows, package, user, day(today), Season::default());
        list.into_iter().filter(|row| row.household == home()).map(|row| row.why).collect()
    };
    let house = house();
    let row = Summary::of(&story.entity, package).unwrap();
    let safety = vec![Some(SAFETY.to_owned())];
    assert_eq!(list(&[&house, &row], "ann", "2026-05-20"), safety);
    assert!(list(&[&house, &row], "cara", "2026-05-20").is_empty(), "not named");
    assert!(
        list(&[&house], "ann", "2026-05-20").is_empty(),
        "whoever does not hold it plans as for any household"
    );
    let body = write(&visit("v1", "ann", "陈警官", "2026-05-18"));
    story.admitted(&person("ann", "village_assistant"), "set", &body).unwrap();
    let row = Summary::of(&story.entity, package).unwrap();
    assert!(list(&[&house, &row], "ann", "2026-05-20").is_empty(), "they were there");
    assert_eq!(list(&[&house, &row], "ben", "2026-06-16"), safety, "thirty days later, both again");
    let ended = json!({"set": {"to": "2026-06-01"}});
    story.admitted(&person("di", "center_director"), "set", &ended).unwrap();
    let row = Summary::of(&story.entity, package).unwrap();
    assert!(list(&[&house, &row], "ben", "2026-06-16").is_empty(), "it has ended");
}

#[test]
fn a_row_holds_no_word_of_it() {
    let mut story = opened();
    let body = write(&visit("v1", "ann", "陈警官", "2026-05-18"));
    story.admitted(&person("ann", "village_assistant"), "set", &body).unwrap();
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    let text = serde_json::to_string(&row).unwrap();
    for secret in ["情绪平稳", "陈警官", "社区矫正"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(row.title.is_empty() && !row.kind.is_report(), "no list of records shows it");
    assert_eq!(row.keys, crate::summary::Keys::default(), "no search finds it");
}

#[test]
fn a_grant_ends_by_its_day_or_by_other_names() {
    let mut story = opened();
    let di = person("di", "center_director");
    let held = Restricted::of(&story.entity).unwrap();
    let next = [Named { user: "ann".to_owned(), until: Some(day("2026-05-19")) }, named("cara")];
    let (set, place) = held.reassign(&next);
    assert_eq!(place.users_del, ["ben"]);
    story.admitted(&di, "set", &serde_json::to_value(body::Set { set, blobs: Vec::new() }).unwrap()).unwrap();
    story.admitted(&di, "place", &serde_json::to_value(place).unwrap()).unwrap();
    let spied = story.judge(&person("ann", "village_assistant"), "place", &json!({"users_add": ["spy"]}));
    assert_eq!(spied, Err(Refusal::NotPermitted(ASSIGN.to_owned())));
    for wide in [json!({"area": GRID}), json!({"all": true}), json!({"units_add": ["U1"]})] {
        assert_eq!(story.judge(&di, "place", &wide), Err(Refusal::BadPlacement), "never to an area");
    }
    assert_eq!(story.entity.users(), ["ann", "cara"]);
    let held = Restricted::of(&story.entity).unwrap();
    assert!(held.names("ann", day("2026-05-19")) && !held.names("ann", day("2026-05-20")));
    assert!(held.names("cara", day("2030-01-01")) && !held.names("ben", day("2026-05-19")));
    let reads = |user: &str, today| {
        reads(Package::builtin(), &person(user, "village_assistant"), &story.entity, day(today))
    };
    assert!(reads("ann", "2026-05-19") && !reads("ann", "2026-05-20") && reads("cara", "2026-05-20"));
    // Who named them reads it while he may name people.
    let mut past = di.clone();
    past.assignments[0].to = Some(day("2026-05-19"));
    let keeps =
        |actor: &Actor, today| crate::admit::reads(Package::builtin(), actor, &story.entity, day(today));
    assert!(keeps(&di, "2026-05-20") && keeps(&past, "2026-05-19") && !keeps(&past, "2026-05-20"));
    let row = Summary::of(&story.entity, Package::builtin()).unwrap();
    let goes = |user, today| joint([&row], Package::builtin(), home(), user, day(today));
    assert!(goes("ann", "2026-05-19") && !goes("ann", "2026-05-20") && goes("cara", "2026-05-20"));
}

#[test]
fn other_people_go_and_nobody_s_own_day_moves() {
    let on = |user: &str, text: &str| Named { user: user.to_owned(), until: Some(day(text)) };
    let mut held = entry(&[]);
    held.people = vec![on("ann", "2026-06-01"), on("ben", "2026-12-31")];
    assert_eq!(held.until(), None, "they differ");
    let next = held.granted(&[named("ann"), named("ben"), named("cara")]);
    assert_eq!(next, [on("ann", "2026-06-01"), on("ben", "2026-12-31"), named("cara")]);
    let all = ["ann", "ben"].map(|user| on(user, "2026-07-01"));
    assert_eq!(held.granted(&all), all, "asked for");
    held.people = vec![on("ann", "2026-06-01")];
    assert_eq!(held.until(), Some(day("2026-06-01")));
    assert_eq!(held.granted(&[named("ann")]), [named("ann")], "opened");
}

#[test]
fn an_ordinary_visit_there_is_not_made_alone_and_says_nothing() {
    let form = Package::builtin().form("F-VISIT").unwrap();
    let mut values: Values = [
        ("mode".to_owned(), json!("in_home")),
        ("met".to_owned(), json!("head")),
        ("title".to_owned(), json!("走访")),
    ]
    .into();
    let paths = |values: &Values| -> Vec<String> {
        problems(form, values).into_iter().map(|problem| problem.path).collect()
    };
    assert_eq!(paths(&values), ["participants"]);
    values.insert("participants/r1/name".to_owned(), json!("陈警官"));
    values.insert("participants/r1/role".to_owned(), json!("police"));
    assert_eq!(paths(&values), Vec::<String>::new());
    values.insert("remark".to_owned(), json!("情绪不稳"));
    values.insert("requests/r1/content".to_owned(), json!("想找工作"));
    assert_eq!(paths(&values), ["remark", "requests/r1/content"]);
}

#[test]
fn the_rule_goes_with_a_household_into_another() {
    let package = Package::builtin();
    let row = Summary::of(&opened().entity, package).unwrap();
    let stays = Summary { id: EntityId([6; 16]), household: Some(EntityId([6; 16])), ..house() };
    let went = Summary { state: "merged".to_owned(), household: Some(stays.id), ..house() };
    let today = day("2026-05-20");
    let goes = |rows: &[&Summary], home, user| joint(rows.iter().copied(), package, home, user, today);
    let merged = [&went, &stays, &row];
    assert!(goes(&merged, stays.id, "ann") && goes(&merged, home(), "ann"));
    assert!(!goes(&merged, stays.id, "cara"), "not named");
    assert!(!goes(&[&house(), &stays, &row], stays.id, "ann"), "two households");
    let list = |rows: &[&Summary]| -> Vec<(EntityId, Option<String>)> {
        let list = list_of(rows, package, "ann", today, Season::default());
        list.into_iter().map(|row| (row.household, row.why)).collect()
    };
    assert_eq!(list(&merged), [(stays.id, Some(SAFETY.to_owned()))]);
    let cancelled = Summary { state: "cancelled".to_owned(), ..stays.clone() };
    assert_eq!(list(&[&went, &cancelled, &row]), [], "nobody lives there any more");
}

#[test]
fn the_more_urgent_date_stands_in_the_plan() {
    let package = Package::builtin();
    let row = Summary::of(&opened().entity, package).unwrap();
    let today = day("2026-05-20");
    let of = |home: &Summary| list_of(&[home, &row], package, "ann", today, Season::default()).remove(0);
    let alone = due_with([&row], package, "ann", today, Season::default()).remove(0).1;
    // Due by its interval just now, and late by the joint one.
    let at = crate::calendar::midnight(day("2026-05-19"));
    let fresh = Summary { categories: vec!["dibao".to_owned()], at, ..house() };
    assert_eq!(of(&fresh).due, alone);
    // Late for longer by the other: that date stays.
    let at = crate::calendar::midnight(day("2020-01-01"));
    let old = Summary { categories: vec!["dibao".to_owned()], at, ..house() };
    let due = of(&old).due;
    assert!(due.next < alone.next && due.category == "dibao", "{due:?}");
}
