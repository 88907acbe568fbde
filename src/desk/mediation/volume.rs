//! What is in the volume and what it still lacks (MED-19).

use gridbook_domain::mediation::Mediation;
use gridbook_domain::mediation::subsidy::subsidy;
use gridbook_domain::mediation::volume::{Retention, catalogue, missing, retention};
use gridbook_domain::package::Package;
use leptos::prelude::*;

use crate::desk::table::{Col, table};
use crate::ui::states::{Tone, banner};

pub(super) fn volume(package: &Package, file: &Mediation<'_>) -> AnyView {
    let parts = catalogue(package, file);
    let pages: u64 = parts.iter().map(|part| part.pages).sum();
    let rows = parts
        .iter()
        .enumerate()
        .map(|(n, part)| {
            let place = match (part.pages, part.first == part.last) {
                (0, _) => "没有".to_owned(),
                (_, true) => part.first.to_string(),
                (_, false) => format!("{}—{}", part.first, part.last),
            };
            view! {
                <tr>
                    <td class="num">{n + 1}</td>
                    <td>{part.title.to_owned()}</td>
                    <td class="num">{place}</td>
                    <td>{part.remark.to_owned()}</td>
                </tr>
            }
        })
        .collect_view();
    let lacks = missing(package, file);
    let state = if file.state == "archived" {
        banner(Tone::Ok, "lock", "已归档", "要补入材料，先“补入材料”再改。", Vec::new())
    } else if lacks.is_empty() {
        banner(Tone::Ok, "tick", "卷宗齐全", "可以送调委会主任审卷归档。", Vec::new())
    } else {
        let lines = lacks
            .iter()
            .map(|(id, why)| {
                let said = format!("{}：{why}", package.label("mediation_document", id));
                view! { <li data-testid="volume-missing" data-doc=id.clone()>{said}</li> }
            })
            .collect_view();
        let list = view! { <ul class="stack-s">{lines}</ul> };
        banner(Tone::Warn, "warn", format!("还不能归档，缺 {} 项", lacks.len()), "", vec![list.into_any()])
    };
    let least = match retention(file) {
        Retention::Short => "短期五年",
        Retention::Long => "长期十五年",
        Retention::Permanent => "永久",
    };
    let count = format!(
        "{} 份，共 {pages} 页；至少保管：{least}{}",
        parts.iter().filter(|part| part.pages > 0).count(),
        allowance(package, file, lacks.is_empty())
    );
    let heads = [Col::Num("序号"), Col::Text("文书名称"), Col::Num("页号"), Col::Text("备注")];
    let table = (!parts.is_empty()).then(|| table("卷内目录", true, &heads, rows));
    view! {
        <section class="section" data-testid="mediation-volume">
            <div class="section-head">
                <h3 class="section-title">"卷内目录"</h3>
                <span class="muted small">{count}</span>
            </div>
            <div class="stack">{state}{table}</div>
        </section>
    }
    .into_any()
}

/// The mediators' subsidy by difficulty and result, once there is a result (MED-15).
fn allowance(package: &Package, file: &Mediation<'_>, complete: bool) -> String {
    if file.text("agreement_kind").is_empty() && file.text("failed_reason").is_empty() {
        return String::new();
    }
    match subsidy(&package.cases.get().subsidy, file, complete) {
        0 => "；调解补贴：卷宗齐全后才有".to_owned(),
        yuan => format!("；调解补贴：{yuan} 元"),
    }
}
