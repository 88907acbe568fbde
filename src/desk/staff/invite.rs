//! An invitation: a QR, and the link that it carries where scanning does not work.

use fast_qr::ECL;
use fast_qr::qr::QRBuilder;
use leptos::prelude::*;
use serde::Deserialize;
use serde_json::json;

use crate::app::{App, Problem};
use crate::desk::words::moment;

/// An invitation, told once.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Invite {
    /// Account.
    pub user: String,
    /// Name.
    pub name: String,
    /// Path behind the server's address.
    pub link: String,
    /// Milliseconds since 1970.
    pub expires_at: u64,
}

/// Makes an invitation, or a reset for an account that is in use.
///
/// # Errors
/// [`Problem`] in the backend's words.
pub async fn ask(app: App, user: &str) -> Result<Invite, Problem> {
    Ok(app.api().post("/api/invites", &json!({ "user": user })).await?)
}

/// The card to show or print.
pub fn card(invite: &Invite) -> AnyView {
    let origin = window().location().origin().unwrap_or_default();
    let link = format!("{origin}{}", invite.link);
    let until = format!("{} 前有效，只能用一次", moment(invite.expires_at));
    link_card(&link, &format!("{}（{}）", invite.name, invite.user), &until)
}

/// A link to show or print, as a code and in letters.
pub fn link_card(link: &str, title: &str, note: &str) -> AnyView {
    let drawn = qr(link);
    let (link, typed) = (link.to_owned(), link.to_owned());
    let (title, note) = (title.to_owned(), note.to_owned());
    view! {
        <figure class="qr" data-testid="invite-card" data-link=link>
            {drawn}
            <figcaption class="stack-s">
                <p class="strong">{title}</p>
                <p class="muted small">"扫不了码时，把这个链接发给本人打开："</p>
                <p class="mono small qr-link" data-testid="invite-link">{typed}</p>
                <p class="muted small">{note}</p>
            </figcaption>
        </figure>
    }
    .into_any()
}

/// Cells of white around the code, without which scanners miss it.
const QUIET: usize = 4;

/// The code as one path: a run of dark cells at a time. The lowest level of correction: a screen has no dirt on it, and
/// an invitation that carries the way to a share is long.
fn qr(text: &str) -> Option<AnyView> {
    let code = QRBuilder::new(text).ecl(ECL::L).build().ok()?;
    let size = code.size;
    let mut path = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let run = (x..size).take_while(|x| code[y][*x].value()).count();
            if run > 0 {
                path.push_str(&format!("M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET));
            }
            x += run.max(1);
        }
    }
    let side = size + 2 * QUIET;
    // Cells of a long text must not become too small for a phone's camera.
    let width = format!("{}px", (side * 3).max(192));
    Some(
        view! {
            <svg style:width=width style:height="auto" viewBox=format!("0 0 {side} {side}") role="img" aria-label="邀请二维码" shape-rendering="crispEdges">
                <path d=path></path>
            </svg>
        }
        .into_any(),
    )
}
