//! First step: which template, and the file.

use gridbook_domain::import::{Options, Sheet, TemplateId, Vocabulary, preview};
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::BTreeSet;
use std::sync::Arc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, HtmlInputElement};

use super::existing::existing;
use super::{Import, MAX_BYTES, Read, Stage, keep};
use crate::app::{App, use_app};
use crate::desk::sheets;
use crate::ui::dom::download;
use crate::ui::icon::icon;
use crate::ui::toast::use_toasts;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) fn choose(import: Import) -> AnyView {
    let app = use_app();
    let kinds = TemplateId::ALL
        .map(|id| {
            let hint = match id {
                TemplateId::Territory => "村、组、网格的编码和名称",
                TemplateId::Staff => "账号、角色、负责区域、单位",
                TemplateId::Households => "户编号、地址、户主、类别",
                TemplateId::Persons => "户里的成员，按户编号对应",
            };
            view! {
                <label class="chip" data-testid=format!("import-kind-{}", id.as_str())>
                    <input
                        type="radio"
                        name="import-kind"
                        value=id.as_str()
                        prop:checked=move || import.template.get() == id
                        on:change=move |_| import.template.set(id)
                    />
                    <span class="chip-face">
                        {id.label()}
                        <span class="chip-hint">{hint}</span>
                    </span>
                </label>
            }
        })
        .collect_view();
    let over = RwSignal::new(false);
    let pick = move |event: web_sys::Event| {
        let Some(input) = event.target().and_then(|t| t.dyn_into::<HtmlInputElement>().ok()) else { return };
        let file = input.files().and_then(|files| files.get(0));
        over.set(false);
        if let Some(file) = file {
            spawn_local(async move { open(app, import, file).await });
        }
    };
    view! {
        <fieldset class="field choice">
            <legend class="label">"1. 导入什么"</legend>
            <div class="chips chips-wide">{kinds}</div>
        </fieldset>
        {templates(app)}
        <div class="drop" class:is-over=move || over.get()>
            <input
                type="file"
                aria-label="选择要导入的文件"
                data-testid="import-file"
                accept=".xlsx,.csv,text/csv"
                on:change=pick
                on:dragenter=move |_| over.set(true)
                on:dragleave=move |_| over.set(false)
            />
            {icon("upload")}
            <p class="drop-title">"3. 把表格拖到这里，或点一下选择"</p>
            <p class="muted small">".xlsx 或 .csv，最多 20 MB、5 万行。先核对，再导入；这一步不会改动任何数据。"</p>
        </div>
        {earlier(app, import)}
    }
    .into_any()
}

fn templates(app: App) -> AnyView {
    let toasts = use_toasts();
    let button = |id: TemplateId| {
        let get = move |_| {
            spawn_local(async move {
                let vocabulary = Vocabulary::of(&app.package());
                match sheets::template(id.as_str(), &vocabulary).await {
                    Ok(bytes) => {
                        if download(&format!("导入模板-{}.xlsx", id.label()), XLSX, &bytes).is_err() {
                            toasts.warn("浏览器没有让下载。请允许下载后再试。");
                        }
                    }
                    Err(words) => toasts.warn(words),
                }
            });
        };
        view! {
            <button
                class="btn btn-small"
                type="button"
                data-testid=format!("import-template-{}", id.as_str())
                on:click=get
            >
                {icon("download")}
                {format!("{}模板", id.label())}
            </button>
        }
    };
    view! {
        <div class="field">
            <p class="label">"2. 下载模板，照着填"</p>
            <div class="cluster">{TemplateId::ALL.map(button).collect_view()}</div>
            <p class="help">"电话、编码、证件号要保持文本格式。模板里已设好，直接粘贴数值即可。"</p>
        </div>
    }
    .into_any()
}

/// The last import of this account on this computer, as long as it may be taken back.
fn earlier(app: App, import: Import) -> AnyView {
    keep::last(app)
        .map(|done| {
            let words = format!("{}：导入 {} 条", done.file, done.items.len());
            view! {
                <div class="banner banner-info">
                    {icon("undo")}
                    <div class="banner-main">
                        <p class="banner-title">"24 小时内的上一次导入"</p>
                        <p class="banner-text">{words}</p>
                    </div>
                    <div class="banner-actions">
                        <button
                            class="btn btn-small"
                            type="button"
                            data-testid="import-earlier"
                            on:click=move |_| import.stage.set(Stage::Done(Arc::new(done.clone())))
                        >
                            "查看或撤销"
                        </button>
                    </div>
                </div>
            }
        })
        .into_any()
}

async fn open(app: App, import: Import, file: File) {
    let name = file.name();
    import.failure.set(None);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a file's size")]
    let size = file.size().max(0.0) as u64;
    if size > MAX_BYTES {
        let text = format!("“{name}”超过 20 MB，没有读入。请分成几个文件再导入。");
        return import.failure.set(Some(text));
    }
    import.stage.set(Stage::Busy(format!("正在读取 {name}")));
    match read(app, &name, &file, import).await {
        Ok(read) => {
            let _ = import.stage.try_set(Stage::Review(read));
        }
        Err(words) => {
            let _ = import.failure.try_set(Some(words));
            let _ = import.stage.try_set(Stage::Choose);
        }
    }
}

async fn read(app: App, name: &str, file: &File, import: Import) -> Result<Read, String> {
    let unreadable = |_| "文件读不出来，没有导入任何内容。请确认文件没有被移动或打开后再试。".to_owned();
    let buffer = JsFuture::from(file.array_buffer()).await.map_err(unreadable)?;
    let bytes = js_sys::Uint8Array::new(&buffer).to_vec();
    let sheets = Arc::new(sheets::read(name, &bytes).await?);
    let _ = import.stage.try_set(Stage::Busy("正在与已有数据核对".to_owned()));
    judge(app, name, sheets, BTreeSet::new()).await
}

/// Judges sheets that were read; `accept` holds the duplicates that somebody wants all the same.
pub(super) async fn judge(
    app: App,
    name: &str,
    sheets: Arc<Vec<Sheet>>,
    accept: BTreeSet<gridbook_domain::import::RowRef>,
) -> Result<Read, String> {
    let existing = existing(app, &sheets).await.map_err(|problem| problem.message())?;
    let vocabulary = Vocabulary::of(&app.package());
    let options = Options { today: app.today(), row_prefix: app.new_row(), accept };
    let preview = preview(&sheets, &vocabulary, &existing, &options);
    Ok(Read { name: name.to_owned(), sheets, preview: Arc::new(preview) })
}
