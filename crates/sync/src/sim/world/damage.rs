//! Damage that nobody hears of: rows of stores that got lost. Only a check finds it.

use super::World;
use crate::engine::{Checked, Input};
use crate::sim::mishap::Mishap;
use crate::sim::now;
use crate::store::{Batch, Store, Table, scan_all};

impl World {
    /// The daily comparison with the server, after copies and backups: a device that began anew in the middle of a page
    /// may lack what only a comparison finds, or keep what it no longer may see. Another day comes after it: what one
    /// device sends once more may be hidden from another that has it.
    ///
    /// # Errors
    /// When it does not become quiet afterwards.
    pub fn compare(&mut self) -> Result<(), String> {
        let calm = self.report.restored == 0 && self.devices.iter().all(|device| !device.copied);
        if !self.config.kind.judges() || calm {
            return Ok(());
        }
        for _day in 0..2 {
            for device in 0..self.devices.len() {
                self.feed(device, 0, Input::Check)?;
                while self.net.busy() {
                    self.step()?;
                }
            }
            self.settle()?;
        }
        Ok(())
    }

    /// Loses a row of every store, as a damaged disk does, and lets every device compare itself with the backend.
    ///
    /// # Errors
    /// When a check does not find and mend what is wrong.
    pub fn damage(&mut self) -> Result<(), String> {
        if !self.config.damage {
            return Ok(());
        }
        for device in 0..self.devices.len() {
            let tabs = self.devices[device].tabs.len();
            (0..tabs).for_each(|tab| self.devices[device].kill(tab));
            let store = self.devices[device].store.clone();
            let keys = |table| now(scan_all(&store, table)).map_err(|e| e.to_string());
            let mut rows = Vec::new();
            for table in [Table::Log, Table::Pages, Table::Rows] {
                rows.extend(keys(table)?.into_iter().map(|(key, _)| (table, key)));
            }
            if !rows.is_empty() {
                let (table, key) = rows.swap_remove(self.rng.below(rows.len() as u64) as usize);
                let mut batch = Batch::default();
                batch.delete(table, key);
                now(store.commit(batch)).map_err(|e| e.to_string())?;
                self.report.damaged += 1;
                self.met.note(Mishap::RowLost);
            }
            self.open(device, 0);
            self.feed(device, 0, Input::Check)?;
            while self.net.busy() {
                self.step()?;
            }
            let checked = self.devices[device].tabs[0].as_ref().and_then(|open| open.engine.checked());
            match checked {
                Some(Checked::Same) => {}
                Some(Checked::Mended) => self.report.mended += 1,
                other => return Err(format!("a check of device {device} ended with {other:?}")),
            }
        }
        Ok(())
    }
}
