//! The report of the day while a period of zero reports runs (FLOW-20): one tap where there is nothing, the form where
//! there is something. Both work without a network.

use gridbook_domain::calendar::{DAY_MS, midnight};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::Summary;
use gridbook_domain::zero::{Asked, FORM, asked, nothing};
use gridbook_log::Body;
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::today::watch;
use crate::app::App;
use crate::ui::busy::Busy;
use crate::ui::directory::use_directory;
use crate::ui::format;
use crate::ui::live;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// Grids of a village that nobody reported for are shown so many at once.
const OTHERS: usize = 3;

/// What is asked of me today, one banner an area: my own also when it is said, others only while it is not.
pub(super) fn asked_today(app: App) -> AnyView {
    let directory = use_directory();
    let list = Memo::new(move |_| {
        let (package, actor, now) = (app.package(), app.actor(), app.now_ms());
        let (today, user) = (app.today(), app.user());
        let mut found = app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            asked(&seen, &actor.areas(today), now)
        });
        found.retain(|one| {
            let target = Target::new(RecordKind::Entry, &one.area, Some(&user));
            (one.own || one.done.is_none()) && may(&package, &actor, "record.create", &target, today)
        });
        // The day ends, or an hour strikes, though nothing was written.
        let hours = found.iter().map(|one| one.until).filter(|until| *until >= now);
        let next = hours.chain([midnight(today) + DAY_MS]).min().unwrap_or(now);
        let own = found.iter().filter(|one| one.own).count();
        let more = (found.len() - own).saturating_sub(OTHERS);
        found.truncate(own + OTHERS);
        (found, more, next)
    });
    watch(app, move |now| list.try_with_untracked(|(_, _, next)| *next < now) == Some(true));
    let (busy, toasts) = (Busy::default(), use_toasts());
    let none = move |area: String| {
        let Some(create) = nothing(&app.package(), &area, app.today()) else { return };
        if !busy.begin() {
            return;
        }
        spawn_local(async move {
            let write = NewWrite { entity: app.new_id(), body: Body::Create(create) };
            let saved = app.put(vec![write]).await;
            busy.end();
            match saved {
                Ok(()) => toasts.ok("已保存到本机"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    let one = move |asked: Asked, several: bool| {
        let place = if several { directory.with(|names| names.area(&asked.area)) } else { String::new() };
        if let Some(id) = asked.done {
            let look = view! { <a class="btn btn-small" href=format!("#/record/{id}")>"打开"</a> }.into_any();
            let inside = banner(Tone::Ok, "check", format!("{place}今天的零报告已报"), "", vec![look]);
            return view! { <div data-testid="zero-done" data-area=asked.area>{inside}</div> }.into_any();
        }
        let hour = format::clock(asked.until);
        let late = asked.until < app.now_ms();
        let title = if late {
            format!("{place}今天的零报告还没报 · 已过 {hour}，请补报")
        } else {
            format!("{place}今天的零报告还没报 · {hour} 前")
        };
        let (held, area) = (asked.area.clone(), asked.area);
        let some = format!("#/entry/new?form={FORM}&area={area}&date={}&has_any=some", app.today());
        let buttons = view! {
            <button class="btn btn-small btn-primary" type="button" data-testid="zero-none" on:click=move |_| none(held.clone())>
                "没有情况"
            </button>
            <a class="btn btn-small" data-testid="zero-some" href=some>"有情况"</a>
        };
        let inside = banner(
            if late { Tone::Warn } else { Tone::Info },
            "clock",
            title,
            "没有情况也要报。没有网络照样报，按手机上写的时间算。",
            vec![buttons.into_any()],
        );
        view! { <div data-testid="zero-asked" data-area=area>{inside}</div> }.into_any()
    };
    let draw = move || {
        let (lines, more, _) = list.get();
        let several = lines.len() > 1 || lines.iter().any(|line| !line.own);
        let lines = lines.into_iter().map(|line| one(line, several)).collect::<Vec<_>>();
        let more = (more > 0)
            .then(|| view! { <p class="muted">{format!("另外还有 {more} 个网格今天没有报。")}</p> });
        view! { {lines}{more} }
    };
    live(draw)
}
