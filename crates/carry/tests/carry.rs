//! Sealed files: round trip, every kind of damage, files that would eat the device.
#![allow(clippy::unwrap_used)]

use gridbook_carry::{MAGIC, OpenError, open, seal};

const WORDS: &str = "4821-7730-1956";

fn plain() -> Vec<u8> {
    "屋后土坎渗水，有裂缝。".repeat(5_000).into_bytes()
}

#[test]
fn what_was_sealed_opens_with_its_passphrase_only() {
    let sealed = seal(&plain(), WORDS).unwrap();
    assert!(sealed.starts_with(MAGIC));
    assert!(sealed.len() < plain().len() / 10, "compressed before it was sealed: {}", sealed.len());
    assert_eq!(open(&sealed, WORDS, 1 << 20).unwrap(), plain());
    assert_eq!(open(&sealed, "4821-7730-1957", 1 << 20), Err(OpenError::Passphrase));
}

#[test]
fn a_changed_or_shortened_file_is_damaged_wherever_it_was_touched() {
    let sealed = seal(b"gridbook", WORDS).unwrap();
    for at in [sealed.len() - 1, sealed.len() - 20, sealed.len() / 2] {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(open(&changed, WORDS, 1 << 20).is_err(), "byte {at}");
    }
    for len in [0, 10, MAGIC.len(), sealed.len() / 2, sealed.len() - 1] {
        assert!(open(&sealed[..len], WORDS, 1 << 20).is_err(), "cut to {len}");
    }
    assert_eq!(open(b"{\"gridbook\":\"unsent\"}", WORDS, 1 << 20), Err(OpenError::NotSealed));
}

#[test]
fn more_than_is_allowed_does_not_come_out() {
    let sealed = seal(&vec![0u8; 4 << 20], WORDS).unwrap();
    assert!(sealed.len() < 16 << 10, "a bomb of a few kilobytes");
    assert_eq!(open(&sealed, WORDS, 1 << 20), Err(OpenError::TooLarge));
}

#[test]
fn a_file_may_not_choose_its_price() {
    let mut recipient = age::scrypt::Recipient::new(WORDS.to_owned().into());
    recipient.set_work_factor(18);
    let sealed = age::encrypt(&recipient, b"dear").unwrap();
    assert_eq!(open(&sealed, WORDS, 1 << 20), Err(OpenError::Other));
}
