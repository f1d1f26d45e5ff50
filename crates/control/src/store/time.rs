//! The time to decide for: what the store keeps of it, and what this process remembers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rolecall_core::lease;
use sqlx::SqliteConnection;

use super::{Reader, Store, StoreError, Tx};
use crate::clock::Clock;

/// A moment, by what is decided for and by the machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The time to decide for.
    pub now: Timestamp,
    /// What the machine's clock shows.
    pub clock: Timestamp,
}

impl Moment {
    /// Whether the clock lies so far behind that nothing is opened.
    pub fn is_behind(self) -> bool {
        lease::behind(self.now, self.clock)
    }
}

/// The machine's clock, and what was decided for last in this process: when, and how long it had run by then.
pub(super) struct Time {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Timestamp, Duration)>>,
}

impl Time {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Mutex::default() }
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The time to decide for when the clock shows this and the store keeps that.
    fn moment(&self, latest: Option<Timestamp>, clock: Timestamp) -> Moment {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let elapsed = self.clock.elapsed();
        let passed = last.map(|(time, at)| (time, elapsed.saturating_sub(at)));
        let now = lease::steady(latest, clock, passed);
        *last = Some((now, elapsed));
        Moment { now, clock }
    }
}

impl Tx {
    /// The time to decide for. Later ones are not before it.
    pub(crate) async fn moment(&mut self) -> Result<Moment, StoreError> {
        let (time, clock) = (self.time(), self.now());
        keep(self.connection(), &time, clock).await
    }
}

impl Reader {
    /// The latest time that was decided for.
    pub async fn decided(&self) -> Result<Option<Timestamp>, StoreError> {
        decided(&mut *self.connection().await?).await
    }
}

impl Store {
    /// The time to decide for, for reading only.
    pub async fn moment(&self) -> Result<Moment, StoreError> {
        Ok(self.time.moment(self.reader.decided().await?, self.clock().now()))
    }

    /// The same. While the clock is behind it is kept, so that a process that starts later goes on from it. It changes
    /// nothing that the ledger tells of, and so needs no Event.
    pub async fn keep_time(&self) -> Result<Moment, StoreError> {
        let moment = self.moment().await?;
        if !moment.is_behind() {
            return Ok(moment);
        }
        self.reader.witness().same_file()?;
        let mut tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let moment = keep(&mut tx, &self.time, self.clock().now()).await?;
        tx.commit().await?;
        Ok(moment)
    }
}

async fn decided(conn: &mut SqliteConnection) -> Result<Option<Timestamp>, StoreError> {
    let latest: Option<String> =
        sqlx::query_scalar("SELECT value FROM meta WHERE name = 'decided'").fetch_optional(conn).await?;
    latest.map(|time| time.parse().map_err(|error: jiff::Error| StoreError::Corrupt(error.to_string()))).transpose()
}

/// The time to decide for, kept as the latest, in a transaction that nobody else writes beside.
async fn keep(conn: &mut SqliteConnection, time: &Time, clock: Timestamp) -> Result<Moment, StoreError> {
    let moment = time.moment(decided(&mut *conn).await?, clock);
    sqlx::query(
        "INSERT INTO meta (name, value) VALUES ('decided', ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(moment.now.to_string())
    .execute(conn)
    .await?;
    Ok(moment)
}
