//! Deciding how grids are cut: names, day, where each household goes, and what would follow.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_domain::household::HouseholdView;
use gridbook_domain::household::double::Elsewhere;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::territory::cut::{Draft, DraftProblem, Preview, free_codes, holders};
use gridbook_domain::territory::norm::Dwelling;
use gridbook_log::{EntityId, set_of};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::edit::write;
use super::{Desk, day, rows_in, words};
use crate::app::Rows;
use crate::desk::parts::select;
use crate::desk::people::people;
use crate::ui::dialog::{Doing, dialog};
use crate::ui::same::merges;
use crate::ui::states::{Tone, banner};

/// What is being decided.
#[derive(Clone, Copy)]
struct Editing {
    desk: Desk,
    on: RwSignal<NaiveDate>,
    /// Codes and names of the new grids.
    new: RwSignal<Vec<(String, String)>>,
    homes: RwSignal<BTreeMap<EntityId, String>>,
    /// What lies in the grids that end.
    rows: RwSignal<Vec<Summary>>,
    /// The households among it that are ones still.
    lived: RwSignal<Vec<EntityId>>,
    dwellings: RwSignal<Vec<Dwelling>>,
    /// Who works there now, with where each works then.
    holders: RwSignal<BTreeMap<String, BTreeSet<String>>>,
}

impl Editing {
    fn draft(self) -> Draft {
        Draft {
            old: self.desk.chosen.get().into_iter().collect(),
            new: self.new.get(),
            on: self.on.get(),
            homes: self.homes.get(),
            holders: self.holders.get(),
        }
    }

    /// Begins with what lies there: all into one, or one half each in the order of their numbers.
    fn begin(self) {
        let chosen = self.desk.chosen.get_untracked();
        let (parts, village) = (self.desk.parts.get_untracked(), self.desk.village.get_untracked());
        let codes = self.desk.nodes.with_untracked(|nodes| {
            nodes.as_ref().map(|nodes| free_codes(nodes, &village, parts)).unwrap_or_default()
        });
        let rows = rows_in(self.desk.app, &chosen);
        let merges = merges(self.desk.app);
        let is_home = |row: &&Summary| row.kind == RecordKind::Household && !merges.gone(row);
        let mut homes: Vec<&Summary> = rows.iter().filter(is_home).collect();
        gridbook_log::order_by_key(&mut homes, |row| (row.number.clone(), row.id));
        let half = homes.len().div_ceil(parts.max(1)).max(1);
        let targets =
            homes.iter().enumerate().filter_map(|(n, row)| Some((row.id, codes.get(n / half)?.clone())));
        self.homes.set(targets.collect());
        self.lived.set(homes.iter().map(|row| row.id).collect());
        self.new.set(codes.into_iter().map(|code| (code, String::new())).collect());
        self.rows.set(rows);
        self.dwellings.set(Vec::new());
        self.holders.set(BTreeMap::new());
        spawn_local(self.count());
        spawn_local(self.propose_holders());
    }

    /// Proposes who works where then.
    async fn propose_holders(self) {
        let people = people(self.desk.app).await;
        if self.rows.try_get_untracked().is_none() {
            return;
        }
        let Draft { old, new, homes, .. } = untrack(|| self.draft());
        let codes: Vec<String> = new.into_iter().map(|(code, _)| code).collect();
        let lies = self.rows.with_untracked(|rows| lies(rows));
        self.holders.set(holders(&people, &old, &codes, &homes, &lies, self.desk.app.today()));
    }

    /// Counts who lives where, for the norms.
    async fn count(self) {
        let mut dwellings = Vec::new();
        let rows = |rows: &Rows| Elsewhere::of(rows.values().filter_map(|row| row.summary.as_ref()));
        let elsewhere = untrack(|| self.desk.app.rows(rows));
        for id in self.lived.get_untracked() {
            if let Ok(Some(entity)) = self.desk.app.entity(id).await {
                let view = HouseholdView::of(&entity);
                let here = view.members.iter().filter(|one| elsewhere.lives(id, &one.name).is_none());
                dwellings.push(Dwelling { id, area: view.area.clone(), persons: here.count() });
            }
        }
        let _ = self.dwellings.try_set(dwellings);
    }

    fn judged(self) -> (Vec<DraftProblem>, Preview) {
        let draft = self.draft();
        let norms = self.desk.app.package().visits.get().norms;
        self.desk.nodes.with(|nodes| {
            let nodes = nodes.as_deref().map(Vec::as_slice).unwrap_or_default();
            self.rows.with(|rows| {
                let rows: Vec<&Summary> = rows.iter().collect();
                let today = self.desk.app.today();
                let problems = self.lived.with(|homes| draft.problems(nodes, homes, today));
                let preview = self.dwellings.with(|homes| draft.preview(nodes, &norms, homes, &rows));
                (problems, preview)
            })
        })
    }
}

fn lies(rows: &[Summary]) -> BTreeMap<EntityId, String> {
    rows.iter().map(|row| (row.id, row.area.clone())).collect()
}

pub(super) fn dialog_for(desk: Desk) -> AnyView {
    let editing = Editing {
        desk,
        on: RwSignal::new(desk.app.today()),
        new: RwSignal::new(Vec::new()),
        homes: RwSignal::new(BTreeMap::new()),
        rows: RwSignal::new(Vec::new()),
        lived: RwSignal::new(Vec::new()),
        dwellings: RwSignal::new(Vec::new()),
        holders: RwSignal::new(BTreeMap::new()),
    };
    Effect::new(move |_| {
        if desk.open.get() {
            editing.begin();
        }
    });
    let judged = Memo::new(move |_| editing.judged());
    let doing = Doing::new(desk.open);
    let save = move || {
        let names = desk.names.get_untracked();
        let first = |(problems, _): &(Vec<DraftProblem>, Preview)| {
            problems.first().map(|problem| words::problem(problem, |user| names.person(user)))
        };
        if let Some(problem) = judged.with_untracked(first) {
            return doing.failed(problem);
        }
        doing.begin(async move {
            keep(editing).await?;
            desk.chosen.set(BTreeSet::new());
            Ok("已定下，生效那天在下面移动记录".to_owned())
        });
    };
    let inside = move || {
        let merge = desk.parts.get_untracked() == 1;
        let told = move || judged.with(|(problems, preview)| told(editing, problems, preview));
        view! {
            <div class="dialog-body stack">
                {old_names(desk)}
                {day("从哪天起算", "areas-on", editing.on)}
                {name_fields(editing)}
                {told}
                {undecided(editing, judged)}
                {(!merge).then(|| who(editing))}
                {(!merge).then(|| homes(editing))}
            </div>
            {doing.foot("定下来", "areas-save").click(save)}
        }
        .into_any()
    };
    dialog(desk.open, "dialog-wide", "调整网格", Box::new(inside))
}

fn old_names(desk: Desk) -> AnyView {
    let names = desk.names.get_untracked();
    let old: Vec<String> = desk.chosen.get_untracked().iter().map(|code| names.area(code)).collect();
    let text = format!("{}到生效前一天为止；以前的记录仍查得到，编码不再使用。", old.join("、"));
    view! { <p>{text}</p> }.into_any()
}

fn name_fields(editing: Editing) -> AnyView {
    (move || {
        let codes: Vec<String> =
            editing.new.with_untracked(|new| new.iter().map(|(code, _)| code.clone()).collect());
        // The names are typed here: only another number of grids draws them anew.
        let _ = editing.rows.with(Vec::len);
        codes
            .into_iter()
            .enumerate()
            .map(|(n, code)| {
                let id = format!("areas-name-{n}");
                let set = move |event| {
                    editing.new.update(|new| {
                        if let Some((_, name)) = new.get_mut(n) {
                            *name = event_target_value(&event);
                        }
                    });
                };
                view! {
                    <div class="field">
                        <label class="label" for=id.clone()>{format!("新网格 {code} 的名称")}</label>
                        <input class="input" id=id.clone() data-testid=id maxlength="30" on:input=set />
                    </div>
                }
            })
            .collect_view()
    })
    .into_any()
}

/// What would follow, in words.
fn told(editing: Editing, problems: &[DraftProblem], preview: &Preview) -> AnyView {
    let new = editing.new.get();
    let name = |code: &str| {
        let held = new.iter().find(|(held, name)| held == code && !name.trim().is_empty());
        held.map_or_else(|| code.to_owned(), |(_, name)| name.trim().to_owned())
    };
    let people = |code: &str| -> usize {
        let homes = editing.homes.get();
        editing.dwellings.with(|all| {
            all.iter()
                .filter(|home| homes.get(&home.id).is_some_and(|to| to == code))
                .map(|home| home.persons)
                .sum()
        })
    };
    let lines = preview
        .homes
        .iter()
        .map(|(code, count)| {
            view! { <li data-testid="areas-line">{format!("{}：{count} 户 {} 人", name(code), people(code))}</li> }
        })
        .collect_view();
    let notes = words::norms(&preview.notes, name);
    let notes = (!notes.is_empty()).then(|| {
        let list =
            notes.into_iter().map(|words| view! { <li data-testid="areas-note">{words}</li> }).collect_view();
        let list = view! { <ul class="stack-s">{list}</ul> }.into_any();
        banner(Tone::Warn, "warn", "和网格标准不符，可以照样定下", "", vec![list])
    });
    let names = editing.desk.names.get();
    let wrong: Vec<String> =
        problems.iter().map(|problem| words::problem(problem, |user| names.person(user))).collect();
    view! {
        <ul class="stack-s">{lines}</ul>
        <p data-testid="areas-moves">{format!("生效那天移动 {} 条记录（户、走访和在办的事）。", preview.moves)}</p>
        {notes}
        <p class="muted" data-testid="areas-problems">{wrong.join("")}</p>
    }
    .into_any()
}

/// Open cases of no household in a grid that is split.
fn undecided(editing: Editing, judged: Memo<(Vec<DraftProblem>, Preview)>) -> AnyView {
    let open = Memo::new(move |_| judged.with(|(_, preview)| preview.undecided.clone()));
    (move || {
        let ids = open.get();
        let rows = editing.rows.get();
        (!ids.is_empty()).then(|| {
            let lines: Vec<(EntityId, String)> = ids
                .iter()
                .filter_map(|id| Some((*id, rows.iter().find(|row| row.id == *id)?.title.clone())))
                .collect();
            choose(editing, "这些事不在哪一户，请说归哪个网格", "areas-case", lines)
        })
    })
    .into_any()
}

/// People who work there, with their new grid.
fn who(editing: Editing) -> AnyView {
    let people = Memo::new(move |_| editing.holders.with(|held| held.keys().cloned().collect::<Vec<_>>()));
    (move || {
        let names = editing.desk.names.get();
        let people = people.get();
        (!people.is_empty()).then(|| {
            let rows = people
                .into_iter()
                .map(|user| {
                    let (held, turned) = (user.clone(), user.clone());
                    let value =
                        move || editing.holders.with(|all| all.get(&held).map(joined).unwrap_or_default());
                    let options = move || {
                        let new = editing.new.get();
                        let all: BTreeSet<String> = set_of(new.iter().map(|(code, _)| code.clone()));
                        named(&new).chain([(joined(&all), "都管".to_owned())]).collect()
                    };
                    let set = move |codes: String| {
                        let codes = codes.split(' ').map(str::to_owned).collect();
                        editing.holders.update(|all| drop(all.insert(turned.clone(), codes)));
                    };
                    view! {
                        <tr data-testid="areas-holder" data-user=user>
                            <td>{names.person(&user)}</td>
                            <td>{select("管哪个网格", "areas-holds", value, options, set)}</td>
                        </tr>
                    }
                })
                .collect_view();
            view! {
                <section class="section">
                    <div class="section-head"><h3 class="section-title">"谁管哪个网格"</h3></div>
                    <table class="table table-dense"><tbody>{rows}</tbody></table>
                </section>
            }
        })
    })
    .into_any()
}

fn joined(codes: &BTreeSet<String>) -> String {
    codes.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

/// The new grids with what they are called as yet.
fn named(new: &[(String, String)]) -> impl Iterator<Item = (String, String)> {
    new.iter().map(|(code, name)| (code.clone(), if name.trim().is_empty() { code } else { name }.clone()))
}

/// Households with their new grid.
fn homes(editing: Editing) -> AnyView {
    (move || {
        let lived: BTreeSet<EntityId> = set_of(editing.lived.get());
        let held = editing.rows.get().into_iter().filter(|row| lived.contains(&row.id));
        let mut rows: Vec<Summary> = held.collect();
        gridbook_log::order_by_key(&mut rows, |row| (row.number.clone(), row.id));
        let line = |row: Summary| (row.id, format!("{} {}", row.title, row.subtitle));
        choose(editing, "每户归哪个网格", "areas-home", rows.into_iter().map(line).collect())
    })
    .into_any()
}

fn choose(
    editing: Editing,
    title: &'static str,
    test: &'static str,
    lines: Vec<(EntityId, String)>,
) -> AnyView {
    let rows = lines
        .into_iter()
        .map(|(id, words)| {
            let options = move || {
                let said = editing.homes.with(|homes| homes.contains_key(&id));
                let blank = (!said).then(|| (String::new(), "请选".to_owned()));
                blank.into_iter().chain(named(&editing.new.get())).collect()
            };
            let held = move || editing.homes.with(|homes| homes.get(&id).cloned().unwrap_or_default());
            let set = move |code: String| editing.homes.update(|homes| drop(homes.insert(id, code)));
            view! {
                <tr data-testid=test>
                    <td>{words}</td>
                    <td>{select("归哪个网格", "areas-to", held, options, set)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section class="section">
            <div class="section-head"><h3 class="section-title">{title}</h3></div>
            <table class="table table-dense"><tbody>{rows}</tbody></table>
        </section>
    }
    .into_any()
}

/// Writes what was decided into the directory.
async fn keep(editing: Editing) -> Result<(), String> {
    let app = editing.desk.app;
    let draft = untrack(|| editing.draft());
    let lies = editing.rows.with_untracked(|rows| lies(rows));
    let (ended, made) = editing
        .desk
        .nodes
        .with_untracked(|nodes| draft.writes(nodes.as_deref().map(Vec::as_slice).unwrap_or_default(), &lies));
    let ended = ended.into_iter().map(|(id, set)| (Some(id), set));
    write(app, ended.chain(made.into_iter().map(|set| (None, set))).collect()).await
}
