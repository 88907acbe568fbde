//! Import of territory, staff, households and persons from sheets (IO-01): template, file, preview, partial accept,
//! and taking it back.

mod accept;
mod choose;
mod existing;
mod invites;
mod keep;
mod result;
mod review;

use std::sync::Arc;

use gridbook_domain::import::{Preview, Sheet, TemplateId};
use leptos::prelude::*;

use crate::app::use_app;
use crate::ui::icon::icon;
use crate::ui::states::{blank, failed, loading};
use gridbook_domain::role::holds;

/// A file of this many bytes at most.
const MAX_BYTES: u64 = 20 * 1024 * 1024;

/// A file that was read, and what the rules say of it.
#[derive(Clone)]
pub(super) struct Read {
    name: String,
    sheets: Arc<Vec<Sheet>>,
    preview: Arc<Preview>,
}

/// How far the import is.
#[derive(Clone)]
pub(super) enum Stage {
    /// Template and file.
    Choose,
    /// A file is being read; the words say what.
    Busy(String),
    /// To be looked at.
    Review(Read),
    /// Being saved: done, of how many.
    Saving(usize, usize),
    /// Done.
    Done(Arc<keep::Done>),
}

/// Everything that the steps share.
#[derive(Clone, Copy)]
pub(super) struct Import {
    template: RwSignal<TemplateId>,
    stage: RwSignal<Stage>,
    failure: RwSignal<Option<String>>,
}

/// The screen.
pub fn import() -> AnyView {
    let app = use_app();
    if !holds(&app.package(), &app.actor(), "data.import", app.today()) {
        return blank("error", "您的岗位不能导入", "批量导入由网格专干办理。", Vec::new());
    }
    let import = Import {
        template: RwSignal::new(TemplateId::Households),
        stage: RwSignal::new(Stage::Choose),
        failure: RwSignal::new(None),
    };
    let step = Memo::new(move |_| match import.stage.get() {
        Stage::Choose | Stage::Busy(_) => 1usize,
        Stage::Review(_) => 2,
        Stage::Saving(..) => 3,
        Stage::Done(_) => 4,
    });
    let marks = move || {
        ["选模板和文件", "核对", "导入", "结果"]
            .into_iter()
            .zip(1usize..)
            .map(|(words, n)| {
                let state = match n.cmp(&step.get()) {
                    std::cmp::Ordering::Less => "done",
                    std::cmp::Ordering::Equal => "current",
                    std::cmp::Ordering::Greater => "todo",
                };
                let mark = if state == "done" { icon("check") } else { n.to_string().into_any() };
                view! {
                    <li class="steps-item" data-state=state aria-current=(state == "current").then_some("step")>
                        <span class="steps-mark">{mark}</span>
                        <span class="steps-label">{words}</span>
                    </li>
                }
            })
            .collect_view()
    };
    let inside = move || match import.stage.get() {
        Stage::Choose => choose::choose(import),
        Stage::Busy(words) => view! {
            <p class="cluster" role="status"><span class="spinner"></span>{words}</p>
            {loading(3)}
        }
        .into_any(),
        Stage::Review(read) => review::review(import, &read),
        Stage::Saving(done, all) => saving(done, all),
        Stage::Done(done) => result::result(import, &done),
    };
    view! {
        <div class="page-head"><h1 class="page-title">"导入"</h1></div>
        <div class="wizard">
            <ol class="steps">{marks}</ol>
            {failed(import.failure, Some("import-failure"))}
            {inside}
        </div>
    }
    .into_any()
}

fn saving(done: usize, all: usize) -> AnyView {
    view! {
        <div class="card card-body stack" role="status">
            <p class="strong">{format!("正在保存到这台电脑：{done}/{all}")}</p>
            <progress class="progress" value=done.to_string() max=all.max(1).to_string()></progress>
            <p class="muted small">"请不要关闭页面。已保存的不会丢，联网后自动送到服务器。"</p>
        </div>
    }
    .into_any()
}
