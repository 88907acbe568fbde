//! Handing in: check, judge by the rules of the authority, save; saved only when the device says so.

use gridbook_domain::form::{Problem, Stage, Values};
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, EntityId, Placement, body};
use gridbook_sync::replica::{NewBlob, NewWrite};
use leptos::prelude::*;

use super::steps::{step_of, steps};
use super::{Page, Saving, field_selector, prefill};
use crate::ui::toast::Toasts;

impl Page {
    /// Problems that stand in the way at a stage.
    pub(super) fn blocking(self, stage: Stage) -> Vec<Problem> {
        let member = self.begun().member.clone().map(|row| format!("members/{row}/"));
        self.state
            .check(stage)
            .into_iter()
            .filter(|problem| problem.blocks)
            .filter(|problem| member.as_ref().is_none_or(|row| problem.path.starts_with(row)))
            .collect()
    }

    /// Saves, or shows what has to be mended first.
    pub(super) fn save(self, stage: Stage, toasts: Toasts) {
        if self.saving.get_untracked() == Saving::Now {
            return;
        }
        let begun = self.begun();
        let mut values = self.state.values.get_untracked();
        prefill::complete(self.app, begun.kind, &mut values);
        self.state.values.set(values);
        let mut problems = self.blocking(stage);
        if let Some(words) = prefill::unanswered(self.app, &begun.form.id, &self.state.values.get_untracked())
        {
            problems.push(Problem {
                path: "checks".to_owned(),
                code: "required",
                message: words,
                blocks: true,
            });
        }
        let apart = begun.kind == RecordKind::Confidential;
        if !begun.draft.edit && !apart && self.area().is_empty() {
            let message = "请选所在网格".to_owned();
            problems.insert(0, Problem { path: "@area".to_owned(), code: "required", message, blocks: true });
        }
        if !problems.is_empty() {
            self.show_problems(problems);
            return;
        }
        self.state.problems.set(Vec::new());
        self.saving.set(Saving::Now);
        leptos::task::spawn_local(async move {
            match self.write(&values_of(self)).await {
                Ok(id) => {
                    toasts.ok(if apart { "已送到，手机里不留内容" } else { "已保存到本机" });
                    let to = match (begun.kind, begun.draft.edit) {
                        (RecordKind::Household, _) => format!("/household/{id}"),
                        (RecordKind::Place, _) => format!("/place/{id}"),
                        (RecordKind::Mediation, _) => format!("/record/{id}"),
                        (RecordKind::Confidential, _) => "/confidential".to_owned(),
                        (_, true) => format!("/record/{id}"),
                        (_, false) => format!("/saved/{id}"),
                    };
                    self.router.leave(self.router.place().saturating_sub(self.entry), &to);
                }
                Err(words) => {
                    self.keeper.reopen();
                    self.saving.try_set(Saving::Failed(words.clone()));
                    toasts.warn(words);
                }
            }
        });
    }

    /// Marks the fields and goes to the first one.
    fn show_problems(self, problems: Vec<Problem>) {
        let begun = self.begun();
        let first = problems.first().map(|problem| problem.path.clone()).unwrap_or_default();
        let list = untrack(|| steps(self.state, begun.quick, &begun.only));
        let at = step_of(self.state, &list, &first);
        self.state.problems.set(problems);
        if let Some(at) = at
            && at != self.step.get_untracked()
        {
            self.go_to(at);
        }
        // After the step is drawn and the heading had the focus.
        gloo::timers::callback::Timeout::new(60, move || {
            crate::ui::dom::focus_in_view(&field_selector(&first));
        })
        .forget();
    }

    /// Area code of a new record: the household's, else what the person chose.
    pub(super) fn area(self) -> String {
        let household = if self.begun().kind == RecordKind::Household {
            None
        } else {
            untrack(|| self.state.household())
        };
        household
            .and_then(|id| untrack(|| prefill::area_of(self.app, id)))
            .filter(|area| !area.is_empty())
            .unwrap_or_else(|| self.state.area.get_untracked())
    }

    async fn write(self, values: &Values) -> Result<EntityId, String> {
        let begun = self.begun();
        if begun.kind == RecordKind::Confidential {
            let id = self.hand_in(values).await?;
            // It has arrived: here nothing of it stays.
            self.keeper.discard().await?;
            return Ok(id);
        }
        let id = begun.draft.entity.unwrap_or_else(|| self.app.new_id());
        let photos = self.state.photos.get_untracked();
        let fresh: Vec<_> = photos.iter().filter(|photo| !begun.held.contains(photo)).cloned().collect();
        let body = if begun.draft.edit {
            let set = body::Set { set: self.state.changes(), blobs: fresh.clone() };
            if set.set.is_empty() && set.blobs.is_empty() {
                self.keeper.discard().await?;
                return Ok(id);
            }
            Body::Set(set)
        } else {
            let package = self.app.package();
            Body::Create(Create {
                type_: begun.kind.as_str().to_owned(),
                form: Some(begun.draft.form.clone()),
                state: package.flow(begun.kind).map(|flow| flow.initial.clone()),
                parent: begun.draft.parent,
                place: Placement { area: Some(self.area()), ..Placement::default() },
                set: values.clone(),
                blobs: fresh.clone(),
            })
        };
        let write = NewWrite { entity: id, body };
        let before = self.app.entity(id).await.map_err(|problem| problem.message())?;
        self.app.check(before.as_deref(), &write).map_err(|refusal| refusal.message())?;
        // Their bytes are on disk since the draft named them.
        let blobs = fresh.into_iter().map(|photo| NewBlob { sha256: photo.sha256, bytes: None }).collect();
        self.keeper.close().await;
        let saved = self.app.save(vec![write], blobs, vec![self.keeper.key()]).await;
        saved.map(|_| id).map_err(|problem| problem.message())
    }
}

fn values_of(page: Page) -> Values {
    page.state.clean()
}
