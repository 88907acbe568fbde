//! The dialog that announces a warning: what, how severe, where, until when; and what that would ask of people, before it is
//! said.

use std::collections::BTreeSet;

use gridbook_domain::calendar::DAY_MS;
use gridbook_domain::record::RecordKind;
use gridbook_domain::summary::Summary;
use gridbook_domain::validate;
use gridbook_domain::warning::{ANNOUNCE, Warning, effect};
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::{effect_words, levels};
use crate::app::App;
use crate::desk::parts::{line, select};
use crate::desk::reach;
use crate::ui::dialog::{Doing, dialog};
use crate::ui::directory::use_directory;
use crate::ui::format::{input_time, stored_time};
use crate::ui::live;
use crate::ui::states::{Tone, banner, failed};

/// The answers.
#[derive(Clone, Copy)]
struct Asked {
    what: RwSignal<String>,
    level: RwSignal<String>,
    categories: RwSignal<BTreeSet<String>>,
    areas: RwSignal<BTreeSet<String>>,
    from: RwSignal<String>,
    until: RwSignal<String>,
    issued_by: RwSignal<String>,
    note: RwSignal<String>,
}

/// What a field of date and time says, milliseconds since 1970.
pub(super) fn instant(input: &str) -> Option<u64> {
    validate::instant(&stored_time(input))
}

impl Asked {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let list = || RwSignal::new(BTreeSet::new());
        Self {
            what: text(),
            level: text(),
            categories: list(),
            areas: list(),
            from: text(),
            until: text(),
            issued_by: text(),
            note: text(),
        }
    }

    /// As it stands when the dialog opens: nothing is chosen that somebody could overlook.
    fn begin(self, now: u64) {
        for field in [self.what, self.level, self.issued_by, self.note] {
            field.set(String::new());
        }
        self.areas.set(BTreeSet::new());
        self.categories.set(BTreeSet::new());
        self.from.set(input_time(now));
        self.until.set(input_time(now + DAY_MS));
    }

    /// How long it lasts at most, milliseconds, where it has no level (VISIT-05).
    fn plain(self, app: App) -> Option<u64> {
        let (package, what) = (app.package(), self.what.get());
        let kind = package.warning_kind(&what)?;
        kind.days.map(|_| kind.longest())
    }

    /// The warning; what is still missing, in words.
    fn warning(self, app: App, id: EntityId, now: u64) -> Result<Warning, &'static str> {
        // What it asks for is not reckoned anew with every letter of these.
        let trimmed = |text: RwSignal<String>| text.get_untracked().trim().to_owned();
        let (what, plain) = (self.what.get(), self.plain(app));
        let level = if plain.is_some() { String::new() } else { self.level.get() };
        if what.is_empty() || (level.is_empty() && plain.is_none()) {
            return Err("请选预警的种类和级别。");
        }
        let categories = if plain.is_some() { self.categories.get() } else { BTreeSet::new() };
        if plain.is_some() && categories.is_empty() {
            return Err("请选户类。");
        }
        let areas: Vec<String> = self.areas.get().into_iter().collect();
        if areas.is_empty() {
            return Err("请选范围。");
        }
        let from = instant(&self.from.get());
        let until = match plain {
            Some(longest) => from.map(|from| from + longest),
            None => instant(&self.until.get()),
        };
        let (Some(from), Some(until)) = (from, until) else { return Err("请填开始和截止时间。") };
        let (issued_by, note) = (trimmed(self.issued_by), trimmed(self.note));
        let (lifted, lifted_by) = (None, String::new());
        Ok(Warning {
            id,
            what,
            level,
            categories: categories.into_iter().collect(),
            areas,
            at: now,
            raised: now,
            from,
            until,
            lifted,
            lifted_by,
            issued_by,
            note,
        })
    }
}

pub(super) fn dialog_for(app: App, open: RwSignal<bool>) -> AnyView {
    let names = use_directory();
    let asked = Asked::new();
    Effect::new(move |_| {
        if open.get() {
            asked.begin(app.now_ms());
        }
    });
    let wrong = RwSignal::new(None::<String>);
    let doing = Doing::showing(open, wrong);
    let save = move || {
        let id = app.new_id();
        let create = match untrack(|| asked.warning(app, id, app.now_ms())) {
            Ok(warning) => warning.create().ok_or("选中的范围不在一个镇里。"),
            Err(words) => Err(words),
        };
        match create {
            Err(words) => wrong.set(Some(words.to_owned())),
            Ok(create) => doing.begin(async move {
                app.put(vec![NewWrite { entity: id, body: Body::Create(create) }]).await?;
                Ok("已发布，各手机同步后就能看到".to_owned())
            }),
        }
    };
    let told = Memo::new(move |_| {
        if !open.get() {
            return Err("");
        }
        let (now, package) = (app.now_ms(), app.package());
        let warning = asked.warning(app, EntityId([0; 16]), now)?;
        let found = app.rows(|rows| {
            let seen: Vec<&Summary> =
                rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref()).collect();
            effect(&package, &warning, &seen, now)
        });
        Ok(effect_words(&found, warning.is_plain()))
    });
    // What stood in the way is said of answers that were changed since.
    Effect::new(move |_| {
        told.track();
        wrong.set(None);
    });
    let kinds = move || {
        let package = app.package();
        let kinds = package.hazards.get().warnings.iter().map(|kind| (kind.id.clone(), kind.label.clone()));
        std::iter::once((String::new(), "请选种类".to_owned())).chain(kinds).collect::<Vec<_>>()
    };
    let colours = move || {
        let all = levels(&app.package(), |_| true);
        std::iter::once((String::new(), "请选级别".to_owned())).chain(all).collect::<Vec<_>>()
    };
    let all = move || {
        let package = app.package();
        package.categories.iter().map(|one| (one.id.clone(), one.label.clone())).collect::<Vec<_>>()
    };
    // A warning has a level and an end; a change of policy concerns some households, and somebody has to say what changed.
    let plain = Memo::new(move |_| asked.plain(app).is_some());
    let level = move || {
        (!plain.get()).then(|| {
            select(
                "级别",
                "warning-level",
                move || asked.level.get(),
                colours,
                move |value| asked.level.set(value),
            )
        })
    };
    let concerned = move || {
        plain.get().then(|| {
            view! {
                <fieldset class="field choice">
                    <legend class="label">"户类"</legend>
                    <div class="chips">{reach::several("warning-category", all(), asked.categories, |_, _| false)}</div>
                </fieldset>
            }
        })
    };
    let later = move || {
        let label = "到什么时候";
        (!plain.get()).then(|| line(label, "warning-until", "datetime-local", None, asked.until, false))
    };
    let note = move || {
        let label = if plain.get() { "有什么变化" } else { "还要说明的（可不填）" };
        line(label, "warning-note", "text", Some("200"), asked.note, false)
    };
    let inside = move || {
        let preview = move || {
            match told.get() {
            Ok(words) => view! {
                <div data-testid="warning-effect">{banner(Tone::Info, "info", "发布后要做的事", words, Vec::new())}</div>
            }
            .into_any(),
            Err(words) => view! { <p class="muted">{words}</p> }.into_any(),
        }
        };
        let fields = view! {
            {failed(wrong, Some("warning-wrong"))}
            <div class="cluster">
                {select("种类", "warning-what", move || asked.what.get(), kinds, move |value| asked.what.set(value))}
                {level}
            </div>
            {concerned}
            <fieldset class="field choice">
                <legend class="label">"范围"</legend>
                <div class="chips">{move || {
                    let right = (ANNOUNCE, RecordKind::Warning);
                    reach::chips("warning-area", reach::offered(app, &names.get(), right), asked.areas)
                }}</div>
            </fieldset>
            <div class="cluster">
                {line("从什么时候", "warning-from", "datetime-local", None, asked.from, false)}
                {later}
            </div>
            {line("发布单位（可不填）", "warning-issuer", "text", Some("30"), asked.issued_by, false)}
            {note}
            {live(preview)}
        };
        doing.foot("发布", "warning-save").form(fields.into_any(), save)
    };
    dialog(open, "dialog-wide", "发布预警、政策变化", Box::new(inside))
}
