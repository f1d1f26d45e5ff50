//! Use case: the servers are brought to what Leases and suspensions say now, and that is proved.
//!
//! It touches the accounts concerned and nothing else, so that neither drift nor a blocked plan holds up the end of a
//! Lease. It can be interrupted anywhere and run again: what is not proved is tried again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rolecall_core::desire::dates;
use rolecall_core::event::{Actor, Draft, Kind};
use rolecall_core::lease::{self, Lease, Over};
use rolecall_core::plan::Step;
use rolecall_core::policy::model::Policy;
use rolecall_core::request::{RequestId, principal};
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::apply::Applier;

use crate::carry::{Work, abandoned, carry_out, tell};
use crate::cause::Causes;
use crate::due::{Accounts, Barred, Due, due};
use crate::office::{ControlError, Ground, Office};
use crate::place::{Place, places};
use crate::request::{Nothing, all};
use crate::store::{Kept, Reach};
use crate::{proof, telling};

/// What came of it.
#[derive(Debug, Default)]
pub struct Settled {
    /// Leases that began or ended on every server, each with how far it has got.
    pub leases: Vec<Kept>,
    /// Servers that did not come along: what they have to do is tried again.
    pub failures: Vec<ControlError>,
}

impl Office {
    /// Ends what is due, then brings every environment with something to begin or end to what it should be. Run it at
    /// start-up, after every decision, and at [`lease::next_due`].
    pub async fn settle(&self) -> Result<Settled, ControlError> {
        self.end_due().await?;
        let mut settled = Settled::default();
        for environment in self.policy.environments.keys() {
            let here = self.settle_environment(environment).await?;
            settled.leases.extend(here.leases);
            settled.failures.extend(here.failures);
        }
        Ok(settled)
    }

    /// Notes the Leases that are over, in one transaction. They are over from then on, whatever the clock, the policy or
    /// anybody's standing does. Says how many.
    pub async fn end_due(&self) -> Result<usize, ControlError> {
        let due = |ground: &Ground| -> Vec<(Lease, Over)> {
            let due = lease::due(&ground.leases, &self.policy, &ground.suspended, ground.now);
            due.into_iter().map(|(lease, why)| (lease.clone(), why)).collect()
        };
        // Most of the time there is nothing, and nobody who writes is kept waiting to find that out.
        if due(&self.ground().await?).is_empty() {
            return Ok(0);
        }
        let actor = Actor::system("expiry");
        let written = self.store.write(&actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let mut told = Vec::new();
            for (lease, why) in due(&ground) {
                let ended = lease::ended(lease, ground.now, why.clone());
                tx.put_lease(&ended, Reach::Closing).await?;
                told.push(telling::ended(&ended, &why));
            }
            Ok::<_, Nothing>(tx.done(told.len(), all(told)?))
        });
        match written.await {
            Ok(written) => Ok(written.value),
            Err(Nothing::ToDo) => Ok(0),
            Err(Nothing::Failed(error)) => Err(error.into()),
        }
    }

    /// Brings one environment to what it should be: its servers side by side, so that one that does not answer holds up
    /// none of the others.
    pub async fn settle_environment(&self, name: &str) -> Result<Settled, ControlError> {
        let ground = &self.ground().await?;
        let here = ground.kept.iter().filter(|kept| kept.lease.environment == name && kept.reach != Reach::Open);
        let moving: &Vec<&Kept> = &here.collect();
        let causes = &Causes::read(self).await?;
        let holders = moving.iter().map(|kept| kept.lease.principal.as_str());
        // Whoever was let back in, too: what the policy gives them comes back by this, and by nothing else.
        let mut concerned: BTreeSet<&str> = holders.chain(causes.judged()).collect();
        concerned.extend(dates(&self.policy, name, ground.now).passed);
        let (concerned, mut settled) = (&concerned, Settled::default());
        if concerned.is_empty() {
            return Ok(settled);
        }
        let places: Vec<Place<'_>> = places(&self.policy, Some(name)).into_iter().collect();
        let open = AtomicUsize::new(places.len());
        let open = &open;
        let (mut work, mut results) = (FuturesUnordered::new(), Vec::new());
        for place in places {
            if work.len() == AT_ONCE {
                results.extend(work.next().await);
            }
            work.push(async move {
                let done = self.server(place, ground, concerned, moving, causes, open).await;
                // Who failed was not the last to be done, whenever that was.
                if done.is_err() {
                    open.fetch_sub(1, Ordering::SeqCst);
                }
                done
            });
        }
        while let Some(result) = work.next().await {
            results.push(result);
        }
        let (mut finished, mut failed) = (Vec::new(), None);
        for result in results {
            match result {
                Ok(done) => finished.push(done),
                Err(error) => {
                    failed = Some(error.to_string());
                    settled.failures.push(error);
                }
            }
        }
        settled.leases = self.note(moving, &finished, failed.as_deref()).await?;
        let barred = finished.iter().filter_map(|done| done.barred.clone());
        settled.failures.extend(barred.map(|(barred, place)| barred.on(place)));
        for done in finished {
            if let Some(applier) = done.held {
                applier.release().await.ok();
            }
            settled
                .failures
                .extend(done.unready.into_iter().map(|(place, role)| ControlError::NotReady { place, role }));
        }
        Ok(settled)
    }

    /// Notes in one transaction what the servers have come to, and how far each Lease has got by it.
    async fn note(
        &self,
        moving: &[&Kept],
        finished: &[Finished],
        failed: Option<&str>,
    ) -> Result<Vec<Kept>, ControlError> {
        let actor = Actor::system("reconciler");
        let written = self.store.write(&actor, |mut tx| async move {
            let current = tx.leases().await?;
            let current: BTreeMap<_, _> = current.iter().map(|kept| (kept.lease.id, kept)).collect();
            let mut told: Vec<Draft> = Vec::new();
            let mut moved = Vec::new();
            for kept in moving {
                let Some((reach, drafts)) = step(&self.policy, kept, finished, failed) else { continue };
                // Whoever ended it meanwhile goes first.
                if current.get(&kept.lease.id).is_some_and(|now| now == kept) {
                    tx.put_lease(&kept.lease, reach).await?;
                    told.extend(drafts);
                    moved.push(Kept { lease: kept.lease.clone(), reach });
                }
            }
            // A server where nothing was left to do is worth an Event only where a Lease got further by it.
            let quiet = moved.is_empty() || failed.is_some();
            let worth = finished.iter().filter(|done| done.held.is_some() || !quiet);
            let applied = worth.filter_map(|done| done.told.clone());
            Ok::<_, Nothing>(tx.done(moved, all(applied.chain(told))?))
        });
        match written.await {
            Ok(written) => Ok(written.value),
            Err(Nothing::ToDo) => Ok(Vec::new()),
            Err(Nothing::Failed(error)) => Err(error.into()),
        }
    }

    /// Brings the accounts of these principals on one server to what they should be, under the server's lock.
    async fn server(
        &self,
        place: Place<'_>,
        ground: &Ground,
        principals: &BTreeSet<&str>,
        moving: &[&Kept],
        causes: &Causes,
        open: &AtomicUsize,
    ) -> Result<Finished, ControlError> {
        let (target, wanted) = (place.target()?, place.wanted());
        let mut applier = Applier::lock(&target).await.map_err(|error| place.says(error))?;
        let actor = Actor::system("reconciler");
        abandoned(&self.store, &actor, &place.event()).await?;
        let state = applier.inspect(&wanted).await.map_err(|error| place.says(error))?;
        let accounts = accounts(place, Some(&state), principals);
        let over = moving.iter().filter(|kept| matches!(kept.reach, Reach::Closing | Reach::Overdue));
        let over: Vec<&Lease> = over.map(|kept| &kept.lease).collect();
        let suspended = principals.iter().copied().filter(|id| ground.suspended.contains(*id));
        let ending = over.iter().map(|lease| lease.principal.as_str()).chain(suspended).collect();
        let accounts = Accounts { all: accounts, ending: self::accounts(place, Some(&state), &ending) };
        let Due { steps, unready, barred } = due(place, &state, ground, &accounts);
        let (version, digest) = (state.identity.version, digest(&steps));
        let cause = causes.of(place, &state, &steps, moving);
        let prove = |state: &ServerState| -> BTreeMap<RequestId, String> {
            over.iter().map(|lease| (lease.id, proof::of(place, state, &steps, lease))).collect()
        };
        let proofs = Mutex::new(BTreeMap::new());
        let (told, begun) = if steps.is_empty() {
            *proofs.lock().unwrap_or_else(PoisonError::into_inner) = prove(&state);
            let kind = Kind::ApplyFinished { place: place.event(), digest, changes: 0, proved: true };
            (Draft { cause, ..Draft::new(kind) }, false)
        } else {
            let work = Work { steps: &steps, version, digest, effects: Vec::new(), cause };
            let left = |state: &ServerState| {
                *proofs.lock().unwrap_or_else(PoisonError::into_inner) = prove(state);
                Ok(due(place, state, ground, &accounts).steps.len())
            };
            (carry_out(&self.store, &actor, place, &mut applier, work, left).await?, true)
        };
        // What was begun is told to be done under the lock: who has it next would take it for cut short. The last one
        // keeps the lock, and is told together with what all have come to; nobody waits longer for anybody else's server.
        let last = open.fetch_sub(1, Ordering::SeqCst) == 1;
        let (told, held) = match (begun, last) {
            (true, true) => (Some(told), Some(applier)),
            (true, false) => {
                tell(&self.store, &actor, told).await?;
                applier.release().await.ok();
                (None, None)
            }
            (false, _) => {
                applier.release().await.ok();
                (Some(told), None)
            }
        };
        let unready = unready.into_iter().map(|role| (place.label(), role)).collect();
        let proofs = proofs.into_inner().unwrap_or_else(PoisonError::into_inner);
        let barred = barred.map(|barred| (barred, place.label()));
        Ok(Finished { place: place.event(), told, held, unready, barred, proofs })
    }
}

/// How many servers of one environment are worked on at once.
pub(crate) const AT_ONCE: usize = 8;

/// A server that is as it should be, but for Roles that are not ready, and was read afterwards to prove it.
struct Finished {
    place: rolecall_core::event::Place,
    /// That it is done; None: that is in the ledger already.
    told: Option<Draft>,
    /// The lock, where it is to be told as done what was begun under it.
    held: Option<Applier>,
    /// Roles that do not give there what the policy says, by their names on the server, each with where.
    unready: Vec<(String, String)>,
    /// Why something was left undone that would give access, and where.
    barred: Option<(Barred, String)>,
    /// What was seen of Leases that are over.
    proofs: BTreeMap<RequestId, String>,
}

/// How far a Lease gets by what its servers have come to, and what tells of that; None: no further.
fn step(policy: &Policy, kept: &Kept, finished: &[Finished], failed: Option<&str>) -> Option<(Reach, Vec<Draft>)> {
    let lease = &kept.lease;
    let environment = policy.environments.get(&lease.environment);
    let role = environment.map(|environment| environment.role_name(&lease.environment, &lease.role));
    let unready = finished.iter().flat_map(|done| &done.unready).any(|(_, name)| role.as_ref() == Some(name))
        || finished.iter().any(|done| done.barred.is_some());
    let (id, access) = (lease.id.to_string(), telling::given(lease));
    match (failed, kept.reach) {
        (None, Reach::Opening) if unready => None,
        (None, Reach::Opening) => Some((Reach::Open, Vec::new())),
        (None, Reach::Closing | Reach::Overdue) => {
            let revoked = |done: &Finished| {
                let proof = done.proofs.get(&lease.id).map_or("", String::as_str).into();
                let (lease_id, access, place) = (id.clone(), access.clone(), done.place.clone());
                telling::of(lease.id, Kind::LeaseRevoked { lease: lease_id, access, place, proof })
            };
            Some((Reach::Closed, finished.iter().map(revoked).collect()))
        }
        (Some(error), Reach::Closing) => {
            let since = lease.ended.as_ref().map_or(lease.ends, |ended| ended.at);
            let overdue = Kind::LeaseOverdue { lease: id, access, since, error: error.into() };
            Some((Reach::Overdue, vec![telling::of(lease.id, overdue)]))
        }
        (Some(_), Reach::Opening | Reach::Overdue) | (_, Reach::Open | Reach::Closed) => None,
    }
}

/// The accounts of principals: as they would be called now, and whatever bears their mark on a server.
pub(crate) fn accounts(place: Place<'_>, state: Option<&ServerState>, principals: &BTreeSet<&str>) -> BTreeSet<String> {
    let named = principals.iter().filter_map(|id| principal(place.policy, id));
    let mut found: BTreeSet<String> =
        named.map(|(id, principal, _)| place.environment.account_name(place.environment_name, id, principal)).collect();
    if let Some(state) = state {
        let marked = marked(state).into_iter();
        found.extend(marked.filter(|(of, _)| principals.contains(of.as_str())).flat_map(|(_, names)| names));
    }
    found
}

/// Accounts by whose mark they bear on a server.
pub(crate) fn marked(state: &ServerState) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for id in state.owned() {
        let comment = state.roles.get(&id).and_then(|role| role.comment.as_deref());
        let mark = rolecall_core::mark::Mark::parse(comment);
        if let Some(account) = mark.and_then(|mark| mark.account) {
            found.entry(account).or_default().push(state.names.name(id).to_owned());
        }
    }
    found
}

fn digest(steps: &[Step]) -> String {
    use sha2::{Digest, Sha256};
    let text = serde_json::to_vec(steps).unwrap_or_default();
    let hex: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}
