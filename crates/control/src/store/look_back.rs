//! Searching the ledger for what no index holds: back from the newest entry, a part at a time, as long as somebody waits.

use std::time::{Duration, Instant};

use rolecall_core::event::{Event, EventId};

use super::StoreError;
use super::read::{Filter, Reader};

/// So many entries are looked at before the clock is.
const PART: u64 = 25_000;

/// How long a page may look.
pub const PATIENCE: Duration = Duration::from_millis(50);

/// What was found, the newest first.
#[derive(Debug)]
pub struct Found {
    /// The entries.
    pub events: Vec<Event>,
    /// Patience ended here: entries before this one were not looked at.
    pub from: Option<EventId>,
}

impl Filter {
    /// Whether entries must be read to know whether they fit.
    fn reads_all(&self) -> bool {
        let Self { actor, environment, since, until, text, .. } = self;
        actor.is_some() || environment.is_some() || since.is_some() || until.is_some() || text.is_some()
    }
}

impl Reader {
    /// The newest entries that fit, looked for as long as `patience` lasts; at least in one part of the ledger.
    pub async fn look_back(&self, filter: &Filter, patience: Duration) -> Result<Found, StoreError> {
        let filter = Filter { newest_first: true, ..filter.clone() };
        if !filter.reads_all() {
            return Ok(Found { events: self.log(&filter).await?, from: None });
        }
        let begun = Instant::now();
        let mut before = filter.before.map_or(self.size().await?, |before| before.0);
        let mut events = Vec::new();
        loop {
            let from = before.saturating_sub(PART);
            let left = filter.limit.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
            let (after, part) = (from.checked_sub(1).map(EventId), Some(EventId(before)));
            events.extend(self.log(&Filter { after, before: part, limit: left, ..filter.clone() }).await?);
            if from == 0 || events.len() >= filter.limit as usize {
                return Ok(Found { events, from: None });
            }
            if begun.elapsed() >= patience {
                return Ok(Found { events, from: Some(EventId(from)) });
            }
            before = from;
        }
    }

    /// How many entries there are.
    async fn size(&self) -> Result<u64, StoreError> {
        let newest: Option<i64> =
            sqlx::query_scalar("SELECT max(id) FROM entry").fetch_one(&mut *self.connection().await?).await?;
        Ok(newest.map_or(0, |newest| newest.cast_unsigned() + 1))
    }
}
