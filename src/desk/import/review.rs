//! Second step: what is good, what is wrong in which row, what seems to be there already.

use std::collections::BTreeSet;

use gridbook_domain::import::RowRef;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::choose::judge;
use super::{Import, Read, Stage, accept};
use crate::app::use_app;
use crate::ui::icon::icon;

/// Rows drawn of each list; a longer one says how many more there are.
const SHOWN: usize = 500;

pub(super) fn review(import: Import, read: &Read) -> AnyView {
    let app = use_app();
    let preview = read.preview.clone();
    let (ok, bad) = (preview.ok_rows(), preview.rejected_rows());
    let duplicates: usize = preview.sheets.iter().map(|sheet| sheet.duplicates).sum();
    let wrong: usize = preview.sheets.iter().map(|sheet| sheet.bad).sum();
    let stat = |class: &'static str, testid: &'static str, n: usize, words: &'static str| {
        view! {
            <div class=class>
                <span class="stat-value" data-testid=testid>{n}</span>
                <span class="stat-label">{words}</span>
            </div>
        }
    };
    let sheets = preview
        .sheets
        .iter()
        .map(|sheet| {
            let kind = sheet.template.map_or("没有认出表头，未读", |id| id.label());
            format!("“{}”→{kind}", sheet.name)
        })
        .collect::<Vec<_>>()
        .join("，");
    let words = if bad == 0 { format!("导入 {ok} 行") } else { format!("只导入正确的 {ok} 行") };
    let taken = read.clone();
    view! {
        <p class="results-line">{format!("{}：{sheets}", read.name)}</p>
        <div class="import-sum">
            {stat("stat", "import-ok-count", ok, "可以导入")}
            {stat(if duplicates > 0 { "stat stat-warn" } else { "stat" }, "import-duplicate-count", duplicates, "疑似重复")}
            {stat(if wrong > 0 { "stat stat-danger" } else { "stat" }, "import-bad-count", wrong, "有问题，先不导入")}
        </div>
        <div class="cluster">
            <button
                class="btn btn-primary"
                type="button"
                data-testid="import-accept"
                disabled=ok == 0
                on:click=move |_| {
                    let read = taken.clone();
                    spawn_local(async move { accept::accept(app, import, read).await });
                }
            >
                {icon("check")}
                {words}
            </button>
            <button class="btn" type="button" data-testid="import-again" on:click=move |_| import.stage.set(Stage::Choose)>
                "换一个文件"
            </button>
        </div>
        {problems(read)}
        {doubles(import, read)}
        {notes(read)}
    }
    .into_any()
}

fn more(all: usize) -> Option<AnyView> {
    (all > SHOWN).then(|| {
        view! { <p class="muted small">{format!("还有 {} 行没有列出。改好上面的再核对一次即可看到。", all - SHOWN)}</p> }
            .into_any()
    })
}

fn at(row: &RowRef) -> String {
    format!("{} 第 {} 行", row.sheet, row.row)
}

fn problems(read: &Read) -> Option<AnyView> {
    let bad = &read.preview.bad;
    if bad.is_empty() {
        return None;
    }
    let rows = bad
        .iter()
        .take(SHOWN)
        .map(|problem| {
            view! {
                <tr class="is-bad" data-testid="import-bad-row" data-code=problem.code.as_str()>
                    <td class="num">{problem.at.row}</td>
                    <td>{problem.at.sheet.clone()}</td>
                    <td>{problem.column.clone()}</td>
                    <td>{problem.message.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    Some(
        view! {
            <section class="section">
                <div class="section-head"><h2 class="section-title">"有问题的行"</h2></div>
                <p class="muted small">"这些行不会导入。在原来的表里改好，再导入一次；已导入的行会被认出，不会重复。"</p>
                <div class="table-wrap" tabindex="0" role="region" aria-label="有问题的行">
                    <table class="table table-dense">
                        <thead>
                            <tr>
                                <th scope="col" class="num">"行号"</th>
                                <th scope="col">"表"</th>
                                <th scope="col">"列"</th>
                                <th scope="col">"问题和改法"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {more(bad.len())}
            </section>
        }
        .into_any(),
    )
}

fn doubles(import: Import, read: &Read) -> Option<AnyView> {
    let app = use_app();
    let duplicates = &read.preview.duplicates;
    if duplicates.is_empty() {
        return None;
    }
    let wanted: RwSignal<BTreeSet<RowRef>> = RwSignal::new(BTreeSet::new());
    let rows = duplicates
        .iter()
        .take(SHOWN)
        .map(|double| {
            let row = double.at.clone();
            let change = move |on: bool| {
                let row = row.clone();
                wanted.update(|wanted| {
                    if on {
                        wanted.insert(row);
                    } else {
                        wanted.remove(&row);
                    }
                });
            };
            let label = format!("{}也要导入", at(&double.at));
            let tick = double.may_accept.then(|| {
                view! {
                    <input
                        type="checkbox"
                        aria-label=label
                        on:change=move |event| change(event_target_checked(&event))
                    />
                }
            });
            view! {
                <tr data-testid="import-duplicate-row">
                    <td class="check">{tick}</td>
                    <td class="num">{double.at.row}</td>
                    <td>{double.at.sheet.clone()}</td>
                    <td>{double.message.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    let again = read.clone();
    let recheck = move |_| {
        let (read, accept) = (again.clone(), wanted.get_untracked());
        import.stage.set(Stage::Busy("正在重新核对".to_owned()));
        spawn_local(async move {
            match judge(app, &read.name, read.sheets.clone(), accept).await {
                Ok(read) => {
                    let _ = import.stage.try_set(Stage::Review(read));
                }
                Err(words) => {
                    let _ = import.failure.try_set(Some(words));
                    let _ = import.stage.try_set(Stage::Review(read));
                }
            }
        });
    };
    Some(
        view! {
            <section class="section">
                <div class="section-head"><h2 class="section-title">"可能重复的行"</h2></div>
                <p class="muted small">"默认不导入。核对过确是另一个人的，可以勾选。"</p>
                <div class="table-wrap" tabindex="0" role="region" aria-label="可能重复的行">
                    <table class="table table-dense">
                        <thead>
                            <tr>
                                <th scope="col" class="check"><span class="visually-hidden">"也要导入"</span></th>
                                <th scope="col" class="num">"行号"</th>
                                <th scope="col">"表"</th>
                                <th scope="col">"与谁重复"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {more(duplicates.len())}
                {move || {
                    (!wanted.with(BTreeSet::is_empty))
                        .then(|| {
                            view! {
                                <button class="btn" type="button" data-testid="import-recheck" on:click=recheck.clone()>
                                    "把勾选的也算上"
                                </button>
                            }
                        })
                }}
            </section>
        }
        .into_any(),
    )
}

fn notes(read: &Read) -> Option<AnyView> {
    let notes = &read.preview.notes;
    if notes.is_empty() {
        return None;
    }
    let lines = notes
        .iter()
        .take(SHOWN)
        .map(|note| {
            let column = if note.column.is_empty() { String::new() } else { format!("“{}”", note.column) };
            view! { <li data-testid="import-note">{format!("{}{column}：{}", at(&note.at), note.message)}</li> }
        })
        .collect_view();
    Some(
        view! {
            <details class="section">
                <summary>{format!("读入时的说明（{} 条）", notes.len())}</summary>
                <ul class="stack-s">{lines}</ul>
                {more(notes.len())}
            </details>
        }
        .into_any(),
    )
}
