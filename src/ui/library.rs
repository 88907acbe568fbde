//! 法条和案例 on phone and desk (MED-16): a file of its own that the device keeps beside the program, read when somebody opens
//! this, searched by words. What it says is for looking up; the law as published counts.

use std::sync::Arc;

use gridbook_domain::library::{Entry, LawCard, Library, ModelCase};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::icon::icon;
use super::live;
use super::states::{blank, loading};

/// Where the bundle has it.
const FILE: &str = "library.json";

#[derive(Clone, PartialEq)]
enum Load {
    Waiting,
    Failed,
    Here(Arc<Library>),
}

async fn read() -> Option<Library> {
    let response = gloo_net::http::Request::get(FILE).send().await.ok()?;
    let bytes = response.binary().await.ok()?;
    Library::read(str::from_utf8(&bytes).ok()?).ok()
}

/// The search and what it finds; what is about this category of disputes stands first.
pub fn library(category: Option<String>) -> AnyView {
    let (load, text) = (RwSignal::new(Load::Waiting), RwSignal::new(String::new()));
    let fetch = move || {
        load.set(Load::Waiting);
        spawn_local(async move {
            let next = read().await.map_or(Load::Failed, |library| Load::Here(Arc::new(library)));
            let _ = load.try_set(next);
        });
    };
    fetch();
    let list = move || match load.get() {
        Load::Waiting => loading(5),
        Load::Failed => {
            let again =
                view! { <button class="btn" type="button" on:click=move |_| fetch()>"再试一次"</button> };
            let text = "连上网络打开一次就会存下来，以后没有网也能看。记下的内容都在，没有丢。";
            blank("offline", "法条和案例还没有下载到这台设备", text, vec![again.into_any()])
        }
        Load::Here(library) => {
            let found = library.find(&text.get(), category.as_deref());
            if found.is_empty() {
                blank("search", "没有找到", "换个词试试，例如：排水、彩礼、欠薪。", Vec::new())
            } else {
                let rows = found.into_iter().map(|entry| draw(&library, entry)).collect_view();
                let words = format!(
                    "{} 条法条、{} 个案例，{} 编写。供调解时参考，以公布的法律文本为准。",
                    library.cards.len(),
                    library.cases.len(),
                    library.written
                );
                view! { <p class="muted small">{words}</p>{rows} }.into_any()
            }
        }
    };
    view! {
        <div class="stack" data-testid="library">
            <div class="search">
                {icon("search")}
                <input
                    class="search-input"
                    type="search"
                    aria-label="查找法条和案例"
                    placeholder="排水、彩礼、欠薪"
                    data-testid="library-search"
                    on:input=move |event| text.set(event_target_value(&event))
                />
            </div>
            {live(list)}
        </div>
    }
    .into_any()
}

fn draw(library: &Library, entry: Entry<'_>) -> AnyView {
    match entry {
        Entry::Law(card) => folded(card.title.clone(), "library-law", law(card)),
        Entry::Case(one) => folded(format!("案例：{}", one.title), "library-case", case(library, one)),
    }
}

fn folded(title: String, test: &'static str, inside: AnyView) -> AnyView {
    view! {
        <details class="form-section form-more" data-testid=test>
            <summary>{title}</summary>
            <div class="form-section-body">{inside}</div>
        </details>
    }
    .into_any()
}

fn named(card: &LawCard) -> String {
    format!("《{}》{}", card.law, card.articles)
}

fn law(card: &LawCard) -> AnyView {
    let from = format!("{} 起施行 · {}", card.in_force, card.source);
    view! { <p>{card.text.clone()}</p><p class="muted small">{named(card)}</p><p class="muted small">{from}</p> }
        .into_any()
}

fn case(library: &Library, one: &ModelCase) -> AnyView {
    let laws = one.laws.iter().filter_map(|id| library.card(id));
    let laws = laws.map(|card| view! { <p class="muted small">{named(card)}</p> }.into_any()).collect_view();
    let from = format!("{} · {}，人和地方都是编的", one.date, one.source);
    view! {
        <p>{format!("起因：{}", one.facts)}</p>
        <p>{format!("怎样调：{}", one.way)}</p>
        <p>{format!("结果：{}", one.result)}</p>
        {laws}
        <p class="muted small">{from}</p>
    }
    .into_any()
}
