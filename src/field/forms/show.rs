//! How a form looks: progress, one step, the bar at the bottom.

use std::sync::Arc;

use gridbook_domain::form::{Field, Section, Stage};
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;
use serde_json::Value;

use super::steps::{Step, all_well, check_group, steps};
use super::twin::twin;
use super::{Page, Saving};
use crate::field::alarm::numbers;
use crate::field::confidential::who;
use crate::field::screen::Screen;
use crate::ui::dialog::{Confirm, confirm};
use crate::ui::directory::use_directory;
use crate::ui::form::{At, field, household_line};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::joint;
use crate::ui::live;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

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
    let body = view! {
        <div class="form">
            {restored(page)}
            {online_only(page)}
            {progress(page, list)}
            {problems(page)}
            {twin(page)}
            {warned(page)}
            {step(page, list)}
        </div>
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
    let again = view! {
        <button class="btn btn-small" type="button" data-testid="draft-discard" on:click=move |_| open.set(true)>
            "删掉草稿"
        </button>
    }
    .into_any();
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

fn step(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    // Drawn anew only when the step itself changes, so that typing never loses the cursor.
    let current = Memo::new(move |_| {
        page.state.redraw.track();
        let list = list.get();
        let at = page.step.get().min(list.len().saturating_sub(1));
        (page.state.redraw.get(), at, list.get(at).map(|step| step.sections.clone()).unwrap_or_default())
    });
    let draw = move || {
        let (_, at, ids) = current.get();
        if let Some(row) = page.begun().member.clone() {
            return member(page, &row);
        }
        let form = page.state.form();
        let area = (at == 0).then(|| match page.begun().kind {
            // It lies nowhere.
            RecordKind::Confidential => who(page.app, &form),
            _ => view! { {first(page)}{area(page)}{at_once(page)} }.into_any(),
        });
        let notice = ids.iter().any(|id| id == "inform").then(|| notice(page));
        let sections = form
            .sections
            .iter()
            .filter(|section| ids.contains(&section.id))
            .map(|one| section(page, one))
            .collect_view();
        let last_main = untrack(|| list.with(|list| list.iter().filter(|step| !step.more).count())) <= at + 1;
        let more = (last_main && !page.begun().quick).then(|| more(page, list));
        view! { {area}{notice}{sections}{more} }.into_any()
    };
    live(draw)
}

fn section(page: Page, section: &Section) -> AnyView {
    let group = check_group(section).filter(|fields| all_well(page.state.package().choices(&fields[0])));
    let inside = match group {
        Some(fields) => six(page, fields),
        None => {
            let shown = |one: &Field| {
                let state = page.state;
                let (when, one) = (section.visible_when.clone(), Arc::new(one.clone()));
                let drawn = Memo::new(move |_| when.as_ref().is_none_or(|when| state.holds(when, None)));
                live(move || drawn.get().then(|| field(state, one.clone(), At::top(&one.path))))
            };
            section
                .fields
                .iter()
                .filter(|one| !(one.auto && one.path == "code"))
                .map(shown)
                .collect_view()
                .into_any()
        }
    };
    view! {
        <section class="form-section" id=format!("s-{}", section.id)>
            <div class="form-section-head"><h2 class="form-section-title">{section.title.clone()}</h2></div>
            <div class="form-section-body">{inside}</div>
        </section>
    }
    .into_any()
}

/// Checks that are usually all well: one tap, or one by one.
fn six(page: Page, fields: &[Field]) -> AnyView {
    let state = page.state;
    let paths: Vec<String> = fields.iter().map(|field| field.path.clone()).collect();
    let count = |id: Option<&'static str>| {
        let paths = paths.clone();
        move || {
            state.values.with(|values| {
                let answers = paths.iter().filter_map(|path| values.get(path).and_then(Value::as_str));
                answers.filter(|answer| id.is_none_or(|id| *answer == id)).count()
            })
        }
    };
    let (well, answered) = (count(Some("ok")), count(None));
    let total = fields.len();
    let all = Memo::new(move |_| well() == total);
    let begun = untrack(|| answered() > 0 && !all.get());
    let one_by_one = RwSignal::new(begun);
    // A check that is missing has to be seen.
    Effect::new(move |_| {
        let missing = state.problems.with(|list| list.iter().any(|p| paths.contains(&p.path)));
        if missing {
            one_by_one.set(true);
        }
    });
    let list: Vec<Field> = fields.to_vec();
    let set: Vec<String> = list.iter().map(|field| field.path.clone()).collect();
    let names: Vec<&str> = list.iter().map(|field| field.label.as_str()).collect();
    let names = names.join("、");
    let tap = move |_| {
        let on = !all.get_untracked();
        for path in &set {
            state.set(path, on.then(|| Value::from("ok")));
        }
    };
    let each = move || {
        one_by_one.get().then(|| {
            list.iter().map(|one| field(state, Arc::new(one.clone()), At::top(&one.path))).collect_view()
        })
    };
    let label = move || if one_by_one.get() { "收起" } else { "有问题或没查，逐项填" };
    view! {
        <div class="field">
            <p class="help">{names}</p>
            <button
                class="no-change"
                type="button"
                data-testid="six-ok"
                aria-pressed=move || if all.get() { "true" } else { "false" }
                on:click=tap
            >
                {icon("tick")}
                {if total == 6 { "六项都正常".to_owned() } else { format!("{total} 项都正常") }}
            </button>
        </div>
        <button
            class="btn btn-quiet"
            type="button"
            data-testid="six-each"
            aria-expanded=move || if one_by_one.get() { "true" } else { "false" }
            on:click=move |_| one_by_one.update(|on| *on = !*on)
        >
            {live(label)}
        </button>
        {live(each)}
    }
    .into_any()
}

/// What can wait: the other sections, one tap each.
fn more(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    let links = move || {
        let at = page.step.get();
        list.get()
            .into_iter()
            .enumerate()
            .filter(|(n, step)| step.more && *n != at)
            .map(|(n, step)| {
                view! {
                    <button class="btn" type="button" data-testid=format!("more-{}", step.sections[0]) on:click=move |_| page.go_to(n)>
                        {icon("plus")}
                        {step.title}
                    </button>
                }
                .into_any()
            })
            .collect_view()
    };
    let any = move || list.with(|list| list.iter().any(|step| step.more));
    let draw = move || {
        any().then(|| {
            view! {
                <section class="section">
                    <div class="section-head"><h2 class="section-title">"还可以记（不填也能保存）"</h2></div>
                    <div class="cluster">{live(links)}</div>
                </section>
            }
        })
    };
    live(draw)
}

/// Call first: what cannot wait begins with the numbers, and the form says when the call was made (FLOW-17).
fn first(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if begun.draft.edit || !(begun.kind.is_case() || begun.kind == RecordKind::Entry) {
        return None;
    }
    let (state, app, package) = (page.state, page.app, page.app.package());
    let name = format!("{}/{}", begun.form.id, begun.form.version);
    let item = begun.draft.values.get("item").and_then(Value::as_str);
    let item = item.and_then(|id| package.catalogue.get().item(id));
    let item = item.or_else(|| package.catalogue.get().item_of(&name, &begun.draft.values));
    let always = item.is_some_and(|item| item.sla.first().is_some_and(|class| class == "S0"));
    let wanted = Memo::new(move |_| {
        let level = state.text("level");
        let loud = package.level(&level).is_some_and(|level| level.phone_first);
        always || loud || state.values.with(|values| values.get("urgent") == Some(&Value::Bool(true)))
    });
    let keeps = begun.form.field("called_at").is_some();
    let draw = move || {
        wanted.get().then(|| {
            let called = move |whom: &str| {
                if keeps && untrack(|| state.text("called_at")).is_empty() {
                    let at = format::stored_time(&format::input_time(app.now_ms()));
                    state.set("called_at", Some(Value::from(at)));
                    state.set("called_to", Some(Value::from(whom)));
                }
            };
            let made = move || {
                let at = format::shown_time(&state.text("called_at")).replace('T', " ");
                let made = format!("已记下 {at} 打给{}，接着填表。", state.text("called_to"));
                if at.is_empty() {
                    "危急的先打电话、先撤人，再填表。".to_owned()
                } else {
                    made
                }
            };
            view! {
                <div class="alarm" data-testid="call-first">
                    <p class="alarm-title">{icon("phone")}"先打电话，后填表"</p>
                    <p class="alarm-text" role="status">{live(made)}</p>
                    {numbers(app, called)}
                </div>
            }
        })
    };
    Some(live(draw))
}

/// Where a new record lies, when neither the household nor the person's own area says it.
fn area(page: Page) -> AnyView {
    let begun = page.begun();
    if begun.draft.edit {
        return ().into_any();
    }
    let directory = use_directory();
    let own = begun.kind == RecordKind::Household;
    let draw = move || {
        if !own && page.state.household().is_some() {
            return None;
        }
        let actor = page.app.actor();
        let prefixes = actor.areas(page.app.today());
        let list = directory.with(|names| names.leaves(&prefixes));
        if let [(only, _)] = list.as_slice()
            && (page.state.area.get_untracked().is_empty() || page.state.area.get_untracked() == *only)
        {
            let only = only.clone();
            page.state.area.set(only);
            return None;
        }
        let now = page.state.area.get_untracked();
        let options = list
            .into_iter()
            .map(|(code, name)| {
                let selected = code == now;
                view! { <option value=code selected=selected>{name}</option> }
            })
            .collect_view();
        let wrong = move || {
            page.state.problem("@area").map(|(words, _)| view! { <p class="error">{icon("warn")}{words}</p> })
        };
        Some(view! {
            <div class="field" data-path="@area">
                <label class="label" for="f-area">"所在网格"<span class="req">" 必填"</span></label>
                <span class="select">
                    <select
                        class="input"
                        id="f-area"
                        data-testid="field-area"
                        on:change=move |ev| {
                            page.state.area.set(event_target_value(&ev));
                            page.state.set("@area", None);
                        }
                    >
                        <option value="">"请选择"</option>
                        {options}
                    </select>
                </span>
                {live(wrong)}
            </div>
        })
    };
    live(draw)
}

/// A quarrel that was settled in the yard is written on one form (MED-02).
fn at_once(page: Page) -> Option<AnyView> {
    let begun = page.begun();
    if begun.form.id != "F-DISPUTE" || begun.draft.edit || begun.restored {
        return None;
    }
    let household = begun.draft.household.map(|id| format!("&household={id}")).unwrap_or_default();
    let parent = begun.draft.parent.map(|id| format!("&parent={id}")).unwrap_or_default();
    let href = format!("#/dispute/new?form=F-ORAL{household}{parent}");
    Some(
        view! { <a class="btn btn-wide" href=href data-testid="oral">{icon("edit")}"当场调解：一张表办完"</a> }
            .into_any(),
    )
}

/// What has to be read to the parties before they sign (MED-04).
fn notice(page: Page) -> Option<AnyView> {
    let package = page.app.package();
    let template = package.template("rights_notice")?;
    let lines = template.blocks.iter().map(|block| block.p.clone()).filter(|text| !text.contains('{'));
    let lines = lines.map(|text| view! { <p>{text}</p> }.into_any()).collect_view();
    Some(
        view! {
            <details class="form-section form-more" open=true>
                <summary>"读给当事人听"</summary>
                <div class="form-section-body">{lines}</div>
            </details>
        }
        .into_any(),
    )
}

/// One member, for the short way from the household's card.
fn member(page: Page, row: &str) -> AnyView {
    let form = page.state.form();
    let Some(table) = form.field("members").cloned() else { return ().into_any() };
    let column =
        |one: &Field| field(page.state, Arc::new(one.clone()), At::column("members", row, 0, &one.path));
    let plain = table.fields.iter().filter(|one| !one.more).map(column).collect_view();
    let more = table.fields.iter().filter(|one| one.more).map(column).collect_view();
    view! {
        <section class="form-section">
            <div class="form-section-body">{plain}</div>
        </section>
        <details class="form-section form-more">
            <summary>"更多"</summary>
            <div class="form-section-body">{more}</div>
        </details>
    }
    .into_any()
}

fn foot(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    let toasts = use_toasts();
    let begun = page.begun();
    let place = Memo::new(move |_| {
        let list = list.get();
        let at = page.step.get().min(list.len().saturating_sub(1));
        let main = list.iter().filter(|step| !step.more).count();
        (at, main)
    });
    let case = begun.kind.is_case();
    // A file grows step by step; what is missing stands beside its steps.
    let part = begun.draft.edit || begun.kind == RecordKind::Mediation;
    let full = if begun.quick || part { Stage::Quick } else { Stage::Full };
    let note = move || match (page.saving.get(), page.keeper.failed.get(), page.keeper.kept_ms.get()) {
        (Saving::Now, ..) => view! { <span>"正在保存…"</span> }.into_any(),
        (Saving::Failed(words), ..) => view! { <span class="error">{icon("warn")}{words}</span> }.into_any(),
        (_, Some(words), _) => view! { <span class="error">{icon("warn")}{words}</span> }.into_any(),
        (_, None, Some(ms)) => {
            view! { <span>{format!("草稿已存在本机 {}", format::clock(ms))}</span> }.into_any()
        }
        (_, None, None) => view! { <span>"填的内容会自动存成草稿"</span> }.into_any(),
    };
    let busy = move || page.saving.get() == Saving::Now;
    let buttons = move || {
        let (at, main) = place.get();
        let more = at >= main;
        let next = !more && at + 1 < main;
        let save_words = match (case, begun.draft.edit, begun.quick) {
            (true, false, _) => "上报",
            _ if begun.kind == RecordKind::Confidential => "提交",
            _ => "保存",
        };
        let back = (at > 0).then(|| {
            view! {
                <button
                    class="btn"
                    type="button"
                    data-testid="form-prev"
                    on:click=move |_| page.go_to(if more { main.saturating_sub(1) } else { at - 1 })
                >
                    "上一步"
                </button>
            }
        });
        // A report that says enough can go now and be completed later (CAT-06).
        let early = (case && next && !begun.draft.edit).then(|| {
            view! {
                <button
                    class="btn"
                    type="button"
                    data-testid="form-quick"
                    disabled=busy
                    on:click=move |_| page.save(Stage::Quick, toasts)
                >
                    "先上报"
                </button>
            }
        });
        let end = if next {
            let words = if begun.draft.edit {
                Some(view! {
                    <button class="btn" type="button" data-testid="form-save" on:click=move |_| page.save(full, toasts)>
                        "保存"
                    </button>
                })
            } else {
                None
            };
            view! {
                {words}
                <button
                    class="btn btn-primary"
                    type="button"
                    data-testid="form-next"
                    on:click=move |_| page.go_to(at + 1)
                >
                    "下一步"
                </button>
            }
            .into_any()
        } else {
            view! {
                <button
                    class="btn btn-primary"
                    type="button"
                    data-testid="form-save"
                    aria-busy=move || if busy() { "true" } else { "false" }
                    disabled=busy
                    on:click=move |_| page.save(full, toasts)
                >
                    {save_words}
                </button>
            }
            .into_any()
        };
        view! { {back}{early}{end} }
    };
    view! {
        <div class="savebar">
            <p class="savebar-note" role="status" data-testid="save-state">{live(note)}</p>
            {live(buttons)}
        </div>
    }
    .into_any()
}

/// The safety note, once a household is chosen where nobody goes alone (VISIT-09).
fn warned(page: Page) -> Option<AnyView> {
    (page.begun().kind == RecordKind::Visit).then(|| {
        live(move || {
            page.state.household().filter(|id| joint::in_twos(page.app, *id)).map(|_| joint::safety())
        })
    })
}
