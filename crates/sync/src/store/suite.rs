//! One suite for every store: what a replica relies on, checked on memory natively and on IndexedDB in a browser.
//!
//! Behind the feature `suite`, so that the app's own tests can run it and no bundle carries it.

use std::collections::{BTreeMap, BTreeSet};
use std::task::Poll;

use super::{Batch, Durability, Store, StoreError, Table, VERSION_KEY, scan_all};

/// Runs every check, each on a store of its own that `fresh` makes by this name.
///
/// # Panics
/// At the first thing that is not as it must be.
pub async fn all<S: Store>(fresh: impl AsyncFn(&str) -> S) {
    rows(&fresh("rows").await).await;
    tables(&fresh("tables").await).await;
    scanning(&fresh("scanning").await).await;
    at_one_moment(&fresh("moment").await).await;
    batches(&fresh("batches").await).await;
    versions(&fresh("versions").await).await;
    sizes(&fresh("sizes").await).await;
    many(&fresh("many").await).await;
    keys(&fresh("keys").await).await;
    racing(&fresh("racing").await).await;
    counting(&fresh("counting").await).await;
}

/// Put, get, replace, delete.
async fn rows(store: &impl Store) {
    assert_eq!(get(store, "a").await, None);
    put(store, &[("a", b"1"), ("b", b""), ("c", &[0, 255, 128])]).await;
    assert_eq!(get(store, "a").await.as_deref(), Some(&b"1"[..]));
    assert_eq!(get(store, "b").await.as_deref(), Some(&b""[..]), "an empty row is a row");
    assert_eq!(get(store, "c").await.as_deref(), Some(&[0, 255, 128][..]));
    put(store, &[("a", b"longer than before")]).await;
    assert_eq!(get(store, "a").await.as_deref(), Some(&b"longer than before"[..]));
    let mut batch = Batch::default();
    batch.delete(Table::App, "a");
    batch.delete(Table::App, "never there");
    ok(store, batch).await;
    assert_eq!(get(store, "a").await, None);
    assert!(get(store, "b").await.is_some());
    ok(store, Batch::default()).await;
}

/// Whole tables, however large, and no half of a batch.
async fn at_one_moment(store: &impl Store) {
    assert_eq!(store.tables(&[Table::Meta, Table::Rows]).await, Ok(vec![Vec::new(), Vec::new()]));
    let mut batch = Batch::default();
    for n in 0..5_000u32 {
        batch.put(Table::Rows, format!("{n:05}"), n.to_le_bytes().to_vec());
    }
    batch.put(Table::Meta, "one", b"1".to_vec());
    ok(store, batch).await;
    let read = store.tables(&[Table::Meta, Table::Pend, Table::Rows]).await.expect("tables can be read");
    assert_eq!(read[0], [("one".to_owned(), b"1".to_vec())]);
    assert_eq!(read[1], []);
    assert_eq!(Ok(&read[2]), scan_all(store, Table::Rows).await.as_ref());
    assert_eq!(read[2].len(), 5_000);
    // What is written meanwhile is in both tables or in neither.
    let mut batch = Batch::default();
    batch.put(Table::Rows, "00000", b"new".to_vec());
    batch.put(Table::Meta, "one", b"new".to_vec());
    let (read, wrote) =
        crate::both::both(store.tables(&[Table::Meta, Table::Rows]), store.commit(batch)).await;
    assert_eq!(wrote, Ok(()));
    let read = read.expect("tables can be read");
    assert_eq!(read[0][0].1 == b"new", read[1][0].1 == b"new");
}

/// One key means another row in every table, and one batch may write them all.
async fn tables(store: &impl Store) {
    for durability in [Durability::Strict, Durability::Relaxed] {
        let mut batch = Batch { durability, ..Batch::default() };
        for (i, table) in (0u8..).zip(Table::ALL) {
            batch.put(table, "key", vec![i, durability as u8]);
        }
        ok(store, batch).await;
        for (i, table) in (0u8..).zip(Table::ALL) {
            assert_eq!(store.get(table, "key").await, Ok(Some(vec![i, durability as u8])), "{table:?}");
            assert_eq!(scan(store, table, "", 9).await, ["key"], "{table:?}");
        }
    }
    let mut batch = Batch::default();
    batch.delete(Table::Log, "key");
    ok(store, batch).await;
    assert_eq!(store.get(Table::Log, "key").await, Ok(None));
    assert!(matches!(store.get(Table::Pend, "key").await, Ok(Some(_))));
}

/// Keys come in order, after the one named, no more than asked for.
async fn scanning(store: &impl Store) {
    assert!(scan(store, Table::App, "", 10).await.is_empty());
    put(store, &[("b", b"2"), ("d", b"4"), ("a", b"1"), ("c", b"3"), ("bb", b"5")]).await;
    let table = [
        ("", 10, &["a", "b", "bb", "c", "d"][..]),
        ("", 2, &["a", "b"]),
        ("a", 2, &["b", "bb"]),
        ("b", 10, &["bb", "c", "d"]),
        ("ba", 1, &["bb"]),
        ("bbb", 10, &["c", "d"]),
        ("d", 10, &[]),
        ("z", 10, &[]),
    ];
    for (after, limit, expected) in table {
        assert_eq!(scan(store, Table::App, after, limit).await, expected, "after {after:?}, {limit}");
    }
    let values = store.scan(Table::App, "a", 2).await.map(|page| page.into_iter().map(|(_, v)| v).collect());
    assert_eq!(values, Ok(vec![b"2".to_vec(), b"5".to_vec()]), "values belong to their keys");
}

/// Deletes come before puts; the last put of a key stands.
async fn batches(store: &impl Store) {
    put(store, &[("a", b"old"), ("b", b"old")]).await;
    let mut batch = Batch::default();
    batch.put(Table::App, "a", b"new".to_vec());
    batch.delete(Table::App, "a");
    batch.delete(Table::App, "b");
    batch.put(Table::App, "c", b"first".to_vec());
    batch.put(Table::App, "c", b"last".to_vec());
    ok(store, batch).await;
    assert_eq!(get(store, "a").await.as_deref(), Some(&b"new"[..]));
    assert_eq!(get(store, "b").await, None);
    assert_eq!(get(store, "c").await.as_deref(), Some(&b"last"[..]));
}

/// A batch that expects another version writes nothing at all.
async fn versions(store: &impl Store) {
    let batch = |expect, version: u64, value: &[u8]| {
        let mut batch = Batch { expect, ..Batch::default() };
        batch.put(Table::Meta, VERSION_KEY, version.to_le_bytes().to_vec());
        batch.put(Table::App, "a", value.to_vec());
        batch.delete(Table::Log, "doomed");
        batch
    };
    let mut first = Batch::default();
    first.put(Table::Log, "doomed", vec![1]);
    ok(store, first).await;
    assert_eq!(store.commit(batch(Some(7), 8, b"no")).await, Err(StoreError::Raced), "absent counts as 0");
    assert_eq!(get(store, "a").await, None);
    assert_eq!(store.get(Table::Log, "doomed").await, Ok(Some(vec![1])));
    assert_eq!(store.get(Table::Meta, VERSION_KEY).await, Ok(None));
    ok(store, batch(Some(0), 1, b"one")).await;
    assert_eq!(store.get(Table::Log, "doomed").await, Ok(None));
    assert_eq!(store.commit(batch(Some(0), 1, b"again")).await, Err(StoreError::Raced));
    assert_eq!(store.commit(batch(Some(2), 3, b"ahead")).await, Err(StoreError::Raced));
    assert_eq!(get(store, "a").await.as_deref(), Some(&b"one"[..]));
    ok(store, batch(Some(1), u64::MAX, b"two")).await;
    ok(store, batch(Some(u64::MAX), 5, b"three")).await;
    // What is not the replica's asks for no version.
    put(store, &[("a", b"four")]).await;
    assert_eq!(store.get(Table::Meta, VERSION_KEY).await, Ok(Some(5u64.to_le_bytes().to_vec())));
    // Nothing to write is still a question about the version.
    assert_eq!(store.commit(Batch { expect: Some(4), ..Batch::default() }).await, Err(StoreError::Raced));
    ok(store, Batch { expect: Some(5), ..Batch::default() }).await;
}

/// Large rows come back byte for byte.
async fn sizes(store: &impl Store) {
    let large: Vec<u8> = (0..300 * 1024u32).map(|i| (i % 251) as u8).collect();
    let mut batch = Batch::default();
    for table in [Table::Log, Table::Blob] {
        batch.put(table, "large", large.clone());
    }
    ok(store, batch).await;
    for table in [Table::Log, Table::Blob] {
        assert!(store.get(table, "large").await == Ok(Some(large.clone())), "{table:?}");
    }
    assert!(store.scan(Table::Blob, "", 1).await == Ok(vec![("large".to_owned(), large)]));
}

/// Two thousand rows in one batch, read in pages and at once.
async fn many(store: &impl Store) {
    const ROWS: u32 = 2000;
    let mut batch = Batch { durability: Durability::Relaxed, ..Batch::default() };
    // Written backwards: order is the store's.
    for i in (0..ROWS).rev() {
        batch.put(Table::Rows, format!("{i:010}"), i.to_le_bytes().to_vec());
    }
    ok(store, batch).await;
    let whole = scan_all(store, Table::Rows).await.unwrap_or_default();
    assert_eq!(whole.len(), ROWS as usize);
    let right = |(i, (key, value)): (u32, &(String, Vec<u8>))| {
        *key == format!("{i:010}") && *value == i.to_le_bytes()
    };
    assert!((0..).zip(&whole).all(right));
    let mut paged = Vec::new();
    loop {
        let after = paged.last().map_or("", |(key, _): &(String, Vec<u8>)| key.as_str()).to_owned();
        let page = store.scan(Table::Rows, &after, 137).await.unwrap_or_default();
        if page.is_empty() {
            break;
        }
        paged.extend(page);
    }
    assert!(paged == whole);
    let mut batch = Batch::default();
    for i in (0..ROWS).filter(|i| i % 3 != 0) {
        batch.delete(Table::Rows, format!("{i:010}"));
    }
    ok(store, batch).await;
    assert_eq!(scan_all(store, Table::Rows).await.map(|rows| rows.len()), Ok(667));
}

/// Keys are any text.
async fn keys(store: &impl Store) {
    let names = [
        "a/b",
        "a b",
        "a\"b",
        "a'b",
        "a\\b",
        "a\nb",
        "a\u{0}b",
        "é",
        "e\u{301}",
        "张三",
        "😀",
        "-1",
        "10",
        "9",
        "A",
        "%",
        "__proto__",
        "undefined",
    ];
    let mut batch = Batch::default();
    let mut expected = BTreeMap::new();
    for (i, name) in (0u8..).zip(names) {
        batch.put(Table::Draft, name, vec![i]);
        expected.insert(name.to_owned(), vec![i]);
    }
    ok(store, batch).await;
    for (name, value) in &expected {
        assert_eq!(store.get(Table::Draft, name).await.as_ref(), Ok(&Some(value.clone())), "{name:?}");
    }
    assert_eq!(scan_all(store, Table::Draft).await, Ok(expected.clone().into_iter().collect()));
    for name in expected.keys() {
        let after = scan(store, Table::Draft, name, 1).await;
        let next =
            expected.range::<String, _>((std::ops::Bound::Excluded(name), std::ops::Bound::Unbounded)).next();
        assert_eq!(after.first(), next.map(|(next, _)| next), "after {name:?}");
    }
}

/// Of those who commit on one version at once, one wins and the others are told.
async fn racing(store: &impl Store) {
    for version in 0u64..5 {
        let commits = (0u8..8).map(|who| {
            let mut batch = Batch { expect: Some(version), ..Batch::default() };
            batch.put(Table::Meta, VERSION_KEY, (version + 1).to_le_bytes().to_vec());
            batch.put(Table::App, format!("{version}"), vec![who]);
            batch.put(Table::Journal, format!("{version}/{who}"), vec![]);
            store.commit(batch)
        });
        let results = together(commits.collect()).await;
        let won: Vec<usize> = (0..8).filter(|who| results[*who] == Ok(())).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert_eq!(results.iter().filter(|r| **r == Err(StoreError::Raced)).count(), 7, "{results:?}");
        let winner = get(store, &format!("{version}")).await.unwrap_or_default();
        assert_eq!(winner.iter().map(|w| usize::from(*w)).collect::<Vec<_>>(), won);
    }
    assert_eq!(scan(store, Table::Journal, "", 100).await.len(), 5, "the losers wrote nothing");
}

/// Many who read, compute and commit, again when they come second: every one counts once.
async fn counting(store: &impl Store) {
    let counts = (0u8..12).map(|who| async move {
        for _ in 0..100 {
            let held = store.get(Table::Meta, VERSION_KEY).await.unwrap_or_default();
            let version = crate::memory::version_of(held.as_deref());
            let mut batch =
                Batch { expect: Some(version), durability: Durability::Relaxed, ..Batch::default() };
            batch.put(Table::Meta, VERSION_KEY, (version + 1).to_le_bytes().to_vec());
            batch.put(Table::Log, format!("{:010}", version + 1), vec![who]);
            match store.commit(batch).await {
                Ok(()) => return version + 1,
                Err(StoreError::Raced) => {}
                Err(error) => panic!("{error}"),
            }
        }
        panic!("came second a hundred times");
    });
    let numbers: BTreeSet<u64> = together(counts.collect()).await.into_iter().collect();
    assert_eq!(numbers, (1..=12).collect());
    let rows = scan_all(store, Table::Log).await.unwrap_or_default();
    let who: BTreeSet<&Vec<u8>> = rows.iter().map(|(_, who)| who).collect();
    assert_eq!((rows.len(), who.len()), (12, 12));
}

async fn ok(store: &impl Store, batch: Batch) {
    assert_eq!(store.commit(batch).await, Ok(()));
}

async fn put(store: &impl Store, rows: &[(&str, &[u8])]) {
    let mut batch = Batch::default();
    for (key, value) in rows {
        batch.put(Table::App, *key, value.to_vec());
    }
    ok(store, batch).await;
}

async fn get(store: &impl Store, key: &str) -> Option<Vec<u8>> {
    let row = store.get(Table::App, key).await;
    assert!(row.is_ok(), "{row:?}");
    row.unwrap_or_default()
}

async fn scan(store: &impl Store, table: Table, after: &str, limit: usize) -> Vec<String> {
    let page = store.scan(table, after, limit).await;
    assert!(page.is_ok(), "{page:?}");
    page.unwrap_or_default().into_iter().map(|(key, _)| key).collect()
}

/// Runs futures side by side.
async fn together<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut tasks: Vec<_> = futures.into_iter().map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(move |context| {
        for (task, done) in tasks.iter_mut().filter(|(_, done)| done.is_none()) {
            if let Poll::Ready(value) = task.as_mut().poll(context) {
                *done = Some(value);
            }
        }
        if tasks.iter().any(|(_, done)| done.is_none()) {
            return Poll::Pending;
        }
        Poll::Ready(tasks.iter_mut().filter_map(|(_, done)| done.take()).collect())
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::all;
    use crate::memory::MemoryStore;

    #[test]
    fn memory_is_a_store() {
        crate::sim::now(all(async |_| MemoryStore::default()));
    }
}
