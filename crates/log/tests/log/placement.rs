//! Who sees an entity, and how two who change it at once agree.

use gridbook_log::{Body, Placement};

use super::support::*;

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|n| (*n).to_owned()).collect()
}

#[test]
fn placements_add_up() {
    let mut a = Author::new(1);
    a.write(NOON, &create(&[("a", serde_json::json!(1))]));
    assert_eq!((a.entity.area(), a.entity.for_all()), (None, false));
    a.write(
        NOON,
        &Body::Place(Placement {
            area: Some("510000100201".to_owned()),
            units_add: names(&["U1", "U2"]),
            users_add: names(&["u7"]),
            ..Placement::default()
        }),
    );
    let mut step = event("dispatch", "submitted", "dispatched");
    if let Body::Event(event) = &mut step {
        event.place =
            Some(Placement { units_add: names(&["U3"]), units_del: names(&["U1"]), ..Placement::default() });
    }
    a.write(NOON, &step);
    assert_eq!(a.entity.area(), Some("510000100201"));
    assert_eq!(a.entity.units(), ["U2", "U3"]);
    assert_eq!(a.entity.users(), ["u7"]);
    a.write(
        NOON,
        &Body::Place(Placement { all: Some(true), users_del: names(&["u7"]), ..Placement::default() }),
    );
    assert!(a.entity.for_all());
    assert!(a.entity.users().is_empty());
    // Placement is no field of the record.
    assert!(a.entity.registers().all(|(path, _)| !path.starts_with('@')));
    assert_eq!(a.entity.values().len(), 1);
}

#[test]
fn a_record_cannot_write_its_own_placement_as_a_value() {
    let mut a = Author::new(1);
    a.write(NOON, &create(&[]));
    let forged = a.write_text(NOON, "set", "{\"set\":{\"@user/u9\":true}}");
    assert_eq!(a.entity.quarantine(), [forged.dot()]);
    assert!(a.entity.users().is_empty());
}

#[test]
fn two_who_move_it_at_once_agree() {
    let (mut a, mut b) = (Author::new(1), Author::new(2));
    let made = a.write(NOON, &create(&[]));
    b.take(NOON, &made);
    let area = |code: &str| Body::Place(Placement { area: Some(code.to_owned()), ..Placement::default() });
    let one = a.write(NOON, &area("1"));
    let two = b.write(NOON + DAY, &area("2"));
    a.take(NOON, &two);
    b.take(NOON, &one);
    assert_eq!(a.entity.area(), Some("2"));
    same(&a.entity, &b.entity);
}
