//! Tables that are made from all records of a period: the hazards' balance, patrols, campaigns, visits, mediation,
//! handling units, grids that were cut anew. Figures are by village and grid; nobody who goes out is ranked.

mod areas;
mod figures;
mod hazards;
mod mediation;
mod pairs;
mod show;
mod units;
mod visits;

use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::{bar_day, select, villages};
use super::route::Route;
use crate::app::{App, use_app};
use crate::ui::directory::{Names, use_directory};
use crate::ui::states::loading;
use figures::Figures;

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tab {
    Balance,
    Points,
    Campaigns,
    Coverage,
    Mediation,
    Units,
    Areas,
}

impl Tab {
    const ALL: [Self; 7] = [
        Self::Balance,
        Self::Points,
        Self::Campaigns,
        Self::Coverage,
        Self::Mediation,
        Self::Units,
        Self::Areas,
    ];

    const fn id(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Points => "points",
            Self::Campaigns => "campaigns",
            Self::Coverage => "coverage",
            Self::Mediation => "mediation",
            Self::Units => "units",
            Self::Areas => "areas",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Balance => "隐患整治收支",
            Self::Points => "巡查点位",
            Self::Campaigns => "专项进度",
            Self::Coverage => "走访覆盖",
            Self::Mediation => "调解指标",
            Self::Units => "承办单位",
            Self::Areas => "新旧网格",
        }
    }

    fn of(route: &Route) -> Self {
        let Route::Books(name) = route else { return Self::Balance };
        Self::ALL.into_iter().find(|tab| tab.id() == name).unwrap_or(Self::Balance)
    }
}

/// What a table is made of.
#[derive(Clone, PartialEq)]
struct Asked {
    tab: Tab,
    area: String,
    from: NaiveDate,
    to: NaiveDate,
}

/// The screen.
pub fn books(route: RwSignal<Route>) -> AnyView {
    let (app, names) = (use_app(), use_directory());
    let today = app.today();
    let first = today.with_day(1).unwrap_or(today);
    let tab = Memo::new(move |_| route.with(Tab::of));
    let (area, from, to) = (RwSignal::new(String::new()), RwSignal::new(first), RwSignal::new(today));
    let made: RwSignal<Option<Arc<Figures>>> = RwSignal::new(None);
    let turn = StoredValue::new(0u64);
    Effect::new(move |before: Option<Asked>| {
        app.version.track();
        let asked = Asked { tab: tab.get(), area: area.get(), from: from.get(), to: to.get() };
        if before.as_ref() != Some(&asked) {
            made.set(None);
        }
        turn.update_value(|turn| *turn += 1);
        let (mine, names, asked_now) = (turn.get_value(), names.get(), asked.clone());
        spawn_local(async move {
            let figures = make(app, &names, &asked_now).await;
            // Another period or table may have been asked for meanwhile.
            if turn.try_get_value() == Some(mine) {
                let _ = made.try_set(Some(Arc::new(figures)));
            }
        });
        asked
    });
    let tabs = Tab::ALL
        .map(|one| {
            view! {
                <button
                    class="tabs-tab"
                    type="button"
                    role="tab"
                    data-testid=format!("books-tab-{}", one.id())
                    aria-selected=move || (tab.get() == one).to_string()
                    on:click=move |_| Route::Books(one.id().to_owned()).go()
                >
                    {one.title()}
                </button>
            }
        })
        .collect_view();
    let places =
        move || std::iter::once((String::new(), "全镇".to_owned())).chain(villages(&names.get())).collect();
    let inside = move || match made.get() {
        None => loading(6),
        Some(figures) => show::figures(&figures),
    };
    let actions = move || made.get().map(|figures| show::actions(tab.get().title(), &figures));
    view! {
        <div class="page-head no-print">
            <h1 class="page-title">"统计台账"</h1>
            <div class="page-actions">{actions}</div>
        </div>
        <div class="tabs no-print" role="tablist" aria-label="哪张表">{tabs}</div>
        <div class="toolbar">
            {select("范围", "books-area", move || area.get(), places, move |value| area.set(value))}
            {bar_day("从哪天", "books-from", from)}
            {bar_day("到哪天", "books-to", to)}
            <span class="muted small">{move || words(&from.get(), &to.get())}</span>
        </div>
        <div class="books no-print" tabindex="0" role="region" aria-label="统计表">{inside}</div>
    }
    .into_any()
}

fn words(from: &NaiveDate, to: &NaiveDate) -> String {
    let days = (*to - *from).num_days() + 1;
    if days < 1 { "结束日期要在开始日期以后".to_owned() } else { format!("共 {days} 天") }
}

async fn make(app: App, names: &Names, asked: &Asked) -> Figures {
    match asked.tab {
        Tab::Balance => hazards::balance(app, names, asked).await,
        Tab::Points => hazards::points(app, names, asked).await,
        Tab::Campaigns => visits::campaigns(app, names, asked).await,
        Tab::Coverage => visits::coverage(app, names, asked),
        Tab::Mediation => mediation::indicators(app, asked).await,
        Tab::Units => units::units(app, names, asked).await,
        Tab::Areas => areas::dual(app, names, asked).await,
    }
}
