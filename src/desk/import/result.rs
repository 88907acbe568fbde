//! Last step: what was taken over, invitations for new staff, and taking it back within a day.

use std::collections::BTreeSet;
use std::sync::Arc;

use gridbook_domain::import::{Imported, UndoVerdict, undo_verdict};
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Entity, body, set_of};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::{Value, json};

use super::existing::CANCELLED;
use super::keep::{self, Done, Made};
use super::{Import, Stage, invites};
use crate::app::{App, Problem, use_app};
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// Operations in one save.
const BATCH: usize = 500;

pub(super) fn result(import: Import, done: &Arc<Done>) -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let asking = RwSignal::new(false);
    let words = format!("已导入 {} 行，生成或补充 {} 条记录", done.taken, done.items.len());
    let rest = if done.left > 0 {
        format!("有 {} 行没有导入，改好后可以再导入一次。", done.left)
    } else {
        String::new()
    };
    let refused = (!done.refused.is_empty()).then(|| {
        let lines = done.refused.iter().map(|line| view! { <li>{line.clone()}</li> }).collect_view();
        view! {
            <section class="section">
                <h2 class="section-title">"按权限和规则没有导入的"</h2>
                <ul class="stack-s">{lines}</ul>
            </section>
        }
    });
    let (taken, accounts) = (done.clone(), done.accounts.clone());
    let undo = move || {
        let done = taken.clone();
        import.stage.set(Stage::Busy("正在撤销，请不要关闭页面".to_owned()));
        spawn_local(async move {
            let next = match take_back(app, &done).await {
                Ok((0, kept)) => {
                    toasts.warn(format!("没有可以撤销的：{}", reasons(&kept)));
                    Stage::Done(done)
                }
                Ok((gone, kept)) => {
                    keep::drop_last(app);
                    let rest = if kept.is_empty() {
                        String::new()
                    } else {
                        format!("，另有保留：{}", reasons(&kept))
                    };
                    toasts.ok(format!("已撤销 {gone} 条{rest}"));
                    Stage::Choose
                }
                Err(words) => {
                    toasts.warn(words);
                    Stage::Done(done)
                }
            };
            let _ = import.stage.try_set(next);
        });
    };
    let ask = Confirm {
        title: "撤销这次导入？".to_owned(),
        text: "只撤销还没有走访、事项关联，也没有人改过的记录；其余保留。撤销会留在历史里。".to_owned(),
        yes: "撤销".to_owned(),
        danger: true,
    };
    view! {
        {banner(Tone::Ok, "check", words, rest, Vec::new())}
        {refused}
        {(!accounts.is_empty()).then(|| invites::invites(accounts))}
        <div class="cluster no-print">
            <button
                class="btn btn-primary"
                type="button"
                data-testid="import-next"
                on:click=move |_| import.stage.set(Stage::Choose)
            >
                "继续导入"
            </button>
            {opener(asking, "btn", "import-undo", Some("undo"), "撤销这次导入")}
        </div>
        <p class="muted small no-print">"24 小时内可以在这台电脑上撤销。"</p>
        {confirm(asking, ask, undo)}
    }
    .into_any()
}

fn reasons(kept: &[(UndoVerdict, usize)]) -> String {
    kept.iter().map(|(verdict, n)| format!("{n} 条{}", verdict.message())).collect::<Vec<_>>().join("；")
}

/// Takes back what may be taken back; returns how many, and how many were kept for which reason.
async fn take_back(app: App, done: &Done) -> Result<(usize, Vec<(UndoVerdict, usize)>), String> {
    let referred = referred(app, done);
    let mut writes = Vec::new();
    let mut kept: Vec<(UndoVerdict, usize)> = Vec::new();
    for made in &done.items {
        let Some(entity) = app.entity(made.id).await.map_err(|problem| problem.message())? else { continue };
        let item = Imported { key: made.key.clone(), changed_since: changed(&entity, made) };
        let verdict = undo_verdict(&item, done.at, app.now_ms(), &referred);
        if verdict == UndoVerdict::May {
            writes.push(NewWrite { entity: made.id, body: Body::Set(undo_of(made)) });
        } else if let Some((_, n)) = kept.iter_mut().find(|(held, _)| *held == verdict) {
            *n += 1;
        } else {
            kept.push((verdict, 1));
        }
    }
    let count = writes.len();
    disable(app, done, &writes).await?;
    let mut writes = writes.into_iter().peekable();
    while writes.peek().is_some() {
        let chunk: Vec<NewWrite> = writes.by_ref().take(BATCH).collect();
        app.save(chunk, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
    }
    Ok((count, kept))
}

/// Accounts of people who are taken back can no longer sign in.
async fn disable(app: App, done: &Done, writes: &[NewWrite]) -> Result<(), String> {
    let back = |made: &&Made| {
        writes.iter().any(|write| write.entity == made.id) && done.accounts.contains(&made.key)
    };
    for made in done.items.iter().filter(back) {
        let path = format!("/api/staff/{}", made.key);
        app.api()
            .patch::<_, Value>(&path, &json!({ "disabled": true }))
            .await
            .map_err(|error| Problem::from(error).message())?;
    }
    Ok(())
}

/// Nothing is deleted: a new record becomes cancelled, an added member is taken out of its household.
fn undo_of(made: &Made) -> body::Set {
    let set = if made.rows.is_empty() {
        [("status".to_owned(), json!(CANCELLED))].into()
    } else {
        made.rows.iter().map(|row| (format!("members/{row}/_gone"), json!(true))).collect()
    };
    body::Set { set, blobs: Vec::new() }
}

/// Whether anybody wrote to it after the import.
fn changed(entity: &Entity, made: &Made) -> bool {
    if made.rows.is_empty() {
        let by_people =
            entity.ops().filter(|(.., kind)| matches!(*kind, "create" | "set" | "event" | "place"));
        return by_people.count() > 1;
    }
    entity.registers().any(|(path, register)| {
        let row = path.strip_prefix("members/").and_then(|rest| rest.split('/').next());
        row.is_some_and(|row| made.rows.iter().any(|held| held == row)) && register.writes.len() > 1
    })
}

/// Codes that records outside this import refer to: households of reports, areas of households and reports.
fn referred(app: App, done: &Done) -> BTreeSet<String> {
    let own: BTreeSet<_> = set_of(done.items.iter().map(|made| made.id));
    app.rows(|rows| {
        let code =
            |id| rows.get(&id).and_then(|row| row.summary.as_ref()).map(|summary| summary.number.clone());
        let mut keys = BTreeSet::new();
        for (_, row) in rows.iter().filter(|(id, _)| !own.contains(id)) {
            let Some(summary) = &row.summary else { continue };
            if summary.kind.is_report() {
                keys.extend(summary.household.and_then(code));
                keys.extend(summary.units.iter().cloned());
            }
            if summary.state != CANCELLED
                && summary.kind != RecordKind::Unit
                && summary.kind != RecordKind::Staff
            {
                // A place is referred to by everything in it, but not by itself.
                let lengths = [9, 12, 15, 17].into_iter().filter(|len| *len < summary.number.len());
                keys.extend(lengths.filter_map(|len| summary.area.get(..len)).map(str::to_owned));
                if !summary.kind.is_directory() {
                    keys.insert(summary.area.clone());
                }
            }
        }
        keys
    })
}
