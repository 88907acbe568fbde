//! Somebody with the share's password who writes under the names of a device's other lives, which have no key yet.

use std::collections::BTreeSet;

use gridbook_log::voucher::{Trust, Voucher};

use super::*;

const STRANGER: u8 = 66;

fn key_of(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

/// Whoever founds the township, with key 1.
fn founder(world: &World) -> Device {
    let mut device = world.device("ivy", Some(1));
    device.hand.as_mut().unwrap().trust = Some(Trust::founded(&point_of(&key_of(1))));
    device
}

/// One for whose device the founder vouches.
fn invited(world: &World, user: &str, seed: u8) -> Device {
    let mut device = world.device(user, Some(seed));
    let voucher = Voucher::new(&point_of(&key_of(seed)), user, Some(device.writer().dev), false);
    let signature = made(&key_of(1), &voucher.bytes());
    let trust = Trust::founded(&point_of(&key_of(1))).and(voucher.signed(&signature));
    device.hand.as_mut().unwrap().trust = Some(trust);
    device
}

impl Device {
    /// Takes a new name, writes under it and sends that, and takes yet another before the key of this one is known.
    /// Gives what was written, and under which name.
    fn write_in_passing(&self, words: &str) -> (EntityId, Writer) {
        let (id, passing) = self.write_under_a_new_name(words);
        now(self.replica.renew_at(&self.env, true)).unwrap();
        self.sync();
        (id, passing)
    }

    fn write_under_a_new_name(&self, words: &str) -> (EntityId, Writer) {
        now(self.replica.renew_at(&self.env, true)).unwrap();
        let id = self.write(words);
        let hand = self.hand.as_ref().unwrap();
        let http =
            Checked { to: &self.share, authors: Some(Authors::new(&*self.replica, hand, &self.memory)) };
        now(self.driver.run(&self.replica, &http, &self.env, Input::Wake, |_| ())).unwrap();
        (id, self.writer())
    }
}

/// A record of the stranger's key under this name.
fn strangers_key(writer: Writer, user: &str) -> WireOp {
    let (kind, text) = Body::Create(key::record(&point_of(&key_of(STRANGER)), &[])).to_text();
    let hlc = Hlc { ms: 1_779_062_900_000, count: 0 };
    let dot = Dot { writer, n: 1 };
    let new = NewOp { entity: key::id(writer), dot, hlc, kind, user, ctx: Ctx::default() };
    signed_by(STRANGER, &Op::new(new, [7; 16], text).unwrap())
}

/// Under which names these words lie on the share.
fn names_of(world: &World, words: &str) -> BTreeSet<Writer> {
    let says = |op: &Op| op.body_text().is_some_and(|text| text.contains(words));
    world.ops().iter().filter(|op| says(op)).map(|op| op.dot().writer).collect()
}

#[test]
fn what_a_life_wrote_that_never_said_its_key_is_taken_by_those_who_know_another_of_its_device() {
    for kind in KINDS {
        let world = World::new(kind);
        let (ivy, ann) = (founder(&world), invited(&world, "ann", 2));
        ivy.sync();
        ann.sync();
        let (crack, passing) = ann.write_in_passing("裂缝");
        assert!(world.ops().iter().all(|op| op.entity() != key::id(passing)), "its key was never said");
        assert!(names_of(&world, "裂缝").contains(&passing));
        let bea = invited(&world, "bea", 3);
        for reader in [&ivy, &bea] {
            reader.sync();
            assert_eq!((reader.note(crack).as_deref(), reader.aside()), (Some("裂缝"), BTreeMap::new()));
        }
        // Nobody else writes under that name, and she not in another's.
        let fresh = [EntityId([9; 16]), EntityId([8; 16]), EntityId([7; 16])];
        world.plant(&[
            signed_by(STRANGER, &forge(passing, "ann", fresh[0], 1, "假的")),
            forge(passing, "ann", fresh[1], 1, "假的").to_wire(),
            signed_by(2, &forge(passing, "ivy", fresh[2], 1, "假的")),
        ]);
        for reader in [&ivy, &bea] {
            reader.sync();
            assert_eq!(fresh.map(|id| reader.note(id)), [None, None, None]);
        }
    }
}

#[test]
fn a_strangers_key_under_a_name_that_has_none_yet_makes_nothing_the_devices_own() {
    for (kind, together) in KINDS.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let world = World::new(kind);
        let (ivy, ann) = (founder(&world), invited(&world, "ann", 2));
        ivy.sync();
        ann.sync();
        let (crack, passing) = ann.write_under_a_new_name("裂缝");
        let forged = signed_by(STRANGER, &forge(passing, "ann", crack, 1, "假的"));
        let record = strangers_key(passing, "ann");
        if together {
            world.plant(&[record, forged]);
        } else {
            world.plant(&[record]);
            ann.round();
            world.plant(&[forged]);
        }
        ann.round();
        ann.sync();
        assert!(ann.writer().epoch > passing.epoch, "it might be a copy of hers: she takes a new name");
        assert_eq!(
            names_of(&world, "假的"),
            BTreeSet::from([passing]),
            "{kind:?} {together}: she wrote it again, and signed it"
        );
        assert_eq!(ann.note(crack).as_deref(), Some("裂缝"));
        // What she signed under that name goes on being signed by her, and is taken.
        let bea = invited(&world, "bea", 3);
        for reader in [&ivy, &bea] {
            reader.sync();
            assert_eq!(reader.note(crack).as_deref(), Some("裂缝"));
        }
    }
}

#[test]
fn where_nobody_vouches_an_older_name_with_a_strangers_key_is_not_the_devices_own() {
    for kind in KINDS {
        let world = World::new(kind);
        let ann = world.device("ann", Some(2));
        ann.sync();
        let (crack, passing) = ann.write_in_passing("裂缝");
        world.plant(&[strangers_key(passing, "ann")]);
        ann.round();
        world.plant(&[signed_by(STRANGER, &forge(passing, "ann", crack, 1, "假的"))]);
        ann.round();
        ann.sync();
        assert_eq!(names_of(&world, "假的"), BTreeSet::from([passing]), "she wrote it again, and signed it");
        assert!(names_of(&world, "裂缝").contains(&ann.writer()), "hers is not lost");
    }
}
