//! Rights that were taken away: an account that may no longer sign in leaves this device once all it wrote is safe at the
//! server; and what was written of places that are no longer one's own is told of once.

use gridbook_sync::driver::Driver;
use gridbook_sync::store::{Store, Table};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use super::{App, AppReplica};
use crate::platform::{local_get, local_set};

/// Which account left, for the sign-in screen.
const LEFT: &str = "gridbook.left";
/// What the other tabs of the account hear.
pub(super) const GONE: &str = "gone";

/// An account that left this device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    name: String,
    /// Operations that the server keeps for whoever decides.
    kept: usize,
    /// Drafts that were never saved, and went with it.
    drafts: usize,
}

impl Left {
    /// What happened, for people.
    pub fn words(&self) -> String {
        let Self { name, kept, drafts } = self;
        let kept = match kept {
            0 => "都已送达，没有丢".to_owned(),
            n => format!("{n} 条没送出的内容已交给镇里核实，没有丢"),
        };
        let drafts = if *drafts > 0 {
            format!("；{drafts} 份没保存的草稿一起清除了")
        } else {
            String::new()
        };
        format!("{name}的账号已停用，他在本机的记录已清除；{kept}{drafts}。要恢复，请找镇网格专干。")
    }
}

impl App {
    /// The account that left this device last, until somebody has read it.
    pub fn left(&self) -> Option<Left> {
        serde_json::from_str(&local_get(LEFT)?).ok()
    }

    /// It was read.
    pub fn forget_left(&self) {
        local_set(LEFT, None);
    }

    /// Takes an account that may no longer sign in off this device, if nothing of it is unsafe: all that was written is in
    /// the log or kept by the server, and all photos are there. Whether it did.
    pub(super) async fn leave_for_good(&self, replica: &AppReplica, driver: &Driver) -> bool {
        let user = self.user();
        let core = self.core();
        if replica.unsent().held > 0 && !core.freed.replace(true) {
            // What a server did not have of a live account it keeps of this one.
            let _ = replica.release_held(None).await;
            self.wake();
            return false;
        }
        let store = replica.store();
        let drafts = store.scan(Table::Draft, "", 1000).await.map(|list| list.len());
        let photos = store.scan(Table::BlobQueue, "", 1).await.map(|list| list.len());
        let (Ok(drafts), Ok(0), Ok(_)) = (drafts, photos, replica.refresh().await) else { return false };
        let kept = driver
            .with_engine(|engine| (replica.unkept(engine.kept()) == 0).then(|| replica.unsent().waiting));
        let Some(kept) = kept else { return false };
        let name =
            self.session.with_untracked(|s| s.as_ref().map(|s| s.profile.name.clone())).unwrap_or_default();
        if let Some(channel) = core.channel.borrow().as_ref() {
            let _ = channel.post_message(&GONE.into());
        }
        // Until it is gone the account stays as it is: a round that comes later tries again.
        if store.remove().await.is_err() {
            return false;
        }
        if let Ok(text) = serde_json::to_string(&Left { name, kept, drafts }) {
            local_set(LEFT, Some(&text));
        }
        self.forget_account(&user).await;
        true
    }

    /// The person was told of what was kept for whoever decides.
    pub fn forget_reviewed(&self) {
        self.sync.update(|view| view.reviewed = 0);
        if let Some(replica) = self.replica() {
            leptos::task::spawn_local(async move {
                // Told once more at worst.
                let _ = replica.forget_reviewed().await;
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;

    #[wasm_bindgen_test]
    fn what_became_of_everything_is_said() {
        let left = |kept, drafts| Left { name: "测试甲".to_owned(), kept, drafts }.words();
        assert!(left(3, 0).contains("3 条没送出的内容已交给镇里核实，没有丢。"));
        assert!(left(0, 0).contains("都已送达，没有丢。"));
        assert!(left(1, 2).contains("没有丢；2 份没保存的草稿一起清除了。"));
    }
}
