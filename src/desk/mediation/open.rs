//! A new file for a dispute, with all that the dispute says already.

use gridbook_domain::case::CaseView;
use gridbook_domain::mediation::open::from_dispute;
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, EntityId, Placement};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::{App, use_app};
use crate::desk::parts::line;
use crate::desk::route::Route;
use crate::ui::dialog::{Doing, dialog};
use crate::ui::largest_first;

pub(super) fn dialog_for(open: RwSignal<bool>) -> AnyView {
    let app = use_app();
    let chosen = RwSignal::new(String::new());
    let committee = RwSignal::new(app.session.with_untracked(|s| {
        s.as_ref().map(|s| format!("{}人民调解委员会", s.profile.township.name)).unwrap_or_default()
    }));
    let doing = Doing::new(open);
    let make = move || {
        let Some(dispute) = EntityId::parse(&chosen.get_untracked()) else {
            return doing.failed("请先选一件纠纷");
        };
        doing.begin(async move {
            let id = create(app, dispute, &committee.get_untracked()).await?;
            Route::Mediation(Some(id)).go();
            Ok("已立卷，待同步".to_owned())
        });
    };
    let inside = move || {
        let options = disputes(app)
            .into_iter()
            .map(|(id, words)| view! { <option value=id>{words}</option> })
            .collect_view();
        let body = view! {
            <div class="field">
                <label class="label" for="open-dispute">"哪一件纠纷"</label>
                <p class="help">"案由、事实、当事人、金额会从纠纷里带过来，不用再填。"</p>
                <span class="select">
                    <select
                        class="input"
                        id="open-dispute"
                        data-testid="open-dispute"
                        on:change=move |event| chosen.set(event_target_value(&event))
                    >
                        <option value="">"请选择"</option>
                        {options}
                    </select>
                </span>
            </div>
            {line("调委会", "open-committee", "text", None, committee, false)}
        };
        doing.foot("立卷", "open-save").form(body.into_any(), make)
    };
    dialog(open, "", "立卷", Box::new(inside))
}

/// Open disputes, the latest first.
fn disputes(app: App) -> Vec<(String, String)> {
    app.rows(|rows| {
        let all = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let open = all.filter(|summary| summary.kind == RecordKind::Dispute && summary.is_open()).collect();
        largest_first(open, |summary| summary.updated)
            .into_iter()
            .map(|summary| (summary.id.to_string(), format!("{} {}", summary.number, summary.title)))
            .collect()
    })
}

async fn create(app: App, dispute: EntityId, committee: &str) -> Result<EntityId, String> {
    let gone = || "这件纠纷已不在这台电脑上，没有立卷。".to_owned();
    let entity = app.entity(dispute).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
    let case = CaseView::of(&entity).ok_or_else(gone)?;
    let package = app.package();
    let form = package.form("F-MEDIATION").ok_or_else(|| "数据包里没有卷宗的表单，没有立卷。".to_owned())?;
    let create = Create {
        type_: RecordKind::Mediation.as_str().to_owned(),
        form: Some(format!("{}/{}", form.id, form.version)),
        state: package.flow(RecordKind::Mediation).map(|flow| flow.initial.clone()),
        parent: Some(dispute),
        place: Placement { area: Some(case.area.clone()), ..Placement::default() },
        set: from_dispute(&case, committee.trim()),
        blobs: Vec::new(),
    };
    let id = app.new_id();
    app.put(vec![NewWrite { entity: id, body: Body::Create(create) }]).await?;
    Ok(id)
}
