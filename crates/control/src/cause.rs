//! What brings about that accounts are changed: the story in the ledger to which that belongs.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::event::EventId;
use rolecall_core::plan::{Step, only};
use rolecall_core::state::ServerState;

use crate::office::Office;
use crate::place::Place;
use crate::settle::accounts;
use crate::store::{Kept, StoreError};

/// The entries that may have brought it about, beside those of Leases.
pub(crate) struct Causes {
    /// Who was shut out or let back in by an act.
    standings: BTreeMap<String, EventId>,
    /// The policy in force, whose dates come and go.
    policy: Option<EventId>,
}

impl Causes {
    pub(crate) async fn read(office: &Office) -> Result<Self, StoreError> {
        let reader = office.store.read();
        Ok(Self { standings: reader.standings().await?, policy: reader.policy_event().await? })
    }

    /// Everybody whom an act has shut out, or let back in.
    pub(crate) fn judged(&self) -> impl Iterator<Item = &str> {
        self.standings.keys().map(String::as_str)
    }

    /// The first Lease whose holder is concerned; else the last act about somebody who is; else the policy.
    pub(crate) fn of(
        &self,
        place: Place<'_>,
        state: &ServerState,
        steps: &[Step],
        moving: &[&Kept],
    ) -> Option<EventId> {
        let concerned = |principal: &str| {
            let own = accounts(place, Some(state), &BTreeSet::from([principal]));
            steps.is_empty() || !only(steps, &own).is_empty()
        };
        let leases = moving.iter().filter(|kept| concerned(&kept.lease.principal));
        let lease = leases.map(|kept| EventId(kept.lease.id.0)).min();
        let acts = self.standings.iter().filter(|(who, _)| concerned(who)).map(|(_, event)| *event);
        lease.or_else(|| acts.max()).or(self.policy)
    }
}
