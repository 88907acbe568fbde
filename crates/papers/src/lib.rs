//! Documents as `.docx` (MED-07): A4, page numbers that run through the volume, signatures and photos where there are any.
//! Pure: no files, no clock, no browser. What a document says is the domain's business.

use std::io::Cursor;

use docx_rs::{
    AlignmentType, Docx, Footer, LineSpacing, LineSpacingType, PageMargin, PageNum, Paragraph, Pic, Run,
    RunFonts, Table, TableCell, TableRow, WidthType,
};
use gridbook_domain::mediation::document::{Block, Document};

/// A file that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("生成文书失败：{0}。卷宗没有改动，可以先打印。")]
pub struct WriteError(String);

/// A picture in a document: PNG, the only kind that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file.
    pub png: Vec<u8>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A document with its pictures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paper {
    /// What it says.
    pub document: Document,
    /// On the lines to sign on: each with the place of its line.
    pub signatures: Vec<(usize, Picture)>,
    /// Behind it.
    pub photos: Vec<Picture>,
}

/// A4 in twentieths of a point.
const PAGE: (u32, u32) = (11_906, 16_838);
/// Margins at the sides and at top and bottom, in twentieths of a point: 25 and 20 mm.
const MARGIN: (i32, i32) = (1_417, 1_134);
/// What is left between the margins.
const WIDTH: usize = 11_906 - 2 * 1_417;
/// Pixels of a document at 96 to the inch: the width between the margins, the longest photo, and a signature.
const PIXELS: u32 = 604;
const PHOTO_HEIGHT: u32 = 420;
const SIGNATURE_HEIGHT: u32 = 72;
/// Half-points: the text, and titles.
const TEXT: usize = 24;
const TITLE: usize = 36;

/// Writes documents as one file, each on a page of its own.
///
/// # Errors
/// Only when the file cannot be put together.
pub fn write_docx(papers: &[Paper]) -> Result<Vec<u8>, WriteError> {
    let fonts = RunFonts::new().ascii("Times New Roman").hi_ansi("Times New Roman").east_asia("宋体");
    let number = Paragraph::new().align(AlignmentType::Center).add_page_num(PageNum::new());
    let margin = PageMargin::new().left(MARGIN.0).right(MARGIN.0).top(MARGIN.1).bottom(MARGIN.1);
    let mut docx = Docx::new()
        .page_size(PAGE.0, PAGE.1)
        .page_margin(margin.footer(567))
        .default_fonts(fonts)
        .default_size(TEXT)
        .footer(Footer::new().add_paragraph(number));
    for (n, paper) in papers.iter().enumerate() {
        docx = write(docx, paper, n > 0);
    }
    let mut file = Cursor::new(Vec::new());
    docx.build().pack(&mut file).map_err(|error| WriteError(error.to_string()))?;
    Ok(file.into_inner())
}

fn write(mut docx: Docx, paper: &Paper, turn: bool) -> Docx {
    let Document { title, blocks, signatures, seal, date, .. } = &paper.document;
    let run = Run::new().add_text(title).bold().size(TITLE);
    let title = Paragraph::new().align(AlignmentType::Center).page_break_before(turn).keep_next(true);
    docx = docx.add_paragraph(title.add_run(run).line_spacing(LineSpacing::new().before(240).after(360)));
    for block in blocks {
        docx = match block {
            Block::Paragraph(text) => docx.add_paragraph(plain(text).indent(Some(0), None, None, None)),
            Block::Table { head, rows } => docx.add_table(table(head, rows)).add_paragraph(plain("")),
        };
    }
    for (n, line) in signatures.iter().enumerate() {
        docx = docx
            .add_paragraph(plain(&format!("{line}：")).line_spacing(spaced().before(360)).keep_next(true));
        for (_, picture) in paper.signatures.iter().filter(|(on, _)| *on == n) {
            docx = docx.add_paragraph(pictured(picture, PIXELS / 3, SIGNATURE_HEIGHT));
        }
    }
    if *seal {
        docx = docx.add_paragraph(plain("（印章）").align(AlignmentType::Right));
    }
    if let Some(date) = date {
        docx = docx.add_paragraph(plain(date).align(AlignmentType::Right));
    }
    for picture in &paper.photos {
        docx = docx.add_paragraph(pictured(picture, PIXELS, PHOTO_HEIGHT).align(AlignmentType::Center));
    }
    docx
}

fn spaced() -> LineSpacing {
    // A line and a half.
    LineSpacing::new().line(360).line_rule(LineSpacingType::Auto)
}

fn plain(text: &str) -> Paragraph {
    Paragraph::new().add_run(Run::new().add_text(text)).line_spacing(spaced())
}

/// A table; without a head it has names on the left, which take a quarter.
fn table(head: &[String], rows: &[Vec<String>]) -> Table {
    let columns = rows.first().map_or(head.len(), Vec::len).max(1);
    let named = head.is_empty() && columns == 2;
    let grid: Vec<usize> =
        if named { vec![WIDTH / 4, WIDTH - WIDTH / 4] } else { vec![WIDTH / columns; columns] };
    let cell = |(n, text): (usize, &String), bold: bool| {
        let run = Run::new().add_text(text);
        let run = if bold { run.bold() } else { run };
        let width = grid.get(n).copied().unwrap_or(WIDTH / columns);
        TableCell::new().width(width, WidthType::Dxa).add_paragraph(Paragraph::new().add_run(run))
    };
    let line = |cells: &[String], head: bool| {
        let cells = cells.iter().enumerate();
        TableRow::new(cells.map(|(n, text)| cell((n, text), head || named && n == 0)).collect()).cant_split()
    };
    let head = (!head.is_empty()).then(|| line(head, true));
    let lines = head.into_iter().chain(rows.iter().map(|row| line(row, false))).collect();
    Table::new(lines).set_grid(grid.clone()).width(WIDTH, WidthType::Dxa)
}

/// A picture that fits into a box, its sides in proportion.
fn pictured(picture: &Picture, width: u32, height: u32) -> Paragraph {
    let (w, h) = (u64::from(picture.width.max(1)), u64::from(picture.height.max(1)));
    let (most_w, most_h) = (u64::from(width), u64::from(height));
    let (fit_w, fit_h) =
        if w * most_h > h * most_w { (most_w, h * most_w / w) } else { (w * most_h / h, most_h) };
    let side = |pixels: u64| u32::try_from(pixels.max(1)).unwrap_or(1);
    let pic = Pic::new_with_dimensions(picture.png.clone(), side(fit_w), side(fit_h));
    Paragraph::new().add_run(Run::new().add_image(pic))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use quick_xml::events::Event;

    use super::*;

    fn paper() -> Paper {
        let document = Document {
            id: "agreement".to_owned(),
            title: "人民调解协议书".to_owned(),
            blocks: vec![
                Block::Paragraph("合计人民币（大写）壹万零叁拾元伍角整（¥10,030.50） <&>".to_owned()),
                Block::Table {
                    head: vec!["期次".to_owned(), "金额（元）".to_owned()],
                    rows: vec![vec!["1".to_owned(), "4,000.50".to_owned()]],
                },
            ],
            signatures: vec!["当事人（签名或按指印）".to_owned()],
            seal: true,
            date: Some("2026年5月25日".to_owned()),
            photos: String::new(),
        };
        let picture = Picture { png: b"\x89PNG-bytes".to_vec(), width: 300, height: 100 };
        Paper { document, signatures: vec![(0, picture)], photos: Vec::new() }
    }

    fn part(file: &[u8], name: &str) -> Vec<u8> {
        let mut zip = zip::ZipArchive::new(Cursor::new(file)).unwrap();
        let mut bytes = Vec::new();
        zip.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_can_be_read() {
        let file = write_docx(&[paper(), paper()]).unwrap();
        let text = String::from_utf8(part(&file, "word/document.xml")).unwrap();
        let mut reader = quick_xml::Reader::from_str(&text);
        let mut said = String::new();
        loop {
            match reader.read_event().unwrap() {
                Event::Text(text) => said.push_str(&text.decode().unwrap()),
                Event::Eof => break,
                _ => {}
            }
        }
        for words in [
            "壹万零叁拾元伍角整",
            "¥10,030.50",
            "4,000.50",
            "当事人（签名或按指印）：",
            "（印章）",
            "2026年5月25日",
        ] {
            assert_eq!(said.matches(words).count(), 2, "{words} in {said}");
        }
        assert!(text.contains("w:pgSz w:w=\"11906\" w:h=\"16838\""), "A4");
        assert_eq!(text.matches("<w:pageBreakBefore").count(), 1, "the second one begins a page");
        assert!(String::from_utf8(part(&file, "word/footer1.xml")).unwrap().contains("PAGE"));
        let zip = zip::ZipArchive::new(Cursor::new(&file)).unwrap();
        let pictures: Vec<&str> = zip.file_names().filter(|name| name.ends_with(".png")).collect();
        assert!(!pictures.is_empty());
        assert_eq!(part(&file, pictures[0]), b"\x89PNG-bytes");
    }

    #[test]
    fn pictures_keep_their_proportions() {
        let of = |width, height| {
            let picture = Picture { png: vec![1], width, height };
            let text = format!("{:?}", pictured(&picture, 600, 400));
            text.split("size: (").nth(1).unwrap().split(')').next().unwrap().to_owned()
        };
        let emu = |w: u32, h: u32| format!("{}, {}", w * 9525, h * 9525);
        assert_eq!(of(1200, 400), emu(600, 200));
        assert_eq!(of(400, 1200), emu(133, 400));
        assert_eq!(of(0, 0), emu(400, 400));
    }
}
