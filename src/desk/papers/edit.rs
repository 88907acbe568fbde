//! Editing the text of a document before it is printed (MED-07): paragraphs and cells as text fields; kept with the record,
//! and taken back by one button. What is typed is on the disk within half a second.

mod sheet;

use std::sync::Arc;

use gridbook_domain::mediation::document::Block;
use gridbook_domain::mediation::edited::{self, Ground, Since};
use gridbook_log::{Body, EntityId, Values, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use super::read::{Paper, Papers};
use crate::app::{App, Draft, use_app};
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::directory::{Names, use_directory};
use crate::ui::form::Keeper;
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

pub(super) use sheet::sheet;

/// Where the text stands in the draft.
const TEXT: &str = "text";
/// Where it stands what the text was begun on.
const GROUND: &str = "ground";

/// A document being edited.
#[derive(Clone, Copy)]
pub(super) struct Editing {
    id: EntityId,
    doc: StoredValue<String>,
    /// What would stand there without editing.
    generated: StoredValue<Vec<Block>>,
    blocks: RwSignal<Vec<Block>>,
    /// What it was begun on, or what was told since.
    ground: StoredValue<Ground>,
    /// What became of the document meanwhile, in words.
    told: RwSignal<Option<String>>,
    keeper: Keeper,
}

/// What an editor begins with.
struct Begun {
    blocks: Vec<Block>,
    ground: Ground,
    /// It was found on disk.
    restored: bool,
    told: Option<String>,
}

fn key(id: EntityId, doc: &str) -> String {
    format!("paper-{id}-{doc}")
}

impl Editing {
    /// Begins with what stands in the document, or with what was typed and not saved.
    async fn begin(app: App, id: EntityId, paper: &Paper, names: &Names) -> Result<Begun, String> {
        let doc = &paper.document.id;
        let entity = app.entity(id).await.map_err(|problem| problem.reading())?.ok_or_else(gone)?;
        let now = Ground::now(&entity, doc, &paper.generated);
        let found = app.get_draft(&key(id, doc)).await.map_err(|problem| problem.reading())?;
        let kept = found.and_then(|draft| {
            let part = |path: &str| draft.values.get(path).cloned();
            let blocks = serde_json::from_value(part(TEXT)?).ok()?;
            Some((blocks, part(GROUND).and_then(|ground| serde_json::from_value::<Ground>(ground).ok())))
        });
        let restored = kept.is_some();
        let (blocks, ground) = kept.unwrap_or_else(|| (paper.document.blocks.clone(), None));
        let told = ground.and_then(|ground| told(app, names, &ground.since(&now)));
        Ok(Begun { blocks, ground: now, restored, told })
    }

    fn new(app: App, id: EntityId, paper: &Paper, begun: Begun) -> Self {
        let Begun { blocks, ground, restored, told } = begun;
        let (blocks, ground) = (RwSignal::new(blocks), StoredValue::new(ground));
        let draft = Draft { entity: Some(id), edit: true, ..Draft::default() };
        let keeper = Keeper::new(app, key(id, &paper.document.id), draft, restored, move |draft| {
            let text = blocks.with_untracked(|blocks| serde_json::to_value(blocks).unwrap_or_default());
            let ground = ground.with_value(|ground| serde_json::to_value(ground).unwrap_or_default());
            draft.values = Values::from([(TEXT.to_owned(), text), (GROUND.to_owned(), ground)]);
        });
        Self {
            id,
            doc: StoredValue::new(paper.document.id.clone()),
            generated: StoredValue::new(paper.generated.clone()),
            blocks,
            ground,
            told: RwSignal::new(told),
            keeper,
        }
    }

    /// Whether somebody else saved the document since it was last looked at; then that is told first.
    async fn overtaken(self, app: App, names: &Names) -> Result<bool, String> {
        let entity = app.entity(self.id).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
        let now = self
            .generated
            .with_value(|generated| self.doc.with_value(|doc| Ground::now(&entity, doc, generated)));
        let since = self.ground.with_value(|ground| ground.since(&now));
        let words = told(app, names, &since);
        self.ground.set_value(now);
        Ok(words.is_some_and(|words| {
            self.told.set(Some(words));
            true
        }))
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

fn gone() -> String {
    "这条记录已不在这台电脑上，没有保存。".to_owned()
}

/// What became of a document that somebody is editing, in words; nothing where nothing did.
fn told(app: App, names: &Names, since: &Since) -> Option<String> {
    Some(match since {
        Since::Same => return None,
        Since::Saved(by, at) => {
            let (who, when) = (names.person(by), format::when(*at, app.now_ms()));
            format!(
                "{who}{when}保存过这份文书的另一种文字。下面是您没保存的；再点保存，就换成您的，那一份只在历史里看得到。"
            )
        }
        Since::TakenBack => {
            "这份文书已经有人恢复成自动生成。下面是您没保存的；再点保存，就又换成您的。".to_owned()
        }
        Since::Record => {
            "您没改完的时候，记录里的内容变了。下面是按原来的内容改的，请核对后再保存。".to_owned()
        }
    })
}

/// Saves what a document is to say, `null` for what is generated, and ends its draft. Of its own: whoever asks for it in
/// a dialog is gone with the dialog before it is done.
async fn put(app: App, id: EntityId, doc: String, value: Value) -> Result<(), String> {
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
    let names = use_directory();
    let told = paper.edited.as_ref().map(|held| {
        let names = names.get_untracked();
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
            let known = names.get_untracked();
            let begun = match Editing::begin(app, id, &paper, &known).await {
                Ok(begun) => begun,
                Err(words) => return toasts.warn(words),
            };
            if begun.restored {
                toasts.ok("接着上次没保存的改");
            }
            let Some(owner) = owner else { return };
            let made = owner.with(|| Editing::new(app, id, &paper, begun));
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
