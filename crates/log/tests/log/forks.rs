//! A cloned device uses numbers twice. Every replica keeps the same one of the two, and says so.

use gridbook_log::{Applied, Entity, Op};
use serde_json::json;

use super::support::*;

fn forked() -> (Op, Op, Op) {
    let mut a = Author::new(1);
    let made = a.write(NOON, &create(&[("a", json!(0))]));
    let mut clone = a.clone();
    (made, a.write(NOON, &set("a", 1)), clone.write(NOON + DAY, &set("a", 2)))
}

#[test]
fn every_replica_keeps_the_operation_with_the_lower_hash() {
    let (made, one, two) = forked();
    assert_eq!(one.id(), two.id());
    let winner = if one.hash() < two.hash() { &one } else { &two };
    let whole = fold([&made, winner]);
    permutations(3, |order| {
        let ops = [&made, &one, &two];
        let mut entity = Entity::new(STREAM, Some(AUTHORITY));
        let told: Vec<Applied> = order.iter().map(|i| entity.apply(ops[*i])).collect();
        assert_eq!(told.iter().filter(|t| **t == Applied::Fork).count(), 1);
        same(&entity, &whole);
        // Delivered again, the loser is still a fork and changes nothing.
        for op in [&one, &two] {
            let expected = if op.id() == winner.id() && op.hash() == winner.hash() {
                Applied::Duplicate
            } else {
                Applied::Fork
            };
            assert_eq!(entity.apply(op), expected);
        }
        same(&entity, &whole);
    });
}

#[test]
fn what_only_the_loser_had_seen_leaves_no_trace() {
    let mut a = Author::new(1);
    let made = a.write(NOON, &create(&[]));
    let mut b = Author::new(2);
    b.take(NOON, &made);
    let seen = b.write(NOON, &set("b", 1));
    // Until the clone's operation is the one that loses.
    for value in 0.. {
        let (mut original, mut clone) = (a.clone(), a.clone());
        clone.take(NOON, &seen);
        let (one, two) = (original.write(NOON, &set("a", 1)), clone.write(NOON, &set("a", value)));
        if one.hash() > two.hash() {
            continue;
        }
        let mut entity = fold([&made, &two]);
        assert!(entity.frontier().covers(seen.dot()));
        entity.apply(&one);
        assert!(!entity.frontier().covers(seen.dot()));
        same(&entity, &fold([&made, &one]));
        return;
    }
}
