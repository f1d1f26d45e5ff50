//! Use case: a Lease ends before its time, because somebody says so.

use rolecall_core::admit::{Action, OPERATOR};
use rolecall_core::event::Actor;
use rolecall_core::lease::{Lease, Over};
use rolecall_core::request::{self, RequestId};

use crate::office::{ControlError, Ground, Office, caller};
use crate::store::Reach;
use crate::telling;

impl Office {
    /// Ends a Lease. It is off the servers when [`Office::settle`] says so.
    pub async fn end(&self, actor: &Actor, id: RequestId) -> Result<Lease, ControlError> {
        let by = actor.principal().unwrap_or(OPERATOR).to_owned();
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let seen = |lease: &&Lease| lease.id == id && self.sees_lease(&ground, actor, lease);
            let lease = ground.leases.iter().find(seen).ok_or(ControlError::NoLease(id))?;
            self.admit(&ground, actor, Action::EndLease(lease))?;
            let ended = request::end_early(ground.facts(&self.policy), lease, caller(actor))?;
            tx.put_lease(&ended, Reach::Closing).await?;
            let told = telling::ended(&ended, &Over::Early { by });
            Ok::<_, ControlError>(tx.done(ended, told))
        });
        Ok(written.await?.value)
    }
}
