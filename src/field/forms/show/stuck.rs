//! What is being filled in, as text, when the device's store cannot be opened any more: it is in this page's memory only.

use gridbook_domain::record::RecordKind;
use leptos::prelude::*;

use crate::field::forms::Page;
use crate::field::record::plain_text;
use crate::ui::directory::use_directory;
use crate::ui::dom::{copy, download};
use crate::ui::live;
use crate::ui::states::{Tone, banner};
use crate::ui::toast::use_toasts;

/// Name of the file.
const FILE: &str = "没有存下的内容.txt";

/// The words of the form, to be copied or kept as a file. What is confidential goes neither way (ROLE-11).
pub(super) fn rescue(page: Page) -> AnyView {
    let (toasts, directory) = (use_toasts(), use_directory());
    let stuck = Memo::new(move |_| page.app.sync.with(|sync| sync.stuck));
    live(move || {
        let begun = page.begun();
        if !stuck.get() || begun.kind == RecordKind::Confidential {
            return None;
        }
        let words = move || {
            let begun = page.begun();
            let values = page.state.values.get_untracked();
            directory.with_untracked(|names| plain_text(page.app, names, &begun.form, &values))
        };
        let copied = move |_| {
            if copy(&words()) {
                toasts.ok("已复制，可以贴到别处留着");
            } else {
                toasts.warn("这个浏览器不让复制，请点“存成文件”");
            }
        };
        let kept = move |_| {
            if download(FILE, "text/plain;charset=utf-8", words().as_bytes()).is_err() {
                toasts.warn("没有存成文件，请点“复制文字”，或者抄下来");
            }
        };
        let copied = view! {
            <button class="btn btn-small" type="button" data-testid="stuck-copy" on:click=copied>
                "复制文字"
            </button>
        };
        let kept = view! {
            <button class="btn btn-small" type="button" data-testid="stuck-file" on:click=kept>
                "存成文件"
            </button>
        };
        let text = "文字可以带走，重新打开以后照着填；里面有个人信息，填好就删掉。";
        let ways = vec![copied.into_any(), kept.into_any()];
        Some(banner(Tone::Warn, "attention", "这一份还没有存下", text, ways))
    })
}
