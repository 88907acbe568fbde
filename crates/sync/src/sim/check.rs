//! What must hold when everything is quiet.

use std::collections::BTreeSet;

use gridbook_log::EntityId;

use super::now;
use super::world::World;

/// All invariants.
pub(crate) fn all(world: &mut World) -> Result<(), String> {
    saved_arrived(world)?;
    photos_arrived(world)?;
    views_agree(world)?;
    Ok(())
}

/// Whatever a person was told is saved is at the backend.
fn saved_arrived(world: &World) -> Result<(), String> {
    let entities = world.backend.entities();
    for device in &world.devices {
        for op in &device.saved {
            let there = entities.get(&op.entity).is_some_and(|e| e.have().contains(op.dot));
            if !there {
                return Err(format!("{op} was saved and is not at the backend"));
            }
        }
    }
    Ok(())
}

fn photos_arrived(world: &World) -> Result<(), String> {
    for photo in world.devices.iter().flat_map(|d| &d.photos) {
        if !world.backend.has_blob(photo) {
            return Err(format!("photo {photo} was saved and is not at the backend"));
        }
    }
    Ok(())
}

/// Every tab shows exactly what its account may see, and each entity folds to the backend's bytes.
fn views_agree(world: &World) -> Result<(), String> {
    let entities = world.backend.entities();
    for device in &world.devices {
        let ids = entities.keys();
        let should: BTreeSet<EntityId> =
            ids.filter(|id| world.backend.sees(&device.user, **id)).copied().collect();
        for open in device.tabs.iter().flatten() {
            now(open.replica.refresh()).map_err(|e| e.to_string())?;
            let shows: BTreeSet<EntityId> =
                open.replica.rows().iter().filter(|(_, r)| r.visible()).map(|(id, _)| *id).collect();
            if shows != should {
                let extra = shows.difference(&should).count();
                let missing = should.difference(&shows).count();
                return Err(format!("{} shows {extra} too many and lacks {missing}", device.user));
            }
            for id in &shows {
                let here = now(open.replica.entity(*id)).map_err(|e| e.to_string())?.ok_or("gone")?;
                let there = &entities[id];
                if here.to_snapshot() != there.to_snapshot() {
                    let (here, there) = (here.have(), there.have());
                    return Err(format!("{id} differs: {} has {here:?}, the backend {there:?}", device.user));
                }
            }
        }
    }
    Ok(())
}
