//! An edit that saw a value beats it, whatever the clocks say; what nobody saw stays.

use std::collections::BTreeSet;

use gridbook_log::Entity;

use super::support::{Chance, Schedule, same};

const PATHS: [&str; 5] = ["a", "b", "parties/r1/name", "parties/r2/name", "parties/r1/_gone"];

/// The values that must stand on a replica that holds `held`, from who really held what when writing.
fn expected(schedule: &Schedule, entity: &Entity, held: &BTreeSet<usize>, path: &str) -> BTreeSet<usize> {
    let writes: Vec<usize> = held
        .iter()
        .filter(|i| {
            let op = &schedule.ops[**i];
            let refused = entity.rejected().contains_key(&op.dot()) && op.header().kind != "create";
            !refused && op.body().unwrap().set().is_some_and(|set| set.contains_key(path))
        })
        .copied()
        .collect();
    let beaten = |w: &usize| writes.iter().any(|o| schedule.past[*o].contains(w));
    writes.iter().filter(|w| !beaten(w)).copied().collect()
}

fn check(schedule: &Schedule, who: usize) {
    let entity = &schedule.authors[who].entity;
    for path in PATHS {
        let standing: Vec<_> = entity.register(path).into_iter().flat_map(|r| r.heads()).collect();
        let dots: BTreeSet<_> = standing.iter().map(|w| w.dot).collect();
        let expected = expected(schedule, entity, &schedule.held[who], path);
        let expected: BTreeSet<_> = expected.iter().map(|i| schedule.ops[*i].dot()).collect();
        assert_eq!(dots, expected, "{path}");
        let ordered = standing.windows(2).all(|w| (w[0].hlc, w[0].dot) > (w[1].hlc, w[1].dot));
        assert!(ordered, "the latest of those that stand is shown");
    }
}

#[test]
fn an_edit_that_saw_a_value_beats_it_under_any_clock() {
    let mut concurrent = 0;
    let mut against_the_clock = 0;
    for seed in 0..2_500 {
        let mut rng = Chance::new(seed + 1);
        let mut schedule = Schedule::random(seed, 12 + rng.below(18));
        for who in 0..schedule.authors.len() {
            check(&schedule, who);
        }
        schedule.settle(&mut rng);
        for who in 0..schedule.authors.len() {
            check(&schedule, who);
            same(&schedule.authors[who].entity, &schedule.authors[0].entity);
        }
        let entity = &schedule.authors[0].entity;
        for (_, register) in entity.registers() {
            concurrent += usize::from(register.heads().count() > 1);
            let last = register.writes.iter().rfind(|w| !w.rejected).map(|w| w.dot);
            against_the_clock += usize::from(register.heads().next().map(|w| w.dot) != last);
        }
    }
    // Schedules in which nothing is concurrent, or the clock is always right, would prove nothing.
    assert!(concurrent > 1_000, "{concurrent}");
    assert!(against_the_clock > 500, "{against_the_clock}");
}
