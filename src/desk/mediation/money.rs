//! How the agreement is kept: instalments with their state, and a note of who paid or was urged (MED-08, MED-10).

use chrono::NaiveDate;
use gridbook_domain::mediation::agreement::{Performance, total};
use gridbook_domain::mediation::capital::{capital, digits};
use gridbook_domain::mediation::{Mediation, agreement};
use gridbook_log::{Body, EntityId, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use crate::app::{App, use_app};
use crate::ui::toast::{Toasts, use_toasts};

pub(super) fn kept(id: EntityId, file: &Mediation<'_>, today: NaiveDate, writes: bool) -> Option<AnyView> {
    let parts = agreement::instalments(file, today);
    if parts.is_empty() {
        return None;
    }
    let (app, toasts) = (use_app(), use_toasts());
    let sum = total(file);
    let rows = parts
        .into_iter()
        .map(|part| {
            let (class, said) = match (part.state, part.performed_on) {
                (Performance::Done, Some(day)) => ("tag tag-ok", format!("✓ {day} 已履行")),
                (Performance::Late, _) => {
                    ("tag tag-danger", format!("! 超 {} 天", (today - part.due).num_days()))
                }
                (Performance::Urged, _) => ("tag tag-warn", "! 催过，还没有履行".to_owned()),
                _ => ("tag", format!("还有 {} 天", (part.due - today).num_days())),
            };
            let what = if part.fen > 0 { format!("{} 元", digits(part.fen)) } else { part.act.to_owned() };
            let row = part.row.to_owned();
            let note = move |column: &'static str, words: &'static str, testid: &'static str| {
                let row = row.clone();
                view! {
                    <button
                        class="btn btn-small"
                        type="button"
                        data-testid=testid
                        on:click=move |_| {
                            spawn_local(write(app, toasts, id, format!("instalments/{row}/{column}"), today));
                        }
                    >
                        {words}
                    </button>
                }
                .into_any()
            };
            let open = writes && part.state != Performance::Done;
            let paid = open.then(|| note("performed_on", "记今天履行", "instalment-paid"));
            let urged = (open && part.state == Performance::Late)
                .then(|| note("urged_on", "记今天催促", "instalment-urged"));
            view! {
                <tr data-testid="instalment">
                    <td class="num">{part.n}</td>
                    <td>{part.due.to_string()}</td>
                    <td class="num">{what}</td>
                    <td><span class=class>{said}</span></td>
                    <td><div class="cluster">{paid}{urged}</div></td>
                </tr>
            }
        })
        .collect_view();
    let all = (sum > 0).then(|| {
        let words = format!("合计 {} 元，大写 {}", digits(sum), capital(sum));
        view! { <p class="muted small" data-testid="mediation-sum">{words}</p> }
    });
    Some(
        view! {
            <section class="section" data-testid="mediation-money">
                <div class="section-head"><h3 class="section-title">"协议履行"</h3></div>
                <div class="table-wrap" tabindex="0" role="region" aria-label="分期履行">
                    <table class="table table-dense">
                        <thead>
                            <tr>
                                <th scope="col" class="num">"期次"</th>
                                <th scope="col">"最后一天"</th>
                                <th scope="col" class="num">"金额或事项"</th>
                                <th scope="col">"履行"</th>
                                <th scope="col">"记一笔"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {all}
            </section>
        }
        .into_any(),
    )
}

async fn write(app: App, toasts: Toasts, id: EntityId, path: String, today: NaiveDate) {
    let set = [(path, Value::from(today.to_string()))].into();
    let write = NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
    let before = match app.entity(id).await {
        Ok(before) => before,
        Err(problem) => return toasts.warn(problem.message()),
    };
    if let Err(refusal) = app.check(before.as_deref(), &write) {
        return toasts.warn(refusal.message());
    }
    match app.save(vec![write], Vec::new(), Vec::new()).await {
        Ok(_) => toasts.ok("已记下，待同步"),
        Err(problem) => toasts.warn(problem.message()),
    }
}
