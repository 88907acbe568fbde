//! Who is sent a household's restricted category (VISIT-09) follows from the day and from the roles of its author, not
//! from its operations alone: a grant ends without anybody writing something. So it is gone through on the first request
//! of a day, and when the roles of its author change; whoever reads it no more is told to forget it, as by a move.

use std::collections::{BTreeMap, BTreeSet};

use gridbook_domain::role::Actor;
use gridbook_log::EntityId;

use super::ledger::{Ledger, entity_of};
use super::rows::Rows;
use crate::clock::china_day;
use crate::problem::ApiError;
use crate::quarantine;
use crate::sql::Builder;

impl Ledger {
    /// Brings who is sent them in line with who reads them today: all, or those that `author` opened.
    ///
    /// # Errors
    /// When the database fails.
    pub(crate) async fn settle_restricted(&mut self, author: Option<&str>) -> Result<(), ApiError> {
        // The type stands in the text, so that the index of just these is used.
        let mut query = Builder::new("SELECT entity FROM entities WHERE type = 'restricted' AND tenant = ");
        query.push_bind(self.tenant.id);
        if let Some(author) = author {
            query.push(" AND creator = ").push_bind(author);
        }
        query.push(" ORDER BY entity");
        let found: Vec<Vec<u8>> =
            query.build_query_scalar().persistent(false).fetch_all(&mut self.conn).await?;
        if found.is_empty() {
            return Ok(());
        }
        let ids = found.into_iter().map(entity_of).collect::<Result<Vec<_>, _>>()?;
        let (mut rows, mut changed) = (Rows::default(), false);
        let mut known: BTreeMap<String, Actor> = BTreeMap::new();
        for some in ids.chunks(500) {
            self.load(some).await?;
            for id in some {
                if let Some(readers) = self.readers(*id, &mut known).await? {
                    changed |= self.lay(&mut rows, *id, readers);
                }
            }
        }
        // A day on which nothing ends writes nothing.
        if changed {
            self.flush(rows).await?;
        }
        Ok(())
    }

    /// The channels of those who read it today; `None` for what was refused, which is nobody else's anyway.
    async fn readers(
        &mut self,
        id: EntityId,
        known: &mut BTreeMap<String, Actor>,
    ) -> Result<Option<Vec<String>>, ApiError> {
        let Some(stream) = self.streams.get_mut(&id) else { return Ok(None) };
        stream.settle();
        let entity = stream.entity.clone();
        if entity.creation().is_none_or(|made| made.rejected.is_some()) {
            return Ok(None);
        }
        let people: BTreeSet<String> =
            entity.users().into_iter().map(str::to_owned).chain([stream.creator.clone()]).collect();
        let today = china_day(self.now());
        let mut channels = Vec::new();
        for user in people {
            if !known.contains_key(&user) {
                known.insert(user.clone(), quarantine::actor(self, &user).await?);
            }
            if known.get(&user).is_some_and(|actor| self.admission.reads(actor, &entity, today)) {
                channels.push(format!("p:{user}"));
            }
        }
        Ok(Some(channels))
    }
}
