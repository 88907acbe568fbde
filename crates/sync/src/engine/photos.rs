//! The photos' lane: small ones whole, larger ones in parts, so that an upload that broke off goes on where it
//! stopped. Between two parts text that was saved meanwhile goes first.

use super::{Engine, Flight, Output, Phase, Request};

/// Bytes in one part: some seconds on a weak line, and never again once they have arrived.
pub const PART: usize = 128 * 1024;

/// Answers in a row that bring a photo no further.
const MAX_STALLS: u32 = 3;

/// A photo that waits to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its name.
    pub sha256: String,
    /// Its size in bytes.
    pub size: usize,
}

/// A photo under way.
#[derive(Clone, Debug)]
pub(super) struct Upload {
    pub(super) photo: Waiting,
    /// How far it had come at most.
    upto: Option<usize>,
    stalls: u32,
}

impl Engine {
    pub(super) fn start_photos(&mut self) -> Vec<Output> {
        self.phase = Phase::Photos;
        vec![Output::NextBlob, Output::Status]
    }

    /// After a photo, text that was saved meanwhile goes first.
    pub(super) fn photo_next(&mut self) -> Vec<Output> {
        if self.again {
            self.again = false;
            return self.start_push();
        }
        vec![Output::NextBlob]
    }

    pub(super) fn photo(&mut self, random: u64, photo: Option<Waiting>) -> Vec<Output> {
        match photo {
            Some(photo) => self.upload(photo),
            None => self.finish(random),
        }
    }

    /// This one not in this round, the others all the same.
    pub(super) fn pass_photo(&self, upload: &Upload) -> Vec<Output> {
        vec![Output::BlobFailed(upload.photo.sha256.clone()), Output::NextBlob]
    }

    /// A photo failed for which nobody gave a reason. Whether it did so too often for the others to wait for it.
    pub(super) fn photo_broke(&mut self, upload: &Upload) -> bool {
        let times = self.photos.entry(upload.photo.sha256.clone()).or_default();
        *times = times.saturating_add(1);
        *times > MAX_STALLS
    }

    /// Begins with a photo.
    pub(super) fn upload(&mut self, photo: Waiting) -> Vec<Output> {
        let sha256 = photo.sha256.clone();
        let request =
            if photo.size > PART { Request::AskBlob { sha256 } } else { Request::PutBlob { sha256 } };
        vec![self.send(Flight::Photo(Upload { photo, upto: None, stalls: 0 }), request)]
    }

    /// The backend has so much of a photo; `None`: it takes no parts.
    pub(super) fn part(&mut self, mut upload: Upload, at: Option<usize>) -> Vec<Output> {
        let Waiting { sha256, size } = upload.photo.clone();
        let Some(offset) = at else {
            return vec![self.send(Flight::Photo(upload), Request::PutBlob { sha256 })];
        };
        if self.again {
            self.again = false;
            return self.start_push();
        }
        // Parts that are lost again and again, or an offset beyond the end: the next round, or whoever looks.
        upload.stalls += u32::from(upload.upto.is_some_and(|upto| offset <= upto));
        if upload.stalls > MAX_STALLS || offset > size {
            return self.pass_photo(&upload);
        }
        upload.upto = upload.upto.max(Some(offset));
        vec![self.send(Flight::Photo(upload), Request::PutPart { sha256, offset, length: size })]
    }
}

impl Request {
    /// The photo whose bytes go along.
    pub fn photo(&self) -> Option<&str> {
        match self {
            Self::PutBlob { sha256 } | Self::PutPart { sha256, .. } => Some(sha256),
            _ => None,
        }
    }

    /// What of a photo's bytes goes along.
    pub fn cut(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Self::PutPart { offset, .. } = self {
            bytes.truncate(offset.saturating_add(PART));
            bytes.drain(..(*offset).min(bytes.len()));
        }
        bytes
    }
}
