//! 片 (TERR-01): which villages lie in which zone and who leads it. The roles of whoever leads a zone follow its villages,
//! in the directory and at the server, which decides what they see.

use std::collections::BTreeSet;

use gridbook_domain::form::Values;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::Assignment;
use gridbook_domain::territory::cut::{Node, free_zone};
use gridbook_domain::territory::zone::{ZONE_LEAD, Zones, lead, rows_for};
use gridbook_log::EntityId;
use leptos::prelude::*;
use serde_json::Value;

use super::Desk;
use super::edit::write;
use crate::app::{App, Backend};
use crate::desk::parts::{line, select, villages, zones};
use crate::desk::people::{accounts, assign};
use crate::desk::table::{Col, table, tick};
use crate::ui::dialog::{Doing, dialog, forget_closed};
use crate::ui::icon::icon;

/// A zone as it is to be.
#[derive(Clone, Default)]
struct Draft {
    /// Its code; empty for a new one.
    code: String,
    name: String,
    villages: BTreeSet<String>,
    /// Account of whoever is to lead it; empty for nobody.
    lead: String,
    /// Account of whoever was shown to lead it.
    was: String,
}

fn lead_of(desk: Desk, code: &str) -> String {
    let today = desk.app.today();
    let leads = |held: &Assignment| {
        held.role == ZONE_LEAD && held.area.as_deref() == Some(code) && held.valid_on(today)
    };
    desk.people
        .with(|people| {
            people.as_ref()?.iter().find(|one| one.assignments.iter().any(leads)).map(|one| one.user.clone())
        })
        .unwrap_or_default()
}

/// The zones of the township, and the way to a new one.
pub(super) fn section(desk: Desk) -> AnyView {
    let editing: RwSignal<Option<String>> = RwSignal::new(None);
    let rows = move || {
        let names = desk.names.get();
        zones(&names)
            .into_iter()
            .map(|(code, name)| {
                let inside: Vec<String> =
                    names.zones.villages(&code).into_iter().map(|code| names.area(code)).collect();
                let lead = lead_of(desk, &code);
                let lead = if lead.is_empty() { "还没有".to_owned() } else { names.person(&lead) };
                let (shown, edited, listed) = (code.clone(), code.clone(), code.clone());
                view! {
                    <tr data-testid="zone-row" data-code=code>
                        <td>
                            <button
                                class="btn btn-link"
                                type="button"
                                data-testid="zone-card"
                                on:click=move |_| desk.card.set(shown.clone())
                            >
                                {name}
                            </button>
                        </td>
                        <td class="mono">{listed}</td>
                        <td data-testid="zone-villages">{inside.join("、")}</td>
                        <td data-testid="zone-lead">{lead}</td>
                        <td>
                            <button
                                class="btn btn-small"
                                type="button"
                                data-testid="zone-edit"
                                on:click=move |_| editing.set(Some(edited.clone()))
                            >
                                "修改"
                            </button>
                        </td>
                    </tr>
                }
            })
            .collect_view()
    };
    let heads = [Col::Text("片"), Col::Text("编码"), Col::Text("村"), Col::Text("片长"), Col::Act("修改")];
    let any = Memo::new(move |_| desk.names.with(|names| !zones(names).is_empty()));
    let list = move || {
        if any.get() {
            table("片", true, &heads, rows)
        } else {
            view! { <p class="muted">"镇上没有分片。村多的镇可以把几个村划成一片，由片长联系。"</p> }
                .into_any()
        }
    };
    view! {
        <section class="section">
            <div class="section-head">
                <h2 class="section-title">"片"</h2>
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="zone-new"
                    on:click=move |_| editing.set(Some(String::new()))
                >
                    {icon("plus")}
                    "新建片"
                </button>
            </div>
            {list}
        </section>
        {dialog_for(desk, editing)}
    }
    .into_any()
}

fn dialog_for(desk: Desk, editing: RwSignal<Option<String>>) -> AnyView {
    let open = RwSignal::new(false);
    let (code, name) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let (lead, was) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let chosen: RwSignal<BTreeSet<String>> = RwSignal::new(BTreeSet::new());
    Effect::new(move |_| {
        let Some(which) = editing.get() else { return };
        let names = desk.names.get_untracked();
        name.set(names.areas.get(&which).cloned().unwrap_or_default());
        chosen.set(names.zones.villages(&which).into_iter().map(str::to_owned).collect());
        was.set(untrack(|| lead_of(desk, &which)));
        lead.set(was.get_untracked());
        code.set(which);
        open.set(true);
    });
    forget_closed(open, editing);
    let doing = Doing::new(open);
    let save = move || {
        let draft = Draft {
            code: code.get_untracked(),
            name: name.get_untracked().trim().to_owned(),
            villages: chosen.get_untracked(),
            lead: lead.get_untracked(),
            was: was.get_untracked(),
        };
        if draft.name.is_empty() || draft.name.chars().count() > 40 {
            doing.failed("请写片的名称，不超过 40 个字。");
            return;
        }
        doing.begin(keep(desk, draft));
    };
    let inside = move || {
        let names = desk.names.get();
        let boxes = villages(&names)
            .into_iter()
            .map(|(village, words)| {
                let other = names.zones.zone_of(&village).filter(|zone| *zone != code.get_untracked());
                let other = other.map(|zone| format!("（现在在{}）", names.area(zone)));
                view! {
                    <li>
                        <label class="cluster">
                            {tick(&words, "zone-village", &village, chosen)}
                            {words}
                            <span class="muted">{other}</span>
                        </label>
                    </li>
                }
            })
            .collect_view();
        let people = {
            let people = names.people.clone();
            move || {
                let none = (String::new(), "还没有片长".to_owned());
                std::iter::once(none).chain(people.clone()).collect()
            }
        };
        view! {
            <div class="dialog-body stack">
                {line("名称", "zone-name", "text", None, name, false)}
                <fieldset class="field">
                    <legend class="label">"哪些村"</legend>
                    <ul class="stack-s">{boxes}</ul>
                </fieldset>
                <div class="field">
                    <span class="label">"片长"</span>
                    {select("片长", "zone-who", move || lead.get(), people, move |user| lead.set(user))}
                    <p class="help">"片长看得到片里各村的记录；村换了片，片长看到的跟着变。"</p>
                </div>
            </div>
            {doing.foot("保存", "zone-save").click(save)}
        }
        .into_any()
    };
    dialog(open, "", "片", Box::new(inside))
}

async fn keep(desk: Desk, draft: Draft) -> Result<String, String> {
    let app = desk.app;
    let Some(nodes) = desk.nodes.get_untracked() else {
        return Err("还在读取，请再点一次。".to_owned());
    };
    let township = untrack(|| {
        app.session.with(|s| s.as_ref().map(|s| s.profile.township.code.clone())).unwrap_or_default()
    });
    let new = draft.code.is_empty();
    let code = if new {
        free_zone(&nodes, township.get(..9).unwrap_or_default()).ok_or("片的编码用完了，没有建。")?
    } else {
        draft.code.clone()
    };
    let names = desk.names.get_untracked();
    let text = |path: &str, value: &str| (path.to_owned(), Value::from(value));
    let mut list: Vec<(Option<EntityId>, Values)> = Vec::new();
    let node = |code: &str| nodes.iter().find(|node: &&Node| node.node.code == code);
    if new {
        let today = app.today().to_string();
        let set = [
            text("code", &code),
            text("name", &draft.name),
            text("level", "zone"),
            text("parent", code.get(..9).unwrap_or_default()),
            text("valid_from", &today),
        ];
        list.push((None, set.into()));
    } else if let Some(zone) = node(&code).filter(|zone| zone.node.name != draft.name) {
        list.push((Some(zone.id), [text("name", &draft.name)].into()));
    }
    for (village, _) in villages(&names) {
        let held = names.zones.zone_of(&village).unwrap_or_default();
        let next = match (draft.villages.contains(&village), held == code) {
            (true, _) => code.as_str(),
            (false, true) => "",
            (false, false) => held,
        };
        if next != held
            && let Some(node) = node(&village)
        {
            list.push((Some(node.id), [text("zone", next)].into()));
        }
    }
    if !list.is_empty() {
        write(app, list).await?;
    }
    // Only who is named anew, and who was named before; nobody else's roles are this dialog's.
    let (was, is) = (draft.was, draft.lead);
    let next = move |user: &str, held: &[Assignment]| {
        let mut led = held.to_vec();
        if was != is && user == was {
            led = lead(&led, &code, false);
        }
        if was != is && user == is {
            led = lead(&led, &code, true);
        }
        led
    };
    Ok(match align(app, &next).await {
        Ok(None) => "已保存，片长的负责范围跟着改好。".to_owned(),
        Ok(Some(words)) => format!("已保存。{words}"),
        Err(words) => {
            return Err(format!(
                "片已保存，片长的负责范围没有全部改好：{words} 改好后请再打开这一片，点一次保存。"
            ));
        }
    })
}

/// Brings the roles of everybody who leads a zone in line with the villages that lie in it now, after a sheet was taken in
/// or somebody was added.
///
/// # Errors
/// Words for people: what was saved stays saved.
pub(in crate::desk) async fn follow(app: App) -> Result<Option<String>, String> {
    align(app, &|_, held| held.to_vec()).await
}

/// Roles in the directory and at the server, first changed by `next`, then brought in line. Words where somebody was left
/// out.
async fn align(
    app: App,
    next: &dyn Fn(&str, &[Assignment]) -> Vec<Assignment>,
) -> Result<Option<String>, String> {
    let zones = app.rows(|rows| {
        let areas =
            rows.values().filter_map(|row| row.summary.as_ref()).filter(|row| row.kind == RecordKind::Area);
        let zoned: Vec<_> =
            areas.filter_map(|row| Some((row.number.as_str(), row.categories.get(2)?.as_str()))).collect();
        Zones::of(zoned)
    });
    let next = |user: &str, held: &[Assignment]| {
        let changed = next(user, held);
        zones.follow(&changed).unwrap_or(changed)
    };
    directory(app, &next).await?;
    if app.backend().await == Backend::Server { at_server(app, &next).await } else { Ok(None) }
}

/// People of the directory whose roles change.
async fn directory(app: App, next: &dyn Fn(&str, &[Assignment]) -> Vec<Assignment>) -> Result<(), String> {
    let staff: Vec<(EntityId, String)> = app.rows(|rows| {
        let held = rows.iter().filter_map(|(id, row)| Some((id, row.summary.as_ref()?)));
        let held =
            held.filter(|(_, row)| row.kind == RecordKind::Staff && !row.rejected && !row.number.is_empty());
        held.map(|(id, row)| (*id, row.number.clone())).collect()
    });
    let mut list = Vec::new();
    for (id, user) in staff {
        let Some(entity) = app.entity(id).await.map_err(|problem| problem.message())? else { continue };
        let values = entity.values();
        let held = gridbook_domain::authority::assignments(&values);
        let set = rows_for(&values, &next(&user, &held));
        if !set.is_empty() {
            list.push((Some(id), set));
        }
    }
    if list.is_empty() { Ok(()) } else { write(app, list).await }
}

/// Accounts at the server. Nobody changes their own there: said, where that is so.
async fn at_server(
    app: App,
    next: &dyn Fn(&str, &[Assignment]) -> Vec<Assignment>,
) -> Result<Option<String>, String> {
    let (own, mut left) = (app.user(), None);
    for person in accounts(app).await.map_err(|problem| problem.message())? {
        let roles = next(&person.user, &person.assignments);
        if roles == person.assignments {
            continue;
        }
        if person.user == own {
            left = Some(
                "您自己的负责范围没有改：账号不能改自己的角色，请另一位管理员打开这一片点一次保存。"
                    .to_owned(),
            );
            continue;
        }
        assign(app, &person.user, &roles).await.map_err(|problem| problem.message())?;
    }
    Ok(left)
}
