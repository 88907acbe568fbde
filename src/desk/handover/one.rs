//! One hand-over: its list, where it stands, and what this person can do about it.

use gridbook_domain::handover::{Handover, ItemKind, moved_rows};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, EntityId, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};

use crate::app::{App, Backend, Problem, use_app};
use crate::desk::route::Route;
use crate::desk::table::{Col, table};
use crate::desk::words::moment;
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::directory::use_directory;
use crate::ui::states::{Tone, banner, blank, loading};
use crate::ui::toast::{Toasts, use_toasts};

#[derive(Clone, PartialEq)]
enum Load {
    Waiting,
    Missing,
    /// With whether a server keeps the accounts.
    Here(Box<Handover>, bool),
}

pub(super) fn one(id: EntityId) -> AnyView {
    let app = use_app();
    let load = RwSignal::new(Load::Waiting);
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let read = app.entity(id).await.ok().flatten().and_then(|entity| Handover::of(&entity));
            let server = app.backend().await == Backend::Server;
            let next = read.map_or(Load::Missing, |handover| Load::Here(Box::new(handover), server));
            if load.try_get_untracked().is_some_and(|held| held != next) {
                load.set(next);
            }
        });
    });
    let (asking, toasts) = (RwSignal::new(false), use_toasts());
    let stop = move || {
        let Load::Here(handover, _) = load.get_untracked() else { return };
        spawn_local(async move {
            match app.hand_over(&handover, handover.cancel("发起人或一方取消")).await {
                Ok(()) => toasts.ok("已取消，什么也没有移动"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    let ask = Confirm {
        title: "取消这次交接？".to_owned(),
        text: "清单作废，户和事项都不动。需要时可以重新发起。".to_owned(),
        yes: "取消交接".to_owned(),
        danger: true,
    };
    let shown = move || match load.get() {
        Load::Waiting => loading(4),
        Load::Missing => blank("search", "这次交接不在这台电脑上", "同步后会自动显示。", Vec::new()),
        Load::Here(handover, server) => draw(app, &handover, server, asking),
    };
    view! { {shown}{confirm(asking, ask, stop)} }.into_any()
}

fn draw(app: App, handover: &Handover, server: bool, asking: RwSignal<bool>) -> AnyView {
    let names = use_directory().get();
    let toasts = use_toasts();
    let terms = &handover.terms;
    let title = format!("{} 交给 {}", names.person(&terms.from), names.person(&terms.to));
    let sub = format!("{} · 从 {} 起 · {}", names.area(&terms.area), terms.on, handover.words());
    let line = |label: &'static str, at: Option<u64>| {
        let said = at.map_or_else(|| "还没有".to_owned(), moment);
        view! {
            <div>
                <dt>{label}</dt>
                <dd>{said}</dd>
            </div>
        }
    };
    let rows = handover
        .items
        .iter()
        .map(|item| {
            let (kind, href) = match item.kind {
                ItemKind::Case => ("在办", Route::Queue(Some(item.record)).href()),
                ItemKind::Task => ("走访任务", Route::Tasks.href()),
                ItemKind::Visit => ("到期走访", Route::Households(Some(item.record)).href()),
                ItemKind::Household => ("户", Route::Households(Some(item.record)).href()),
            };
            view! {
                <tr data-testid="handover-item">
                    <td>{kind}</td>
                    <td><a href=href>{item.title.clone()}</a></td>
                    <td>{item.note.clone()}</td>
                </tr>
            }
        })
        .collect_view();
    let cancelled =
        handover.cancelled.clone().map(|why| banner(Tone::Warn, "warn", "已取消", why, Vec::new()));
    let reason = (!terms.reason.is_empty()).then(|| {
        let reason = terms.reason.clone();
        view! {
            <div>
                <dt>"原因"</dt>
                <dd>{reason}</dd>
            </div>
        }
    });
    view! {
        <div class="pane-head">
            <button class="btn btn-small pane-back" type="button" on:click=move |_| Route::Handover(None).go()>
                "返回列表"
            </button>
            <div class="grow record-head">
                <h2 class="record-title" data-testid="handover-title">{title}</h2>
                <p class="muted small" data-testid="handover-words">{sub}</p>
            </div>
        </div>
        <div class="pane-body stack" tabindex="0" role="region" aria-label="交接内容">
            {cancelled}
            <dl class="kv">
                {line("接手人核对", handover.taken_at)}
                {line("移交人确认", handover.left_at)}
                {reason}
            </dl>
            {table("交接清单", true, &[Col::Text("类"), Col::Text("名称"), Col::Text("说明")], rows)}
        </div>
        {actions(app, toasts, handover, server, asking)}
    }
    .into_any()
}

fn actions(
    app: App,
    toasts: Toasts,
    handover: &Handover,
    server: bool,
    asking: RwSignal<bool>,
) -> Option<AnyView> {
    let user = app.user();
    let side = handover.side(&user);
    let mine = side.is_some() && side == handover.waits_for();
    let stops = handover.waits_for().is_some() && (side.is_some() || handover.starter == user);
    let manages = holds(&app.package(), &app.actor(), "user.manage", app.today());
    let revokes = handover.done() && manages && server;
    let keeps = holds(&app.package(), &app.actor(), "directory.edit", app.today());
    let records = handover.done() && keeps && !server;
    if !(mine || stops || revokes || records) {
        return None;
    }
    let (confirmed, leaver) = (handover.clone(), handover.terms.from.clone());
    let agree = move |_| {
        let handover = confirmed.clone();
        spawn_local(async move {
            match app.hand_over(&handover, handover.confirm()).await {
                Ok(()) => toasts.ok("已确认，待同步"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    let revoke = move |_| {
        let user = leaver.clone();
        spawn_local(async move {
            let body = json!({ "disabled": true });
            match app.api().patch::<_, Value>(&format!("/api/staff/{user}"), &body).await {
                Ok(_) => toasts.ok("已停用，那部手机不能再登录和同步"),
                Err(error) => toasts.warn(Problem::from(error).message()),
            }
        });
    };
    let done = handover.clone();
    let record = move |_| {
        let handover = done.clone();
        spawn_local(async move {
            match record_roles(app, &handover).await {
                Ok(true) => toasts.ok("名册已改：接手人同步后看到这个网格"),
                Ok(false) => toasts.ok("名册早已改过"),
                Err(words) => toasts.warn(words),
            }
        });
    };
    Some(
        view! {
            <div class="pane-foot">
                {mine
                    .then(|| {
                        view! {
                            <button
                                class="btn btn-primary"
                                type="button"
                                data-testid="handover-confirm"
                                on:click=agree
                            >
                                "核对无误，确认"
                            </button>
                        }
                    })}
                {stops.then(|| opener(asking, "btn btn-quiet", "handover-cancel", None, "取消交接"))}
                {records
                    .then(|| {
                        view! {
                            <button
                                class="btn btn-primary"
                                type="button"
                                data-testid="handover-record"
                                on:click=record
                            >
                                "把岗位改到接手人名下"
                            </button>
                        }
                    })}
                {revokes
                    .then(|| {
                        view! {
                            <button class="btn" type="button" data-testid="handover-revoke" on:click=revoke>
                                "停用移交人的账号"
                            </button>
                        }
                    })}
            </div>
        }
        .into_any(),
    )
}

/// Without a server the directory says who works where: the roles of the area become the successor's. False when they are.
async fn record_roles(app: App, handover: &Handover) -> Result<bool, String> {
    let person = async |user: &str| {
        let id = app.rows(|rows| {
            let mut staff = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
            let known = |row: &Summary| row.kind == RecordKind::Staff && !row.rejected && row.number == user;
            staff.find(|(_, row)| known(row)).map(|(id, _)| *id)
        });
        let gone = || "名册里没有这个人，没有改动。".to_owned();
        let entity = app.entity(id.ok_or_else(gone)?).await.map_err(|problem| problem.message())?;
        entity.ok_or_else(gone)
    };
    let (leaver, taker) = (person(&handover.terms.from).await?, person(&handover.terms.to).await?);
    let (ends, gets) = moved_rows(handover, &leaver.values(), &taker.values());
    let mut writes = Vec::new();
    for (entity, set) in [(leaver, ends), (taker, gets)].into_iter().filter(|(_, set)| !set.is_empty()) {
        let body = Body::Set(body::Set { set, blobs: Vec::new() });
        let write = NewWrite { entity: entity.id(), body };
        app.check(Some(&entity), &write).map_err(|refusal| refusal.message())?;
        writes.push(write);
    }
    let any = !writes.is_empty();
    app.save(writes, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
    Ok(any)
}
