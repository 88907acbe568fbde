//! What people do: they save, offline or not, whatever is on their screen.

use gridbook_log::{BlobRef, Body, Create, Entity, EntityId, Event, Placement, body};
use serde_json::json;

use super::World;
use crate::engine::PART;
use crate::env::Env;
use crate::replica::{NewBlob, NewWrite, ReplicaError};
use crate::sim::device::Kept;
use crate::sim::mishap::Mishap;
use crate::sim::now;
use crate::store::StoreError;

impl World {
    /// A person saves something in a tab, opening it first if need be.
    pub(super) fn person(&mut self, device: usize, tab: usize) -> Result<(), String> {
        self.open(device, tab);
        let Some(write) = self.something(device, tab) else { return Ok(()) };
        let env = self.devices[device].env.clone();
        let picture = self.rng.chance(15).then(|| self.rng.draw().to_le_bytes().to_vec());
        let picture = picture.map(|picture| self.as_large(device, picture));
        let photo = picture.as_deref().map(crate::share::oracle::sha256);
        let mut write = with_photo(write, photo.as_deref());
        let told_apart = self.config.copies > 0 || self.config.wild.put_back;
        let mark = if told_apart { self.mark(&mut write) } else { None };
        let blobs: Vec<NewBlob> =
            photo.iter().map(|sha256| NewBlob { sha256: sha256.clone(), bytes: picture.clone() }).collect();
        let Some(open) = &self.devices[device].tabs[tab] else { return Ok(()) };
        match now(open.replica.save(&env, std::slice::from_ref(&write), &blobs, &[])) {
            Ok(saved) => {
                let entity = now(open.replica.entity(write.entity)).map_err(|e| e.to_string())?;
                let entity = entity.ok_or("a saved entity is not there")?;
                if let Some(op) = saved.ops.iter().find(|op| !entity.have().contains(op.dot)) {
                    return Err(format!("{op}: saved and not read back"));
                }
                shows_what_was_written(&entity, &write)?;
                self.report.saved += saved.ops.len();
                let kept = entity.ops().filter_map(|(dot, _, hlc, _)| {
                    let id = *saved.ops.iter().find(|id| id.dot == dot)?;
                    Some(Kept { id, hlc, mark: mark.clone() })
                });
                self.devices[device].saved.extend(kept);
                self.devices[device].photos.extend(photo);
                self.wake(device, tab)?;
            }
            // The connection is gone: the app reopens it, as if the tab had been closed.
            Err(ReplicaError::Store(StoreError::Lost(_))) => self.kill(device, tab),
            // The device is full, or the other tab has just purged what was on the screen.
            Err(ReplicaError::Store(StoreError::Quota) | ReplicaError::Unknown) => {}
            Err(error) => return Err(format!("save failed: {error}")),
        }
        Ok(())
    }

    /// The same picture; every second one so large that it goes up in parts, where that is asked for.
    fn as_large(&mut self, device: usize, picture: Vec<u8>) -> Vec<u8> {
        let may_be = self.config.wild.large && self.devices[device].sends_bytes();
        if may_be && self.wild.chance(50) {
            return picture.iter().copied().cycle().take(2 * PART + 77).collect();
        }
        picture
    }

    /// Something in the content that is nowhere else.
    fn mark(&mut self, write: &mut NewWrite) -> Option<String> {
        let mark = format!("mark/{:016x}", self.odd.draw());
        match &mut write.body {
            Body::Create(create) => create.set.insert(mark.clone(), json!(1)),
            Body::Event(event) => event.data.insert(mark.clone(), json!(1)),
            Body::Set(set) => set.set.insert(mark.clone(), json!(1)),
            // Looked for by its device's clock.
            _ => return None,
        };
        Some(mark)
    }

    fn something(&mut self, device: usize, tab: usize) -> Option<NewWrite> {
        let env = self.devices[device].env.clone();
        let open = self.devices[device].tabs[tab].as_ref()?;
        let here: Vec<EntityId> =
            open.replica.rows().iter().filter(|(_, r)| r.visible()).map(|(id, _)| *id).collect();
        let value = json!(self.rng.below(1000));
        let path = ["a", "b", "rows/r1/x", "rows/r2/x"][self.rng.below(4) as usize].to_owned();
        if self.config.wild.later && !here.is_empty() && self.wild.chance(4) {
            let entity = here[self.wild.below(here.len() as u64) as usize];
            self.met.note(Mishap::UnknownKind);
            return Some(NewWrite { entity, body: Body::Unknown });
        }
        if here.is_empty() || self.rng.chance(35) {
            let area = self.areas[self.rng.below(4) as usize].to_owned();
            let entity = EntityId::new(env.now_ms(), env.random_array());
            let create = Create {
                type_: "hazard".to_owned(),
                state: Some("submitted".to_owned()),
                place: Placement { area: Some(area), ..Placement::default() },
                set: [(path, value)].into(),
                ..Create::default()
            };
            return Some(NewWrite { entity, body: Body::Create(create) });
        }
        let entity = here[self.rng.below(here.len() as u64) as usize];
        let body = match self.rng.below(10) {
            0 => Body::Set(body::Set { set: [("forbidden".to_owned(), value)].into(), blobs: Vec::new() }),
            1 => {
                let area = self.areas[self.rng.below(4) as usize].to_owned();
                Body::Place(Placement { area: Some(area), ..Placement::default() })
            }
            2..=4 => {
                let folded = now(open.replica.entity(entity)).ok()??;
                let from = folded.state().unwrap_or("submitted").to_owned();
                let to = ["registered", "dispatched", "done"][self.rng.below(3) as usize].to_owned();
                Body::Event(Event { event: "move".to_owned(), from, to, table: 1, ..Event::default() })
            }
            _ => Body::Set(body::Set { set: [(path, value)].into(), blobs: Vec::new() }),
        };
        Some(NewWrite { entity, body })
    }
}

fn with_photo(mut write: NewWrite, sha256: Option<&str>) -> NewWrite {
    if let Some(sha256) = sha256 {
        let blob = BlobRef {
            sha256: sha256.to_owned(),
            size: 3,
            mime: "image/jpeg".to_owned(),
            role: String::new(),
            thumb: None,
        };
        match &mut write.body {
            Body::Create(create) => create.blobs.push(blob),
            Body::Event(event) => event.blobs.push(blob),
            Body::Set(set) => set.blobs.push(blob),
            other => *other = Body::Set(body::Set { set: [].into(), blobs: vec![blob] }),
        }
    }
    write
}

/// Whatever the clocks say, an edit is never beaten by a value that its author had seen.
fn shows_what_was_written(entity: &Entity, write: &NewWrite) -> Result<(), String> {
    let Body::Set(set) = &write.body else { return Ok(()) };
    match set.set.iter().find(|(path, value)| entity.get(path) != Some(*value)) {
        Some((path, _)) => Err(format!("{}: {path} shows something else than was written", write.entity)),
        None => Ok(()),
    }
}
