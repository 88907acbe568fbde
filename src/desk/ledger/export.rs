//! A ledger as a file, or on paper. Names stay masked (IO-04).

use std::sync::Arc;

use gridbook_domain::role::holds;
use gridbook_log::EntityId;
use gridbook_sheets::{Column as SheetColumn, Table, write_csv};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::columns::Book;
use super::line::Reader;
use crate::app::{App, use_app};
use crate::desk::parts::breathe;
use crate::desk::sheets;
use crate::desk::words::{day, moment};
use crate::ui::directory::{Directory, use_directory};
use crate::ui::dom::download;
use crate::ui::icon::icon;
use crate::ui::toast::{Toasts, use_toasts};

/// What an xlsx is called.
pub const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Records between two looks at the screen, so that it stays alive.
const BREATH: usize = 200;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Xlsx,
    Csv,
    Print,
}

#[derive(Clone, Copy)]
struct Work {
    app: App,
    names: Directory,
    toasts: Toasts,
    /// Records read, of how many, while a file is being made.
    done: RwSignal<Option<(usize, usize)>>,
    sheet: RwSignal<Option<Arc<Table>>>,
}

/// Buttons for the list of the queue.
pub fn export_queue(ids: impl Fn() -> Arc<Vec<EntityId>> + Copy + Send + Sync + 'static) -> AnyView {
    buttons(Book::All, ids)
}

/// Buttons that make a file of these records, or print them.
pub(super) fn buttons(
    book: Book,
    ids: impl Fn() -> Arc<Vec<EntityId>> + Copy + Send + Sync + 'static,
) -> AnyView {
    let app = use_app();
    let work = Work {
        app,
        names: use_directory(),
        toasts: use_toasts(),
        done: RwSignal::new(None),
        sheet: RwSignal::new(None),
    };
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    let allowed = ["export.masked", "export.plain"].iter().any(|right| holds(&package, &actor, right, today));
    let button = move |kind: Kind, symbol: &'static str, words: &'static str, testid: &'static str| {
        view! {
            <button
                class="btn btn-small"
                type="button"
                data-testid=testid
                disabled=move || work.done.get().is_some()
                on:click=move |_| start(work, book, &ids(), kind)
            >
                {icon(symbol)}
                {words}
            </button>
        }
    };
    let progress = move || {
        work.done
            .get()
            .map(|(done, all)| view! { <span class="muted small">{format!("正在读取 {done}/{all}")}</span> })
    };
    view! {
        {progress}
        {allowed.then(|| button(Kind::Print, "print", "打印", "ledger-print"))}
        {allowed.then(|| button(Kind::Csv, "download", "导出 csv", "export-csv"))}
        {allowed.then(|| button(Kind::Xlsx, "download", "导出 xlsx", "export-xlsx"))}
        {move || work.sheet.get().map(|table| paper(work, book, &table))}
    }
    .into_any()
}

fn start(work: Work, book: Book, ids: &Arc<Vec<EntityId>>, kind: Kind) {
    if ids.is_empty() {
        return work.toasts.warn("没有可导出的记录。请先清除条件。");
    }
    let ids = ids.clone();
    spawn_local(async move {
        let table = read(work, book, &ids).await;
        let count = table.rows.len();
        let Work { app, toasts, .. } = work;
        let township = app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.township.name.clone()));
        let name = format!("{}-{}-{}", book.title(), township.unwrap_or_default(), day(app.now_ms()));
        let made = match kind {
            Kind::Print => {
                let _ = work.sheet.try_set(Some(Arc::new(table)));
                // The sheet has to be in the page before the print window looks at it.
                request_animation_frame(|| {
                    let _ = window().print();
                });
                None
            }
            Kind::Csv => Some(Ok((format!("{name}.csv"), "text/csv;charset=utf-8", write_csv(&table)))),
            Kind::Xlsx => {
                Some(sheets::write(&[table]).await.map(|bytes| (format!("{name}.xlsx"), XLSX, bytes)))
            }
        };
        let _ = work.done.try_set(None);
        match made {
            None => {}
            Some(Err(words)) => toasts.warn(words),
            Some(Ok((name, mime, bytes))) => match download(&name, mime, &bytes) {
                Ok(()) => toasts.ok(format!("已导出 {count} 条，姓名已脱敏：{name}")),
                Err(_) => toasts.warn("浏览器没有让下载，记录没有变化。请允许下载后再试。"),
            },
        }
    });
}

async fn read(work: Work, book: Book, ids: &[EntityId]) -> Table {
    let reader = Reader::new(work.app, work.names.get_untracked(), book);
    let columns = book
        .columns()
        .iter()
        .map(|column| SheetColumn {
            numeric: column.numeric,
            ..SheetColumn::text(column.header, column.width)
        })
        .collect();
    let mut rows = Vec::with_capacity(ids.len());
    for (n, id) in ids.iter().enumerate() {
        if n % BREATH == 0 {
            let _ = work.done.try_set(Some((n, ids.len())));
            breathe().await;
        }
        rows.extend(reader.line(n + 1, *id).await);
    }
    Table { name: book.title().to_owned(), columns, rows }
}

/// The ledger as a sheet of paper; only the printer sees it. Outside of the buttons, which are not printed.
fn paper(work: Work, book: Book, table: &Arc<Table>) -> AnyView {
    let table = table.clone();
    let inside = move || sheet(work.app, book.title(), &table, "（姓名已脱敏）");
    view! { <leptos::portal::Portal>{inside.clone()}</leptos::portal::Portal> }.into_any()
}

/// A table as a sheet of paper; `note` stands behind who printed it.
pub fn sheet(app: App, title: &str, table: &Table, note: &str) -> AnyView {
    let (township, person) = app.session.with(|s| {
        s.as_ref().map(|s| (s.profile.township.name.clone(), s.profile.name.clone())).unwrap_or_default()
    });
    let meta = format!("填报单位：{township}");
    let printed = format!("打印：{person} {}{note}", moment(app.now_ms()));
    let title = title.to_owned();
    let heads = table.columns.iter().map(|column| view! { <th>{column.header.clone()}</th> }).collect_view();
    let rows = table
        .rows
        .iter()
        .map(|row| {
            let cells = row.iter().map(|cell| view! { <td>{cell.clone()}</td> }).collect_view();
            view! { <tr>{cells}</tr> }
        })
        .collect_view();
    view! {
        <section class="sheet print-only" aria-hidden="true">
            <h2 class="sheet-title">{title}</h2>
            <div class="sheet-meta"><span>{meta}</span><span>{printed}</span></div>
            <table class="sheet-table">
                <thead><tr>{heads}</tr></thead>
                <tbody>{rows}</tbody>
            </table>
            <div class="sheet-sign"><span>"填表人："</span><span>"审核人："</span><span>"日期："</span></div>
        </section>
    }
    .into_any()
}
