//! Operations a second with full admission, beside the same rows inserted bare.

use std::time::Instant;

use gridbook_server::db::open_writer;
use gridbook_server::sql::{self, Conn, Pool, Row, Value};

use crate::cpu::Cpu;
use crate::figures::Figures;
use crate::phones::{Phone, send};
use crate::town::{Database, Kind, Town};
use crate::{Failure, Handle};

/// Operations in one push, as a phone with much to say sends them.
const PUSH: u64 = 500;

/// One round on one database.
pub async fn round(
    figures: &mut Figures,
    phones: &Handle,
    kind: Kind,
    count: u64,
    pushes: u64,
) -> Result<(), Failure> {
    let database = Database::fresh(kind)?;
    let town = Town::open(&database, count).await?;
    let ops = count * pushes * PUSH;
    let mut work = Vec::new();
    for phone in &town.phones {
        let bodies = (0..pushes).map(|batch| phone.push(batch, PUSH)).collect::<Result<Vec<_>, _>>()?;
        work.push((phone.clone(), bodies));
    }
    let (began, cpu) = (Instant::now(), town.cpu());
    let tasks: Vec<_> = work
        .into_iter()
        .map(|(phone, bodies)| phones.spawn(push_all(town.url.clone(), phone, bodies)))
        .collect();
    for task in tasks {
        task.await??;
    }
    let seconds = began.elapsed().as_secs_f64();
    let cpu = town.cpu().since(cpu);
    let name = kind.name();
    figures.add(&format!("{name}: ingest with full admission"), "operations/s", ops as f64 / seconds);
    let each = 10_000.0 / ops as f64;
    figures.add(&format!("{name}: processor for 10,000, server"), "s", cpu.server * each);
    if kind == Kind::Postgres {
        figures.add(&format!("{name}: processor for 10,000, database"), "s", cpu.database * each);
    }
    let rows = rows(&town.app.readers, ops).await?;
    town.close().await?;
    let mut conn = open_writer(&database.other()).await?;
    let backend = match &mut conn {
        Conn::Postgres(_) => {
            let pid =
                sql::query_scalar::<i64>("SELECT pg_backend_pid()::BIGINT").fetch_one(&mut conn).await?;
            Some(u32::try_from(pid)?)
        }
        Conn::Sqlite(_) => None,
    };
    let (began, before) = (Instant::now(), Cpu::now(backend));
    for transaction in rows {
        conn.begin_write().await?;
        for (table, rows) in TABLES.iter().zip(transaction) {
            let head = format!("{} ({})", table.name, table.columns);
            sql::insert(&mut conn, &head, "", rows, |cells, row| {
                cells.push(1);
                for value in row {
                    cells.push_bind(value);
                }
            })
            .await?;
        }
        conn.commit().await?;
    }
    let bare = began.elapsed().as_secs_f64();
    let bare_cpu = Cpu::now(backend).since(before);
    conn.close().await?;
    figures.add(&format!("{name}: the same rows bare"), "operations/s", ops as f64 / bare);
    figures.add(&format!("{name}: processor for 10,000 bare"), "s", bare_cpu.serving() * each);
    figures.add(&format!("{name}: share of the bare rate"), "%", 100.0 * bare / seconds);
    Ok(())
}

async fn push_all(url: String, phone: Phone, bodies: Vec<Vec<u8>>) -> Result<(), Failure> {
    let http = reqwest::Client::new();
    for body in bodies {
        send(&http, &url, &phone.token, body).await?;
    }
    Ok(())
}

/// A table, and which number tells the transaction that a row belongs to.
struct Table {
    name: &'static str,
    columns: &'static str,
    /// `i` number, `b` bytes, `t` text; in the order of the columns after the tenant.
    types: &'static str,
    by: &'static str,
}

const TABLES: [Table; 4] = [
    Table {
        name: "ops",
        columns: "tenant, seq, entity, dev, epoch, n, kind, author, line, salt, body, body_hash, sig, hash, area, \
                  received_at, verdict",
        types: "ibbiitttttttbtit",
        by: "seq",
    },
    Table { name: "feed", columns: "tenant, channel, first_seq, last_seq", types: "tii", by: "last_seq" },
    Table { name: "placed", columns: "tenant, entity, channel, from_seq", types: "bti", by: "from_seq" },
    Table {
        name: "entities",
        columns: "tenant, entity, type, creator, area, first_seq, last_seq",
        types: "btttii",
        by: "first_seq",
    },
];

type Rows = Vec<Vec<Value>>;

/// Everything that was stored, in transactions of one push each.
async fn rows(readers: &Pool, ops: u64) -> Result<Vec<Vec<Rows>>, Failure> {
    let mut conn = readers.acquire().await?;
    let transactions = usize::try_from(ops / PUSH)?;
    let mut out: Vec<Vec<Rows>> = (0..transactions).map(|_| vec![Vec::new(); TABLES.len()]).collect();
    for (at, table) in TABLES.iter().enumerate() {
        let columns = table.columns.trim_start_matches("tenant, ");
        let text =
            format!("SELECT {columns} FROM {} WHERE {} > 0 ORDER BY {}", table.name, table.by, table.by);
        let found = sql::query(text).fetch_all(&mut conn).await?;
        let each = found.len().div_ceil(transactions).max(1);
        for (n, row) in found.iter().enumerate() {
            out[n / each][at].push(values(row, table.types)?);
        }
    }
    Ok(out)
}

fn values(row: &Row, types: &str) -> Result<Vec<Value>, sqlx::Error> {
    let value = |(at, kind): (usize, char)| {
        Ok(match kind {
            'i' => Value::Int(row.try_get(at)?),
            'b' => Value::Bytes(row.try_get(at)?),
            _ => Value::Text(row.try_get(at)?),
        })
    };
    types.chars().enumerate().map(value).collect()
}
