//! A file that is carried by hand, sealed: gzip inside [age](https://age-encryption.org/v1) with a passphrase.
//!
//! Knows nothing of what is inside. Nobody needs this program to read it: `age -d FILE | gunzip`.

use std::io::{self, Read, Write};

use age::secrecy::SecretString;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use thiserror::Error;

/// Logarithm of scrypt's cost. 2¹⁵ takes an old phone about a second and 32 MB of memory; the passphrases are drawn
/// by the app (40 bits), so that guessing one at this cost takes centuries of machine time.
pub const WORK: u8 = 15;
/// The dearest file that is opened: four times the memory and time of ours. A file may not choose to eat the device.
pub const MAX_WORK: u8 = 17;
/// First bytes of every sealed file.
pub const MAGIC: &[u8] = b"age-encryption.org/v1";

/// Why a file could not be sealed.
#[derive(Debug, Error)]
pub enum SealError {
    /// No memory, or no random numbers.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a file could not be opened. Nothing of it was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    /// It is no sealed file.
    #[error("not a sealed file")]
    NotSealed,
    /// It was sealed for a key, or at a cost that this device will not pay.
    #[error("sealed in another way")]
    Other,
    /// Another passphrase.
    #[error("wrong passphrase")]
    Passphrase,
    /// It ends early, or bytes of it were changed.
    #[error("damaged or incomplete")]
    Damaged,
    /// More than the given number of bytes are inside.
    #[error("too large")]
    TooLarge,
}

/// Compresses and seals.
///
/// # Errors
/// [`SealError`]
pub fn seal(plain: &[u8], passphrase: &str) -> Result<Vec<u8>, SealError> {
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.to_owned()));
    recipient.set_work_factor(WORK);
    let recipients = [&recipient as &dyn age::Recipient];
    let encryptor = age::Encryptor::with_recipients(recipients.into_iter())
        .expect("one recipient with a passphrase is what age asks for");
    let sealed = encryptor.wrap_output(Vec::new())?;
    let mut gzip = GzEncoder::new(sealed, Compression::default());
    gzip.write_all(plain)?;
    Ok(gzip.finish()?.finish()?)
}

/// Opens and unpacks at most `max` bytes.
///
/// # Errors
/// [`OpenError`]
pub fn open(sealed: &[u8], passphrase: &str, max: usize) -> Result<Vec<u8>, OpenError> {
    if !sealed.starts_with(MAGIC) {
        return Err(OpenError::NotSealed);
    }
    let decryptor = age::Decryptor::new(sealed).map_err(|_| OpenError::Damaged)?;
    if !decryptor.is_scrypt() {
        return Err(OpenError::Other);
    }
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.to_owned()));
    identity.set_max_work_factor(MAX_WORK);
    let opened =
        decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|error| match error {
            age::DecryptError::ExcessiveWork { .. } => OpenError::Other,
            age::DecryptError::DecryptionFailed | age::DecryptError::NoMatchingKeys => OpenError::Passphrase,
            _ => OpenError::Damaged,
        })?;
    let mut plain = Vec::new();
    let limit = u64::try_from(max).unwrap_or(u64::MAX).saturating_add(1);
    GzDecoder::new(opened).take(limit).read_to_end(&mut plain).map_err(|_| OpenError::Damaged)?;
    if plain.len() > max { Err(OpenError::TooLarge) } else { Ok(plain) }
}
