//! Small pieces that every screen of the desk uses.

use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use leptos::html;
use leptos::prelude::*;

/// An icon of the sprite.
pub fn icon(name: &str) -> impl IntoView + use<> {
    let href = format!("#i-{name}");
    view! { <svg class="icon" aria-hidden="true"><use href=href></use></svg> }
}

/// The icon of a kind of record.
pub fn kind_icon(kind: RecordKind) -> &'static str {
    match kind {
        RecordKind::Visit => "visit",
        RecordKind::Hazard => "hazard",
        RecordKind::Dispute => "dispute",
        RecordKind::Household => "house",
        RecordKind::Area => "pin",
        RecordKind::Unit => "unit",
        RecordKind::Staff => "users",
    }
}

/// A level: colour, shape and word. Nothing for a record without one.
pub fn level(package: &Package, id: &str) -> Option<AnyView> {
    let known = package.level(id)?;
    let words = format!("{} · {}", known.label, known.degree);
    Some(view! { <span class=format!("level level-{id}")>{icon(&format!("level-{id}"))}{words}</span> }.into_any())
}

/// The state of a record as a tag.
pub fn state_tag(package: &Package, state: &str) -> Option<AnyView> {
    if state.is_empty() {
        return None;
    }
    let tone = match state {
        "submitted" | "registered" | "dispatched" | "fed_back" => "tag tag-warn",
        "supplement" | "redo" | "refused" => "tag tag-danger",
        "closed" => "tag tag-ok",
        "withdrawn" | "visited" => "tag",
        _ => "tag tag-info",
    };
    Some(view! { <span class=tone>{package.state_label(state).to_owned()}</span> }.into_any())
}

/// Where a record is: unsent, refused, or with the township (OFF-01).
pub fn arrival(unsent: u32, refused: bool) -> AnyView {
    let (class, name, word) = if refused {
        ("badge badge-attention", "attention", "需处理")
    } else if unsent > 0 {
        ("badge badge-pending", "pending", "待同步")
    } else {
        ("badge badge-arrived", "arrived", "已送达")
    };
    view! { <span class=class>{icon(name)}{word}</span> }.into_any()
}

/// An empty, failed or offline place, drawn.
pub fn blank(art: &str, title: &str, text: &str) -> AnyView {
    let href = format!("#art-{art}");
    view! {
        <div class="blank">
            <svg class="blank-art" aria-hidden="true"><use href=href></use></svg>
            <p class="blank-title">{title.to_owned()}</p>
            <p class="blank-text">{text.to_owned()}</p>
        </div>
    }
    .into_any()
}

/// Lines that stand for what is being read.
pub fn waiting() -> AnyView {
    view! {
        <div class="rows rows-plain" aria-busy="true" aria-label="正在读取">
            {(0..3)
                .map(|_| {
                    view! {
                        <div class="skeleton-row">
                            <span class="skeleton skeleton-title"></span>
                            <span class="skeleton skeleton-text"></span>
                        </div>
                    }
                })
                .collect_view()}
        </div>
    }
    .into_any()
}

/// A message in a bar: `tone` is `info`, `ok`, `warn` or `danger`.
pub fn banner(tone: &str, name: &str, title: &str, text: &str) -> AnyView {
    let role = if tone == "danger" { "alert" } else { "status" };
    view! {
        <div class=format!("banner banner-{tone}") role=role>
            {icon(name)}
            <div class="banner-main">
                <p class="banner-title">{title.to_owned()}</p>
                {(!text.is_empty()).then(|| view! { <p class="banner-text">{text.to_owned()}</p> })}
            </div>
        </div>
    }
    .into_any()
}

/// A modal dialog that is open as long as it is in the page; Escape and the cross close it.
#[component]
pub fn Dialog(
    /// Heading.
    #[prop(into)]
    title: String,
    /// Called when it should go away.
    on_close: Callback<()>,
    /// Wide, for forms.
    #[prop(optional)]
    wide: bool,
    /// What is inside.
    children: Children,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        if let Some(dialog) = node.get()
            && !dialog.open()
        {
            // Fails only for a dialog that is open already.
            drop(dialog.show_modal());
        }
    });
    let class = if wide { "dialog dialog-wide" } else { "dialog" };
    view! {
        <dialog
            class=class
            node_ref=node
            aria-label=title.clone()
            on:cancel=move |event| {
                event.prevent_default();
                on_close.run(());
            }
        >
            <div class="dialog-head">
                <h2 class="dialog-title">{title}</h2>
                <button
                    class="btn btn-quiet btn-icon"
                    type="button"
                    aria-label="关闭"
                    on:click=move |_| on_close.run(())
                >
                    {icon("close")}
                </button>
            </div>
            {children()}
        </dialog>
    }
}

/// Short messages at the edge of the screen.
#[derive(Clone, Copy)]
pub struct Toasts(RwSignal<Vec<(u32, String, bool)>>);

impl Toasts {
    /// Makes them once, for the whole desk.
    pub fn provide() -> Self {
        let toasts = Self(RwSignal::new(Vec::new()));
        provide_context(toasts);
        toasts
    }

    /// Something went well.
    pub fn ok(self, text: impl Into<String>) {
        self.push(text.into(), false);
    }

    /// Something needs a look.
    pub fn warn(self, text: impl Into<String>) {
        self.push(text.into(), true);
    }

    fn push(self, text: String, warn: bool) {
        let id = self.0.with_untracked(|list| list.last().map_or(0, |(id, ..)| id + 1));
        self.0.update(|list| list.push((id, text, warn)));
        let ms = if warn { 9_000 } else { 4_000 };
        set_timeout(
            move || self.0.update(|list| list.retain(|(other, ..)| *other != id)),
            std::time::Duration::from_millis(ms),
        );
    }

    /// Where they appear.
    pub fn view(self) -> impl IntoView {
        view! {
            <div class="toasts" role="status" data-testid="toasts">
                <For each=move || self.0.get() key=|(id, ..)| *id let:toast>
                    <div class=if toast.2 { "toast toast-warn" } else { "toast toast-ok" } data-testid="toast">
                        {icon(if toast.2 { "warn" } else { "check" })}
                        {toast.1}
                    </div>
                </For>
            </div>
        }
    }
}

/// The messages of this desk.
pub fn use_toasts() -> Toasts {
    expect_context::<Toasts>()
}
