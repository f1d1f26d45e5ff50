//! The last apply of a server, if the ledger does not say how it ended.

use rolecall_core::event::{Event, Kind, Place};
use sqlx::Row;

use super::read::parse;
use super::rows::number;
use super::{Reader, StoreError};

/// By the index on kinds, the newest first. Entries are canonical: what a place looks like in them is known, and nothing in
/// quotes can look like it.
const NEWEST: &str = "SELECT data FROM entry INDEXED BY entry_kind
    WHERE kind = 'apply_begun' AND environment = ? AND instr(data, ?) > 0 ORDER BY id DESC LIMIT 1";
/// The server's lock lets in one apply at a time, so what tells of the same plan afterwards tells of its end. Not every end
/// names the beginning as its cause: that may be what brought both about.
const ENDED: &str = "SELECT EXISTS (SELECT 1 FROM entry INDEXED BY entry_kind
    WHERE kind IN ('apply_finished', 'apply_failed', 'apply_abandoned') AND id > ? AND environment = ?
    AND instr(data, ?) > 0 AND instr(data, ?) > 0)";

impl Reader {
    /// The beginning of the server's last apply, unless its end is told too.
    pub(crate) async fn unended(&self, place: &Place) -> Result<Option<Event>, StoreError> {
        let mut connection = self.connection().await?;
        let named = format!("\"place\":{}", written(place)?);
        let newest = sqlx::query(NEWEST).bind(&place.environment).bind(&named).fetch_optional(&mut *connection).await?;
        let Some(row) = newest else { return Ok(None) };
        let begun = parse(row.try_get("data")?)?;
        let Kind::ApplyBegun { digest, .. } = &begun.kind else { return Ok(None) };
        let ended: bool = sqlx::query_scalar(ENDED)
            .bind(number(begun.id.0)?)
            .bind(&place.environment)
            .bind(&named)
            .bind(format!("\"digest\":{}", written(digest)?))
            .fetch_one(&mut *connection)
            .await?;
        Ok((!ended).then_some(begun))
    }
}

/// As an entry has it.
fn written<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()))
}
