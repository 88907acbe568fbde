//! Tabs of the queue: mine first, then the way of a case, state by state.

use std::sync::Arc;

use leptos::prelude::*;

use super::{Item, Queue};

/// A tab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tab {
    /// The next step is this person's.
    Mine,
    /// To be registered.
    Submitted,
    /// To be dispatched.
    Registered,
    /// To be claimed by a unit.
    Dispatched,
    /// Being handled.
    InProgress,
    /// To be fed back.
    Done,
    /// To be called back.
    FedBack,
    /// Sent back by the call-back.
    Redo,
    /// The reporter was asked for more.
    Supplement,
    /// Nothing more is expected.
    Closed,
    /// Visits.
    Visited,
    /// Everything.
    All,
}

impl Tab {
    /// All tabs, in order.
    pub const ALL: [Self; 12] = [
        Self::Mine,
        Self::All,
        Self::Submitted,
        Self::Registered,
        Self::Dispatched,
        Self::InProgress,
        Self::Done,
        Self::FedBack,
        Self::Redo,
        Self::Supplement,
        Self::Closed,
        Self::Visited,
    ];

    /// Stable name.
    pub const fn id(self) -> &'static str {
        match self {
            Self::Mine => "mine",
            Self::Submitted => "submitted",
            Self::Registered => "registered",
            Self::Dispatched => "dispatched",
            Self::InProgress => "in_progress",
            Self::Done => "done",
            Self::FedBack => "fed_back",
            Self::Redo => "redo",
            Self::Supplement => "supplement",
            Self::Closed => "closed",
            Self::Visited => "visited",
            Self::All => "all",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Mine => "等我办",
            Self::Submitted => "待登记",
            Self::Registered => "待转办",
            Self::Dispatched => "待认领",
            Self::InProgress => "办理中",
            Self::Done => "待反馈",
            Self::FedBack => "待回访",
            Self::Redo => "重办",
            Self::Supplement => "待补充",
            Self::Closed => "已结",
            Self::Visited => "走访",
            Self::All => "全部",
        }
    }

    /// The tab of a state, of those that stand for states.
    fn of_state(state: &str) -> Option<Self> {
        Some(match state {
            "submitted" => Self::Submitted,
            "registered" => Self::Registered,
            "dispatched" => Self::Dispatched,
            // With somebody, whoever it is: the state itself stands in the row.
            "claimed" | "in_progress" | "joint" | "paused" | "escalated" => Self::InProgress,
            "done" => Self::Done,
            "fed_back" | "callback" => Self::FedBack,
            "redo" => Self::Redo,
            "supplement" => Self::Supplement,
            "closed" | "refused" | "withdrawn" | "merged" | "transferred" | "voided" => Self::Closed,
            "visited" => Self::Visited,
            _ => return None,
        })
    }

    /// Whether an item is under this tab.
    pub fn holds(self, item: &Item) -> bool {
        match self {
            Self::Mine => item.mine,
            Self::All => true,
            other => Self::of_state(&item.summary.state) == Some(other),
        }
    }
}

/// How many items each tab holds, in one pass over them.
fn counts(items: &[Arc<Item>]) -> [usize; Tab::ALL.len()] {
    let mut counts = [0; Tab::ALL.len()];
    for item in items {
        let state = Tab::of_state(&item.summary.state);
        for tab in state.into_iter().chain(item.mine.then_some(Tab::Mine)).chain([Tab::All]) {
            counts[tab as usize] += 1;
        }
    }
    counts
}

pub(super) fn tabs(queue: Queue) -> AnyView {
    let counted = Memo::new(move |_| queue.passing.with(|items| counts(items)));
    let one = |tab: Tab| {
        let count = Memo::new(move |_| counted.with(|counts| counts[tab as usize]));
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
    let all = Tab::ALL.into_iter().map(one).collect_view();
    view! { <div class="tabs" role="group" aria-label="按状态" style:flex-shrink="0">{all}</div> }.into_any()
}
