//! A device that takes a new name writes again what may have arrived under the old one. It counts once.

use gridbook_log::{Ctx, Dot, Entity, NewOp, Op, Outcome, Writer};
use serde_json::json;

use super::support::*;

/// The same save as number `n` of the device's life `epoch`, by somebody who had seen `ctx`.
fn renamed(op: &Op, epoch: u32, n: u32, ctx: &[Dot]) -> Op {
    let header = op.header();
    let writer = Writer { epoch, ..op.dot().writer };
    let mut ctx: Ctx = ctx.iter().copied().collect();
    if n > 1 {
        ctx.add(Dot { writer, n: n - 1 });
    }
    let dot = Dot { writer, n };
    let new = NewOp { entity: STREAM, dot, hlc: header.hlc, kind: &header.kind, user: &header.user, ctx };
    Op::new(new, [9; 16], op.body_text().unwrap().to_owned()).unwrap()
}

/// Folds every order of arrival, one by one and settled once, and gives what all of them are.
fn every_order(ops: &[&Op]) -> Entity {
    let whole = fold(ops.iter().copied());
    permutations(ops.len(), |order| {
        let mut entity = Entity::new(STREAM, Some(AUTHORITY));
        for i in order {
            entity.apply(ops[*i]);
        }
        same(&entity, &whole);
    });
    same(&Entity::from_snapshot(&whole.to_snapshot()).unwrap(), &whole);
    whole
}

fn names(held: &[&Op], op: &Op) -> Vec<Dot> {
    fold(held.iter().copied()).other_names(op).collect()
}

#[test]
fn an_event_that_arrived_under_two_names_happened_once() {
    let (mut a, mut b, mut office) = (Author::new(1), Author::new(2), Author::new(0));
    let made = a.write(NOON, &create(&[]));
    let event_a = a.write(NOON, &event("register", "submitted", "registered"));
    let again = renamed(&event_a, 7, 1, &[made.dot()]);
    // One who knows it by its new name alone goes on from there, another took it in under the old one.
    b.take_all(NOON, &[&made, &again]);
    let next = b.write(NOON - DAY, &event("dispatch", "registered", "dispatched"));
    office.take_all(NOON, &[&made, &event_a]);
    let taken = office.write(NOON, &receipt(&[event_a.dot()], NOON + 5));
    let entity = every_order(&[&made, &event_a, &again, &next, &taken]);
    assert_eq!(entity.have().len(), 5, "all of them are held");
    let steps: Vec<Dot> = entity.timeline().iter().map(|step| step.dot).collect();
    assert_eq!(steps, [event_a.dot(), next.dot()]);
    assert!(entity.timeline().iter().all(|step| step.outcome == Outcome::Counts));
    assert_eq!((entity.state(), entity.flow().needs_decision), (Some("dispatched"), false));
    assert_eq!(entity.received(again.dot()).unwrap().at, NOON + 5);
    assert_eq!(entity.received(event_a.dot()), entity.received(again.dot()));
    assert_eq!(entity.ops().count(), 4);
}

#[test]
fn an_edit_that_saw_a_value_under_any_name_replaces_it() {
    let (mut a, mut b) = (Author::new(1), Author::new(2));
    let made = a.write(NOON, &create(&[("x", json!(0))]));
    let one = a.write(NOON + DAY, &set("x", 1));
    let again = renamed(&one, 2, 1, &[made.dot()]);
    b.take_all(NOON, &[&made, &again]);
    let two = b.write(NOON, &set("x", 2));
    let entity = every_order(&[&made, &one, &again, &two]);
    assert_eq!(heads(&entity, "x"), [json!(2)]);
    assert_eq!(entity.register("x").unwrap().writes.len(), 3);
    // And what its author had seen is replaced by it, under whatever name that was written down.
    let three = renamed(&b.write(NOON, &set("x", 3)), 4, 1, &[again.dot()]);
    let entity = every_order(&[&made, &one, &again, &three]);
    assert_eq!(heads(&entity, "x"), [json!(3)]);
}

#[test]
fn a_record_that_was_made_under_two_names_was_made_once() {
    let mut a = Author::new(1);
    let made = a.write(NOON, &create(&[("x", json!(0))]));
    let again = renamed(&made, 3, 1, &[]);
    let thrice = renamed(&made, 5, 1, &[]);
    let entity = every_order(&[&made, &again, &thrice]);
    assert_eq!(entity.creation().unwrap().dot, made.dot());
    assert_eq!(entity.register("x").unwrap().writes.len(), 1);
    assert_eq!(names(&[&made], &again), [made.dot()]);
    assert_eq!(names(&[&made, &again], &made), [again.dot()]);
    assert_eq!(names(&[&made, &again, &thrice], &again), [made.dot(), thrice.dot()]);
    assert!(names(&[&made], &made).is_empty(), "other names, that is");
}

#[test]
fn what_was_refused_under_one_name_only_counts() {
    let (mut a, mut office) = (Author::new(1), Author::new(0));
    let made = a.write(NOON, &create(&[]));
    let one = a.write(NOON, &set("x", 1));
    let again = renamed(&one, 2, 1, &[made.dot()]);
    office.take_all(NOON, &[&made, &one, &again]);
    let refused = office.write(NOON, &reject(one.dot(), "rule"));
    let entity = every_order(&[&made, &one, &again, &refused]);
    assert_eq!(heads(&entity, "x"), [json!(1)]);
    let too = office.write(NOON, &reject(again.dot(), "rule"));
    let entity = every_order(&[&made, &one, &again, &refused, &too]);
    assert!(heads(&entity, "x").is_empty());
    assert_eq!(entity.register("x").unwrap().writes.len(), 1);
}

#[test]
fn saves_that_differ_in_anything_are_two() {
    let mut a = Author::new(1);
    let made = a.write(NOON, &create(&[]));
    let mut copy = a.clone();
    let one = a.write(NOON, &set("x", 1));
    // Two copies of a device whose clocks stand alike.
    let other = renamed(&copy.write(NOON, &set("x", 2)), 2, 1, &[made.dot()]);
    assert_eq!(one.header().hlc, other.header().hlc);
    assert_eq!(heads(&every_order(&[&made, &one, &other]), "x").len(), 2);
    // The same words, a moment later.
    let mut copy = a.clone();
    let later = renamed(&copy.write(NOON, &set("x", 1)), 2, 1, &[made.dot()]);
    assert_eq!(fold([&made, &one, &later]).register("x").unwrap().writes.len(), 2);
    // Another device.
    let mut b = Author::new(2);
    b.clock = copy.clock;
    b.take(NOON, &made);
    b.user.clone_from(&a.user);
    let foreign = b.write(NOON, &set("x", 1));
    let entity = fold([&made, &one, &foreign]);
    assert_eq!(entity.register("x").unwrap().writes.len(), 2);
    assert_eq!(entity.other_names(&foreign).count(), 0);
}

#[test]
fn an_old_save_that_claims_to_have_seen_what_came_later_is_another_one() {
    let (mut a, mut b, mut office) = (Author::new(1), Author::new(2), Author::new(0));
    let made = a.write(NOON, &create(&[]));
    let one = a.write(NOON, &set("x", 1));
    b.take_all(NOON, &[&made, &one]);
    let two = b.write(NOON, &set("x", 2));
    let claims = renamed(&one, 2, 1, &[made.dot(), two.dot()]);
    assert_eq!(names(&[&made, &one, &two], &claims), []);
    office.take_all(NOON, &[&made, &one, &two, &claims]);
    let refused = office.write(NOON, &reject(claims.dot(), "rule"));
    let entity = every_order(&[&made, &one, &two, &claims, &refused]);
    assert_eq!(heads(&entity, "x"), [json!(2)]);
    // The same of its own later ones: they tell nothing about other devices, but it is judged, and refused.
    let later = a.write(NOON, &set("x", 3));
    let claims = renamed(&one, 2, 1, &[made.dot(), later.dot()]);
    assert_eq!(names(&[&made, &one, &later], &claims), []);
    let mut office = Author::new(0);
    office.take_all(NOON, &[&made, &one, &later, &claims]);
    let refused = office.write(NOON, &reject(claims.dot(), "rule"));
    let entity = every_order(&[&made, &one, &later, &claims, &refused]);
    assert_eq!(heads(&entity, "x"), [json!(3)]);
}

#[test]
fn saves_that_were_written_again_on_top_of_each_other_do_not_both_fall() {
    let mut a = Author::new(1);
    let made = a.write(NOON, &create(&[]));
    let (one, two) = (a.write(NOON, &set("x", 1)), a.write(NOON + 1, &set("x", 2)));
    let first = a.write(NOON + 2, &event("register", "submitted", "registered"));
    let second = a.write(NOON + 3, &event("dispatch", "registered", "dispatched"));
    // Another bearer of the name wrote them again in another order.
    let base = [made.dot()];
    let two_again = renamed(&two, 7, 1, &base);
    let one_again = renamed(&one, 7, 2, &base);
    let second_again = renamed(&second, 7, 3, &base);
    let first_again = renamed(&first, 7, 4, &base);
    let entity = every_order(&[&made, &one, &two, &two_again, &one_again]);
    assert_eq!(heads(&entity, "x"), [json!(2)]);
    let entity = every_order(&[&made, &first, &second, &second_again, &first_again]);
    assert_eq!((entity.state(), entity.flow().needs_decision), (Some("dispatched"), false));
}
