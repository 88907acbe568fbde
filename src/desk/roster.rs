//! The roster of mediators (MED-05): who mediates where, what they know, until when. It stands in the directory, so that
//! every phone offers it.

mod edit;

use std::sync::Arc;

use gridbook_domain::mediation::roster::Mediator;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::{App, use_app};
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading};

/// Somebody of the directory.
#[derive(Clone, PartialEq)]
struct Person {
    id: EntityId,
    name: String,
    /// `None`: not on the roster.
    on: Option<Mediator>,
}

async fn read(app: App) -> Vec<Person> {
    let staff: Vec<(EntityId, String)> = app.rows(|rows| {
        let held = rows.iter().filter_map(|(id, row)| Some((*id, row.summary.as_ref()?)));
        held.filter(|(_, row)| row.kind == RecordKind::Staff && !row.rejected)
            .map(|(id, row)| (id, row.title.clone()))
            .collect()
    });
    let loads = crate::ui::form::read_roster(app).await;
    let mut people = Vec::new();
    for (id, name) in staff {
        let Ok(Some(entity)) = app.entity(id).await else { continue };
        let mut on = Mediator::of(&entity.values());
        if let Some(person) = &mut on {
            person.load = loads.iter().find(|held| held.name == person.name).map_or(0, |held| held.load);
        }
        people.push(Person { id, name, on });
    }
    gridbook_log::order_by_key(&mut people, |person| person.name.clone());
    people
}

/// The screen.
pub fn roster() -> AnyView {
    let app = use_app();
    let people = RwSignal::new(None::<Arc<Vec<Person>>>);
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let found = Arc::new(read(app).await);
            if people.try_with_untracked(|held| held.as_ref() != Some(&found)) == Some(true) {
                people.set(Some(found));
            }
        });
    });
    let (open, which) = (RwSignal::new(false), RwSignal::new(None::<EntityId>));
    let may = holds(&app.package(), &app.actor(), "directory.edit", app.today());
    let edit = move |id: Option<EntityId>| {
        which.set(id);
        open.set(true);
    };
    let inside = move || match people.get() {
        None => loading(5),
        Some(people) if people.iter().all(|person| person.on.is_none()) => blank(
            "empty",
            "名册里还没有人",
            "加上人民调解员、老党员、法律顾问等；立卷时手机上就能直接选。",
            Vec::new(),
        ),
        Some(people) => table(app, &people, may, edit),
    };
    view! {
        <div class="page-head">
            <h1 class="page-title">"调解员名册"</h1>
            <div class="page-actions">
                {may
                    .then(|| {
                        view! {
                            <button
                                class="btn btn-small btn-primary"
                                type="button"
                                data-testid="roster-add"
                                on:click=move |_| edit(None)
                            >
                                {icon("plus")}
                                "加一人"
                            </button>
                        }
                    })}
            </div>
        </div>
        <div class="books" tabindex="0" role="region" aria-label="调解员名册">{inside}</div>
        {edit::dialog_for(people, which, open)}
    }
    .into_any()
}

fn table(
    app: App,
    people: &[Person],
    may: bool,
    edit: impl Fn(Option<EntityId>) + Copy + Send + Sync + 'static,
) -> AnyView {
    let (package, names, today) = (app.package(), use_directory().get_untracked(), app.today());
    let rows = people
        .iter()
        .filter_map(|person| Some((person, person.on.as_ref()?)))
        .map(|(person, on)| {
            let known: Vec<&str> =
                on.expertise.iter().map(|id| package.label("dispute_category", id)).collect();
            let place = if on.area.is_empty() { "全镇".to_owned() } else { names.area(&on.area) };
            let term = match on.term_to {
                None => "长期".to_owned(),
                Some(last) if last < today => format!("! {last} 已到期"),
                Some(last) => format!("到 {last}"),
            };
            let id = person.id;
            let change = may.then(|| {
                view! {
                    <button
                        class="btn btn-small"
                        type="button"
                        data-testid="roster-edit"
                        on:click=move |_| edit(Some(id))
                    >
                        {icon("edit")}
                        "改"
                    </button>
                }
            });
            view! {
                <tr data-testid="roster-row">
                    <td class="strong">{person.name.clone()}</td>
                    <td>{on.body.clone()}</td>
                    <td>{place}</td>
                    <td>{known.join("、")}</td>
                    <td>{if on.full_time { "专职" } else { "兼职" }}</td>
                    <td>{term}</td>
                    <td class="num">{on.load}</td>
                    <td>{change}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <div class="table-wrap" tabindex="0" role="region" aria-label="名册">
            <table class="table table-dense">
                <thead>
                    <tr>
                        <th scope="col">"姓名"</th>
                        <th scope="col">"单位"</th>
                        <th scope="col">"范围"</th>
                        <th scope="col">"熟悉"</th>
                        <th scope="col">"专兼职"</th>
                        <th scope="col">"任期"</th>
                        <th scope="col" class="num">"在手"</th>
                        <th scope="col"><span class="visually-hidden">"操作"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}
