//! 专访 on a household's card (VISIT-09): who goes there in twos, their visits, and who may name them. Only for those who
//! are named and for those who name; nobody else has any of it on the device.

use std::sync::Arc;

use gridbook_domain::date;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::restricted::{FORM, JointVisit, Named, Restricted, SAFETY, SEEN, assigns, joint};
use gridbook_domain::summary::Summary;
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::ask::{Answers, Ask, Kind, Question, ask_button};
use super::directory::use_directory;
use super::kinds::set;
use super::live;
use super::same::whole;
use super::states::{Tone, banner};
use crate::app::App;

/// Whether this person goes to a household only together with somebody.
pub fn in_twos(app: App, household: EntityId) -> bool {
    let (package, user, today) = (app.package(), app.user(), app.today());
    app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        joint(held, &package, household, &user, today)
    })
}

/// The safety note.
pub fn safety() -> AnyView {
    let text = "这一户不要一个人去，去之前先约好同行的人；有危险先离开，打 110。";
    banner(Tone::Warn, "warn", SAFETY, text, Vec::new())
}

/// All of it for a household; nothing where there is nothing to see and nobody to name.
pub fn joint_visits(app: App, view: &HouseholdView) -> AnyView {
    let (id, area) = (view.id, view.area.clone());
    let found: RwSignal<Vec<Restricted>> = RwSignal::new(Vec::new());
    // On a share everybody with the township's part would read it.
    let server = RwSignal::new(false);
    Effect::new(move |_| {
        app.version.track();
        // What was said of one that went into this one holds here.
        let whole = whole(app, id);
        let ids: Vec<EntityId> = app.rows(|rows| {
            let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let here = |row: &Summary| row.household.is_some_and(|home| whole.contains(&home));
            let about = held.filter(|row| row.kind == RecordKind::Restricted && here(row));
            about.map(|row| row.id).collect()
        });
        spawn_local(async move {
            let mut list = Vec::new();
            for id in ids {
                if let Ok(Some(entity)) = app.entity(id).await {
                    list.extend(Restricted::of(&entity));
                }
            }
            let able = app.keeps_confidence().await;
            // Drawn anew only when something changed: a dialog that is being filled in stays.
            if found.try_with_untracked(|held| *held != list) == Some(true) {
                found.set(list);
            }
            if server.try_get_untracked() == Some(!able) {
                server.set(able);
            }
        });
    });
    live(move || {
        let (all, able) = (found.get(), server.get());
        untrack(|| drawn(app, id, &area, all, able))
    })
}

fn drawn(app: App, id: EntityId, area: &str, all: Vec<Restricted>, server: bool) -> AnyView {
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    let names = assigns(&package, &actor, area, today) && server;
    let seen: Vec<Restricted> = all.into_iter().filter(|one| one.shows(&package, &actor, today)).collect();
    if seen.is_empty() && !names {
        return ().into_any();
    }
    let all = seen.iter().map(|one| part(app, &package, one)).collect_view();
    let note = (!seen.is_empty()).then(safety);
    let new = names.then(|| open(app, &package, id, area.to_owned()));
    view! {
        <section class="section stack" data-testid="joint">
            <div class="section-head"><h2 class="section-title">"专访"</h2>{new}</div>
            {note}
            {all}
            <p class="muted small">"只有指定的人看得到这一栏；不进名单、台账和打印。"</p>
        </section>
    }
    .into_any()
}

fn part(app: App, package: &Package, held: &Restricted) -> AnyView {
    let (today, user) = (app.today(), app.user());
    let names = use_directory();
    let label = package.restricted(&held.category).map_or("", |known| known.label.as_str()).to_owned();
    let who = held.people.iter().map(|one| {
        let name = names.with(|names| names.person(&one.user));
        one.until.map_or(name.clone(), |last| format!("{name}（到 {last}）"))
    });
    let who: Vec<String> = who.collect();
    let days = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
    let to = held.to.map_or("今".to_owned(), |day| day.to_string());
    let span = format!("{} 至 {to} · {}", days(held.from), package.label("category_source", &held.source));
    let visits = held
        .visits
        .iter()
        .take(20)
        .map(|visit| {
            let with = package.label("participant_role", &visit.with_role);
            let line = format!(
                "{} · {}和{}（{with}） · {} · {}",
                days(visit.day),
                names.with(|names| names.person(&visit.by)),
                visit.with,
                package.label("met", &visit.met),
                package.label("well_being", &visit.well_being)
            );
            let seen = seen(package, visit);
            let seen = (!seen.is_empty()).then(|| view! { <span class="row-sub">{seen}</span> });
            let note = (!visit.note.is_empty())
                .then(|| view! { <span class="row-title">{visit.note.clone()}</span> });
            view! { <li><span class="row-main">{note}<span class="row-sub">{line}</span>{seen}</span></li> }
                .into_any()
        })
        .collect_view();
    let go = (held.counts(today) && held.names(&user, today)).then(|| record(app, package, held));
    let change = (held.counts(today) && assigns(package, &app.actor(), &held.area, today))
        .then(|| view! { {reassign(held)}{end(app, held)} });
    view! {
        <article class="card" data-testid="joint-one">
            <div class="card-body stack">
                <h3 class="card-title">{label}</h3>
                <p class="muted">{span}</p>
                <p>{format!("专访人：{}", who.join("、"))}</p>
                <div class="cluster">{go}{change}</div>
                <ul class="rows rows-plain">{visits}</ul>
            </div>
        </article>
    }
    .into_any()
}

/// What the form asks besides, in words.
fn seen(package: &Package, visit: &JointVisit) -> String {
    let form = package.form(FORM);
    let words = SEEN.iter().filter_map(|path| {
        let (said, field) = (visit.seen.get(*path)?, form?.field(path)?);
        let choice = package.choices(field).iter().find(|choice| choice.id == *said);
        let said = match (choice, said.as_str()) {
            (Some(choice), _) => choice.label.as_str(),
            (None, "yes") => "是",
            (None, "no") => "否",
            (None, said) => said,
        };
        Some(format!("{}：{said}", field.label))
    });
    words.collect::<Vec<_>>().join("；")
}

/// The choices of a question of the form.
fn asked(package: &Package, path: &str) -> Kind {
    let field = package.form(FORM).and_then(|form| form.field(path));
    let all = field.map(|field| package.choices(field)).unwrap_or_default();
    if all.is_empty() {
        return Kind::Choice(
            [("yes", "是"), ("no", "否")].map(|(id, words)| (id.to_owned(), words.to_owned())).into(),
        );
    }
    Kind::Choice(all.iter().map(|choice| (choice.id.clone(), choice.label.clone())).collect())
}

fn choices(package: &Package, dict: &str) -> Kind {
    let all = package.dict(dict).map(|dict| dict.options.as_slice()).unwrap_or_default();
    Kind::Choice(all.iter().map(|choice| (choice.id.clone(), choice.label.clone())).collect())
}

/// Colleagues by account.
fn staff() -> Kind {
    let all = use_directory().get_untracked();
    Kind::Several(all.people.iter().map(|(user, name)| (user.clone(), name.clone())).collect())
}

fn people(given: &Answers) -> Result<Vec<Named>, String> {
    let until = given.get("until").and_then(|day| date::parse(day));
    let list = given.get("people").map_or("", String::as_str).split(',').filter(|user| !user.is_empty());
    let list: Vec<Named> = list.map(|user| Named { user: user.to_owned(), until }).collect();
    if list.is_empty() { Err("请至少选一位专访人。".to_owned()) } else { Ok(list) }
}

const PEOPLE: &str = "专访人（只有他们看得到）";
const UNTIL: &str = "授权到哪天（不填为长期）";

fn record(app: App, package: &Package, held: &Restricted) -> AnyView {
    let id = held.id;
    let question = |path, label, kind, needed| Question { path, label, kind, needed };
    let what = Ask {
        title: "记专访".to_owned(),
        note: format!("{SAFETY}，不能一个人去。写在这里的话只有指定的人看得到。"),
        yes: "保存",
        done: "已保存到本机",
        questions: vec![
            question("day", "走访日期", Kind::Day, true),
            question("with", "同行人的姓名", Kind::Text(30), false),
            question("with_role", "同行人的身份", choices(package, "participant_role"), false),
            question("met", "见到谁", choices(package, "met"), true),
            question("well_being", "生活状态", choices(package, "well_being"), false),
            question("state_seen", "状态", asked(package, "state_seen"), false),
            question("medication", "服药", asked(package, "medication"), false),
            question("guardian", "监护人在", asked(package, "guardian"), false),
            question("needs", "需要什么", Kind::Text(200), false),
            question("danger", "有危险迹象", asked(package, "danger"), false),
            question("danger_told", "有危险的，几点告诉了谁", Kind::Text(60), false),
            question("next_on", "下次", Kind::Day, false),
            question("note", "情况（不写病情诊断）", Kind::Text(500), false),
        ],
        known: [("day", app.today().to_string())].into(),
    };
    let act = move |app: App, given: &Answers| {
        let text = |path| given.get(path).map_or("", |text| text.trim()).to_owned();
        let own =
            app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.name.clone())).unwrap_or_default();
        if text("with") == own {
            return Err("同行人要写另一个人的姓名，一个人不能去。".to_owned());
        }
        let visit = JointVisit {
            row: app.new_row(),
            day: date::parse(&text("day")),
            by: app.user(),
            with: text("with"),
            with_role: text("with_role"),
            met: text("met"),
            well_being: text("well_being"),
            note: text("note"),
            seen: SEEN.iter().map(|path| ((*path).to_owned(), text(path))).collect(),
        };
        Ok(vec![set(id, visit.values())])
    };
    ask_button("btn btn-primary", "joint-visit", &id.to_string(), "记专访", what, Arc::new(act))
}

fn open(app: App, package: &Package, household: EntityId, area: String) -> AnyView {
    let kinds = package.restricted.iter().map(|known| (known.id.clone(), known.label.clone())).collect();
    let question = |path, label, kind, needed| Question { path, label, kind, needed };
    let what = Ask {
        title: "定为专访户".to_owned(),
        note: "只有您和下面选的人看得到，走访要两人同行。".to_owned(),
        yes: "确定",
        done: "已保存",
        questions: vec![
            question("category", "类别", Kind::Choice(kinds), true),
            question("from", "从哪天起", Kind::Day, true),
            question("source", "依据", choices(package, "category_source"), true),
            question("people", PEOPLE, staff(), true),
            question("until", UNTIL, Kind::Day, false),
        ],
        known: [("from", app.today().to_string())].into(),
    };
    let act = move |app: App, given: &Answers| {
        let text = |path| given.get(path).cloned().unwrap_or_default();
        let held = Restricted {
            id: app.new_id(),
            household,
            area: area.clone(),
            category: text("category"),
            from: date::parse(&text("from")),
            to: None,
            source: text("source"),
            approver: app.user(),
            people: people(given)?,
            visits: Vec::new(),
        };
        Ok(vec![NewWrite { entity: held.id, body: Body::Create(held.create()) }])
    };
    ask_button("btn btn-small", "joint-open", "", "定为专访户", what, Arc::new(act))
}

fn reassign(held: &Restricted) -> AnyView {
    let known: Vec<String> = held.people.iter().map(|one| one.user.clone()).collect();
    let mut first: Answers = [("people", known.join(","))].into();
    first.extend(held.until().map(|day| ("until", day.to_string())));
    let what = Ask {
        title: "换专访人".to_owned(),
        note: "日期不改，原来的人各自的日期不变；改了，所有人都按新的日期。".to_owned(),
        yes: "保存",
        done: "已保存",
        questions: vec![
            Question { path: "people", label: PEOPLE, kind: staff(), needed: true },
            Question { path: "until", label: UNTIL, kind: Kind::Day, needed: false },
        ],
        known: first,
    };
    let (held, about) = (held.clone(), held.id.to_string());
    let act = move |_: App, given: &Answers| {
        let (values, place) = held.reassign(&held.granted(&people(given)?));
        Ok(vec![set(held.id, values), NewWrite { entity: held.id, body: Body::Place(place) }])
    };
    ask_button("btn btn-small", "joint-people", &about, "换专访人", what, Arc::new(act))
}

fn end(app: App, held: &Restricted) -> AnyView {
    let what = Ask {
        title: "结束专访".to_owned(),
        note: "以后不再按专访户走访；以前的内容都在，仍只有指定的人看得到。".to_owned(),
        yes: "结束",
        done: "已保存",
        questions: vec![Question { path: "to", label: "到哪天止", kind: Kind::Day, needed: true }],
        known: [("to", app.today().to_string())].into(),
    };
    let id = held.id;
    let act = move |_: App, given: &Answers| {
        let to = given.get("to").and_then(|day| date::parse(day)).ok_or("日期不对，请重选。")?;
        Ok(vec![set(id, [("to".to_owned(), to.to_string().into())].into())])
    };
    ask_button("btn btn-small", "joint-end", &id.to_string(), "结束", what, Arc::new(act))
}
