//! What a grid is (TERR-02): its name, the theme of a dedicated one, the chat group of an online one, what a micro-grid is
//! made of. New grids get the next code of their kind.

use std::sync::Arc;

use gridbook_domain::form::{Stage, Values};
use gridbook_domain::record::RecordKind;
use gridbook_domain::territory::GridKind;
use gridbook_domain::territory::cut::{Node, free_code};
use gridbook_domain::territory::micro::free_micro;
use gridbook_log::{Body, Create, EntityId, Placement, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Desk;
use crate::app::App;
use crate::desk::parts::select;
use crate::ui::dialog::{Doing, dialog, forget_closed};
use crate::ui::form::{FormState, fields};
use crate::ui::states::{failed, loading};

/// The form of a node.
const FORM: &str = "F-AREA";

/// Which node the dialog is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A new grid of the village.
    New,
    /// A new micro-grid of the grid whose card is shown.
    Micro,
    /// One that there is.
    Node(EntityId),
}

/// A node being written.
#[derive(Clone, Copy)]
struct Filling {
    about: About,
    state: FormState,
}

fn kind_of(id: &str) -> GridKind {
    match id {
        "dedicated" => GridKind::Dedicated,
        "online" => GridKind::Online,
        _ => GridKind::Basic,
    }
}

/// The dialog; `which` is the node, `None` while none is written.
pub(super) fn dialog_for(desk: Desk, which: RwSignal<Option<About>>) -> AnyView {
    let app = desk.app;
    let open = RwSignal::new(false);
    let filling: RwSignal<Option<Filling>> = RwSignal::new(None);
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let owner = Owner::current();
    Effect::new(move |_| {
        let Some(about) = which.get() else { return };
        filling.set(None);
        failure.set(None);
        open.set(true);
        let owner = owner.clone();
        spawn_local(async move {
            let base = match about {
                About::New => [("kind", "dedicated"), ("level", "group")]
                    .map(|(path, value)| (path.to_owned(), value.into()))
                    .into(),
                About::Micro => [("level".to_owned(), "micro_grid".into())].into(),
                About::Node(id) => match app.entity(id).await {
                    Ok(Some(entity)) => entity.values(),
                    _ => return,
                },
            };
            let Some(form) = app.package().form(FORM).cloned() else { return };
            let made = owner.map(|owner| {
                owner.with(|| {
                    let state = FormState::new(Arc::new(form), base.clone());
                    if matches!(about, About::Node(_)) {
                        state.base.set_value(base);
                    }
                    Filling { about, state }
                })
            });
            let _ = filling.try_set(made);
        });
    });
    forget_closed(open, which);
    let doing = Doing::showing(open, failure);
    let save = move || {
        let Some(now) = filling.get_untracked() else { return };
        doing.begin(async move { keep(desk, now).await.map(|()| "已保存，待同步".to_owned()) });
    };
    let inside = move || {
        let Some(now) = filling.get() else { return loading(4) };
        let kinds = || {
            [("dedicated", "专属网格"), ("online", "线上网格"), ("basic", "属地网格")]
                .map(|(id, words)| (id.to_owned(), words.to_owned()))
                .to_vec()
        };
        let kind = (now.about == About::New).then(|| {
            select(
                "网格类型",
                "area-kind",
                move || now.state.text("kind"),
                kinds,
                move |id| {
                    now.state.set("kind", Some(id.into()));
                },
            )
        });
        let form = now.state.form();
        let list = form
            .sections
            .iter()
            .flat_map(|section| {
                fields(now.state, &section.fields.iter().filter(|one| !one.auto).cloned().collect::<Vec<_>>())
            })
            .collect_view();
        let body = view! { {failed(failure, None)}{kind}{list} };
        doing.foot("保存", "area-save").form(body.into_any(), save)
    };
    dialog(open, "", "网格资料", Box::new(inside))
}

async fn keep(desk: Desk, now: Filling) -> Result<(), String> {
    let (app, state) = (desk.app, now.state);
    let problems: Vec<_> = state.check(Stage::Full).into_iter().filter(|problem| problem.blocks).collect();
    if let Some(first) = problems.first() {
        let words = format!("还不能保存：{}", first.message);
        state.problems.set(problems);
        return Err(words);
    }
    match now.about {
        About::Node(id) => {
            let set = state.changes();
            if set.is_empty() {
                return Ok(());
            }
            write(app, vec![(Some(id), set)]).await
        }
        About::New | About::Micro => {
            let micro = now.about == About::Micro;
            let above = if micro { desk.card } else { desk.village }.get_untracked();
            let kind = kind_of(&state.text("kind"));
            let free = |nodes: &Vec<Node>| {
                if !micro {
                    return free_code(nodes, &above, kind);
                }
                free_micro(nodes.iter().map(|node| node.node.code.as_str()), &above)
            };
            let code = desk
                .nodes
                .with_untracked(|nodes| free(nodes.as_ref()?))
                .ok_or_else(|| "这里这一类网格的编码用完了，没有建。".to_owned())?;
            let mut set = state.clean();
            let level = if micro { "micro_grid" } else { "group" };
            let known = [("code", code.as_str()), ("parent", above.as_str()), ("level", level)];
            set.extend(known.map(|(path, value)| (path.to_owned(), value.into())));
            set.insert("valid_from".to_owned(), app.today().to_string().into());
            write(app, vec![(None, set)]).await
        }
    }
}

/// Writes nodes of the directory together: new ones without an id, changes with one.
pub(super) async fn write(app: App, list: Vec<(Option<EntityId>, Values)>) -> Result<(), String> {
    let mut writes = Vec::new();
    for (id, set) in list {
        let write = match id {
            Some(entity) => NewWrite { entity, body: Body::Set(body::Set { set, blobs: Vec::new() }) },
            None => {
                let create = Create {
                    type_: RecordKind::Area.as_str().to_owned(),
                    place: Placement { all: Some(true), ..Placement::default() },
                    set,
                    ..Create::default()
                };
                NewWrite { entity: app.new_id(), body: Body::Create(create) }
            }
        };
        writes.push(write);
    }
    app.put(writes).await
}
