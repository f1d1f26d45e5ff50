//! The difference between what a server shows and what it should show, as steps in a safe order.

mod acl;
mod batch;
mod columns;
mod defaults;
mod fences;
mod leaks;
mod marker;
mod memberships;
mod objects;
mod onlookers;
mod owners;
mod rights;
mod roles;
mod standby;
mod strangers;
mod tables;

use std::collections::BTreeSet;

use crate::desire::{Desired, Scene};
use crate::finding::{Finding, Level};
use crate::plan::{Change, Grantee, Stage, Step};
use crate::state::{MARKER, RoleId, ServerState};

pub use marker::{OTHER_LEDGER, is_mark, may_mark};
pub use owners::Fate;

/// What has to change, and what was noticed on the way.
#[derive(Debug, Default)]
pub struct Difference {
    /// Changes in the order in which they run.
    pub steps: Vec<Step>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// Compares a server with what it should show.
pub fn diff(scene: Scene<'_>, desired: &Desired) -> Difference {
    let mut differ = Differ::new(scene, desired);
    marker::diff(&mut differ);
    roles::diff(&mut differ);
    memberships::diff(&mut differ);
    objects::server_wide(&mut differ);
    for (database, contents) in &scene.state.contents {
        objects::contents(&mut differ, database, contents);
        columns::diff(&mut differ, database, contents);
        defaults::diff(&mut differ, database, contents);
        tables::diff(&mut differ, database, contents);
        owners::ownership(&mut differ, database, contents);
        leaks::find(&mut differ, database, contents);
    }
    owners::server_wide(&mut differ);
    owners::closed(&mut differ);
    owners::removals(&mut differ);
    strangers::find(&mut differ);
    fences::hold(&mut differ);
    rights::check(&mut differ);
    standby::note(&mut differ);
    let mut steps = differ.steps;
    // Stable: within a stage and a database, changes keep the order in which they were found (grant chains leaves first).
    steps.sort_by(|a, b| (a.stage, &a.database).cmp(&(b.stage, &b.database)));
    let findings: BTreeSet<Finding> = differ.findings.into_iter().collect();
    Difference { steps, findings: findings.into_iter().collect() }
}

struct Differ<'a> {
    scene: Scene<'a>,
    state: &'a ServerState,
    desired: &'a Desired,
    /// Roles that Rolecall owns now.
    owned: BTreeSet<RoleId>,
    /// The same and the marker, by [`RoleId::index`]: asked a million times.
    ours: Vec<bool>,
    marker: Option<RoleId>,
    /// Roles whose sessions end.
    ended: BTreeSet<String>,
    steps: Vec<Step>,
    findings: Vec<Finding>,
}

impl<'a> Differ<'a> {
    fn new(scene: Scene<'a>, desired: &'a Desired) -> Self {
        let state = scene.state;
        let owned = state.owned();
        let marker = state.names.find(MARKER).filter(|id| state.roles.contains_key(id));
        let mut ours = Vec::new();
        for id in owned.iter().chain(&marker).chain(desired.roles.keys().filter(|id| !state.roles.contains_key(id))) {
            if ours.len() <= id.index() {
                ours.resize(id.index() + 1, false);
            }
            if let Some(slot) = ours.get_mut(id.index()) {
                *slot = true;
            }
        }
        let (ended, steps, findings) = Default::default();
        Self { scene, state, desired, owned, ours, marker, ended, steps, findings }
    }

    /// Owned, about to be made, or the marker.
    fn is_ours(&self, id: RoleId) -> bool {
        self.ours.get(id.index()).copied().unwrap_or(false)
    }

    fn name(&self, id: RoleId) -> String {
        self.desired.names.name(id).to_owned()
    }

    fn grantee(&self, id: RoleId) -> Grantee {
        if id.is_public() { Grantee::Public } else { Grantee::Role(self.name(id)) }
    }

    fn grantees(&self, ids: &[RoleId]) -> Vec<Grantee> {
        let mut grantees: Vec<Grantee> = ids.iter().map(|id| self.grantee(*id)).collect();
        grantees.sort();
        grantees
    }

    fn step(&mut self, stage: Stage, database: Option<&str>, change: Change, reason: impl Into<String>) {
        let database = database.map(str::to_owned);
        self.steps.push(Step { stage, database, change, reason: reason.into() });
    }

    /// Ends a role's sessions, once. Who may go on logging in is shut out meanwhile. So nobody comes back too soon; and if
    /// the run breaks off once its memberships are gone, the closed door still tells the next run what is left to do.
    fn end_sessions(&mut self, role: &str, reason: String) {
        if !self.ended.insert(role.to_owned()) {
            return;
        }
        let id = self.desired.names.find(role);
        let stays = id.and_then(|id| self.desired.roles.get(&id)).is_some_and(|want| want.login);
        let reopen = stays && id.and_then(|id| self.state.roles.get(&id)).is_some_and(|role| role.login);
        let role = role.to_owned();
        if reopen {
            self.step(Stage::Close, None, Change::ShutOut { role: role.clone() }, reason.clone());
        }
        self.step(Stage::End, None, Change::EndSessions { role, reopen }, reason);
    }

    fn find(&mut self, level: Level, code: &str, subject: &str, message: String, help: &str) {
        self.findings.push(Finding::new(level, code, subject, message).help(help));
    }

    /// The roles of a step in a few words, with what they are.
    fn people(&self, ids: &[RoleId]) -> String {
        let word = |id: &RoleId| match self.desired.roles.get(id) {
            _ if id.is_public() => "everyone (PUBLIC)".to_owned(),
            Some(role) => match (&role.mark.account, &role.mark.role) {
                (Some(account), _) => account.clone(),
                (None, Some(role)) => format!("Role {role}"),
                (None, None) => self.name(*id),
            },
            None => self.name(*id),
        };
        let shown: Vec<String> = ids.iter().take(3).map(word).collect();
        let more = ids.len().saturating_sub(3);
        if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
    }
}
