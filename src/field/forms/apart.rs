//! Handing in a confidential report (ROLE-11): online and at once, and only what has arrived ends the draft.

use gridbook_domain::confidential::{Sent, sent_before};
use gridbook_domain::form::{Values, apart};
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, EntityId};
use gridbook_sync::replica::NewWrite;

use leptos::prelude::*;

use super::{Page, Saving};
use crate::app::{Draft, Problem};
use crate::ui::toast::Toasts;

impl Page {
    /// What was begun as an ordinary report goes to the confidential form that an answer named: the words go along in a
    /// draft, the ordinary draft goes, and nothing was saved where others read it.
    pub(super) fn turn_apart(self, toasts: Toasts) {
        let (app, package, begun) = (self.app, self.app.package(), self.begun());
        let values = self.state.values.get_untracked();
        let Some(form) = apart(&package, &begun.form, &values).and_then(|id| package.form(id)).cloned()
        else {
            return;
        };
        self.saving.set(Saving::Now);
        leptos::task::spawn_local(async move {
            let (id, now) = (app.new_id(), app.now_ms());
            let same = |(path, _): &(String, _)| path.as_str() == "facts" && form.field(path).is_some();
            let draft = Draft {
                form: format!("{}/{}", form.id, form.version),
                kind: RecordKind::Confidential.as_str().to_owned(),
                entity: Some(id),
                values: values.into_iter().filter(same).collect(),
                title: form.title.clone(),
                begun_ms: now,
                updated_ms: now,
                ..Draft::default()
            };
            let moved = match app.put_draft(&format!("new-{id}"), &draft).await {
                Ok(()) => self.keeper.discard().await,
                Err(problem) => Err(problem.message()),
            };
            match moved {
                Ok(()) => {
                    toasts.ok("这一类走保密反映，已换到保密的表，写好的话带过去了。村里看不到。");
                    let to = format!("/confidential/new?form={}", form.id);
                    self.router.leave(self.router.place().saturating_sub(self.entry), &to);
                }
                Err(words) => {
                    self.keeper.reopen();
                    self.saving.try_set(Saving::Failed(words));
                }
            }
        });
    }

    /// Hands in what the form says; `Err` in words for people, and the draft stays. What is sent stands in the draft
    /// first: when an answer is lost, it tells later whether what arrived is what the form says now.
    pub(super) async fn hand_in(self, values: &Values) -> Result<EntityId, String> {
        let app = self.app;
        if !app.keeps_confidence().await {
            return Err("您的记录不送镇里的服务器，这份没有送出。请当面反映，内容还在草稿里。".to_owned());
        }
        let kind = RecordKind::Confidential;
        let create = Create {
            type_: kind.as_str().to_owned(),
            form: Some(self.begun().draft.form.clone()),
            state: app.package().flow(kind).map(|flow| flow.initial.clone()),
            set: values.clone(),
            ..Create::default()
        };
        let (id, sent) = self.keeper.sent();
        let entity = id.unwrap_or_else(|| app.new_id());
        if sent.is_some() && self.arrived(entity, sent.as_ref(), values).await? {
            return Ok(entity);
        }
        let mut write = NewWrite { entity, body: Body::Create(create) };
        self.keeper.sending(entity, Some(values)).await?;
        let mut done = app.hand_in(None, &write).await;
        let fork = |problem: &Problem| matches!(problem, Problem::Refused { code, .. } if code == "fork");
        if done.as_ref().is_err_and(fork) {
            // What was sent under this name before arrived late, or was refused.
            if self.arrived(entity, sent.as_ref(), values).await? {
                return Ok(entity);
            }
            write.entity = app.new_id();
            self.keeper.sending(write.entity, Some(values)).await?;
            done = app.hand_in(None, &write).await;
        }
        done.map(|()| write.entity).map_err(words)
    }

    /// Whether what the form says has arrived under this name; `Err` when something else has.
    async fn arrived(self, id: EntityId, sent: Option<&Values>, values: &Values) -> Result<bool, String> {
        let mine = self.app.confidential(false).await.map_err(words)?;
        match sent_before(mine.iter().any(|line| line.id == id), sent, values) {
            Sent::Nothing => Ok(false),
            Sent::Same => Ok(true),
            Sent::Other => {
                self.keeper.sending(self.app.new_id(), None).await?;
                Err("上次那份已经送到，这次改的没有送出，还在这台手机的草稿里。要把改过的也交上去，请再点一次提交，会另成一份。"
                    .to_owned())
            }
        }
    }
}

fn words(problem: Problem) -> String {
    match problem {
        // The answer may have been lost as well as the report.
        Problem::Offline => {
            "现在连不上网络，不知道有没有送到。内容还在这台手机的草稿里，有网络时再点提交，不改就不会交成两份。".to_owned()
        }
        other => other.message(),
    }
}
