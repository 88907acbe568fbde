//! 保密反映 (ROLE-11): what only the confidential channel sees. Read from the server each time and kept in memory alone;
//! the server writes down who looked.

use std::rc::Rc;

use gridbook_domain::case::CaseView;
use gridbook_domain::confidential::{came, name};
use gridbook_domain::package::Package;
use gridbook_domain::workflow::{Transition, offered};
use gridbook_log::{Entity, EntityId, Outcome};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::action::{On, action_dialog};
use super::route::Route;
use super::values;
use super::words::{day, moment};
use crate::app::confidential::{Line, View};
use crate::app::use_app;
use crate::ui::directory::{Names, use_directory};
use crate::ui::format::local;
use crate::ui::states::{blank, loading};

type Report = (Rc<Entity>, Vec<View>);

/// The screen.
pub fn confidential(route: RwSignal<Route>) -> AnyView {
    let app = use_app();
    let selected = Memo::new(move |_| match route.get() {
        Route::Confidential(id) => id,
        _ => None,
    });
    // Counts the steps taken here: both sides are read again after one.
    let round = RwSignal::new(0u32);
    let lines: RwSignal<Option<Result<Vec<Line>, String>>> = RwSignal::new(None);
    Effect::new(move |_| {
        round.track();
        spawn_local(async move {
            let told = app.confidential(true).await.map_err(|problem| problem.message());
            lines.try_set(Some(told));
        });
    });
    let report: RwSignal<Option<Result<Report, String>>, LocalStorage> = RwSignal::new_local(None);
    Effect::new(move |_| {
        round.track();
        let id = selected.get();
        report.set(None);
        spawn_local(async move {
            let Some(id) = id else { return };
            let told = app.look(id).await.map_err(|problem| problem.message());
            if selected.try_get_untracked() == Some(Some(id)) {
                report.try_set(Some(told));
            }
        });
    });
    let list = move || match lines.get() {
        None => loading(3),
        Some(Err(words)) => blank("error", "现在看不到", words, Vec::new()),
        Some(Ok(lines)) if lines.is_empty() => {
            blank("empty", "还没有保密反映", "手机上“清单 → 保密反映”交来的在这里。", Vec::new())
        }
        Some(Ok(lines)) => {
            let rows = lines.iter().map(|line| row(&app.package(), line, selected)).collect_view();
            view! { <ul class="queue">{rows}</ul> }.into_any()
        }
    };
    let acting: RwSignal<Option<Transition>> = RwSignal::new(None);
    let right = move || match (selected.get(), report.get()) {
        (None, _) => blank(
            "done",
            "选一件来看",
            "只有这一页看得到内容，打开哪一件都会留下记录。台账、统计、导出里都没有。",
            Vec::new(),
        ),
        (_, None) => loading(4),
        (_, Some(Err(words))) => blank("error", "打不开", words, Vec::new()),
        (_, Some(Ok((entity, views)))) => whole(&entity, &views, acting),
    };
    let dialog = move || {
        let step = acting.get()?;
        let (entity, _) = report.get_untracked()?.ok()?;
        let close = Callback::new(move |()| acting.set(None));
        let changed = Callback::new(move |()| {
            round.try_update(|n| *n += 1);
        });
        Some(action_dialog(step, On::Apart(StoredValue::new_local(entity), changed), None, close))
    };
    view! {
        <div class="page-head"><h1 class="page-title">"保密反映"</h1></div>
        <div class="panes" class:is-open=move || selected.get().is_some()>
            <section class="pane pane-list" aria-label="保密反映列表"><div class="pane-body">{list}</div></section>
            <section class="pane pane-detail" aria-label="保密反映内容">{right}</section>
        </div>
        {dialog}
    }
    .into_any()
}

fn row(package: &Package, line: &Line, selected: Memo<Option<EntityId>>) -> AnyView {
    let id = line.id;
    view! {
        <li>
            <button
                class="queue-item"
                type="button"
                data-testid="confidential-row"
                data-state=line.state.clone()
                aria-current=move || (selected.get() == Some(id)).to_string()
                on:click=move |_| Route::Confidential(Some(id)).go()
            >
                <span class="queue-title">{line.name()}</span>
                <span class="queue-sub">
                    {format!("{} · {} 收到", package.form_title(&line.form).unwrap_or_default(), day(line.at))}
                </span>
                <span class="queue-end"><span class="tag">{package.state_label(&line.state).to_owned()}</span></span>
            </button>
        </li>
    }
    .into_any()
}

fn whole(entity: &Entity, views: &[View], acting: RwSignal<Option<Transition>>) -> AnyView {
    let app = use_app();
    let (names, package) = (use_directory().get(), app.package());
    let Some(case) = CaseView::of(entity) else { return ().into_any() };
    let form = case.form.as_deref().and_then(|name| package.form_named(name));
    let answers = form.map(|form| {
        let said = form.fields().filter_map(|(_, field)| {
            let said = values::text(&package, &names, field, case.values.get(&field.path)?);
            (!said.is_empty()).then(|| pair(&field.label, said))
        });
        said.collect_view()
    });
    let looks = views
        .iter()
        .rev()
        .map(|look| view! { <li>{format!("{} · {}", names.person(&look.user), moment(look.at))}</li> })
        .collect_view();
    let steps = offered(&package, &app.actor(), &case, app.today()).into_iter().cloned();
    let buttons = steps
        .enumerate()
        .map(|(n, step)| {
            let class = if n == 0 { "btn btn-primary" } else { "btn" };
            let (label, id) = (step.label.clone(), format!("action-{}", step.action));
            view! {
                <button class=class type="button" data-testid=id on:click=move |_| acting.set(Some(step.clone()))>
                    {label}
                </button>
            }
        })
        .collect_view();
    let state = case.state.clone();
    let title = name(local(came(entity).unwrap_or_default()).date(), case.id);
    view! {
        <div class="pane-head">
            <button class="btn btn-small pane-back" type="button" on:click=move |_| Route::Confidential(None).go()>
                "返回列表"
            </button>
            <div class="grow record-head">
                <h2 class="record-title" data-testid="confidential-title" data-state=state>
                    {title}
                </h2>
                <p class="muted small">{package.state_label(&case.state).to_owned()}</p>
            </div>
        </div>
        <div class="pane-body stack" data-testid="confidential-detail" tabindex="0" role="region" aria-label="反映内容">
            <dl class="kv">
                {pair("反映人（不得告诉别人）", names.person(&case.reporter))}
                {answers}
            </dl>
            <section class="section">
                <div class="section-head"><h3 class="section-title">"经过"</h3></div>
                <ol class="timeline">{story(&package, &names, entity, &case)}</ol>
            </section>
            <section class="section">
                <div class="section-head"><h3 class="section-title">"谁看过"</h3></div>
                <ul data-testid="confidential-views">{looks}</ul>
            </section>
        </div>
        <div class="pane-foot" data-testid="actions">{buttons}</div>
    }
    .into_any()
}

fn pair(label: &str, said: String) -> AnyView {
    view! {
        <div class="kv-wide">
            <dt>{label.to_owned()}</dt>
            <dd>{said}</dd>
        </div>
    }
    .into_any()
}

/// Each step with all that was said in it.
fn story(package: &Package, names: &Names, entity: &Entity, case: &CaseView) -> AnyView {
    let flow = package.flow(case.kind);
    entity
        .timeline()
        .iter()
        .map(|line| {
            let event = &line.event;
            let step = flow.and_then(|flow| flow.told(&event.event, &event.from, &event.to));
            let label = step.map_or(event.event.as_str(), |step| step.done_label.as_str());
            let note = if line.outcome == Outcome::Counts { "" } else { "（备注，未改变状态）" };
            let said = step.into_iter().flat_map(|step| &step.inputs).filter_map(|field| {
                let said = values::text(package, names, field, event.data.get(&field.path)?);
                Some(view! { <p class="timeline-text">{format!("{}：{said}", field.label)}</p> })
            });
            view! {
                <li class="timeline-item" data-tone="done">
                    <p class="timeline-title">{format!("{label}{note}")}</p>
                    {said.collect_view()}
                    <p class="timeline-by">{format!("{} · {}", names.person(&line.user), moment(line.hlc.ms))}</p>
                </li>
            }
            .into_any()
        })
        .collect_view()
        .into_any()
}
