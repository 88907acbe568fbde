//! What something on the way dislikes stops nothing else.

use gridbook_log::OpId;
use gridbook_sync::driver::Driver;
use gridbook_sync::engine::{Response, Trouble};
use gridbook_sync::store::Table;

use super::line::*;
use super::support::*;

fn failed(status: u16) -> Response {
    Response::Failed { status, code: String::new(), retry_after_ms: None }
}

/// Saves `count` records and gives the id of the creation of number `which`.
fn saved(tab: &Tab, env: &TestEnv, count: u8, which: u8) -> OpId {
    let dots: Vec<_> = (1..=count).map(|n| save(tab, env, create(id(n), "11", "x"))).collect();
    OpId { entity: id(which), dot: dots[usize::from(which) - 1] }
}

fn aside(driver: &Driver) -> Vec<OpId> {
    driver.with_engine(|engine| engine.set_aside().copied().collect())
}

#[test]
fn one_operation_that_every_batch_fails_for_is_found_and_stops_nothing_else() {
    for disliked in [failed(400), failed(403), failed(500), failed(502)] {
        let ((store, env, tab), line) = (device(), Line::new());
        let bad = saved(&tab, &env, 100, 37);
        let more = save(&tab, &env, set(id(37), "name", "behind it"));
        let (write, blobs) = with_photos(&["aa"]);
        let write = gridbook_sync::replica::NewWrite { entity: id(101), ..write };
        run(tab.save(&env, &[write], &blobs, &[])).unwrap();
        *line.dislikes.borrow_mut() = Some((bad.to_string(), disliked.clone()));
        let driver = Driver::new(&tab);
        // Until it has failed three times it is the backend's matter.
        for _ in 0..2 {
            round(&driver, &tab, &line, &env);
            assert!(driver.with_engine(|engine| engine.trouble().is_some()));
            assert!(aside(&driver).is_empty());
        }
        line.names();
        round(&driver, &tab, &line, &env);
        assert_eq!(aside(&driver), [bad], "{disliked:?}");
        driver.with_engine(|engine| assert_eq!(engine.trouble(), None));
        assert_eq!(line.model.borrow().entities().len(), 100);
        assert_eq!(store.len(Table::BlobQueue), 0, "the photo went, too");
        let asked = line.names().iter().filter(|name| **name == "push").count();
        assert!(asked < 40, "{asked} batches to find it");
        // It waits, and what was written on top of it: nothing is lost, nothing refused.
        assert_eq!((tab.unsent().waiting, tab.unsent().held), (2, 0));
        // What is saved now goes at once.
        save(&tab, &env, create(id(102), "11", "later"));
        round(&driver, &tab, &line, &env);
        assert_eq!(tab.unsent().waiting, 2);
        // Whoever stood in the way is gone.
        *line.dislikes.borrow_mut() = None;
        let mut rounds = 0;
        while tab.unsent().waiting > 0 {
            rounds += 1;
            assert!(rounds < 10, "tried again by itself");
            round(&driver, &tab, &line, &env);
        }
        assert!(aside(&driver).is_empty());
        assert!(line.model.borrow().entities()[&id(37)].have().contains(more));
    }
}

#[test]
fn a_backend_that_takes_nothing_is_down_and_nothing_is_set_aside_for_it() {
    let ((_, env, tab), line) = (device(), Line::new());
    saved(&tab, &env, 20, 1);
    let driver = Driver::new(&tab);
    let mut pushes = 0;
    for _ in 0..30 {
        line.instead.borrow_mut().extend((0..60).map(|_| ("push", failed(500))));
        let done = round(&driver, &tab, &line, &env);
        assert!(done.timer_ms.is_some());
        driver.with_engine(|engine| assert_eq!(engine.trouble(), Some(&Trouble::Backend(500))));
        assert!(aside(&driver).is_empty());
        pushes += line.names().iter().filter(|name| **name == "push").count();
        line.instead.borrow_mut().clear();
    }
    assert!(pushes < 30 * 6, "it is not asked more often for that: {pushes}");
    round(&driver, &tab, &line, &env);
    assert_eq!(tab.unsent().waiting, 0);
}

#[test]
fn one_operation_alone_that_fails_keeps_neither_what_comes_down_nor_photos() {
    let ((store, env, tab), line) = (device(), Line::new());
    let (write, blobs) = with_photos(&["aa"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    round(&Driver::new(&tab), &tab, &line, &env);
    let bad = OpId { entity: id(2), dot: save(&tab, &env, create(id(2), "11", "x")) };
    *line.dislikes.borrow_mut() = Some((bad.to_string(), failed(500)));
    let driver = Driver::new(&tab);
    for _ in 0..8 {
        let done = round(&driver, &tab, &line, &env);
        assert!(done.timer_ms.is_some_and(|ms| ms <= 300_000), "tried again soon: nothing went by it");
        driver.with_engine(|engine| assert_eq!(engine.trouble(), Some(&Trouble::Backend(500))));
        assert!(aside(&driver).is_empty());
    }
    assert!(line.names().contains(&"pull"), "what others wrote comes all the same");
    *line.dislikes.borrow_mut() = None;
    round(&driver, &tab, &line, &env);
    assert_eq!((tab.unsent().waiting, store.len(Table::BlobQueue)), (0, 0));
}

#[test]
fn a_photo_that_always_fails_keeps_no_other_photo() {
    for disliked in [failed(500), failed(502)] {
        let ((store, env, tab), line) = (device(), Line::new());
        let (write, blobs) = with_photos(&["aa", "bb", "cc"]);
        run(tab.save(&env, &[write], &blobs, &[])).unwrap();
        *line.dislikes.borrow_mut() = Some(("aa".to_owned(), disliked));
        let driver = Driver::new(&tab);
        for _ in 0..4 {
            round(&driver, &tab, &line, &env);
        }
        assert_eq!(store.len(Table::BlobQueue), 1);
        assert!(line.model.borrow().has_blob("bb") && line.model.borrow().has_blob("cc"));
        *line.dislikes.borrow_mut() = None;
        round(&driver, &tab, &line, &env);
        assert_eq!(store.len(Table::BlobQueue), 0);
    }
}

#[test]
fn a_wrong_password_is_not_tried_more_often_than_once_a_round() {
    let ((_, env, tab), line) = (device(), Line::new());
    saved(&tab, &env, 20, 1);
    let driver = Driver::new(&tab);
    for _ in 0..8 {
        let wrong = Response::Failed { status: 403, code: "password".to_owned(), retry_after_ms: None };
        line.instead.borrow_mut().extend((0..20).map(|_| ("push", wrong.clone())));
        round(&driver, &tab, &line, &env);
        assert_eq!(line.names().iter().filter(|name| **name == "push").count(), 1);
        line.instead.borrow_mut().clear();
    }
}

#[test]
fn on_a_line_that_loses_batches_smaller_ones_go_and_nothing_is_gone_without() {
    let ((_, env, tab), line) = (device(), Line::new());
    let bad = saved(&tab, &env, 20, 7);
    *line.dislikes.borrow_mut() = Some((bad.to_string(), Response::Lost));
    let driver = Driver::new(&tab);
    for _ in 0..12 {
        round(&driver, &tab, &line, &env);
        assert!(aside(&driver).is_empty());
        driver.with_engine(|engine| assert_eq!(engine.caps(), None, "asked anew who is there"));
    }
    assert!((1..20).contains(&tab.unsent().waiting), "what goes in smaller batches is there");
    *line.dislikes.borrow_mut() = None;
    round(&driver, &tab, &line, &env);
    assert_eq!(tab.unsent().waiting, 0);
}
