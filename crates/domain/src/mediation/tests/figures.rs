//! Figures, subsidies and who mediates.

use super::*;

#[test]
fn recusal_is_asked_and_seen() {
    let view = talked().view();
    assert_eq!(Mediation::of(&view).mediators(), ["柏立秋"]);
    assert!(conflicted(&Mediation::of(&view)).is_empty());
    let mut values = view.values.clone();
    values.insert("mediators/m1/replaced".to_owned(), json!(false));
    assert_eq!(conflicted(&Mediation { values: &values, ..Mediation::of(&view) }), ["阮三江"]);
    values.insert("parties/p2/name".to_owned(), json!("柏立秋"));
    assert_eq!(conflicted(&Mediation { values: &values, ..Mediation::of(&view) }), ["阮三江", "柏立秋"]);
    assert!(words(&paper(&talked(), "recusal")).contains("调解员阮三江与当事人近亲属，决定更换"));
}

#[test]
fn the_roster_offers_who_knows_and_has_time() {
    let one = |name: &str, known: &[&str], load, term_to| Mediator {
        name: name.to_owned(),
        expertise: known.iter().map(|id| (*id).to_owned()).collect(),
        load,
        term_to,
        ..Mediator::default()
    };
    let roster = [
        one("甲", &["labor"], 0, None),
        one("乙", &["neighbor"], 3, None),
        one("丙", &["neighbor"], 1, Some(day(5, 18))),
        one("丁", &["neighbor"], 0, Some(day(5, 17))),
    ];
    let names: Vec<&str> = choose(&roster, "neighbor", day(5, 18)).iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["丙", "乙", "甲"]);
}

#[test]
fn the_roster_stands_in_the_directory_and_nobody_mediates_the_own_quarrel() {
    let person = |name: &str, area: &str, listed: bool| {
        let known = Mediator {
            body: "村调委会".to_owned(),
            area: area.to_owned(),
            expertise: vec!["neighbor".to_owned()],
            term_to: Some(day(12, 31)),
            ..Mediator::default()
        };
        let mut values = known.values(listed);
        values.insert("name".to_owned(), json!(name));
        let read = Mediator::of(&values);
        assert_eq!(read, listed.then(|| Mediator { name: name.to_owned(), ..known }));
        read
    };
    let view = talked().view();
    let file = Mediation::of(&view);
    let party = file.rows("parties")[0].text("name").to_owned();
    let people = [
        person("邹清明", "510000100201", true),
        person("柏立秋", "", true),
        person(&party, "", true),
        person("路小雪", "510000100202", true),
        person("时白露", "", true),
        person("郝小暑", "", false),
    ];
    let mut roster: Vec<Mediator> = people.into_iter().flatten().collect();
    count_load(
        &mut roster,
        [Mediation { state: "accepted", ..file }, Mediation { state: "archived", ..file }],
    );
    let load: Vec<(&str, u32)> =
        roster.iter().filter(|one| one.load > 0).map(|one| (&*one.name, one.load)).collect();
    assert_eq!(load, [("柏立秋", 1)], "a file that is over is no load");
    roster[0].load = 2;
    let told = |area: &str| {
        offered(&roster, &file, area, day(5, 26)).iter().map(|one| one.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(told("51000010020100301"), ["时白露", "邹清明"], "not who is named already, nor a party");
    assert_eq!(told("51000010020200301"), ["时白露", "路小雪"]);
}

#[test]
fn figures_come_from_the_files_alone() {
    let (done, failed, open) = (
        filed().view(),
        {
            let mut story = talked();
            story.step(
                &mei(),
                "med_fail",
                &json!({"set": {"failed_reason": "unwilling"}, "data": {"told_ways": true}}),
            );
            story.view()
        },
        accepted().view(),
    );
    let files = [&done, &failed, &open].map(Mediation::of);
    let package = Package::builtin();
    let sum = indicators(package, files, day(5, 1), day(7, 31));
    assert_eq!((sum.accepted, sum.concluded, sum.written, sum.oral), (3, 2, 1, 0));
    assert_eq!((sum.days, sum.within_30, sum.confirmed, sum.fen), (14, 2, 1, 1_003_050));
    assert_eq!(
        (sum.within_target, sum.target_permille(), sum.within_30_permille()),
        (2, Some(1000), Some(1000))
    );
    assert_eq!((sum.due, sum.performed), (2, 1));
    assert_eq!((sum.success_permille(), sum.performed_permille()), (Some(500), Some(500)));
    assert_eq!((sum.by_source["court"], sum.by_mediator["柏立秋"]), (3, 2));
    assert_eq!(indicators(package, files, day(1, 1), day(1, 31)).success_permille(), None);
    let rates = Rates::default();
    assert_eq!(subsidy(&rates, &Mediation::of(&done), true), 150);
    assert_eq!(subsidy(&rates, &Mediation::of(&failed), true), 75);
    assert_eq!(subsidy(&rates, &Mediation::of(&done), false), 0);
    let own = Rates { general: 200, failed_percent: 25, ..rates };
    assert_eq!(
        (subsidy(&own, &Mediation::of(&done), true), subsidy(&own, &Mediation::of(&failed), true)),
        (200, 50)
    );
    let odd = Rates { general: 15, ..rates };
    assert_eq!(subsidy(&odd, &Mediation::of(&failed), true), 8, "half a yuan counts as one");
    assert!(
        own.sound()
            && !Rates { failed_percent: 101, ..own }.sound()
            && !Rates { hard: 100_001, ..own }.sound()
    );
}

#[test]
fn the_subsidy_is_due_once_the_volume_is_closed_and_somebody_approves_it() {
    let rates = Rates::default();
    let line = |story: &Story| subsidy::line(&rates, &story.entity, &Mediation::of(&story.view()));
    assert_eq!(line(&accepted()), None, "nothing came to an end");
    let mut story = filed();
    let open = line(&story).unwrap();
    assert_eq!((open.due, open.archived, open.approved), (0, None, None), "the volume is not closed");
    let early = story.try_step(&hao(), "med_subsidy", &json!({"data": {"yuan": 150}}));
    assert_eq!(early.unwrap_err().code(), "not_legal_now");
    story.step(&hao(), "med_archive", &json!({}));
    assert_eq!(line(&story).unwrap().due, 150);
    let own = story.try_step(&mei(), "med_subsidy", &json!({"data": {"yuan": 150}}));
    assert_eq!(own.unwrap_err().code(), "not_permitted", "nobody approves his own");
    story.step(&hao(), "med_subsidy", &json!({"data": {"yuan": 120}}));
    let held = line(&story).unwrap().approved.unwrap();
    assert_eq!((held.yuan, held.by.as_str()), (120, "hao"));
    // Papers that come in months later change neither its period nor what was approved; that may be looked at again.
    let first = line(&story);
    story.ms += 60 * crate::calendar::DAY_MS;
    story.step(&hao(), "med_reopen", &json!({"data": {"text": "补收条"}}));
    assert_eq!(line(&story), first);
    story.step(&hao(), "med_archive", &json!({}));
    assert_eq!(line(&story), first);
    story.step(&hao(), "med_subsidy", &json!({"data": {"yuan": 150}}));
    assert_eq!(line(&story).unwrap().approved.unwrap().yuan, 150);
}
