//! The device's store cannot be opened any more: what is safe, what is not, and the way out.

use leptos::prelude::*;

use crate::app::App;
use crate::ui::live;
use crate::ui::states::{Tone, banner};

/// Said on every screen as long as it is so.
pub fn stuck(app: App) -> AnyView {
    let stuck = Memo::new(move |_| app.sync.with(|sync| sync.stuck));
    live(move || {
        stuck.get().then(|| {
            let again = view! {
                <button
                    class="btn btn-small"
                    type="button"
                    data-testid="stuck-reload"
                    on:click=|_| { let _ = window().location().reload(); }
                >
                    "重新打开"
                </button>
            };
            let text = "显示过“已保存”的都在本机，没有丢。正在填的还没有存下，先抄下或复制好，再重新打开；还不行，就重启设备。";
            banner(Tone::Danger, "warn", "本机的存储打不开了", text, vec![again.into_any()])
        })
    })
}
