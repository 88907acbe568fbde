//! What a record still lacks and what holds nothing back (HAZ-06).

use gridbook_domain::case::CaseView;
use gridbook_domain::hazard::lacks_before;
use gridbook_domain::package::Package;
use leptos::prelude::*;

use super::states::{Tone, banner};

/// The picture of what was found, where the level has asked for one since the report; `ways` lead to where it is taken.
pub fn before(package: &Package, case: &CaseView, ways: Vec<AnyView>) -> Option<AnyView> {
    let open = package.state(&case.state).is_some_and(|state| !state.terminal);
    let text = "黄色及以上的隐患要有一张整改前的照片。先补上再整改；没有也不耽误接着办。";
    (open && lacks_before(package, case)).then(|| {
        view! { <div data-testid="lacks-before">{banner(Tone::Warn, "photo", "还缺整改前照片", text, ways)}</div> }
            .into_any()
    })
}
