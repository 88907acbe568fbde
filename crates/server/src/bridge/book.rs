//! What is kept from one round to the next, in a file: who carries, how far both ways have come, what was carried last.
//! No password stands in it; operations that could not be placed yet do.

use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use gridbook_log::{DeviceId, Writer};
use gridbook_sync::relay::Tally;
use gridbook_sync::relay::between::{Carried, Pace, Unfit, Waits, Ways};
use serde::{Deserialize, Serialize};

use super::Place;
use crate::secret;

/// The last round that ended well, and all since the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Last {
    /// When a round last ended well, milliseconds since 1970; 0: never.
    pub at: u64,
    /// When something was last carried, milliseconds since 1970; 0: never.
    pub carried_at: u64,
    /// Operations and photos from the first to the second at that time.
    pub there: (usize, usize),
    /// The same from the second to the first.
    pub back: (usize, usize),
    /// Operations and photos in all, both ways.
    pub all: (usize, usize),
    /// Operations and photos that were not taken, in all.
    pub refused: (usize, usize),
    /// Why the last round did not end well.
    pub trouble: Option<Trouble>,
}

/// Why no round ends well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// Why.
    pub why: Unfit,
    /// Since when, milliseconds since 1970.
    pub since: u64,
    /// Nobody is asked before, milliseconds since 1970; 0: the next round asks.
    #[serde(default)]
    pub rests_until: u64,
}

/// See the module's text.
#[derive(Debug, Deserialize)]
pub struct Book {
    /// Addresses of the two backends.
    places: [String; 2],
    /// The log under which this client writes.
    pub(super) writer: Writer,
    pub(super) nonce: String,
    #[serde(default)]
    pub(super) ways: Ways,
    /// See [`Last`].
    #[serde(default)]
    pub last: Last,
    #[serde(skip)]
    path: PathBuf,
    /// How often it is written while pages arrive.
    #[serde(skip)]
    pace: Pace,
    /// Held as long as the book is open.
    #[serde(skip)]
    _lock: Option<File>,
}

/// All of a book but the ways, to be written with them while they are under way.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Entry<'a> {
    places: &'a [String; 2],
    writer: Writer,
    nonce: &'a str,
    last: &'a Last,
    #[serde(skip)]
    path: &'a Path,
    #[serde(skip)]
    pace: &'a Pace,
}

/// Why a book cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// It is about two other backends.
    #[error("{0} 记的是另外两处的转送，什么也没有改动；请用 --state 换一个文件")]
    Others(String),
    /// Another program uses it: two would write under one name.
    #[error("{0} 正被另一个转送程序用着；一个文件只能开一个转送，什么也没有改动")]
    Busy(String),
    /// It cannot be understood.
    #[error("{0} 读不懂，什么也没有改动；可以把它改名，再运行一次，从头转送不会重复收下")]
    Damaged(String),
    /// It cannot be read or written.
    #[error("{0} 读写不了：{1}")]
    File(String, io::Error),
}

impl Book {
    /// Opens the book at `path` about these two, or begins one.
    ///
    /// # Errors
    /// [`BookError`].
    pub fn open(path: &Path, places: &[Place; 2]) -> Result<Self, BookError> {
        let name = path.display().to_string();
        let failed = |error| BookError::File(name.clone(), error);
        let lock = File::create(beside(path, ".lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(BookError::Busy(name)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let places = [places[0].address.clone(), places[1].address.clone()];
        let mut book = match Self::read(path)? {
            Some(book) if book.places == places => book,
            Some(_) => return Err(BookError::Others(name)),
            None => Self {
                places,
                writer: Writer { dev: DeviceId(secret::random()), epoch: 1 },
                nonce: secret::hex(&secret::random::<16>()),
                ways: Ways::default(),
                last: Last::default(),
                path: PathBuf::new(),
                pace: Pace::default(),
                _lock: None,
            },
        };
        path.clone_into(&mut book.path);
        book._lock = Some(lock);
        Ok(book)
    }

    /// The book as it was last written; `None` when there is none.
    ///
    /// # Errors
    /// [`BookError`].
    pub fn read(path: &Path) -> Result<Option<Self>, BookError> {
        let name = || path.display().to_string();
        match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|_| BookError::Damaged(name())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(BookError::File(name(), error)),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// [`BookError::File`].
    pub fn write(&self) -> Result<(), BookError> {
        self.entry().write(&self.ways)
    }

    fn entry(&self) -> Entry<'_> {
        let Self { places, writer, nonce, last, path, pace, .. } = self;
        Entry { places, writer: *writer, nonce, last, path, pace }
    }

    /// The ways, and what stands beside them.
    pub(super) fn open_at(&mut self) -> (Entry<'_>, &mut Ways) {
        let Self { places, writer, nonce, last, path, pace, ways, .. } = self;
        (Entry { places, writer: *writer, nonce, last, path, pace }, ways)
    }

    /// Whether a program has the book at `path` open, that is, whether it carries.
    pub fn in_use(path: &Path) -> bool {
        let lock = File::open(beside(path, ".lock"));
        lock.is_ok_and(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// What waits because the other side does not take it yet, by the code of why.
    pub fn waits(&self) -> BTreeMap<String, Waits> {
        self.ways.waits()
    }

    /// When the next photo is looked for that has not come over yet, milliseconds since 1970.
    pub fn photos_next(&self) -> Option<u64> {
        self.ways.photos_next()
    }

    /// How many operations wait because the other side does not take them yet, by the code of why.
    pub fn held(&self) -> BTreeMap<String, usize> {
        self.ways.held()
    }

    /// Photos and recordings that were named and have not come over yet.
    pub fn photos_due(&self) -> usize {
        self.ways.photos_due()
    }

    /// The addresses that it is about.
    pub fn places(&self) -> &[String; 2] {
        &self.places
    }

    /// How a round ended; what is not over keeps the moment when it began.
    pub(super) fn ended(&mut self, now_ms: u64, done: Result<(), Unfit>, rests_until: u64) {
        let before = self.last.trouble.take();
        match done {
            Ok(()) => self.last.at = now_ms,
            Err(why) => {
                let since =
                    before.filter(|trouble| trouble.why == why).map_or(now_ms, |trouble| trouble.since);
                self.last.trouble = Some(Trouble { why, since, rests_until });
            }
        }
    }

    pub(super) fn note(&mut self, now_ms: u64, carried: &Carried) {
        let last = &mut self.last;
        let of = |tally: &Tally| (tally.stored + tally.rejected.values().sum::<usize>(), tally.photos);
        let not = |tally: &Tally| (tally.refused.values().sum::<usize>(), tally.photos_refused);
        let (there, back) = (of(&carried.there), of(&carried.back));
        if there != (0, 0) || back != (0, 0) {
            (last.carried_at, last.there, last.back) = (now_ms, there, back);
        }
        for (ops, photos) in [there, back] {
            last.all = (last.all.0 + ops, last.all.1 + photos);
        }
        for (ops, photos) in [not(&carried.there), not(&carried.back)] {
            last.refused = (last.refused.0 + ops, last.refused.1 + photos);
        }
    }
}

impl Entry<'_> {
    pub(super) fn writer(&self) -> Writer {
        self.writer
    }

    pub(super) fn nonce(&self) -> &str {
        self.nonce
    }

    /// A page has arrived: writes the book, or leaves it for one of the next, the larger it is. That it cannot be written
    /// is said when the round has ended.
    pub(super) fn arrived(&self, ways: &Ways) {
        if self.pace.arrived() {
            drop(self.write(ways));
        }
    }

    /// Writes the book with these ways, whole or not at all.
    pub(super) fn write(&self, ways: &Ways) -> Result<(), BookError> {
        #[derive(Serialize)]
        struct Written<'a> {
            #[serde(flatten)]
            entry: &'a Entry<'a>,
            ways: &'a Ways,
        }
        let new = beside(self.path, ".new");
        let text = serde_json::to_vec(&Written { entry: self, ways }).unwrap_or_default();
        let written = || -> io::Result<()> {
            let mut options = File::options();
            options.write(true).create(true).truncate(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt as _;
                options.mode(0o600);
            }
            let mut file = options.open(&new)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&new, self.path)?;
            flushed(self.path)
        };
        self.pace.wrote(text.len());
        written().map_err(|error| BookError::File(self.path.display().to_string(), error))
    }
}

/// The file that belongs to the book at `path`: its whole name goes before, for two books may differ in their ends only.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The new name in the folder is on the disk, too.
#[cfg(unix)]
fn flushed(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn flushed(_: &Path) -> io::Result<()> {
    Ok(())
}
