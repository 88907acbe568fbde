//! What befalls devices and backends besides the network: tabs die, rights change, a backup is put back, a device
//! is copied.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

use super::World;
use crate::sim::Rng;
use crate::sim::backend::Backend;
use crate::sim::device::DeviceEnv;
use crate::sim::mishap::Mishap;

impl World {
    /// Those that this step brings.
    pub(super) fn accidents(&mut self, step: usize) -> Result<(), String> {
        self.back_up_and_restore(step);
        if self.config.copies > 0 && step % (self.config.steps / (self.config.copies + 1)) == 7 {
            self.copy_device();
        }
        if step.is_multiple_of(8) {
            self.carry(false);
        }
        self.odd_accidents(step)
    }

    /// The database of a device, as it stands, on one more device. Both go on.
    fn copy_device(&mut self) {
        let from = self.one_to_copy(true);
        let offset = self.devices[from].env.offset.get() + self.odd.below(5000) as i64;
        let env = Rc::new(DeviceEnv {
            rng: RefCell::new(Rng::new(self.odd.draw())),
            ..DeviceEnv::at(self.clock.clone(), offset)
        });
        let copy = self.devices[from].copy(env, 1 + self.odd.below(2) as usize);
        self.devices.push(copy);
        self.report.copied += 1;
        self.met.note(Mishap::Copied);
    }

    /// A device whose store is copied.
    pub(super) fn one_to_copy(&mut self, early: bool) -> usize {
        let numbers = if early { &mut self.odd } else { &mut self.wild };
        numbers.below(self.devices.len() as u64) as usize
    }

    /// The client between two backends makes a round each way.
    pub(super) fn carry(&mut self, calm: bool) {
        if let Some(bridge) = &mut self.bridge {
            if calm {
                bridge.rest();
            }
            let faults = if calm { self.quirks.calm() } else { self.quirks.clone() };
            self.report.carried += bridge.round(&faults, if calm { 0 } else { self.faults.lose }, &self.met);
        }
    }

    pub(super) fn change_rights(&mut self) {
        if self.config.wild.floor {
            return;
        }
        self.met.add(Mishap::RightsMoved, usize::from(self.config.kind.judges()));
        let user = self.devices[self.rng.below(self.devices.len() as u64) as usize].user.clone();
        let areas = (0..1 + self.rng.below(2)).map(|_| self.areas[self.rng.below(4) as usize].to_owned());
        let areas: BTreeSet<String> = areas.collect();
        self.backends[0].grant(&user, areas, self.clock.get());
    }

    fn back_up_and_restore(&mut self, step: usize) {
        if !self.config.restore {
            return;
        }
        let (save, load) = (step == self.config.steps / 3, step == self.config.steps * 2 / 3);
        let before = self.report.restored;
        let which = usize::from(self.backends.len() > 1 && self.config.wild.share_goes_back);
        match &self.backends[which] {
            // The same history, only older: nobody says that it went back.
            Backend::Share { share, .. } if save => share.borrow_mut().back_up(),
            Backend::Share { share, .. } if load => {
                self.report.restored += usize::from(share.borrow_mut().restore());
            }
            // The history has another name, as the command `restore` gives it.
            Backend::Model(model) if save => self.backup = Some(model.borrow().clone()),
            Backend::Model(model) if load => {
                if let Some(older) = self.backup.take() {
                    model.borrow_mut().restore(&older);
                    self.net.break_off();
                    self.report.restored += 1;
                }
            }
            Backend::Server(granted) if save => granted.server.back_up(self.clock.get()),
            Backend::Server(granted) if load && granted.restore(self.clock.get()) => {
                self.net.break_off();
                self.report.restored += 1;
            }
            _ => {}
        }
        self.met.add(Mishap::Restored, self.report.restored - before);
    }

    pub(super) fn kill(&mut self, device: usize, tab: usize) {
        if self.devices[device].tabs[tab].is_some() {
            self.report.crashes += 1;
            self.met.note(Mishap::TabDied);
            self.devices[device].kill(tab);
        }
    }
}
