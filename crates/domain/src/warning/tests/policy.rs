//! A change of policy (VISIT-05): announced like a warning, without a level, for households of some categories.

use super::*;

fn policy(categories: &[&str], areas: &[&str]) -> Warning {
    Warning {
        categories: categories.iter().map(|&id| id.to_owned()).collect(),
        until: START + 45 * DAY_MS,
        note: "低保标准提高到每人每月 510 元".to_owned(),
        issued_by: String::new(),
        ..warning("policy", "", areas)
    }
}

#[test]
fn it_says_whom_it_concerns_and_what_changed() {
    let good = policy(&["dibao", "tekun_dispersed"], &[VILLAGE]);
    let judged = |warning: &Warning| Story::new().judge(&duty(), "create", &body(warning));
    assert_eq!(codes(judged(&good)), "ok");
    let words = |warning: Warning| judged(&warning).unwrap_err().message();
    let told = [
        (Warning { level: "red".to_owned(), ..good.clone() }, "不分级别"),
        (Warning { categories: Vec::new(), ..good.clone() }, "户类"),
        (policy(&["dibao", "rich"], &[VILLAGE]), "户类"),
        (policy(&["correction"], &[VILLAGE]), "户类"),
        (Warning { note: " ".to_owned(), ..good.clone() }, "有什么变化"),
        (Warning { until: START + 45 * DAY_MS + 60_000, ..good.clone() }, "最多发布 45 天"),
    ];
    for (wrong, said) in told {
        let words = words(wrong);
        assert!(words.contains(said), "{words}");
    }
    let rain = Warning { categories: good.categories.clone(), ..warning("rain", "red", &[VILLAGE]) };
    assert_eq!(codes(judged(&rain)), "unexpected_path", "whom a warning concerns is said by its kind");

    let mut story = announced(&good);
    let row = row_of(&story);
    let read = Warning::of_row(&row).unwrap();
    assert_eq!(Some(&read), Warning::of(&story.entity, package()).as_ref(), "a row holds all of it");
    assert_eq!((read.categories.clone(), row.title.as_str()), (good.categories, "政策变化"));
    let words = "低保户、分散供养特困户：低保标准提高到每人每月 510 元。";
    assert_eq!(read.words(package()), words);
    let judged = |set: &Values| codes(story.judge(&duty(), "set", &json!({"set": set})));
    assert_eq!(judged(&Warning::raise("red")), "invalid", "it has no level");
    assert_eq!(judged(&Warning::extend(START + 90 * DAY_MS)), "ok");
    let other: Values = [("categories".to_owned(), json!(["general"]))].into();
    assert_eq!(judged(&other), "unexpected_path");
    story.admitted(&duty(), "set", &json!({"set": Warning::lift("dan", START + HOUR)})).unwrap();
    assert_eq!(row_of(&story).state, LIFTED);
}

#[test]
fn households_it_concerns_are_called_on_until_somebody_was_met() {
    let [poor, seen] = home(1, "dibao", GRID);
    let [plain, also] = home(2, "general", GRID);
    let [far, too] = home(3, "dibao", FAR);
    let homes = [&poor, &seen, &plain, &also, &far, &too];
    let due = |more: &[Summary], now: u64| {
        let rows: Vec<&Summary> = homes.into_iter().chain(more).collect();
        let list = due_list(rows, package(), day_of(now), crate::plan::Season::at(now));
        let called = list.into_iter().filter(|row| row.why.is_some());
        called.map(|row| (row.household.0[0], row.due.days, row.why.unwrap())).collect::<Vec<_>>()
    };
    let one = |days: i64| vec![(1, days, "政策变化".to_owned())];
    let told = row(&policy(&["dibao"], &[VILLAGE]));
    let now = START + HOUR;
    assert_eq!(due(&[], now), []);
    assert_eq!(due(std::slice::from_ref(&told), now), one(15), "in its area, of its category");
    assert_eq!(due(&[row(&policy(&["dibao"], &[TOWN]))], now).len(), 2);
    assert_eq!(due(&[row(&policy(&["veteran"], &[TOWN]))], now), []);
    assert_eq!(due(&[row(&policy(&["veteran", "general"], &[TOWN]))], now)[0].0, 2);

    // Who was seen that morning has not heard of it; who was missed has not either.
    let before = visit(50, poor.id, START - HOUR);
    assert_eq!(due(&[told.clone(), before], now), one(15));
    let mut missed = visit(51, poor.id, now);
    missed.visit.as_mut().unwrap().met = false;
    assert_eq!(due(&[told.clone(), missed], now), one(15));
    assert_eq!(due(&[told.clone(), visit(52, poor.id, now)], now + HOUR), []);

    // It begins in three days, at midnight in Beijing: the days count from then, and a visit before it says nothing.
    let from = crate::calendar::midnight(day_of(START)) + 3 * DAY_MS;
    let ahead = row(&Warning { from, ..policy(&["dibao"], &[VILLAGE]) });
    let last = visit(53, poor.id, from - 1);
    assert_eq!(due(&[ahead.clone(), last.clone()], from - 1), [], "not yet");
    assert_eq!(due(&[ahead.clone(), last], from), one(15));
    assert_eq!(due(&[ahead, visit(54, poor.id, from)], from), []);

    // Late is late until it is over; lifted it is over at once.
    let recent = visit(55, poor.id, START - HOUR);
    let late = |now: u64| due(&[told.clone(), recent.clone()], now);
    assert_eq!(late(START + 15 * DAY_MS), one(0));
    assert_eq!(late(START + 16 * DAY_MS), one(-1));
    assert_eq!(due(&[lifted(&policy(&["dibao"], &[VILLAGE]), now)], now + HOUR), []);
    assert!(!late(START + 46 * DAY_MS).iter().any(|row| row.2 == "政策变化"));
}

#[test]
fn the_desk_and_the_phone_say_how_many_it_calls_for() {
    let [poor, seen] = home(1, "dibao", GRID);
    let [plain, also] = home(2, "general", GRID);
    let mut rows = vec![&poor, &seen, &plain, &also];
    let told = policy(&["dibao"], &[VILLAGE]);
    let found = effect(package(), &told, &rows, START);
    assert_eq!((found.homes, found.points.len()), (1, 0));
    let ahead = Warning { from: START + 3 * DAY_MS, ..told.clone() };
    assert_eq!(effect(package(), &ahead, &rows, START).homes, 1, "what it will call for");
    assert_eq!(Asks::new(package(), &rows, START).of(&ahead, &[]), (0, 0), "not today");
    assert_eq!(Asks::new(package(), &rows, START).of(&told, &[]), (0, 1));
    let there = visit(50, poor.id, START + HOUR);
    rows.push(&there);
    assert_eq!(Asks::new(package(), &rows, START + HOUR).of(&told, &[]), (0, 0));
}
