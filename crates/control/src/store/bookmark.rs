//! How far those who read the ledger have got. It changes nothing that the ledger tells of, and so needs no Event.

use rolecall_core::event::EventId;
use sqlx::SqliteConnection;

use super::{Reader, Store, StoreError};

/// The rows' names in `meta` begin with this.
const PREFIX: &str = "read by ";

impl Reader {
    /// The last entry that a reader is done with. None: it has not begun.
    pub async fn bookmark(&self, reader: &str) -> Result<Option<EventId>, StoreError> {
        let conn: &mut SqliteConnection = &mut *self.connection().await?;
        let found: Option<String> = sqlx::query_scalar("SELECT value FROM meta WHERE name = ?")
            .bind(format!("{PREFIX}{reader}"))
            .fetch_optional(conn)
            .await?;
        let parse = |text: String| text.parse().map(EventId).map_err(|_| StoreError::Corrupt("a bookmark".to_owned()));
        found.map(parse).transpose()
    }

    /// The newest entry. None: the ledger is empty.
    pub async fn newest(&self) -> Result<Option<EventId>, StoreError> {
        let conn: &mut SqliteConnection = &mut *self.connection().await?;
        let last: Option<i64> = sqlx::query_scalar("SELECT max(id) FROM entry").fetch_one(conn).await?;
        Ok(last.map(|last| EventId(last.cast_unsigned())))
    }
}

impl Store {
    /// Notes that a reader is done with an entry and all before it.
    pub(crate) async fn put_bookmark(&self, reader: &str, done: EventId) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(format!("{PREFIX}{reader}"))
        .bind(done.to_string())
        .execute(&self.writer)
        .await?;
        Ok(())
    }
}
