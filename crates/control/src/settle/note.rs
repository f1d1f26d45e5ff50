//! How far Leases have got by what one server has come to: noted as soon as it is known, whatever the others do.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::event::{Actor, Draft, Kind};
use rolecall_core::request::RequestId;
use rolecall_engine::postgres::apply::Applier;

use crate::due::Barred;
use crate::office::{ControlError, Office};
use crate::place::Place;
use crate::request::{Nothing, all};
use crate::store::{Kept, Reach};
use crate::telling;

/// A server that is as it should be, but for what may not be given there, and was read afterwards to prove it.
pub(super) struct Finished {
    /// The lock: what was begun under it is told to be done before anybody else has it, who would take it for cut short.
    pub applier: Applier,
    /// That it is done.
    pub told: Draft,
    /// Nothing was left to do: worth an Event only where a Lease gets further by it.
    pub quiet: bool,
    /// Roles that do not give there what the policy says, by their names on the server.
    pub unready: BTreeSet<String>,
    /// Why something was left undone that would give access.
    pub barred: Option<Barred>,
    /// What was seen of Leases that are over.
    pub proofs: BTreeMap<RequestId, String>,
}

impl Office {
    /// Notes in one transaction what a server has come to, and how far each Lease has got by it.
    pub(super) async fn note(
        &self,
        place: Place<'_>,
        moving: &[&Kept],
        came: Result<&Finished, &ControlError>,
    ) -> Result<Vec<Kept>, ControlError> {
        let actor = Actor::system("reconciler");
        let written = self.store.write(&actor, |mut tx| async move {
            let current = tx.leases().await?;
            let current: BTreeMap<_, _> = current.iter().map(|kept| (kept.lease.id, kept)).collect();
            let (mut told, mut moved): (Vec<Draft>, Vec<Kept>) = Default::default();
            for kept in moving {
                // Whoever ended it meanwhile goes first. Other servers may have come along meanwhile, too.
                let now = current.get(&kept.lease.id).filter(|now| now.lease == kept.lease);
                let Some((next, draft)) = now.and_then(|now| step(place, now, came)) else { continue };
                tx.put_kept(&next).await?;
                told.extend(draft);
                moved.push(next);
            }
            let applied = came.ok().filter(|done| !done.quiet || !moved.is_empty()).map(|done| done.told.clone());
            Ok::<_, Nothing>(tx.done(moved, all(applied.into_iter().chain(told))?))
        });
        match written.await {
            Ok(written) => Ok(written.value),
            Err(Nothing::ToDo) => Ok(Vec::new()),
            Err(Nothing::Failed(error)) => Err(error.into()),
        }
    }
}

/// How far a Lease gets by what one of its servers has come to, and what tells of that; None: no further.
fn step(place: Place<'_>, kept: &Kept, came: Result<&Finished, &ControlError>) -> Option<(Kept, Option<Draft>)> {
    let (mut next, server, lease) = (kept.clone(), place.server_name, &kept.lease);
    let (id, access) = (lease.id.to_string(), telling::given(lease));
    let own = lease.is_for(place.environment_name, server);
    let told = match (came, kept.reach) {
        _ if !own => None,
        (Ok(done), Reach::Opening) => {
            if done.barred.is_some() || done.unready.contains(&place.role_name(&lease.role)) {
                return None;
            }
            next.done.insert(server.to_owned());
            None
        }
        (Ok(done), Reach::Closing | Reach::Overdue) => {
            let proof = done.proofs.get(&lease.id).map_or("", String::as_str).into();
            let revoked = Kind::LeaseRevoked { lease: id, access, place: place.event(), proof };
            next.late.remove(server);
            next.done.insert(server.to_owned()).then(|| telling::of(lease.id, revoked))
        }
        (Err(error), Reach::Closing | Reach::Overdue) => {
            let since = lease.ended.as_ref().map_or(lease.ends, |ended| ended.at);
            let overdue = Kind::LeaseOverdue { lease: id, access, since, error: error.to_string().as_str().into() };
            next.reach = Reach::Overdue;
            next.late.insert(server.to_owned()).then(|| telling::of(lease.id, overdue))
        }
        (Err(_), Reach::Opening) | (_, Reach::Open | Reach::Closed) => return None,
    };
    if place.all_done(&next) {
        next.reach = if next.reach == Reach::Opening { Reach::Open } else { Reach::Closed };
        next.late.clear();
    }
    (next != *kept).then_some((next, told))
}
