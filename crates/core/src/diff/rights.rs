//! What an administrator without SUPERUSER lacks for a plan: said before anything runs, with the statement that gives it.

use std::collections::{BTreeMap, HashMap};

use super::Differ;
use crate::finding::Level;
use crate::plan::{Change, ObjectRef, Step};
use crate::privilege::PrivilegeSet;
use crate::state::{Object, RoleId, ServerState};

/// The owners for whom Rolecall may not act: the first of their objects, and how many there are.
type Lacking = BTreeMap<RoleId, (String, usize)>;

/// Finds what is missing.
pub fn check(differ: &mut Differ<'_>) {
    let state = differ.state;
    if state.superuser || differ.steps.is_empty() {
        return;
    }
    let me = state.names.name(state.me).to_owned();
    if differ.steps.iter().any(makes_roles) && !state.roles.get(&state.me).is_some_and(|role| role.create_role) {
        let message = format!("Rolecall is connected as {me:?}, which may not create or change roles");
        let help = format!("as a superuser: ALTER ROLE {} CREATEROLE", quoted(&me));
        differ.find(Level::Error, "missing-right", &me, message, &help);
    }
    let objects = Objects::new(state);
    let mut lacking = Lacking::new();
    let mut known: HashMap<RoleId, bool> = HashMap::new();
    for step in &differ.steps {
        for (object, need) in touched(&step.change) {
            let Some(object) = objects.find(step.database.as_deref(), object) else { continue };
            let owner = objects.owner(step.database.as_deref(), object);
            let acts = *known.entry(owner).or_insert_with(|| state.is_member(state.me, owner));
            if !acts && !passes_on(state, object, need) {
                let first = || format!("{} {}", object.kind.noun(), object.name);
                lacking.entry(owner).or_insert_with(|| (first(), 0)).1 += 1;
            }
        }
    }
    for (owner, (first, count)) in lacking {
        let owner = state.names.name(owner).to_owned();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message =
            format!("Rolecall is connected as {me:?}, which may not act for {owner:?}, the owner of {first}{more}");
        let help = format!("as an administrator of that role: GRANT {} TO {}", quoted(&owner), quoted(&me));
        differ.find(Level::Error, "missing-right", &owner, message, &help);
    }
}

fn makes_roles(step: &Step) -> bool {
    matches!(
        step.change,
        Change::CreateMarker { .. } | Change::CreateRole { .. } | Change::AlterRole { .. } | Change::DropRole { .. }
    )
}

/// The objects that a change must own, or (with these privileges) at least be able to pass on.
fn touched(change: &Change) -> Vec<(&ObjectRef, Option<PrivilegeSet>)> {
    match change {
        Change::Grant { objects, privileges, .. } | Change::Revoke { objects, privileges, grantor: None, .. } => {
            objects.iter().map(|object| (object, Some(*privileges))).collect()
        }
        Change::GrantColumns { table, .. }
        | Change::RevokeColumns { table, grantor: None, .. }
        | Change::SecureTable { table, .. } => vec![(table, None)],
        // An owned role's object is the owned role's, for whom Rolecall acts by CREATEROLE.
        _ => Vec::new(),
    }
}

/// Somebody whom Rolecall may act as holds the privileges with the option to pass them on.
fn passes_on(state: &ServerState, object: &Object, need: Option<PrivilegeSet>) -> bool {
    let Some(need) = need else { return false };
    let entries = state.acls.get(object.acl).iter().filter(|entry| entry.grantable.contains(need));
    entries.map(|entry| entry.grantee).any(|holder| state.is_member(state.me, holder))
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Objects by database and by what SQL calls them.
struct Objects<'a> {
    state: &'a ServerState,
    found: HashMap<(Option<&'a str>, ObjectRef), &'a Object>,
}

impl<'a> Objects<'a> {
    fn new(state: &'a ServerState) -> Self {
        let shared = state.databases.iter().map(|database| &database.object).chain(&state.objects);
        let mut found: HashMap<_, _> = shared.map(|object| ((None, ObjectRef::from(object)), object)).collect();
        for (database, contents) in &state.contents {
            let inside = contents.objects.iter();
            found.extend(inside.map(|object| ((Some(database.as_str()), ObjectRef::from(object)), object)));
        }
        Self { state, found }
    }

    fn find(&self, database: Option<&'a str>, object: &ObjectRef) -> Option<&'a Object> {
        self.found.get(&(database, object.clone())).copied()
    }

    /// `pg_database_owner` stands for whoever owns the database.
    fn owner(&self, database: Option<&str>, object: &Object) -> RoleId {
        let of_database = || {
            let found = self.state.databases.iter().find(|found| Some(found.name.as_str()) == database)?;
            Some(found.object.owner)
        };
        if self.state.names.name(object.owner) == "pg_database_owner" {
            of_database().unwrap_or(object.owner)
        } else {
            object.owner
        }
    }
}
