//! Spreadsheets: `.xlsx` and `.csv` bytes to cells, and back. Pure: no files, no clock, no browser.
//!
//! What the cells mean is the domain's business ([`gridbook_domain::import`]). A heavy part of its own, so that the
//! phone never loads it: the server uses it natively, the desk in a worker.

mod csv;
pub mod demo;
mod encoding;
mod template;
mod write;
mod xlsx;

pub use csv::{read_csv, write_csv};
#[cfg(not(target_arch = "wasm32"))]
pub use encoding::gb18030;
pub use encoding::{Encoding, decode};
pub use template::template_xlsx;
pub use write::{Column, Table, WriteError, write_xlsx};
pub use xlsx::read_xlsx;

/// The sheets of one file, in its order.
pub type Workbook = Vec<gridbook_domain::import::Sheet>;

/// Why a file cannot be read. Nothing was imported then.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Neither xlsx nor csv inside, or damaged.
    #[error("文件打不开：{0}。没有导入任何内容。请用 Excel 或 WPS 另存为 xlsx 再试。")]
    Damaged(String),
    /// An old `.xls` or an encrypted file.
    #[error("这是旧格式(.xls)或加了密码的文件，读不了。没有导入任何内容。请去掉密码，另存为 xlsx 再试。")]
    OldOrEncrypted,
    /// More than a township can mean.
    #[error("文件太大：{0}。没有导入任何内容。请分成几个文件，每个不超过 50000 行。")]
    TooLarge(String),
    /// No encoding fits.
    #[error("认不出文件的文字编码。没有导入任何内容。请另存为 xlsx 或 UTF-8 的 csv 再试。")]
    Encoding,
}

/// More rows than this in one sheet are refused.
pub(crate) const MAX_ROWS: usize = 50_000;

/// Cells further to the right are refused.
pub(crate) const MAX_COLUMNS: usize = 200;
