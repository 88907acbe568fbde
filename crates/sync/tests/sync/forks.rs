//! What comes under a name of ours that stands for something else, too: what of it is written again.

use std::rc::Rc;

use gridbook_log::{Ctx, Dot, NewOp, Op, Writer};
use gridbook_sync::wire::Verdict;

use super::support::*;

/// A device that made a record and changed it, both sent; what it made and the name of the change.
fn sent() -> (TestEnv, Tab, Op, Dot) {
    let (_, env, tab) = device();
    save(&tab, &env, create(id(1), "11", "a"));
    let made = Op::from_wire(run(tab.all_ops()).unwrap().remove(0)).unwrap();
    let ours = save(&tab, &env, set(id(1), "street", "ours"));
    run(tab.apply_results(&answer(&tab, Verdict::Ok, None), NOON)).unwrap();
    (env, tab, made, ours)
}

/// The same save in another life, by somebody who had seen the creation.
fn again(op: &Op, user: &str, epoch: u32) -> Op {
    let header = op.header();
    let mut ctx = Ctx::default();
    ctx.add(Dot { n: 1, ..op.dot() });
    let dot = Dot { writer: Writer { epoch, ..op.dot().writer }, n: if epoch == 1 { 2 } else { 1 } };
    let new = NewOp { entity: op.entity(), dot, hlc: header.hlc, kind: &header.kind, user, ctx };
    Op::new(new, [3; 16], op.body_text().unwrap().to_owned()).unwrap()
}

#[test]
fn what_the_same_page_brings_under_a_name_of_its_own_is_not_written_once_more() {
    for salt in 0..8 {
        let (env, tab, made, ours) = sent();
        let mut twin = Other::twin(&tab);
        twin.take(&made);
        let theirs = twin.write_salted(&set(id(1), "name", "the twin's"), salt);
        assert_eq!(theirs.dot(), ours);
        // The twin has found out, and its log brings both.
        let renamed = again(&theirs, "u1", 7);
        assert!(apply(&tab, &env, &page("1", entries([&theirs, &renamed]))).named_twice);
        run(tab.renew_at(&env, true)).unwrap();
        let fold: Rc<_> = entity(&tab, id(1));
        assert_eq!(fold.have().upto(tab.meta().writer), 1, "only ours needs a name");
        assert_eq!((fold.text("street"), fold.text("name")), (Some("ours"), Some("the twin's")));
        assert_eq!(fold.register("name").unwrap().writes.len(), 2, "the creation's and the twin's");
    }
}

#[test]
fn what_comes_under_our_name_for_another_account_is_not_written_again() {
    let (env, tab, made, ours) = sent();
    let mut twin = Other::twin(&tab);
    twin.take(&made);
    let theirs = again(&twin.write(&set(id(1), "name", "another's")), "u2", 1);
    assert_eq!(theirs.dot(), ours);
    assert!(apply(&tab, &env, &page("1", entries([&theirs]))).named_twice);
    run(tab.renew_at(&env, true)).unwrap();
    assert_eq!(entity(&tab, id(1)).have().upto(tab.meta().writer), 1, "only ours");
}
