//! 专门授权: a role that is given by name and until a day (domain data 4.1.3), and taken back.

use chrono::{Days, NaiveDate};
use gridbook_domain::role::{Assignment, may_grant};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::{Desk, Person};
use crate::app::Problem;
use crate::desk::parts::{bar_day, select};
use crate::desk::people::{accounts, assign};
use crate::ui::dialog::Doing;

/// A grant's length unless somebody says otherwise, in days.
const USUAL: u64 = 90;

/// The roles that are only given so, as far as this person may give them.
pub(super) fn roles(desk: Desk) -> Vec<(String, String)> {
    let (app, package) = (desk.app, desk.app.package());
    let (actor, today) = (app.actor(), app.today());
    let roles = package.roles.iter().filter(|role| role.ends && may_grant(&package, &actor, role, today));
    roles.map(|role| (role.id.clone(), role.label.clone())).collect()
}

/// What a person holds of them, and the way to give one.
pub(super) fn form(desk: Desk, person: &Person) -> AnyView {
    let all = roles(desk);
    let doing = Doing::new(desk.granted);
    let held = person
        .assignments
        .iter()
        .filter_map(|held| {
            let label = &all.iter().find(|(id, _)| *id == held.role)?.1;
            let until =
                held.to.map_or_else(|| "没有到期日，不算数".to_owned(), |day| format!("到 {day} 为止"));
            let (user, gone) = (person.user.clone(), held.clone());
            Some(view! {
                <li class="cluster">
                    <span>{format!("{label}，{until}")}</span>
                    <button
                        class="btn btn-small"
                        type="button"
                        data-testid="grant-end"
                        on:click=move |_| {
                            let gone = gone.clone();
                            let end = move |all: &mut Vec<Assignment>| all.retain(|held| *held != gone);
                            doing.begin(desk.assign(user.clone(), end, "已收回"));
                        }
                    >
                        "收回"
                    </button>
                </li>
            })
        })
        .collect_view();
    let chosen = RwSignal::new(all.first().map(|(id, _)| id.clone()).unwrap_or_default());
    let today = desk.app.today();
    let until = RwSignal::new(today.checked_add_days(Days::new(USUAL)).unwrap_or(NaiveDate::MAX));
    let user = person.user.clone();
    let give = move || {
        if until.get_untracked() < today {
            return doing.failed("到期日已经过了，没有授权。请改成今天或以后的一天。");
        }
        let (role, to) = (chosen.get_untracked(), Some(until.get_untracked()));
        let add = move |all: &mut Vec<Assignment>| {
            all.retain(|held| held.role != role);
            all.push(Assignment { role, to, ..Assignment::default() });
        };
        doing.begin(desk.assign(user.clone(), add, "已授权，对方下次联网时生效"));
    };
    view! {
        <div class="dialog-body stack">
            <p>"专门授权只给指定的人，到期自动失效。内容关系到人的安全，给谁、到哪天，请先由中心主任同意。"</p>
            <ul class="stack" data-testid="grant-held">{held}</ul>
            <div class="toolbar">
                {select("授权", "grant-role", move || chosen.get(), move || all.clone(), move |id| chosen.set(id))}
                <span>"到"</span>
                {bar_day("到哪天", "grant-until", until)}
            </div>
        </div>
        {doing.foot("授权", "grant-give").click(give)}
    }
    .into_any()
}

impl Desk {
    /// Changes what a person holds, as the server has it by now: the page may stand open for long.
    async fn assign(
        self,
        user: String,
        change: impl FnOnce(&mut Vec<Assignment>),
        said: &'static str,
    ) -> Result<String, String> {
        self.changed(&user, change).await.map_err(|problem| problem.message())?;
        // The dialog does not wait for the list.
        spawn_local(self.read());
        Ok(said.to_owned())
    }

    async fn changed(self, user: &str, change: impl FnOnce(&mut Vec<Assignment>)) -> Result<(), Problem> {
        let people = accounts(self.app).await?;
        let mut held = people.into_iter().find(|one| one.user == user).ok_or(Problem::Gone)?.assignments;
        change(&mut held);
        assign(self.app, user, &held).await
    }
}
