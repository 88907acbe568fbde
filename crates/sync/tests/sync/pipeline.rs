//! Several requests under way: the next batch while the backend works, the next page while the store works.

use gridbook_log::EntityId;
use gridbook_sync::engine::{Identity, Input, Output, Phase, Request, Response, Trouble};
use gridbook_sync::wire::{Caps, Entry, MAX_PAGE, PushReply, PushResult, Verdict};

use super::rig::*;

/// Two batches of two under way, and something behind them.
fn two_under_way() -> Rig {
    let mut rig = Rig::at_push();
    let out: Vec<Output> = [push(2, 1..=2)].into_iter().chain(load([1, 2], 8)).collect();
    assert_eq!(rig.give(some(1..=2)), out, "the next one is read while the first is under way");
    assert_eq!(rig.give(some(3..=4)), [push(3, 3..=4)], "two, not three");
    rig
}

/// A first page is being taken in, the next one is under way.
fn page_ahead() -> Rig {
    let mut rig = Rig::at_pull();
    let first = page(Vec::new(), "c1", true);
    let out = [ask(3, "c1"), Output::ApplyPage(String::new(), first.clone())];
    assert_eq!(rig.reply(Response::Pull(first)), out);
    rig
}

#[test]
fn two_batches_are_under_way_and_what_is_under_way_is_not_read_again() {
    let mut rig = two_under_way();
    let reply = PushReply { results: vec![result(1, Verdict::Ok), result(2, Verdict::Ok)], now: NOW };
    assert_eq!(rig.reply_to(2, Response::Push(reply.clone())), [Output::ApplyResults(reply)]);
    assert_eq!(rig.give(Input::Stored), load([3, 4], 8));
    assert_eq!(rig.give(outbox(5..=5)), [push(4, 5..=5)], "nothing waits behind it: nothing is read");
    rig.reply_to(3, all(3..=4, Verdict::Ok));
    assert_eq!(rig.give(Input::Stored), [], "the last one is still under way");
    rig.reply_to(4, all(5..=5, Verdict::Ok));
    assert_eq!(rig.give(Input::Stored), pull(5, ""));
}

#[test]
fn answers_are_heard_in_any_order() {
    let mut rig = two_under_way();
    assert!(matches!(rig.reply_to(3, all(3..=4, Verdict::Ok))[..], [Output::ApplyResults(_)]));
    assert_eq!(rig.give(Input::Stored), load([1, 2], 8));
    assert_eq!(rig.give(NOTHING), []);
    rig.reply_to(2, all(1..=2, Verdict::Ok));
    assert_eq!(rig.give(Input::Stored), pull(4, ""));
}

#[test]
fn a_lost_answer_drops_both_and_both_are_sent_again() {
    for lost in [2, 3] {
        let mut rig = two_under_way();
        assert_eq!(rig.reply_to(lost, Response::Lost), [Output::Timer(1), Output::Status]);
        assert_eq!((rig.engine.phase(), rig.engine.trouble()), (Phase::Idle, Some(&Trouble::Offline)));
        assert!(!rig.engine.awaits(2) && !rig.engine.awaits(3));
        // The other answer comes too late; what it says is heard again as `dup`.
        assert_eq!(rig.reply_to(5 - lost, all(1..=2, Verdict::Ok)), []);
        assert!(matches!(rig.give(Input::Timer)[..], [Output::Status, Output::Send(4, Request::Caps)]));
        assert_eq!(rig.reply(Response::Caps(caps())), beginning(8));
    }
}

#[test]
fn a_batch_that_overtook_what_it_builds_on_is_sent_again_alone() {
    let mut rig = two_under_way();
    rig.reply_to(3, all(3..=4, Verdict::Defer));
    assert_eq!(rig.give(Input::Stored), [], "not while the other is under way");
    rig.reply_to(2, all(1..=2, Verdict::Ok));
    assert_eq!(rig.give(Input::Stored), load([], 8), "they are not left for the next round");
    assert_eq!(rig.give(some(3..=4)), [push(4, 3..=4)], "nothing beside it");
    rig.reply(all(3..=4, Verdict::Defer));
    assert_eq!(rig.give(Input::Stored), load([3, 4], 8), "deferred alone: left for the next round");
    assert!(matches!(rig.give(NOTHING)[..], [Output::LookBehind(_)]));
    assert_eq!(rig.give(Input::Stored), pull(5, ""));
}

#[test]
fn what_follows_a_gap_of_ours_gets_a_new_name() {
    let mut rig = two_under_way();
    rig.reply_to(2, all(1..=2, Verdict::Ok));
    rig.give(Input::Stored);
    rig.give(NOTHING);
    rig.reply_to(3, all(3..=4, Verdict::Defer));
    rig.give(Input::Stored);
    rig.give(some(3..=4));
    rig.reply(all(3..=4, Verdict::Defer));
    rig.give(Input::Stored);
    assert!(matches!(rig.give(NOTHING)[..], [Output::LookBehind(_)]), "once everything else is answered");
    assert_eq!(rig.give(Input::NamedTwice), [Output::Renew]);
}

#[test]
fn a_batch_too_large_while_another_is_under_way() {
    for (large, other) in [(2, 3), (3, 2)] {
        let mut rig = two_under_way();
        assert_eq!(rig.reply_to(large, failed(413, None)), [], "the other one first");
        let numbers = if other == 2 { 1..=2 } else { 3..=4 };
        rig.reply_to(other, all(numbers, Verdict::Ok));
        assert_eq!(rig.give(Input::Stored), load([], 1), "smaller, also after a success of the old size");
        let n = if large == 2 { 1 } else { 3 };
        assert_eq!(rig.give(some(n..=n)), [push(4, n..=n)], "nothing beside it");
        rig.reply(failed(413, None));
        assert_eq!(rig.give(NOTHING), pull(5, ""));
    }
}

#[test]
fn an_answer_that_comes_while_the_next_batch_is_read_reads_nothing_twice() {
    let mut rig = Rig::at_push();
    rig.give(some(1..=2));
    assert!(matches!(rig.reply(all(1..=2, Verdict::Ok))[..], [Output::ApplyResults(_)]));
    assert_eq!(rig.give(Input::Stored), []);
    let out: Vec<Output> = [push(3, 3..=4)].into_iter().chain(load([3, 4], 8)).collect();
    assert_eq!(rig.give(some(3..=4)), out);
}

#[test]
fn the_next_page_is_under_way_while_one_is_taken_in() {
    let mut rig = page_ahead();
    rig.engine.set_identity(identity("c1"));
    assert_eq!(rig.give(Input::Stored), []);
    let second = page(Vec::new(), "c2", false);
    assert_eq!(rig.reply(Response::Pull(second.clone())), [Output::ApplyPage("c1".to_owned(), second)]);
    rig.engine.set_identity(identity("c2"));
    assert_eq!(rig.give(Input::Stored), [Output::NextBlob, Output::Status]);
}

#[test]
fn a_page_ahead_that_fails_ends_the_round_like_any_other() {
    for (answer, trouble) in [(Response::Lost, Trouble::Offline), (failed(503, None), Trouble::Backend(503))]
    {
        let mut rig = page_ahead();
        rig.engine.set_identity(identity("c1"));
        rig.give(Input::Stored);
        assert_eq!(rig.reply(answer), [Output::Timer(1), Output::Status]);
        assert_eq!((rig.engine.phase(), rig.engine.trouble()), (Phase::Idle, Some(&trouble)));
    }
    // The page before it could not be stored: the one ahead is nobody's.
    let mut rig = page_ahead();
    assert_eq!(rig.give(Input::StoreFailed("full".to_owned())), [Output::Timer(1), Output::Status]);
    assert!(!rig.engine.awaits(3));
    assert_eq!(rig.reply(Response::Pull(page(Vec::new(), "c2", false))), []);
}

#[test]
fn a_page_asked_from_where_the_replica_does_not_stand_is_asked_for_anew() {
    // Another tab moved on, or the page before it was thrown away.
    for stands in ["", "c7"] {
        let mut rig = page_ahead();
        rig.engine.set_identity(identity(stands));
        assert_eq!(rig.give(Input::Stored), [ask(4, stands)]);
        assert!(!rig.engine.awaits(3));
        assert_eq!(rig.reply_to(3, Response::Pull(page(Vec::new(), "c2", false))), []);
        assert!(rig.engine.awaits(4));
    }
}

#[test]
fn a_page_asked_without_own_operations_is_asked_for_anew_after_a_purge() {
    let mut rig = Rig::at_pull();
    let leave = page(vec![Entry::Leave { e: EntityId([7; 16]) }], "c1", true);
    assert_eq!(rig.reply(Response::Pull(leave))[0], ask(3, "c1"));
    rig.engine.set_identity(Identity { echo: true, ..identity("c1") });
    let request = Request::Pull { cursor: "c1".to_owned(), limit: MAX_PAGE, not: None };
    assert_eq!(rig.give(Input::Stored), [Output::Send(4, request)]);
    // One that has them stays good when they are no longer needed.
    rig.reply(Response::Pull(page(Vec::new(), "c2", true)));
    rig.engine.set_identity(identity("c2"));
    assert_eq!(rig.give(Input::Stored), []);
    assert!(rig.engine.awaits(5));
}

/// A server; its answers to what comes with an ended session.
fn ended(code: &str) -> Response {
    Response::Failed { status: 401, code: code.to_owned(), retry_after_ms: None }
}

fn kept_apart(n: u32) -> PushResult {
    PushResult { code: Some("quarantine".to_owned()), ..result(n, Verdict::Ok) }
}

/// An engine whose session ended while one operation was sent: it is kept apart, and the photos went after it.
fn after_the_end(code: &str) -> Rig {
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    rig.reply(Response::Caps(Caps { levels: vec![0, 1, 2], ..caps() }));
    rig.give(outbox(1..=1));
    rig.reply(pushed(vec![kept_apart(1)]));
    assert_eq!(rig.give(Input::Stored), pull(3, ""));
    assert_eq!(
        rig.reply(ended(code)),
        [Output::NextBlob, Output::Status],
        "photos of what is kept may follow"
    );
    rig.give(waits("aa", 3));
    assert_eq!(rig.reply(Response::Blob), [Output::BlobDone("aa".to_owned())]);
    assert_eq!(rig.give(Input::Stored), [Output::NextBlob]);
    assert_eq!(rig.give(Input::Blob(None)), [Output::Status], "no timer: nothing more is to be done");
    rig
}

#[test]
fn after_the_session_ended_later_saves_are_kept_apart_too() {
    for (code, trouble) in [("session", Trouble::SignedOut), ("disabled", Trouble::Disabled)] {
        let mut rig = after_the_end(code);
        assert_eq!(rig.engine.trouble(), Some(&trouble));
        assert_eq!(rig.engine.kept().iter().copied().collect::<Vec<_>>(), [op_id(1)]);
        // A save: only that goes, once.
        let out: Vec<Output> = load([1], 8).into_iter().chain([Output::Status]).collect();
        assert_eq!(rig.give(Input::Wake), out);
        rig.give(outbox(2..=2));
        // One more while it is under way.
        rig.give(Input::Wake);
        rig.reply(pushed(vec![kept_apart(2)]));
        rig.give(Input::Stored);
        rig.reply(ended(code));
        let again = rig.give(Input::Blob(None));
        assert_eq!(again, [Output::Timer(1), Output::Status], "what was saved meanwhile is not forgotten");
        assert_eq!(rig.engine.kept().len(), 2);
        assert!(
            matches!(&rig.give(Input::Timer)[..], [Output::LoadOutbox { pass, .. }, _] if pass.len() == 2)
        );
        // Signed in again, all of it is sent in earnest.
        let mut rig = after_the_end(code);
        assert_eq!(rig.give(Input::SignedIn), beginning(8));
        assert_eq!(rig.engine.trouble(), None);
    }
}

#[test]
fn without_a_network_an_ended_session_backs_off_as_always() {
    let mut rig = after_the_end("session");
    rig.give(Input::Wake);
    rig.give(outbox(2..=2));
    assert_eq!(rig.reply(Response::Lost), [Output::Timer(1), Output::Status]);
    assert_eq!(rig.engine.kept().len(), 1, "what is safe stays known to be");
    rig.give(Input::Timer);
    let out: Vec<Output> = load([1], 8).into_iter().chain([Output::Status]).collect();
    assert_eq!(rig.reply(Response::Caps(Caps { levels: vec![0, 1, 2], ..caps() })), out);
}

#[test]
fn a_server_that_keeps_nothing_apart_is_asked_once_a_wake() {
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    rig.reply(Response::Caps(Caps { levels: vec![0, 1], ..caps() }));
    for _ in 0..3 {
        rig.give(outbox(1..=1));
        assert_eq!(rig.reply(ended("session")), [Output::Status]);
        assert!(rig.engine.kept().is_empty());
        assert_eq!(rig.give(Input::Wake), beginning(8));
    }
}

/// The session has ended: what is pushed now is safe at the backend and counts only when it is let in.
#[test]
fn what_went_into_quarantine_still_waits_and_blocks_nothing() {
    let mut rig = two_under_way();
    let held = |n| PushResult { code: Some("quarantine".to_owned()), ..result(n, Verdict::Ok) };
    let [Output::ApplyResults(reply)] = &rig.reply_to(2, pushed(vec![held(1), held(2)]))[..] else {
        panic!("an answer is taken note of");
    };
    assert!(reply.results.iter().all(|r| r.r == Verdict::Defer), "nothing of it is delivered: {reply:?}");
    assert_eq!(rig.give(Input::Stored), load([1, 2, 3, 4], 8), "nothing of it is read again");
    rig.give(NOTHING);
    rig.reply_to(3, pushed(vec![held(3), held(4)]));
    assert_eq!(rig.give(Input::Stored), pull(4, ""), "each was sent once, and the round goes on");
}

#[test]
fn a_name_that_is_used_twice_for_ever_ends_the_round_and_not_the_battery() {
    let mut rig = Rig::new();
    rig.give(Input::Wake);
    rig.reply(Response::Caps(caps()));
    let mut renewed = 0;
    loop {
        rig.give(NOTHING);
        rig.reply(Response::Pull(page(Vec::new(), "1", false)));
        let out = rig.give(Input::NamedTwice);
        if out != [Output::Renew] {
            let asks = |out: &Output| matches!(out, Output::Send(..) | Output::LoadOutbox { .. });
            assert!(!out.iter().any(asks), "the next round goes on with it: {out:?}");
            break;
        }
        renewed += 1;
        rig.give(Input::Stored);
    }
    assert_eq!(renewed, 4);
}
