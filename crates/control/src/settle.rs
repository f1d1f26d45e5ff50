//! Use case: the servers are brought to what Leases and suspensions say now, and that is proved.
//!
//! It touches the accounts concerned and nothing else, so that neither drift nor a blocked plan holds up the end of a
//! Lease. It can be interrupted anywhere and run again: what is not proved is tried again.

mod note;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rolecall_core::desire::dates;
use rolecall_core::event::{Actor, Draft, Kind};
use rolecall_core::lease::{self, Lease, Over};
use rolecall_core::plan::Step;
use rolecall_core::request::{RequestId, principal};
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::apply::Applier;

use self::note::Finished;
use crate::carry::{Work, abandoned, carry_out};
use crate::cause::Causes;
use crate::due::{Accounts, Due, due};
use crate::office::{ControlError, Ground, Office};
use crate::place::{Place, places};
use crate::request::{Nothing, all};
use crate::store::{Kept, Reach};
use crate::{proof, telling};

/// What came of it.
#[derive(Debug, Default)]
pub struct Settled {
    /// Leases that have got further on some server, each with how far.
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
        let (mut work, mut results) = (FuturesUnordered::new(), Vec::new());
        for place in places(&self.policy, Some(name)) {
            if work.len() == AT_ONCE {
                results.extend(work.next().await);
            }
            work.push(self.settle_server(place));
        }
        while let Some(result) = work.next().await {
            results.push(result);
        }
        let (mut furthest, mut failures) = (BTreeMap::<RequestId, Kept>::new(), Vec::new());
        for result in results {
            let settled = result?;
            failures.extend(settled.failures);
            for kept in settled.leases {
                let far = |kept: &Kept| (kept.done.len(), kept.late.len(), kept.reach);
                let known = furthest.entry(kept.lease.id).or_insert_with(|| kept.clone());
                if far(known) < far(&kept) {
                    *known = kept;
                }
            }
        }
        Ok(Settled { leases: furthest.into_values().collect(), failures })
    }

    /// Brings one server to what it should be, and notes what came of that without waiting for any other.
    pub(crate) async fn settle_server(&self, place: Place<'_>) -> Result<Settled, ControlError> {
        let ground = &self.ground().await?;
        let moving: &Vec<&Kept> = &ground.kept.iter().filter(|kept| place.awaited(kept)).collect();
        let causes = &Causes::read(self).await?;
        let holders = moving.iter().map(|kept| kept.lease.principal.as_str());
        // Whoever was let back in, too: what the policy gives them comes back by this, and by nothing else.
        let mut concerned: BTreeSet<&str> = holders.chain(causes.judged()).collect();
        concerned.extend(dates(&self.policy, place.environment_name, ground.now).passed);
        if concerned.is_empty() {
            return Ok(Settled::default());
        }
        match self.server(place, ground, &concerned, moving, causes).await {
            Ok(finished) => {
                let leases = self.note(place, moving, Ok(&finished)).await?;
                let Finished { applier, unready, barred, .. } = finished;
                applier.release().await.ok();
                let mut failures: Vec<_> = barred.map(|barred| barred.on(place.label())).into_iter().collect();
                failures.extend(unready.into_iter().map(|role| ControlError::NotReady { place: place.label(), role }));
                Ok(Settled { leases, failures })
            }
            Err(error) => {
                let leases = self.note(place, moving, Err(&error)).await?;
                Ok(Settled { leases, failures: vec![error] })
            }
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
    ) -> Result<Finished, ControlError> {
        let (target, wanted) = (place.target()?, place.wanted());
        let mut applier = Applier::lock(&target).await.map_err(|error| place.says(error))?;
        let actor = Actor::system("reconciler");
        abandoned(&self.store, &actor, &place.event()).await?;
        let state = applier.inspect(&wanted).await.map_err(|error| place.says(error))?;
        let marks = marked(&state);
        let accounts = accounts(place, &marks, principals);
        let over = moving.iter().filter(|kept| matches!(kept.reach, Reach::Closing | Reach::Overdue));
        let over: Vec<&Lease> = over.map(|kept| &kept.lease).collect();
        let suspended = principals.iter().copied().filter(|id| ground.suspended.contains(*id));
        let ending = over.iter().map(|lease| lease.principal.as_str()).chain(suspended).collect();
        let accounts = Accounts { all: accounts, ending: self::accounts(place, &marks, &ending) };
        let Due { steps, unready, barred } = due(place, &state, ground, &accounts);
        let (version, digest) = (state.identity.version, digest(&steps));
        let cause = causes.of(place, &marks, &steps, moving);
        let prove = |state: &ServerState| -> BTreeMap<RequestId, String> {
            let marks = marked(state);
            over.iter().map(|lease| (lease.id, proof::of(place, state, &marks, &steps, lease))).collect()
        };
        let proofs = Mutex::new(BTreeMap::new());
        let (told, quiet) = if steps.is_empty() {
            *proofs.lock().unwrap_or_else(PoisonError::into_inner) = prove(&state);
            let kind = Kind::ApplyFinished { place: place.event(), digest, changes: 0, proved: true };
            (Draft { cause, ..Draft::new(kind) }, true)
        } else {
            let work = Work { steps: &steps, version, digest, effects: Vec::new(), cause };
            let left = |state: &ServerState| {
                *proofs.lock().unwrap_or_else(PoisonError::into_inner) = prove(state);
                Ok(due(place, state, ground, &accounts).steps.len())
            };
            (carry_out(&self.store, &actor, place, &mut applier, work, left).await?, false)
        };
        let proofs = proofs.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Finished { applier, told, quiet, unready, barred, proofs })
    }
}

/// How many servers of one environment are worked on at once.
pub(crate) const AT_ONCE: usize = 8;

/// The accounts of principals: as they would be called now, and whatever bears their mark on a server.
pub(crate) fn accounts(place: Place<'_>, marked: &Marked, principals: &BTreeSet<&str>) -> BTreeSet<String> {
    let named = principals.iter().filter_map(|id| principal(place.policy, id));
    let mut found: BTreeSet<String> =
        named.map(|(id, principal, _)| place.environment.account_name(place.environment_name, id, principal)).collect();
    found.extend(principals.iter().filter_map(|id| marked.get(*id)).flatten().cloned());
    found
}

/// Accounts by whose mark they bear on a server. To be read once, however many are asked for: it looks at every role.
pub(crate) type Marked = BTreeMap<String, Vec<String>>;

pub(crate) fn marked(state: &ServerState) -> Marked {
    let mut found = Marked::new();
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
