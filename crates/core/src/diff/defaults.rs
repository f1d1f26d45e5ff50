//! Default privileges: a global row replaces the built-in default and holds the creator's own entry, a schema's only adds.

use std::collections::BTreeMap;

use super::Differ;
use super::acl::compare;
use super::objects::{KEPT, unmanaged};
use crate::desire::{Wants, Withheld};
use crate::plan::{Change, Stage};
use crate::privilege::PrivilegeSet;
use crate::state::{Contents, DefaultAcl, DefaultKind, RoleId};

/// Every row of `pg_default_acl` and every one that should be there.
pub fn diff(differ: &mut Differ<'_>, database: &str, contents: &Contents) {
    let (state, desired) = (differ.state, differ.desired);
    let wanted = desired.contents.get(database);
    let mut missing: BTreeMap<(RoleId, Option<String>, DefaultKind), Wants> =
        wanted.map(|wanted| wanted.defaults.clone()).unwrap_or_default();
    let withheld = wanted.map(|wanted| wanted.withheld.clone()).unwrap_or_default();
    withhold(differ, database, contents, &withheld);
    for row in &contents.default_acls {
        let schema = row.schema.as_deref().map(str::to_owned);
        let wants = missing.remove(&(row.creator, schema.clone(), row.kind)).unwrap_or_default();
        let built_in = if schema.is_none() { row.kind.kind().public_default() } else { PrivilegeSet::EMPTY };
        // What is withheld has its own step.
        let public = wanted.is_some().then_some(built_in);
        let entries = state.acls.get(row.acl);
        let difference = compare(differ, entries, row.creator, &wants, public);
        let mut taken: Vec<(RoleId, PrivilegeSet, bool)> =
            difference.taken.iter().map(|taken| (taken.grantee, taken.privileges, taken.option_only)).collect();
        if differ.is_ours(row.creator) {
            // An account's own default privileges would hand on whatever it may one day create.
            let foreign = entries.iter().filter(|entry| entry.grantee != row.creator && !differ.is_ours(entry.grantee));
            let foreign = foreign.filter(|entry| !(entry.grantee.is_public() && built_in.contains(entry.privileges)));
            taken.extend(foreign.map(|entry| (entry.grantee, entry.privileges, false)));
            taken.sort_unstable_by_key(|(grantee, privileges, option)| (*grantee, *privileges, *option));
            taken.dedup();
        }
        for (grantee, privileges, option_only) in taken {
            let reason = format!("{}: future objects, not in the policy", differ.people(&[grantee]));
            let change = Change::RevokeDefault {
                creator: differ.name(row.creator),
                schema: schema.clone(),
                kind: row.kind,
                privileges,
                grantees: vec![differ.grantee(grantee)],
                option_only,
            };
            differ.step(Stage::Narrow, Some(database), change, reason);
        }
        give(differ, database, row.creator, schema, row.kind, &difference.given);
    }
    for ((creator, schema, kind), wants) in missing {
        give(differ, database, creator, schema, kind, &wants);
    }
}

/// Takes from PUBLIC what it would get on future objects; those who relied on it get it by an entry of their own.
fn withhold(differ: &mut Differ<'_>, database: &str, contents: &Contents, withheld: &Withheld) {
    for ((creator, kind), taken) in withheld {
        let is_global = |row: &&DefaultAcl| row.creator == *creator && row.kind == *kind && row.schema.is_none();
        let row = contents.default_acls.iter().find(is_global);
        let entries = row.map(|row| differ.state.acls.get(row.acl));
        let held = |id: RoleId| {
            let own = entries.into_iter().flatten().filter(|entry| entry.grantee == id);
            own.fold(PrivilegeSet::EMPTY, |sum, entry| sum.union(entry.privileges))
        };
        let public = if row.is_some() { held(RoleId::PUBLIC) } else { kind.kind().public_default() };
        let lost = public.intersection(*taken);
        if lost.is_empty() {
            continue;
        }
        let mut relied: BTreeMap<PrivilegeSet, Vec<RoleId>> = BTreeMap::new();
        for (id, _) in unmanaged(differ, *creator) {
            relied.entry(lost.minus(held(id))).or_default().push(id);
        }
        let creator = differ.name(*creator);
        for (privileges, roles) in relied.into_iter().filter(|(privileges, _)| !privileges.is_empty()) {
            let grantees = differ.grantees(&roles);
            let change =
                Change::GrantDefault { creator: creator.clone(), schema: None, kind: *kind, privileges, grantees };
            differ.step(Stage::Prepare, Some(database), change, KEPT);
        }
        let (privileges, grantees) = (lost, vec![differ.grantee(RoleId::PUBLIC)]);
        let change =
            Change::RevokeDefault { creator, schema: None, kind: *kind, privileges, grantees, option_only: false };
        differ.step(
            Stage::Narrow,
            Some(database),
            change,
            "everyone (PUBLIC): future objects, taken away by the policy",
        );
    }
}

fn give(
    differ: &mut Differ<'_>,
    database: &str,
    creator: RoleId,
    schema: Option<String>,
    kind: DefaultKind,
    given: &Wants,
) {
    let mut alike: BTreeMap<PrivilegeSet, Vec<RoleId>> = BTreeMap::new();
    for (role, privileges) in given {
        alike.entry(*privileges).or_default().push(*role);
    }
    for (privileges, roles) in alike {
        let reason = format!("{}: what comes later in a schema that the policy grants whole", differ.people(&roles));
        let change = Change::GrantDefault {
            creator: differ.name(creator),
            schema: schema.clone(),
            kind,
            privileges,
            grantees: differ.grantees(&roles),
        };
        differ.step(Stage::Widen, Some(database), change, reason);
    }
}
