//! A township that worked without a server moves in: everything that one of its devices holds, in a carried file, becomes
//! this server's log. What its authority answered stays answered, numbers go on where they stood, the people of its
//! directory get accounts, and what nobody had answered yet is judged here.
//!
//! The file is believed, as a backup is: who can run this command could write into the database as well.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use gridbook_domain::authority::{self, Book, KINDS, assignments};
use gridbook_domain::package::Package;
use gridbook_domain::record::RecordKind;
use gridbook_domain::role::{Actor, holds};
use gridbook_domain::township::Township;
use gridbook_log::{Body, DeviceId, Entity, EntityId, Hlc, Op, causes_first, key};
use gridbook_sync::bundle::{Apart, Bundle, together};
use thiserror::Error;

use crate::app::App;
use crate::db::NewTenant;
use crate::problem::ApiError;
use crate::quarantine::{self, Why};
use crate::secret;
use crate::writer::rights::Person;

/// Epochs from here on belong to desks that held the office; a server's own are below.
const DESKS: u32 = 1 << 31;

/// Why a file is not taken. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdoptError {
    /// It was made for one person: it does not hold everything.
    #[error("file for one reader")]
    OneReader,
    /// Nobody ever numbered: there is no record of the township.
    #[error("no township in the file")]
    NoTownship,
    /// A desk still gives numbers: two of them would give the same one.
    #[error("a desk holds the office")]
    Held,
    /// Files that were not made together, or not all of them.
    #[error(transparent)]
    Apart(#[from] Apart),
}

/// Everything of a township, read and sorted.
#[derive(Debug)]
pub struct Removal {
    /// What the database is set up with.
    pub tenant: NewTenant,
    /// Operations, causes first, with the code of those that were refused.
    pub(crate) answered: Vec<(Op, Option<String>)>,
    /// What no authority has said anything to, by author.
    waiting: BTreeMap<String, Vec<Op>>,
    /// Accounts of the directory.
    pub(crate) people: Vec<Person>,
    /// Keys that devices made known, with their accounts.
    pub(crate) keys: Vec<(String, DeviceId, String)>,
    /// Where the numbers stand.
    pub(crate) book: Book,
    /// A desk still held the office: numbers it gave after this file was made are on paper only.
    pub numbers_held: bool,
    pub(crate) photos: Vec<Photo>,
    /// Their bytes, in the same order.
    bytes: Vec<Vec<u8>>,
    /// Erased and never answered: nothing can be done with them.
    passed_over: usize,
    /// For the order over all streams: when everything before an operation had been written, and where it stands.
    order: Vec<(Hlc, EntityId, usize)>,
}

/// A photo or a recording.
#[derive(Clone, Debug)]
pub(crate) struct Photo {
    /// Its name: the hash of its content.
    pub(crate) sha256: String,
    /// Bytes.
    pub(crate) len: i64,
}

impl Photo {
    fn new(sha256: String, len: usize) -> Self {
        Self { sha256, len: i64::try_from(len).unwrap_or(i64::MAX) }
    }
}

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Operations that were answered before.
    pub ops: usize,
    /// Photos and recordings.
    pub photos: usize,
    /// Accounts.
    pub people: usize,
    /// What waited and was taken in now.
    pub stored: usize,
    /// What waited and was refused by a rule now.
    pub rejected: usize,
    /// What waits in quarantine: its author has no account, or something before it is missing.
    pub left: usize,
    /// What stands in the file only: its text was erased and nobody had answered it, or its author's room in quarantine
    /// is full.
    pub in_file: usize,
}

impl Removal {
    /// Reads everything of one taking out that went into `count` files; `open` reads one. The bytes of photos are not
    /// kept: [`adopt_from`] is given them file by file, so that memory holds one file at a time.
    ///
    /// # Errors
    /// [`AdoptError`]; whatever `open` says.
    pub fn of_files<E: From<AdoptError>>(
        count: usize,
        mut open: impl FnMut(usize) -> Result<Bundle, E>,
        lost_desk: bool,
    ) -> Result<Self, E> {
        let (mut heads, mut inside, mut photos) = (Vec::new(), Vec::new(), Vec::new());
        for number in 0..count {
            let Bundle { head, ops, blobs } = open(number)?;
            heads.push(head);
            inside.push(ops);
            photos.extend(blobs.into_iter().map(|(sha256, bytes)| Photo::new(sha256, bytes.len())));
        }
        let order = together(&heads).map_err(AdoptError::from)?;
        let ops = order.iter().flat_map(|at| std::mem::take(&mut inside[*at])).collect();
        let head = heads.into_iter().next().ok_or(AdoptError::NoTownship)?;
        let mut removal = Self::read(Bundle { head, ops, blobs: Vec::new() }, lost_desk)?;
        removal.photos = photos;
        Ok(removal)
    }

    /// Reads a file. `lost_desk`: the desk that gave numbers is lost, so that it cannot lay the office down.
    ///
    /// # Errors
    /// [`AdoptError`]
    pub fn read(bundle: Bundle, lost_desk: bool) -> Result<Self, AdoptError> {
        if bundle.head.reader.is_some() {
            return Err(AdoptError::OneReader);
        }
        // The reader of the file has checked each of them.
        let ops = bundle.ops.into_iter().filter_map(|wire| Op::from_wire(wire).ok());
        let mut streams: BTreeMap<EntityId, Vec<Op>> = BTreeMap::new();
        // One file may have been given twice: those of before do not say which of how many they are.
        let mut seen = BTreeSet::new();
        for op in ops.filter(|op| seen.insert(*op.hash())) {
            streams.entry(op.entity()).or_default().push(op);
        }
        let (authority, town) = township(&streams).ok_or(AdoptError::NoTownship)?;
        if town.holder.is_some() && !lost_desk {
            return Err(AdoptError::Held);
        }
        let mut removal = Self {
            tenant: NewTenant {
                name: town.name,
                township: town.code,
                demo: false,
                duty_phone: None,
                authority: Some((authority, next_epoch(&streams, authority))),
                number_code: String::new(),
            },
            answered: Vec::new(),
            waiting: BTreeMap::new(),
            people: Vec::new(),
            keys: Vec::new(),
            book: Book::new(&town.number_code),
            numbers_held: town.holder.is_some(),
            photos: Vec::with_capacity(bundle.blobs.len()),
            bytes: Vec::with_capacity(bundle.blobs.len()),
            passed_over: 0,
            order: Vec::new(),
        };
        removal.tenant.number_code = town.number_code;
        for (sha256, bytes) in bundle.blobs {
            removal.photos.push(Photo::new(sha256, bytes.len()));
            removal.bytes.push(bytes);
        }
        for (id, ops) in streams {
            removal.take(id, authority, ops);
        }
        // Streams side by side in time, each with its causes first.
        let mut list: Vec<_> = removal.order.drain(..).zip(removal.answered.drain(..)).collect();
        list.sort_by_key(|(key, _)| *key);
        removal.answered = list.into_iter().map(|(_, op)| op).collect();
        Ok(removal)
    }

    fn take(&mut self, id: EntityId, dev: DeviceId, ops: Vec<Op>) {
        let whole = Entity::fold(id, Some(dev), &ops);
        // The township's own record is believed as it stands: it says that the office was laid down.
        let town = Township::authority(id) == Some(dev);
        let (answered, waiting): (Vec<Op>, Vec<Op>) =
            causes_first(ops).into_iter().partition(|op| town || authority::answered(&whole, dev, op));
        // Of the directory only what was taken in counts: nobody gives an account to themselves.
        self.person(&Entity::fold(id, Some(dev), &answered));
        let mut latest = Hlc::default();
        for (at, op) in answered.iter().enumerate() {
            latest = latest.max(op.header().hlc);
            self.order.push((latest, id, at));
            if whole.rejected().contains_key(&op.dot()) {
                continue;
            }
            match op.body() {
                Ok(Body::Number(given)) if op.dot().writer.dev == dev => self.book.note(&given.number),
                _ => {
                    if let Some(point) = key::announced(op) {
                        let (user, of) = (op.header().user.clone(), op.dot().writer.dev);
                        self.keys.push((user, of, secret::hex(&point)));
                    }
                }
            }
        }
        let code = |op: &Op| whole.rejected().get(&op.dot()).cloned();
        self.answered.extend(answered.into_iter().map(|op| (code(&op), op)).map(|(code, op)| (op, code)));
        for op in waiting {
            let ours = KINDS.contains(&op.header().kind.as_str());
            if ours || op.body_text().is_none() {
                self.passed_over += 1;
            } else {
                self.waiting.entry(op.header().user.clone()).or_default().push(op);
            }
        }
    }

    fn person(&mut self, entity: &Entity) {
        // Of two records of one account the first counts, as on the devices.
        if let Some(person) = person(entity).filter(|person| !self.knows(&person.user)) {
            self.people.push(person);
        }
    }

    /// Whether the directory knows this account.
    pub fn knows(&self, user: &str) -> bool {
        self.people.iter().any(|person| person.user == user)
    }

    /// Accounts of those who look after the others, by the built-in roles.
    pub fn stewards(&self, today: NaiveDate) -> Vec<&str> {
        let manages = |person: &&Person| {
            let actor = Actor { user: person.user.clone(), assignments: person.assignments.clone() };
            holds(Package::builtin(), &actor, "directory.edit", today)
        };
        self.people.iter().filter(manages).map(|person| person.user.as_str()).collect()
    }
}

/// A person of the directory, as far as it was taken in.
pub(crate) fn person(entity: &Entity) -> Option<Person> {
    let good = entity.creation().is_some_and(|made| made.rejected.is_none());
    if entity.type_() != Some(RecordKind::Staff.as_str()) || !good {
        return None;
    }
    let text = |path: &str| entity.text(path).map(str::to_owned).filter(|text| !text.is_empty());
    let assignments = assignments(&entity.values());
    Some(Person { user: text("user")?, name: text("name")?, phone: text("phone"), assignments })
}

/// The township's record, and whose answers count.
fn township(streams: &BTreeMap<EntityId, Vec<Op>>) -> Option<(DeviceId, Township)> {
    streams.iter().find_map(|(id, ops)| {
        let authority = Township::authority(*id)?;
        let town = Township::of(&Entity::fold(*id, Some(authority), ops))?;
        Some((authority, town))
    })
}

/// A life of the authority that nobody answered under, below those of desks.
fn next_epoch(streams: &BTreeMap<EntityId, Vec<Op>>, authority: DeviceId) -> u32 {
    let answers =
        streams.values().flatten().map(|op| op.dot().writer).filter(|writer| writer.dev == authority);
    answers.map(|writer| writer.epoch).filter(|epoch| *epoch < DESKS).max().unwrap_or(0) + 1
}

/// Brings a township in, into a server that was started on an empty database with [`Removal::tenant`]. All or nothing,
/// but for photos, whose names are their content.
///
/// # Errors
/// 409 when the database is not empty or another township's; when disk or database fail.
pub async fn adopt(app: &App, mut removal: Removal) -> Result<Adopted, ApiError> {
    let photos = removal.photos.iter().map(|photo| photo.sha256.clone());
    let held: Vec<_> = photos.zip(std::mem::take(&mut removal.bytes)).collect();
    adopt_from(app, removal, [Ok(held)]).await
}

/// As [`adopt`], with the photos of one file after another.
///
/// # Errors
/// As there; and when a file cannot be read once more: then the database is as it was.
pub async fn adopt_from(
    app: &App,
    removal: Removal,
    files: impl IntoIterator<Item = Result<Vec<(String, Vec<u8>)>, ApiError>>,
) -> Result<Adopted, ApiError> {
    let ours = Some((app.tenant.authority, app.tenant.epoch)) == removal.tenant.authority;
    if !ours {
        return Err(taken());
    }
    let mut done = Adopted {
        ops: removal.answered.len(),
        photos: removal.photos.len(),
        people: removal.people.len(),
        in_file: removal.passed_over,
        ..Adopted::default()
    };
    let photos = removal.photos.clone();
    for file in files {
        for (sha256, bytes) in file? {
            app.blobs.put(&sha256, bytes).await.map_err(|error| ApiError::of_file(&error))?;
        }
    }
    let waiting: Vec<Op> = removal.waiting.values().flatten().cloned().collect();
    let authors: BTreeSet<String> =
        removal.waiting.keys().filter(|user| removal.knows(user)).cloned().collect();
    let all = waiting.len();
    let kept = app
        .writer
        .run(move |ledger| {
            Box::pin(async move {
                ledger.move_in(removal).await?;
                let mut kept = 0;
                for op in &waiting {
                    kept += usize::from(
                        quarantine::keep(ledger, op, None, &op.header().user, Why::MovedIn).await?,
                    );
                }
                Ok(kept)
            })
        })
        .await?;
    done.in_file += all - kept;
    // What one wrote may build on what another wrote: again, until nothing more comes in.
    loop {
        let before = done.stored + done.rejected;
        for user in &authors {
            let released = quarantine::settle(app, user).await?;
            done.stored += released.stored;
            done.rejected += released.rejected;
        }
        if done.stored + done.rejected == before {
            break;
        }
    }
    // Roles that were given or taken away while nobody answered.
    app.writer.run(|ledger| Box::pin(ledger.read_people())).await?;
    // What waited may name photos too.
    app.writer.run(move |ledger| Box::pin(async move { ledger.show_photos(&photos).await })).await?;
    done.left = kept - done.stored - done.rejected;
    Ok(done)
}

/// The database is not empty, or it is another township's.
pub(crate) fn taken() -> ApiError {
    ApiError::conflict(
        "taken",
        "这个数据库里已经有一个乡镇，什么也没有改动；请用 --data 指一个新的空目录，再运行一次。",
    )
}

impl AdoptError {
    /// For whoever runs the server.
    pub fn message(self) -> String {
        let words = match self {
            Self::Apart(Apart::Missing(number, of)) => {
                return format!(
                    "这次带走的东西分成了 {of} 个文件，少第 {number} 个，什么也没有改动。请把 {of} 个都给全：每个文件写一个 --from。"
                );
            }
            Self::Apart(Apart::Others) => {
                "这几个文件不是同一次做的，或者同一个写了两遍，什么也没有改动。请用同一次做的全部文件，每个写一个 --from。"
            }
            Self::OneReader => {
                "这个文件是给一个人的，不全，什么也没有改动。请在镇上的电脑“我的”里做一个带走全部数据的随身文件，用那个文件。"
            }
            Self::NoTownship => {
                "文件里没有乡镇的编号记录，什么也没有改动。请用镇上那台编号的电脑做的文件；原来就有服务器的，用它的备份恢复。"
            }
            Self::Held => {
                "镇上的电脑还在编号，这时搬会重号，什么也没有改动。请在那台电脑“我的 → 编号和接收”点“停止编号，准备搬到服务器”，\
                 再带走一次全部数据。那台电脑坏了或丢了，加 --lost-desk。"
            }
        };
        words.to_owned()
    }
}
