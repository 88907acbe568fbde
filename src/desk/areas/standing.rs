//! What was decided: when it counts, what has to move, and which records somebody still has to place.

use std::collections::BTreeMap;

use gridbook_domain::plan::task::{left_behind, walkers};
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::AreaNode;
use gridbook_domain::territory::covers;
use gridbook_domain::territory::cut::{Cut, Node, cuts};
use gridbook_domain::territory::recut::{Plan, plan};
use gridbook_log::{Body, EntityId, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Desk, follow};
use crate::app::App;
use crate::desk::parts::select;
use crate::desk::table::{Col, table};
use crate::ui::toast::use_toasts;

/// What has to move today.
fn waiting(app: App, nodes: &[Node], cuts: &[Cut]) -> Plan {
    let tree: Vec<AreaNode> = nodes.iter().map(|node| node.node.clone()).collect();
    let chosen: BTreeMap<EntityId, String> =
        cuts.iter().flat_map(|cut| cut.to.iter().map(|(id, to)| (*id, to.clone()))).collect();
    app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let held: Vec<&Summary> = held.filter(|row| !row.rejected).collect();
        plan(&tree, &chosen, held, app.today())
    })
}

pub(super) fn standing(desk: Desk, nodes: &[Node]) -> Option<AnyView> {
    let (app, names) = (desk.app, desk.names.get());
    let all = cuts(nodes);
    if all.is_empty() {
        return None;
    }
    let toasts = use_toasts();
    let Plan { moves, undecided } = waiting(app, nodes, &all);
    let today = app.today();
    let named = |codes: &[String]| codes.iter().map(|code| names.area(code)).collect::<Vec<_>>().join("、");
    let rows = all
        .iter()
        .map(|cut| {
            let state = if today < cut.on { "还没到日子" } else { "✓ 已生效" };
            view! {
                <tr data-testid="areas-cut">
                    <td>{named(&cut.old)}</td>
                    <td class="strong">{named(&cut.new)}</td>
                    <td>{cut.on.to_string()}</td>
                    <td>{state}</td>
                </tr>
            }
        })
        .collect_view();
    let lines: Vec<AnyView> = undecided.iter().filter_map(|id| line(desk, nodes, *id)).collect();
    let (due, records): (Vec<Cut>, _) = (all.iter().filter(|cut| cut.on <= today).cloned().collect(), moves);
    let people = desk.people.get();
    let goes = walkers(&app.package(), people.iter().flat_map(|people| people.iter()), today);
    let tasks = app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        left_behind(&due, held, &goes)
    });
    let count = records.len() + tasks;
    let busy = RwSignal::new(false);
    let go = move |_| {
        let (due, records) = (due.clone(), records.clone());
        busy.set(true);
        spawn_local(async move {
            match follow::follow(app, &due, &records).await {
                Ok(words) => toasts.ok(words),
                Err(words) => toasts.warn(words),
            }
            let _ = busy.try_set(false);
        });
    };
    let button = (count > 0).then(|| {
        view! {
            <button
                class="btn btn-primary"
                type="button"
                data-testid="areas-move"
                disabled=move || busy.get()
                on:click=go
            >
                {format!("把 {count} 条记录移到新网格")}
            </button>
        }
    });
    let cases = (!lines.is_empty()).then(|| {
        view! {
            <h3 class="section-title">"这些还要说归哪个网格"</h3>
            <table class="table table-dense"><tbody>{lines}</tbody></table>
        }
    });
    let heads = [Col::Text("原来的网格"), Col::Text("新网格"), Col::Text("从哪天起"), Col::Text("状态")];
    Some(
        view! {
            <section class="section stack">
                <div class="section-head"><h2 class="section-title">"定下的调整"</h2></div>
                {button}
                {cases}
                {table("定下的调整", true, &heads, rows)}
                <p class="muted small">"新旧两种口径的数字在“统计台账”的“新旧网格”里。"</p>
            </section>
        }
        .into_any(),
    )
}

/// A record that came after the decision: where it belongs is written beside the others.
fn line(desk: Desk, nodes: &[Node], id: EntityId) -> Option<AnyView> {
    let (app, names, toasts) = (desk.app, desk.names.get(), use_toasts());
    let row = app.row(id).and_then(|row| row.summary)?;
    let over =
        nodes.iter().filter(|node| !node.node.successors.is_empty() && covers(&node.node.code, &row.area));
    let node = over.max_by_key(|node| node.node.code.len())?;
    let (stream, new) = (node.id, node.node.successors.clone());
    let options = move || {
        let named = new.iter().map(|code| (code.clone(), names.area(code)));
        std::iter::once((String::new(), "请选".to_owned())).chain(named).collect()
    };
    let set = move |code: String| {
        spawn_local(async move {
            if let Err(words) = say(app, stream, id, &code).await {
                toasts.warn(words);
            }
        });
    };
    Some(
        view! {
            <tr data-testid="areas-open">
                <td>{format!("{} {}", row.kind.label(), row.title)}</td>
                <td>{select("归哪个网格", "areas-to", String::new, options, set)}</td>
            </tr>
        }
        .into_any(),
    )
}

async fn say(app: App, stream: EntityId, id: EntityId, code: &str) -> Result<(), String> {
    let set = [(format!("moves/{id}"), code.into())].into();
    app.put(vec![NewWrite { entity: stream, body: Body::Set(body::Set { set, blobs: Vec::new() }) }]).await
}
