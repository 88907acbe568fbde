//! The worker that seals and opens files carried by hand. One job each, then it is let go.

use gridbook::app::carry::{Answer, Job};
use gridbook_sync::bundle::MAX_PLAIN;

fn main() {
    gridbook::worker::serve(|job: Option<Job>, bytes: &[u8]| match job {
        Some(Job::Seal(passphrase)) => match gridbook_carry::seal(bytes, &passphrase) {
            Ok(sealed) => (Answer::Done, Some(sealed)),
            Err(_) => (Answer::Failed, None),
        },
        Some(Job::Open(passphrase)) => match gridbook_carry::open(bytes, &passphrase, MAX_PLAIN) {
            Ok(plain) => (Answer::Done, Some(plain)),
            Err(gridbook_carry::OpenError::Passphrase) => (Answer::Passphrase, None),
            Err(gridbook_carry::OpenError::TooLarge) => (Answer::TooLarge, None),
            Err(gridbook_carry::OpenError::NotSealed) => (Answer::NotSealed, None),
            Err(_) => (Answer::Damaged, None),
        },
        None => (Answer::Failed, None),
    });
}
