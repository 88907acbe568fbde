//! The database, chosen by its address: one connection that writes, a pool that reads, and versioned migrations.

pub mod postgres;

use std::str::FromStr;
use std::time::Duration;

use gridbook_log::DeviceId;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::app::database_path;
use crate::keep;
use crate::secret;
use crate::sql::{self, Conn, Held, Pool};

/// A step of the tables, in the words of each database.
struct Migration {
    version: i64,
    sqlite: &'static str,
    postgres: &'static str,
}

macro_rules! migration {
    ($version:literal, $name:literal) => {
        Migration {
            version: $version,
            sqlite: include_str!(concat!("../migrations/", $name)),
            postgres: include_str!(concat!("../migrations/postgres/", $name)),
        }
    };
}

/// In order; each runs once, in a transaction of its own.
const MIGRATIONS: &[Migration] = &[
    migration!(1, "0001_first.sql"),
    migration!(2, "0002_keep.sql"),
    migration!(3, "0003_trust.sql"),
    migration!(4, "0004_confidential.sql"),
    migration!(5, "0005_restricted.sql"),
    migration!(6, "0006_review.sql"),
    migration!(7, "0007_runs.sql"),
];

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The driver's own words.
    #[error("数据库打不开:{0}")]
    Sqlx(#[from] sqlx::Error),
    /// Written by a later version of the program.
    #[error("数据库是更新版本的程序建的(版本 {0}),请升级程序后再启动;数据没有改动")]
    Newer(i64),
    /// Brought by PostgreSQL's own tools, and the last step is missing.
    #[error(
        "这个数据库是从备份恢复的,还差一步:先运行 gridbook-server restore --new-history --database 地址,再启动;什么也没有改动"
    )]
    Restored,
    /// A restore that was interrupted cannot be finished; in words.
    #[error("{0}")]
    Unfinished(String),
    /// No township was founded in it.
    #[error(
        "这里还没有建镇,什么也没有改动。请先运行 gridbook-server init --admin 账号 --name 镇名 --township 代码 --code 简称;\
         已经建过的,请核对 --data 和 --database(只想看看,用 serve --demo)"
    )]
    Empty,
    /// The folder cannot be made.
    #[error("数据目录建不了:{0}")]
    Io(#[from] std::io::Error),
    /// A value that this program never writes.
    #[error("数据库内容不对:{0}")]
    Damaged(&'static str),
}

/// The one tenant of this database.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Leads every primary key.
    pub id: i64,
    /// Changes when the history was replaced.
    pub history: String,
    /// The server's own device, whose answers count.
    pub authority: DeviceId,
    /// Its life.
    pub epoch: u32,
    /// Name of the township.
    pub name: String,
    /// Its area code.
    pub township: String,
    /// Short name in official numbers (domain data 4.9.5).
    pub number_code: String,
    /// Whether it holds invented data.
    pub demo: bool,
    /// The duty room's phone, for red hazards that have not arrived (HAZ-05).
    pub duty_phone: Option<String>,
}

fn options(url: &str) -> Result<SqliteConnectOptions, sqlx::Error> {
    Ok(SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // An acknowledged operation survives a power cut.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(Duration::from_secs(10))
        .pragma("cache_size", "-65536")
        .pragma("temp_store", "MEMORY")
        // 16 MB between two checkpoints: fewer flushes of the file itself under load.
        .pragma("wal_autocheckpoint", "4000")
        .disable_statement_logging())
}

/// Opens the connection that writes, and brings the tables up to date.
///
/// # Errors
/// [`DbError`] when the database cannot be opened or is newer than this program.
pub async fn open_writer(url: &str) -> Result<Conn, DbError> {
    let mut conn = if sql::is_postgres(url) {
        postgres::writer(url).await?
    } else {
        let options = options(url)?;
        if let Some(folder) = options.get_filename().parent() {
            std::fs::create_dir_all(folder)?;
        }
        Conn::Sqlite(Held::Own(options.connect().await?))
    };
    migrate(&mut conn).await?;
    Ok(conn)
}

/// Opens a database that is there, to read it or to copy it. Makes none and changes nothing.
///
/// # Errors
/// [`DbError`] when there is none or it cannot be opened.
pub async fn open_existing(url: &str) -> Result<Conn, DbError> {
    if sql::is_postgres(url) {
        return postgres::existing(url).await;
    }
    settle(url).await?;
    let options = SqliteConnectOptions::from_str(url)?.busy_timeout(Duration::from_secs(10));
    let conn = options.create_if_missing(false).disable_statement_logging().connect().await?;
    Ok(Conn::Sqlite(Held::Own(conn)))
}

/// Finishes a restore that was interrupted.
async fn settle(url: &str) -> Result<(), DbError> {
    if sql::is_postgres(url) {
        return Ok(());
    }
    keep::settle(&database_path(url)).await.map_err(|error| DbError::Unfinished(error.to_string()))
}

/// The step of the tables that this program works with.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.last().map_or(0, |step| step.version)
}

/// Opens the pool that reads.
///
/// # Errors
/// [`DbError`] when the database cannot be opened.
pub async fn open_readers(url: &str) -> Result<Pool, DbError> {
    if sql::is_postgres(url) {
        return Ok(Pool::Postgres(postgres::readers(url).await?));
    }
    let options = options(url)?.pragma("query_only", "ON");
    Ok(Pool::Sqlite(SqlitePoolOptions::new().max_connections(8).connect_with(options).await?))
}

/// A township as it was founded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Founded {
    /// Its name.
    pub name: String,
    /// Its area code.
    pub township: String,
    /// Short name in official numbers.
    pub number_code: String,
    /// Whether it holds invented data.
    pub demo: bool,
    /// The duty room's phone.
    pub duty_phone: Option<String>,
}

/// The township in this database, if there is one. Makes nothing and changes nothing.
///
/// # Errors
/// [`DbError`] when there is a database that cannot be read.
pub async fn founded(url: &str) -> Result<Option<Founded>, DbError> {
    settle(url).await?;
    let there = sql::is_postgres(url) || SqliteConnectOptions::from_str(url)?.get_filename().is_file();
    if !there {
        return Ok(None);
    }
    let mut conn = match open_existing(url).await {
        Err(DbError::Empty) => return Ok(None),
        opened => opened?,
    };
    let found = read_founded(&mut conn).await;
    conn.close().await?;
    Ok(found?)
}

async fn read_founded(conn: &mut Conn) -> Result<Option<Founded>, sqlx::Error> {
    if !conn.is_postgres() {
        let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'tenant'";
        if sql::query_scalar::<i64>(tables).fetch_one(&mut *conn).await? == 0 {
            return Ok(None);
        }
    }
    // All columns: an older program's tables lack some.
    let row = sql::query("SELECT * FROM tenant WHERE tenant = 1").fetch_optional(&mut *conn).await?;
    row.map(|row| {
        Ok(Founded {
            name: row.try_get("name")?,
            township: row.try_get("township")?,
            number_code: row.try_get("number_code")?,
            demo: row.try_get("demo")?,
            duty_phone: row.try_get("duty_phone").unwrap_or_default(),
        })
    })
    .transpose()
}

/// The step that the tables have come to.
///
/// # Errors
/// When the database fails.
pub(crate) async fn version(conn: &mut Conn) -> Result<i64, sqlx::Error> {
    sql::query_scalar("SELECT COALESCE(MAX(version), 0) FROM schema_version").fetch_one(conn).await
}

/// Makes the tables as they were at that step, where there are none, in the transaction that is under way.
///
/// # Errors
/// [`DbError::Newer`] for a step of a later program; when the database fails.
pub(crate) async fn tables_at(conn: &mut Conn, version: i64) -> Result<(), DbError> {
    if MIGRATIONS.last().is_none_or(|last| last.version < version) {
        return Err(DbError::Newer(version));
    }
    conn.run(VERSIONS).await?;
    for step in MIGRATIONS.iter().filter(|step| step.version <= version) {
        make(conn, step).await?;
    }
    Ok(())
}

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL PRIMARY KEY)";

async fn make(conn: &mut Conn, step: &Migration) -> Result<(), sqlx::Error> {
    conn.run(if conn.is_postgres() { step.postgres } else { step.sqlite }).await?;
    sql::query("INSERT INTO schema_version (version) VALUES (?)").bind(step.version).execute(conn).await?;
    Ok(())
}

async fn migrate(conn: &mut Conn) -> Result<(), DbError> {
    let newest = newest();
    loop {
        conn.begin_write().await?;
        if conn.is_postgres() {
            postgres::migrating(conn).await?;
        }
        conn.run(VERSIONS).await?;
        let done = version(&mut *conn).await?;
        if done > newest {
            return Err(DbError::Newer(done));
        }
        let Some(step) = MIGRATIONS.iter().find(|step| step.version > done) else {
            return Ok(conn.commit().await?);
        };
        make(conn, step).await?;
        conn.commit().await?;
    }
}

/// What a new database is set up with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTenant {
    /// Name of the township.
    pub name: String,
    /// Its area code.
    pub township: String,
    /// Short name in official numbers.
    pub number_code: String,
    /// Whether it will hold invented data.
    pub demo: bool,
    /// The duty room's phone.
    pub duty_phone: Option<String>,
    /// The authority that it goes on for, and under which life; a new one when `None`.
    pub authority: Option<(DeviceId, u32)>,
}

impl NewTenant {
    /// The invented township that `--demo` fills.
    pub fn demo() -> Self {
        Self {
            name: "青禾镇".to_owned(),
            township: "510000100".to_owned(),
            number_code: "青禾".to_owned(),
            demo: true,
            duty_phone: Some("0000-8000110".to_owned()),
            authority: None,
        }
    }
}

/// The tenant of this database, set up as `new` says when there is none yet.
///
/// # Errors
/// [`DbError`] when it can be neither read nor made.
pub async fn tenant(conn: &mut Conn, new: &NewTenant, now: u64) -> Result<Tenant, DbError> {
    let (authority, epoch) = new.authority.unwrap_or_else(|| (DeviceId(secret::random::<8>()), 1));
    let made = sql::query(
        "INSERT INTO tenant (tenant, history, authority, epoch, name, township, number_code, demo, duty_phone, last_seq, created_at)
         VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?) ON CONFLICT DO NOTHING",
    )
    .bind(secret::hex(&secret::random::<8>()))
    .bind(authority.to_string())
    .bind(i64::from(epoch))
    .bind(&new.name)
    .bind(&new.township)
    .bind(&new.number_code)
    .bind(new.demo)
    .bind(&new.duty_phone)
    .bind(i64::try_from(now).unwrap_or(i64::MAX))
    .execute(&mut *conn)
    .await?;
    if conn.is_postgres() {
        if made.rows_affected() > 0 {
            postgres::settle(conn).await?;
        }
        if !postgres::at_home(conn).await? {
            return Err(DbError::Restored);
        }
    }
    let row = sql::query("SELECT * FROM tenant WHERE tenant = 1").fetch_one(&mut *conn).await?;
    let authority: String = row.try_get("authority")?;
    let epoch: i64 = row.try_get("epoch")?;
    Ok(Tenant {
        id: 1,
        history: row.try_get("history")?,
        authority: DeviceId::parse(&authority).ok_or(DbError::Damaged("authority"))?,
        epoch: u32::try_from(epoch).map_err(|_| DbError::Damaged("epoch"))?,
        name: row.try_get("name")?,
        township: row.try_get("township")?,
        number_code: row.try_get("number_code")?,
        demo: row.try_get("demo")?,
        duty_phone: row.try_get("duty_phone")?,
    })
}
