//! The objects that a plan's changes name, and who owns them.

use std::collections::HashMap;

use crate::plan::ObjectRef;
use crate::state::{Object, RoleId, ServerState};

/// Objects by database and by what SQL calls them.
pub struct Objects<'a> {
    state: &'a ServerState,
    found: HashMap<(Option<&'a str>, ObjectRef), &'a Object>,
}

impl<'a> Objects<'a> {
    /// All that the state shows.
    pub fn new(state: &'a ServerState) -> Self {
        let shared = state.databases.iter().map(|database| &database.object).chain(&state.objects);
        let mut found: HashMap<_, _> = shared.map(|object| ((None, ObjectRef::from(object)), object)).collect();
        for (database, contents) in &state.contents {
            let inside = contents.objects.iter();
            found.extend(inside.map(|object| ((Some(database.as_str()), ObjectRef::from(object)), object)));
        }
        Self { state, found }
    }

    /// The object that a change in `database` (None: of the server) names.
    pub fn find(&self, database: Option<&'a str>, object: &ObjectRef) -> Option<&'a Object> {
        self.found.get(&(database, object.clone())).copied()
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
