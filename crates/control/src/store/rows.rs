//! Numbers between Rust and SQLite, which has signed ones only.

use super::StoreError;

/// A count or place as SQLite has it.
pub fn number(value: u64) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|error| StoreError::Query(error.to_string()))
}
