//! 单位: of what kind, how it is reached, who heads it, who is of it, who is on duty (ROLE-08).

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use gridbook_domain::date;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_domain::unit::{Duty, KINDS, Unit, people, roster};
use gridbook_log::{Body, Create, EntityId, Placement, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::{App, use_app};
use crate::desk::table::{Col, table};
use crate::ui::ask::{Answers, Ask, Kind, Question, ask_button};
use crate::ui::format::{phone, short_day};
use crate::ui::live;

type Units = Vec<(EntityId, Unit)>;

/// The list, with what whoever keeps the directory may do. `members` tells who is of a unit, as far as that is known here.
pub fn units(members: impl Fn(&str) -> Vec<String> + Send + Sync + 'static) -> AnyView {
    let app = use_app();
    let list = RwSignal::new(Units::new());
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let found = read(app).await;
            if list.try_get_untracked().is_some_and(|held| held != found) {
                list.set(found);
            }
        });
    });
    live(move || draw(app, &list.get(), &members))
}

async fn read(app: App) -> Units {
    let ids: Vec<EntityId> = app.rows(|rows| {
        let kept = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
        let units = kept.filter(|(_, row)| row.kind == RecordKind::Unit && !row.rejected);
        units.map(|(id, _)| *id).collect()
    });
    let mut found = Units::new();
    for id in ids {
        if let Ok(Some(entity)) = app.entity(id).await {
            found.push((id, Unit::of(&entity)));
        }
    }
    found.sort_by(|a, b| a.1.code.cmp(&b.1.code));
    found
}

fn draw(app: App, list: &Units, members: &dyn Fn(&str) -> Vec<String>) -> AnyView {
    let package = app.package();
    let keeps = holds(&package, &app.actor(), "directory.edit", app.today());
    let rows = list
        .iter()
        .map(|(id, unit)| {
            let people = members(&unit.code);
            let number = if unit.phone.is_empty() { String::new() } else { phone(&unit.phone) };
            view! {
                <tr data-testid="unit-row" data-code=unit.code.clone()>
                    <td class="strong">{unit.name.clone()}</td>
                    <td class="mono">{unit.code.clone()}</td>
                    <td>{package.label(KINDS, &unit.group).to_owned()}</td>
                    <td>{number}</td>
                    <td>{unit.head.clone()}</td>
                    <td>{people.join("、")}</td>
                    <td>{on_duty(app, unit)}</td>
                    <td>{keeps.then(|| view! { {edit(app, *id, unit)}{duty(app, *id, unit)} })}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = [
        Col::Text("单位"),
        Col::Text("编码"),
        Col::Text("类别"),
        Col::Text("电话"),
        Col::Text("负责人"),
        Col::Text("成员"),
        Col::Text("值班"),
        Col::Act("操作"),
    ];
    let add = keeps.then(|| {
        let make = move |app: App, given: &Answers| {
            let unit = answered(given, given.get("code").map_or("", String::as_str));
            let taken = app.rows(|rows| {
                let kept = rows.values().filter_map(|row| row.summary.as_ref());
                kept.filter(|row| row.kind == RecordKind::Unit).any(|row| row.number == unit.code)
            });
            if taken {
                return Err(format!("编码 {} 已经有单位用了，请换一个。", unit.code));
            }
            let create = Create {
                type_: RecordKind::Unit.as_str().to_owned(),
                place: Placement { all: Some(true), ..Placement::default() },
                set: unit.values(),
                ..Create::default()
            };
            Ok(vec![NewWrite { entity: app.new_id(), body: Body::Create(create) }])
        };
        let mut what = ask(app, &Unit::default(), "加一个单位", "单位已加上");
        let code = Question { path: "code", label: "单位编码", kind: Kind::Text(32), needed: true };
        what.questions.insert(0, code);
        ask_button("btn btn-small", "unit-new", "", "加单位", what, Arc::new(make))
    });
    view! {
        <section class="section" data-testid="units">
            <div class="section-head"><h2 class="section-title">"单位"</h2>{add}</div>
            {table("单位", false, &heads, rows)}
        </section>
    }
    .into_any()
}

fn answered(given: &Answers, code: &str) -> Unit {
    let text = |path: &str| given.get(path).map(|said| said.trim().to_owned()).unwrap_or_default();
    Unit {
        code: code.trim().to_owned(),
        name: text("name"),
        group: text("group"),
        phone: text("phone"),
        head: text("head"),
        ..Unit::default()
    }
}

fn ask(app: App, unit: &Unit, title: &str, done: &'static str) -> Ask {
    let package = app.package();
    let kinds = package.dict(KINDS).map_or(&[][..], |dict| dict.options.as_slice());
    let kinds = kinds.iter().map(|kind| (kind.id.clone(), kind.label.clone())).collect();
    let known = [("name", &unit.name), ("group", &unit.group), ("phone", &unit.phone), ("head", &unit.head)];
    let known: BTreeMap<&'static str, String> =
        known.into_iter().map(|(path, said)| (path, said.clone())).collect();
    let line = |path, label, kind, needed| Question { path, label, kind, needed };
    Ask {
        title: title.to_owned(),
        note: String::new(),
        yes: "保存",
        done,
        questions: vec![
            line("name", "名称", Kind::Text(40), true),
            line("group", "类别", Kind::Choice(kinds), true),
            line("phone", "电话", Kind::Text(20), false),
            line("head", "负责人", Kind::Text(30), false),
        ],
        known,
    }
}

fn edit(app: App, id: EntityId, unit: &Unit) -> AnyView {
    let held = unit.clone();
    let act = move |_: App, given: &Answers| {
        let set = held.change(&answered(given, &held.code));
        if set.is_empty() {
            return Err("没有改动。".to_owned());
        }
        Ok(vec![NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) }])
    };
    let what = ask(app, unit, &unit.name, "单位已改");
    ask_button("btn btn-small btn-quiet", "unit-edit", &unit.code, "改", what, Arc::new(act))
}

/// Days ahead that the list shows.
const AHEAD: u64 = 7;
/// How long one turn lasts, by the answer.
const TURNS: [(&str, &str, usize); 3] =
    [("day", "每天换一人", 1), ("week", "每七天换一人", 7), ("whole", "整段一个人", usize::MAX)];

/// The answer that takes everybody off these days.
const NOBODY: &str = "nobody";

/// Who is on duty today, and in the days after it.
fn on_duty(app: App, unit: &Unit) -> AnyView {
    let today = app.today();
    let line = |(from, to, duty): (NaiveDate, NaiveDate, &Duty)| {
        let days = if from == to {
            short_day(from, today)
        } else {
            format!("{}—{}", short_day(from, today), short_day(to, today))
        };
        let number = if duty.phone.is_empty() { String::new() } else { format!(" {}", phone(&duty.phone)) };
        let words = if from == today { "今天" } else { "" };
        view! { <p data-testid="unit-duty">{format!("{words}{days} {}{number}", duty.name)}</p> }
    };
    unit.stretches(today, AHEAD).into_iter().map(line).collect_view().into_any()
}

/// Puts people on duty for a week or any other stretch of days.
fn duty(app: App, id: EntityId, unit: &Unit) -> AnyView {
    let (held, today) = (unit.clone(), app.today());
    let act = move |_: App, given: &Answers| {
        let text = |path: &str| given.get(path).map_or("", String::as_str);
        let (Some(from), Some(to)) = (date::parse(text("from")), date::parse(text("to"))) else {
            return Err("请填从哪天到哪天。".to_owned());
        };
        let each = TURNS.iter().find(|turn| turn.0 == text("turn")).map_or(1, |turn| turn.2);
        let named = !text("people").trim().is_empty();
        let made = match text("turn") {
            NOBODY if named => {
                return Err("选了“这几天不排人”，就不用填姓名。请把姓名删掉，或者选怎样轮。".to_owned());
            }
            NOBODY => held.take_off_duty(from, to),
            _ => people(text("people"))
                .and_then(|list| roster(from, to, &list, each))
                .map(|list| held.put_on_duty(&list)),
        };
        let set = made.map_err(|error| error.message())?;
        if set.is_empty() {
            return Err("这几天已经是这样排的，没有改动。".to_owned());
        }
        Ok(vec![NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) }])
    };
    let turns = TURNS.iter().map(|turn| (turn.0, turn.1)).chain([(NOBODY, "这几天不排人（取消排过的）")]);
    let turns = turns.map(|(id, words)| (id.to_owned(), words.to_owned())).collect();
    let line = |path, label, kind, needed| Question { path, label, kind, needed };
    let known = [
        ("from", today.to_string()),
        ("to", (today + Days::new(AHEAD - 1)).to_string()),
        ("turn", "day".to_owned()),
    ];
    let what = Ask {
        title: format!("{} 值班", unit.name),
        note: "按先后填姓名，用顿号隔开，电话写在姓名后面，例如：何秀兰 13800510031、钟小满。没有写电话的打单位电话。已经排过的日子会换成新的；要取消，选“这几天不排人”。".to_owned(),
        yes: "排班",
        done: "值班表已改好",
        questions: vec![
            line("from", "从哪天", Kind::Day, true),
            line("to", "到哪天", Kind::Day, true),
            line("people", "谁值班", Kind::Text(400), false),
            line("turn", "怎样轮", Kind::Choice(turns), true),
        ],
        known: known.into_iter().collect(),
    };
    ask_button("btn btn-small btn-quiet", "unit-roster", &unit.code, "排班", what, Arc::new(act))
}
