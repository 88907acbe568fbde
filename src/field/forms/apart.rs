//! Handing in a confidential report (ROLE-11): online and at once, and only what has arrived ends the draft.

use gridbook_domain::case::CaseView;
use gridbook_domain::confidential::apart::{step, taken_over};
use gridbook_domain::confidential::{Sent, forms, sent_before};
use gridbook_domain::form::{Form, Values, apart};
use gridbook_domain::record::RecordKind;
use gridbook_domain::workflow::event;
use gridbook_log::{Body, Create, EntityId};
use gridbook_sync::replica::NewWrite;

use leptos::prelude::*;

use super::{Page, Saving};
use crate::app::{App, Draft, Problem};
use crate::ui::icon::icon;
use crate::ui::toast::Toasts;

/// The ways out of the open, one for each confidential form; none for whoever may not report in confidence. `pick` is called
/// with the form that was chosen.
pub(in crate::field) fn ways(app: App, pick: impl Fn(Form) + Clone + 'static) -> Option<AnyView> {
    if !app.in_confidence(false) {
        return None;
    }
    let package = app.package();
    let one = |form: &Form| {
        let (form, pick) = (form.clone(), pick.clone());
        let (title, id) = (form.title.clone(), form.id.clone());
        view! {
            <button class="btn btn-wide" type="button" data-testid="go-apart" data-form=id on:click=move |_| pick(form.clone())>
                {icon("key")}
                {title}
            </button>
        }
        .into_any()
    };
    let ways = forms(&package).map(one).collect_view();
    Some(
        view! {
            <details class="form-section form-more" data-testid="apart">
                <summary>"涉及干部作风、有人受侵害，或本人不便公开？"</summary>
                <div class="form-section-body stack">
                    <p class="muted">
                        "换成保密反映：写好的话带过去，村里、镇上其他人看不到。照片不带，请留好当面交。"
                    </p>
                    {ways}
                </div>
            </details>
        }
        .into_any(),
    )
}

/// Begins a confidential report with these words, in a draft on this phone; returns the way to it.
async fn begin(app: App, form: &Form, values: &Values) -> Result<(String, String), String> {
    let (id, now) = (app.new_id(), app.now_ms());
    let draft = Draft {
        form: format!("{}/{}", form.id, form.version),
        kind: RecordKind::Confidential.as_str().to_owned(),
        entity: Some(id),
        values: taken_over(form, values),
        title: form.title.clone(),
        begun_ms: now,
        updated_ms: now,
        ..Draft::default()
    };
    let key = format!("new-{id}");
    app.put_draft(&key, &draft).await.map_err(|problem| problem.message())?;
    let to = format!("/confidential/new?form={}&draft={key}", form.id);
    Ok((key, to))
}

/// Puts a report that was saved openly out of sight, once its words stand in the draft of a confidential one; returns the way
/// to that draft.
pub(in crate::field) async fn set_apart(
    app: App,
    id: EntityId,
    form: &Form,
    values: &Values,
) -> Result<String, String> {
    if !app.keeps_confidence().await {
        return Err(
            "您的记录不送镇里的服务器，这里不收保密反映。请当面说；不想留着的，可以点“撤回”。".to_owned()
        );
    }
    let entity = app.entity(id).await.map_err(|problem| problem.message())?;
    let case = entity.as_deref().and_then(CaseView::of).ok_or("这条记录已不在本机。")?;
    let (package, actor, today) = (app.package(), app.actor(), app.today());
    let step = step(&package, &actor, &case, today)
        .ok_or("这一件镇上已经登记，手机上收不回来了。请马上告诉中心主任，由他转到保密渠道。没有改动。")?;
    let taken = event(&package, (&actor, today), step, &case, &Values::new(), Vec::new());
    let (key, to) = begin(app, form, values).await?;
    match app.put(vec![NewWrite { entity: id, body: Body::Event(taken) }]).await {
        Ok(()) => Ok(to),
        Err(words) => {
            // The open record still stands: two of it would be one too many.
            let _ = app.drop_draft(&key).await;
            Err(words)
        }
    }
}

impl Page {
    /// What was begun as an ordinary report goes to the confidential form that an answer named.
    pub(super) fn turn_apart(self, toasts: Toasts) {
        let (package, begun) = (self.app.package(), self.begun());
        let values = self.state.values.get_untracked();
        if let Some(form) = apart(&package, &begun.form, &values).and_then(|id| package.form(id)) {
            self.turn_to(form.clone(), toasts);
        }
    }

    /// What stands in this form goes to a confidential one: the words go along in a draft, the ordinary draft goes, and what
    /// was saved before goes out of sight.
    pub(super) fn turn_to(self, form: Form, toasts: Toasts) {
        let (app, begun) = (self.app, self.begun());
        let values = self.state.values.get_untracked();
        self.saving.set(Saving::Now);
        leptos::task::spawn_local(async move {
            let moved = match begun.draft.entity.filter(|_| begun.draft.edit) {
                Some(id) => set_apart(app, id, &form, &values).await,
                None => begin(app, &form, &values).await.map(|(_, to)| to),
            };
            let moved = match moved {
                Ok(to) => self.keeper.discard().await.map(|()| to),
                Err(words) => Err(words),
            };
            match moved {
                Ok(to) => {
                    toasts.ok("已换到保密的表，写好的话带过去了，还没有交。村里看不到。");
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
