//! The form of an application: an item that is to come, or one that is to go.

use std::collections::BTreeMap;

use gridbook_domain::catalogue::admission::{
    Application, Procedure, Wish, asks_grid_workers, kind_for, may_apply,
};
use gridbook_domain::catalogue::{Duty, Item, SLA_CLASSES, Sensitivity, Status};
use gridbook_domain::date;
use gridbook_log::{Body, body};
use gridbook_sync::replica::NewWrite;
use leptos::prelude::*;

use super::Screen;
use crate::desk::parts::{line, select};
use crate::desk::rules::publish::township;
use crate::ui::dialog::{Doing, dialog};

/// Characters of a line at most.
const MOST: &str = "60";
/// Characters of a longer text at most.
const LONG: &str = "500";
/// The class that follows the level of a hazard: no class of limits of its own.
pub(super) const BY_LEVEL: (&str, &str) = ("by_level", "按隐患等级");
/// Who may decide at the lowest.
const LEVELS: [(&str, &str); 4] =
    [("grid", "网格"), ("village", "村（社区）"), ("township", "镇街"), ("county", "区县")];

/// Who may decide at the lowest, in words.
pub(super) fn level_words(level: &str) -> &'static str {
    LEVELS.iter().find(|(id, _)| *id == level).map_or("", |(_, words)| words)
}

type Text = RwSignal<String>;
type Options = Vec<(String, String)>;

/// What is typed.
#[derive(Clone, Copy)]
struct Typed {
    kind: Text,
    unit: Text,
    contact: Text,
    why: Text,
    name: Text,
    code: Text,
    group: Text,
    form: Text,
    duty: Text,
    level: Text,
    sla: Text,
    also: Text,
    from: Text,
    to: Text,
    temporary: RwSignal<bool>,
    basis: Text,
    actions: Text,
    minutes: Text,
    times: Text,
    grids: Text,
    ends: Text,
    last: Text,
    training: Text,
    funding: Text,
    successor: Text,
}

impl Typed {
    fn new() -> Self {
        let text = || RwSignal::new(String::new());
        Self {
            kind: text(),
            unit: text(),
            contact: text(),
            why: text(),
            name: text(),
            code: text(),
            group: text(),
            form: text(),
            duty: text(),
            level: text(),
            sla: text(),
            also: text(),
            from: text(),
            to: text(),
            temporary: RwSignal::new(false),
            basis: text(),
            actions: text(),
            minutes: text(),
            times: text(),
            grids: text(),
            ends: text(),
            last: text(),
            training: text(),
            funding: text(),
            successor: text(),
        }
    }

    /// Begins: empty, or with what an application says already.
    fn fill(self, held: Option<&Application>, unit: &str) {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        let number = |n: u32| if n == 0 { String::new() } else { n.to_string() };
        let said = |of: fn(&Application) -> &String| held.map(of).cloned().unwrap_or_default();
        let set = |signal: Text, text: &str| signal.set(text.to_owned());
        set(self.unit, held.map_or(unit, |held| &held.unit));
        self.contact.set(said(|held| &held.contact));
        self.why.set(said(|held| &held.why));
        self.basis.set(said(|held| &held.basis));
        self.actions.set(said(|held| &held.actions));
        self.training.set(said(|held| &held.training));
        self.funding.set(said(|held| &held.funding));
        self.successor.set(said(|held| &held.successor));
        self.minutes.set(number(held.map_or(0, |held| held.minutes)));
        self.times.set(number(held.map_or(0, |held| held.times_a_month)));
        self.grids.set(number(held.map_or(0, |held| held.grids)));
        let (item, temporary) = match held.map(|held| &held.wish) {
            Some(Wish::Admit { item, temporary }) => (Some(item), *temporary),
            _ => (None, false),
        };
        self.temporary.set(temporary);
        set(self.name, item.map_or("", |item| &item.name));
        set(self.code, item.map_or("", |item| &item.code));
        set(self.group, item.map_or("", |item| &item.group));
        set(self.form, item.map_or("", |item| &item.form));
        let support = item.is_some_and(|item| item.duty == Duty::Support);
        set(self.duty, if support { "support" } else { "principal" });
        set(self.level, item.map_or("township", |item| &item.level));
        let class = |n: usize| item.and_then(|item| item.sla.get(n)).map_or("", String::as_str);
        set(self.sla, class(0));
        set(self.also, class(1));
        self.from.set(day(item.and_then(|item| item.from)));
        self.to.set(day(item.and_then(|item| item.to)));
        let (ends, last) = match held.map(|held| &held.wish) {
            Some(Wish::Retire { item, last }) => (item.as_str(), last.to_string()),
            _ => ("", String::new()),
        };
        set(self.ends, ends);
        self.last.set(last);
        set(self.kind, if ends.is_empty() { "admit" } else { "retire" });
    }

    /// What it says; words for what cannot be read.
    fn application(self, screen: Screen) -> Result<Application, String> {
        let text = |signal: Text| signal.get_untracked().trim().to_owned();
        let number = |signal: Text| text(signal).parse().unwrap_or(0);
        let unit = text(self.unit);
        let leaves = text(self.kind) == "retire";
        let told = |signal: Text| !text(signal).is_empty();
        if leaves {
            if !told(self.successor) {
                return Err("请写以后由谁接着做；没有人做也写明。".to_owned());
            }
        } else if !told(self.training) || !told(self.funding) {
            return Err("请写培训怎么安排、经费从哪来；没有就写“无”。".to_owned());
        }
        let wish = if leaves {
            let last = date::parse(&text(self.last)).ok_or("请写最后一天是哪天。")?;
            Wish::Retire { item: text(self.ends), last }
        } else {
            let (code, form) = (text(self.code).to_uppercase(), text(self.form));
            let package = screen.app.package();
            let record = package.form(&form).map(|form| form.record).ok_or("请选网格员填哪张表单。")?;
            let sla = [text(self.sla), text(self.also)];
            let item = Item {
                // Codes are unique, so are these; records store them, so they are plain.
                id: code.to_lowercase(),
                code,
                name: text(self.name),
                group: text(self.group),
                kind: kind_for(record).to_owned(),
                duty: if text(self.duty) == "support" { Duty::Support } else { Duty::Principal },
                lead: screen.names.with_untracked(|names| names.unit(&unit)),
                support: Vec::new(),
                reporters: Vec::new(),
                offline: true,
                points: Vec::new(),
                level: text(self.level),
                sla: sla.into_iter().filter(|class| !class.is_empty()).collect(),
                form,
                sensitivity: Sensitivity::Normal,
                categories: Vec::new(),
                seasons: Vec::new(),
                from: date::parse(&text(self.from)),
                to: date::parse(&text(self.to)),
                skin: None,
                minutes_month: None,
                status: Status::Active,
            };
            Wish::Admit { item: Box::new(item), temporary: self.temporary.get_untracked() }
        };
        Ok(Application {
            wish,
            unit,
            contact: text(self.contact),
            basis: text(self.basis),
            why: text(self.why),
            actions: text(self.actions),
            minutes: number(self.minutes),
            times_a_month: number(self.times),
            grids: number(self.grids),
            training: if leaves { String::new() } else { text(self.training) },
            funding: if leaves { String::new() } else { text(self.funding) },
            successor: if leaves { text(self.successor) } else { String::new() },
        })
    }
}

/// Units for which this person may apply.
fn units(screen: Screen) -> Options {
    let (app, area) = (screen.app, township(screen.app));
    let (package, actor) = (app.package(), app.actor());
    let names = screen.names.get();
    let may = |code: &String| may_apply(&package, &actor, &area, code, app.today());
    let mut known: BTreeMap<String, String> = names.units.clone();
    for own in actor.units(app.today()) {
        known.entry(own.to_owned()).or_insert_with(|| own.to_owned());
    }
    known.into_iter().filter(|(code, _)| may(code)).collect()
}

pub(super) fn dialog_for(screen: Screen) -> AnyView {
    let (app, typed) = (screen.app, Typed::new());
    Effect::new(move |_| {
        if screen.typing.get() {
            let held = screen.edited.get_untracked().and_then(|id| untrack(|| screen.find(id)));
            let units = untrack(|| units(screen));
            // Whoever has one unit need not say which.
            let only = if units.len() == 1 { units[0].0.as_str() } else { "" };
            typed.fill(held.as_ref().map(|held| &held.application), only);
        }
    });
    let doing = Doing::new(screen.typing);
    let save = move || {
        let said = match typed.application(screen) {
            Ok(said) => said,
            Err(words) => return doing.failed(words),
        };
        let edited = screen.edited.get_untracked();
        doing.begin(async move {
            let body = match edited {
                Some(_) => Body::Set(body::Set { set: said.values(), blobs: Vec::new() }),
                None => Body::Create(Procedure::create(&said, &township(app))),
            };
            let entity = edited.unwrap_or_else(|| app.new_id());
            app.put(vec![NewWrite { entity, body }]).await?;
            Ok("申请已保存，等中心审核".to_owned())
        });
    };
    let inside = move || {
        let old = screen.edited.get_untracked().is_some();
        let kinds = || vec![own(("admit", "准入：增加一个事项")), own(("retire", "退出：停用一个事项"))];
        let unit_list = move || {
            let held = typed.unit.get();
            let mut list = units(screen);
            list.retain(|(code, _)| !old || *code == held);
            with_none(list, "请选")
        };
        let kind = move || {
            if typed.kind.get() == "retire" { leaving(screen, typed) } else { coming(screen, typed) }
        };
        let body = view! {
            {(!old).then(|| choice("申请什么", "admission-kind", typed.kind, kinds))}
            {choice("申请单位（也是主责单位）", "admission-unit", typed.unit, unit_list)}
            {kind}
            {long("理由", "admission-why", typed.why)}
            {line("联系人和电话", "admission-contact", "text", Some(MOST), typed.contact, false)}
        };
        doing.foot("提交申请", "admission-save").form(body.into_any(), save)
    };
    dialog(screen.typing, "dialog-wide", "申请准入或退出", Box::new(inside))
}

/// What is asked of an item that is to come.
fn coming(screen: Screen, typed: Typed) -> AnyView {
    let package = screen.app.package();
    let groups = package.catalogue.get().groups.iter();
    let groups: Options = groups.map(|group| (group.id.clone(), group.label.clone())).collect();
    let mut forms: BTreeMap<String, String> = BTreeMap::new();
    for form in package.forms.get() {
        let newest = package.form(&form.id).filter(|form| asks_grid_workers(form));
        forms.extend(newest.map(|form| (form.id.clone(), form.title.clone())));
    }
    let law = package.law.get();
    let classes: Options = SLA_CLASSES
        .iter()
        .map(|id| {
            let class = law.class(id);
            class.map_or_else(|| own(BY_LEVEL), |class| (class.id.clone(), class.label.clone()))
        })
        .collect();
    let more = classes.clone();
    let forms: Options = forms.into_iter().collect();
    let duties = || vec![own(("principal", "主体")), own(("support", "配合"))];
    let turn = move |event| typed.temporary.set(event_target_checked(&event));
    view! {
        {line("事项名称", "admission-name", "text", Some("30"), typed.name, false)}
        {line("编号（如 D10，清单里还没有的）", "admission-code", "text", Some("8"), typed.code, false)}
        {choice("类别", "admission-group", typed.group, move || with_none(groups.clone(), "请选"))}
        {choice("网格员填哪张表单", "admission-form", typed.form, move || with_none(forms.clone(), "请选"))}
        {choice("办理时限", "admission-sla", typed.sla, move || with_none(classes.clone(), "请选"))}
        {choice("另一个时限", "admission-also", typed.also, move || with_none(more.clone(), "没有"))}
        {choice("网格员是主体还是配合", "admission-duty", typed.duty, duties)}
        {choice("最低由哪一级定", "admission-level", typed.level, || LEVELS.map(own).into())}
        {line("从哪天起（不填为发布之日）", "admission-from", "date", None, typed.from, false)}
        {line("到哪天止（长期的不填）", "admission-to", "date", None, typed.to, false)}
        <label class="switch">
            <input
                type="checkbox"
                role="switch"
                data-testid="admission-temporary"
                prop:checked=move || typed.temporary.get()
                on:change=turn
            />
            <span class="switch-face"></span>
            <span class="switch-text">"临时事项：必须写到哪天止，到期自动退出"</span>
        </label>
        {long("法律或政策依据", "admission-basis", typed.basis)}
        {long("网格员具体做什么", "admission-actions", typed.actions)}
        {line("每次几分钟", "admission-minutes", "number", None, typed.minutes, false)}
        {line("每个网格每月几次", "admission-times", "number", None, typed.times, false)}
        {line("涉及几个网格", "admission-grids", "number", None, typed.grids, false)}
        {long("培训怎么安排（没有写“无”）", "admission-training", typed.training)}
        {long("经费多少、从哪来（没有写“无”）", "admission-funding", typed.funding)}
    }
    .into_any()
}

/// What is asked of an item that is to go.
fn leaving(screen: Screen, typed: Typed) -> AnyView {
    let package = screen.app.package();
    let items = package.catalogue.get().items.iter().filter(|item| item.status != Status::Retired);
    let items: Options =
        items.map(|item| (item.id.clone(), format!("{} {}", item.code, item.name))).collect();
    view! {
        {choice("哪个事项", "admission-ends", typed.ends, move || with_none(items.clone(), "请选"))}
        {line("做到哪天为止", "admission-last", "date", None, typed.last, false)}
        {long("以后由谁接着做", "admission-successor", typed.successor)}
    }
    .into_any()
}

fn own((id, words): (&str, &str)) -> (String, String) {
    (id.to_owned(), words.to_owned())
}

fn with_none(list: Options, words: &str) -> Options {
    std::iter::once(own(("", words))).chain(list).collect()
}

/// A drop-down under its label.
fn choice(
    label: &'static str,
    test: &'static str,
    signal: Text,
    options: impl Fn() -> Options + Send + Sync + 'static,
) -> AnyView {
    view! {
        <div class="field">
            <span class="label">{label}</span>
            {select(label, test, move || signal.get(), options, move |value| signal.set(value))}
        </div>
    }
    .into_any()
}

/// A longer text under its label.
fn long(label: &'static str, id: &'static str, signal: Text) -> AnyView {
    view! {
        <div class="field">
            <label class="label" for=id>{label}</label>
            <textarea
                class="input"
                id=id
                rows="2"
                maxlength=LONG
                data-testid=id
                prop:value=move || signal.get()
                on:input=move |event| signal.set(event_target_value(&event))
            ></textarea>
        </div>
    }
    .into_any()
}
