//! What somebody may see now: one look at all that rules look at, for whoever shows much at once.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::Timestamp;
use rolecall_core::admit::{Action, Denied, Rights, permits, rights};
use rolecall_core::desire::{Held, Scene, Standing, holds, standing};
use rolecall_core::event::Actor;
use rolecall_core::policy::model::Policy;
use rolecall_core::request::{Facts, principal};
use rolecall_core::state::ServerState;

use crate::office::{ControlError, Ground, Office, caller};
use crate::store::Kept;

/// Who holds which Role is for the policy and Leases to say, whatever a server shows.
static UNSEEN: LazyLock<ServerState> = LazyLock::new(ServerState::default);

/// Somebody, and what holds at one moment.
pub struct Sight {
    office: Office,
    actor: Actor,
    ground: Ground,
    /// What they are, found once: it takes a look at every Role, and a page asks for thousands of things.
    rights: Rights,
}

impl Office {
    /// What somebody may see now.
    pub async fn sight(&self, actor: &Actor) -> Result<Sight, ControlError> {
        let ground = self.ground().await?;
        let rights = rights(&self.policy, caller(actor), &ground.suspended, ground.now);
        Ok(Sight { office: self.clone(), actor: actor.clone(), ground, rights })
    }
}

impl Sight {
    /// The use cases.
    pub fn office(&self) -> &Office {
        &self.office
    }

    /// Who looks.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.office.policy
    }

    /// The moment.
    pub fn now(&self) -> Timestamp {
        self.ground.now
    }

    /// What they are in Rolecall itself.
    pub const fn rights(&self) -> Rights {
        self.rights
    }

    /// Refuses what they may not do, or their token is not for.
    pub fn admit(&self, action: Action<'_>) -> Result<(), Denied> {
        permits(self.policy(), caller(&self.actor), self.rights, action)?;
        self.office.in_scope(action)
    }

    /// Whether they may.
    pub fn may(&self, action: Action<'_>) -> bool {
        self.admit(action).is_ok()
    }

    /// What decisions look at.
    pub fn facts(&self) -> Facts<'_> {
        self.ground.facts(self.policy())
    }

    /// Leases that are not closed and that they may see, those that end first first.
    pub fn leases(&self) -> impl Iterator<Item = &Kept> {
        self.ground.kept.iter().filter(|kept| self.may(Action::ViewLease(&kept.lease)))
    }

    /// Who is suspended by an act.
    pub fn suspended(&self) -> &BTreeSet<String> {
        &self.ground.suspended
    }

    /// Where somebody is in their life. None: the policy does not know them.
    pub fn standing(&self, id: &str) -> Option<Standing> {
        let (_, found, _) = principal(self.policy(), id)?;
        Some(standing(id, found, &self.ground.suspended, self.ground.now))
    }

    /// The Roles that somebody holds in an environment, and by what.
    pub fn holds<'a>(&'a self, environment: &str, id: &str) -> Vec<Held<'a>> {
        held(self.facts(), environment, id)
    }
}

/// The Roles that somebody holds in an environment, and by what, whatever a server shows.
pub(crate) fn held<'a>(facts: Facts<'a>, environment: &str, id: &str) -> Vec<Held<'a>> {
    let Facts { policy, leases, suspended, book, now, .. } = facts;
    let Some((id, principal, _)) = principal(policy, id) else { return Vec::new() };
    let Some((environment_name, environment)) = policy.environments.get_key_value(environment) else {
        return Vec::new();
    };
    let Some(server) = environment.servers.values().next() else { return Vec::new() };
    let state = &*UNSEEN;
    // Everything that they hold on any server: on no one in particular.
    let server_name = "";
    let scene =
        Scene { policy, environment_name, environment, server_name, server, state, leases, suspended, book, now };
    holds(scene, id, principal)
}
