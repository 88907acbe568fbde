//! The dialog that declares a period of zero reports: what it is called, which days, until which hour, and who reports.

use std::collections::BTreeSet;

use chrono::Days;
use gridbook_domain::date;
use gridbook_domain::record::RecordKind;
use gridbook_domain::territory::AreaLevel;
use gridbook_domain::zero::{DECLARE, Period, hour, reporters};
use gridbook_log::{Body, EntityId};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use crate::app::App;
use crate::desk::parts::{line, select};
use crate::desk::reach;
use crate::ui::dialog::{Doing, dialog};
use crate::ui::directory::{Names, use_directory};
use crate::ui::live;
use crate::ui::states::failed;

/// Who can report.
const LEVELS: [(&str, AreaLevel, &str); 3] = [
    ("group", AreaLevel::Group, "每个网格（组）报"),
    ("village", AreaLevel::Village, "每个村（社区）报"),
    ("micro", AreaLevel::MicroGrid, "每个微网格报"),
];

/// The answers.
#[derive(Clone, Copy)]
struct Asked {
    label: RwSignal<String>,
    from: RwSignal<String>,
    to: RwSignal<String>,
    by: RwSignal<String>,
    level: RwSignal<String>,
    chosen: RwSignal<BTreeSet<String>>,
}

impl Asked {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        let chosen = RwSignal::new(BTreeSet::new());
        Self { label: text(), from: text(), to: text(), by: text(), level: text(), chosen }
    }

    /// As it stands when the dialog opens: a week from today, and nobody is chosen whom somebody could overlook.
    fn begin(self, app: App) {
        let today = app.today();
        self.label.set(String::new());
        self.from.set(today.to_string());
        self.to.set(today.checked_add_days(Days::new(6)).unwrap_or(today).to_string());
        self.by.set("18:00".to_owned());
        self.level.set(LEVELS[0].0.to_owned());
        self.chosen.set(BTreeSet::new());
    }

    /// Who would report.
    fn areas(self, names: &Names) -> Vec<String> {
        let level = self.level.get();
        let level = LEVELS.iter().find(|(id, ..)| *id == level).map_or(AreaLevel::Group, |one| one.1);
        let chosen: Vec<String> = self.chosen.get().into_iter().collect();
        let now = names.areas.keys().filter(|code| !names.past.contains(*code)).map(String::as_str);
        reporters(now, &chosen, level)
    }

    /// The period; what is still missing, in words.
    fn period(self, app: App, names: &Names, id: EntityId) -> Result<Period, &'static str> {
        let label = self.label.get().trim().to_owned();
        if label.is_empty() {
            return Err("请填名称，如“汛期零报告”。");
        }
        let days = (date::parse(&self.from.get()), date::parse(&self.to.get()));
        let (Some(from), Some(to)) = days else { return Err("请填第一天和最后一天。") };
        // Some browsers say the seconds as well.
        let by = self.by.get();
        let Some(by) = hour(by.get(..5).unwrap_or(&by)) else { return Err("请填每天几点以前报。") };
        let areas = self.areas(names);
        if areas.is_empty() {
            return Err("请选范围。");
        }
        Ok(Period { id, label, at: app.now_ms(), from, to, by, areas, ended: None, ended_by: String::new() })
    }
}

pub(super) fn dialog_for(app: App, open: RwSignal<bool>) -> AnyView {
    let names = use_directory();
    let asked = Asked::new();
    Effect::new(move |_| {
        if open.get() {
            asked.begin(app);
        }
    });
    let wrong = RwSignal::new(None::<String>);
    let doing = Doing::showing(open, wrong);
    let save = move || {
        let id = app.new_id();
        let create = match untrack(|| asked.period(app, &names.get(), id)) {
            Ok(period) => period.create().ok_or("选中的范围不在一个镇里。"),
            Err(words) => Err(words),
        };
        match create {
            Err(words) => wrong.set(Some(words.to_owned())),
            Ok(create) => doing.begin(async move {
                app.put(vec![NewWrite { entity: id, body: Body::Create(create) }]).await?;
                Ok("已宣布，各手机同步后就会提醒报告".to_owned())
            }),
        }
    };
    let told = Memo::new(move |_| if open.get() { asked.areas(&names.get()).len() } else { 0 });
    // What stood in the way is said of answers that were changed since.
    Effect::new(move |_| {
        told.track();
        wrong.set(None);
    });
    let levels = || LEVELS.map(|(id, _, words)| (id.to_owned(), words.to_owned())).to_vec();
    let inside = move || {
        let preview = move || {
            let words = match told.get() {
                0 => "请选范围。".to_owned(),
                count => format!("每天要报的：{count} 个。没有网格的村由村报。"),
            };
            view! { <p class="muted" data-testid="zero-count">{words}</p> }
        };
        let chips = move || {
            let right = (DECLARE, RecordKind::ZeroPeriod);
            reach::chips("zero-area", reach::offered(app, &names.get(), right), asked.chosen)
        };
        let fields = view! {
            {failed(wrong, Some("zero-wrong"))}
            {line("名称，如“汛期零报告”", "zero-label", "text", Some("30"), asked.label, false)}
            <div class="cluster">
                {line("第一天", "zero-from", "date", None, asked.from, false)}
                {line("最后一天", "zero-to", "date", None, asked.to, false)}
                {line("每天几点以前报", "zero-by", "time", None, asked.by, false)}
            </div>
            {select("由谁报", "zero-level", move || asked.level.get(), levels, move |value| asked.level.set(value))}
            <fieldset class="field choice">
                <legend class="label">"范围"</legend>
                <div class="chips">{chips}</div>
            </fieldset>
            {live(preview)}
        };
        doing.foot("宣布", "zero-save").form(fields.into_any(), save)
    };
    dialog(open, "dialog-wide", "宣布零报告", Box::new(inside))
}
