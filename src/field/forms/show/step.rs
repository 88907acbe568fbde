//! One step of a form: what comes first, its sections, and the way to what can wait.

use std::sync::Arc;

use gridbook_domain::form::Field;
use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use super::place::{area, at_once, first};
use super::section::section;
use crate::field::confidential::who;
use crate::field::forms::Page;
use crate::field::forms::steps::Step;
use crate::field::forms::turn::ways;
use crate::field::paper;
use crate::ui::form::{At, field};
use crate::ui::icon::icon;
use crate::ui::live;
use crate::ui::states::{Tone, banner};

pub(super) fn step(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    // Drawn anew only when the step itself changes, so that typing never loses the cursor.
    let current = Memo::new(move |_| {
        page.state.redraw.track();
        let list = list.get();
        let at = page.step.get().min(list.len().saturating_sub(1));
        (page.state.redraw.get(), at, list.get(at).map(|step| step.sections.clone()).unwrap_or_default())
    });
    let draw = move || {
        let (_, at, ids) = current.get();
        if let Some(row) = page.begun().member.clone() {
            return member(page, &row);
        }
        let form = page.state.form();
        let area = (at == 0).then(|| match page.begun().kind {
            // It lies nowhere.
            RecordKind::Confidential => view! { {in_place(page)}{who(page.app, &form)} }.into_any(),
            _ => view! { {first(page)}{area(page)}{at_once(page)} }.into_any(),
        });
        let notice = ids.iter().any(|id| id == "inform").then(|| notice(page));
        let sections = form
            .sections
            .iter()
            .filter(|section| ids.contains(&section.id))
            .map(|one| section(page, one))
            .collect_view();
        let last_main = untrack(|| list.with(|list| list.iter().filter(|step| !step.more).count())) <= at + 1;
        let more = (last_main && !page.begun().quick).then(|| more(page, list));
        let read = ids.iter().any(|id| id == "sign").then(|| agreement(page));
        let new_case = at == 0 && page.begun().kind.is_case() && !page.begun().draft.edit;
        let note = "换成保密反映：写好的话带过去，村里、镇上其他人看不到。别的答案和照片不带。";
        let apart = new_case.then(|| ways(page.app, page.turning, note, move |form| page.left(form)));
        view! { {area}{notice}{read}{sections}{apart}{more} }.into_any()
    };
    live(draw)
}

/// What becomes of the open record whose place a confidential report takes (ROLE-11).
fn in_place(page: Page) -> Option<AnyView> {
    let text = "没交到之前，那一条别人照旧看得到；收起来以后再也拿不回来，已经看过、印过的也收不回。";
    let told = || banner(Tone::Warn, "warn", "这份交到以后，原来公开的那一条才收起来", text, Vec::new());
    page.begun().draft.apart.map(|_| told())
}

/// What can wait: the other sections, one tap each.
fn more(page: Page, list: Memo<Vec<Step>>) -> AnyView {
    let links = move || {
        let at = page.step.get();
        list.get()
            .into_iter()
            .enumerate()
            .filter(|(n, step)| step.more && *n != at)
            .map(|(n, step)| {
                view! {
                    <button class="btn" type="button" data-testid=format!("more-{}", step.sections[0]) on:click=move |_| page.go_to(n)>
                        {icon("plus")}
                        {step.title}
                    </button>
                }
                .into_any()
            })
            .collect_view()
    };
    let any = move || list.with(|list| list.iter().any(|step| step.more));
    let draw = move || {
        any().then(|| {
            view! {
                <section class="section">
                    <div class="section-head"><h2 class="section-title">"还可以记（不填也能保存）"</h2></div>
                    <div class="cluster">{live(links)}</div>
                </section>
            }
        })
    };
    live(draw)
}

/// What has to be read to the parties before they sign (MED-04).
fn notice(page: Page) -> Option<AnyView> {
    let package = page.app.package();
    let template = package.template("rights_notice")?;
    let lines = template.blocks.iter().map(|block| block.p.clone()).filter(|text| !text.contains('{'));
    let lines = lines.map(|text| view! { <p>{text}</p> }.into_any()).collect_view();
    Some(
        view! {
            <details class="form-section form-more" open=true>
                <summary>"读给当事人听"</summary>
                <div class="form-section-body">{lines}</div>
            </details>
        }
        .into_any(),
    )
}

/// The agreement as it stands in the form: nobody signs what he has not read (MED-07).
fn agreement(page: Page) -> AnyView {
    let lines = Memo::new(move |_| {
        let (form, values) = (page.state.form(), page.state.values);
        values.with(|values| paper::of_values(page.app, &form, values, None))
    });
    live(move || paper::text(lines.get(), "协议全文，签名前读给当事人听", true))
}

/// One member, for the short way from the household's card.
fn member(page: Page, row: &str) -> AnyView {
    let form = page.state.form();
    let Some(table) = form.field("members").cloned() else { return ().into_any() };
    let column =
        |one: &Field| field(page.state, Arc::new(one.clone()), At::column("members", row, 0, &one.path));
    let plain = table.fields.iter().filter(|one| !one.more).map(column).collect_view();
    let more = table.fields.iter().filter(|one| one.more).map(column).collect_view();
    view! {
        <section class="form-section">
            <div class="form-section-body">{plain}</div>
        </section>
        <details class="form-section form-more">
            <summary>"更多"</summary>
            <div class="form-section-body">{more}</div>
        </details>
    }
    .into_any()
}
