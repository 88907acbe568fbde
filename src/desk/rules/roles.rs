//! 岗位和权限 (ROLE-15): what roles are called here and what they may do, and roles of the township's own. Only the system
//! administrator has this tab; what a role may not become is the domain's to say.

use std::collections::BTreeMap;

use gridbook_domain::package::Package;
use gridbook_domain::role::keep::{Change, by_name, path, sound};
use gridbook_domain::role::{Grant, Permission, Role, Scope, holds, rank};
use leptos::prelude::*;

use super::publish::publish;
use crate::app::{App, use_app};
use crate::desk::parts::{line, select};
use crate::desk::table::{Col, table};
use crate::ui::dialog::{Doing, dialog, forget_closed};
use crate::ui::icon::icon;

type Text = RwSignal<String>;

/// Scopes with their words, as a person chooses them.
const SCOPES: [(&str, &str, Scope); 5] = [
    ("area", "辖区内的", Scope::Area),
    ("own", "自己记的", Scope::Own),
    ("assigned", "分给自己办的", Scope::Assigned),
    ("unit", "转给本单位的", Scope::Unit),
    ("tenant", "全镇的", Scope::Tenant),
];
/// A permission that is taken away.
const NONE: &str = "none";

/// Whether this person changes roles.
pub(super) fn may(app: App) -> bool {
    holds(&app.package(), &app.actor(), "user.manage", app.today())
}

#[derive(Clone, Copy)]
struct Screen {
    app: App,
    /// The form is open.
    open: RwSignal<bool>,
    /// The role that is changed; `None` for a new one.
    edited: RwSignal<Option<String>>,
    like: Text,
    label: Text,
    level: Text,
    rank: Text,
    /// What was chosen for a permission: a scope, or [`NONE`].
    said: RwSignal<BTreeMap<String, String>>,
}

pub(super) fn page() -> AnyView {
    let text = || RwSignal::new(String::new());
    let screen = Screen {
        app: use_app(),
        open: RwSignal::new(false),
        edited: RwSignal::new(None),
        like: text(),
        label: text(),
        level: text(),
        rank: text(),
        said: RwSignal::new(BTreeMap::new()),
    };
    forget_closed(screen.open, screen.edited);
    // Drawn anew only where a role changed: a sync takes the focus from nobody.
    let roles = Memo::new(move |_| {
        screen.app.version.track();
        screen.app.package().roles.clone()
    });
    view! {
        <section class="section">
            <div class="section-head">
                <h2 class="section-title">"岗位和权限"</h2>
                <button class="btn btn-primary" type="button" data-testid="role-new" on:click=move |_| screen.begin(None)>
                    {icon("plus")}
                    "增加一个岗位"
                </button>
            </div>
            <p class="muted">
                "片长、妇女小组长、村合伙人等，按本镇的叫法改名，或者照一个现有的岗位另设一个。发布后随同步到各手机、电脑，服务器按新的权限收记录。保密渠道、专访这些专门授权不在这里给。"
            </p>
            {move || roles.with(|_| untrack(|| list(screen)))}
        </section>
        {form(screen)}
    }
    .into_any()
}

impl Screen {
    /// Opens the form on a role, or on a new one.
    fn begin(self, role: Option<&Role>) {
        let package = self.app.package();
        let first = role.or_else(|| package.role("village_assistant"));
        self.like.set(first.map(|role| role.id.clone()).unwrap_or_default());
        self.label.set(role.map(|role| role.label.clone()).unwrap_or_default());
        self.follow(first);
        self.edited.set(role.map(|role| role.id.clone()));
        self.open.set(true);
    }

    /// Level and height are first those of the role that it is like.
    fn follow(self, role: Option<&Role>) {
        self.level.set(role.map(|role| role.level.clone()).unwrap_or_default());
        self.rank.set(role.map_or(1, |role| role.rank).to_string());
        self.said.set(BTreeMap::new());
    }

    /// The role before anything is chosen: itself, or what a new one begins with.
    fn base(self, package: &Package, id: &str) -> Option<Role> {
        let like = Some(self.like.get()).filter(|_| package.role(id).is_none());
        Change { like, ..Change::default() }.on(package, id)
    }

    /// What is published: the role's id, and what becomes otherwise.
    fn change(self, id: &str) -> Result<Change, String> {
        let package = self.app.package();
        let base = untrack(|| self.base(&package, id)).ok_or("请选照哪个岗位。")?;
        let mut next = base.clone();
        self.label.get_untracked().trim().clone_into(&mut next.label);
        self.level.get_untracked().trim().clone_into(&mut next.level);
        next.rank = self.rank.get_untracked().parse().unwrap_or(base.rank);
        for (permission, said) in self.said.get_untracked() {
            let scope = SCOPES.iter().find(|(id, ..)| *id == said).map(|(.., scope)| *scope);
            next.grants.retain(|grant| grant.permission != permission);
            next.grants.extend(scope.map(|scope| Grant::plain(&permission, scope)));
        }
        sound(&package, &next).map_err(|fault| format!("{fault}。"))?;
        let mut change = Change::between(&base, &next);
        if package.role(id).is_none() {
            change.like = Some(self.like.get_untracked());
            change.label = Some(next.label);
        }
        Ok(change)
    }
}

fn list(screen: Screen) -> AnyView {
    let (package, built) = (screen.app.package(), screen.app.built_package());
    let row = |role: &Role| {
        let held = role.clone();
        let whence = match built.role(&role.id) {
            None => "本镇设的",
            Some(was) if was == role => "",
            Some(_) => "改过",
        };
        let mut rights: Vec<&str> = role.grants.iter().map(|grant| grant.permission.as_str()).collect();
        gridbook_log::order_by(&mut rights, Ord::cmp);
        rights.dedup();
        view! {
            <tr data-testid="role-row" data-id=role.id.clone()>
                <td class="strong">{role.label.clone()}</td>
                <td>{role.level.clone()}</td>
                <td class="num">{role.rank}</td>
                <td class="num">{rights.len()}</td>
                <td>{whence}</td>
                <td>
                    <button
                        class="btn btn-small"
                        type="button"
                        data-testid="role-edit"
                        on:click=move |_| screen.begin(Some(&held))
                    >
                        "修改"
                    </button>
                </td>
            </tr>
        }
        .into_any()
    };
    let rows = package.roles.iter().map(row).collect_view();
    let heads = [
        Col::Text("岗位"),
        Col::Text("管到哪一级"),
        Col::Num("高低"),
        Col::Num("权限"),
        Col::Text("来历"),
        Col::Act("修改"),
    ];
    table("岗位和权限", true, &heads, rows)
}

fn form(screen: Screen) -> AnyView {
    let app = screen.app;
    let doing = Doing::new(screen.open);
    let save = move || {
        let id = screen.edited.get_untracked().unwrap_or_else(|| {
            let hex = app.new_id().to_string();
            // Two administrators at two desks must not give one id to two roles.
            format!("own_{}", hex.get(hex.len().saturating_sub(10)..).unwrap_or_default())
        });
        let change = match screen.change(&id) {
            Ok(change) => change,
            Err(words) => return doing.failed(words),
        };
        if change == Change::default() {
            return doing.failed("没有改什么，不用发布。");
        }
        doing.begin(async move {
            let value = serde_json::to_value(change).unwrap_or_default();
            publish(app, [(path(&id), value)].into()).await?;
            Ok("已发布，各手机、电脑同步后按新的岗位".to_owned())
        });
    };
    let inside = move || {
        let package = app.package();
        let fresh = screen.edited.get_untracked().is_none();
        let like = fresh.then(|| {
            let roles: Vec<(String, String)> =
                package.roles.iter().map(|role| (role.id.clone(), role.label.clone())).collect();
            let choose = move |id: String| {
                screen.follow(app.package().role(&id));
                screen.like.set(id);
            };
            view! {
                <div class="field">
                    <span class="label">"照哪个岗位"</span>
                    {select("照哪个岗位", "role-like", move || screen.like.get(), move || roles.clone(), choose)}
                </div>
            }
        });
        let highest = rank(&package, &app.actor(), app.today()).max(1);
        let ranks =
            move || (1..=highest).map(|rank| (rank.to_string(), rank.to_string())).collect::<Vec<_>>();
        let body = view! {
            {like}
            {line("名称", "role-label", "text", Some("20"), screen.label, false)}
            {line("管到哪一级（写给人看）", "role-level", "text", Some("20"), screen.level, false)}
            <div class="field">
                <span class="label">"高低（1 最低；给岗位的人不能给比自己高的）"</span>
                {select("高低", "role-rank", move || screen.rank.get(), ranks, move |rank| screen.rank.set(rank))}
            </div>
            <fieldset class="field">
                <legend class="label">"能做什么"</legend>
                <div class="stack">{move || permissions(screen)}</div>
            </fieldset>
        };
        doing.foot("发布", "role-save").form(body.into_any(), save)
    };
    dialog(screen.open, "dialog-wide", "岗位和权限", Box::new(inside))
}

/// One line a permission; those by name are not given here.
fn permissions(screen: Screen) -> AnyView {
    let package = screen.app.package();
    let id = screen.edited.get_untracked().unwrap_or_default();
    let Some(base) = screen.base(&package, &id) else { return ().into_any() };
    let given = package.permissions.iter().filter(|known| !by_name(&package, &known.id));
    given.map(|known| one(screen, &package, &base, known)).collect_view().into_any()
}

fn one(screen: Screen, package: &Package, base: &Role, known: &Permission) -> AnyView {
    let (id, field) = (known.id.clone(), format!("role-may-{}", known.id.replace('.', "-")));
    let held: Vec<String> = base
        .grants
        .iter()
        .filter(|grant| grant.permission == known.id)
        .map(|grant| grant_words(package, grant))
        .collect();
    let now = if held.is_empty() { "没有".to_owned() } else { held.join("；") };
    let none = (!held.is_empty()).then(|| view! { <option value=NONE>"不给"</option> });
    let scopes =
        SCOPES.iter().map(|(id, words, _)| view! { <option value=*id>{*words}</option> }).collect_view();
    let choose = move |event: web_sys::Event| {
        let (id, said) = (id.clone(), event_target_value(&event));
        screen.said.update(|all| {
            if said.is_empty() {
                all.remove(&id);
            } else {
                all.insert(id, said);
            }
        });
    };
    view! {
        <div class="field">
            <label class="label" for=field.clone()>{known.label.clone()}</label>
            <select class="input" id=field.clone() data-testid=field on:change=choose>
                <option value="">{format!("照旧：{now}")}</option>
                {none}
                {scopes}
            </select>
        </div>
    }
    .into_any()
}

/// A grant in words: which records, and what holds it back.
fn grant_words(package: &Package, grant: &Grant) -> String {
    let scope = SCOPES.iter().find(|(.., scope)| *scope == grant.scope).map_or("", |(_, words, _)| *words);
    let level = |id: &String| package.level(id).map_or_else(|| id.clone(), |level| level.label.clone());
    let levels: Vec<String> = grant.levels.iter().map(level).collect();
    let kinds: Vec<&str> = grant.kinds.iter().map(|kind| kind.label()).collect();
    let mut words = vec![scope.to_owned()];
    words.extend((!levels.is_empty()).then(|| format!("限{}", levels.join("、"))));
    words.extend((!kinds.is_empty()).then(|| format!("限{}", kinds.join("、"))));
    words.extend(grant.before_registration.then(|| "登记前".to_owned()));
    words.extend(grant.propose.then(|| "只能提议".to_owned()));
    words.join("，")
}
