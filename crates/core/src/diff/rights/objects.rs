//! The objects that a plan's changes name, and who owns them.

use std::collections::HashMap;

use crate::plan::{Change, ObjectRef, Step};
use crate::state::{Object, RoleId, ServerState};

/// Objects by database and by what SQL calls them.
pub struct Objects<'a> {
    state: &'a ServerState,
    found: HashMap<(Option<&'a str>, ObjectRef), &'a Object>,
    /// Who will own what the plan gives away, before anything is granted on it.
    handed: HashMap<(Option<String>, ObjectRef), RoleId>,
}

impl<'a> Objects<'a> {
    /// All that the state shows, and the steps give away.
    pub fn new(state: &'a ServerState, steps: &[Step]) -> Self {
        let given = |step: &Step| match &step.change {
            Change::SetOwner { object, owner, .. } => {
                Some(((step.database.clone(), object.clone()), state.names.find(owner)?))
            }
            _ => None,
        };
        let handed = steps.iter().filter_map(given).collect();
        let shared = state.databases.iter().map(|database| &database.object).chain(&state.objects);
        let mut found: HashMap<_, _> = shared.map(|object| ((None, ObjectRef::from(object)), object)).collect();
        for (database, contents) in &state.contents {
            let inside = contents.objects.iter();
            found.extend(inside.map(|object| ((Some(database.as_str()), ObjectRef::from(object)), object)));
        }
        Self { state, found, handed }
    }

    /// The object that a change in `database` (None: of the server) names.
    pub fn find(&self, database: Option<&'a str>, object: &ObjectRef) -> Option<&'a Object> {
        self.found.get(&(database, object.clone())).copied()
    }

    /// Who will own it when privileges on it are granted.
    pub fn next_owner(&self, database: Option<&str>, named: &ObjectRef, object: &Object) -> RoleId {
        let handed = self.handed.get(&(database.map(str::to_owned), named.clone()));
        handed.copied().unwrap_or_else(|| self.owner(database, object))
    }

    /// `pg_database_owner` stands for whoever owns the database.
    pub fn owner(&self, database: Option<&str>, object: &Object) -> RoleId {
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
