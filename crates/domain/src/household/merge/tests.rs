#![allow(clippy::unwrap_used)]
use gridbook_log::{Ctx, DeviceId, Dot, Hlc, NewOp, Writer};
use serde_json::json;

use super::*;
use crate::case::story::{GRID, Story, person};
use crate::date;
use crate::household::HouseholdView;
use crate::household::tests::stream;
use crate::plan::{Season, coverage, due_list, full_coverages, progress, unmet, visits_by_household};
use crate::search::Query;

fn day() -> NaiveDate {
    date::parse("2026-05-20").unwrap()
}

fn id(n: u8) -> EntityId {
    EntityId([n; 16])
}

/// A household of the number `n`, and what was set on it afterwards.
fn house(n: u8, sets: &[Values]) -> Summary {
    let create = json!({"type": "household", "place": {"area": GRID}, "set": {
        "address_text": format!("柳溪村3组{n}号"), "head": "钟小满", "status": "active", "categories": ["dibao"]}});
    let mut ops = vec![("create", create)];
    ops.extend(sets.iter().map(|set| ("set", json!({ "set": set }))));
    Summary::of(&stream(n, &ops), Package::builtin()).unwrap()
}

fn visit(n: u8, house: u8, at: &str) -> Summary {
    let create = json!({"type": "visit", "place": {"area": GRID}, "set": {
        "household": id(house).to_string(), "visit_at": at, "mode": "in_home", "met": "head"}});
    Summary::of(&stream(n, &[("create", create)]), Package::builtin()).unwrap()
}

#[test]
fn what_was_recorded_about_either_counts_for_the_one_that_stands() {
    let [gone, stays] = put_together(id(1), id(2), "lea", day());
    let apart = take_apart(id(1), id(2));
    let visits = [visit(11, 1, "2026-05-18T10:00:00+08:00"), visit(12, 2, "2026-03-01T10:00:00+08:00")];
    let rows = |merged: &[Values], other: &[Values]| {
        let mut rows = vec![house(1, merged), house(2, other)];
        rows.extend(visits.clone());
        rows
    };
    let due = |rows: &[Summary]| -> Vec<EntityId> {
        let list = due_list(rows, Package::builtin(), day(), Season::default());
        list.into_iter().map(|row| row.household).collect()
    };
    let found = |rows: &[Summary]| {
        let query = Query::new("钟小满", Package::builtin(), day());
        let merges = Merges::of(rows);
        query.households(rows, 10).into_iter().filter(|hit| !merges.hides(hit.id)).count()
    };
    let before = rows(&[], &[]);
    assert_eq!((due(&before), found(&before)), (vec![id(2)], 2), "two, and the second is late");
    let merged = rows(std::slice::from_ref(&gone.1), std::slice::from_ref(&stays.1));
    assert_eq!(
        (due(&merged), found(&merged)),
        (Vec::new(), 1),
        "the visit to the first counts for the second"
    );
    assert_eq!(visits_by_household(&merged)[&id(2)].len(), 2);
    assert_eq!(Merges::of(&merged).whole(id(1)), [id(2), id(1)]);
    assert!(merged[0].is_gone() && merged[0].title == "钟小满", "its own history stays readable");
    let again = rows(&[gone.1, apart[0].1.clone()], &[stays.1, apart[1].1.clone()]);
    assert_eq!((due(&again), found(&again)), (vec![id(2)], 2), "two again, each with its own");
    assert_eq!(Merges::of(&again), Merges::default());
}

#[test]
fn both_records_name_each_other_until_they_are_taken_apart() {
    let create = json!({"type": "household", "place": {"area": GRID}, "set": {"head": "钟小满"}});
    let [(_, gone), (_, stays)] = put_together(id(1), id(2), "lea", day());
    let of = |n: u8, sets: &[&Values]| {
        let mut ops = vec![("create", create.clone())];
        ops.extend(sets.iter().map(|set| ("set", json!({ "set": set }))));
        HouseholdView::of(&stream(n, &ops))
    };
    assert_eq!(of(1, &[&gone]).merged_into, Some(id(2)));
    assert_eq!(of(2, &[&stays]).merged_from, [id(1)]);
    let [(_, back), (_, rest)] = take_apart(id(1), id(2));
    assert_eq!(
        (of(1, &[&gone, &back]).merged_into, of(1, &[&gone, &back]).status.as_str()),
        (None, "active")
    );
    assert!(of(2, &[&stays, &rest]).merged_from.is_empty());
    // A second time, and it holds again.
    assert_eq!(of(2, &[&stays, &rest, &stays]).merged_from, [id(1)]);
}

#[test]
fn a_chain_has_one_end_and_a_ring_has_one_household_that_stands() {
    let into = |gone: u8, stays: u8| put_together(id(gone), id(stays), "lea", day())[0].1.clone();
    let chain = [house(1, &[into(1, 2)]), house(2, &[into(2, 3)]), house(3, &[])];
    assert_eq!([1, 2, 3].map(|n| Merges::of(&chain).standing(id(n))), [id(3); 3]);
    let ring = [house(1, &[into(1, 2)]), house(2, &[into(2, 1)]), house(3, &[into(3, 2)])];
    let merges = Merges::of(&ring);
    assert_eq!([1, 2, 3].map(|n| merges.standing(id(n))), [id(1); 3]);
    assert_eq!(merges.whole(id(3)), [id(1), id(2), id(3)]);
}

#[test]
fn who_may_put_together() {
    let mut story = Story::new();
    let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
        "address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent"}});
    story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
    let judge = |user: &str, role: &str, set: &Values| {
        story.judge(&person(user, role), "set", &json!({ "set": set }))
    };
    let itself = story.entity.id();
    let [(_, gone), _] = put_together(itself, id(2), "lea", day());
    assert_eq!(judge("ann", "village_assistant", &gone), Err(Refusal::NotPermitted(MERGE.to_owned())));
    assert_eq!(judge("lea", "grid_worker_l1", &gone), Ok(()));
    assert_eq!(judge("ivy", "intake_clerk", &gone), Ok(()));
    let [(_, gone), (_, stays)] = put_together(itself, itself, "lea", day());
    assert!(matches!(judge("lea", "grid_worker_l1", &gone), Err(Refusal::BadBody(_))), "into itself");
    assert!(matches!(judge("lea", "grid_worker_l1", &stays), Err(Refusal::BadBody(_))));
    let [(_, back), _] = take_apart(itself, id(2));
    assert_eq!(judge("lea", "grid_worker_l1", &back), Ok(()));
}

/// A household with one category, active or gone into another.
fn kind(n: u8, category: &str, into: Option<u8>) -> Summary {
    let gone = into.map(|stays| put_together(id(n), id(stays), "lea", day())[0].1.clone());
    Summary { categories: vec![category.to_owned()], ..house(n, gone.as_slice()) }
}

#[test]
fn categories_of_both_count_for_the_one_that_stands() {
    let package = Package::builtin();
    let visits = visit(11, 1, "2026-05-01T10:00:00+08:00");
    let rows = [kind(1, "elder_high_risk", Some(2)), kind(2, "general", None), visits];
    let apart = [kind(1, "elder_high_risk", None), kind(2, "general", None)];
    let held = |rows: &[Summary]| -> Vec<(EntityId, Vec<String>)> {
        homes(rows).into_iter().map(|home| (home.id, home.categories.clone())).collect()
    };
    let both = vec!["general".to_owned(), "elder_high_risk".to_owned()];
    assert_eq!(held(&rows), [(id(2), both)]);
    assert_eq!(held(&apart)[1], (id(2), vec!["general".to_owned()]), "two again, each with its own");
    let list = due_list(&rows, package, day(), Season::default());
    let planned: Vec<(EntityId, &str)> =
        list.iter().map(|row| (row.household, row.due.category.as_str())).collect();
    assert_eq!(planned, [(id(2), "elder_high_risk")], "no year's wait for somebody at risk");
    let figures = coverage(&rows, &visits_by_household(&rows), package, (day(), day()));
    assert_eq!(figures.key.whole, 0, "not before it was registered");
    let now = crate::date::parse("2030-01-01").unwrap();
    let figures = coverage(&rows, &visits_by_household(&rows), package, (now, now));
    assert_eq!((figures.visited.whole, figures.key.whole), (1, 1));
}

#[test]
fn of_two_that_went_into_each_other_one_is_planned_and_counted() {
    let package = Package::builtin();
    let ring = [
        kind(1, "dibao", Some(2)),
        kind(2, "elder_high_risk", Some(1)),
        house(3, &[]),
        visit(11, 2, "2026-03-01T10:00:00+08:00"),
        visit(12, 3, "2026-03-01T10:00:00+08:00"),
    ];
    let merges = Merges::of(&ring);
    assert_eq!([0, 1, 2].map(|n: usize| merges.gone(&ring[n])), [false, true, false]);
    let due: Vec<EntityId> =
        due_list(&ring, package, day(), Season::default()).into_iter().map(|row| row.household).collect();
    assert_eq!(due.len(), 2);
    assert!(due.contains(&id(1)), "the one that stands");
    let rows: Vec<&Summary> = ring.iter().collect();
    assert_eq!(full_coverages(&rows, &visits_by_household(&ring), 2040)[0].whole, 2);
    // Said by hand, into no other: nothing stands for it, and it is gone all the same.
    let by_hand = house(4, &[[("status".to_owned(), MERGED.into())].into()]);
    assert!(Merges::of([&by_hand]).gone(&by_hand));
}

#[test]
fn attempts_and_tasks_follow_to_the_one_that_stands() {
    let package = Package::builtin();
    let vain = |n: u8, house: u8, at: &str| {
        let mut row = visit(n, house, at);
        row.visit = row.visit.map(|fact| crate::summary::VisitFact { met: false, ..fact });
        row
    };
    let rows = [
        kind(1, "dibao", Some(2)),
        kind(2, "dibao", None),
        vain(11, 1, "2026-05-01T10:00:00+08:00"),
        vain(12, 1, "2026-05-02T10:00:00+08:00"),
        vain(13, 2, "2026-05-03T10:00:00+08:00"),
    ];
    let told = unmet(&rows, package, &[GRID], day());
    assert_eq!(told.iter().map(|one| (one.household, one.days.len())).collect::<Vec<_>>(), [(id(2), 3)]);
    // Given both, met at the one that went: one household, and it is done.
    let so_far = progress(&[id(1), id(2)], &[id(1)].into(), &rows);
    assert_eq!((so_far.done.part, so_far.done.whole, so_far.left), (1, 1, Vec::new()));
    let so_far = progress(&[id(1)], &[id(2)].into(), &rows);
    assert_eq!((so_far.done.part, so_far.done.whole), (1, 1));
}

#[test]
fn only_visits_count_as_visits() {
    let other = Summary { kind: RecordKind::Restricted, ..visit(11, 1, "2026-05-18T10:00:00+08:00") };
    assert!(visits_by_household([&other]).is_empty());
}

#[test]
fn nothing_is_put_together_with_what_is_gone() {
    let gone = ["", "active", "cancelled", "split", MERGED].map(over);
    assert_eq!(gone, [false, false, true, true, true]);
}

fn write(entity: EntityId, set: &Values) -> Op {
    let writer = Writer { dev: DeviceId([1; 8]), epoch: 1 };
    let new = NewOp {
        entity,
        dot: Dot { writer, n: 1 },
        hlc: Hlc { ms: 1, count: 0 },
        kind: "set",
        user: "lea",
        ctx: Ctx::default(),
    };
    Op::new(new, [0; 16], json!({ "set": set }).to_string()).unwrap()
}

/// What two people wrote without seeing each other is judged by what has become of the other household meanwhile.
#[test]
fn a_merge_that_comes_late_is_judged_by_the_household_it_goes_into() {
    let of = |n: u8, set: &Values| {
        let create = json!({"type": "household", "place": {"area": GRID}, "set": {"head": "钟小满"}});
        stream(n, &[("create", create), ("set", json!({ "set": set }))])
    };
    let status = |status: &str| Values::from([("status".to_owned(), json!(status))]);
    let into = |gone: u8, stays: u8| put_together(id(gone), id(stays), "lea", day());
    let judge = |known: &[Entity], (at, set): &(EntityId, Values)| {
        let op = write(*at, set);
        let known = |id: EntityId| known.iter().find(|one| one.id() == id).and_then(Went::of);
        among(&op, &known)
    };
    let both = |known: &[Entity], [gone, stays]: [(EntityId, Values); 2]| {
        [judge(known, &gone), judge(known, &stays)]
    };
    let refused = [Err(Refusal::HouseholdGone), Err(Refusal::HouseholdGone)];
    let one = of(1, &status("active"));
    assert_eq!(both(&[one.clone(), of(2, &status("active"))], into(1, 2)), [Ok(()), Ok(())]);
    for over in ["cancelled", "split"] {
        assert_eq!(both(&[one.clone(), of(2, &status(over))], into(1, 2)), refused, "{over}");
    }
    // Merged away itself: into a third one, or into this very one, which would close a ring.
    let third = [one.clone(), of(2, &into(2, 3)[0].1), of(3, &status("active"))];
    assert_eq!(both(&third, into(1, 2)), refused);
    assert_eq!(both(&[one, of(2, &into(2, 1)[0].1)], into(1, 2)), refused);
    // Of a ring from before one stands, and takes in others.
    let ring = [of(3, &status("active")), of(1, &into(1, 2)[0].1), of(2, &into(2, 1)[0].1)];
    assert_eq!(both(&ring, into(3, 1)), [Ok(()), Ok(())]);
    assert_eq!(both(&ring, into(3, 2)), refused);
    // What has not arrived is not known to be gone, and to take apart is always possible.
    assert_eq!(both(&[], into(1, 2)), [Ok(()), Ok(())]);
    assert_eq!(both(&[of(2, &status("cancelled"))], take_apart(id(1), id(2))), [Ok(()), Ok(())]);
    let op = write(id(1), &into(1, 2)[0].1);
    assert_eq!(named(&op), Some(id(2)));
}
