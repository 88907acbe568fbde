//! 意见建议 (VISIT-10): one ledger of what was said on visits and reported as an opinion; those from visits are answered here.

use gridbook_domain::opinion::{Opinion, answer, opinions};
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::Asked;
use super::figures::{Figures, cases, summaries, texts};
use crate::app::{App, use_app};
use crate::desk::parts::select;
use crate::desk::route::Route;
use crate::ui::dialog::{Doing, dialog, forget_closed};
use crate::ui::directory::Names;
use crate::ui::icon::icon;

pub(super) async fn ledger(app: App, names: &Names, asked: &Asked) -> Figures {
    let package = app.package();
    let inside = |kind: RecordKind| matches!(kind, RecordKind::Visit | RecordKind::Matter);
    let list = summaries(app, |s| {
        inside(s.kind) && asked.covers(&s.area) && (asked.from..=asked.to).contains(&s.day())
    });
    let rows: std::collections::BTreeMap<_, _> = list.iter().map(|row| (row.id, row)).collect();
    let found = cases(app, &list, |entity, case| {
        let row = rows.get(&entity.id())?;
        let held = opinions(&package, row, &case);
        (!held.is_empty()).then_some(held)
    })
    .await;
    let mut all: Vec<Opinion> = found.into_iter().flatten().collect();
    gridbook_log::order_by_key(&mut all, |one| std::cmp::Reverse(one.day));
    let line = |one: &Opinion| {
        let adopted = match (one.adopted, one.answered()) {
            (Some(true), _) => "采纳",
            (Some(false), _) => "不采纳",
            (None, true) => "已答复",
            (None, false) => "还没有答复",
        };
        let from = if one.row.is_some() { "走访" } else { "上报" };
        vec![
            one.day.to_string(),
            names.area(&one.area),
            one.kind.clone(),
            one.content.clone(),
            from.to_owned(),
            adopted.to_owned(),
            one.reply.clone(),
            names.person(&one.by),
            one.on.clone(),
        ]
    };
    let heads = [
        ("日期", 12.0),
        ("村组", 20.0),
        ("类别", 14.0),
        ("意见建议", 40.0),
        ("从哪来", 8.0),
        ("采纳", 12.0),
        ("答复", 40.0),
        ("答复人", 10.0),
        ("答复日期", 12.0),
    ];
    let table = texts("意见建议", &heads, all.iter().map(line).collect());
    let (answered, adopted) = (
        all.iter().filter(|one| one.answered()).count(),
        all.iter().filter(|one| one.adopted == Some(true)).count(),
    );
    let words = format!("共 {} 条，已答复 {answered} 条，采纳 {adopted} 条", all.len());
    let note = (!all.is_empty()).then_some((answered == all.len(), words));
    let waiting = all.into_iter().filter(|one| !one.answered()).collect();
    Figures { tables: vec![table], note, waiting, ..Figures::default() }
}

/// Those that nobody has answered: from a visit here, from a report in its case.
pub(super) fn waiting(list: &[Opinion], answering: RwSignal<Option<Opinion>>) -> Option<AnyView> {
    if list.is_empty() {
        return None;
    }
    let one = |one: &Opinion| {
        let words = one.content.clone();
        let way = if one.row.is_some() {
            let held = one.clone();
            view! {
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="opinion-answer"
                    on:click=move |_| answering.set(Some(held.clone()))
                >
                    {icon("edit")}
                    "答复"
                </button>
            }
            .into_any()
        } else {
            let href = Route::Queue(Some(one.record)).href();
            view! { <a class="btn btn-small" href=href>"打开这一件来办"</a> }.into_any()
        };
        view! {
            <li class="row row-static">
                <span class="row-main">
                    <span class="row-title">{words}</span>
                    <span class="row-sub">{format!("{} · {}", one.day, one.kind)}</span>
                </span>
                {way}
            </li>
        }
    };
    Some(
        view! {
            <section class="section no-print" data-testid="opinions-waiting">
                <div class="section-head"><h2 class="section-title">"还没有答复的"</h2></div>
                <ul class="rows rows-plain">{list.iter().map(one).collect_view()}</ul>
            </section>
        }
        .into_any(),
    )
}

/// The dialog to answer one.
pub(super) fn dialog_for(answering: RwSignal<Option<Opinion>>) -> AnyView {
    let app = use_app();
    let open = RwSignal::new(false);
    let (adopted, reply) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    Effect::new(move |_| {
        if answering.with(Option::is_some) {
            adopted.set(String::new());
            reply.set(String::new());
            open.set(true);
        }
    });
    forget_closed(open, answering);
    let doing = Doing::new(open);
    let save = move || {
        let Some(held) = answering.get_untracked() else { return };
        let yes = match adopted.get_untracked().as_str() {
            "yes" => true,
            "no" => false,
            _ => return doing.failed("请先选采纳还是不采纳。"),
        };
        let words = reply.get_untracked();
        if words.trim().is_empty() {
            return doing.failed("请写几句答复，会回到走访人那里，由他告诉本人。");
        }
        let set = answer(held.row.as_deref().unwrap_or_default(), yes, &words, &app.user(), app.today());
        let write = NewWrite { entity: held.record, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
        doing.begin(async move { app.put(vec![write]).await.map(|()| "已答复，待同步".to_owned()) });
    };
    let inside = move || {
        let Some(held) = answering.get() else { return ().into_any() };
        let choices = || {
            [("", "请选择"), ("yes", "采纳"), ("no", "不采纳")]
                .map(|(id, words)| (id.to_owned(), words.to_owned()))
                .to_vec()
        };
        view! {
            <div class="dialog-body stack">
                <p class="strong">{held.content}</p>
                <p class="muted">{format!("{} · {}", held.day, held.kind)}</p>
                <div class="field">
                    <span class="label">"采纳"</span>
                    {select("采纳", "opinion-adopted", move || adopted.get(), choices, move |id| adopted.set(id))}
                </div>
                <div class="field">
                    <label class="label" for="opinion-reply">"答复"</label>
                    <textarea
                        class="input"
                        id="opinion-reply"
                        rows="4"
                        maxlength="1000"
                        data-testid="opinion-reply"
                        prop:value=move || reply.get()
                        on:input=move |event| reply.set(event_target_value(&event))
                    ></textarea>
                </div>
            </div>
            {doing.foot("答复", "opinion-save").click(save)}
        }
        .into_any()
    };
    dialog(open, "", "答复意见建议", Box::new(inside))
}
