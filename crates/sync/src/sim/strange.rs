//! What must hold of what others than the simulator's people wrote, and of two backends after copies and restores.

use std::collections::BTreeSet;

use gridbook_log::{Dot, Entity, EntityId, Op};

use super::check::{Entities, arrived};
use super::mishap::Mishap;
use super::now;
use super::world::World;
use crate::store::{Table, scan_all};

/// What a later program wrote is held by all who see it, to the byte, and at the backend.
pub(super) fn later_ones_are_kept(world: &World) -> Result<(), String> {
    let restored = world.report().restored > 0;
    for wire in &world.stranger.wrote {
        let op = Op::from_wire(wire.clone()).map_err(|e| e.to_string())?;
        for open in world.devices.iter().flat_map(|device| device.tabs.iter().flatten()) {
            let visible = open.replica.rows().get(&op.entity()).is_some_and(|row| row.visible());
            if !visible {
                continue;
            }
            let streams = now(open.replica.streams(&[op.entity()])).map_err(|e| e.to_string())?;
            let held = streams.iter().flat_map(|(_, ops)| ops).find(|held| held.hash() == op.hash());
            // A backup may have taken it: it has one author, who does not send it again.
            if held.is_none_or(|held| held.body_text() != op.body_text()) && !restored {
                return Err(format!("{} of a later program is not held as it was written", op.id()));
            }
        }
    }
    Ok(())
}

/// No device shows what was written in another's name.
pub(super) fn nothing_forged_counts(world: &World) -> Result<(), String> {
    for open in world.devices.iter().flat_map(|device| device.tabs.iter().flatten()) {
        let ids: Vec<_> = open.replica.rows().keys().copied().collect();
        for (id, ops) in now(open.replica.streams(&ids)).map_err(|e| e.to_string())? {
            if ops.iter().any(|op| world.stranger.forged.contains(op.hash())) {
                return Err(format!("{id}: what was forged was taken"));
            }
        }
    }
    Ok(())
}

/// Nothing of what left an account's view stays on its device: no operation and no row of a list, whole or packed.
pub(super) fn nothing_stays_of_what_left(world: &World, all: &[Entities]) -> Result<(), String> {
    for device in &world.devices {
        let Some(open) = device.tabs.iter().flatten().next() else { continue };
        let rows = open.replica.rows();
        let saved = device.saved.iter().map(|kept| kept.id.entity);
        let known: BTreeSet<EntityId> = all.iter().flat_map(|all| all.keys().copied()).chain(saved).collect();
        let left: Vec<EntityId> = known.into_iter().filter(|id| !rows.contains_key(id)).collect();
        // The journal tells the other tabs for a while which entities changed or went: ids, and nothing else.
        let looked_at =
            |table: &Table| *table != Table::Journal && (!world.is_outside() || *table == Table::Log);
        for table in Table::ALL.into_iter().filter(looked_at) {
            for (key, bytes) in now(scan_all(&device.store, table)).map_err(|e| e.to_string())? {
                // Of a record that went away its numbers stay, so that none is used twice: two of them.
                let numbers = table == Table::Rows && bytes.first() == Some(&1) && bytes.len() <= 16;
                let named = |id: &&EntityId| {
                    let text = id.to_string();
                    let holds = |what: &[u8]| bytes.windows(what.len()).any(|bytes| bytes == what);
                    key.contains(&text) && !numbers || holds(text.as_bytes()) || holds(&id.0)
                };
                if let Some(id) = left.iter().find(named) {
                    return Err(format!(
                        "{id} left the view of {} and is in its {}",
                        device.user,
                        table.name()
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Counts records that name photos which nobody has.
pub(super) fn missing_photos(world: &World, all: &[Entities]) {
    for (backend, entities) in world.backends.iter().zip(all) {
        let named = entities.values().flat_map(|entity| entity.blobs());
        let missing = named.filter(|(_, blob)| !backend.has_blob(&blob.sha256)).count();
        world.met.add(Mishap::PhotoMissing, if world.backends.len() == 1 { missing } else { 0 });
    }
}

/// Two backends of which one went back, or that two bearers of a name wrote to: whatever a person was told is saved is
/// at both; and where no name was used twice, people's operations are the same at both. The answers that a server
/// gave before it went back count no more.
pub(super) fn people_agree(world: &World, all: &[Entities]) -> Result<(), String> {
    let [one, other] = all else { return Ok(()) };
    for device in &world.devices {
        for kept in &device.saved {
            for (entities, name) in [(one, "server"), (other, "share")] {
                let there = entities.get(&kept.id.entity).is_some_and(|entity| arrived(device, kept, entity));
                if !there {
                    return Err(format!("{} was saved and is not at the {name}", kept.id));
                }
            }
        }
    }
    if world.devices.iter().any(|device| device.copied) {
        return Ok(());
    }
    for id in one.keys().chain(other.keys()) {
        let people = |all: &Entities| all.get(id).map(|e| dots_of_people(world, e)).unwrap_or_default();
        if people(one) != people(other) {
            return Err(format!("{id} differs: {:?} at one, {:?} at the other", people(one), people(other)));
        }
    }
    Ok(())
}

fn dots_of_people(world: &World, entity: &Entity) -> BTreeSet<Dot> {
    let authority = world.backends[0].authority();
    let people = |dot: &Dot| Some(dot.writer.dev) != authority;
    entity.ops().map(|(dot, ..)| dot).filter(people).collect()
}
