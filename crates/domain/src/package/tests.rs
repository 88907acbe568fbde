#![allow(clippy::unwrap_used)]

use super::*;

#[test]
fn every_name_in_the_default_data_means_something() {
    assert_eq!(Package::builtin().faults(), Vec::<String>::new());
}

#[test]
fn faults_are_found() {
    let mut broken = Package::builtin().clone();
    broken.dicts.remove("met");
    broken.roles[1].grants[0].permission = "record.fly".to_owned();
    broken.flows[0].transitions.get_mut()[1].to = "nowhere".to_owned();
    broken.law.get_mut().sla.default = "S9".to_owned();
    broken.law.get_mut().calendar.hours.reverse();
    let faults = broken.faults().join("\n");
    for expected in [
        "unknown class S9",
        "working hours",
        "unknown dict met",
        "record.fly",
        "submit uses an unknown state",
    ] {
        assert!(faults.contains(expected), "{expected} in {faults}");
    }
}

#[test]
fn a_role_without_a_rank_or_above_everybody_who_gives_is_a_fault() {
    let mut package = Package::builtin().clone();
    package.roles.iter_mut().filter(|role| role.id == "mediator").for_each(|role| role.rank = 0);
    package.roles.iter_mut().filter(|role| role.id == "auditor").for_each(|role| role.rank = 9);
    let expected = ["role mediator: no rank", "role auditor: nobody who keeps the directory ranks as high"];
    assert_eq!(package.faults(), expected);
    package.roles.iter_mut().for_each(|role| role.rank = 0);
    assert_eq!(package.faults(), Vec::<String>::new(), "a package of before");
}

#[test]
fn the_one_that_came_with_the_app_is_read_in_one_go() {
    let text = Package::builtin().to_json().unwrap();
    let (quick, careful) = (Package::from_app(&text).unwrap(), Package::from_json(&text).unwrap());
    assert_eq!(quick, careful);
    assert_eq!(quick.checksum(), careful.checksum());
    assert_eq!(quick.checksum().len(), 64);
    let half = &text[..text.floor_char_boundary(text.len() / 2)];
    assert!(matches!(Package::from_app(half), Err(PackageError::Shape(_))), "cut off");
    let later = text.replacen("{\"gridbook_package\":1,", "{\"gridbook_package\":2,", 1);
    assert!(matches!(Package::from_app(&later), Err(PackageError::Envelope(2))));
}

#[test]
fn round_trip_with_checksum() {
    let builtin = Package::builtin();
    let text = builtin.to_json().unwrap();
    let read = Package::from_json(&text).unwrap();
    assert_eq!(&read, builtin);
    assert_eq!(read.checksum().len(), 64);
}

#[test]
fn damage_is_noticed() {
    let text = Package::builtin().to_json().unwrap();
    let changed = text.replacen("堵塞疏散通道", "堵塞疏散通路", 1);
    assert!(matches!(Package::from_json(&changed), Err(PackageError::Checksum)));
    let later = text.replacen("\"gridbook_package\":1", "\"gridbook_package\":2", 1);
    assert!(matches!(Package::from_json(&later), Err(PackageError::Envelope(2))));
    let half = text.floor_char_boundary(text.len() / 2);
    assert!(matches!(Package::from_json(&text[..half]), Err(PackageError::Shape(_))));
}

#[test]
fn lists_are_complete() {
    let package = Package::builtin();
    let count = |dict: &str| package.dict(dict).unwrap().options.len();
    assert_eq!(count("hazard_category"), 26);
    assert_eq!(count("dispute_category"), 27);
    assert_eq!(count("dispute_class19"), 19);
    assert_eq!(count("visit_purpose"), 12);
    assert_eq!(count("risk_item"), 14);
    assert_eq!(count("source"), 19);
    assert_eq!(package.roles.len(), 36);
    assert_eq!(package.levels.iter().map(|level| level.rank).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn every_subtype_hangs_under_a_category() {
    let package = Package::builtin();
    for (subtypes, categories) in
        [("hazard_subtype", "hazard_category"), ("dispute_subtype", "dispute_category")]
    {
        for choice in &package.dict(subtypes).unwrap().options {
            let parent = choice.parent.as_deref().unwrap();
            assert!(package.choice(categories, parent).is_some(), "{}", choice.id);
        }
    }
    for category in &package.dict("hazard_category").unwrap().options {
        let subtypes = &package.dict("hazard_subtype").unwrap().options;
        assert!(subtypes.iter().any(|choice| choice.parent.as_deref() == Some(&category.id)));
    }
    for choice in &package.dict("hazard_subtype").unwrap().options {
        assert!(choice.level.is_some(), "{} suggests no level", choice.id);
    }
}

#[test]
fn restricted_items_are_marked_and_not_offered() {
    let package = Package::builtin();
    let restricted: Vec<&str> = package
        .dicts
        .values()
        .flat_map(|dict| &dict.options)
        .filter(|choice| choice.restricted)
        .map(|choice| choice.label.as_str())
        .collect();
    for label in ["家暴苗头", "欺凌", "干部作风", "民族宗教", "退役军人安置", "涉黄", "精神异常无监护"]
    {
        assert!(restricted.contains(&label), "{label}");
    }
    let field = package.form("F-DISPUTE").unwrap().field("category").unwrap();
    let offered = package.offered(field, None);
    assert_eq!(offered.len(), 24);
    assert!(offered.iter().all(|choice| choice.id != "cadre_conduct"));
    let sub = package.form("F-HAZARD").unwrap().field("subtype").unwrap();
    assert_eq!(package.offered(sub, Some("care")).len(), 2);
    for id in ["mental_unstable", "mental_basic", "mental_stable", "correction", "released", "rehab"] {
        assert!(package.category(id).is_none(), "{id} is restricted");
    }
}

#[test]
fn household_categories_have_the_intervals_of_the_plan() {
    let package = Package::builtin();
    assert_eq!(package.categories.len(), 34);
    let elder = package.category("elder_high_risk").unwrap();
    assert_eq!((elder.interval_days, elder.mode, elder.weight), (7, ContactMode::Either, 4));
    let dangerous = package.category("dangerous_house").unwrap();
    assert_eq!((dangerous.interval_days, dangerous.flood_days), (30, Some(7)));
    assert!(package.category("away_whole").unwrap().suspends);
    assert!(!package.category("black_list_help").unwrap().offered);
    for category in &package.categories {
        let shorter = [category.flood_days, category.summer_days, category.first_days];
        assert!(shorter.into_iter().flatten().all(|days| days < category.interval_days), "{}", category.id);
    }
}

#[test]
fn labels_fall_back_to_the_id() {
    let package = Package::builtin();
    assert_eq!(package.label("met", "not_met"), "未遇");
    assert_eq!(package.label("met", "a_later_answer"), "a_later_answer");
    assert_eq!(package.state_label("in_progress"), "办理中");
    assert_eq!(package.state_label("a_later_state"), "a_later_state");
    assert!(package.form_named("F-VISIT/1").is_some());
    assert!(package.form_named("F-VISIT/99").is_none());
}

/// A version that stands for an earlier one asks what that asked, as it did, and demands nothing more: whoever wrote by the
/// earlier one is read, corrected and judged by the later (CAT-05).
#[test]
fn what_stands_for_an_earlier_version_asks_as_it_did() {
    let package = Package::builtin();
    let published = [include_str!("published/F-HOUSEHOLD.1.json"), include_str!("published/F-PLACE.1.json")];
    for text in published {
        let before: Form = serde_json::from_str(text).unwrap();
        let now = package.form_named(&format!("{}/{}", before.id, before.version)).unwrap();
        assert!(now.version > before.version && now.covers <= before.version, "{}", before.id);
        let top = before.fields().map(|(_, field)| (String::new(), field));
        let columns = before.fields().flat_map(|(_, table)| {
            table.fields.iter().map(move |column| (format!("{}/r/", table.path), column))
        });
        for (table, asked) in top.chain(columns) {
            let path = format!("{table}{}", asked.path);
            let held = now.field(&path).unwrap_or_else(|| panic!("{} lost {path}", before.id));
            let bare = |field: &Field| Field { fields: Vec::new(), ..field.clone() };
            assert_eq!(bare(held), bare(asked), "{path}");
        }
        let demands = |form: &Form| {
            let all = form.fields().flat_map(|(_, field)| std::iter::once(field).chain(&field.fields));
            let strict =
                |field: &&Field| field.required || field.quick_required || field.required_when.is_some();
            all.filter(strict).map(|field| field.path.clone()).collect::<Vec<_>>()
        };
        // Columns of a table that is new are asked of nobody who does not fill it.
        let new = now.fields().filter(|(_, field)| before.field(&field.path).is_none());
        let own: Vec<&str> =
            new.flat_map(|(_, table)| table.fields.iter().map(|c| c.path.as_str())).collect();
        assert!(
            demands(now).iter().all(|path| demands(&before).contains(path) || own.contains(&path.as_str()))
        );
        assert!(now.fields().all(|(_, field)| before.field(&field.path).is_some() || !field.required));
        // A version of the township's own is the next.
        assert!(!now.reads(now.version + 1) && !now.reads(0));
    }
}

/// A phone fetches this once, at its first start: the budget is on the bytes that it reads. Kinds of warnings, who announces
/// them, the rights to apply for an item of the list and to approve it, and who declares zero reports took the rises
/// before those (HAZ-04, CAT-02, FLOW-20); the letter of transfer with its receipt, and the steps of a mediation file that
/// extend, remind and keep receipts took the last but one (FLOW-16, MED-06, MED-09, MED-10); what is asked of people and
/// points beyond the least, with all kinds of points, took the last (TERR-08, TERR-10).
#[test]
fn the_package_stays_small() {
    let text = Package::builtin().to_json().unwrap();
    assert!(text.len() < 325_000, "{} bytes", text.len());
    assert!(!text.contains(": ") && !text.contains("\n"), "compact");
}

#[test]
fn an_edited_package_is_read_by_whoever_knows_that_it_was_edited() {
    let text = Package::builtin().to_json().unwrap();
    let edited = text.replacen("隐患登记", "隐患上报", 1);
    assert!(matches!(Package::from_json(&edited), Err(PackageError::Checksum)));
    let read = Package::from_edited(&edited).unwrap();
    assert_ne!(read.checksum(), Package::from_json(&text).unwrap().checksum());
    assert!(Package::from_edited("{}").is_err());
    assert_eq!(Package::from_json(&read.to_json().unwrap()).unwrap(), read, "handed on it is whole again");
}
