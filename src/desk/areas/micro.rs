//! Micro-grids of a village: which of the three steps on the ground are done, when and by whom, how many live there, and
//! how long the way to the farthest household takes (TERR-05).

use gridbook_domain::territory::covers;
use gridbook_domain::territory::micro::{Done, Setup, Step};
use leptos::prelude::*;

use super::Desk;
use crate::desk::table::{Col, table};
use crate::ui::directory::Names;
use crate::ui::live;
use crate::ui::micro;
use crate::ui::rows::tag;

/// A step: who did it and when, leading to its record, or that nobody did.
fn step(names: &Names, done: Option<&Done>) -> AnyView {
    match done {
        Some(done) => {
            let href = format!("#/queue/{}", done.id);
            view! { <a href=href>{format!("✓ {}", micro::done(names, done))}</a> }.into_any()
        }
        None => tag("warn", "没做"),
    }
}

/// The micro-grids of the chosen village; nothing where it has none.
pub(super) fn section(desk: Desk) -> AnyView {
    let unfinished = RwSignal::new(false);
    let all = Memo::new(move |_| {
        let (names, village) = (desk.names.get(), desk.village.get());
        micro::seen(desk.app, &names, |code| covers(&village, code))
    });
    let draw = move || {
        let all = all.get();
        let open = all.iter().filter(|setup| !setup.lacks().is_empty()).count();
        (!all.is_empty()).then(|| {
            let only = unfinished.get();
            let shown = all.iter().filter(|setup| !only || !setup.lacks().is_empty());
            let rows = shown.map(|setup| row(desk, setup)).collect_view();
            let heads = [
                Col::Text("微网格"),
                Col::Num("户"),
                Col::Num("人"),
                Col::Text("走访"),
                Col::Text("绘制"),
                Col::Text("演练"),
                Col::Text("走到最远一户"),
                Col::Text("提示"),
            ];
            view! {
                <section class="section">
                    <div class="section-head">
                        <h2 class="section-title">"微网格划建"</h2>
                        <label class="cluster">
                            <input
                                type="checkbox"
                                data-testid="micro-unfinished"
                                prop:checked=move || unfinished.get()
                                on:change=move |event| unfinished.set(event_target_checked(&event))
                            />
                            {format!("只看还缺步骤的（{open}）")}
                        </label>
                    </div>
                    {table("微网格划建", true, &heads, rows)}
                </section>
            }
        })
    };
    live(draw)
}

fn row(desk: Desk, setup: &Setup) -> AnyView {
    let names = desk.names.get();
    let code = setup.area.clone();
    let steps = setup.done.iter().map(|done| view! { <td>{step(&names, done.as_ref())}</td> }).collect_view();
    view! {
        <tr data-testid="micro-row" data-code=setup.area.clone()>
            <td>
                <button class="btn btn-link" type="button" on:click=move |_| desk.card.set(code.clone())>
                    {names.area(&setup.area)}
                </button>
            </td>
            <td class="num" data-testid="micro-homes">{setup.households}</td>
            <td class="num">{setup.persons}</td>
            {steps}
            <td data-testid="micro-way">{micro::way(setup.way)}</td>
            <td><div class="cluster">{micro::notes(desk.app, setup)}</div></td>
        </tr>
    }
    .into_any()
}

/// What the card of a micro-grid says of it; nothing on any other card.
pub(super) fn told(desk: Desk, code: &str) -> Option<AnyView> {
    let names = desk.names.get();
    let setup = micro::seen(desk.app, &names, |area| area == code).pop()?;
    let lines = Step::ALL.into_iter().zip(&setup.done);
    let lines = lines
        .map(|(one, done)| {
            view! { <div><dt>{one.label()}</dt><dd data-testid="micro-step">{step(&names, done.as_ref())}</dd></div> }
        })
        .collect_view();
    Some(
        view! {
            <h3 class="section-title">"微网格划建"</h3>
            <dl class="kv">
                {lines}
                <div><dt>"走到最远一户"</dt><dd>{micro::way(setup.way)}</dd></div>
            </dl>
            <div class="cluster">{micro::notes(desk.app, &setup)}</div>
        }
        .into_any(),
    )
}
