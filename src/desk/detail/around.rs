//! What stands around a case: reports that may be the same, earlier ones of the same people, and the short messages
//! that are to be sent. Suggestions; a person merges, copies, sends.

use std::sync::Arc;

use gridbook_domain::case::CaseView;
use gridbook_domain::hazard::{self, Spot, may_repeat, raised};
use gridbook_domain::record::RecordKind;
use gridbook_domain::rules::message::{Message, To, Words, of_case, of_mediation};
use gridbook_domain::rules::similar::{Similar, Why, duplicates, repeats};
use gridbook_domain::unit::Unit;
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::record::Record;
use crate::app::{App, use_app};
use crate::desk::parts::kind_icon;
use crate::desk::route::Route;
use crate::ui::directory::{Names, use_directory};
use crate::ui::dom::copy;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;
use crate::ui::unfit::to_file;

/// Cases shown at once.
const MOST: usize = 5;

/// Cases that seem to belong to this one.
pub(super) fn similar(record: &Record) -> AnyView {
    let app = use_app();
    let Some(own) = record.summary.as_ref().filter(|_| record.view.kind.is_case()) else {
        return ().into_any();
    };
    let package = app.package();
    let (twice, before) = app.rows(|rows| {
        let visible = || rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let known: Vec<_> = visible().filter(|row| row.kind == own.kind).collect();
        let rules = package.cases.get();
        (duplicates(rules, own, known.iter().copied()), repeats(rules, own, known.iter().copied()))
    });
    let twice = list(app, "可能是同一件事", "similar-twice", &twice);
    let before = list(app, "半年内也有过", "similar-before", &before);
    view! { {twice}{before} }.into_any()
}

/// The same kind of hazard at the same place again (HAZ-07): how often, and the level to suggest.
pub(super) fn again(record: &Record) -> AnyView {
    let app = use_app();
    let (Some(row), Some(new)) = (record.summary.as_ref(), Spot::of(&record.view)) else {
        return ().into_any();
    };
    if record.view.kind != RecordKind::Hazard {
        return ().into_any();
    }
    let package = app.package();
    let near = app.rows(|rows| {
        let visible = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        may_repeat(package.hazards.get(), row, visible)
    });
    let (found, level) = (RwSignal::new(0), record.view.level.clone().unwrap_or_default());
    spawn_local(async move {
        let mut known = Vec::new();
        for id in near {
            if let Ok(Some(entity)) = app.entity(id).await {
                known.extend(CaseView::of(&entity).as_ref().and_then(Spot::of));
            }
        }
        let count = hazard::repeats(app.package().hazards.get(), &new, &known).len();
        if count > 0 {
            let _ = found.try_set(count);
        }
    });
    let told = move || {
        let count = found.get();
        (count > 0).then(|| {
            let next = raised(&package, &level).filter(|next| next.id != level);
            let advice = next.map_or_else(String::new, |next| format!("建议等级提一级：{}。", next.label));
            let days = package.hazards.get().repeat_days;
            let text = format!("{days} 天内，同一处同一种隐患登记过 {count} 次。{advice}");
            view! { <div data-testid="hazard-again">{banner(Tone::Warn, "attention", "反复出现的隐患", text, Vec::new())}</div> }
        })
    };
    live(told)
}

fn list(app: App, title: &'static str, test: &'static str, found: &[Similar]) -> Option<AnyView> {
    let lines: Vec<AnyView> = found.iter().take(MOST).filter_map(|one| line(app, one)).collect();
    if lines.is_empty() {
        return None;
    }
    let more = found.len().saturating_sub(MOST);
    let more = (more > 0).then(|| view! { <p class="muted small">{format!("还有 {more} 件")}</p> });
    Some(
        view! {
            <section class="section" data-testid=test>
                <div class="section-head">
                    <h3 class="section-title">{title}</h3>
                </div>
                <ul class="stack-s">{lines}</ul>
                {more}
            </section>
        }
        .into_any(),
    )
}

fn line(app: App, one: &Similar) -> Option<AnyView> {
    let (kind, title, number, state) = app.rows(|rows| {
        let row = rows.get(&one.id)?.summary.as_ref()?;
        Some((row.kind, row.title.clone(), row.number.clone(), row.state.clone()))
    })?;
    let why = match one.why {
        Why::Household => "同一户".to_owned(),
        Why::Place => "同一地点".to_owned(),
        Why::Near(metres) => format!("相距 {metres} 米"),
        Why::Party => "同一当事人".to_owned(),
    };
    let days = if one.days == 0 { "同一天".to_owned() } else { format!("相隔 {} 天", one.days) };
    let words = format!("{title} {number}");
    let sub = format!(" · {why}，{days}，{}", app.package().state_label(&state));
    let href = Route::Queue(Some(one.id)).href();
    Some(view! { <li><a href=href>{icon(kind_icon(kind))} " " {words}</a><span class="muted">{sub}</span></li> }.into_any())
}

/// A dispute that one form is not enough for, until there is a file (MED-02).
pub(super) fn wants_file(record: &Record) -> Option<AnyView> {
    let (app, case) = (use_app(), &record.view);
    let open = record.summary.as_ref().is_some_and(|row| row.is_open());
    if case.kind != RecordKind::Dispute || !open {
        return None;
    }
    let about = case.id.to_string();
    let filed = app.rows(|rows| {
        let mut files = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        files.any(|s| s.kind == RecordKind::Mediation && s.categories.contains(&about))
    });
    (!filed).then(|| to_file(&case.values)).flatten()
}

/// The short messages that are to be sent now, with who gets them: to be copied, or sent from this device. `red_lamps` are
/// the unit's late cases of the month.
pub(super) fn messages(record: &Record, red_lamps: u32) -> AnyView {
    let app = use_app();
    let names = &use_directory().get_untracked();
    let (package, view) = (app.package(), &record.view);
    let township = app.session.with_untracked(|s| s.as_ref().and_then(|s| s.profile.township.phone.clone()));
    let words = Words {
        unit: &|code| names.unit(code),
        person: &|user| names.person(user),
        phone: township.as_deref().unwrap_or("村委会"),
    };
    let list = if view.kind == RecordKind::Mediation {
        of_mediation(&package, view, app.today())
    } else {
        of_case(&package, view, &record.clocks, red_lamps, words, app.now_ms())
    };
    if list.is_empty() {
        return ().into_any();
    }
    let names = Arc::new(names.clone());
    let rows = list.into_iter().map(|message| one_message(app, &names, message)).collect_view();
    view! {
        <section class="section" data-testid="messages">
            <div class="section-head">
                <h3 class="section-title">"可以发的短信"</h3>
            </div>
            <ul class="stack">{rows}</ul>
        </section>
    }
    .into_any()
}

fn one_message(app: App, names: &Arc<Names>, message: Message) -> AnyView {
    let toasts = use_toasts();
    let told = RwSignal::new(Vec::<(String, String)>::new());
    let (names, to) = (names.clone(), message.to.clone());
    spawn_local(async move {
        let mut list = Vec::new();
        for one in &to {
            list.extend(receivers_of(app, &names, one).await);
        }
        let _ = told.try_set(list);
    });
    let text = message.text.clone();
    let copied = move |_| {
        if copy(&text) {
            toasts.ok("已复制，可以粘贴到短信里");
        } else {
            toasts.warn("浏览器不让复制，请选中文字自己复制");
        }
    };
    let body = message.text.clone();
    let receivers = move || {
        let body = body.clone();
        let one = move |(name, phone): (String, String)| {
            if phone.is_empty() {
                return view! { <span>{format!("{name}（没有电话）")}</span> }.into_any();
            }
            let href = format!("sms:{phone}?body={}", js_sys::encode_uri_component(&body));
            view! { <a href=href>{icon("phone")} {format!("发给{name} {phone}")}</a> }.into_any()
        };
        told.get().into_iter().map(one).collect_view()
    };
    let after = message.step.filter(|step| *step > 0).map(|_| {
        view! { <p class="muted small">"发出以后请用“督办”记下，才不会再提醒。"</p> }
    });
    view! {
        <li class="stack-s">
            <p><span class="tag">{message.label}</span> " " {message.text}</p>
            <p class="cluster">
                <button class="btn btn-small" type="button" data-testid="message-copy" on:click=copied>"复制"</button>
                {receivers}
            </p>
            {after}
        </li>
    }
    .into_any()
}

/// Names and telephones of a receiver, from the directory or from the case: a unit is who is on duty there today, and its
/// head.
async fn receivers_of(app: App, names: &Names, to: &To) -> Vec<(String, String)> {
    let (kind, code, name) = match to {
        To::Person { name, phone } => return vec![(name.clone(), phone.clone())],
        To::User(user) => (RecordKind::Staff, user, names.person(user)),
        To::Unit(unit) => (RecordKind::Unit, unit, names.unit(unit)),
    };
    let id: Option<EntityId> = app.rows(|rows| {
        let fits = |row: &&gridbook_domain::summary::Summary| row.kind == kind && row.number == *code;
        rows.values().filter_map(|row| row.summary.as_ref()).find(fits).map(|row| row.id)
    });
    let entity = match id {
        Some(id) => app.entity(id).await.ok().flatten(),
        None => None,
    };
    match entity {
        Some(entity) if kind == RecordKind::Unit => Unit::of(&entity).reached_on(app.today()),
        Some(entity) => vec![(name, entity.text("phone").unwrap_or_default().to_owned())],
        None => vec![(name, String::new())],
    }
}
