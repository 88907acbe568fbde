//! The phone: what a person carries up the valley.
//!
//! Its code comes in two parts. The first draws what a start shows: today, or signing in. The other ([`Later`]),
//! everything else, is loaded while the person looks at that, and is kept by the service worker like the first.

mod alarm;
mod confidential;
mod due;
mod forms;
mod handover;
mod home;
mod household;
mod households;
mod items;
mod later;
mod login;
mod me;
mod mediation;
mod micro;
mod paper;
mod place;
mod record;
mod records;
mod saved;
mod screen;
mod task;
mod today;
mod way;
mod zero;

use gridbook_domain::mediation::step::Step;
use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use leptos::mount::mount_to;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::app::App;
use crate::ui::directory::provide_directory;
use crate::ui::later::{Load, fetch};
use crate::ui::live;
use crate::ui::router::{Route, provide_router};
use crate::ui::states::blank;
use crate::ui::toast::provide_toasts;

pub use later::Later;

/// Starts the phone's app inside `#app`; `load` fetches the second part.
pub fn start(load: Load<Later>) {
    let Some(root) = document().get_element_by_id("app").and_then(|root| root.dyn_into().ok()) else {
        return;
    };
    mount_to(root, move || root_view(load)).forget();
}

/// Nothing until the core has started: the page's own first frame stays as long.
fn root_view(load: Load<Later>) -> AnyView {
    let started = RwSignal::new(None);
    leptos::task::spawn_local(async move {
        started.set(Some(App::start().await.map_err(|problem| problem.message())));
    });
    let draw = move || match started.get() {
        None => ().into_any(),
        Some(Ok(app)) => shell(app, load),
        Some(Err(words)) => stopped(words),
    };
    live(draw)
}

fn stopped(words: String) -> AnyView {
    let again = view! {
        <button class="btn btn-primary" type="button" on:click=|_| { let _ = window().location().reload(); }>
            "重新打开"
        </button>
    };
    view! {
        <div class="screen">
            <main class="screen-body">
                <h1 class="visually-hidden" tabindex="-1">"网格簿"</h1>
                {blank("error", "没有打开成功", words, vec![again.into_any()])}
            </main>
        </div>
    }
    .into_any()
}

fn shell(app: App, load: Load<Later>) -> AnyView {
    app.provide();
    let router = provide_router();
    let toasts = provide_toasts();
    provide_directory();
    me::watch_updates();
    let rest = fetch(app, load);
    let signed =
        Memo::new(move |_| app.session.with(|session| session.as_ref().map(|s| s.profile.user.clone())));
    // The step of a form is part of the address, so that back goes one step back; the form itself stays.
    let page = Memo::new(move |_| {
        let mut route = router.route.get();
        route.query.retain(|(name, _)| name != "step");
        route
    });
    let draw = move || {
        let (route, signed) = (page.get(), signed.get());
        // A page is made once: what it reads while it is made does not make it anew, its parts follow by themselves.
        let made = || match (signed, route.path().first().copied()) {
            (_, Some("invite" | "join")) => later::open(rest, &route),
            (None, _) | (_, Some("login")) => login::page(),
            (Some(_), None) => home::page(),
            (Some(_), _) => later::open(rest, &route),
        };
        untrack(made)
    };
    view! { {draw}{toasts.view()} }.into_any()
}

fn open(route: &Route) -> AnyView {
    let id = |text: &str| EntityId::parse(text);
    match route.path().as_slice() {
        ["invite", code] => login::invite((*code).to_owned()),
        ["join"] => login::join(String::new()),
        ["join", code] => login::join((*code).to_owned()),
        ["households"] => households::page(),
        ["household", "new"] => forms::page(forms::Start::new(RecordKind::Household, route)),
        ["household", one] => with(id(one), household::page),
        ["household", one, "edit"] => {
            with(id(one), |id| forms::page(forms::Start::edit(RecordKind::Household, id)))
        }
        ["household", one, "member", row] => with(id(one), |id| forms::page(forms::Start::member(id, row))),
        ["visit", "new"] => forms::page(forms::Start::new(RecordKind::Visit, route)),
        ["hazard", "new"] => forms::page(forms::Start::new(RecordKind::Hazard, route)),
        ["dispute", "new"] => forms::page(forms::Start::new(RecordKind::Dispute, route)),
        ["mediation", "new"] => forms::page(forms::Start::new(RecordKind::Mediation, route)),
        ["place", "new"] => forms::page(forms::Start::new(RecordKind::Place, route)),
        ["matter", "new"] => forms::page(forms::Start::new(RecordKind::Matter, route)),
        ["entry", "new"] => forms::page(forms::Start::new(RecordKind::Entry, route)),
        ["items"] => items::page(),
        ["micro"] => micro::list(),
        ["micro", code] => micro::page(code),
        ["emergency"] => alarm::emergency(),
        ["library"] => mediation::library_page(route),
        ["confidential"] => confidential::page(),
        ["confidential", "new"] => forms::page(forms::Start::new(RecordKind::Confidential, route)),
        ["item", one, "new"] => forms::page(forms::Start::item(one, route)),
        ["report"] => forms::page(forms::Start::quick(route)),
        ["saved", one] => with(id(one), saved::page),
        ["records"] => records::page(route),
        ["record", one] => with(id(one), record::page),
        ["record", one, "step", "handling"] => with(id(one), |id| forms::page(forms::Start::handling(id))),
        ["record", one, "step", step] => match (id(one), Step::parse(step)) {
            (Some(id), Some(step)) => forms::page(forms::Start::step(id, step)),
            _ => nowhere(),
        },
        ["record", one, "edit"] => with(id(one), |id| forms::page(forms::Start::correct(id))),
        ["places"] => place::list(),
        ["place", one] => with(id(one), place::page),
        ["task", one] => with(id(one), task::page),
        ["handover", one] => with(id(one), handover::page),
        ["me"] => me::page(),
        ["me", "backend"] => me::backend(),
        ["me", "carry"] => me::carry(),
        ["me", "phone"] => me::change_phone(),
        ["me", "install"] => me::install(),
        ["me", "password"] => me::password(),
        _ => nowhere(),
    }
}

fn with(id: Option<EntityId>, page: impl FnOnce(EntityId) -> AnyView) -> AnyView {
    match id {
        Some(id) => page(id),
        None => nowhere(),
    }
}

fn nowhere() -> AnyView {
    let home = view! { <a class="btn btn-primary" href="#/">"回到今天"</a> }.into_any();
    screen::Screen::new("没有这一页").back("/").view(blank(
        "search",
        "没有这一页",
        "地址可能不完整，记录都在，没有丢。",
        vec![home],
    ))
}
