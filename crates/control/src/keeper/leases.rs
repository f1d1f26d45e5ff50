//! Leases begin and end, Requests expire, and what the policy dates comes and goes: on time, one server beside the
//! other, tried again until it is proved.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rolecall_core::desire::dates;
use rolecall_core::event::Place;
use rolecall_core::lease;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Keeper;
use super::servers::jitter;
use crate::cause::Causes;
use crate::office::{ControlError, Office};
use crate::place::places;
use crate::settle::Settled;
use crate::store::{Moment, Reach};

/// The longest sleep: another process may have written to the store, and clocks may jump.
const LONGEST: Duration = Duration::from_secs(2);
const FIRST_RETRY: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(60);

/// What is known of environments and servers between two rounds.
#[derive(Default)]
struct Rounds {
    /// When environments were brought up to what is dated.
    dated: BTreeMap<String, Timestamp>,
    suspended: Option<BTreeSet<String>>,
    /// To be settled though no Lease moves.
    due: BTreeSet<Place>,
    retry: BTreeMap<Place, (Instant, Duration)>,
    /// The machine's clock was behind in the last round.
    behind: bool,
    running: BTreeSet<Place>,
    tasks: JoinSet<(Place, Result<Settled, ControlError>)>,
}

impl Rounds {
    /// Says once that the clock is behind, and once that it is right again.
    fn watch_clock(&mut self, moment: Moment) {
        let behind = moment.is_behind();
        match (std::mem::replace(&mut self.behind, behind), behind) {
            (false, true) => {
                let Moment { now: decided, clock } = moment;
                tracing::error!(%clock, %decided, "the clock is behind what was decided for: nothing is opened until it is set right, or accepted by `rolecall clock accept`");
            }
            (true, false) => tracing::info!("the clock is not behind any more"),
            _ => {}
        }
    }
}

impl Keeper {
    pub(super) async fn keep_leases(self: Arc<Self>, stop: CancellationToken) {
        let mut rounds = Rounds::default();
        let mut nudged = true;
        while !stop.is_cancelled() {
            let sleep = match self.round(&mut rounds, nudged).await {
                Ok(sleep) => sleep,
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "the store could not be asked for leases"
                    );
                    LONGEST
                }
            };
            nudged = tokio::select! {
                () = stop.cancelled() => false,
                () = self.decided.notified() => true,
                Some(done) = rounds.tasks.join_next() => {
                    if let Ok((at, result)) = done {
                        self.settled(&mut rounds, at, result);
                    }
                    false
                }
                () = tokio::time::sleep(sleep) => false,
            };
        }
        while let Some(done) = rounds.tasks.join_next().await {
            if let Ok((at, result)) = done {
                self.settled(&mut rounds, at, result);
            }
        }
    }

    /// Notes what is over, sets out to settle what moves, and says how long nothing is due.
    async fn round(self: &Arc<Self>, rounds: &mut Rounds, nudged: bool) -> Result<Duration, ControlError> {
        let office = self.office();
        rounds.watch_clock(office.store.keep_time().await?);
        let ended = office.end_due().await?;
        office.expire_requests().await?;
        office.end_sessions_ahead().await?;
        let ground = office.ground().await?;
        let all = places(&office.policy, None);
        if rounds.suspended.as_ref() != Some(&ground.suspended) {
            rounds.due.extend(all.iter().map(crate::place::Place::event));
            rounds.suspended = Some(ground.suspended.clone());
        }
        let (mut next, mut dated) = (lease::next_due(&ground.leases, &office.policy), BTreeSet::new());
        for name in office.policy.environments.keys() {
            let now = dates(&office.policy, name, ground.now);
            let coming = now.next;
            if !now.passed.is_empty() {
                dated.insert(name.as_str());
            }
            // What was to come when it was settled last, and has passed since.
            let last = rounds.dated.insert(name.clone(), ground.now).unwrap_or(Timestamp::MIN);
            if dates(&office.policy, name, last).next.is_some_and(|date| date <= ground.now) {
                rounds.due.extend(places(&office.policy, Some(name)).iter().map(crate::place::Place::event));
            }
            next = [next, coming].into_iter().flatten().min();
        }
        // Of thousands of Leases few move.
        let moving: Vec<_> = ground.kept.iter().filter(|kept| kept.reach != Reach::Open).collect();
        let news = nudged || ended > 0;
        // At a start all are due; a thousand servers are not gone through one by one to find that nobody is concerned.
        let judged = !rounds.due.is_empty() && Causes::read(&office).await?.judged().next().is_some();
        for place in all {
            let at = place.event();
            let moves = moving.iter().any(|kept| place.awaited(kept));
            if !moves && !judged && !dated.contains(place.environment_name) {
                rounds.due.remove(&at);
                rounds.retry.remove(&at);
                continue;
            }
            let moves = moves || rounds.due.contains(&at);
            let waits = rounds.retry.get(&at).is_some_and(|(at, _)| *at > Instant::now());
            if moves && (news || !waits) && !rounds.running.contains(&at) {
                // Without room it stays due, and gets its turn when another one is done.
                let Some(room) = self.room_to_settle(rounds, &at) else { continue };
                rounds.due.remove(&at);
                self.set_out(rounds, &office, at, room);
            }
        }
        let until = next.map(|next| Duration::try_from(next.duration_since(ground.now)).unwrap_or_default());
        Ok(until.map_or(LONGEST, |until| until.clamp(Duration::from_millis(10), LONGEST)))
    }

    /// A place among those that are settled at once. Those that did not come along last time have places of their own,
    /// so that they do not hold up the others.
    fn room_to_settle(&self, rounds: &Rounds, at: &Place) -> Option<OwnedSemaphorePermit> {
        let room = if rounds.retry.contains_key(at) { &self.settle.1 } else { &self.settle.0 };
        Arc::clone(room).try_acquire_owned().ok()
    }

    fn set_out(&self, rounds: &mut Rounds, office: &Office, at: Place, room: OwnedSemaphorePermit) {
        rounds.running.insert(at.clone());
        self.settling.lock().unwrap_or_else(PoisonError::into_inner).insert(at.clone());
        let office = office.clone();
        rounds.tasks.spawn(async move {
            let settled = match office.place(&at.environment, &at.server) {
                Ok(place) => office.settle_server(place).await,
                Err(error) => Err(error),
            };
            drop(room);
            (at, settled)
        });
    }

    fn settled(&self, rounds: &mut Rounds, at: Place, result: Result<Settled, ControlError>) {
        rounds.running.remove(&at);
        self.settling.lock().unwrap_or_else(PoisonError::into_inner).remove(&at);
        let failures = match result {
            Ok(settled) => settled.failures,
            Err(error) => vec![error],
        };
        if failures.is_empty() {
            rounds.retry.remove(&at);
            return;
        }
        let (environment, server) = (at.environment.as_str(), at.server.as_str());
        for error in &failures {
            tracing::warn!(
                environment,
                server,
                error = error as &dyn std::error::Error,
                "accounts are not as decided yet"
            );
        }
        let last = rounds.retry.get(&at).map(|(_, pause)| *pause);
        let pause = last.map_or(FIRST_RETRY, |pause| (pause * 2).min(LAST_RETRY));
        rounds.retry.insert(at.clone(), (Instant::now() + jitter(pause), pause));
        // Nothing may be moving but a suspension.
        rounds.due.insert(at);
    }

    /// True while a server's accounts are being brought up to a decision: what differs there is no drift.
    pub(super) fn is_settling(&self, at: &Place) -> bool {
        self.settling.lock().unwrap_or_else(PoisonError::into_inner).contains(at)
    }
}
