//! Documents as .docx, written by a worker that is loaded when it is asked for.

use gridbook_domain::mediation::document::Document;
use gridbook_log::BlobRef;
use serde::{Deserialize, Serialize};

use super::read::{Paper, Papers};
use crate::app::App;
use crate::desk::picture::png;
use crate::desk::words::day;
use crate::ui::dom;
use crate::ui::strip::burned;
use crate::worker;

/// The worker's loader, beside the page.
const LOADER: &str = "papers_worker_loader.js";
const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

/// Write these documents. Their pictures come along as bytes, one after the other.
#[derive(Debug, Serialize, Deserialize)]
pub struct Job {
    /// In order.
    pub documents: Vec<Document>,
    /// In the order of their bytes.
    pub pictures: Vec<WirePicture>,
}

/// A picture on its way.
#[derive(Debug, Serialize, Deserialize)]
pub struct WirePicture {
    /// Place of its document.
    pub document: usize,
    /// A signature on this line; else it stands behind the document.
    pub signature: Option<usize>,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Bytes.
    pub length: usize,
}

/// The worker's answer.
#[derive(Debug, Serialize, Deserialize)]
pub enum Answer {
    /// The bytes that come along.
    File,
    /// Words for people.
    Failed(String),
}

const NOT_LOADED: &str = "生成 docx 的部分没有打开成功，卷宗没有改动。请检查网络后再试，或者先打印。";

pub(super) async fn download(app: App, papers: &Papers) -> Result<(), String> {
    let mut job = Job { documents: Vec::new(), pictures: Vec::new() };
    let mut bytes = Vec::new();
    for (n, paper) in papers.list.iter().enumerate() {
        let Paper { document, signatures, photos, strips, .. } = paper;
        job.documents.push(document.clone());
        let drawn = signatures.iter().map(|(line, blob)| (Some(*line), blob));
        for (signature, blob) in drawn.chain(photos.iter().map(|blob| (None, blob))) {
            let Some((picture, width, height)) = pixels(app, blob, strips.get(&blob.sha256)).await else {
                continue;
            };
            let length = picture.len();
            job.pictures.push(WirePicture { document: n, signature, width, height, length });
            bytes.extend(picture);
        }
    }
    let file = match worker::run::<_, Answer>(LOADER, &job, Some(&bytes)).await {
        Some((Answer::File, Some(file))) => file,
        Some((Answer::Failed(words), _)) => return Err(words),
        _ => return Err(NOT_LOADED.to_owned()),
    };
    let name = format!("{}-{}.docx", papers.title.replace(" · ", "-"), day(app.now_ms()));
    let refused = |_| "浏览器没有让下载，卷宗没有变化。请允许下载后再试。".to_owned();
    dom::download(&name, DOCX, &file).map_err(refused)
}

/// A picture as PNG; one that has not arrived is left out, as on the screen.
async fn pixels(app: App, blob: &BlobRef, strip: Option<&String>) -> Option<(Vec<u8>, u32, u32)> {
    let bytes = app.blob(&blob.sha256).await?;
    if let Some(words) = strip
        && let Some(made) = burned(&bytes, &blob.mime, words).await
    {
        return png(&made, "image/jpeg").await;
    }
    png(&bytes, &blob.mime).await
}
