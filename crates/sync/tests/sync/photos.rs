//! The photos' lane: in parts, resumed, held back, and freed only when nothing waits for them.

use std::collections::BTreeSet;

use gridbook_log::{BlobRef, Body};
use gridbook_sync::driver::{Driver, Http};
use gridbook_sync::engine::{Input, Output, PART, Request, Response, Trouble, Waiting};
use gridbook_sync::memory::{Fault, FaultKind};
use gridbook_sync::replica::{NewBlob, NewWrite, SendAgain};
use gridbook_sync::store::{Batch, Store, Table};
use gridbook_sync::wire::{Entry, Verdict};

use super::line::*;
use super::rig::*;
use super::support::*;

/// Bytes that differ from place to place.
fn picture(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 % 251) as u8).collect()
}

#[test]
fn an_upload_that_broke_off_goes_on_where_it_stopped() {
    let ((_, env, tab), line) = (device(), Line::new());
    let whole = picture(PART * 2 + 5);
    let (write, mut blobs) = with_photos(&["aa"]);
    blobs[0].bytes = Some(whole.clone());
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let driver = Driver::new(&tab);
    // The answer to the first part is lost on the way back: the backend has it.
    line.lost.set(Some("part"));
    round(&driver, &tab, &line, &env);
    assert_eq!(driver.with_engine(|e| e.trouble().cloned()), Some(Trouble::Offline));
    assert!(!line.model.borrow().has_blob("aa"));
    line.names();
    round(&driver, &tab, &line, &env);
    assert!(line.model.borrow().has_blob("aa"));
    assert_eq!(line.names(), ["caps", "pull", "how much", "part", "part"]);
    let sent = line.photos.take();
    let names: Vec<&str> = sent.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["aa@0", &format!("aa@{PART}"), &format!("aa@{}", PART * 2)], "no part twice");
    let joined: Vec<u8> = sent.iter().flat_map(|(_, bytes)| bytes.clone().unwrap()).collect();
    assert_eq!(joined, whole);
    round(&driver, &tab, &line, &env);
    assert_eq!(line.photos.take(), [], "and is not sent again");
}

#[test]
fn a_small_photo_and_a_backend_without_parts_take_it_whole() {
    for (size, instead) in [(PART, None), (PART + 1, Some(Response::BlobAt(None)))] {
        let ((_, env, tab), line) = (device(), Line::new());
        let (write, mut blobs) = with_photos(&["aa"]);
        blobs[0].bytes = Some(picture(size));
        run(tab.save(&env, &[write], &blobs, &[])).unwrap();
        line.instead.borrow_mut().extend(instead.map(|answer| ("how much", answer)));
        round(&Driver::new(&tab), &tab, &line, &env);
        assert_eq!(line.photos.take(), [("aa".to_owned(), Some(picture(size)))]);
        assert!(line.model.borrow().has_blob("aa"));
    }
}

#[test]
fn between_two_parts_text_goes_first() {
    let mut rig = Rig::at_photos();
    rig.give(waits("bb", PART * 2));
    rig.give(Input::Wake);
    let out = rig.reply(Response::BlobAt(Some(0)));
    assert!(matches!(out[0], Output::LoadOutbox { .. }), "{out:?}");
}

#[test]
fn a_backend_that_gets_no_further_is_left_for_the_next_round() {
    let mut rig = Rig::at_photos();
    rig.give(waits("bb", PART * 2));
    for _ in 0..4 {
        let out = rig.reply(Response::BlobAt(Some(PART)));
        let part = Request::PutPart { sha256: "bb".to_owned(), offset: PART, length: PART * 2 };
        assert!(matches!(&out[..], [Output::Send(_, asked)] if *asked == part), "{out:?}");
    }
    let given_up = [Output::BlobFailed("bb".to_owned()), Output::NextBlob];
    assert_eq!(rig.reply(Response::BlobAt(Some(PART))), given_up);
    rig.give(waits("cc", PART * 2));
    let beyond = rig.reply(Response::BlobAt(Some(PART * 2 + 1)));
    assert_eq!(beyond, [Output::BlobFailed("cc".to_owned()), Output::NextBlob]);
}

#[test]
fn photos_that_are_held_back_stay_and_text_goes() {
    let ((store, env, tab), line) = (device(), Line::new());
    let (write, blobs) = with_photos(&["aa"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let driver = Driver::new(&tab);
    driver.hold_photos(true);
    let done = round(&driver, &tab, &line, &env);
    assert!(done.timer_ms.is_some(), "the round ends well: {done:?}");
    assert_eq!((tab.unsent().waiting, store.len(Table::BlobQueue)), (0, 1));
    assert!(line.photos.take().is_empty());
    driver.hold_photos(false);
    round(&driver, &tab, &line, &env);
    assert_eq!(store.len(Table::BlobQueue), 0);
    assert!(line.model.borrow().has_blob("aa"));
}

#[test]
fn only_photos_that_wait_for_nothing_are_spare() {
    let ((store, env, tab), line) = (device(), Line::new());
    let (write, blobs) = with_photos(&["aa"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let names = |kept: &[&str]| -> Vec<String> {
        let kept: BTreeSet<String> = kept.iter().map(|name| (*name).to_owned()).collect();
        run(tab.spare_photos(&kept)).unwrap().into_iter().map(|photo| photo.sha256).collect()
    };
    assert!(names(&[]).is_empty(), "not sent yet");
    round(&Driver::new(&tab), &tab, &line, &env);
    // Of a draft, and one that the backend gave.
    let mut batch = Batch::default();
    for n in 0..20 {
        batch.put(Table::Blob, format!("b{n:02}"), vec![1, 2, 3]);
    }
    run(store.commit(batch)).unwrap();
    assert_eq!(names(&["b07"]).len(), 20);
    let spare = run(tab.spare_photos(&BTreeSet::from(["b07".to_owned()]))).unwrap();
    assert!(spare.iter().all(|photo| photo.sha256 != "b07") && spare[0].sha256 == "aa");
    // Meanwhile one of them is saved again, in another tab: it waits now.
    let other = open(&store, &env);
    let again = BlobRef {
        sha256: "b03".to_owned(),
        size: 3,
        mime: "image/jpeg".to_owned(),
        role: String::new(),
        thumb: None,
    };
    let mut write = create(id(2), "11", "y");
    if let gridbook_log::Body::Create(create) = &mut write.body {
        create.blobs.push(again);
    }
    let kept = gridbook_sync::replica::NewBlob { sha256: "b03".to_owned(), bytes: None };
    run(other.save(&env, &[write], &[kept], &[])).unwrap();
    assert_eq!(run(tab.drop_photos(&spare)).unwrap(), spare.iter().map(|p| p.size).sum::<usize>() - 3);
    assert_eq!(store.len(Table::Blob), 2, "the draft's and the one that waits");
    assert!(run(store.get(Table::Blob, "b03")).unwrap().is_some());
}

#[test]
fn a_store_that_fails_frees_nothing() {
    let ((store, _, tab), photo) = (device(), Waiting { sha256: "aa".to_owned(), size: 3 });
    let mut batch = Batch::default();
    batch.put(Table::Blob, "aa", vec![1, 2, 3]);
    run(store.commit(batch)).unwrap();
    store.fail_next(Fault::Before(FaultKind::Quota));
    assert!(run(tab.drop_photos(std::slice::from_ref(&photo))).is_err());
    assert_eq!(store.len(Table::Blob), 1);
}

#[test]
fn what_a_backup_took_is_sent_again_with_its_records_and_nothing_else() {
    let ((store, env, tab), line) = (device(), Line::new());
    let before = line.model.borrow().clone();
    let (write, mut blobs) = with_photos(&["aa", "bb"]);
    blobs[1].bytes = Some(picture(PART + 1));
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let driver = Driver::new(&tab);
    round(&driver, &tab, &line, &env);
    // A photo of a draft, which no operation names, and one whose bytes made room.
    let mut batch = Batch::default();
    batch.put(Table::Blob, "draft", vec![1]);
    batch.delete(Table::Blob, "aa");
    run(store.commit(batch)).unwrap();
    line.model.borrow_mut().restore(&before);
    assert!(!line.model.borrow().has_blob("bb"), "the backup is of before");
    // The first round hears of the other history, the second sends.
    round(&driver, &tab, &line, &env);
    assert_eq!(store.len(Table::BlobQueue), 1, "only what is here and was sent");
    round(&driver, &tab, &line, &env);
    assert_eq!((store.len(Table::BlobQueue), line.model.borrow().has_blob("bb")), (0, true));
    // A backup that has it: it is asked first, and no byte goes.
    let whole = line.model.borrow().clone();
    line.model.borrow_mut().restore(&whole);
    line.photos.take();
    round(&driver, &tab, &line, &env);
    round(&driver, &tab, &line, &env);
    assert_eq!((store.len(Table::BlobQueue), line.photos.take()), (0, Vec::new()));
}

#[test]
fn what_comes_into_view_again_has_its_photos_sent_once_more() {
    let (store, env, tab) = device();
    let (write, blobs) = with_photos(&["aa"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let ours = run(tab.outbox(&BTreeSet::new(), 10, usize::MAX)).unwrap().ops;
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let mut sent = Batch::default();
    sent.delete(Table::BlobQueue, "aa");
    run(store.commit(sent)).unwrap();
    apply(&tab, &env, &super::support::page("1", vec![Entry::Leave { e: id(1) }]));
    // A backup that lacks the photo was put back meanwhile: this device may be the only one that has it.
    run(tab.start_over(SendAgain::Own)).unwrap();
    assert_eq!(store.len(Table::BlobQueue), 0, "what is out of view is not sent");
    let entries = ours.into_iter().map(|op| Entry::Op { op, at: NOON });
    let back = std::iter::once(Entry::Enter { e: id(1) }).chain(entries).collect();
    apply(&tab, &env, &super::support::page("2", back));
    assert!(run(store.get(Table::BlobQueue, "aa")).unwrap().is_some());
}

/// A way along which another tab starts over while the first photo is under way.
struct Meanwhile<'a> {
    line: &'a Line,
    other: &'a Tab,
    done: std::cell::Cell<bool>,
}

impl Http for Meanwhile<'_> {
    async fn send(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let answer = self.line.send(request, blob).await;
        if matches!(request, Request::PutBlob { .. }) && !self.done.replace(true) {
            self.other.refresh().await.unwrap();
            self.other.start_over(SendAgain::Own).await.unwrap();
        }
        answer
    }
}

#[test]
fn a_photo_that_waits_anew_while_it_is_under_way_is_sent_again() {
    let ((store, env, tab), line) = (device(), Line::new());
    let (write, blobs) = with_photos(&["aa"]);
    run(tab.save(&env, &[write], &blobs, &[])).unwrap();
    let other = open(&store, &env);
    let way = Meanwhile { line: &line, other: &other, done: std::cell::Cell::new(false) };
    run(Driver::new(&tab).run(&tab, &way, &env, Input::Wake, |_| {})).unwrap();
    assert!(way.done.get());
    let sent: Vec<String> = line.photos.take().into_iter().map(|(name, _)| name).collect();
    assert_eq!(sent, ["aa", "aa"], "the backend may have gone back after the first time");
    assert_eq!(store.len(Table::BlobQueue), 0);
}

#[test]
fn the_pictures_of_others_leave_with_their_records_and_ones_own_stay() {
    let (store, env, tab) = device();
    let mut other = Other::new(gridbook_log::DeviceId([9; 8]));
    let (write, _) = with_photos(&["ours", "theirs", "in a draft"]);
    let made = other.write(&write);
    apply(&tab, &env, &super::support::page("1", entries([&made])));
    // What is looked at is kept here; one of them was taken over into a draft.
    let mut batch = Batch::default();
    for name in ["theirs", "in a draft"] {
        batch.put(Table::Blob, name, b"bytes".to_vec());
    }
    batch.put(Table::Draft, "d1", b"{\"photos\":[\"in a draft\"]}".to_vec());
    run(store.commit(batch)).unwrap();
    let Body::Create(create) = &write.body else { panic!("a creation") };
    let mine = gridbook_log::body::Set { set: [].into(), blobs: create.blobs[..1].to_vec() };
    let blobs = [NewBlob { sha256: "ours".to_owned(), bytes: Some(b"bytes".to_vec()) }];
    run(tab.save(&env, &[NewWrite { entity: id(1), body: Body::Set(mine) }], &blobs, &[])).unwrap();
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    let row = run(store.get(Table::BlobQueue, "ours")).unwrap().unwrap();
    run(tab.photo_sent("ours", &row)).unwrap();
    apply(&tab, &env, &super::support::page("2", vec![Entry::Leave { e: id(1) }]));
    assert!(!tab.rows().contains_key(&id(1)));
    let held = |name: &str| run(store.get(Table::Blob, name)).unwrap().is_some();
    assert_eq!(["ours", "theirs", "in a draft"].map(held), [true, false, true]);
}
