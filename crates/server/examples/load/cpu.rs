//! Processor time, apart for the phones, the server and the database.

use std::fs;

/// Threads of this process with that name belong to the phones.
pub const PHONES: &str = "phones";
/// Ticks of the kernel's clock in a second; the same on every Linux that people run.
const TICKS: f64 = 100.0;

/// Seconds of processor time since the start.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// The server, with SQLite when that is the database.
    pub server: f64,
    /// What makes the load.
    pub phones: f64,
    /// PostgreSQL's processes.
    pub database: f64,
}

impl Cpu {
    /// Now. `backend` is the number of one process of PostgreSQL's.
    pub fn now(backend: Option<u32>) -> Self {
        let mut out = Self::default();
        for thread in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let Some((name, _, seconds)) = read(&thread.path().join("stat")) else { continue };
            *(if name == PHONES { &mut out.phones } else { &mut out.server }) += seconds;
        }
        let parent =
            backend.and_then(|pid| read(format!("/proc/{pid}/stat").as_ref())).map(|(_, parent, _)| parent);
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let of = parent.and(read(&process.path().join("stat"))).filter(|(_, of, _)| Some(*of) == parent);
            out.database += of.map_or(0.0, |(_, _, seconds)| seconds);
        }
        out
    }

    /// From an earlier moment to this one.
    pub fn since(self, then: Self) -> Self {
        Self {
            server: self.server - then.server,
            phones: self.phones - then.phones,
            database: self.database - then.database,
        }
    }

    /// What serving took: all but the load.
    pub fn serving(self) -> f64 {
        self.server + self.database
    }
}

/// Name, parent and seconds of a process or thread.
fn read(stat: &std::path::Path) -> Option<(String, u32, f64)> {
    let text = fs::read_to_string(stat).ok()?;
    let (head, tail) = text.rsplit_once(')')?;
    let fields: Vec<&str> = tail.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some((head.split_once('(')?.1.to_owned(), fields.get(1)?.parse().ok()?, ticks / TICKS))
}
