#![allow(clippy::unwrap_used)]
use super::*;
use crate::package::Package;

fn calendar() -> Calendar {
    Package::builtin().law.get().calendar.clone()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn the_table_of_2026() {
    let calendar = calendar();
    for off in
        ["2026-01-01", "2026-01-03", "2026-02-15", "2026-02-23", "2026-05-05", "2026-10-07", "2026-03-01"]
    {
        assert_eq!(calendar.day(day(off)), DayKind { works: false, estimated: false }, "{off}");
    }
    for work in
        ["2026-01-04", "2026-02-14", "2026-02-24", "2026-02-28", "2026-05-09", "2026-10-10", "2026-10-08"]
    {
        assert!(calendar.day(day(work)).works, "{work}");
    }
    // Counted apart, on the published table.
    let all = day("2026-01-01").iter_days().take(365);
    assert_eq!(all.filter(|day| calendar.day(*day).works).count(), 248);
}

#[test]
fn a_year_without_a_table_is_estimated() {
    let calendar = calendar();
    let works = |text| calendar.day(day(text));
    assert_eq!(works("2027-01-01"), DayKind { works: false, estimated: true });
    assert_eq!(works("2027-05-03"), DayKind { works: true, estimated: true });
    assert_eq!(works("2027-10-02"), DayKind { works: false, estimated: true });
    assert_eq!(works("2027-02-08"), DayKind { works: true, estimated: true });
}

#[test]
fn quarter_ends_move_to_the_working_day_before() {
    let calendar = calendar();
    for (end, due) in [
        ("2026-03-28", "2026-03-27"),
        ("2026-06-28", "2026-06-26"),
        ("2026-09-28", "2026-09-28"),
        ("2026-12-28", "2026-12-28"),
    ] {
        assert_eq!(calendar.on_or_before(day(end)), day(due));
    }
}

fn rows(list: &[(&str, &str)]) -> Vec<DayRow> {
    list.iter().map(|(date, kind)| DayRow { date: (*date).into(), kind: (*kind).into() }).collect()
}

/// Invented: not the table that will be published.
fn year_2027() -> Vec<DayRow> {
    let mut days: Vec<(String, &str)> = (5..=11).map(|d| (format!("2027-02-{d:02}"), "休")).collect();
    days.extend((1..=7).map(|d| (format!("2027-10-{d:02}"), "off")));
    days.push(("2027-02-13".into(), "班"));
    days.into_iter().map(|(date, kind)| DayRow { date, kind: kind.into() }).collect()
}

#[test]
fn a_year_is_taken_in_and_the_version_grows() {
    let mut calendar = calendar();
    assert_eq!(calendar.import(&year_2027(), vec!["测试".into()], 5), Ok(2027));
    assert_eq!((calendar.version, calendar.years.last().unwrap().version), (2, 1));
    assert_eq!(calendar.day(day("2027-02-08")), DayKind { works: false, estimated: false });
    assert!(calendar.day(day("2027-02-13")).works);
    // By what was known before, the year is still a guess.
    assert_eq!(calendar.day_as_of(day("2027-02-08"), 4), DayKind { works: true, estimated: true });
    assert_eq!(calendar.import(&year_2027(), Vec::new(), 9), Err(CalendarError::Unchanged(2027)));
    let mut later = year_2027();
    later.push(DayRow { date: "2027-02-12".into(), kind: "放假".into() });
    assert_eq!(calendar.import(&later, Vec::new(), 9), Ok(2027));
    assert_eq!((calendar.version, calendar.years.last().unwrap().version), (3, 2));
    assert!(!calendar.day(day("2027-02-12")).works && calendar.day_as_of(day("2027-02-12"), 8).works);
    assert_eq!(calendar.changes_after(5), [9]);
}

#[test]
fn what_is_wrong_is_said_with_its_row() {
    let wrong = |list: &[(&str, &str)]| {
        let mut calendar = calendar();
        let error = calendar.import(&rows(list), Vec::new(), 1).unwrap_err();
        assert_eq!(calendar, self::calendar(), "nothing is half taken in");
        error.to_string()
    };
    assert_eq!(wrong(&[]), "表里没有任何日期");
    assert!(wrong(&[("2027-1-1", "休")]).contains("第 1 行"));
    assert!(wrong(&[("2027-01-01", "休"), ("2027-01-02", "玩")]).contains("第 2 行: “玩”"));
    assert!(wrong(&[("2027-01-01", "休"), ("2028-01-02", "休")]).contains("不在 2027 年"));
    assert!(wrong(&[("2027-01-01", "休"), ("2027-01-01", "休")]).contains("两次"));
    assert!(wrong(&[("2027-01-04", "班")]).contains("本来就是工作日"));
    assert!(wrong(&[("2027-01-01", "休")]).contains("可能不完整"));
}

#[test]
fn the_open_json_shape() {
    let text = r#"{"year": 2027, "papers": ["p"], "days": [
        {"name": "元旦", "date": "2027-01-01", "isOffDay": true}, {"name": "春节", "date": "2027-02-13", "isOffDay": false}]}"#;
    let (days, papers) = days_of_json(text).unwrap();
    assert_eq!((days, papers), (rows(&[("2027-01-01", "休"), ("2027-02-13", "班")]), vec!["p".to_owned()]));
    assert!(matches!(days_of_json("[]"), Err(CalendarError::Shape(_))));
}

#[test]
fn working_time_between_and_after() {
    let calendar = calendar();
    let mut walk = Walker::new(&calendar, u64::MAX);
    let at = |date: &str, minute: u64| midnight(day(date)) + minute * MINUTE_MS;
    let hour = 60 * MINUTE_MS;
    // Friday 16:30 to Monday 10:00: one hour on either side of the weekend.
    assert_eq!(walk.worked(at("2026-03-13", 990), at("2026-03-16", 600)), 2 * hour);
    assert_eq!(walk.advance(at("2026-03-13", 990), 2 * hour), at("2026-03-16", 600));
    // Over lunch.
    assert_eq!(walk.advance(at("2026-03-13", 690), hour), at("2026-03-13", 870));
    assert_eq!(walk.worked(at("2026-03-13", 720), at("2026-03-13", 840)), 0);
    assert_eq!(walk.advance(at("2026-03-14", 600), 0), at("2026-03-14", 600));
    assert_eq!(day_of(midnight(day("2026-03-14"))), day("2026-03-14"));
    assert_eq!(day_of(midnight(day("2026-03-14")) - 1), day("2026-03-13"));
    assert_eq!(day_of(u64::MAX), day_of(LAST_MS), "a clock that says anything");
}
