//! The driver: engine, replica and a backend together, as the app runs them.

use std::cell::{Cell, RefCell};

use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Phase, Request, Response, Trouble};
use gridbook_sync::memory::{Fault, FaultKind};
use gridbook_sync::store::Table;

use super::line::*;
use super::support::*;

#[test]
fn a_round_brings_text_up_receipts_down_and_photos_up() {
    let ((store, env, tab), line) = (device(), Line::new());
    let (write, blobs) = with_photos(&["aa", "bb"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let driver = Driver::new(&tab);
    let seen = RefCell::new(Vec::new());
    let done = run(driver.run(&tab, &line, &env, Input::Wake, |changed| {
        seen.borrow_mut().push((driver.with_engine(|e| e.phase()), changed));
    }));
    assert!(done.as_ref().is_some_and(|r| r.changed && r.timer_ms.is_some_and(|ms| ms > 50_000)), "{done:?}");
    assert_eq!(line.names(), ["caps", "push", "pull", "photo", "photo"]);
    let photos = [("aa", b"aa"), ("bb", b"bb")].map(|(n, b)| (n.to_owned(), Some(b.to_vec())));
    assert_eq!(*line.photos.borrow(), photos);
    assert_eq!((tab.unsent().waiting, store.len(Table::BlobQueue), store.len(Table::Blob)), (0, 0, 2));
    assert_eq!(tab.rows()[&id(1)].sent_at, Some(NOON));
    let here = entity(&tab, id(1));
    assert_eq!(here.to_snapshot(), line.model.borrow().entities()[&id(1)].to_snapshot());
    assert!(here.received(here.creation().unwrap().dot).is_some());
    for phase in [Phase::Caps, Phase::Push, Phase::Pull, Phase::Photos, Phase::Idle] {
        assert!(seen.borrow().iter().any(|(p, _)| *p == phase), "people see {phase:?}");
    }
    // Nothing to do: one small request.
    assert!(!round(&driver, &tab, &line, &env).changed);
    assert_eq!(line.names(), ["pull"]);
}

#[test]
fn a_lost_answer_to_a_push_makes_no_duplicate() {
    let ((_, env, tab), line) = (device(), Line::new());
    save(&tab, &env, create(id(1), "11", "x"));
    let driver = Driver::new(&tab);
    line.lost.set(Some("push"));
    let first = round(&driver, &tab, &line, &env);
    assert!(first.timer_ms.is_some_and(|ms| ms <= 2_000));
    driver.with_engine(|e| assert_eq!(e.trouble(), Some(&Trouble::Offline)));
    assert_eq!(tab.unsent().waiting, 1);
    assert_eq!(line.model.borrow().entities().len(), 1, "the backend has it");
    round(&driver, &tab, &line, &env);
    assert_eq!(tab.unsent().waiting, 0);
    let model = line.model.borrow();
    assert_eq!(
        (model.entities().len(), entity(&tab, id(1)).have().len()),
        (1, 2),
        "one creation, one receipt"
    );
    driver.with_engine(|e| assert_eq!(e.trouble(), None));
}

#[test]
fn a_photo_that_fails_holds_up_neither_the_others_nor_the_next_round() {
    let ((store, env, tab), line) = (device(), Line::new());
    let (write, blobs) = with_photos(&["aa", "bb", "cc"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let driver = Driver::new(&tab);
    let refused = Response::Failed { status: 422, code: String::new(), retry_after_ms: None };
    line.instead.borrow_mut().push(("photo", refused));
    let done = round(&driver, &tab, &line, &env);
    assert!(done.timer_ms.is_some());
    assert_eq!(store.len(Table::BlobQueue), 1);
    assert!(!line.model.borrow().has_blob("aa") && line.model.borrow().has_blob("cc"));
    round(&driver, &tab, &line, &env);
    assert_eq!(store.len(Table::BlobQueue), 0);
    assert!(line.model.borrow().has_blob("aa"));
}

#[test]
fn a_store_that_fails_is_told_and_tried_again() {
    let ((store, env, tab), line) = (device(), Line::new());
    save(&tab, &env, create(id(1), "11", "x"));
    let driver = Driver::new(&tab);
    store.fail_next(Fault::Before(FaultKind::Quota));
    let done = round(&driver, &tab, &line, &env);
    assert!(done.timer_ms.is_some());
    driver.with_engine(|e| assert!(matches!(e.trouble(), Some(Trouble::Store(_)))));
    assert_eq!(tab.unsent().waiting, 1);
    round(&driver, &tab, &line, &env);
    assert_eq!(tab.unsent().waiting, 0);
}

#[test]
fn an_operation_that_the_backend_cannot_read_is_shown_and_not_sent_for_ever() {
    use gridbook_sync::wire::{PushReply, PushResult, Verdict};
    let ((_, env, tab), line) = (device(), Line::new());
    save(&tab, &env, create(id(1), "11", "x"));
    let results = vec![PushResult { id: None, r: Verdict::Refuse, code: Some("malformed".to_owned()) }];
    line.instead.borrow_mut().push(("push", Response::Push(PushReply { results, now: NOON })));
    let driver = Driver::new(&tab);
    round(&driver, &tab, &line, &env);
    assert_eq!(line.names(), ["caps", "push", "pull"]);
    assert_eq!((tab.unsent().waiting, tab.unsent().held), (0, 1));
    assert_eq!(tab.rows()[&id(1)].refused.as_deref(), Some("malformed"));
}

#[test]
fn a_restored_backend_gets_everything_asked_again() {
    let ((_, env, tab), line) = (device(), Line::new());
    save(&tab, &env, create(id(1), "11", "x"));
    let driver = Driver::new(&tab);
    round(&driver, &tab, &line, &env);
    let conflict = Response::Failed { status: 409, code: "history".to_owned(), retry_after_ms: None };
    line.instead.borrow_mut().push(("pull", conflict));
    round(&driver, &tab, &line, &env);
    assert_eq!(tab.meta().cursor, "");
    line.names();
    round(&driver, &tab, &line, &env);
    // What it had acknowledged goes to it again: the backup may be older than that.
    assert_eq!(line.names(), ["caps", "push", "pull"]);
    assert_eq!(tab.unsent().waiting, 0);
    assert_ne!(tab.meta().cursor, "");
    assert_eq!(entity(&tab, id(1)).have().len(), 2);
}

#[test]
fn a_second_call_only_passes_the_event_on() {
    let ((_, env, tab), line) = (device(), Line::new());
    save(&tab, &env, create(id(1), "11", "x"));
    let driver = Driver::new(&tab);
    let calls: Vec<_> = (0..3).map(|_| driver.run(&tab, &line, &env, Input::Wake, |_| {})).collect();
    let done = run(together(calls));
    assert_eq!(done.iter().filter(|r| r.is_some()).count(), 1);
    assert_eq!(line.names(), ["caps", "push", "pull", "pull"], "one more round for those who came later");
}

/// Whenever people could press the button, one does, once at each moment: no press may stop the engine.
#[test]
fn a_wake_at_any_moment_never_stops_the_engine() {
    for status in [200, 409, 503] {
        for moment in 0..14 {
            let ((_, env, tab), line) = (device(), Line::new());
            save(&tab, &env, create(id(1), "11", "x"));
            if status != 200 {
                let failed = Response::Failed { status, code: String::new(), retry_after_ms: None };
                line.instead.borrow_mut().push(("pull", failed));
            }
            let driver = Driver::new(&tab);
            let count = Cell::new(0);
            let done = run(driver.run(&tab, &line, &env, Input::Wake, |_| {
                count.set(count.get() + 1);
                if count.get() == moment {
                    let other = run(driver.run(&tab, &line, &env, Input::Wake, |_| {}));
                    assert_eq!(other, None);
                }
            }));
            assert!(done.is_some_and(|r| r.timer_ms.is_some()), "{status} {moment}: a timer is set");
            driver.with_engine(|e| assert_eq!(e.phase(), Phase::Idle, "{status} {moment}"));
            round(&driver, &tab, &line, &env);
            driver.with_engine(|e| assert_eq!((e.phase(), e.trouble()), (Phase::Idle, None)));
            assert_eq!(tab.unsent().waiting, 0);
        }
    }
}

#[test]
fn work_of_two_tabs_goes_up_once() {
    let ((store, env, one), line) = (device(), Line::new());
    let two = open(&store, &env);
    for n in 1..=9 {
        save(if n % 2 == 0 { &one } else { &two }, &env, create(id(n), "11", "x"));
    }
    run(one.refresh()).unwrap();
    let (first, second) = (Driver::new(&one), Driver::new(&two));
    let rounds = vec![(&first, &one), (&second, &two)]
        .into_iter()
        .map(|(driver, tab)| driver.run(tab, &line, &env, Input::Wake, |_| {}));
    run(together(rounds.collect()));
    for (driver, tab) in [(&first, &one), (&second, &two)] {
        round(driver, tab, &line, &env);
        run(tab.refresh()).unwrap();
        assert_eq!(tab.unsent().waiting, 0);
        assert_eq!(tab.rows().len(), 9);
    }
    assert!(line.model.borrow().entities().values().all(|e| e.have().len() == 2));
}

/// A line that counts what is under way at once, and where the replica stood when each page was asked for.
struct Watched<'a> {
    line: Line,
    tab: &'a Tab,
    under_way: Cell<usize>,
    most: Cell<usize>,
    stood: RefCell<Vec<(String, String)>>,
}

impl Http for Watched<'_> {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        self.under_way.set(self.under_way.get() + 1);
        self.most.set(self.most.get().max(self.under_way.get()));
        if let Request::Pull { cursor, .. } = request {
            self.stood.borrow_mut().push((cursor.clone(), self.tab.meta().cursor.clone()));
        }
        // Slower than the store.
        for _ in 0..4 {
            give_way().await;
        }
        let response = match request {
            Request::Pull { cursor, not, .. } => {
                let short = Request::Pull { cursor: cursor.clone(), limit: 7, not: *not };
                self.line.send(&short, blob).await
            }
            _ => self.line.send(request, blob).await,
        };
        self.under_way.set(self.under_way.get() - 1);
        response
    }
}

#[test]
fn the_next_batch_and_the_next_page_are_under_way_before_the_last_is_settled() {
    let ((_, env, tab), line) = (device(), Line::new());
    for n in 1..=40 {
        save(&tab, &env, create(id(n), "11", "x"));
    }
    let watched =
        Watched { line, tab: &tab, under_way: Cell::new(0), most: Cell::new(0), stood: RefCell::default() };
    let driver = Driver::new(&tab);
    let done = run(driver.run(&tab, &watched, &env, Input::Wake, |_| {}));
    assert!(done.is_some_and(|round| round.changed));
    assert_eq!(watched.most.get(), 2);
    assert_eq!(watched.under_way.get(), 0, "nothing is left behind");
    let stood = watched.stood.borrow();
    assert!(stood.len() > 5, "{stood:?}");
    assert!(stood[1..].iter().all(|(asked, stood)| asked != stood), "{stood:?}");
    assert_eq!((tab.unsent().waiting, tab.rows().len()), (0, 40));
    let model = watched.line.model.borrow();
    for (id, there) in model.entities() {
        assert_eq!(entity(&tab, *id).to_snapshot(), there.to_snapshot());
    }
}

#[test]
fn a_failure_breaks_off_what_is_under_way_beside_it() {
    for failed in
        [Response::Lost, Response::Failed { status: 503, code: String::new(), retry_after_ms: None }]
    {
        let ((_, env, tab), line) = (device(), Line::new());
        for n in 1..=40 {
            save(&tab, &env, create(id(n), "11", "x"));
        }
        line.instead.borrow_mut().push(("push", failed));
        let driver = Driver::new(&tab);
        let done = round(&driver, &tab, &line, &env);
        assert!(done.timer_ms.is_some_and(|ms| ms <= 2_000));
        assert!(tab.unsent().waiting > 0);
        round(&driver, &tab, &line, &env);
        assert_eq!(tab.unsent().waiting, 0);
        let model = line.model.borrow();
        assert!(model.entities().values().all(|e| e.have().len() == 2), "once, whatever was broken off");
    }
}
