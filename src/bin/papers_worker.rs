//! The worker that writes documents as .docx for the desk, loaded on demand. One job, then it is let go.

use gridbook::desk::papers::{Answer, Job};
use gridbook_papers::{Paper, Picture, write_docx};

fn main() {
    gridbook::worker::serve(|job: Option<Job>, bytes: &[u8]| match job {
        Some(job) => match write_docx(&papers(job, bytes)) {
            Ok(file) => (Answer::File, Some(file)),
            Err(error) => (Answer::Failed(error.to_string()), None),
        },
        None => (Answer::Failed("网格簿刚刚更新过，卷宗没有改动。请重新打开页面再试。".to_owned()), None),
    });
}

fn papers(job: Job, mut bytes: &[u8]) -> Vec<Paper> {
    let bare = |document| Paper { document, signatures: Vec::new(), photos: Vec::new() };
    let mut papers: Vec<Paper> = job.documents.into_iter().map(bare).collect();
    for wire in job.pictures {
        let Some((png, rest)) = bytes.split_at_checked(wire.length) else { break };
        bytes = rest;
        let picture = Picture { png: png.to_vec(), width: wire.width, height: wire.height };
        if let Some(paper) = papers.get_mut(wire.document) {
            match wire.signature {
                Some(line) => paper.signatures.push((line, picture)),
                None => paper.photos.push(picture),
            }
        }
    }
    papers
}
