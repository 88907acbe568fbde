//! What an operation costs at ten thousand, a hundred thousand, a million stored: it must stay the same.

use std::time::Instant;

use crate::figures::Figures;
use crate::phones::{pull, send};
use crate::town::{Database, Kind, Town};
use crate::{Failure, Handle};

/// Phones that fill the database, each in its own grid.
const PHONES: u64 = 40;
/// Visits in one push.
const PUSH: u64 = 500;
/// Pushes that are measured at each size: those at one time, on one connection.
const MEASURED: u64 = 20;
/// Small synchronisations that are measured at each size.
const SMALL: u64 = 100;

pub async fn decades(figures: &mut Figures, phones: &Handle, kind: Kind, to: u64) -> Result<(), Failure> {
    let database = Database::fresh(kind)?;
    let town = Town::open(&database, PHONES).await?;
    let http = reqwest::Client::new();
    let mut batch = 0;
    // A visit is stored as two: itself and its receipt.
    let mut stored = 0;
    let mut costs = Vec::new();
    let mut size = 10_000;
    while size <= to {
        while stored < size {
            fill(&town, phones, &http, batch).await?;
            batch += 1;
            stored += PHONES * PUSH * 2;
        }
        let name = format!("{}: at {size} stored", kind.name());
        let mut bodies = Vec::new();
        for n in 0..MEASURED {
            let phone = &town.phones[(n % PHONES) as usize];
            bodies.push((phone.token.clone(), phone.push(batch + n / PHONES, PUSH)?));
        }
        batch += MEASURED.div_ceil(PHONES);
        let (began, cpu) = (Instant::now(), town.cpu());
        for (token, body) in bodies {
            send(&http, &town.url, &token, body).await?;
        }
        let ops = (MEASURED * PUSH) as f64;
        stored += MEASURED * PUSH * 2;
        figures.add(&format!("{name}, one operation"), "µs", began.elapsed().as_secs_f64() * 1e6 / ops);
        let push = town.cpu().since(cpu).serving() * 1e6 / ops;
        figures.add(&format!("{name}, one operation, processor"), "µs", push);
        let mut small = Vec::new();
        for n in 0..SMALL {
            let phone = &town.phones[(n % PHONES) as usize];
            if n < PHONES {
                let (_, cursor) = pull(&http, &town.url, &phone.token, String::new()).await?;
                small.push((phone.token.clone(), cursor));
            }
        }
        let mut bodies = Vec::new();
        for n in 0..SMALL {
            bodies.push(town.phones[(n % PHONES) as usize].push(batch + n / PHONES, 10)?);
        }
        batch += SMALL.div_ceil(PHONES);
        let (began, cpu) = (Instant::now(), town.cpu());
        for (n, body) in bodies.into_iter().enumerate() {
            let at = n % small.len();
            let (token, cursor) = small[at].clone();
            send(&http, &town.url, &token, body).await?;
            small[at].1 = pull(&http, &town.url, &token, cursor).await?.1;
        }
        stored += SMALL * 10 * 2;
        let each = began.elapsed().as_secs_f64() * 1e3 / SMALL as f64;
        figures.add(&format!("{name}, ten new there and back"), "ms", each);
        let cpu = town.cpu().since(cpu).serving() * 1e3 / SMALL as f64;
        figures.add(&format!("{name}, ten new there and back, processor"), "ms", cpu);
        costs.push((push, cpu));
        size *= 10;
    }
    if let (Some(first), Some(last)) = (costs.first(), costs.last()) {
        let name = format!("{}: most stored over fewest", kind.name());
        figures.add(&format!("{name}, one operation"), "times", last.0 / first.0);
        figures.add(&format!("{name}, ten new there and back"), "times", last.1 / first.1);
    }
    town.close().await
}

/// One push of every phone.
async fn fill(town: &Town, phones: &Handle, http: &reqwest::Client, batch: u64) -> Result<(), Failure> {
    let mut tasks = tokio::task::JoinSet::new();
    for phone in town.phones.clone() {
        let (http, url) = (http.clone(), town.url.clone());
        tasks
            .spawn_on(async move { send(&http, &url, &phone.token, phone.push(batch, PUSH)?).await }, phones);
        // A few at a time, as in life.
        if tasks.len() >= 4
            && let Some(done) = tasks.join_next().await
        {
            done??;
        }
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}
