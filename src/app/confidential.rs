//! Confidential reports (ROLE-11): handed in and read online. Nothing of them goes into this device's log, so nothing of
//! them leaves by a share or a file, and nothing has to be taken away later.

use std::rc::Rc;

use gridbook_domain::admit::message_for;
use gridbook_domain::confidential::{REPORT, hears_any, name};
use gridbook_domain::role::holds;
use gridbook_log::{DeviceId, Entity, EntityId, Op, WireOp};
use gridbook_sync::env::Env;
use gridbook_sync::replica::NewWrite;
use gridbook_sync::wire::{PushReply, PushRequest, Verdict};
use serde::Deserialize;

use super::{App, Backend, Problem};
use crate::platform::BrowserEnv;
use crate::ui::format;

const WAY: &str = "/api/confidential";

/// All that a list shows of a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Line {
    /// The stream.
    pub id: EntityId,
    /// Its form, `id/version`.
    #[serde(default)]
    pub form: String,
    /// State of the workflow.
    pub state: String,
    /// When it came in, milliseconds since 1970.
    pub at: u64,
}

impl Line {
    /// What its author and the channel call it.
    pub fn name(&self) -> String {
        name(format::local(self.at).date(), self.id)
    }
}

/// A look at a report.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct View {
    /// Who.
    pub user: String,
    /// When, milliseconds since 1970.
    pub at: u64,
}

#[derive(Deserialize)]
struct Lines {
    reports: Vec<Line>,
}

#[derive(Deserialize)]
struct Report {
    ops: Vec<WireOp>,
    authority: DeviceId,
    views: Vec<View>,
}

impl App {
    /// Whether this account may report in confidence, or hears what others do.
    pub fn in_confidence(&self, handle: bool) -> bool {
        let (package, actor, today) = (self.package(), self.actor(), self.today());
        if handle { hears_any(&package, &actor, today) } else { holds(&package, &actor, REPORT, today) }
    }

    /// Whether records go to a server of the township: on a share everybody would read it.
    pub async fn keeps_confidence(&self) -> bool {
        !self.is_local() && self.backend().await == Backend::Server
    }

    /// Which reports, and their state: those that this account handed in, or hears.
    ///
    /// # Errors
    /// [`Problem`] in words for people.
    pub async fn confidential(&self, handle: bool) -> Result<Vec<Line>, Problem> {
        let way = if handle { WAY.to_owned() } else { format!("{WAY}/mine") };
        Ok(self.api().get::<Lines>(&way).await?.reports)
    }

    /// One report, in memory only. The server writes down who looked.
    ///
    /// # Errors
    /// [`Problem`] in words for people.
    pub async fn look(&self, id: EntityId) -> Result<(Rc<Entity>, Vec<View>), Problem> {
        let report: Report = self.api().get(&format!("{WAY}/{id}")).await?;
        let mut entity = Entity::new(id, Some(report.authority));
        for wire in report.ops {
            // The server has read each of them.
            if let Ok(op) = Op::from_wire(wire) {
                entity.apply(&op);
            }
        }
        Ok((Rc::new(entity), report.views))
    }

    /// Hands in a report, or a step of one (`before`), and waits for the answer.
    ///
    /// # Errors
    /// [`Problem`]; then nothing was taken in, unless the answer was lost on its way.
    pub async fn hand_in(&self, before: Option<&Entity>, write: &NewWrite) -> Result<(), Problem> {
        let refused = |code: &str, message| Problem::Refused { code: code.to_owned(), message };
        self.check(before, write).map_err(|refusal| refused(refusal.code(), refusal.message()))?;
        let replica = self.replica().ok_or(Problem::SignedOut)?;
        let op = self
            .operation(&replica, before, write, BrowserEnv.random_array())
            .map_err(|_| Problem::TooLong)?;
        let (writer, nonce, now) = (replica.meta().writer, replica.meta().nonce.clone(), op.header().hlc.ms);
        let request = PushRequest { writer, nonce, now, ops: vec![op.to_wire()] };
        let reply: PushReply = self.api().post(WAY, &request).await?;
        match reply.results.into_iter().next() {
            Some(result) if matches!(result.r, Verdict::Ok | Verdict::Dup) => Ok(()),
            result => {
                let code = result.and_then(|result| result.code).unwrap_or_default();
                Err(refused(&code, message_for(&code)))
            }
        }
    }
}
