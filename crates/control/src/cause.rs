//! What brings about that accounts are changed: the story in the ledger to which that belongs.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_core::diff::is_mark;
use rolecall_core::event::EventId;
use rolecall_core::plan::{Step, only};

use crate::office::Office;
use crate::place::Place;
use crate::settle::{Marked, accounts};
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
    pub(crate) fn of(&self, place: Place<'_>, marked: &Marked, steps: &[Step], moving: &[&Kept]) -> Option<EventId> {
        // Whatever happens, the mark on the server may go along with it.
        let steps: Vec<Step> = steps.iter().filter(|step| !is_mark(step)).cloned().collect();
        let concerned = |principal: &str| {
            let own = accounts(place, marked, &BTreeSet::from([principal]));
            steps.is_empty() || !only(&steps, &own).is_empty()
        };
        // The earliest and the latest first: the first who is concerned decides, and nobody after them is asked.
        let mut leases: Vec<&&Kept> = moving.iter().collect();
        leases.sort_by_key(|kept| kept.lease.id);
        let lease = leases.into_iter().find(|kept| concerned(&kept.lease.principal));
        let lease = lease.map(|kept| EventId(kept.lease.id.0));
        let mut acts: Vec<(&EventId, &String)> = self.standings.iter().map(|(who, event)| (event, who)).collect();
        acts.sort_unstable_by(|a, b| b.cmp(a));
        let act = || acts.into_iter().find(|(_, who)| concerned(who)).map(|(event, _)| *event);
        lease.or_else(act).or(self.policy)
    }
}
