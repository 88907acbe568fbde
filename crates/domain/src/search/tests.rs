#![allow(clippy::unwrap_used)]
use crate::pinyin::name_initials;
use crate::summary::Keys;

use super::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 5, 20).unwrap()
}

fn blank(n: u32, kind: RecordKind) -> Summary {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    Summary {
        id: EntityId(id),
        kind,
        title: String::new(),
        subtitle: String::new(),
        area: "510000100201001".to_owned(),
        state: "active".to_owned(),
        level: String::new(),
        household: None,
        at: 0,
        updated: 0,
        reporter: String::new(),
        units: Vec::new(),
        number: String::new(),
        categories: Vec::new(),
        hints: Vec::new(),
        conflict: false,
        rejected: false,
        visit: None,
        keys: Keys::default(),
    }
}

fn household(n: u32, names: &[&str], phone: &str, categories: &[&str]) -> Summary {
    let mut summary = blank(n, RecordKind::Household);
    let address = format!("青禾镇柳溪村{}组{n}号", n % 16 + 1);
    summary.title = names[0].to_owned();
    summary.subtitle.clone_from(&address);
    summary.number = format!("510000100201{:03}H{n:04}", n % 16 + 1);
    summary.household = Some(summary.id);
    summary.categories = categories.iter().map(|id| (*id).to_owned()).collect();
    summary.keys = Keys {
        names: names.iter().map(|name| fold(name)).collect(),
        initials: names.iter().flat_map(|name| name_initials(name)).collect(),
        tails: vec![phone[phone.len() - 8..].to_owned()],
        door: fold_door(&format!("{n}号")),
        text: fold(&address),
        marks: Vec::new(),
    };
    summary
}

/// A thousand households, a few of them known by heart.
fn village() -> Vec<Summary> {
    const SURNAMES: [&str; 8] = ["王", "李", "张", "刘", "陈", "杨", "赵", "黄"];
    const GIVEN: [&str; 8] = ["国庆", "秀英", "建军", "玉兰", "志强", "桂芳", "海燕", "文明"];
    let mut all: Vec<Summary> = (1..=1000u32)
        .map(|n| {
            let head = format!("{}{}", SURNAMES[n as usize % 8], GIVEN[n as usize / 8 % 8]);
            let wife = format!("{}{}", SURNAMES[n as usize / 3 % 8], GIVEN[n as usize / 5 % 8]);
            household(n, &[&head, &wife], &format!("139{:08}", n * 7919), &[])
        })
        .collect();
    all[11] = household(12, &["单小满", "曾玉珍"], "13800510012", &["dibao"]);
    all[499] = household(500, &["仇大山", "解春花"], "13800510500", &["elder_alone"]);
    all[899] = household(900, &["李小满", "欧阳丽"], "13800510900", &[]);
    all
}

fn find(all: &[Summary], query: &str) -> Vec<u32> {
    Query::new(query, Package::builtin(), today())
        .households(all, 1000)
        .into_iter()
        .map(|hit| u32::from_be_bytes(hit.id.0[..4].try_into().unwrap()))
        .collect()
}

#[test]
fn the_exact_door_comes_first() {
    let all = village();
    for query in ["12", "12号", "１２号", "012"] {
        assert_eq!(find(&all, query)[0], 12, "{query}");
    }
    assert_eq!(find(&all, "510000100201005h0500")[0], 500);
    // Only one household has the door; others are found by their address below it.
    assert_eq!(find(&all, "500")[0], 500);
}

#[test]
fn names_whole_and_in_part() {
    let all = village();
    assert_eq!(find(&all, "单小满"), [12]);
    // The surname first, then who only contains it.
    assert_eq!(find(&all, "小满"), [12, 900]);
    assert_eq!(find(&all, "解春花"), [500]);
    assert_eq!(find(&all, "欧阳"), [900]);
    assert!(find(&all, "尉迟").is_empty());
}

#[test]
fn surnames_by_their_initial() {
    let all = village();
    assert_eq!(find(&all, "sxm"), [12]);
    assert_eq!(find(&all, "SXM"), [12]);
    assert!(find(&all, "zyz").contains(&12), "曾 is zēng");
    assert_eq!(find(&all, "qds"), [500], "仇 is qiú");
    assert_eq!(find(&all, "xch"), [500], "解 is xiè");
    assert_eq!(find(&all, "oyl"), [900]);
    assert!(find(&all, "dxm").is_empty(), "not dān");
}

#[test]
fn phone_tails_from_three_digits() {
    let all = village();
    assert_eq!(find(&all, "13800510900"), [900]);
    assert!(find(&all, "0900").contains(&900));
    assert!(find(&all, "510500").contains(&500));
}

#[test]
fn categories_addresses_and_words_together() {
    let all = village();
    assert_eq!(find(&all, "低保"), [12]);
    assert_eq!(find(&all, "留守"), [500]);
    assert_eq!(find(&all, "8组").len(), find(&all, "柳溪村 8组").len());
    assert_eq!(find(&all, "低保 小满"), [12]);
    assert!(find(&all, "低保 仇大山").is_empty());
    assert!(find(&all, "  ").is_empty());
}

#[test]
fn an_open_matter_finds_its_household() {
    let mut all = village();
    let mut case = blank(5000, RecordKind::Dispute);
    case.state = "registered".to_owned();
    case.title = "排水沟纠纷".to_owned();
    case.household = Some(all[499].id);
    case.keys.text = fold(&case.title);
    let id = case.id;
    all.push(case);
    assert_eq!(find(&all, "排水沟"), [500]);
    let hit = &Query::new("排水沟", Package::builtin(), today()).households(&all, 10)[0];
    assert_eq!(hit.why, Why::Matter(id));
    all.last_mut().unwrap().state = "closed".to_owned();
    assert!(find(&all, "排水沟").is_empty());
}

#[test]
fn other_records_are_found_one_by_one() {
    let mut case = blank(1, RecordKind::Hazard);
    case.keys.text = fold("后山裂缝 柳溪村3组");
    case.number = "青禾〔2026〕隐字第00012号".to_owned();
    let fits = |query: &str| Query::new(query, Package::builtin(), today()).score(&case).is_some();
    assert!(fits("裂缝") && fits("青禾〔2026〕隐字第00012号") && !fits("塌方") && !fits(""));
    assert!(Query::new(" ", Package::builtin(), today()).is_empty());
}

#[test]
fn the_limit_keeps_the_best() {
    let all = village();
    let query = || Query::new("12", Package::builtin(), today());
    let all_hits = query().households(&all, 1000);
    assert_eq!(query().households(&all, 1), all_hits[..1]);
    assert!(all_hits.is_sorted_by(|a, b| a.score >= b.score));
}

#[test]
fn what_is_sensitive_is_found_only_by_who_may_see_it_and_only_while_it_counts() {
    use crate::case::story::{GRID, person};
    let mut all = village();
    all[11].area = GRID.to_owned();
    let count = |all: &[Summary], user: &Actor, words: &str| {
        let query = Query::new(words, Package::builtin(), today());
        query.discreet(Package::builtin(), user).households(all, 1000).len()
    };
    let (worker, clerk) = (person("ann", "village_assistant"), person("ivy", "intake_clerk"));
    assert_eq!((count(&all, &worker, "低保"), count(&all, &clerk, "低保")), (1, 0));
    assert_eq!((count(&all, &worker, "独居"), count(&all, &clerk, "独居")), (1, 1));
    all[11].area = "51000010020200101".to_owned();
    assert_eq!(count(&all, &worker, "低保"), 0, "another grid");
    all[11].area = GRID.to_owned();
    all[11].categories = vec!["dibao//2026-05-19".to_owned()];
    assert_eq!(count(&all, &worker, "低保"), 0, "it has ended");
}
