//! Which of two ways a township's disputes go in time (MED-06), and what a mediation file brings its mediator (MED-15).

use chrono::NaiveDate;
use gridbook_domain::mediation::subsidy::Rates;
use gridbook_domain::package::{DISPUTE_CLASSES, path_from};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::publish::publish;
use crate::app::{App, use_app};
use crate::desk::parts::line;
use crate::ui::toast::use_toasts;

pub(super) fn page() -> AnyView {
    let app = use_app();
    // Drawn anew only when the rates changed: what is being typed stays while records come in.
    let rates = Memo::new(move |_| {
        app.version.track();
        app.package().cases.get().subsidy
    });
    view! {
        {disputes(app)}
        {move || {
            let rates = rates.get();
            untrack(|| subsidy(app, rates))
        }}
    }
    .into_any()
}

/// The day from which a choice of today counts: what was reported until then keeps its limits.
fn tomorrow(app: App) -> NaiveDate {
    app.today().succ_opt().unwrap_or(app.today())
}

fn disputes(app: App) -> AnyView {
    let toasts = use_toasts();
    let choose = move |event: web_sys::Event| {
        let (class, from) = (event_target_value(&event), tomorrow(app));
        spawn_local(async move {
            match publish(app, [(path_from(from), class.into())].into()).await {
                Ok(()) => toasts.ok(format!("已发布，{from} 起上报的纠纷按新的时限")),
                Err(words) => toasts.warn(format!("{words} 时限没有变。")),
            }
        });
    };
    let held = move || {
        app.version.track();
        let package = app.package();
        package
            .dispute_limits(tomorrow(app))
            .map_or_else(|| DISPUTE_CLASSES[0].to_owned(), |held| held.class.clone())
    };
    // The words stay as they are: which one is chosen is the list's own value, whatever was tapped before.
    let options = untrack(|| {
        let (package, held) = (app.package(), held());
        let law = package.law.get();
        let one = |id: &'static str| {
            let class = law.class(id)?;
            let legs: Vec<String> =
                class.relay.iter().map(|leg| format!("{} {} 个工作日", leg.label, leg.limit.n)).collect();
            let words = if legs.is_empty() {
                "十个工作日，最长三十天".to_owned()
            } else {
                legs.join("，")
            };
            let chosen = held == id;
            Some(view! { <option value=id selected=chosen>{format!("{}：{words}", class.label)}</option> })
        };
        DISPUTE_CLASSES.into_iter().filter_map(one).collect_view()
    });
    let since = move || {
        app.version.track();
        let package = app.package();
        let preset = package.dispute_limits(tomorrow(app));
        preset.map(|preset| view! { <p class="muted" data-testid="limits-since">{format!("{} 起上报的纠纷这样算。", preset.from)}</p> })
    };
    view! {
        <section class="card">
            <div class="card-head"><h2 class="card-title">"矛盾纠纷的时限"</h2></div>
            <div class="card-body">
                <div class="field">
                    <label class="label" for="limits-dispute">"本镇的纠纷按哪一种"</label>
                    <p class="help">"从明天起上报的按新的，以前上报的不变。"</p>
                    <select
                        class="input"
                        id="limits-dispute"
                        data-testid="limits-dispute"
                        data-held=held
                        prop:value=held
                        on:change=choose
                    >
                        {options}
                    </select>
                    {since}
                </div>
            </div>
        </section>
    }
    .into_any()
}

fn subsidy(app: App, rates: Rates) -> AnyView {
    let toasts = use_toasts();
    let text = |yuan: u32| RwSignal::new(yuan.to_string());
    let typed =
        [rates.oral, rates.simple, rates.general, rates.complex, rates.hard, rates.failed_percent].map(text);
    let save = move |_| {
        let said = typed.map(|signal| signal.get_untracked().trim().parse::<u32>().ok());
        let [Some(oral), Some(simple), Some(general), Some(complex), Some(hard), Some(failed_percent)] = said
        else {
            return toasts.warn("每一格都要写整数。");
        };
        let rates = Rates { oral, simple, general, complex, hard, failed_percent };
        if !rates.sound() {
            return toasts.warn("金额最多十万元，比例最多一百。");
        }
        spawn_local(async move {
            let changes = [("subsidy".to_owned(), serde_json::to_value(rates).unwrap_or_default())].into();
            match publish(app, changes).await {
                Ok(()) => toasts.ok("已发布，台账按新的标准算"),
                Err(words) => toasts.warn(format!("{words} 标准没有变。")),
            }
        });
    };
    let [oral, simple, general, complex, hard, failed] = typed;
    view! {
        <section class="card">
            <div class="card-head"><h2 class="card-title">"调解补贴标准（元）"</h2></div>
            <div class="card-body stack">
                <p class="muted">"卷宗归档才有；涉及死亡、群体或权属的按疑难算。只记账，不发钱。"</p>
                <div class="cluster">
                    {line("口头协议", "subsidy-oral", "number", None, oral, false)}
                    {line("简易", "subsidy-simple", "number", None, simple, false)}
                    {line("一般", "subsidy-general", "number", None, general, false)}
                    {line("复杂", "subsidy-complex", "number", None, complex, false)}
                    {line("疑难", "subsidy-hard", "number", None, hard, false)}
                    {line("没有谈成的（%）", "subsidy-failed", "number", None, failed, false)}
                </div>
                <div class="cluster">
                    <button class="btn btn-primary" type="button" data-testid="subsidy-save" on:click=save>
                        "发布标准"
                    </button>
                </div>
            </div>
        </section>
    }
    .into_any()
}
