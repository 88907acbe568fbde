//! Invitations for accounts: made at the server, drawn as QR, to print and cut.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::use_app;
use crate::desk::staff::invite::{Invite, ask, card};
use crate::ui::icon::icon;
use crate::ui::states::{Tone, banner};

/// A button that invites all of these, and their cards.
pub(super) fn invites(accounts: Vec<String>) -> AnyView {
    let app = use_app();
    let cards: RwSignal<Vec<Invite>> = RwSignal::new(Vec::new());
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let busy = RwSignal::new(false);
    let count = accounts.len();
    let make = move |_| {
        let accounts = accounts.clone();
        busy.set(true);
        spawn_local(async move {
            for user in accounts {
                match ask(app, &user).await {
                    Ok(invite) => {
                        let _ = cards.try_update(|cards| cards.push(invite));
                    }
                    Err(problem) => {
                        let _ = failure.try_set(Some(problem.message()));
                        break;
                    }
                }
            }
            let _ = busy.try_set(false);
        });
    };
    view! {
        <section class="section">
            <div class="section-head no-print"><h2 class="section-title">"邀请新人员"</h2></div>
            {move || failure.get().map(|text| banner(Tone::Warn, "warn", "有的邀请没有生成", text, Vec::new()))}
            <div class="cluster no-print">
                <button class="btn" type="button" data-testid="import-invite" disabled=move || busy.get() on:click=make>
                    {icon("qr")}
                    {format!("为 {count} 人生成邀请码")}
                </button>
                {move || {
                    (!cards.with(Vec::is_empty))
                        .then(|| {
                            view! {
                                <button
                                    class="btn"
                                    type="button"
                                    on:click=move |_| {
                                        let _ = window().print();
                                    }
                                >
                                    {icon("print")}
                                    "打印"
                                </button>
                            }
                        })
                }}
            </div>
            <div class="cluster">{move || cards.get().iter().map(card).collect_view()}</div>
        </section>
    }
    .into_any()
}
