//! Papers with a number of their own beside that of the case: the letter of a supervision, and the notice to repair a hazard
//! (domain data 4.9.5, FLOW-09, HAZ-02). The authority gives each once, in its own series, when the case has its number.

use gridbook_log::body::Paper;
use gridbook_log::{Dot, Entity, Event, EventRec, Outcome};
use serde_json::Value;

use crate::record::RecordKind;

/// The letter of a supervision; as the template of the document is called.
pub const ORDER: &str = "supervise";
/// The notice to repair.
pub const NOTICE: &str = "rect_notice";
/// Supervisions that are a letter, of the dictionary `supervise_step`.
const WRITTEN: [&str; 3] = ["order", "yellow_card", "circular"];
/// The table of steps that first said so: letters from before it bear the number of their case.
const SINCE: u32 = 7;
/// Class by paper.
const CLASSES: [(&str, &str); 2] = [(ORDER, "督"), (NOTICE, "整改")];

/// The classes of these numbers.
pub fn paper_classes() -> impl Iterator<Item = &'static str> {
    CLASSES.into_iter().map(|(_, class)| class)
}

/// The number of a paper: of the one that a step made, else of the one that the record has once.
pub fn paper_number<'e>(entity: &'e Entity, doc: &str, step: Option<Dot>) -> Option<&'e str> {
    let mut papers = entity.papers();
    papers.find(|(paper, _)| paper.doc == doc && paper.step == step).map(|(_, number)| number)
}

/// The number under which a supervision is printed: its own; `None` while a letter waits for it. What is no letter, and
/// letters of before they had numbers, bear that of their case.
pub fn order_number<'e>(entity: &'e Entity, record: &EventRec, case: Option<&'e str>) -> Option<&'e str> {
    let letter = record.event.table >= SINCE && is_letter(&record.event);
    paper_number(entity, ORDER, Some(record.dot)).or(case.filter(|_| !letter))
}

fn is_letter(event: &Event) -> bool {
    let step = event.data.get("step").and_then(Value::as_str).unwrap_or_default();
    WRITTEN.contains(&step)
}

/// The papers that are due a number and have none, with its class, in the order in which they were written. `numbered`: the
/// case gets its own at the same time.
pub fn due(entity: &Entity, numbered: bool) -> Vec<(&'static str, Paper)> {
    let kind = entity.type_().and_then(RecordKind::parse).filter(|kind| kind.is_case());
    let Some(kind) = kind.filter(|_| numbered || entity.number().is_some()) else { return Vec::new() };
    let mut papers = Vec::new();
    let typed = entity.text("rect_notice_no").is_some_and(|typed| !typed.trim().is_empty());
    let mut notice = entity.get(NOTICE) == Some(&Value::Bool(true));
    let steps = entity.timeline().iter().filter(|record| record.outcome == Outcome::Counts);
    for record in steps.filter(|record| record.event.table >= SINCE) {
        match record.event.event.as_str() {
            "supervise" if is_letter(&record.event) => {
                papers.push(Paper { doc: ORDER.to_owned(), step: Some(record.dot) });
            }
            "enforce_notice" => notice = true,
            _ => {}
        }
    }
    if notice && !typed && kind == RecordKind::Hazard {
        papers.push(Paper { doc: NOTICE.to_owned(), step: None });
    }
    papers.retain(|paper| entity.papers().all(|(held, _)| held != paper));
    let class =
        |paper: &Paper| CLASSES.iter().find(|(doc, _)| *doc == paper.doc).map_or("", |(_, class)| class);
    papers.into_iter().map(|paper| (class(&paper), paper)).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use gridbook_log::{Body, DeviceId, Writer};
    use serde_json::json;

    use super::*;
    use crate::authority::{Book, Office, gives_number, numbers_due};
    use crate::case::story::{Story, hazard_body, person, register};
    use crate::package::Package;

    fn classes(story: &Story) -> Vec<&'static str> {
        let gives = |kind, step: &str| gives_number(Package::builtin(), kind, step);
        numbers_due(&story.entity, None, gives).into_iter().map(|(class, _)| class).collect()
    }

    fn supervise(step: &str) -> Value {
        json!({"data": {"step": step, "reply_by": "2026-06-01", "text": "请立即办理"}})
    }

    #[test]
    fn each_letter_of_a_supervision_has_a_number_and_gets_it_once() {
        let mut story = Story::hazard("yellow");
        story.until_claimed();
        let sue = person("sue", "supervisor");
        story.step(&sue, "supervise", &supervise("message"));
        assert!(classes(&story).is_empty(), "a message is no letter");
        story.step(&sue, "supervise", &supervise("order"));
        let first = story.entity.timeline().last().unwrap().dot;
        story.step(&sue, "supervise", &supervise("yellow_card"));
        let second = story.entity.timeline().last().unwrap().dot;
        assert_eq!(classes(&story), ["督", "督"]);
        let given = json!({"number": "督〔2026〕001", "for": {"doc": ORDER, "step": first}});
        story.authority("number", &given);
        assert_eq!(classes(&story), ["督"]);
        // Given twice, the first stands; and the case keeps its own.
        story.ms += 1;
        story.authority("number", &json!({"number": "督〔2026〕009", "for": {"doc": ORDER, "step": first}}));
        assert_eq!(paper_number(&story.entity, ORDER, Some(first)), Some("督〔2026〕001"));
        assert_eq!(paper_number(&story.entity, ORDER, Some(second)), None);
        assert_eq!(story.entity.number(), Some("青〔2026〕隐字第00001号"));
    }

    #[test]
    fn letters_of_older_tables_bear_the_number_of_their_case() {
        let mut story = Story::hazard("yellow");
        story.until_claimed();
        let mut body = story.event_body("supervise", &supervise("order"));
        body["table"] = json!(6);
        story.admitted(&person("sue", "supervisor"), "event", &body).unwrap();
        assert!(classes(&story).is_empty());
    }

    #[test]
    fn a_notice_to_repair_is_numbered_unless_somebody_typed_one() {
        let notice = |typed: Option<&str>| {
            let mut story = Story::hazard("yellow");
            let set =
                json!({"rect_notice": true, "rect_notice_deadline": "2026-06-01", "rect_notice_no": typed});
            let op = story.op(DeviceId([1; 8]), "ben", "set", &json!({"set": set}));
            story.entity.apply(&op);
            assert!(classes(&story).is_empty(), "not before the case has its own");
            story.until_claimed();
            classes(&story)
        };
        assert_eq!(notice(None), ["整改"]);
        assert!(notice(Some("整改〔2026〕003号")).is_empty());
    }

    #[test]
    fn their_series_go_on_from_what_was_given() {
        let mut book = Book::new("青禾");
        assert_eq!(book.next("督", 2026), "督〔2026〕001");
        book.note("督〔2026〕041");
        book.note("整改〔2026〕007");
        assert_eq!(
            (book.next("督", 2026).as_str(), book.next("整改", 2026).as_str()),
            ("督〔2026〕042", "整改〔2026〕008")
        );
        assert!(RecordKind::number_classes().any(|class| class == "督"), "a restore asks for it, too");
    }

    #[test]
    fn the_desk_that_holds_the_office_gives_them_too_once_its_series_are_confirmed() {
        let (mut story, mut ops) = (Story::new(), Vec::new());
        let writes: [(&str, &str, Value); 3] = [
            ("ann", "create", hazard_body("yellow")),
            ("ivy", "register", register("yellow")),
            ("sue", "supervise", supervise("order")),
        ];
        for (user, action, body) in writes {
            let (kind, body) = match action {
                "create" => ("create", body),
                _ => ("event", story.event_body(action, &body)),
            };
            let op = story.op(DeviceId([1; 8]), user, kind, &body);
            story.entity.apply(&op);
            story.ms += 3_600_000;
            ops.push(op);
        }
        let writer = Writer { dev: DeviceId([9; 8]), epoch: 1 };
        let given = |book: Option<Book>| -> Vec<(String, Option<Paper>)> {
            let mut office = Office::new(Package::builtin(), writer, story.ms, book, false);
            for (user, role) in [("ann", "village_assistant"), ("ivy", "intake_clerk"), ("sue", "supervisor")]
            {
                office.know(person(user, role));
            }
            let said = office.answer(story.entity.id(), &ops).into_iter();
            said.filter_map(
                |body| if let Body::Number(one) = body { Some((one.number, one.paper)) } else { None },
            )
            .collect()
        };
        assert!(given(None).is_empty(), "nobody has said yet where the series stand");
        let mut book = Book::new("青禾");
        book.raise("督", 2026, 11);
        let step = ops.last().map(gridbook_log::Op::dot);
        let order = Paper { doc: ORDER.to_owned(), step };
        let wanted =
            [("青禾〔2026〕隐字第00001号".to_owned(), None), ("督〔2026〕012".to_owned(), Some(order))];
        assert_eq!(given(Some(book)), wanted);
    }
}
