//! Steps of the workflow: a button, what it asks for, one event.

use std::sync::Arc;

use gridbook_domain::case::CaseView;
use gridbook_domain::workflow::{Transition, event, standing, suggested};
use gridbook_log::Body;
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::App;
use crate::ui::dialog::{Beside, Once, Work, once};
use crate::ui::form::{Around, FormState, fields};
use crate::ui::photo::thumb_url;
use crate::ui::way::step_words;

/// A step that a person is about to take.
#[derive(Clone)]
pub(super) struct Asked {
    case: Arc<CaseView>,
    step: Arc<Transition>,
    /// Small pictures of what was found.
    found: Arc<Vec<String>>,
}

/// Where the steps of a page are asked for: beside it, for it is drawn anew whenever something arrives.
pub(super) type Steps = Beside<Asked>;

/// The dialog of the steps.
pub(super) fn dialog(app: App, steps: Steps) -> AnyView {
    let inside = move |asked: &Asked| inside(app, steps.open(), asked);
    steps.view("dialog-sheet", |asked| asked.step.label.clone(), inside)
}

/// The button of a step.
pub(super) fn step(
    app: App,
    steps: Steps,
    case: &CaseView,
    step: &Transition,
    found: &Arc<Vec<String>>,
) -> AnyView {
    let class = match step.action.as_str() {
        "resubmit" => "btn btn-primary",
        "withdraw" | "refuse" => "btn btn-danger",
        _ => "btn",
    };
    let words = step_words(&app.package(), case, step);
    let test = format!("act-{}", step.action);
    let asked = Asked { case: Arc::new(case.clone()), step: Arc::new(step.clone()), found: found.clone() };
    view! {
        <button class=class type="button" data-testid=test on:click=move |_| steps.ask(asked.clone())>{words}</button>
    }
    .into_any()
}

fn inside(app: App, open: RwSignal<bool>, asked: &Asked) -> AnyView {
    let Asked { case, step, found } = asked;
    let package = app.package();
    let values = suggested(&package, step, case, &app.actor(), app.now_ms());
    let around = Around { record: standing(&package, step, case), ..Around::default() };
    let state = FormState::of_step(step.form(case.kind), values, around);
    let inputs: Vec<_> = step.inputs_for(case.kind).cloned().collect();
    let none = inputs.is_empty().then(|| view! { <p>{format!("确定{}吗？", step.label)}</p> });
    // The repair is looked at beside what was found (HAZ-06).
    let before = inputs.iter().any(|field| field.path == "photo_after").then(|| before(found)).flatten();
    let inputs = view! { {none}{before}{fields(state, &inputs)} }.into_any();
    form(app, state, open, case.clone(), step.clone(), inputs)
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

fn form(
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
    let entity = app.entity(case.id).await.map_err(|problem| problem.message())?;
    // As it stands by now: something may have arrived behind the dialog.
    let now = entity.as_deref().and_then(CaseView::of);
    let case = now.as_ref().unwrap_or(case);
    let event = event(
        &app.package(),
        (&app.actor(), app.today()),
        step,
        case,
        &state.clean(),
        state.photos.get_untracked(),
    );
    let write = NewWrite { entity: case.id, body: Body::Event(event) };
    app.check(entity.as_deref(), &write).map_err(|refusal| state.refused(&refusal))?;
    app.save(vec![write], new, Vec::new()).await.map_err(|problem| problem.message())?;
    Ok(())
}
