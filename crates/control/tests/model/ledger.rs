//! The ledger by itself: it verifies, every entry has its cause, and played again it comes to what the store knows.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_control::audit::export::lines;
use rolecall_control::audit::verify::{Verifier, Wrong};
use rolecall_control::store::{Filter, Kept, Reach, Store};
use rolecall_core::event::{Actor, Event, EventId, Kind, Place, Standing};

use super::seen::{Seen, servers};

/// What was read of it so far.
#[derive(Default)]
pub struct Ledger {
    pub events: Vec<Event>,
    filed: BTreeSet<u64>,
    agreed: BTreeSet<u64>,
    leases: BTreeMap<u64, Story>,
    suspended: BTreeSet<String>,
    /// Where a lease that is over was revoked.
    revoked: BTreeMap<u64, BTreeSet<String>>,
    /// By server, the digest of the apply that has begun and not ended.
    open: BTreeMap<Place, String>,
}

/// What the ledger says of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Story {
    Started,
    Ended,
    Revoked,
}

impl Ledger {
    /// Reads what is new. Gives back those entries.
    pub async fn read(&mut self, store: &Store, wrong: &mut Vec<String>) -> Vec<Event> {
        let after = self.events.last().map(|event| event.id);
        let filter = Filter { after, limit: 100_000, ..Filter::default() };
        let new = store.read().log(&filter).await.unwrap();
        for event in &new {
            if event.id.0 != self.events.len() as u64 {
                wrong.push(format!("entry {} stands in place {}", event.id, self.events.len()));
            }
            if let Err(why) = self.caused(event).and_then(|()| self.play(event)) {
                wrong.push(format!("entry {}, {}: {why}", event.id, event.kind.name()));
            }
            self.events.push(event.clone());
        }
        let mut verifier = Verifier::new(store.public_key(), None);
        let mut snapshot = store.read().snapshot().await.unwrap();
        let read = lines::<Wrong>(&mut snapshot, &mut |line| verifier.line(line).map(|()| true)).await;
        match read.and_then(|_| verifier.finish()) {
            Ok(report) if report.entries == self.events.len() as u64 => {}
            other => wrong.push(format!("{} entries, and verified: {other:?}", self.events.len())),
        }
        new
    }

    /// A cause comes before what it brings about, and both belong to one story.
    fn caused(&self, event: &Event) -> Result<(), String> {
        let begins = match &event.kind {
            Kind::StoreMade { .. } | Kind::PolicyLoaded { .. } | Kind::RequestFiled { .. } => true,
            Kind::StandingChanged { .. } | Kind::ClockAccepted { .. } => true,
            Kind::ApplyBegun { .. } => !matches!(event.actor, Actor::System { .. }),
            _ => false,
        };
        match event.cause.map(|EventId(id)| (id, usize::try_from(id).ok().and_then(|id| self.events.get(id)))) {
            None if !begins => Err("nothing brought it about".to_owned()),
            None if event.correlation != event.id => Err("no cause, and no story of its own".to_owned()),
            Some((id, None)) => Err(format!("its cause {id} does not come before it")),
            Some((id, Some(cause))) if cause.correlation != event.correlation => {
                Err(format!("another story than {id}"))
            }
            _ => Ok(()),
        }
    }

    /// What it tells can happen after all that was told before.
    fn play(&mut self, event: &Event) -> Result<(), String> {
        let story = event.correlation.0;
        let named = |name: &str| if name == story.to_string() { Ok(()) } else { Err(format!("tells of {name}")) };
        let mut step = |from: &[Option<Story>], to| {
            let now = self.leases.insert(story, to);
            if from.contains(&now) { Ok(()) } else { Err(format!("the lease was {now:?} before")) }
        };
        match &event.kind {
            Kind::RequestFiled { request, break_glass, .. } => {
                self.filed.insert(story);
                if *break_glass {
                    self.agreed.insert(story);
                }
                named(request)
            }
            Kind::RequestApproved { request, complete, .. } => {
                if *complete {
                    self.agreed.insert(story);
                }
                named(request)
            }
            Kind::LeaseStarted { lease, .. } if self.agreed.contains(&story) => {
                step(&[None], Story::Started).and_then(|()| named(lease))
            }
            Kind::LeaseStarted { .. } => Err("nobody agreed to it".to_owned()),
            Kind::LeaseEnded { lease, .. } => step(&[Some(Story::Started)], Story::Ended).and_then(|()| named(lease)),
            Kind::LeaseRevoked { lease, place, .. } => {
                let first = self.revoked.entry(story).or_default().insert(place.server.clone());
                let from: &[_] = if first { &[Some(Story::Ended), Some(Story::Revoked)] } else { &[] };
                step(from, Story::Revoked).and_then(|()| named(lease))
            }
            Kind::StandingChanged { principal, to, .. } => {
                let who = principal.trim_end_matches("@acme.test").to_owned();
                let changed = match to {
                    Standing::Active => self.suspended.remove(&who),
                    Standing::Suspended | Standing::Gone => self.suspended.insert(who),
                };
                if changed { Ok(()) } else { Err("it changes nothing".to_owned()) }
            }
            // One at a time on each server, and each has an end before the next begins.
            Kind::ApplyBegun { place, digest, .. } => match self.open.insert(place.clone(), digest.clone()) {
                Some(before) => Err(format!("nobody told the end of {before}")),
                None => Ok(()),
            },
            Kind::ApplyAbandoned { place, digest, .. } if self.open.get(place) != Some(digest) => {
                Err("it had not begun, or had ended".to_owned())
            }
            Kind::ApplyFinished { place, digest, .. }
            | Kind::ApplyFailed { place, digest, .. }
            | Kind::ApplyAbandoned { place, digest, .. } => {
                if self.open.get(place) == Some(digest) {
                    self.open.remove(place);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Played again it comes to what the store knows.
    pub fn agrees(&self, seen: &Seen, wrong: &mut Vec<String>) {
        if self.suspended != seen.suspended {
            wrong.push(format!("the ledger has {:?} suspended, the store {:?}", self.suspended, seen.suspended));
        }
        if !self.filed.iter().eq(seen.asks.keys()) {
            wrong.push(format!("the ledger has the requests {:?}, the store {:?}", self.filed, seen.asks.keys()));
        }
        let told = |kept: &Kept| match (kept.lease.ended.is_some(), kept.done.is_empty()) {
            (false, _) => Story::Started,
            (true, false) => Story::Revoked,
            (true, true) => Story::Ended,
        };
        let stored: BTreeMap<u64, Story> = seen.leases.iter().map(|(id, kept)| (*id, told(kept))).collect();
        for (id, kept) in seen.leases.iter().filter(|(_, kept)| kept.lease.ended.is_some()) {
            let proved = self.revoked.get(id).cloned().unwrap_or_default();
            let all = servers(kept).iter().all(|server| proved.contains(*server));
            if proved != kept.done || all != (kept.reach == Reach::Closed) {
                wrong.push(format!("lease {id} was revoked on {proved:?}, and the store has {kept:?}"));
            }
        }
        if stored != self.leases {
            wrong.push(format!("the ledger has the leases {:?}, the store {stored:?}", self.leases));
        }
    }
}
