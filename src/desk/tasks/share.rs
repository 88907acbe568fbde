//! Giving the households of grids to the people who go there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gridbook_domain::plan::Walker;
use gridbook_domain::plan::task::{Terms, VisitTask, near, own, share_out, walkers};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Target, may};
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Asked, Found, Home, Line};
use crate::desk::parts::select;
use crate::desk::people::people as people_of;
use crate::ui::dialog::{Doing, dialog};

/// What would be given to whom.
#[derive(Clone, Default, PartialEq)]
struct Preview {
    tasks: Vec<VisitTask>,
    nobody: usize,
}

pub(super) fn dialog_for(asked: Asked, found: Memo<Arc<Found>>, open: RwSignal<bool>) -> AnyView {
    let (app, names) = (asked.app, asked.names);
    let people = RwSignal::new(Vec::<Walker>::new());
    let picked = RwSignal::new(BTreeSet::<String>::new());
    let category = RwSignal::new(String::new());
    let doing = Doing::new(open);
    Effect::new(move |_| {
        if !open.get() {
            return;
        }
        let chosen = asked.chosen.get_untracked();
        spawn_local(async move {
            let all = walkers(&app.package(), &people_of(app).await, app.today());
            let near = near(&all, &chosen);
            let own = own(&near);
            let _ = people.try_set(near);
            let _ = picked.try_set(own);
        });
    });
    let preview = Memo::new(move |_| {
        if !open.get() {
            return Preview::default();
        }
        let (found, chosen, wanted) = (found.get(), asked.chosen.get(), category.get());
        let fits = |home: &&Home| {
            !found.reached.contains(&home.id) && (wanted.is_empty() || home.categories.contains(&wanted))
        };
        let lines = found.lines.iter().filter(|line: &&Line| chosen.contains(&line.code));
        let homes: Vec<(EntityId, String)> = lines
            .flat_map(|line| line.homes.iter().filter(fits).map(|home| (home.id, home.area.clone())))
            .collect();
        let going: Vec<Walker> = people.with(|people| {
            picked.with(|picked| people.iter().filter(|w| picked.contains(&w.user)).cloned().collect())
        });
        let terms = Terms {
            campaign: asked.campaign.get(),
            label: asked.label(),
            from: asked.from.get(),
            due: asked.due.get(),
        };
        let standing: Vec<VisitTask> = found.tasks.iter().map(|(task, _)| task.clone()).collect();
        let (tasks, nobody) = share_out(&terms, &homes, &going, &standing);
        Preview { tasks, nobody: nobody.len() }
    });
    let save = move || {
        let given = preview.get_untracked().tasks;
        if given.is_empty() {
            return doing.failed("没有要分的户：都走过了、分过了，或者没有选人。");
        }
        let (count, homes) = (given.len(), given.iter().map(|task| task.households.len()).sum::<usize>());
        doing.begin(async move {
            let create =
                |task: &VisitTask| NewWrite { entity: app.new_id(), body: Body::Create(task.create()) };
            app.put(given.iter().map(create).collect()).await?;
            asked.chosen.set(BTreeSet::new());
            Ok(format!("已分出 {count} 份，共 {homes} 户，手机同步后就能看到"))
        });
    };
    let kinds = move || {
        let package = app.package();
        let target = Target::new(RecordKind::Household, "", None);
        let village = asked.village.get();
        let target = Target { area: &village, ..target };
        let all = may(&package, &app.actor(), "person.sensitive.view", &target, app.today());
        let known = package.categories.iter().filter(|held| held.offered && (all || !held.sensitive));
        let known = known.map(|held| (held.id.clone(), held.label.clone()));
        std::iter::once((String::new(), "所有户".to_owned())).chain(known).collect::<Vec<_>>()
    };
    let inside = move || {
        let tick = move || {
            let near: BTreeMap<String, String> =
                people.with(|people| people.iter().map(|w| (w.user.clone(), w.area.clone())).collect());
            near.into_iter()
                .map(|(user, area)| {
                    let (held, turned) = (user.clone(), user.clone());
                    let words = names.with(|names| format!("{}（{}）", names.person(&user), names.area(&area)));
                    view! {
                        <label class="chip">
                            <input
                                type="checkbox"
                                data-testid=format!("share-person-{user}")
                                prop:checked=move || picked.with(|picked| picked.contains(&held))
                                on:change=move |event| {
                                    let on = event_target_checked(&event);
                                    picked
                                        .update(|picked| {
                                            if on { picked.insert(turned.clone()) } else { picked.remove(&turned) };
                                        });
                                }
                            />
                            <span class="chip-face">{words}</span>
                        </label>
                    }
                })
                .collect_view()
        };
        let told = move || {
            let Preview { tasks, nobody } = preview.get();
            let mut sums: BTreeMap<String, usize> = BTreeMap::new();
            for task in &tasks {
                *sums.entry(task.user.clone()).or_default() += task.households.len();
            }
            let lines = sums
                .into_iter()
                .map(|(user, count)| {
                    let name = names.with(|names| names.person(&user));
                    view! { <li data-testid="share-line" data-user=user>{format!("{name}：{count} 户")}</li> }
                })
                .collect_view();
            let left = (nobody > 0).then(|| {
                view! { <p class="strong">{format!("{nobody} 户没有人去：选中的人都不管那里。")}</p> }
            });
            let none = (tasks.is_empty() && nobody == 0)
                .then(|| view! { <p class="muted">"没有要分的户：都走过了，或者已经分给人了。"</p> });
            view! { <ul class="stack-s">{lines}</ul>{left}{none} }
        };
        view! {
            <div class="dialog-body stack">
                <p>{move || format!("{}，从 {} 到 {}。", asked.label(), asked.from.get(), asked.due.get())}</p>
                {select("哪些户", "share-category", move || category.get(), kinds, move |value| category.set(value))}
                <fieldset class="field choice">
                    <legend class="label">"谁去"</legend>
                    <div class="chips">{tick}</div>
                </fieldset>
                {told}
            </div>
            {doing
                .foot("分下去", "share-save")
                .off(move || preview.with(|preview| preview.tasks.is_empty()))
                .click(save)}
        }
        .into_any()
    };
    dialog(open, "dialog-wide", "分配走访", Box::new(inside))
}
