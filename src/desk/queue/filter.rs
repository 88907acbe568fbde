//! Filters of the queue.

use std::sync::Arc;

use chrono::NaiveDate;
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Actor;
use gridbook_domain::search::{Query, fold};
use gridbook_domain::territory::zone::Zones;
use leptos::prelude::*;

use super::Item;
use crate::app::use_app;
use crate::desk::parts::{places, select};
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;

/// The choice among the lamps for what the reporter has to hear of again (FLOW-11).
const TELL: &str = "tell";

/// What to look for; empty = anything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filters {
    /// Number, title, name, phone tail.
    pub text: String,
    /// Kind of record.
    pub kind: String,
    /// Level.
    pub level: String,
    /// Area code of a village.
    pub village: String,
    /// Unit code.
    pub unit: String,
    /// Lamp of the most urgent limit; what is left is then in the order of its limits.
    pub lamp: String,
    /// First day, `YYYY-MM-DD`.
    pub from: String,
    /// Last day, `YYYY-MM-DD`.
    pub to: String,
}

impl Filters {
    /// The items that fit, in their order.
    pub fn pass(
        &self,
        items: &[Arc<Item>],
        (package, actor): (&Package, &Actor),
        zones: &Zones,
        today: NaiveDate,
    ) -> Vec<Arc<Item>> {
        let query = Query::new(&self.text, package, today).discreet(package, actor);
        let number = fold(&self.text).to_uppercase();
        let mut fits: Vec<Arc<Item>> = items
            .iter()
            .filter(|item| {
                let summary = &item.summary;
                (self.kind.is_empty() || summary.kind.as_str() == self.kind)
                    && (self.level.is_empty() || summary.level == self.level)
                    && (self.lamp.is_empty()
                        || item.lamp.is_some_and(|lamp| lamp.id() == self.lamp)
                        || (self.lamp == TELL && item.tell.is_some()))
                    && (self.village.is_empty() || zones.covers(&self.village, &summary.area))
                    && (self.unit.is_empty() || summary.units.contains(&self.unit))
                    && (self.from.is_empty() || summary.day().to_string() >= self.from)
                    && (self.to.is_empty() || summary.day().to_string() <= self.to)
                    && (query.is_empty()
                        || query.score(summary).is_some()
                        || fold(&summary.number).to_uppercase().contains(&number)
                        || summary.id.to_string().to_uppercase().ends_with(&number))
            })
            .cloned()
            .collect();
        if !self.lamp.is_empty() {
            let due = |item: &Arc<Item>| {
                item.summary.deadline().and_then(|deadline| deadline.due).unwrap_or(u64::MAX)
            };
            fits.sort_by_key(due);
        }
        fits
    }
}

/// The bar that sets them; `extra` stands behind the drop-downs.
pub fn bar(filters: RwSignal<Filters>, extra: AnyView) -> AnyView {
    let app = use_app();
    let names = use_directory();
    let none = |words: &str| vec![(String::new(), words.to_owned())];
    let kinds = move || {
        let kinds = [RecordKind::Hazard, RecordKind::Dispute, RecordKind::Visit];
        none("全部类别")
            .into_iter()
            .chain(kinds.map(|k| (k.as_str().to_owned(), k.label().to_owned())))
            .collect()
    };
    let levels = move || {
        let package = app.package();
        let levels = package.levels.iter().map(|l| (l.id.clone(), format!("{} · {}", l.label, l.degree)));
        none("全部等级").into_iter().chain(levels).collect()
    };
    let lamps = move || {
        let package = app.package();
        let signs = package.law.get().table.lamps.iter().rev();
        let lamps = signs.map(|l| (l.id.id().to_owned(), format!("{} {}", l.sign, l.label)));
        let tell = std::iter::once((TELL.to_owned(), "该反馈了".to_owned()));
        none("全部灯").into_iter().chain(lamps).chain(tell).collect()
    };
    let places = move || places(&names.get(), "全部村");
    let units = move || none("全部单位").into_iter().chain(names.get().units.clone()).collect();
    let date = move |label: &'static str, id: &'static str, get: fn(&mut Filters) -> &mut String| {
        view! {
            <input
                class="input"
                type="date"
                title=label
                aria-label=label
                data-testid=id
                prop:value=move || get(&mut filters.get()).clone()
                on:change=move |event| filters.update(|f| *get(f) = event_target_value(&event))
            />
        }
    };
    let any = move || filters.with(|held| *held != Filters::default());
    view! {
        <div class="toolbar">
            <div class="search">
                {icon("search")}
                <input
                    class="search-input"
                    type="search"
                    id="queue-search"
                    aria-label="查找"
                    data-testid="queue-search"
                    placeholder="编号、标题、姓名、电话尾号"
                    prop:value=move || filters.with(|f| f.text.clone())
                    on:input=move |event| filters.update(|f| f.text = event_target_value(&event))
                />
            </div>
            {select("类别", "filter-kind", move || filters.with(|f| f.kind.clone()), kinds, move |v| {
                filters.update(|f| f.kind = v);
            })}
            {select("等级", "filter-level", move || filters.with(|f| f.level.clone()), levels, move |v| {
                filters.update(|f| f.level = v);
            })}
            {select("灯", "filter-lamp", move || filters.with(|f| f.lamp.clone()), lamps, move |v| {
                filters.update(|f| f.lamp = v);
            })}
            {select("村", "filter-village", move || filters.with(|f| f.village.clone()), places, move |v| {
                filters.update(|f| f.village = v);
            })}
            {select("单位", "filter-unit", move || filters.with(|f| f.unit.clone()), units, move |v| {
                filters.update(|f| f.unit = v);
            })}
            {extra}
            {date("从哪天", "filter-from", |f| &mut f.from)}
            {date("到哪天", "filter-to", |f| &mut f.to)}
            {move || {
                any()
                    .then(|| {
                        view! {
                            <button
                                class="btn btn-small btn-quiet"
                                type="button"
                                on:click=move |_| filters.set(Filters::default())
                            >
                                "清除"
                            </button>
                        }
                    })
            }}
        </div>
    }
    .into_any()
}
