//! Pages as the layout has them, written into the list of what is in the volume. A person may correct them: photos and
//! papers that others signed have pages of their own.

use gridbook_domain::form::table_rows;
use gridbook_log::{Body, EntityId, Values, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::read::Papers;
use super::whole;
use crate::app::{App, use_app};
use crate::ui::icon::icon;
use crate::ui::toast::use_toasts;

/// Between the margins of a page: 297 less 40 mm, in pixels of 1/96 inch.
const PAGE_PX: i32 = 971;

pub(super) fn button(id: EntityId, papers: &Papers) -> AnyView {
    let (app, toasts) = (use_app(), use_toasts());
    let docs: Vec<String> = papers.list.iter().map(|paper| paper.document.id.clone()).collect();
    let write = move |_| {
        let docs = docs.clone();
        spawn_local(async move {
            whole::drawn().await;
            let pages: Vec<(String, i64)> =
                docs.into_iter().filter_map(|doc| measured(&doc).map(|pages| (doc, pages))).collect();
            match keep(app, id, &pages).await {
                Ok(sum) => toasts.ok(format!("已记入卷内目录：{} 份，共 {sum} 页", pages.len())),
                Err(words) => toasts.warn(words),
            }
        });
    };
    view! {
        <button class="btn btn-small" type="button" data-testid="papers-count" on:click=write>
            {icon("table")}
            "把页数记入目录"
        </button>
    }
    .into_any()
}

/// Pages that a document takes.
fn measured(doc: &str) -> Option<i64> {
    let body = document().query_selector(&format!("[data-doc=\"{doc}\"] > .paper-body")).ok()??;
    let height = body.dyn_into::<HtmlElement>().ok()?.offset_height();
    Some(i64::from((height + PAGE_PX - 1) / PAGE_PX).max(1))
}

async fn keep(app: App, id: EntityId, pages: &[(String, i64)]) -> Result<i64, String> {
    let gone = || "这一卷已不在这台电脑上，没有保存。".to_owned();
    let entity = app.entity(id).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
    let held = entity.values();
    let rows = table_rows(&held, "parts");
    let mut set = Values::new();
    for (doc, count) in pages {
        let of_doc =
            |row: &&&str| held.get(&format!("parts/{row}/doc")).and_then(Value::as_str) == Some(doc.as_str());
        let row = match rows.iter().find(of_doc) {
            Some(row) => (*row).to_owned(),
            None => {
                let row = app.new_row();
                set.insert(format!("parts/{row}/doc"), Value::from(doc.as_str()));
                row
            }
        };
        let path = format!("parts/{row}/pages");
        if held.get(&path).and_then(Value::as_i64) != Some(*count) {
            set.insert(path, Value::from(*count));
        }
    }
    let sum = pages.iter().map(|(_, count)| count).sum();
    if set.is_empty() {
        return Ok(sum);
    }
    let write = NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
    app.check(Some(&entity), &write).map_err(|refusal| refusal.message())?;
    app.save(vec![write], Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
    Ok(sum)
}
