//! People who stand twice, in one household or in two (TERR-13): who, and what was said of them. The same on phone and
//! desk.

use std::sync::Arc;

use gridbook_domain::date;
use gridbook_domain::form::Values;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::double::{self, Elsewhere, Pair};
use gridbook_domain::household::movement::{Movement, apply, history};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_log::EntityId;
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::{Found, named};
use crate::app::App;
use crate::ui::ask::{Answers, Ask, Kind, Question, ask_button};
use crate::ui::kinds::set;
use crate::ui::live;
use crate::ui::states::{Tone, banner};

const BOTH: &str = "both";
const OTHER: &str = "other";
const SAME: &str = "same";

/// Whether somebody may correct the households of an area.
pub(super) fn edits(app: App, area: &str) -> bool {
    let target = Target::new(RecordKind::Household, area, None);
    may(&app.package(), &app.actor(), "household.edit", &target, app.today())
}

fn choice(path: &'static str, label: &'static str, options: &[(&str, &str)]) -> Question {
    let options = options.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned()));
    Question { path, label, kind: Kind::Choice(options.collect()), needed: true }
}

/// The button that says of people of this household and another what they are.
pub(super) fn settle(app: App, id: EntityId, found: &Found) -> Option<AnyView> {
    let other = found.id;
    let (view, past) = (HouseholdView::of(&found.entity), history(&found.entity));
    let pairs = found.between.open.clone();
    if pairs.is_empty() {
        return None;
    }
    let mut ways = Vec::new();
    if edits(app, &view.area) {
        ways.extend([("moved_out", "是同一人，已从那一户迁出"), ("married_out", "是同一人，已从那一户嫁出")]);
    }
    ways.extend([(BOTH, "是同一人，户籍在那一户，人住这一户"), (OTHER, "不是同一人")]);
    let rows: Vec<String> = pairs.iter().map(|pair| pair.here.clone()).collect();
    let people = pairs.iter().map(|pair| (pair.here.clone(), pair.name.clone())).collect();
    let what = Ask {
        title: "在两户登记的人".to_owned(),
        note: format!(
            "那一户：{}。选了迁出、嫁出，那一户就记上这次变化；两边的资料都留着，随时可以改回来。",
            named(app, other)
        ),
        yes: "保存",
        done: "已保存",
        questions: vec![
            Question { path: "who", label: "是谁", kind: Kind::Several(people), needed: true },
            choice("how", "怎么回事", &ways),
            Question { path: "on", label: "哪天迁出、嫁出的", kind: Kind::Day, needed: false },
        ],
        known: [("who", rows.join(",")), ("on", app.today().to_string())].into(),
    };
    let to = named(app, id);
    let act = move |app: App, given: &Answers| {
        let text = |path| given.get(path).map_or("", String::as_str);
        let (who, how) = (text("who"), text("how"));
        let meant = pairs.iter().filter(|pair| who.split(',').any(|row| row == pair.here));
        if matches!(how, BOTH | OTHER) {
            let said: Values = meant.flat_map(|pair| double::say(pair, other, how == BOTH)).collect();
            return Ok(vec![set(id, said)]);
        }
        let on = date::parse(text("on")).filter(|day| *day <= app.today());
        let on = on.ok_or("日期不对：要是已经发生的那天。")?;
        let event = |pair: &Pair| Movement {
            row: app.new_row(),
            kind: how.to_owned(),
            member: pair.there.clone(),
            name: pair.other.clone(),
            on: Some(on),
            by: app.user(),
            note: format!("到 {to}").chars().take(100).collect(),
            ..Movement::default()
        };
        let events: Vec<Movement> = meant.map(event).collect();
        Ok(vec![set(other, apply(&view, &past, &events))])
    };
    Some(ask_button("btn btn-small", "persons-settle", &other.to_string(), "说清楚…", what, Arc::new(act)))
}

/// Who stands here twice, and what was said of people who stand elsewhere, too.
pub(super) fn people(
    app: App,
    view: &HouseholdView,
    values: &Values,
    href: fn(EntityId) -> String,
) -> AnyView {
    let id = view.id;
    let able = edits(app, &view.area);
    let twice = double::pairs(values, Some(id)).into_iter().map(|pair| {
        let text = format!("{}、{}：{}。", pair.name, pair.other, pair.same.words());
        let acts = able.then(|| one(id, pair, values.clone())).into_iter().collect();
        banner(Tone::Warn, "warn", "同一个人可能写了两遍", text, acts)
    });
    let twice = twice.collect_view();
    let undo = |about: &str, label, taken: Values| {
        let what = Ask {
            title: label,
            note: "两边的资料都在，改回原来的样子，再提醒一次。".to_owned(),
            yes: "改回来",
            done: "已改回来",
            questions: Vec::new(),
            known: Answers::new(),
        };
        let act =
            move |_: App, _: &Answers| -> Result<Vec<NewWrite>, String> { Ok(vec![set(id, taken.clone())]) };
        ask_button("btn btn-small", "persons-undo", about, "改回来", what, Arc::new(act))
    };
    let line = |words: String, act: Option<AnyView>| {
        view! {
            <li class="split" data-testid="persons-said">
                <span class="row-main grow"><span class="row-sub">{words}</span></span>
                {act}
            </li>
        }
        .into_any()
    };
    let name = |row: &str| view.person(row).map(|one| one.name.clone()).unwrap_or_default();
    let mut lines: Vec<AnyView> = Vec::new();
    for [row, written, stands] in &view.doubles {
        let words = format!("{written}写了两遍，已合成一人（{}）", name(stands));
        let act = able.then(|| undo(row, "两人分开".to_owned(), double::take_apart(values, row)));
        lines.push(line(words, act));
    }
    for said in double::said(values) {
        let home = if said.house == id { "本户".to_owned() } else { named(app, said.house) };
        let words = match said.both {
            true => format!("{}：户籍在 {home}，人住这一户，只算在这一户", name(&said.here)),
            false => format!("{} 和 {home} 的{}不是同一人", name(&said.here), said.other),
        };
        let act = able.then(|| undo(&said.key, "改回来".to_owned(), double::unsay(&said)));
        lines.push(line(words, act));
    }
    // Somebody of this household lives in another, which says so.
    let here: Vec<String> = view.members.iter().map(|one| one.name.clone()).collect();
    let away = Memo::new(move |_| {
        let known = app.rows(|rows| Elsewhere::of(rows.values().filter_map(|row| row.summary.as_ref())));
        let lives = |name: &String| Some((name.clone(), known.lives(id, name)?));
        here.iter().filter_map(lives).collect::<Vec<_>>()
    });
    let away = move || {
        let one = |(name, lives)| {
            let words = format!("{name}：户籍在这一户，人住 {}，只算在那一户", untrack(|| named(app, lives)));
            let go = view! { <a class="btn btn-small" href=href(lives)>"看那一户"</a> }.into_any();
            line(words, Some(go))
        };
        away.get().into_iter().map(one).collect_view()
    };
    view! {
        {twice}
        <ul class="rows rows-plain">{lines}{live(away)}</ul>
    }
    .into_any()
}

/// The button that says of two rows whether they are one person.
fn one(id: EntityId, pair: Pair, values: Values) -> AnyView {
    let about = format!("{} {}", pair.here, pair.there);
    let what = Ask {
        title: "同一个人写了两遍".to_owned(),
        note: format!(
            "{}、{}。合成一人以后，缺的内容互相补上，两行都留着，随时可以分开。",
            pair.name, pair.other
        ),
        yes: "保存",
        done: "已保存，可以改回来",
        questions: vec![choice("how", "怎么回事", &[(SAME, "是同一人，合成一人"), (OTHER, "不是同一人")])],
        known: Answers::new(),
    };
    let act = move |_: App, given: &Answers| {
        let one = given.get("how").is_some_and(|how| how == SAME);
        let said = if one {
            double::put_together(&values, &pair.there, &pair.here)
        } else {
            double::say(&pair, id, false)
        };
        Ok(vec![set(id, said)])
    };
    ask_button("btn btn-small", "persons-one", &about, "说清楚…", what, Arc::new(act))
}
