#![allow(clippy::unwrap_used)]
use serde_json::json;

use super::*;
use crate::household::tests::stream;

fn package() -> &'static Package {
    Package::builtin()
}

#[test]
fn a_household_with_what_the_search_needs() {
    let entity = stream(
        7,
        &[(
            "create",
            json!({"type": "household", "place": {"area": "510000100201001"}, "set": {
                "code": "510000100201001H0012", "address_text": "柳溪村1组12号", "door_no": "12号", "head": "单明",
                "status": "active", "categories": ["dibao"], "phones/p1/number": "13800510002",
                "members/m1/name": "单明", "members/m1/relation": "head", "members/m2/name": "曾小兰",
            }}),
        )],
    );
    let summary = Summary::of(&entity, package()).unwrap();
    assert_eq!(summary.title, "单明");
    assert_eq!(summary.number, "510000100201001H0012");
    assert_eq!(summary.keys.names, ["单明", "曾小兰"]);
    assert_eq!(summary.keys.initials, ["sm", "zxl"]);
    assert_eq!(summary.keys.tails, ["00510002"]);
    assert_eq!(summary.keys.door, "12");
    assert_eq!(summary.household, Some(entity.id()));
    assert!(!summary.conflict && !summary.rejected && !summary.is_open());
}

#[test]
fn a_visit_gives_the_plan_what_it_needs() {
    let household = EntityId([5; 16]);
    let of = |mode: &str, met: &str| {
        let set = json!({"household": household.to_string(), "mode": mode, "met": met,
            "visit_at": "2026-05-18T23:30:00+08:00"});
        let entity = stream(8, &[("create", json!({"type": "visit", "state": "visited", "set": set}))]);
        Summary::of(&entity, package()).unwrap()
    };
    let summary = of("phone", "family");
    let day = NaiveDate::from_ymd_opt(2026, 5, 18).unwrap();
    assert_eq!(
        summary.visit,
        Some(VisitFact { day, at: summary.at, mode: VisitMode::Call, met: true, next: None })
    );
    assert_eq!(summary.household, Some(household));
    assert_eq!(summary.subtitle, "电话 · 家属");
    assert!(!of("in_home", "not_met").visit.unwrap().met);
    assert_eq!(of("neighbor", "family").visit.unwrap().mode, VisitMode::Neighbour);
}

#[test]
fn a_case_says_what_it_waits_for() {
    let create = json!({"type": "dispute", "state": "submitted", "place": {"area": "510000100201001"}, "set": {
        "event_name": "排水沟纠纷", "category": "neighbor", "risk_level": "yellow", "occur_date": "2026-05-01",
        "parties/a/name": "仇大山", "parties/a/phone": "13800510009",
    }});
    let ask = json!({"event": "ask_supplement", "from": "submitted", "to": "supplement", "table": 1});
    let entity = stream(9, &[("create", create), ("event", ask)]);
    let summary = Summary::of(&entity, package()).unwrap();
    assert_eq!((summary.title.as_str(), summary.level.as_str()), ("排水沟纠纷", "yellow"));
    assert_eq!(summary.state, "supplement");
    assert_eq!(summary.hints[..1], [Hint::Supplement]);
    assert_eq!(summary.categories, ["neighbor"]);
    assert_eq!(summary.day(), NaiveDate::from_ymd_opt(2026, 5, 1).unwrap());
    assert_eq!(summary.keys.initials, ["qds"]);
    assert!(summary.keys.text.contains("邻里"));
    assert!(summary.is_open());
    assert!(summary.updated > entity.creation().unwrap().hlc.ms);
}

#[test]
fn it_stays_small_and_packs() {
    let set = json!({"head": "欧阳春禾", "address_text": "青禾镇柳溪村12组118号", "door_no": "118号", "status": "active",
        "code": "510000100201012H0118", "phones/p1/number": "13800510002", "categories": ["dibao", "elder_alone"],
        "members/m1/name": "欧阳春禾", "members/m2/name": "曾小兰", "members/m3/name": "欧阳小强"});
    let body = json!({"type": "household", "place": {"area": "510000100201012"}, "set": set});
    let summary = Summary::of(&stream(1, &[("create", body)]), package()).unwrap();
    let packed = postcard::to_allocvec(&summary).unwrap();
    assert!(packed.len() <= 320, "{}", packed.len());
    assert_eq!(postcard::from_bytes::<Summary>(&packed).unwrap(), summary);
    let set = json!({"household": summary.id.to_string(), "mode": "phone", "met": "head"});
    let visit =
        Summary::of(&stream(2, &[("create", json!({"type": "visit", "set": set}))]), package()).unwrap();
    let packed = postcard::to_allocvec(&visit).unwrap();
    assert_eq!(postcard::from_bytes::<Summary>(&packed).unwrap(), visit);
}

#[test]
fn unknown_kinds_and_missing_creations_have_no_row() {
    assert_eq!(Summary::of(&stream(1, &[("create", json!({"type": "mediation_file"}))]), package()), None);
    assert_eq!(Summary::of(&stream(1, &[("set", json!({"set": {"a": 1}}))]), package()), None);
}

#[test]
fn days_are_beijing_days() {
    // 2026-05-18T16:30Z is already the 19th in Beijing.
    assert_eq!(day_of(1_779_121_800_000), NaiveDate::from_ymd_opt(2026, 5, 19).unwrap());
    assert_eq!(day_of(0), NaiveDate::from_ymd_opt(1970, 1, 1).unwrap());
}

#[test]
fn a_case_shows_its_most_urgent_limit_and_old_rows_stay_readable() {
    let create = json!({"type": "hazard", "state": "submitted", "place": {"area": "510000100201001"},
        "set": {"desc": "水沟堵塞", "level": "yellow"}});
    let summary = Summary::of(&stream(9, &[("create", create)]), package()).unwrap();
    let deadline = summary.deadline().unwrap();
    assert_eq!(deadline.clock, crate::clock::ClockId::Register);
    assert!(deadline.by_record && deadline.due.is_some());
    let packed = postcard::to_allocvec(&summary).unwrap();
    assert_eq!(postcard::from_bytes::<Summary>(&packed).unwrap(), summary);
    // As rows were written before hints had a limit: the same bytes up to the new variant.
    let mut before = summary;
    before.hints = vec![Hint::Supplement, Hint::FedBack, Hint::Decision];
    let bytes = postcard::to_allocvec(&before.hints).unwrap();
    assert_eq!(bytes, [3, 0, 1, 2]);
}

#[test]
fn a_red_hazard_is_called_first_and_nothing_else() {
    let row = |kind: &str, level: &str| {
        let create = json!({"type": kind, "state": "submitted", "place": {"area": "510000100201001"},
            "set": {"desc": "崖顶掉石头", "level": level, "risk_level": level}});
        Summary::of(&stream(9, &[("create", create)]), package()).unwrap().calls_first(package())
    };
    assert!(row("hazard", "red"));
    assert!(!row("hazard", "orange") && !row("dispute", "red"));
}

#[test]
fn what_this_version_cannot_read_is_counted_in_its_row() {
    let visit = ("create", json!({"type": "visit", "place": {"area": "510000100201001"}, "set": {}}));
    let plain = Summary::of(&stream(7, std::slice::from_ref(&visit)), package()).unwrap();
    assert_eq!((plain.unread(), plain.hints.len()), (0, 0));
    let strange =
        [visit, ("set", json!({"set": 5})), ("seal-v9", json!({})), ("set", json!({"set": {"a": 1}}))];
    assert_eq!(Summary::of(&stream(7, &strange), package()).unwrap().unread(), 2);
    // A kind of record of a later version has no row of its own: all of it.
    let later = [("create", json!({"type": "drone"})), ("set", json!({"set": {"a": 1}}))];
    assert!(Summary::of(&stream(7, &later), package()).is_none());
    assert_eq!(unread(&stream(7, &later)), 2);
    for own in ["device_key", "township"] {
        assert_eq!(unread(&stream(7, &[("create", json!({"type": own}))])), 0, "{own}");
    }
}
