//! Keeping the data safe: a backup while the server runs, a restore that everybody notices, a check of what is there.
//!
//! A backup is a folder, the same for either database: `gridbook.db` (one consistent moment), `blobs/` (every picture that moment names) and
//! `manifest.json`, written last. A folder without a manifest is no backup. Nothing in it is secret beyond what the
//! database holds; whoever keeps it keeps personal data and locks it away.

mod backup;
mod check;
mod claim;
mod history;
mod numbers;
mod restore;
mod tables;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use backup::backup;
pub use check::{Finding, check};
pub use claim::{Claim, settle};
pub use history::new_history;
pub(crate) use numbers::numbers_confirmed;
pub use numbers::{Mark, confirm_numbers, number_marks};
pub use restore::{Restored, Server, Verified, restore, restore_postgres};

/// The database's name inside a backup.
const DB: &str = "gridbook.db";
/// The folder of pictures inside a backup.
pub const BLOBS: &str = "blobs";
/// Written last.
const MANIFEST: &str = "manifest.json";
/// Layout of a backup.
const FORMAT: u32 = 1;

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout of the folder.
    pub format: u32,
    /// When it was made, milliseconds since 1970.
    pub made_at: u64,
    /// The township.
    pub township: String,
    /// The history it belongs to.
    pub history: String,
    /// How far the sequence had come.
    pub last_seq: i64,
    /// Pictures in it.
    pub blobs: usize,
    /// SHA-256 of the database, in hex.
    pub db_sha256: String,
}

/// Why a backup, a restore or a check did not come about.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The database.
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
    /// A file; which, and the system's words.
    #[error("文件 {0} 读写不了:{1};原有数据没有改动")]
    File(PathBuf, std::io::Error),
    /// The place is taken.
    #[error("{0} 已经存在,没有改动;请换一个位置,或加 --replace(原有的会改名保留,不会删除)")]
    Exists(PathBuf),
    /// Somebody has the database open.
    #[error(
        "还有服务或别的程序开着这个数据库,什么也没有改动。请在运行服务的那台机器上、用运行服务的账号再恢复一次;\
         几个服务合用一个数据库时,先全部停止"
    )]
    Running,
    /// The server that runs does not step aside; its reason.
    #[error("运行中的服务没有让开:{0};什么也没有改动")]
    Refused(&'static str),
    /// A restore could not change all the names; which, and the system's words.
    #[error("换到一半:{0} 改名没有成功:{1}。新旧数据都在,弄好以后再启动服务,会接着换完")]
    Half(PathBuf, std::io::Error),
    /// A database of PostgreSQL's that holds a township.
    #[error(
        "这个数据库里已经有镇的数据，没有改动；请换一个空库，或加 --replace（原有的表移到另一个模式里保留，不会删除）"
    )]
    Occupied,
    /// No manifest, or one of another layout.
    #[error("{0} 不是完整的备份(缺少或读不懂 manifest.json);什么也没有改动")]
    NoBackup(PathBuf),
    /// The connection broke when all was to become true at once, and PostgreSQL cannot be asked whether it has.
    #[error(
        "和数据库断开时恢复正要生效，过了几秒还问不到结果：可能已经恢复，也可能还是原来的。什么也没有删：{} 是备份里的照片{}。\
         等数据库连得上了，把同一条命令加上 --replace 再运行一次就好",
        blobs.display(),
        before.as_ref().map(|before| format!("，{} 是原来的照片", before.display())).unwrap_or_default()
    )]
    Unsure {
        /// The backup's pictures.
        blobs: PathBuf,
        /// Those of before, if there were any.
        before: Option<PathBuf>,
    },
    /// The content is not what the manifest says.
    #[error("备份里的 {0} 已损坏(校验和不符);什么也没有改动,请换另一份备份")]
    Damaged(String),
}

impl From<sqlx::Error> for KeepError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// The pictures that a database names.
///
/// # Errors
/// [`KeepError`] when it cannot be read.
pub async fn blob_names(db: &str) -> Result<Vec<String>, KeepError> {
    let mut conn = crate::db::open_existing(db).await?;
    let names =
        crate::sql::query_scalar("SELECT sha256 FROM blobs WHERE tenant = 1").fetch_all(&mut conn).await?;
    conn.close().await?;
    Ok(names)
}

fn file(path: &Path) -> impl Fn(std::io::Error) -> KeepError + '_ {
    move |error| KeepError::File(path.to_path_buf(), error)
}

/// Where a picture lies below a folder of pictures.
fn blob_path(root: &Path, sha256: &str) -> PathBuf {
    root.join(&sha256[..2]).join(sha256)
}

/// SHA-256 of a file, in hex, read in pieces.
fn hash_file(path: &Path) -> Result<String, KeepError> {
    use sha2::{Digest, Sha256};
    use std::io::Read;
    let mut input = std::fs::File::open(path).map_err(file(path))?;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; 1 << 16]);
    loop {
        let read = input.read(&mut piece).map_err(file(path))?;
        if read == 0 {
            return Ok(crate::secret::hex(&hash.finalize()));
        }
        hash.update(&piece[..read]);
    }
}

/// Copies a file and flushes the copy.
fn copy(from: &Path, to: &Path) -> Result<(), KeepError> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder).map_err(file(folder))?;
    }
    std::fs::copy(from, to).map_err(file(from))?;
    flush(to)
}

fn flush(path: &Path) -> Result<(), KeepError> {
    std::fs::File::open(path).and_then(|opened| opened.sync_all()).map_err(file(path))
}
