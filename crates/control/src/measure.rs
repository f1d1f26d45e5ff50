//! Use case: the numbers that monitoring asks for. They are of servers, environments and kinds of Events; nobody is named.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rolecall_core::admit::Action;
use rolecall_core::event::{Actor, Event, EventId, Kind, Place};
use tokio::sync::Mutex;

use crate::keeper::{Keeper, Status};
use crate::office::{ControlError, Office};
use crate::store::{Filter, Reach, Reader, StoreError};
use crate::webhook::{self, Told};

/// How many applies are read at a time.
const AT_ONCE: u32 = 1_000;

/// The numbers of one moment.
#[derive(Debug, Clone)]
pub struct Measured {
    /// The moment, by the machine's clock.
    pub now: Timestamp,
    /// How far the clock lies behind the time to decide for.
    pub behind: SignedDuration,
    /// Every server of the policy.
    pub servers: Vec<Status>,
    /// How many Leases that are not closed have got how far, by environment.
    pub leases: BTreeMap<(String, Reach), u64>,
    /// By environment, since when the Lease that is overdue for longest should be off the servers.
    pub overdue: BTreeMap<String, Timestamp>,
    /// How many Requests wait for a decision, by environment.
    pub pending: BTreeMap<String, u64>,
    /// How many break-glass accesses wait for somebody to look at them.
    pub unreviewed: u64,
    /// How many entries of which kind the ledger has.
    pub entries: BTreeMap<String, u64>,
    /// Applies that have ended since somebody asked last; before the first question: none.
    pub ended: Vec<Ended>,
    /// Each webhook of the policy, with how many messages wait for it.
    pub webhooks: BTreeMap<String, (Told, u64)>,
    /// Bytes of the store.
    pub bytes: u64,
    /// The policy in force, counted from 1.
    pub policy: u64,
    /// Its files, as they are now, are not in force.
    pub refused: bool,
}

/// An apply that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Where.
    pub place: Place,
    /// `proved`; `unproved`: the server shows something else afterwards; `failed`.
    pub outcome: &'static str,
    /// How long it took; None: its beginning was not seen.
    pub took: Option<Duration>,
}

/// What was counted in the ledger so far: each entry is looked at once.
#[derive(Debug, Default)]
pub struct Counted(Mutex<Tally>);

#[derive(Debug, Default)]
struct Tally {
    /// The last entry that was counted.
    upto: Option<EventId>,
    entries: BTreeMap<String, u64>,
    begun: BTreeMap<Place, Timestamp>,
}

impl Keeper {
    /// The numbers of this moment, by the Office that was asked.
    ///
    /// # Errors
    /// They are not for whoever asks, or the store does not answer.
    pub async fn measure(&self, asker: &Office, actor: &Actor) -> Result<Measured, ControlError> {
        asker.may(actor, Action::ReadMetrics).await?;
        let (ruling, read) = (self.ruling(), self.store().read());
        let ground = asker.ground().await?;
        let (mut leases, mut overdue) = (BTreeMap::new(), BTreeMap::new());
        for kept in &ground.kept {
            let environment = &kept.lease.environment;
            *leases.entry((environment.clone(), kept.reach)).or_default() += 1;
            if kept.reach == Reach::Overdue {
                let since = kept.lease.ended.as_ref().map_or(kept.lease.ends, |ended| ended.at);
                let oldest = overdue.entry(environment.clone()).or_insert(since);
                *oldest = since.min(*oldest);
            }
        }
        let newest = read.newest().await?.map_or(0, |newest| newest.0 + 1);
        let (entries, ended) = self.counted().catch_up(read, newest).await?;
        let mut webhooks = BTreeMap::new();
        let told = self.told().all();
        for (name, webhook) in &ruling.policy.access.webhooks {
            let waiting = match read.bookmark(&webhook::reader(name)).await? {
                Some(done) => read.count(&webhook::kinds(webhook), done).await?,
                None => 0,
            };
            webhooks.insert(name.clone(), (told.get(name).copied().unwrap_or_default(), waiting));
        }
        Ok(Measured {
            now: ground.clock,
            behind: ground.now.duration_since(ground.clock),
            servers: self.statuses(),
            leases,
            overdue,
            pending: read.pending_by_environment().await?,
            unreviewed: read.unreviewed().await?,
            entries,
            ended,
            webhooks,
            bytes: read.bytes().await?,
            policy: ruling.version,
            refused: self.refused().is_some(),
        })
    }
}

impl Counted {
    /// Counts what was written since the last time, up to an entry that is there.
    async fn catch_up(&self, read: &Reader, size: u64) -> Result<(BTreeMap<String, u64>, Vec<Ended>), StoreError> {
        let mut ended = Vec::new();
        let mut tally = self.0.lock().await;
        let first = tally.upto.is_none();
        let end = size.checked_sub(1).map(EventId);
        if end > tally.upto {
            for (kind, count) in read.kinds(tally.upto, end).await? {
                *tally.entries.entry(kind).or_default() += count;
            }
            // Applies before the first question have nobody who watches them.
            if !first {
                ended = tally.applies(read, size).await?;
            }
            tally.upto = end;
        }
        Ok((tally.entries.clone(), ended))
    }
}

impl Tally {
    async fn applies(&mut self, read: &Reader, size: u64) -> Result<Vec<Ended>, StoreError> {
        let kinds = ["apply_begun", "apply_finished", "apply_failed", "apply_abandoned"].map(str::to_owned).to_vec();
        let (before, mut after, mut ended) = (Some(EventId(size)), self.upto, Vec::new());
        loop {
            let filter = Filter { kinds: kinds.clone(), after, before, limit: AT_ONCE, ..Filter::default() };
            let events = read.log(&filter).await?;
            let Some(last) = events.last() else { return Ok(ended) };
            after = Some(last.id);
            ended.extend(events.iter().filter_map(|event| self.apply(event)));
        }
    }

    fn apply(&mut self, event: &Event) -> Option<Ended> {
        let place = event.kind.place()?;
        let outcome = match event.kind {
            Kind::ApplyFinished { proved: true, .. } => "proved",
            Kind::ApplyFinished { .. } => "unproved",
            Kind::ApplyFailed { .. } => "failed",
            // How long it took nobody knows.
            Kind::ApplyAbandoned { .. } => {
                self.begun.remove(place);
                return Some(Ended { place: place.clone(), outcome: "abandoned", took: None });
            }
            _ => {
                // One at a time on a server: whoever begins anew has seen the end of the one before.
                self.begun.insert(place.clone(), event.at);
                return None;
            }
        };
        let begun = self.begun.remove(place);
        let took = begun.and_then(|begun| Duration::try_from(event.at.duration_since(begun)).ok());
        Some(Ended { place: place.clone(), outcome, took })
    }
}
