//! The household that a record is about, and what else hangs together with it: the visit that it came from, the reports that
//! came from it, what was linked, split and merged (CAT-07, FLOW-15).

use gridbook_domain::case::{Kin, kin as related};
use gridbook_log::EntityId;
use leptos::prelude::*;

use super::record::Record;
use crate::app::use_app;
use crate::desk::parts::kind_icon;
use crate::desk::route::Route;
use crate::ui::icon::icon;
use crate::ui::live;

#[derive(Clone, Debug, PartialEq)]
struct Link {
    href: String,
    icon: &'static str,
    text: String,
    sub: String,
}

pub(super) fn kin(record: &Record) -> AnyView {
    let app = use_app();
    let id = record.view.id;
    let household = record.view.household.as_deref().and_then(EntityId::parse);
    let links = Memo::new(move |_| {
        let package = app.package();
        app.rows(|rows| {
            let house = household.map(|household| {
                let known = rows.get(&household).and_then(|row| row.summary.as_ref());
                let words =
                    |row: &gridbook_domain::summary::Summary| format!("{} 户 · {}", row.title, row.subtitle);
                Link {
                    href: Route::Households(Some(household)).href(),
                    icon: "house",
                    text: known.map_or_else(|| "相关的户".to_owned(), words),
                    sub: String::new(),
                }
            });
            let seen = rows.values().filter(|row| row.visible()).filter_map(|row| row.summary.as_ref());
            let one = |kin: Kin<'_>| {
                let (text, sub) = kin.words(&package);
                let sub = if sub.is_empty() { sub } else { format!(" · {sub}") };
                Link { href: Route::Queue(Some(kin.row.id)).href(), icon: kind_icon(kin.row.kind), text, sub }
            };
            house.into_iter().chain(related(seen, id).into_iter().map(one)).collect::<Vec<_>>()
        })
    });
    live(move || {
        let links = links.get();
        (!links.is_empty()).then(|| {
            view! {
                <section class="section" data-testid="kin">
                    <div class="section-head">
                        <h3 class="section-title">"相关"</h3>
                    </div>
                    <ul class="stack-s">{links.into_iter().map(line).collect_view()}</ul>
                </section>
            }
        })
    })
}

fn line(link: Link) -> AnyView {
    view! { <li><a href=link.href>{icon(link.icon)} " " {link.text}</a><span class="muted">{link.sub}</span></li> }.into_any()
}
