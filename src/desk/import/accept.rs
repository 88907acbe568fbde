//! Third step: good rows become records, in batches; every one judged by the rules of admission first.

use std::sync::Arc;

use gridbook_domain::import::RowDraft;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Assignment;
use gridbook_log::{Body, Create, EntityId, Placement, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use serde::Serialize;
use serde_json::Value;

use super::keep::{self, Done, Made};
use super::{Import, Read, Stage};
use crate::app::App;
use crate::desk::areas::zones;

/// Records in one save.
const BATCH: usize = 500;

#[derive(Serialize)]
struct Person {
    user: String,
    name: String,
    phone: Option<String>,
    assignments: Vec<Assignment>,
}

#[derive(Serialize)]
struct People {
    staff: Vec<Person>,
}

pub(super) async fn accept(app: App, import: Import, read: Read) {
    let drafts = &read.preview.ok;
    import.failure.set(None);
    import.stage.set(Stage::Saving(0, drafts.len()));
    let people: Vec<Person> =
        drafts.iter().filter(|draft| draft.kind == RecordKind::Staff).map(person).collect();
    // Without a server the directory is all there is; invitations are made from it.
    let local = app.is_local();
    let accounts: Vec<String> =
        if local { Vec::new() } else { people.iter().map(|person| person.user.clone()).collect() };
    // Accounts live at the server: without it nothing of a staff sheet is taken over, so that none is half there.
    if !people.is_empty()
        && !local
        && let Err(error) = app.api().post::<_, Value>("/api/staff/import", &People { staff: people }).await
    {
        let words = crate::app::Problem::from(error).message();
        let _ = import.failure.try_set(Some(format!("人员没有导入：{words}")));
        let _ = import.stage.try_set(Stage::Review(read.clone()));
        return;
    }
    let mut done = Done {
        file: read.name.clone(),
        at: app.now_ms(),
        taken: 0,
        left: read.preview.rejected_rows(),
        refused: Vec::new(),
        items: Vec::new(),
        accounts,
    };
    for (n, chunk) in drafts.chunks(BATCH).enumerate() {
        if let Err(words) = batch(app, chunk, &mut done).await {
            let text = format!(
                "保存到第 {} 条时停下：{words} 前面已保存的都在，可以再导入一次，已有的会被认出。",
                n * BATCH
            );
            let _ = import.failure.try_set(Some(text));
            break;
        }
        keep::put(app, &done);
        let _ = import.stage.try_set(Stage::Saving((n + 1) * BATCH, drafts.len()));
    }
    // Who leads a zone sees the villages that this sheet put into it.
    let zoned = |draft: &RowDraft| {
        draft.kind == RecordKind::Staff || draft.kind == RecordKind::Area && draft.values.contains_key("zone")
    };
    if drafts.iter().any(zoned) {
        match zones::follow(app).await {
            Ok(None) => {}
            Ok(Some(words)) => done.refused.push(words),
            Err(words) => done
                .refused
                .push(format!("片长的负责范围没有全部改好：{words} 请到“网格调整”里打开片，点一次保存。")),
        }
        keep::put(app, &done);
    }
    let _ = import.stage.try_set(Stage::Done(Arc::new(done)));
}

async fn batch(app: App, drafts: &[RowDraft], done: &mut Done) -> Result<(), String> {
    let mut writes = Vec::with_capacity(drafts.len());
    let mut made = Vec::with_capacity(drafts.len());
    let mut taken = 0;
    for draft in drafts {
        let existing = draft.existing.as_deref().and_then(EntityId::parse);
        let before = match existing {
            Some(id) => app.entity(id).await.map_err(|problem| problem.message())?,
            None => None,
        };
        let id = existing.unwrap_or_else(|| app.new_id());
        let write = NewWrite { entity: id, body: body_of(app, draft, existing.is_some()) };
        if let Err(refusal) = app.check(before.as_deref(), &write) {
            let rows: Vec<String> =
                draft.rows.iter().map(|row| format!("{} 第 {} 行", row.sheet, row.row)).collect();
            done.refused.push(format!("{}：{}", rows.join("、"), refusal.message()));
            done.left += draft.rows.len();
            continue;
        }
        let rows = if existing.is_some() { member_rows(draft) } else { Vec::new() };
        made.push(Made { id, key: draft.key.clone(), rows });
        taken += draft.rows.len();
        writes.push(write);
    }
    if !writes.is_empty() {
        app.save(writes, Vec::new(), Vec::new()).await.map_err(|problem| problem.message())?;
    }
    done.taken += taken;
    done.items.extend(made);
    Ok(())
}

fn body_of(app: App, draft: &RowDraft, exists: bool) -> Body {
    if exists {
        return Body::Set(body::Set { set: draft.values.clone(), blobs: Vec::new() });
    }
    let place = if draft.kind.is_directory() {
        Placement { all: Some(true), ..Placement::default() }
    } else {
        Placement { area: Some(draft.area.clone()), ..Placement::default() }
    };
    let package = app.package();
    let form = package.form_for(draft.kind).map(|form| format!("{}/{}", form.id, form.version));
    Body::Create(Create {
        type_: draft.kind.as_str().to_owned(),
        form,
        place,
        set: draft.values.clone(),
        ..Create::default()
    })
}

/// Rows of members that a draft adds.
fn member_rows(draft: &RowDraft) -> Vec<String> {
    let mut rows: Vec<String> = draft
        .values
        .keys()
        .filter_map(|path| path.strip_prefix("members/")?.split('/').next())
        .map(str::to_owned)
        .collect();
    rows.dedup();
    rows
}

fn person(draft: &RowDraft) -> Person {
    let text = |path: &str| draft.values.get(path).and_then(Value::as_str).map(str::to_owned);
    let assignments = gridbook_domain::form::table_rows(&draft.values, "assignments")
        .into_iter()
        .map(|row| {
            let part = |name: &str| text(&format!("assignments/{row}/{name}"));
            Assignment {
                role: part("role").unwrap_or_default(),
                area: part("area"),
                unit: part("unit"),
                ..Assignment::default()
            }
        })
        .collect();
    Person {
        user: draft.key.clone(),
        name: text("name").unwrap_or_default(),
        phone: text("phone"),
        assignments,
    }
}
