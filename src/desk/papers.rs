//! Documents of a record: shown as they will be printed, on paper, or as a .docx to go on with (MED-07, MED-19).

mod count;
mod docx;
mod edit;
mod read;
mod sheet;
mod whole;

use std::sync::Arc;

use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

pub use docx::{Answer, Job, WirePicture};
pub use read::offered;

use super::parts::select;
use super::route::Route;
use crate::app::use_app;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading};
use crate::ui::toast::use_toasts;
use read::Papers;

#[derive(Clone, PartialEq)]
enum Load {
    Waiting,
    Missing,
    Here(Arc<Papers>),
}

/// The page: documents of record `id`; `which` is a template, or empty for the whole volume.
pub fn papers(id: EntityId, which: String) -> AnyView {
    let (app, names, toasts) = (use_app(), use_directory(), use_toasts());
    let load = RwSignal::new(Load::Waiting);
    let wanted = which.clone();
    Effect::new(move |_| {
        app.version.track();
        let (names, which) = (names.get(), wanted.clone());
        spawn_local(async move {
            let next = match Papers::read(app, &names, id, &which).await {
                Some(papers) => Load::Here(Arc::new(papers)),
                None => Load::Missing,
            };
            if load.try_get_untracked().is_some_and(|held| held != next) {
                load.set(next);
            }
        });
    });
    let editing: RwSignal<Option<edit::Editing>> = RwSignal::new(None);
    let busy = RwSignal::new(false);
    let save = move |_| {
        let Load::Here(papers) = load.get_untracked() else { return };
        busy.set(true);
        spawn_local(async move {
            if let Err(words) = docx::download(app, &papers).await {
                toasts.warn(words);
            }
            let _ = busy.try_set(false);
        });
    };
    let back = move || {
        let of_file = match load.get() {
            Load::Here(papers) => papers.mediation,
            _ => false,
        };
        let to = if of_file { Route::Mediation(Some(id)) } else { Route::Queue(Some(id)) };
        view! { <a class="btn btn-small" href=to.href()>{icon("back")}"返回"</a> }
    };
    let chooser = move || {
        let Load::Here(papers) = load.get() else { return None };
        let (held, options) = (which.clone(), papers.choices.clone());
        Some(select(
            "哪一份文书",
            "paper-choice",
            move || held.clone(),
            move || options.clone(),
            move |doc| Route::Papers(id, doc).go(),
        ))
    };
    let owner = Owner::current();
    let shown = move || {
        // Not drawn anew while somebody writes in it, whatever arrives.
        if let (Some(now), Load::Here(papers)) = (editing.get(), load.get_untracked())
            && let [paper] = papers.list.as_slice()
        {
            return edit::sheet(now, &paper.document.title, editing);
        }
        match load.get() {
            Load::Waiting => loading(6),
            Load::Missing => blank(
                "search",
                "打不开这份文书",
                "记录可能还没有同步到，也可能不在您的权限内。同步后会自动显示。",
                Vec::new(),
            ),
            Load::Here(papers) => {
                view! { {edit::head(id, &papers, editing, owner.clone())}{sheet::all(&papers)} }.into_any()
            }
        }
    };
    let counted = move || match load.get() {
        Load::Here(papers) if papers.counts => Some(count::button(id, &papers)),
        _ => None,
    };
    view! {
        <div class="page-head no-print">
            <h1 class="page-title">
                {move || match load.get() {
                    Load::Here(papers) => papers.title.clone(),
                    _ => "文书".to_owned(),
                }}
            </h1>
            <div class="page-actions">
                {back}
                {chooser}
                {counted}
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="papers-docx"
                    aria-busy=move || busy.get().to_string()
                    disabled=move || busy.get()
                    on:click=save
                >
                    {icon("download")}
                    "下载 docx"
                </button>
                <button
                    class="btn btn-small btn-primary"
                    type="button"
                    data-testid="papers-print"
                    on:click=move |_| {
                        spawn_local(async {
                            whole::drawn().await;
                            let _ = window().print();
                        });
                    }
                >
                    {icon("print")}
                    "打印"
                </button>
            </div>
        </div>
        <div class="papers" tabindex="0" role="region" aria-label="文书" data-testid="papers">{shown}</div>
    }
    .into_any()
}
