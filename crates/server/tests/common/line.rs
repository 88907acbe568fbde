//! What the app's engine and replica need of the outside, over HTTP to a test's server.

use gridbook_log::Entity;
use gridbook_sync::engine::{Request, Response};
use gridbook_sync::replica::Project;
use gridbook_sync::wire::{PAGE_HEADER, SnapshotPage};

use super::Device;

/// Lists show how many operations there are.
pub struct Count;

impl Project for Count {
    type Summary = usize;

    fn summary(&self, entity: &Entity) -> usize {
        entity.have().len()
    }
}

impl Device {
    /// Sends a request of the engine and reads the answer.
    pub async fn ask(&self, request: &Request, blob: Option<Vec<u8>>) -> Response {
        let at = |path: &str| format!("{}/sync/v1/{path}", self.url);
        let built = match request {
            Request::Caps => self.http.get(at("caps")),
            Request::Push(push) => self.http.post(at("push")).json(push),
            Request::Pull { cursor, limit, not } => {
                let not = not.map(|not| format!("&not={not}")).unwrap_or_default();
                self.http.get(at(&format!("pull?cursor={cursor}&limit={limit}{not}")))
            }
            Request::Snapshot { cursor, place } => {
                let place = place.as_ref().map(|place| format!("&place={place}")).unwrap_or_default();
                self.http.get(at(&format!("snapshot?cursor={cursor}{place}")))
            }
            Request::Fp { places } => self.http.get(at(&format!("fp?places={}", u8::from(*places)))),
            Request::PutBlob { sha256 } => {
                self.http.put(at(&format!("blobs/{sha256}"))).body(blob.unwrap_or_default())
            }
            Request::AskBlob { .. } | Request::PutPart { .. } => return Response::BlobAt(None),
        };
        let answer = built.bearer_auth(&self.token).send().await.unwrap();
        let status = answer.status();
        if !status.is_success() {
            return Response::Failed { status: status.as_u16(), code: String::new(), retry_after_ms: None };
        }
        match request {
            Request::Caps => Response::Caps(answer.json().await.unwrap()),
            Request::Push(_) => Response::Push(answer.json().await.unwrap()),
            Request::Pull { .. } => Response::Pull(answer.json().await.unwrap()),
            Request::Fp { .. } => Response::Fp(answer.json().await.unwrap()),
            Request::Snapshot { .. } => {
                let head = serde_json::from_str(answer.headers()[PAGE_HEADER].to_str().unwrap()).unwrap();
                Response::Snapshot(SnapshotPage { head, frames: answer.bytes().await.unwrap().to_vec() })
            }
            Request::PutBlob { .. } | Request::AskBlob { .. } | Request::PutPart { .. } => Response::Blob,
        }
    }
}
