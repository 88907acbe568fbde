//! The bar under a form: where the draft stands, and the ways on.

use gridbook_domain::form::Stage;
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use crate::field::forms::steps::Step;
use crate::field::forms::{Page, Saving};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::toast::use_toasts;

pub(super) fn foot(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    let toasts = use_toasts();
    let begun = page.begun();
    let place = Memo::new(move |_| {
        let list = list.get();
        let at = page.step.get().min(list.len().saturating_sub(1));
        let main = list.iter().filter(|step| !step.more).count();
        (at, main)
    });
    let case = begun.kind.is_case();
    // A file grows step by step; what is missing stands beside its steps.
    let part = begun.draft.edit || begun.kind == RecordKind::Mediation;
    let full = if begun.quick || part { Stage::Quick } else { Stage::Full };
    let note = move || match (page.saving.get(), page.keeper.failed.get(), page.keeper.kept_ms.get()) {
        (Saving::Now, ..) => view! { <span>"正在保存…"</span> }.into_any(),
        (Saving::Failed(words), ..) => view! { <span class="error">{icon("warn")}{words}</span> }.into_any(),
        (_, Some(words), _) => view! { <span class="error">{icon("warn")}{words}</span> }.into_any(),
        (_, None, Some(ms)) => {
            view! { <span>{format!("草稿已存在本机 {}", format::clock(ms))}</span> }.into_any()
        }
        (_, None, None) => view! { <span>"填的内容会自动存成草稿"</span> }.into_any(),
    };
    let busy = move || page.saving.get() == Saving::Now;
    let buttons = move || {
        let (at, main) = place.get();
        let more = at >= main;
        let next = !more && at + 1 < main;
        let save_words = match (case, begun.draft.edit, begun.quick) {
            (true, false, _) => "上报",
            _ if begun.kind == RecordKind::Confidential => "提交",
            _ => "保存",
        };
        let back = (at > 0).then(|| {
            view! {
                <button
                    class="btn"
                    type="button"
                    data-testid="form-prev"
                    on:click=move |_| page.go_to(if more { main.saturating_sub(1) } else { at - 1 })
                >
                    "上一步"
                </button>
            }
        });
        // A report that says enough can go now and be completed later (CAT-06).
        let early = (case && next && !begun.draft.edit).then(|| {
            view! {
                <button
                    class="btn"
                    type="button"
                    data-testid="form-quick"
                    disabled=busy
                    on:click=move |_| page.save(Stage::Quick, toasts)
                >
                    "先上报"
                </button>
            }
        });
        let end = if next {
            let words = if begun.draft.edit {
                Some(view! {
                    <button class="btn" type="button" data-testid="form-save" on:click=move |_| page.save(full, toasts)>
                        "保存"
                    </button>
                })
            } else {
                None
            };
            view! {
                {words}
                <button
                    class="btn btn-primary"
                    type="button"
                    data-testid="form-next"
                    on:click=move |_| page.go_to(at + 1)
                >
                    "下一步"
                </button>
            }
            .into_any()
        } else {
            view! {
                <button
                    class="btn btn-primary"
                    type="button"
                    data-testid="form-save"
                    aria-busy=move || if busy() { "true" } else { "false" }
                    disabled=busy
                    on:click=move |_| page.save(full, toasts)
                >
                    {save_words}
                </button>
            }
            .into_any()
        };
        view! { {back}{early}{end} }
    };
    view! {
        <div class="savebar">
            <p class="savebar-note" role="status" data-testid="save-state">{live(note)}</p>
            {live(buttons)}
        </div>
    }
    .into_any()
}
