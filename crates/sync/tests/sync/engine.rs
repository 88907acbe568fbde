//! Events in, commands out.

use gridbook_log::EntityId;
use gridbook_sync::engine::{Backoff, Identity, Input, Output, POLL_MS, Phase, Request, Response, Trouble};
use gridbook_sync::wire::{Caps, Entry, MAX_BATCH_OPS, MAX_PAGE, PushReply, PushResult, Verdict};

use super::rig::*;

type Start = fn() -> Rig;
const PHASES: [(Phase, Start); 4] = [
    (Phase::Caps, || {
        let mut rig = Rig::new();
        rig.give(Input::Wake);
        rig
    }),
    (Phase::Push, || {
        let mut rig = Rig::at_push();
        rig.give(outbox(1..=2));
        rig
    }),
    (Phase::Pull, Rig::at_pull),
    (Phase::Photos, Rig::at_photo),
];

#[test]
fn a_round_is_caps_push_pull_photos() {
    let mut rig = Rig::new();
    assert_eq!(rig.give(Input::Wake), [Output::Status, Output::Send(1, Request::Caps)]);
    assert_eq!(rig.reply(Response::Caps(caps())), beginning(8));
    assert_eq!(rig.give(outbox(1..=2)), [push(2, 1..=2)]);
    let results = vec![result(1, Verdict::Ok), result(2, Verdict::Dup)];
    let reply = PushReply { results: results.clone(), now: NOW };
    assert_eq!(rig.reply(pushed(results)), [Output::ApplyResults(reply)]);
    assert_eq!(rig.give(Input::Stored), pull(3, ""));
    let first = page(Vec::new(), "c1", true);
    let out = [ask(4, "c1"), Output::ApplyPage(String::new(), first.clone())];
    assert_eq!(rig.reply(Response::Pull(first)), out);
    rig.engine.set_identity(identity("c1"));
    assert_eq!(rig.give(Input::Stored), []);
    let last = page(Vec::new(), "c2", false);
    assert_eq!(rig.reply(Response::Pull(last.clone())), [Output::ApplyPage("c1".to_owned(), last)]);
    assert_eq!(rig.give(Input::Stored), [Output::NextBlob, Output::Status]);
    let photo = Output::Send(5, Request::PutBlob { sha256: "aa".to_owned() });
    assert_eq!(rig.give(waits("aa", 3)), [photo]);
    assert_eq!(rig.reply(Response::Blob), [Output::BlobDone("aa".to_owned())]);
    assert_eq!(rig.give(Input::Stored), [Output::NextBlob]);
    let wait = POLL_MS - POLL_MS / 8;
    assert_eq!(rig.give(Input::Blob(None)), [Output::Timer(wait), Output::Status]);
    assert_eq!((rig.engine.phase(), rig.engine.trouble()), (Phase::Idle, None));
    // What the backend can do is known by now.
    assert_eq!(rig.give(Input::Timer), beginning(8));
}

#[test]
fn an_empty_outbox_goes_straight_to_the_pull_and_an_empty_device_still_polls() {
    let mut rig = Rig::at_photos();
    let timers: Vec<u64> = [0, 1, POLL_MS / 4 - 1, u64::MAX]
        .map(|random| {
            let mut rig = Rig { engine: rig.engine.clone(), sent: rig.sent };
            match rig.give_random(random, Input::Blob(None))[..] {
                [Output::Timer(ms), Output::Status] => ms,
                ref other => panic!("{other:?}"),
            }
        })
        .to_vec();
    assert!(timers.iter().all(|ms| (POLL_MS * 7 / 8..POLL_MS * 9 / 8).contains(ms)), "{timers:?}");
    assert_eq!((timers[0], timers[2]), (POLL_MS * 7 / 8, POLL_MS * 9 / 8 - 1));
    rig.give(Input::Blob(None));
    assert_eq!(rig.engine.phase(), Phase::Idle);
}

#[test]
fn waits_after_failures_are_fully_jittered_and_bounded() {
    let bounds = [2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 128_000, 256_000, 300_000, 300_000];
    let mut backoff = Backoff::default();
    for bound in bounds {
        let ends = [(0, 1), (bound - 1, bound), (bound, 1), (bound / 2, bound / 2 + 1)];
        for (random, wait) in ends {
            let mut copy = backoff;
            assert_eq!(copy.next(random, None), wait, "bound {bound}");
        }
        backoff.next(0, None);
    }
    backoff.reset();
    assert_eq!(backoff.next(1_999, None), 2_000);
    let mut long = Backoff::default();
    for _ in 0..200 {
        assert!((1..=300_000).contains(&long.next(u64::MAX, None)));
    }
}

#[test]
fn retry_after_is_never_shortened() {
    for least in [0, 1_000, 30_000, 600_000, 3_600_000, 86_400_000] {
        for random in [0, 1, 1_999, 123_456_789, u64::MAX] {
            let mut backoff = Backoff::default();
            for _ in 0..12 {
                let wait = backoff.next(random, Some(least));
                assert!((least + 1..=least + 2_000).contains(&wait), "{wait} after {least}");
            }
        }
    }
    // A browser's timer overflows at 2^31 ms and fires at once.
    assert!(Backoff::default().next(0, Some(u64::MAX)) < 1 << 31);
    let mut rig = Rig::at_pull();
    assert_eq!(rig.reply(failed(503, Some(30_000))), [Output::Timer(30_001), Output::Status]);
    assert_eq!(rig.engine.trouble(), Some(&Trouble::Backend(503)));
}

#[test]
fn every_failure_in_every_phase_ends_in_a_timer_and_a_good_round_forgets_it() {
    for (phase, start) in PHASES {
        for status in [400, 403, 408, 429, 500, 502, 503, 507] {
            if phase == Phase::Photos && matches!(status, 400 | 403) {
                continue;
            }
            let mut rig = start();
            assert_eq!(rig.engine.phase(), phase);
            assert_eq!(
                rig.reply(failed(status, None)),
                [Output::Timer(1), Output::Status],
                "{phase:?} {status}"
            );
            assert_eq!(rig.engine.trouble(), Some(&Trouble::Backend(status)));
            assert_eq!(rig.engine.phase(), Phase::Idle);
            assert!(!rig.give(Input::Timer).is_empty());
        }
        let mut rig = start();
        assert_eq!(rig.reply(Response::Lost), [Output::Timer(1), Output::Status]);
        assert_eq!(rig.engine.trouble(), Some(&Trouble::Offline));
        // Another backend may stand there next time: ask again.
        assert_eq!(rig.engine.caps(), None);
        assert!(matches!(rig.give(Input::Wake)[..], [Output::Status, Output::Send(_, Request::Caps)]));
        rig.reply(Response::Caps(caps()));
        rig.give(NOTHING);
        rig.reply(Response::Pull(page(Vec::new(), "", false)));
        rig.give(Input::Stored);
        rig.give(Input::Blob(None));
        assert_eq!(rig.engine.trouble(), None);

        let mut rig = start();
        let full = Trouble::Store("full".to_owned());
        assert_eq!(rig.give(Input::StoreFailed("full".to_owned())), [Output::Timer(1), Output::Status]);
        assert_eq!(rig.engine.trouble(), Some(&full));
    }
}

#[test]
fn an_answer_of_another_shape_is_as_good_as_none() {
    for (phase, start) in PHASES {
        let wrong = if phase == Phase::Photos { pushed(Vec::new()) } else { Response::Blob };
        let mut rig = start();
        assert_eq!(rig.reply(wrong), [Output::Timer(1), Output::Status]);
        assert_eq!(rig.engine.trouble(), Some(&Trouble::Offline));
    }
}

#[test]
fn an_ended_session_stops_and_signing_in_goes_on() {
    for (phase, start) in PHASES {
        let mut rig = start();
        assert_eq!(rig.reply(failed(401, Some(5))), [Output::Status], "{phase:?}");
        assert_eq!(rig.engine.trouble(), Some(&Trouble::SignedOut));
        // It knows no accounts, so it keeps nothing apart: a wrong password is not tried again and again.
        assert_eq!(rig.give(Input::Wake), []);
        assert_eq!(rig.give(Input::Timer), []);
        let next = rig.give(Input::SignedIn);
        assert!(
            matches!(next[..], [Output::LoadOutbox { .. }, _] | [_, Output::Send(_, Request::Caps)]),
            "{next:?}"
        );
    }
}

#[test]
fn an_app_too_old_stops_for_good() {
    for (_, start) in PHASES {
        let mut rig = start();
        assert_eq!(rig.reply(failed(426, None)), [Output::Status]);
        assert_eq!(rig.engine.trouble(), Some(&Trouble::TooOld));
        for input in [Input::Wake, Input::Timer, Input::SignedIn] {
            assert_eq!(rig.give(input), []);
        }
    }
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    assert_eq!(rig.reply(Response::Caps(Caps { contract: "2".to_owned(), ..caps() })), [Output::Status]);
    assert_eq!(rig.engine.trouble(), Some(&Trouble::TooOld));
}

#[test]
fn a_batch_too_large_is_halved_and_one_too_large_blocks_nothing() {
    let mut rig = Rig::at_push();
    for (batch, half) in [(5, 3), (3, 2), (2, 1)] {
        rig.give(outbox(1..=batch));
        assert_eq!(rig.reply(failed(413, None)), load([], half));
    }
    rig.give(outbox(1..=1));
    assert_eq!(rig.reply(failed(413, None)), load([1], 8), "what waits behind it goes on, in full batches");
    rig.give(outbox(2..=3));
    rig.reply(pushed(vec![result(2, Verdict::Ok), result(3, Verdict::Ok)]));
    assert!(matches!(rig.give(Input::Stored)[1], Output::Send(_, Request::Pull { .. })));
}

#[test]
fn after_a_smaller_batch_went_through_batches_are_full_again() {
    let mut rig = Rig::at_push();
    rig.give(outbox(1..=4));
    assert_eq!(rig.reply(failed(413, None)), load([], 2));
    rig.give(some(1..=2));
    rig.reply(pushed(vec![result(1, Verdict::Ok), result(2, Verdict::Ok)]));
    assert_eq!(rig.give(Input::Stored), load([], 8));
}

#[test]
fn a_backend_with_more_room_than_the_contract_gets_what_the_contract_says() {
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    assert_eq!(rig.reply(Response::Caps(Caps { max_batch_ops: 9_999, ..caps() })), beginning(MAX_BATCH_OPS));
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    assert_eq!(rig.reply(Response::Caps(Caps { max_batch_ops: 0, ..caps() })), beginning(1));
}

#[test]
fn what_is_not_settled_is_passed_over_until_the_next_round() {
    use Verdict::{Defer, Dup, Ok, Refuse, Reject};
    let named = |verdicts: &[Verdict]| -> Vec<PushResult> {
        (1..).zip(verdicts).map(|(n, r)| result(n, *r)).collect()
    };
    let stranger = PushResult {
        id: Some(gridbook_log::OpId { entity: EntityId([9; 16]), ..result(1, Ok).id.unwrap() }),
        ..result(1, Ok)
    };
    let table = [
        (named(&[Ok, Dup, Reject, Refuse]), vec![]),
        (named(&[Ok, Defer, Defer, Refuse]), vec![2, 3]),
        (named(&[Defer, Defer, Defer, Defer]), vec![1, 2, 3, 4]),
        // Fewer answers than operations, none at all, one for something that was not sent, one twice.
        (named(&[Ok, Ok]), vec![3, 4]),
        (Vec::new(), vec![1, 2, 3, 4]),
        (vec![stranger; 4], vec![1, 2, 3, 4]),
        (vec![result(1, Ok), result(1, Ok), result(1, Ok), result(1, Ok)], vec![2, 3, 4]),
    ];
    for (results, left) in table {
        let mut rig = Rig::at_push();
        rig.give(some(1..=4));
        assert_eq!(rig.give(some(5..=5)), [push(3, 5..=5)]);
        rig.reply_to(2, pushed(results.clone()));
        let pass = left.into_iter().chain([5]);
        assert_eq!(rig.give(Input::Stored), load(pass, 8), "{results:?}");
        assert_eq!(rig.give(NOTHING), []);
        rig.reply_to(3, all(5..=5, Ok));
        assert!(matches!(rig.after_a_look_behind(Input::Stored)[1], Output::Send(_, Request::Pull { .. })));
        rig.reply(Response::Pull(page(Vec::new(), "", false)));
        rig.give(Input::Stored);
        rig.give(Input::Blob(None));
        assert_eq!(rig.give(Input::Wake), beginning(8), "a new round tries again");
    }
}

#[test]
fn an_answer_without_a_name_is_named_by_its_place() {
    let mut rig = Rig::at_push();
    rig.give(outbox(1..=2));
    let unread = PushResult { id: None, r: Verdict::Refuse, code: Some("malformed".to_owned()) };
    let named = PushResult { id: result(2, Verdict::Refuse).id, ..unread.clone() };
    let reply = PushReply { results: vec![result(1, Verdict::Ok), named], now: NOW };
    assert_eq!(rig.reply(pushed(vec![result(1, Verdict::Ok), unread])), [Output::ApplyResults(reply)]);
    assert_eq!(rig.give(Input::Stored), pull(3, ""));
}

#[test]
fn a_wake_during_a_round_starts_another_at_once() {
    for (phase, start) in PHASES {
        if phase == Phase::Photos {
            continue;
        }
        let mut rig = start();
        for input in [Input::Wake, Input::Timer, Input::SignedIn] {
            assert_eq!(rig.give(input), [], "{phase:?}");
        }
        if phase == Phase::Caps {
            rig.reply(Response::Caps(caps()));
        }
        if phase == Phase::Push {
            rig.reply(pushed(vec![result(1, Verdict::Ok), result(2, Verdict::Ok)]));
            rig.give(Input::Stored);
        }
        if phase == Phase::Caps {
            rig.give(NOTHING);
        }
        rig.reply(Response::Pull(page(Vec::new(), "", false)));
        rig.give(Input::Stored);
        assert_eq!(rig.give(Input::Blob(None)), beginning(8), "{phase:?}");
        rig.give(NOTHING);
        rig.reply(Response::Pull(page(Vec::new(), "", false)));
        rig.give(Input::Stored);
        assert!(matches!(rig.give(Input::Blob(None))[0], Output::Timer(_)), "and only one");
    }
}

#[test]
fn photos_give_way_to_text_saved_meanwhile() {
    let mut rig = Rig::at_photo();
    assert_eq!(rig.give(Input::Wake), []);
    assert_eq!(rig.reply(Response::Blob), [Output::BlobDone("aa".to_owned())]);
    assert_eq!(rig.give(Input::Stored), beginning(8), "before the next photo");
    rig.give(outbox(1..=1));
    rig.reply(pushed(vec![result(1, Verdict::Ok)]));
    rig.give(Input::Stored);
    rig.reply(Response::Pull(page(Vec::new(), "", false)));
    assert_eq!(rig.give(Input::Stored), [Output::NextBlob, Output::Status]);
}

#[test]
fn a_photo_that_is_refused_is_left_for_this_round() {
    for status in [400, 403, 404, 413, 422] {
        let mut rig = Rig::at_photo();
        let next = [Output::BlobFailed("aa".to_owned()), Output::NextBlob];
        assert_eq!(rig.reply(failed(status, None)), next);
        let other = Request::PutBlob { sha256: "bb".to_owned() };
        let number = rig.sent + 1;
        assert_eq!(rig.give(waits("bb", 3)), [Output::Send(number, other)]);
        assert_eq!(rig.reply(Response::Blob), [Output::BlobDone("bb".to_owned())]);
    }
}

#[test]
fn a_page_that_does_not_move_the_cursor_is_not_asked_for_again() {
    for entries in [Vec::new(), vec![Entry::Enter { e: EntityId([7; 16]) }]] {
        let mut rig = Rig::at_push();
        rig.engine.set_identity(identity("c5"));
        rig.give(NOTHING);
        let stuck = page(entries, "c5", true);
        assert_eq!(rig.reply(Response::Pull(stuck.clone())), [Output::ApplyPage("c5".to_owned(), stuck)]);
        assert_eq!(rig.give(Input::Stored), [Output::NextBlob, Output::Status]);
    }
}

#[test]
fn a_position_in_another_history_is_forgotten() {
    for status in [409, 410] {
        let mut rig = Rig::at_pull();
        let out = rig.reply(failed(status, None));
        let over = Output::StartOver { send_again: status == 409 };
        assert_eq!(out, [over, Output::Timer(1), Output::Status]);
        assert!(matches!(rig.give(Input::Timer)[..], [Output::Status, Output::Send(_, Request::Caps)]));
        // Elsewhere the number means something else.
        let mut rig = Rig::at_push();
        rig.give(outbox(1..=1));
        assert_eq!(rig.reply(failed(status, None)), [Output::Timer(1), Output::Status]);
    }
    for (known, forget) in [("", false), ("h1", false), ("h0", true)] {
        let mut rig = Rig::new();
        rig.engine.set_identity(Identity { history: known.to_owned(), ..identity("c") });
        rig.give(Input::Wake);
        let out = rig.reply(Response::Caps(caps()));
        assert_eq!(out.contains(&Output::StartOver { send_again: true }), forget, "{known}");
        // A push may be all that gets through: from then on something can be missing.
        assert_eq!(out.contains(&Output::Meet("h1".to_owned())), known.is_empty(), "{known}");
        assert_eq!(out[out.len() - 2..], beginning(8));
    }
}

#[test]
fn own_operations_come_back_only_after_a_purge() {
    let mut rig = Rig::at_push();
    rig.engine.set_identity(Identity { echo: true, ..identity("c") });
    let request = Request::Pull { cursor: "c".to_owned(), limit: MAX_PAGE, not: None };
    assert_eq!(rig.give(NOTHING)[1], Output::Send(2, request));
}

#[test]
fn late_answers_to_what_was_given_up_do_nothing() {
    let mut rig = Rig::at_pull();
    let late = Response::Pull(page(Vec::new(), "c9", true));
    assert_eq!(rig.give(Input::Response(1, late.clone())), []);
    assert_eq!(rig.give(Input::Response(99, late.clone())), []);
    assert_eq!(rig.give(outbox(1..=1)), []);
    assert_eq!(rig.give(waits("aa", 3)), []);
    rig.reply(Response::Lost);
    for input in [Input::Response(2, late), NOTHING, Input::Blob(None), Input::Stored] {
        assert_eq!(rig.give(input), []);
        assert_eq!(rig.engine.phase(), Phase::Idle);
    }
}

#[test]
fn the_clocks_are_measured_half_way_and_anew_when_asked() {
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    // The answer comes four seconds later; half way the backend said that it was ten minutes earlier.
    let told = Caps { now: NOW + 2_000 - 600_000, ..caps() };
    rig.engine.handle(NOW + 4_000, 0, Input::Response(1, Response::Caps(told)));
    assert_eq!(rig.engine.drift_ms(), 600_000);
    // Not in the middle of a round.
    rig.engine.ask_time();
    assert!(rig.engine.caps().is_some());
    let mut rig = Rig::at_photos();
    assert_eq!(rig.engine.drift_ms(), 0);
    rig.give(Input::Blob(None));
    rig.engine.ask_time();
    assert_eq!(rig.give(Input::Wake), [Output::Status, Output::Send(rig.sent, Request::Caps)]);
    rig.reply(Response::Caps(Caps { now: NOW + 86_400_000, ..caps() }));
    assert_eq!(rig.engine.drift_ms(), -86_400_000, "behind");
}
