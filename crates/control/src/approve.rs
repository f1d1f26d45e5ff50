//! Use cases: those who decide on a Request look at what it would do, agree to that, or refuse.

use rolecall_core::admit::Action;
use rolecall_core::event::{Actor, Drafts, Kind};
use rolecall_core::request::{self, Outcome, RequestId};

use crate::office::{ControlError, Ground, Office, signed_in};
use crate::place::Foreseen;
use crate::request::Shown;
use crate::store::Reach;
use crate::{place, telling};

impl Office {
    /// What a Request would do now, and the digest of it: what [`Office::approve`] takes as shown.
    pub async fn shown(&self, actor: &Actor, id: RequestId) -> Result<Shown, ControlError> {
        let request = self.one_request(actor, id).await?;
        let ground = self.ground().await?;
        let foreseen = place::effects(ground.facts(&self.policy), &request.asks).await?;
        Ok((foreseen.effects, foreseen.digest))
    }

    /// Agrees to a Request, to the effects whose digest was `shown`. If it would do something else by now it is asked again.
    pub async fn approve(&self, actor: &Actor, id: RequestId, shown: &str) -> Result<Outcome, ControlError> {
        let by = signed_in(actor)?;
        let known = self.store.read().request(id).await?;
        let ground = self.ground().await?;
        let known = self.seen_request(&ground, actor, id, known)?;
        self.admit(&ground, actor, Action::Decide(&known))?;
        let Foreseen { effects, digest: current, unseen } =
            place::effects(ground.facts(&self.policy), &known.asks).await?;
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let request = self.seen_request(&ground, actor, id, tx.request(id).await?)?;
            self.admit(&ground, actor, Action::Decide(&request))?;
            let outcome = request::approve(ground.facts(&self.policy), request, &by, shown, &current)?.except(unseen);
            let request = outcome.request();
            tx.put_request(request).await?;
            let (name, access) = (id.to_string(), telling::asked(request));
            let told: Drafts = match &outcome {
                Outcome::Waiting(request) => telling::approved(request, false, false).into(),
                Outcome::Granted(request, lease) => {
                    tx.put_lease(lease, Reach::Opening).await?;
                    let agreed = telling::approved(request, false, true).with_effects(effects);
                    Drafts::from(agreed).and(telling::started(lease))
                }
                Outcome::AskedAgain(_) => {
                    let kind = Kind::RequestReopened { request: name, access, digest: Some(current) };
                    telling::of(id, kind).with_effects(effects).into()
                }
                Outcome::Closed(_) => telling::closed(request).into(),
            };
            Ok::<_, ControlError>(tx.done(outcome, told))
        });
        Ok(written.await?.value)
    }

    /// Refuses a Request.
    pub async fn deny(&self, actor: &Actor, id: RequestId, reason: &str) -> Result<Outcome, ControlError> {
        let by = signed_in(actor)?;
        let written = self.store.write(actor, |mut tx| async move {
            let ground = Ground::read(&mut tx).await?;
            let request = self.seen_request(&ground, actor, id, tx.request(id).await?)?;
            self.admit(&ground, actor, Action::Decide(&request))?;
            let outcome = request::deny(ground.facts(&self.policy), request, &by, reason)?;
            tx.put_request(outcome.request()).await?;
            let access = telling::asked(outcome.request());
            let told = telling::of(id, Kind::RequestDenied { request: id.to_string(), access }).because(reason);
            Ok::<_, ControlError>(tx.done(outcome, told))
        });
        Ok(written.await?.value)
    }
}
