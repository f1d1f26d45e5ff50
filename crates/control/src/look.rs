//! Use cases: looking. Each gives an asker what they may see and no more; what they may not see looks like what is not
//! there.

use rolecall_core::admit::{Action, admit};
use rolecall_core::desire::{Because, Standing, standing};
use rolecall_core::event::Actor;
use rolecall_core::lease::Lease;
use rolecall_core::policy::model::Principal;
use rolecall_core::request::{self, Refusal, Request, RequestId};
use std::collections::BTreeMap;

use crate::office::{ControlError, Ground, Office, caller};
use crate::sight::held;
use crate::store::{Filter, Found, Kept, ListFilter, PATIENCE, Seen};

/// Somebody and what they are.
#[derive(Debug, Clone)]
pub struct Somebody {
    /// The id of a person or service.
    pub id: String,
    /// A name to show.
    pub name: Option<String>,
    /// Of a service: the person who answers for it. None: it is a person.
    pub owner: Option<String>,
    /// Where they are in their life.
    pub standing: Standing,
    /// Shut out by an act, whatever the policy says.
    pub suspended_by_act: bool,
    /// Groups by name.
    pub groups: Vec<String>,
}

/// A Role that somebody holds.
#[derive(Debug, Clone)]
pub struct Holds {
    /// Where.
    pub environment: String,
    /// What.
    pub role: String,
    /// Values of its parameters.
    pub with: BTreeMap<String, Vec<String>>,
    /// Until when.
    pub ends: Option<jiff::Timestamp>,
    /// By what.
    pub because: Because,
}

impl Office {
    /// One Request.
    pub async fn one_request(&self, actor: &Actor, id: RequestId) -> Result<Request, ControlError> {
        let found = self.store.read().request(id).await?;
        let ground = self.ground().await?;
        let request = found.filter(|request| self.sees_request(&ground, actor, request));
        let request = request.ok_or(ControlError::NoRequest(id))?;
        self.admit(&ground, actor, Action::ViewRequest(&request))?;
        Ok(request)
    }

    /// Requests, the newest first.
    pub async fn requests(&self, actor: &Actor, filter: ListFilter) -> Result<Vec<Request>, ControlError> {
        let ground = self.ground().await?;
        let seen = self.seen(&ground, actor)?;
        let found = self.store.read().requests(&ListFilter { seen, ..filter }).await?;
        Ok(found.into_iter().filter(|request| self.sees_request(&ground, actor, request)).collect())
    }

    /// One Lease, over or not.
    pub async fn one_lease(&self, actor: &Actor, id: RequestId) -> Result<Kept, ControlError> {
        let found = self.store.read().lease(id).await?;
        let ground = self.ground().await?;
        let kept =
            found.filter(|kept| self.sees_lease(&ground, actor, &kept.lease)).ok_or(ControlError::NoLease(id))?;
        self.admit(&ground, actor, Action::ViewLease(&kept.lease))?;
        Ok(kept)
    }

    /// Leases, the newest first, over or not.
    pub async fn leases(&self, actor: &Actor, filter: ListFilter) -> Result<Vec<Kept>, ControlError> {
        let ground = self.ground().await?;
        let seen = self.seen(&ground, actor)?;
        let found = self.store.read().all_leases(&ListFilter { seen, ..filter }).await?;
        Ok(found.into_iter().filter(|kept| self.sees_lease(&ground, actor, &kept.lease)).collect())
    }

    /// The ledger's entries, the newest first, as far back as a page looks.
    pub async fn ledger(&self, actor: &Actor, filter: &Filter) -> Result<Found, ControlError> {
        self.may(actor, Action::ReadLedger).await?;
        Ok(self.store.read().look_back(filter, PATIENCE).await?)
    }

    /// People and services by id, after this one.
    pub async fn directory(&self, actor: &Actor, after: &str, limit: usize) -> Result<Vec<Somebody>, ControlError> {
        let ground = self.ground().await?;
        self.admit(&ground, actor, Action::ViewDirectory)?;
        let mut all: Vec<_> = self.policy.principals().filter(|(id, ..)| *id > after).collect();
        all.sort_by_key(|(id, ..)| *id);
        Ok(all.into_iter().take(limit).map(|(id, principal, _)| self.somebody(&ground, id, principal)).collect())
    }

    /// Somebody, and what they hold now, and by what. What a suspended person held comes back with them, and is shown.
    pub async fn access(&self, actor: &Actor, id: &str) -> Result<(Somebody, Vec<Holds>), ControlError> {
        let ground = self.ground().await?;
        let unknown = || ControlError::Refused(Refusal::Unknown(id.to_owned()));
        let found = request::principal(&self.policy, id);
        if let Err(denied) = self.admit(&ground, actor, Action::ViewAccess { of: id }) {
            // Who may look at nobody but themselves does not learn who there is.
            return Err(if matches!(denied, rolecall_core::admit::Denied::Lacks(_)) {
                unknown()
            } else {
                denied.into()
            });
        }
        let (id, principal, _) = found.ok_or_else(unknown)?;
        Ok((self.somebody(&ground, id, principal), self.holds(&ground, id)))
    }

    fn somebody(&self, ground: &Ground, id: &str, principal: &Principal) -> Somebody {
        Somebody {
            id: id.to_owned(),
            name: self.policy.people.get(id).and_then(|person| person.name.clone()),
            owner: self.policy.services.get(id).map(|service| service.owner.value.clone()),
            standing: standing(id, principal, &ground.suspended, ground.now),
            suspended_by_act: ground.suspended.contains(id),
            groups: principal.groups.iter().map(|group| group.value.clone()).collect(),
        }
    }

    fn holds(&self, ground: &Ground, id: &str) -> Vec<Holds> {
        let mut found = Vec::new();
        for environment in self.policy.environments.keys() {
            found.extend(held(ground.facts(&self.policy), environment, id).into_iter().map(|held| Holds {
                environment: environment.clone(),
                role: held.role.to_owned(),
                with: held.with.clone(),
                ends: held.ends,
                because: held.because,
            }));
        }
        found.sort_by(|a, b| (&a.environment, &a.role).cmp(&(&b.environment, &b.role)));
        found
    }

    /// Whose Requests and Leases somebody sees, for the store to choose by; None: all.
    fn seen(&self, ground: &Ground, actor: &Actor) -> Result<Option<Seen>, ControlError> {
        self.admit(ground, actor, Action::ViewOverview)?;
        let who = caller(actor);
        if admit(&self.policy, who, Action::ReadLedger, &ground.suspended, ground.now).is_ok() {
            return Ok(None);
        }
        let Some(id) = actor.principal() else { return Ok(Some(Seen::default())) };
        let services = self.policy.services.iter().filter(|(_, service)| service.owner.value == id);
        let principals = services.map(|(name, _)| name.clone()).chain([id.to_owned()]).collect();
        let pairs = self
            .policy
            .environments
            .keys()
            .flat_map(|environment| self.policy.roles.keys().map(move |role| (environment.clone(), role.clone())));
        let roles = pairs.filter(|(environment, role)| request::decides(&self.policy, environment, role, id)).collect();
        Ok(Some(Seen { principals, roles }))
    }

    /// A Request for somebody who wants to do something with it. To whom it is not shown it is not there.
    pub(crate) fn seen_request(
        &self,
        ground: &Ground,
        actor: &Actor,
        id: RequestId,
        found: Option<Request>,
    ) -> Result<Request, ControlError> {
        found.filter(|request| self.sees_request(ground, actor, request)).ok_or(ControlError::NoRequest(id))
    }

    /// Whether somebody may see a Request, whatever their token is for.
    pub(crate) fn sees_request(&self, ground: &Ground, actor: &Actor, request: &Request) -> bool {
        let action = Action::ViewRequest(request);
        admit(&self.policy, caller(actor), action, &ground.suspended, ground.now).is_ok()
    }

    /// Whether somebody may see a Lease, whatever their token is for.
    pub(crate) fn sees_lease(&self, ground: &Ground, actor: &Actor, lease: &Lease) -> bool {
        let action = Action::ViewLease(lease);
        admit(&self.policy, caller(actor), action, &ground.suspended, ground.now).is_ok()
    }
}
