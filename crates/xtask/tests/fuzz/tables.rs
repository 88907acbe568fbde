//! Spreadsheets that somebody uploads: whole files, and good ones in which one part was damaged (a damaged file alone
//! would seldom get past the sums of its archive).

use std::io::{Cursor, Read, Write};

use gridbook_sheets::{Column, Table, gb18030, read_csv, read_xlsx, write_csv, write_xlsx};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::Target;

fn table() -> Table {
    let rows = [["柳溪村1组", "何秀兰", "13800000000"], ["柳溪村2组", "=1+1", "\"钟\"大雪"]];
    Table {
        name: "户".to_owned(),
        columns: ["门牌", "户主", "电话"].map(|header| Column::text(header, 12.0)).to_vec(),
        rows: rows.map(|row| row.map(str::to_owned).to_vec()).to_vec(),
    }
}

fn parts(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = ZipArchive::new(Cursor::new(file)).unwrap();
    let count = archive.len();
    let part = |n| {
        let mut entry = archive.by_index(n).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(part).collect()
}

fn archive(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        out.start_file(name, SimpleFileOptions::default()).unwrap();
        out.write_all(bytes).unwrap();
    }
    out.finish().unwrap().into_inner()
}

thread_local! {
    static GOOD: Vec<(String, Vec<u8>)> = parts(&write_xlsx(&[table()]).unwrap());
}

fn workbook(bytes: &[u8], number: u64) {
    let _ = read_xlsx(bytes);
    GOOD.with(|good| {
        let mut parts = good.clone();
        let at = number as usize % parts.len();
        parts[at].1 = bytes.to_vec();
        if let Ok(sheets) = read_xlsx(&archive(&parts)) {
            assert!(sheets.iter().all(|sheet| sheet.rows.iter().all(|row| row.len() <= 200)));
        }
    });
}

fn separated(bytes: &[u8], _: u64) {
    if let Ok(sheet) = read_csv("户", bytes, gb18030) {
        let cells: usize = sheet.rows.iter().map(Vec::len).sum();
        assert!(cells <= bytes.len() + 1, "a cell takes a byte at least");
    }
}

pub fn targets() -> Vec<Target> {
    let whole = write_xlsx(&[table()]).unwrap();
    let mut books: Vec<Vec<u8>> = parts(&whole).into_iter().map(|(_, bytes)| bytes).collect();
    books.push(whole);
    let csv = write_csv(&table());
    vec![
        Target { name: "xlsx", seeds: books, run: workbook },
        Target { name: "csv", seeds: vec![csv, b"a\tb\r\n\"c\"\"\t\n;\xc4\xe3".to_vec()], run: separated },
    ]
}
