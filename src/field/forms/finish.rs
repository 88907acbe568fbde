//! Handing in: check, judge by the rules of the authority, save; saved only when the device says so.

use gridbook_domain::case::CaseView;
use gridbook_domain::form::{APART, FieldKind, Problem, Stage, Values, undecided};
use gridbook_domain::household::merge::Merges;
use gridbook_domain::household::{HouseholdView, category, movement};
use gridbook_domain::mediation::risk::take_over;
use gridbook_domain::record::RecordKind;
use gridbook_domain::restricted;
use gridbook_domain::role::{Target, may};
use gridbook_domain::workflow::Guard;
use gridbook_log::{Body, Create, EntityId, Placement, body};
use gridbook_sync::replica::{NewBlob, NewWrite};
use leptos::prelude::*;

use super::steps::{step_of, steps};
use super::{Page, Saving, field_selector, followed, prefill};
use crate::platform::online;
use crate::ui::joint;
use crate::ui::toast::Toasts;

impl Page {
    /// What a stage finds: what stands in the way, and answers of this time that look wrong and may be right all the
    /// same.
    fn checked(self, stage: Stage) -> (Vec<Problem>, Vec<Problem>) {
        let (mine, member) = (self.state.changes(), self.begun().member.clone());
        let member = member.map(|row| format!("members/{row}/"));
        let (mut blocking, mut doubts) =
            self.state.check(stage).into_iter().partition::<Vec<_>, _>(|one| one.blocks);
        blocking.retain(|one| member.as_ref().is_none_or(|row| one.path.starts_with(row)));
        doubts.retain(|one| one.code != "unknown_field" && mine.contains_key(&one.path));
        (blocking, doubts)
    }

    /// Saves, or shows what has to be mended first, and once what should be looked at again.
    pub(super) fn save(self, stage: Stage, toasts: Toasts) {
        if self.saving.get_untracked() == Saving::Now {
            return;
        }
        let begun = self.begun();
        let mut values = self.state.values.get_untracked();
        prefill::complete(self.app, begun.kind, &mut values);
        self.state.values.set(values);
        let (mut problems, doubts) = self.checked(stage);
        if let Some(words) = prefill::unanswered(self.app, &begun.form.id, &self.state.values.get_untracked())
        {
            problems.push(Problem {
                path: "checks".to_owned(),
                code: "required",
                message: words,
                blocks: true,
            });
        }
        let house = untrack(|| self.state.household());
        if begun.kind == RecordKind::Visit && house.is_some_and(|id| joint::in_twos(self.app, id)) {
            problems.extend(restricted::problems(&begun.form, &self.state.values.get_untracked()));
        }
        let apart = begun.kind == RecordKind::Confidential;
        // Also where the form asks for it and would let it be left out: a record lies somewhere.
        let asked = if self.says_area() { "area" } else { "@area" };
        let told = problems.iter().any(|problem| problem.path == asked);
        if !begun.draft.edit && !apart && !told && self.area().is_empty() {
            let message = "请选所在网格".to_owned();
            problems.insert(0, Problem { path: asked.to_owned(), code: "required", message, blocks: true });
        }
        if problems.iter().any(|problem| problem.code == APART) {
            // Whoever would rather answer otherwise finds the question marked.
            self.state.problems.set(problems);
            return self.turn_apart();
        }
        let open = undecided(&self.app.package(), &begun.form, &self.state.values.get_untracked());
        let new = |one: &Problem| !begun.draft.edit && problems.iter().all(|held| held.path != one.path);
        problems.extend(open.filter(new));
        if !problems.is_empty() {
            self.show_problems(problems);
            return;
        }
        if self.state.problems.with_untracked(|shown| doubts.iter().any(|doubt| !shown.contains(doubt))) {
            toasts.warn("有的内容看着不对，已标出来，请核对。确实没有错，照样保存就行。");
            self.show_problems(doubts);
            return;
        }
        // Looked at already: a try that fails for another reason does not ask again.
        self.state.problems.set(doubts);
        if let Some(name) = self.online_only().filter(|_| !apart && !online()) {
            let words = format!(
                "“{name}”有网络时才能上报，现在没有网络。填的内容已存成草稿，一个字也不会丢，有网络时再点一次。要紧的事先打电话。"
            );
            self.saving.set(Saving::Failed(words.clone()));
            toasts.warn(words);
            return;
        }
        self.saving.set(Saving::Now);
        leptos::task::spawn_local(async move {
            match self.write(&values_of(self), toasts).await {
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

    /// The name of the item, where a new record of it cannot wait on the phone (CAT-01).
    pub(super) fn online_only(self) -> Option<String> {
        let begun = self.begun();
        if begun.draft.edit {
            return None;
        }
        let package = self.app.package();
        let item = self.state.values.with_untracked(|values| {
            package.catalogue.get().item_of(&begun.form.id, values).filter(|item| !item.offline)
        })?;
        Some(item.name.clone())
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

    /// Whether the form itself asks for which area it is filled in: there the record lies.
    pub(super) fn says_area(self) -> bool {
        self.begun().form.field("area").is_some_and(|field| field.kind == FieldKind::AreaRef)
    }

    /// Area code of a new record: what the form says, the household's, else what the person chose.
    pub(super) fn area(self) -> String {
        if self.says_area() {
            return untrack(|| self.state.text("area"));
        }
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

    /// What the dispute says beside the form, and no less risk than it has (MED-13).
    async fn take_over(self, dispute: EntityId, set: &mut Values) -> Result<(), String> {
        let found = self.app.entity(dispute).await.map_err(|problem| problem.message())?;
        let Some(case) = found.as_deref().and_then(CaseView::of) else { return Ok(()) };
        let (package, actor) = (self.app.package(), self.app.actor());
        let fine = take_over(&package, &actor, &case, set, self.app.today());
        fine.then_some(()).ok_or_else(|| format!("{}。", Guard::RiskKept.message()))
    }

    async fn write(self, values: &Values, toasts: Toasts) -> Result<EntityId, String> {
        let begun = self.begun();
        if begun.kind == RecordKind::Confidential {
            let id = self.hand_in(values).await?;
            if let Some(open) = begun.draft.apart
                && !self.put_away(open).await?
            {
                toasts.warn("保密的已送到。原来公开的那一条镇上已经登记，手机上收不起来：请马上告诉中心主任，由他收起来。");
            }
            // It has arrived: here nothing of it stays.
            self.keeper.discard().await?;
            return Ok(id);
        }
        let id = begun.draft.entity.unwrap_or_else(|| self.app.new_id());
        let photos = self.state.photos.get_untracked();
        let fresh: Vec<_> = photos.iter().filter(|photo| !begun.held.contains(photo)).cloned().collect();
        let body = if begun.draft.edit {
            let mut changes = self.state.changes();
            // A draft from before somebody else went on with the record takes back none of that.
            if begun.kind != RecordKind::Mediation && !begun.only.is_empty() {
                changes.retain(|path, _| begun.form.field(path.split('/').next().unwrap_or(path)).is_some());
            }
            if begun.kind == RecordKind::Household && !changes.is_empty() {
                changes.extend(self.approvals(values));
            }
            let set = body::Set { set: changes, blobs: fresh.clone() };
            if set.set.is_empty() && set.blobs.is_empty() {
                self.keeper.discard().await?;
                return Ok(id);
            }
            Body::Set(set)
        } else {
            let package = self.app.package();
            let mut set = values.clone();
            if begun.kind == RecordKind::Household {
                set.extend(self.approvals(values));
            }
            if let (RecordKind::Mediation, Some(dispute)) = (begun.kind, begun.draft.parent) {
                self.take_over(dispute, &mut set).await?;
            }
            Body::Create(Create {
                type_: begun.kind.as_str().to_owned(),
                form: Some(begun.draft.form.clone()),
                state: package.flow(begun.kind).map(|flow| flow.initial.clone()),
                parent: begun.draft.parent,
                place: Placement { area: Some(self.area()), ..Placement::default() },
                set,
                blobs: fresh.clone(),
            })
        };
        let write = NewWrite { entity: id, body };
        let before = self.app.entity(id).await.map_err(|problem| problem.message())?;
        self.app.check(before.as_deref(), &write).map_err(|refusal| refusal.message())?;
        let mut writes = vec![write];
        writes.extend(self.moves(values).await);
        if !begun.draft.edit {
            writes.extend(followed::steps(self.app, &begun.draft.form, id, values).await);
        }
        // Their bytes are on disk since the draft named them.
        let blobs = fresh.into_iter().map(|photo| NewBlob { sha256: photo.sha256, bytes: None }).collect();
        self.keeper.close().await;
        let saved = self.app.save(writes, blobs, vec![self.keeper.key()]).await;
        saved.map(|_| id).map_err(|problem| problem.message())
    }
}

impl Page {
    /// What a visit tells of who came and went, for the household itself (TERR-11). Where the visitor may not change
    /// households, the visit alone says it.
    async fn moves(self, values: &Values) -> Option<NewWrite> {
        let app = self.app;
        let house = untrack(|| self.state.household()).filter(|_| self.begun().kind == RecordKind::Visit)?;
        let told = movement::of_visit(values, &app.user(), app.today());
        if told.is_empty() {
            return None;
        }
        // A house that was merged into another: the people are that one's.
        let merges = app.rows(|rows| Merges::of(rows.values().filter_map(|row| row.summary.as_ref())));
        let house = merges.standing(house);
        let entity = app.entity(house).await.ok().flatten()?;
        let set = movement::apply(&HouseholdView::of(&entity), &movement::history(&entity), &told);
        let write = NewWrite { entity: house, body: Body::Set(body::Set { set, blobs: Vec::new() }) };
        let says = matches!(&write.body, Body::Set(set) if !set.set.is_empty());
        (says && app.check(Some(&entity), &write).is_ok()).then_some(write)
    }

    /// Whoever may approve categories has approved those that he writes (TERR-12).
    fn approvals(self, values: &Values) -> Values {
        let (app, area) = (self.app, self.area());
        let target = Target::new(RecordKind::Household, &area, None);
        if !may(&app.package(), &app.actor(), category::APPROVE, &target, app.today()) {
            return Values::new();
        }
        self.state.base.with_value(|base| category::approved(base, values, &app.user(), app.today()))
    }
}

fn values_of(page: Page) -> Values {
    page.state.clean()
}
