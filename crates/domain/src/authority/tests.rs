#![allow(clippy::unwrap_used)]

use super::{Book, official_number};

#[test]
fn a_series_goes_on_after_what_was_given_and_never_back() {
    let mut book = Book::new("青禾");
    book.note("青禾〔2026〕隐字第00007号");
    book.note("青禾〔2026〕隐字第00003号");
    book.note("这不是编号");
    assert_eq!(book.next("隐", 2026), "青禾〔2026〕隐字第00008号");
    assert_eq!(book.next("纠", 2026), "青禾〔2026〕纠字第00001号", "each class by itself");
    assert_eq!(book.next("隐", 2027), "青禾〔2027〕隐字第00001号", "each year by itself");
    book.raise("隐", 2026, 2);
    assert_eq!(book.last("隐", 2026), 8);
    let again: Book = serde_json::from_str(&serde_json::to_string(&book).unwrap()).unwrap();
    assert_eq!(again, book);
}

#[test]
fn what_is_printed_is_read_back() {
    let mut book = Book::new("柳溪");
    book.note(&official_number("青禾", 2026, "人调", 12));
    assert_eq!(book.last("人调", 2026), 12);
}
