//! A record that this account may no longer see, and no `leave` came: the feed was cut, or a backup put back.

use std::collections::BTreeSet;

use gridbook_log::DeviceId;
use gridbook_sync::driver::Driver;
use gridbook_sync::engine::{Checked, Input};
use gridbook_sync::memory::MemoryStore;
use gridbook_sync::model::Model;
use gridbook_sync::store::Table;
use gridbook_sync::wire::{PushRequest, PushResult, Verdict};

use super::renew::{Backend, sync};
use super::support::*;

/// Somebody else writes it there.
fn brought(backend: &Backend, other: &mut Other, writes: &[gridbook_sync::replica::NewWrite]) {
    let ops: Vec<_> = writes.iter().map(|write| other.write(write)).collect();
    let request = PushRequest {
        writer: ops[0].dot().writer,
        nonce: "other".to_owned(),
        now: NOON,
        ops: ops.iter().map(gridbook_log::Op::to_wire).collect(),
    };
    let reply = backend.0.borrow_mut().push("u2", &request, NOON);
    assert!(reply.results.iter().all(|result| result.r == Verdict::Ok));
}

fn only(backend: &Backend, areas: &[&str]) {
    backend.0.borrow_mut().grant("u1", areas.iter().map(|area| (*area).to_owned()).collect());
}

fn shown(tab: &Tab) -> BTreeSet<gridbook_log::EntityId> {
    tab.rows().iter().filter(|(_, row)| row.visible()).map(|(id, _)| *id).collect()
}

fn round(tab: &Tab, env: &TestEnv, backend: &Backend, input: Input) -> (Option<Checked>, bool) {
    let driver = Driver::new(tab);
    run(driver.run(tab, backend, env, input, |_| ())).unwrap();
    driver.with_engine(|e| (e.checked(), e.trouble().is_none()))
}

/// A device that holds one record of its own and two of others, in areas 11 and 12, when the right to 11 goes and a
/// backup is put back before it hears of that.
fn surprised() -> (Backend, std::rc::Rc<MemoryStore>, TestEnv, Tab, Model) {
    let backend = Backend::new();
    let mut other = Other::new(DeviceId([5; 8]));
    let (store, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "own"));
    sync(&tab, &env, &backend);
    brought(&backend, &mut other, &[create(id(2), "11", "secret name"), create(id(3), "12", "stays")]);
    sync(&tab, &env, &backend);
    assert_eq!(shown(&tab), [id(1), id(2), id(3)].into());
    let older = backend.0.borrow().clone();
    only(&backend, &["12"]);
    (backend, store, env, tab, older)
}

#[test]
fn what_left_before_the_backup_was_put_back_goes_in_the_same_round() {
    let (backend, store, env, tab, older) = surprised();
    backend.0.borrow_mut().restore(&older);
    round(&tab, &env, &backend, Input::Wake);
    let (checked, calm) = round(&tab, &env, &backend, Input::Wake);
    assert!(calm, "a restore is over with the next round");
    assert_eq!(shown(&tab), [id(1), id(3)].into(), "{checked:?}");
    assert!(traces(&store, "secret name").is_empty());
    assert_eq!(round(&tab, &env, &backend, Input::Check).0, Some(Checked::Same));
    assert_eq!(open(&store, &env).rows().len(), tab.rows().len());
}

#[test]
fn what_was_written_there_is_delivered_first() {
    let (backend, store, env, tab, older) = surprised();
    backend.0.borrow_mut().restore(&older);
    save(&tab, &env, set(id(2), "street", "by us"));
    round(&tab, &env, &backend, Input::Wake);
    round(&tab, &env, &backend, Input::Wake);
    assert_eq!(backend.0.borrow().entities()[&id(2)].text("street"), Some("by us"));
    assert_eq!(shown(&tab), [id(1), id(3)].into());
    assert_eq!((store.len(Table::Pend), traces(&store, "by us").len()), (0, 0));
}

#[test]
fn what_a_person_has_to_settle_stays_until_then() {
    let (backend, store, env, tab, older) = surprised();
    let dot = save(&tab, &env, set(id(2), "street", "by us"));
    let id = gridbook_log::OpId { entity: id(2), dot };
    let refused = PushResult { id: Some(id), r: Verdict::Refuse, code: Some("rule".to_owned()) };
    run(tab.apply_results(&[refused], NOON)).unwrap();
    backend.0.borrow_mut().restore(&older);
    round(&tab, &env, &backend, Input::Wake);
    round(&tab, &env, &backend, Input::Wake);
    assert_eq!(tab.unsent().held, 1);
    assert!(!shown(&tab).contains(&id.entity), "out of sight");
    run(tab.release_held(None)).unwrap();
    round(&tab, &env, &backend, Input::Wake);
    round(&tab, &env, &backend, Input::Wake);
    assert_eq!(backend.0.borrow().entities()[&id.entity].text("street"), Some("by us"));
    assert!(!tab.rows().contains_key(&id.entity) && traces(&store, "secret name").is_empty());
}

#[test]
fn what_the_backend_has_lost_may_be_the_last_copy_and_stays() {
    let backend = Backend::new();
    let older = backend.0.borrow().clone();
    let (_, env, tab) = device();
    brought(&backend, &mut Other::new(DeviceId([5; 8])), &[create(id(2), "11", "theirs")]);
    sync(&tab, &env, &backend);
    backend.0.borrow_mut().restore(&older);
    round(&tab, &env, &backend, Input::Wake);
    round(&tab, &env, &backend, Input::Wake);
    assert_eq!(round(&tab, &env, &backend, Input::Check).0, Some(Checked::Differs));
    assert_eq!(entity(&tab, id(2)).text("name"), Some("theirs"));
}

#[test]
fn more_of_it_than_one_push_holds_goes_all_the_same() {
    let backend = Backend::new();
    let (_, env, tab) = device();
    let many: Vec<_> = (10..60).map(|n| create(id(n), "11", "many")).collect();
    brought(&backend, &mut Other::new(DeviceId([5; 8])), &many);
    sync(&tab, &env, &backend);
    assert_eq!(shown(&tab).len(), 50);
    let older = backend.0.borrow().clone();
    only(&backend, &["2"]);
    backend.0.borrow_mut().restore(&older);
    round(&tab, &env, &backend, Input::Wake);
    round(&tab, &env, &backend, Input::Wake);
    assert_eq!(shown(&tab).len(), 0);
}
