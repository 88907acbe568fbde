#![allow(clippy::unwrap_used)]

use gridbook_log::{Body, Ctx, DeviceId, Dot, EntityId, NewOp, Op, Writer};
use serde_json::json;

use super::{Book, Office, gives_number, number_due, official_number};
use crate::case::story::{GRID, START, Story, hazard_body, person};
use crate::household::merge::put_together;
use crate::package::Package;
use crate::record::RecordKind;

/// A person of the directory, written by somebody who is in no directory, and a report of that person.
fn taken_over(adopts: bool) -> (Vec<Body>, Vec<Body>) {
    let writer = Writer { dev: DeviceId([9; 8]), epoch: 2 };
    let mut office = Office::new(Package::builtin(), writer, START, None, adopts);
    let staff = json!({"type": "staff", "place": {"all": true}, "set": {"user": "ann", "name": "某某",
        "assignments/a1/role": "village_assistant", "assignments/a1/area": GRID}});
    let answer = |office: &mut Office<'_>, op: Op| {
        let id: EntityId = op.entity();
        office.answer(id, &[op])
    };
    let story = Story::new();
    let directory = answer(&mut office, story.op(DeviceId([1; 8]), "the-server", "create", &staff));
    let report = answer(&mut office, story.op(DeviceId([2; 8]), "ann", "create", &hazard_body("blue")));
    (directory, report)
}

#[test]
fn what_an_earlier_authority_took_in_is_adopted_and_nothing_else() {
    let (directory, report) = taken_over(true);
    assert!(matches!(directory.as_slice(), [Body::Receipt(_)]), "{directory:?}");
    assert!(
        matches!(report.as_slice(), [Body::Receipt(_)]),
        "judged, now that its author is known: {report:?}"
    );
    assert_eq!(taken_over(false), (Vec::new(), Vec::new()), "nobody knows who wrote it");
}

/// The same save under another life's name.
fn renamed(op: &Op, epoch: u32) -> Op {
    let header = op.header();
    let dot = Dot { writer: Writer { epoch, ..op.dot().writer }, n: 1 };
    let new = NewOp {
        entity: op.entity(),
        dot,
        hlc: header.hlc,
        kind: &header.kind,
        user: &header.user,
        ctx: Ctx::default(),
    };
    Op::new(new, [3; 16], op.body_text().unwrap().to_owned()).unwrap()
}

#[test]
fn a_save_under_two_names_is_judged_once() {
    let story = Story::new();
    let writer = Writer { dev: DeviceId([9; 8]), epoch: 2 };
    let mut office = Office::new(Package::builtin(), writer, START, None, true);
    let staff = json!({"type": "staff", "place": {"all": true}, "set": {"user": "ann", "name": "某某",
        "assignments/a1/role": "village_assistant", "assignments/a1/area": GRID}});
    let person = story.op(DeviceId([1; 8]), "the-server", "create", &staff);
    office.answer(person.entity(), &[person]);
    let report = story.op(DeviceId([2; 8]), "ann", "create", &hazard_body("blue"));
    let ops = [report.clone(), renamed(&report, 5)];
    let said = office.answer(report.entity(), &ops);
    let [Body::Receipt(receipt)] = said.as_slice() else { panic!("{said:?}") };
    assert_eq!(receipt.ops, ops.map(|op| op.dot()), "and no second creation is refused");
}

#[test]
fn a_series_goes_on_after_what_was_given_and_never_back() {
    let mut book = Book::new("青禾");
    book.note("青禾〔2026〕隐字第00007号");
    book.note("青禾〔2026〕隐字第00003号");
    book.note("这不是编号");
    assert_eq!(book.next("隐", 2026), "青禾〔2026〕隐字第00008号");
    assert_eq!(book.next("纠", 2026), "青禾〔2026〕纠字第00001号", "each class by itself");
    assert_eq!(book.next("隐", 2027), "青禾〔2027〕隐字第00001号", "each year by itself");
    book.raise("隐", 2026, 2);
    assert_eq!(book.last("隐", 2026), 8);
    let again: Book = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
    assert_eq!(again, book);
}

#[test]
fn what_is_printed_is_read_back() {
    let mut book = Book::new("柳溪");
    book.note(&official_number("青禾", 2026, "人调", 12));
    assert_eq!(book.last("人调", 2026), 12);
}

/// Households as they come over a share: what was written to each, and what the office said.
struct Homes {
    streams: std::collections::BTreeMap<u8, (Story, Vec<Op>)>,
}

impl Homes {
    fn new(homes: &[u8]) -> Self {
        let mut all = Self { streams: std::collections::BTreeMap::new() };
        for n in homes {
            let mut story = Story::new();
            story.entity = gridbook_log::Entity::new(EntityId([*n; 16]), Some(DeviceId([9; 8])));
            all.streams.insert(*n, (story, Vec::new()));
            let body = json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID}, "set": {
                "address_text": "柳溪村3组12号", "head": "钟小满", "residence_type": "permanent", "status": "active"}});
            all.write(*n, 0, "create", &body);
        }
        all
    }

    /// Somebody writes to a household, so many hours after the start.
    fn write(&mut self, n: u8, hour: u64, kind: &str, body: &serde_json::Value) {
        let (story, ops) = self.streams.get_mut(&n).unwrap();
        story.ms = START + hour * 3_600_000;
        let op = story.op(DeviceId([1; 8]), "lea", kind, body);
        story.entity.apply(&op);
        ops.push(op);
    }

    fn cancel(&mut self, n: u8, hour: u64) {
        self.write(n, hour, "set", &json!({"set": {"status": "cancelled"}}));
    }

    fn merge(&mut self, gone: u8, stays: u8, hour: u64) {
        let (gone_id, stays_id) = (EntityId([gone; 16]), EntityId([stays; 16]));
        let day = crate::date::parse("2026-05-18").unwrap();
        let [(_, first), (_, second)] = put_together(gone_id, stays_id, "lea", day);
        self.write(gone, hour, "set", &json!({ "set": first }));
        self.write(stays, hour, "set", &json!({ "set": second }));
    }

    /// The office looks at these: the answers go into the streams.
    fn answer(&mut self, changed: &[u8], beside: &[u8]) -> Vec<String> {
        let writer = Writer { dev: DeviceId([9; 8]), epoch: 2 };
        let mut office = Office::new(Package::builtin(), writer, START + 100 * 3_600_000, None, false);
        office.know(person("lea", "grid_clerk"));
        for n in changed.iter().chain(beside) {
            office.note(EntityId([*n; 16]), &self.streams[n].1);
        }
        let mut refused = Vec::new();
        for n in changed {
            for said in office.answer(EntityId([*n; 16]), &self.streams[n].1) {
                if let Body::Reject(reject) = &said {
                    refused.push(format!("{n} {}", reject.code));
                }
                let (kind, text) = said.to_text();
                let (story, ops) = self.streams.get_mut(n).unwrap();
                let body: serde_json::Value = serde_json::from_str(&text).unwrap();
                let dot = Dot { writer, n: story.entity.frontier().get(writer) + 1 };
                let new = NewOp {
                    entity: story.entity.id(),
                    dot,
                    hlc: gridbook_log::Hlc { ms: START + 101 * 3_600_000, count: 0 },
                    kind,
                    user: super::AUTHOR,
                    ctx: story.entity.frontier().clone(),
                };
                let op = Op::new(new, [3; 16], body.to_string()).unwrap();
                story.entity.apply(&op);
                ops.push(op);
            }
        }
        refused
    }

    fn status(&self, n: u8) -> &str {
        self.streams[&n].0.entity.text("status").unwrap()
    }
}

#[test]
fn nothing_goes_into_a_household_that_is_none_whichever_is_looked_at_first() {
    for order in [[1, 2], [2, 1]] {
        let mut homes = Homes::new(&[1, 2]);
        homes.cancel(2, 1);
        homes.merge(1, 2, 2);
        let mut refused = homes.answer(&order, &[]);
        gridbook_log::order_by(&mut refused, Ord::cmp);
        assert_eq!(refused, ["1 household_gone", "2 household_gone"], "{order:?}");
        assert_eq!((homes.status(1), homes.status(2)), ("active", "cancelled"), "both stay as they are");
        // What became of the household afterwards says nothing about the merge.
        let mut homes = Homes::new(&[1, 2]);
        homes.merge(1, 2, 1);
        homes.cancel(2, 2);
        assert!(homes.answer(&order, &[]).is_empty(), "{order:?}");
    }
}

#[test]
fn a_household_that_went_into_another_goes_on_with_it() {
    for order in [[1, 2, 3], [3, 2, 1]] {
        let mut homes = Homes::new(&[1, 2, 3]);
        homes.merge(1, 2, 1);
        homes.merge(2, 3, 2);
        assert!(homes.answer(&order, &[]).is_empty(), "{order:?}: each was one when it took the other in");
        let mut homes = Homes::new(&[1, 2, 3]);
        homes.merge(2, 3, 1);
        homes.merge(1, 2, 2);
        assert_eq!(homes.answer(&order, &[]).len(), 2, "{order:?}: the other had gone");
    }
}

#[test]
fn what_was_answered_before_is_at_hand() {
    let mut homes = Homes::new(&[1, 2]);
    homes.cancel(2, 1);
    assert!(homes.answer(&[1, 2], &[]).is_empty());
    // Only the one that goes is written to: whoever wrote it lost the other half.
    let into = json!({"set": {"status": "merged", "merged_into": EntityId([2; 16]).to_string()}});
    homes.write(1, 3, "set", &into);
    assert_eq!(homes.answer(&[1], &[2]), ["1 household_gone"]);
    assert_eq!(homes.status(1), "active");
}

#[test]
fn what_was_refused_ends_no_household() {
    let mut homes = Homes::new(&[1, 2]);
    // A merge of itself into itself is none.
    let own = json!({"set": {"status": "cancelled", "merged_into": EntityId([1; 16]).to_string()}});
    homes.write(1, 1, "set", &own);
    homes.merge(2, 1, 2);
    assert_eq!(homes.answer(&[1, 2], &[]), ["1 bad_body"], "and the other goes into it");
    assert_eq!(homes.status(2), "merged");
}

#[test]
fn an_agreement_reached_orally_is_numbered_in_its_own_register() {
    let given = |result: &str| {
        let mut story = Story::new();
        let body = json!({
            "type": "dispute", "form": "F-ORAL/1", "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "为鸡进菜地争吵", "occur_place": "柳溪村3组", "found_at": "2026-05-18T08:00:00+08:00",
                "mediators": "安小满", "consent_both": true, "oral_result": result, "risk_level": "blue",
                "parties/p1/side": "applicant", "parties/p1/kind": "natural", "parties/p1/name": "钟小满",
                "parties/p2/side": "respondent", "parties/p2/kind": "natural", "parties/p2/name": "季大寒"}
        });
        story.admitted(&person("ann", "village_assistant"), "create", &body).unwrap();
        let due = |story: &Story| {
            let gives = |kind, step: &str| gives_number(Package::builtin(), kind, step);
            number_due(&story.entity, None, gives)
        };
        assert_eq!(due(&story), None, "not registered");
        let set = json!({"set": {"category": "neighbor", "risk_level": "blue"}, "data": {"duplicate_checked": true}});
        story.step(&person("ivy", "intake_clerk"), "register", &set);
        let class = due(&story);
        // One that was given before keeps it.
        story.authority("number", &json!({"number": "青禾〔2026〕纠字第00001号"}));
        assert_eq!(due(&story), None);
        class
    };
    assert_eq!(given("oral"), Some("人调口"));
    assert_eq!(given("failed"), Some("纠"));
    let mut book = Book::new("青禾");
    assert_eq!(book.next("人调口", 2026), "青禾〔2026〕人调口字第00001号");
    assert!(RecordKind::number_classes().any(|class| class == "人调口"));
}
