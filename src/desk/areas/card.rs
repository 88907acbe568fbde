//! The card of a place (TERR-06).

use gridbook_domain::role::Actor;
use gridbook_domain::territory::card::card;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Desk;
use crate::desk::people::people;
use crate::ui::dialog::dialog;

/// The dialog; `which` is the code of the place, empty while none is shown.
pub(super) fn dialog_for(desk: Desk, which: RwSignal<String>) -> AnyView {
    let staff = RwSignal::new(Vec::<Actor>::new());
    let open = RwSignal::new(false);
    Effect::new(move |_| {
        if which.with(String::is_empty) {
            return;
        }
        open.set(true);
        spawn_local(async move {
            let found = people(desk.app).await;
            let _ = staff.try_set(found);
        });
    });
    Effect::new(move |_| {
        if !open.get() && !which.with_untracked(String::is_empty) {
            which.set(String::new());
        }
    });
    let inside = move || {
        let (app, code, names) = (desk.app, which.get(), desk.names.get());
        let package = app.package();
        let shown = staff.with(|staff| {
            app.rows(|rows| {
                let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
                card(&package, &code, staff, held, app.today())
            })
        });
        let above: Vec<String> =
            shown.above.iter().rev().filter_map(|code| names.areas.get(code).cloned()).collect();
        let who = shown
            .staff
            .iter()
            .map(|(user, role)| {
                let role = package.role(role).map_or(role.as_str(), |role| role.label.as_str());
                view! { <li data-testid="area-staff">{format!("{role}：{}", names.person(user))}</li> }
            })
            .collect_view();
        let figures = [
            ("户", shown.households),
            ("人（有姓名的）", shown.persons),
            ("重点户（每月至少走访一次）", shown.key),
            ("点位", shown.points),
            ("没办完的事", shown.open),
        ];
        let figures = figures
            .into_iter()
            .map(|(label, count)| {
                view! {
                    <div>
                        <dt>{label}</dt>
                        <dd class="num" data-testid="area-figure">{count}</dd>
                    </div>
                }
            })
            .collect_view();
        view! {
            <div class="dialog-body stack" data-testid="area-card">
                <p class="strong">{names.area(&code)}<span class="mono">{format!(" {code}")}</span></p>
                <p class="muted">{above.join(" › ")}</p>
                <dl class="kv">{figures}</dl>
                <h3 class="section-title">"谁在这里"</h3>
                <ul class="stack-s">{who}</ul>
            </div>
        }
        .into_any()
    };
    dialog(open, "", "网格卡片", Box::new(inside))
}
