//! Idempotency keys: a write that was asked for twice is made once, and both askers hear of the same Event.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use rolecall_core::event::EventId;
use sqlx::{Row, SqliteConnection};

use super::rows::number;
use super::{Reader, Store, StoreError};

/// How long a key is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24);

/// A write that must not be made twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// Who asks: keys of different askers do not meet.
    pub asker: String,
    /// The key that they chose.
    pub key: String,
    /// A hash of all that they ask for.
    pub fingerprint: [u8; 32],
}

/// The key of a Store's next write; none once it is written.
pub(super) type Pending = Arc<Mutex<Option<Once>>>;

impl Store {
    /// The same store; its next write also records the key, in the same transaction. If the key was recorded before,
    /// that write fails with [`StoreError::Repeated`], or with [`StoreError::KeyReused`] if it asked for something else.
    #[must_use]
    pub fn once(&self, once: Once) -> Self {
        Self { once: Arc::new(Mutex::new(Some(once))), ..self.clone() }
    }

    pub(super) fn pending(&self) -> Option<Once> {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn written(&self) {
        self.once.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Reader {
    /// The first Event of the write that a key was recorded for; None: it was not.
    ///
    /// # Errors
    /// [`StoreError::KeyReused`] if that write asked for something else.
    pub async fn repeated(&self, once: &Once, now: Timestamp) -> Result<Option<EventId>, StoreError> {
        found(&mut *self.connection().await?, once, now).await
    }
}

async fn found(conn: &mut SqliteConnection, once: &Once, now: Timestamp) -> Result<Option<EventId>, StoreError> {
    let row =
        sqlx::query("SELECT fingerprint, answer FROM idempotency WHERE principal = ? AND key = ? AND ends_at > ?")
            .bind(&once.asker)
            .bind(&once.key)
            .bind(now.as_millisecond())
            .fetch_optional(conn)
            .await?;
    let Some(row) = row else { return Ok(None) };
    if row.try_get::<Vec<u8>, _>("fingerprint")? != once.fingerprint {
        return Err(StoreError::KeyReused);
    }
    let answer: String = row.try_get("answer")?;
    let event = answer.parse().map_err(|_| StoreError::Corrupt(format!("a key has the answer {answer:?}")))?;
    Ok(Some(EventId(event)))
}

/// Refuses a write whose key was recorded before.
pub(super) async fn check(conn: &mut SqliteConnection, once: &Once, now: Timestamp) -> Result<(), StoreError> {
    found(conn, once, now).await?.map_or(Ok(()), |event| Err(StoreError::Repeated(event)))
}

/// Records the key of a write.
pub(super) async fn keep(
    conn: &mut SqliteConnection,
    once: &Once,
    event: EventId,
    now: Timestamp,
) -> Result<(), StoreError> {
    number(event.0)?;
    let ends = now.checked_add(REMEMBERED).unwrap_or(Timestamp::MAX);
    sqlx::query("DELETE FROM idempotency WHERE ends_at <= ?").bind(now.as_millisecond()).execute(&mut *conn).await?;
    sqlx::query("INSERT INTO idempotency (principal, key, fingerprint, answer, ends_at) VALUES (?, ?, ?, ?, ?)")
        .bind(&once.asker)
        .bind(&once.key)
        .bind(once.fingerprint.as_slice())
        .bind(event.to_string())
        .bind(ends.as_millisecond())
        .execute(conn)
        .await?;
    Ok(())
}
