//! What this version cannot read is kept, and people hear of it (OFF-06).

use gridbook_domain::summary::unread;
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;

use super::live;
use super::states::{Tone, banner};
use crate::app::use_app;

/// Of so many operations; nothing of none.
pub fn told(n: usize) -> Option<AnyView> {
    (n > 0).then(|| {
        let title = format!("有 {n} 条内容这个版本读不懂");
        let text = "已原样保存，没有丢。请更新网格簿，更新后就能看到。";
        view! { <div role="status" data-testid="unread">{banner(Tone::Info, "download", title, text, Vec::new())}</div> }
            .into_any()
    })
}

/// Of one record.
pub fn of(entity: &Entity) -> Option<AnyView> {
    told(unread(entity))
}

/// Of all that is on this device.
pub fn banner_of_unread() -> AnyView {
    let app = use_app();
    let strange = RwSignal::new(0usize);
    Effect::new(move |_| {
        // Of what no list shows the row does not say how much it is; there is little of it.
        let ids: Vec<EntityId> = app.rows(|rows| {
            let bare = rows.iter().filter(|(_, row)| row.visible() && row.summary.is_none());
            bare.map(|(id, _)| *id).collect()
        });
        leptos::task::spawn_local(async move {
            let mut n = 0;
            for id in ids {
                n += app.entity(id).await.ok().flatten().map_or(0, |entity| unread(&entity));
            }
            strange.try_set(n);
        });
    });
    let listed = move || {
        app.rows(|rows| rows.values().filter_map(|row| Some(row.summary.as_ref()?.unread())).sum::<usize>())
    };
    let total = Memo::new(move |_| listed() + strange.get());
    live(move || told(total.get()))
}
