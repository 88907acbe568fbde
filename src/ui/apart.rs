//! What leads to the confidential channel is there only where the channel is (ROLE-11).

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::app::App;
use crate::ui::live;

/// Draws something only where records go to a server of the township: on a share everybody would read what is reported in
/// confidence.
pub fn where_kept(app: App, draw: impl Fn() -> AnyView + Send + Sync + 'static) -> AnyView {
    let kept = RwSignal::new(false);
    spawn_local(async move {
        let _ = kept.try_set(app.keeps_confidence().await);
    });
    live(move || kept.get().then(|| untrack(&draw)))
}
