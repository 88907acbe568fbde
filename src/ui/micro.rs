//! How far micro-grids are set up (TERR-05), in words that phone and desk share.

use gridbook_domain::summary::Summary;
use gridbook_domain::territory::grid_of;
use gridbook_domain::territory::micro::{Done, Setup, Way, is_micro, setups};
use gridbook_log::order_by;
use leptos::prelude::*;

use super::directory::Names;
use super::states::warning;
use crate::app::App;

/// The micro-grids of today whose codes fit, in order of code, with how far each is set up.
pub fn seen(app: App, names: &Names, fits: impl Fn(&str) -> bool) -> Vec<Setup> {
    let package = app.package();
    // One of a grid that has ended is none any more.
    let stands = |code: &&str| ![*code, grid_of(code)].iter().any(|code| names.past.contains(*code));
    let all = names.areas.keys().map(String::as_str);
    let mut codes: Vec<&str> = all.filter(|code| is_micro(code) && fits(code)).filter(stands).collect();
    order_by(&mut codes, Ord::cmp);
    app.rows(|rows| {
        let held: Vec<&Summary> =
            rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
        setups(&package.visits.get().micro, codes, &held)
    })
}

/// Who did a step, and when.
pub fn done(names: &Names, done: &Done) -> String {
    format!("{} {}", done.day, names.person(&done.by))
}

/// How long the way to the farthest household takes.
pub fn way(way: Way) -> String {
    match way {
        Way::Walked(minutes) => format!("{minutes} 分钟（演练）"),
        Way::Estimated(minutes) => format!("约 {minutes} 分钟（估算）"),
        Way::Unknown => "还不知道：没有演练，也没有定位".to_owned(),
    }
}

/// What does not fit the norms: a note, never a refusal.
pub fn notes(app: App, setup: &Setup) -> Vec<AnyView> {
    let package = app.package();
    let (norms, rules) = (package.visits.get().norms, package.visits.get().micro);
    let crowded = setup
        .crowded(&norms)
        .then(|| warning(format!("超过 {} 户或 {} 人", norms.households, norms.persons)));
    let far = setup.way.beyond(&rules).then(|| warning(format!("超过 {} 分钟", rules.minutes)));
    crowded.into_iter().chain(far).collect()
}
