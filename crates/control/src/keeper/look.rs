//! One look at a server: does it answer, has it moved, does it say what was applied to it?

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use rolecall_core::diff::is_mark;
use rolecall_core::event::{Actor, Draft, Kind, Place as At};
use rolecall_core::plan::{Plan, only};
use rolecall_core::policy::model::Drift;
use rolecall_engine::postgres::fingerprint::fingerprint;
use rolecall_engine::postgres::{ConnectCause, EngineError};
use tokio::time::Instant;

use super::line::{Memory, QUICK};
use super::servers::jitter;
use super::{Keeper, Ruling, Status, Waiting};
use crate::apply::{Ready, stopped};
use crate::carry::words;
use crate::office::{ControlError, Office};
use crate::place::Place;
use crate::settle::{Marked, accounts};
use crate::store::{StoreError, Watched};

impl Keeper {
    /// Asks a server whether it has moved, and looks at all of it if so. Gives back what to remember for the next time.
    pub(super) async fn look(&self, at: &At, ruling: &Ruling, mut memory: Memory) -> Memory {
        let office = Office::new(self.store.clone(), Arc::clone(&ruling.policy));
        let Ok(place) = office.place(&at.environment, &at.server) else { return memory };
        memory.soon = false;
        let looked = self.try_look(&office, (at, place), ruling, &mut memory).await;
        match looked {
            Ok(()) => memory.failures = 0,
            // Somebody is changing the server just now; that is no trouble.
            Err(ControlError::Server { error, .. }) if matches!(*error, EngineError::LockHeld { .. }) => {
                memory.soon = true;
            }
            // It gets more time before anybody calls it trouble, where it holds up nobody who answers at once.
            Err(error) if late(&error) && !memory.slow => (memory.slow, memory.soon) = (true, true),
            Err(error) => {
                memory.slow = late(&error);
                memory.failures += 1;
                memory.fingerprint = None;
                self.trouble(place, &error).await;
            }
        }
        memory
    }

    async fn try_look(
        &self,
        office: &Office,
        (at, place): (&At, Place<'_>),
        ruling: &Ruling,
        memory: &mut Memory,
    ) -> Result<(), ControlError> {
        let databases: Vec<String> = place.server.databases.values().map(|database| database.name.clone()).collect();
        let (target, begun) = (place.target()?, Instant::now());
        let target = memory.quick().map_or(target.clone(), |quick| target.patient(quick));
        let asked = fingerprint(&target, &databases).await.map_err(|error| place.says(error))?;
        self.answered(place).await?;
        let now = Instant::now();
        memory.slow = now.duration_since(begun) > QUICK;
        if memory.fingerprint.as_ref() == Some(&asked) && memory.whole > now {
            return Ok(());
        }
        // What is being decided and carried out just now would show as drift.
        if self.is_settling(at) {
            memory.soon = true;
            return Ok(());
        }
        let ready = office.ready(&Actor::system("reconciler"), place).await?;
        memory.fingerprint = Some(asked);
        memory.whole = now + jitter(self.pace.whole);
        self.judge(office, place, ruling, ready).await
    }

    /// Holds what the server shows against what was applied to it.
    async fn judge(
        &self,
        office: &Office,
        place: Place<'_>,
        ruling: &Ruling,
        ready: Ready,
    ) -> Result<(), ControlError> {
        let known = self.store.read().watched(&place.event()).await?;
        let applied = known.applied.as_ref() == Some(&ruling.digest);
        let rest = rest(place, &ready);
        let plan = Arc::new(ready.plan.clone());
        let stopped = stopped(place, &plan).err().map(|error| error.to_string());
        let since = self.since(place, &plan);
        let waiting = (rest > 0).then(|| Waiting { plan: Arc::clone(&plan), drifted: applied, since, stopped });
        self.see(place, |status| status.waiting = waiting.clone());
        match waiting {
            None => self.agreed(place, ruling, known, plan.is_empty()).await,
            Some(waiting) if applied => {
                let told = known.drift.as_ref() == Some(&plan.digest);
                if !told {
                    self.tell_drift(place, &plan, known, waiting.stopped.is_some()).await?;
                }
                if place.environment.drift == Drift::Repair && waiting.stopped.is_none() {
                    let actor = Actor::system("reconciler");
                    office.carry(&actor, place, ready, &ruling.digest).await?;
                    self.see(place, |status| status.waiting = None);
                    tracing::info!(place = place.label(), "drift was taken back");
                }
                Ok(())
            }
            Some(_) => Ok(()),
        }
    }

    /// The server says what the policy says. Whoever brought it there, the policy counts as applied.
    async fn agreed(&self, place: Place<'_>, ruling: &Ruling, known: Watched, whole: bool) -> Result<(), ControlError> {
        if !whole {
            return Ok(());
        }
        let now = Watched { applied: Some(ruling.digest.clone()), drift: None, unreachable: false };
        if known == now {
            return Ok(());
        }
        // Drift that went away without us is told, whoever took it back; so is that a policy has arrived.
        let kind = match known.drift {
            Some(digest) => Kind::DriftRepaired { place: place.event(), digest, changes: 0 },
            None => Kind::PlanMade { place: place.event(), digest: ruling.digest.clone(), changes: 0, blocked: false },
        };
        self.note(place, now, kind.into()).await
    }

    async fn tell_drift(
        &self,
        place: Place<'_>,
        plan: &Plan,
        known: Watched,
        stopped: bool,
    ) -> Result<(), ControlError> {
        let (at, digest, changes) = (place.event(), plan.digest.clone(), plan.steps.len() as u64);
        tracing::warn!(place = place.label(), changes, "somebody has changed the server");
        let kind = match place.environment.drift {
            Drift::Report => Kind::DriftFound { place: at, digest, changes },
            Drift::Repair if !stopped => Kind::DriftFound { place: at, digest, changes },
            Drift::Hold | Drift::Repair => Kind::DriftHeld { place: at, digest, changes },
        };
        let now = Watched { drift: Some(plan.digest.clone()), ..known };
        self.note(place, now, Draft::new(kind).with_effects(plan.effects.clone())).await
    }

    async fn note(&self, place: Place<'_>, now: Watched, told: Draft) -> Result<(), ControlError> {
        let actor = Actor::system("reconciler");
        let written = self.store.write(&actor, |mut tx| async move {
            tx.put_watched(&place.event(), &now).await?;
            Ok::<_, StoreError>(tx.done((), told))
        });
        written.await?;
        Ok(())
    }

    /// It answers: told once, if it did not before.
    async fn answered(&self, place: Place<'_>) -> Result<(), ControlError> {
        let now = self.store.clock().now();
        let fresh = self.see(place, |status| {
            let fresh = status.answered.is_none() || status.trouble.is_some();
            (status.answered, status.trouble) = (Some(now), None);
            fresh
        });
        if !fresh {
            return Ok(());
        }
        let known = self.store.read().watched(&place.event()).await?;
        if !known.unreachable {
            return Ok(());
        }
        tracing::info!(place = place.label(), "the server answers again");
        self.note(place, Watched { unreachable: false, ..known }, Kind::ServerBack { place: place.event() }.into())
            .await
    }

    /// It does not answer, or not as it should: told once.
    async fn trouble(&self, place: Place<'_>, error: &ControlError) {
        let said = words(error);
        self.see(place, |status| status.trouble = Some(said.as_str().to_owned()));
        tracing::warn!(place = place.label(), error = said.as_str(), "the server cannot be looked at");
        let tell = async {
            let known = self.store.read().watched(&place.event()).await?;
            if known.unreachable {
                return Ok(());
            }
            let told = Kind::ServerUnreachable { place: place.event(), error: said };
            self.note(place, Watched { unreachable: true, ..known }, told.into()).await
        };
        if let Err(error) = tell.await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "it could not be noted that a server is in trouble"
            );
        }
    }

    fn see<T>(&self, place: Place<'_>, change: impl FnOnce(&mut Status) -> T) -> T {
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        let status = seen.entry(place.event()).or_insert_with(|| Status::unseen(place));
        status.drift = place.environment.drift;
        change(status)
    }

    /// Since when this very plan waits; notes that the server was looked at.
    fn since(&self, place: Place<'_>, plan: &Plan) -> jiff::Timestamp {
        let now = self.store.clock().now();
        self.see(place, |status| {
            status.looked = Some(now);
            let same = status.waiting.as_ref().filter(|waiting| waiting.plan.digest == plan.digest);
            same.map_or(now, |waiting| waiting.since)
        })
    }
}

/// No session was let in in time, or none got an answer.
fn late(error: &ControlError) -> bool {
    let ControlError::Server { error, .. } = error else { return false };
    matches!(**error, EngineError::Connect { cause: ConnectCause::Timeout(_), .. } | EngineError::Silent { .. })
}

/// How many steps of the plan are not about accounts whose Leases are on their way: these are seen to already.
fn rest(place: Place<'_>, ready: &Ready) -> usize {
    let moving = ready.ground.kept.iter().filter(|kept| place.awaited(kept));
    let principals: BTreeSet<&str> = moving.map(|kept| kept.lease.principal.as_str()).collect();
    let own = only(&ready.plan.steps, &accounts(place, &Marked::new(), &principals)).len();
    let marks = ready.plan.steps.iter().filter(|step| !principals.is_empty() && is_mark(step)).count();
    ready.plan.steps.len().saturating_sub(own + marks)
}
