//! Families: households with members, phones, categories that follow from who lives there.

use std::collections::BTreeSet;

use gridbook_domain::import::Vocabulary;

use super::places::{Grid, Village};
use super::rng::Rng;
use super::{Fields, label, names};

/// Year the demo is written in: ages are reckoned from it.
const NOW: u32 = 2026;

struct Person {
    name: String,
    relation: &'static str,
    male: bool,
    birth: String,
    born: u32,
    id_number: String,
    phone: String,
    status: &'static str,
}

/// What must not repeat over the township, and counters.
#[derive(Default)]
struct Seen {
    births: BTreeSet<(String, String)>,
    phones: u32,
    ids: u32,
}

/// Rows of the household sheet and of the person sheet.
pub(super) fn rows(
    rng: &mut Rng,
    villages: &[Village],
    vocabulary: &Vocabulary,
) -> (Vec<Fields>, Vec<Fields>) {
    let mut seen = Seen::default();
    let (mut households, mut persons) = (Vec::new(), Vec::new());
    for village in villages {
        for grid in &village.grids {
            for serial in 1..=grid.households {
                let code = format!("{}H{serial:04}", grid.code);
                let people = family(rng, &mut seen);
                let categories = categories(rng, &people);
                persons.extend(people.iter().map(|person| person_row(&code, person)));
                households.push(household_row(
                    rng,
                    village,
                    grid,
                    serial,
                    &code,
                    &people,
                    &categories,
                    vocabulary,
                ));
            }
        }
    }
    (households, persons)
}

fn person_row(code: &str, person: &Person) -> Fields {
    vec![
        ("household", code.to_owned()),
        ("name", person.name.clone()),
        ("relation", person.relation.to_owned()),
        ("sex", if person.male { "男" } else { "女" }.to_owned()),
        ("birth", person.birth.clone()),
        ("id_number", person.id_number.clone()),
        ("phone", person.phone.clone()),
        ("resident_status", person.status.to_owned()),
    ]
}

#[allow(clippy::too_many_arguments, reason = "one place that knows all of a household's row")]
fn household_row(
    rng: &mut Rng,
    village: &Village,
    grid: &Grid,
    serial: usize,
    code: &str,
    people: &[Person],
    categories: &[&'static str],
    vocabulary: &Vocabulary,
) -> Fields {
    let away = categories.contains(&"away_whole");
    let home = people.iter().filter(|person| person.status == "在家").count();
    let labels: Vec<&str> = categories.iter().map(|id| label(&vocabulary.categories, id)).collect();
    let phones: Vec<&str> =
        people.iter().map(|person| person.phone.as_str()).filter(|phone| !phone.is_empty()).take(2).collect();
    let built = rng.between(1978, 2021);
    let yes_no = |yes: bool| if yes { "是" } else { "否" }.to_owned();
    vec![
        ("code", code.to_owned()),
        ("area", grid.code.clone()),
        ("address_text", format!("青禾镇{}{}组{serial}号", village.name, grid.number)),
        ("door_no", format!("{serial}号")),
        ("head", people.first().map(|head| head.name.clone()).unwrap_or_default()),
        ("phones", phones.join("、")),
        ("residence_type", if away { "外出" } else { "常住" }.to_owned()),
        ("categories", labels.join("、")),
        ("registered_count", people.len().to_string()),
        ("resident_count", if away { 0 } else { home }.to_string()),
        ("structure", if built < 1992 { "砖木" } else { "砖混" }.to_owned()),
        ("floors", rng.between(1, 3).to_string()),
        ("built_year", built.to_string()),
        ("safety", if categories.contains(&"dangerous_house") { "C 级" } else { "B 级" }.to_owned()),
        ("cut_slope", yes_no(categories.contains(&"geo_threat"))),
        ("near_water", yes_no(categories.contains(&"low_lying"))),
        ("consent_date", format!("2025-{:02}-{:02}", rng.between(3, 11), rng.between(1, 28))),
    ]
}

/// One of six kinds of family.
fn family(rng: &mut Rng, seen: &mut Seen) -> Vec<Person> {
    let surname = names::surname(rng);
    let mut people = Vec::new();
    let mut add = |rng: &mut Rng, surname: &str, relation, male, born, status| {
        people.push(person(rng, seen, surname, relation, male, born, status));
    };
    let kind = rng.between(1, 100);
    if kind <= 11 {
        let male = rng.chance(400);
        let born = rng.between(1936, 1962);
        add(rng, surname, "户主", male, born, "在家");
    } else if kind <= 28 {
        let born = rng.between(1938, 1962);
        add(rng, surname, "户主", true, born, "在家");
        couple(rng, &mut add, born);
    } else if kind <= 36 {
        // Grandparents with grandchildren, the parents at work elsewhere.
        let born = rng.between(1950, 1964);
        add(rng, surname, "户主", true, born, "在家");
        couple(rng, &mut add, born);
        child(rng, &mut add, surname, born + 25, "外出务工");
        let male = rng.chance(500);
        let child_born = rng.between(2011, 2021);
        add(rng, surname, if male { "孙子" } else { "孙女" }, male, child_born, "在家");
    } else if kind <= 78 {
        let born = rng.between(1966, 1990);
        let status = if rng.chance(350) { "外出务工" } else { "在家" };
        add(rng, surname, "户主", true, born, status);
        couple(rng, &mut add, born);
        for _ in 0..rng.between(1, 2) {
            let born = (born + rng.between(22, 30)).min(NOW - 1);
            let status = if born > 2020 {
                "在家"
            } else if rng.chance(400) {
                "外出就学"
            } else {
                "在家"
            };
            child(rng, &mut add, surname, born, status);
        }
    } else {
        // Three generations.
        let born = rng.between(1962, 1976);
        add(rng, surname, "户主", true, born, "在家");
        couple(rng, &mut add, born);
        add(rng, surname, "父亲", true, born - 24, "在家");
        let son = born + 24;
        add(rng, surname, "儿子", true, son, "外出务工");
        let other = names::surname(rng);
        add(rng, other, "儿媳", false, son + 1, "在家");
        if son + 24 < NOW {
            let male = rng.chance(500);
            add(rng, surname, if male { "孙子" } else { "孙女" }, male, son + 24, "在家");
        }
    }
    people
}

fn couple(
    rng: &mut Rng,
    add: &mut impl FnMut(&mut Rng, &str, &'static str, bool, u32, &'static str),
    born: u32,
) {
    let surname = names::surname(rng);
    let born = born + rng.between(0, 4);
    add(rng, surname, "配偶", false, born, "在家");
}

fn child(
    rng: &mut Rng,
    add: &mut impl FnMut(&mut Rng, &str, &'static str, bool, u32, &'static str),
    surname: &str,
    born: u32,
    status: &'static str,
) {
    let male = rng.chance(500);
    add(rng, surname, if male { "儿子" } else { "女儿" }, male, born, status);
}

fn person(
    rng: &mut Rng,
    seen: &mut Seen,
    surname: &str,
    relation: &'static str,
    male: bool,
    born: u32,
    status: &'static str,
) -> Person {
    // Nobody shares name and birth: the import would rightly ask about it.
    let (name, birth) = loop {
        let name = format!("{surname}{}", names::given(rng, born, male));
        let birth = format!("{born}-{:02}-{:02}", rng.between(1, 12), rng.between(1, 28));
        if seen.births.insert((name.clone(), birth.clone())) {
            break (name, birth);
        }
    };
    let adult = born + 16 <= NOW;
    let phone = if adult && (relation == "户主" || rng.chance(450)) {
        seen.phones += 1;
        // Scattered over the pattern 199000xxxxx, each once: 7919 and 100000 have no common divisor.
        format!("199000{:05}", u64::from(seen.phones) * 7919 % 100_000)
    } else {
        String::new()
    };
    let id_number = if rng.chance(300) {
        seen.ids += 1;
        id_number(&birth, male, seen.ids)
    } else {
        String::new()
    };
    Person { name, relation, male, birth, born, id_number, phone, status }
}

/// An identity number of the region 510000, which is no real county, with a valid check digit.
pub(super) fn id_number(birth: &str, male: bool, n: u32) -> String {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECK: &[u8; 11] = b"10X98765432";
    // Odd = male; 0 is left out so that no number ends in zeros alone.
    let order = (n % 498 + 1) * 2 - u32::from(male);
    let stem = format!("510000{}{order:03}", birth.replace('-', ""));
    let sum: u32 = stem.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{stem}{}", char::from(CHECK[(sum % 11) as usize]))
}

/// Categories by who lives there, and by chance.
fn categories(rng: &mut Rng, people: &[Person]) -> Vec<&'static str> {
    let mut found: Vec<&'static str> = Vec::new();
    let age = |person: &Person| NOW - person.born;
    let home = || people.iter().filter(|person| person.status == "在家");
    let elders_only = home().all(|person| age(person) >= 60);
    if elders_only && home().any(|person| age(person) >= 80) {
        found.push("elder_high_risk");
    } else if elders_only {
        found.push("elder_alone");
    }
    if home().any(|person| age(person) < 16) && home().all(|person| age(person) < 16 || age(person) >= 58) {
        found.push("left_behind_child");
    }
    if !elders_only && rng.chance(60) {
        return vec!["away_whole"];
    }
    for (id, per_mille) in [
        ("dibao", 45),
        ("tekun_dispersed", 6),
        ("monitor_unstable", 6),
        ("monitor_edge", 10),
        ("out_of_poverty", 60),
        ("disabled_severe", 18),
        ("disabled_other", 30),
        ("serious_illness", 20),
        ("left_behind_woman", 18),
        ("old_party_member", 8),
        ("veteran", 25),
        ("dangerous_house", 6),
        ("geo_threat", 40),
        ("low_lying", 30),
    ] {
        if rng.chance(per_mille) {
            found.push(id);
        }
    }
    found
}
