//! Who came and who went, on a household's card (TERR-11): the same on phone and desk.

use std::sync::Arc;

use gridbook_domain::date;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::movement::{Lacks, Movement, apply};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use leptos::prelude::*;

use super::ask::{Answers, Ask, Kind, Question, ask_button};
use super::directory::use_directory;
use super::kinds::set;
use crate::app::App;

/// The choice that stands for somebody who was not of the household.
const NEW: &str = "@new";

/// What happened, the latest first, and the button to say what did.
pub fn moves(app: App, view: &HouseholdView, known: &[Movement]) -> AnyView {
    let (package, names) = (app.package(), use_directory());
    let target = Target::new(RecordKind::Household, &view.area, None);
    let edits = may(&package, &app.actor(), "household.edit", &target, app.today());
    let line = |one: &Movement| {
        let day = one.on.map(|day| day.to_string()).unwrap_or_default();
        let who = names.with(|names| names.person(&one.by));
        let note = if one.note.is_empty() { String::new() } else { format!(" · {}", one.note) };
        view! {
            <li data-testid="movement">
                <span class="row-main">
                    <span class="row-title">
                        {format!("{} {}", one.name, package.label("pop_event", &one.kind))}
                    </span>
                    <span class="row-sub">{format!("{day} · {who}记{note}")}</span>
                </span>
            </li>
        }
        .into_any()
    };
    let rows = known.iter().map(line).collect_view();
    let none = known.is_empty().then(|| view! { <p class="muted">"还没有人口变化的记录。"</p> });
    view! {
        <div class="stack" data-testid="movements">
            {none}
            <ul class="rows rows-plain">{rows}</ul>
            {edits.then(|| add(app, &package, view, known))}
        </div>
    }
    .into_any()
}

fn add(app: App, package: &Package, view: &HouseholdView, known: &[Movement]) -> AnyView {
    let dict = |id: &str| {
        let all = package.dict(id).map(|dict| dict.options.as_slice()).unwrap_or_default();
        Kind::Choice(all.iter().map(|choice| (choice.id.clone(), choice.label.clone())).collect())
    };
    let people = view.members.iter().map(|one| (one.row.clone(), one.name.clone()));
    let former = view.former.iter().map(|one| (one.row.clone(), format!("{}（已离开）", one.name)));
    let who = people.chain(former).chain([(NEW.to_owned(), "新来的人".to_owned())]).collect();
    let question = |path, label, kind, needed| Question { path, label, kind, needed };
    let what = Ask {
        title: "记人口变化".to_owned(),
        note: String::new(),
        yes: "保存",
        done: "已保存，成员已更新",
        questions: vec![
            question("kind", "变化", dict("pop_event"), true),
            question("who", "是谁", Kind::Choice(who), true),
            question("name", "新来的人的姓名", Kind::Text(30), false),
            question("relation", "新来的人与户主关系", dict("relation_to_head"), false),
            question("on", "哪天", Kind::Day, true),
            question("note", "说明", Kind::Text(100), false),
        ],
        known: [("on", app.today().to_string())].into(),
    };
    let (view, known) = (view.clone(), known.to_vec());
    let act = move |app: App, given: &Answers| {
        let text = |path| given.get(path).map_or("", |text| text.trim()).to_owned();
        let who = text("who");
        let mut one = Movement {
            row: app.new_row(),
            kind: text("kind"),
            on: date::parse(&text("on")),
            by: app.user(),
            note: text("note"),
            ..Movement::default()
        };
        if who == NEW {
            (one.name, one.relation) = (text("name"), text("relation"));
        } else {
            let person = view.members.iter().chain(&view.former).find(|person| person.row == who);
            one.name = person.map(|person| person.name.clone()).unwrap_or_default();
            one.member = who;
        }
        if let Some(lacks) = one.lacks(app.today()) {
            return Err(match lacks {
                Lacks::Day => "日期不对：要是已经发生的那天。",
                Lacks::Member => "这种变化请选家里的成员。",
                Lacks::Newcomer => "请填新来的人的姓名和与户主关系。",
            }
            .to_owned());
        }
        Ok(vec![set(view.id, apply(&view, &known, &[one]))])
    };
    ask_button("btn btn-small", "movement-add", "", "记变化", what, Arc::new(act))
}
