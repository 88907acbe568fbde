//! Days off and make-up days, year by year: what stands, what a new table would change, and which limits would move.

use std::sync::Arc;

use chrono::Datelike;
use gridbook_domain::calendar::{Calendar, Year};
use gridbook_domain::clock;
use gridbook_domain::package::Package;
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::publish::publish;
use super::text::{Days, of_sheet, pasted};
use crate::app::{App, use_app};
use crate::desk::route::Route;
use crate::desk::sheets;
use crate::desk::words::moment;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// Limits shown by name; the rest is counted.
const SHOWN: usize = 50;

/// A limit that a table would move.
#[derive(Clone, PartialEq)]
struct Moved {
    id: EntityId,
    title: String,
    before: u64,
    after: u64,
}

/// What a table would do.
#[derive(Clone, PartialEq)]
struct Preview {
    year: Year,
    next: Arc<Package>,
    moved: Vec<Moved>,
}

pub(super) fn page() -> AnyView {
    let (app, toasts) = (use_app(), use_toasts());
    let text = RwSignal::new(String::new());
    let preview: RwSignal<Option<Preview>> = RwSignal::new(None);
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let look = move |days: Days| {
        failure.set(None);
        preview.set(None);
        spawn_local(async move {
            match look_at(app, &days).await {
                Ok(found) => preview.set(Some(found)),
                Err(words) => failure.set(Some(words)),
            }
        });
    };
    let check = move |_| match pasted(&text.get_untracked()) {
        Ok(days) => look(days),
        Err(error) => failure.set(Some(error.to_string())),
    };
    let pick = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<web_sys::HtmlInputElement>().ok()) else {
            return;
        };
        let file = input.files().and_then(|files| files.get(0));
        input.set_value("");
        let Some(file) = file else { return };
        spawn_local(async move {
            match days_of(&file).await {
                Ok(days) => look(days),
                Err(words) => failure.set(Some(words)),
            }
        });
    };
    let save = move |_| {
        let Some(found) = preview.get_untracked() else { return };
        spawn_local(async move {
            let changes = app.package().difference(&found.next).changes;
            match publish(app, changes).await {
                Ok(()) => {
                    toasts.ok(format!("{} 年日历已保存，各手机同步后生效", found.year.year));
                    let _ = preview.try_set(None);
                    let _ = text.try_set(String::new());
                }
                Err(words) => {
                    let _ = failure.try_set(Some(words));
                }
            }
        });
    };
    let shown = move || preview.get().map(|found| draw(&found));
    view! {
        {move || {
            app.version.track();
            years(app)
        }}
        <section class="card">
            <div class="card-head"><h2 class="card-title">"导入一年的放假和调休"</h2></div>
            <div class="card-body stack">
                <div class="field">
                    <label class="label" for="calendar-text">"粘贴"</label>
                    <p class="help">"一行一天：2027-01-01 休；调休上班写“班”。也可以贴公开的 JSON。"</p>
                    <textarea
                        class="input"
                        id="calendar-text"
                        rows="6"
                        data-testid="calendar-text"
                        prop:value=move || text.get()
                        on:input=move |event| text.set(event_target_value(&event))
                    ></textarea>
                </div>
                <div class="cluster">
                    <button class="btn" type="button" data-testid="calendar-check" on:click=check>"先看会改什么"</button>
                    <label class="btn">
                        {icon("upload")}
                        "选文件"
                        <input
                            class="visually-hidden"
                            type="file"
                            accept=".json,.csv,.txt,.xlsx"
                            data-testid="calendar-file"
                            on:change=pick
                        />
                    </label>
                </div>
                {move || {
                    failure
                        .get()
                        .map(|words| {
                            view! {
                                <div data-testid="calendar-failure">
                                    {banner(Tone::Warn, "warn", "没有导入", format!("{words}。现在的日历没有变。"), Vec::new())}
                                </div>
                            }
                        })
                }}
                {shown}
                {move || {
                    preview
                        .with(Option::is_some)
                        .then(|| {
                            view! {
                                <div class="cluster">
                                    <button
                                        class="btn btn-primary"
                                        type="button"
                                        data-testid="calendar-save"
                                        on:click=save
                                    >
                                        "就按这张表"
                                    </button>
                                    <button class="btn" type="button" on:click=move |_| preview.set(None)>"不要"</button>
                                </div>
                            }
                        })
                }}
            </div>
        </section>
    }
    .into_any()
}

/// The tables that stand; a year without one is said to be an estimate.
fn years(app: App) -> AnyView {
    let package = app.package();
    let calendar = &package.law.get().calendar;
    let this = app.today().year();
    let line = |year: i32| {
        let newest = newest(calendar, year);
        let (class, said) = match newest {
            Some(_) => ("tag tag-ok", "✓ 有日历"),
            None => ("tag tag-warn", "! 日历缺失，按周末和固定假日估算"),
        };
        let papers = newest.map(|year| year.papers.join("、")).unwrap_or_default();
        let sums = newest.map_or_else(String::new, |year| {
            format!("放假 {} 段，调休上班 {} 天，第 {} 版", year.off.len(), year.work.len(), year.version)
        });
        view! {
            <tr data-testid="calendar-year" data-year=year.to_string()>
                <td class="num">{year}</td>
                <td><span class=class>{said}</span></td>
                <td>{sums}</td>
                <td>{papers}</td>
            </tr>
        }
    };
    let rows = (this - 1..=this + 1).map(line).collect_view();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="各年日历">
            <table class="table table-dense">
                <thead>
                    <tr>
                        <th scope="col" class="num">"年"</th>
                        <th scope="col">"状态"</th>
                        <th scope="col">"内容"</th>
                        <th scope="col">"依据"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn newest(calendar: &Calendar, year: i32) -> Option<&Year> {
    calendar.years.iter().filter(|held| held.year == year).max_by_key(|held| held.version)
}

async fn days_of(file: &web_sys::File) -> Result<Days, String> {
    let unread = || "这个文件打不开".to_owned();
    let bytes = JsFuture::from(file.array_buffer()).await.map_err(|_| unread())?;
    let bytes = js_sys::Uint8Array::new(&bytes).to_vec();
    let name = file.name();
    if name.ends_with(".xlsx") || name.ends_with(".csv") {
        return sheets::read(&name, &bytes).await.map(|sheets| of_sheet(&sheets));
    }
    let text = String::from_utf8(bytes).map_err(|_| unread())?;
    pasted(&text).map_err(|error| error.to_string())
}

/// Takes the table in on a copy, and reckons the limits of every open case with both.
async fn look_at(app: App, (rows, papers): &Days) -> Result<Preview, String> {
    let now = app.package();
    let mut next = Package::clone(&now);
    let year = next
        .law
        .get_mut()
        .calendar
        .import(rows, papers.clone(), app.now_ms())
        .map_err(|error| error.to_string())?;
    let open: Vec<(EntityId, String)> = app.rows(|rows| {
        let all = rows.values().filter_map(|row| row.summary.as_ref());
        all.filter(|summary| summary.is_open()).map(|s| (s.id, format!("{} {}", s.number, s.title))).collect()
    });
    let mut moved = Vec::new();
    for (id, title) in open {
        let Ok(Some(entity)) = app.entity(id).await else { continue };
        let due = |package: &Package| clock::read(package, &entity).deadline(package.law.get())?.due;
        if let (Some(before), Some(after)) = (due(&now), due(&next))
            && before != after
        {
            moved.push(Moved { id, title, before, after });
        }
    }
    let table = newest(&next.law.get().calendar, year).cloned().unwrap_or_default();
    Ok(Preview { year: table, next: Arc::new(next), moved })
}

fn draw(found: &Preview) -> AnyView {
    let year = &found.year;
    let title = format!("{} 年：放假 {} 天，调休上班 {} 天", year.year, year.off.len(), year.work.len());
    let text = match found.moved.len() {
        0 => "没有在办的时限会变。".to_owned(),
        n => format!("{n} 件在办的时限会变；已经开始计的时限只会变长，不会变短。"),
    };
    let rows = found
        .moved
        .iter()
        .take(SHOWN)
        .map(|one| {
            view! {
                <tr data-testid="calendar-moved">
                    <td><a href=Route::Queue(Some(one.id)).href()>{one.title.clone()}</a></td>
                    <td>{moment(one.before)}</td>
                    <td>{moment(one.after)}</td>
                </tr>
            }
        })
        .collect_view();
    let table = (!found.moved.is_empty()).then(|| {
        view! {
            <div class="table-wrap" tabindex="0" role="region" aria-label="会变的时限">
                <table class="table table-dense">
                    <thead>
                        <tr>
                            <th scope="col">"事项"</th>
                            <th scope="col">"现在的时限"</th>
                            <th scope="col">"导入后"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
    });
    view! { <div class="stack" data-testid="calendar-preview">{banner(Tone::Info, "calendar", title, text, Vec::new())}{table}</div> }
        .into_any()
}
