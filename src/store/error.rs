//! What the browser's failures mean to a store.

use gridbook_sync::store::StoreError;
use indexed_db_futures::error::Error;

/// A request could not even be made: the connection is closing or gone.
pub(super) fn lost(error: Error) -> StoreError {
    match text_of(error) {
        StoreError::Other { name, message } if name == "InvalidStateError" => StoreError::Lost(message),
        other => other,
    }
}

/// A request or transaction failed: by the name the browser gave it.
pub(super) fn text_of(error: Error) -> StoreError {
    let message = error.to_string();
    let name = match error {
        Error::DomException(exception) => web_sys::DomException::from(exception).name(),
        other => format!("{other:?}").split(['(', ' ']).next().unwrap_or("Unknown").to_owned(),
    };
    match name.as_str() {
        "QuotaExceededError" => StoreError::Quota,
        "InvalidStateError" | "AbortError" => StoreError::Lost(message),
        "UnknownError" if message.contains("onnection") => StoreError::Lost(message),
        _ => StoreError::Other { name, message },
    }
}
