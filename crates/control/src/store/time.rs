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

/// What the store keeps.
#[derive(Default)]
struct Kept {
    /// The latest time that was decided for.
    latest: Option<Timestamp>,
    /// The entry that tells of the last time that the clock was taken for right; 0: it never was. What any process
    /// remembers from before counts no more.
    accepted: u64,
}

/// What was decided for last in this process.
struct Last {
    time: Timestamp,
    /// How long the process had run by then.
    at: Duration,
    /// See [`Kept`].
    accepted: u64,
}

/// The machine's clock, and what this process remembers.
pub(super) struct Time {
    clock: Arc<dyn Clock>,
    last: Mutex<Option<Last>>,
}

impl Time {
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, last: Mutex::default() }
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.clock
    }

    /// The time to decide for when the clock shows this and the store keeps that.
    fn moment(&self, kept: &Kept, clock: Timestamp) -> Moment {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (elapsed, accepted) = (self.clock.elapsed(), kept.accepted);
        let known = last.as_ref().filter(|last| last.accepted == accepted);
        let now = lease::steady(kept.latest, clock, known.map(|last| (last.time, elapsed.saturating_sub(last.at))));
        // What was read just before the clock was accepted is not remembered after it.
        if last.as_ref().is_none_or(|last| last.accepted <= accepted) {
            *last = Some(Last { time: now, at: elapsed, accepted });
        }
        Moment { now, clock }
    }
}

impl Tx {
    /// The time to decide for. Later ones are not before it.
    pub(crate) async fn moment(&mut self) -> Result<Moment, StoreError> {
        let (time, clock) = (self.time(), self.now());
        keep(self.connection(), &time, clock).await
    }

    /// Takes the clock for right: what it shows is decided for from this transaction on, in every process.
    pub(crate) async fn accept_clock(&mut self) -> Result<(), StoreError> {
        let (clock, event) = (self.now().to_string(), self.event().to_string());
        put(self.connection(), "decided", &clock).await?;
        put(self.connection(), "accepted", &event).await
    }
}

impl Reader {
    /// The latest time that was decided for.
    pub async fn decided(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(kept(&mut *self.connection().await?).await?.latest)
    }
}

impl Store {
    /// The time to decide for, for reading only.
    pub async fn moment(&self) -> Result<Moment, StoreError> {
        let kept = kept(&mut *self.reader.connection().await?).await?;
        Ok(self.time.moment(&kept, self.clock().now()))
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

async fn kept(conn: &mut SqliteConnection) -> Result<Kept, StoreError> {
    let rows: Vec<(String, String)> =
        sqlx::query_as("SELECT name, value FROM meta WHERE name IN ('decided', 'accepted')").fetch_all(conn).await?;
    let corrupt = |name: &str| StoreError::Corrupt(format!("{name} in meta"));
    let mut kept = Kept::default();
    for (name, value) in rows {
        match name.as_str() {
            "decided" => kept.latest = Some(value.parse().map_err(|_| corrupt(&name))?),
            _ => kept.accepted = value.parse().map_err(|_| corrupt(&name))?,
        }
    }
    Ok(kept)
}

/// The time to decide for, kept as the latest, in a transaction that nobody else writes beside.
async fn keep(conn: &mut SqliteConnection, time: &Time, clock: Timestamp) -> Result<Moment, StoreError> {
    let moment = time.moment(&kept(&mut *conn).await?, clock);
    put(conn, "decided", &moment.now.to_string()).await?;
    Ok(moment)
}

async fn put(conn: &mut SqliteConnection, name: &str, value: &str) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value")
        .bind(name)
        .bind(value)
        .execute(conn)
        .await?;
    Ok(())
}
