//! What a policy means for one Account, grant by grant: the yardstick of `verify`. Shares no code with [`crate::desire`]'s
//! laying out of ACLs, so that a mistake there is not repeated here.

use std::collections::{BTreeMap, BTreeSet};

use crate::desire::{Scene, Standing, closure, holds};
use crate::policy::model::{Grant, Spanned};
use crate::policy::pattern::Pattern;
use crate::privilege::{COLUMN_PRIVILEGES, Kind, Privilege, PrivilegeSet};
use crate::state::{Contents, HELPER_SCHEMA, Object};

/// Accounts that hold the same Roles and so may do the same, rows aside.
#[derive(Debug, Clone, Default)]
pub struct Class {
    /// Their names on the server.
    pub accounts: Vec<String>,
    /// The Roles, those that these include among them.
    pub roles: BTreeSet<String>,
    /// They also hold roles that Rolecall does not own, so they may do more than the policy spells out.
    pub beyond: bool,
}

/// The Accounts that the policy gives a server, by what they hold.
pub fn classes(scene: Scene<'_>) -> Vec<Class> {
    let mut classes: BTreeMap<BTreeSet<String>, Class> = BTreeMap::new();
    for (id, principal, _) in scene.policy.principals() {
        let keeps = scene.environment.accounts.suspended_keeps_memberships;
        let roles: BTreeSet<String> = match scene.standing(id, principal) {
            Standing::Gone => continue,
            Standing::Suspended if !keeps => BTreeSet::new(),
            Standing::Active | Standing::Suspended => holds(scene, id, principal)
                .iter()
                .flat_map(|held| closure(scene.policy, held.role))
                .map(str::to_owned)
                .collect(),
        };
        let beyond =
            roles.iter().any(|role| scene.policy.roles.get(role).is_some_and(|role| !role.member_of.is_empty()));
        let class = classes.entry(roles.clone()).or_insert_with(|| Class { roles, beyond, ..Class::default() });
        class.accounts.push(scene.environment.account_name(scene.environment_name, id, principal));
    }
    classes.into_values().collect()
}

/// What one thing's privileges should be for a class.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// On the whole object.
    pub whole: PrivilegeSet,
    /// On single columns, by name, beside the whole.
    pub columns: BTreeMap<String, PrivilegeSet>,
}

/// What a class may do with an object of a database.
pub fn expected(scene: Scene<'_>, class: &Class, logical: &str, contents: &Contents, object: &Object) -> Expected {
    let mut expected = Expected::default();
    let version = scene.state.identity.version;
    for grant in grants(scene, class, logical) {
        let given = |kind: Kind| {
            grant.privileges.map_or(kind.privileges(version), |held| held.intersection(kind.privileges(version)))
        };
        if means(grant, object) {
            let privileges = given(object.kind);
            if grant.columns.is_empty() {
                expected.whole = expected.whole.union(privileges);
            }
            for column in &grant.columns {
                let sum = expected.columns.entry(column.value.clone()).or_default();
                *sum = sum.union(privileges.intersection(COLUMN_PRIVILEGES));
            }
        }
        expected.whole = expected.whole.union(brought_along(grant, contents, object, &given));
    }
    expected
}

/// What a class may do with a database itself, a parameter or a tablespace.
pub fn expected_server_wide(scene: Scene<'_>, class: &Class, object: &Object) -> PrivilegeSet {
    let privileges = object.kind.privileges(scene.state.identity.version);
    let mut sum = PrivilegeSet::EMPTY;
    for (logical, database) in &scene.server.databases {
        let own = object.kind == Kind::Database && *object.name == *database.name;
        for grant in grants(scene, class, logical) {
            let given = grant.privileges.map_or(privileges, |given| given.intersection(privileges));
            for pattern in grant.on.iter().map(|pattern| &pattern.value) {
                let inside = pattern.name.is_some() && !pattern.kinds().iter().all(|kind| kind.is_server_wide());
                let here =
                    if pattern.name.is_none() { own } else { object.kind != Kind::Database && means(grant, object) };
                if here {
                    sum = sum.union(given);
                } else if own && inside {
                    // Who may do something in a database may connect to it.
                    sum = sum.union(Privilege::Connect.into());
                }
            }
        }
    }
    sum
}

fn grants<'a>(scene: Scene<'a>, class: &'a Class, logical: &'a str) -> impl Iterator<Item = &'a Grant> {
    let roles = class.roles.iter().filter_map(move |role| scene.policy.roles.get(role));
    roles.flat_map(|role| &role.grants).filter(move |grant| grant.database.value == logical)
}

/// USAGE on the schema of what a grant means, and on the sequences behind the tables that it lets insert into.
fn brought_along(
    grant: &Grant,
    contents: &Contents,
    object: &Object,
    given: &dyn Fn(Kind) -> PrivilegeSet,
) -> PrivilegeSet {
    match object.kind {
        Kind::Schema => {
            let inside = |found: &Object| found.schema.as_deref() == Some(&*object.name);
            let whole = |pattern: &Spanned<Pattern>| {
                let schema = pattern.value.schema.as_ref().and_then(|schema| schema.exact());
                pattern.value.whole_schema() && schema == Some(&*object.name)
            };
            let any = contents
                .objects
                .iter()
                .any(|found| inside(found) && means(grant, found) && !given(found.kind).is_empty());
            if any || grant.on.iter().any(whole) { Privilege::Usage.into() } else { PrivilegeSet::EMPTY }
        }
        Kind::Sequence => {
            let table = object
                .owned_by
                .and_then(|oid| contents.objects.iter().find(|found| found.oid == oid && found.kind.is_relation()));
            let inserts = table.is_some_and(|table| means(grant, table) && given(table.kind).has(Privilege::Insert));
            if inserts { Privilege::Usage.into() } else { PrivilegeSet::EMPTY }
        }
        _ => PrivilegeSet::EMPTY,
    }
}

fn means(grant: &Grant, object: &Object) -> bool {
    let hit = |pattern: &Spanned<Pattern>| {
        pattern.value.matches(object.kind, object.schema.as_deref(), &object.name, object.arguments.as_deref())
    };
    let named = |pattern: &Spanned<Pattern>| {
        let schema = pattern.value.schema.as_ref().and_then(|schema| schema.exact());
        hit(pattern)
            && ((!object.system && !object.extension)
                || pattern.value.is_exact()
                || (object.system && schema.is_some()))
    };
    let helper = object.schema.as_deref() == Some(HELPER_SCHEMA);
    !helper && grant.on.iter().any(named) && !grant.except.iter().any(hit)
}
