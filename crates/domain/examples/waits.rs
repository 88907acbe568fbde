//! What 今天 asks of the open cases on a device when its data change, to be counted from outside:
//! `valgrind --tool=callgrind … waits all 10000` judges every row 20 times, `kept` keeps the verdicts while one row
//! changes each time. Never shipped.
#![allow(clippy::print_stdout)]

use std::sync::Arc;

use chrono::NaiveDate;
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, Assignment};
use gridbook_domain::summary::{Keys, Summary};
use gridbook_domain::workflow::{Waiting, waits_for};
use gridbook_log::EntityId;

const LOOKS: u64 = 20;

fn row(n: u32) -> Summary {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&n.to_be_bytes());
    Summary {
        id: EntityId(id),
        kind: RecordKind::Hazard,
        title: format!("水渠边坡松动 {n}"),
        subtitle: "3 组桥头".to_owned(),
        area: "110999201002".to_owned(),
        state: ["submitted", "registered", "dispatched", "in_progress", "closed"][n as usize % 5].to_owned(),
        level: "yellow".to_owned(),
        household: None,
        at: u64::from(n),
        updated: u64::from(n),
        reporter: if n.is_multiple_of(2) { "zhuli01" } else { "zhuli02" }.to_owned(),
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

fn main() {
    let mut args = std::env::args().skip(1);
    let kept = args.next().is_some_and(|how| how == "kept");
    let count = args.next().and_then(|count| count.parse().ok()).unwrap_or(1000);
    let package = Arc::new(Package::builtin().clone());
    let today = NaiveDate::default();
    let held = Assignment {
        role: "intake_clerk".to_owned(),
        area: Some("110999".to_owned()),
        ..Assignment::default()
    };
    let actor = Actor { user: "dengji01".to_owned(), assignments: vec![held] };
    let mut rows: Vec<(u64, Summary)> = (0..count).map(|n| (1, row(n))).collect();
    let mut waiting = Waiting::default();
    let mut found = 0;
    for look in 0..LOOKS {
        let at = (look as usize * 31) % rows.len();
        rows[at].0 += 1;
        found += if kept {
            let seen = rows.iter().map(|(version, row)| (*version, row));
            waiting.among(&package, &actor, today, seen).len()
        } else {
            let open = rows.iter().filter(|(_, row)| row.is_open());
            open.filter(|(_, row)| waits_for(&package, &actor, row, today)).count()
        };
    }
    println!("{found}");
}
