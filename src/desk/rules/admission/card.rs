//! One application: what it says, its steps with who took them, and the step that is this person's to take.

use gridbook_domain::admit::Refusal;
use gridbook_domain::catalogue::Duty;
use gridbook_domain::catalogue::admission::{
    Application, Opinion, PUBLISHED, Procedure, WORKLOAD_HOURS, Wish,
};
use gridbook_log::{Body, EntityId, Values, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::{Screen, words};
use crate::app::App;
use crate::desk::rules::publish::revision;
use crate::desk::words::moment;
use crate::ui::dialog::{Confirm, Doing, confirm, dialog};
use crate::ui::states::{Tone, banner, failed};

/// Characters of an opinion at most.
const MOST: &str = "500";

pub(super) fn dialog_for(screen: Screen) -> AnyView {
    let opinion = RwSignal::new(String::new());
    let (wrong, leaving) = (RwSignal::new(None), RwSignal::new(false));
    // Not under the buttons: whoever only may withdraw has none.
    let doing = Doing::showing(screen.open, wrong);
    let held = move || screen.shown.get().and_then(|id| screen.find(id));
    Effect::new(move |_| {
        if screen.open.get() {
            opinion.set(String::new());
            wrong.set(None);
        }
    });
    let inside = move || {
        view! {
            <div class="dialog-body stack" data-testid="admission-card">
                {move || held().map(|one| told(screen, &one))}
                {move || held().and_then(|one| asked(screen, &one, opinion, leaving))}
                {failed(wrong, Some("dialog-wrong"))}
            </div>
            {move || held().and_then(|one| buttons(screen, &one, opinion, doing))}
        }
        .into_any()
    };
    let sure = Confirm {
        title: "撤回这份申请？".to_owned(),
        text: "撤回后不能恢复，要办请重新申请。".to_owned(),
        yes: "撤回".to_owned(),
        danger: true,
    };
    let go = move || {
        if let Some(id) = screen.shown.get_untracked() {
            end(screen.app, id, "申请人撤回".to_owned(), doing);
        }
    };
    view! {
        {dialog(screen.open, "dialog-wide", "准入和退出", Box::new(inside))}
        {confirm(leaving, sure, go)}
    }
    .into_any()
}

fn told(screen: Screen, one: &Procedure) -> AnyView {
    let (package, names) = (screen.app.package(), screen.names.get());
    let said = &one.application;
    let (name, kind) = words::about(&package, said);
    let mut lines = vec![("事项", format!("{name}（{kind}）")), ("单位", names.unit(&said.unit))];
    match &said.wish {
        Wish::Admit { item, temporary } => {
            let groups = &package.catalogue.get().groups;
            let group = groups.iter().find(|group| group.id == item.group).map(|group| group.label.clone());
            let form = package.form(&item.form).map(|form| form.title.clone());
            let law = package.law.get();
            let limits: Vec<&str> = item
                .sla
                .iter()
                .map(|id| law.class(id).map_or(super::apply::BY_LEVEL.1, |class| class.label.as_str()))
                .collect();
            let day = |day: Option<chrono::NaiveDate>, none: &str| {
                day.map_or_else(|| none.to_owned(), |day| day.to_string())
            };
            let period = format!("{} 至 {}", day(item.from, "发布之日"), day(item.to, "长期"));
            let period =
                if *temporary { format!("{period}（临时，到期自动退出）") } else { period };
            lines.extend([
                ("类别", group.unwrap_or_default()),
                ("表单", form.unwrap_or_default()),
                ("时限", limits.join("、")),
                ("主责单位", item.lead.clone()),
                ("网格员", if item.duty == Duty::Support { "配合" } else { "主体" }.to_owned()),
                ("最低由哪一级定", super::apply::level_words(&item.level).to_owned()),
                ("起止", period),
                ("依据", said.basis.clone()),
                ("理由", said.why.clone()),
                ("做什么", said.actions.clone()),
                ("工作量", workload(said)),
            ]);
            lines.extend(more("培训", &said.training));
            lines.extend(more("经费", &said.funding));
        }
        Wish::Retire { last, .. } => {
            lines.extend([("最后一天", last.to_string()), ("理由", said.why.clone())]);
            lines.extend(more("以后由谁做", &said.successor));
        }
    }
    lines.push(("联系人", said.contact.clone()));
    let lines = lines
        .into_iter()
        .map(|(label, text)| view! { <div><dt>{label}</dt><dd>{text}</dd></div> })
        .collect_view();
    let hours = said.hours_with(package.catalogue.get(), screen.app.today());
    let much = (matches!(said.wish, Wish::Admit { .. }) && one.published.is_none() && hours > WORKLOAD_HOURS)
        .then(|| {
            let text = format!(
                "加上这一项，清单里写明工作量的事项每人每月要 {hours} 小时，超过 {WORKLOAD_HOURS} 小时。请先减别的事项，或写明为什么仍要加。"
            );
            view! {
                <div data-testid="admission-much">
                    {banner(Tone::Warn, "warn", "网格员的工作量太大", text, Vec::new())}
                </div>
            }
        });
    view! {
        <dl class="kv">{lines}</dl>
        {much}
        <ol class="timeline" data-testid="admission-steps">{steps(screen, one)}</ol>
    }
    .into_any()
}

/// A line that older applications do not have.
fn more(label: &'static str, words: &str) -> Option<(&'static str, String)> {
    (!words.is_empty()).then(|| (label, words.to_owned()))
}

fn workload(said: &Application) -> String {
    format!(
        "每次 {} 分钟，每个网格每月 {} 次，{} 个网格：每人每月 {} 分钟，全部网格每月 {} 分钟",
        said.minutes,
        said.times_a_month,
        said.grids,
        said.minutes_each(),
        said.minutes_all()
    )
}

fn steps(screen: Screen, one: &Procedure) -> AnyView {
    let names = screen.names.get();
    let item = |title: String, text: String, by: &str, at: u64| {
        let by = format!("{} · {}", names.person(by), moment(at));
        view! {
            <li class="timeline-item" data-tone="done" data-testid="admission-step">
                <p class="timeline-title">{title}</p>
                {(!text.is_empty()).then(|| view! { <p class="timeline-text">{text}</p> })}
                <p class="timeline-by">{by}</p>
            </li>
        }
    };
    let said = |what: &str, said: &Opinion| {
        let title = format!("{what}：{}", if said.agrees { "同意" } else { "不同意" });
        item(title, said.words.clone(), &said.by, said.at)
    };
    let mut list = vec![item("申请".to_owned(), String::new(), &one.by, one.at)];
    list.extend(one.reviewed.as_ref().map(|step| said("审核", step)));
    list.extend(one.approved.as_ref().map(|step| said("审批", step)));
    list.extend(one.ended.as_ref().map(|step| {
        let title = if step.by == one.by { "撤回" } else { "不发布" };
        item(title.to_owned(), step.words.clone(), &step.by, step.at)
    }));
    list.extend(
        one.published
            .as_ref()
            .map(|step| item(format!("发布：清单第 {} 版", step.version), String::new(), &step.by, step.at)),
    );
    list.into_any()
}

/// The step that comes next: what this person is asked for, or whom it waits for.
fn asked(
    screen: Screen,
    one: &Procedure,
    opinion: RwSignal<String>,
    leaving: RwSignal<bool>,
) -> Option<AnyView> {
    let app = screen.app;
    let package = app.package();
    let path = one.next(&package)?;
    let (step, who) = words::step(path);
    let waits = match one.takes(&package, &app.actor(), path, app.today()) {
        Ok(()) => None,
        Err(Refusal::Admission(cause)) => Some(format!("{}。", cause.words())),
        Err(_) => Some(String::new()),
    };
    let inside = match waits {
        Some(why) => {
            view! { <p data-testid="admission-waits">{format!("下一步：{who}。{why}")}</p> }.into_any()
        }
        None => view! {
            <div class="field">
                <label class="label" for="admission-words">
                    {if path == PUBLISHED {
                        "不发布的理由".to_owned()
                    } else {
                        format!("{step}意见（不同意时必须写明理由）")
                    }}
                </label>
                <textarea
                    class="input"
                    id="admission-words"
                    rows="3"
                    maxlength=MOST
                    data-testid="admission-words"
                    prop:value=move || opinion.get()
                    on:input=move |event| opinion.set(event_target_value(&event))
                ></textarea>
            </div>
        }
        .into_any(),
    };
    // Whoever applied corrects it while nobody has reviewed it.
    let id = one.id;
    let own = one.by == app.user();
    let withdraw = (own && one.ends(&package, &app.actor(), app.today())).then(|| {
        view! {
            <button
                class="btn btn-small"
                type="button"
                data-testid="admission-withdraw"
                on:click=move |_| leaving.set(true)
            >
                "撤回申请"
            </button>
        }
    });
    let change = (own && one.reviewed.is_none()).then(|| {
        let go = move |_| {
            screen.open.set(false);
            screen.edited.set(Some(id));
            screen.typing.set(true);
        };
        view! {
            <button class="btn btn-small" type="button" data-testid="admission-edit" on:click=go>
                "修改申请"
            </button>
        }
    });
    let mine = own.then(|| view! { <div class="cluster">{change}{withdraw}</div> });
    Some(view! { {inside}{mine} }.into_any())
}

/// The buttons of the step that is this person's to take.
fn buttons(screen: Screen, one: &Procedure, opinion: RwSignal<String>, doing: Doing) -> Option<AnyView> {
    let app = screen.app;
    let package = app.package();
    let path = one.next(&package)?;
    one.takes(&package, &app.actor(), path, app.today()).ok()?;
    let (step, _) = words::step(path);
    let id = one.id;
    let shown = StoredValue::new(one.clone());
    if path == PUBLISHED {
        let one = one.clone();
        let go = move || {
            let one = one.clone();
            doing.begin(async move { publish(app, &one).await });
        };
        let no = shown.with_value(|one| one.ends(&package, &app.actor(), app.today())).then(|| {
            let no = move |_| end(app, id, opinion.get_untracked(), doing);
            view! {
                <button class="btn btn-quiet" type="button" data-testid="admission-end" on:click=no>
                    "不发布"
                </button>
            }
            .into_any()
        });
        return Some(doing.foot(step, "admission-publish").before(no).click(go));
    }
    let said = move |agrees: bool| {
        let words = opinion.get_untracked();
        let set = shown.with_value(|one| one.say(path, agrees, words.trim()));
        doing.begin(async move {
            write(app, id, set).await?;
            Ok(format!("{step}意见已保存：{}", if agrees { "同意" } else { "不同意，申请到此为止" }))
        });
    };
    let no = view! {
        <button class="btn btn-quiet" type="button" data-testid="admission-refuse" on:click=move |_| said(false)>
            {format!("{step}不同意")}
        </button>
    };
    let foot = doing.foot(format!("{step}同意"), "admission-agree").before(Some(no.into_any()));
    Some(foot.click(move || said(true)))
}

/// Ends an application without a decision.
fn end(app: App, id: EntityId, why: String, doing: Doing) {
    doing.begin(async move {
        write(app, id, Procedure::end(why.trim())).await?;
        Ok("已保存：申请到此为止".to_owned())
    });
}

async fn write(app: App, entity: EntityId, set: Values) -> Result<(), String> {
    app.put(vec![NewWrite { entity, body: Body::Set(body::Set { set, blobs: Vec::new() }) }]).await
}

/// Makes it a revision of the package that everybody holds, and says so in its record: both, or neither.
async fn publish(app: App, one: &Procedure) -> Result<String, String> {
    let package = app.package();
    let left = |words: String| format!("{words}。没有发布，现在的清单没有变。");
    let changes =
        one.application.changes(package.catalogue.get(), app.today()).map_err(|e| left(e.to_string()))?;
    let next = package.revised(&changes).map_err(|error| left(error.to_string()))?;
    if let Some(fault) = next.faults().into_iter().next() {
        return Err(left(fault));
    }
    let (rules, version) = (app.new_id(), next.catalogue.get().version);
    let set = Procedure::became(rules, version);
    app.put(vec![
        NewWrite { entity: rules, body: Body::Create(revision(app, changes)) },
        NewWrite { entity: one.id, body: Body::Set(body::Set { set, blobs: Vec::new() }) },
    ])
    .await?;
    Ok(format!("已发布，清单第 {version} 版，各手机同步后生效"))
}
