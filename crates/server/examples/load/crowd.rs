//! All the phones of a county come online within a minute: each sends what it holds and fetches what is new.

use std::time::{Duration, Instant};

use crate::figures::{Figures, percentile};
use crate::phones::{Phone, pull, send};
use crate::town::{Database, Kind, Town};
use crate::{Failure, Handle};

/// Visits that each phone brings.
const VISITS: u64 = 3;
/// Visits of each phone that the server has from before.
const BEFORE: u64 = 10;
/// Nothing takes longer than this unless it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

pub async fn minute(
    figures: &mut Figures,
    phones: &Handle,
    kind: Kind,
    count: u64,
    seconds: u64,
) -> Result<(), Failure> {
    let database = Database::fresh(kind)?;
    let town = Town::open(&database, count).await?;
    // A connection for every request, as phones that were away have none.
    let http = reqwest::Client::builder().pool_max_idle_per_host(0).timeout(PATIENCE).build()?;
    let mut ready = Vec::new();
    for phone in &town.phones {
        send(&http, &town.url, &phone.token, phone.push(0, BEFORE)?).await?;
        let (_, cursor) = pull(&http, &town.url, &phone.token, String::new()).await?;
        ready.push((phone.clone(), cursor, phone.push(1, VISITS)?));
    }
    // Evenly over the time, in an order that has nothing to do with who they are.
    let moment = move |n: u64| Duration::from_millis(seconds * 1000 * (n * 1021 % count) / count);
    let began = tokio::time::Instant::now();
    let cpu = town.cpu();
    let tasks: Vec<_> = (0..)
        .zip(ready)
        .map(|(n, (phone, cursor, body))| {
            let (http, url) = (http.clone(), town.url.clone());
            phones.spawn(async move {
                tokio::time::sleep_until(began + moment(n)).await;
                sync(&http, &url, &phone, cursor, body).await
            })
        })
        .collect();
    let (mut times, mut failures) = (Vec::new(), Vec::new());
    for task in tasks {
        match task.await? {
            Ok(ms) => times.push(ms),
            Err(failure) => failures.push(failure.to_string()),
        }
    }
    let cpu = town.cpu().since(cpu);
    let name = format!("{}: {count} phones in {seconds} s", kind.name());
    figures.add(&format!("{name}, failed"), "phones", failures.len() as f64);
    if times.is_empty() {
        return Err(failures.pop().unwrap_or_default().into());
    }
    figures.add(&format!("{name}, small sync p50"), "ms", percentile(&mut times, 0.5));
    figures.add(&format!("{name}, small sync p99"), "ms", percentile(&mut times, 0.99));
    figures.add(&format!("{name}, small sync longest"), "ms", percentile(&mut times, 1.0));
    figures.add(&format!("{name}, processor"), "s", cpu.serving());
    for failure in failures.iter().take(3) {
        eprintln!("  {failure}");
    }
    town.close().await
}

/// Asks what the server can do, sends, fetches; milliseconds from the first byte to the last.
async fn sync(
    http: &reqwest::Client,
    url: &str,
    phone: &Phone,
    cursor: String,
    body: Vec<u8>,
) -> Result<f64, Failure> {
    let began = Instant::now();
    http.get(format!("{url}/sync/v1/caps")).send().await?.error_for_status()?.bytes().await?;
    send(http, url, &phone.token, body).await?;
    let (count, _) = pull(http, url, &phone.token, cursor).await?;
    // Its visits, which another device of the same person would not have, and the server's receipts.
    if count as u64 != VISITS * 2 {
        return Err(format!("{}: {count} entries", phone.user).into());
    }
    Ok(began.elapsed().as_secs_f64() * 1000.0)
}
