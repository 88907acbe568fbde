//! Commands for whoever runs the server: backup, restore, check, numbers after a restore, a way in for somebody who is
//! locked out. Each says what it did, and what to do next.
#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use gridbook_carry::OpenError;
use gridbook_server::adopt::{AdoptError, Removal};
use gridbook_server::blobs::{BlobStore, is_address};
use gridbook_server::clock::{Clock, SystemClock, china_day};
use gridbook_server::keep::{self, Mark, Server};
use gridbook_server::problem::ApiError;
use gridbook_server::{App, blobs_beside, database_path, quarantine, setup, sql};
use gridbook_sync::bundle::{self, Bundle, BundleError};

/// The folder of pictures for a while: the township's own, or a copy of what lies in object storage.
struct Pictures {
    folder: PathBuf,
    place: Option<PathBuf>,
}

impl Pictures {
    fn scratch(place: &Path, beside: &Path) -> Self {
        if !place.to_str().is_some_and(is_address) {
            return Self { folder: place.to_path_buf(), place: None };
        }
        let mut folder = beside.as_os_str().to_owned();
        folder.push(".pictures");
        Self { folder: PathBuf::from(folder), place: Some(place.to_path_buf()) }
    }

    async fn of(db: &str, place: &Path, beside: &Path) -> Result<Self, String> {
        let pictures = Self::scratch(place, beside);
        if let Some(store) = pictures.store()? {
            let names = keep::blob_names(db).await.map_err(|e| e.to_string())?;
            store.mirror(&names, &pictures.folder).await.map_err(|e| e.to_string())?;
        }
        Ok(pictures)
    }

    fn store(&self) -> Result<Option<BlobStore>, String> {
        self.place.as_deref().map(BlobStore::open).transpose().map_err(|e| e.to_string())
    }

    /// Takes the copy away.
    fn tidy(&self) -> Result<(), String> {
        match &self.place {
            Some(_) if self.folder.exists() => {
                std::fs::remove_dir_all(&self.folder).map_err(|e| e.to_string())
            }
            _ => Ok(()),
        }
    }
}

/// `backup --out DIR`
pub async fn backup(db: &str, blobs: &Path, out: Option<&Path>) -> Result<(), String> {
    let out = out.ok_or("缺少 --out 目录")?;
    let pictures = Pictures::of(db, blobs, out).await?;
    let made = keep::backup(db, &pictures.folder, out, SystemClock.now_ms()).await;
    pictures.tidy()?;
    let made = made.map_err(|e| e.to_string())?;
    println!("备份完成:{}({} 条操作,{} 张照片)。", out.display(), made.last_seq, made.blobs);
    println!("里面有个人信息,请加密保管;恢复用 gridbook-server restore --from {}", out.display());
    Ok(())
}

/// `restore --from DIR [--replace]`
pub async fn restore(
    db: &str,
    blobs: &Path,
    from: Option<&Path>,
    replace: bool,
    socket: &Path,
) -> Result<(), String> {
    let from = from.ok_or("缺少 --from 备份目录")?;
    let now = SystemClock.now_ms();
    let backup = keep::Verified::read(from).map_err(|e| e.to_string())?;
    if let Some(store) = &Pictures::scratch(blobs, from).store()? {
        // First: a record without its picture is worse than a picture without a record. A picture's name is its content,
        // so what is there already is the same.
        store.fill(&from.join(keep::BLOBS)).await.map_err(|e| e.to_string())?;
    }
    let (pictures, done) = if sql::is_postgres(db) {
        let pictures = Pictures::scratch(blobs, &blobs_beside(db));
        let done = backup.into_postgres(db, &pictures.folder, replace, now, Some(socket)).await;
        (pictures, done)
    } else {
        let path = database_path(db);
        let pictures = Pictures::scratch(blobs, &path);
        let done = backup.into_sqlite(&path, &pictures.folder, replace, now, Some(socket)).await;
        (pictures, done)
    };
    let done = done.map_err(|e| e.to_string())?;
    pictures.tidy()?;
    println!(
        "已恢复 {}({} 条操作,{} 张照片)。",
        done.manifest.township, done.manifest.last_seq, done.manifest.blobs
    );
    if let Some(schema) = done.schema {
        println!("原有的表移到模式 {schema} 里保留。");
    }
    for kept in done.kept {
        println!("原有数据改名保留:{}", kept.display());
    }
    match done.server {
        Server::Stopped => {}
        Server::GoesOn => println!("服务没有停,已经接着运行,用的是恢复的数据。"),
        Server::Shut => println!("数据已恢复,但服务没有接着开起来:请看它的日志,或重启服务。"),
    }
    say_what_follows();
    Ok(())
}

/// `restore --new-history`: what a restore by PostgreSQL's own tools leaves to be done.
pub async fn new_history(db: &str) -> Result<(), String> {
    let history = keep::new_history(db).await.map_err(|e| e.to_string())?;
    println!("恢复的数据已换上新的历史 {history}。");
    say_what_follows();
    Ok(())
}

fn say_what_follows() {
    println!("手机下次同步时会重新核对,把备份里没有的记录再送一次,不用人做什么。");
    println!(
        "编号暂停发放:请查台账或文书上的最后编号,用 gridbook-server numbers --confirm 隐=12 确认,服务运行时一分钟内补发。"
    );
}

/// `check`
pub async fn check(db: &str, blobs: &Path) -> Result<(), String> {
    let pictures = Pictures::of(db, blobs, &blobs_beside(db)).await?;
    let found = keep::check(db, &pictures.folder).await;
    pictures.tidy()?;
    let found = found.map_err(|e| e.to_string())?;
    if found.is_empty() {
        println!("检查完成:数据库、操作记录、照片都完整。");
        return Ok(());
    }
    let lines: Vec<String> = found.iter().map(keep::Finding::message).collect();
    Err(format!(
        "{}\n共 {} 处问题。数据没有改动;请用最近的备份恢复,手机上的记录会自动补送。",
        lines.join("\n"),
        found.len()
    ))
}

/// `quarantine [--release USER]`
pub async fn quarantine(app: &App, release: Option<&str>) -> Result<(), String> {
    if let Some(user) = release {
        let count = quarantine::mark(app, user).await.map_err(|e| e.to_string())?;
        println!(
            "{user} 的 {count} 条已放行:服务在运行时一分钟内按此人写的时候的权限入库,没有运行时等下次启动。"
        );
    }
    let held = quarantine::list(&app.readers, app.tenant.id).await.map_err(|e| e.to_string())?;
    if held.is_empty() {
        println!("隔离区是空的。");
    }
    for part in held {
        let day = |ms: i64| china_day(u64::try_from(ms).unwrap_or(0));
        println!(
            "{}(设备 {}…):{} 条,{} 字节,{} 至 {}{}",
            part.user,
            quarantine::short(&part.dev),
            part.ops,
            part.bytes,
            day(part.first),
            day(part.last),
            part.note.map_or_else(String::new, |note| format!(",放行后仍留着:{note}"))
        );
    }
    Ok(())
}

/// `numbers [--confirm SERIES=LAST]…`
pub async fn numbers(db: &str, confirm: &[String], all: bool) -> Result<(), String> {
    let year = i64::from(chrono::Datelike::year(&gridbook_server::clock::china_day(SystemClock.now_ms())));
    if all || !confirm.is_empty() {
        let marks = confirm.iter().map(|text| mark(text, year)).collect::<Result<Vec<_>, _>>()?;
        keep::confirm_numbers(db, &marks).await.map_err(|e| e.to_string())?;
    }
    let (marks, held) = keep::number_marks(db).await.map_err(|e| e.to_string())?;
    for mark in marks {
        println!("{} 年 {}字:最后 {:05} 号", mark.year, mark.series, mark.last);
    }
    println!(
        "{}",
        if held {
            "编号暂停发放:请核对最后编号,用 --confirm 隐=12 逐类确认;都没有遗漏就用 --confirm-all。"
        } else {
            "编号正常发放;刚确认过的,等着的由服务一分钟内补发,没有运行的下次启动时补发。"
        }
    );
    Ok(())
}

/// `隐=12`: the last number of this year's series.
fn mark(text: &str, year: i64) -> Result<Mark, String> {
    let wrong = || format!("读不懂“{text}”,应写成 隐=12(类别=今年最后编号)");
    let (series, last) = text.split_once('=').ok_or_else(wrong)?;
    let last: i64 = last.parse().ok().filter(|last| (0..100_000).contains(last)).ok_or_else(wrong)?;
    Ok(Mark { series: series.to_owned(), year, last })
}

/// Carried files that were made together, with their passphrase.
pub struct Carried {
    files: Vec<PathBuf>,
    passphrase: String,
}

/// Why carried files are not used, in words.
struct Words(String);

impl From<AdoptError> for Words {
    fn from(error: AdoptError) -> Self {
        Self(error.message())
    }
}

impl Carried {
    /// Asks for the passphrase: a line of the input, so that it stands in no list of processes.
    pub fn ask(files: Vec<PathBuf>) -> Result<Self, String> {
        println!("请输入随身文件的 12 位口令:");
        let mut typed = String::new();
        std::io::stdin().read_line(&mut typed).map_err(|e| format!("口令读不了：{e}；什么也没有改动。"))?;
        Ok(Self { files, passphrase: bundle::grouped(&typed) })
    }

    /// Reads all of them.
    pub fn removal(&self, lost_desk: bool) -> Result<Removal, String> {
        let open = |number: usize| self.open(number).map_err(Words);
        Removal::of_files(self.files.len(), open, lost_desk).map_err(|Words(words)| words)
    }

    fn open(&self, number: usize) -> Result<Bundle, String> {
        let from = &self.files[number];
        let unread =
            |what: &dyn std::fmt::Display| format!("{} 读不了:{what};什么也没有改动。", from.display());
        let sealed = std::fs::read(from).map_err(|e| unread(&e))?;
        let plain =
            gridbook_carry::open(&sealed, &self.passphrase, bundle::MAX_PLAIN).map_err(|e| match e {
                OpenError::Passphrase => {
                    "口令不对,文件没有打开,什么也没有改动;请核对后再运行一次。".to_owned()
                }
                OpenError::NotSealed | OpenError::Other => unread(&"不是网格簿的随身文件"),
                OpenError::TooLarge => unread(
                    &"里面超过 256 MB。请把做文件的网格簿更新后重做一次,会自动分成几个,再每个写一个 --from",
                ),
                OpenError::Damaged => unread(&"不完整或被改过,请重新拷一次"),
            })?;
        Bundle::read(&plain).map_err(|e| match e {
            BundleError::Foreign => unread(&"不是网格簿的随身文件"),
            BundleError::Newer => unread(&"是更新版本的网格簿做的,请先升级这个程序"),
            BundleError::Incomplete | BundleError::Damaged(_) => unread(&"不完整或被改过,请重新拷一次"),
        })
    }

    /// The photos of one file after another.
    fn photos(&self) -> impl Iterator<Item = Result<Vec<(String, Vec<u8>)>, ApiError>> {
        let read = |number| self.open(number).map(|bundle| bundle.blobs);
        (0..self.files.len()).map(move |number| read(number).map_err(|words| ApiError::bad("file", words)))
    }
}

/// Whether this account can look after the others, before anything is moved; where the directory has somebody who does,
/// it must be one of them.
pub fn steward(removal: &Removal, admin: &str, now: u64) -> Result<(), String> {
    let stewards = removal.stewards(china_day(now));
    if stewards.contains(&admin) || (stewards.is_empty() && gridbook_domain::role::is_account(admin)) {
        return Ok(());
    }
    Err(match stewards.as_slice() {
        [] => "--admin 后面写账号:2 到 64 个小写字母、数字、下划线;什么也没有改动。".to_owned(),
        some => format!(
            "{admin} 在人员里没有管理账号的岗位,什么也没有改动。--admin 请写其中一个:{}。",
            some.join("、")
        ),
    })
}

/// `adopt --from FILE --admin USER`: returns the path of the administrator's invitation.
pub async fn adopt(app: &App, removal: Removal, carried: &Carried, admin: &str) -> Result<String, String> {
    let (known, held) = (removal.knows(admin), removal.numbers_held);
    let done = gridbook_server::adopt::adopt_from(app, removal, carried.photos())
        .await
        .map_err(|e| e.to_string())?;
    println!(
        "{} 已搬进来:{} 条操作,{} 张照片和录音,{} 个账号。",
        app.tenant.name, done.ops, done.photos, done.people
    );
    if done.stored + done.rejected + done.left > 0 {
        println!(
            "还没有回执的记录已按作者的权限办理:收下 {} 条,退回 {} 条;{} 条在隔离区,用 gridbook-server quarantine 查看。",
            done.stored, done.rejected, done.left
        );
    }
    if done.in_file > 0 {
        println!("{} 条没有收进来,只在这个文件和原来的共享里,请都留好。", done.in_file);
    }
    if held {
        println!(
            "编号暂停发放:请查台账上的最后编号,用 gridbook-server numbers --confirm 隐=12 确认后再启动。"
        );
    }
    println!("共享文件夹先不要删:手机都搬完、核对过,再清理。");
    let link = if known { setup::reset(app, admin).await } else { setup::first_admin(app, admin).await };
    let link = link.map_err(|e| e.to_string())?;
    println!("账号 {admin} 7 天内在浏览器打开下面的地址设置密码(只能用一次);其他人在“人员”里重新发邀请:");
    Ok(link)
}

/// For commands that need a database to be there.
pub async fn existing(db: &str) -> Result<(), String> {
    if sql::is_postgres(db) {
        let conn = gridbook_server::db::open_existing(db).await.map_err(|e| e.to_string())?;
        return conn.close().await.map_err(|e| e.to_string());
    }
    let path = database_path(db);
    if path.is_file() {
        Ok(())
    } else {
        Err(format!("没有数据库 {};请用 --db 指明。", path.display()))
    }
}
