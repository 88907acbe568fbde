//! The categories of a household with their days, their source and who approved them (TERR-12): the same on phone and
//! desk.

use std::sync::Arc;

use gridbook_domain::date;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::category::{APPROVE, Held, Standing, entry, sees_sensitive};
use gridbook_domain::household::merge::homes;
use gridbook_domain::household::party::{PARTY, PARTY_RED};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_log::{Body, EntityId, Values, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::ask::{Ask, Kind, Question, ask_button};
use super::icon::icon;
use super::states::warning;
use crate::app::App;

/// One operation on a household.
pub fn set(id: EntityId, set: Values) -> NewWrite {
    NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) }
}

/// The list with what may be done.
pub fn kinds(app: App, view: &HouseholdView) -> AnyView {
    let (package, today, actor) = (app.package(), app.today(), app.actor());
    let target = Target::new(RecordKind::Household, &view.area, None);
    let edits = may(&package, &actor, "household.edit", &target, today);
    let approves = may(&package, &actor, APPROVE, &target, today);
    let all = sees_sensitive(&package, &actor, &view.area, today);
    let seen = |held: &&Held| package.category(&held.category).is_some_and(|known| all || !known.sensitive);
    let (past, now): (Vec<&Held>, Vec<&Held>) =
        view.categories.iter().filter(seen).partition(|held| held.is_over(today));
    let ruled = all.then(|| by_rule(app, view.id, &package)).flatten();
    let none = (now.is_empty() && ruled.is_none())
        .then(|| view! { <p class="muted">"没有特殊类别，按一般户走访。"</p> });
    let rows = now.iter().map(|held| line(app, view.id, &package, held, edits, approves)).collect_view();
    let before = (!past.is_empty()).then(|| {
        let rows = past.iter().map(|held| line(app, view.id, &package, held, false, approves)).collect_view();
        view! {
            <details>
                <summary>{format!("以前的类别 {}", past.len())}</summary>
                <ul class="rows rows-plain">{rows}</ul>
            </details>
        }
    });
    view! {
        <section class="stack" data-testid="kinds">
            {none}
            {ruled}
            <ul class="rows rows-plain">{rows}</ul>
            {before}
            {edits.then(|| add(app, view, &package, approves))}
        </section>
    }
    .into_any()
}

/// What follows from disputes that are not settled: nobody sets it here, and nobody ends it.
fn by_rule(app: App, id: EntityId, package: &Package) -> Option<AnyView> {
    let today = app.today();
    let held = app.rows(|rows| {
        let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        let home = homes(seen).into_iter().find(|home| home.id == id)?;
        let kinds = home.kinds(today);
        [PARTY_RED, PARTY].into_iter().find(|kind| kinds.contains(kind))
    })?;
    let words = format!("{}：纠纷了结后自动取消。", package.category(held)?.label);
    Some(view! { <p data-testid="kind-ruled">{words}</p> }.into_any())
}

fn line(app: App, id: EntityId, package: &Package, held: &Held, edits: bool, approves: bool) -> AnyView {
    let label = package.category(&held.category).map_or("", |known| known.label.as_str()).to_owned();
    let mut parts: Vec<String> = Vec::new();
    match (held.from, held.to) {
        (None, None) => {}
        (from, to) => {
            let word = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
            parts.push(format!("{} 至 {}", word(from), to.map_or("今".to_owned(), |to| to.to_string())));
        }
    }
    if !held.source.is_empty() {
        parts.push(package.label("category_source", &held.source).to_owned());
    }
    if !held.note.is_empty() {
        parts.push(held.note.clone());
    }
    let names = super::directory::use_directory();
    if held.standing == Standing::Approved {
        parts.push(format!("{}审核", names.with(|names| names.person(&held.approver))));
    }
    let wait = match held.standing {
        Standing::Proposed => Some("待审核"),
        Standing::EndProposed => Some("结束待审核"),
        Standing::Kept | Standing::Approved => None,
    };
    let (end, approve) = (held.clone(), held.clone());
    let approve = (held.waits() && approves).then(move || {
        let what = Ask {
            title: "审核户类别".to_owned(),
            note: format!("确认这一项属实：{}。", label_of(package, &approve)),
            yes: "审核通过",
            done: "已审核，已保存",
            questions: Vec::new(),
            known: [].into(),
        };
        let act = move |app: App, _: &_| Ok(vec![set(id, approve.approve(&app.user(), app.today()))]);
        ask_button("btn btn-small", "kind-approve", &held.row, "审核", what, Arc::new(act))
    });
    let end = (edits && held.to.is_none()).then(move || {
        let what = Ask {
            title: format!("结束：{}", label_of(package, &end)),
            note: if approves {
                String::new()
            } else {
                "审核以后才停止按这一类走访；以前的记录都在。".to_owned()
            },
            yes: "结束",
            done: "已保存",
            questions: vec![
                Question { path: "to", label: "到哪天止", kind: Kind::Day, needed: true },
                Question { path: "source", label: "依据", kind: sources(package), needed: true },
            ],
            known: [("to", app.today().to_string())].into(),
        };
        let act = move |app: App, given: &super::ask::Answers| {
            let to = given.get("to").and_then(|to| date::parse(to)).ok_or("日期不对，请重选。")?;
            if !end.may_end(to) {
                return Err("不能早于开始那天。".to_owned());
            }
            let mut values = end.end(to, given.get("source").map_or("", String::as_str));
            if approves {
                let ended = Held { to: Some(to), ..end.clone() };
                values.extend(ended.approve(&app.user(), app.today()));
            }
            Ok(vec![set(id, values)])
        };
        ask_button("btn btn-small", "kind-end", &held.row, "结束", what, Arc::new(act))
    });
    view! {
        <li class="split" data-testid="kind">
            <span class="row-main grow">
                <span class="row-title">{label}</span>
                <span class="row-sub">{parts.join(" · ")}</span>
                {wait.map(warning)}
            </span>
            {approve}
            {end}
        </li>
    }
    .into_any()
}

fn label_of(package: &Package, held: &Held) -> String {
    let label = package.category(&held.category).map_or("", |known| known.label.as_str());
    match held.to {
        Some(to) => format!("{label}，到 {to} 止"),
        None => label.to_owned(),
    }
}

fn sources(package: &Package) -> Kind {
    let all = package.dict("category_source").map(|dict| dict.options.as_slice()).unwrap_or_default();
    Kind::Choice(all.iter().map(|choice| (choice.id.clone(), choice.label.clone())).collect())
}

fn add(app: App, view: &HouseholdView, package: &Package, approves: bool) -> AnyView {
    let id = view.id;
    let today = app.today();
    let has = |category: &String| {
        view.categories.iter().any(|held| held.category == *category && !held.is_over(today))
    };
    let offered = package.categories.iter().filter(|known| known.offered && !has(&known.id));
    let offered = offered.map(|known| (known.id.clone(), known.label.clone())).collect();
    let what = Ask {
        title: "加户类别".to_owned(),
        note: if approves {
            String::new()
        } else {
            "从开始那天起就按这一类走访；由村里审核。".to_owned()
        },
        yes: "加上",
        done: "已保存",
        questions: vec![
            Question { path: "category", label: "类别", kind: Kind::Choice(offered), needed: true },
            Question { path: "from", label: "从哪天起", kind: Kind::Day, needed: true },
            Question { path: "to", label: "到哪天止", kind: Kind::Day, needed: false },
            Question { path: "source", label: "依据", kind: sources(package), needed: true },
            Question { path: "note", label: "说明", kind: Kind::Text(100), needed: false },
        ],
        known: [("from", today.to_string())].into(),
    };
    let act = move |app: App, given: &super::ask::Answers| {
        let text = |path| given.get(path).map_or("", String::as_str);
        let from = date::parse(text("from")).ok_or("日期不对，请重选。")?;
        let row = app.new_row();
        let mut held = Held {
            row: row.clone(),
            category: text("category").to_owned(),
            from: Some(from),
            to: date::parse(text("to")),
            source: text("source").to_owned(),
            note: text("note").to_owned(),
            approver: String::new(),
            standing: Standing::Proposed,
        };
        if held.to.is_some_and(|to| !held.may_end(to)) {
            return Err("结束不能早于开始。".to_owned());
        }
        let mut values = entry(&row, &held.category, from, &held.source, &held.note);
        if let Some(to) = held.to.take() {
            values.extend(held.end(to, ""));
            held.to = Some(to);
        }
        if approves {
            values.extend(held.approve(&app.user(), app.today()));
        }
        Ok(vec![set(id, values)])
    };
    view! {
        <div class="cluster">
            {ask_button("btn btn-small", "kind-add", "", "加类别", what, Arc::new(act))}
            {(!approves).then(|| view! { <span class="muted small">{icon("info")}"您加的先生效，再由村里审核"</span> })}
        </div>
    }
    .into_any()
}
