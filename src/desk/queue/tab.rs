//! Tabs of the queue: mine first, then the way of a case, state by state.

use std::sync::Arc;

use gridbook_domain::workflow::Pile;
use leptos::prelude::*;

use super::{Item, Queue};

/// A tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tab {
    /// The next step is this person's.
    Mine,
    /// What is in some states.
    Of(Pile),
    /// Everything.
    All,
}

impl Tab {
    /// All tabs, in order.
    pub const ALL: [Self; 12] = [
        Self::Mine,
        Self::All,
        Self::Of(Pile::Submitted),
        Self::Of(Pile::Registered),
        Self::Of(Pile::Dispatched),
        Self::Of(Pile::InProgress),
        Self::Of(Pile::Done),
        Self::Of(Pile::FedBack),
        Self::Of(Pile::Redo),
        Self::Of(Pile::Supplement),
        Self::Of(Pile::Closed),
        Self::Of(Pile::Visited),
    ];

    /// Stable name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Of(Pile::Submitted) => "submitted",
            Self::Of(Pile::Registered) => "registered",
            Self::Of(Pile::Dispatched) => "dispatched",
            Self::Of(Pile::InProgress) => "in_progress",
            Self::Of(Pile::Done) => "done",
            Self::Of(Pile::FedBack) => "fed_back",
            Self::Of(Pile::Redo) => "redo",
            Self::Of(Pile::Supplement) => "supplement",
            Self::Of(Pile::Closed) => "closed",
            Self::Of(Pile::Visited) => "visited",
            Self::All => "all",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Mine => "等我办",
            Self::Of(Pile::Submitted) => "待登记",
            Self::Of(Pile::Registered) => "待转办",
            Self::Of(Pile::Dispatched) => "待认领",
            Self::Of(Pile::InProgress) => "办理中",
            Self::Of(Pile::Done) => "待反馈",
            Self::Of(Pile::FedBack) => "待回访",
            Self::Of(Pile::Redo) => "重办",
            Self::Of(Pile::Supplement) => "待补充",
            Self::Of(Pile::Closed) => "已结",
            Self::Of(Pile::Visited) => "走访",
            Self::All => "全部",
        }
    }

    /// Whether an item is under this tab.
    pub fn holds(self, item: &Item) -> bool {
        self.takes(item, Pile::of(&item.summary.state))
    }

    fn takes(self, item: &Item, stands: Option<Pile>) -> bool {
        match self {
            Self::Mine => item.mine,
            Self::All => true,
            Self::Of(pile) => stands == Some(pile),
        }
    }
}

/// How many items each tab holds, in one pass over them.
fn counts(items: &[Arc<Item>]) -> [usize; Tab::ALL.len()] {
    let mut counts = [0; Tab::ALL.len()];
    for item in items {
        let pile = Pile::of(&item.summary.state);
        for (count, tab) in counts.iter_mut().zip(Tab::ALL) {
            *count += usize::from(tab.takes(item, pile));
        }
    }
    counts
}

pub(super) fn tabs(queue: Queue) -> AnyView {
    let counted = Memo::new(move |_| queue.passing.with(|items| counts(items)));
    let one = |(n, tab): (usize, Tab)| {
        let count = Memo::new(move |_| counted.with(|counts| counts[n]));
        view! {
            <button
                class="tabs-tab"
                style:padding="0 0.625rem"
                type="button"
                data-testid=format!("queue-tab-{}", tab.id())
                aria-pressed=move || (queue.tab.get() == tab).to_string()
                on:click=move |_| queue.tab.set(tab)
            >
                {tab.label()}
                {move || (count.get() > 0).then(|| view! { <span class="count">{count.get()}</span> })}
            </button>
        }
    };
    let all = Tab::ALL.into_iter().enumerate().map(one).collect_view();
    view! { <div class="tabs" role="group" aria-label="按状态" style:flex-shrink="0">{all}</div> }.into_any()
}
