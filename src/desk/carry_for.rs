//! A file for one person: everything that the person may see, to be carried where no network reaches.

use gridbook_domain::role::Actor;
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::parts::select;
use crate::app::use_app;
use crate::ui::carry::{Made, ready};
use crate::ui::directory::use_directory;
use crate::ui::icon::icon;
use crate::ui::live;

/// The card.
pub fn card() -> AnyView {
    let app = use_app();
    let names = use_directory();
    let user = RwSignal::new(String::new());
    let busy = RwSignal::new(false);
    let made = RwSignal::new(None::<Made>);
    let wrong = RwSignal::new(None::<String>);
    let people = move || {
        let mut list = vec![(String::new(), "选一个人".to_owned())];
        list.extend(names.with(|names| {
            let people = names.people.iter().map(|(user, name)| (user.clone(), format!("{name}（{user}）")));
            people.collect::<Vec<_>>()
        }));
        list
    };
    let make = move |_| {
        let reader = user.get_untracked();
        if reader.is_empty() {
            wrong.set(Some("请先选文件给谁。".to_owned()));
            return;
        }
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        wrong.set(None);
        spawn_local(async move {
            let passphrase = app.passphrase();
            let nobody = || Actor { user: reader.clone(), ..Actor::default() };
            let actor = app.person(&reader).await.unwrap_or_else(nobody);
            match app.carry_for(actor, &passphrase).await {
                Ok(files) => {
                    let stem = format!("网格簿-给{reader}-{}", app.today());
                    made.try_set(Some(Made::new(&stem, files, passphrase)));
                }
                Err(error) => {
                    wrong.try_set(Some(error.message()));
                }
            }
            busy.try_set(false);
        });
    };
    let trouble =
        move || wrong.get().map(|words| view! { <p class="error" role="alert">{icon("warn")}{words}</p> });
    view! {
        <section class="card">
            <div class="card-head"><h2 class="card-title">"给一个人的文件"</h2></div>
            <div class="card-body stack">
                <p>"那边没有网络时用：装进这个人可以看的全部记录和照片，带过去在本人的手机上打开。手机上自己写的照样留着。"</p>
                <div class="toolbar">
                    {select(
                        "给谁",
                        "carry-reader",
                        move || user.get(),
                        people,
                        move |value| {
                            user.set(value);
                            made.set(None);
                        },
                    )}
                    <button
                        class="btn"
                        type="button"
                        data-testid="carry-for"
                        aria-busy=move || if busy.get() { "true" } else { "false" }
                        on:click=make
                    >
                        {icon("download")}
                        {move || if busy.get() { "正在加密…" } else { "做文件" }}
                    </button>
                </div>
                {live(trouble)}
                {live(move || made.get().map(ready))}
            </div>
        </section>
    }
    .into_any()
}
