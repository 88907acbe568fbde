//! After a save: it is on this device for certain, and this is where it goes from here.

use gridbook_domain::case::CaseView;
use gridbook_domain::form::{Form, Need, Spawn, needs, spawns};
use gridbook_domain::hazard::{self, Spawned};
use gridbook_domain::record::RecordKind;
use gridbook_domain::territory::micro::is_micro;
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;

use super::alarm::alarm;
use super::household::{load, missing};
use super::mediation;
use super::screen::Screen;
use crate::app::{App, use_app};
use crate::ui::badge::{self, Arrival};
use crate::ui::form::place_words;
use crate::ui::icon::{chevron, icon};
use crate::ui::live;
use crate::ui::router::encode;
use crate::ui::states::loading;

pub(super) fn page(id: EntityId) -> AnyView {
    let app = use_app();
    let loaded = load(app, id);
    let draw = move || match loaded.get() {
        None => loading(3),
        // Drawn anew when the record changes, not with every synchronisation.
        Some(Ok(Some(entity))) => untrack(|| done(app, &entity)),
        Some(Ok(None)) => missing(None),
        Some(Err(words)) => missing(Some(words)),
    };
    Screen::new("已保存").back("/").view(live(draw))
}

fn done(app: App, entity: &Entity) -> AnyView {
    let id = entity.id();
    let user = app.user();
    let arrival = move || app.rows(|rows| rows.get(&id).map(|row| badge::arrival(Arrival::of(row, &user))));
    let words = move || {
        let sent = app.rows(|rows| rows.get(&id).is_some_and(|row| row.unsent == 0));
        if sent { "镇上已经收到。" } else { "有网络时自动送到镇上，不用再管。" }
    };
    let household = entity.text("household").and_then(EntityId::parse);
    let back = household.map(|household| {
        view! { <a class="btn" href=format!("#/household/{household}") data-testid="saved-household">"回到这一户"</a> }
    });
    let back = back.map(IntoAny::into_any).or_else(|| {
        entity.text("area").filter(|area| is_micro(area)).map(|_| {
            view! { <a class="btn" href="#/micro" data-testid="saved-micro">"回到微网格划建"</a> }.into_any()
        })
    });
    let file = CaseView::of(entity).and_then(|case| mediation::of_dispute(app, &case));
    let offers = offers(app, entity);
    let offers = (!offers.is_empty()).then(|| {
        view! {
            <section class="section" data-testid="spawn-offers">
                <div class="section-head"><h2 class="section-title">"刚才记的问题，接着上报"</h2></div>
                <p class="muted">"户和地点已经填好。"</p>
                <ul class="rows">{offers}</ul>
            </section>
        }
    });
    view! {
        {alarm(Some(id))}
        <div class="banner banner-ok">
            {icon("check")}
            <div class="banner-main">
                <p class="banner-title" data-testid="save-state">"已保存到本机"</p>
                <p class="banner-text">{live(words)}</p>
                <p>{live(arrival)}</p>
            </div>
        </div>
        {offers}
        <div class="stack-s">
            {file}
            {back}
            <a class="btn" href=format!("#/record/{id}") data-testid="saved-record">"看这条记录"</a>
            <a class="btn btn-primary" href="#/" data-testid="saved-home">"回到今天"</a>
        </div>
    }
    .into_any()
}

/// Child reports that the answers call for (CAT-07), with what is known already.
fn offers(app: App, entity: &Entity) -> Vec<AnyView> {
    let package = app.package();
    let Some(case) = CaseView::of(entity) else { return Vec::new() };
    let form = package.form_of(case.form.as_deref(), case.kind);
    let Some(form) = form else { return Vec::new() };
    // A sheet of a point says more than its form alone: which subtype, which level, where.
    let found = hazard::found(&package, case.form.as_deref().unwrap_or_default(), &case.values);
    if !found.is_empty() {
        return found.iter().map(|hazard| report(app, &case, hazard)).collect();
    }
    let called = spawns(&package, form, &case.values);
    called
        .into_iter()
        .map(|(label, spawn)| offer(&case, &label, spawn))
        .chain(asked(app, &case, form))
        .collect()
}

/// Calls for help and opinions that were told on a visit, by the items that this person may report.
fn asked(app: App, case: &CaseView, form: &Form) -> Vec<AnyView> {
    let (package, actor) = (app.package(), app.actor());
    let items = package.items_for(&actor, app.today());
    let offer = |need: Need| {
        let item = items.iter().find(|item| item.id == need.item)?;
        let mut href = format!("#/item/{}/new?parent={}", item.id, case.id);
        for (path, value) in
            [("household", case.household.as_deref().unwrap_or_default()), ("facts", need.facts.as_str())]
        {
            if !value.is_empty() {
                href.push_str(&format!("&{path}={}", encode(value)));
            }
        }
        let about = if need.facts.is_empty() { need.label } else { need.facts };
        Some(row(href, "inbox", format!("{}：{about}", item.name)))
    };
    needs(&package, form, &case.values).into_iter().filter_map(offer).collect()
}

/// A hazard that a patrol or an inspection found, with everything that the sheet says (HAZ-08).
fn report(app: App, case: &CaseView, found: &Spawned) -> AnyView {
    let place = case.values.get("place").and_then(|place| place.as_str()).unwrap_or_default();
    let place = place_words(app, place);
    let mut href = format!("#/hazard/new?parent={}&source=patrol_found", case.id);
    for (path, value) in [
        ("place", &place),
        ("desc", &format!("{place}：{}", found.desc)),
        ("category", &found.category),
        ("subtype", &found.subtype),
        ("level", &found.level),
    ] {
        if !value.is_empty() {
            href.push_str(&format!("&{path}={}", encode(value)));
        }
    }
    row(href, "hazard", format!("上报隐患：{}", found.desc))
}

fn offer(case: &CaseView, label: &str, spawn: &Spawn) -> AnyView {
    let mut href = format!("#/{}/new?parent={}", spawn.kind.as_str(), case.id);
    if let Some(household) = &case.household {
        href.push_str(&format!("&household={household}"));
    }
    for (path, value) in &spawn.set {
        href.push_str(&format!("&{path}={}", encode(value.as_str().unwrap_or_default())));
    }
    let (symbol, words) = if spawn.kind == RecordKind::Hazard {
        ("hazard", format!("上报隐患：{label}"))
    } else {
        ("dispute", format!("上报纠纷：{label}"))
    };
    row(href, symbol, words)
}

fn row(href: String, symbol: &'static str, words: String) -> AnyView {
    view! {
        <li>
            <a class="row" href=href data-testid="spawn-offer">
                <span class="row-lead">{icon(symbol)}</span>
                <span class="row-main"><span class="row-title">{words}</span></span>
                {chevron()}
            </a>
        </li>
    }
    .into_any()
}
