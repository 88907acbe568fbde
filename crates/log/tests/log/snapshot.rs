//! A snapshot is the fold, whatever was missing when it was made and whatever arrives later.

use gridbook_log::snapshot::{FOLD_VERSION, SnapshotError};
use gridbook_log::{Entity, Op};
use proptest::prelude::*;

use super::fold::histories;
use super::support::*;

#[test]
fn snapshot_then_late_delivery_equals_the_plain_fold() {
    for seed in 0..400 {
        let mut rng = Chance::new(seed);
        let schedule = Schedule::random(seed + 10_000, 30);
        let whole = fold(&schedule.ops);
        let early: Vec<&Op> = schedule.ops.iter().filter(|_| rng.chance(50)).collect();
        let mut entity = fold(early.iter().copied());
        // Twice on the way: a snapshot of a snapshot, holes and all.
        for _ in 0..2 {
            let back = Entity::from_snapshot(&entity.to_snapshot()).unwrap();
            same(&back, &entity);
            entity = back;
            for _ in 0..rng.below(6) {
                entity.apply(rng.pick(&schedule.ops));
            }
        }
        let mut late: Vec<&Op> = schedule.ops.iter().collect();
        rng.shuffle(&mut late);
        for op in late {
            entity.apply(op);
        }
        same(&entity, &whole);
    }
}

#[test]
fn a_set_has_one_snapshot() {
    for ops in histories() {
        let bytes = fold(&ops).to_snapshot();
        permutations(ops.len(), |order| {
            let entity = fold(order.iter().map(|i| &ops[*i]));
            assert_eq!(entity.to_snapshot(), bytes);
        });
        assert_ne!(fold(&ops[1..]).to_snapshot(), bytes);
    }
}

#[test]
fn a_snapshot_of_another_fold_is_refused() {
    let mut bytes = fold(&histories()[0]).to_snapshot();
    bytes[0] = u8::try_from(FOLD_VERSION + 1).unwrap();
    assert_eq!(Entity::from_snapshot(&bytes), Err(SnapshotError::Version(FOLD_VERSION + 1)));
}

#[test]
fn a_damaged_snapshot_is_refused_and_never_panics() {
    assert_eq!(Entity::from_snapshot(&[]), Err(SnapshotError::Damaged));
    for ops in histories() {
        let bytes = fold(&ops).to_snapshot();
        for len in 1..bytes.len() {
            assert_eq!(Entity::from_snapshot(&bytes[..len]), Err(SnapshotError::Damaged), "cut at {len}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn changed_bytes_never_panic(history in 0usize..6, at: prop::sample::Index, byte: u8) {
        let mut bytes = fold(&histories()[history]).to_snapshot();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        // A change inside a text may still be a snapshot; then it must be one of its own bytes.
        if let Ok(entity) = Entity::from_snapshot(&bytes) {
            let again = Entity::from_snapshot(&entity.to_snapshot()).unwrap();
            prop_assert_eq!(again, entity);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>) {
        let _ = Entity::from_snapshot(&bytes);
        let mut tagged = vec![u8::try_from(FOLD_VERSION).unwrap()];
        tagged.extend(bytes);
        let _ = Entity::from_snapshot(&tagged);
    }
}
