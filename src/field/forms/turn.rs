//! From the open to a confidential form (ROLE-11): the ways there, what is asked before, and the draft that the words go to.
//! What was saved openly stays where it is until that draft has been handed in.

use std::sync::Arc;

use gridbook_domain::confidential::apart::{Away, left_behind, put_away, taken_over};
use gridbook_domain::confidential::forms;
use gridbook_domain::form::{Form, Values, apart};
use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::{Page, Saving};
use crate::app::{App, Draft};
use crate::ui::apart::where_kept;
use crate::ui::dialog::{Beside, Foot};
use crate::ui::icon::icon;
use crate::ui::toast::Toasts;

/// A confidential form that somebody is about to go to.
#[derive(Clone)]
pub(in crate::field) struct Turn {
    form: Arc<Form>,
    /// What has to be known before.
    text: String,
}

/// Where that is asked: beside the page.
pub(in crate::field) type Turning = Beside<Turn>;

/// The ways out of the open, one for each confidential form; none for whoever may not report in confidence, and none where
/// no channel is. `text` says what has to be known before a form is gone to.
pub(in crate::field) fn ways(
    app: App,
    turning: Turning,
    note: &'static str,
    text: impl Fn(&Form) -> String + Clone + Send + Sync + 'static,
) -> Option<AnyView> {
    app.in_confidence(false).then(|| where_kept(app, move || drawn(app, turning, note, &text)))
}

fn drawn(
    app: App,
    turning: Turning,
    note: &'static str,
    text: &(impl Fn(&Form) -> String + Clone + 'static),
) -> AnyView {
    let one = |form: &Form| {
        let (title, id) = (form.title.clone(), form.id.clone());
        let (form, text) = (Arc::new(form.clone()), text.clone());
        let ask = move |_| turning.ask(Turn { text: text(&form), form: form.clone() });
        view! {
            <button class="btn btn-wide" type="button" data-testid="go-apart" data-form=id on:click=ask>
                {icon("key")}
                {title}
            </button>
        }
        .into_any()
    };
    let ways = forms(&app.package()).map(one).collect_view();
    view! {
        <details class="form-section form-more" data-testid="apart">
            <summary>"涉及干部作风、有人受侵害，或本人不便公开？"</summary>
            <div class="form-section-body stack">
                <p class="muted">{note}</p>
                {ways}
            </div>
        </details>
    }
    .into_any()
}

/// Asks before, and goes on with `act`.
pub(in crate::field) fn dialog(
    turning: Turning,
    act: impl Fn(Arc<Form>) + Clone + Send + Sync + 'static,
) -> AnyView {
    let open = turning.open();
    let inside = move |turn: &Turn| {
        let (form, act) = (turn.form.clone(), act.clone());
        let go = move || {
            open.set(false);
            act(form.clone());
        };
        view! {
            <div class="dialog-body"><p data-testid="turn-told">{turn.text.clone()}</p></div>
            {Foot::new(open, "去填保密的表", "confirm-yes").click(go)}
        }
        .into_any()
    };
    turning.view("", |turn| format!("换成“{}”？", turn.form.title), inside)
}

/// What has to be known before a report that was saved goes to the channel.
pub(in crate::field) const SAVED: &str = "写好的话带过去，别的答案和照片不带；剩下的要再填，联网交。\
     保密的那份交到以后，这一条就从村里、镇上的待办和台账里收起来，再也拿不回来；没交到之前，别人照旧看得到。\
     已经看过、印过、导出过的收不回来。";

/// Begins a confidential report with these words, in a draft on this phone; returns the way to it.
async fn begin(app: App, form: &Form, values: &Values, apart: Option<EntityId>) -> Result<String, String> {
    let (id, now) = (app.new_id(), app.now_ms());
    let draft = Draft {
        form: format!("{}/{}", form.id, form.version),
        kind: RecordKind::Confidential.as_str().to_owned(),
        entity: Some(id),
        apart,
        values: taken_over(form, values),
        title: form.title.clone(),
        begun_ms: now,
        updated_ms: now,
        ..Draft::default()
    };
    let key = format!("new-{id}");
    app.put_draft(&key, &draft).await.map_err(|problem| problem.message())?;
    Ok(way(form, &key))
}

fn way(form: &Form, key: &str) -> String {
    format!("/confidential/new?form={}&draft={key}", form.id)
}

async fn kept(app: App) -> Result<(), String> {
    let told = "您的记录不送镇里的服务器，这里不收保密反映，没有改动，写的都在。请当面说；已经存下又不想留着的，可以点“撤回”。";
    app.keeps_confidence().await.then_some(()).ok_or_else(|| told.to_owned())
}

/// Begins the report that takes the place of one that was saved openly, with its words or these; returns the way to it. One
/// that was begun before goes on.
pub(in crate::field) async fn in_place_of(
    app: App,
    open: EntityId,
    form: &Form,
    values: Option<&Values>,
) -> Result<String, String> {
    kept(app).await?;
    let entity = app.entity(open).await.map_err(|problem| problem.message())?;
    let entity = entity.ok_or("这条记录已不在本机。")?;
    match put_away(&app.package(), &app.actor(), Some(&entity), app.today()) {
        Away::Step(_) => {}
        Away::Done => return Err("这一条已经收起来了，没有改动。".to_owned()),
        Away::Stays => {
            return Err(
                "这一件镇上已经登记，手机上收不回来了。请马上告诉中心主任，由他转到保密渠道。没有改动。"
                    .to_owned(),
            );
        }
    }
    if let Some(values) = values {
        return begin(app, form, values, Some(open)).await;
    }
    let drafts = app.drafts().await.map_err(|problem| problem.message())?;
    let same =
        |draft: &Draft| draft.apart == Some(open) && draft.form.split('/').next() == Some(form.id.as_str());
    match drafts.iter().find(|(_, draft)| same(draft)) {
        Some((key, _)) => Ok(way(form, key)),
        None => begin(app, form, &entity.values(), Some(open)).await,
    }
}

impl Page {
    /// What was begun as an ordinary report goes to the confidential form that an answer named.
    pub(super) fn turn_apart(self) {
        let (package, begun) = (self.app.package(), self.begun());
        let values = self.state.values.get_untracked();
        if let Some(form) = apart(&package, &begun.form, &values).and_then(|id| package.form(id)) {
            self.turning.ask(Turn { text: self.left(form), form: Arc::new(form.clone()) });
        }
    }

    /// What goes along to a confidential form and what is gone then.
    pub(super) fn left(self, form: &Form) -> String {
        let (package, begun) = (self.app.package(), self.begun());
        let edit = begun.draft.edit;
        let values = if edit { self.state.changes() } else { self.state.values.get_untracked() };
        let mut lost: Vec<String> =
            left_behind(&package, &begun.form, form, &values).into_iter().map(str::to_owned).collect();
        let photos = self
            .state
            .photos
            .with_untracked(|photos| photos.iter().filter(|photo| !begun.held.contains(photo)).count());
        lost.extend((photos > 0).then(|| format!("照片和录音 {photos} 个")));
        let lost = lost.join("、");
        let gone = match (lost.is_empty(), edit) {
            (true, false) => "写好的话带过去，这份草稿就不留了。".to_owned(),
            (false, false) => {
                format!("只带写好的话。不带过去、和这份草稿一起删掉、找不回来的：{lost}。")
            }
            (true, true) => String::new(),
            (false, true) => format!("这次还没有保存的改动不留，找不回来：{lost}。"),
        };
        if edit { format!("{gone}{SAVED}") } else { gone }
    }

    /// What stands in this form goes to a confidential one: the words go along in a draft, and the ordinary draft goes.
    pub(super) fn turn_to(self, form: Arc<Form>, toasts: Toasts) {
        if self.saving.get_untracked() == Saving::Now {
            return;
        }
        let (app, begun) = (self.app, self.begun());
        let values = self.state.values.get_untracked();
        self.saving.set(Saving::Now);
        leptos::task::spawn_local(async move {
            let saved = begun.draft.entity.filter(|_| begun.draft.edit);
            let moved = match saved {
                Some(id) => in_place_of(app, id, &form, Some(&values)).await,
                None => match kept(app).await {
                    Ok(()) => begin(app, &form, &values, None).await,
                    Err(words) => Err(words),
                },
            };
            let moved = match moved {
                Ok(to) => self.keeper.discard().await.map(|()| to),
                Err(words) => Err(words),
            };
            match moved {
                Ok(to) => {
                    toasts.ok(if saved.is_some() {
                        TAKEN
                    } else {
                        "写好的话带到了保密的表，还没有交。村里看不到。"
                    });
                    self.router.leave(self.router.place().saturating_sub(self.entry), &to);
                }
                Err(words) => {
                    self.keeper.reopen();
                    self.saving.try_set(Saving::Failed(words));
                }
            }
        });
    }
}

/// What is said once the words of a saved record stand in the draft.
pub(in crate::field) const TAKEN: &str = "写好的话带到了保密的表，还没有交。交到以后，原来那一条才收起来。";
