//! Founding a township on this computer, where there is no server.

use gridbook_domain::role::is_account;
use gridbook_domain::township::{MAX_NAME, check_code, check_name};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::route::Route;
use crate::app::local::Founding;
use crate::app::use_app;
use crate::ui::join::{line, trouble, wrong_secret};

/// What this way of working cannot do, said before it is chosen.
pub const LIMITS: &str = "没有服务器时：能打开共享的人能看到里面的全部记录，不能按网格或岗位分权限；账号只在各自的设备上，不能在网页上停用；\
                          这台电脑负责编号和接收，它没有打开时，记录照常写、照常送到共享，但没有编号和回执。";

/// The form.
pub fn found() -> AnyView {
    let app = use_app();
    let field = || RwSignal::new(String::new());
    let (name, code, villages) = (field(), field(), field());
    let (person, user, first, second) = (field(), field(), field(), field());
    let busy = RwSignal::new(false);
    let wrong = RwSignal::new(None::<String>);
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let text = |signal: RwSignal<String>| signal.get_untracked().trim().to_owned();
        let villages = villages.get_untracked();
        let new = Founding {
            name: text(name),
            code: text(code),
            villages: villages
                .lines()
                .map(str::trim)
                .filter(|line| !line.is_empty())
                .map(str::to_owned)
                .collect(),
            user: text(user),
            person: text(person),
            secret: first.get_untracked(),
        };
        if let Some(words) = problem(&new, &second.get_untracked()) {
            wrong.set(Some(words));
            return;
        }
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            match app.found(&new).await {
                Ok(()) => Route::Me.go(),
                Err(problem) => {
                    wrong.try_set(Some(problem.message()));
                }
            }
            busy.try_set(false);
        });
    };
    view! {
        <form class="login-form" on:submit=submit>
            <p class="strong">"在这台电脑上建立乡镇"</p>
            <p class="muted small" data-testid="found-limits">{LIMITS}</p>
            {line("found-name", "乡镇名称", "text", "off", name)}
            {line("found-code", "乡镇代码（九位数字）", "text", "off", code)}
            <div class="field">
                <label class="label" for="found-villages">"村的名称（一行一个，可以以后再加）"</label>
                <textarea
                    class="input"
                    id="found-villages"
                    rows="4"
                    data-testid="found-villages"
                    prop:value=move || villages.get()
                    on:input=move |event| villages.set(event_target_value(&event))
                ></textarea>
            </div>
            {line("found-person", "您的姓名", "text", "name", person)}
            {line("found-user", "您的账号（小写字母和数字）", "text", "username", user)}
            {line("found-secret", "口令（至少 6 位）", "password", "new-password", first)}
            {line("found-again", "再填一次", "password", "new-password", second)}
            {trouble(wrong)}
            <button
                class="btn btn-primary btn-wide"
                type="submit"
                data-testid="found-submit"
                aria-busy=move || if busy.get() { "true" } else { "false" }
            >
                {move || if busy.get() { "正在建立…" } else { "建立" }}
            </button>
            <p class="muted small">"建好以后，在“我的 → 后端”选记录送到哪里，在“人员”里发邀请码。"</p>
        </form>
    }
    .into_any()
}

fn problem(new: &Founding, again: &str) -> Option<String> {
    let words = |text: &str| Some(text.to_owned());
    if check_name(&new.name).is_err() {
        Some(format!("请填写乡镇名称，最多 {MAX_NAME} 个字"))
    } else if new.person.is_empty() {
        words("请填写您的姓名")
    } else if check_code(&new.code).is_err() {
        words("乡镇代码是镇街的九位统计用区划代码，例如 510000100")
    } else if !is_account(&new.user) {
        words("账号用 2 到 64 个小写字母、数字、下划线")
    } else if new.villages.len() > 99 {
        words("一次最多填 99 个村，其余的以后导入")
    } else {
        wrong_secret(&new.secret, again).map(str::to_owned)
    }
}
