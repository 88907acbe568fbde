//! The file that is carried by hand: nothing of a damaged one is used.

use gridbook_sync::bundle::{
    Apart, Bundle, BundleError, FORMAT, Head, base64, share_out, together, unbase64,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::support::*;

fn bundle() -> Bundle {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "屋后土坎渗水"));
    save(&tab, &env, set(id(1), "name", "已拉警戒线"));
    let outbox = run(tab.outbox(&Default::default(), 100, usize::MAX)).unwrap();
    let photo = vec![7u8; 1000];
    let name = Sha256::digest(&photo).iter().map(|byte| format!("{byte:02x}")).collect();
    let head = Head {
        gridbook_bundle: FORMAT,
        user: "zhuli01".to_owned(),
        name: "周小满".to_owned(),
        township: "510000100".to_owned(),
        writer: tab.meta().writer,
        made_at: NOON,
        ops: outbox.ops.len(),
        blobs: 1,
        reader: None,
        part: None,
    };
    Bundle { head, ops: outbox.ops, blobs: vec![(name, photo)] }
}

#[test]
fn what_was_written_is_read() {
    let bundle = bundle();
    assert_eq!(Bundle::read(&bundle.write()), Ok(bundle));
}

#[test]
fn a_file_cut_at_any_byte_is_refused() {
    let plain = bundle().write();
    for end in 0..plain.len() - 1 {
        assert!(Bundle::read(&plain[..end]).is_err(), "cut at {end} of {}", plain.len());
    }
}

#[test]
fn what_is_wrong_is_said() {
    let good = bundle();
    let text = String::from_utf8(good.write()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = |n: usize| -> String {
        lines.iter().enumerate().filter(|(at, _)| *at != n).flat_map(|(_, line)| [*line, "\n"]).collect()
    };
    assert_eq!(Bundle::read(without(0).as_bytes()), Err(BundleError::Foreign));
    assert_eq!(Bundle::read(without(1).as_bytes()), Err(BundleError::Incomplete));
    assert_eq!(Bundle::read(without(4).as_bytes()), Err(BundleError::Incomplete));
    assert_eq!(Bundle::read(b""), Err(BundleError::Foreign));
    let newer = Bundle { head: Head { gridbook_bundle: FORMAT + 1, ..good.head.clone() }, ..good.clone() };
    assert_eq!(Bundle::read(&newer.write()), Err(BundleError::Newer));
    let mut other = good.clone();
    other.blobs[0].1[0] ^= 1;
    assert_eq!(Bundle::read(&other.write()), Err(BundleError::Damaged(4)));
    let mut bad = good;
    bad.ops[1].h.insert(0, ' ');
    assert_eq!(Bundle::read(&bad.write()), Err(BundleError::Damaged(3)));
    assert_eq!(Bundle::read(format!("{text}{}\n", lines[1]).as_bytes()), Err(BundleError::Damaged(6)));
}

proptest! {
    #[test]
    fn what_is_shared_out_is_all_there_in_order_and_no_file_is_larger_than_it_may_be(
        sizes in proptest::collection::vec(0usize..20_000, 0..30),
        most in 5_000usize..60_000,
    ) {
        let whole = bundle();
        let parts = share_out(&whole.ops, &sizes, most);
        let (mut ops, mut photos) = (Vec::new(), Vec::new());
        for (n, part) in parts.iter().enumerate() {
            ops.extend(part.ops.clone());
            photos.extend(part.photos.clone());
            let blobs: Vec<_> = part.photos.clone().map(|at| (format!("{at:064}"), vec![7; sizes[at]])).collect();
            let head = Head { ops: part.ops.len(), blobs: blobs.len(), ..whole.head.clone() };
            let file = Bundle { head, ops: whole.ops[part.ops.clone()].to_vec(), blobs };
            let alone = part.ops.len() + part.photos.len() == 1;
            prop_assert!(file.write().len() <= most || alone, "file {n} of {}", parts.len());
            prop_assert!(part.ops.len() + part.photos.len() > 0 || parts.len() == 1, "an empty file");
        }
        prop_assert_eq!(ops, (0..whole.ops.len()).collect::<Vec<_>>());
        prop_assert_eq!(photos, (0..sizes.len()).collect::<Vec<_>>());
    }
}

#[test]
fn what_fits_is_one_file() {
    let whole = bundle();
    let parts = share_out(&whole.ops, &[1000, 2000], 1 << 20);
    assert_eq!((parts.len(), parts[0].ops.clone(), parts[0].photos.clone()), (1, 0..2, 0..2));
}

proptest! {
    #[test]
    fn base64_is_standard_and_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = base64(&bytes);
        prop_assert_eq!(text.len(), bytes.len().div_ceil(3) * 4);
        prop_assert_eq!(unbase64(&text), Some(bytes));
    }

    #[test]
    fn any_text_is_read_or_refused_without_a_panic(text in "[A-Za-z0-9+/=]{0,40}|.{0,40}", cut in any::<Vec<u8>>()) {
        let _ = unbase64(&text);
        let _ = Bundle::read(text.as_bytes());
        let _ = Bundle::read(&cut);
    }
}

#[test]
fn base64_of_others_is_told_apart() {
    assert_eq!(unbase64("Z3JpZA=="), Some(b"grid".to_vec()));
    assert_eq!(unbase64(""), Some(Vec::new()));
    for bad in ["Z", "Z3JpZA=", "Z3Jp=A==", "====", "Z3Jp ZA=", "Z3_p"] {
        assert_eq!(unbase64(bad), None, "{bad}");
    }
}

#[test]
fn files_that_were_made_together_are_told_from_others_and_none_may_be_missing() {
    let made = bundle().head;
    let head = |part| Head { part, ..made.clone() };
    let three = |numbers: &[usize]| -> Vec<Head> { numbers.iter().map(|n| head(Some((*n, 3)))).collect() };
    assert_eq!(together(&three(&[2, 3, 1])), Ok(vec![2, 0, 1]), "in the order in which they were made");
    assert_eq!(together(&three(&[1, 3])), Err(Apart::Missing(2, 3)));
    assert_eq!(together(&three(&[2, 1])), Err(Apart::Missing(3, 3)));
    assert_eq!(together(&three(&[1, 2, 2, 3])), Err(Apart::Others));
    assert_eq!(together(&three(&[1, 2, 3, 4])), Err(Apart::Others));
    let mut later = three(&[1, 2, 3]);
    later[1].made_at += 1;
    assert_eq!(together(&later), Err(Apart::Others));
    // Files of before say no number: alone, or made at the same moment.
    assert_eq!(together(&[head(None)]), Ok(vec![0]));
    assert_eq!(together(&[head(None), head(None)]), Ok(vec![0, 1]));
    assert_eq!(together(&[head(None), head(Some((1, 2)))]), Err(Apart::Others));
    // One that says that there are more does not stand for all.
    assert_eq!(together(&[head(Some((1, 2)))]), Err(Apart::Missing(2, 2)));
}
