//! The roster of mediators (MED-05): who mediates where, what they know, until when. It stands in the directory, so that
//! every phone offers it.

mod edit;

use gridbook_domain::case::CaseView;
use gridbook_domain::mediation::Mediation;
use gridbook_domain::mediation::roster::{Mediator, engaged};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::holds;
use gridbook_log::{Entity, EntityId};
use leptos::prelude::*;

use super::kept::keep;
use super::table::{Col, table};
use crate::app::{App, use_app};
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading, warning};

/// Somebody of the directory.
#[derive(Clone, PartialEq)]
struct Person {
    id: EntityId,
    name: String,
    /// `None`: not on the roster.
    on: Option<Mediator>,
}

fn person(entity: &Entity) -> Option<Person> {
    entity.creation().filter(|made| made.rejected.is_none())?;
    let name = entity.text("name").unwrap_or_default().to_owned();
    Some(Person { id: entity.id(), name, on: Mediator::of(&entity.values()) })
}

/// Names of those who mediate in an open file.
fn busy(entity: &Entity) -> Option<Vec<String>> {
    let case = CaseView::of(entity)?;
    Some(engaged(&Mediation::of(&case)).into_iter().map(str::to_owned).collect())
}

/// The screen.
pub fn roster() -> AnyView {
    let app = use_app();
    let people = keep(app, RecordKind::Staff, person);
    let files = keep(app, RecordKind::Mediation, busy);
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
        Some(people) => {
            let files = files.get().unwrap_or_default();
            let load = |name: &str| files.iter().flatten().filter(|held| *held == name).count();
            roster_table(app, &people, &load, may, edit)
        }
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

fn roster_table(
    app: App,
    people: &[Person],
    load: &dyn Fn(&str) -> usize,
    may: bool,
    edit: impl Fn(Option<EntityId>) + Copy + Send + Sync + 'static,
) -> AnyView {
    let (package, names, today) = (app.package(), use_directory().get_untracked(), app.today());
    let mut people: Vec<&Person> = people.iter().collect();
    gridbook_log::order_by_key(&mut people, |person| person.name.clone());
    let rows = people
        .iter()
        .filter_map(|person| Some((person, person.on.as_ref()?)))
        .map(|(person, on)| {
            let known: Vec<&str> =
                on.expertise.iter().map(|id| package.label("dispute_category", id)).collect();
            let place = if on.area.is_empty() { "全镇".to_owned() } else { names.area(&on.area) };
            let term = match on.term_to {
                None => "长期".into_any(),
                Some(last) if last < today => warning(format!("{last} 已到期")),
                Some(last) => format!("到 {last}").into_any(),
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
                    <td class="num">{load(&person.name)}</td>
                    <td>{change}</td>
                </tr>
            }
        })
        .collect_view();
    let heads = [
        Col::Text("姓名"),
        Col::Text("单位"),
        Col::Text("范围"),
        Col::Text("熟悉"),
        Col::Text("专兼职"),
        Col::Text("任期"),
        Col::Num("在手"),
        Col::Act("操作"),
    ];
    table("名册", true, &heads, rows)
}
