//! The household that a record is about, the visit that it came from, and the reports that came from it (CAT-07).

use gridbook_domain::case::CaseView;
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::record::Record;
use crate::app::{App, use_app};
use crate::desk::parts::kind_icon;
use crate::desk::route::Route;
use crate::ui::icon::icon;

#[derive(Clone, Debug, PartialEq)]
struct Link {
    id: EntityId,
    icon: &'static str,
    text: String,
}

pub(super) fn kin(record: &Record) -> AnyView {
    let app = use_app();
    let id = record.view.id;
    let household = record.view.household.as_deref().and_then(EntityId::parse);
    let parent = record.view.parent.and_then(|parent| summary_link(app, parent, "来自"));
    let house = household.map(|household| {
        let (title, sub) = app.rows(|rows| {
            let summary = rows.get(&household).and_then(|row| row.summary.as_ref());
            summary.map_or((String::new(), String::new()), |s| (s.title.clone(), s.subtitle.clone()))
        });
        let text = if title.is_empty() { "相关的户".to_owned() } else { format!("{title} 户 · {sub}") };
        (Route::Households(Some(household)).href(), text)
    });
    let children = RwSignal::new(Vec::<Link>::new());
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let found = spawned(app, id, household).await;
            if children.try_get_untracked().is_some_and(|held| held != found) {
                children.set(found);
            }
        });
    });
    let any = house.is_some() || parent.is_some();
    view! {
        <section class="section" class:visually-hidden=move || !any && children.get().is_empty()>
            <div class="section-head">
                <h3 class="section-title">"相关"</h3>
            </div>
            <ul class="stack-s">
                {house.map(|(href, text)| view! { <li><a href=href>{icon("house")} " " {text}</a></li> })}
                {parent.map(line)}
                {move || children.get().into_iter().map(line).collect_view()}
            </ul>
        </section>
    }
    .into_any()
}

fn line(link: Link) -> AnyView {
    let href = Route::Queue(Some(link.id)).href();
    view! { <li><a href=href>{icon(link.icon)} " " {link.text}</a></li> }.into_any()
}

fn summary_link(app: App, id: EntityId, word: &str) -> Option<Link> {
    app.rows(|rows| {
        let summary = rows.get(&id)?.summary.as_ref()?;
        let text = format!("{word}{}：{}", summary.kind.label(), summary.title);
        Some(Link { id, icon: kind_icon(summary.kind), text })
    })
}

/// Reports that name this record as their parent. They are about the same household, so only those are opened.
async fn spawned(app: App, id: EntityId, household: Option<EntityId>) -> Vec<Link> {
    let candidates: Vec<EntityId> = app.rows(|rows| {
        rows.iter()
            .filter(|(other, row)| **other != id && row.visible())
            .filter(|(_, row)| {
                let summary = row.summary.as_ref();
                summary.is_some_and(|s| s.kind.is_case() && s.household.is_some() && s.household == household)
            })
            .map(|(other, _)| *other)
            .collect()
    });
    let mut found = Vec::new();
    for other in candidates {
        if let Ok(Some(entity)) = app.entity(other).await
            && CaseView::of(&entity).is_some_and(|view| view.parent == Some(id))
        {
            found.extend(summary_link(app, other, "由此上报"));
        }
    }
    found
}
