//! A whole history at once, from a township that had no server (`crate::adopt`).

use std::collections::BTreeSet;

use gridbook_domain::record::RecordKind;
use gridbook_log::EntityId;

use super::ledger::{Ledger, entity_of};
use super::rights::Person;
use super::rows::Rows;
use crate::adopt::{Photo, Removal, person, taken};
use crate::problem::ApiError;
use crate::signature;
use crate::sql;

/// Operations between two writes of rows: a bound of memory.
const TOGETHER: usize = 1_000;

impl Ledger {
    /// Stores everything that was answered, as it was answered: nothing is judged, nothing is answered again.
    ///
    /// # Errors
    /// 409 when anything is stored here already; when the database fails.
    pub(crate) async fn move_in(&mut self, removal: Removal) -> Result<(), ApiError> {
        if self.last_seq != 0 {
            return Err(taken());
        }
        for some in removal.answered.chunks(TOGETHER) {
            let wanted: BTreeSet<EntityId> = some.iter().map(|(op, _)| op.entity()).collect();
            self.load(&wanted.into_iter().collect::<Vec<_>>()).await?;
            let mut rows = Rows::default();
            for (op, refused) in some {
                self.append(&mut rows, op, refused.as_deref());
            }
            self.flush(rows).await?;
        }
        self.show_photos(&removal.photos).await?;
        for (class, year, last) in removal.book.series() {
            sql::query("INSERT INTO numbers (tenant, series, year, last) VALUES (?, ?, ?, ?)")
                .bind(self.tenant.id)
                .bind(class)
                .bind(i64::from(year))
                .bind(last)
                .execute(&mut self.conn)
                .await?;
        }
        sql::query("UPDATE tenant SET numbers_held = ? WHERE tenant = ?")
            .bind(i64::from(removal.numbers_held))
            .bind(self.tenant.id)
            .execute(&mut self.conn)
            .await?;
        // Roles may be the township's own.
        self.revise().await?;
        self.save_people(&removal.people).await?;
        for (user, dev, key) in &removal.keys {
            signature::learn(self, user, *dev, key).await?;
        }
        Ok(())
    }

    /// Brings accounts in line with the directory as it stands in the log.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn read_people(&mut self) -> Result<(), ApiError> {
        let found: Vec<Vec<u8>> =
            sql::query_scalar("SELECT entity FROM entities WHERE tenant = ? AND type = ? ORDER BY entity")
                .bind(self.tenant.id)
                .bind(RecordKind::Staff.as_str())
                .fetch_all(&mut self.conn)
                .await?;
        let ids = found.into_iter().map(entity_of).collect::<Result<Vec<_>, _>>()?;
        self.load(&ids).await?;
        let mut people: Vec<Person> = Vec::new();
        for id in ids {
            let Some(stream) = self.streams.get_mut(&id) else { continue };
            stream.settle();
            if let Some(one) = person(&stream.entity)
                && people.iter().all(|known| known.user != one.user)
            {
                people.push(one);
            }
        }
        self.save_people(&people).await?;
        Ok(())
    }

    /// Makes visible those of these files that an operation names.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn show_photos(&mut self, photos: &[Photo]) -> Result<(), ApiError> {
        for photo in photos {
            let named: Option<(String, String)> =
                sql::query_as("SELECT mime, account FROM blob_refs WHERE tenant = ? AND sha256 = ? LIMIT 1")
                    .bind(self.tenant.id)
                    .bind(&photo.sha256)
                    .fetch_optional(&mut self.conn)
                    .await?;
            if let Some((mime, account)) = named {
                self.keep_blob(&photo.sha256, photo.len, &mime, &account).await?;
            }
        }
        Ok(())
    }
}
