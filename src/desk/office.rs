//! The card that says who numbers and receives, and gives that to this computer.

use gridbook_domain::record::RecordKind;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::office::Standing;
use crate::app::use_app;
use crate::ui::dialog::{Confirm, confirm, opener};
use crate::ui::live;
use crate::ui::toast::use_toasts;

fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Server => "由镇里的服务器编号和接收。",
        Standing::Free => "还没有电脑编号和接收：记录照常写、照常送，但没有正式编号，时限按记录时间起算。",
        Standing::Other => "由另一台电脑编号和接收。同一时间只能有一台；那台坏了或丢了，才改由这台接手。",
        Standing::Here => {
            "由这台电脑编号和接收。请每天打开一次，收到的记录才有编号和回执。换电脑前先在新电脑上接手。"
        }
        Standing::Held => {
            "这台电脑里的数据是从前的副本，编号已停下，免得重号。请对照台账填好每类最后一个号，再继续编号。"
        }
    }
}

/// The card.
pub fn card() -> AnyView {
    let app = use_app();
    let toasts = use_toasts();
    let standing = RwSignal::new(None::<Standing>);
    let look = move || {
        spawn_local(async move {
            if let Ok(now) = app.standing().await
                && standing.try_get_untracked().flatten() != Some(now)
            {
                standing.try_set(Some(now));
            }
        });
    };
    Effect::new(move |_| {
        app.version.track();
        app.sync.with(|sync| (sync.goes, sync.last_ok_ms));
        look();
    });
    let open = RwSignal::new(false);
    let year = chrono::Datelike::year(&app.today());
    let marks: Vec<(&'static str, RwSignal<i64>)> = RecordKind::number_classes()
        .map(|class| (class, RwSignal::new(untrack(|| app.numbers_seen()).last(class, year))))
        .collect();
    let given = marks.clone();
    let take = move || {
        let marks: Vec<(&str, i64)> = given.iter().map(|(class, n)| (*class, n.get_untracked())).collect();
        spawn_local(async move {
            match app.take_office(&marks).await {
                Ok(()) => {
                    toasts.ok("由这台电脑编号和接收");
                    look();
                }
                Err(problem) => toasts.warn(problem.message()),
            }
        });
    };
    let fields = move |standing: Standing| {
        matches!(standing, Standing::Other | Standing::Held).then(|| {
            let list = marks
                .iter()
                .map(|(class, n)| {
                    let (id, n) = (format!("office-mark-{class}"), *n);
                    view! {
                        <div class="field">
                            <label class="label" for=id.clone()>{format!("{year} 年“{class}字”最后一个号")}</label>
                            <input
                                class="input"
                                id=id
                                type="number"
                                min="0"
                                prop:value=move || n.get().to_string()
                                on:input=move |event| n.set(event_target_value(&event).parse().unwrap_or(0))
                            />
                        </div>
                    }
                })
                .collect_view();
            view! {
                <p class="small">"没有号就填 0。这台电脑见过的号已经填好，比台账小的请改大。"</p>
                {list}
            }
        })
    };
    let act = move || {
        let now = standing.get()?;
        let label = match now {
            Standing::Free => "由这台电脑编号和接收",
            Standing::Other => "改由这台电脑编号和接收",
            Standing::Held => "核对好了，继续编号",
            Standing::Server | Standing::Here => return None,
        };
        app.may_hold_office().then(|| {
            view! {
                {fields(now)}
                {opener(open, "btn btn-wide", "office-take", Some("check"), label)}
            }
        })
    };
    let leaving = RwSignal::new(false);
    // Only a township without a server can move to one.
    let leave = move || {
        (standing.get() == Some(Standing::Here) && app.may_hold_office() && app.is_local()).then(|| {
            opener(leaving, "btn btn-wide", "office-leave", Some("share"), "停止编号，准备搬到服务器")
        })
    };
    let lay_down = move || {
        spawn_local(async move {
            match app.lay_down_office().await {
                Ok(()) => {
                    toasts.ok("已停止编号。接着在上面“做一个随身文件”里带走全部数据");
                    look();
                }
                Err(problem) => toasts.warn(problem.message()),
            }
        });
    };
    let ask_leave = || {
        Confirm {
        title: "停止编号，准备搬到服务器？".to_owned(),
        text: "先同步一次，让大家的记录都到这里。停止以后请带走一次全部数据，把文件和口令交给管服务器的人，由他运行 \
               gridbook-server adopt；已有的编号、回执、照片和人员都跟着走。没有搬成，随时可以再由这台电脑编号。"
            .to_owned(),
        yes: "停止编号".to_owned(),
        danger: false,
    }
    };
    let ask = || Confirm {
        title: "由这台电脑编号和接收？".to_owned(),
        text: "一个乡镇同一时间只能有一台电脑编号。本机的记录都留着。".to_owned(),
        yes: "是".to_owned(),
        danger: false,
    };
    let state = move || standing.get().map(|now| view! { <p data-testid="office-words">{words(now)}</p> });
    view! {
        <section class="card" id="office">
            <div class="card-head"><h2 class="card-title">"编号和接收"</h2></div>
            <div class="card-body stack">
                {live(state)}
                {live(act)}
                {live(leave)}
                {live(move || confirm(open, ask(), take.clone()))}
                {live(move || confirm(leaving, ask_leave(), lay_down))}
            </div>
        </section>
    }
    .into_any()
}
