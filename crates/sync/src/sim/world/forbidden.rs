//! The head of one log that others may not read: whoever looks after the folder set its rights so, or something in
//! between takes it for what it is not. All else must get through meanwhile, and what it names once it can be read.

use super::World;
use crate::share::{RawRequest, RawResponse};
use crate::sim::Rng;
use crate::sim::mishap::Mishap;
use crate::sim::net::Tab;

/// See the module's text.
pub(super) struct Forbidden {
    /// Heads that are written before the one that is meant.
    passes: u64,
    /// How often others read it before they may not.
    reads: u64,
    /// The one that is meant, and whose it is.
    head: Option<(String, usize)>,
}

impl Forbidden {
    pub(super) fn from_seed(seed: u64) -> Self {
        let mut rng = Rng::new(seed ^ 0x403);
        Self { passes: rng.below(12), reads: rng.below(4), head: None }
    }
}

impl World {
    /// The answer to whoever asks for the head that only its author may read.
    pub(super) fn forbids(&mut self, tab: Tab, request: &RawRequest) -> Option<RawResponse> {
        let forbidden = self.forbidden.as_mut()?;
        let path = request.path.as_str();
        if !path.starts_with("heads/") || path == "heads/" {
            return None;
        }
        let Some((head, owner)) = &forbidden.head else {
            if request.method == "PUT" {
                if forbidden.passes == 0 {
                    forbidden.head = Some((path.to_owned(), tab.device));
                }
                forbidden.passes = forbidden.passes.saturating_sub(1);
            }
            return None;
        };
        if request.method != "GET" || path != head || tab.device == *owner {
            return None;
        }
        if forbidden.reads > 0 {
            forbidden.reads -= 1;
            return None;
        }
        self.met.note(Mishap::HeadForbidden);
        Some(RawResponse { status: 403, ..RawResponse::default() })
    }

    /// Everybody may read everything again. Whether that is news.
    pub(in crate::sim) fn permit(&mut self) -> bool {
        self.forbidden.take().is_some_and(|forbidden| forbidden.head.is_some())
    }
}
