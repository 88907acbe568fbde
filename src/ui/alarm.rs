//! A danger that cannot wait, on phone and desk (HAZ-05): who has to know now, one tap to say so, and how far the chain has
//! come.

use gridbook_domain::case::CaseView;
use gridbook_domain::hazard::{KNOWN, alarm, stands_for};
use gridbook_domain::package::Package;
use gridbook_domain::summary::Hint;
use gridbook_domain::workflow::{event, offered, suggested};
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::busy::Busy;
use super::directory::{Names, use_directory};
use super::format;
use super::icon::icon;
use super::rows::{Line, listed, tag};
use super::toast::{Toasts, use_toasts};
use super::{every, live};
use crate::app::App;

/// How often the hour is looked at while nothing arrives, milliseconds.
const LOOK_MS: u32 = 20_000;

/// A danger of which this person was told.
#[derive(Clone, PartialEq, Eq)]
pub struct Asked {
    /// The record.
    pub id: EntityId,
    /// What it is.
    pub title: String,
    /// Where, as a code.
    pub area: String,
    /// Told since, milliseconds since 1970.
    pub at: u64,
}

/// Dangers of which this person was told and nobody of their step said that they know; follows the hour, too: a step is
/// told when the one before it kept silent.
fn asked(app: App) -> Memo<Vec<Asked>> {
    let now = RwSignal::new(app.now_ms());
    every(LOOK_MS, move || {
        now.try_set(app.now_ms());
    });
    Memo::new(move |_| {
        let now = now.get().max(app.now_ms());
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        let mut list: Vec<Asked> = app.rows(|rows| {
            let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let told = seen.filter(|summary| summary.reporter != actor.user).filter_map(|summary| {
                let mut waits = summary.hints.iter().filter_map(|hint| match hint {
                    Hint::Alarm { step, at } if *at <= now => Some((usize::from(*step), *at)),
                    _ => None,
                });
                let first = waits.next()?;
                let own = stands_for(&package, &actor, &summary.area, today);
                let (_, at) = std::iter::once(first).chain(waits).find(|(step, _)| own.contains(step))?;
                Some(Asked { id: summary.id, title: summary.title.clone(), area: summary.area.clone(), at })
            });
            told.collect()
        });
        gridbook_log::order_by_key(&mut list, |one| one.at);
        list
    })
}

/// A danger of which this person was told, as phone and desk draw it.
pub struct Told {
    /// What it is.
    pub asked: Asked,
    /// Where, in words.
    pub place: String,
    /// Since when, in words.
    pub when: String,
    /// The line over it.
    pub title: AnyView,
    /// The button that says that this person knows.
    pub know: AnyView,
}

/// Dangers until somebody of this person's step says that they know, each drawn by `draw`; `class` is the button's.
pub fn told(app: App, class: &'static str, draw: fn(App, Told) -> AnyView) -> AnyView {
    let (list, toasts, names, busy) = (asked(app), use_toasts(), use_directory(), Busy::default());
    let one = move |asked: Asked| {
        let id = asked.id;
        let title = format!("红色隐患：{}", asked.title);
        let title = view! { <p class="alarm-title">{icon("attention")}{title}</p> }.into_any();
        let know = view! {
            <button class=class type="button" data-testid="alarm-know" on:click=move |_| know(app, toasts, busy, id)>
                {icon("check")}
                "已知悉"
            </button>
        }
        .into_any();
        let place = names.with(|names| names.area(&asked.area));
        let when = format::when(asked.at, app.now_ms());
        draw(app, Told { asked, place, when, title, know })
    };
    live(move || list.get().into_iter().map(one).collect_view())
}

/// Says that this person knows: one tap, one operation, however often it is tapped.
fn know(app: App, toasts: Toasts, busy: Busy, id: EntityId) {
    if !busy.begin() {
        return;
    }
    leptos::task::spawn_local(async move {
        match said(app, id).await {
            Ok(()) => toasts.ok("已记下您已知悉，其他人会看到"),
            Err(words) => toasts.warn(words),
        }
        busy.end();
    });
}

async fn said(app: App, id: EntityId) -> Result<(), String> {
    let gone = || "这条记录已不在本机。".to_owned();
    let entity = app.entity(id).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
    let case = CaseView::of(&entity).ok_or_else(gone)?;
    let (package, actor) = (app.package(), app.actor());
    let steps = offered(&package, &actor, &case, app.today());
    let Some(step) = steps.into_iter().find(|step| step.action == KNOWN) else {
        return Err("已经有人记过知悉了。".to_owned());
    };
    let values = suggested(&package, step, &case, &actor, app.now_ms());
    let write = NewWrite {
        entity: id,
        body: Body::Event(event(&package, (&app.actor(), app.today()), step, &case, &values, Vec::new())),
    };
    app.check(Some(&entity), &write).map_err(|refusal| refusal.message())?;
    app.save(vec![write], Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
    Ok(())
}

/// How far the chain has come: each step with when it was told and who knows; nothing for what can wait.
pub fn chain(package: &Package, names: &Names, case: &CaseView, now_ms: u64) -> Option<AnyView> {
    let told = alarm(package, case);
    if told.is_empty() {
        return None;
    }
    let rows = told
        .into_iter()
        .map(|told| {
            let (tone, word, sub) = match &told.known {
                Some((user, at)) => {
                    ("ok", "✓ 已知悉", format!("{} · {}", names.person(user), format::when(*at, now_ms)))
                }
                None if told.at <= now_ms => {
                    ("danger", "! 还没有知悉", format!("{} 告知", format::when(told.at, now_ms)))
                }
                None => {
                    ("", "还没有告知", format!("到 {} 前面没有人知悉才告知", format::when(told.at, now_ms)))
                }
            };
            let (title, end) = (told.step.label.clone(), Some(tag(tone, word)));
            Line { test: "chain-step", title, sub, end, ..Line::default() }.draw()
        })
        .collect();
    Some(view! { <div data-testid="alarm-chain">{listed("告知到谁", None, rows)}</div> }.into_any())
}
