#![allow(clippy::unwrap_used)]

use gridbook_log::{Body, Ctx, DeviceId, Dot, EntityId, NewOp, Op, Writer};
use serde_json::json;

use super::{Book, Office, gives_number, number_due, official_number};
use crate::case::story::{GRID, START, Story, hazard_body, person};
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
