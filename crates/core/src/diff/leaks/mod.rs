//! Ways round a row filter: views that act as their owner, SECURITY DEFINER routines, partitions, existing
//! roles that see every row.

mod members;
mod parts;
mod routines;
mod views;

use std::collections::{BTreeMap, BTreeSet};

use super::Differ;
use crate::desire::{COMMANDS, DesiredContents, Wants, held, policy_name};
use crate::privilege::{Kind, Privilege, PrivilegeSet};
use crate::state::{AclEntry, Contents, Object, RoleId};

/// Names every way round the row filters of one database that an owned role could take once the plan is applied.
pub fn find(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let desired = differ.desired;
    let Some(wanted) = desired.contents.get(database).filter(|wanted| !wanted.secured.is_empty()) else { return };
    let secured: BTreeMap<u32, &Object> = contents
        .objects
        .iter()
        .filter(|object| object.kind.is_relation() && wanted.secured.contains_key(&object.oid))
        .map(|object| (object.oid, object))
        .collect();
    let inherited = inherited(differ);
    let places =
        contents.objects.iter().enumerate().map(|(place, object)| ((object.kind, object.oid), place)).collect();
    let scope = Scope { contents, wanted, places, family: parts::Family::new(contents), inherited: &inherited };
    views::find(differ, &scope, &secured);
    routines::find(differ, &scope);
    members::find(differ, &scope, &secured);
    parts::find(differ, &scope, &secured);
}

/// Where ways are looked for.
struct Scope<'a> {
    contents: &'a Contents,
    wanted: &'a DesiredContents,
    /// Where each object stands.
    places: BTreeMap<(Kind, u32), usize>,
    family: parts::Family<'a>,
    /// Existing roles that Roles are members of: all whose rights come with one, and who the members are.
    inherited: &'a BTreeMap<RoleId, (BTreeSet<RoleId>, Vec<RoleId>)>,
}

fn inherited(differ: &Differ<'_>) -> BTreeMap<RoleId, (BTreeSet<RoleId>, Vec<RoleId>)> {
    let mut found: BTreeMap<RoleId, (BTreeSet<RoleId>, Vec<RoleId>)> = BTreeMap::new();
    // No existing role stays a member of an owned one.
    let rights = |held: RoleId| differ.state.reach(held, |edge| edge.inherit && !differ.is_ours(edge.role));
    for (held, member) in differ.desired.memberships.keys().filter(|(held, _)| !differ.is_ours(*held)) {
        let (_, members) = found.entry(*held).or_insert_with(|| (rights(*held), Vec::new()));
        members.push(*member);
    }
    found
}

/// What owned roles and PUBLIC will hold on an object, on the whole of it or on some of its columns.
fn holders(differ: &Differ<'_>, scope: &Scope<'_>, place: usize, object: &Object) -> BTreeMap<RoleId, PrivilegeSet> {
    let (acls, wanted) = (&differ.state.acls, scope.wanted);
    let entries = || {
        let columns = scope.contents.columns_of(object.oid).iter().filter_map(|column| column.acl);
        columns.chain([object.acl]).flat_map(|acl| acls.get(acl))
    };
    let sum = |sum: PrivilegeSet, entry: &AclEntry| sum.union(entry.privileges);
    let public = entries().filter(|entry| entry.grantee.is_public()).fold(PrivilegeSet::EMPTY, sum);
    let mut others = Wants::new();
    for (rights, members) in scope.inherited.values() {
        // What PUBLIC loses, roles that Rolecall does not own may keep.
        let theirs = entries().filter(|entry| entry.grantee.is_public() || rights.contains(&entry.grantee));
        let always = if object.kind.is_relation() { everywhere(differ, rights) } else { PrivilegeSet::EMPTY };
        let held = theirs.fold(always, sum);
        let held = if rights.contains(&object.owner) { object.kind.privileges(u32::MAX) } else { held };
        others.extend(members.iter().map(|member| (*member, held)));
    }
    // PUBLIC is never given anything: it keeps what it has and may have.
    others.push((RoleId::PUBLIC, public.intersection(wanted.public.allowed(object, acls))));
    let whole = wanted.objects.get(place).into_iter().flatten().copied();
    let single = wanted.columns.range((object.oid, i16::MIN)..=(object.oid, i16::MAX));
    let mut holders: BTreeMap<RoleId, PrivilegeSet> = BTreeMap::new();
    for (role, privileges) in whole.chain(single.flat_map(|(_, wants)| wants).copied()).chain(others) {
        let sum = holders.entry(role).or_default();
        *sum = sum.union(privileges);
    }
    holders.retain(|_, privileges| !privileges.is_empty());
    holders
}

/// What a role has on the whole of a filtered table, without a filter.
fn on_every_row(differ: &Differ<'_>, scope: &Scope<'_>, table: &Object, role: RoleId) -> PrivilegeSet {
    let wants = scope.places.get(&(table.kind, table.oid)).and_then(|place| scope.wanted.objects.get(*place));
    let whole = wants.map_or(PrivilegeSet::EMPTY, |wants| held(wants, role));
    let policies = scope.wanted.secured.get(&table.oid).map_or(&[][..], Vec::as_slice);
    let unfiltered = |command| {
        let name = policy_name("all", command);
        policies.iter().any(|policy| policy.name == name && policy.roles.contains(&differ.name(role)))
    };
    let free = COMMANDS.iter().filter(|(privilege, command)| whole.has(*privilege) && unfiltered(*command));
    free.map(|(privilege, _)| *privilege).collect()
}

/// What PostgreSQL's own roles give on every relation.
pub(super) fn everywhere(differ: &Differ<'_>, rights: &BTreeSet<RoleId>) -> PrivilegeSet {
    let write = PrivilegeSet::of(&[Privilege::Insert, Privilege::Update, Privilege::Delete]);
    let all = [("pg_read_all_data", Privilege::Select.into()), ("pg_write_all_data", write)];
    let has = |name: &str| differ.state.names.find(name).is_some_and(|id| rights.contains(&id));
    all.iter().filter(|(name, _)| has(name)).fold(PrivilegeSet::EMPTY, |sum, (_, privileges)| sum.union(*privileges))
}

fn name(object: &Object) -> String {
    format!("{}.{}", object.schema.as_deref().unwrap_or_default(), object.name)
}
