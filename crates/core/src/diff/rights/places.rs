//! Where something is to be made: Rolecall's own schema in a database, and what a new owner must be allowed to have there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::objects::Objects;
use super::remedy::{name, quoted};
use super::{Differ, Powers};
use crate::finding::Level;
use crate::plan::{Change, ObjectRef};
use crate::privilege::{Kind, Privilege};
use crate::state::{HELPER_SCHEMA, Object};

/// What would be found: code, subject, message, help.
type Found = (&'static str, String, String, String);

/// Rolecall's own schema is installed only where all of it is Rolecall's: it decides who sees which rows. This holds for
/// superusers too.
pub fn helper(differ: &mut Differ<'_>) {
    let databases = differ.steps.iter().filter(|step| matches!(step.change, Change::InstallHelper));
    let databases: BTreeSet<&str> = databases.filter_map(|step| step.database.as_deref()).collect();
    let found: Vec<Found> = databases.into_iter().filter_map(|database| foreign(differ, database)).collect();
    tell(differ, found);
}

fn foreign(differ: &Differ<'_>, database: &str) -> Option<Found> {
    let state = differ.state;
    let objects = &state.contents.get(database)?.objects;
    let inside = |object: &&Object| match object.kind {
        Kind::Schema => *object.name == *HELPER_SCHEMA,
        _ => object.schema.as_deref() == Some(HELPER_SCHEMA),
    };
    let foreign: Vec<&Object> = objects.iter().filter(inside).filter(|object| object.owner != state.me).collect();
    let owner = state.names.name(foreign.first()?.owner);
    let me = state.names.name(state.me);
    let message = format!(
        "the schema \"rolecall\" in {database}, or something in it, belongs to {owner:?}, not to Rolecall's own role {me:?}"
    );
    // A superuser needs no trap. Whoever else made it could wait there for the role that takes it over.
    let harmless = |object: &&Object| state.roles.get(&object.owner).is_some_and(|role| role.superuser);
    let statements: Option<Vec<String>> = foreign.iter().map(|object| take_over(object, me)).collect();
    match statements.filter(|_| !state.superuser && foreign.iter().all(harmless)) {
        Some(statements) => {
            let help = format!("as a superuser, in {database}: {}", statements.join("; "));
            Some(("missing-right", database.to_owned(), message, help))
        }
        None => {
            let help = "if Rolecall made it as another role, connect as that one; otherwise rename it \
                        (ALTER SCHEMA rolecall RENAME TO …)";
            Some(("schema-of-another", database.to_owned(), message, help.to_owned()))
        }
    }
}

fn take_over(object: &Object, me: &str) -> Option<String> {
    let word = match object.kind {
        Kind::Schema => "SCHEMA",
        Kind::Table => "TABLE",
        Kind::Function => "FUNCTION",
        Kind::PartitionedTable
        | Kind::View
        | Kind::MaterializedView
        | Kind::ForeignTable
        | Kind::Sequence
        | Kind::Procedure
        | Kind::Type
        | Kind::Domain
        | Kind::Database
        | Kind::Language
        | Kind::ForeignDataWrapper
        | Kind::ForeignServer
        | Kind::Tablespace
        | Kind::LargeObject
        | Kind::Parameter => return None,
    };
    Some(format!("ALTER {word} {} OWNER TO {}", name(&ObjectRef::from(object)), quoted(me)))
}

/// CREATE, which a role without SUPERUSER needs for a schema of its own, and the new owner of an object in its schema.
pub fn check(differ: &mut Differ<'_>, powers: &Powers<'_>, objects: &Objects<'_>, me: &str) {
    let state = differ.state;
    let mut found = BTreeSet::new();
    for step in &differ.steps {
        let database = step.database.as_deref();
        let (place, who, what) = match &step.change {
            Change::InstallHelper if !has_helper(differ, database) => {
                (database_ref(database.unwrap_or_default()), me, "make its own schema \"rolecall\"".to_owned())
            }
            Change::SetOwner { object, owner, .. } => {
                let Some(schema) = object.schema.as_ref() else { continue };
                let place = ObjectRef { kind: Kind::Schema, schema: None, name: Arc::clone(schema), arguments: None };
                (place, owner.as_str(), format!("take over {} {schema}.{}", object.kind.noun(), object.name))
            }
            _ => continue,
        };
        let within = if place.kind == Kind::Database { None } else { database };
        let (Some(object), Some(role)) = (objects.find(within, &place), powers.find(who)) else { continue };
        let is_superuser = state.roles.get(&role).is_some_and(|role| role.superuser);
        if is_superuser || powers.holds(role, Privilege::Create, object, objects.owner(within, object)) {
            continue;
        }
        let noun = place.kind.noun();
        let message = format!("{who:?} may not {what}: it lacks CREATE on {noun} {}", place.name);
        let at = within.map(|database| format!(", in {database}")).unwrap_or_default();
        let grant = format!("GRANT CREATE ON {} {} TO {}", place.kind.grant_word(), name(&place), quoted(who));
        found.insert(("missing-right", who.to_owned(), message, format!("as a superuser{at}: {grant}")));
    }
    tell(differ, found);
}

/// USAGE, which naming an object in a schema takes.
pub fn named(differ: &mut Differ<'_>, powers: &Powers<'_>, objects: &Objects<'_>, me: &str) {
    let mut found = BTreeSet::new();
    let mut known = BTreeSet::new();
    for step in &differ.steps {
        let Some(database) = step.database.as_deref() else { continue };
        let (named, other): (&[ObjectRef], _) = match &step.change {
            Change::Grant { objects, .. } | Change::Revoke { objects, grantor: None, .. } => (objects, None),
            Change::GrantColumns { table, .. }
            | Change::RevokeColumns { table, grantor: None, .. }
            | Change::SecureTable { table, .. } => (std::slice::from_ref(table), None),
            Change::SetOwner { object, from, .. } => (std::slice::from_ref(object), powers.find(from)),
            _ => continue,
        };
        for schema in named.iter().filter_map(|object| object.schema.as_ref()) {
            if !known.insert((database, schema, other)) {
                continue;
            }
            let place = ObjectRef { kind: Kind::Schema, schema: None, name: Arc::clone(schema), arguments: None };
            let Some(object) = objects.find(Some(database), &place) else { continue };
            let owner = objects.owner(Some(database), object);
            let mut roles = [Some(differ.state.me), other].into_iter().flatten();
            if roles.any(|role| powers.holds(role, Privilege::Usage, object, owner)) {
                continue;
            }
            let message = format!("Rolecall is connected as {me:?}, which may not look into schema {schema}");
            let grant = format!("GRANT USAGE ON SCHEMA {} TO {}", quoted(schema), quoted(me));
            let help = format!("as a superuser, in {database}: {grant}");
            found.insert(("missing-right", schema.to_string(), message, help));
        }
    }
    tell(differ, found);
}

fn has_helper(differ: &Differ<'_>, database: Option<&str>) -> bool {
    let contents = database.and_then(|database| differ.state.contents.get(database));
    contents.is_some_and(|contents| contents.helper.is_some())
}

fn database_ref(name: &str) -> ObjectRef {
    ObjectRef { kind: Kind::Database, schema: None, name: name.into(), arguments: None }
}

fn tell(differ: &mut Differ<'_>, found: impl IntoIterator<Item = Found>) {
    for (code, subject, message, help) in found {
        differ.find(Level::Error, code, &subject, message, &help);
    }
}
