//! The worker that reads and writes sheets for the desk, loaded on demand. One job each, then it is let go.

use gridbook::desk::sheets::{Answer, Job, WireSheet};
use gridbook_domain::import::TemplateId;
use gridbook_sheets::{ReadError, Table, WriteError, read_csv, read_xlsx, template_xlsx, write_xlsx};
use web_sys::TextDecoder;

fn main() {
    gridbook::worker::serve(|job: Option<Job>, bytes: &[u8]| match job {
        Some(job) => work(job, bytes),
        None => (Answer::Failed("网格簿刚刚更新过，什么也没有改动。请重新打开页面再试。".to_owned()), None),
    });
}

fn work(job: Job, bytes: &[u8]) -> (Answer, Option<Vec<u8>>) {
    match job {
        Job::Read(name) => match read(&name, bytes) {
            Ok(sheets) => (Answer::Sheets(sheets), None),
            Err(error) => (Answer::Failed(error.to_string()), None),
        },
        Job::Write(tables) => {
            let tables: Vec<Table> = tables.into_iter().map(Table::from).collect();
            file(write_xlsx(&tables))
        }
        Job::Template(name, vocabulary) => {
            let one = TemplateId::parse(&name).map(TemplateId::template);
            let all = TemplateId::ALL.map(TemplateId::template);
            let chosen: Vec<_> = one.map_or_else(|| all.to_vec(), |template| vec![template]);
            file(template_xlsx(&chosen, &vocabulary.vocabulary()))
        }
    }
}

fn file(written: Result<Vec<u8>, WriteError>) -> (Answer, Option<Vec<u8>>) {
    match written {
        Ok(bytes) => (Answer::File, Some(bytes)),
        Err(error) => (Answer::Failed(error.to_string()), None),
    }
}

fn read(name: &str, bytes: &[u8]) -> Result<Vec<WireSheet>, ReadError> {
    let sheets = if bytes.starts_with(b"PK") || bytes.starts_with(&[0xD0, 0xCF]) {
        read_xlsx(bytes)?
    } else {
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        vec![read_csv(stem, bytes, gb18030)?]
    };
    Ok(sheets.into_iter().map(WireSheet::from).collect())
}

/// The browser's own decoder; broken characters stay visible, and mostly broken text is none.
fn gb18030(bytes: &[u8]) -> Option<String> {
    let text = TextDecoder::new_with_label("gb18030").ok()?.decode_with_u8_array(bytes).ok()?;
    let broken = text.chars().filter(|c| *c == '\u{FFFD}').count();
    (broken * 10 <= text.chars().count()).then_some(text)
}
