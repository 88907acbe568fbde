//! What comes in at the centre itself: somebody calls or comes by, and whoever is there writes it down for them, as an item
//! of the list with its own form. The other half of a report that holds two matters is written down here, too (FLOW-15).

mod begin;
mod save;

use std::sync::Arc;

use gridbook_domain::catalogue::Item;
use gridbook_domain::form::{FilledBy, Section, visible};
use gridbook_log::EntityId;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::route::Route;
use crate::app::{App, use_app};
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::directory::use_directory;
use crate::ui::form::{FormState, Keeper, fields};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::states::{Tone, banner, blank, loading};
use crate::ui::toast::use_toasts;
use begin::Begun;

/// What is being filled in.
#[derive(Clone, Copy)]
struct Filling {
    app: App,
    state: FormState,
    begun: StoredValue<Begun>,
    /// What was split off, in words.
    part: RwSignal<String>,
    keeper: Keeper,
}

/// The items that this person may write down here.
pub fn items(app: App) -> Vec<Item> {
    let (package, actor) = (app.package(), app.actor());
    let listed = package.items_for(&actor, app.today()).into_iter();
    let case =
        |item: &&Item| package.form(&item.form).is_some_and(|form| form.record.is_case() && !form.restricted);
    listed.filter(case).cloned().collect()
}

/// The way to this screen, for whoever may write something down here.
pub fn way() -> AnyView {
    let app = use_app();
    live(move || {
        app.session.track();
        (!items(app).is_empty()).then(|| {
            let href = Route::New(String::new()).href();
            view! { <a class="btn" href=href data-testid="entry-new">{icon("phone")}"登记来电来访"</a> }
        })
    })
}

/// The screen: what it is about, then its form.
pub fn entry(route: RwSignal<Route>) -> AnyView {
    let what = Memo::new(move |_| match route.get() {
        Route::New(what) => what,
        _ => String::new(),
    });
    (move || {
        let what = what.get();
        untrack(|| if what.is_empty() { choose() } else { open(what) })
    })
    .into_any()
}

fn choose() -> AnyView {
    let app = use_app();
    let (package, items) = (app.package(), items(app));
    let groups = package.catalogue.get().groups.iter().filter_map(|group| {
        let link = |item: &Item| {
            let href = Route::New(item.id.clone()).href();
            let test = format!("entry-{}", item.id);
            view! { <a class="btn" href=href data-testid=test>{item.name.clone()}</a> }.into_any()
        };
        let links: Vec<AnyView> = items.iter().filter(|item| item.group == group.id).map(link).collect();
        (!links.is_empty()).then(|| {
            view! {
                <section class="section">
                    <div class="section-head"><h2 class="section-title">{group.label.clone()}</h2></div>
                    <div class="cluster">{links}</div>
                </section>
            }
        })
    });
    let groups = groups.collect_view();
    view! {
        <div class="page-head"><h1 class="page-title">"登记来电来访"</h1></div>
        <p class="muted">"群众打电话来、到中心来反映的，选一项替他填。存下就在“待办”里等登记，时限从存下时算起。"</p>
        {groups}
    }
    .into_any()
}

fn open(what: String) -> AnyView {
    let app = use_app();
    let owner = Owner::current();
    let filling: RwSignal<Option<Result<Filling, String>>> = RwSignal::new(None);
    let load = Callback::new(move |()| {
        let (what, owner) = (what.clone(), owner.clone());
        spawn_local(async move {
            let begun = begin::begin(app, &what).await;
            let made = begun.and_then(|begun| {
                let owner = owner.ok_or_else(String::new)?;
                Ok(owner.with(|| Filling::new(app, begun)))
            });
            let _ = filling.try_set(Some(made));
        });
    });
    load.run(());
    live(move || match filling.get() {
        None => loading(5),
        Some(Err(words)) => blank("error", "这张表打不开", words, Vec::new()),
        Some(Ok(filling)) => untrack(|| filling.view(load)),
    })
}

impl Filling {
    fn new(app: App, begun: Begun) -> Self {
        let state = FormState::new(begun.form.clone(), begun.draft.values.clone());
        state.photos.set(begun.draft.photos.clone());
        state.area.set(begun.draft.area.clone());
        let part = RwSignal::new(begun.draft.title.clone());
        let (key, draft) = (begun.key.clone(), begun.draft.clone());
        let keeper = Keeper::of_form(state, key, draft, begun.restored, move |draft| {
            draft.title = part.get_untracked();
        });
        if begun.apart() {
            keeper.keep_nothing();
        }
        Effect::new(move |before: Option<()>| {
            state.area.track();
            part.track();
            if before.is_some() {
                keeper.edited();
            }
        });
        Self { app, state, begun: StoredValue::new(begun), part, keeper }
    }

    /// Where the new record lies: at the household that it is about, else where the person said.
    fn area(self) -> String {
        let house = untrack(|| self.state.household());
        let of_house = |id: EntityId| {
            untrack(|| self.app.rows(|rows| rows.get(&id)?.summary.as_ref().map(|row| row.area.clone())))
        };
        let asked = untrack(|| self.state.text("area"));
        [house.and_then(of_house).unwrap_or_default(), asked]
            .into_iter()
            .find(|area| !area.is_empty())
            .unwrap_or_else(|| self.state.area.get_untracked())
    }

    fn view(self, again: Callback<()>) -> AnyView {
        let toasts = use_toasts();
        let begun = self.begun.get_value();
        let apart = begun.apart();
        let (saving, failure) = (RwSignal::new(false), RwSignal::new(None::<String>));
        let save = move |_| {
            if saving.get_untracked() {
                return;
            }
            saving.set(true);
            failure.set(None);
            spawn_local(async move {
                let done = if apart { self.hand_over().await } else { self.save().await };
                let _ = saving.try_set(false);
                match done {
                    Ok(_) if apart => {
                        toasts.ok("已交到保密渠道，公开的那一件收起来了");
                        Route::Queue(None).go();
                    }
                    Ok(id) => {
                        toasts.ok("已保存，待同步");
                        Route::Queue(Some(id)).go();
                    }
                    Err(words) => {
                        let _ = failure.try_set(Some(words));
                    }
                }
            });
        };
        let failed = move || {
            failure.get().map(|words| banner(Tone::Danger, "attention", "还不能保存", words, Vec::new()))
        };
        let split = begun.origin.is_some() && !apart;
        let (title, yes) = if apart {
            (format!("转到保密渠道：{}", begun.title), "交到保密渠道")
        } else if split {
            (format!("拆出一件：{}", begun.title), "拆出并登记")
        } else {
            (begun.title.clone(), "保存")
        };
        let note = if apart {
            "内容已从原来那一件带来，请补全再交。交上去以后，原来那一件从各台手机、电脑的待办、台账、统计里收起来，只有上报人自己还留着。照片不带过去；已经看过、印过、导出过的收不回来。渠道里由另一人办理，您自己转的不由您办。"
        } else if split {
            "下面照原来那一件填好了：留下属于新这一件的，改掉、删掉其余的。存下就登记编号，办理期限沿用原来的；原来那一件不变，两件互相写明。"
        } else {
            "替打电话来、到中心来的人填。来源必填；反映人和电话写在“代谁填报”。写一字存一字。"
        };
        let sections = begun.form.sections.iter().filter(|section| section.by != FilledBy::Handler);
        let sections = sections.cloned().map(|section| self.section(section)).collect_view();
        let back = begun.origin.map_or(Route::New(String::new()), |origin| Route::Queue(Some(origin))).href();
        view! {
            <div class="page-head">
                <h1 class="page-title">{title}</h1>
                <div class="page-actions"><a class="btn btn-quiet" href=back>"返回"</a></div>
            </div>
            <p class="muted">{note}</p>
            {begun.restored.then(|| self.restored(again))}
            <div class="stack" data-testid="entry">
                {split.then(|| self.part_words())}
                {(!split && !apart).then(|| self.place())}
                {sections}
                {failed}
                <div class="cluster">
                    <button class="btn btn-primary" type="button" data-testid="entry-save" disabled=move || saving.get() on:click=save>
                        {yes}
                    </button>
                </div>
            </div>
        }
        .into_any()
    }

    /// What was typed before is there, which may be of somebody else who called: say so, and let it be begun anew.
    fn restored(self, again: Callback<()>) -> AnyView {
        let (toasts, open) = (use_toasts(), RwSignal::new(false));
        let when = format::when(self.begun.with_value(|begun| begun.draft.updated_ms), self.app.now_ms());
        let text = format!("上次填于 {when}，没有保存。这次是另一个人、另一件事，就清空重填。");
        let clear = opener(open, "btn btn-small", "entry-clear", None, "清空重填");
        let ask = Confirm {
            title: "清空这份没保存的？".to_owned(),
            text: "没有保存过的内容，清空后找不回来。".to_owned(),
            yes: "清空重填".to_owned(),
            danger: true,
        };
        let act = move || {
            spawn_local(async move {
                match self.keeper.discard().await {
                    Ok(()) => {
                        let _ = again.try_run(());
                    }
                    Err(words) => {
                        self.keeper.reopen();
                        toasts.warn(words);
                    }
                }
            });
        };
        let told = banner(Tone::Info, "undo", "接着上次没填完的填", text, vec![clear]);
        view! { <div data-testid="entry-restored">{told}</div> {confirm(open, ask, act)} }.into_any()
    }

    fn section(self, section: Section) -> AnyView {
        let section = Arc::new(section);
        let held = section.clone();
        let shown = move || {
            let any = |values: &_| held.fields.iter().any(|field| visible(&held, field, values));
            self.state.values.with(any)
        };
        let list = fields(self.state, &section.fields);
        view! {
            <section class="section" hidden=move || !shown()>
                <div class="section-head"><h2 class="section-title">{section.title.clone()}</h2></div>
                {list}
            </section>
        }
        .into_any()
    }

    /// The grid or village, where no household says it.
    fn place(self) -> AnyView {
        let names = use_directory();
        let options = move || {
            let actor = self.app.actor();
            let mine = actor.areas(self.app.today());
            let held = self.state.area.get_untracked();
            let option = |(code, words): (String, String)| {
                let selected = code == held;
                view! { <option value=code selected=selected>{words}</option> }
            };
            names.get().leaves(&mine).into_iter().map(option).collect_view()
        };
        let unneeded = move || self.state.household().is_some() || self.state.form().field("area").is_some();
        view! {
            <label class="field" hidden=unneeded>
                <span class="label">"所在网格或村"</span>
                <select class="input" data-testid="entry-area" on:change=move |ev| self.state.area.set(event_target_value(&ev))>
                    <option value="">"请选择"</option>
                    {options}
                </select>
            </label>
        }
        .into_any()
    }

    fn part_words(self) -> AnyView {
        view! {
            <label class="field">
                <span class="label">"拆出什么（两件的经过里都会写明）"</span>
                <textarea
                    class="input"
                    rows="2"
                    maxlength="1000"
                    data-testid="entry-part"
                    prop:value=move || self.part.get()
                    on:input=move |ev| self.part.set(event_target_value(&ev))
                ></textarea>
            </label>
        }
        .into_any()
    }
}
