//! The way of a case in the words that the township, or its item, has for it: beside the one table of states (FLOW-01).

use gridbook_domain::case::{CaseView, LineKind};
use gridbook_domain::package::Package;
use gridbook_domain::workflow::Transition;
use leptos::prelude::*;

use super::icon::icon;

/// The steps with the one that the case is in; nothing where it has left the way.
pub fn way(package: &Package, case: &CaseView) -> Option<AnyView> {
    let skin = package.skin_of(case)?;
    let at = skin.place(&case.state)?;
    let over = package.state(&case.state).is_some_and(|state| state.terminal);
    let mark = |(n, words): (usize, &str)| {
        let done = n < at || over;
        let name = if done {
            "done"
        } else if n == at {
            "current"
        } else {
            "todo"
        };
        let sign = if done { icon("check").into_any() } else { (n + 1).into_any() };
        view! {
            <li class="steps-item" data-state=name aria-current=(n == at).then_some("step")>
                <span class="steps-mark">{sign}</span>
                <span class="steps-label">{words.to_owned()}</span>
            </li>
        }
        .into_any()
    };
    let marks = skin.steps.iter().map(|step| step.label.as_str()).enumerate().map(mark).collect_view();
    let label = skin.label.clone();
    Some(view! { <ol class="steps" data-testid="case-way" aria-label=label>{marks}</ol> }.into_any())
}

/// What stands on the button of a step: its name, and the word that the way has for it.
pub fn step_words(package: &Package, case: &CaseView, step: &Transition) -> String {
    match package.skin_of(case).and_then(|skin| skin.word_of(step)) {
        Some(word) if word != step.label => format!("{} · {word}", step.label),
        _ => step.label.clone(),
    }
}

/// The word of the way for a line of the history, to stand behind who and when; empty for notes and corrections.
pub fn line_words(package: &Package, case: &CaseView, line: &LineKind) -> String {
    let Some(skin) = package.skin_of(case) else { return String::new() };
    let flow = package.flow(case.kind);
    let word = match line {
        LineKind::Created => flow.and_then(|flow| skin.word(&flow.initial)),
        LineKind::Step { action, from, to, counts: true } => {
            flow.and_then(|flow| flow.told(action, from, to)).and_then(|step| skin.word_of(step))
        }
        _ => None,
    };
    word.map(|word| format!(" · {word}")).unwrap_or_default()
}
