//! Every fault by name: on which backends it comes, and how often it did. A fault that no longer comes fails a test
//! (`tests/simulator.rs`, and `crates/server/tests/sqlite/simulator.rs` for the server outside this crate).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::Kind;
use crate::share::ShareKind;

/// How often each fault happened.
pub type Tally = BTreeMap<Mishap, usize>;

macro_rules! mishaps {
    ($($(#[$text:meta])* $name:ident on $where:ident,)*) => {
        /// A fault of the list in the module's text of [`crate::sim`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Mishap {
            $($(#[$text])* $name,)*
        }

        impl Mishap {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            fn place(self) -> Place {
                match self {
                    $(Self::$name => Place::$where,)*
                }
            }
        }
    };
}

/// Where a fault can come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Everywhere,
    /// Where requests are ours, not files: the server in memory, the reference server.
    Servers,
    Shares,
    WebDav,
    CouchDb,
    /// Every kind but two backends at once.
    One,
    /// Servers, but not beside a share.
    Judges,
    Two,
}

mishaps! {
    /// A request that never arrives.
    RequestLost on Everywhere,
    /// An answer that never arrives; what it answers was done.
    AnswerLost on Everywhere,
    /// A request that arrives twice.
    Repeated on Everywhere,
    /// A message that is overtaken by a later one.
    Overtaken on Everywhere,
    /// 423, 429, 503, 504.
    Busy on Everywhere,
    /// The same with `Retry-After`.
    RetryAfter on Everywhere,
    /// 502 with a page for people.
    Proxy on Everywhere,
    /// A batch of which the first part is stored, and then the connection closes.
    PartBatch on Servers,
    /// A batch that is larger than the backend takes.
    TooLarge on Servers,
    /// A packed page that is cut off or damaged.
    PackDamaged on Servers,
    /// The list of packed streams is another one before it was read to its end.
    PackReplaced on Servers,
    /// The reader's place in the feed was compacted away.
    FloorMoved on Servers,
    /// An entry of the feed that cannot be read.
    Unreadable on Servers,
    /// What had come of a photo is lost.
    PartsLost on Servers,
    /// An operation that the feed leaves out.
    EntrySkipped on Servers,
    /// A row of a device's store is gone.
    RowLost on Judges,
    /// Rights are given and taken while people pull.
    RightsMoved on Judges,
    /// An operation that a rule refuses.
    Refused on Servers,
    /// An answer whose body ends too early.
    AnswerCut on Shares,
    /// 200 with a page for people instead of what was asked for.
    Portal on Shares,
    /// 301 or 307.
    Redirected on Shares,
    /// Something that is no log lies among the logs.
    Junk on Shares,
    /// An upload in parts that broke off between two of them; it goes on with those that are there.
    UploadBroken on Shares,
    /// The head of a log that others may not read for a while.
    HeadForbidden on WebDav,
    /// Half an upload stays in place.
    UploadCut on WebDav,
    /// A listing of some time ago.
    StaleListing on WebDav,
    /// A listing without members.
    EmptyListing on WebDav,
    /// Listings without entity tags.
    NoTags on WebDav,
    /// Entity tags that end in `-gzip` now and then.
    GzipTags on WebDav,
    /// Listings without sizes.
    NoSizes on WebDav,
    /// Addresses with scheme and host, oddly encoded.
    OddAddresses on WebDav,
    /// 412 to every condition.
    NoConditions on WebDav,
    /// A row of a bulk write that fails.
    RowFailed on CouchDb,
    /// A feed that begins earlier than asked.
    FeedRepeats on CouchDb,
    /// Sequences that are numbers.
    SeqNumbers on CouchDb,
    /// A clock that is set, from −30 to +400 days.
    ClockSet on Everywhere,
    /// A clock that is set back.
    ClockBack on Everywhere,
    /// A clock that stands still.
    ClockFrozen on Everywhere,
    /// A tab that dies, between two commands or at one.
    TabDied on Everywhere,
    /// Two tabs of a device that both lead.
    TwoLeaders on Everywhere,
    /// A full device.
    Quota on Everywhere,
    /// A connection to the store that is lost; nothing was written.
    StoreLost on Everywhere,
    /// The same, and all was written.
    CommitUnheard on Everywhere,
    /// A store that is gone with everything in it.
    Evicted on Everywhere,
    /// An older copy of a store, put back.
    PutBack on Everywhere,
    /// A store that is copied to one more device; both go on.
    Copied on Everywhere,
    /// Two bearers of a name, found out.
    NamedTwice on Everywhere,
    /// The backend goes back to a backup.
    Restored on Everywhere,
    /// An operation of a kind of a later program.
    UnknownKind on Everywhere,
    /// Fields of a later program.
    UnknownField on Everywhere,
    /// Operations in others' names.
    Forged on Everywhere,
    /// A record that names a photo which nobody has any more.
    PhotoMissing on One,
    /// The client between two backends forgets what it knew.
    Forgotten on Two,
}

impl Mishap {
    /// Whether it comes with backends of this kind, in every few dozen seeds.
    pub fn comes_on(self, kind: Kind) -> bool {
        let share = kind.share();
        match self.place() {
            Place::Everywhere => true,
            Place::Servers | Place::Judges => kind.judges(),
            Place::Shares => share.is_some(),
            Place::WebDav => share == Some(ShareKind::WebDav),
            Place::CouchDb => share == Some(ShareKind::CouchDb),
            Place::One => !kind.is_two(),
            Place::Two => kind.is_two(),
        }
    }

    /// Whether it may come. Beside a share half of the devices are at the server, and what befalls only those is rare.
    fn may_come_on(self, kind: Kind) -> bool {
        let rare = self.place() == Place::Servers && self != Self::EntrySkipped;
        self.comes_on(kind) || rare && kind.is_two()
    }
}

/// Where faults are counted as they happen.
#[derive(Clone, Debug, Default)]
pub struct Met(Rc<RefCell<Tally>>);

impl Met {
    pub(crate) fn note(&self, mishap: Mishap) {
        self.add(mishap, 1);
    }

    pub(crate) fn add(&self, mishap: Mishap, count: usize) {
        if count > 0 {
            *self.0.borrow_mut().entry(mishap).or_default() += count;
        }
    }

    pub(crate) fn tally(&self) -> Tally {
        self.0.borrow().clone()
    }
}

/// Faults that did not come with this kind of backends though they should, and those that came though they cannot.
pub fn astray(kind: Kind, met: &Tally) -> Vec<Mishap> {
    let wrong = |mishap: &Mishap| match met.contains_key(mishap) {
        true => !mishap.may_come_on(kind),
        false => mishap.comes_on(kind),
    };
    Mishap::ALL.iter().copied().filter(wrong).collect()
}
