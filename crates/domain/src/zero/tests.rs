#![allow(clippy::unwrap_used)]
use serde_json::{Value, json};

use super::*;
use crate::calendar::DAY_MS;
use crate::case::story::{GRID, START, Story, TOWN, VILLAGE, person};
use crate::package::Package;
use crate::role::{Actor, Assignment};
use crate::territory::AreaLevel;

const MINUTE: u64 = 60_000;
const HOUR: u64 = DAY_MS / 24;
const NOON: u64 = START + 4 * HOUR;
/// The hour that the periods here ask for: 18:00.
const SIX: u64 = START + 10 * HOUR;
const NEXT: &str = "510000100202";
/// A grid of another village.
const FAR: &str = "510000100202001";

fn package() -> &'static Package {
    Package::builtin()
}

fn day(offset: u64) -> NaiveDate {
    day_of(START + offset * DAY_MS)
}

fn period(areas: &[&str]) -> Period {
    Period {
        id: EntityId([7; 16]),
        label: "汛期零报告".to_owned(),
        at: START,
        from: day(0),
        to: day(9),
        by: hour("18:00").unwrap(),
        areas: areas.iter().map(|&area| area.to_owned()).collect(),
        ended: None,
        ended_by: String::new(),
    }
}

fn director() -> Actor {
    person("dan", "center_director")
}

/// On duty for one village only.
fn duty_of(area: &str) -> Actor {
    let held =
        Assignment { role: "duty_officer".to_owned(), area: Some(area.to_owned()), ..Assignment::default() };
    Actor { user: "vic".to_owned(), assignments: vec![held] }
}

fn body(period: &Period) -> Value {
    serde_json::to_value(period.create().unwrap()).unwrap()
}

fn declared(period: &Period) -> Story {
    let mut story = Story::new();
    story.admitted(&director(), "create", &body(period)).unwrap();
    story
}

fn row_of(story: &Story) -> Summary {
    Summary::of(&story.entity, package()).unwrap()
}

fn codes<T>(judged: Result<T, crate::admit::Refusal>) -> &'static str {
    judged.map_or_else(|refusal| refusal.code(), |_| "ok")
}

/// The report that there is nothing, written at an instant for a day; the authority had it at another one.
fn report(area: &str, of: NaiveDate, written: u64, received: Option<u64>) -> Story {
    let mut story = Story::new();
    story.ms = written;
    let create = nothing(package(), area, of).unwrap();
    let worker = if area == FAR {
        let held = Assignment {
            role: "grid_worker_l1".to_owned(),
            area: Some(NEXT.to_owned()),
            ..Assignment::default()
        };
        Actor { user: "bo".to_owned(), assignments: vec![held] }
    } else {
        person("ann", "grid_worker_l1")
    };
    story.admitted(&worker, "create", &serde_json::to_value(create).unwrap()).unwrap();
    if let Some(at) = received {
        let dot = story.entity.creation().unwrap().dot;
        story.authority("receipt", &json!({"ops": [dot], "at": at, "drift": 0}));
    }
    story
}

fn row(area: &str, of: NaiveDate, written: u64, received: Option<u64>) -> Summary {
    row_of(&report(area, of, written, received))
}

/// How the areas of a period stand, by what rows say.
fn stands(period: &Period, rows: &[Summary], of: NaiveDate) -> Vec<(String, Reported)> {
    let came = reports(rows);
    standing(period, &came, of).into_iter().map(|line| (line.area.to_owned(), line.how)).collect()
}

#[test]
fn declared_by_those_who_may_where_they_may() {
    let judged = |actor: &Actor, period: &Period| codes(Story::new().judge(actor, "create", &body(period)));
    let (both, one) = (period(&[VILLAGE, NEXT]), period(&[VILLAGE]));
    for role in ["center_director", "intake_clerk", "general_grid_chief", "duty_officer"] {
        assert_eq!(judged(&person("dan", role), &both), "ok", "{role}");
    }
    for role in ["village_assistant", "grid_worker_l1", "grid_chief", "unit_head", "leader", "sys_admin"] {
        assert_eq!(judged(&person("ann", role), &both), "not_permitted", "{role}");
    }
    assert_eq!(judged(&duty_of(VILLAGE), &one), "ok");
    assert_eq!(judged(&duty_of(VILLAGE), &period(&[GRID])), "ok", "a grid of it");
    assert_eq!(judged(&duty_of(VILLAGE), &both), "not_permitted", "another village is not theirs");
}

#[test]
fn what_makes_no_sense_is_refused_with_words() {
    let good = period(&[VILLAGE, NEXT]);
    let judged = |body: &Value| Story::new().judge(&director(), "create", body);
    assert_eq!(codes(judged(&body(&good))), "ok");
    let far = |days: u64| Period { from: day(days), to: day(days), ..good.clone() };
    let told = [
        (Period { label: "  ".to_owned(), ..good.clone() }, "名称"),
        (Period { label: "汛".repeat(31), ..good.clone() }, "30 个字"),
        (Period { from: day(3), to: day(2), ..good.clone() }, "不能早于第一天"),
        (Period { to: day(92), ..good.clone() }, "最多 92 天"),
        (Period { from: day_of(START - DAY_MS), ..good.clone() }, "不能早于今天"),
        (far(32), "最多在 31 天以后"),
    ];
    for (wrong, said) in told {
        let words = judged(&body(&wrong)).unwrap_err().message();
        assert!(words.contains(said), "{words}");
    }
    assert_eq!(codes(judged(&body(&Period { to: day(91), ..good.clone() }))), "ok");
    assert_eq!(codes(judged(&body(&far(31)))), "ok");
    let changed = |path: &str, value: Value| {
        let mut body = body(&good);
        *body.pointer_mut(path).unwrap() = value;
        codes(judged(&body))
    };
    assert_eq!(changed("/set/areas", json!([TOWN])), "bad_area", "a township does not report to itself");
    assert_eq!(changed("/set/areas", json!(["510000100P01"])), "bad_area");
    assert_eq!(changed("/set/areas", json!([VILLAGE, NEXT, VILLAGE])), "bad_area", "named twice");
    assert_eq!(changed("/set/areas", json!([VILLAGE])), "bad_area", "a smaller area covers it");
    assert_eq!(changed("/set/areas", json!([])), "invalid");
    for wrong in ["24:00", "8:00", "18:60", "18-00", "+8:00"] {
        assert_eq!(changed("/set/by", json!(wrong)), "bad_body", "{wrong}");
    }
    assert_eq!(changed("/place", json!({"area": TOWN})), "bad_placement", "everybody has to know");
    let mut more = body(&good);
    more["set"]["ended"] = json!("2026-05-19");
    assert_eq!(codes(judged(&more)), "unexpected_path");
}

#[test]
fn ended_once_and_never_for_a_day_that_is_over() {
    let mut story = declared(&period(&[VILLAGE, NEXT]));
    assert_eq!(Period::of_row(&row_of(&story)), Period::of(&story.entity), "a row holds all of it");
    assert!(story.entity.for_all());
    story.ms = START + 3 * DAY_MS;
    let held = Period::of(&story.entity).unwrap();
    let judged =
        |story: &Story, actor: &Actor, set: &Values| codes(story.judge(actor, "set", &json!({"set": set})));
    let end = held.end("dan", story.ms);
    assert_eq!(end["ended"], json!(day(3).to_string()), "before the hour nobody is asked any more");
    assert_eq!(
        held.end("dan", story.ms + 11 * HOUR)["ended"],
        json!(day(4).to_string()),
        "after it, tomorrow"
    );
    assert_eq!(held.end("dan", START - DAY_MS)["ended"], json!(day(0).to_string()), "before it began");
    assert_eq!(judged(&story, &director(), &end), "ok");
    assert_eq!(judged(&story, &duty_of(VILLAGE), &end), "not_permitted", "half of it is another village's");
    assert_eq!(judged(&story, &director(), &held.end("ann", story.ms)), "invalid", "in another's name");
    let with = |path: &str, value: &str| {
        let mut set = end.clone();
        set.insert(path.to_owned(), json!(value));
        judged(&story, &director(), &set)
    };
    assert_eq!(with("ended", &day(2).to_string()), "invalid", "yesterday's silence stays");
    assert_eq!(with("ended", &day(10).to_string()), "invalid", "it is over by itself");
    assert_eq!(with("ended", "morgen"), "invalid");
    assert_eq!(with("by", "23:00"), "unexpected_path");
    let moved = json!({"area": TOWN});
    assert_eq!(codes(story.judge(&person("cora", "grid_clerk"), "place", &moved)), "bad_placement");
    story.admitted(&director(), "set", &json!({"set": end})).unwrap();
    let over = Period::of_row(&row_of(&story)).unwrap();
    assert_eq!((over.ended, over.ended_by.as_str()), (Some(day(3)), "dan"));
    assert_eq!(row_of(&story).state, ENDED);
    assert_eq!(
        [day(2), day(3)].map(|day| (over.asks_on(day), over.stands(day))),
        [(true, true), (false, false)]
    );
    assert_eq!(judged(&story, &director(), &held.end("dan", story.ms)), "not_legal_now");
}

#[test]
fn what_was_written_in_time_without_network_has_until_noon() {
    use Reported::{InTime, Late, Missing};
    let next_noon = NOON + DAY_MS;
    let how = |written: u64, received: Option<u64>| {
        stands(&period(&[VILLAGE]), &[row(VILLAGE, day(0), written, received)], day(0))[0].1
    };
    assert_eq!(how(SIX - MINUTE, Some(SIX)), InTime);
    assert_eq!(how(SIX - MINUTE, Some(next_noon)), InTime, "written in time, sent the next morning");
    assert_eq!(how(SIX - MINUTE, Some(next_noon + MINUTE)), Late);
    assert_eq!(how(SIX + MINUTE, Some(SIX + 2 * MINUTE)), Late);
    assert_eq!(how(SIX + 2 * DAY_MS, Some(SIX + 2 * DAY_MS)), Late, "made up for two days later");
    let ahead = [row(VILLAGE, day(1), NOON, Some(NOON))];
    let tomorrow = stands(&period(&[VILLAGE]), &ahead, day(1))[0].1;
    assert_eq!(tomorrow, Missing, "nobody knows today what tomorrow brings");
    let twice = [row(VILLAGE, day(0), SIX + HOUR, Some(SIX + HOUR)), row(VILLAGE, day(0), NOON, Some(NOON))];
    assert_eq!(stands(&period(&[VILLAGE]), &twice, day(0))[0].1, InTime, "the better of two counts");
}

#[test]
fn a_clock_that_goes_wrong_neither_helps_nor_harms() {
    let mut story = report(VILLAGE, day(0), SIX + HOUR, None);
    let dot = story.entity.creation().unwrap().dot;
    let fast = i64::try_from(2 * HOUR).unwrap();
    story.authority("receipt", &json!({"ops": [dot], "at": NOON + DAY_MS, "drift": fast}));
    let rows = [row_of(&story)];
    assert_eq!(reports(&rows)[0].written, SIX - HOUR);
    assert_eq!(stands(&period(&[VILLAGE]), &rows, day(0))[0].1, Reported::InTime, "a clock two hours fast");
}

#[test]
fn who_is_missing_stands_first() {
    use Reported::{InTime, Late, Missing};
    let asking = period(&[VILLAGE, GRID, FAR, NEXT]);
    let rows = [
        row(VILLAGE, day(0), NOON, Some(NOON)),
        row(GRID, day(0), SIX + HOUR, Some(SIX + HOUR)),
        row(FAR, day(0), NOON, Some(NOON)),
        row_of(&declared(&asking)),
    ];
    let found = stands(&asking, &rows, day(0));
    let held: Vec<(&str, Reported)> = found.iter().map(|(area, how)| (area.as_str(), *how)).collect();
    assert_eq!(held, [(NEXT, Missing), (GRID, Late), (VILLAGE, InTime), (FAR, InTime)]);
    assert!(stands(&asking, &rows, day(1)).iter().all(|(_, how)| *how == Missing));
    assert!(stands(&asking, &rows, day(10)).is_empty(), "it is over");
    let refused = [Summary { rejected: true, ..rows[0].clone() }];
    assert_eq!(stands(&period(&[VILLAGE]), &refused, day(0))[0].1, Missing, "it was not taken in");
    assert_eq!(rows[0].subtitle, "没有情况");
}

#[test]
fn nobody_reports_for_another_village() {
    let mut create = nothing(package(), VILLAGE, day(0)).unwrap();
    create.set.insert("area".to_owned(), json!(NEXT));
    let mut story = Story::new();
    let body = serde_json::to_value(create).unwrap();
    story.admitted(&person("ann", "grid_worker_l1"), "create", &body).unwrap();
    assert_eq!(reports(&[row_of(&story)]), []);
    assert_eq!(reports(&[row(VILLAGE, day(0), NOON, None)]).len(), 1, "for one's own it counts");
}

#[test]
fn asked_for_my_areas_until_it_is_said() {
    let (late, soon) = (period(&[VILLAGE, GRID]), Period { by: hour("16:30").unwrap(), ..period(&[GRID]) });
    let rows = [row_of(&declared(&late)), row_of(&declared(&soon))];
    let asked_at = |rows: &[Summary], areas: &[&str], now: u64| {
        let rows: Vec<&Summary> = rows.iter().collect();
        let found = asked(&rows, areas, now);
        found.into_iter().map(|one| (one.area, one.until, one.done.is_some())).collect::<Vec<_>>()
    };
    let half_past_four = START + 8 * HOUR + 30 * MINUTE;
    assert_eq!(
        asked_at(&rows, &[GRID], NOON),
        [(GRID.to_owned(), half_past_four, false)],
        "the earliest hour"
    );
    assert_eq!(
        asked_at(&rows, &[VILLAGE], NOON),
        [(VILLAGE.to_owned(), SIX, false), (GRID.to_owned(), half_past_four, false)],
        "what lies in a village of mine comes after my own"
    );
    assert_eq!(asked_at(&rows, &[TOWN], NOON), [], "the township does not report");
    assert_eq!(asked_at(&rows, &[NEXT, FAR], NOON), [], "a period of other villages");
    assert_eq!(asked_at(&rows, &[VILLAGE], NOON + 10 * DAY_MS), [], "it is over");
    let mut said = rows.to_vec();
    said.push(row(VILLAGE, day(0), NOON, None));
    said.push(row(VILLAGE, day(1), NOON, None));
    assert_eq!(asked_at(&said, &[VILLAGE], NOON)[0], (VILLAGE.to_owned(), SIX, true));
    assert_eq!(
        asked_at(&said, &[VILLAGE], NOON + DAY_MS)[0],
        (VILLAGE.to_owned(), SIX + DAY_MS, false),
        "anew"
    );
}

#[test]
fn everything_of_a_level_reports_and_a_village_without_it_itself() {
    let all = [TOWN, VILLAGE, "510000100201001", "510000100201002", GRID, NEXT, "510000100P01"];
    let told = |chosen: &[&str], level: AreaLevel| {
        let chosen: Vec<String> = chosen.iter().map(|&code| code.to_owned()).collect();
        reporters(all.into_iter(), &chosen, level)
    };
    let grids = ["510000100201001", "510000100201002", NEXT];
    assert_eq!(told(&[TOWN], AreaLevel::Group), grids);
    assert_eq!(told(&[VILLAGE], AreaLevel::Group), grids[..2]);
    assert_eq!(told(&[TOWN], AreaLevel::Village), [VILLAGE, NEXT]);
    assert_eq!(told(&[TOWN], AreaLevel::MicroGrid), [GRID, NEXT]);
    assert_eq!(told(&["510000100201001"], AreaLevel::Village), ["510000100201001"], "a grid alone is meant");
    assert!(told(&[], AreaLevel::Group).is_empty());
}

#[test]
fn what_was_asked_after_the_hour_is_asked_from_the_next_day_on() {
    let evening = Period { at: SIX + HOUR, ..period(&[VILLAGE]) };
    assert_eq!([day(0), day(1)].map(|day| evening.asks_on(day)), [false, true]);
    assert_eq!(days(&evening, day(2)), [day(2), day(1)]);
    assert_eq!(
        [&evening, &period(&[VILLAGE])].map(Period::first),
        [Some(day(1)), Some(day(0))],
        "the day on which it was declared counts where there was still time"
    );
    assert_eq!(Period { ended: Some(day(0)), ..period(&[VILLAGE]) }.first(), None);
    assert_eq!(days(&period(&[VILLAGE]), day(30)).len(), 10);
    assert!(days(&period(&[VILLAGE]), day_of(START - DAY_MS)).is_empty(), "not begun");
}
