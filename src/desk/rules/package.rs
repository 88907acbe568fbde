//! Items, forms, dictionaries and document templates as one file with a checksum: out, edited elsewhere, in again; what a
//! file would change is shown before it is published (CAT-05, CAT-09).

use std::sync::Arc;

use gridbook_domain::package::{Difference, GRACE_DAYS, Package, PackageError, Skin};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::publish::publish;
use crate::app::{App, use_app};
use crate::desk::words::day;
use crate::ui::dom::download;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// A file that was read.
#[derive(Clone, PartialEq)]
struct Found {
    next: Arc<Package>,
    difference: Difference,
    faults: Vec<String>,
    /// Its checksum does not fit: it was edited, or damaged on its way.
    edited: bool,
}

pub(super) fn page() -> AnyView {
    let (app, toasts) = (use_app(), use_toasts());
    let found: RwSignal<Option<Found>> = RwSignal::new(None);
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let export = move |_| {
        let name = format!("网格簿清单和表单-{}.json", day(app.now_ms()));
        let done =
            app.package().to_json().ok().map(|text| download(&name, "application/json", text.as_bytes()));
        match done {
            Some(Ok(())) => toasts.ok(format!("已导出：{name}")),
            _ => toasts.warn("浏览器没有让下载，什么也没有改动。请允许下载后再试。"),
        }
    };
    let pick = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        let Some(file) = file else { return };
        failure.set(None);
        found.set(None);
        spawn_local(async move {
            match read(app, &file).await {
                Ok(read) => {
                    let _ = found.try_set(Some(read));
                }
                Err(words) => {
                    let _ = failure.try_set(Some(words));
                }
            }
        });
    };
    let save = move |_| {
        let Some(held) = found.get_untracked() else { return };
        spawn_local(async move {
            match publish(app, held.difference.changes).await {
                Ok(()) => {
                    toasts.ok("已发布，各手机同步后生效");
                    let _ = found.try_set(None);
                }
                Err(words) => {
                    let _ = failure.try_set(Some(words));
                }
            }
        });
    };
    let standing = move || {
        app.version.track();
        let package = app.package();
        let (items, forms) = (package.catalogue.get().items.len(), package.forms.get().len());
        let sum = package.checksum().get(..12).unwrap_or_default().to_owned();
        view! {
            <p data-testid="package-standing" data-items=items.to_string() data-forms=forms.to_string()>
                {format!("版本 {}：{items} 个事项，{forms} 张表单。校验和 ", package.version)}
                <span class="mono">{sum}</span>
            </p>
        }
    };
    view! {
        <section class="card">
            <div class="card-head"><h2 class="card-title">"现在用的"</h2></div>
            <div class="card-body stack">
                {standing}
                <div class="cluster">
                    <button class="btn" type="button" data-testid="package-export" on:click=export>
                        {icon("download")}
                        "导出一个文件"
                    </button>
                    <label class="btn">
                        {icon("upload")}
                        "导入文件"
                        <input
                            class="visually-hidden"
                            type="file"
                            accept=".json"
                            data-testid="package-file"
                            on:change=pick
                        />
                    </label>
                </div>
            </div>
        </section>
        {ways(app)}
        {move || {
            failure
                .get()
                .map(|words| {
                    view! {
                        <div data-testid="package-failure">
                            {banner(Tone::Warn, "warn", "没有发布", format!("{words} 现在的清单和表单没有变。"), Vec::new())}
                        </div>
                    }
                })
        }}
        {move || found.get().map(|held| draw(&held))}
        {move || {
            let ready = found.with(|held| {
                held.as_ref().is_some_and(|held| held.faults.is_empty() && !held.difference.changes.is_empty())
            });
            ready
                .then(|| {
                    view! {
                        <div class="cluster">
                            <button class="btn btn-primary" type="button" data-testid="package-publish" on:click=save>
                                "发布这些改动"
                            </button>
                            <button class="btn" type="button" on:click=move |_| found.set(None)>"不要"</button>
                        </div>
                    }
                })
        }}
    }
    .into_any()
}

/// What this township calls the way of a case: words beside the table, chosen and published at once (FLOW-01).
fn ways(app: App) -> AnyView {
    let toasts = use_toasts();
    let choose = move |event: web_sys::Event| {
        let chosen = event_target_value(&event);
        spawn_local(async move {
            let changes = [("skin".to_owned(), chosen.into())].into();
            match publish(app, changes).await {
                Ok(()) => toasts.ok("已发布，各手机同步后按新的叫法显示"),
                Err(words) => toasts.warn(format!("{words} 叫法没有变。")),
            }
        });
    };
    let options = move || {
        app.version.track();
        let package = app.package();
        let held = package.skin().map(|skin| skin.id.clone()).unwrap_or_default();
        let one = |skin: &Skin| {
            let words = skin.steps.iter().map(|step| step.label.as_str()).collect::<Vec<_>>().join("、");
            let (id, on) = (skin.id.clone(), skin.id == held);
            view! { <option value=id selected=on>{format!("{}：{words}", skin.label)}</option> }
        };
        package.skins.iter().map(one).collect_view()
    };
    view! {
        <section class="card">
            <div class="card-head"><h2 class="card-title">"流程叫法"</h2></div>
            <div class="card-body">
                <div class="field">
                    <label class="label" for="package-skin">"本镇怎样叫办理的各步"</label>
                    <p class="help">"只改显示的叫法，不改谁能办什么；红白事、议事协商按自己的叫法。"</p>
                    <select class="input" id="package-skin" data-testid="package-skin" on:change=choose>
                        {options}
                    </select>
                </div>
            </div>
        </section>
    }
    .into_any()
}

async fn read(app: App, file: &web_sys::File) -> Result<Found, String> {
    let text = JsFuture::from(file.text()).await.ok().and_then(|text| text.as_string());
    let text = text.ok_or_else(|| "这个文件打不开。".to_owned())?;
    let (next, edited) = match Package::from_json(&text) {
        Ok(package) => (package, false),
        Err(PackageError::Checksum) => {
            (Package::from_edited(&text).map_err(|error| format!("{error}。"))?, true)
        }
        Err(error) => return Err(format!("{error}。")),
    };
    let now = app.package();
    let difference = now.difference(&next).from_now(app.today());
    // What will stand afterwards is what has to be sound, not the file alone.
    let after = now.revised(&difference.changes).map_err(|error| format!("{error}。"))?;
    Ok(Found { next: Arc::new(next), difference, faults: after.faults(), edited })
}

/// The kinds of changes in words, and what each is called.
fn told(package: &Package, path: &str) -> (&'static str, String) {
    let (kind, name) = path.split_once('/').unwrap_or((path, ""));
    match kind {
        "item" => {
            ("事项", package.catalogue.get().item(name).map_or(name, |item| item.name.as_str()).to_owned())
        }
        "form" => {
            let (id, version) = name.split_once('.').unwrap_or((name, ""));
            let title = package.form_title(&format!("{id}/{version}")).unwrap_or(id);
            ("表单", format!("{title} 第 {version} 版"))
        }
        "campaign" => {
            let held = package.catalogue.get().campaigns.iter().find(|campaign| campaign.id == name);
            ("专项", held.map_or(name, |campaign| campaign.label.as_str()).to_owned())
        }
        "template" => {
            ("文书", package.template(name).map_or(name, |template| template.title.as_str()).to_owned())
        }
        "dict" => ("选项", package.dict(name).map_or(name, |dict| dict.label.as_str()).to_owned()),
        "year" => ("日历", name.split('.').next().unwrap_or(name).to_owned()),
        "skin" => ("流程叫法", package.skin.clone()),
        "subsidy" => ("调解补贴标准", String::new()),
        "dispute_limits" => ("纠纷时限", format!("{name} 起")),
        _ => ("版本", package.version.clone()),
    }
}

/// Parts of a package that do not travel by sync.
fn beyond(name: &str) -> &'static str {
    match name {
        "roles" => "角色和权限",
        "flows" => "流程和叫法",
        "law" => "时限和工作时间",
        "levels" => "等级",
        "categories" => "户类别和走访规则",
        _ => "隐患规则和巡查频次",
    }
}

fn draw(found: &Found) -> AnyView {
    let lines = found
        .difference
        .changes
        .keys()
        .map(|path| {
            let (kind, name) = told(&found.next, path);
            view! {
                <tr data-testid="package-change" data-path=path.clone()>
                    <td>{kind}</td>
                    <td>{name}</td>
                </tr>
            }
        })
        .collect_view();
    let count = found.difference.changes.len();
    let edited = found.edited.then(|| {
        let text = "校验和与内容不符。如果是您自己改过这个文件，可以继续；不是，请重新取一份。";
        banner(Tone::Warn, "warn", "这个文件改动过，或者没有下载完整", text, Vec::new())
    });
    let left: Vec<&str> = found.difference.beyond.iter().map(|name| beyond(name)).collect();
    let left = (!left.is_empty()).then(|| {
        let text =
            format!("{}与现在不同，不随文件下发，这次不会改。岗位在“岗位和权限”里改。", left.join("、"));
        banner(Tone::Info, "info", "有些部分不在这里改", text, Vec::new())
    });
    let gone = (!found.difference.gone.is_empty()).then(|| {
        let text = format!(
            "{}：文件里没有，仍然保留。要停用一个事项，请把它的状态改成停用。",
            found.difference.gone.join("、")
        );
        banner(Tone::Info, "info", "不会删掉什么", text, Vec::new())
    });
    let faults = (!found.faults.is_empty()).then(|| {
        let text = format!("{}。请改好文件再导入。", found.faults.join("；"));
        view! {
            <div data-testid="package-faults">
                {banner(Tone::Danger, "attention", "对不上，不能发布", text, Vec::new())}
            </div>
        }
    });
    let title = if count == 0 {
        "和现在的一样，没有要改的".to_owned()
    } else {
        format!("会改 {count} 处；表单的旧版本还收 {GRACE_DAYS} 天")
    };
    view! {
        <section class="card" data-testid="package-preview">
            <div class="card-head"><h2 class="card-title">{title}</h2></div>
            <div class="card-body stack">
                {edited}
                {faults}
                {left}
                {gone}
                {(count > 0)
                    .then(|| {
                        view! {
                            <div class="table-wrap" tabindex="0" role="region" aria-label="会改什么">
                                <table class="table table-dense">
                                    <thead>
                                        <tr>
                                            <th scope="col">"是什么"</th>
                                            <th scope="col">"名称"</th>
                                        </tr>
                                    </thead>
                                    <tbody>{lines}</tbody>
                                </table>
                            </div>
                        }
                    })}
            </div>
        </section>
    }
    .into_any()
}
