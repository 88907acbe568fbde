//! Receipts, refusals, numbers and corrected times count only from the device that the tenant named.

use gridbook_log::{Entity, Hlc, Op, Outcome, Received};
use serde_json::json;

use super::support::*;

fn start() -> (Op, Author, Author, Author) {
    let (mut a, mut b, mut authority) = (Author::new(1), Author::new(2), Author::new(0));
    let made = a.write(NOON, &create(&[("a", json!("first"))]));
    b.take(NOON, &made);
    authority.take(NOON, &made);
    (made, a, b, authority)
}

#[test]
fn answers_of_others_do_not_count() {
    let (made, _, mut b, mut authority) = start();
    let answers =
        [receipt(&[made.dot()], NOON), reject(made.dot(), "rule"), number("forged"), clockfix(made.dot(), 5)];
    for answer in &answers {
        b.write(NOON, answer);
    }
    let entity = &b.entity;
    assert_eq!((entity.number(), entity.received(made.dot())), (None, None));
    assert!(entity.rejected().is_empty() && entity.quarantine().is_empty());
    assert_eq!(entity.register("a").unwrap().writes[0].hlc.ms, NOON);
    // The same from the authority, where it is one.
    for answer in &answers {
        authority.write(NOON, answer);
    }
    assert_eq!(authority.entity.number(), Some("forged"));
    assert_eq!(authority.entity.received(made.dot()), Some(Received { at: NOON, drift: 0 }));
    assert_eq!(authority.entity.rejected()[&made.dot()], "rule");
    let ops: Vec<Op> = vec![made, authority.write(NOON, &number("x"))];
    assert_eq!(Entity::fold(STREAM, None, &ops).number(), None, "a tenant without authority");
}

#[test]
fn the_first_receipt_and_the_first_number_stand() {
    let (made, _, _, mut authority) = start();
    authority.write(NOON, &receipt(&[made.dot()], NOON + 9));
    authority.write(NOON, &receipt(&[made.dot()], NOON + 5));
    authority.write(NOON, &receipt(&[made.dot()], NOON + 7));
    authority.write(NOON, &number("1"));
    authority.write(NOON + DAY, &number("2"));
    assert_eq!(authority.entity.received(made.dot()).unwrap().at, NOON + 5);
    assert_eq!(authority.entity.number(), Some("1"));
    assert_eq!(authority.entity.received(dot(9, 1)), None);
}

#[test]
fn a_refused_edit_gives_the_beaten_value_back() {
    let (_, mut a, _, mut authority) = start();
    let wrong = a.write(NOON, &set("a", "wrong"));
    assert_eq!(a.entity.text("a"), Some("wrong"));
    authority.take(NOON, &wrong);
    let no = authority.write(NOON, &reject(wrong.dot(), "rule"));
    a.take(NOON, &no);
    assert_eq!(a.entity.text("a"), Some("first"));
    let register = a.entity.register("a").unwrap();
    assert!(!register.conflict());
    assert_eq!(register.writes.iter().filter(|w| w.rejected).count(), 1, "it stays in the history");
    let again = a.write(NOON, &set("a", "right"));
    assert!(again.header().ctx.covers(no.dot()));
    assert_eq!(a.entity.text("a"), Some("right"));
}

#[test]
fn a_refused_step_leads_nowhere_and_stays_in_the_timeline() {
    let (_, mut a, _, mut authority) = start();
    let step = a.write(NOON, &event("close", "submitted", "closed"));
    let next = a.write(NOON, &event("archive", "closed", "archived"));
    authority.take_all(NOON, &[&step, &next]);
    authority.write(NOON, &reject(step.dot(), "permission"));
    let entity = &authority.entity;
    assert_eq!(entity.state(), Some("submitted"));
    let outcomes: Vec<&Outcome> = entity.timeline().iter().map(|e| &e.outcome).collect();
    assert_eq!(outcomes, [&Outcome::Rejected("permission".to_owned()), &Outcome::Note]);
}

#[test]
fn a_refused_creation_stays_readable() {
    let (made, _, _, mut authority) = start();
    authority.write(NOON, &reject(made.dot(), "area"));
    let creation = authority.entity.creation().unwrap();
    assert_eq!(creation.rejected.as_deref(), Some("area"));
    assert_eq!(authority.entity.text("a"), Some("first"));
}

#[test]
fn a_corrected_time_orders_only_what_is_concurrent() {
    let (_, mut a, mut b, mut authority) = start();
    let fast = a.write(NOON + 400 * DAY, &set("a", "fast phone"));
    let right = b.write(NOON + 1, &set("a", "right phone"));
    authority.take_all(NOON + 1, &[&fast, &right]);
    assert_eq!(heads(&authority.entity, "a"), ["fast phone", "right phone"]);
    authority.write(NOON + 1, &clockfix(fast.dot(), NOON));
    assert_eq!(heads(&authority.entity, "a"), ["right phone", "fast phone"]);
    assert!(authority.entity.register("a").unwrap().conflict());
    // Not what one has seen of the other.
    let after = authority.write(NOON + 1, &set("a", "after"));
    let fix = authority.write(NOON + 1, &clockfix(after.dot(), 1));
    assert_eq!(heads(&authority.entity, "a"), ["after"]);
    assert_eq!(authority.entity.register("a").unwrap().heads().next().unwrap().hlc, Hlc { ms: 1, count: 0 });
    assert_eq!(fix.header().kind, "clockfix");
}

#[test]
fn blobs_of_refused_edits_are_left_out() {
    let (_, mut a, _, mut authority) = start();
    let text = format!(
        "{{\"set\":{{}},\"blobs\":[{{\"sha256\":\"{}\",\"size\":3,\"mime\":\"image/jpeg\"}}]}}",
        "ab".repeat(32)
    );
    let photo = a.write_text(NOON, "set", &text);
    assert_eq!(a.entity.blobs().len(), 1);
    assert_eq!(a.entity.blobs()[0].0, photo.dot());
    authority.take(NOON, &photo);
    a.take(NOON, &authority.write(NOON, &reject(photo.dot(), "rule")));
    assert!(a.entity.blobs().is_empty());
}
