//! What an administrator without SUPERUSER lacks for a plan: said before anything runs, with the statement that gives it.

mod objects;
mod places;
mod powers;
mod remedy;
mod roles;

use std::collections::{BTreeMap, BTreeSet};

use self::objects::Objects;
use self::powers::Powers;
use self::remedy::Remedy;
use super::Differ;
use crate::finding::Level;
use crate::plan::{Change, ObjectRef, Step};
use crate::privilege::{Kind, PrivilegeSet};
use crate::state::{Object, RoleId, ServerState};

/// The roles for whom Rolecall may not act: the first thing that takes it, how many there are, and what would help.
type Lacking = BTreeMap<RoleId, (String, usize, Remedy)>;

/// What a change takes beside CREATEROLE.
enum Need<'a> {
    /// The rights of the object's owner.
    Own(&'a ObjectRef),
    /// The same, or these privileges with the option to pass them on.
    PassOn(&'a ObjectRef, PrivilegeSet),
    /// The rights of a role, for which no object stands.
    Rights(&'a str, String),
    /// The same, which Rolecall lends itself where it may.
    Borrow(&'a str, String),
    /// The same, which Rolecall lends itself where it may.
    BorrowSet(&'a str, String),
}

/// Finds what is missing.
pub fn check(differ: &mut Differ<'_>) {
    let state = differ.state;
    places::helper(differ);
    if state.superuser || differ.steps.is_empty() {
        return;
    }
    let me = state.names.name(state.me).to_owned();
    if differ.steps.iter().any(makes_roles) && !state.roles.get(&state.me).is_some_and(|role| role.create_role) {
        let message = format!("Rolecall is connected as {me:?}, which may not create or change roles");
        let help = format!("as a superuser: ALTER ROLE {} CREATEROLE", remedy::quoted(&me));
        differ.find(Level::Error, "missing-right", &me, message, &help);
    }
    let (objects, powers) = (Objects::new(state, &differ.steps), Powers::new(state));
    let mut lacking = Lacking::new();
    for step in &differ.steps {
        for need in needs(&powers, &step.change) {
            let Some((role, what, remedy)) = lack(&powers, &objects, step.database.as_deref(), need) else { continue };
            let entry = lacking.entry(role).or_insert_with(|| (what, 0, Remedy::default()));
            entry.1 += 1;
            entry.2.add(remedy);
        }
    }
    for (role, (first, count, remedy)) in lacking {
        let name = state.names.name(role).to_owned();
        let more = if count > 1 { format!(" and {} more", count - 1) } else { String::new() };
        let message = format!("Rolecall is connected as {me:?}, which may not act for {name:?}, {first}{more}");
        differ.find(Level::Error, "missing-right", &name, message, &remedy.help(state, role));
    }
    roles::check(differ, &powers, &me);
    places::check(differ, &powers, &objects, &me);
    places::named(differ, &powers, &objects, &me);
    sessions(differ, &powers, &me);
}

/// Rolecall may write a role's comment there.
pub fn may_comment(state: &ServerState, role: RoleId) -> bool {
    let me = state.roles.get(&state.me);
    let powers = Powers::new(state);
    state.superuser || me.is_some_and(|me| me.create_role) && powers.may_change(role) && !powers.is_superuser(role)
}

fn makes_roles(step: &Step) -> bool {
    matches!(
        step.change,
        Change::CreateMarker { .. }
            | Change::CreateRole { .. }
            | Change::AlterRole { .. }
            | Change::ShutOut { .. }
            | Change::LetIn { .. }
            | Change::DropRole { .. }
    )
}

/// What a change takes of objects and their owners. For roles and memberships themselves see [`roles`].
fn needs<'a>(powers: &Powers<'_>, change: &'a Change) -> Vec<Need<'a>> {
    let gave = |role: &str, object: Option<&ObjectRef>| {
        let what = object.map_or_else(String::new, |object| format!("{} {}", object.kind.noun(), object.name));
        (!role.is_empty()).then(|| format!("who gave privileges on {what}"))
    };
    match change {
        Change::Grant { objects, privileges, .. } => {
            objects.iter().map(|object| Need::PassOn(object, *privileges)).collect()
        }
        // Whoever holds the option to pass something on revokes only what was passed on by it.
        Change::Revoke { objects, grantor: None, .. } => objects.iter().map(Need::Own).collect(),
        Change::Revoke { objects, grantor: Some(role), .. } => {
            gave(role, objects.first()).map(|what| Need::BorrowSet(role, what)).into_iter().collect()
        }
        Change::GrantColumns { table, columns, .. } => {
            let all = columns.keys().fold(PrivilegeSet::EMPTY, |sum, privileges| sum.union(*privileges));
            vec![Need::PassOn(table, all)]
        }
        Change::RevokeColumns { table, grantor: None, .. } | Change::SecureTable { table, .. } => {
            vec![Need::Own(table)]
        }
        Change::RevokeColumns { table, grantor: Some(role), .. } => {
            gave(role, Some(table)).map(|what| Need::BorrowSet(role, what)).into_iter().collect()
        }
        Change::GrantDefault { creator, schema, kind, .. } | Change::RevokeDefault { creator, schema, kind, .. } => {
            let place = schema.as_deref().map(|schema| format!(" in {schema}")).unwrap_or_default();
            vec![Need::Rights(creator, format!("who makes {}{place}", kind.sql().to_lowercase()))]
        }
        // A superuser's to do, or it takes CREATEDB.
        Change::SetOwner { object, .. } if object.kind == Kind::Database && !powers.me().create_db => Vec::new(),
        Change::SetOwner { from, object, owner, .. } => {
            let what = format!("who takes over {} {}", object.kind.noun(), object.name);
            let own = format!("the owner of {} {}", object.kind.noun(), object.name);
            vec![Need::Borrow(from, own), Need::BorrowSet(owner, what)]
        }
        Change::ReassignOwned { from, to } => hand_on(from, Some(to)),
        Change::DropOwned { role, reassign_to } => hand_on(role, reassign_to.as_deref()),
        Change::CreateMarker { .. }
        | Change::CreateRole { .. }
        | Change::AlterRole { .. }
        | Change::CommentRole { .. }
        | Change::Setting { .. }
        | Change::GrantMembership { .. }
        | Change::RevokeMembership { .. }
        | Change::InstallHelper
        | Change::AddScopes { .. }
        | Change::RemoveScopes { .. }
        | Change::ShutOut { .. }
        | Change::LetIn { .. }
        | Change::EndSessions { .. }
        | Change::DropRole { .. } => Vec::new(),
    }
}

fn hand_on<'a>(from: &'a str, to: Option<&'a str>) -> Vec<Need<'a>> {
    let from = Need::Borrow(from, "who leaves something behind".to_owned());
    let to = to.map(|to| Need::Borrow(to, "who takes that over".to_owned()));
    std::iter::once(from).chain(to).collect()
}

/// The role whose rights are missing, what they are missing for, and what helps.
fn lack<'a>(
    powers: &Powers<'a>,
    objects: &Objects<'_>,
    database: Option<&str>,
    need: Need<'_>,
) -> Option<(RoleId, String, Remedy)> {
    let lacks = |name: &str, has: fn(&Powers<'a>, RoleId) -> bool| powers.find(name).filter(|id| !has(powers, *id));
    match need {
        Need::Own(named) => {
            let object = objects.find(database, named)?;
            let owner = objects.owner(database, object);
            (!powers.has_rights(owner)).then(|| (owner, owns(object), Remedy::rights()))
        }
        Need::PassOn(named, privileges) => {
            let object = objects.find(database, named)?;
            let owner = objects.next_owner(database, named, object);
            let has = powers.has_rights(owner) || powers.passes_on(object, privileges);
            (!has).then(|| (owner, owns(object), Remedy::pass_on(database, named, privileges)))
        }
        Need::Rights(role, what) => Some((lacks(role, Powers::has_rights)?, what, Remedy::rights())),
        Need::Borrow(role, what) => Some((lacks(role, Powers::may_borrow_rights)?, what, Remedy::rights())),
        Need::BorrowSet(role, what) => Some((lacks(role, Powers::may_borrow_set)?, what, Remedy::become_it())),
    }
}

fn owns(object: &Object) -> String {
    format!("the owner of {} {}", object.kind.noun(), object.name)
}

/// Sessions are ended by a member of their role, or of `pg_signal_backend`; those of superusers by superusers.
fn sessions(differ: &mut Differ<'_>, powers: &Powers<'_>, me: &str) {
    let state = differ.state;
    let signal = state.names.find("pg_signal_backend");
    let signals = signal.is_some_and(|signal| powers.has_rights(signal));
    let (mut supers, mut others) = (BTreeSet::new(), BTreeSet::new());
    for step in &differ.steps {
        let Change::EndSessions { role: name, .. } = &step.change else { continue };
        let Some(id) = state.names.find(name) else { continue };
        let Some(role) = state.roles.get(&id) else { continue };
        if role.superuser {
            supers.insert(name.clone());
        } else if !signals && !powers.may_borrow_rights(id) {
            others.insert(name.clone());
        }
    }
    let give = signal.map_or_else(|| remedy::SUPERUSER.to_owned(), |signal| Remedy::rights().help(state, signal));
    for (names, help) in [(supers, remedy::SUPERUSER), (others, give.as_str())] {
        let Some(first) = names.first() else { continue };
        let more = if names.len() > 1 { format!(" and {} more", names.len() - 1) } else { String::new() };
        let message = format!("Rolecall is connected as {me:?}, which may not end the sessions of {first:?}{more}");
        differ.find(Level::Error, "missing-right", first, message, help);
    }
}
