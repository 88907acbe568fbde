//! Steps of the workflow: a button, what it asks for, one event.

use std::sync::Arc;

use gridbook_domain::case::CaseView;
use gridbook_domain::workflow::{Transition, event, standing, suggested};
use gridbook_log::Body;
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::App;
use crate::ui::dialog::{Once, Work, dialog, once, opener};
use crate::ui::form::{Around, FormState, fields};
use crate::ui::photo::thumb_url;
use crate::ui::way::step_words;

/// The button of a step with its dialog.
pub(super) fn step(app: App, case: &CaseView, step: &Transition, found: &Arc<Vec<String>>) -> AnyView {
    let found = found.clone();
    let open = RwSignal::new(false);
    let case = Arc::new(case.clone());
    let step = Arc::new(step.clone());
    let class = match step.action.as_str() {
        "resubmit" => "btn btn-primary",
        "withdraw" | "refuse" => "btn btn-danger",
        _ => "btn",
    };
    let words = step_words(&app.package(), &case, &step);
    let (label, test) = (step.label.clone(), format!("act-{}", step.action));
    let inside = move || {
        let package = app.package();
        let values = suggested(&package, &step, &case, &app.actor(), app.now_ms());
        let around = Around { record: standing(&package, &step, &case), ..Around::default() };
        let state = FormState::of_step(step.form(case.kind), values, around);
        let inputs: Vec<_> = step.inputs_for(case.kind).cloned().collect();
        let none = inputs.is_empty().then(|| view! { <p>{format!("确定{}吗？", step.label)}</p> });
        // The repair is looked at beside what was found (HAZ-06).
        let before = inputs.iter().any(|field| field.path == "photo_after").then(|| before(&found)).flatten();
        let inputs = view! { {none}{before}{fields(state, &inputs)} }.into_any();
        asked(app, state, open, case.clone(), step.clone(), inputs)
    };
    let button = opener(open, class, test, None, words);
    view! { {button}{dialog(open, "dialog-sheet", label, Box::new(inside))} }.into_any()
}

/// Small pictures of what was found.
fn before(found: &[String]) -> Option<AnyView> {
    let picture = |thumb: &String| {
        view! { <li class="photo"><img src=thumb_url(thumb) alt="整改前" /></li> }.into_any()
    };
    (!found.is_empty()).then(|| {
        view! {
            <div class="field" data-testid="before">
                <span class="label">"整改前"</span>
                <ul class="photos">{found.iter().map(picture).collect_view()}</ul>
            </div>
        }
        .into_any()
    })
}

fn asked(
    app: App,
    state: FormState,
    open: RwSignal<bool>,
    case: Arc<CaseView>,
    step: Arc<Transition>,
    fields: AnyView,
) -> AnyView {
    let yes = step.label.clone();
    let go = move || -> Result<Work, String> {
        let (case, step) = (case.clone(), step.clone());
        Ok(Box::pin(async move {
            take(app, state, &case, &step).await?;
            Ok(format!("{}，已保存到本机", step.done_label))
        }))
    };
    once(open, Once { fields, yes, test: "act-save", error: "form-error" }, Box::new(go))
}

async fn take(app: App, state: FormState, case: &CaseView, step: &Transition) -> Result<(), String> {
    let new = state.new_blobs();
    let event = event(
        &app.package(),
        (&app.actor(), app.today()),
        step,
        case,
        &state.clean(),
        state.photos.get_untracked(),
    );
    let write = NewWrite { entity: case.id, body: Body::Event(event) };
    let entity = app.entity(case.id).await.map_err(|problem| problem.message())?;
    app.check(entity.as_deref(), &write).map_err(|refusal| state.refused(&refusal))?;
    app.save(vec![write], new, Vec::new()).await.map_err(|problem| problem.message())?;
    Ok(())
}
