//! Lists of the phone: a line that leads to something, a titled part of a page with such lines, and the card of something
//! that goes on for weeks.

use leptos::prelude::*;

use super::icon::{chevron, icon};

/// A line of a list.
#[derive(Default)]
pub struct Line {
    /// Where it leads; nowhere when empty.
    pub href: String,
    /// Its name for tests.
    pub test: &'static str,
    /// The icon before it.
    pub symbol: Option<&'static str>,
    /// First line, two of the screen at most.
    pub title: String,
    /// Second line.
    pub sub: String,
    /// The second line is cut after one of the screen.
    pub short: bool,
    /// What stands at its end.
    pub end: Option<AnyView>,
    /// Whether it is done, where lines are ticked off.
    pub done: Option<bool>,
}

impl Line {
    /// The line.
    pub fn draw(self) -> AnyView {
        let lead = self.symbol.map(|symbol| view! { <span class="row-lead">{icon(symbol)}</span> });
        let sub = (!self.sub.is_empty()).then(|| {
            let class = if self.short { "row-sub clamp-1" } else { "row-sub" };
            view! { <span class=class>{self.sub}</span> }
        });
        let end = self.end.map(|end| view! { <span class="row-end">{end}</span> });
        let inside = view! {
            {lead}
            <span class="row-main"><span class="row-title">{self.title}</span>{sub}</span>
            {end}
        };
        let done = self.done.map(|done| done.to_string());
        let row = if self.href.is_empty() {
            view! { <div class="row" data-testid=self.test data-done=done>{inside}</div> }.into_any()
        } else {
            view! { <a class="row" href=self.href data-testid=self.test data-done=done>{inside}{chevron()}</a> }
                .into_any()
        };
        view! { <li>{row}</li> }.into_any()
    }
}

/// A word at the end of a line; `tone` is `""`, `ok`, `warn` or `danger`.
pub fn tag(tone: &str, words: impl Into<String>) -> AnyView {
    let class = if tone.is_empty() { "tag".to_owned() } else { format!("tag tag-{tone}") };
    view! { <span class=class>{words.into()}</span> }.into_any()
}

/// How long until a day: `超期` before, today, so many days after.
pub fn days_left(days: i64) -> String {
    match days {
        0 => "今天到期".to_owned(),
        days if days < 0 => format!("超期 {} 天", -days),
        days => format!("还有 {days} 天"),
    }
}

/// A titled part of a page with a list; `link` stands beside the title.
pub fn listed(title: impl Into<String>, link: Option<AnyView>, rows: Vec<AnyView>) -> AnyView {
    part(title.into(), link, view! { <ul class="rows">{rows}</ul> }.into_any())
}

/// A titled part of a page.
pub fn part(title: String, link: Option<AnyView>, inside: AnyView) -> AnyView {
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">{title}</h2>{link}</div>
            {inside}
        </section>
    }
    .into_any()
}

/// Something that goes on for weeks, with how far it is.
#[derive(Clone, PartialEq)]
pub struct Card {
    /// Where it leads.
    pub href: String,
    /// What it is.
    pub label: String,
    /// How far it is, in words.
    pub words: String,
    /// The same as a bar.
    pub part: usize,
    /// The whole of the bar.
    pub whole: usize,
}

/// Cards under a title; nothing without any.
pub fn cards(title: &str, test: &'static str, list: Vec<Card>) -> Option<AnyView> {
    if list.is_empty() {
        return None;
    }
    let cards = list
        .into_iter()
        .map(|card| {
            view! {
                <a class="theme" href=card.href data-testid=test>
                    <span class="theme-label">{card.label.clone()}</span>
                    <progress class="progress" value=card.part max=card.whole aria-label=card.label></progress>
                    <span class="theme-count nums">{card.words}</span>
                </a>
            }
            .into_any()
        })
        .collect_view();
    Some(part(title.to_owned(), None, view! { <div class="themes">{cards}</div> }.into_any()))
}
