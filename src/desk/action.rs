//! A step of the workflow: asked for, judged by the same rule as at the authority, saved as one operation a record.

use std::rc::Rc;

use gridbook_domain::case::CaseView;
use gridbook_domain::catalogue::unit_named;
use gridbook_domain::clock::read;
use gridbook_domain::confidential::{Sent, step_before};
use gridbook_domain::form::{Field, Form, Values};
use gridbook_domain::package::Package;
use gridbook_domain::rules::supervise::SUPERVISE;
use gridbook_domain::workflow::{Transition, event, standing, suggested};
use gridbook_log::{Body, Entity, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::supervise::{self, Lamps};
use crate::app::{App, Problem, use_app};
use crate::ui::dialog::{Doing, dialog_until};
use crate::ui::directory::{Names, use_directory};
use crate::ui::form::{Around, FormState, fields};
use crate::ui::states::{blank, failed, loading};

/// What a dialog opens with: the inputs, their answers so far, and what stands around them.
type Start = (Form, Values, Around);

/// What a step is taken with.
#[derive(Clone)]
pub enum On {
    /// Records of this device, all of a kind: the step is saved here and synchronised.
    Here(Vec<EntityId>),
    /// A confidential report, which is in memory only: the step is handed in at once. The callback is told when the
    /// report has changed; reading it again is a look that is written down.
    Apart(StoredValue<Rc<Entity>, LocalStorage>, Callback<()>),
}

impl On {
    fn len(&self) -> usize {
        match self {
            Self::Here(ids) => ids.len(),
            Self::Apart(..) => 1,
        }
    }

    async fn entity(&self, app: App, n: usize) -> Result<Option<Rc<Entity>>, String> {
        match self {
            Self::Apart(entity, _) => Ok(Some(entity.get_value())),
            Self::Here(ids) => match ids.get(n) {
                Some(id) => app.entity(*id).await.map_err(|problem| problem.message()),
                None => Ok(None),
            },
        }
    }
}

/// The dialog of one step; `lamps` are what a supervision of it follows from, `on_close` is called once it is gone.
pub fn action_dialog(step: Transition, targets: On, lamps: Option<Lamps>, on_close: Callback<()>) -> AnyView {
    let app = use_app();
    let open = RwSignal::new(true);
    let start: RwSignal<Option<Result<Start, String>>> = RwSignal::new(None);
    let names = use_directory();
    let (first, asked) = (targets.clone(), step.clone());
    let begin = move |red_lamps: u32| async move {
        let (entity, case) = match readable(app, &first, 0).await {
            Ok(found) => found,
            Err(words) => {
                let _ = start.try_set(Some(Err(words)));
                return;
            }
        };
        let package = app.package();
        let mut values = suggested(&package, &asked, &case, &app.actor(), app.now_ms());
        propose_units(&package, &asked, &case, &names.get_untracked(), &mut values);
        let mut around =
            Around { record: standing(&package, &asked, &case), in_memory: true, ..Around::default() };
        if asked.action == SUPERVISE {
            let (starts, said) = supervise::proposed(app, &case, &read(&package, &entity), red_lamps);
            values.extend(starts);
            around.proposed = said;
        }
        let _ = start.try_set(Some(Ok((asked.form(case.kind), values, around))));
    };
    match lamps.filter(|_| step.action == SUPERVISE) {
        None => spawn_local(begin(0)),
        // They may still be counted, and are counted anew when the record changes: what was typed then stays.
        Some(lamps) => {
            let mut begin = Some(begin);
            Effect::new(move |_| {
                if let Some(count) = lamps.get()
                    && let Some(begin) = begin.take()
                {
                    spawn_local(begin(count));
                }
            });
        }
    }
    let title = match targets.len() {
        0 | 1 => step.label.clone(),
        n => format!("{}（{n} 件）", step.label),
    };
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let doing = Doing::showing(open, failure);
    let inside = move || {
        let (form, values, around) = match start.get() {
            None => return loading(2),
            Some(Ok(start)) => start,
            Some(Err(words)) => return blank("error", "现在办不了这一步", words, Vec::new()),
        };
        let inputs: Vec<Field> = form.fields().map(|(_, field)| field.clone()).collect();
        let state = FormState::of_step(form, values, around);
        let (step, targets) = (step.clone(), targets.clone());
        let label = step.label.clone();
        let none = inputs.is_empty().then(|| view! { <p>"不用再填什么，确认后立即生效。"</p> });
        let body = view! { {failed(failure, None)}{none}{fields(state, &inputs)} };
        let submit = move || {
            let (step, targets) = (step.clone(), targets.clone());
            doing.begin(async move {
                state.problems.try_set(Vec::new());
                save(app, &step, &targets, state).await?;
                Ok(done_words(&step, &targets))
            });
        };
        doing.foot(label, "action-save").form(body.into_any(), submit)
    };
    dialog_until(open, "dialog-wide", title, Box::new(inside), on_close)
}

/// Units that the list of items names for this case, where nothing stands yet: the lead unit, and those that help.
fn propose_units(package: &Package, step: &Transition, case: &CaseView, names: &Names, values: &mut Values) {
    let asked = |path: &str| step.inputs_for(case.kind).any(|field| field.path == path);
    let catalogue = package.catalogue.get();
    let Some(item) = catalogue.item_of(case.form.as_deref().unwrap_or_default(), &case.values) else {
        return;
    };
    let unit = |words: &str| {
        let units = names.units.iter().map(|(code, name)| (code.as_str(), name.as_str()));
        unit_named(words, units).map(str::to_owned)
    };
    let lead = unit(&item.lead);
    if let Some(code) = lead.clone().filter(|_| asked("lead_unit")) {
        values.entry("lead_unit".to_owned()).or_insert(code.into());
    }
    if asked("support_units") {
        let mut codes: Vec<String> = item.support.iter().filter_map(|words| unit(words)).collect();
        codes.retain(|code| lead.as_ref() != Some(code));
        codes.dedup();
        if !codes.is_empty() {
            values.entry("support_units".to_owned()).or_insert(codes.into());
        }
    }
}

fn done_words(step: &Transition, targets: &On) -> String {
    let many = if targets.len() > 1 { format!("（{} 件）", targets.len()) } else { String::new() };
    let sent = if matches!(targets, On::Apart(..)) { "已送到" } else { "待同步" };
    let kept = if matches!(targets, On::Apart(..)) { "" } else { "已保存：" };
    format!("{kept}{}{many}，{sent}", step.done_label)
}

/// A record that a step is taken with, as it stands by now.
async fn readable(app: App, targets: &On, n: usize) -> Result<(Rc<Entity>, CaseView), String> {
    let entity = targets.entity(app, n).await?;
    let entity = entity.ok_or("这条记录已不在这台电脑上，没有保存。")?;
    let case = CaseView::of(&entity).ok_or("这条记录读不懂，或者已经另行处理，没有保存。")?;
    Ok((entity, case))
}

/// Checks all records first, then saves them together: never a part of what was asked.
async fn save(app: App, step: &Transition, targets: &On, state: FormState) -> Result<(), String> {
    let (values, photos, blobs) = (state.clean(), state.photos.get_untracked(), state.new_blobs());
    let mut writes = Vec::with_capacity(targets.len());
    for n in 0..targets.len() {
        let (entity, case) = readable(app, targets, n).await?;
        let made = event(&app.package(), (&app.actor(), app.today()), step, &case, &values, photos.clone());
        let write = NewWrite { entity: entity.id(), body: Body::Event(made) };
        if let Err(refusal) = app.check(Some(&entity), &write) {
            let which = if targets.len() > 1 { format!("“{}”：", case.title) } else { String::new() };
            return Err(format!("{which}{}", state.refused(&refusal)));
        }
        if let On::Apart(_, changed) = targets {
            return hand_in(app, &entity, &write, *changed).await;
        }
        writes.push(write);
    }
    app.save(writes, blobs, Vec::new()).await.map(|_| ()).map_err(|problem| problem.message())
}

/// A step of a confidential report: nothing is kept here, so the window has the only text until it has arrived.
async fn hand_in(app: App, entity: &Entity, write: &NewWrite, changed: Callback<()>) -> Result<(), String> {
    let Err(problem) = app.hand_in(Some(entity), write).await else {
        changed.run(());
        return Ok(());
    };
    let told = |problem: Problem| match problem {
        Problem::Offline => {
            "现在连不上网络，不知道有没有送到。内容还在这个窗口里，先不要关，有网络时再点一次，不会记成两次。"
                .to_owned()
        }
        other => other.message(),
    };
    if !matches!(&problem, Problem::Refused { code, .. } if code == "fork") {
        return Err(told(problem));
    }
    // A step went out before and no answer came back: the report itself says what became of it.
    let (now, _) = app.look(entity.id()).await.map_err(told)?;
    let Body::Event(step) = &write.body else { return Err(told(problem)) };
    let done = match step_before(entity, &now, &app.user(), step) {
        Sent::Same => Ok(()),
        Sent::Other => Err(
            "上次点的已经送到，这次改的没有送出，内容还在这个窗口里。请先抄下要补充的话，再关窗口看现在办到哪一步。"
                .to_owned(),
        ),
        // It was refused; judged anew as the report stands.
        Sent::Nothing => app.hand_in(Some(&now), write).await.map_err(told),
    };
    changed.run(());
    done
}
