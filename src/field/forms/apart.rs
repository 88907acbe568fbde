//! Handing in a confidential report (ROLE-11): online and at once, and only what has arrived ends the draft and puts the open
//! record whose place it takes out of sight.

use gridbook_domain::confidential::apart::{Away, put_away};
use gridbook_domain::confidential::{Sent, sent_before};
use gridbook_domain::form::Values;
use gridbook_domain::record::RecordKind;
use gridbook_log::{Body, Create, EntityId};
use gridbook_sync::replica::NewWrite;

use super::Page;
use crate::app::Problem;

impl Page {
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

    /// Puts the open record out of sight, now that the report in its place has arrived; false when that is not for this
    /// person to do any more. Tried again, it does so once.
    pub(super) async fn put_away(self, open: EntityId) -> Result<bool, String> {
        let app = self.app;
        let not_yet = |words: String| {
            format!("已送到保密渠道，但原来那一条还没有收起来：{words} 请再点一次提交，不会交成两份。")
        };
        let entity = app.entity(open).await.map_err(|problem| not_yet(problem.message()))?;
        match put_away(&app.package(), &app.actor(), entity.as_deref(), app.today()) {
            Away::Done => Ok(true),
            Away::Stays => Ok(false),
            Away::Step(taken) => {
                let write = NewWrite { entity: open, body: Body::Event(*taken) };
                app.put(vec![write]).await.map(|()| true).map_err(not_yet)
            }
        }
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
