//! Records that came under somebody's name without that person's signature: they were not taken, and people hear of it.

use std::collections::BTreeMap;

use leptos::prelude::*;

use crate::app::use_app;
use crate::ui::directory::use_directory;
use crate::ui::live;
use crate::ui::states::{Tone, banner};

/// Whose they seem to be, and what to do; nothing where all is well.
pub fn banner_of_aside() -> AnyView {
    let (app, names) = (use_app(), use_directory());
    live(move || {
        let aside: BTreeMap<String, usize> = app.sync.with(|sync| sync.aside.clone());
        let total: usize = aside.values().sum();
        (total > 0).then(|| {
            let names = names.get();
            let whose: Vec<String> =
                aside.iter().map(|(user, n)| format!("{} {n} 条", names.person(user))).collect();
            let text = format!(
                "写的是这些人的名字：{}，可是签名对不上，或者那台设备没有镇上的邀请。它们先放在一边，不影响别的记录，本机的记录都在。请告诉镇上的管理员，向本人核对。",
                whose.join("，")
            );
            let title = format!("有 {total} 条记录来历不明，没有收进来");
            view! { <div role="status" data-testid="aside">{banner(Tone::Warn, "warn", title, text, Vec::new())}</div> }
        })
    })
}
