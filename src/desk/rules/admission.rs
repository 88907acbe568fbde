//! How items come onto the list and leave it (CAT-02): units apply here, the centre reviews, a leader approves, the centre
//! publishes. Each sees where an application stands, who took which step, and the step that is theirs to take.

mod apply;
mod card;
mod words;

use gridbook_domain::catalogue::admission::{Procedure, applies, waits_for};
use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::publish::township;
use crate::app::{App, use_app};
use crate::desk::kept::{Kept, keep};
use crate::desk::table::{Col, table};
use crate::desk::words::day;
use crate::ui::dialog::forget_closed;
use crate::ui::directory::{Directory, use_directory};
use crate::ui::icon::icon;
use crate::ui::largest_first;
use crate::ui::states::blank;

/// What the list, the form and the card of an application share.
#[derive(Clone, Copy)]
struct Screen {
    app: App,
    names: Directory,
    held: Kept<Procedure>,
    /// The form is open.
    typing: RwSignal<bool>,
    /// The application that is corrected; `None` for a new one.
    edited: RwSignal<Option<EntityId>>,
    /// A card is open.
    open: RwSignal<bool>,
    /// Whose.
    shown: RwSignal<Option<EntityId>>,
}

impl Screen {
    fn find(self, id: EntityId) -> Option<Procedure> {
        self.held.with(|held| held.as_ref()?.iter().find(|one| one.id == id).cloned())
    }
}

/// Whether this person may apply for an item, for whichever unit.
pub(super) fn may_apply(app: App) -> bool {
    applies(&app.package(), &app.actor(), &township(app), app.today())
}

/// Applications that wait for this person.
pub(super) fn waiting(app: App) -> usize {
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    app.rows(|rows| {
        let held = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
        held.filter(|row| waits_for(row, &package, &actor, today)).count()
    })
}

pub(super) fn page() -> AnyView {
    let app = use_app();
    let screen = Screen {
        app,
        names: use_directory(),
        held: keep(app, RecordKind::Admission, Procedure::of),
        typing: RwSignal::new(false),
        edited: RwSignal::new(None),
        open: RwSignal::new(false),
        shown: RwSignal::new(None),
    };
    forget_closed(screen.typing, screen.edited);
    forget_closed(screen.open, screen.shown);
    let start = may_apply(app).then(|| {
        view! {
            <button
                class="btn btn-primary"
                type="button"
                data-testid="admission-new"
                on:click=move |_| screen.typing.set(true)
            >
                {icon("plus")}
                "申请准入或退出"
            </button>
        }
    });
    view! {
        <section class="section">
            <div class="section-head"><h2 class="section-title">"申请"</h2>{start}</div>
            <p class="muted">
                "单位申请，中心审核，领导审批，发布后手机才列出。不在清单里的事，不得派给网格员。"
            </p>
            {move || list(screen)}
        </section>
        {apply::dialog_for(screen)}
        {card::dialog_for(screen)}
    }
    .into_any()
}

fn list(screen: Screen) -> AnyView {
    // Another package may be there: what was published stands in it, or not.
    screen.app.version.track();
    let found = screen.held.with(|held| held.as_deref().cloned()).unwrap_or_default();
    if found.is_empty() {
        let text = "有新事项要网格员做，或者有事项不再做了，由主责单位在这里申请。";
        return blank("empty", "还没有申请", text, Vec::new());
    }
    let (package, names) = (screen.app.package(), screen.names.get());
    let rows = largest_first(found, |one| one.at)
        .into_iter()
        .map(|one| {
            let (id, stage) = (one.id, one.stage());
            let (name, kind) = words::about(&package, &one.application);
            let (who, when) = words::last(&one);
            let look = move |_| {
                screen.shown.set(Some(id));
                screen.open.set(true);
            };
            view! {
                <tr data-testid="admission-row" data-id=id.to_string() data-stage=stage.as_str()>
                    <td class="strong">{name}</td>
                    <td>{kind}</td>
                    <td>{names.unit(&one.application.unit)}</td>
                    <td>{words::stage(&package, &one)}</td>
                    <td>{format!("{} · {}", names.person(who), day(when))}</td>
                    <td>
                        <button class="btn btn-small" type="button" data-testid="admission-look" on:click=look>
                            "查看"
                        </button>
                    </td>
                </tr>
            }
        })
        .collect_view();
    let heads = [
        Col::Text("事项"),
        Col::Text("申请"),
        Col::Text("单位"),
        Col::Text("走到哪一步"),
        Col::Text("谁、哪天"),
        Col::Act("查看"),
    ];
    table("准入和退出的申请", true, &heads, rows)
}
