//! Devices that take a new name, share one, or had none yet when their key was made.

use super::*;

/// Ann's device in use before there were keys, and a copy of its store from then.
fn before_keys(world: &World) -> (Device, Rc<MemoryStore>) {
    let old = world.device("ann", None);
    old.write("以前的");
    old.sync();
    let copy = copy_of(&old.store);
    (old, copy)
}

#[test]
fn an_old_share_stays_readable_and_becomes_signed() {
    for kind in KINDS {
        let world = World::new(kind);
        // Two phones with an app of before; one of them is lost.
        let (old, lost) = (world.device("ann", None), world.device("dan", None));
        let (crack, ditch) = (old.write("裂缝"), lost.write("水沟"));
        old.sync();
        lost.sync();
        let bea = world.device("bea", Some(2));
        bea.sync();
        assert_eq!((bea.note(crack).is_some(), bea.note(ditch).is_some()), (true, true));
        // The app is renewed.
        let ann = world.open("ann", Some(1), old.store.clone());
        ann.sync();
        bea.sync();
        let (cai, eve) = (world.device("cai", Some(3)), world.device("eve", None));
        cai.sync();
        eve.sync();
        for device in [&ann, &bea, &cai, &eve] {
            assert_eq!((device.note(crack).is_some(), device.note(ditch).is_some()), (true, true));
            assert_eq!(device.aside(), BTreeMap::new());
        }
        let again = world.ops().into_iter().filter(|op| op.entity() == crack && op.signature().is_some());
        assert_eq!(again.count(), 1, "what was sent bare is there signed");
        // Read from the beginning, with the key known: the bare copies are no alarm.
        now(cai.replica.start_over(gridbook_sync::replica::SendAgain::Nothing)).unwrap();
        cai.sync();
        assert_eq!(cai.aside(), BTreeMap::new());
    }
}

#[test]
fn two_bearers_of_a_name_with_two_keys_are_both_heard_in_the_end() {
    for kind in KINDS {
        let world = World::new(kind);
        let (old, copy) = before_keys(&world);
        let (ann, twin) = (world.open("ann", Some(1), old.store.clone()), world.open("ann", Some(4), copy));
        let bea = world.device("bea", Some(2));
        // Both read all before either has a key, and then both say which key is theirs.
        for device in [&ann, &twin] {
            now(Authors::new(&*device.replica, device.hand.as_ref().unwrap(), &device.memory)
                .announce(&device.env, true))
            .unwrap();
        }
        let crack = ann.write("裂缝");
        ann.sync();
        bea.sync();
        // The one that is put out of the name writes once more what it had sent, and sends that with the next round.
        for _ in 0..3 {
            twin.round();
            ann.round();
        }
        assert!(twin.writer().epoch > 1 || ann.writer().epoch > 1, "one of them takes a new name");
        let (later, other) = (ann.write("后来"), twin.write("另一台"));
        for _ in 0..2 {
            ann.sync();
            twin.sync();
            bea.sync();
        }
        for id in [crack, later, other] {
            assert!(bea.note(id).is_some(), "{id}: {:?}", bea.aside());
        }
    }
}

#[test]
fn a_new_life_sends_nothing_bare() {
    for kind in KINDS {
        let world = World::new(kind);
        let ann = world.device("ann", Some(1));
        ann.sync();
        now(ann.replica.renew_at(&ann.env, true)).unwrap();
        let crack = ann.write("裂缝");
        // Without a word about the new life's key.
        let http = Checked {
            to: &ann.share,
            authors: ann.hand.as_ref().map(|hand| Authors::new(&*ann.replica, hand, &ann.memory)),
        };
        now(ann.driver.run(&ann.replica, &http, &ann.env, Input::Wake, |_| ())).unwrap();
        let sent: Vec<Op> = world.ops().into_iter().filter(|op| op.entity() == crack).collect();
        assert!(!sent.is_empty() && sent.iter().all(|op| op.sig().is_some()), "{sent:?}");
        let bea = world.device("bea", Some(2));
        ann.sync();
        bea.sync();
        assert_eq!((bea.note(crack).as_deref(), bea.aside()), (Some("裂缝"), BTreeMap::new()));
    }
}

#[test]
fn a_key_that_another_tab_took_in_is_known_to_this_one() {
    for kind in KINDS {
        let world = World::new(kind);
        let ann = world.device("ann", Some(1));
        let crack = ann.write("裂缝");
        ann.sync();
        let bea = world.device("bea", Some(2));
        bea.sync();
        let tab = world.open("bea", Some(2), bea.store.clone());
        tab.sync();
        now(ann.replica.renew_at(&ann.env, true)).unwrap();
        ann.sync();
        // One tab reads the key of the new life, the other what somebody writes in its name afterwards.
        bea.sync();
        world.plant(&[forge(ann.writer(), "ann", crack, 1, "假的").to_wire()]);
        tab.sync();
        assert_eq!((tab.note(crack).as_deref(), tab.aside()), (Some("裂缝"), one("ann", 1)));
    }
}

#[test]
fn a_device_put_back_from_before_it_had_a_key_reads_what_it_wrote_with_one() {
    for kind in KINDS {
        let world = World::new(kind);
        let (old, copy) = before_keys(&world);
        let ann = world.open("ann", Some(1), old.store.clone());
        let crack = ann.write("裂缝");
        ann.sync();
        // The phone is put back, and the key with it is gone.
        let ann = world.open("ann", Some(4), copy);
        ann.round();
        let later = ann.write("后来");
        ann.sync();
        let bea = world.device("bea", Some(2));
        bea.sync();
        for device in [&ann, &bea] {
            assert_eq!((device.note(crack).is_some(), device.note(later).is_some()), (true, true));
            assert_eq!(device.aside(), BTreeMap::new());
        }
        assert!(ann.writer().epoch > 1);
    }
}
