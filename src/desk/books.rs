//! Tables that are made from all records of a period: the hazards' balance, patrols, campaigns, visits, mediation, the
//! province's monthly table of disputes, the mediators' subsidy, handling units, grids that were cut anew. Figures are by village and grid; who made visits
//! stands by name, and nobody is ranked.

mod areas;
mod figures;
mod hazards;
mod mediation;
mod monthly;
mod opinions;
mod pairs;
mod show;
mod subsidy;
mod units;
mod visits;

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use chrono::{Datelike, NaiveDate};
use gloo::timers::callback::Timeout;
use gridbook_domain::territory::zone::Zones;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::{bar_day, places, select};
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
    Opinions,
    Mediation,
    Monthly,
    Subsidy,
    Units,
    Areas,
}

impl Tab {
    const ALL: [Self; 10] = [
        Self::Balance,
        Self::Points,
        Self::Campaigns,
        Self::Coverage,
        Self::Opinions,
        Self::Mediation,
        Self::Monthly,
        Self::Subsidy,
        Self::Units,
        Self::Areas,
    ];

    const fn id(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Points => "points",
            Self::Campaigns => "campaigns",
            Self::Coverage => "coverage",
            Self::Opinions => "opinions",
            Self::Mediation => "mediation",
            Self::Monthly => "monthly",
            Self::Subsidy => "subsidy",
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
            Self::Opinions => "意见建议",
            Self::Mediation => "调解指标",
            Self::Monthly => "纠纷月报",
            Self::Subsidy => "调解补贴",
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
    zones: Zones,
}

impl Asked {
    /// Whether a place lies in what was asked for: everything, a zone, a village.
    fn covers(&self, area: &str) -> bool {
        self.zones.covers(&self.area, area)
    }
}

/// How long no record must have come in before a table is made again, milliseconds.
const QUIET_MS: u32 = 1_500;

/// What a table was made from: the records, by their mark, and the names.
type Read = ((usize, u64), Arc<Names>);

/// Another one whenever a record came, changed or went.
fn mark(app: App) -> (usize, u64) {
    app.rows(|rows| (rows.len(), rows.values().map(|row| row.version()).max().unwrap_or(0)))
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
    let run = move |asked: Asked| {
        turn.update_value(|turn| *turn += 1);
        let mine = turn.get_value();
        spawn_local(async move {
            let names = names.get_untracked();
            let mut work = pin!(make(app, &names, &asked));
            // Another period or table may be asked for meanwhile, or the page left: then nobody waits for this one.
            let found = poll_fn(move |cx| match turn.try_get_value() == Some(mine) {
                true => work.as_mut().poll(cx).map(Some),
                false => Poll::Ready(None),
            });
            if let Some(figures) = found.await
                && made.try_get_untracked().is_some_and(|held| held.as_deref() != Some(&figures))
            {
                made.set(Some(Arc::new(figures)));
            }
        });
    };
    let later: StoredValue<Option<Timeout>, LocalStorage> = StoredValue::new_local(None);
    Effect::new(move |before: Option<(Asked, Read)>| {
        app.version.track();
        let zones = names.with(|names| names.zones.clone());
        let asked = Asked { tab: tab.get(), area: area.get(), from: from.get(), to: to.get(), zones };
        let read = (mark(app), names.get());
        match &before {
            Some((same, old)) if *same == asked => {
                // While records come in one page after another, the table is made once, when it is quiet again.
                if *old != read {
                    let again = asked.clone();
                    later.set_value(Some(Timeout::new(QUIET_MS, move || run(again))));
                }
            }
            _ => {
                later.set_value(None);
                made.set(None);
                run(asked.clone());
            }
        }
        (asked, read)
    });
    let tabs = Tab::ALL
        .map(|one| {
            view! {
                <button
                    class="tabs-tab"
                    type="button"
                    data-testid=format!("books-tab-{}", one.id())
                    aria-pressed=move || (tab.get() == one).to_string()
                    on:click=move |_| Route::Books(one.id().to_owned()).go()
                >
                    {one.title()}
                </button>
            }
        })
        .collect_view();
    let places = move || places(&names.get(), "全镇");
    // Out here: what is being typed must not go when the table is made again.
    let answering = RwSignal::new(None);
    let inside = move || match made.get() {
        None => loading(6),
        Some(figures) => show::figures(&figures, answering),
    };
    let actions = move || made.get().map(|figures| show::actions(tab.get().title(), &figures));
    view! {
        <div class="page-head no-print">
            <h1 class="page-title">"统计台账"</h1>
            <div class="page-actions">{actions}</div>
        </div>
        <div class="tabs no-print" role="group" aria-label="哪张表">{tabs}</div>
        <div class="toolbar">
            {select("范围", "books-area", move || area.get(), places, move |value| area.set(value))}
            {bar_day("从哪天", "books-from", from)}
            {bar_day("到哪天", "books-to", to)}
            <span class="muted small">{move || words(&from.get(), &to.get())}</span>
        </div>
        <div class="books no-print" tabindex="0" role="region" aria-label="统计表">{inside}</div>
        {opinions::dialog_for(answering)}
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
        Tab::Coverage => visits::coverage(app, names, asked).await,
        Tab::Opinions => opinions::ledger(app, names, asked).await,
        Tab::Mediation => mediation::indicators(app, asked).await,
        Tab::Monthly => monthly::table_of(app, names, asked).await,
        Tab::Subsidy => subsidy::ledger(app, names, asked).await,
        Tab::Units => units::units(app, names, asked).await,
        Tab::Areas => areas::dual(app, names, asked).await,
    }
}
