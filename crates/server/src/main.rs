//! The server's command line.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod admin;
mod between;
mod conform;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use gridbook_server::clock::{Clock as _, SystemClock};
use gridbook_server::db::{self, NewTenant};
use gridbook_server::found::Told;
use gridbook_server::relay::Share;
use gridbook_server::tls::Tls;
use gridbook_server::{Config, blobs_beside, serve, setup, start};
use lexopt::{Arg, Parser, ValueExt};
use tokio::net::TcpListener;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USAGE: &str = "\
gridbook-server serve [--listen 127.0.0.1:8080] [--data DIR] [--database postgres://…] [--dist DIR] [--demo] [--behind-proxy]
                      [--tls-cert PEM --tls-key PEM] [--metrics 127.0.0.1:9100]
                      [--blobs DIR|s3://BUCKET/PREFIX] [--share NAME=URL[,USER:PASSWORD-FILE]]…
gridbook-server init --admin USER [--url https://网址] [--data DIR] [--database …] --name 镇名 --township 510000100 --code 简称 [--duty-phone 电话]
gridbook-server adopt --from FILE [--from FILE]… --admin USER [--lost-desk] [--url https://网址] [--data DIR] [--database …] [--duty-phone 电话]
gridbook-server backup --out DIR [--db …]
gridbook-server restore --from DIR [--db …] [--replace]
gridbook-server restore --new-history --database postgres://…
gridbook-server check [--db …]
gridbook-server numbers [--db …] [--confirm 隐=12]… [--confirm-all]
gridbook-server quarantine [--db …] [--release USER]
gridbook-server reset --user USER [--url https://网址] [--db …]
gridbook-server healthcheck [--listen 127.0.0.1:8080]
gridbook-server demo-sheets --out DIR
gridbook-server pages --out DIR
gridbook-server relay 甲 乙 [--state FILE] [--every 60] [--once]    (甲、乙:https://服务器,账号:密码文件 或 webdav:https://共享[,账号:密码文件] 或 couchdb:…)
gridbook-server relay --status [--state FILE]
gridbook-server conform URL [--write] [--user U --password P | --user U --token T]… [--level N] [--area CODE]

--data DIR         数据目录:SQLite 数据库 gridbook.db 和照片目录 gridbook.db.blobs 在里面(不写就是当前目录)
--database 地址    (也可写 --db)sqlite://文件 或 postgres://用户@主机/库名;照片总在数据目录或 SQLite 文件旁边";

struct Options {
    command: String,
    listen: SocketAddr,
    db: String,
    data: Option<PathBuf>,
    new_history: bool,
    dist: Option<PathBuf>,
    demo: bool,
    behind_proxy: bool,
    admin: Option<String>,
    out: Option<PathBuf>,
    from: Vec<PathBuf>,
    replace: bool,
    lost_desk: bool,
    confirm: Vec<String>,
    confirm_all: bool,
    user: Option<String>,
    release: Option<String>,
    shares: Vec<Share>,
    blobs: Option<PathBuf>,
    tls_cert: Option<PathBuf>,
    tls_key: Option<PathBuf>,
    metrics: Option<SocketAddr>,
    url: Option<String>,
    told: Told,
}

impl Options {
    /// Folder of pictures, or address of object storage.
    fn blobs(&self) -> PathBuf {
        let beside = || {
            self.data.as_ref().map_or_else(|| blobs_beside(&self.db), |data| data.join("gridbook.db.blobs"))
        };
        self.blobs.clone().unwrap_or_else(beside)
    }

    /// Where the running server is asked to step aside: beside the data.
    fn socket(&self) -> PathBuf {
        if gridbook_server::sql::is_postgres(&self.db) {
            return self.data.clone().unwrap_or_default().join("gridbook.db.socket");
        }
        let mut path = gridbook_server::database_path(&self.db).into_os_string();
        path.push(".socket");
        PathBuf::from(path)
    }
}

fn options() -> Result<Options, lexopt::Error> {
    let mut out = Options {
        command: String::new(),
        listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        db: String::new(),
        data: None,
        new_history: false,
        dist: None,
        demo: false,
        behind_proxy: false,
        admin: None,
        out: None,
        from: Vec::new(),
        replace: false,
        lost_desk: false,
        confirm: Vec::new(),
        confirm_all: false,
        user: None,
        release: None,
        shares: Vec::new(),
        blobs: None,
        tls_cert: None,
        tls_key: None,
        metrics: None,
        url: None,
        told: Told::default(),
    };
    let mut parser = Parser::from_env();
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Value(value) if out.command.is_empty() => out.command = value.string()?,
            Arg::Long("listen") => out.listen = parser.value()?.parse()?,
            Arg::Long("db" | "database") => out.db = parser.value()?.string()?,
            Arg::Long("data") => out.data = Some(parser.value()?.into()),
            Arg::Long("new-history") => out.new_history = true,
            Arg::Long("dist") => out.dist = Some(parser.value()?.into()),
            Arg::Long("demo") => out.demo = true,
            Arg::Long("behind-proxy") => out.behind_proxy = true,
            Arg::Long("admin") => out.admin = Some(parser.value()?.string()?),
            Arg::Long("from") => out.from.push(parser.value()?.into()),
            Arg::Long("replace") => out.replace = true,
            Arg::Long("lost-desk") => out.lost_desk = true,
            Arg::Long("confirm") => out.confirm.push(parser.value()?.string()?),
            Arg::Long("confirm-all") => out.confirm_all = true,
            Arg::Long("user") => out.user = Some(parser.value()?.string()?),
            Arg::Long("tls-cert") => out.tls_cert = Some(parser.value()?.into()),
            Arg::Long("tls-key") => out.tls_key = Some(parser.value()?.into()),
            Arg::Long("metrics") => out.metrics = Some(parser.value()?.parse()?),
            Arg::Long("url") => out.url = Some(parser.value()?.string()?),
            Arg::Long("blobs") => out.blobs = Some(parser.value()?.into()),
            Arg::Long("share") => {
                let share = Share::parse(&parser.value()?.string()?);
                out.shares.push(share.map_err(|error| lexopt::Error::Custom(error.into()))?);
            }
            Arg::Long("release") => out.release = Some(parser.value()?.string()?),
            Arg::Long("out") => out.out = Some(parser.value()?.into()),
            Arg::Long("name") => out.told.name = Some(parser.value()?.string()?),
            Arg::Long("township") => out.told.township = Some(parser.value()?.string()?),
            Arg::Long("duty-phone") => out.told.duty_phone = Some(parser.value()?.string()?),
            Arg::Long("code") => out.told.number_code = Some(parser.value()?.string()?),
            Arg::Long("help") | Arg::Short('h') => out.command = "help".to_owned(),
            other => return Err(other.unexpected()),
        }
    }
    if out.db.is_empty() {
        let folder = out.data.clone().unwrap_or_default();
        out.db = format!("sqlite://{}", folder.join("gridbook.db").display());
    }
    Ok(out)
}

fn runtime() -> Option<tokio::runtime::Runtime> {
    tokio::runtime::Runtime::new().inspect_err(|error| eprintln!("启动失败:{error}")).ok()
}

fn main() -> ExitCode {
    // It speaks to other servers and has a line of its own.
    if std::env::args_os().nth(1).is_some_and(|command| command == "conform") {
        return conform::main(USAGE);
    }
    if std::env::args_os().nth(1).is_some_and(|command| command == "relay") {
        return between::main(USAGE);
    }
    let options = match options() {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let Some(runtime) = runtime() else { return ExitCode::FAILURE };
    let done = runtime.block_on(async {
        match options.command.as_str() {
            "serve" => run(options).await,
            "init" => init(options).await,
            "backup" => {
                admin::existing(&options.db).await?;
                admin::backup(&options.db, &options.blobs(), options.out.as_deref()).await
            }
            "restore" if options.new_history => admin::new_history(&options.db).await,
            "restore" if options.from.len() > 1 => Err("--from 只能写一个备份，什么也没有改动。".to_owned()),
            "restore" => {
                let (blobs, from) = (options.blobs(), options.from.first().map(PathBuf::as_path));
                admin::restore(&options.db, &blobs, from, options.replace, &options.socket()).await
            }
            "check" => {
                admin::existing(&options.db).await?;
                admin::check(&options.db, &options.blobs()).await
            }
            "numbers" => {
                admin::existing(&options.db).await?;
                admin::numbers(&options.db, &options.confirm, options.confirm_all).await
            }
            "quarantine" => held(options).await,
            "reset" => reset(options).await,
            "adopt" => adopt(options).await,
            "healthcheck" => healthcheck(options.listen).await,
            "demo-sheets" => demo_sheets(&options),
            "pages" => pages(&options),
            "help" => {
                println!("{USAGE}");
                Ok(())
            }
            _ => Err(USAGE.to_owned()),
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}

fn config(options: &Options) -> Config {
    let mut config = Config::new(options.db.clone(), NewTenant::demo());
    // A name cannot be changed later: a township is founded by who gives it one.
    config.founds = options.demo;
    config.blobs = Some(options.blobs());
    config.dist.clone_from(&options.dist);
    config.behind_proxy = options.behind_proxy;
    config.shares.clone_from(&options.shares);
    config
}

async fn run(options: Options) -> Result<(), String> {
    if options.tls_cert.is_some() != options.tls_key.is_some() {
        return Err("--tls-cert 和 --tls-key 要一起写。".to_owned());
    }
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut config = config(&options);
    config.tls = options.tls_cert.clone().zip(options.tls_key.clone());
    config.metrics = options.metrics;
    config.socket = Some(options.socket());
    let started = start(config).await.map_err(|e| e.to_string())?;
    if options.demo {
        println!("{}", gridbook_server::demo::fill(&started.app).await.map_err(|e| e.to_string())?);
    }
    let listener = TcpListener::bind(options.listen)
        .await
        .map_err(|e| format!("地址 {} 打不开:{e};请换一个 --listen,或停掉占用它的程序。", options.listen))?;
    let address = listener.local_addr().map_err(|e| e.to_string())?;
    println!("{}://{address}", if started.tls.is_some() { "https" } else { "http" });
    if let Some(tls) = started.tls.clone() {
        tokio::spawn(hangups(tls));
    }
    tracing::info!(%address, "listening");
    serve(listener, started, stopped()).await.map_err(|e| e.to_string())
}

/// At each SIGHUP certificate and key are read again: whoever renewed them says so.
async fn hangups(tls: Arc<Tls>) {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
        while hangups.recv().await.is_some() {
            match tls.reload() {
                Ok(()) => tracing::info!("certificate and key were read again"),
                Err(error) => tracing::error!(%error, "certificate and key stay as they were"),
            }
        }
    }
    #[cfg(not(unix))]
    drop(tls);
}

/// Until Ctrl-C or SIGTERM.
async fn stopped() {
    let interrupt = async { tokio::signal::ctrl_c().await.unwrap_or(()) };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    () = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => interrupt.await,
        }
    }
    #[cfg(not(unix))]
    interrupt.await;
}

async fn init(options: Options) -> Result<(), String> {
    let admin = options.admin.clone().ok_or_else(|| format!("缺少 --admin\n\n{USAGE}"))?;
    if !gridbook_domain::role::is_account(&admin) {
        return Err("--admin 后面写账号:2 到 64 个小写字母、数字、下划线;什么也没有改动。".to_owned());
    }
    let there = db::founded(&options.db).await.map_err(|e| e.to_string())?;
    if let Some(there) = &there {
        let demo = if there.demo { "演示镇 " } else { "" };
        let town = format!("{demo}{}({}),编号的开头是 {}", there.name, there.township, there.number_code);
        if !options.told.agrees(there) {
            return Err(format!(
                "这里已经建了{town};什么也没有改动。要建别的镇,请用 --data 或 --database 指一个新的空地方;\
                 只是要让管理员进来,用 gridbook-server reset --user 账号。"
            ));
        }
        println!("这里已经建了{town},没有重新建。");
    }
    let mut config = config(&options);
    if there.is_none() {
        config.tenant = options.told.found().map_err(|e| e.to_string())?;
        config.founds = true;
    }
    let started = start(config).await.map_err(|e| e.to_string())?;
    let known = match &there {
        // Who was made an administrator before may hold other roles by now.
        Some(_) => setup::has_account(&started.app, &admin).await.map_err(|e| e.to_string())?,
        None => false,
    };
    let (link, state) = if known {
        (setup::reset(&started.app, &admin).await, "早已建好,姓名和角色没有改动")
    } else {
        (setup::first_admin(&started.app, &admin).await, "已建好")
    };
    let link = link.map_err(|e| e.to_string())?;
    println!("管理员账号 {admin} {state}。7 天内在浏览器打开下面的地址设置密码(只能用一次):");
    show(options.url.as_deref(), &link);
    drop(started.app);
    started.writing.await.map_err(|e| e.to_string())
}

/// A township without a server moves in, from a file with everything (`gridbook_server::adopt`).
async fn adopt(options: Options) -> Result<(), String> {
    let admin = options.admin.clone().ok_or_else(|| format!("缺少 --admin\n\n{USAGE}"))?;
    if options.from.is_empty() {
        return Err(format!("缺少 --from 随身文件\n\n{USAGE}"));
    }
    let carried = admin::Carried::ask(options.from.clone())?;
    let mut removal = carried.removal(options.lost_desk)?;
    admin::steward(&removal, &admin, SystemClock.now_ms())?;
    removal.tenant.duty_phone.clone_from(&options.told.duty_phone);
    let mut config = config(&options);
    config.tenant = removal.tenant.clone();
    config.founds = true;
    let started = start(config).await.map_err(|e| e.to_string())?;
    let link = admin::adopt(&started.app, removal, &carried, &admin).await?;
    show(options.url.as_deref(), &link);
    drop(started.app);
    started.writing.await.map_err(|e| e.to_string())
}

/// Prints an invitation; on a terminal, and when the server's address is known, as a QR code too.
fn show(url: Option<&str>, link: &str) {
    use std::io::IsTerminal as _;
    let Some(url) = url else {
        println!("{link}\n(前面加上您的网址;运行时加 --url https://网址,就能打印完整地址和二维码。)");
        return;
    };
    let whole = format!("{}{link}", url.trim_end_matches('/'));
    println!("{whole}");
    if std::io::stdout().is_terminal()
        && let Some(code) = gridbook_server::qr::draw(&whole)
    {
        print!("{code}");
    }
}

/// A new way in for somebody who is locked out: the old password ends when the new one is set.
async fn reset(options: Options) -> Result<(), String> {
    let user = options.user.clone().ok_or_else(|| format!("缺少 --user\n\n{USAGE}"))?;
    admin::existing(&options.db).await?;
    let started = start(config(&options)).await.map_err(|e| e.to_string())?;
    let link = setup::reset(&started.app, &user).await.map_err(|e| e.to_string())?;
    println!("7 天内在浏览器打开下面的地址给 {user} 设置新密码(只能用一次):");
    show(options.url.as_deref(), &link);
    drop(started.app);
    started.writing.await.map_err(|e| e.to_string())
}

/// Lists what waits in quarantine, and lets what waits of one account go.
async fn held(options: Options) -> Result<(), String> {
    admin::existing(&options.db).await?;
    let started = start(config(&options)).await.map_err(|e| e.to_string())?;
    admin::quarantine(&started.app, options.release.as_deref()).await?;
    drop(started.app);
    started.writing.await.map_err(|e| e.to_string())
}

/// Asks `/healthz` of a running server; for container health checks.
async fn healthcheck(listen: SocketAddr) -> Result<(), String> {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(listen).await.map_err(|e| e.to_string())?;
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {listen}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.map_err(|e| e.to_string())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.map_err(|e| e.to_string())?;
    if answer.starts_with("HTTP/1.1 200") {
        Ok(())
    } else {
        Err(answer.lines().next().unwrap_or("no answer").to_owned())
    }
}

/// Sheets to try an import with: the demo township's, and a thousand households of which seventeen are spoilt.
/// The pages alone, for a township that has a file server and no other.
fn pages(options: &Options) -> Result<(), String> {
    let out = options.out.as_ref().ok_or_else(|| format!("缺少 --out\n\n{USAGE}"))?;
    let count = gridbook_server::http::assets::Assets::write_built_in(out).map_err(|e| e.to_string())?;
    println!("{}: {count} 个文件", out.display());
    Ok(())
}

fn demo_sheets(options: &Options) -> Result<(), String> {
    use gridbook_domain::import::Vocabulary;
    use gridbook_domain::package::Package;
    use gridbook_server::demo::SEED;
    use gridbook_sheets::demo::{household_rows_with_defects, township};

    let out = options.out.as_ref().ok_or_else(|| format!("缺少 --out\n\n{USAGE}"))?;
    std::fs::create_dir_all(out).map_err(|e| e.to_string())?;
    let whole = township(SEED, &Vocabulary::of(Package::builtin())).xlsx().map_err(|e| e.to_string())?;
    let spoilt = household_rows_with_defects(SEED).map_err(|e| e.to_string())?.xlsx;
    for (name, bytes) in [("演示镇.xlsx", whole), ("户表-有错.xlsx", spoilt)] {
        let path = out.join(name);
        std::fs::write(&path, bytes).map_err(|e| e.to_string())?;
        println!("{}", path.display());
    }
    Ok(())
}
