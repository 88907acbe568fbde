//! What must hold when everything is quiet.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Dot, Entity, EntityId, EventRec, Hlc, Op, Outcome, Write};

use super::backend::Backend;
use super::device::{Device, Kept, OpenTab};
use super::now;
use super::strange;
use super::world::{World, names_photo};
use crate::store::{Store, Table};

pub(super) type Entities = BTreeMap<EntityId, Entity>;

/// All invariants.
pub(crate) fn all(world: &mut World) -> Result<(), String> {
    let forged = &world.stranger.forged;
    let all: Vec<Entities> = world.backends.iter().map(|backend| backend.entities(forged)).collect();
    for device in &world.devices {
        let here = &all[device.home];
        saved_arrived(world, device, here)?;
        photos_arrived(world, device, here)?;
        views_agree(world, device, here)?;
        saved_once(device, here)?;
        opening_agrees(device)?;
    }
    strange::later_ones_are_kept(world)?;
    strange::nothing_forged_counts(world)?;
    strange::nothing_stays_of_what_left(world, &all)?;
    strange::missing_photos(world, &all);
    if world.copies_or_restores() {
        strange::people_agree(world, &all)
    } else {
        populations_agree(world, &all)
    }
}

/// Whatever a person was told is saved is at the backend.
fn saved_arrived(world: &World, device: &Device, here: &Entities) -> Result<(), String> {
    let apart = world.backends[device.home].aside();
    for kept in &device.saved {
        let id = kept.id;
        let there = here.get(&id.entity).is_some_and(|entity| arrived(device, kept, entity));
        // Refused outright, because the author may not write there: it stays on the device and says so.
        if !there && world.is_on_server() && refused(device, kept) && holds(device, kept)? {
            continue;
        }
        // Kept for whoever decides, because the author may not write there any more: the device gave it up.
        if !there && aside(kept, &apart) {
            continue;
        }
        // After a backup was put back a device sends again what it has; what it had to give up nobody has.
        if !there && (world.report().restored == 0 || holds(device, kept)?) {
            return Err(format!("{id} was saved and is not at the backend"));
        }
    }
    Ok(())
}

/// Under its own name; where devices were copied, its content under any name.
pub(super) fn arrived(device: &Device, kept: &Kept, entity: &Entity) -> bool {
    let own = |(dot, user, hlc, _): (Dot, &str, Hlc, &str)| {
        dot.writer.dev == kept.id.dot.writer.dev && user == device.user && hlc == kept.hlc
    };
    match &kept.mark {
        None if device.copied => entity.ops().any(own),
        None => entity.have().contains(kept.id.dot),
        Some(mark) => {
            entity.register(mark).is_some()
                || entity.timeline().iter().any(|step| step.event.data.contains_key(mark))
        }
    }
}

/// As [`arrived`], among what the backend keeps apart.
fn aside(kept: &Kept, apart: &[Op]) -> bool {
    let quoted = kept.mark.as_ref().map(|mark| format!("\"{mark}\""));
    apart.iter().filter(|op| op.entity() == kept.id.entity).any(|op| match &quoted {
        None => op.id() == kept.id,
        Some(mark) => op.body_text().is_some_and(|text| text.contains(mark.as_str())),
    })
}

/// Whatever names it bears, an event happened once and a value was entered once.
fn saved_once(device: &Device, here: &Entities) -> Result<(), String> {
    for kept in &device.saved {
        let (Some(mark), Some(entity)) = (&kept.mark, here.get(&kept.id.entity)) else { continue };
        let events = entity.timeline().iter().filter(|step| step.event.data.contains_key(mark)).count();
        let writes = entity.register(mark).map_or(0, |register| register.writes.len());
        if events + writes > 1 {
            return Err(format!("{} stands {} times", kept.id, events + writes));
        }
    }
    Ok(())
}

fn refused(device: &Device, kept: &Kept) -> bool {
    let says = |open: &OpenTab| {
        let rows = open.replica.rows();
        open.replica.unsent().held > 0 && rows.get(&kept.id.entity).is_some_and(|row| row.refused.is_some())
    };
    device.tabs.iter().flatten().any(says)
}

fn holds(device: &Device, kept: &Kept) -> Result<bool, String> {
    for open in device.tabs.iter().flatten() {
        let entity = now(open.replica.entity(kept.id.entity)).map_err(|e| e.to_string())?;
        if entity.is_some_and(|entity| arrived(device, kept, &entity)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// After a backup was put back a device sends again the photos that it still has. Of a record
/// that was lost with the backup a server takes none.
fn photos_arrived(world: &World, device: &Device, here: &Entities) -> Result<(), String> {
    let restored = world.report().restored > 0;
    for photo in &device.photos {
        if world.backends[device.home].has_blob(photo) {
            continue;
        }
        let judged = matches!(world.backends[device.home], Backend::Server(_));
        let refused = judged && !names_photo(here, photo);
        let lost = restored && !(names_photo(here, photo) && sends(device, photo)?);
        if !refused && !lost {
            return Err(format!("photo {photo} was saved and is not at the backend"));
        }
    }
    Ok(())
}

/// Whether the device has both the bytes and a record that names them.
fn sends(device: &Device, photo: &str) -> Result<bool, String> {
    let bytes = now(device.store.get(Table::Blob, photo)).map_err(|e| e.to_string())?;
    let mut named = false;
    for open in device.tabs.iter().flatten() {
        let rows = open.replica.rows();
        let ids: Vec<EntityId> = rows.iter().filter(|(_, row)| row.visible()).map(|(id, _)| *id).collect();
        drop(rows);
        for id in ids {
            let entity = now(open.replica.entity(id)).map_err(|e| e.to_string())?;
            named |= entity.is_some_and(|e| e.blobs().iter().any(|(_, blob)| blob.sha256 == photo));
        }
    }
    Ok(named && bytes.is_some())
}

/// Every tab shows exactly what its account may see, and each entity folds to the backend's bytes.
///
/// After a backup was put back devices may show more: what the backend has lost and nobody who wrote it has any more. It
/// may be the last copy. What the backend has and does not show to its account nobody keeps: where the feed said nothing
/// of it the comparison did.
fn views_agree(world: &World, device: &Device, there: &Entities) -> Result<(), String> {
    let backend = &world.backends[device.home];
    // A share's author sends it again, whatever it is.
    let forgets = world.report().restored > 0 && backend.is_server();
    let should: BTreeSet<EntityId> =
        there.values().filter(|entity| backend.sees(&device.user, entity)).map(Entity::id).collect();
    for open in device.tabs.iter().flatten() {
        now(open.replica.refresh()).map_err(|e| e.to_string())?;
        let shows: BTreeSet<EntityId> =
            open.replica.rows().iter().filter(|(_, r)| r.visible()).map(|(id, _)| *id).collect();
        let lost = |id: &&EntityId| forgets && !there.contains_key(*id);
        let extra = shows.difference(&should).filter(|id| !lost(id)).count();
        let missing = should.difference(&shows).count();
        if extra > 0 || missing > 0 {
            return Err(format!("{} shows {extra} too many and lacks {missing}", device.user));
        }
        for id in &should {
            let here = now(open.replica.entity(*id)).map_err(|e| e.to_string())?.ok_or("gone")?;
            let there = &there[id];
            let same = if forgets {
                there.ops().all(|(dot, ..)| here.have().contains(dot))
            } else {
                here.to_snapshot() == there.to_snapshot() || world.is_outside() && alike(&here, there)
            };
            if !same {
                let (here, there) = (here.have(), there.have());
                return Err(format!("{id} differs: {} has {here:?}, the backend {there:?}", device.user));
            }
        }
    }
    Ok(())
}

/// Whether all that counts is the same. What was refused a server keeps without its body, and so do all but its author.
fn alike(here: &Entity, there: &Entity) -> bool {
    let steps = |entity: &Entity| -> Vec<EventRec> {
        let steps = entity.timeline().iter();
        steps.filter(|step| !matches!(step.outcome, Outcome::Rejected(_))).cloned().collect()
    };
    let values = |entity: &Entity| -> Vec<(String, Vec<Write>)> {
        let fields = entity.registers().filter(|(_, field)| field.heads().next().is_some());
        fields.map(|(path, field)| (path.to_owned(), field.heads().cloned().collect())).collect()
    };
    here.fingerprint() == there.fingerprint()
        && here.have() == there.have()
        && here.flow() == there.flow()
        && here.area() == there.area()
        && steps(here) == steps(there)
        && values(here) == values(there)
}

/// Whoever opens the app anew sees what the open tabs show.
fn opening_agrees(device: &Device) -> Result<(), String> {
    let opened = device.open_anew().map_err(|e| e.to_string())?;
    for open in device.tabs.iter().flatten() {
        let (here, anew) = (open.replica.rows(), opened.rows());
        if let Some(id) = here.keys().chain(anew.keys()).find(|id| here.get(*id) != anew.get(*id)) {
            return Err(format!("{id} is {:?} here and {:?} when opened anew", here.get(id), anew.get(id)));
        }
    }
    Ok(())
}

/// Two backends with a client that carries between them end with the same.
fn populations_agree(world: &World, all: &[Entities]) -> Result<(), String> {
    let Some((first, others)) = all.split_first() else { return Ok(()) };
    for other in others {
        let ids: BTreeSet<&EntityId> = first.keys().chain(other.keys()).collect();
        for id in ids {
            let snapshot = |all: &Entities| all.get(id).map(Entity::to_snapshot);
            let both = || first.get(id).zip(other.get(id));
            // What the client between brings of refused operations has no body at a server outside this crate.
            let same = || world.is_outside() && both().is_some_and(|(one, other)| alike(one, other));
            if snapshot(first) != snapshot(other) && !same() {
                let have = |all: &Entities| all.get(id).map(|entity| entity.have().clone());
                return Err(format!(
                    "{id} differs: {:?} at one, {:?} at the other",
                    have(first),
                    have(other)
                ));
            }
        }
    }
    Ok(())
}
