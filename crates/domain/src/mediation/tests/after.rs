//! What follows an agreement, and what ends a mediation without one.

use super::*;

#[test]
fn failed_mediation_takes_a_talk_and_leads_to_cooling_visits() {
    let fail = json!({"set": {"failed_reason": "no_agreement"}, "data": {"told_ways": true}});
    assert_eq!(accepted().try_step(&mei(), "med_fail", &fail), Err(Refusal::Guard(Guard::MedTalked)));
    let mut story = talked();
    story.step(&mei(), "med_fail", &fail);
    let view = story.view();
    let file = Mediation::of(&view);
    assert_eq!((view.state.as_str(), volume::result(&file)), ("failed", "failed"));
    let due: Vec<NaiveDate> = follow_ups(&file, day(5, 26)).into_iter().map(|visit| visit.due).collect();
    assert_eq!(due, [day(6, 1), day(6, 24)]);
    let lacks = volume::missing(Package::builtin(), &file);
    assert!(lacks.iter().any(|(id, _)| id == "termination"));
    assert!(words(&paper(&story, "termination")).contains("因未达成一致，本委员会终止调解"));
}

#[test]
fn instalments_are_watched() {
    let mut story = agreed();
    let states = |story: &Story, today| -> Vec<agreement::Performance> {
        agreement::instalments(&Mediation::of(&story.view()), today).iter().map(|part| part.state).collect()
    };
    use agreement::Performance::{Done, Late, Open, Urged};
    assert_eq!(states(&story, day(7, 1)), [Done, Open, Open]);
    assert_eq!(states(&story, day(7, 2)), [Done, Late, Open]);
    assert_eq!(agreement::advice(&Mediation::of(&story.view()), day(7, 2)), ["第 2 期已过期, 请催促履行"]);
    write(&mut story, &json!({"instalments/a2/urged_on": "2026-07-02"}), &[]);
    assert_eq!(states(&story, day(7, 10)), [Done, Urged, Open]);
    assert_eq!(
        agreement::advice(&Mediation::of(&story.view()), day(7, 10)),
        ["第 2 期催促后仍未履行, 建议向法院起诉"]
    );
    write(&mut story, &json!({"confirm_result": "confirmed"}), &[]);
    assert!(agreement::advice(&Mediation::of(&story.view()), day(7, 10))[0].contains("强制执行"));
}

#[test]
fn confirmation_counts_thirty_days_and_reminds() {
    let mut story = agreed();
    let at = |story: &Story, today| confirmation(&Mediation::of(&story.view()), today);
    let open = |left, remind| Confirmation::Open { until: day(6, 24), left, remind };
    let remind = |story: &mut Story, today: NaiveDate| {
        story.ms = crate::calendar::midnight(today) + 36_000_000;
        story.step(&mei(), "med_remind", &json!({"set": {"confirm_reminded_on": today.to_string()}}));
    };
    assert_eq!(at(&story, day(5, 25)), open(31, None));
    let early = story.try_step(&mei(), "med_remind", &json!({"set": {"confirm_reminded_on": "2026-05-25"}}));
    assert_eq!(early, Err(Refusal::Guard(Guard::RemindDue)), "nothing to remind of yet");
    assert_eq!(at(&story, day(6, 1)), open(24, Some(7)));
    assert_eq!(at(&story, day(6, 3)), open(22, Some(7)), "until somebody did");
    remind(&mut story, day(6, 3));
    assert_eq!(at(&story, day(6, 4)), open(21, None));
    assert_eq!(at(&story, day(6, 14)), open(11, Some(20)), "the next one, not the same again");
    remind(&mut story, day(6, 14));
    assert_eq!(at(&story, day(6, 22)), open(3, Some(27)), "day 27 was yesterday");
    remind(&mut story, day(6, 22));
    assert_eq!(at(&story, day(6, 24)), open(1, None));
    assert_eq!(at(&story, day(6, 25)), Confirmation::Expired);
    let filed = filed().view();
    assert_eq!(
        confirmation(&Mediation::of(&filed), day(6, 25)),
        Confirmation::Answered("confirmed".to_owned())
    );
    assert_eq!(confirmation(&Mediation::of(&talked().view()), day(6, 1)), Confirmation::NotOffered);
}

#[test]
fn only_all_parties_together_extend_the_mediation() {
    let mut story = accepted();
    let extend = |agree: bool, until: &str, photos: usize| {
        json!({"data": {"parties_agree": agree}, "set": {"extended_until": until},
            "blobs": vec![blob("photo_extension"); photos]})
    };
    let refused = || Err(Refusal::Guard(Guard::PartiesExtend));
    assert_eq!(story.try_step(&mei(), "med_extend", &extend(false, "2026-07-01", 1)), refused());
    assert_eq!(story.try_step(&mei(), "med_extend", &extend(true, "2026-06-17", 1)), refused(), "no later");
    let bare = story.try_step(&mei(), "med_extend", &extend(true, "2026-07-01", 0));
    assert!(matches!(bare, Err(Refusal::Invalid(_))), "the signed paper is asked for: {bare:?}");
    story.step(&mei(), "med_extend", &extend(true, "2026-07-01", 1));
    let view = story.view();
    let file = Mediation::of(&view);
    assert_eq!(ceiling(&file), Some(day(7, 1)));
    // Ten working days from the acceptance on 18 May, no holiday between.
    assert_eq!(target(Package::builtin(), &file), Some(day(6, 1)));
    // A plain correction does not extend it.
    let set = json!({"set": {"extended_until": "2026-12-31"}});
    assert!(story.judge(&mei(), "set", &set).is_err());
}

#[test]
fn a_side_may_stop_before_the_first_talk() {
    let mut story = accepted();
    let stop = |reason: &str, text: &str| {
        json!({"set": {"failed_reason": reason, "failed_on": "2026-05-19"},
            "data": {"told_ways": true, "text": text}})
    };
    let refused = || Err(Refusal::Guard(Guard::MedTalked));
    assert_eq!(story.try_step(&mei(), "med_fail", &stop("unwilling", "")), refused(), "no reason");
    assert_eq!(story.try_step(&mei(), "med_fail", &stop("no_agreement", "没谈")), refused(), "nobody talked");
    story.step(&mei(), "med_fail", &stop("unwilling", "季大寒说不谈了，要去起诉"));
    let view = story.view();
    let (file, package) = (Mediation::of(&view), Package::builtin());
    assert_eq!((view.state.as_str(), volume::result(&file)), ("failed", "terminated"));
    let lacks: Vec<String> = volume::missing(package, &file).into_iter().map(|(id, _)| id).collect();
    for id in ["mediation_record", "rights_notice", "identity"] {
        assert!(!lacks.contains(&id.to_owned()), "{id}: nobody met");
    }
    assert!(lacks.contains(&"termination".to_owned()));
    assert!(!steps(package, &file, day(5, 20)).iter().any(|state| {
        matches!(state.step, Step::Assign | Step::Inform | Step::Mediate) && !state.missing.is_empty()
    }));
    let due: Vec<NaiveDate> = follow_ups(&file, day(5, 20)).into_iter().map(|visit| visit.due).collect();
    assert_eq!(due, [day(5, 26), day(6, 18)], "cooling visits all the same");
    let sum = indicators(package, [file], day(5, 1), day(5, 31));
    assert_eq!((sum.concluded, sum.days, sum.within_target), (1, 1, 1));
}

#[test]
fn a_receipt_is_kept_and_printed_with_its_photo() {
    let mut story = agreed();
    let bare = story.try_step(&mei(), "med_receipt", &json!({}));
    assert!(matches!(bare, Err(Refusal::Invalid(_))), "{bare:?}");
    story.step(
        &mei(),
        "med_receipt",
        &json!({"blobs": [blob("photo_performance")], "data": {"text": "第1期"}}),
    );
    let template = Package::builtin().template("receipt").unwrap();
    assert_eq!(story.view().photos.get(&template.photos), Some(&1));
}

#[test]
fn follow_ups_are_denser_where_it_is_dangerous() {
    let mut story = agreed();
    let due = |story: &Story| -> Vec<(NaiveDate, bool)> {
        follow_ups(&Mediation::of(&story.view()), day(7, 3))
            .into_iter()
            .map(|visit| (visit.due, visit.done.is_some()))
            .collect()
    };
    assert_eq!(due(&story), [(day(6, 1), false), (day(6, 24), false)]);
    write(&mut story, &json!({"risk_checklist": ["violence_threat"], "follow_ups/f1/on": "2026-06-01"}), &[]);
    assert_eq!(
        due(&story),
        [
            (day(6, 1), true),
            (day(6, 8), false),
            (day(6, 15), false),
            (day(6, 24), false),
            (day(8, 23), false)
        ]
    );
    assert_eq!(due(&filed()), [(day(6, 1), true), (day(6, 24), true)]);
}

#[test]
fn what_a_visit_asked_about_is_a_follow_up_of_the_file() {
    let mut story = agreed();
    story.ms = crate::calendar::midnight(day(6, 1)) + 36_000_000;
    let visit = "0190f0e0c0de4a5b8c6d7e8f90a1b2c4";
    let ann = person("ann", "village_assistant");
    let asked = |on: &str, reached: bool| {
        json!({"data": {"visit": visit, "on": on, "reached": reached, "mode": "phone", "person": "钟小满",
            "performed": "part", "relapse": true, "visitor": "何秀兰", "text": "钱只付了一半"}})
    };
    story.step(&ann, FOLLOWED, &asked("2026-06-01", false));
    assert!(Mediation::of(&story.view()).rows("follow_ups").is_empty(), "nobody was reached");
    // Who sees the file and makes no visits there tells it nothing.
    let refused = story.try_step(&person("lin", "leader"), FOLLOWED, &asked("2026-06-01", true));
    assert!(matches!(refused, Err(Refusal::Guard(Guard::MayVisit))), "{refused:?}");
    story.step(&ann, FOLLOWED, &asked("2026-06-01", true));
    let view = story.view();
    let file = Mediation::of(&view);
    let due: Vec<bool> = follow_ups(&file, day(7, 3)).iter().map(|visit| visit.done.is_some()).collect();
    assert_eq!(due, [true, false]);
    let row = file.rows("follow_ups")[0];
    assert_eq!((row.text("person"), row.text("visitor"), row.yes("relapse")), ("钟小满", "何秀兰", true));
    let said = words(&paper(&story, "followup"));
    assert!(said.contains("何秀兰") && said.contains("部分履行") && said.contains("2026年6月1日"), "{said}");
    // The mediator adds what was not asked; nothing else of it changes.
    write(&mut story, &json!({format!("follow_ups/{visit}/rating"): "satisfied"}), &[]);
    let view = story.view();
    let rows = Mediation::of(&view).rows("follow_ups");
    assert_eq!((rows.len(), rows[0].text("rating"), rows[0].text("person")), (1, "satisfied", "钟小满"));
}
