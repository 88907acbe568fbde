//! Workflow events: what fits counts, what does not stays as a note, and what stands side by side is decided.

use gridbook_log::{Entity, Op, Outcome};
use serde_json::json;

use super::support::*;

fn pair() -> (Op, Author, Author) {
    let (mut a, mut b) = (Author::new(1), Author::new(2));
    let made = a.write(NOON, &create(&[]));
    b.take(NOON, &made);
    (made, a, b)
}

fn outcome(entity: &Entity, op: &Op) -> Outcome {
    entity.timeline().iter().find(|e| e.dot == op.dot()).unwrap().outcome.clone()
}

#[test]
fn events_move_the_workflow_in_causal_order_whatever_the_clocks_say() {
    let (_, mut a, mut b) = pair();
    let one = a.write(NOON + 400 * DAY, &event("register", "submitted", "registered"));
    b.take(NOON, &one);
    let two = b.write(NOON - 30 * DAY, &event("dispatch", "registered", "dispatched"));
    a.take(NOON, &two);
    let three = a.write(NOON, &event("finish", "dispatched", "done"));
    let entity = &a.entity;
    assert_eq!(entity.state(), Some("done"));
    assert!(!entity.flow().needs_decision);
    let order: Vec<_> = entity.timeline().iter().map(|e| e.dot).collect();
    assert_eq!(order, [one.dot(), two.dot(), three.dot()]);
    assert!(entity.timeline().iter().all(|e| e.outcome == Outcome::Counts));
}

#[test]
fn an_event_that_does_not_fit_stays_as_a_note() {
    let (_, mut a, _) = pair();
    let stray = a.write(NOON, &event("close", "dispatched", "closed"));
    assert_eq!(outcome(&a.entity, &stray), Outcome::Note);
    assert_eq!(a.entity.state(), Some("submitted"));
    let good = a.write(NOON, &event("register", "submitted", "registered"));
    assert_eq!(outcome(&a.entity, &good), Outcome::Counts);
    let twice = a.write(NOON, &event("register", "submitted", "registered"));
    assert_eq!(outcome(&a.entity, &twice), Outcome::Note);
    assert_eq!(a.entity.state(), Some("registered"));
    assert_eq!(a.entity.timeline().len(), 3);
}

#[test]
fn what_an_event_writes_holds_even_when_it_is_a_note() {
    let (_, mut a, _) = pair();
    let mut body = event("close", "dispatched", "closed");
    if let gridbook_log::Body::Event(event) = &mut body {
        event.set.insert("remark".to_owned(), json!("已电话告知"));
    }
    a.write(NOON, &body);
    assert_eq!(a.entity.text("remark"), Some("已电话告知"));
}

#[test]
fn concurrent_transitions_ask_for_a_decision_and_the_decision_is_one_more_event() {
    let (_, mut a, mut b) = pair();
    let yes = a.write(NOON + DAY, &event("register", "submitted", "registered"));
    let no = b.write(NOON, &event("refuse", "submitted", "refused"));
    a.take(NOON, &no);
    b.take(NOON, &yes);
    for entity in [&a.entity, &b.entity] {
        assert_eq!(entity.state(), Some("registered"), "the latest stands for the time being");
        assert!(entity.flow().needs_decision);
        assert_eq!(entity.flow().others, ["refused"]);
        assert!(entity.timeline().iter().all(|e| e.outcome == Outcome::Counts));
    }
    // A decision may start from either, and may be written by a phone whose clock is wrong.
    for (from, to) in
        [("refused", "refused-for-good"), ("registered", "dispatched"), ("refused", "registered")]
    {
        let mut b = b.clone();
        let decision = b.write(NOON - 30 * DAY, &event("decide", from, to));
        assert_eq!(outcome(&b.entity, &decision), Outcome::Counts);
        assert_eq!(b.entity.state(), Some(to));
        assert!(!b.entity.flow().needs_decision);
        assert!(b.entity.flow().others.is_empty());
    }
}

#[test]
fn two_who_do_the_same_need_no_decision() {
    let (_, mut a, mut b) = pair();
    let one = a.write(NOON, &event("register", "submitted", "registered"));
    b.write(NOON, &event("register", "submitted", "registered"));
    b.take(NOON, &one);
    assert_eq!(b.entity.state(), Some("registered"));
    assert!(!b.entity.flow().needs_decision);
    let next = b.write(NOON, &event("dispatch", "registered", "dispatched"));
    assert_eq!(outcome(&b.entity, &next), Outcome::Counts);
}

#[test]
fn a_note_does_not_compete_with_a_transition() {
    let (_, mut a, mut b) = pair();
    let note = a.write(NOON + 400 * DAY, &event("urge", "submitted", "submitted"));
    let step = b.write(NOON, &event("register", "submitted", "registered"));
    b.take(NOON, &note);
    a.take(NOON, &step);
    for entity in [&a.entity, &b.entity] {
        assert_eq!(entity.state(), Some("registered"));
        assert!(!entity.flow().needs_decision);
        assert_eq!(outcome(entity, &note), Outcome::Counts);
    }
    // One written in a state that its author never saw is a note of another kind.
    let stray = a.write(NOON, &event("urge", "done", "done"));
    assert_eq!(outcome(&a.entity, &stray), Outcome::Note);
}

#[test]
fn three_ways_at_once_are_all_named() {
    let (made, mut a, mut b) = pair();
    let mut c = Author::new(3);
    c.take(NOON, &made);
    let one = a.write(NOON, &event("x", "submitted", "x"));
    let two = b.write(NOON + 1, &event("y", "submitted", "y"));
    let three = c.write(NOON + 2, &event("x", "submitted", "x"));
    let entity = fold([&three, &two, &one, &made]);
    assert_eq!(entity.state(), Some("x"));
    assert_eq!(entity.flow().others, ["y"]);
}

#[test]
fn before_the_creation_arrives_events_wait_and_then_count() {
    let (made, mut a, _) = pair();
    let step = a.write(NOON, &event("register", "submitted", "registered"));
    let mut entity = fold([&step]);
    assert_eq!(entity.state(), None);
    assert_eq!(outcome(&entity, &step), Outcome::Note);
    assert_eq!(entity.type_(), None);
    entity.apply(&made);
    assert_eq!(entity.state(), Some("registered"));
    assert_eq!(outcome(&entity, &step), Outcome::Counts);
    assert_eq!(entity.type_(), Some("hazard"));
}

#[test]
fn a_missing_step_makes_the_next_a_note_until_it_arrives() {
    let (made, mut a, _) = pair();
    let one = a.write(NOON, &event("register", "submitted", "registered"));
    let two = a.write(NOON, &event("dispatch", "registered", "dispatched"));
    let mut entity = fold([&made, &two]);
    assert_eq!(entity.state(), Some("submitted"));
    assert_eq!(entity.have().holes(), [(writer(1), 2, 2)]);
    entity.apply(&one);
    assert_eq!(entity.state(), Some("dispatched"));
    assert!(entity.have().holes().is_empty());
    same(&entity, &a.entity);
}
