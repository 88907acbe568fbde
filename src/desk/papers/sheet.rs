//! A document as a sheet of A4. It is drawn the same on the screen and by the printer.

use gridbook_domain::mediation::document::Block;
use gridbook_log::BlobRef;
use leptos::prelude::*;

use super::read::{Paper, Papers};
use crate::desk::detail::{Picture, stamped};

pub(super) fn all(papers: &Papers) -> AnyView {
    papers.list.iter().map(one).collect_view().into_any()
}

fn one(paper: &Paper) -> AnyView {
    let document = &paper.document;
    let blocks = document.blocks.iter().map(block).collect_view();
    let lines = document
        .signatures
        .iter()
        .enumerate()
        .map(|(n, line)| {
            // A line that nobody drew on with a finger is signed on paper.
            let drawn: Vec<BlobRef> = paper
                .signatures
                .iter()
                .filter(|(line, _)| *line == n)
                .map(|(_, blob)| blob.clone())
                .collect();
            let drawn = pictures(paper, &drawn, "paper-signature", "签名");
            view! { <p class="paper-line"><span>{format!("{line}：")}</span>{drawn}</p> }
        })
        .collect_view();
    let seal = document.seal.then(|| view! { <p class="paper-end">"（印章）"</p> });
    let date = document.date.clone().map(|date| view! { <p class="paper-end">{date}</p> });
    view! {
        <article class="paper" data-testid="paper" data-doc=document.id.clone()>
            <div class="paper-body">
                <h2 class="paper-title">{document.title.clone()}</h2>
                {blocks}
                {lines}
                {seal}
                {date}
                {pictures(paper, &paper.photos, "paper-photo", "照片")}
            </div>
        </article>
    }
    .into_any()
}

fn block(block: &Block) -> AnyView {
    match block {
        Block::Paragraph(text) => view! { <p class="paper-text">{text.clone()}</p> }.into_any(),
        Block::Table { head, rows } => {
            let named = head.is_empty();
            let heads = head.iter().map(|cell| view! { <th>{cell.clone()}</th> }).collect_view();
            let heads = (!named).then(|| view! { <thead><tr>{heads}</tr></thead> });
            let row = |cells: &Vec<String>| {
                let cell = |(n, cell): (usize, &String)| {
                    let text = cell.clone();
                    if named && n == 0 {
                        view! { <th class="paper-name">{text}</th> }.into_any()
                    } else {
                        view! { <td>{text}</td> }.into_any()
                    }
                };
                let cells = cells.iter().enumerate().map(cell).collect_view();
                view! { <tr>{cells}</tr> }
            };
            let rows = rows.iter().map(row).collect_view();
            view! { <table class="paper-table">{heads}<tbody>{rows}</tbody></table> }.into_any()
        }
    }
}

fn pictures(paper: &Paper, list: &[BlobRef], class: &'static str, alt: &'static str) -> AnyView {
    let picture = |blob: &BlobRef| {
        let picture = stamped(blob, paper.strips.get(&blob.sha256).cloned());
        move || match picture.get() {
            Picture::Here(url) => view! { <img class=class src=url alt=alt /> }.into_any(),
            Picture::Missing => view! { <span>{format!("（{alt}还没有送到）")}</span> }.into_any(),
            Picture::Waiting => view! { <span hidden data-coming=""></span> }.into_any(),
        }
    };
    list.iter().map(picture).collect_view().into_any()
}
