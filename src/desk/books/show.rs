//! A table on the screen, as a file, and on paper.

use std::sync::Arc;

use gridbook_domain::opinion::Opinion;
use gridbook_domain::role::holds;
use gridbook_sheets::Table;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::figures::Figures;
use super::{opinions, pairs};
use crate::app::use_app;
use crate::desk::ledger::{XLSX, sheet};
use crate::desk::sheets;
use crate::desk::words::day;
use crate::ui::dom::download;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner, blank};
use crate::ui::toast::use_toasts;

/// `answering` takes the opinion that somebody wants to answer.
pub(super) fn figures(figures: &Figures, answering: RwSignal<Option<Opinion>>) -> AnyView {
    if figures.tables.iter().all(|table| table.rows.is_empty()) {
        return blank("search", "这段时间没有记录", "换一段时间或范围再看。", Vec::new());
    }
    let note = figures.note.clone().map(|(good, text)| {
        let (tone, symbol) = if good { (Tone::Ok, "tick") } else { (Tone::Warn, "warn") };
        view! { <div data-testid="books-note">{banner(tone, symbol, text, "", Vec::new())}</div> }
    });
    let tables = figures.tables.iter().filter(|table| !table.rows.is_empty()).map(drawn).collect_view();
    let lines = figures
        .meanings
        .iter()
        .map(|(head, words)| view! { <div><dt>{*head}</dt><dd>{*words}</dd></div> })
        .collect_view();
    let meanings = (!figures.meanings.is_empty()).then(|| {
        view! {
            <details class="form-more" data-testid="books-meanings">
                <summary>"这些数字怎么算"</summary>
                <dl class="kv">{lines}</dl>
            </details>
        }
    });
    view! { {note}{tables}{meanings}{opinions::waiting(&figures.waiting, answering)}{pairs::pairs(&figures.pairs)} }
        .into_any()
}

fn drawn(table: &Table) -> AnyView {
    let heads = table
        .columns
        .iter()
        .map(|column| {
            let class = if column.numeric { "num" } else { "" };
            view! { <th scope="col" class=class>{column.header.clone()}</th> }
        })
        .collect_view();
    let row = |cells: &Vec<String>| {
        let cell = |(cell, column): (&String, &gridbook_sheets::Column)| {
            let class = if column.numeric { "num" } else { "" };
            view! { <td class=class>{cell.clone()}</td> }
        };
        let cells = cells.iter().zip(&table.columns).map(cell).collect_view();
        view! { <tr data-testid="books-row">{cells}</tr> }
    };
    let rows = table.rows.iter().map(row).collect_view();
    let name = table.name.clone();
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">{name.clone()}</h2></div>
            <div class="table-wrap" tabindex="0" role="region" aria-label=name>
                <table class="table table-dense" data-testid="books-table">
                    <thead><tr>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
    .into_any()
}

/// Buttons that make a file of the tables, or print them.
pub(super) fn actions(title: &'static str, figures: &Arc<Figures>) -> Option<AnyView> {
    let (app, toasts) = (use_app(), use_toasts());
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    if !["export.masked", "export.plain"].iter().any(|right| holds(&package, &actor, right, today)) {
        return None;
    }
    let paper = RwSignal::new(false);
    let (file, printed) = (figures.clone(), figures.clone());
    let export = move |_| {
        let file = file.clone();
        spawn_local(async move {
            let name = format!("{title}-{}.xlsx", day(app.now_ms()));
            match sheets::write(&file.tables).await {
                Err(words) => toasts.warn(words),
                Ok(bytes) => match download(&name, XLSX, &bytes) {
                    Ok(()) => toasts.ok(format!("已导出：{name}")),
                    Err(_) => toasts.warn("浏览器没有让下载，记录没有变化。请允许下载后再试。"),
                },
            }
        });
    };
    let print = move |_| {
        paper.set(true);
        // The sheet has to be in the page before the print window looks at it.
        request_animation_frame(|| {
            let _ = window().print();
        });
    };
    let pages = move || {
        let printed = printed.clone();
        paper.get().then(|| {
            let inside = move || {
                printed
                    .tables
                    .iter()
                    .map(|table| sheet(app, &format!("{title} · {}", table.name), table, ""))
                    .collect_view()
            };
            view! { <leptos::portal::Portal>{inside.clone()}</leptos::portal::Portal> }
        })
    };
    Some(
        view! {
            <button class="btn btn-small" type="button" data-testid="books-print" on:click=print>
                {icon("print")}
                "打印"
            </button>
            <button class="btn btn-small" type="button" data-testid="books-xlsx" on:click=export>
                {icon("download")}
                "导出 xlsx"
            </button>
            {pages}
        }
        .into_any(),
    )
}
