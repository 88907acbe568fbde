//! Tables: rows have ids, and nothing a person wrote vanishes because two wrote at once.

use serde_json::json;

use super::support::*;

/// Three people who have all seen a table with one row.
fn table() -> (Author, Author, Author) {
    let (mut a, mut b, mut c) = (Author::new(1), Author::new(2), Author::new(3));
    let made =
        a.write(NOON, &create(&[("parties/r1/name", json!("张三")), ("parties/r1/phone", json!("1"))]));
    b.take(NOON, &made);
    c.take(NOON, &made);
    (a, b, c)
}

#[test]
fn two_rows_added_at_once_do_not_conflict() {
    let (mut a, mut b, _) = table();
    let one = a.write(NOON, &set("parties/r2/name", "李四"));
    b.write(NOON, &set("parties/r3/name", "王五"));
    b.take(NOON, &one);
    assert_eq!(b.entity.rows("parties"), ["r1", "r2", "r3"]);
    assert_eq!(b.entity.conflicts().count(), 0);
}

#[test]
fn a_removed_row_is_gone_and_its_values_stay_in_the_history() {
    let (mut a, _, _) = table();
    a.write(NOON, &set("parties/r1/_gone", true));
    assert!(a.entity.rows("parties").is_empty());
    assert_eq!(a.entity.text("parties/r1/name"), Some("张三"));
    // Putting it back is an edit of the mark.
    a.write(NOON, &set("parties/r1/_gone", false));
    assert_eq!(a.entity.rows("parties"), ["r1"]);
    a.write(NOON, &set("parties/r1/_gone", true));
    a.write(NOON, &set("parties/r1/_gone", serde_json::Value::Null));
    assert_eq!(a.entity.rows("parties"), ["r1"]);
}

#[test]
fn an_edit_at_the_same_time_keeps_the_row() {
    let (mut a, mut b, _) = table();
    let gone = a.write(NOON + DAY, &set("parties/r1/_gone", true));
    let edit = b.write(NOON, &set("parties/r1/phone", "2"));
    b.take(NOON, &gone);
    assert_eq!(b.entity.rows("parties"), ["r1"]);
    assert_eq!(b.entity.text("parties/r1/phone"), Some("2"));
    // Whoever has seen both and still removes it, removes it.
    a.take(NOON, &edit);
    a.write(NOON, &set("parties/r1/_gone", true));
    assert!(a.entity.rows("parties").is_empty());
}

#[test]
fn two_who_remove_it_at_once_remove_it() {
    let (mut a, mut b, mut c) = table();
    let one = a.write(NOON, &set("parties/r1/_gone", true));
    let two = b.write(NOON, &set("parties/r1/_gone", true));
    a.take(NOON, &two);
    b.take(NOON, &one);
    assert!(a.entity.rows("parties").is_empty());
    assert!(b.entity.rows("parties").is_empty());
    // An edit that neither had seen keeps it.
    let edit = c.write(NOON, &set("parties/r1/phone", "3"));
    a.take(NOON, &edit);
    assert_eq!(a.entity.rows("parties"), ["r1"]);
}

#[test]
fn each_edit_must_have_been_seen_by_one_who_removed() {
    let (mut a, mut b, mut c) = table();
    let name = a.write(NOON, &set("parties/r1/name", "张三丰"));
    let phone = b.write(NOON, &set("parties/r1/phone", "2"));
    let gone_a = a.write(NOON, &set("parties/r1/_gone", true));
    c.take_all(NOON, &[&name, &phone, &gone_a]);
    assert_eq!(c.entity.rows("parties"), ["r1"], "nobody who removed it saw the phone");
    let gone_b = b.write(NOON, &set("parties/r1/_gone", true));
    c.take(NOON, &gone_b);
    assert!(c.entity.rows("parties").is_empty());
}

#[test]
fn removed_and_put_back_at_once_is_a_conflict_and_the_row_stays() {
    let (mut a, mut b, _) = table();
    let gone = a.write(NOON, &set("parties/r1/_gone", true));
    b.take(NOON, &gone);
    let back = b.write(NOON, &set("parties/r1/_gone", false));
    let again = a.write(NOON + DAY, &set("parties/r1/_gone", true));
    b.take(NOON, &again);
    a.take(NOON, &back);
    for entity in [&a.entity, &b.entity] {
        assert_eq!(entity.rows("parties"), ["r1"]);
        assert!(entity.conflicts().any(|(path, _)| path == "parties/r1/_gone"));
    }
}

#[test]
fn rows_are_named_once_whatever_their_ids() {
    let mut a = Author::new(1);
    a.write(NOON, &create(&[]));
    for path in ["t/r1", "t/r1/x", "t/r1-b/x", "t/r1/y/z", "t/r1.c/x", "table/r9/x", "t/a/x", "t"] {
        a.write(NOON, &set(path, 1));
    }
    assert_eq!(a.entity.rows("t"), ["a", "r1", "r1-b", "r1.c"]);
    assert_eq!(a.entity.rows("none"), Vec::<&str>::new());
    a.write(NOON, &set("t/r1/_gone", true));
    assert_eq!(a.entity.rows("t"), ["a", "r1-b", "r1.c"]);
}

#[test]
fn a_cleared_value_is_no_value() {
    let (mut a, mut b, _) = table();
    let cleared = a.write(NOON, &set("parties/r1/phone", serde_json::Value::Null));
    assert_eq!(a.entity.get("parties/r1/phone"), None);
    assert!(!a.entity.values().contains_key("parties/r1/phone"));
    let edit = b.write(NOON + DAY, &set("parties/r1/phone", "2"));
    a.take(NOON, &edit);
    assert_eq!(heads(&a.entity, "parties/r1/phone"), [json!("2"), json!(null)]);
    assert!(a.entity.register("parties/r1/phone").unwrap().conflict());
    b.take(NOON, &cleared);
    same(&a.entity, &b.entity);
}

#[test]
fn the_same_value_twice_is_no_conflict() {
    let (mut a, mut b, _) = table();
    let one = a.write(NOON, &set("parties/r1/phone", "9"));
    b.write(NOON, &set("parties/r1/phone", "9"));
    b.take(NOON, &one);
    assert_eq!(heads(&b.entity, "parties/r1/phone").len(), 2);
    assert_eq!(b.entity.conflicts().count(), 0);
}
