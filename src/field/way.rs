//! 按远近排: the plan in the order of the way (VISIT-01). The position is read once, when somebody asks for it, and kept
//! nowhere; without one the order is that of the micro-grids and house numbers.

use std::collections::BTreeMap;

use gridbook_domain::plan::{DueRow, by_way};
use gridbook_domain::rules::similar::{Spot, spot_of};
use gridbook_domain::summary::Summary;
use gridbook_log::EntityId;
use leptos::prelude::*;

use crate::ui::form::read_position;
use crate::ui::icon::icon;
use crate::ui::live;

/// In which order.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// By urgency.
    Plan,
    /// By the way, while the position is asked for.
    Asked,
    /// From here.
    From(Spot),
    /// By micro-grid and house number.
    Doors,
}

/// The order that somebody chose; a copy goes into any closure.
#[derive(Clone, Copy)]
pub(super) struct Way(RwSignal<Order>);

/// How far, in words.
pub(super) fn far(metres: u32) -> String {
    if metres < 1000 {
        format!(" · {} 米", metres.div_ceil(10) * 10)
    } else {
        format!(" · {:.1} 公里", f64::from(metres) / 1000.0)
    }
}

impl Way {
    pub(super) fn new() -> Self {
        Self(RwSignal::new(Order::Plan))
    }

    /// What the order is, to know when it is another one.
    pub(super) fn mark(self) -> Spot {
        match self.0.get() {
            Order::Plan | Order::Asked => (0, 0),
            Order::Doors => (1, 0),
            Order::From(spot) => spot,
        }
    }

    /// Puts the plan in that order; tells how far it is where that is known.
    pub(super) fn sort(self, rows: &mut [DueRow], seen: &[&Summary]) -> BTreeMap<EntityId, u32> {
        match self.0.get() {
            Order::Plan | Order::Asked => BTreeMap::new(),
            Order::Doors => by_way(rows, seen, None),
            Order::From(spot) => by_way(rows, seen, Some(spot)),
        }
    }

    /// The button, while a plan is shown.
    pub(super) fn bar(self, shown: impl Fn() -> bool + Copy + Send + Sync + 'static) -> AnyView {
        let order = self.0;
        let tap = move |_| {
            if order.get_untracked() != Order::Plan {
                return order.set(Order::Plan);
            }
            order.set(Order::Asked);
            read_position(move |told| {
                let spot = told.ok().and_then(|geo| spot_of(Some(&geo)));
                if order.try_get_untracked() == Some(Order::Asked) {
                    order.set(spot.map_or(Order::Doors, Order::From));
                }
            });
        };
        let words = move || match order.get() {
            Order::Plan => "按远近排",
            Order::Asked => "正在定位…",
            Order::From(_) | Order::Doors => "按缓急排",
        };
        let told = move || match order.get() {
            Order::Doors => {
                Some(view! { <p class="muted" role="status">"没有定位，按微网格和门牌号排。"</p> })
            }
            _ => None,
        };
        live(move || {
            shown().then(|| {
                view! {
                    <button class="btn" type="button" data-testid="plan-way" on:click=tap>{icon("pin")}{live(words)}</button>
                    {live(told)}
                }
            })
        })
    }
}
