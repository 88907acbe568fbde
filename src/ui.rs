//! Components that phone and desk share. They draw and ask; they decide nothing.

pub mod again;
pub mod alarm;
pub mod answer;
pub mod apart;
pub mod aside;
pub mod ask;
pub mod backend;
pub mod badge;
pub mod busy;
pub mod carry;
pub mod check;
pub mod clock;
pub mod dialog;
pub mod directory;
pub mod dom;
pub mod facts;
pub mod form;
pub mod format;
pub mod gap;
pub mod icon;
pub mod join;
pub mod joint;
pub mod kinds;
pub mod later;
pub mod library;
pub mod micro;
pub mod moves;
pub mod photo;
pub mod reviewed;
pub mod risk;
pub mod room;
pub mod router;
pub mod rows;
pub mod same;
pub mod states;
pub mod strip;
pub mod stuck;
pub mod timeline;
pub mod toast;
pub mod unfit;
pub mod unread;
pub mod way;
pub mod window;

use std::sync::{Arc, Mutex};

use gridbook_log::order_by_key;
use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

/// What a place in a view draws, made anew whenever it is asked for. Boxed so that views stay one type and the
/// bundle stays small.
pub type Draw = Box<dyn Fn() -> AnyView + Send + Sync>;

/// What a button does.
pub type Act = Box<dyn Fn() + Send + Sync>;

/// A part of a page that is drawn anew whenever what it reads changes. All of them share one type, so that the
/// machinery behind them is in the bundle once.
pub fn live<V: IntoAny>(draw: impl Fn() -> V + Send + Sync + 'static) -> AnyView {
    let draw: SharedReactiveFunction<AnyView> = Arc::new(Mutex::new(move || draw().into_any()));
    draw.into_any()
}

/// Does something every so often, as long as this part of the page is there.
pub fn every(ms: u32, act: impl Fn() + 'static) {
    let timer = StoredValue::new_local(Some(gloo::timers::callback::Interval::new(ms, act)));
    on_cleanup(move || drop(timer.try_update_value(Option::take)));
}

/// A list with the largest keys first; equal ones keep their order.
pub fn largest_first<T>(mut list: Vec<T>, key: impl Fn(&T) -> u64) -> Vec<T> {
    order_by_key(&mut list, |one| std::cmp::Reverse(key(one)));
    list
}
