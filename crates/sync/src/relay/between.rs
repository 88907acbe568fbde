//! One client between two backends: what either holds and the other lacks is carried over, authority's answers
//! included, so that both populations end with the same.
//!
//! The client's account must see everything at both. What a backend asks of carried operations (a signature, at
//! the reference server) it asks here too; what it refuses stays where it was, counted.
//!
//! An id that two contents bear, because a device's store was copied, stands for one of them at the backend that judges,
//! the one that came first; the other it refuses. A backend that only keeps what it is given may show the other, and
//! nothing of the first: then whoever wrote the other would never know. So what the judge holds under such an id is brought
//! to the keeper, and every bearer of the name who reads both there writes both again (`replica/forks.rs`).

mod photos;

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Body, EntityId, Hash, Op, OpId, WireOp};
use serde::{Deserialize, Serialize};

use super::{Broken, Steps, Tally, broken, hand_on};
use crate::driver::Http;
use crate::engine::{Identity, Request, Response};
use crate::wire::{Caps, Entry, MAX_PAGE};

pub use photos::{Gives, carry_photos};

/// How far the way from one backend to another has come. Whoever lost it begins anew: all that costs is repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Where the feed goes on.
    cursor: String,
    /// Read, and not to be placed yet on the other side.
    waiting: Vec<WireOp>,
    /// Streams that stay where they are.
    kept_back: BTreeSet<EntityId>,
    /// Photos and recordings that were named and are not over yet, by their content.
    photos: BTreeMap<String, photos::Due>,
    /// Ids that stand for something else on the other side, and that side's content was not brought here yet.
    taken: BTreeSet<OpId>,
}

/// What both backends are known to hold and one of them has not shown yet: need not go back. A help, nothing depends
/// on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common(BTreeSet<Hash>);

/// Both ways, as they are kept from one round to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ways {
    /// From the first to the second.
    there: Position,
    /// From the second to the first.
    back: Position,
    common: Common,
    /// Whose history it was, first and second.
    histories: (String, String),
}

/// Why there is nothing to be carried between two backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It broke off; the next round goes on.
    Broken(Broken),
    /// Different authorities answer there: each would take the other's numbers for a stranger's.
    Authorities,
}

impl From<Broken> for Unfit {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

/// What one round carried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// From the first to the second.
    pub there: Tally,
    /// From the second to the first.
    pub back: Tally,
}

impl Ways {
    /// One round between two backends: text both ways, then photos. Where only one of them judges, it is best the second:
    /// what it holds already it says by itself, a keeper would store it twice. `keeps_back` names the types of streams that
    /// never go to a backend which everybody reads whole.
    ///
    /// # Errors
    /// [`Unfit`]. Whatever arrived before has arrived, and the ways stand behind it.
    pub async fn round(
        &mut self,
        first: &impl Gives,
        second: &impl Gives,
        identity: &Identity,
        now_ms: u64,
        keeps_back: impl Fn(&str) -> bool,
    ) -> Result<Carried, Unfit> {
        let (one, other) = (caps(first).await?, caps(second).await?);
        if one.authority.zip(other.authority).is_some_and(|(one, other)| one != other) {
            return Err(Unfit::Authorities);
        }
        let histories = (one.history.clone(), other.history.clone());
        if self.histories != histories {
            // Set up anew: what was carried there is gone.
            *self = Self { histories, ..Self::default() };
        }
        let mut carried = Carried::default();
        self.texts(first, second, identity, now_ms, &keeps_back, &mut carried).await?;
        carry_photos(first, second, now_ms, &mut self.there, &mut carried.there).await?;
        carry_photos(second, first, now_ms, &mut self.back, &mut carried.back).await?;
        Ok(carried)
    }

    /// Text both ways; one way may break off where the other does not.
    pub(crate) async fn texts(
        &mut self,
        first: &impl Http,
        second: &impl Http,
        identity: &Identity,
        now_ms: u64,
        keeps_back: &impl Fn(&str) -> bool,
        carried: &mut Carried,
    ) -> Result<(), Broken> {
        let Self { there, back, common, .. } = self;
        let to = carry(first, second, identity, now_ms, there, common, keeps_back).await;
        let fro = carry(second, first, identity, now_ms, back, common, keeps_back).await;
        let shown = match (&to, &fro) {
            (Ok(_), Ok(_)) => {
                let taken = (&mut there.taken, &mut *back);
                let fro = show(second, first, identity, now_ms, taken, common, keeps_back).await;
                let taken = (&mut back.taken, &mut *there);
                let to = show(first, second, identity, now_ms, taken, common, keeps_back).await;
                fro.and_then(|fro| Ok((to?, fro)))
            }
            _ => Ok((0, 0)),
        };
        if [&to, &fro].iter().any(|way| matches!(way, Err(Broken::Backend(409 | 410)))) {
            // A backup was put back: it may lack what was carried there, too.
            *self = Self { histories: self.histories.clone(), ..Self::default() };
        }
        let broken = [(to, &mut carried.there), (fro, &mut carried.back)]
            .into_iter()
            .filter_map(|(way, tally)| way.map(|carried| *tally = carried).err());
        broken.last().map_or(Ok(()), Err)?;
        let (to, fro) = shown?;
        carried.there.stored += to;
        carried.back.stored += fro;
        Ok(())
    }

    /// What was known to be on both sides is forgotten, as after a death before it was kept.
    pub(crate) fn forget(&mut self) {
        self.common = Common::default();
    }

    /// Photos and recordings that were named and have not come over yet.
    pub fn photos_due(&self) -> usize {
        self.there.photos.len() + self.back.photos.len()
    }
}

async fn caps(http: &impl Http) -> Result<Caps, Broken> {
    match http.send(&Request::Caps, None).await {
        Response::Caps(caps) => Ok(caps),
        other => Err(broken(&other)),
    }
}

/// Carries what is new at `from` over to `to`. The position moves only behind what has arrived. `keeps_back`: as in
/// [`Ways::round`].
///
/// # Errors
/// [`Broken`]; call it again.
async fn carry(
    from: &impl Http,
    to: &impl Http,
    identity: &Identity,
    now_ms: u64,
    position: &mut Position,
    common: &mut Common,
    keeps_back: &impl Fn(&str) -> bool,
) -> Result<Tally, Broken> {
    let caps = caps(to).await?;
    let mut tally = Tally::default();
    loop {
        let request = Request::Pull { cursor: position.cursor.clone(), limit: MAX_PAGE, not: None };
        let page = match from.send(&request, None).await {
            Response::Pull(page) => page,
            other => {
                if matches!(other, Response::Failed { status: 409 | 410, .. }) {
                    // Another history: from its beginning, and nothing is known to be there.
                    *position = Position::default();
                    common.0.clear();
                }
                return Err(broken(&other));
            }
        };
        let mut ops = position.waiting.clone();
        for entry in page.entries {
            let Entry::Op { op: wire, .. } = entry else { continue };
            let Ok(op) = Op::from_wire(wire.clone()) else { continue };
            // What came from there need not go back.
            if !common.0.remove(op.hash()) && goes(&op, &caps, position, keeps_back) {
                let named = op.body().map(|body| body.blobs().to_vec()).unwrap_or_default();
                for blob in named {
                    position.photos.entry(blob.sha256).or_default();
                }
                ops.push(wire);
            }
        }
        let arrived = |wire: &WireOp| {
            if let Ok(op) = Op::from_wire(wire.clone()) {
                common.0.insert(*op.hash());
            }
        };
        let mut taken = BTreeSet::new();
        let steps = Steps {
            progress: |_| (),
            arrived,
            taken: |id| {
                taken.insert(id);
            },
        };
        let left = hand_on(to, identity, now_ms, &caps, &ops, &mut tally, steps).await?;
        position.taken.append(&mut taken);
        let still = page.cursor == position.cursor;
        position.cursor = page.cursor;
        position.waiting = left;
        // A page that does not move the cursor would be asked for again for ever.
        if !page.more || still {
            return Ok(tally);
        }
    }
}

/// Brings what a backend that judges holds under ids for which it refused something else to the one which showed that, if
/// that one only keeps: who reads both there writes both again. `taken` are the ids, `way` leads from the one to the other.
/// Gives how many it brought.
///
/// # Errors
/// [`Broken`]; they are brought in the next round.
async fn show(
    judge: &impl Http,
    keeper: &impl Http,
    identity: &Identity,
    now_ms: u64,
    (taken, way): (&mut BTreeSet<OpId>, &mut Position),
    common: &mut Common,
    keeps_back: &impl Fn(&str) -> bool,
) -> Result<usize, Broken> {
    if taken.is_empty() {
        return Ok(0);
    }
    let caps = caps(keeper).await?;
    if caps.levels.contains(&1) {
        // It would refuse them as well.
        taken.clear();
        return Ok(0);
    }
    let mut ops = Vec::new();
    let mut cursor = String::new();
    loop {
        let request = Request::Pull { cursor: cursor.clone(), limit: MAX_PAGE, not: None };
        let page = match judge.send(&request, None).await {
            Response::Pull(page) => page,
            other => return Err(broken(&other)),
        };
        for entry in page.entries {
            let Entry::Op { op: wire, .. } = entry else { continue };
            let Ok(op) = Op::from_wire(wire.clone()) else { continue };
            if taken.contains(&op.id()) && goes(&op, &caps, way, keeps_back) {
                ops.push(wire);
            }
        }
        if !page.more || page.cursor == cursor {
            break;
        }
        cursor = page.cursor;
    }
    let mut tally = Tally::default();
    let arrived = |wire: &WireOp| {
        if let Ok(op) = Op::from_wire(wire.clone()) {
            common.0.insert(*op.hash());
        }
    };
    let steps = Steps { progress: |_| (), arrived, taken: |_| () };
    hand_on(keeper, identity, now_ms, &caps, &ops, &mut tally, steps).await?;
    taken.clear();
    Ok(tally.stored)
}

/// Whether an operation may go to the backend with these capabilities.
fn goes(op: &Op, to: &Caps, position: &mut Position, keeps_back: &impl Fn(&str) -> bool) -> bool {
    if to.levels.contains(&1) {
        // Who judges gives its own answers and takes nobody else's.
        return Some(op.dot().writer.dev) != to.authority;
    }
    if let Ok(Body::Create(create)) = op.body()
        && keeps_back(&create.type_)
    {
        position.kept_back.insert(op.entity());
    }
    !position.kept_back.contains(&op.entity())
}
