//! Passwords: argon2id, a few at a time, and the same work for names that do not exist.

use std::sync::{Arc, LazyLock};

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

/// Longest password that is looked at, in bytes.
pub use gridbook_domain::role::LONGEST as MAX;

/// Checked against when the account does not exist, so that the answer takes as long.
static NOBODY: LazyLock<String> =
    LazyLock::new(|| hash_now("nobody has this password", false).unwrap_or_default());

/// Hashes and checks passwords without stalling the server.
#[derive(Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        // Each one takes 19 MB and a core.
        Self { permits: Arc::new(Semaphore::new(2)) }
    }
}

impl Passwords {
    /// The PHC string of a password; `None` if the hasher failed.
    pub async fn hash(&self, password: String) -> Option<String> {
        let _permit = self.permits.acquire().await.ok()?;
        tokio::task::spawn_blocking(move || hash_now(&password, false)).await.ok()?
    }

    /// Whether the password fits. `None` for an account without one: the same time is spent.
    pub async fn verify(&self, password: String, stored: Option<String>) -> bool {
        let Ok(_permit) = self.permits.acquire().await else { return false };
        let work = move || {
            let known = stored.is_some();
            let text = stored.unwrap_or_else(|| NOBODY.clone());
            let Ok(parsed) = PasswordHash::new(&text) else { return false };
            Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok() && known
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(false)
    }
}

/// Hashes on this thread. `cheap` is for the demo's printed password only.
pub fn hash_now(password: &str, cheap: bool) -> Option<String> {
    let params = if cheap { Params::new(1024, 1, 1, None).ok()? } else { Params::default() };
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password(password.as_bytes()).ok().map(|hash| hash.to_string())
}
