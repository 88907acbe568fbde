//! Figures for whoever watches the server, in the text format that Prometheus reads. On an address of its own, off
//! unless asked for, and without anything that tells of a person.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use gridbook_sync::wire::{PushResult, Verdict};

use crate::app::App;

/// Kinds of requests that are told apart.
const ROUTES: [&str; 8] = ["push", "pull", "caps", "blob", "relay", "api", "health", "asset"];
/// What may come of an operation.
const VERDICTS: [&str; 6] = ["ok", "dup", "defer", "reject", "refuse", "quarantine"];
/// Upper ends of the histogram's buckets, in milliseconds.
const BUCKETS: [u64; 9] = [5, 10, 25, 50, 100, 250, 1000, 2500, 10_000];

/// Requests of one kind.
#[derive(Default)]
struct Requests {
    /// By the first digit of the status, from 1.
    classes: [AtomicU64; 5],
    /// By bucket; each counts what is in no smaller one.
    buckets: [AtomicU64; BUCKETS.len()],
    micros: AtomicU64,
}

/// What the server counts since its start.
#[derive(Default)]
pub struct Metrics {
    requests: [Requests; ROUTES.len()],
    verdicts: [AtomicU64; VERDICTS.len()],
    unavailable: AtomicU64,
}

impl Metrics {
    /// Notes an answered request. `route` is the pattern that matched, never the address.
    pub fn answered(&self, route: Option<&str>, status: u16, took: Duration) {
        let kind = match route {
            Some("/sync/v1/push") => 0,
            Some("/sync/v1/pull") => 1,
            Some("/sync/v1/caps") => 2,
            Some(route) if route.starts_with("/sync/v1/blobs") => 3,
            Some(route) if route.starts_with("/relay") => 4,
            Some(route) if route.starts_with("/api") => 5,
            Some("/healthz") => 6,
            _ => 7,
        };
        let requests = &self.requests[kind];
        if let Some(class) = requests.classes.get(usize::from(status / 100).saturating_sub(1)) {
            add(class, 1);
        }
        let ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        if let Some(bucket) = BUCKETS.iter().position(|upto| ms < *upto) {
            add(&requests.buckets[bucket], 1);
        }
        add(&requests.micros, u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
        if status == 503 {
            add(&self.unavailable, 1);
        }
    }

    /// Notes what became of pushed operations.
    pub fn pushed(&self, results: &[PushResult]) {
        for result in results {
            let verdict = match result.r {
                Verdict::Ok if result.code.is_some() => 5,
                Verdict::Ok => 0,
                Verdict::Dup => 1,
                Verdict::Defer => 2,
                Verdict::Reject => 3,
                Verdict::Refuse => 4,
            };
            add(&self.verdicts[verdict], 1);
        }
    }

    fn write(&self, out: &mut String) {
        head(out, "gridbook_operations_total", "counter", "Pushed operations by what became of them.");
        for (verdict, count) in VERDICTS.iter().zip(&self.verdicts) {
            let _ = writeln!(out, "gridbook_operations_total{{verdict=\"{verdict}\"}} {}", read(count));
        }
        head(out, "gridbook_requests_total", "counter", "Answered requests by kind and class of status.");
        for (route, requests) in ROUTES.iter().zip(&self.requests) {
            for (class, count) in (1..).zip(&requests.classes).filter(|(_, count)| read(count) > 0) {
                let _ = writeln!(
                    out,
                    "gridbook_requests_total{{route=\"{route}\",status=\"{class}xx\"}} {}",
                    read(count)
                );
            }
        }
        let name = "gridbook_request_duration_seconds";
        head(out, name, "histogram", "From the request's head to the answer's.");
        for (route, requests) in ROUTES.iter().zip(&self.requests) {
            let total: u64 = requests.classes.iter().map(read).sum();
            if total == 0 {
                continue;
            }
            let mut upto = 0;
            for (end, count) in BUCKETS.iter().zip(&requests.buckets) {
                upto += read(count);
                let _ =
                    writeln!(out, "{name}_bucket{{route=\"{route}\",le=\"{}\"}} {upto}", seconds(end * 1000));
            }
            let _ = writeln!(out, "{name}_bucket{{route=\"{route}\",le=\"+Inf\"}} {total}");
            let _ = writeln!(out, "{name}_sum{{route=\"{route}\"}} {}", seconds(read(&requests.micros)));
            let _ = writeln!(out, "{name}_count{{route=\"{route}\"}} {total}");
        }
        head(
            out,
            "gridbook_unavailable_total",
            "counter",
            "Answers 503: database busy or failed, or disk full.",
        );
        let _ = writeln!(out, "gridbook_unavailable_total {}", read(&self.unavailable));
    }
}

fn add(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn seconds(micros: u64) -> String {
    format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

fn gauge(out: &mut String, name: &str, help: &str, value: impl std::fmt::Display) {
    head(out, name, "gauge", help);
    let _ = writeln!(out, "{name} {value}");
}

/// Free bytes on the disk of `folder`, for those who are not root.
#[cfg(unix)]
fn disk_free(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

#[cfg(not(unix))]
fn disk_free(_: &Path) -> Option<u64> {
    None
}

/// The page, on an address of its own.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route("/metrics", get(page)).with_state(app)
}

async fn page(State(app): State<Arc<App>>) -> impl IntoResponse {
    let mut out = String::new();
    app.metrics.write(&mut out);
    let waiting = app.writer.waiting();
    gauge(&mut out, "gridbook_writer_waiting", "Jobs that wait for the database's one writer.", waiting);
    let counts =
        "SELECT t.last_seq, (SELECT COUNT(*) FROM quarantine q WHERE q.tenant = t.tenant AND q.release < 2)
                  FROM tenant t WHERE t.tenant = ?";
    let counted: Result<(i64, i64), _> =
        crate::sql::query_as(counts).bind(app.tenant.id).fetch_one(&app.readers).await;
    // Without a database the other figures are wanted all the more.
    gauge(&mut out, "gridbook_database_up", "Whether the database answers.", u8::from(counted.is_ok()));
    if let Ok((sequence, held)) = counted {
        gauge(&mut out, "gridbook_sequence", "How far the log has come.", sequence);
        gauge(&mut out, "gridbook_quarantine_operations", "Operations that wait for an administrator.", held);
    }
    if let Some(free) = app.disks.iter().filter_map(|folder| disk_free(folder)).min() {
        let help = "Free on the disk of the data; on the fuller one where they lie on two.";
        gauge(&mut out, "gridbook_disk_free_bytes", help, free);
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], out)
}
