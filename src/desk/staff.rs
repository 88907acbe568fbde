//! Accounts of the township: roles, invitations, resets, and who may not sign in any more.

mod grant;
pub mod here;
pub mod invite;
mod units;

use gridbook_domain::role::{Assignment, grants_by_name, holds};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::Deserialize;
use serde_json::{Value, json};

use super::table::{Col, table};
use crate::app::{App, Problem, use_app};
use crate::ui::ask::asking;
use crate::ui::dialog::dialog;
use crate::ui::directory::use_directory;
use crate::ui::format::when;
use crate::ui::icon::icon;
use crate::ui::states::{blank, loading};
use crate::ui::toast::{Toasts, use_toasts};
use invite::{Invite, ask, card};

/// Somebody of the staff, as the server has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Person {
    user: String,
    name: String,
    phone_tail: Option<String>,
    assignments: Vec<Assignment>,
    disabled: bool,
    active: bool,
    last_seen: Option<i64>,
}

#[derive(Deserialize)]
struct People {
    staff: Vec<Person>,
}

#[derive(Clone, PartialEq)]
enum Load {
    Waiting,
    Failed(Problem),
    Here(Vec<Person>),
}

/// Everything that a row needs.
#[derive(Clone, Copy)]
struct Desk {
    app: App,
    toasts: Toasts,
    load: RwSignal<Load>,
    invited: RwSignal<Option<Invite>>,
    open: RwSignal<bool>,
    /// Whose grants are shown, and whether they are.
    granting: RwSignal<Option<Person>>,
    granted: RwSignal<bool>,
}

impl Desk {
    async fn read(self) {
        let next = match self.app.api().get::<People>("/api/staff").await {
            Ok(people) => Load::Here(people.staff),
            Err(error) => Load::Failed(error.into()),
        };
        let _ = self.load.try_set(next);
    }

    fn invite(self, user: String) {
        spawn_local(async move {
            match ask(self.app, &user).await {
                Ok(invite) => {
                    self.invited.set(Some(invite));
                    self.open.set(true);
                }
                Err(problem) => self.toasts.warn(problem.message()),
            }
        });
    }

    fn disable(self, user: String, disabled: bool) {
        spawn_local(async move {
            let body = json!({ "disabled": disabled });
            match self.app.api().patch::<_, Value>(&format!("/api/staff/{user}"), &body).await {
                Ok(_) => {
                    self.toasts.ok(if disabled {
                        "已停用，这个账号不能再登录"
                    } else {
                        "已恢复，可以登录"
                    });
                    self.read().await;
                }
                Err(error) => self.toasts.warn(Problem::from(error).message()),
            }
        });
    }
}

/// The screen.
pub fn staff() -> AnyView {
    let desk = Desk {
        app: use_app(),
        toasts: use_toasts(),
        load: RwSignal::new(Load::Waiting),
        invited: RwSignal::new(None),
        open: RwSignal::new(false),
        granting: RwSignal::new(None),
        granted: RwSignal::new(false),
    };
    spawn_local(desk.read());
    let app = desk.app;
    let imports = holds(&app.package(), &app.actor(), "directory.edit", app.today());
    let text = RwSignal::new(String::new());
    let inside = move || match desk.load.get() {
        Load::Waiting => loading(5),
        Load::Failed(Problem::Offline) => blank(
            "offline",
            "账号要联网才能管理",
            "现在连不上服务器。已有的记录照常可看可办，有网后再打开这一页。",
            Vec::new(),
        ),
        Load::Failed(problem) => blank("error", "读不出账号", problem.message(), Vec::new()),
        Load::Here(people) => {
            let wanted = text.get();
            people_table(
                desk,
                people.into_iter().filter(|p| p.user.contains(&wanted) || p.name.contains(&wanted)).collect(),
            )
        }
    };
    let code = move || desk.invited.get().map_or_else(|| ().into_any(), |invite| show(&invite));
    let grants =
        move || desk.granting.get().map_or_else(|| ().into_any(), |person| grant::form(desk, &person));
    let members = move |unit: &str| {
        let of = |person: &&Person| {
            !person.disabled && person.assignments.iter().any(|held| held.unit.as_deref() == Some(unit))
        };
        match desk.load.get() {
            Load::Here(people) => people.iter().filter(of).map(|person| person.name.clone()).collect(),
            _ => Vec::new(),
        }
    };
    view! {
        <div class="page-head"><h1 class="page-title">"人员"</h1></div>
        <div class="toolbar">
            <div class="search">
                {icon("search")}
                <input
                    class="search-input"
                    type="search"
                    aria-label="查找人员"
                    data-testid="staff-search"
                    placeholder="姓名或账号"
                    on:input=move |event| text.set(event_target_value(&event))
                />
            </div>
            {imports.then(|| view! { <a class="btn btn-small" href="#/import">{icon("upload")}"批量导入人员"</a> })}
        </div>
        {inside}
        {asking(move || units::units(members))}
        {dialog(desk.open, "", "邀请码", Box::new(code))}
        {dialog(desk.granted, "", "专门授权", Box::new(grants))}
    }
    .into_any()
}

fn show(invite: &Invite) -> AnyView {
    view! {
        <div class="dialog-body stack">
            {card(invite)}
            <p class="muted small">"请本人用手机扫码，或打开链接设置密码。只能用一次；原来的密码在此之前仍然有效。"</p>
        </div>
        <div class="dialog-foot">
            <button
                class="btn"
                type="button"
                on:click=move |_| {
                    let _ = window().print();
                }
            >
                {icon("print")}
                "打印"
            </button>
        </div>
    }
    .into_any()
}

fn people_table(desk: Desk, people: Vec<Person>) -> AnyView {
    if people.is_empty() {
        return blank("search", "没有找到", "换一个姓名或账号再找。", Vec::new());
    }
    let count = people.len();
    let rows = people.into_iter().map(|person| row(desk, person)).collect_view();
    let heads = [
        Col::Text("姓名"),
        Col::Text("账号"),
        Col::Text("手机尾号"),
        Col::Text("角色、区域、单位"),
        Col::Text("状态"),
        Col::Text("操作"),
    ];
    view! {
        <p class="results-line">{format!("{count} 人")}</p>
        {table("人员", false, &heads, rows)}
    }
    .into_any()
}

fn row(desk: Desk, person: Person) -> AnyView {
    let names = use_directory().get_untracked();
    let package = desk.app.package();
    let roles: Vec<String> = person
        .assignments
        .iter()
        .map(|held| {
            let role = package.role(&held.role).map_or(held.role.clone(), |role| role.label.clone());
            let place = held.area.as_deref().map(|code| names.area(code));
            let unit = held.unit.as_deref().map(|code| names.unit(code));
            let until = held.to.map(|day| format!("到 {day}"));
            [Some(role), place, unit, until].into_iter().flatten().collect::<Vec<_>>().join(" · ")
        })
        .collect();
    let (class, state) = match (person.disabled, person.active, person.last_seen) {
        (true, ..) => ("tag tag-danger", "已停用".to_owned()),
        (_, false, _) => ("tag tag-warn", "还没有设密码".to_owned()),
        (_, true, Some(ms)) => {
            ("tag tag-ok", format!("最近 {}", when(u64::try_from(ms).unwrap_or(0), desk.app.now_ms())))
        }
        (_, true, None) => ("tag", "未登录过".to_owned()),
    };
    let (user, other, account) = (person.user.clone(), person.user.clone(), person.user.clone());
    let invite = if person.active { "重置密码" } else { "邀请" };
    let own = person.user == desk.app.user();
    let whole = person.clone();
    let disabled = person.disabled;
    let (actor, today) = (desk.app.actor(), desk.app.today());
    let keeps = holds(&package, &actor, "directory.edit", today);
    let grants = grants_by_name(&package, &actor, today);
    view! {
        <tr data-testid="staff-row" data-user=account>
            <td class="strong">{person.name}</td>
            <td class="mono">{person.user}</td>
            <td>{person.phone_tail}</td>
            <td>{roles.join("；")}</td>
            <td><span class=class>{state}</span></td>
            <td>
                <div class="cluster">
                    {(keeps && !disabled)
                        .then(|| {
                            view! {
                                <button
                                    class="btn btn-small"
                                    type="button"
                                    data-testid="staff-invite"
                                    on:click=move |_| desk.invite(user.clone())
                                >
                                    {icon("qr")}
                                    {invite}
                                </button>
                            }
                        })}
                    {(grants && !own && !disabled)
                        .then(|| {
                            view! {
                                <button
                                    class="btn btn-small btn-quiet"
                                    type="button"
                                    data-testid="staff-grant"
                                    on:click=move |_| {
                                        desk.granting.set(Some(whole.clone()));
                                        desk.granted.set(true);
                                    }
                                >
                                    "专门授权"
                                </button>
                            }
                        })}
                    {(keeps && !own)
                        .then(|| {
                            view! {
                                <button
                                    class="btn btn-small btn-quiet"
                                    type="button"
                                    on:click=move |_| desk.disable(other.clone(), !disabled)
                                >
                                    {if disabled { "恢复" } else { "停用" }}
                                </button>
                            }
                        })}
                </div>
            </td>
        </tr>
    }
    .into_any()
}
