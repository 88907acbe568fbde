//! 保密反映 (ROLE-11): what can be reported and who will see it, the way to write it, and the state of what was handed
//! in. The phone keeps none of it.

use gridbook_domain::confidential::forms;
use gridbook_domain::form::Form;
use leptos::prelude::*;

use super::screen::Screen;
use crate::app::{App, confidential::Line, use_app};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::states::{Tone, banner, blank, loading};

/// What is known of the reports that this account handed in.
enum Found {
    /// Records go where everybody would read it.
    NotHere,
    Lines(Vec<Line>),
    Failed(String),
}

pub(super) fn page() -> AnyView {
    let app = use_app();
    let found: RwSignal<Option<Found>> = RwSignal::new(None);
    leptos::task::spawn_local(async move {
        let told = if !app.keeps_confidence().await || !app.in_confidence(false) {
            Found::NotHere
        } else {
            match app.confidential(false).await {
                Ok(lines) => Found::Lines(lines),
                Err(problem) => Found::Failed(problem.message()),
            }
        };
        found.try_set(Some(told));
    });
    let draw = move || {
        found.with(|found| match found {
            None => loading(3),
            Some(Found::NotHere) => blank(
                "empty",
                "这里不收保密反映",
                "您的记录不送镇里的服务器，或者您的岗位没有这一项。写在这里别人也看得到，所以没有开放。\
                 请到镇协调服务中心找主任当面说，或打 12388。",
                Vec::new(),
            ),
            Some(Found::Lines(lines)) => open(app, list(app, lines)),
            Some(Found::Failed(words)) => {
                let words = format!("已交的反映办到哪一步，要联网才看得到。{words}");
                open(app, banner(Tone::Warn, "offline", "现在看不到进度", words, Vec::new()))
            }
        })
    };
    Screen::new("保密反映").back("/items").view(live(draw))
}

fn open(app: App, below: AnyView) -> AnyView {
    let package = app.package();
    let danger = forms(&package).any(|form| form.field("danger_now").is_some()).then(call_first);
    let ways = forms(&package).map(|form| way(app, form)).collect_view();
    view! {
        {danger}
        {banner(Tone::Info, "key", "谁看得到", format!("村里、镇上其他人看不到，也查不到。{KEPT}"), Vec::new())}
        {ways}
        <section class="section">
            <div class="section-head"><h2 class="section-title">"我交的反映"</h2></div>
            {below}
        </section>
    }
    .into_any()
}

/// One form: who hears it, and the way to write it. What holds for all of them stands once, above.
fn way(app: App, form: &Form) -> AnyView {
    let (href, id) = (format!("#/confidential/new?form={}", form.id), form.id.clone());
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">{form.title.clone()}</h2></div>
            <div class="stack">
                <p class="muted">{hearers(app, form)}</p>
                <a class="btn btn-primary btn-wide" href=href data-testid="confidential-new" data-form=id>
                    {icon("edit")}
                    "写一份"
                </a>
            </div>
        </section>
    }
    .into_any()
}

/// What stays on the phone of a report that was handed in.
const KEPT: &str = "交上去以后手机里不留内容，只看得到代号（收到的日期和六位字母数字）和办到哪一步。";

/// Above the form itself: everything about who will see it. Where somebody may be in danger, the police come first
/// (PRIV-07).
pub(super) fn who(app: App, form: &Form) -> AnyView {
    let danger = form.field("danger_now").map(|_| call_first());
    let words = format!("{}村里、镇上其他人看不到，也查不到。{KEPT}", hearers(app, form));
    view! { {danger}{banner(Tone::Info, "key", "谁看得到", words, Vec::new())} }.into_any()
}

/// Who hears a form's reports, in plain words; the names of the roles are the township's.
fn hearers(app: App, form: &Form) -> String {
    let package = app.package();
    let right = form.heard_by.as_deref();
    let hears = |grants: &[gridbook_domain::role::Grant]| {
        grants.iter().any(|grant| Some(grant.permission.as_str()) == right)
    };
    let channel: Vec<&str> =
        package.roles.iter().filter(|role| hears(&role.grants)).map(|role| role.label.as_str()).collect();
    let names = form.field("named").map(|field| format!("在“{}”里选了谁，谁就看不到。", field.label));
    format!("只有{}看得到内容和您的名字。{}", channel.join("、"), names.unwrap_or_default())
}

fn call_first() -> AnyView {
    view! {
        <a class="btn btn-danger btn-wide" href="tel:110" data-testid="confidential-110">
            {icon("phone")}
            "现在有危险：先打 110"
        </a>
    }
    .into_any()
}

/// What a form is called.
fn title(app: App, form: &str) -> String {
    app.package().form_title(form).unwrap_or("保密反映").to_owned()
}

fn list(app: App, lines: &[Line]) -> AnyView {
    if lines.is_empty() {
        return view! { <p class="muted">"还没有交过。"</p> }.into_any();
    }
    let package = app.package();
    let rows = lines
        .iter()
        .map(|line| {
            view! {
                <li>
                    <div class="row" data-testid="confidential-row" data-state=line.state.clone()>
                        <span class="row-main">
                            <span class="row-title">{line.name()}</span>
                            <span class="row-sub">
                                {format!("{} · {} 交", title(app, &line.form), format::when(line.at, app.now_ms()))}
                            </span>
                        </span>
                        <span class="row-end"><span class="tag">{package.state_label(&line.state).to_owned()}</span></span>
                    </div>
                </li>
            }
            .into_any()
        })
        .collect_view();
    view! { <ul class="rows">{rows}</ul> }.into_any()
}
