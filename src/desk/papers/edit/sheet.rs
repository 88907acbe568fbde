//! The text fields of a document that is being edited.

use gridbook_domain::mediation::document::Block;
use gridbook_domain::mediation::edited;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Editing;
use crate::app::use_app;
use crate::ui::dialog::{Confirm, confirm};
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// What a piece is, without its words: drawn anew only when this changes, so that typing never loses the cursor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Paragraph,
    Table { named: bool, rows: usize, cells: usize },
}

fn shape(block: &Block) -> Shape {
    match block {
        Block::Paragraph(_) => Shape::Paragraph,
        Block::Table { head, rows } => Shape::Table {
            named: head.is_empty(),
            rows: rows.len(),
            cells: rows.iter().map(Vec::len).max().unwrap_or(head.len()),
        },
    }
}

/// The text fields of a document.
pub(in crate::desk::papers) fn sheet(
    now: Editing,
    title: &str,
    editing: RwSignal<Option<Editing>>,
) -> AnyView {
    let (app, toasts) = (use_app(), use_toasts());
    let names = use_directory();
    let busy = RwSignal::new(false);
    let save = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        spawn_local(async move {
            let blocks = now.blocks.get_untracked();
            let blocks: Vec<Block> = blocks
                .into_iter()
                .filter(|block| !matches!(block, Block::Paragraph(text) if text.trim().is_empty()))
                .collect();
            let value = now.generated.with_value(|generated| edited::value(blocks, generated));
            let known = names.get_untracked();
            match now.overtaken(app, &known).await {
                Ok(true) => toasts.warn("还没有保存：这份文书刚有人改过，请看上面的说明。"),
                Ok(false) => match now.write(app, value).await {
                    Ok(()) => {
                        toasts.ok("已保存，待同步");
                        editing.set(None);
                    }
                    Err(words) => toasts.warn(words),
                },
                Err(words) => toasts.warn(words),
            }
            let _ = busy.try_set(false);
        });
    };
    let leave = move || {
        spawn_local(async move {
            match now.keeper.discard().await {
                Ok(()) => drop(editing.try_set(None)),
                Err(words) => toasts.warn(words),
            }
        });
    };
    let dropping = RwSignal::new(false);
    // Nothing was typed: nothing to ask about.
    let away = move |_| {
        if now.keeper.kept_ms.get_untracked().is_some() || now.keeper.failed.get_untracked().is_some() {
            dropping.set(true);
        } else {
            leave();
        }
    };
    let ask = Confirm {
        title: "不要改过的文字？".to_owned(),
        text: "还没有保存的改动不留，找不回来；文书照原来的样子。".to_owned(),
        yes: "不要了".to_owned(),
        danger: true,
    };
    let told = move || {
        let words = now.told.get()?;
        let head = "打开以后，这份文书变过";
        Some(
            view! { <div data-testid="paper-since">{banner(Tone::Warn, "warn", head, words, Vec::new())}</div> },
        )
    };
    let shapes = Memo::new(move |_| now.blocks.with(|blocks| blocks.iter().map(shape).collect::<Vec<_>>()));
    let drawn =
        move || shapes.get().into_iter().enumerate().map(|(n, shape)| piece(now, n, shape)).collect_view();
    view! {
        <article class="paper no-print" data-testid="paper-editor">
            <div class="paper-body stack">
                <h2 class="paper-title">{title.to_owned()}</h2>
                {live(told)}
                {drawn}
                <div class="cluster">
                    <button
                        class="btn btn-small"
                        type="button"
                        data-testid="paper-add"
                        on:click=move |_| now.change(|blocks| blocks.push(Block::Paragraph(String::new())))
                    >
                        {icon("plus")}
                        "加一段"
                    </button>
                </div>
                <div class="cluster">
                    <button class="btn" type="button" data-testid="paper-drop" on:click=away>"不改了"</button>
                    <button
                        class="btn btn-primary"
                        type="button"
                        data-testid="paper-save"
                        disabled=move || busy.get()
                        on:click=save
                    >
                        "保存改过的文字"
                    </button>
                </div>
                {confirm(dropping, ask, leave)}
            </div>
        </article>
    }
    .into_any()
}

fn piece(now: Editing, n: usize, shape: Shape) -> AnyView {
    let (rows, cells, named) = match shape {
        Shape::Paragraph => {
            let text = now.blocks.with_untracked(|blocks| match blocks.get(n) {
                Some(Block::Paragraph(text)) => text.clone(),
                _ => String::new(),
            });
            let write = move |event| {
                let typed = event_target_value(&event);
                now.change(|blocks| {
                    if let Some(Block::Paragraph(text)) = blocks.get_mut(n) {
                        *text = typed;
                    }
                });
            };
            let lines = (text.chars().count() / 36 + 1).clamp(2, 12).to_string();
            return view! {
                <textarea
                    class="input"
                    rows=lines
                    aria-label=format!("第 {} 段", n + 1)
                    data-testid="paper-text"
                    prop:value=text
                    on:input=write
                ></textarea>
            }
            .into_any();
        }
        Shape::Table { named, rows, cells } => (rows, cells, named),
    };
    let cell = move |row: usize, column: usize| {
        let text = now.blocks.with_untracked(|blocks| match blocks.get(n) {
            Some(Block::Table { rows, .. }) => {
                rows.get(row).and_then(|cells| cells.get(column)).cloned().unwrap_or_default()
            }
            _ => String::new(),
        });
        // The names of a list stay as they are.
        if named && column == 0 {
            return view! { <th class="paper-name">{text}</th> }.into_any();
        }
        let write = move |event| {
            let typed = event_target_value(&event);
            now.change(|blocks| {
                if let Some(Block::Table { rows, .. }) = blocks.get_mut(n)
                    && let Some(held) = rows.get_mut(row).and_then(|cells| cells.get_mut(column))
                {
                    *held = typed;
                }
            });
        };
        view! {
            <td>
                <textarea
                    class="input"
                    rows="1"
                    aria-label=format!("第 {} 行第 {} 格", row + 1, column + 1)
                    data-testid="paper-cell"
                    prop:value=text
                    on:input=write
                ></textarea>
            </td>
        }
        .into_any()
    };
    let head = now.blocks.with_untracked(|blocks| match blocks.get(n) {
        Some(Block::Table { head, .. }) => head.clone(),
        _ => Vec::new(),
    });
    let heads = head.into_iter().map(|cell| view! { <th>{cell}</th> }).collect_view();
    let lines = (0..rows)
        .map(|row| view! { <tr>{(0..cells).map(|column| cell(row, column)).collect_view()}</tr> })
        .collect_view();
    let add = (!named).then(|| {
        let grow = move |_| {
            now.change(|blocks| {
                if let Some(Block::Table { head, rows }) = blocks.get_mut(n) {
                    rows.push(vec![String::new(); head.len()]);
                }
            });
        };
        view! { <button class="btn btn-small btn-quiet" type="button" on:click=grow>{icon("plus")}"加一行"</button> }
    });
    view! {
        <table class="paper-table">
            <thead>
                <tr>{heads}</tr>
            </thead>
            <tbody>{lines}</tbody>
        </table>
        {add}
    }
    .into_any()
}
