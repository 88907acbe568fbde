//! How a form looks: what stands over its steps, the steps, the bar at the bottom.

mod foot;
mod place;
mod section;
mod step;
mod stuck;

use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use super::Page;
use super::steps::{Step, steps};
use super::turn;
use super::twin::twin;
use crate::field::screen::Screen;
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::form::household_line;
use crate::ui::format;
use crate::ui::joint;
use crate::ui::live;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;
use foot::foot;
use step::step;

pub(super) fn view(page: Page) -> AnyView {
    let begun = page.begun();
    let quick = begun.quick;
    let list = Memo::new(move |_| {
        if page.begun().member.is_some() { Vec::new() } else { steps(page.state, quick, &page.begun().only) }
    });
    let title = match (begun.kind, begun.draft.edit, begun.member.is_some(), quick) {
        _ if begun.title.is_some() => begun.title.as_deref().unwrap_or_default(),
        (RecordKind::Mediation, false, ..) => "立卷",
        (_, _, true, _) => "家庭成员",
        (RecordKind::Household, true, ..) => "改资料",
        (RecordKind::Household, ..) => "新建户",
        (_, true, ..) => "补全和更正",
        (_, _, _, true) => "快速上报",
        (RecordKind::Visit, ..) => "走访登记",
        (RecordKind::Dispute, ..) if begun.form.id == "F-DISPUTE" => "纠纷登记",
        (RecordKind::Hazard, ..) => "隐患登记",
        _ => begun.form.title.as_str(),
    };
    let home = match (begun.draft.household, begun.draft.entity) {
        (_, Some(id)) if begun.draft.edit && begun.kind == RecordKind::Household => {
            format!("/household/{id}")
        }
        (_, Some(id)) if begun.draft.edit => format!("/record/{id}"),
        (Some(id), _) => format!("/household/{id}"),
        _ => "/".to_owned(),
    };
    let (title, begun) = (title.to_owned(), begun.clone());
    let sub = move || {
        let household =
            if begun.kind == RecordKind::Household { begun.draft.entity } else { page.state.household() };
        household.and_then(|id| household_line(page.app, id))
    };
    let toasts = use_toasts();
    let turned = turn::dialog(page.turning, move |form| page.turn_to(form, toasts));
    let body = view! {
        <div class="form">
            {stuck::rescue(page)}
            {restored(page)}
            {online_only(page)}
            {progress(page, list)}
            {problems(page)}
            {twin(page)}
            {warned(page)}
            {step(page, list)}
        </div>
        {turned}
    };
    Screen::new(title).back(home).sub(live(sub)).foot(foot(page, list)).view(body.into_any())
}

/// The draft was there: say so, and let the person start over.
fn restored(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if !begun.restored {
        return None;
    }
    let toasts = use_toasts();
    let open = RwSignal::new(false);
    let when = format::when(begun.draft.updated_ms, page.app.now_ms());
    let again = opener(open, "btn btn-small", "draft-discard", None, "删掉草稿");
    let ask = Confirm {
        title: "删掉这份草稿？".to_owned(),
        text: "草稿还没有提交，删掉后找不回来。".to_owned(),
        yes: "删掉".to_owned(),
        danger: true,
    };
    let act = move || {
        leptos::task::spawn_local(async move {
            match page.keeper.discard().await {
                Ok(()) => page.router.back("/"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    Some(
        view! {
            {banner(Tone::Info, "undo", "接着上次没写完的填", format!("草稿存于 {when}"), vec![again])}
            {confirm(open, ask, act)}
        }
        .into_any(),
    )
}

/// An item that cannot wait on the phone says so before anything is typed (CAT-01).
fn online_only(page: Page) -> Option<AnyView> {
    // What is reported in confidence says so in its own words.
    let name = page.online_only().filter(|_| page.begun().kind != RecordKind::Confidential)?;
    let text = "没有网络也可以先填，会存成草稿；有网络时再点上报。要紧的事先打电话。";
    Some(banner(Tone::Info, "info", format!("“{name}”有网络时才能上报"), text, Vec::new()))
}

fn progress(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    let draw = move || {
        let list = list.get();
        let main = list.iter().filter(|step| !step.more).count();
        let at = page.step.get().min(list.len().saturating_sub(1));
        if main < 2 || at >= main {
            return None;
        }
        let words = format!("第 {} 步，共 {main} 步", at + 1);
        Some(view! {
            <div class="form-progress">
                <progress class="progress" value=at + 1 max=main aria-label="填写进度"></progress>
                <span>{words}</span>
            </div>
        })
    };
    live(draw)
}

fn problems(page: Page) -> AnyView {
    let draw = move || {
        let list = page.state.problems.get();
        let blocking: Vec<_> = list.into_iter().filter(|problem| problem.blocks).collect();
        (!blocking.is_empty()).then(|| {
            let items = blocking
                .iter()
                .take(7)
                .map(|problem| {
                    let path = problem.path.clone();
                    view! {
                        <button
                            class="problem"
                            type="button"
                            on:click=move |_| {
                                crate::ui::dom::focus_in_view(&super::field_selector(&path));
                            }
                        >
                            {problem.message.clone()}
                        </button>
                    }
                    .into_any()
                })
                .collect_view();
            view! {
                <div class="problems" role="alert" data-testid="problems">
                    <p class="problems-title">{format!("还差 {} 处，改好就能保存", blocking.len())}</p>
                    {items}
                </div>
            }
        })
    };
    live(draw)
}

/// The safety note, once a household is chosen where nobody goes alone (VISIT-09).
fn warned(page: Page) -> Option<AnyView> {
    (page.begun().kind == RecordKind::Visit).then(|| {
        live(move || {
            page.state.household().filter(|id| joint::in_twos(page.app, *id)).map(|_| joint::safety())
        })
    })
}
