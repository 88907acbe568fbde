//! One client between two backends: what either holds and the other lacks is carried over, authority's answers
//! included, so that both populations end with the same.
//!
//! The client's account must see everything at both. What a backend asks of carried operations (a signature, at
//! the reference server) it asks here too; what it refuses stays where it was, counted.
//!
//! An id that two contents bear, because a device's store was copied, stands for one of them at the backend that judges,
//! the one that came first; the other it refuses. A backend that only keeps what it is given may show the other, and
//! nothing of the first: then whoever wrote the other would never know. So what the judge holds under such an id is brought
//! to the keeper, and every bearer of the name who reads both there writes both again, or what is its own of them
//! (`replica/forks.rs`). That takes the judge's whole feed, so it is done at once, and then once an hour at most.

mod due;
mod hashes;
mod held;
mod pace;
mod photos;
mod room;

use std::collections::{BTreeMap, BTreeSet};

use gridbook_log::{Body, EntityId, Hash, Op, OpId, WireOp};
use serde::{Deserialize, Serialize};

use super::{Broken, Steps, Tally, broken, hand_on, is_fork};
use crate::driver::Http;
use crate::engine::{Identity, Request, Response};
use crate::wire::{Caps, Entry, MAX_PAGE, PullReply, PushResult, Verdict};
use held::{Held, Tried};

pub use held::Waits;
pub use pace::Pace;
pub use photos::{Gives, carry_photos};

/// Pause before the whole feed of a backend that judges is read again for what it holds under ids that stand for
/// something else elsewhere, in milliseconds. Whoever can write to a share can bring up such an id with every round.
const SHOW_MS: u64 = 60 * 60 * 1000;

/// How far the way from one backend to another has come. Whoever lost it begins anew: all that costs is repeats.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Position {
    /// Where the feed goes on.
    cursor: String,
    /// Read, and not taken yet on the other side.
    held: Held,
    /// Carried over, and not shown by the other side yet: need not go back, nor over once more when a page broke off. A
    /// help, nothing depends on it.
    #[serde(with = "hashes")]
    over: BTreeSet<Hash>,
    /// Streams that stay where they are.
    kept_back: BTreeSet<EntityId>,
    /// Photos and recordings whose records are over and that are not, by their content.
    photos: BTreeMap<String, due::Due>,
    /// Ids that stand for something else on the other side, and that side's content was not brought here yet.
    taken: BTreeSet<OpId>,
    /// When that side's feed was last read for them, milliseconds since 1970.
    shown_at: Option<u64>,
}

/// Both ways, as they are kept from one round to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ways {
    /// From the first to the second.
    there: Position,
    /// From the second to the first.
    back: Position,
    /// Whose history it was, first and second.
    histories: (String, String),
}

/// Why there is nothing to be carried between two backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
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

/// Who carries, when, and what is asked and told on the way.
#[derive(Clone, Copy)]
pub struct Errand<'a> {
    /// Under which name it pushes.
    pub identity: &'a Identity,
    /// Milliseconds since 1970.
    pub now_ms: u64,
    /// Types of streams that never go to a backend which everybody reads whole.
    pub keeps_back: &'a dyn Fn(&str) -> bool,
    /// Told with every page that has arrived: whoever writes the ways down then begins there after a power cut ([`Pace`]).
    pub arrived: &'a dyn Fn(&Ways),
}

/// One of the two ways.
#[derive(Clone, Copy)]
enum Way {
    There,
    Back,
}

impl Ways {
    /// One round between two backends: text both ways, then photos. Where only one of them judges, it is best the second:
    /// what it holds already it says by itself, a keeper would store it twice. `carried` counts, however it ends.
    ///
    /// # Errors
    /// [`Unfit`]. Whatever arrived before has arrived, and the ways stand behind it.
    pub async fn round(
        &mut self,
        first: &impl Gives,
        second: &impl Gives,
        errand: Errand<'_>,
        carried: &mut Carried,
    ) -> Result<(), Unfit> {
        let (one, other) = (caps(first).await?, caps(second).await?);
        if one.authority.zip(other.authority).is_some_and(|(one, other)| one != other) {
            return Err(Unfit::Authorities);
        }
        let histories = (one.history.clone(), other.history.clone());
        if self.histories != histories {
            // Set up anew: what was carried there is gone.
            *self = Self { histories, ..Self::default() };
        }
        self.texts(first, second, errand, carried).await?;
        let there = carry_photos(first, second, errand.now_ms, &mut self.there, &mut carried.there).await;
        let back = carry_photos(second, first, errand.now_ms, &mut self.back, &mut carried.back).await;
        Ok(there.and(back)?)
    }

    /// Text both ways; one way may break off where the other does not.
    pub(crate) async fn texts(
        &mut self,
        first: &impl Http,
        second: &impl Http,
        errand: Errand<'_>,
        carried: &mut Carried,
    ) -> Result<(), Broken> {
        let to = self.carry(Way::There, first, second, errand, &mut carried.there).await;
        let fro = self.carry(Way::Back, second, first, errand, &mut carried.back).await;
        let shown = if to.is_ok() && fro.is_ok() {
            let fro = self.show(Way::There, second, first, errand, &mut carried.back).await;
            fro.and(self.show(Way::Back, first, second, errand, &mut carried.there).await)
        } else {
            Ok(())
        };
        if [&to, &fro].iter().any(|way| matches!(way, Err(Broken::Backend(409 | 410)))) {
            // A backup was put back: it may lack what was carried there, too.
            *self = Self { histories: self.histories.clone(), ..Self::default() };
        }
        fro.and(to).and(shown)
    }

    /// What was known to be on both sides is forgotten, as after a death before it was kept.
    pub(crate) fn forget(&mut self) {
        self.there.over.clear();
        self.back.over.clear();
    }

    /// Photos and recordings whose records came over and that have not come yet.
    pub fn photos_due(&self) -> usize {
        self.there.photos.len() + self.back.photos.len()
    }

    /// When the next of those photos is looked for, milliseconds since 1970.
    pub fn photos_next(&self) -> Option<u64> {
        self.there.photos.values().chain(self.back.photos.values()).map(due::Due::at).min()
    }

    /// What waits because it is not taken yet, by the code of why.
    pub fn waits(&self) -> BTreeMap<String, Waits> {
        let mut waits = BTreeMap::new();
        self.there.held.waits(&mut waits);
        self.back.held.waits(&mut waits);
        waits
    }

    /// How many operations wait because they are not taken yet, by the code of why.
    pub fn held(&self) -> BTreeMap<String, usize> {
        self.waits().into_iter().map(|(code, waits)| (code, waits.ops)).collect()
    }

    /// A way, and the one against it.
    fn of(&mut self, way: Way) -> (&mut Position, &mut Position) {
        match way {
            Way::There => (&mut self.there, &mut self.back),
            Way::Back => (&mut self.back, &mut self.there),
        }
    }

    /// Carries what is new at `from` over to `to`. The position moves only behind what has arrived.
    async fn carry(
        &mut self,
        way: Way,
        from: &impl Http,
        to: &impl Http,
        errand: Errand<'_>,
        tally: &mut Tally,
    ) -> Result<(), Broken> {
        let caps = caps(to).await?;
        let (position, _) = self.of(way);
        if let Some(cursor) = position.held.again(errand.now_ms) {
            position.cursor = cursor;
        }
        let mut begins = true;
        loop {
            let (position, against) = self.of(way);
            let page = pull(from, &position.cursor).await?;
            let load = Load::of(page.entries, position, against, &caps, begins, errand);
            load.carry(to, &caps, position, errand, tally).await?;
            for hash in load.came {
                against.over.remove(&hash);
            }
            let still = page.cursor == position.cursor;
            position.cursor = page.cursor;
            (errand.arrived)(self);
            // A page that does not move the cursor would be asked for again for ever.
            if !page.more || still {
                return Ok(());
            }
            begins = false;
        }
    }

    /// Brings what a backend that judges holds under ids for which it refused something else to the one which showed
    /// that, if that one only keeps: who reads both there writes both again. They were met on `way`.
    async fn show(
        &mut self,
        way: Way,
        judge: &impl Http,
        keeper: &impl Http,
        errand: Errand<'_>,
        tally: &mut Tally,
    ) -> Result<(), Broken> {
        let (position, against) = self.of(way);
        let looked = position.shown_at.is_some_and(|at| errand.now_ms.abs_diff(at) < SHOW_MS);
        if position.taken.is_empty() || looked {
            return Ok(());
        }
        let caps = caps(keeper).await?;
        if caps.levels.contains(&1) {
            // It would refuse them as well.
            position.taken.clear();
            return Ok(());
        }
        let (mut wires, mut hashes) = (Vec::new(), Vec::new());
        let mut cursor = String::new();
        loop {
            let page = pull(judge, &cursor).await?;
            for entry in page.entries {
                let Entry::Op { op: wire, .. } = entry else { continue };
                let Ok(op) = Op::from_wire(wire.clone()) else { continue };
                if position.taken.contains(&op.id()) && goes(&op, &caps, against, errand.keeps_back) {
                    hashes.push(*op.hash());
                    wires.push(wire);
                }
            }
            if !page.more || page.cursor == cursor {
                break;
            }
            cursor = page.cursor;
        }
        position.shown_at = Some(errand.now_ms);
        let heard = |at: usize, result: &PushResult| {
            if matches!(result.r, Verdict::Ok | Verdict::Dup | Verdict::Reject) {
                against.over.insert(hashes[at]);
            }
            if result.r == Verdict::Ok {
                tally.count(result);
            }
        };
        let steps = Steps { progress: |_| (), heard };
        hand_on(keeper, errand.identity, errand.now_ms, &caps, &wires, steps).await?;
        position.taken.clear();
        Ok(())
    }
}

async fn caps(http: &impl Http) -> Result<Caps, Broken> {
    match http.send(&Request::Caps, None).await {
        Response::Caps(caps) => Ok(caps),
        other => Err(broken(&other)),
    }
}

async fn pull(http: &impl Http, cursor: &str) -> Result<PullReply, Broken> {
    let request = Request::Pull { cursor: cursor.to_owned(), limit: MAX_PAGE, not: None };
    match http.send(&request, None).await {
        Response::Pull(page) => Ok(page),
        other => Err(broken(&other)),
    }
}

/// What goes over with one page, read and hashed once.
struct Load {
    wires: Vec<WireOp>,
    /// The same, read.
    ops: Vec<Op>,
    /// So many of them, the first, were tried before.
    known: usize,
    /// What the page showed and the way against it had carried there.
    came: Vec<Hash>,
}

impl Load {
    fn of(
        entries: Vec<Entry>,
        position: &mut Position,
        against: &mut Position,
        to: &Caps,
        begins: bool,
        errand: Errand<'_>,
    ) -> Self {
        let (mut new, mut came) = (Vec::new(), Vec::new());
        let (mut moving, mut coming) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            let Entry::Op { op: wire, .. } = entry else { continue };
            let Ok(op) = Op::from_wire(wire.clone()) else { continue };
            against.held.wake(op.entity());
            if against.over.contains(op.hash()) {
                // What came from there need not go back; forgotten only when the whole page has arrived.
                came.push(*op.hash());
            } else if !position.over.contains(op.hash()) && goes(&op, to, position, errand.keeps_back) {
                moving.insert(op.entity());
                coming.insert(*op.hash());
                new.push((wire, op));
            }
        }
        let held = position.held.ready(&moving, &coming, begins, errand.now_ms);
        let known = held.len();
        let (wires, ops) = held.into_iter().chain(new).unzip();
        Self { wires, ops, known, came }
    }

    async fn carry(
        &self,
        to: &impl Http,
        caps: &Caps,
        position: &mut Position,
        errand: Errand<'_>,
        tally: &mut Tally,
    ) -> Result<(), Broken> {
        let mut results: Vec<Option<PushResult>> = vec![None; self.ops.len()];
        let heard = |at: usize, result: &PushResult| {
            let op = &self.ops[at];
            if matches!(result.r, Verdict::Ok | Verdict::Dup | Verdict::Reject) {
                position.over.insert(*op.hash());
            }
            // A photo follows its record.
            if matches!(result.r, Verdict::Ok | Verdict::Dup) {
                for blob in op.body().map_or(&[][..], Body::blobs) {
                    position.photos.entry(blob.sha256.clone()).or_default();
                }
            }
            if is_fork(result) {
                position.taken.insert(op.id());
            }
            // That it was not taken was told the first time.
            if at >= self.known || result.r != Verdict::Refuse {
                tally.count(result);
            }
            results[at] = Some(result.clone());
        };
        let steps = Steps { progress: |_| (), heard };
        hand_on(to, errand.identity, errand.now_ms, caps, &self.wires, steps).await?;
        let mut tried: BTreeMap<EntityId, Tried> = BTreeMap::new();
        for ((op, wire), result) in self.ops.iter().zip(&self.wires).zip(results) {
            if let Some(result) = result {
                tried.entry(op.entity()).or_default().heard(wire.clone(), &result);
            }
        }
        position.held.settle(tried, &position.cursor, errand.now_ms);
        Ok(())
    }
}

/// Whether an operation may go to the backend with these capabilities.
fn goes(op: &Op, to: &Caps, position: &mut Position, keeps_back: &dyn Fn(&str) -> bool) -> bool {
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
