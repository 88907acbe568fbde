//! 点位: the sites of a village, and registering one at the desk (TERR-10). What is corrected later, and what is kept there, is
//! written down on the spot with a phone.

use std::collections::BTreeMap;
use std::sync::Arc;

use gridbook_domain::form::{Stage, Values, validate};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, Create, Placement};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::Desk;
use crate::app::App;
use crate::desk::table::{Col, table};
use crate::ui::ask::{Answers, Ask, Kind, Question, ask_button, asking};
use crate::ui::live;

/// The list, and the button of who may keep it.
pub(super) fn section(desk: Desk) -> AnyView {
    // Drawn anew only when they changed: a button under the fingers keeps the focus while records come in.
    let sites = Memo::new(move |_| sites(desk));
    let names = desk.names;
    asking(move || {
        live(move || {
            let (village, list) = sites.get();
            names.track();
            untrack(|| draw(desk, &village, &list))
        })
    })
}

/// The village, and the sites in it.
fn sites(desk: Desk) -> (String, Vec<Summary>) {
    let village = desk.village.get();
    let mut list: Vec<Summary> = desk.app.rows(|rows| {
        let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        seen.filter(|row| row.kind == RecordKind::Place && row.area.starts_with(&village)).cloned().collect()
    });
    gridbook_log::order_by_key(&mut list, |row| (row.area.clone(), row.title.clone(), row.id));
    (village, list)
}

fn draw(desk: Desk, village: &str, list: &[Summary]) -> AnyView {
    let app = desk.app;
    let package = app.package();
    let rows = list
        .iter()
        .map(|row| {
            let kind = row.categories.first().map_or("", |id| package.label("point_kind", id)).to_owned();
            let place = desk.names.with(|names| names.area(&row.area));
            let state = if row.state == "closed" { "停用、消除" } else { "在用" };
            view! {
                <tr data-testid="site-row" data-id=row.id.to_string()>
                    <td class="strong">{row.title.clone()}</td>
                    <td>{kind}</td>
                    <td>{place}</td>
                    <td>{row.subtitle.clone()}</td>
                    <td>{state}</td>
                </tr>
            }
        })
        .collect_view();
    let heads =
        [Col::Text("点位"), Col::Text("类别"), Col::Text("网格"), Col::Text("地点"), Col::Text("状态")];
    let target = Target::new(RecordKind::Place, village, None);
    let add = may(&package, &app.actor(), "household.edit", &target, app.today()).then(|| add(desk, village));
    view! {
        <section class="section" data-testid="sites">
            <div class="section-head"><h2 class="section-title">{format!("点位 {}", list.len())}</h2>{add}</div>
            {table("点位", false, &heads, rows)}
        </section>
    }
    .into_any()
}

fn add(desk: Desk, village: &str) -> AnyView {
    let package = desk.app.package();
    let kinds = package.dict("point_kind").map_or(&[][..], |dict| dict.options.as_slice());
    let kinds = kinds.iter().map(|kind| (kind.id.clone(), kind.label.clone())).collect();
    let grids = desk.names.with(|names| names.leaves(&[village]));
    let line = |path, label, kind, needed| Question { path, label, kind, needed };
    let ask = Ask {
        title: "登记点位".to_owned(),
        note: "物资、受威胁的户、照片由网格员在手机上补。".to_owned(),
        yes: "登记",
        done: "点位已登记，巡查到期会出现在手机上",
        questions: vec![
            line("name", "名称", Kind::Text(60), true),
            line("point_kind", "类别", Kind::Choice(kinds), true),
            line("area", "在哪个网格", Kind::Choice(grids), true),
            line("address_text", "在哪里", Kind::Text(100), false),
            line("responsible", "责任人", Kind::Text(30), false),
            line("phone", "电话", Kind::Text(20), false),
            line("patrol_days", "平时几天巡一次（不填按规定）", Kind::Text(3), false),
        ],
        known: BTreeMap::new(),
    };
    ask_button("btn btn-small", "site-new", village, "登记点位", ask, Arc::new(register))
}

fn register(app: App, given: &Answers) -> Result<Vec<NewWrite>, String> {
    let package = app.package();
    let form = package.form_for(RecordKind::Place).ok_or("这台电脑上的表单不全，请联网同步后再登记。")?;
    let said = given.iter().filter(|(path, words)| **path != "area" && !words.trim().is_empty());
    let mut set: Values = said.map(|(path, words)| ((*path).to_owned(), words.trim().into())).collect();
    if let Some(days) = given.get("patrol_days").map(|days| days.trim()).filter(|days| !days.is_empty()) {
        let days: u32 = days.parse().map_err(|_| "几天巡一次请填数字，或者不填。".to_owned())?;
        set.insert("patrol_days".to_owned(), days.into());
    }
    set.insert("status".to_owned(), "active".into());
    let problems = validate(&package, form, &set, &BTreeMap::new(), Stage::Quick, app.today());
    if let Some(problem) = problems.iter().find(|problem| problem.blocks) {
        return Err(problem.message.clone());
    }
    let create = Create {
        type_: RecordKind::Place.as_str().to_owned(),
        form: Some(format!("{}/{}", form.id, form.version)),
        place: Placement { area: given.get("area").cloned(), ..Placement::default() },
        set,
        ..Create::default()
    };
    Ok(vec![NewWrite { entity: app.new_id(), body: Body::Create(create) }])
}
