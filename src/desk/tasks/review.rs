//! 走访抽查: visits of this month and the one before that somebody asks about again, drawn by lot in each village; what came
//! of it is written down here.

use std::sync::Arc;

use chrono::{Datelike, Days, Months};
use gridbook_domain::plan::sample::{FORM, Found, Picked, look, picked};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_log::Body;
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::App;
use crate::desk::route::Route;
use crate::desk::table::{Col, table};
use crate::ui::ask::{Ask, Kind, Question, ask_button};
use crate::ui::directory::Directory;
use crate::ui::live;

/// Choices of the form, with their words.
fn choices(app: App, path: &str) -> Vec<(String, String)> {
    let package = app.package();
    let field = package.form(FORM).and_then(|form| form.field(path));
    let list = field.map_or(&[][..], |field| package.choices(field));
    list.iter().map(|choice| (choice.id.clone(), choice.label.clone())).collect()
}

/// The list of a village.
pub(super) fn review(
    app: App,
    names: Directory,
    village: impl Fn() -> String + Send + Sync + 'static,
) -> AnyView {
    let found = Memo::new(move |_| {
        let (village, today) = (village(), app.today());
        if village.is_empty() {
            return Vec::new();
        }
        let first = today.with_day(1).unwrap_or(today);
        let percent = app.package().visits.get().proof.review_percent;
        app.rows(|rows| {
            let seen: Vec<_> = rows
                .values()
                .filter(|row| row.visible())
                .filter_map(|row| row.summary.as_ref())
                .filter(|row| row.area.starts_with(&village))
                .collect();
            let of = |span| picked(seen.iter().copied(), percent, span);
            let mut list = of((first - Months::new(1), first - Days::new(1)));
            list.extend(of((first, today)));
            list
        })
    });
    live(move || {
        let list = found.get();
        (!list.is_empty()).then(|| lines(app, names, &list))
    })
}

fn lines(app: App, names: Directory, list: &[Picked]) -> AnyView {
    let words = choices(app, "result");
    let rows = list
        .iter()
        .map(|one| {
            let title = app.row(one.household).and_then(|row| row.summary).map(|row| row.title);
            let (place, person) = names.with(|names| (names.area(&one.area), names.person(&one.by)));
            let said = one.found.and_then(|found| words.iter().find(|(id, _)| id == found.id()));
            let said = said.map(|(_, label)| label.clone());
            let href = Route::Queue(Some(one.visit)).href();
            view! {
                <tr data-testid="review-row" data-id=one.visit.to_string()>
                    <td>{place}</td>
                    <td class="strong"><a href=href>{title.unwrap_or_else(|| "这一户不在这台电脑上".to_owned())}</a></td>
                    <td>{one.day.to_string()}</td>
                    <td>{person}</td>
                    <td data-testid="review-result">{said}</td>
                    <td>{note(app, one)}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = [
        Col::Text("网格"),
        Col::Text("户主"),
        Col::Text("走访日期"),
        Col::Text("谁走访的"),
        Col::Text("结果"),
        Col::Act("操作"),
    ];
    let done = list.iter().filter(|one| !one.waits()).count();
    let percent = app.package().visits.get().proof.review_percent;
    let text = format!(
        "每月每村抽见到人的走访的 {percent}%，至少一次，由没有去走访的人打电话或上门核实。抽中哪次由机器定。"
    );
    view! {
        <section class="section" data-testid="review">
            <div class="section-head"><h2 class="section-title">{format!("走访抽查：已查 {done}/{}", list.len())}</h2></div>
            <p class="muted small">{text}</p>
            {table("走访抽查", true, &heads, rows)}
        </section>
    }
    .into_any()
}

/// The button, for who may write and did not make the visit.
fn note(app: App, one: &Picked) -> Option<AnyView> {
    let target = Target::new(RecordKind::Entry, &one.area, None);
    let writes = may(&app.package(), &app.actor(), "record.create", &target, app.today());
    if !writes || one.by == app.user() || !one.waits() {
        return None;
    }
    let ask = Ask {
        title: "记抽查结果".to_owned(),
        note: String::new(),
        yes: "保存",
        done: "抽查结果已保存",
        questions: vec![
            Question {
                path: "way",
                label: "怎么核实的",
                kind: Kind::Choice(choices(app, "way")),
                needed: true,
            },
            Question {
                path: "result",
                label: "结果",
                kind: Kind::Choice(choices(app, "result")),
                needed: true,
            },
            Question { path: "note", label: "情况", kind: Kind::Text(200), needed: false },
        ],
        known: std::collections::BTreeMap::new(),
    };
    let held = one.clone();
    let act = move |app: App, given: &crate::ui::ask::Answers| {
        let said = ["way", "result", "note"].map(|path| given.get(path).map_or("", String::as_str));
        let otherwise = [Found::Differs, Found::NotMade].iter().any(|found| found.id() == said[1]);
        if otherwise && said[2].trim().is_empty() {
            return Err("请写清情况：哪里有出入，或怎么知道没有来过。".to_owned());
        }
        let create = look(&app.package(), &held, said, app.today());
        let create = create.ok_or_else(|| "这台电脑上的表单不全，请联网同步后再记。".to_owned())?;
        Ok(vec![NewWrite { entity: app.new_id(), body: Body::Create(create) }])
    };
    let about = one.visit.to_string();
    Some(ask_button("btn btn-small", "review-note", &about, "记结果", ask, Arc::new(act)))
}
