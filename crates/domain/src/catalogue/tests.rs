#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

fn catalogue() -> &'static Catalogue {
    Package::builtin().catalogue.get()
}

#[test]
fn the_list_has_forty_three_items_ten_carriers_and_the_log_of_the_duty() {
    let items = &catalogue().items;
    let (listed, carriers): (Vec<_>, Vec<_>) = items.iter().partition(|item| !item.code.starts_with('X'));
    assert_eq!((listed.len(), carriers.len()), (43, 11));
    let ids: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    let codes: BTreeSet<&str> = items.iter().map(|item| item.code.as_str()).collect();
    assert_eq!((ids.len(), codes.len()), (54, 54));
    assert_eq!(listed.iter().filter(|item| item.duty == Duty::Principal).count(), 23);
    for item in items {
        assert!(Package::builtin().kind_of_item(item).is_some(), "{} has no form", item.code);
        assert!(!item.sla.is_empty() && item.sla.iter().all(|class| SLA_CLASSES.contains(&class.as_str())));
        assert!(catalogue().groups.iter().any(|group| group.id == item.group), "{}", item.code);
        assert!(LEVELS.contains(&item.level.as_str()));
        assert!(
            item.seasons.iter().flatten().all(|edge| crate::date::parse(&format!("2028-{edge}")).is_some())
        );
    }
    let on: Vec<&str> =
        carriers.iter().filter(|item| item.offered_on(day(5, 18))).map(|i| i.id.as_str()).collect();
    assert_eq!(on, ["call_department", "duty_log"], "carriers are off, but for the call and the log");
}

#[test]
fn nothing_restricted_is_offered_anywhere() {
    let package = Package::builtin();
    let restricted: Vec<&Item> =
        catalogue().items.iter().filter(|item| item.sensitivity == Sensitivity::Restricted).collect();
    let codes: Vec<&str> = restricted.iter().map(|item| item.code.as_str()).collect();
    assert_eq!(codes, ["C05", "G02", "G04", "H01"]);
    let offered = catalogue().offered(day(5, 18));
    assert_eq!(offered.len(), 43 - 4 + 2);
    for item in &offered {
        assert!(!package.form(&item.form).unwrap().restricted, "{} opens a restricted form", item.code);
    }
    assert!(restricted.iter().all(|item| !offered.contains(item)));
    // No form offers one of them as an answer, and no form for every day is a restricted one.
    for form in package.forms.get() {
        for (_, field) in form.fields().filter(|(_, field)| field.options.is_some()) {
            for choice in package.offered(field, None) {
                assert!(!choice.restricted, "{} offers {}", form.id, choice.id);
                assert!(
                    !restricted.iter().any(|item| item.id == choice.id),
                    "{} offers {}",
                    form.id,
                    choice.id
                );
            }
        }
    }
    let mut closed: Vec<&str> =
        package.forms.get().iter().filter(|form| form.restricted).map(|form| form.id.as_str()).collect();
    closed.dedup();
    assert_eq!(closed, ["F-SUPV", "F-ABUSE", "F-TIP", "F-GROUP", "F-RVISIT"]);
    // The confidential report has a way of its own, which no list shows.
    for kind in RecordKind::ALL.into_iter().filter(|kind| *kind != RecordKind::Confidential) {
        assert!(package.form_for(kind).is_none_or(|form| !form.restricted), "{kind:?}");
    }
    for campaign in &catalogue().campaigns {
        assert!(!restricted.iter().any(|item| item.id == campaign.item));
    }
}

fn actor(role: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> crate::role::Actor {
    let held = crate::role::Assignment {
        role: role.to_owned(),
        area: Some("510000100".to_owned()),
        unit: None,
        from,
        to,
    };
    crate::role::Actor { user: "ann".to_owned(), assignments: vec![held] }
}

#[test]
fn who_may_report_is_offered_the_item_and_nobody_else() {
    let package = Package::builtin();
    let codes = |role: &str| -> Vec<&str> {
        let actor = actor(role, None, None);
        package.items_for(&actor, day(5, 18)).into_iter().map(|item| item.code.as_str()).collect()
    };
    let assistant = codes("village_assistant");
    assert_eq!(assistant.len(), 39, "everything of the 43 but what needs a grant");
    assert!(!assistant.contains(&"X01") && codes("grid_chief").contains(&"X01"));
    // Who writes visits, quarrels and entries only is not offered what would be refused.
    let mediator = codes("mediator");
    assert!(mediator.contains(&"C02") && !mediator.contains(&"D01") && !mediator.contains(&"H02"));
    assert!(codes("auditor").is_empty());
}

#[test]
fn what_an_item_bars_is_neither_late_nor_a_danger() {
    let mut package = Package::builtin().clone();
    for item in &mut package.catalogue.get_mut().items {
        item.reporters = vec!["grid_chief".to_owned()];
    }
    let bars = |actor: &crate::role::Actor, kind, form: &str, values: serde_json::Value, days| {
        let values = values.as_object().unwrap().clone().into_iter().collect();
        package.bars(actor, kind, (form, &values), days).map(|item| item.code.clone())
    };
    let (ann, today) = (actor("village_assistant", None, None), [day(5, 18); 2]);
    let repair = json!({"item": "facility_repair"});
    assert_eq!(bars(&ann, RecordKind::Matter, "F-REPAIR/1", repair.clone(), today), Some("H02".to_owned()));
    assert_eq!(bars(&ann, RecordKind::Matter, "F-REPAIR/1", json!({}), today), Some("H02".to_owned()));
    assert_eq!(bars(&ann, RecordKind::Matter, "F-GENERAL/1", json!({}), today), None, "it is no item");
    assert_eq!(bars(&ann, RecordKind::Hazard, "F-HAZARD/1", json!({"category": "fire"}), today), None);
    assert_eq!(
        bars(&ann, RecordKind::Matter, "F-INCIDENT/1", json!({"item": "incident_report"}), today),
        None
    );
    assert_eq!(
        bars(&ann, RecordKind::Matter, "F-GENERAL/1", json!({"item": "fund_labor"}), today),
        Some("X10".to_owned())
    );
    // Written while the role was held, and sent after it had ended.
    let chief = actor("grid_chief", None, Some(day(5, 10)));
    assert_eq!(bars(&chief, RecordKind::Matter, "F-REPAIR/1", repair.clone(), [day(5, 18), day(5, 9)]), None);
    assert!(bars(&chief, RecordKind::Matter, "F-REPAIR/1", repair, [day(5, 18), day(5, 11)]).is_some());
}

#[test]
fn words_of_the_list_find_the_one_unit_that_they_mean() {
    let units = [
        ("yjb", "应急办"),
        ("mzb", "民政办"),
        ("xfz", "镇消防站"),
        ("c1", "柳溪村委会"),
        ("c2", "石桥村委会"),
    ];
    let find = |words: &str| unit_named(words, units.into_iter());
    assert_eq!(find("应急办"), Some("yjb"));
    assert_eq!(find("公共服务办(民政)"), Some("mzb"));
    assert_eq!(find("消防"), Some("xfz"));
    assert_eq!(find("村委会"), None, "two fit");
    assert_eq!(find("河长办"), None);
    assert_eq!(unit_named("应急办", [("a", "应急办公室"), ("b", "应急办")].into_iter()), Some("b"));
}

#[test]
fn an_older_package_reads_without_the_new_keys() {
    let text = r#"{"code":"D04","id":"road","name":"路","group":"public_safety","kind":"hazard","duty":"support",
        "lead":"交通","level":"township","sla":["by_level"],"form":"F-HAZARD"}"#;
    let item: Item = serde_json::from_str(text).unwrap();
    assert!(item.offline && item.support.is_empty() && item.reporters.is_empty() && item.points.is_empty());
    assert!(!serde_json::to_string(&item).unwrap().contains("offline"), "what is usual is not written");
    let online: Vec<&str> =
        catalogue().items.iter().filter(|item| !item.offline).map(|item| item.code.as_str()).collect();
    assert_eq!(online, ["C05", "G02", "G04", "H01"]);
}

#[test]
fn the_item_follows_from_what_the_record_says() {
    let of = |form: &str, values: serde_json::Value| {
        let values = values.as_object().unwrap().clone().into_iter().collect();
        catalogue().item_of(form, &values).map(|item| item.code.as_str())
    };
    assert_eq!(of("F-HAZARD/1", json!({"category": "bridge"})), Some("D04"));
    assert_eq!(of("F-HAZARD/1", json!({"category": "other"})), None);
    assert_eq!(of("F-HAZARD/1", json!({})), None);
    assert_eq!(of("F-REPAIR/1", json!({})), Some("H02"));
    assert_eq!(of("F-CLUE/1", json!({})), None, "several items share the form");
    assert_eq!(of("F-CLUE/1", json!({"item": "fraud_clue"})), Some("G03"));
}

#[test]
fn seasons_pass_the_turn_of_the_year() {
    let fire = catalogue().item("forest_fire").unwrap();
    for (date, runs) in
        [(day(10, 1), true), (day(12, 31), true), (day(1, 1), true), (day(5, 31), true), (day(6, 1), false)]
    {
        assert_eq!(fire.in_season(date), runs, "{date}");
    }
    assert_eq!(catalogue().offered(day(7, 1))[0].id, "drowning_hazard");
    assert!(fire.offered_on(day(7, 1)), "out of season it can still be reported");
}

#[test]
fn five_themes_stand_and_extra_ones_come_and_go() {
    let mut package = Package::builtin().clone();
    let labels = |package: &Package, date, area: &str| -> Vec<String> {
        campaigns(package, date, area).into_iter().map(|campaign| campaign.label.clone()).collect()
    };
    let area = "51000010020100301";
    assert_eq!(labels(&package, day(2, 1), area), ["森林防火", "公共卫生", "环保", "巡河", "禁毒反诈"]);
    assert_eq!(labels(&package, day(6, 10), area)[0], "环保");
    let mut extra = |id: &str, to: Option<NaiveDate>, areas: &[&str]| {
        package.catalogue.get_mut().campaigns.push(Campaign {
            id: id.to_owned(),
            label: id.to_owned(),
            item: "road_hazard".to_owned(),
            standing: false,
            from: Some(day(6, 1)),
            to,
            areas: areas.iter().map(|area| (*area).to_owned()).collect(),
            target: Some(60),
        });
    };
    extra("护栏", Some(day(6, 30)), &["510000100201"]);
    extra("桥梁", Some(day(6, 20)), &[]);
    extra("没有终点", None, &[]);
    extra("别的村", Some(day(6, 30)), &["510000100202"]);
    let now = labels(&package, day(6, 10), area);
    assert_eq!((now.len(), &now[..2]), (7, &["桥梁".to_owned(), "护栏".to_owned()][..]));
    assert_eq!(labels(&package, day(6, 21), area)[0], "护栏");
    assert_eq!(labels(&package, day(7, 1), area).len(), 5);
    assert_eq!(
        labels(&package, day(6, 10), "510000100").len(),
        8,
        "the township sees all of its villages' themes"
    );
}

#[test]
fn a_theme_is_begun_limited_and_ended_at_the_desk() {
    let mut package = Package::builtin().clone();
    let today = day(6, 10);
    let check = |theme: &Campaign, package: &Package| theme.check(package.catalogue.get(), today);
    let whole = Campaign {
        id: "theme_x".to_owned(),
        label: "秋冬护林".to_owned(),
        item: "forest_fire".to_owned(),
        standing: false,
        from: Some(today),
        to: Some(day(6, 30)),
        areas: vec!["510000100201".to_owned()],
        target: None,
    };
    assert_eq!(check(&whole, &package), Ok(()));
    for (change, cause) in [
        (Campaign { label: " ".to_owned(), ..whole.clone() }, ThemeError::Label),
        (Campaign { label: "护".repeat(MAX_LABEL + 1), ..whole.clone() }, ThemeError::Label),
        (Campaign { to: None, ..whole.clone() }, ThemeError::NoEnd),
        (Campaign { to: Some(day(6, 9)), ..whole.clone() }, ThemeError::Dates),
        (Campaign { areas: vec!["柳溪".to_owned()], ..whole.clone() }, ThemeError::Area),
        (Campaign { item: "idle_land".to_owned(), ..whole.clone() }, ThemeError::Item),
        (Campaign { standing: true, ..whole.clone() }, ThemeError::TooMany),
    ] {
        assert_eq!(check(&change, &package), Err(cause));
        assert!(cause.words().chars().count() > 5);
    }
    // A sixth stands once one of the five has ended, and is of its village alone.
    let first = package.catalogue.get().campaigns[0].ended(today);
    package = package.revised(&first.change()).unwrap();
    let standing = Campaign { standing: true, to: None, ..whole };
    assert_eq!(check(&standing, &package), Ok(()));
    package = package.revised(&standing.change()).unwrap();
    assert_eq!(package.faults(), Vec::<String>::new());
    let labels = |area: &str| -> Vec<String> {
        campaigns(&package, today, area).into_iter().map(|campaign| campaign.label.clone()).collect()
    };
    assert!(labels("51000010020100301").contains(&"秋冬护林".to_owned()));
    assert!(!labels("51000010020100301").contains(&"公共卫生".to_owned()), "ended, not erased");
    assert!(!labels("510000100202001").contains(&"秋冬护林".to_owned()));
    assert_eq!(first.state(today), ThemeState::Over);
    assert_eq!(standing.state(day(6, 9)), ThemeState::Ahead);
    // The authority refuses one without an end, whoever sends it.
    let endless = Campaign { standing: false, ..standing };
    assert_eq!(
        package.revised(&endless.change()),
        Err(crate::package::ChangeError::Theme(ThemeError::NoEnd))
    );
    assert!(package.applied(&endless.change()).is_ok(), "what was taken in before stays readable");
}

#[test]
fn what_comes_switched_off_is_switched_on_and_off() {
    let package = Package::builtin();
    let carriers: Vec<&Item> = catalogue().items.iter().filter(|item| item.is_carrier()).collect();
    assert_eq!(carriers.len(), 11, "X01 to X10, and the log of whoever is on duty");
    let idle = catalogue().item("idle_land").unwrap();
    assert!(!idle.offered_on(day(6, 10)));
    let next = package.revised(&idle.switch(true)).unwrap();
    assert_eq!(next.faults(), Vec::<String>::new());
    assert!(next.catalogue.get().item("idle_land").unwrap().offered_on(day(6, 10)));
    assert_eq!(next.catalogue.get().version, catalogue().version + 1);
    let again = next.revised(&next.catalogue.get().item("idle_land").unwrap().switch(false)).unwrap();
    assert_eq!(again.catalogue.get().item("idle_land"), Some(idle));
    assert!(!catalogue().item("special_assist").unwrap().is_carrier(), "a grant by name, not a switch");
}

#[test]
fn a_theme_counts_households_or_records() {
    use crate::case::story::{GRID, START, Story, VILLAGE, person};
    let package = Package::builtin();
    let ann = person("ann", "village_assistant");
    let summary = |body: serde_json::Value| {
        let mut story = Story::new();
        story.admitted(&ann, "create", &body).unwrap();
        crate::summary::Summary::of(&story.entity, package).unwrap()
    };
    let home = summary(json!({"type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": GRID},
        "set": {"address_text": "柳溪村3组12号", "door_no": "12", "residence_type": "permanent"}}));
    let clue = |household: &str| {
        summary(json!({"type": "matter", "form": "F-CLUE/1", "state": "submitted", "place": {"area": GRID},
            "set": {"item": "fraud_clue", "facts": "接到冒充客服的电话", "household": household}}))
    };
    let rows = [home.clone(), home.clone(), clue(&home.id.to_string())];
    let theme = catalogue().campaigns.iter().find(|theme| theme.item == "fraud_clue").unwrap();
    let today = crate::calendar::day_of(START);
    let share = |theme: &Campaign, area: &str| {
        let share = reached(package, theme, rows.iter(), area, today);
        (share.part, share.whole)
    };
    assert_eq!(share(theme, VILLAGE), (1, 2));
    assert_eq!(share(theme, "510000100202"), (0, 0));
    // Reported of both records of one household: one household.
    let other = gridbook_log::EntityId([9; 16]);
    let went = crate::summary::Summary {
        id: other,
        household: Some(home.id),
        state: "merged".to_owned(),
        ..home.clone()
    };
    let far = crate::summary::Summary {
        id: gridbook_log::EntityId([8; 16]),
        household: Some(gridbook_log::EntityId([8; 16])),
        ..home.clone()
    };
    let both = [home.clone(), went, far, clue(&home.id.to_string()), clue(&other.to_string())];
    assert_eq!(reached(package, theme, both.iter(), VILLAGE, today).words(), "1/2");
    assert_eq!(share(&Campaign { target: Some(10), ..theme.clone() }, VILLAGE), (1, 10));
    let later = Campaign { from: today.succ_opt(), ..theme.clone() };
    assert_eq!(share(&later, VILLAGE), (0, 2), "what was before its first day does not count");
}
