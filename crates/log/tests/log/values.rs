//! The small parts: ranges held, clocks, names.

use std::collections::BTreeSet;

use gridbook_log::clock::MAX_AHEAD_MS;
use gridbook_log::{Clock, Ctx, DeviceId, Dot, EntityId, Have, Hlc, OpId, Writer};
use proptest::prelude::*;

use super::support::{dot, writer};

/// The same, the slow way.
fn compare(have: &Have, naive: &BTreeSet<Dot>) {
    assert_eq!(have.len(), naive.len());
    assert_eq!(have.is_empty(), naive.is_empty());
    let mut holes = Vec::new();
    for w in (0..4).map(writer).collect::<BTreeSet<Writer>>() {
        let numbers: BTreeSet<u32> = naive.iter().filter(|d| d.writer == w).map(|d| d.n).collect();
        let upto = (1..).take_while(|n| numbers.contains(n)).count();
        assert_eq!(have.upto(w) as usize, upto);
        let highest = numbers.last().copied().unwrap_or(0);
        for n in 1..=highest + 2 {
            assert_eq!(have.contains(Dot { writer: w, n }), numbers.contains(&n));
        }
        holes.extend((1..highest).filter(|n| !numbers.contains(n)).map(|n| Dot { writer: w, n }));
    }
    let told: Vec<Dot> = have
        .holes()
        .into_iter()
        .flat_map(|(w, lo, hi)| (lo..=hi).map(move |n| Dot { writer: w, n }))
        .collect();
    assert_eq!(told, holes);
}

#[test]
fn the_highest_number_is_no_trap() {
    let mut have = Have::default();
    assert!(have.insert(dot(1, u32::MAX)));
    assert!(have.insert(dot(1, u32::MAX - 1)));
    assert!(!have.insert(dot(1, u32::MAX)));
    assert_eq!(have.holes(), [(writer(1), 1, u32::MAX - 2)]);
    assert_eq!((have.len(), have.upto(writer(1))), (2, 0));
}

#[test]
fn a_wrong_foreign_clock_does_not_move_ours() {
    let mut clock = Clock::default();
    let now = 1_770_000_000_000;
    clock.observe(Hlc { ms: now + MAX_AHEAD_MS + 1, count: 0 }, now);
    assert_eq!(clock.tick(now), Hlc { ms: now, count: 0 });
    clock.observe(Hlc { ms: now + MAX_AHEAD_MS, count: 9 }, now);
    assert_eq!(clock.tick(now), Hlc { ms: now + MAX_AHEAD_MS, count: 10 });
}

#[test]
fn a_full_counter_goes_on_in_the_next_millisecond() {
    let mut clock = Clock::default();
    clock.observe(Hlc { ms: 5, count: u16::MAX }, 5);
    assert_eq!(clock.tick(5), Hlc { ms: 6, count: 0 });
    assert_eq!(clock.tick(0), Hlc { ms: 6, count: 1 });
}

#[test]
fn names_have_one_spelling() {
    let id = EntityId::new(0x019c_1d2e_3f40, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    assert_eq!(id.to_string(), "019c1d2e3f400102030405060708090a");
    assert_eq!(id.made_at(), 0x019c_1d2e_3f40);
    assert!(EntityId::new(1, [0xff; 10]) < EntityId::new(2, [0; 10]), "ordered by the time of their making");
    let json = serde_json::to_string(&id).unwrap();
    assert_eq!(json, "\"019c1d2e3f400102030405060708090a\"");
    assert_eq!(serde_json::from_str::<EntityId>(&json).unwrap(), id);
    for bad in ["\"\"", "\"019C1d2e3f400102030405060708090a\"", "5", "\"019c\"", "null"] {
        assert!(serde_json::from_str::<EntityId>(bad).is_err(), "{bad}");
        assert!(serde_json::from_str::<DeviceId>(bad).is_err(), "{bad}");
    }
    let op = OpId { entity: id, dot: dot(3, 12) };
    assert_eq!(OpId::parse(&op.to_string()), Some(op));
    for bad in ["", "/", "019c1d2e3f400102030405060708090a", "019c1d2e3f400102030405060708090a/"] {
        assert_eq!(OpId::parse(bad), None);
    }
}

#[test]
fn contexts_join_and_cover() {
    let mut a: Ctx = [dot(1, 3), dot(2, 1)].into_iter().collect();
    let b: Ctx = [dot(1, 2), dot(3, 4)].into_iter().collect();
    let (one, two) = (a.clone(), b.clone());
    a.join(&b);
    let mut other = two;
    other.join(&one);
    assert_eq!(a, other);
    assert!(a.covers(dot(1, 3)) && a.covers(dot(1, 1)) && a.covers(dot(3, 4)));
    assert!(!a.covers(dot(1, 4)) && !a.covers(dot(4, 1)));
    assert_eq!(Ctx::parse(&a.to_string()), Some(a.clone()));
    assert_eq!(Ctx::parse("-"), Some(Ctx::default()));
    assert_eq!(Ctx::parse(""), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn ranges_are_a_set(numbers in prop::collection::vec((1u8..4, 1u32..20), 0..60)) {
        let mut have = Have::default();
        let mut naive = BTreeSet::new();
        for (w, n) in numbers {
            prop_assert_eq!(have.insert(dot(w, n)), naive.insert(dot(w, n)));
        }
        compare(&have, &naive);
        // One set, one form, whatever the order.
        let mut sorted = Have::default();
        for d in &naive {
            sorted.insert(*d);
        }
        prop_assert_eq!(sorted, have);
    }

    #[test]
    fn a_clock_never_goes_back(
        steps in prop::collection::vec((0u64..1 << 47, prop::option::of((0u64..1 << 47, any::<u16>()))), 1..80),
    ) {
        let mut clock = Clock::default();
        let mut last = Hlc::default();
        for (now, foreign) in steps {
            if let Some((ms, count)) = foreign {
                let foreign = Hlc { ms, count };
                clock.observe(foreign, now);
                if ms <= now {
                    last = last.max(foreign);
                }
            }
            let next = clock.tick(now);
            prop_assert!(next > last, "{next} after {last}");
            prop_assert!(next.ms >= now);
            // Text and moment sort alike.
            prop_assert!(next.to_string() > last.to_string());
            prop_assert_eq!(Hlc::parse(&next.to_string()), Some(next));
            last = next;
        }
    }
}
