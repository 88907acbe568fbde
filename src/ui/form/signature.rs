//! A signature with the finger (CAT-04): drawn large, kept as a small picture that says who signed and when. Whoever
//! cannot or does not want to draw signs on paper, and the paper is photographed.

use std::sync::Arc;

use gridbook_domain::form::Field;
use gridbook_log::BlobRef;
use js_sys::{Function, Promise, Uint8Array};
use leptos::ev::PointerEvent;
use leptos::html;
use leptos::prelude::*;
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::FormState;
use super::field::At;
use super::photos;
use crate::ui::dialog::{Doing, dialog};
use crate::ui::format;
use crate::ui::icon::icon;
use crate::ui::photo::{PhotoError, canvas, thumb};

/// The sheet, in pixels of its own; the screen shows it as wide as there is room.
const WIDE: f64 = 600.0;
const HIGH: f64 = 400.0;
/// The strip below it that says who and when.
const STRIP: f64 = 44.0;
/// Largest file, bytes.
const BYTES: u32 = 30 * 1024;
/// Thickness of the pen.
const PEN: f64 = 5.0;

/// Lines from pen down to pen up.
type Strokes = Vec<Vec<(f64, f64)>>;

/// A sheet being signed; a copy goes into any closure.
#[derive(Clone, Copy)]
struct Sheet {
    node: NodeRef<html::Canvas>,
    strokes: RwSignal<Strokes>,
    drawing: RwSignal<bool>,
    name: RwSignal<String>,
}

/// Signatures so far, a sheet for the next one, and the camera for paper.
pub(super) fn signature(state: FormState, field: &Arc<Field>, at: &At) -> AnyView {
    let open = RwSignal::new(false);
    let sheet = Sheet {
        node: NodeRef::new(),
        strokes: RwSignal::new(Vec::new()),
        drawing: RwSignal::new(false),
        name: RwSignal::new(String::new()),
    };
    let role = at.path.clone();
    let test = at.test_id();
    let begin = {
        let role = role.clone();
        move |_| {
            sheet.strokes.set(Vec::new());
            sheet.name.set(names(state, &role).into_iter().next().unwrap_or_default());
            open.set(true);
        }
    };
    let title = field.label.clone();
    let inside = move || pad(state, open, sheet, &role);
    view! {
        {photos::photos(state, field, at)}
        <button class="btn" type="button" data-testid=format!("{test}-sign") on:click=begin>
            {icon("edit")}
            "手写签名"
        </button>
        {dialog(open, "dialog-sheet", title, Box::new(inside))}
    }
    .into_any()
}

/// Where a record keeps who signed: a row per picture beside the signatures.
pub(super) fn signer(role: &str, sha256: &str, column: &str) -> String {
    format!("{role}_by/{}/{column}", sha256.get(..16).unwrap_or(sha256))
}

/// Who may sign here and has not yet: the parties, or those who mediate.
fn names(state: FormState, role: &str) -> Vec<String> {
    let own = state.app.session.with_untracked(|s| s.as_ref().map(|s| s.profile.name.clone()));
    let prefix = format!("{role}_by/");
    state.values.with_untracked(|values| {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let rows = |table: &'static str| {
            let named =
                values.iter().filter(move |(path, _)| path.starts_with(table) && path.ends_with("/name"));
            named.filter_map(|(_, name)| text(name))
        };
        let said = values.get("mediators").and_then(text).unwrap_or_default();
        let said = said.split(['、', '，', ',', ' ']).map(str::to_owned).collect::<Vec<_>>();
        let mediators = rows("mediators/").chain(said).chain(own);
        let mut list: Vec<String> = if role.contains("mediator") || role.contains("keeper") {
            mediators.collect()
        } else if role.contains("parties") || role.contains("notice") {
            rows("parties/").collect()
        } else {
            rows("parties/").chain(mediators).collect()
        };
        let mut seen: Vec<String> = values
            .iter()
            .filter(|(path, _)| path.starts_with(&prefix) && path.ends_with("/name"))
            .filter_map(|(_, name)| text(name))
            .collect();
        list.retain(|name| {
            let fresh = !name.trim().is_empty() && !seen.contains(name);
            if fresh {
                seen.push(name.clone());
            }
            fresh
        });
        list
    })
}

fn pad(state: FormState, open: RwSignal<bool>, sheet: Sheet, role: &str) -> AnyView {
    let chips = names(state, role)
        .into_iter()
        .take(6)
        .map(|name| {
            let (is, set) = (name.clone(), name.clone());
            view! {
                <label class="chip">
                    <input
                        type="radio"
                        name="signer"
                        prop:checked=move || sheet.name.with(|now| *now == is)
                        on:change=move |_| sheet.name.set(set.clone())
                    />
                    <span class="chip-face">{name}</span>
                </label>
            }
            .into_any()
        })
        .collect_view();
    let role = role.to_owned();
    let doing = Doing::new(open);
    let done = move || {
        if sheet.name.with_untracked(|name| name.trim().is_empty()) {
            return doing.failed("请先写明是谁签的");
        }
        if sheet.strokes.with_untracked(Vec::is_empty) {
            return doing.failed("还没有签，请用手指在框里写");
        }
        let role = role.clone();
        // The signature itself shows that it is there.
        doing.begin(async move { keep(state, sheet, &role).await.map(|()| String::new()) });
    };
    let empty = move || sheet.strokes.with(Vec::is_empty);
    view! {
        <div class="dialog-body stack">
            <div class="field">
                <label class="label" for="signer-name">"谁签名"</label>
                <div class="chips">{chips}</div>
                <input
                    class="input"
                    id="signer-name"
                    type="text"
                    autocomplete="off"
                    data-testid="sign-name"
                    prop:value=move || sheet.name.get()
                    on:input=move |ev| sheet.name.set(event_target_value(&ev))
                />
            </div>
            <canvas
                class="sign-pad"
                role="img"
                width=WIDE
                height=HIGH
                node_ref=sheet.node
                aria-label="用手指在这里签名；不方便手写的，关掉后拍摄纸质签名"
                data-testid="sign-pad"
                on:pointerdown=move |ev| sheet.down(&ev)
                on:pointermove=move |ev| sheet.to(&ev)
                on:pointerup=move |_| sheet.drawing.set(false)
                on:pointercancel=move |_| sheet.drawing.set(false)
            ></canvas>
            <div class="cluster">
                <button class="btn" type="button" data-testid="sign-undo" disabled=empty on:click=move |_| sheet.undo()>
                    {icon("undo")}
                    "撤回一笔"
                </button>
                <button class="btn" type="button" data-testid="sign-clear" disabled=empty on:click=move |_| sheet.clear()>
                    {icon("trash")}
                    "重签"
                </button>
            </div>
        </div>
        {doing.foot("签好了", "sign-done").click(done)}
    }
    .into_any()
}

impl Sheet {
    /// Where the finger is, in pixels of the sheet.
    fn point(self, ev: &PointerEvent) -> Option<(f64, f64)> {
        let frame = self.node.get_untracked()?.get_bounding_client_rect();
        if frame.width() < 1.0 || frame.height() < 1.0 {
            return None;
        }
        let x = (f64::from(ev.client_x()) - frame.left()) / frame.width() * WIDE;
        let y = (f64::from(ev.client_y()) - frame.top()) / frame.height() * HIGH;
        Some((x, y))
    }

    fn down(self, ev: &PointerEvent) {
        ev.prevent_default();
        let (Some(at), Some(node)) = (self.point(ev), self.node.get_untracked()) else { return };
        // Lines that leave the sheet stay lines.
        let _ = node.set_pointer_capture(ev.pointer_id());
        self.drawing.set(true);
        self.strokes.update(|strokes| strokes.push(vec![at]));
        self.last();
    }

    fn to(self, ev: &PointerEvent) {
        if !self.drawing.get_untracked() {
            return;
        }
        ev.prevent_default();
        let Some(at) = self.point(ev) else { return };
        self.strokes.update_untracked(|strokes| {
            if let Some(stroke) = strokes.last_mut() {
                stroke.push(at);
            }
        });
        self.last();
    }

    /// Draws the end of the last line.
    fn last(self) {
        let Some(pen) = self.node.get_untracked().and_then(|node| pen(&node)) else { return };
        self.strokes.with_untracked(|strokes| {
            if let Some(stroke) = strokes.last() {
                line(&pen, &stroke[stroke.len().saturating_sub(2)..], 1.0);
            }
        });
    }

    fn clear(self) {
        self.strokes.set(Vec::new());
        self.again();
    }

    fn undo(self) {
        self.strokes.update(|strokes| {
            strokes.pop();
        });
        self.again();
    }

    fn again(self) {
        let Some(pen) = self.node.get_untracked().and_then(|node| pen(&node)) else { return };
        pen.clear_rect(0.0, 0.0, WIDE, HIGH);
        self.strokes.with_untracked(|strokes| strokes.iter().for_each(|stroke| line(&pen, stroke, 1.0)));
    }
}

fn pen(canvas: &HtmlCanvasElement) -> Option<CanvasRenderingContext2d> {
    canvas.get_context("2d").ok()??.dyn_into().ok()
}

/// One line; a tap is a dot.
fn line(pen: &CanvasRenderingContext2d, points: &[(f64, f64)], scale: f64) {
    let Some((x, y)) = points.first() else { return };
    pen.set_line_cap("round");
    pen.set_line_join("round");
    pen.set_line_width(PEN * scale);
    pen.set_stroke_style_str("#111");
    pen.begin_path();
    pen.move_to(x * scale, y * scale);
    if points.len() == 1 {
        pen.line_to(x * scale + 0.1, y * scale);
    }
    for (x, y) in &points[1..] {
        pen.line_to(x * scale, y * scale);
    }
    pen.stroke();
}

/// Keeps the signature and puts it into the form.
async fn keep(state: FormState, sheet: Sheet, role: &str) -> Result<(), String> {
    let name = sheet.name.get_untracked().trim().to_owned();
    let at = format::stored_time(&format::input_time(state.app.now_ms()));
    let strokes = sheet.strokes.get_untracked();
    let note = format!("{name}　{}", format::shown_time(&at).replace('T', " "));
    let (bytes, thumb) = picture(&strokes, &note).await.map_err(|error| error.message().to_owned())?;
    let size = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let sha256 = state.keep(bytes).await.map_err(|problem| problem.message())?;
    let signed = [("name", Value::from(name)), ("at", Value::from(at))];
    state.values.try_update(|values| {
        for (column, value) in signed {
            values.insert(signer(role, &sha256, column), value);
        }
    });
    let mime = "image/png".to_owned();
    state
        .photos
        .try_update(|photos| photos.push(BlobRef { sha256, size, mime, role: role.to_owned(), thumb }));
    state.problems.try_update(|problems| problems.retain(|problem| problem.path != role));
    state.edits.try_update(|n| *n += 1);
    state.hurry.try_update(|n| *n += 1);
    Ok(())
}

/// Black on white, with who and when below; as large as the limit allows.
async fn picture(strokes: &Strokes, note: &str) -> Result<(Vec<u8>, Option<String>), PhotoError> {
    for scale in [1.0, 0.7, 0.5, 0.35] {
        let (w, h) = (WIDE * scale, (HIGH + STRIP) * scale);
        let (canvas, pen) = canvas(w, h)?;
        pen.set_fill_style_str("#fff");
        pen.fill_rect(0.0, 0.0, w, h);
        for stroke in strokes {
            line(&pen, stroke, scale);
        }
        pen.set_fill_style_str("#333");
        pen.set_font(&format!("{}px sans-serif", (26.0 * scale).round()));
        pen.fill_text(note, 12.0 * scale, (HIGH + STRIP * 0.7) * scale)?;
        let bytes = png(&canvas).await?;
        if bytes.length() <= BYTES {
            return Ok((bytes.to_vec(), thumb(&canvas, w, h)));
        }
    }
    Err(PhotoError::TooLarge)
}

async fn png(canvas: &HtmlCanvasElement) -> Result<Uint8Array, PhotoError> {
    let made = Promise::new(&mut |done: Function, failed: Function| {
        if canvas.to_blob(&done).is_err() {
            let _ = failed.call0(&JsValue::NULL);
        }
    });
    let blob: web_sys::Blob = JsFuture::from(made).await?.dyn_into().map_err(|_| PhotoError::Unreadable)?;
    Ok(Uint8Array::new(&JsFuture::from(blob.array_buffer()).await?))
}

/// Who signed a picture and when, in words; `None` where nobody said.
pub(super) fn signed(state: FormState, role: &str, sha256: &str) -> Option<String> {
    state.values.with_untracked(|values| {
        values.get(&signer(role, sha256, "name")).and_then(Value::as_str).map(str::to_owned)
    })
}

/// Takes away who signed with the picture.
pub(super) fn forget(state: FormState, role: &str, sha256: &str) {
    let row = sha256.get(..16).unwrap_or(sha256);
    if signed(state, role, sha256).is_some() {
        state.remove_row(&format!("{role}_by"), row);
    }
}
