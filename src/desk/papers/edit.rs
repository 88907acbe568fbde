//! Editing the text of a document before it is printed (MED-07): paragraphs and cells as text fields; kept with the record,
//! and taken back by one button. What is typed is on the disk within half a second.

use std::sync::Arc;

use gridbook_domain::mediation::document::Block;
use gridbook_domain::mediation::edited;
use gridbook_log::{Body, EntityId, Values, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::read::{Paper, Papers};
use crate::app::{App, Draft, use_app};
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::directory::use_directory;
use crate::ui::form::Keeper;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// Where the text stands in the draft.
const TEXT: &str = "text";

/// A document being edited.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    id: EntityId,
    doc: StoredValue<String>,
    /// What would stand there without editing.
    generated: StoredValue<Vec<Block>>,
    blocks: RwSignal<Vec<Block>>,
    keeper: Keeper,
}

fn key(id: EntityId, doc: &str) -> String {
    format!("paper-{id}-{doc}")
}

impl Editing {
    /// Begins with what stands in the document, or with what was typed and not saved.
    pub(super) async fn begin(app: App, id: EntityId, paper: &Paper) -> (Vec<Block>, bool) {
        let found = app.get_draft(&key(id, &paper.document.id)).await.ok().flatten();
        let kept = found.and_then(|draft| serde_json::from_value(draft.values.get(TEXT)?.clone()).ok());
        let restored = kept.is_some();
        (kept.unwrap_or_else(|| paper.document.blocks.clone()), restored)
    }

    pub(super) fn new(app: App, id: EntityId, paper: &Paper, blocks: Vec<Block>, restored: bool) -> Self {
        let blocks = RwSignal::new(blocks);
        let draft = Draft { entity: Some(id), edit: true, ..Draft::default() };
        let keeper = Keeper::new(app, key(id, &paper.document.id), draft, restored, move |draft| {
            let text = blocks.with_untracked(|blocks| serde_json::to_value(blocks).unwrap_or_default());
            draft.values = Values::from([(TEXT.to_owned(), text)]);
        });
        Self {
            id,
            doc: StoredValue::new(paper.document.id.clone()),
            generated: StoredValue::new(paper.generated.clone()),
            blocks,
            keeper,
        }
    }

    fn change(self, how: impl FnOnce(&mut Vec<Block>)) {
        self.blocks.update(how);
        self.keeper.edited();
    }

    async fn write(self, app: App, value: Value) -> Result<(), String> {
        let doc = self.doc.get_value();
        self.keeper.close().await;
        put(app, self.id, doc, value).await.inspect_err(|_| self.keeper.reopen())
    }
}

/// Saves what a document is to say, `null` for what is generated, and ends its draft. Of its own: whoever asks for it in
/// a dialog is gone with the dialog before it is done.
async fn put(app: App, id: EntityId, doc: String, value: Value) -> Result<(), String> {
    let gone = || "这条记录已不在这台电脑上，没有保存。".to_owned();
    let entity = app.entity(id).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
    let set = Values::from([(edited::path(&doc), value)]);
    let write = NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
    app.check(Some(&entity), &write).map_err(|refusal| refusal.message())?;
    let saved = app.save(vec![write], Vec::new(), vec![key(id, &doc)]).await;
    saved.map(|_| ()).map_err(|problem| problem.message())
}

/// Above a document: who edited it, and the ways to edit it or to take that back. What is typed belongs to `owner`, the
/// screen: it is put on disk when that is left.
pub(super) fn head(
    id: EntityId,
    papers: &Papers,
    editing: RwSignal<Option<Editing>>,
    owner: Option<Owner>,
) -> Option<AnyView> {
    let [paper] = papers.list.as_slice() else { return None };
    let (app, toasts) = (use_app(), use_toasts());
    let names = use_directory().get_untracked();
    let told = paper.edited.as_ref().map(|held| {
        let who = format!("{}，{}改过文字", names.person(&held.by), format::when(held.at, app.now_ms()));
        let (tone, text) = if held.outdated {
            (Tone::Warn, "改过以后，记录里的内容又变了。打印前请核对，或者恢复自动生成。")
        } else {
            (Tone::Info, "打印和下载的都是改过的文字。签名栏、印章、日期照旧。")
        };
        banner(tone, if held.outdated { "warn" } else { "info" }, who, text, Vec::new())
    });
    if !paper.may_edit {
        let why = paper.locked.then(|| {
            let text = "签名下面的文字要和签的时候一样。要更正或补充的，请另写情况说明，或者打印出来请当事人重新签。";
            let head = "已经有人签名，文字不能再改";
            view! { <div data-testid="paper-locked">{banner(Tone::Info, "key", head, text, Vec::new())}</div> }
        });
        let any = told.is_some() || why.is_some();
        return any.then(|| view! { <div class="no-print stack">{told}{why}</div> }.into_any());
    }
    let asking = RwSignal::new(false);
    let paper = Arc::new(paper.clone());
    let (opened, taken) = (paper.clone(), paper.clone());
    let open = move |_| {
        let (paper, owner) = (opened.clone(), owner.clone());
        spawn_local(async move {
            let (blocks, restored) = Editing::begin(app, id, &paper).await;
            if restored {
                toasts.ok("接着上次没保存的改");
            }
            let Some(owner) = owner else { return };
            let made = owner.with(|| Editing::new(app, id, &paper, blocks, restored));
            let _ = editing.try_set(Some(made));
        });
    };
    let back = move || {
        let doc = taken.document.id.clone();
        spawn_local(async move {
            match put(app, id, doc, Value::Null).await {
                Ok(()) => toasts.ok("已恢复自动生成，待同步"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    let ask = Confirm {
        title: "恢复自动生成？".to_owned(),
        text: "改过的文字不再用，按记录重新生成；改过的内容在历史里还能看到。".to_owned(),
        yes: "恢复".to_owned(),
        danger: false,
    };
    let edited = paper.edited.is_some();
    Some(
        view! {
            <div class="no-print stack" data-testid="paper-edited" data-edited=edited.to_string()>
                {told}
                <div class="cluster">
                    <button class="btn btn-small" type="button" data-testid="paper-edit" on:click=open>
                        {icon("edit")}
                        "改文字"
                    </button>
                    {edited
                        .then(|| opener(asking, "btn btn-small", "paper-restore", Some("undo"), "恢复自动生成"))}
                </div>
                {confirm(asking, ask, back)}
            </div>
        }
        .into_any(),
    )
}

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
pub(super) fn sheet(now: Editing, title: &str, editing: RwSignal<Option<Editing>>) -> AnyView {
    let (app, toasts) = (use_app(), use_toasts());
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
            match now.write(app, value).await {
                Ok(()) => {
                    toasts.ok("已保存，待同步");
                    editing.set(None);
                }
                Err(words) => toasts.warn(words),
            }
            let _ = busy.try_set(false);
        });
    };
    let drop = move |_| {
        spawn_local(async move {
            let _ = now.keeper.discard().await;
            let _ = editing.try_set(None);
        });
    };
    let shapes = Memo::new(move |_| now.blocks.with(|blocks| blocks.iter().map(shape).collect::<Vec<_>>()));
    let drawn =
        move || shapes.get().into_iter().enumerate().map(|(n, shape)| piece(now, n, shape)).collect_view();
    view! {
        <article class="paper no-print" data-testid="paper-editor">
            <div class="paper-body stack">
                <h2 class="paper-title">{title.to_owned()}</h2>
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
                    <button class="btn" type="button" on:click=drop>"不改了"</button>
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
