//! Handing in: judged as at the authority, saved in one go. What is split off is registered at once, and the case that it was
//! part of says so.

use gridbook_domain::case::CaseView;
use gridbook_domain::confidential::apart::{Away, put_away};
use gridbook_domain::form::{Problem as Mend, Stage, Values, undecided};
use gridbook_domain::mediation::open::quarrel_name;
use gridbook_domain::record::RecordKind;
use gridbook_domain::workflow::event;
use gridbook_log::{BlobRef, Body, Create, Entity, EntityId, Placement};
use gridbook_sync::replica::{NewBlob, NewWrite};
use leptos::prelude::*;
use serde_json::json;

use super::Filling;
use crate::app::Problem;
use crate::ui::dom::focus_in_view;

impl Filling {
    /// Hands a report in to the confidential channel; once it has arrived, the open one whose place it takes goes out of sight
    /// (ROLE-11). Tried again after an answer that was lost, it arrives once.
    pub(super) async fn hand_over(self) -> Result<EntityId, String> {
        let (app, begun, values) = (self.app, self.begun.get_value(), self.state.clean());
        let mut problems = self.state.check(Stage::Full);
        problems.retain(|problem| problem.blocks);
        if let Some(first) = problems.first() {
            let words = first.message.clone();
            self.state.problems.set(problems);
            return Err(words);
        }
        let kind = RecordKind::Confidential;
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        let (Some(id), Some(origin), Some(flow)) = (begun.draft.entity, begun.origin, package.flow(kind))
        else {
            return Err("这张表打不开，请返回再试。".to_owned());
        };
        if !app.keeps_confidence().await {
            return Err("记录不送镇里的服务器，这里不收保密反映，没有改动。请当面交给主任。".to_owned());
        }
        let entity = app.entity(origin).await.map_err(|problem| problem.message())?;
        let entity = entity.ok_or("那一件已不在这台电脑上，没有改动。")?;
        let away = match put_away(&package, &actor, Some(&entity), today) {
            Away::Step(taken) => Some(NewWrite { entity: origin, body: Body::Event(*taken) }),
            Away::Done => None,
            Away::Stays => return Err("您的岗位不能把这一件转到保密渠道，没有改动。".to_owned()),
        };
        let create = Create {
            type_: kind.as_str().to_owned(),
            form: Some(begun.draft.form.clone()),
            state: Some(flow.initial.clone()),
            set: values,
            ..Create::default()
        };
        let handed = app.hand_in(None, &NewWrite { entity: id, body: Body::Create(create) }).await;
        if let Err(problem) = handed {
            let fork = matches!(&problem, Problem::Refused { code, .. } if code == "fork");
            let mine = if fork { app.confidential(false).await.unwrap_or_default() } else { Vec::new() };
            if mine.iter().all(|line| line.id != id) {
                return Err(format!("{} 原来那一件没有动。", problem.message()));
            }
        }
        if let Some(away) = away {
            app.put(vec![away]).await.map_err(|words| {
                format!("已交到保密渠道，但原来那一件还没有收起来：{words} 请再点一次，不会交成两份。")
            })?;
        }
        Ok(id)
    }

    /// Saves, or says what is still missing.
    pub(super) async fn save(self) -> Result<EntityId, String> {
        let begun = self.begun.get_value();
        let mut values = self.state.clean();
        if begun.form.record == RecordKind::Dispute
            && let Some(name) = quarrel_name(&self.app.package(), &values)
        {
            values.insert("event_name".to_owned(), name.into());
            self.state.values.set(values.clone());
        }
        let area = self.area();
        let part = self.part.get_untracked().trim().to_owned();
        self.complete(&area, &part)?;
        let (Some(id), Some(flow)) =
            (begun.draft.entity, self.app.package().flow(begun.form.record).cloned())
        else {
            return Err("这张表打不开，请返回再试。".to_owned());
        };
        let photos = self.state.photos.get_untracked();
        let fresh = |photo: &&BlobRef| !begun.held.iter().any(|held| held.sha256 == photo.sha256);
        let blobs =
            photos.iter().filter(fresh).map(|photo| NewBlob { sha256: photo.sha256.clone(), bytes: None });
        let blobs: Vec<NewBlob> = blobs.collect();
        let create = NewWrite {
            entity: id,
            body: Body::Create(Create {
                type_: begun.form.record.as_str().to_owned(),
                form: Some(begun.draft.form.clone()),
                state: Some(flow.initial),
                parent: begun.draft.parent,
                place: Placement { area: Some(area), ..Placement::default() },
                set: values,
                blobs: photos,
            }),
        };
        self.app.check(None, &create).map_err(|refusal| self.state.refused(&refusal))?;
        let mut writes = vec![create];
        if let Some(origin) = begun.origin {
            let of = self.app.entity(origin).await.map_err(|problem| problem.message())?;
            let of = of.ok_or("原来那一件已不在这台电脑上，没有保存。")?;
            let made = self.app.after(None, &writes[0]).ok_or("新的一件读不懂，没有保存。")?;
            writes.push(self.registered(&made, &of, &part)?);
            writes.push(self.told(&of, id, &part)?);
        }
        self.keeper.close().await;
        let saved = self.app.save(writes, blobs, vec![begun.key]).await;
        saved.map(|_| id).map_err(|problem| {
            self.keeper.reopen();
            problem.message()
        })
    }

    /// What has to be mended first, shown at its field.
    fn complete(self, area: &str, part: &str) -> Result<(), String> {
        let begun = self.begun.get_value();
        let mut problems = self.state.check(Stage::Quick);
        problems.retain(|problem| problem.blocks);
        let empty = |path: &str| untrack(|| self.state.text(path)).is_empty();
        for path in ["source", "intake_mode"] {
            let asked = begun.form.field(path).is_some() && begun.origin.is_none();
            if asked && empty(path) && !problems.iter().any(|problem| problem.path == path) {
                let message = "请选来源：怎么反映来的".to_owned();
                problems.push(Mend { path: path.to_owned(), code: "required", message, blocks: true });
            }
        }
        let open = undecided(&self.app.package(), &begun.form, &self.state.values.get_untracked());
        problems.extend(open.filter(|one| problems.iter().all(|held| held.path != one.path)));
        if let Some(first) = problems.first() {
            let (words, path) = (first.message.clone(), first.path.clone());
            self.state.problems.set(problems);
            focus_in_view(&format!("[data-path=\"{path}\"] input, [data-path=\"{path}\"] select"));
            return Err(words);
        }
        if area.is_empty() {
            return Err("请选所在网格或村".to_owned());
        }
        if begun.origin.is_some() && part.is_empty() {
            return Err("请写明拆出什么".to_owned());
        }
        Ok(())
    }

    /// The step that registers what was split off, with the limit of the case that it was part of.
    fn registered(self, made: &Entity, origin: &Entity, part: &str) -> Result<NewWrite, String> {
        let limit = CaseView::of(origin).and_then(|case| case.handle_by);
        let mut said = made.values();
        said.extend(limit.map(|limit| ("handle_by".to_owned(), limit.into())));
        said.insert("text".to_owned(), part.into());
        self.step(made, "split_off", &said)
    }

    /// The step by which the other case says what became of a part of it.
    fn told(self, origin: &Entity, part: EntityId, words: &str) -> Result<NewWrite, String> {
        let said = Values::from([("other".to_owned(), json!(part)), ("text".to_owned(), words.into())]);
        self.step(origin, "split", &said)
    }

    fn step(self, entity: &Entity, action: &str, values: &Values) -> Result<NewWrite, String> {
        let package = self.app.package();
        let case = CaseView::of(entity).ok_or("这条记录读不懂，没有保存。")?;
        let flow = package.flow(case.kind).ok_or("没有这一种记录的办理流程，没有保存。")?;
        let step = flow.transition(action, &case.state).ok_or("这一件已经往前办了，现在不能拆。")?;
        let made = event(&package, (&self.app.actor(), self.app.today()), step, &case, values, Vec::new());
        let write = NewWrite { entity: entity.id(), body: Body::Event(made) };
        match self.app.check(Some(entity), &write) {
            Ok(()) => Ok(write),
            Err(refusal) => Err(self.state.refused(&refusal)),
        }
    }
}
