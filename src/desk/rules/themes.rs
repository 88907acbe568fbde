//! 5+X (CAT-03): the themes on top of the phones' home, begun, limited and ended here; and the items that come with the
//! product and wait to be switched on (domain data 4.3).

use std::collections::BTreeSet;

use gridbook_domain::catalogue::{Campaign, Item, Status, ThemeState};
use gridbook_domain::date;
use gridbook_log::Values;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::publish::publish;
use crate::app::{App, use_app};
use crate::desk::parts::{line, select, villages};
use crate::desk::reach;
use crate::desk::table::{Col, table};
use crate::ui::dialog::{Confirm, Doing, confirm, dialog, forget_closed};
use crate::ui::directory::{Directory, Names, use_directory};
use crate::ui::icon::icon;
use crate::ui::toast::use_toasts;

type Text = RwSignal<String>;

/// The list and its two dialogs.
#[derive(Clone, Copy)]
struct Screen {
    app: App,
    names: Directory,
    /// The form is open.
    typing: RwSignal<bool>,
    /// The theme that is changed; `None` for a new one.
    edited: RwSignal<Option<Campaign>>,
    /// The question whether to end one is open.
    sure: RwSignal<bool>,
    /// Which.
    ending: RwSignal<Option<Campaign>>,
}

pub(super) fn page() -> AnyView {
    let screen = Screen {
        app: use_app(),
        names: use_directory(),
        typing: RwSignal::new(false),
        edited: RwSignal::new(None),
        sure: RwSignal::new(false),
        ending: RwSignal::new(None),
    };
    forget_closed(screen.typing, screen.edited);
    let toasts = use_toasts();
    let ask = Confirm {
        title: "结束这项重点工作？".to_owned(),
        text: "结束后手机首页不再列出，已经报的记录都在。以后可以再改日期重新开始。".to_owned(),
        yes: "结束".to_owned(),
        danger: false,
    };
    let end = move || {
        let Some(held) = screen.ending.get_untracked() else { return };
        spawn_local(async move {
            match publish(screen.app, held.ended(screen.app.today()).change()).await {
                Ok(()) => toasts.ok("已结束，各手机同步后不再列出"),
                Err(words) => toasts.warn(format!("{words} 没有结束。")),
            }
        });
    };
    // Drawn anew only when they changed: a button under the fingers keeps the focus while records come in.
    let themes = Memo::new(move |_| themes(screen.app));
    let items = Memo::new(move |_| {
        screen.app.version.track();
        let carriers = |item: &&Item| item.is_carrier();
        screen.app.package().catalogue.get().items.iter().filter(carriers).cloned().collect::<Vec<_>>()
    });
    view! {
        <section class="section">
            <div class="section-head">
                <h2 class="section-title">"重点工作"</h2>
                <button
                    class="btn btn-primary"
                    type="button"
                    data-testid="theme-new"
                    on:click=move |_| screen.typing.set(true)
                >
                    {icon("plus")}
                    "增加一项"
                </button>
            </div>
            <p class="muted">"常年的最多五项；临时的写到哪天止，可以只给几个村。手机首页按这里列出。"</p>
            {move || {
                let (themes, names) = (themes.get(), screen.names.get());
                untrack(|| list(screen, themes, &names))
            }}
        </section>
        <section class="section">
            <div class="section-head"><h2 class="section-title">"可开启的事项"</h2></div>
            <p class="muted">"这些事项随程序带来，需要时开启；停用后手机不再列出，已经报的照样办。"</p>
            {move || {
                let items = items.get();
                untrack(|| carriers(screen, &items))
            }}
        </section>
        {form(screen)}
        {confirm(screen.sure, ask, end)}
    }
    .into_any()
}

fn state_words(state: ThemeState) -> (&'static str, &'static str) {
    match state {
        ThemeState::Runs => ("runs", "进行中"),
        ThemeState::Ahead => ("ahead", "还没开始"),
        ThemeState::Over => ("over", "已结束"),
    }
}

fn period(theme: &Campaign) -> String {
    let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string());
    match (theme.standing, day(theme.from), day(theme.to)) {
        (true, None, None) => "常年".to_owned(),
        (_, from, to) => {
            format!("{} 至 {}", from.unwrap_or_default(), to.unwrap_or_else(|| "长期".to_owned()))
        }
    }
}

/// A theme, how it stands today, and the name of its item.
type Row = (Campaign, ThemeState, String);

fn themes(app: App) -> Vec<Row> {
    app.version.track();
    let (package, today) = (app.package(), app.today());
    let catalogue = package.catalogue.get();
    let item = |id: &String| catalogue.item(id).map_or_else(|| id.clone(), |item| item.name.clone());
    let row = |theme: &Campaign| (theme.clone(), theme.state(today), item(&theme.item));
    let mut themes: Vec<Row> = catalogue.campaigns.iter().map(row).collect();
    // Those that run on top; what is over stays below, to be begun again.
    gridbook_log::order_by_key(&mut themes, |(theme, state, _)| (*state, !theme.standing));
    themes
}

fn list(screen: Screen, themes: Vec<Row>, names: &Names) -> AnyView {
    let rows = themes.into_iter().map(|(theme, stands, item)| {
        let (state, words) = state_words(stands);
        let (changed, ended) = (theme.clone(), theme.clone());
        let change = move |_| {
            screen.edited.set(Some(changed.clone()));
            screen.typing.set(true);
        };
        let end = move |_| {
            screen.ending.set(Some(ended.clone()));
            screen.sure.set(true);
        };
        let end = (stands != ThemeState::Over).then(|| {
            view! {
                <button class="btn btn-small btn-quiet" type="button" data-testid="theme-end" on:click=end>
                    "结束"
                </button>
            }
        });
        let target = theme.target.map_or_else(|| "每户一次".to_owned(), |target| format!("{target} 件"));
        view! {
            <tr data-testid="theme-row" data-id=theme.id data-state=state>
                <td class="strong">{theme.label.clone()}</td>
                <td>{item}</td>
                <td>{period(&theme)}</td>
                <td>{reach_words(names, &theme.areas)}</td>
                <td>{target}</td>
                <td>{words}</td>
                <td>
                    <div class="cluster">
                        <button class="btn btn-small" type="button" data-testid="theme-edit" on:click=change>
                            "修改"
                        </button>
                        {end}
                    </div>
                </td>
            </tr>
        }
    });
    let heads = [
        Col::Text("名称"),
        Col::Text("用哪个事项报"),
        Col::Text("时间"),
        Col::Text("范围"),
        Col::Text("目标"),
        Col::Text("状态"),
        Col::Act("修改、结束"),
    ];
    table("重点工作", true, &heads, rows.collect_view())
}

fn reach_words(names: &Names, areas: &[String]) -> String {
    let list: Vec<String> = areas.iter().map(|area| names.area(area)).collect();
    if list.is_empty() { "全镇".to_owned() } else { list.join("、") }
}

fn carriers(screen: Screen, items: &[Item]) -> AnyView {
    let (app, toasts, package) = (screen.app, use_toasts(), screen.app.package());
    let row = |item: &Item| {
        let on = item.status == Status::Active;
        let (changes, name): (Values, String) = (item.switch(!on), item.name.clone());
        let turn = move |_| {
            let (changes, name) = (changes.clone(), name.clone());
            spawn_local(async move {
                match publish(app, changes).await {
                    Ok(()) if on => toasts.ok(format!("已停用“{name}”，各手机同步后不再列出")),
                    Ok(()) => toasts.ok(format!("已开启“{name}”，各手机同步后列出")),
                    Err(words) => toasts.warn(format!("{words} 没有改变。")),
                }
            });
        };
        let form = package.form(&item.form).map(|form| form.title.clone()).unwrap_or_default();
        view! {
            <tr data-testid="carrier-row" data-id=item.id.clone() data-on=on.to_string()>
                <td class="strong">{format!("{} {}", item.code, item.name)}</td>
                <td>{form}</td>
                <td>{item.lead.clone()}</td>
                <td>{if on { "已开启" } else { "没有开启" }}</td>
                <td>
                    <button class="btn btn-small" type="button" data-testid="carrier-switch" on:click=turn>
                        {if on { "停用" } else { "开启" }}
                    </button>
                </td>
            </tr>
        }
    };
    let rows = items.iter().map(row).collect_view();
    let heads = [
        Col::Text("事项"),
        Col::Text("表单"),
        Col::Text("主责单位"),
        Col::Text("状态"),
        Col::Act("开启、停用"),
    ];
    table("可开启的事项", true, &heads, rows)
}

/// What is typed.
#[derive(Clone, Copy)]
struct Typed {
    label: Text,
    item: Text,
    standing: Text,
    from: Text,
    to: Text,
    areas: RwSignal<BTreeSet<String>>,
    target: Text,
}

impl Typed {
    /// Begins: empty from today, or with what a theme says already.
    fn fill(self, held: Option<&Campaign>, today: chrono::NaiveDate) {
        let day = |day: Option<chrono::NaiveDate>| day.map(|day| day.to_string()).unwrap_or_default();
        self.label.set(held.map(|held| held.label.clone()).unwrap_or_default());
        self.item.set(held.map(|held| held.item.clone()).unwrap_or_default());
        let standing = held.is_some_and(|held| held.standing);
        self.standing.set(if standing { "yes" } else { "no" }.to_owned());
        self.from.set(held.map_or_else(|| today.to_string(), |held| day(held.from)));
        self.to.set(day(held.and_then(|held| held.to)));
        self.areas.set(held.map(|held| held.areas.iter().cloned().collect()).unwrap_or_default());
        self.target.set(held.and_then(|held| held.target).map(|n| n.to_string()).unwrap_or_default());
    }

    fn campaign(self, id: String) -> Result<Campaign, String> {
        let text = |signal: Text| signal.get_untracked().trim().to_owned();
        let standing = text(self.standing) == "yes";
        let target = text(self.target);
        let target = match target.as_str() {
            "" => None,
            said => match said.parse::<u32>() {
                Ok(count) if count > 0 => Some(count),
                _ => return Err("目标件数请写整数，不写就按户数算。".to_owned()),
            },
        };
        Ok(Campaign {
            id,
            label: text(self.label),
            item: text(self.item),
            standing,
            from: date::parse(&text(self.from)),
            to: if standing { None } else { date::parse(&text(self.to)) },
            areas: self.areas.get_untracked().into_iter().collect(),
            target,
        })
    }
}

fn form(screen: Screen) -> AnyView {
    let app = screen.app;
    let text = || RwSignal::new(String::new());
    let typed = Typed {
        label: text(),
        item: text(),
        standing: text(),
        from: text(),
        to: text(),
        areas: RwSignal::new(BTreeSet::new()),
        target: text(),
    };
    Effect::new(move |_| {
        if screen.typing.get() {
            typed.fill(screen.edited.get_untracked().as_ref(), app.today());
        }
    });
    let doing = Doing::new(screen.typing);
    let save = move || {
        let held = screen.edited.with_untracked(|held| held.as_ref().map(|held| held.id.clone()));
        let said = match typed.campaign(held.unwrap_or_else(|| format!("theme_{}", app.new_id()))) {
            Ok(said) => said,
            Err(words) => return doing.failed(words),
        };
        if let Err(error) = said.check(app.package().catalogue.get(), app.today()) {
            return doing.failed(format!("{}。", error.words().replace(", ", "，")));
        }
        doing.begin(async move {
            publish(app, said.change()).await?;
            Ok("已保存，各手机同步后按新的列出".to_owned())
        });
    };
    let inside = move || {
        let package = app.package();
        let offered = package.catalogue.get().offered(app.today());
        let mut items = vec![(String::new(), "请选".to_owned())];
        items.extend(
            offered.into_iter().map(|item| (item.id.clone(), format!("{} {}", item.code, item.name))),
        );
        let kinds = || {
            [("no", "一段时间"), ("yes", "常年（最多五项）")]
                .map(|(id, words)| (id.to_owned(), words.to_owned()))
                .to_vec()
        };
        let last = move || {
            (typed.standing.get() != "yes")
                .then(|| line("到哪天止", "theme-to", "date", None, typed.to, false))
        };
        // Not followed: what is typed stays while the directory changes.
        let held = screen.names.get_untracked();
        let mut places = villages(&held);
        places.retain(|(code, _)| !held.past.contains(code));
        // One that came with a package may be for less than a village.
        for code in typed.areas.get_untracked() {
            if places.iter().all(|(known, _)| *known != code) {
                places.push((code.clone(), held.area(&code)));
            }
        }
        let body = view! {
            {line("名称（手机首页显示）", "theme-label", "text", Some("20"), typed.label, false)}
            <div class="field">
                <span class="label">"用哪个事项报"</span>
                {select("用哪个事项报", "theme-item", move || typed.item.get(), move || items.clone(), move |id| typed.item.set(id))}
            </div>
            <div class="field">
                <span class="label">"多久"</span>
                {select("多久", "theme-standing", move || typed.standing.get(), kinds, move |id| typed.standing.set(id))}
            </div>
            {line("从哪天起（不填为一直）", "theme-from", "date", None, typed.from, false)}
            {last}
            <fieldset class="field choice">
                <legend class="label">"范围（不选为全镇）"</legend>
                <div class="chips">{reach::chips("theme-area", places, typed.areas)}</div>
            </fieldset>
            {line("目标件数（不填为每户一次）", "theme-target", "number", None, typed.target, false)}
        };
        doing.foot("发布", "theme-save").form(body.into_any(), save)
    };
    dialog(screen.typing, "dialog-wide", "重点工作", Box::new(inside))
}
