//! People of a township without a server: the directory, somebody new, and invitations that carry the way to the share.

use gridbook_domain::authority::{person, staff_values};
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Assignment, let_in, may_grant};
use gridbook_log::{EntityId, Values};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::json;

use super::invite::link_card;
use crate::app::local::directory_record;
use crate::app::{Backend, use_app};
use crate::desk::areas::zones;
use crate::desk::parts::select;
use crate::desk::table::{Col, table};
use crate::ui::ask::asking;
use crate::ui::dialog::dialog;
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::join::{line, trouble};
use crate::ui::live;
use crate::ui::toast::use_toasts;
use gridbook_domain::role::is_account;

/// An invitation that was made.
#[derive(Clone)]
struct Made {
    title: String,
    link: String,
    digits: String,
    /// The share's address comes with it.
    share: bool,
}

/// The screen.
pub fn page() -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let made = RwSignal::new(None::<Made>);
    let open = RwSignal::new(false);
    let invite = move |id: EntityId, user: String, name: String| {
        spawn_local(async move {
            let held = app.entity(id).await.ok().flatten();
            let held = held.as_deref().and_then(person).map(|person| person.assignments).unwrap_or_default();
            // Whoever opens it writes under that name from then on.
            if let Err(cause) = let_in(&app.package(), &app.actor(), &held, app.today()) {
                return toasts.warn(cause.letting_in());
            }
            let digits = app.passphrase();
            match app.invite_here(&user, &name, held, &digits).await {
                Ok(code) => {
                    let share = matches!(app.backend().await, Backend::Share(_));
                    made.set(Some(Made {
                        title: format!("{name}（{user}）"),
                        link: format!("{}#/join/{code}", root()),
                        digits,
                        share,
                    }));
                    open.set(true);
                }
                Err(error) => toasts.warn(error.message()),
            }
        });
    };
    let rows = move || {
        let mut people: Vec<(EntityId, String, String)> = app.rows(|rows| {
            let staff = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
            let staff =
                staff.filter(|(_, summary)| summary.kind == RecordKind::Staff && !summary.number.is_empty());
            staff.map(|(id, summary)| (*id, summary.number.clone(), summary.title.clone())).collect()
        });
        people.sort_by(|a, b| a.1.cmp(&b.1));
        people
            .into_iter()
            .map(|(id, user, name)| {
                let (account, shown) = (user.clone(), name.clone());
                view! {
                    <tr data-testid="staff-row" data-user=account>
                        <td class="strong">{shown}</td>
                        <td class="mono">{user.clone()}</td>
                        <td>
                            <button
                                class="btn btn-small"
                                type="button"
                                data-testid="staff-invite"
                                on:click=move |_| invite(id, user.clone(), name.clone())
                            >
                                {icon("qr")}
                                "邀请"
                            </button>
                        </td>
                    </tr>
                }
            })
            .collect_view()
    };
    let show = move || made.get().map_or_else(|| ().into_any(), |made| card(&made));
    view! {
        <div class="page-head"><h1 class="page-title">"人员"</h1></div>
        {new_person()}
        {table("人员", false, &[Col::Text("姓名"), Col::Text("账号"), Col::Text("操作")], rows)}
        {asking(|| super::units::units(|_| Vec::new()))}
        {dialog(open, "", "邀请码", Box::new(show))}
    }
    .into_any()
}

/// Where the phone's app is, beside the desk's.
fn root() -> String {
    let location = window().location();
    let path = location.pathname().unwrap_or_default();
    let above = path.split("/desk").next().unwrap_or_default();
    format!("{}{above}/", location.origin().unwrap_or_default())
}

fn card(made: &Made) -> AnyView {
    let warn = (!made.share).then(|| {
        view! { <p class="error">{icon("warn")}"还没有选共享：对方加入后只存本机，靠随身文件来往。"</p> }
    });
    view! {
        <div class="dialog-body stack">
            {warn}
            <p>"打开邀请要这 12 位数字，请打电话或当面告诉本人，不要和链接一起发："</p>
            <p class="passphrase" data-testid="invite-digits">{made.digits.clone()}</p>
            {link_card(&made.link, &made.title, "本人扫码，或把链接发给本人。打开时要填上面的数字。")}
            <p class="muted small">"邀请里有共享的网址和密码。不要发给别人；发错了，请改共享的密码。"</p>
        </div>
    }
    .into_any()
}

/// The form for somebody new.
fn new_person() -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let names = use_directory();
    let field = || RwSignal::new(String::new());
    let (name, user, role, area, unit, unit_name) = (field(), field(), field(), field(), field(), field());
    let wrong = RwSignal::new(None::<String>);
    role.set("village_assistant".to_owned());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        wrong.set(None);
        let text = |signal: RwSignal<String>| signal.get_untracked().trim().to_owned();
        let (who, account, unit_code) = (text(name), text(user), text(unit));
        let words = if who.is_empty() {
            Some("请填写姓名")
        } else if !is_account(&account) {
            Some("账号用 2 到 64 个小写字母、数字、下划线")
        } else if names.with_untracked(|names| names.people.contains_key(&account)) {
            Some("这个账号已经有人用了")
        } else if !unit_code.is_empty()
            && text(unit_name).is_empty()
            && names.with_untracked(|names| !names.units.contains_key(&unit_code))
        {
            Some("这个单位还没有，请同时填单位名称")
        } else {
            None
        };
        if let Some(words) = words {
            wrong.set(Some(words.to_owned()));
            return;
        }
        let some = |text: String| (!text.is_empty()).then_some(text);
        let held = Assignment {
            role: text(role),
            area: some(text(area)),
            unit: some(unit_code.clone()),
            ..Assignment::default()
        };
        let mut writes = vec![directory_record(app, "staff", staff_values(&account, &who, &[held]))];
        if !unit_code.is_empty() && names.with_untracked(|names| !names.units.contains_key(&unit_code)) {
            let set = Values::from([
                ("code".to_owned(), json!(unit_code)),
                ("name".to_owned(), json!(text(unit_name))),
            ]);
            writes.push(directory_record(app, "unit", set));
        }
        if let Some(refusal) = writes.iter().find_map(|write| app.check(None, write).err()) {
            wrong.set(Some(refusal.message()));
            return;
        }
        spawn_local(async move {
            match app.save(writes, Vec::new(), Vec::new()).await {
                Ok(_) => {
                    if let Err(words) = zones::follow(app).await {
                        toasts.warn(words);
                    }
                    for field in [name, user, unit, unit_name] {
                        field.try_set(String::new());
                    }
                    toasts.ok("已加入名录，可以发邀请码");
                }
                Err(problem) => {
                    wrong.try_set(Some(problem.message()));
                }
            }
        });
    };
    let roles = move || {
        let (package, actor, today) = (app.package(), app.actor(), app.today());
        let mine = package.roles.iter().filter(|role| may_grant(&package, &actor, role, today));
        mine.map(|role| (role.id.clone(), role.label.clone())).collect()
    };
    let areas = move || {
        let mut list = vec![(String::new(), "不限区域".to_owned())];
        list.extend(names.with(|names| {
            names.areas.keys().map(|code| (code.clone(), names.area(code))).collect::<Vec<_>>()
        }));
        list
    };
    view! {
        <details class="card" data-testid="staff-new">
            <summary class="card-head"><span class="card-title">"加一个人"</span></summary>
            <form class="card-body stack" on:submit=submit>
                <div class="field-pair">
                    {line("staff-name", "姓名", "text", "off", name)}
                    {line("staff-user", "账号", "text", "off", user)}
                </div>
                <div class="toolbar">
                    {select("角色", "staff-role", move || role.get(), roles, move |value| role.set(value))}
                    {select("负责区域", "staff-area", move || area.get(), areas, move |value| area.set(value))}
                </div>
                <div class="field-pair">
                    {line("staff-unit", "单位编码（承办单位的人才填）", "text", "off", unit)}
                    {line("staff-unit-name", "单位名称（新单位才填）", "text", "off", unit_name)}
                </div>
                {trouble(wrong)}
                <div class="cluster">
                    <button class="btn btn-primary" type="submit" data-testid="staff-save">{icon("check")}"加入名录"</button>
                </div>
            </form>
        </details>
    }
    .into_any()
}

/// The page for this account: the directory here, or the server's accounts.
pub fn choose(server: impl FnOnce() -> AnyView) -> AnyView {
    if use_app().is_local() { live(page) } else { server() }
}
