//! The reference model: what a policy means, worked out account by account from the generator's own structures. It
//! shares no code with Rolecall.

use std::collections::{BTreeMap, BTreeSet};

use crate::large;
use crate::oracle::Observed;
use crate::own;
use crate::policy::{Assignment, Grant, On, Policy, Principal, Rows};
use crate::world::{Thing, World};
use crate::write::{self, CUSTOMERS};

/// What an account can do: keys as the oracle prints them, and rows by command and relation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    pub login: bool,
    pub privileges: BTreeSet<String>,
    /// Rows (ids) by command and the relation's SQL name; for INSERT, customers whose rows may be added.
    pub rows: BTreeMap<(&'static str, String), BTreeSet<i32>>,
}

/// A Role that is held: its place, and the customers of its parameter.
type Holding = BTreeMap<usize, BTreeSet<i32>>;

/// What each account of the policy must have. `existing` are accounts that are there already, `had` says what strangers
/// have: a Role may be a member of one.
pub fn accounts(
    world: &World,
    policy: &Policy,
    version: u32,
    existing: &BTreeSet<String>,
    had: &Observed,
) -> BTreeMap<String, Access> {
    let mut accounts = BTreeMap::new();
    for principal in policy.principals.iter().filter(|principal| !principal.gone) {
        let assigned = assigned(policy, principal);
        let fresh = !existing.contains(principal.account);
        if assigned.is_empty() || (principal.suspended && fresh) {
            continue;
        }
        let mut holding = Holding::new();
        if !principal.suspended || policy.keep_memberships {
            for given in assigned {
                hold(policy, given.role, &given.with, &mut holding);
            }
        }
        let member_of: Vec<_> = holding.keys().filter_map(|role| policy.roles.get(*role)?.member_of).collect();
        let rights = member_of.iter().flat_map(|stranger| own::rights(world, stranger)).collect();
        let mut access = access(world, policy, version, &holding, &rights);
        for existing in member_of {
            inherit(world, existing, had, &mut access);
        }
        write::must(world, &mut access);
        access.login = !principal.suspended;
        accounts.insert(principal.account.to_owned(), access);
    }
    accounts
}

fn assigned<'a>(policy: &'a Policy, principal: &'a Principal) -> Vec<&'a Assignment> {
    let grouped = principal.groups.iter().filter_map(|group| policy.groups.get(*group)).flatten();
    principal.assign.iter().chain(grouped).filter(|given| !given.ended).collect()
}

fn hold(policy: &Policy, place: usize, with: &[i32], holding: &mut Holding) {
    let Some(role) = policy.roles.get(place) else { return };
    let customers = holding.entry(place).or_default();
    if role.parameter {
        customers.extend(with);
    }
    for (included, given) in &role.includes {
        hold(policy, *included, given.as_deref().unwrap_or(with), holding);
    }
}

fn access(world: &World, policy: &Policy, version: u32, holding: &Holding, rights: &BTreeSet<&str>) -> Access {
    let mut access = Access::default();
    access.privileges.extend(world.public.iter().map(|privilege| format!("database {privilege}")));
    for thing in &world.things {
        for privilege in &thing.public {
            privilege_on(world, thing, privilege, &[], &mut access);
        }
    }
    large::public(world, &mut access);
    for (role, customers) in holding {
        for grant in policy.roles.get(*role).into_iter().flat_map(|role| &role.grants) {
            apply(world, version, grant, customers, &mut access);
        }
    }
    row_security(world, policy, rights, &mut access);
    access
}

/// What comes with being a member of a stranger: what it holds, and the rows that it sees.
fn inherit(world: &World, stranger: &str, had: &Observed, access: &mut Access) {
    let Some(theirs) = had.get(stranger) else { return };
    access.privileges.extend(theirs.privileges.iter().cloned());
    for thing in world.things.iter().filter(|thing| thing.sort.is_table() && !thing.own_row_security) {
        let name = world.sql_name(thing);
        let has = |what: &str| theirs.privileges.contains(&format!("{name} {what}"));
        for (command, what) in [("SELECT", "column id SELECT"), ("UPDATE", "column note UPDATE"), ("DELETE", "DELETE")]
        {
            let rows = thing.rows.iter().filter(|_| has(what)).map(|(id, _)| *id);
            access.rows.entry((command, name.clone())).or_default().extend(rows);
        }
        let added = CUSTOMERS.iter().filter(|_| has("column customer INSERT"));
        access.rows.entry(("INSERT", name.clone())).or_default().extend(added);
    }
}

/// Filtered tables of which members of a stranger have rows beyond the filter, as findings call them.
pub fn member_leaks(world: &World, policy: &Policy, had: &Observed) -> BTreeSet<String> {
    let filters = || policy.roles.iter().flat_map(|role| &role.grants).filter(|grant| grant.rows.is_some());
    let mut found = BTreeSet::new();
    for (place, thing) in world.things.iter().enumerate().filter(|(_, thing)| thing.sort.is_table()) {
        let name = world.sql_name(thing);
        let sees = |stranger: &'static str| {
            let keys = ["SELECT", "INSERT", "UPDATE", "DELETE"].map(|command| format!(" {command}"));
            let theirs = had.get(stranger).into_iter().flat_map(|access| &access.privileges);
            let mut on_it = theirs.filter(|key| key.starts_with(&format!("{name} ")));
            // Where row security was there before, its own policies say who sees what.
            own::names(thing, &own::rights(world, stranger))
                || !thing.own_row_security && on_it.any(|key| keys.iter().any(|end| key.ends_with(end)))
        };
        if filters().any(|grant| reaches(grant, place, thing))
            && policy.roles.iter().filter_map(|role| role.member_of).any(sees)
        {
            found.insert(crate::view::finding_name(world, thing));
        }
    }
    found
}

fn privilege_on(world: &World, thing: &Thing, privilege: &str, columns: &[&str], access: &mut Access) {
    let name = world.sql_name(thing);
    if columns.is_empty() {
        access.privileges.insert(format!("{name}{} {privilege}", thing.brackets()));
    }
    if thing.sort.is_relation() && ["SELECT", "INSERT", "UPDATE", "REFERENCES"].contains(&privilege) {
        let all = thing.columns();
        for column in if columns.is_empty() { &all } else { columns } {
            access.privileges.insert(format!("{name} column {column} {privilege}"));
        }
    }
}

fn apply(world: &World, version: u32, grant: &Grant, customers: &BTreeSet<i32>, access: &mut Access) {
    let words: Vec<String> = grant.allow.iter().map(|word| word.to_uppercase()).collect();
    let usage = |schema: usize| {
        world.schemas.get(schema).map(|schema| format!("schema {} USAGE", crate::world::ident(&schema.name)))
    };
    match &grant.on {
        On::Database => return access.privileges.extend(words.iter().map(|word| format!("database {word}"))),
        On::Schema(schema) => {
            let name = world.schemas.get(*schema).map_or("", |schema| schema.name.as_str());
            access.privileges.extend(words.iter().map(|word| format!("schema {} {word}", crate::world::ident(name))));
        }
        On::All(_, schema) => access.privileges.extend(usage(*schema)),
        On::Exact(_) | On::Large(_) | On::AllLarge => {}
    }
    access.privileges.insert("database CONNECT".to_owned());
    large::apply(world, grant, access);
    for (place, thing) in world.things.iter().enumerate() {
        if !reaches(grant, place, thing) {
            continue;
        }
        access.privileges.extend(usage(thing.schema));
        for privilege in thing.sort.privileges(version) {
            if words.is_empty() || words.iter().any(|word| word == privilege) {
                privilege_on(world, thing, privilege, &grant.columns, access);
                rows(world, thing, privilege, grant, customers, access);
                if let ("INSERT", Some(sequence)) = (*privilege, thing.serial.and_then(|place| world.things.get(place)))
                {
                    privilege_on(world, sequence, "USAGE", &[], access);
                }
            }
        }
    }
}

/// The grant means the thing.
pub fn reaches(grant: &Grant, place: usize, thing: &Thing) -> bool {
    grant.on.reaches(place, thing) && !grant.except.as_ref().is_some_and(|except| except.reaches(place, thing))
}

fn rows(
    world: &World,
    thing: &Thing,
    privilege: &'static str,
    grant: &Grant,
    customers: &BTreeSet<i32>,
    access: &mut Access,
) {
    if !thing.sort.is_table() || !["SELECT", "INSERT", "UPDATE", "DELETE"].contains(&privilege) {
        return;
    }
    let shows = |customer: i32| match &grant.rows {
        None => true,
        Some(Rows::Parameter | Rows::Condition) => customers.contains(&customer),
        Some(Rows::Literal(values)) => values.contains(&customer),
        Some(Rows::UpTo(most)) => customer <= *most,
    };
    let ids = thing.rows.iter().filter(|(_, customer)| shows(*customer)).map(|(id, _)| *id);
    if privilege == "INSERT" {
        let added = CUSTOMERS.into_iter().filter(|customer| shows(*customer));
        access.rows.entry((privilege, world.sql_name(thing))).or_default().extend(added);
        return;
    }
    access.rows.entry((privilege, world.sql_name(thing))).or_default().extend(ids);
}

/// Some Role sees only some rows of it.
pub fn filtered(policy: &Policy, world: &World, place: usize) -> bool {
    let mut grants = policy.roles.iter().flat_map(|role| &role.grants);
    let thing = world.things.get(place);
    thing.is_some_and(|thing| grants.any(|grant| grant.rows.is_some() && reaches(grant, place, thing)))
}

/// Where there are row policies of others, these have a say, and Rolecall alone gives a row only where the policy filters
/// the table. What everybody may read, everybody sees, but for tables with row security.
fn row_security(world: &World, policy: &Policy, rights: &BTreeSet<&str>, access: &mut Access) {
    for (place, thing) in world.things.iter().enumerate().filter(|(_, thing)| thing.sort.is_table()) {
        let name = world.sql_name(thing);
        let filtered = filtered(policy, world, place);
        if filtered || thing.own_row_security {
            for command in ["SELECT", "UPDATE", "DELETE"] {
                let rows = access.rows.entry((command, name.clone())).or_default();
                let passes = |(id, customer): &&(i32, i32)| {
                    own::passes(thing, command, rights, *customer, filtered && rows.contains(id))
                };
                *rows = thing.rows.iter().filter(passes).map(|(id, _)| *id).collect();
            }
            let added = access.rows.entry(("INSERT", name)).or_default();
            let passes =
                |customer: &i32| own::passes(thing, "INSERT", rights, *customer, filtered && added.contains(customer));
            *added = CUSTOMERS.into_iter().filter(passes).collect();
        } else if thing.public.contains("SELECT") {
            access.rows.entry(("SELECT", name)).or_default().extend(thing.rows.iter().map(|(id, _)| *id));
        }
    }
}

/// What is left to PUBLIC after the policy is applied.
pub fn close_public(world: &mut World, policy: &Policy) {
    large::close_public(world, policy);
    own::woken(world, policy);
    let kept = policy.kept(world);
    for (place, thing) in world.things.iter_mut().enumerate() {
        let revoked = policy.revoke && thing.initial.is_none() || policy.revoke_one == Some(place);
        if (thing.sort.is_relation() && !kept.contains(&place)) || thing.sort.is_routine() && revoked {
            thing.public.clear();
        }
    }
    if policy.revoke {
        world.public.remove("TEMPORARY");
    }
}
