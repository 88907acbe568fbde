//! When a tab takes the lock from one that does not answer.

use gridbook_sync::lead::{Leader, SILENT_MS};

/// Looks every two seconds until the lock is taken; how long that took, or `None` within an hour.
fn taken_after(answers: impl Fn(u64) -> bool) -> Option<u64> {
    let mut leader = Leader::default();
    (0..1800).map(|look| look * 2000).find(|now| {
        let taken = leader.refused(*now);
        if answers(*now) {
            leader.heard();
        }
        taken
    })
}

#[test]
fn a_tab_that_never_answers_loses_the_lock_and_one_that_does_keeps_it() {
    assert_eq!(taken_after(|_| false), Some(SILENT_MS));
    assert_eq!(taken_after(|_| true), None);
    assert_eq!(taken_after(|now| now % 16_000 == 0), None, "a slow one");
    assert_eq!(taken_after(|now| now < 60_000), Some(58_000 + 2000 + SILENT_MS), "it froze later");
}

#[test]
fn a_device_that_slept_asks_again_before_it_takes_anything() {
    let mut leader = Leader::default();
    assert!(!leader.refused(1000) && leader.is_silent());
    let woken = 1000 + 8 * 3_600_000;
    assert!(!leader.refused(woken), "nobody was asked in between");
    leader.heard();
    assert!(!leader.is_silent() && !leader.refused(woken + SILENT_MS));
}

#[test]
fn a_clock_put_back_does_not_put_it_off_for_ever() {
    let mut leader = Leader::default();
    let day = 86_400_000;
    assert!(!leader.refused(400 * day));
    let taken = (0..).map(|look| day + look * 2000).find(|now| leader.refused(*now));
    assert_eq!(taken, Some(day + SILENT_MS));
    assert!(!leader.is_silent(), "it leads now");
}
