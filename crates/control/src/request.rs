//! Use case: somebody asks for access for a while, for more of it, or takes the asking back.

use rolecall_core::admit::Action;
use rolecall_core::event::{self, Actor, Drafts, Kind};
use rolecall_core::plan::Effect;
use rolecall_core::request::{self, Draft, Outcome, Request, RequestId};

use crate::office::{ControlError, Ground, Office, signed_in};
use crate::place::Foreseen;
use crate::store::{Moment, Reach, StoreError};
use crate::{place, telling};

impl Office {
    /// Files a Request, or with `extends` one that continues a Lease. What it would do is read from the servers and
    /// stands in the Event; those who decide agree to just that.
    pub async fn request(
        &self,
        actor: &Actor,
        draft: Draft,
        extends: Option<RequestId>,
    ) -> Result<Outcome, ControlError> {
        if signed_in(actor)? != draft.requester {
            return Err(ControlError::Denied(rolecall_core::admit::Denied::Nobody));
        }
        let file = |ground: &Ground, id, draft: Draft, digest: &str| {
            let (beneficiary, environment, role) = (&draft.beneficiary, &draft.environment, &draft.role);
            self.admit(ground, actor, Action::FileRequest { beneficiary, environment, role })?;
            let facts = ground.facts(&self.policy);
            let filed = match extends {
                None => request::file(facts, id, draft, digest),
                Some(extends) => request::extend(facts, id, draft, extends, digest),
            };
            filed.map_err(ControlError::from)
        };
        // Refused without bothering a server, if it will be refused.
        let ground = self.ground().await?;
        file(&ground, RequestId(0), draft.clone(), "")?;
        let Foreseen { effects, digest, unseen } = place::effects(ground.facts(&self.policy), &draft).await?;
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let outcome = file(&ground, RequestId(tx.event().0), draft, &digest)?.except(unseen);
            let request = outcome.request();
            tx.put_request(request).await?;
            let mut told = Drafts::from(telling::filed(request).with_effects(effects));
            if let Outcome::Granted(_, lease) = &outcome {
                tx.put_lease(lease, Reach::Opening).await?;
                told = told.and(telling::approved(request, true, true)).and(telling::started(lease));
            }
            Ok::<_, ControlError>(tx.done(outcome, told))
        });
        Ok(written.await?.value)
    }

    /// Those who asked take a Request back.
    pub async fn withdraw(&self, actor: &Actor, id: RequestId) -> Result<Outcome, ControlError> {
        let by = signed_in(actor)?;
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let request = self.seen_request(&ground, actor, id, tx.request(id).await?)?;
            self.admit(&ground, actor, Action::Withdraw(&request))?;
            let outcome = request::withdraw(ground.facts(&self.policy), request, &by)?;
            tx.put_request(outcome.request()).await?;
            let access = telling::asked(outcome.request());
            let told = telling::of(id, Kind::RequestWithdrawn { request: id.to_string(), access });
            Ok::<_, ControlError>(tx.done(outcome, told))
        });
        Ok(written.await?.value)
    }

    /// Closes the Requests that have waited too long or can be granted no more, in one transaction. Says which.
    pub async fn expire_requests(&self) -> Result<Vec<RequestId>, ControlError> {
        let over = |ground: &Ground, pending: &[Request]| -> Vec<Outcome> {
            let facts = ground.facts(&self.policy);
            pending.iter().filter_map(|request| request::expire(facts, request)).collect()
        };
        // Most of the time there is nothing, and nobody who writes is kept waiting to find that out.
        if over(&self.ground().await?, &self.store.read().pending().await?).is_empty() {
            return Ok(Vec::new());
        }
        let actor = Actor::system("expiry");
        let written = self.store.write(&actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let (mut closed, mut told) = (Vec::new(), Vec::new());
            for outcome in over(&ground, &tx.pending().await?) {
                let request = outcome.request();
                tx.put_request(request).await?;
                closed.push(request.id);
                told.push(telling::closed(request));
            }
            Ok::<_, Nothing>(tx.done(closed, all(told)?))
        });
        match written.await {
            Ok(written) => Ok(written.value),
            Err(Nothing::ToDo) => Ok(Vec::new()),
            Err(Nothing::Failed(error)) => Err(error.into()),
        }
    }

    /// What decisions look at, outside of any transaction: for reading only.
    pub(crate) async fn ground(&self) -> Result<Ground, StoreError> {
        let kept = self.store.read().leases().await?;
        let leases = kept.iter().map(|kept| kept.lease.clone()).collect();
        let (suspended, ledger) = (self.store.read().suspended().await?, self.store.ledger());
        let Moment { now, clock } = self.store.moment().await?;
        Ok(Ground { leases, kept, suspended, ledger, now, clock })
    }
}

/// A transaction that found nothing to do, and so has nothing to tell.
pub enum Nothing {
    /// Nothing.
    ToDo,
    /// It failed.
    Failed(StoreError),
}

impl From<StoreError> for Nothing {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Drafts of one transaction; none: there was nothing to do.
pub fn all(told: impl IntoIterator<Item = event::Draft>) -> Result<Drafts, Nothing> {
    let mut told = told.into_iter();
    let first = told.next().ok_or(Nothing::ToDo)?;
    Ok(told.fold(Drafts::from(first), Drafts::and))
}

/// The effects that an Office shows to those who decide.
pub type Shown = (Vec<Effect>, String);
