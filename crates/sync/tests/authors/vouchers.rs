//! Where invitations carry vouchers nobody comes as a new device of a known person.

use gridbook_log::voucher::{Trust, Voucher};
use gridbook_sync::wire::PullReply;

use super::*;

fn key_of(seed: u8) -> SigningKey {
    SigningKey::from_slice(&[seed; 32]).unwrap()
}

fn root() -> Trust {
    Trust::founded(&point_of(&key_of(1)))
}

/// Trust with one more voucher, signed with the key of `by`.
fn passed(trust: Trust, by: u8, to: u8, user: &str, dev: Option<DeviceId>, invites: bool) -> Trust {
    let voucher = Voucher::new(&point_of(&key_of(to)), user, dev, invites);
    let signature = made(&key_of(by), &voucher.bytes());
    trust.and(voucher.signed(&signature))
}

impl World {
    /// Whoever founds the township, with key 1.
    fn founder(&self) -> Device {
        self.believing("ivy", 1, |_| root())
    }

    fn believing(&self, user: &str, key: u8, trust: impl Fn(DeviceId) -> Trust) -> Device {
        let mut device = self.device(user, Some(key));
        device.hand.as_mut().unwrap().trust = Some(trust(device.writer().dev));
        device
    }

    /// One that the founder invited: the invitation has the key after its own.
    fn invited(&self, user: &str, key: u8, invites: bool) -> Device {
        self.believing(user, key, |dev| invitation(user, key, dev, invites))
    }
}

fn invitation(user: &str, key: u8, dev: DeviceId, invites: bool) -> Trust {
    let trust = passed(root(), 1, key + 100, user, None, invites);
    passed(trust, key + 100, key, user, Some(dev), invites)
}

#[test]
fn who_was_invited_is_heard_whoever_reads_and_whenever() {
    for kind in KINDS {
        let world = World::new(kind);
        let (ivy, ann) = (world.founder(), world.invited("ann", 2, false));
        let first = ivy.write("镇上的");
        ann.sync();
        let crack = ann.write("裂缝");
        ann.sync();
        ivy.sync();
        ann.sync();
        let bea = world.invited("bea", 3, false);
        bea.sync();
        for device in [&ivy, &ann, &bea] {
            assert_eq!(
                (device.note(first).as_deref(), device.note(crack).as_deref()),
                (Some("镇上的"), Some("裂缝"))
            );
            assert_eq!(device.aside(), BTreeMap::new());
        }
        // A new life has the same key, and says the same.
        now(ann.replica.renew_at(&ann.env, true)).unwrap();
        let later = ann.write("又一条");
        ann.sync();
        bea.sync();
        assert_eq!(bea.note(later).as_deref(), Some("又一条"));
        assert_eq!(bea.aside(), BTreeMap::new());
    }
}

#[test]
fn who_may_invite_passes_that_on_and_everybody_may_vouch_for_their_own_devices() {
    let world = World::new(ShareKind::WebDav);
    let (ivy, ann) = (world.founder(), world.invited("ann", 2, true));
    // Ann, who may, invites bea; bea, who may not, takes her desk in.
    let trust_of_ann = || ann.hand.as_ref().unwrap().trust.clone().unwrap();
    let bea = world.believing("bea", 3, |dev| {
        passed(passed(trust_of_ann(), 2, 103, "bea", None, false), 103, 3, "bea", Some(dev), false)
    });
    let trust_of_bea = bea.hand.as_ref().unwrap().trust.clone().unwrap();
    let desk = world.believing("bea", 4, |dev| passed(trust_of_bea.clone(), 3, 4, "bea", Some(dev), false));
    let written: Vec<EntityId> = [&ann, &bea, &desk].map(|device| device.write("有根有据")).into();
    for device in [&ann, &bea, &desk, &ivy] {
        device.sync();
    }
    assert_eq!(ivy.aside(), BTreeMap::new());
    assert!(written.iter().all(|id| ivy.note(*id).is_some()));
}

/// What a device claims of itself.
type Claim = Box<dyn Fn(DeviceId) -> Trust>;

/// A device of `user` that nobody invited, with what it claims.
fn impostors(ann: &Device) -> Vec<(&'static str, Claim)> {
    let anns = ann.hand.as_ref().unwrap().trust.clone().unwrap();
    let for_another = anns.clone();
    vec![
        ("nothing", Box::new(|_| root())),
        ("her vouchers, copied", Box::new(move |_| anns.clone())),
        ("a colleague's who may not invite", {
            Box::new(move |dev| passed(for_another.clone(), 2, 66, "ivy", Some(dev), false))
        }),
        ("an invitation of nobody's", Box::new(|dev| passed(root(), 65, 66, "ivy", Some(dev), true))),
        ("another device's", Box::new(|_| passed(root(), 1, 66, "ivy", Some(DeviceId([3; 8])), true))),
        ("another person's", Box::new(|dev| passed(root(), 1, 66, "ann", Some(dev), true))),
    ]
}

#[test]
fn a_device_that_nobody_invited_counts_for_nothing_and_stops_nobody() {
    for kind in KINDS {
        for at in 0..6 {
            let world = World::new(kind);
            let (ivy, ann) = (world.founder(), world.invited("ann", 2, false));
            ivy.write("镇上的");
            ivy.sync();
            ann.sync();
            let (what, claims) = impostors(&ann).swap_remove(at);
            let false_one = world.believing("ivy", 66, claims);
            let words = false_one.write("假的");
            false_one.sync();
            let crack = ann.write("裂缝");
            ann.sync();
            let bea = world.invited("bea", 3, false);
            for reader in [&ivy, &ann, &bea] {
                reader.sync();
                reader.sync();
                assert_eq!(reader.note(words), None, "{what}");
                assert_eq!(reader.note(crack).as_deref(), Some("裂缝"), "{what}");
                assert_eq!(reader.aside(), one("ivy", 2), "{what}: the key and the words");
            }
        }
    }
}

#[test]
fn without_any_key_nothing_is_taken_either_but_on_shares_of_before() {
    let world = World::new(ShareKind::WebDav);
    let (ivy, old) = (world.founder(), world.device("bea", Some(9)));
    let stranger = Writer { dev: DeviceId([0x67; 8]), epoch: 1 };
    let words = EntityId([5; 16]);
    world.plant(&[forge(stranger, "ivy", words, 1, "新手机").to_wire()]);
    ivy.sync();
    old.sync();
    assert_eq!((ivy.note(words), ivy.aside()), (None, one("ivy", 1)));
    // Who came by an invitation of before takes it as it comes.
    assert_eq!(old.note(words).as_deref(), Some("新手机"));
}

#[test]
fn what_nobody_signed_under_this_devices_own_name_is_its_own_only_if_it_has_it() {
    for kind in KINDS {
        let world = World::new(kind);
        let ivy = world.founder();
        ivy.write("镇上的");
        ivy.sync();
        let words = EntityId([5; 16]);
        let next = Writer { epoch: ivy.writer().epoch + 1, ..ivy.writer() };
        world.plant(&[forge(next, "ivy", words, 1, "假的").to_wire()]);
        ivy.sync();
        ivy.sync();
        assert_eq!((ivy.note(words), ivy.aside()), (None, one("ivy", 1)));
    }
}

#[test]
fn the_authoritys_answers_are_taken_by_who_reads_all_of_it_at_once() {
    // Whoever may let nobody in may say of their own device that it may.
    let boasting = |dev| passed(passed(root(), 1, 102, "ann", None, false), 102, 2, "ann", Some(dev), true);
    for (kind, boasts) in KINDS.into_iter().flat_map(|kind| [(kind, false), (kind, true)]) {
        let world = World::new(kind);
        let ivy = world.founder();
        let ann = if boasts { world.believing("ann", 2, boasting) } else { world.invited("ann", 2, false) };
        let term = 1 << 31 | 5;
        let town = Township { holder: Some(ivy.writer().dev), term, ..Township::default() };
        let write = NewWrite { entity: Township::id(AUTHORITY), body: Body::Create(town.create()) };
        now(ivy.replica.save(&ivy.env, &[write], &[], &[])).unwrap();
        let crack = ann.write("裂缝");
        ann.sync();
        ivy.sync();
        let dot = Dot { writer: ann.writer(), n: 1 };
        let receipt = |n: u64| {
            let (kind, text) = Body::Receipt(Receipt { ops: vec![dot], at: n, drift: 0 }).to_text();
            let mut ctx = Ctx::default();
            ctx.add(dot);
            let hlc = Hlc { ms: 1_779_062_900_000, count: 0 };
            let writer = Writer { dev: AUTHORITY, epoch: term };
            let new = NewOp { entity: crack, dot: Dot { writer, n: 1 }, hlc, kind, user: "gridbook", ctx };
            Op::new(new, [7; 16], text).unwrap()
        };
        // A colleague with a good key, who may let nobody in; and the desk.
        world.plant(&[signed_by(2, &receipt(1)), signed_by(1, &receipt(3))]);
        let bea = world.invited("bea", 3, false);
        // The invitation says whose answers count.
        let nothing = PullReply { entries: Vec::new(), cursor: String::new(), more: true };
        now(bea.replica.apply_page(&bea.env, "", nothing, "", Some(AUTHORITY))).unwrap();
        bea.sync();
        let entity = now(bea.replica.entity(crack)).unwrap().unwrap();
        assert_eq!(entity.received(dot).map(|received| received.at), Some(3));
        assert_eq!(bea.aside(), one("gridbook", 1));
    }
}
