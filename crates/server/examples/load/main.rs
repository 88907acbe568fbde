//! What the server takes: HTTP, full admission by the trade's rules, durable commits. Prints one JSON line per figure.
//!
//! `cargo run --release -p gridbook-server --example load -- ingest|crowd|grow [sqlite|postgres] [NAME=NUMBER …]`
//!
//! - `ingest`: operations a second beside the same rows inserted bare. `phones=4 pushes=10 rounds=5`; without a
//!   database both are measured, in turn.
//! - `crowd`: phones that come online within a minute. `phones=2409 seconds=60`.
//! - `grow`: what an operation costs the more are stored. `to=1000000`.
//!
//! PostgreSQL runs in a cluster of its own, with `fsync` on, that ends with the program.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::cast_precision_loss)]
#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts far below the limits")]

mod cpu;
mod crowd;
mod figures;
mod grow;
mod ingest;
mod phones;
#[allow(dead_code, clippy::unwrap_used, reason = "the tests use more of it")]
#[path = "../../tests/common/postgres.rs"]
mod postgres;
mod town;

use figures::Figures;
use tokio::runtime::Builder;
use town::Kind;

#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Failure = Box<dyn std::error::Error + Send + Sync>;
/// Where the phones run, apart from the server, so that their processor time is told apart.
type Handle = tokio::runtime::Handle;

struct Asked {
    kinds: Vec<Kind>,
    numbers: Vec<(String, u64)>,
}

impl Asked {
    fn number(&self, name: &str, otherwise: u64) -> u64 {
        self.numbers.iter().find(|(known, _)| known == name).map_or(otherwise, |(_, number)| *number)
    }
}

fn main() -> Result<(), Failure> {
    tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).init();
    let mut args = std::env::args().skip(1);
    let mode = args.next().unwrap_or_else(|| "ingest".to_owned());
    let mut asked = Asked { kinds: Vec::new(), numbers: Vec::new() };
    for arg in args {
        match (arg.as_str(), arg.split_once('=')) {
            ("sqlite", _) => asked.kinds.push(Kind::Sqlite),
            ("postgres", _) => asked.kinds.push(Kind::Postgres),
            (_, Some((name, number))) => asked.numbers.push((name.to_owned(), number.parse()?)),
            _ => return Err(format!("{arg}?").into()),
        }
    }
    let phones =
        Builder::new_multi_thread().worker_threads(1).thread_name(cpu::PHONES).enable_all().build()?;
    let server = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let figures = server.block_on(run(&mode, &asked, phones.handle()))?;
    figures.print();
    Ok(())
}

async fn run(mode: &str, asked: &Asked, phones: &Handle) -> Result<Figures, Failure> {
    let mut figures = Figures::default();
    let one = asked.kinds.first().copied().unwrap_or(Kind::Sqlite);
    match mode {
        "ingest" => {
            let both = [Kind::Sqlite, Kind::Postgres];
            let kinds = if asked.kinds.is_empty() { &both[..] } else { &asked.kinds };
            for _ in 0..asked.number("rounds", 5) {
                for kind in kinds {
                    let (count, pushes) = (asked.number("phones", 4), asked.number("pushes", 10));
                    ingest::round(&mut figures, phones, *kind, count, pushes).await?;
                }
            }
        }
        "crowd" => {
            let (count, seconds) = (asked.number("phones", 2409), asked.number("seconds", 60));
            crowd::minute(&mut figures, phones, one, count, seconds).await?;
        }
        "grow" => grow::decades(&mut figures, phones, one, asked.number("to", 1_000_000)).await?,
        other => return Err(format!("{other}? ingest, crowd or grow").into()),
    }
    Ok(figures)
}
