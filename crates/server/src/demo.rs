//! An invented township to look at.

use crate::app::App;
use crate::problem::ApiError;

/// Fills an empty database; returns what to print.
///
/// # Errors
/// When the database fails.
pub async fn fill(_app: &App) -> Result<String, ApiError> {
    Ok(String::new())
}
