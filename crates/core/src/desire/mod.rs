//! What a server should show: a policy, one of its environments' servers and the time, laid over what exists there.

mod accounts;
mod combination;
mod dates;
mod defaults;
mod directory;
mod grants;
mod inventory;
mod public;
mod rows;
mod scopes;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

pub use dates::{Dates, dates};
pub use directory::{Because, Held, Standing, UNBORN, holds, standing};
pub use grants::held;
pub use inventory::Inventory;
pub use public::{PublicRules, Withheld};
pub use rows::POLICY_PREFIX;
pub(crate) use rows::{COMMANDS, policy_name};

use crate::finding::Finding;
use crate::lease::Leases;
use crate::mark::Mark;
use crate::plan::{RowExpression, RowPolicyDef};
use crate::policy::model::{Environment, Policy, Principal, Role, Server};
use crate::privilege::PrivilegeSet;
use crate::state::{DefaultKind, RoleId, RoleNames, Scope, ServerState};

/// Everything that a decision about one server looks at.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The policy.
    pub policy: &'a Policy,
    /// The environment's name.
    pub environment_name: &'a str,
    /// The environment.
    pub environment: &'a Environment,
    /// The server's name in the policy.
    pub server_name: &'a str,
    /// The server, as the policy knows it.
    pub server: &'a Server,
    /// The server, as it is.
    pub state: &'a ServerState,
    /// Access given for a while. Those that are over count for nothing; they only excuse the account that goes.
    pub leases: &'a Leases,
    /// Principals that were suspended by another act than the policy.
    pub suspended: &'a BTreeSet<String>,
    /// Where leases and suspensions are written down.
    pub book: Book<'a>,
    /// The time to decide for.
    pub now: Timestamp,
}

/// Where the leases and suspensions of a decision are from.
#[derive(Debug, Clone, Copy, Default)]
pub struct Book<'a> {
    /// The ledger; None: none was looked at.
    pub ledger: Option<&'a str>,
    /// What another ledger keeps on the server counts for nothing.
    pub disregard_others: bool,
}

/// Nobody is suspended but by the policy.
pub static NOBODY: BTreeSet<String> = BTreeSet::new();

impl Scene<'_> {
    /// Where a principal is in its life.
    pub fn standing(&self, id: &str, principal: &Principal) -> Standing {
        standing(id, principal, self.suspended, self.now)
    }

    /// A Role's name in the database.
    pub fn role_name(&self, role: &str) -> String {
        self.environment.role_name(self.environment_name, role)
    }
}

/// Privileges by role, in the order of the roles.
pub type Wants = Vec<(RoleId, PrivilegeSet)>;

/// What a server should show.
#[derive(Debug, Default)]
pub struct Desired {
    /// The server's names and those of roles still to be made.
    pub names: RoleNames,
    /// Roles that Rolecall shall own.
    pub roles: BTreeMap<RoleId, DesiredRole>,
    /// Who shall hold what: (role, member) and why.
    pub memberships: BTreeMap<(RoleId, RoleId), String>,
    /// On each database of the server, in the order of the state's list.
    pub databases: Vec<Wants>,
    /// On each server-wide object, in the order of the state's list.
    pub objects: Vec<Wants>,
    /// Inside each database, by its name on the server.
    pub contents: BTreeMap<String, DesiredContents>,
    /// What was noticed.
    pub findings: Vec<Finding>,
}

/// A role that Rolecall shall own.
#[derive(Debug)]
pub struct DesiredRole {
    /// Whose it is; its credential is left to what stands in the database.
    pub mark: Mark,
    /// LOGIN.
    pub login: bool,
    /// For an Account: where its principal stands.
    pub standing: Option<Standing>,
    /// CONNECTION LIMIT.
    pub connection_limit: i64,
    /// When the account itself ends.
    pub ends: Option<Timestamp>,
    /// A password may be stored.
    pub password: bool,
    /// `ALTER ROLE … SET`.
    pub settings: BTreeMap<String, String>,
}

/// What one database should show.
#[derive(Debug, Default)]
pub struct DesiredContents {
    /// On each object, in the order of the contents' list.
    pub objects: Vec<Wants>,
    /// On columns: by table oid and column number.
    pub columns: BTreeMap<(u32, i16), Wants>,
    /// On future objects.
    pub defaults: BTreeMap<(RoleId, Option<String>, DefaultKind), Wants>,
    /// Row policies by table oid. A table in it has its row security on.
    pub secured: BTreeMap<u32, Vec<RowPolicyDef>>,
    /// What each role may see of each secured table: for people's eyes, by (table, role).
    pub row_access: BTreeMap<(u32, RoleId), RowExpression>,
    /// Who has which rows.
    pub scopes: BTreeSet<Scope>,
    /// What PUBLIC may hold.
    pub public: PublicRules,
    /// What PUBLIC does not get on future objects.
    pub withheld: public::Withheld,
}

/// Lays the policy over the server.
pub fn desire(scene: Scene<'_>) -> Desired {
    let mut desired = Desired {
        names: scene.state.names.clone(),
        databases: vec![Wants::new(); scene.state.databases.len()],
        objects: vec![Wants::new(); scene.state.objects.len()],
        ..Desired::default()
    };
    let present = present_roles(scene);
    let ids = accounts::roles(scene, &present, &mut desired);
    for (logical, database) in &scene.server.databases {
        let Some(contents) = scene.state.contents.get(&database.name) else {
            desired.findings.push(missing_database(scene, logical, &database.name));
            continue;
        };
        let inventory = Inventory::new(contents);
        let mut wanted = grants::contents(scene, logical, &inventory, &ids, &mut desired);
        defaults::add(scene, logical, &inventory, &ids, &mut desired, &mut wanted);
        wanted.public = PublicRules::new(database);
        public::withhold(scene, logical, &inventory, &mut desired, &mut wanted);
        desired.contents.insert(database.name.clone(), wanted);
    }
    grants::server_wide(scene, &ids, &mut desired);
    accounts::accounts(scene, &present, &ids, &mut desired);
    scopes::add(scene, &ids, &mut desired);
    combination::check(scene, &ids, &mut desired);
    desired
}

fn missing_database(scene: Scene<'_>, logical: &str, name: &str) -> Finding {
    let exists = scene.state.databases.iter().any(|database| database.name == name);
    let why = if exists { "does not allow connections" } else { "does not exist" };
    Finding::new(
        crate::finding::Level::Error,
        "missing-database",
        name,
        format!("database {name:?} ({logical} in {}) {why} on the server", scene.environment_name),
    )
    .help("create it, correct its `name` in the policy, or take it off the server's `databases`")
}

/// A Role exists on a server where a grant of its own or of what it includes names a database of that server,
/// where it has an existing role to hold, or where it is empty, with all that it includes.
fn present_roles(scene: Scene<'_>) -> BTreeSet<String> {
    let here = |role: &Role| {
        !role.member_of.is_empty()
            || role.grants.iter().any(|grant| scene.server.databases.contains_key(&grant.database.value))
    };
    let mut present = BTreeSet::new();
    for name in scene.policy.roles.keys() {
        let closure = closure(scene.policy, name);
        let members = || closure.iter().filter_map(|name| scene.policy.roles.get(*name));
        let empty = members().all(|role| role.grants.is_empty() && role.member_of.is_empty());
        if empty || members().any(here) {
            present.insert(name.clone());
        }
    }
    present
}

/// A Role and all that it includes, directly or not.
pub fn closure<'a>(policy: &'a Policy, role: &'a str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open = vec![role];
    while let Some(name) = open.pop() {
        let Some(role) = policy.roles.get(name) else { continue };
        if seen.insert(name) {
            open.extend(role.includes.iter().map(|include| include.role.value.as_str()));
        }
    }
    seen
}
