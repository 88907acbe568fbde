//! What was given out, and taking it back.

use gridbook_domain::plan::Progress;
use gridbook_domain::plan::task::VisitTask;
use gridbook_log::body;
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Found;
use crate::app::App;
use crate::desk::table::{Col, table};
use crate::ui::dialog::{Confirm, confirm};
use crate::ui::directory::Directory;
use crate::ui::states::warning;
use crate::ui::toast::use_toasts;

/// The task that somebody wants to take back, and from whom: beside the list, which is drawn anew with every visit.
#[derive(Clone, Copy)]
pub(super) struct Back {
    asking: RwSignal<bool>,
    which: RwSignal<Option<(EntityId, String)>>,
}

impl Back {
    pub(super) fn new() -> Self {
        Self { asking: RwSignal::new(false), which: RwSignal::new(None) }
    }

    /// The question before it.
    pub(super) fn dialog(self, app: App) -> AnyView {
        let toasts = use_toasts();
        let stop = move || {
            let Some((id, user)) = self.which.get_untracked() else { return };
            spawn_local(async move {
                match take_back(app, id, &user).await {
                    Ok(()) => toasts.ok("已取消，手机同步后不再列出"),
                    Err(words) => toasts.warn(words),
                }
            });
        };
        let ask = Confirm {
            title: "取消这份走访任务？".to_owned(),
            text: "走过的户和记录都在，不受影响。没走的户可以重新分配。".to_owned(),
            yes: "取消任务".to_owned(),
            danger: true,
        };
        confirm(self.asking, ask, stop)
    }
}

pub(super) fn given(app: App, names: Directory, found: &Found, back: Option<Back>) -> Option<AnyView> {
    if found.tasks.is_empty() {
        return None;
    }
    let row = |(task, so_far): &(VisitTask, Progress)| {
        let late = task.terms.due < app.today() && !so_far.left.is_empty();
        let late = late.then(|| warning("已过期"));
        let id = (task.id, task.user.clone());
        let back = back.map(|back| {
            let ask = move |_| {
                back.which.set(Some(id.clone()));
                back.asking.set(true);
            };
            view! {
                <button class="btn btn-small btn-quiet" type="button" data-testid="task-cancel" on:click=ask>
                    "取消"
                </button>
            }
        });
        let (place, person) = names.with(|names| (names.area(&task.area), names.person(&task.user)));
        view! {
            <tr data-testid="task-row" data-user=task.user.clone() data-area=task.area.clone()>
                <td>{place}</td>
                <td class="strong">{person}</td>
                <td>{format!("{} 至 {} ", task.terms.from, task.terms.due)} {late}</td>
                <td class="num" data-testid="task-done">{so_far.done.words()}</td>
                <td class="num">{so_far.call_backs.len()}</td>
                <td>{back}</td>
            </tr>
        }
    };
    let rows = found.tasks.iter().map(row).collect_view();
    let heads = [
        Col::Text("网格"),
        Col::Text("谁去"),
        Col::Text("期限"),
        Col::Num("已走访"),
        Col::Num("待问结果"),
        Col::Act("操作"),
    ];
    Some(
        view! {
            <section class="section">
                <div class="section-head"><h2 class="section-title">"已经分出去的"</h2></div>
                {table("已经分出去的", true, &heads, rows)}
            </section>
        }
        .into_any(),
    )
}

async fn take_back(app: App, id: EntityId, user: &str) -> Result<(), String> {
    let gone = || "这份任务已不在这台电脑上，没有取消。".to_owned();
    let entity = app.entity(id).await.map_err(|problem| problem.message())?.ok_or_else(gone)?;
    let set = VisitTask::of(&entity).ok_or_else(gone)?.take_back(user);
    let write = NewWrite { entity: id, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
    app.check(Some(&entity), &write).map_err(|refusal| refusal.message())?;
    app.save(vec![write], Vec::new(), Vec::new()).await.map(|_| ()).map_err(|problem| problem.message())
}
