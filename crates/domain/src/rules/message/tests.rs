#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::case::story::{Story, UNIT, finish, person};
use crate::clock::read;

const DAY: u64 = 86_400_000;

fn messages(story: &Story, now: u64) -> Vec<Message> {
    let words = Words {
        unit: &|code| if code == UNIT { "青禾镇水利和农业综合服务中心" } else { code }.to_owned(),
        person: &|user| format!("{user}工"),
        phone: "0830-5550123",
    };
    let package = Package::builtin();
    of_case(package, &story.view(), &read(package, &story.entity), 0, words, now)
}

fn texts(story: &Story, now: u64) -> Vec<(String, String)> {
    messages(story, now).into_iter().map(|message| (message.label, message.text)).collect()
}

#[test]
fn the_way_of_a_case_in_messages() {
    let mut story = Story::hazard("yellow");
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    assert_eq!(messages(&story, story.ms), []);
    let long = "请写明是哪一段水沟、离最近的人家多远、水从哪里来、往哪里去，".repeat(4);
    story.step(&ivy, "ask_supplement", &json!({"data": {"reason": "place_unclear", "text": long}}));
    let asked = &messages(&story, story.ms)[0];
    assert_eq!((asked.text.chars().count(), asked.to.clone()), (MOST, vec![To::User("ann".to_owned())]));
    assert!(
        asked.text.starts_with("本机号 070707需补充：请写明")
            && asked.text.ends_with("…。请于6月1日前补报。")
    );
    story.step(&ann, "resubmit", &json!({"data": {"text": "3 组桥头"}}));
    let ben = person("ben", "unit_handler");
    story.step(&ivy, "register", &crate::case::story::register("yellow"));
    story.authority("number", &json!({"number": "青〔2026〕隐字第00001号"}));
    story.step(&ivy, "dispatch", &crate::case::story::dispatch());
    let sent = &messages(&story, story.ms)[0];
    assert_eq!(
        sent.text,
        "新事项青〔2026〕隐字第00001号（水利防汛隐患）待认领，响应时限5月20日17:30，办理时限5月28日。"
    );
    assert_eq!(sent.to, [To::Unit(UNIT.to_owned())]);
    story.step(&ben, "claim", &json!({}));
    let accepted = &messages(&story, story.ms)[0];
    assert_eq!(
        accepted.text,
        "您反映的水利防汛隐患已登记，编号青〔2026〕隐字第00001号，青禾镇水利和农业综合服务中心将于5月28日前办理。"
    );
    story.until_callback();
    assert_eq!(texts(&story, story.ms), []);
}

#[test]
fn the_ladder_in_messages() {
    let mut story = Story::hazard("yellow");
    story.until_claimed();
    let (ben, sue) = (person("ben", "unit_handler"), person("sue", "supervisor"));
    story.step(&ben, "start", &json!({}));
    let handle = |story: &Story| {
        let clocks = read(Package::builtin(), &story.entity);
        clocks.limits.iter().find(|limit| limit.clock == ClockId::Handle).unwrap().due
    };
    // The control limit of three days ends first; a measure meets it.
    let measure = json!({"set": {"on_spot_result": "controlled"}});
    story.admitted(&person("ben", "unit_handler"), "set", &measure).unwrap();
    let end = handle(&story);
    let of_ladder = |story: &Story, now| {
        messages(story, now).into_iter().filter(|m| m.step.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(of_ladder(&story, end - 5 * DAY), []);
    let soon = of_ladder(&story, end - DAY).remove(0);
    assert_eq!((soon.label.as_str(), soon.to.clone()), ("提醒", vec![To::User("ben".to_owned())]));
    assert_eq!(soon.text, "青〔2026〕隐字第00001号的办理时限还剩24小时，请抓紧办理。");
    let late = of_ladder(&story, end + 9 * 3_600_000).remove(0);
    assert_eq!(
        (late.label.as_str(), late.step, late.to.clone()),
        ("督办短信", Some(1), vec![To::Unit(UNIT.to_owned())])
    );
    assert_eq!(
        late.text,
        "【督办】青〔2026〕隐字第00001号已超期，请青禾镇水利和农业综合服务中心立即办理，并于5月29日15:00前回复。"
    );
    // Sent and written down: nothing more is asked for until the next step.
    story.ms = end + 9 * 3_600_000;
    let note = json!({"data": {"step": "message", "reply_by": "2026-05-29", "text": "已发短信"}});
    story.step(&sue, "supervise", &note);
    assert_eq!(of_ladder(&story, story.ms), []);
    assert_eq!(of_ladder(&story, end + 4 * DAY).remove(0).label, "督办单");
    story.step(&ben, "finish", &finish());
    assert!(messages(&story, end + 9 * DAY).iter().all(|message| message.step != Some(4)));
}

#[test]
fn no_text_is_longer_than_a_message_and_none_has_a_hole() {
    let rules = Package::builtin().cases.get();
    let mut ids = std::collections::BTreeSet::new();
    for template in &rules.messages {
        assert!(ids.insert(&template.id), "{} twice", template.id);
        // As long as such words get.
        let places: Vec<&str> =
            template.text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|p| p.0).collect();
        let words = |place: &str| match place {
            "编号" => "青〔2026〕隐字第00001号".to_owned(),
            "单位" => "水利和农业服务中心".to_owned(),
            "事项" | "类" | "类别" => "削坡建房和地质灾害隐患".to_owned(),
            "日期" => "12月31日".to_owned(),
            "时" => "12月31日17:30".to_owned(),
            "电话" => "0830-5550123".to_owned(),
            "责任人" => "何秀兰".to_owned(),
            "时限" => "阶段反馈".to_owned(),
            "时长" => "24小时".to_owned(),
            "n" | "m" => "128".to_owned(),
            _ => "写得很长的内容".repeat(20),
        };
        let said: Vec<(&str, String)> = places.iter().map(|place| (*place, words(place))).collect();
        let message = rules.message(&template.id, &said, Vec::new()).unwrap();
        let length = message.text.chars().count();
        assert!(length <= MOST, "{}: {length}", template.id);
        assert!(!message.text.contains('{'), "{}", message.text);
    }
    assert_eq!(ids.len(), 14);
}
