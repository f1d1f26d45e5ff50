//! Use cases: somebody is shut out by an act, whatever the policy says, and let back in.

use rolecall_core::admit::Action;
use rolecall_core::event::{Actor, Drafts, Kind, Standing};
use rolecall_core::lease::{self, Over};
use rolecall_core::request::{self, Refusal};

use crate::office::{ControlError, Ground, Office};
use crate::store::Reach;
use crate::telling;

impl Office {
    /// Shuts somebody out. Their Leases end for good. Off the servers when [`Office::settle`] says so.
    pub async fn suspend(&self, actor: &Actor, who: &str, reason: &str) -> Result<(), ControlError> {
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            self.admit(&ground, actor, Action::Suspend { who })?;
            request::principal(&self.policy, who).ok_or_else(|| Refusal::Unknown(who.to_owned()))?;
            if ground.suspended.contains(who) {
                return Err(ControlError::Refused(Refusal::Suspended(who.to_owned())));
            }
            tx.put_suspended(who, true).await?;
            let mut told = Drafts::from(changed(who, Standing::Active, Standing::Suspended, reason));
            for lease in ground.leases.iter().filter(|lease| lease.principal == who && lease.ended.is_none()) {
                let ended = lease::ended(lease.clone(), ground.now, Over::Suspended);
                tx.put_lease(&ended, Reach::Closing).await?;
                told = told.and(telling::ended(&ended, &Over::Suspended));
            }
            Ok::<_, ControlError>(tx.done((), told))
        });
        written.await?;
        Ok(())
    }

    /// Lets somebody back in whom an act shut out. What the policy suspends stays so; ended Leases stay ended.
    pub async fn reinstate(&self, actor: &Actor, who: &str, reason: &str) -> Result<(), ControlError> {
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            self.admit(&ground, actor, Action::Reinstate { who })?;
            if !ground.suspended.contains(who) {
                return Err(ControlError::Refused(Refusal::Unknown(who.to_owned())));
            }
            tx.put_suspended(who, false).await?;
            let told = changed(who, Standing::Suspended, Standing::Active, reason);
            Ok::<_, ControlError>(tx.done((), told))
        });
        written.await?;
        Ok(())
    }
}

fn changed(who: &str, from: Standing, to: Standing, reason: &str) -> rolecall_core::event::Draft {
    let kind = Kind::StandingChanged { principal: who.to_owned(), from, to };
    rolecall_core::event::Draft::new(kind).because(reason)
}
