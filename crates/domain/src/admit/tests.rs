#![allow(clippy::unwrap_used)]

use gridbook_log::DeviceId;
use serde_json::{Value, json};

use super::*;
use crate::case::story::{GRID, Story, TOWN, UNIT, VILLAGE, blob, hazard_body, person};
use crate::role::{Assignment, NotYours};
use crate::workflow::Guard;

const OTHER_GRID: &str = "51000010020200101";

fn with(mut body: Value, key: &str, value: Value) -> Value {
    body[key] = value;
    body
}

fn household_body(area: &str) -> Value {
    json!({
        "type": "household", "form": "F-HOUSEHOLD/1", "place": {"area": area},
        "set": {"address_text": "柳溪村3组12号", "door_no": "12", "residence_type": "permanent",
            "members/m1/name": "钟小满", "members/m1/relation": "head"}
    })
}

fn household() -> Story {
    let mut story = Story::new();
    story.admitted(&person("ann", "village_assistant"), "create", &household_body(GRID)).unwrap();
    story
}

#[test]
fn a_field_worker_creates_in_the_own_grid() {
    let ann = person("ann", "village_assistant");
    let story = Story::new();
    assert_eq!(story.judge(&ann, "create", &hazard_body("blue")), Ok(()));
    assert_eq!(story.judge(&ann, "create", &household_body(GRID)), Ok(()));
    let visit = json!({
        "type": "visit", "form": "F-VISIT/1", "state": "visited", "place": {"area": GRID},
        "set": {"household": "0190f0e0c0de4a5b8c6d7e8f90a1b2c3", "visit_at": "2026-05-18T08:00",
            "mode": "in_home", "met": "head"}
    });
    assert_eq!(story.judge(&ann, "create", &visit), Ok(()));
}

#[test]
fn bad_creations_are_named() {
    let ann = person("ann", "village_assistant");
    let story = Story::new();
    let good = hazard_body("blue");
    for (body, code) in [
        (with(good.clone(), "type", json!("a_later_kind")), "unknown_type"),
        (with(good.clone(), "state", json!("closed")), "wrong_state"),
        (with(good.clone(), "form", json!("F-HAZARD/99")), "unknown_form"),
        (with(good.clone(), "form", json!("F-VISIT/1")), "unknown_form"),
        (with(good.clone(), "form", Value::Null), "unknown_form"),
        (with(good.clone(), "place", json!({"area": OTHER_GRID})), "not_permitted"),
        (with(good.clone(), "place", json!({"area": "5100"})), "bad_area"),
        (with(good.clone(), "place", json!({})), "bad_area"),
        (with(good.clone(), "place", json!({"area": GRID, "all": true})), "bad_placement"),
        (with(good.clone(), "place", json!({"area": GRID, "units_add": [UNIT]})), "bad_placement"),
        (with(good.clone(), "place", json!({"area": GRID, "users_add": ["eve"]})), "bad_placement"),
        (with(good.clone(), "set", json!({"level": "blue"})), "invalid"),
        (with(good.clone(), "set", json!({"desc": "x", "level": "purple"})), "invalid"),
        (with(good, "set", json!({"desc": "x", "handler": "ann"})), "workflow_path"),
    ] {
        assert_eq!(story.judge(&ann, "create", &body).unwrap_err().code(), code, "{body}");
    }
    assert_eq!(story.judge(&ann, "create", &json!({"type": 7})).unwrap_err().code(), "bad_body");
    assert_eq!(story.judge(&ann, "set", &json!({"set": {}})), Err(Refusal::Missing));
}

#[test]
fn restricted_forms_make_no_record() {
    let (story, ann) = (Story::new(), person("ann", "village_assistant"));
    let body = json!({"type": "entry", "form": "F-RVISIT/1", "state": "recorded", "place": {"area": GRID}, "set": {"facts": "x"}});
    assert_eq!(story.judge(&ann, "create", &body), Err(Refusal::RestrictedForm));
    let entry = json!({"type": "entry", "form": "F-ZERO/1", "state": "recorded", "place": {"area": GRID},
        "set": {"date": "2026-05-18", "area": GRID, "has_any": "none"}});
    assert_eq!(story.judge(&ann, "create", &entry), Ok(()));
}

#[test]
fn creating_twice_and_under_another_name_is_refused() {
    let story = Story::hazard("blue");
    let ann = person("ann", "village_assistant");
    assert_eq!(story.judge(&ann, "create", &hazard_body("blue")), Err(Refusal::Exists));
    let op = story.op(DeviceId([1; 8]), "eve", "set", &json!({"set": {"cause": "x"}}));
    let verdict = admit(Package::builtin(), &ann, Some(&story.entity), &op, story.today());
    assert_eq!(verdict, Err(Refusal::AuthorMismatch));
}

#[test]
fn nobody_plays_the_authority() {
    let story = Story::hazard("blue");
    let dora = person("dora", "center_director");
    for (kind, body) in
        [("number", json!({"number": "青〔2026〕隐字第00001号"})), ("receipt", json!({"ops": [], "at": 1}))]
    {
        assert_eq!(story.judge(&dora, kind, &body), Err(Refusal::AuthorityOnly), "{kind}");
    }
}

#[test]
fn the_reporter_corrects_until_registration_and_intake_after() {
    let mut story = Story::hazard("blue");
    let (ann, ivy) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    let fix =
        json!({"set": {"desc": "水沟堵了 30 米", "people_exposed": 4}, "blobs": [blob("photo_before")]});
    assert_eq!(story.judge(&ann, "set", &fix), Ok(()));
    let other = person("abe", "village_assistant");
    assert_eq!(story.judge(&other, "set", &fix).unwrap_err().code(), "not_permitted");
    story.until_claimed();
    assert_eq!(story.judge(&ann, "set", &fix), Err(Refusal::RegisteredAlready));
    assert_eq!(story.judge(&ivy, "set", &fix), Ok(()));
    assert_eq!(
        story.judge(&ivy, "set", &json!({"set": {"people_exposed": "四"}})).unwrap_err().code(),
        "invalid"
    );
    let sly = json!({"set": {"handle_by": "2027-01-01"}});
    assert_eq!(story.judge(&ivy, "set", &sly), Err(Refusal::WorkflowPath("handle_by".to_owned())));
}

#[test]
fn the_handler_fills_the_handlers_sections_only() {
    let mut story = Story::hazard("yellow");
    let ben = person("ben", "unit_handler");
    let done =
        json!({"set": {"rect_done_at": "2026-05-20T10:00", "cost": 300}, "blobs": [blob("photo_after")]});
    assert_eq!(story.judge(&ben, "set", &done).unwrap_err().code(), "not_permitted");
    story.until_claimed();
    assert_eq!(story.judge(&ben, "set", &done), Ok(()));
    let measures =
        json!({"set": {"control_measures/r1/measure": "warning", "control_measures/r1/owner": "本"}});
    assert_eq!(story.judge(&ben, "set", &measures), Ok(()), "both may note control measures");
    let desc = json!({"set": {"desc": "没有问题"}});
    assert_eq!(story.judge(&ben, "set", &desc).unwrap_err().code(), "not_permitted");
    assert_eq!(
        story.judge(&person("ann", "village_assistant"), "set", &done).unwrap_err().code(),
        "not_permitted"
    );
}

#[test]
fn an_old_fault_does_not_hold_back_a_correction() {
    let mut story = Story::hazard("blue");
    story.authority("set", &json!({"set": {"people_exposed": "三"}}));
    let ann = person("ann", "village_assistant");
    assert_eq!(story.judge(&ann, "set", &json!({"set": {"cause": "淤泥"}})), Ok(()));
}

#[test]
fn households_are_edited_in_the_own_area() {
    let story = household();
    let edit = json!({"set": {"phones/p1/number": "13800005678", "members/m2/name": "钟立夏", "members/m2/relation": "son"}});
    for (actor, fits) in [
        (person("ann", "village_assistant"), true),
        (person("abe", "grid_worker_l1"), true),
        (person("gwen", "grid_clerk"), true),
        (person("ben", "unit_handler"), false),
        (person("root", "sys_admin"), false),
    ] {
        assert_eq!(story.judge(&actor, "set", &edit).is_ok(), fits, "{}", actor.user);
    }
    let bad = json!({"set": {"members/m1/relation": "boss"}});
    assert_eq!(story.judge(&person("ann", "village_assistant"), "set", &bad).unwrap_err().code(), "invalid");
    let warned = json!({"set": {"phones/p1/number": "1380"}});
    assert_eq!(story.judge(&person("ann", "village_assistant"), "set", &warned), Ok(()));
}

#[test]
fn the_directory_belongs_to_steward_and_administrator() {
    let story = Story::new();
    for kind in ["area", "unit", "staff"] {
        let body = json!({"type": kind, "place": {"all": true}, "set": {"name": "水利站", "code": UNIT}});
        for (role, fits) in [
            ("grid_clerk", true),
            ("sys_admin", true),
            ("center_director", false),
            ("village_assistant", false),
        ] {
            assert_eq!(story.judge(&person("x", role), "create", &body).is_ok(), fits, "{role} {kind}");
        }
    }
}

#[test]
fn only_the_steward_moves_records_and_only_inside_the_own_area() {
    let story = household();
    let steward = person("gwen", "grid_clerk");
    let to = |area: &str| json!({"area": area});
    assert_eq!(story.judge(&steward, "place", &to(OTHER_GRID)), Ok(()));
    assert_eq!(story.judge(&steward, "place", &to("510000101201001")).unwrap_err().code(), "not_permitted");
    assert_eq!(story.judge(&steward, "place", &to("12")).unwrap_err().code(), "bad_area");
    assert_eq!(story.judge(&steward, "place", &json!({"all": true})).unwrap_err().code(), "bad_placement");
    for role in ["village_assistant", "intake_clerk", "sys_admin"] {
        let refusal = story.judge(&person("ann", role), "place", &to(OTHER_GRID)).unwrap_err();
        assert_eq!(refusal.code(), "not_permitted", "{role}");
    }
}

#[test]
fn unknown_kinds_are_stored_where_the_author_may_write() {
    let story = Story::hazard("blue");
    let later = json!({"whatever": ["a", "later", "version", "means"]});
    assert_eq!(story.judge(&person("ann", "village_assistant"), "comment", &later), Ok(()));
    assert_eq!(story.judge(&person("ivy", "intake_clerk"), "comment", &later), Ok(()));
    assert_eq!(
        story.judge(&person("ben", "unit_handler"), "comment", &later).unwrap_err().code(),
        "not_permitted"
    );
}

#[test]
fn reading_follows_area_unit_name_and_authorship() {
    let mut story = Story::hazard("blue");
    let package = Package::builtin();
    let sees = |story: &Story, user: &str, role: &str| {
        reads(package, &person(user, role), &story.entity, story.today())
    };
    assert!(sees(&story, "abe", "village_assistant") && sees(&story, "ivy", "intake_clerk"));
    assert!(!sees(&story, "ben", "unit_handler") && !sees(&story, "root", "sys_admin"));
    assert!(sees(&story, "ann", "unit_handler"), "authors read what they wrote");
    assert!(!sees(&story, "jo", "judicial_office"), "a grant for some kinds does not open an area");
    story.until_claimed();
    assert!(sees(&story, "ben", "unit_handler"));
}

#[test]
fn the_reach_drops_areas_inside_others() {
    let mut actor = person("ann", "village_assistant");
    actor.assignments.extend(person("ann", "grid_worker_l1").assignments);
    actor.assignments.extend(person("ann", "unit_handler").assignments);
    let found = reach(Package::builtin(), &actor, Story::new().today());
    assert_eq!(found, Reach { areas: vec![VILLAGE.to_owned()], units: vec![UNIT.to_owned()] });
    assert!(found.covers(Some(GRID), &[]) && found.covers(None, &[UNIT]));
    assert!(!found.covers(Some(TOWN), &["U-ROAD"]));
}

#[test]
fn every_refusal_says_that_nothing_is_lost() {
    let refusals = [
        Refusal::AuthorMismatch,
        Refusal::BadBody(String::new()),
        Refusal::AuthorityOnly,
        Refusal::Exists,
        Refusal::Missing,
        Refusal::UnknownType(String::new()),
        Refusal::UnknownForm(String::new()),
        Refusal::OldForm(String::new()),
        Refusal::RestrictedForm,
        Refusal::WrongState,
        Refusal::BadArea(String::new()),
        Refusal::BadPlacement,
        Refusal::NotPermitted(String::new()),
        Refusal::RegisteredAlready,
        Refusal::WorkflowPath(String::new()),
        Refusal::UnexpectedPath(String::new()),
        Refusal::UnknownAction,
        Refusal::NotLegalNow { action: String::new(), state: String::new() },
        Refusal::RoleNotYours(NotYours::Above(String::new())),
        Refusal::RoleNotYours(NotYours::ByName(String::new())),
        Refusal::HouseholdGone,
        Refusal::Invalid(Vec::new()),
        Refusal::Guard(Guard::Once),
    ];
    let unknown = message_for("no_such_code");
    for refusal in refusals {
        assert!(refusal.message().contains("内容都在"), "{}", refusal.code());
        assert_ne!(message_for(refusal.code()), unknown, "{} has words of its own", refusal.code());
    }
}

#[test]
fn the_directory_gives_and_takes_no_role_above_its_keeper_s() {
    let clerk = person("gwen", "grid_clerk");
    let mut admin = person("ada", "sys_admin");
    admin.assignments.extend(person("ada", "grid_clerk").assignments);
    let staff = |user: &str, role: &str| {
        let held = Assignment { role: role.to_owned(), area: Some(TOWN.to_owned()), ..Assignment::default() };
        let set = crate::authority::staff_values(user, "测试", &[held]);
        json!({"type": "staff", "place": {"all": true}, "set": set})
    };
    let above = |label: &str| Err(Refusal::RoleNotYours(NotYours::Above(label.to_owned())));
    let story = Story::new();
    for role in ["village_assistant", "grid_chief", "intake_clerk", "grid_clerk"] {
        assert_eq!(story.judge(&clerk, "create", &staff("bob", role)), Ok(()), "{role}");
    }
    assert_eq!(story.judge(&clerk, "create", &staff("bob", "center_director")), above("中心主任"));
    assert_eq!(story.judge(&clerk, "create", &staff("bob", "sys_admin")), above("系统管理员"));
    assert_eq!(story.judge(&admin, "create", &staff("bob", "center_director")), Ok(()));
    let by_name = Err(Refusal::RoleNotYours(NotYours::ByName("人身侵害线索专办人".to_owned())));
    assert_eq!(story.judge(&admin, "create", &staff("bob", "harm_contact")), by_name);
    // What stands is neither raised nor taken away, and nobody takes it over under another name.
    let mut story = Story::new();
    story.admitted(&admin, "create", &staff("dora", "center_director")).unwrap();
    let set = |set: Value| story.judge(&clerk, "set", &json!({ "set": set }));
    assert_eq!(set(json!({"name": "另名"})), Ok(()), "nothing of the role changes");
    assert_eq!(set(json!({"assignments/a1/role": "intake_clerk"})), above("中心主任"));
    assert_eq!(set(json!({"assignments/a1/to": "2026-01-01"})), above("中心主任"));
    assert_eq!(set(json!({"assignments/a1/_gone": true})), above("中心主任"));
    assert_eq!(set(json!({"user": "gwen"})), above("中心主任"));
    assert_eq!(set(json!({"assignments/a2/role": "intake_clerk"})), Ok(()), "one more that is hers to give");
    let mut own = Story::new();
    own.admitted(&admin, "create", &staff("gwen", "grid_clerk")).unwrap();
    let raised = own.judge(&clerk, "set", &json!({"set": {"assignments/a2/role": "sys_admin"}}));
    assert_eq!(raised, above("系统管理员"));
}

#[test]
fn a_device_says_which_key_is_its_own_and_no_other() {
    use gridbook_log::{Ctx, Dot, EntityId, Hlc, NewOp, Writer, key};
    let package = Package::builtin();
    // Whoever they are: a key is no permission.
    let nobody = Actor { user: "ann".to_owned(), assignments: Vec::new() };
    let today = NaiveDate::from_ymd_opt(2026, 5, 18).unwrap();
    let writer = Writer { dev: DeviceId([1; 8]), epoch: 1 };
    let judge = |entity: EntityId, body: &Value| {
        let dot = Dot { writer, n: 1 };
        let hlc = Hlc { ms: 1, count: 0 };
        let new = NewOp { entity, dot, hlc, kind: "create", user: "ann", ctx: Ctx::default() };
        let op = Op::new(new, [0; 16], body.to_string()).unwrap();
        admit(package, &nobody, None, &op, today).map_err(|refusal| refusal.code().to_owned())
    };
    let body = serde_json::to_value(key::record(&[4; 65], &[])).unwrap();
    assert_eq!(judge(key::id(writer), &body), Ok(()));
    let unknown = || Err("unknown_type".to_owned());
    assert_eq!(judge(key::id(Writer { epoch: 2, ..writer }), &body), unknown(), "another's place");
    assert_eq!(judge(EntityId([1; 16]), &body), unknown(), "any place");
    assert_eq!(judge(key::id(writer), &with(body.clone(), "place", json!({"area": GRID}))), unknown());
    assert_eq!(judge(key::id(writer), &with(body, "set", json!({"key": "04"}))), unknown());
}

#[test]
fn who_may_not_report_an_item_reports_it_under_no_other_name() {
    let (ann, lea) = (person("ann", "village_assistant"), person("lea", "grid_worker_l1"));
    let matter = |form: &str, item: &str| {
        json!({"type": "matter", "form": form, "state": "submitted", "place": {"area": GRID},
            "set": {"facts": "请交通所来看便道", "item": item}})
    };
    let story = Story::new();
    let code = |who: &Actor, body: &Value| story.judge(who, "create", body).map_err(|refusal| refusal.code());
    assert_eq!(code(&ann, &matter("F-GENERAL/1", "facility_repair")), Ok(()));
    assert_eq!(code(&ann, &matter("F-GENERAL/1", "call_department")), Err("not_reporter"));
    assert_eq!(code(&ann, &matter("F-CALL/1", "facility_repair")), Err("not_reporter"));
    assert_eq!(code(&lea, &matter("F-CALL/1", "call_department")), Ok(()));
    // Nor by calling it so afterwards; whoever registers may.
    let mut story = Story::new();
    story.admitted(&ann, "create", &matter("F-GENERAL/1", "facility_repair")).unwrap();
    let renamed = json!({"set": {"item": "call_department"}});
    assert_eq!(story.judge(&ann, "set", &renamed).unwrap_err().code(), "not_reporter");
    assert_eq!(story.judge(&person("sue", "dispatcher"), "set", &renamed), Ok(()));
    assert_eq!(story.judge(&ann, "set", &json!({"set": {"item": "public_opinion"}})), Ok(()));
}

/// Codes in the rows of the contract's table whose head begins so, and those it names in the text of another row.
fn codes_of(contract: &str, head: &str) -> Vec<String> {
    let rows = contract.lines().skip_while(|line| !line.starts_with(head)).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('`').nth(1)).map(str::to_owned).collect()
}

#[test]
fn every_code_of_the_contract_has_words_of_its_own() {
    let contract = include_str!("../../../../docs/contract.md");
    let mut codes = codes_of(contract, "| `code` of `refuse`");
    assert!(codes.len() > 10, "{codes:?}");
    // Named in the row of `reject` beside those of the domain.
    for code in ["second_create", "creation_rejected"] {
        assert!(contract.contains(&format!("`{code}`")), "{code}");
        codes.push(code.to_owned());
    }
    let unknown = message_for("no such code");
    for code in codes {
        let words = message_for(&code);
        assert_ne!(words, unknown, "{code}");
        assert!(words.contains('在'), "{code} says that nothing is lost: {words}");
        assert!(words.ends_with('。') && words.matches(['。', '，', ',']).count() > 1, "{code}: {words}");
    }
}
