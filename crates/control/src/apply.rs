//! Use case: a server is brought to what the policy, Leases and suspensions say: as it was shown, or not at all.

use rolecall_core::admit::Action;
use rolecall_core::event::{Actor, Drafts, Kind};
use rolecall_core::finding::Level;
use rolecall_core::plan::Plan;
use rolecall_core::state::ServerState;
use rolecall_engine::postgres::apply::Applier;

use crate::carry::{Work, abandoned, carry_out};
use crate::office::{ControlError, Ground, Office};
use crate::place::Place;
use crate::store::Watched;

/// What is known before a server is changed.
pub(crate) struct Ready {
    pub applier: Applier,
    pub plan: Plan,
    pub ground: Ground,
}

impl Office {
    /// A server of the policy.
    pub fn place(&self, environment: &str, server: &str) -> Result<Place<'_>, ControlError> {
        let found = Place::find(&self.policy, environment, server);
        found.ok_or_else(|| ControlError::NoPlace { environment: environment.into(), server: server.into() })
    }

    /// What would change on a server now. Takes its lock while it looks.
    pub async fn plan(&self, actor: &Actor, environment: &str, server: &str) -> Result<Plan, ControlError> {
        self.admit(&self.ground().await?, actor, Action::Plan)?;
        let ready = self.ready(actor, self.place(environment, server)?).await?;
        ready.applier.release().await.ok();
        Ok(ready.plan)
    }

    /// Applies the plan with this digest, if it is still the plan. `policy` is the digest of the policy in force.
    pub async fn apply(
        &self,
        actor: &Actor,
        environment: &str,
        server: &str,
        shown: &str,
        policy: &str,
    ) -> Result<Plan, ControlError> {
        self.admit(&self.ground().await?, actor, Action::Apply)?;
        let place = self.place(environment, server)?;
        let ready = self.ready(actor, place).await?;
        if ready.plan.digest != shown {
            let (shown, now) = (shown.to_owned(), ready.plan.digest);
            return Err(ControlError::Moved { place: place.label(), shown, now });
        }
        self.carry(actor, place, ready, policy).await
    }

    /// Takes a server's lock, and looks at it. What somebody has begun there and left is told.
    pub(crate) async fn ready(&self, actor: &Actor, place: Place<'_>) -> Result<Ready, ControlError> {
        let (target, wanted) = (place.target()?, place.wanted());
        let mut applier = Applier::lock(&target).await.map_err(|error| place.says(error))?;
        abandoned(&self.store, actor, &place.event()).await?;
        let state = applier.inspect(&wanted).await.map_err(|error| place.says(error))?;
        // After the look: what was decided in between must not show as a difference that nobody decided.
        let ground = self.ground().await?;
        let (plan, _) = Plan::new(place.scene(&state, ground.facts(&self.policy)), place.server_name);
        Ok(Ready { applier, plan, ground })
    }

    /// Carries a whole plan out, and notes that the policy is on the server.
    pub(crate) async fn carry(
        &self,
        actor: &Actor,
        place: Place<'_>,
        ready: Ready,
        policy: &str,
    ) -> Result<Plan, ControlError> {
        let Ready { mut applier, plan, ground } = ready;
        stopped(place, &plan)?;
        let left = |state: &ServerState| {
            let (second, _) = Plan::new(place.scene(state, ground.facts(&self.policy)), place.server_name);
            Ok(second.steps.len())
        };
        let (digest, effects) = (plan.digest.clone(), plan.effects.clone());
        let work = Work { steps: &plan.steps, version: plan.identity.version, digest, effects, cause: None };
        let told = carry_out(&self.store, actor, place, &mut applier, work, left).await?;
        let begun = told.cause;
        let written = self.store.write(actor, |mut tx| async move {
            let before = tx.watched(&place.event()).await?;
            let now = Watched { applied: Some(policy.to_owned()), drift: None, unreachable: false };
            tx.put_watched(&place.event(), &now).await?;
            let mut drafts = Drafts::from(told);
            if let Some(digest) = before.drift {
                let kind = Kind::DriftRepaired { place: place.event(), digest, changes: plan.steps.len() as u64 };
                let repaired = rolecall_core::event::Draft { cause: begun, ..kind.into() };
                drafts = drafts.and(repaired);
            }
            Ok::<_, ControlError>(tx.done(plan, drafts))
        });
        let plan = written.await?.value;
        applier.release().await.ok();
        Ok(plan)
    }
}

/// Whether somebody must look at a plan before it may be applied.
pub(crate) fn stopped(place: Place<'_>, plan: &Plan) -> Result<(), ControlError> {
    if let Some(finding) = plan.findings.iter().find(|finding| finding.level == Level::Error) {
        let why = format!("{}: {}", finding.subject, finding.message);
        return Err(ControlError::Blocked { place: place.label(), why });
    }
    match plan.brake(place.environment.rules.brake) {
        None => Ok(()),
        Some(brake) => Err(ControlError::Braked {
            place: place.label(),
            shut: brake.accounts.removed + brake.accounts.suspended,
            total: brake.accounts.total,
            limit: brake.limit,
        }),
    }
}
