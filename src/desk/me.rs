//! The own account: roles, password, what is unsent, how the screen looks.

use gridbook_domain::password::check as check_password;
use js_sys::{Function, Object, Reflect};
use leptos::prelude::*;
use leptos::task::spawn_local;
use wasm_bindgen::{JsCast, JsValue};

use super::parts::select;
use super::{carry_for, office};
use crate::app::{StorageView, use_app};
use crate::ui::again;
use crate::ui::aside;
use crate::ui::backend;
use crate::ui::carry::{bring_in, take_out};
use crate::ui::check;
use crate::ui::directory::use_directory;
use crate::ui::format::when;
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::room;
use crate::ui::toast::use_toasts;
use crate::ui::unread;

/// The screen.
pub fn me() -> AnyView {
    view! {
        <div class="page-head"><h1 class="page-title">"我的"</h1></div>
        <div class="wizard" style:max-width="46rem">{account()}{sync()}{bring_in()}{take_out()}{carry_for::card()}{backend::card()}{office::card()}{(!use_app().is_local()).then(password)}{display()}</div>
    }
    .into_any()
}

fn card(title: &'static str, inside: AnyView) -> AnyView {
    view! {
        <section class="card">
            <div class="card-head"><h2 class="card-title">{title}</h2></div>
            <div class="card-body stack">{inside}</div>
        </section>
    }
    .into_any()
}

fn account() -> AnyView {
    let app = use_app();
    let names = use_directory();
    let roles = move || {
        let names = names.get();
        app.session
            .get()
            .map(|session| session.profile.actor.assignments)
            .unwrap_or_default()
            .into_iter()
            .map(|held| {
                let package = app.package();
                let label = package.role(&held.role).map_or(held.role.clone(), |role| role.label.clone());
                let place = held.area.as_deref().map(|code| names.area(code));
                let unit = held.unit.as_deref().map(|code| names.unit(code));
                let parts: Vec<String> = [Some(label), place, unit].into_iter().flatten().collect();
                view! { <li>{parts.join(" · ")}</li> }
            })
            .collect_view()
    };
    let who = move || {
        app.session.get().map(|s| format!("{}（{}）", s.profile.name, s.profile.user)).unwrap_or_default()
    };
    let inside = view! {
        <p class="strong" data-testid="me-name">{who}</p>
        <ul>{roles}</ul>
        <div class="cluster">
            <button
                class="btn"
                type="button"
                data-testid="sign-out"
                on:click=move |_| spawn_local(async move { app.sign_out().await })
            >
                {icon("logout")}
                "锁定并退出"
            </button>
        </div>
        <p class="muted small">"退出只是锁定：没有送出的都留在这台电脑上，下次登录后自动送出。"</p>
    };
    card("账号", inside.into_any())
}

fn sync() -> AnyView {
    let app = use_app();
    let storage: RwSignal<Option<StorageView>> = RwSignal::new(None);
    Effect::new(move |_| {
        app.version.track();
        spawn_local(async move {
            let view = app.storage().await;
            let _ = storage.try_set(Some(view));
        });
    });
    let line = move |label: &'static str, text: Box<dyn Fn() -> String + Send + Sync>| {
        view! {
            <div>
                <dt>{label}</dt>
                <dd>{text}</dd>
            </div>
        }
    };
    let unsent = move || app.sync.with(|view| format!("{} 条，照片 {} 张", view.unsent.waiting, view.photos));
    let held = move || app.sync.with(|view| format!("{} 条", view.unsent.held));
    let last = move || {
        let ms = app.sync.with(|view| view.last_ok_ms);
        ms.map_or_else(|| "还没有".to_owned(), |ms| when(ms, app.now_ms()))
    };
    let used = move || storage.get().map_or_else(String::new, |view| room::words(&view));
    let full = move || storage.get().is_some_and(|view| view.nearly_full());
    let inside = view! {
        {aside::banner_of_aside()}
        {again::banner_of_held()}
        {unread::banner_of_unread()}
        <dl class="kv">
            {line("未送出", Box::new(unsent))}
            {line("未被接收", Box::new(held))}
            {line("上次同步", Box::new(last))}
            {line("本机存储", Box::new(used))}
        </dl>
        {live(move || full().then(|| room::warning("这台电脑的存储快满了", "请先同步或做一个随身文件，再清理电脑里不用的文件。")))}
        <div class="cluster">
            <button class="btn btn-primary" type="button" on:click=move |_| app.wake()>{icon("sync")}"立即同步"</button>
        </div>
        {check::line()}
    };
    card("同步", inside.into_any())
}

fn password() -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let text = || RwSignal::new(String::new());
    let (old, new, again) = (text(), text(), text());
    let busy = RwSignal::new(false);
    let failure: RwSignal<Option<String>> = RwSignal::new(None);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        if let Err(unfit) = check_password(&new.get_untracked(), &again.get_untracked()) {
            failure.set(Some(unfit.message().to_owned()));
            return;
        }
        busy.set(true);
        failure.set(None);
        spawn_local(async move {
            let changed = app.change_password(&old.get_untracked(), &new.get_untracked()).await;
            busy.try_set(false);
            match changed {
                Ok(()) => {
                    for typed in [old, new, again] {
                        typed.try_set(String::new());
                    }
                    toasts.ok("密码已修改");
                }
                Err(problem) => {
                    let _ = failure.try_set(Some(problem.message()));
                }
            }
        });
    };
    let line = |id: &'static str, label: &'static str, complete: &'static str, value: RwSignal<String>| {
        view! {
            <div class="field">
                <label class="label" for=id>{label}</label>
                <input
                    class="input"
                    id=id
                    type="password"
                    data-testid=id
                    autocomplete=complete
                    prop:value=move || value.get()
                    on:input=move |event| value.set(event_target_value(&event))
                />
            </div>
        }
    };
    let inside = view! {
        <form class="stack" on:submit=submit>
            <div class="field-pair">
                {line("me-old", "现在的密码", "current-password", old)}
                {line("me-new", "新密码（至少 8 位）", "new-password", new)}
                {line("me-again", "新密码再填一次", "new-password", again)}
            </div>
            {move || failure.get().map(|text| view! { <p class="error" role="alert" data-testid="me-password-error">{icon("warn")}{text}</p> })}
            <div class="cluster">
                <button
                    class="btn"
                    type="submit"
                    data-testid="me-password"
                    aria-busy=move || if busy.get() { "true" } else { "false" }
                >
                    "修改密码"
                </button>
            </div>
        </form>
    };
    card("密码", inside.into_any())
}

/// What the page keeps of the look: (theme, text).
fn look(change: Option<(&str, &str)>) -> (String, String) {
    let function = Reflect::get(&window(), &"gridbookDisplay".into()).ok();
    let Some(function) = function.and_then(|f| f.dyn_into::<Function>().ok()) else {
        return ("auto".to_owned(), "normal".to_owned());
    };
    let given = change.map_or(JsValue::UNDEFINED, |(name, value)| {
        let object = Object::new();
        let _ = Reflect::set(&object, &name.into(), &value.into());
        object.into()
    });
    let answer = function.call1(&JsValue::UNDEFINED, &given).unwrap_or(JsValue::UNDEFINED);
    let part = |name: &str, none: &str| {
        let value = Reflect::get(&answer, &name.into()).ok().and_then(|value| value.as_string());
        value.unwrap_or_else(|| none.to_owned())
    };
    (part("theme", "auto"), part("text", "normal"))
}

fn display() -> AnyView {
    let held = RwSignal::new(look(None));
    let change = move |name: &'static str| {
        move |value: String| {
            look(Some((name, &value)));
            held.set(look(None));
        }
    };
    let themes = || {
        [("auto", "跟随系统"), ("light", "浅色"), ("dark", "深色"), ("sun", "强光下")]
            .map(|(id, words)| (id.to_owned(), words.to_owned()))
            .to_vec()
    };
    let texts =
        || [("normal", "正常字号"), ("large", "大字")].map(|(a, b)| (a.to_owned(), b.to_owned())).to_vec();
    let inside = view! {
        <div class="toolbar">
            {select("颜色", "me-theme", move || held.get().0, themes, change("theme"))}
            {select("字号", "me-text", move || held.get().1, texts, change("text"))}
        </div>
    };
    card("显示", inside.into_any())
}
