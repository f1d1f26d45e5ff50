//! Use cases: access at once in an emergency, and the look at it afterwards.

use rolecall_core::admit::{Action, Denied};
use rolecall_core::event::{Actor, Drafts, Kind};
use rolecall_core::request::{self, Draft, Outcome, Request, RequestId};

use crate::office::{ControlError, Ground, Office, signed_in};
use crate::store::Reach;
use crate::telling;

impl Office {
    /// Takes access at once. No server is asked first: one that is down must not stand in the way of an emergency.
    pub async fn break_glass(&self, actor: &Actor, draft: Draft) -> Result<Outcome, ControlError> {
        if signed_in(actor)? != draft.requester {
            return Err(ControlError::Denied(Denied::Nobody));
        }
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let action = Action::BreakGlass { environment: &draft.environment, role: &draft.role };
            self.admit(&ground, actor, action)?;
            let id = RequestId(tx.event().0);
            let outcome = request::break_glass(ground.facts(&self.policy), id, draft, "")?;
            tx.put_request(outcome.request()).await?;
            let mut told = Drafts::from(telling::filed(outcome.request()));
            if let Outcome::Granted(_, lease) = &outcome {
                tx.put_lease(lease, Reach::Opening).await?;
                told = told.and(telling::started(lease));
            }
            Ok::<_, ControlError>(tx.done(outcome, told))
        });
        Ok(written.await?.value)
    }

    /// Says what came of looking at a break-glass.
    pub async fn review(
        &self,
        actor: &Actor,
        id: RequestId,
        justified: bool,
        note: &str,
    ) -> Result<Request, ControlError> {
        let by = signed_in(actor)?;
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let request = self.seen_request(&ground, actor, id, tx.request(id).await?)?;
            self.admit(&ground, actor, Action::Review(&request))?;
            let request = request::review(ground.facts(&self.policy), request, &by, justified, note)?;
            tx.put_request(&request).await?;
            let access = telling::asked(&request);
            let kind = Kind::BreakGlassReviewed { request: id.to_string(), access, justified };
            Ok::<_, ControlError>(tx.done(request, telling::of(id, kind).because(note)))
        });
        Ok(written.await?.value)
    }
}
