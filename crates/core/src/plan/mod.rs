//! The plan: ordered, risk-named, digest-stamped changes from what a server shows to what the policy means.

mod change;
mod effects;
mod only;
mod phrase;
mod risk;
mod step;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use change::{
    Attribute, Change, ColumnMatch, Filter, Grantee, MembershipPart, ObjectRef, RawCondition, RowExpression,
    RowPolicyDef,
};
pub use effects::{Direction, Effect};
pub use only::{only, shapes};
pub use phrase::verbs;
pub use risk::{Risk, Risks, Undo};
pub use step::{Stage, Step};

use crate::desire::{Desired, Scene, desire};
use crate::diff::diff;
use crate::finding::{Finding, Level};
use crate::lease;
use crate::mark::Mark;
use crate::state::Identity;

/// What would change on one server.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The environment's name.
    pub environment: String,
    /// The server's name in the policy.
    pub server: String,
    /// Which server it really is.
    pub identity: Identity,
    /// The governed databases, by their names on the server.
    pub databases: Vec<String>,
    /// Who gains and who loses what.
    pub effects: Vec<Effect>,
    /// What runs, in order.
    pub steps: Vec<Step>,
    /// What else was noticed.
    pub findings: Vec<Finding>,
    /// How many Accounts there are, and how many of them the plan shuts out.
    pub accounts: Accounts,
    /// `sha256:` and 64 hex digits over the server's identity, the effects and the steps.
    pub digest: String,
}

/// What the brake looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Accounts {
    /// Accounts that Rolecall owns now.
    pub total: usize,
    /// Of these, removed.
    pub removed: usize,
    /// Of these, suspended.
    pub suspended: usize,
}

/// A plan would shut out more accounts than the environment's `brake` allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Brake {
    /// What it would do.
    pub accounts: Accounts,
    /// The most that may be shut out, in percent.
    pub limit: u32,
}

impl Plan {
    /// Plans one server of an environment.
    pub fn new(scene: Scene<'_>, server: &str) -> (Self, Desired) {
        let mut desired = desire(scene);
        let difference = diff(scene, &desired);
        let mut findings = std::mem::take(&mut desired.findings);
        findings.extend(difference.findings);
        findings.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.cmp(b)));
        findings.dedup();
        let effects = effects::of(scene, &desired, &difference.steps);
        let mut plan = Self {
            environment: scene.environment_name.to_owned(),
            server: server.to_owned(),
            identity: scene.state.identity.clone(),
            databases: scene.server.databases.values().map(|database| database.name.clone()).collect(),
            effects,
            steps: difference.steps,
            findings,
            accounts: accounts(scene, &desired),
            digest: String::new(),
        };
        plan.digest = plan.stamp();
        (plan, desired)
    }

    /// Nothing would change.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Something must be decided or mended before it may be applied.
    pub fn is_blocked(&self) -> bool {
        self.findings.iter().any(|finding| finding.level == Level::Error)
    }

    /// What it may do to somebody.
    pub fn risks(&self) -> Risks {
        self.steps.iter().flat_map(|step| step.change.risks()).collect()
    }

    /// Stops a plan that shuts out more accounts than the limit; a single account is never too many.
    pub fn brake(&self, limit: u32) -> Option<Brake> {
        let shut = self.accounts.removed + self.accounts.suspended;
        let allowed = (self.accounts.total * limit as usize / 100).max(1);
        (shut > allowed).then_some(Brake { accounts: self.accounts, limit })
    }

    fn stamp(&self) -> String {
        let what = (&self.environment, &self.server, &self.identity.system_identifier, &self.databases);
        let text = serde_json::to_vec(&(what, &self.effects, &self.steps)).unwrap_or_default();
        let hex: String = Sha256::digest(&text).iter().map(|byte| format!("{byte:02x}")).collect();
        format!("sha256:{hex}")
    }
}

fn accounts(scene: Scene<'_>, desired: &Desired) -> Accounts {
    let mut accounts = Accounts::default();
    for id in scene.state.owned() {
        let Some(role) = scene.state.roles.get(&id) else { continue };
        let mark = Mark::parse(role.comment.as_deref()).unwrap_or_default();
        let wanted = desired.roles.get(&id);
        let account = mark.account.is_some() || wanted.is_some_and(|role| role.standing.is_some());
        // Who is shut out already cannot be shut out again.
        if !account || (!role.login && wanted.is_none_or(|role| !role.login)) {
            continue;
        }
        accounts.total += 1;
        match wanted {
            // Access for a while ends when it ends, however many end together.
            None if mark.account.as_deref().is_some_and(|id| lease::was_leased(scene, id)) => {}
            None => accounts.removed += 1,
            Some(role) if !role.login => accounts.suspended += 1,
            Some(_) => {}
        }
    }
    accounts
}
