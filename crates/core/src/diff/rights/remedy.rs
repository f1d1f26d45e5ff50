//! The statement that gives a missing right. Membership in a superuser is never advised: it hands out all of that.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::ObjectRef;
use crate::privilege::{Kind, PrivilegeSet};
use crate::state::{RoleId, ServerState};

/// What is said where no statement helps.
pub const SUPERUSER: &str = "a superuser must run this apply";

/// More objects than this are not spelled out.
const SHOWN: usize = 20;

/// The objects of one statement, by database, privileges and the word that `GRANT` has for them.
type Grants = BTreeMap<(Option<String>, PrivilegeSet, &'static str), BTreeSet<String>>;

/// What would help: membership in the role, or, where only grants want it, options to pass on.
#[derive(Default)]
pub struct Remedy {
    /// The role's rights are needed, not only an option to pass on.
    rights: bool,
    /// Rolecall must be able to become the role.
    set: bool,
    grants: Grants,
}

impl Remedy {
    /// The role's rights.
    pub fn rights() -> Self {
        Self { rights: true, ..Self::default() }
    }

    /// To become the role.
    pub fn become_it() -> Self {
        Self { set: true, ..Self::default() }
    }

    /// The option to pass privileges on, for what the role owns.
    pub fn pass_on(database: Option<&str>, object: &ObjectRef, privileges: PrivilegeSet) -> Self {
        let key = (database.map(str::to_owned), privileges, object.kind.grant_word());
        Self { grants: Grants::from([(key, BTreeSet::from([name(object)]))]), ..Self::default() }
    }

    /// What helps with both.
    pub fn add(&mut self, other: Self) {
        self.rights |= other.rights;
        self.set |= other.set;
        for (key, names) in other.grants {
            self.grants.entry(key).or_default().extend(names);
        }
    }

    /// In words that end with the statement.
    pub fn help(&self, state: &ServerState, role: RoleId) -> String {
        let me = quoted(state.names.name(state.me));
        if state.roles.get(&role).is_some_and(|role| role.superuser) {
            return self.without_membership(&me);
        }
        let role_name = state.names.name(role);
        let by = if role_name.starts_with("pg_") { "as a superuser" } else { "as an administrator of that role" };
        let grant = format!("GRANT {} TO {me}", quoted(role_name));
        if state.identity.version >= 160_000 {
            let inherit = self.rights || !self.grants.is_empty();
            let option = if inherit { "INHERIT TRUE" } else { "INHERIT FALSE" };
            let set = if self.set { ", SET TRUE" } else { "" };
            return format!("{by}: {grant} WITH {option}{set}");
        }
        // What a role without INHERIT is a member of gives it nothing, until it becomes that.
        let inherits = state.roles.get(&state.me).is_some_and(|role| role.inherit);
        let inherit = format!("ALTER ROLE {me} INHERIT");
        match (inherits, state.can_become(state.me).contains(&role)) {
            (true, _) => format!("{by}: {grant}"),
            (false, true) => format!("as a superuser: {inherit}"),
            (false, false) => format!("as a superuser: {grant}; {inherit}"),
        }
    }

    fn without_membership(&self, me: &str) -> String {
        let count: usize = self.grants.values().map(BTreeSet::len).sum();
        if self.rights || self.set || count == 0 || count > SHOWN {
            return SUPERUSER.to_owned();
        }
        let statement = |((_, privileges, word), names): (&(_, PrivilegeSet, &str), &BTreeSet<String>)| {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            format!("GRANT {privileges} ON {word} {} TO {me} WITH GRANT OPTION", names.join(", "))
        };
        let mut by_place: BTreeMap<&Option<String>, Vec<String>> = BTreeMap::new();
        for (key, names) in &self.grants {
            by_place.entry(&key.0).or_default().push(statement((key, names)));
        }
        let place = |(place, statements): (&Option<String>, Vec<String>)| {
            let place = place.as_deref().map(|database| format!(", in {database}")).unwrap_or_default();
            format!("as a superuser{place}: {}", statements.join("; "))
        };
        by_place.into_iter().map(place).collect::<Vec<_>>().join("; ")
    }
}

/// The object as GRANT names it.
pub fn name(object: &ObjectRef) -> String {
    match object.kind {
        Kind::LargeObject => object.name.to_string(),
        // Each part of `extension.parameter` is a name of its own.
        Kind::Parameter => object.name.split('.').map(quoted).collect::<Vec<_>>().join("."),
        Kind::Table
        | Kind::PartitionedTable
        | Kind::View
        | Kind::MaterializedView
        | Kind::ForeignTable
        | Kind::Sequence
        | Kind::Function
        | Kind::Procedure
        | Kind::Type
        | Kind::Domain
        | Kind::Schema
        | Kind::Database
        | Kind::Language
        | Kind::ForeignDataWrapper
        | Kind::ForeignServer
        | Kind::Tablespace => {
            let schema = object.schema.as_deref().map(|schema| format!("{}.", quoted(schema))).unwrap_or_default();
            let arguments = object.arguments.as_deref().map(|types| format!("({types})")).unwrap_or_default();
            format!("{schema}{}{arguments}", quoted(&object.name))
        }
    }
}

/// A name in SQL.
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
