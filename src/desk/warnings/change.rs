//! What can be done about a warning that stands: let it last longer, raise it, lift it.

use gridbook_domain::calendar::DAY_MS;
use gridbook_domain::warning::{MAX_MS, Warning};
use gridbook_log::{Body, Values, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::announce::instant;
use super::levels;
use crate::app::App;
use crate::desk::parts::{line, select};
use crate::ui::dialog::{Confirm, Doing, confirm, dialog};
use crate::ui::format::input_time;
use crate::ui::states::failed;
use crate::ui::toast::use_toasts;

/// The warning that somebody wants to change: beside the list, which is drawn anew with every synchronisation.
#[derive(Clone, Copy)]
pub(super) struct Change {
    lifting: RwSignal<bool>,
    changing: RwSignal<bool>,
    which: RwSignal<Option<Warning>>,
    until: RwSignal<String>,
    level: RwSignal<String>,
}

impl Change {
    pub(super) fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let (lifting, changing) = (RwSignal::new(false), RwSignal::new(false));
        Self { lifting, changing, which: RwSignal::new(None), until: text(), level: text() }
    }

    /// The buttons of a line.
    pub(super) fn buttons(self, warning: &Warning) -> AnyView {
        let (one, other) = (warning.clone(), warning.clone());
        let change = move |_| {
            self.until.set(input_time(one.until));
            self.level.set(one.level.clone());
            self.which.set(Some(one.clone()));
            self.changing.set(true);
        };
        let lift = move |_| {
            self.which.set(Some(other.clone()));
            self.lifting.set(true);
        };
        let more = (!warning.is_plain()).then(|| view! {
            <button class="btn btn-small" type="button" data-testid="warning-change" on:click=change>"延长、提级"</button>
        });
        view! {
            {more}
            <button class="btn btn-small btn-quiet" type="button" data-testid="warning-lift" on:click=lift>"解除"</button>
        }
        .into_any()
    }

    /// The dialogs behind them.
    pub(super) fn dialogs(self, app: App) -> AnyView {
        view! { {self.lift(app)}{self.change(app)} }.into_any()
    }

    fn lift(self, app: App) -> AnyView {
        let toasts = use_toasts();
        let go = move || {
            let Some(warning) = self.which.get_untracked() else { return };
            let set = Warning::lift(&app.user(), app.now_ms());
            spawn_local(async move {
                match put(app, &warning, set).await {
                    Ok(()) => toasts.ok("已解除，各手机同步后恢复平常的巡查和走访"),
                    Err(words) => toasts.warn(words),
                }
            });
        };
        let ask = Confirm {
            title: "现在就解除？".to_owned(),
            text: "解除后点位恢复平常的巡查，因为它要上门的户不再列出；已经做的巡查和走访都在。解除了不能恢复，要再用请重新发布。".to_owned(),
            yes: "解除".to_owned(),
            danger: true,
        };
        confirm(self.lifting, ask, go)
    }

    fn change(self, app: App) -> AnyView {
        let wrong = RwSignal::new(None::<String>);
        let doing = Doing::showing(self.changing, wrong);
        let save = move || {
            let Some(warning) = self.which.get_untracked() else { return };
            let (until, level) = (instant(&self.until.get_untracked()), self.level.get_untracked());
            let mut set = Values::new();
            // The field shows minutes only: what was not touched is not written.
            if self.until.get_untracked() != input_time(warning.until) {
                set.extend(until.map(Warning::extend).unwrap_or_default());
            }
            if level != warning.level {
                set.extend(Warning::raise(&level));
            }
            if set.is_empty() {
                return wrong.set(Some("时间和级别都没有改。".to_owned()));
            }
            doing.begin(async move {
                put(app, &warning, set).await?;
                Ok("已改，各手机同步后生效".to_owned())
            });
        };
        let colours = move || {
            let (package, held) = (app.package(), self.which.get().map(|warning| warning.level));
            let rank = held.and_then(|held| package.level(&held).map(|level| level.rank)).unwrap_or(0);
            levels(&package, |level| level.rank <= rank)
        };
        let inside = move || {
            let days = MAX_MS / DAY_MS;
            let fields = view! {
                {failed(wrong, Some("warning-change-wrong"))}
                <p class="muted">
                    {format!("只能往后延、往上提，一次最多延 {days} 天。要提前结束或降级，请解除，需要时再发布新的。")}
                </p>
                {line("到什么时候", "warning-later", "datetime-local", None, self.until, false)}
                {select("级别", "warning-raise", move || self.level.get(), colours, move |value| self.level.set(value))}
            };
            doing.foot("保存", "warning-change-save").form(fields.into_any(), save)
        };
        dialog(self.changing, "", "延长或提级", Box::new(inside))
    }
}

async fn put(app: App, warning: &Warning, set: Values) -> Result<(), String> {
    let body = Body::Set(body::Set { set, blobs: Vec::new() });
    app.put(vec![NewWrite { entity: warning.id, body }]).await
}
